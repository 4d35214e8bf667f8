//! Business flows as the operator writes them: what a policy proves, what it requires, and how requests
//! are tied to accounts.

use std::collections::BTreeSet;

use super::answer;
use super::client::read_subject;
use super::node::{Findings, Node, Table};
use super::rules::{WEEK_MS, check_name};
use super::words;
use crate::policy::{Flow, Policy, Proof, Requirement, Role};

/// Most steps that are required by all policies together: so many an identity can hold.
pub(super) const MOST_STEPS: usize = 8;

const SECOND_MS: u64 = 1_000;
const MOST_GAP_MS: u64 = 3_600 * SECOND_MS;

/// What the operator wrote of it, taken from the policy's table.
pub(super) struct Written<'a> {
    account: Option<Node<'a>>,
    issues: Option<Node<'a>>,
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
            creates: role == Some(Role::Signup),
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
        let within = self.within.as_ref().and_then(|node| node.duration_ms(SECOND_MS..=WEEK_MS));
        let min_gap_ms = self.min_gap.map_or(0, gap);
        for node in [&self.within].into_iter().flatten().filter(|_| self.requires.is_none()) {
            node.mistake("found without requires", "remove it, or name the steps that are required");
        }
        flow.requires = self.requires.map(|node| read_requires(&node, min_gap_ms)).unwrap_or_default();
        flow.within_ms = within;
        flow
    }
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

fn read_requires(node: &Node<'_>, min_gap_ms: u64) -> Vec<Requirement> {
    let remedy =
        "write a list of steps, such as [email-verified, {step: add-to-cart, within: 30m, min_gap: 2s}]";
    let read = |item: &Node<'_>| {
        if let Some(step) = item.value.as_str() {
            return Some(Requirement { min_gap_ms, ..Requirement::new(step) });
        }
        let mut table = item.table(remedy)?;
        let step =
            table.need("step", "write the step's name").and_then(|node| node.text("write the step's name"));
        let own = table.take("within").and_then(|node| node.duration_ms(SECOND_MS..=WEEK_MS));
        let gap = table.take("min_gap").and_then(|node| node.duration_ms(SECOND_MS..=MOST_GAP_MS));
        table.finish();
        let min_gap_ms = gap.unwrap_or(min_gap_ms);
        Some(Requirement { within_ms: own, min_gap_ms, ..Requirement::new(step?) })
    };
    let items = node.list(MOST_STEPS, remedy);
    items.iter().flatten().filter_map(read).collect()
}

/// Completes the flows of all policies, none of which has a mistake: each policy's own name is a step that
/// its success proves; `within` of a whole policy does not bound what answers prove of an account; and
/// where nothing is required there are no flows.
pub(super) fn complete(policies: &mut [Policy], path: &str, findings: &Findings) {
    let required: BTreeSet<String> = policies
        .iter()
        .flat_map(|policy| policy.flow.iter().flat_map(|flow| &flow.requires))
        .map(|requirement| requirement.step.clone())
        .collect();
    if required.len() > MOST_STEPS {
        let problem = format!("{} steps are required by all policies together", required.len());
        findings.mistake(path, problem, format!("at most {MOST_STEPS} are allowed"));
    }
    for policy in policies.iter() {
        for proof in policy.flow.iter().flat_map(|flow| &flow.proves) {
            if !required.contains(&proof.step) {
                findings.mistake(
                    &format!("{path}.{}.proves.{}", policy.name, proof.step),
                    "no policy requires this step, so proving it changes nothing",
                    "remove it, or require it somewhere",
                );
            }
        }
    }
    let by_answer: BTreeSet<String> = policies
        .iter()
        .flat_map(|policy| policy.flow.iter().flat_map(|flow| &flow.proves))
        .map(|proof| proof.step.clone())
        .collect();
    let names: Vec<String> = policies.iter().map(|policy| policy.name.clone()).collect();
    for policy in policies.iter_mut() {
        let Some(flow) = &mut policy.flow else { continue };
        for requirement in &mut flow.requires {
            let step = requirement.step.as_str();
            let place = format!("{path}.{}.requires", policy.name);
            if !by_answer.contains(step) {
                requirement.within_ms = requirement.within_ms.or(flow.within_ms);
            }
            if step == policy.name {
                findings.mistake(&place, format!("{step} requires itself"), "remove it");
            } else if !by_answer.contains(step) && !names.iter().any(|name| name == step) {
                let known = by_answer.iter().chain(&names).map(String::as_str);
                let meant = words::nearest(step, known)
                    .map_or(String::new(), |near| format!("did you mean {near}? "));
                let remedy = format!("{meant}name a policy, or a step that one proves: {{{step}: {{...}}}}");
                findings.mistake(&place, format!("nothing ever does {step}"), remedy);
            }
        }
        if required.contains(&policy.name) {
            flow.proves.push(Proof { step: policy.name.clone(), answer: None });
        }
        let takes_part = flow.tells() || !flow.requires.is_empty();
        if required.is_empty() || !takes_part {
            policy.flow = None;
        }
    }
}
