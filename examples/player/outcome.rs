//! How a scenario went: what was sent, stopped, won, and who was hurt.
//!
//! It judges single answers and adds them up; whether the sum is good is judged elsewhere.

use std::collections::BTreeSet;

use serde_json::Value;

use super::plan::{Side, Step, Won};
use super::wire::Reply;

/// Complaints of customers that are kept in words; the rest is only counted.
const MOST_COMPLAINTS: usize = 5;

/// How a scenario, or one actor's part of it, went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Requests sent.
    pub(crate) requests: u64,
    /// Those that the filter answered itself.
    pub(crate) stopped: u64,
    /// Those without an answer: no connection, broken off, too late, never sent for that reason.
    pub(crate) unanswered: u64,
    /// Customers' requests that were answered otherwise than the shop would have.
    pub(crate) harmed: u64,
    /// Customers with at least one such request.
    pub(crate) people_hurt: u64,
    /// What attackers won, by name.
    pub(crate) won: BTreeSet<String>,
    /// Sign-ins that succeeded, whoever did it.
    pub(crate) signed_in: u64,
    /// What went wrong for customers, in words.
    pub(crate) complaints: Vec<String>,
}

impl Outcome {
    /// Counts one answer.
    pub(crate) fn count(&mut self, side: Side, step: &Step, reply: &Reply) {
        self.requests += 1;
        let stopped = reply.is_palisades();
        self.stopped += u64::from(stopped);
        self.signed_in += u64::from(step.path == "/api/v1/login" && reply.status == 200);
        match side {
            Side::Customers => {
                if stopped || step.want.is_some_and(|want| want != reply.status) {
                    self.complain(step, &format!("answered {}", reply.status));
                }
            }
            Side::Attackers(_) => {
                if let Some(prize) =
                    step.prize.as_ref().filter(|prize| !stopped && prize.won.is_shown_by(reply))
                {
                    self.won.insert(prize.name.clone());
                }
            }
        }
    }

    /// Counts a request that got no answer.
    pub(crate) fn count_unanswered(&mut self, side: Side, step: &Step, why: &str) {
        self.requests += 1;
        self.unanswered += 1;
        if side == Side::Customers {
            self.complain(step, why);
        }
    }

    fn complain(&mut self, step: &Step, what: &str) {
        self.harmed += 1;
        self.people_hurt = 1;
        if self.complaints.len() < MOST_COMPLAINTS {
            let want = step.want.map(|want| format!(", not {want}")).unwrap_or_default();
            self.complaints.push(format!("{} {} at {} ms: {what}{want}", step.method, step.path, step.at_ms));
        }
    }

    /// Adds another actor's part.
    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.stopped += other.stopped;
        self.unanswered += other.unanswered;
        self.harmed += other.harmed;
        self.people_hurt += other.people_hurt;
        self.signed_in += other.signed_in;
        self.won.extend(other.won);
        let room = MOST_COMPLAINTS.saturating_sub(self.complaints.len());
        self.complaints.extend(other.complaints.into_iter().take(room));
    }

    /// How much of what was sent was stopped, in percent.
    pub(crate) fn stopped_percent(&self) -> f64 {
        100.0 * self.stopped as f64 / self.requests.max(1) as f64
    }
}

impl Won {
    fn is_shown_by(self, reply: &Reply) -> bool {
        let success = (200..300).contains(&reply.status);
        match self {
            Self::Success => success,
            Self::Balance => success && balance_cents(&reply.body) > 0,
            Self::Found => !matches!(reply.status, 404 | 500..),
        }
    }
}

fn balance_cents(body: &[u8]) -> u64 {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.get("balance_cents").and_then(Value::as_u64).unwrap_or(0)
}
