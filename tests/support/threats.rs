//! OWASP's twenty-one automated threats: what scenarios show of each, as a table and as figures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use palisade::sandbox::Report;
use serde::Deserialize;

use super::Outcome;
use super::scenario::Scenario;

/// One threat, as tests/threats.yaml has it.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// `OAT-001` to `OAT-021`.
    pub id: String,
    pub name: String,
    /// Whether an inline filter sees it: `yes`, `part` or `no`.
    pub seen: Seen,
    /// What tells of it.
    pub by: String,
    /// What is not seen, and why.
    pub not: String,
}

#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    Yes,
    Part,
    No,
}

/// What one scenario came to.
#[derive(Default, Debug)]
pub struct Played {
    pub name: String,
    attacks: u64,
    stopped: u64,
    let_through: u64,
    /// The most that one group of attackers got through, however long it went on.
    most_passed: u64,
    pointed_out: u64,
    look_alikes: u64,
    harmed: u64,
}

/// All threats, in order.
pub fn all() -> Vec<Threat> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/threats.yaml");
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

impl Played {
    /// Counts what came of a scenario's requests.
    pub fn new(name: &str, scenario: &Scenario, outcomes: &[Outcome]) -> Self {
        let mut played = Self { name: name.to_owned(), ..Self::default() };
        let mut passed: BTreeMap<&str, u64> = BTreeMap::new();
        for (outcome, attacker) in outcomes.iter().zip(scenario.attackers()) {
            let stopped = u64::from(["limit", "block"].contains(&outcome.action()));
            if let Some(attacker) = attacker {
                *passed.entry(attacker).or_default() += 1 - stopped;
                played.attacks += 1;
                played.stopped += stopped;
                played.pointed_out += u64::from(outcome.action() == "tag");
                played.let_through += u64::from(played.stopped == 0);
            } else {
                played.look_alikes += 1;
                played.harmed += stopped;
            }
        }
        played.most_passed = passed.into_values().max().unwrap_or(0);
        played
    }

    fn told(&self) -> String {
        let Self { name, attacks, stopped, let_through, pointed_out, look_alikes, harmed, .. } = self;
        let attack = if *stopped > 0 {
            format!("{stopped} of {attacks} stopped, from request {} on", let_through + 1)
        } else {
            format!("{pointed_out} of {attacks} pointed out")
        };
        format!("`{name}`: {attack}; {harmed} of {look_alikes} look-alikes stopped")
    }
}

/// The table of docs/threats.md.
pub fn table(threats: &[Threat], played: &[(Vec<String>, Played)]) -> String {
    let mut out =
        "| threat | seen | by | not | scenario, played natively |\n|---|---|---|---|---|\n".to_owned();
    for Threat { id, name, seen, by, not } in threats {
        let of_it = played.iter().filter(|(threats, _)| threats.contains(id));
        let told: Vec<_> = of_it.map(|(_, played)| played.told()).collect();
        let seen = format!("{seen:?}").to_lowercase();
        writeln!(out, "| {id} {name} | {seen} | {by} | {not} | {} |", told.join("<br>")).unwrap();
    }
    out
}

/// Adds the figures of each threat that is seen, and checks that none lacks an attack or a look-alike.
pub fn report(threats: &[Threat], played: &[(Vec<String>, Played)], report: &mut Report) -> Vec<String> {
    let mut lacking = Vec::new();
    for threat in threats.iter().filter(|threat| threat.seen != Seen::No) {
        let of_it = || played.iter().filter(|(threats, _)| threats.contains(&threat.id)).map(|(_, p)| p);
        let sum = |of: fn(&Played) -> u64| of_it().map(of).sum::<u64>();
        let answered = sum(|p| p.stopped + p.pointed_out);
        if answered == 0 || sum(|p| p.look_alikes) == 0 {
            lacking.push(threat.id.clone());
            continue;
        }
        let mut add = |what: &str, value: u64, goal: &str| {
            report
                .add(&format!("{} {}: {what}", threat.id, threat.name), value as f64, "requests", goal)
                .unwrap();
        };
        add("attacks", sum(|p| p.attacks), "");
        add("stopped", sum(|p| p.stopped), "");
        add("let through before they are", sum(|p| p.let_through), "");
        let refused = of_it().filter(|p| p.stopped > 0);
        let most = refused.map(|p| p.most_passed).max().unwrap_or(0);
        add("the most that one group got through", most, "<= 50");
        add("look-alikes", sum(|p| p.look_alikes), "");
        add("look-alikes harmed", sum(|p| p.harmed), "<= 0");
    }
    lacking
}
