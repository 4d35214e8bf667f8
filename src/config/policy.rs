//! One policy as the operator writes it, completed by its role's preset.

use std::collections::BTreeMap;

use super::answer;
use super::client::{one_subject, read_secret, read_subject};
use super::decoy;
use super::flow;
use super::graphql;
use super::ladder;
use super::learning::Written;
use super::limits;
use super::node::{Findings, Node, Table};
use super::preset::{LADDER, PRESETS, Preset};
use super::rules::{self, Draft, LeftOut, Seek};
use super::tally;
use super::threat;
use super::words;
use crate::policy::{
    AnswerMatch, Facet, Graphql, Ladder, Limit, Mask, Mode, OnTrouble, PathPattern, Policy, PolicyId, Sizes,
    SubjectSource, is_address_only,
};

/// The largest size that can be allowed.
const MOST_SIZE: u32 = 1_000_000;

pub(super) const MODES: [(&str, Mode); 2] = [("enforce", Mode::Enforce), ("observe", Mode::Observe)];
pub(super) const ON_TROUBLE: [(&str, OnTrouble); 2] =
    [("allow", OnTrouble::Allow), ("block", OnTrouble::Block)];

/// Which sources the operator wrote, even where they hold a mistake: a rule is not to be blamed
/// for a mistake that is reported already.
#[derive(Clone, Copy, Default)]
pub(super) struct Present {
    pub(super) session: bool,
    pub(super) tls: bool,
    pub(super) subject: bool,
    pub(super) secret: bool,
    pub(super) text: bool,
    pub(super) small: bool,
    pub(super) payload: bool,
}

impl Present {
    /// What a facet needs and does not have.
    pub(super) fn lacks(self, facet: Facet) -> Option<&'static str> {
        match facet {
            Facet::Session if !self.session => Some("no client.session"),
            Facet::Tls if !self.tls => Some("no client.tls"),
            Facet::Subject | Facet::Neighborhood if !self.subject => Some("no subject"),
            Facet::Secret if !self.secret => Some("no secret"),
            Facet::Small if !self.small => Some("no small"),
            Facet::Text | Facet::TextSecond | Facet::TextThird | Facet::Links if !self.text => {
                Some("no text")
            }
            // Only for these is a body read.
            Facet::Payload if !self.payload => Some("no subject in the body"),
            _ => None,
        }
    }
}

/// What a policy has where it does not say otherwise.
pub(super) struct Defaults<'n> {
    pub(super) mode: Mode,
    pub(super) on_trouble: OnTrouble,
    pub(super) present: Present,
    /// Every limit that was written well.
    pub(super) limits: &'n [Limit],
    /// Every policy that was written, even one with a mistake.
    pub(super) names: &'n BTreeMap<String, PolicyId>,
}

/// What reading policies finds beside them.
pub(super) struct Found<'f> {
    /// Rules of presets that lack what their keys are made of.
    pub(super) left_out: &'f mut Vec<LeftOut>,
    /// Forms of canary values.
    pub(super) canaries: &'f mut Vec<Mask>,
}

/// Reads one policy; `None` where a mistake was found.
pub(super) fn read(
    name: &str,
    node: &Node<'_>,
    defaults: &Defaults<'_>,
    found: &mut Found<'_>,
) -> Option<Policy> {
    let left_out = &mut *found.left_out;
    let findings = node.findings;
    let before = findings.count();
    rules::check_name(name, node, "policy");
    let mut table = node.table("write a policy such as {role: login, subject: {json: /email}}")?;
    let preset = read_preset(&mut table);
    let mode = table.take("mode").and_then(|node| node.choice(&MODES));
    let on_trouble = table.take("on_trouble").and_then(|node| node.choice(&ON_TROUBLE));
    let path_is_subject = preset.is_none_or(|preset| preset.path_is_subject);
    let said = Said::take(&mut table, defaults.present, path_is_subject);
    let present = said.present;
    let failure = table.take("failure").map(|node| answer::read(&node));
    let success = read_success(&mut table);
    let (rules, ladder, decoy) = (table.take("rules"), table.take("ladder"), table.take("decoy"));
    let learning = Written::take(&mut table);
    let flow = flow::Written::take(&mut table);
    let costs = limits::read_costs(&mut table, defaults.limits);
    let path = table.path.clone();
    table.finish();

    let own_ladder = ladder.is_some();
    let ladder = ladder.map_or(Some(LADDER), |node| ladder::read(&node));
    let decoy = decoy::read(decoy, ladder.as_ref(), present.subject, found.canaries);
    let left_before = left_out.len();
    let drafts = rules::read(rules, preset, present, name, left_out);
    let learning = learning.read(preset, defaults.names, present.subject, present.session);
    let flow = flow.read(preset.map(|preset| preset.role), present.subject);
    // What follows needs the role.
    let preset = preset?;
    let failure = failure.unwrap_or_else(|| Some(default_failure(preset)));
    if let (Some(failure), Some((node, success))) = (&failure, &success) {
        answer::check_both(node, failure, success);
    }
    let (tallies, rules) = tally::share(&drafts, &format!("{path}.rules"), findings);
    if findings.count() > before {
        return None;
    }
    let (failure, ladder) = (failure?, ladder?);
    if rules.is_empty() {
        no_rules(&path, left_out.get(left_before..).unwrap_or_default(), findings);
    } else {
        let highest = ladder::highest_score(&rules, &tallies);
        ladder::check_reach(&format!("{path}.ladder"), &ladder, highest, own_ladder, findings);
        note_shared_keys(&path, &drafts, &ladder, flow.subject_is_account, findings);
    }
    if let Some(note) = graphql::note_failure(said.graphql.as_ref(), &failure) {
        findings.note(&format!("{path}.graphql"), note);
    }
    (findings.count() == before).then_some(Policy {
        name: name.to_owned(),
        role: preset.role,
        mode: mode.unwrap_or(defaults.mode),
        subject: said.subject.or_else(|| default_subject(preset)),
        secret: said.secret,
        text: said.text,
        small: said.small,
        graphql: said.graphql,
        sizes: said.sizes,
        failure,
        success: success.map(|(_, success)| success),
        on_trouble: on_trouble.unwrap_or(defaults.on_trouble),
        tallies,
        rules,
        ladder,
        decoy,
        costs,
        learning,
        flow: Some(flow),
    })
}

/// Where a policy reads what its requests say.
struct Said {
    subject: Option<SubjectSource>,
    secret: Vec<SubjectSource>,
    text: Option<SubjectSource>,
    graphql: Option<Graphql>,
    small: Option<(SubjectSource, u32)>,
    sizes: Sizes,
    present: Present,
}

impl Said {
    fn take(table: &mut Table<'_>, present: Present, path_is_subject: bool) -> Self {
        let (subject, secret, text) = (table.take("subject"), table.take("secret"), table.take("text"));
        let graphql = graphql::read(table);
        let written_small = table.take("small");
        let small = written_small.as_ref().and_then(|node| {
            read_bounded(
                node,
                "write where the amount is and up to what it is small, such as {json: /amount, at_most: 2}",
            )
        });
        let sizes = read_sizes(table);
        let written = [&subject, &secret, &text].map(Option::is_some);
        let [written_subject, written_secret, written_text] = written;
        let subject = subject.and_then(|node| read_subject(&node));
        let secret = secret.and_then(|node| read_secret(&node)).unwrap_or_default();
        let text = text.and_then(|node| read_subject(&node));
        let mut read =
            subject.iter().chain(&secret).chain(&text).chain(small.as_ref().map(|(source, _)| source));
        // Where one is written and not read, a mistake is reported already.
        let unread = written != [subject.is_some(), !secret.is_empty(), text.is_some()];
        let payload =
            graphql.is_some() || sizes.items.is_some() || unread || read.any(SubjectSource::is_in_body);
        let argument = |of: fn(&Graphql) -> &[String]| graphql.as_ref().is_some_and(|g| !of(g).is_empty());
        let present = Present {
            subject: written_subject || path_is_subject || argument(|graphql| &graphql.subject),
            secret: written_secret || argument(|graphql| &graphql.secret),
            text: written_text,
            small: written_small.is_some(),
            payload,
            ..present
        };
        Self { subject, secret, text, graphql, small, sizes, present }
    }
}

/// What one request may ask for.
fn read_sizes(table: &mut Table<'_>) -> Sizes {
    let items = table.take("max_items").and_then(|node| node.whole(1..=MOST_SIZE));
    let page = table.take("max_page").and_then(|node| {
        read_bounded(&node, "write where it is and how large it may be, such as {query: limit, at_most: 100}")
    });
    Sizes { items, page }
}

/// A number in a request, and a bound on it.
fn read_bounded(node: &Node<'_>, remedy: &str) -> Option<(SubjectSource, u32)> {
    let mut table = node.table(remedy)?;
    let at_most = table.need("at_most", "write the largest number, such as 100");
    let source = one_subject(&mut table);
    table.finish();
    Some((source?, at_most?.whole(1..=MOST_SIZE)?))
}

/// What the policy starts from: the preset of its role, or that of a threat.
pub(super) fn read_preset(table: &mut Table<'_>) -> Option<&'static Preset> {
    if let Some(threat) = table.take("preset") {
        if let Some(role) = table.take("role") {
            role.mistake("found beside preset, which has a role", "remove one of them");
        }
        return threat::read(&threat);
    }
    let roles = words::any_of(PRESETS.iter().map(|preset| preset.word));
    let role = table.need("role", &format!("write {roles}; or preset: OAT-001 to OAT-021"));
    role.as_ref().and_then(read_role)
}

fn read_role(node: &Node<'_>) -> Option<&'static Preset> {
    let choices: Vec<_> = PRESETS.iter().map(|preset| (preset.word, preset)).collect();
    node.choice(&choices)
}

fn read_success<'a>(table: &mut Table<'a>) -> Option<(Node<'a>, AnswerMatch)> {
    let node = table.take("success")?;
    let success = answer::read(&node)?;
    Some((node, success))
}

fn default_failure(preset: &Preset) -> AnswerMatch {
    let status = match preset.failure_status {
        [] => (100..600).collect(),
        some => some.to_vec(),
    };
    AnswerMatch { status, ..AnswerMatch::default() }
}

fn default_subject(preset: &Preset) -> Option<SubjectSource> {
    let whole = || PathPattern::parse("/**").ok().map(SubjectSource::Path);
    if preset.path_is_subject { whole() } else { None }
}

fn no_rules(path: &str, left_out: &[LeftOut], findings: &Findings) {
    let why = left_out.iter().map(|left| format!("{}: {}", left.rule, left.because)).collect::<Vec<_>>();
    if why.is_empty() {
        findings.mistake(path, "every rule is off, so nothing could ever happen", "keep or add a rule");
        return;
    }
    let why = words::all_of(why.iter().map(String::as_str));
    findings.mistake(
        path,
        format!("no rule is left, so nothing could ever happen (left out: {why})"),
        "add what is missing, or a rule of your own",
    );
}

/// Notes rules of the operator that act alone on a key that many people, or an attacker and the
/// victim, have in common.
fn note_shared_keys(path: &str, drafts: &[Draft], ladder: &Ladder, of_accounts: bool, findings: &Findings) {
    let Some(stands) = ladder.lowest_standing() else {
        return;
    };
    let acts = |draft: &&Draft| match draft.seek {
        Seek::Test(_) => true,
        Seek::Count { score, .. } | Seek::Unusual { score, .. } => score >= stands,
    };
    for draft in drafts.iter().filter(|draft| draft.own).filter(acts) {
        let path = format!("{path}.rules.{}", draft.name);
        if is_address_only(&draft.key) {
            findings.note(&path, "stops clients by their address alone, which many people may share");
        } else if let [facet @ (Facet::Subject | Facet::Neighborhood | Facet::Secret)] = draft.key.as_slice()
        {
            let note = match facet {
                Facet::Subject if of_accounts => {
                    "slows everyone at an account down, and refuses nobody: others \
                                                  could lock its owner out"
                        .to_owned()
                }
                _ => format!("stops everyone at a {}, so that others can lock its owner out", facet.name()),
            };
            findings.note(&path, note);
        }
    }
}
