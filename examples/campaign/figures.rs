//! What a day came to, as figures with goals.

use palisade::sandbox::Report;

use super::attack::group::PHASES;
use super::gains::GAINS;
use super::ledger::{Followed, Ledger};
use super::limits::{LIMITS, Limits};
use super::noticing::{self, Met};
use super::shot::{CLASSES, COHORTS, Class, GOODS};
use super::tell::{KINDS, before, followed, quantile, sum};
use super::world::{Variant, World};

/// All that a report is made of.
pub(crate) struct Day<'d> {
    /// With the filter.
    pub(crate) guarded: &'d Ledger,
    /// Without it.
    pub(crate) open: &'d Ledger,
    /// As it ended.
    pub(crate) world: &'d World,
    /// What fixed limits would have done.
    pub(crate) limits: &'d Limits,
    /// The filter's own alarms: when, and what it said.
    pub(crate) alarms: &'d [(u64, String)],
    /// Bytes of the filter's memory, at noon and at the end.
    pub(crate) memory_bytes: (u64, u64),
    /// How long all runs took.
    pub(crate) seconds: f64,
    /// The same day with a filter that refuses, where this one's deceives.
    pub(crate) refused: Option<Met<'d>>,
}

/// A figure: name, value, unit, goal.
type Figure<'f> = (&'f str, f64, &'f str, &'f str);

/// The figures, with goals.
///
/// # Errors
/// When a figure was not measured.
pub(crate) fn figures(day: &Day<'_>, name: &str) -> Result<Report, String> {
    let options = day.world.options;
    let mut report = Report::new(name);
    if options.variant != Variant::Quiet {
        add_attack(day, &mut report)?;
        add_noticing(day, &mut report)?;
        add_alarms(day, &mut report)?;
    }
    add_legitimate(day, &mut report)?;
    add_limits(day, &mut report)?;
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let goal = if options.size >= 1.0 && day.refused.is_none() { "<= 90" } else { "" };
    add(
        &mut report,
        &[
            ("memory of the filter at noon", mib(day.memory_bytes.0), "MiB", ""),
            ("memory of the filter at the end", mib(day.memory_bytes.1), "MiB", ""),
            ("run time", day.seconds, "s", goal),
        ],
    )?;
    Ok(report)
}

fn add(report: &mut Report, figures: &[Figure<'_>]) -> Result<(), String> {
    figures.iter().try_for_each(|(name, value, unit, goal)| report.add(name, *value, unit, goal))
}

fn add_attack(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    let (ledger, marks) = (day.guarded, &day.world.tactics[..]);
    let goal = match day.world.options.variant {
        Variant::Poisoning => ">= 95",
        Variant::Imitation => ">= 90",
        Variant::Main | Variant::FirstMinute | Variant::Quiet => ">= 99",
    };
    let addresses = ledger.addresses.len() as f64;
    add(
        report,
        &[
            ("attack requests", ledger.attack_requests() as f64, "", ""),
            ("attack addresses", addresses, "", ""),
            ("requests an attack address", ledger.attack_requests() as f64 / addresses.max(1.0), "", ""),
        ],
    )?;
    for (class, name) in CLASSES {
        let Some(count) = ledger.classes.get(&class) else { continue };
        let goal = match class {
            Class::Stuffing | Class::Fakes => goal,
            // Recon is too little to be told from what customers do.
            _ if GOODS.contains(&class) && class != Class::Recon => ">= 90",
            _ => "",
        };
        report.add(&format!("{name} stopped"), count.percent(), "%", goal)?;
    }
    let (taken, would) = (ledger.taken.len() as f64, day.open.taken.len() as f64);
    let values = before(ledger, marks, "");
    add(
        report,
        &[
            ("accounts taken without the filter", would, "", ""),
            ("accounts taken", taken, "", ""),
            ("accounts taken, of those without the filter", 100.0 * taken / would.max(1.0), "%", "<= 1"),
            ("fake accounts without the filter", day.open.fakes as f64, "", ""),
            ("fake accounts", ledger.fakes as f64, "", ""),
            ("tactics", values.len() as f64, "", ""),
            ("let through before stopped, median", quantile(&values, 0.5), "requests", "<= 30"),
            ("let through before stopped, 95 %", quantile(&values, 0.95), "requests", "<= 200"),
        ],
    )?;
    for (gain, name) in GAINS {
        report.add(&format!("{name} without the filter"), day.open.gains.of(gain) as f64, "", "")?;
        report.add(name, ledger.gains.of(gain) as f64, "", "")?;
    }
    add_kinds(day, report)?;
    add_phases(day, report)
}

/// What attackers need to notice, and how many times as much where they are deceived.
fn add_noticing(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    let met = Met { ledger: day.guarded, marks: &day.world.tactics };
    let Some(refused) = day.refused else { return noticing::add(met, "refused", report) };
    add_refused(refused.ledger, report)?;
    noticing::add(refused, "refused", report)?;
    noticing::add(met, "deceived", report)?;
    noticing::compare(met, refused, report)
}

/// What came of the day on which the filter refuses, for comparison.
fn add_refused(ledger: &Ledger, report: &mut Report) -> Result<(), String> {
    for (class, name) in CLASSES.into_iter().filter(|(class, _)| class.is_attack()) {
        let Some(count) = ledger.classes.get(&class) else { continue };
        report.add(&format!("{name}, refused: stopped"), count.percent(), "%", "")?;
    }
    for (gain, name) in GAINS {
        report.add(&format!("{name}, refused"), ledger.gains.of(gain) as f64, "", "")?;
    }
    add(
        report,
        &[
            ("accounts taken, refused", ledger.taken.len() as f64, "", ""),
            ("fake accounts, refused", ledger.fakes as f64, "", ""),
            ("legitimate requests harmed, refused", ledger.legitimate().percent(), "%", ""),
            ("harmed in the worst cohort, refused", worst_cohort(ledger), "%", ""),
        ],
    )
}

/// Of the cohort of which most was harmed, how much, in percent.
fn worst_cohort(ledger: &Ledger) -> f64 {
    ledger.cohorts.values().map(|group| group.count.percent()).fold(0.0, f64::max)
}

/// What tactics of each kind got through, before they were stopped and in all.
fn add_kinds(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    let (ledger, marks) = (day.guarded, &day.world.tactics[..]);
    for kind in KINDS {
        let values = before(ledger, marks, kind);
        if values.is_empty() {
            continue;
        }
        let through: u64 = followed(ledger, marks, kind).map(Followed::let_through).sum();
        add(
            report,
            &[
                (&format!("{kind}: tactics"), values.len() as f64, "", ""),
                (
                    &format!("{kind}: let through before stopped, median"),
                    quantile(&values, 0.5),
                    "requests",
                    "",
                ),
                (
                    &format!("{kind}: let through before stopped, 95 %"),
                    quantile(&values, 0.95),
                    "requests",
                    "",
                ),
                (&format!("{kind}: let through in all"), through as f64, "requests", ""),
            ],
        )?;
    }
    Ok(())
}

/// What was stopped of the attack in each phase, pages and own sign-ins apart, and what was harmed.
fn add_phases(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    for ((_, name), (legitimate, classes)) in PHASES.iter().zip(&day.guarded.phases) {
        let attack = sum(classes.iter().filter(|(class, _)| class.is_attack()).map(|(_, count)| count));
        if attack.requests > 0 {
            report.add(&format!("{name}: attack stopped"), attack.percent(), "%", "")?;
        }
        report.add(&format!("{name}: legitimate harmed"), legitimate.percent(), "%", "")?;
    }
    Ok(())
}

fn add_legitimate(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    let legitimate = day.guarded.legitimate();
    let harmed: usize = day.guarded.cohorts.values().map(|group| group.harmed.len()).sum();
    add(
        report,
        &[
            ("legitimate requests", legitimate.requests as f64, "", ""),
            ("legitimate requests harmed", legitimate.percent(), "%", "<= 0.01"),
            ("harmed in the worst cohort", worst_cohort(day.guarded), "%", "<= 0.05"),
            ("visits harmed", harmed as f64, "", ""),
        ],
    )?;
    for (cohort, name) in COHORTS {
        let Some(group) = day.guarded.cohorts.get(&cohort) else { continue };
        report.add(&format!("harmed: {name}"), group.count.percent(), "%", "")?;
    }
    Ok(())
}

/// For each phase of attack, how long it took to the first alarm in it.
fn add_alarms(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    let options = day.world.options;
    let ends = PHASES.iter().skip(1).map(|(from, _)| *from).chain([24.0]);
    for ((from, name), to) in PHASES.iter().zip(ends).skip(1) {
        let start_ms = options.at_hour((from - options.shift()).max(0.0));
        let end_ms = options.at_hour((to - options.shift()).max(0.0));
        let first = day.alarms.iter().map(|(at_ms, _)| *at_ms).find(|at| (start_ms..end_ms).contains(at));
        if let Some(first_ms) = first {
            let minutes = (first_ms - start_ms) as f64 / 60_000.0;
            report.add(&format!("first alarm after the beginning of: {name}"), minutes, "min", "")?;
        }
    }
    report.add("alarms", day.alarms.len() as f64, "", "")
}

fn add_limits(day: &Day<'_>, report: &mut Report) -> Result<(), String> {
    for (name, effect) in LIMITS.iter().zip(&day.limits.effects) {
        let attack = effect.classes.iter().filter(|(class, _)| class.is_attack());
        let stopped = sum(attack.map(|(_, count)| count)).percent();
        let harmed = sum(effect.cohorts.values()).percent();
        report.add(&format!("fixed limit, {name}: attack stopped"), stopped, "%", "")?;
        report.add(&format!("fixed limit, {name}: legitimate harmed"), harmed, "%", "")?;
    }
    Ok(())
}
