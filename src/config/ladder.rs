//! The ladder as the operator writes it, and whether a policy's rules can climb it.

use super::node::{Findings, Node, Table};
use super::preset::{BLOCK, DECEIVE, DELAY, LADDER, LIMIT};
use super::quantity::{self, show_duration, show_number};
use super::rules::WEEK_MS;
use crate::policy::{DETECTORS, Ladder, Rate, Rule, Rung, TallySpec};

/// Scores above this are out of reach of any rules.
const MOST_SCORE: f64 = 100.0;
const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;

/// The longest that a request can be held: below the times after which clients and Envoy give up.
const MOST_HOLD_MS: u64 = 10 * SECOND_MS;
const LEAST_HOLD_MS: u64 = 10;

/// So many repeats are as good as never.
const MOST_REPEATS: u32 = 20;

const MOST_TOKENS: u32 = 1_000_000;

/// Reads the ladder. Rungs that are not written are the preset's; parts of a rung too.
pub(super) fn read(node: &Node<'_>) -> Option<Ladder> {
    let mut table = node.table("write a mapping of observe, tag, delay, limit, deceive, block and forget")?;
    let before = node.findings.count();
    let score = |node: Option<Node<'_>>, preset: Option<f64>| match node {
        Some(node) if node.is_off() => None,
        Some(node) => read_at(&node, ", or off"),
        None => preset,
    };
    let mut ladder = LADDER;
    ladder.observe = score(table.take("observe"), LADDER.observe);
    ladder.tag = score(table.take("tag"), LADDER.tag);
    if let Some(written) = table.take("delay") {
        let like = "{at: 4, for: 30s, up_to: 10m, hold: 2s}";
        let mut hold_ms = None;
        ladder.delay = read_rung(&written, DELAY, like, &mut |table| {
            hold_ms = table.take("hold").map(|node| node.duration_ms(LEAST_HOLD_MS..=MOST_HOLD_MS));
        });
        ladder.hold_ms = hold_ms.flatten().unwrap_or(LADDER.hold_ms);
    }
    if let Some(written) = table.take("limit") {
        let like = "{at: 6, for: 30s, up_to: 10m, rate: 6/1m, burst: 2}";
        ladder.limit = read_rung(&written, LIMIT, like, &mut |table| ladder.rate = read_rate(table, false));
    }
    let none = &mut |_: &mut Table<'_>| {};
    if let Some(written) = table.take("deceive") {
        ladder.deceive = read_rung(&written, DECEIVE, "{at: 7.5, for: 10m, up_to: 1d}", none);
    }
    if let Some(written) = table.take("block") {
        ladder.block = read_rung(&written, BLOCK, "{at: 9, for: 10m, up_to: 1d, after: 4}", none);
    }
    if let Some(node) = table.take("forget") {
        ladder.forget_ms = node.duration_ms(MINUTE_MS..=4 * WEEK_MS).unwrap_or(LADDER.forget_ms);
    }
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

/// Reads a rung, what is not written of it from the preset; `None` where it is off, or has a mistake.
fn read_rung(
    node: &Node<'_>,
    preset: Rung,
    like: &str,
    more: &mut dyn FnMut(&mut Table<'_>),
) -> Option<Rung> {
    if node.is_off() {
        return None;
    }
    let mut table = node.table(&format!("write a rung such as {like}, or off"))?;
    let at = match table.take("at") {
        Some(node) if node.is_off() => None,
        Some(node) => read_at(&node, ", or off"),
        None => preset.at,
    };
    let after = table.take("after").map(|node| node.whole(1..=MOST_REPEATS));
    let mut time = |key, preset_ms| {
        table.take(key).map_or(Some(preset_ms), |node| node.duration_ms(SECOND_MS..=WEEK_MS))
    };
    let (for_ms, up_to_ms) = (time("for", preset.for_ms), time("up_to", preset.up_to_ms));
    more(&mut table);
    table.finish();
    let after = after.flatten().and_then(|after| u8::try_from(after).ok());
    let rung = Rung { at, after, for_ms: for_ms?, up_to_ms: up_to_ms? };
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

/// Reads `rate` and `burst`; `None` where no rate is written, which `needed` makes a mistake, or there is one.
pub(super) fn read_rate(table: &mut Table<'_>, needed: bool) -> Option<Rate> {
    let remedy = "write so many in a time, such as 60/1m, the time 1s to 7d";
    let rate = if needed { table.need("rate", remedy) } else { table.take("rate") };
    let burst = table.take("burst");
    if let (None, Some(burst)) = (&rate, &burst)
        && !needed
    {
        burst.mistake("there is no rate", "add a rate such as 6/1m, or remove it");
    }
    let node = rate?;
    let written = node.value.as_str().and_then(quantity::rate);
    let fits = |(tokens, period_ms): &(u32, u64)| {
        (1..=MOST_TOKENS).contains(tokens) && (SECOND_MS..=WEEK_MS).contains(period_ms)
    };
    let Some((tokens, period_ms)) = written.filter(fits) else {
        node.wrong(remedy);
        return None;
    };
    let burst = burst.map_or(Some(tokens), |node| node.whole(1..=MOST_TOKENS))?;
    Some(Rate { tokens, period_ms, burst })
}

/// The rungs that begin at a score, from mild to severe.
pub(super) fn rungs(ladder: &Ladder) -> Vec<(&'static str, f64)> {
    let all = [
        ("observe", ladder.observe),
        ("tag", ladder.tag),
        ("delay", ladder.delay.and_then(|rung| rung.at)),
        ("limit", ladder.limit.and_then(|rung| rung.at)),
        ("deceive", ladder.deceive.and_then(|rung| rung.at)),
        ("block", ladder.block.and_then(|rung| rung.at)),
    ];
    all.into_iter().filter_map(|(name, at)| Some((name, at?))).collect()
}

fn check_order(node: &Node<'_>, ladder: &Ladder) {
    let rungs = rungs(ladder);
    if rungs.is_empty() {
        node.mistake(
            "no rung begins at a score, so nothing could ever happen",
            "keep one of observe, tag, delay, limit, deceive and block",
        );
    }
    for (name, rung) in [("limit", ladder.limit), ("deceive", ladder.deceive), ("block", ladder.block)] {
        if rung.is_some_and(|rung| rung.at.is_none() && rung.after.is_none()) {
            node.mistake(
                format!("{name} begins neither at a score nor after repeats"),
                "write at or after, or turn it off",
            );
        }
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
    let by_repeats = |name: &str| {
        let rung = match name {
            "limit" => ladder.limit,
            "deceive" => ladder.deceive,
            "block" => ladder.block,
            _ => None,
        };
        rung.is_some_and(|rung| rung.after.is_some())
    };
    for (name, at) in rungs.iter().filter(|(name, at)| own && highest < *at && !by_repeats(name)) {
        let (at, highest) = (show_number(*at), show_number(highest));
        findings.note(path, format!("{name} begins at {at}, but the rules together score at most {highest}"));
    }
}
