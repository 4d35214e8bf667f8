//! Detectors: a rule and its tally in, evidence out. None of them knows of actions.
//!
//! Rules of one detector read counts that overlap (the same failures, seen by session and by
//! network), so their findings are not independent: of each detector the strongest counts, and
//! those of different detectors add up.

mod failure_test;
mod fan_out;
mod habit;
mod volume;

// A role as a whole, rather than one client.
pub mod usual;
pub mod shift;

use crate::memory::Tally;
use crate::policy::{DETECTORS, Detector, Finding, Policy, TallySpec};
use crate::usage::Usage;

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

/// All evidence that a policy's rules find in the tallies of a request's keys and in what this worker followed
/// of them; both are in the policy's order, and `None` where the request lacks the key.
#[must_use]
pub fn evidence(policy: &Policy, tallies: &[Option<Tally>], usages: &[Option<Usage>]) -> Vec<Evidence> {
    let mut found = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        let Some(spec) = policy.tallies.get(rule.tally) else { continue };
        let nats = if rule.finding.is_followed() {
            usages.get(rule.tally).copied().flatten().and_then(|usage| habit::nats(rule.finding, &usage))
        } else {
            tallies.get(rule.tally).copied().flatten().and_then(|tally| examine(rule.finding, spec, &tally))
        };
        if let Some(nats) = nats.filter(|&nats| nats > 0.0) {
            found.push(Evidence { rule: index, detector: rule.finding.detector(spec), nats });
        }
    }
    found
}

fn examine(finding: Finding, spec: &TallySpec, tally: &Tally) -> Option<f64> {
    match finding {
        Finding::FailureTest => Some(failure_test::nats(tally)),
        Finding::Failures { at_least, score } => volume::nats(tally.failures(spec), at_least, score),
        Finding::Successes { at_least, score } => volume::nats(tally.successes(spec), at_least, score),
        Finding::Requests { at_least, score } => {
            let requests = tally.failures(spec).saturating_add(tally.successes(spec));
            volume::nats(requests, at_least, score)
        }
        Finding::FanOut { at_least, score } => fan_out::nats(tally, at_least, score),
        Finding::UntilSuccess { at_least, score } => {
            fan_out::nats(tally, at_least, score).filter(|_| tally.successes(spec) > 0)
        }
        Finding::Unusual { .. } | Finding::InOrder { .. } | Finding::Steady { .. } => None,
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
