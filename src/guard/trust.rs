//! What a session that did real business has earned: for at most so many requests, verdicts that sit on what
//! it shares with others are not its own.

use super::plan::TrustPlan;
use super::tell::Reason;
use super::{Exchange, Guard, Step};
use crate::decide::Action;
use crate::facts::Outcome;
use crate::host::Host;
use crate::memory::cache::Slot;
use crate::memory::{Event, Tally};
use crate::policy::{Facet, Policy, is_shared};
use crate::report::Note;

/// What a failure takes of the requests that a session has left: so that whoever buys to try things out has
/// few tries for it, and one who mistypes his password twice still gets in.
const FAILURE_TAKES: u16 = 5;

impl Guard {
    /// Whether a success under a policy earns a session something, so that the origin has to be seen to give it.
    pub(super) fn earns(&self, x: &Exchange) -> bool {
        let after = self.trust.as_ref().map_or(&[][..], |plan| &plan.trust.after);
        let under = after.iter().any(|id| Some(usize::from(id.0)) == x.policy);
        under && !x.prefetch && x.facets.get(Facet::Session).is_some()
    }

    /// Takes in what came of a request: real business earns trust, and failures use it up.
    pub(super) fn weigh_trust(&mut self, host: &dyn Host, x: &Exchange, found: Outcome) {
        let now_ms = host.now_ms();
        match (found, x.facets.get(Facet::Session)) {
            (Outcome::Success, Some(session)) if self.earns(x) => self.learner.earn(host, session, now_ms),
            (Outcome::Failure, Some(_)) if self.is_trusted(host, x, now_ms) => {
                self.take(host, x, FAILURE_TAKES, now_ms);
            }
            _ => {}
        }
    }

    /// Whether a request is of a session that earned trust, and is nothing that trust is not for.
    pub(super) fn is_trusted(&mut self, host: &dyn Host, x: &Exchange, now_ms: u64) -> bool {
        let (Some(plan), Some(session)) = (&self.trust, x.facets.get(Facet::Session)) else { return false };
        x.probes.is_empty() && self.learner.has_earned(host, session, now_ms, plan.trust.within_ms)
    }

    /// Spares a request a verdict on what its session shares with others, where it has something left for it.
    pub(super) fn spares(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> bool {
        if !x.spared && self.is_trusted(host, x, now_ms) {
            let most = self.trust.as_ref().map_or(0, |plan| plan.trust.requests);
            let left = self.taken(host, x, now_ms) < most;
            if left {
                self.take(host, x, 1, now_ms);
            }
            x.spared = left;
        }
        if let Some(seen) = x.seen.as_mut().filter(|_| x.spared) {
            seen.spare();
        }
        x.spared
    }

    /// Whether no verdict in force sits on the session or on what it asks for.
    pub(super) fn is_only_shared(&self, x: &Exchange, tallies: &[Option<Tally>], now_ms: u64) -> bool {
        self.trust.is_some()
            && self.policy(x).is_some_and(|(_, policy)| only_on_shared(policy, tallies, now_ms))
    }

    /// Says that a request was spared, beside what else there is to say of it.
    pub(super) fn tell_spared(&mut self, x: &Exchange, mut step: Step) -> Step {
        let Some((index, policy)) = self.policy(x) else { return step };
        let reason = Reason::Trusted;
        let name = reason.name(&self.settings, index).to_owned();
        let note =
            step.note.get_or_insert_with(|| Note::new(policy, Action::Allow, name, x.shown_fingerprint()));
        note.spared = true;
        self.tell.verdict(index, Action::Allow, reason);
        step
    }

    /// Of the requests that a session has, how many it used up.
    fn taken(&mut self, host: &dyn Host, x: &Exchange, now_ms: u64) -> u32 {
        let Some((plan, slot)) = self.trust_slot(x) else { return 0 };
        let spec = plan.spec.clone();
        self.memory.view(host, slot, now_ms).failures(&spec)
    }

    fn take(&mut self, host: &dyn Host, x: &Exchange, requests: u16, now_ms: u64) {
        if let Some((_, slot)) = self.trust_slot(x) {
            self.memory.record(host, slot, Event::Followed { requests: 0, in_order: requests }, now_ms);
        }
    }

    fn trust_slot(&self, x: &Exchange) -> Option<(&TrustPlan, Slot)> {
        let plan = self.trust.as_ref()?;
        Some((plan, plan.slot(&self.hashes, x.facets.get(Facet::Session)?)))
    }
}

/// Whether every verdict in force that was looked at sits on what the session shares with others. Those of a
/// request's further operations are on what is asked for.
fn only_on_shared(policy: &Policy, tallies: &[Option<Tally>], now_ms: u64) -> bool {
    let mut standing = tallies
        .iter()
        .enumerate()
        .filter(|(_, tally)| tally.is_some_and(|tally| tally.standing.stands(now_ms)));
    standing.all(|(place, _)| policy.tallies.get(place).is_some_and(|spec| is_shared(&spec.key)))
}
