//! What a day came to, as tables.

use comfy_table::{Table, presets};

use super::attack::group::PHASES;
use super::gains::{GAINS, Gains};
use super::ledger::{Count, Followed, Ledger};
use super::limits::{LIMITS, Limits};
use super::shot::{CLASSES, COHORTS, Class, Cohort, GOODS};
use super::world::{BEGIN_MS, TacticMark};

/// A table with these columns.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(columns);
    table
}

fn percent(count: &Count) -> String {
    if count.requests == 0 { "-".to_owned() } else { format!("{:.3}", count.percent()) }
}

/// By phase: requests, harmed, and what was stopped of each class.
pub(crate) fn phases(ledger: &Ledger) -> Table {
    let mut table = table(&[
        "phase",
        "legitimate",
        "harmed",
        "stuffing",
        "stopped %",
        "fakes",
        "stopped %",
        "scans",
        "stopped %",
        "goods",
        "stopped %",
        "pages",
        "stopped %",
    ]);
    for ((_, name), (legitimate, classes)) in PHASES.iter().zip(&ledger.phases) {
        let mut row =
            vec![(*name).to_owned(), legitimate.requests.to_string(), legitimate.stopped.to_string()];
        let after = |of: &[Class]| sum(of.iter().filter_map(|class| classes.get(class)));
        let (plain, pages) = ([Class::Stuffing, Class::Fakes, Class::Scanning], [Class::Page]);
        for of in plain.chunks(1).chain([&GOODS[..], &pages]) {
            let count = after(of);
            row.extend([count.requests.to_string(), percent(&count)]);
        }
        table.add_row(row);
    }
    table
}

/// Of those who are after goods: what they asked for, and what became of it.
pub(crate) fn goods(gains: &Gains) -> Table {
    let mut table = table(&["after goods", "asked for", "requests", "stopped %", "let through", "most for"]);
    for ((class, verb), step) in &gains.steps {
        let mut reasons: Vec<_> = step.reasons.iter().collect();
        reasons.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
        let most = reasons.into_iter().take(4).map(|(reason, times)| format!("{reason} {times}"));
        table.add_row([
            CLASSES.iter().find(|(one, _)| one == class).map_or("", |(_, name)| name).to_owned(),
            (*verb).to_owned(),
            step.count.requests.to_string(),
            percent(&step.count),
            (step.count.requests - step.count.stopped).to_string(),
            most.collect::<Vec<_>>().join(", "),
        ]);
    }
    table
}

/// What attackers got, with the filter and without it.
pub(crate) fn gains(guarded: &Gains, open: &Gains) -> Table {
    let mut table = table(&["got away with", "with the filter", "without it"]);
    for (gain, name) in GAINS {
        table.add_row([name.to_owned(), guarded.of(gain).to_string(), open.of(gain).to_string()]);
    }
    table
}

/// By cohort: requests; harmed; let pass with something noted against them; visits.
pub(crate) fn cohorts(ledger: &Ledger) -> Table {
    let mut table = table(&["cohort", "requests", "harmed", "harmed %", "noted", "visits", "visits harmed"]);
    for (cohort, name) in COHORTS {
        let Some(group) = ledger.cohorts.get(&cohort) else { continue };
        table.add_row([
            name.to_owned(),
            group.count.requests.to_string(),
            group.count.stopped.to_string(),
            percent(&group.count),
            group.noted.to_string(),
            group.visits.len().to_string(),
            group.harmed.len().to_string(),
        ]);
    }
    table
}

/// Why customers were stopped.
pub(crate) fn reasons(ledger: &Ledger) -> Table {
    let mut table = table(&["cohort", "stopped", "of what, and why"]);
    for (cohort, name) in COHORTS {
        let Some(group) = ledger.cohorts.get(&cohort) else { continue };
        let mut reasons: Vec<_> = group.reasons.iter().collect();
        reasons.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
        for (reason, times) in reasons.into_iter().take(6) {
            table.add_row([name.to_owned(), times.to_string(), reason.clone()]);
        }
    }
    table
}

/// The first requests of customers that were stopped, one by one.
pub(crate) fn harms(ledger: &Ledger, most: usize) -> Table {
    let mut table = table(&["hour", "harmed", "with", "asked for", "note"]);
    for harm in ledger.harms.iter().take(most) {
        table.add_row([
            format!("{:.3}", harm.hour),
            name_of(harm.cohort).to_owned(),
            harm.make.to_string(),
            harm.verb.to_owned(),
            harm.note.clone(),
        ]);
    }
    table
}

/// Kinds of tactics in the order of the table.
pub(crate) const KINDS: [&str; 7] = [
    "tool",
    "headless browser",
    "home-made imitation",
    "copy of the app",
    "perfect imitation",
    "patient",
    "scanner",
];

/// The value below which such a share of sorted values lies.
pub(crate) fn quantile(sorted: &[u64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let rank = (last as f64 * share).round();
    sorted.iter().enumerate().find(|(n, _)| *n as f64 >= rank).map_or(0.0, |(_, v)| *v as f64)
}

/// Tactics of a kind, or of all, that sent something.
pub(crate) fn followed<'a>(
    ledger: &'a Ledger,
    marks: &'a [TacticMark],
    kind: &'a str,
) -> impl Iterator<Item = &'a Followed> {
    let pairs = ledger.tactics.iter().zip(marks);
    pairs
        .filter(move |(_, mark)| kind.is_empty() || mark.kind == kind)
        .map(|(followed, _)| followed)
        .filter(|f| f.count.requests > 0)
}

pub(crate) fn before(ledger: &Ledger, marks: &[TacticMark], kind: &str) -> Vec<u64> {
    let mut values: Vec<u64> = followed(ledger, marks, kind).map(Followed::before_stopped).collect();
    values.sort_unstable();
    values
}

/// By kind of tactic: how many, how much they got through before they were stopped, and in all.
pub(crate) fn tactics(ledger: &Ledger, marks: &[TacticMark]) -> Table {
    let mut table = table(&[
        "tactics",
        "number",
        "requests",
        "let through",
        "stopped %",
        "never stopped",
        "median before",
        "95 % before",
    ]);
    for kind in KINDS.into_iter().chain([""]) {
        let values = before(ledger, marks, kind);
        let mut count = Count::default();
        let mut never = 0;
        for one in followed(ledger, marks, kind) {
            count.requests += one.count.requests;
            count.stopped += one.count.stopped;
            never += u64::from(one.before.is_none());
        }
        table.add_row([
            if kind.is_empty() { "all" } else { kind }.to_owned(),
            values.len().to_string(),
            count.requests.to_string(),
            (count.requests - count.stopped).to_string(),
            percent(&count),
            never.to_string(),
            quantile(&values, 0.5).to_string(),
            quantile(&values, 0.95).to_string(),
        ]);
    }
    table
}

/// The tactics that got most through.
pub(crate) fn leaks(ledger: &Ledger, marks: &[TacticMark], most: usize) -> Table {
    let mut table = table(&["hour", "let through", "of", "stopped after", "kind", "group", "tactic"]);
    let mut pairs: Vec<_> = ledger.tactics.iter().zip(marks).collect();
    pairs.sort_by_key(|(followed, _)| std::cmp::Reverse(followed.let_through()));
    for (followed, mark) in pairs.into_iter().take(most) {
        let begun_ms = followed.first_ms.saturating_sub(BEGIN_MS);
        table.add_row([
            format!("{:.2}", begun_ms as f64 / 3_600_000.0),
            followed.let_through().to_string(),
            followed.count.requests.to_string(),
            followed.before.map_or("never".to_owned(), |n| n.to_string()),
            mark.kind.to_owned(),
            mark.group.to_string(),
            mark.shape.clone(),
        ]);
    }
    table
}

/// What fixed limits would have done with the same requests.
pub(crate) fn limits(limits: &Limits) -> Table {
    let mut table = table(&[
        "fixed limit",
        "stuffing stopped %",
        "fakes stopped %",
        "goods stopped %",
        "harmed %",
        "worst cohort",
        "harmed %",
    ]);
    for (name, effect) in LIMITS.iter().zip(&limits.effects) {
        let of = |class| percent(&effect.classes.get(&class).copied().unwrap_or_default());
        let goods = sum(GOODS.iter().filter_map(|class| effect.classes.get(class)));
        let harmed = sum(effect.cohorts.values());
        let worst = effect.cohorts.iter().max_by(|a, b| a.1.percent().total_cmp(&b.1.percent()));
        let (worst, worst_percent) =
            worst.map_or(("-", "-".to_owned()), |(cohort, count)| (name_of(*cohort), percent(count)));
        table.add_row([
            (*name).to_owned(),
            of(Class::Stuffing),
            of(Class::Fakes),
            percent(&goods),
            percent(&harmed),
            worst.to_owned(),
            worst_percent,
        ]);
    }
    table
}

/// All of several counts.
pub(crate) fn sum<'c>(counts: impl Iterator<Item = &'c Count>) -> Count {
    counts.fold(Count::default(), |sum, one| Count {
        requests: sum.requests + one.requests,
        stopped: sum.stopped + one.stopped,
    })
}

/// A cohort's name.
fn name_of(cohort: Cohort) -> &'static str {
    COHORTS.iter().find(|(one, _)| *one == cohort).map_or("", |(_, name)| name)
}
