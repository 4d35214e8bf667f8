//! What a day came to, as figures and tables.

use comfy_table::{Table, presets};
use palisade::sandbox::Report;

use super::attack::group::PHASES;
use super::ledger::{Count, Followed, Ledger};
use super::shot::{CLASSES, COHORTS, Class};
use super::world::{TacticMark, Variant, World};

/// All that a report is made of.
pub(crate) struct Day<'d> {
    /// With the filter.
    pub(crate) guarded: &'d Ledger,
    /// Without it.
    pub(crate) open: &'d Ledger,
    /// As it ended.
    pub(crate) world: &'d World,
    /// Bytes of the filter's memory, at noon and at the end.
    pub(crate) memory_bytes: (u64, u64),
    /// How long both runs took.
    pub(crate) seconds: f64,
}

/// A table with these columns.
fn table(columns: &[&str]) -> Table {
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
        "pages",
        "stopped %",
    ]);
    for ((_, name), (legitimate, classes)) in PHASES.iter().zip(&ledger.phases) {
        let mut row =
            vec![(*name).to_owned(), legitimate.requests.to_string(), legitimate.stopped.to_string()];
        for (class, _) in CLASSES {
            let count = classes.get(&class).copied().unwrap_or_default();
            row.extend([count.requests.to_string(), percent(&count)]);
        }
        table.add_row(row);
    }
    table
}

/// By cohort: requests, harmed, visits harmed.
pub(crate) fn cohorts(ledger: &Ledger) -> Table {
    let mut table = table(&["cohort", "requests", "harmed", "harmed %", "visits", "visits harmed"]);
    for (cohort, name) in COHORTS {
        let Some(group) = ledger.cohorts.get(&cohort) else { continue };
        table.add_row([
            name.to_owned(),
            group.count.requests.to_string(),
            group.count.stopped.to_string(),
            percent(&group.count),
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

/// Kinds of tactics in the order of the table.
const KINDS: [&str; 7] = [
    "tool",
    "headless browser",
    "home-made imitation",
    "copy of the app",
    "perfect imitation",
    "patient",
    "scanner",
];

/// The value below which such a share of sorted values lies.
fn quantile(sorted: &[u64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let rank = (last as f64 * share).round();
    sorted.iter().enumerate().find(|(n, _)| *n as f64 >= rank).map_or(0.0, |(_, v)| *v as f64)
}

fn followed<'a>(
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

fn before(ledger: &Ledger, marks: &[TacticMark], kind: &str) -> Vec<u64> {
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
pub(crate) fn leaks(ledger: &Ledger, marks: &[TacticMark]) -> Table {
    let mut table = table(&["let through", "of", "stopped after", "kind", "group", "tactic"]);
    let mut pairs: Vec<_> = ledger.tactics.iter().zip(marks).collect();
    pairs.sort_by_key(|(followed, _)| std::cmp::Reverse(followed.let_through()));
    for (followed, mark) in pairs.into_iter().take(12) {
        table.add_row([
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

/// The figures, with goals.
///
/// # Errors
/// When a figure was not measured.
pub(crate) fn figures(day: &Day<'_>, name: &str) -> Result<Report, String> {
    let variant = day.world.options.variant;
    let mut report = Report::new(name);
    attack_figures(day, variant, &mut report)?;
    legitimate_figures(day, &mut report)?;
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    report.add("memory of the filter at noon", mib(day.memory_bytes.0), "MiB", "")?;
    report.add("memory of the filter at the end", mib(day.memory_bytes.1), "MiB", "")?;
    let is_whole = day.world.options.size >= 1.0;
    report.add("run time", day.seconds, "s", if is_whole { "<= 90" } else { "" })?;
    Ok(report)
}

fn attack_figures(day: &Day<'_>, variant: Variant, report: &mut Report) -> Result<(), String> {
    let (ledger, marks) = (day.guarded, &day.world.tactics[..]);
    let goal = match variant {
        Variant::Main | Variant::FirstMinute => ">= 99",
        Variant::Poisoning => ">= 95",
        Variant::Imitation => ">= 90",
        Variant::Quiet => return Ok(()),
    };
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    report.add("attack requests", ledger.attack_requests() as f64, "", "")?;
    report.add("attack addresses", ledger.addresses.len() as f64, "", "")?;
    for (class, name) in CLASSES {
        let Some(count) = ledger.classes.get(&class) else { continue };
        let goal = if matches!(class, Class::Stuffing | Class::Fakes) { goal } else { "" };
        report.add(&format!("{name} stopped"), count.percent(), "%", goal)?;
    }
    let (taken, would) = (ledger.taken.len(), day.open.taken.len());
    report.add("accounts taken without the filter", would as f64, "", "")?;
    report.add("accounts taken", taken as f64, "", "")?;
    report.add("accounts taken, of those without the filter", share(taken, would), "%", "<= 1")?;
    report.add("fake accounts without the filter", day.open.fakes as f64, "", "")?;
    report.add("fake accounts", ledger.fakes as f64, "", "")?;
    let values = before(ledger, marks, "");
    report.add("tactics", values.len() as f64, "", "")?;
    report.add(
        "let through before a tactic is stopped, median",
        quantile(&values, 0.5),
        "requests",
        "<= 30",
    )?;
    report.add(
        "let through before a tactic is stopped, 95 %",
        quantile(&values, 0.95),
        "requests",
        "<= 200",
    )?;
    Ok(())
}

fn legitimate_figures(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    let legitimate = day.guarded.legitimate();
    report.add("legitimate requests", legitimate.requests as f64, "", "")?;
    report.add("legitimate requests harmed", legitimate.percent(), "%", "<= 0.01")?;
    let worst = day.guarded.cohorts.values().map(|group| group.count.percent()).fold(0.0, f64::max);
    report.add("harmed in the worst cohort", worst, "%", "<= 0.05")?;
    let harmed: usize = day.guarded.cohorts.values().map(|group| group.harmed.len()).sum();
    report.add("visits harmed", harmed as f64, "", "")?;
    for (cohort, name) in COHORTS {
        let Some(group) = day.guarded.cohorts.get(&cohort) else { continue };
        report.add(&format!("harmed: {name}"), group.count.percent(), "%", "")?;
    }
    Ok(())
}
