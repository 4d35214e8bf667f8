//! The ladder as the operator writes it, and whether a policy's rules can climb it.

use super::node::{Findings, Node};
use super::preset::{BLOCK, LADDER, LIMIT};
use super::quantity::{show_duration, show_number};
use super::rules::WEEK_MS;
use crate::policy::{DETECTORS, Ladder, Rule, Rung, TallySpec};

/// Scores above this are out of reach of any rules.
const MOST_SCORE: f64 = 100.0;
const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;

/// Reads the ladder. Rungs that are not written are the preset's; parts of a rung too.
pub(super) fn read(node: &Node<'_>) -> Option<Ladder> {
    let mut table = node.table("write a mapping of observe, tag, limit, block and forget")?;
    let before = node.findings.count();
    let score = |node: Option<Node<'_>>, preset: Option<f64>| match node {
        Some(node) if node.is_off() => None,
        Some(node) => read_at(&node, ", or off"),
        None => preset,
    };
    let rung = |node: Option<Node<'_>>, preset: Rung| match node {
        Some(node) if node.is_off() => None,
        Some(node) => read_rung(&node, preset),
        None => Some(preset),
    };
    let ladder = Ladder {
        observe: score(table.take("observe"), LADDER.observe),
        tag: score(table.take("tag"), LADDER.tag),
        limit: rung(table.take("limit"), LIMIT),
        block: rung(table.take("block"), BLOCK),
        forget_ms: match table.take("forget") {
            Some(node) => node.duration_ms(MINUTE_MS..=4 * WEEK_MS).unwrap_or(LADDER.forget_ms),
            None => LADDER.forget_ms,
        },
    };
    table.finish();
    if node.findings.count() > before {
        return None;
    }
    check_order(node, &ladder);
    (node.findings.count() == before).then_some(ladder)
}

fn read_at(node: &Node<'_>, or_off: &str) -> Option<f64> {
    let at = node.as_number().filter(|&at| at > 0.0 && at <= MOST_SCORE);
    if at.is_none() {
        node.wrong(format!("write a score above 0 and at most {}{or_off}", show_number(MOST_SCORE)));
    }
    at
}

fn read_rung(node: &Node<'_>, preset: Rung) -> Option<Rung> {
    let mut table = node.table("write a rung such as {at: 6, for: 30s, up_to: 10m}, or off")?;
    let at = table.take("at").map_or(Some(preset.at), |node| read_at(&node, ""));
    let mut time = |key, preset_ms| {
        table.take(key).map_or(Some(preset_ms), |node| node.duration_ms(SECOND_MS..=WEEK_MS))
    };
    let (for_ms, up_to_ms) = (time("for", preset.for_ms), time("up_to", preset.up_to_ms));
    table.finish();
    let rung = Rung { at: at?, for_ms: for_ms?, up_to_ms: up_to_ms? };
    if rung.up_to_ms < rung.for_ms {
        let (first, most) = (show_duration(rung.for_ms), show_duration(rung.up_to_ms));
        node.mistake(
            format!("up_to is {most}, shorter than for, which is {first}"),
            format!("write an up_to of {first} or more"),
        );
        return None;
    }
    Some(rung)
}

/// The rungs in use, from mild to severe.
pub(super) fn rungs(ladder: &Ladder) -> Vec<(&'static str, f64)> {
    let all = [
        ("observe", ladder.observe),
        ("tag", ladder.tag),
        ("limit", ladder.limit.map(|rung| rung.at)),
        ("block", ladder.block.map(|rung| rung.at)),
    ];
    all.into_iter().filter_map(|(name, at)| Some((name, at?))).collect()
}

fn check_order(node: &Node<'_>, ladder: &Ladder) {
    let rungs = rungs(ladder);
    if rungs.is_empty() {
        node.mistake(
            "every rung is off, so nothing could ever happen",
            "keep one of observe, tag, limit and block",
        );
    }
    for pair in rungs.windows(2) {
        if let [(mild, low), (severe, high)] = pair
            && low >= high
        {
            node.mistake(
                format!("{mild} begins at {} and {severe} at {}", show_number(*low), show_number(*high)),
                format!("write rising scores, {severe} above {mild}, or turn one off"),
            );
        }
    }
}

/// The highest score that the rules can give together: of each detector the strongest, added up.
pub(super) fn highest_score(rules: &[Rule], tallies: &[TallySpec]) -> f64 {
    let mut most = [0.0_f64; DETECTORS];
    for (rule, spec) in rules.iter().filter_map(|rule| Some((rule, tallies.get(rule.tally)?))) {
        if let Some(most) = most.get_mut(rule.finding.detector(spec) as usize) {
            *most = most.max(rule.finding.most());
        }
    }
    most.iter().sum()
}

/// Reports a ladder of which the rules reach nothing, and notes written rungs out of their reach.
pub(super) fn check_reach(path: &str, ladder: &Ladder, highest: f64, own: bool, findings: &Findings) {
    let rungs = rungs(ladder);
    let Some((lowest, at)) = rungs.first() else {
        return;
    };
    if highest < *at {
        findings.mistake(
            path,
            format!(
                "the rules together score at most {}, and {lowest} begins at {}, so nothing could ever happen",
                show_number(highest),
                show_number(*at)
            ),
            "raise the rules' scores, or begin the ladder lower",
        );
        return;
    }
    for (name, at) in rungs.iter().filter(|(_, at)| own && highest < *at) {
        let (at, highest) = (show_number(*at), show_number(highest));
        findings.note(path, format!("{name} begins at {at}, but the rules together score at most {highest}"));
    }
}
