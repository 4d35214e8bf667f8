//! Rules as the operator writes them and as presets hold them, before tallies are shared out.

use crate::order::sort_by_key;
use std::iter;

use super::count::{self, COUNTS, Count};
use super::node::{Node, Table};
use super::policy::Present;
use super::preset::{Preset, PresetRule};
use super::quantity::show_number;
use super::words;
use crate::policy::{Facet, FailureTest, TEXTS};

/// Most rules of one policy.
pub(super) const MOST_RULES: usize = 16;

const MINUTE_MS: u64 = 60_000;
pub(super) const WEEK_MS: u64 = 7 * 24 * 60 * MINUTE_MS;
const LEAST_WINDOW_MS: u64 = 3_000;
const MOST_SCORE: f64 = 20.0;
const MOST_TIMES: f64 = 1_000.0;

pub(super) const FACETS: [(&str, Facet); 16] = [
    ("address", Facet::Address),
    ("network", Facet::Network),
    ("fingerprint", Facet::Fingerprint),
    ("agent", Facet::Agent),
    ("header-order", Facet::HeaderOrder),
    ("header-set", Facet::HeaderSet),
    ("locale", Facet::Locale),
    ("tls", Facet::Tls),
    ("payload", Facet::Payload),
    ("session", Facet::Session),
    ("subject", Facet::Subject),
    ("neighborhood", Facet::Neighborhood),
    ("secret", Facet::Secret),
    ("text", Facet::Text),
    ("links", Facet::Links),
    ("small", Facet::Small),
];

/// A rule that was read, not yet given a tally.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub(super) name: String,
    /// Ascending, each once.
    pub(super) key: Vec<Facet>,
    pub(super) window_ms: u64,
    pub(super) seek: Seek,
    /// Whether the operator wrote it, rather than a preset.
    pub(super) own: bool,
}

/// What a rule looks for, as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Seek {
    Test(FailureTest),
    Count { count: Count, at_least: u32, score: f64 },
    Unusual { times_usual: f64, at_least: u32, score: f64 },
}

impl Seek {
    fn facet(self) -> Option<Facet> {
        match self {
            Self::Test(_) | Self::Unusual { .. } => None,
            Self::Count { count, .. } => count.facet(),
        }
    }
}

/// A preset's rule that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The policy it would have been in.
    pub policy: String,
    /// Its name.
    pub rule: String,
    /// Why, such as `no client.session`.
    pub because: String,
}

/// The preset's rules and the operator's, in order of their names. Without a preset, since the
/// role is missing or misspelt, the operator's alone.
pub(super) fn read(
    written: Option<Node<'_>>,
    preset: Option<&Preset>,
    present: Present,
    policy: &str,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let table = written.as_ref().and_then(|node| node.table("write a mapping from names to rules"));
    let entries = table.map(|table| table.entries()).unwrap_or_default();
    for rule in preset.into_iter().flat_map(Preset::rules) {
        if entries.iter().any(|(name, _)| *name == rule.name) {
            continue;
        }
        match missing_for_preset(rule, present) {
            Some(because) => left_out.push(LeftOut {
                policy: policy.to_owned(),
                rule: rule.name.to_owned(),
                because: because.to_owned(),
            }),
            None => drafts.push(draft_of(rule)),
        }
    }
    for (name, node) in entries {
        if node.is_off() {
            if let Some(preset) = preset {
                check_off(name, &node, preset);
            }
        } else if check_name(name, &node, "rule") {
            drafts.extend(read_one(name, &node, present));
        }
    }
    if let Some(node) = written
        && drafts.len() > MOST_RULES
    {
        node.mistake(
            format!("{} rules, those of the preset included", drafts.len()),
            format!("at most {MOST_RULES} are allowed; remove some, or turn a preset's off with NAME: off"),
        );
    }
    sort_by_key(&mut drafts, |draft| draft.name.clone());
    drafts.into_iter().flat_map(for_each_value).collect()
}

/// A text has several values, of which two that are nearly the same share one at least: a rule on texts
/// is one on each of them.
fn for_each_value(draft: Draft) -> Vec<Draft> {
    if !draft.key.contains(&Facet::Text) {
        return vec![draft];
    }
    let with = |value: Facet| {
        let mut key: Vec<_> =
            draft.key.iter().map(|&facet| if facet == Facet::Text { value } else { facet }).collect();
        sort_by_key(&mut key, |facet| *facet);
        Draft { key, ..draft.clone() }
    };
    TEXTS.into_iter().map(with).collect()
}

fn draft_of(rule: &PresetRule) -> Draft {
    Draft {
        name: rule.name.to_owned(),
        key: rule.key.to_vec(),
        window_ms: rule.window_ms,
        seek: rule.seek,
        own: false,
    }
}

fn missing_for_preset(rule: &PresetRule, present: Present) -> Option<&'static str> {
    rule.key.iter().copied().chain(rule.seek.facet()).find_map(|facet| present.lacks(facet))
}

fn check_off(name: &str, node: &Node<'_>, preset: &Preset) {
    if preset.rules().any(|rule| rule.name == name) {
        return;
    }
    let names = words::all_of(preset.rules().map(|rule| rule.name));
    let remedy = match words::nearest(name, preset.rules().map(|rule| rule.name)) {
        Some(meant) => format!("did you mean {meant}? its rules are {names}"),
        None => format!("remove this line; its rules are {names}"),
    };
    node.mistake(format!("found off, but the {} preset has no such rule", preset.word), remedy);
}

/// Whether a name of a policy or a rule is well formed; it becomes part of metrics' names.
pub(super) fn check_name(name: &str, node: &Node<'_>, what: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = (1..=40).contains(&name.len()) && name.bytes().all(allowed);
    if !fits {
        let remedy = "use 1 to 40 lower-case letters, digits and dashes";
        node.mistake(format!("not a name for a {what}"), remedy);
    }
    fits
}

fn read_one(name: &str, node: &Node<'_>, present: Present) -> Option<Draft> {
    let mut table =
        node.table("write a rule such as {key: [session], within: 10m, failures: 10, score: 6}, or off")?;
    let key = table
        .need("key", "write a list of facets, such as [fingerprint, network]")
        .and_then(|node| read_key(&node, present));
    let window_ms = table
        .need("within", "write a duration such as 30s, 10m or 24h")
        .and_then(|node| node.duration_ms(LEAST_WINDOW_MS..=WEEK_MS));
    let seek = read_seek(&mut table, key.as_deref(), present);
    table.finish();
    Some(Draft { name: name.to_owned(), key: key?, window_ms: window_ms?, seek: seek?, own: true })
}

pub(super) fn read_key(node: &Node<'_>, present: Present) -> Option<Vec<Facet>> {
    let remedy = "write a list of facets, such as [fingerprint, network]";
    let mut key = Vec::new();
    let mut whole = true;
    for item in node.list(FACETS.len(), remedy)? {
        let Some(facet) = item.choice(&FACETS) else {
            whole = false;
            continue;
        };
        if key.contains(&facet) {
            item.mistake(format!("found {} a second time", facet.name()), "remove it");
            whole = false;
        }
        if let Some(because) = present.lacks(facet) {
            item.mistake(
                format!("found {}, but there is {because}, so this rule could never fire", facet.name()),
                format!("add {}, or take {} out of the key", source_of(facet), facet.name()),
            );
            whole = false;
        }
        key.push(facet);
    }
    sort_by_key(&mut key, |facet| *facet);
    whole.then_some(key)
}

/// Where a facet comes from, as an operator would have to add it.
pub(super) fn source_of(facet: Facet) -> &'static str {
    match facet {
        Facet::Session => "client.session",
        Facet::Tls => "client.tls",
        Facet::Small => "small to the policy, such as small: {json: /amount, at_most: 2}",
        Facet::Secret => "secret to the policy, such as secret: {json: /password}",
        Facet::Payload => "a subject in the body, such as subject: {json: /email}",
        Facet::Text | Facet::TextSecond | Facet::TextThird | Facet::Links => {
            "text to the policy, such as text: {json: /comment}"
        }
        _ => "subject to the policy, such as subject: {json: /email}",
    }
}

fn read_seek(table: &mut Table<'_>, key: Option<&[Facet]>, present: Present) -> Option<Seek> {
    let findings: Vec<_> = iter::once("failure_test").chain(COUNTS.map(|(word, _)| word)).collect();
    let finding = table.one_of(&findings);
    let score = table.take("score");
    let (word, node) = finding?;
    let Some((_, count)) = COUNTS.iter().find(|(name, _)| *name == word) else {
        if let Some(score) = score {
            score.mistake("found beside failure_test, which brings its own evidence", "remove score");
        }
        return read_test(&node).map(Seek::Test);
    };
    let bound = read_bound(*count, &node, key, present);
    let Some(score) = score else {
        table.need(
            "score",
            &format!("write how much it weighs, above 0 and at most {}, such as 6", show_number(MOST_SCORE)),
        );
        return None;
    };
    let score = score.number(0.0, MOST_SCORE);
    let (times_usual, at_least) = bound?;
    let score = score?;
    Some(match times_usual {
        Some(times_usual) => Seek::Unusual { times_usual, at_least, score },
        None => Seek::Count { count: *count, at_least, score },
    })
}

/// The threshold of a count; with how many times what is usual, where it says that.
fn read_bound(
    count: Count,
    node: &Node<'_>,
    key: Option<&[Facet]>,
    present: Present,
) -> Option<(Option<f64>, u32)> {
    if count == Count::Requests && node.value.is_object() {
        let mut table = node.table("write a number, or {times_usual: 8, at_least: 100}")?;
        let times = table
            .need("times_usual", "write how many times what one key in a hundred makes at most, such as 8")
            .and_then(|node| node.number(1.0, MOST_TIMES));
        let at_least = table
            .need("at_least", "write how many requests are never too much, such as 100")
            .and_then(|node| node.whole(1..=65_535));
        table.finish();
        return Some((Some(times?), at_least?));
    }
    // Distinct values are estimated from a sketch that is good up to 150; counts have 16 bits.
    let at_least = match count.facet() {
        // One probe is one too many; of anything else everybody has one.
        Some(facet) => {
            let least = if facet == Facet::Probe { 1 } else { 2 };
            let at_least = node.whole(least..=150);
            if !count::can_differ(node, facet, key.unwrap_or_default(), present) {
                return None;
            }
            at_least
        }
        None => node.whole(1..=65_535),
    };
    Some((None, at_least?))
}

fn read_test(node: &Node<'_>) -> Option<FailureTest> {
    const SHARE: &str = "write the share of requests that fail, above 0 and below 1";
    let mut table = node.table("write {usual: 0.2, hostile: 0.95}, the shares of requests that fail")?;
    let mut share = |key| {
        let node = table.need(key, SHARE)?;
        let share = node.as_number().filter(|&share| share > 0.0 && share < 1.0);
        if share.is_none() {
            node.wrong(SHARE);
        }
        share
    };
    let (usual, hostile) = (share("usual"), share("hostile"));
    table.finish();
    let (usual, hostile) = (usual?, hostile?);
    if usual >= hostile {
        node.mistake(
            format!("usual is {} and hostile is {}", show_number(usual), show_number(hostile)),
            "write a hostile share above the usual one, such as {usual: 0.2, hostile: 0.95}",
        );
        return None;
    }
    Some(FailureTest { usual, hostile })
}
