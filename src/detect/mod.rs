//! Detectors: a rule and its tally in, evidence out. None of them knows of actions.
//!
//! Rules of one detector read counts that overlap (the same failures, seen by session and by
//! network), so their findings are not independent: of each detector the strongest counts, and
//! those of different detectors add up.

mod failure_test;
mod fan_out;
mod volume;

// A role as a whole, rather than one client.
pub mod usual;
pub mod shift;

use crate::memory::Tally;
use crate::policy::{Finding, Policy, Rule, TallySpec, counts_probes};

/// One finding that speaks against a client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Index of the rule in its policy; its name is the reason.
    pub rule: usize,
    /// Which detector found it.
    pub detector: Detector,
    /// Log-odds in nats, above 0.
    pub nats: f64,
}

/// The kinds of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detector {
    /// More failures than a legitimate client has.
    FailureTest,
    /// Too much of something in a window.
    Volume,
    /// Too many distinct subjects, addresses or fingerprints.
    FanOut,
    /// Requests that look for a way in.
    Probes,
}

/// How many detectors there are.
const DETECTORS: usize = 4;

/// All evidence that a policy's rules find. `tallies` gives the tally at an index of the policy's
/// list, where the request has its key.
pub fn evidence(policy: &Policy, mut tallies: impl FnMut(usize) -> Option<Tally>) -> Vec<Evidence> {
    let mut found = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        let (Some(spec), Some(tally)) = (policy.tallies.get(rule.tally), tallies(rule.tally)) else {
            continue;
        };
        if let Some((detector, nats)) = examine(rule, spec, &tally)
            && nats > 0.0
        {
            found.push(Evidence { rule: index, detector, nats });
        }
    }
    found
}

fn examine(rule: &Rule, spec: &TallySpec, tally: &Tally) -> Option<(Detector, f64)> {
    match rule.finding {
        Finding::FailureTest => Some((Detector::FailureTest, failure_test::nats(tally))),
        Finding::Failures { at_least, score } => {
            volume::nats(tally.failures(spec), at_least, score).map(|n| (Detector::Volume, n))
        }
        Finding::Successes { at_least, score } => {
            volume::nats(tally.successes(spec), at_least, score).map(|n| (Detector::Volume, n))
        }
        Finding::Requests { at_least, score } => {
            let requests = tally.failures(spec).saturating_add(tally.successes(spec));
            volume::nats(requests, at_least, score).map(|n| (Detector::Volume, n))
        }
        Finding::FanOut { at_least, score } => {
            let detector = if counts_probes(spec) { Detector::Probes } else { Detector::FanOut };
            fan_out::nats(tally, at_least, score).map(|n| (detector, n))
        }
    }
}

/// The score: the strongest evidence of each detector, added up. In nats.
#[must_use]
pub fn score(evidence: &[Evidence]) -> f64 {
    let mut strongest = [0.0_f64; DETECTORS];
    for found in evidence {
        if let Some(best) = strongest.get_mut(found.detector as usize) {
            *best = best.max(found.nats);
        }
    }
    strongest.iter().sum()
}
