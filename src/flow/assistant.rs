//! The assistant: learns from traffic which policies usually come before which, and proposes rules.
//! It never enforces anything.

use crate::memory::generations::{Generations, bound_bytes};

/// Sessions that are followed, in each of two generations.
const GENERATION: usize = 4096;

/// The most that a worker keeps for it, in bytes, besides two counts for each pair of policies.
pub const ASSISTANT_BYTES: u64 = bound_bytes::<u64, u64>(GENERATION);

/// Policies that can be told apart: a bit each. The configuration allows no more.
const POLICIES: usize = 64;

/// Sessions from which a rule is proposed.
const LEAST_SESSIONS: u32 = 100;

/// The share of them that had the step, from which it is proposed.
const LEAST_SUPPORT: f64 = 0.98;

/// How often proposals are made, in milliseconds.
const EVERY_MS: u64 = 3_600_000;

/// A rule that the traffic would bear: indices of policies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// The policy that could require a step.
    pub policy: usize,
    /// The policy whose success is that step.
    pub requires: usize,
    /// Sessions that succeeded under the first.
    pub sessions: u32,
    /// Of these, how many had not succeeded under the other before: they would have been stopped.
    pub without: u32,
}

impl Proposal {
    /// The share of sessions that had the step.
    #[must_use]
    pub fn support(&self) -> f64 {
        1.0 - f64::from(self.without) / f64::from(self.sessions.max(1))
    }
}

/// What one worker saw come before what.
pub struct Assistant {
    /// Under which policies a session succeeded, a bit each.
    sessions: Generations<u64, u64>,
    /// By policy: sessions that succeeded, and how many of them had each policy before.
    counts: Vec<(u32, Vec<u32>)>,
    next_ms: u64,
}

impl Assistant {
    /// Knows nothing yet of so many policies. `seeds` key its hashes.
    #[must_use]
    pub fn new(policies: usize, seeds: [u64; 4]) -> Self {
        let policies = policies.min(POLICIES);
        Self {
            sessions: Generations::new(GENERATION, seeds),
            counts: vec![(0, vec![0; policies]); policies],
            next_ms: 0,
        }
    }

    /// Takes in that a session succeeded under a policy; only the first time counts.
    pub fn witness(&mut self, session: u64, policy: usize) {
        let before = self.sessions.get(&session).copied().unwrap_or(0);
        let bit = 1_u64.checked_shl(u32::try_from(policy).unwrap_or(u32::MAX)).unwrap_or(0);
        if bit == 0 || before & bit != 0 {
            return;
        }
        self.sessions.insert(session, before | bit);
        let Some((sessions, with)) = self.counts.get_mut(policy) else { return };
        *sessions = sessions.saturating_add(1);
        for (other, count) in with.iter_mut().enumerate().filter(|(other, _)| before >> other & 1 == 1) {
            debug_assert!(other != policy);
            *count = count.saturating_add(1);
        }
    }

    /// What is to be proposed, once an hour: the steps that nearly all sessions had.
    pub fn take_proposals(&mut self, now_ms: u64) -> Vec<Proposal> {
        if self.next_ms == 0 {
            self.next_ms = now_ms + EVERY_MS;
        }
        if now_ms < self.next_ms {
            return Vec::new();
        }
        self.next_ms = now_ms + EVERY_MS;
        let of_policy = |(policy, (sessions, with)): (usize, &(u32, Vec<u32>))| {
            let proposal = |(requires, count): (usize, &u32)| Proposal {
                policy,
                requires,
                sessions: *sessions,
                without: sessions.saturating_sub(*count),
            };
            with.iter().enumerate().map(proposal).collect::<Vec<_>>()
        };
        let all = self.counts.iter().enumerate().flat_map(of_policy);
        all.filter(|p| p.sessions >= LEAST_SESSIONS && p.support() >= LEAST_SUPPORT).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = EVERY_MS;

    #[test]
    fn what_nearly_all_sessions_did_before_is_proposed_with_who_would_have_been_stopped() {
        let mut assistant = Assistant::new(3, [1, 2, 3, 4]);
        let (cart, checkout, content) = (0, 1, 2);
        assert!(assistant.take_proposals(1).is_empty());
        for session in 0..200 {
            if session % 2 == 0 {
                assistant.witness(session, content);
            }
            if session > 2 {
                assistant.witness(session, cart);
            }
            assistant.witness(session, checkout);
            assistant.witness(session, checkout);
            // What comes later is no step before.
            assistant.witness(session, content);
        }
        assert!(assistant.take_proposals(HOUR_MS).is_empty(), "not before an hour has passed");
        let found = assistant.take_proposals(HOUR_MS + 1);
        let of_checkout: Vec<_> = found.iter().filter(|proposal| proposal.policy == checkout).collect();
        assert_eq!(of_checkout, [&Proposal { policy: checkout, requires: cart, sessions: 200, without: 3 }]);
        assert!((of_checkout[0].support() - 0.985).abs() < 1e-9);
        assert!(!found.iter().any(|proposal| proposal.policy == cart), "nothing comes before all carts");
    }

    #[test]
    fn a_few_sessions_prove_nothing() {
        let mut assistant = Assistant::new(2, [1, 2, 3, 4]);
        assistant.take_proposals(1);
        for session in 0..99 {
            assistant.witness(session, 0);
            assistant.witness(session, 1);
        }
        assert!(assistant.take_proposals(2 * HOUR_MS).is_empty());
    }

    #[test]
    fn a_flood_of_sessions_does_not_make_it_grow() {
        let mut assistant = Assistant::new(2, [1, 2, 3, 4]);
        (0..20_000).for_each(|session| assistant.witness(session, 70));
        (0..20_000).for_each(|session| assistant.witness(session, 1));
        assert!(assistant.sessions.sizes().iter().all(|&size| size <= GENERATION));
    }
}
