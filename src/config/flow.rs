//! Business flows as the operator writes them: what a policy proves, what it requires, and how requests
//! are tied to accounts.

use super::answer;
use super::client::read_subject;
use super::node::{Findings, Node, Table};
use super::rules::{WEEK_MS, check_name};
use super::words;
use crate::order::sort_by_key;
use crate::policy::{Flow, Policy, Proof, Requirement, Role};

/// Most steps that are required by all policies together: so many an identity can hold.
pub(super) const MOST_STEPS: usize = 8;

const SECOND_MS: u64 = 1_000;
const MOST_GAP_MS: u64 = 3_600 * SECOND_MS;

/// What the operator wrote of it, taken from the policy's table.
pub(super) struct Written<'a> {
    account: Option<Node<'a>>,
    issues: Option<Node<'a>>,
    creates: Option<Node<'a>>,
    proves: Option<Node<'a>>,
    requires: Option<Node<'a>>,
    within: Option<Node<'a>>,
    min_gap: Option<Node<'a>>,
}

impl<'a> Written<'a> {
    pub(super) fn take(table: &mut Table<'a>) -> Self {
        Self {
            account: table.take("account"),
            issues: table.take("issues"),
            creates: table.take("creates"),
            proves: table.take("proves"),
            requires: table.take("requires"),
            within: table.take("within"),
            min_gap: table.take("min_gap"),
        }
    }

    /// Reads it. Whether its steps are the right ones is seen when all policies are read.
    pub(super) fn read(self, role: Option<Role>, has_subject: bool) -> Flow {
        let account = self.account.and_then(|node| read_subject(&node));
        let is_of_accounts =
            matches!(role, Some(Role::Login | Role::Signup | Role::Verification | Role::PasswordReset));
        let mut flow = Flow {
            subject_is_account: account.is_none() && has_subject && is_of_accounts,
            links: matches!(role, Some(Role::Login | Role::Signup)) && (has_subject || account.is_some()),
            creates: read_creates(self.creates, role),
            account,
            ..Flow::default()
        };
        if let Some(mut table) = self.issues.and_then(|node| {
            node.table(
                "write what an answer issues, such as {account: {json: /user/id}, session: {json: /token}}",
            )
        }) {
            flow.issues_account = table.take("account").and_then(|node| read_pointer(&node));
            flow.issues_session = table.take("session").and_then(|node| read_pointer(&node));
            table.finish();
        }
        flow.proves = self.proves.map(|node| read_proves(&node)).unwrap_or_default();
        let gap = |node: Node<'_>| node.duration_ms(SECOND_MS..=MOST_GAP_MS).unwrap_or(SECOND_MS);
        flow.within_ms = self.within.as_ref().and_then(|node| node.duration_ms(SECOND_MS..=WEEK_MS));
        flow.min_gap_ms = self.min_gap.map_or(0, gap);
        for node in [&self.within].into_iter().flatten().filter(|_| self.requires.is_none()) {
            node.mistake("found without requires", "remove it, or name the steps that are required");
        }
        flow.requires = self.requires.map(|node| read_requires(&node)).unwrap_or_default();
        flow
    }
}

/// Whether a success creates the account, which a sign-up's does unless the operator says otherwise.
fn read_creates(node: Option<Node<'_>>, role: Option<Role>) -> bool {
    let is_signup = role == Some(Role::Signup);
    let Some(node) = node else { return is_signup };
    if !is_signup {
        node.mistake("found outside a sign-up", "remove it, or write role: signup");
    }
    node.truth().unwrap_or(true)
}

fn read_pointer(node: &Node<'_>) -> Option<crate::policy::Pointer> {
    let mut table = node.table("write where it is, such as {json: /user/id}")?;
    let pointer = table.need("json", "write a JSON pointer, such as /user/id");
    table.finish();
    answer::read_pointer(&pointer?)
}

fn read_proves(node: &Node<'_>) -> Vec<Proof> {
    let remedy = "write a mapping from steps to answers, such as {email-verified: {json: {pointer: /verified, value: true}}}";
    let entries = node.table(remedy).map(|table| table.entries()).unwrap_or_default();
    let read = |(step, node): (&str, Node<'_>)| {
        let every = node.value.as_str() == Some("success");
        let answer = if every { None } else { Some(answer::read(&node)?) };
        check_name(step, &node, "step").then(|| Proof { step: step.to_owned(), answer })
    };
    entries.into_iter().filter_map(read).collect()
}

fn read_requires(node: &Node<'_>) -> Vec<Requirement> {
    let remedy =
        "write a list of steps, such as [email-verified, {step: add-to-cart, within: 30m, min_gap: 2s}]";
    let read = |item: &Node<'_>| {
        if let Some(step) = item.value.as_str() {
            return Some(Requirement::new(step));
        }
        let mut table = item.table(remedy)?;
        let step =
            table.need("step", "write the step's name").and_then(|node| node.text("write the step's name"));
        let own = table.take("within").and_then(|node| node.duration_ms(SECOND_MS..=WEEK_MS));
        let gap = table.take("min_gap").and_then(|node| node.duration_ms(SECOND_MS..=MOST_GAP_MS));
        table.finish();
        let min_gap_ms = gap.unwrap_or(0);
        Some(Requirement { within_ms: own, min_gap_ms, ..Requirement::new(step?) })
    };
    let items = node.list(MOST_STEPS, remedy);
    items.iter().flatten().filter_map(read).collect()
}

/// What the policies together say of steps.
struct Steps {
    required: Vec<String>,
    /// Steps that some policy's `proves` names.
    proven: Vec<String>,
    /// Of these, those that an answer's marks show.
    shown: Vec<String>,
    /// Policies whose requests name their account.
    of_accounts: Vec<String>,
    policies: Vec<String>,
}

impl Steps {
    fn of(policies: &[Policy]) -> Self {
        let flows = || policies.iter().filter_map(|policy| Some((policy, policy.flow.as_ref()?)));
        let proofs = || flows().flat_map(|(_, flow)| &flow.proves);
        let names_account = |flow: &Flow| flow.account.is_some() || flow.subject_is_account;
        let shown = proofs().filter(|proof| proof.answer.is_some());
        let of_accounts = flows().filter(|(_, flow)| names_account(flow));
        let mut required: Vec<_> = flows()
            .flat_map(|(_, flow)| &flow.requires)
            .map(|requirement| requirement.step.clone())
            .collect();
        sort_by_key(&mut required, Clone::clone);
        required.dedup();
        Self {
            required,
            proven: proofs().map(|proof| proof.step.clone()).collect(),
            shown: shown.map(|proof| proof.step.clone()).collect(),
            of_accounts: of_accounts.map(|(policy, _)| policy.name.clone()).collect(),
            policies: policies.iter().map(|policy| policy.name.clone()).collect(),
        }
    }

    /// Completes what a policy requires with what it says for all of it.
    fn complete(&self, requirement: &mut Requirement, of_all: (Option<u64>, u64)) {
        let step = &requirement.step;
        let (within_ms, min_gap_ms) = of_all;
        requirement.by_state = self.shown.contains(step);
        requirement.of_account = self.proven.contains(step) || self.of_accounts.contains(step);
        if !self.proven.contains(step) {
            requirement.within_ms = requirement.within_ms.or(within_ms);
        }
        if requirement.min_gap_ms == 0 && !requirement.by_state {
            requirement.min_gap_ms = min_gap_ms;
        }
    }

    /// Reports what is wrong with a step that a policy requires.
    fn check(&self, requirement: &Requirement, policy: &str, place: &str, findings: &Findings) {
        let step = &requirement.step;
        if *step == policy {
            findings.mistake(place, format!("{step} requires itself"), "remove it");
        } else if !self.proven.contains(step) && !self.policies.contains(step) {
            let known = self.proven.iter().chain(&self.policies).map(String::as_str);
            let meant =
                words::nearest(step, known).map_or(String::new(), |near| format!("did you mean {near}? "));
            let remedy = format!("{meant}name a policy, or a step that one proves: {{{step}: {{...}}}}");
            findings.mistake(place, format!("nothing ever does {step}"), remedy);
        } else if self.shown.contains(step) && requirement.min_gap_ms > 0 {
            let problem = format!("answers show that {step} is done, but not when that was");
            findings.mistake(place, problem, "remove its min_gap");
        }
    }
}

/// Completes the flows of all policies, none of which has a mistake: each policy's own name is a step that
/// its success proves; `within` and `min_gap` of a whole policy do not bound what answers prove of an
/// account; and where nothing is required there are no flows.
pub(super) fn complete(policies: &mut [Policy], path: &str, findings: &Findings) {
    let steps = Steps::of(policies);
    if steps.required.len() > MOST_STEPS {
        let problem = format!("{} steps are required by all policies together", steps.required.len());
        findings.mistake(path, problem, format!("at most {MOST_STEPS} are allowed"));
    }
    for policy in policies.iter() {
        for proof in policy.flow.iter().flat_map(|flow| &flow.proves) {
            if !steps.required.contains(&proof.step) {
                findings.mistake(
                    &format!("{path}.{}.proves.{}", policy.name, proof.step),
                    "no policy requires this step, so proving it changes nothing",
                    "remove it, or require it somewhere",
                );
            }
        }
    }
    for policy in policies.iter_mut() {
        let Some(flow) = &mut policy.flow else { continue };
        let of_all = (flow.within_ms, flow.min_gap_ms);
        for requirement in &mut flow.requires {
            steps.check(requirement, &policy.name, &format!("{path}.{}.requires", policy.name), findings);
            steps.complete(requirement, of_all);
        }
        if steps.required.contains(&policy.name) {
            flow.proves.push(Proof { step: policy.name.clone(), answer: None });
        }
        let takes_part = flow.tells() || !flow.requires.is_empty();
        if steps.required.is_empty() || !takes_part {
            policy.flow = None;
        }
    }
}
