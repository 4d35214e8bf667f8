//! From evidence to verdict.

mod action;
mod climb;

pub use action::Action;
pub use climb::{action_at, climb, stand};

use std::cmp::Reverse;

use crate::detect::{self, Evidence};
use crate::order::sort_by_key;
use crate::policy::Policy;

/// What the evidence comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The sum of the evidence, in nats.
    pub score: f64,
    /// The evidence, strongest first.
    pub evidence: Vec<Evidence>,
}

impl Judgement {
    /// Weighs the evidence.
    #[must_use]
    pub fn new(mut evidence: Vec<Evidence>) -> Self {
        // Evidence is above 0: its bits are in the order of its weight.
        sort_by_key(&mut evidence, |found| (Reverse(found.nats.to_bits()), found.rule));
        let score = detect::score(&evidence);
        Self { score, evidence }
    }

    /// The names of the rules that found something, strongest first.
    pub fn reasons<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = &'p str> {
        let rules: Vec<_> = self.evidence.iter().filter_map(|e| policy.rules.get(e.rule)).collect();
        rules.into_iter().map(|rule| rule.name.as_str())
    }
}
