//! Scenarios as data, and the stages they are played on: a simulated host and real Envoy.

pub mod envoy;
mod fastclock;
pub mod scenario;
mod signing;
pub mod sim;
pub mod threats;

use std::collections::BTreeMap;

use scenario::{Answered, Client, Sent};
use serde_json::Value;

/// When scenarios begin, in milliseconds since 1970: a whole multiple of every preset's window.
pub const BEGIN_MS: u64 = 1_800_000_000_000;

/// What came of one request, as far as both stages can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The status that the client saw.
    pub status: u16,
    /// `action=...;policy=...;...` without what depends on the clock; empty: no verdict.
    pub verdict: String,
}

impl Outcome {
    /// From a status and the whole note.
    pub fn new(status: u16, note: &str) -> Self {
        // How far evidence grew under a verdict that stands, workers hear of at their leisure.
        let stands = note.contains(";until=");
        let varies = |part: &str| part.starts_with("until=") || (stands && part.starts_with("score="));
        let kept: Vec<&str> = note.split(';').filter(|part| !varies(part)).collect();
        Self { status, verdict: kept.join(";") }
    }

    /// The value of one part of the verdict.
    pub fn part(&self, name: &str) -> &str {
        let of = |part: &'_ str| part.split_once('=').is_some_and(|(n, _)| n == name);
        self.verdict.split(';').find(|p| of(p)).and_then(|p| p.split_once('=')).map_or("", |(_, v)| v)
    }

    /// What was done, `pass` where nothing was.
    pub fn action(&self) -> &str {
        match self.part("action") {
            "" => "pass",
            action => action,
        }
    }
}

/// Where a scenario is played. Requests come one after the other.
pub trait Stage {
    /// Sends a request at a time, in milliseconds since the scenario began; the origin gives
    /// `answer` if it is asked.
    fn send(&mut self, at_ms: u64, client: &Client, request: &Sent, answer: &Answered);

    /// Gives a new configuration, which all workers have when this returns.
    fn reload(&mut self, configuration: &Value);

    /// Waits until counters and gauges, by their names without `palisade_`, come to these values; what they
    /// came to if they do not.
    fn metrics(&mut self, expected: &BTreeMap<String, u64>) -> BTreeMap<String, u64>;

    /// Ends the scenario: what came of each request, in order.
    fn end(self: Box<Self>) -> Vec<Outcome>;
}
