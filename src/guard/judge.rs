//! The verdict on a request: what stands on its keys or on what it does, and what is said of it.

use super::carry_out::{Met, On};
use super::exchange::Stage;
use super::tell::Reason;
use super::{Exchange, Guard, Next, Step};
use crate::decide::{self, Action, Judgement};
use crate::detect;
use crate::host::Host;
use crate::learn::{Recognised, Seen, campaign};
use crate::memory::Tally;
use crate::policy::Mode;
use crate::report::Note;
use crate::respond;

impl Guard {
    /// The verdict on a request of which everything is known that will be.
    pub(super) fn judge(&mut self, host: &dyn Host, x: &mut Exchange) -> Step {
        if x.allowed.is_some() {
            return self.let_through(x);
        }
        let now_ms = host.now_ms();
        let idle = x.does_nothing();
        let decreed = self.heed(host, x, now_ms);
        let recognised = self.recognise(host, x, now_ms);
        if let Some(met) = decreed.or_else(|| if idle { None } else { self.outlaw(host, x, now_ms) }) {
            return self.uphold(host, x, &met, now_ms);
        }
        if let Some(step) = self.meet_canary(host, x, now_ms) {
            return step;
        }
        if let Some(recognised) = recognised.filter(|_| !idle)
            && !self.spares(host, x, now_ms)
        {
            return self.uphold(host, x, &Met::behavior(recognised), now_ms);
        }
        let mut tallies = self.view(host, x, now_ms);
        self.drop_idle(x, &mut tallies);
        x.success_matters = x.does_several() || self.success_matters(x, &tallies, now_ms);
        self.view_further(host, x, now_ms, &mut tallies);
        if let Some(met) = severest(&tallies, now_ms)
            && !(self.is_only_shared(x, &tallies, now_ms) && self.spares(host, x, now_ms))
        {
            let mut step = self.uphold(host, x, &met, now_ms);
            self.add_score(x, &tallies, &mut step);
            return step;
        }
        if let Some(too_much) = x.size {
            let reply = respond::block(x.speech);
            return self.refuse_alone(host, x, Reason::TooMuch(too_much), reply, now_ms);
        }
        let refused = if idle { None } else { self.refuse_early(host, x, now_ms) };
        if let Some(step) = refused.or_else(|| self.spend(host, x, now_ms)) {
            return step;
        }
        self.follow_usage(host, x, &tallies, now_ms);
        x.stage = Stage::AwaitsAnswer;
        let step = self.point_out(host, x, &tallies);
        if x.spared { self.tell_spared(x, step) } else { step }
    }

    /// Whether a success would change what a rule can see in one of the request's tallies.
    fn success_matters(&self, x: &Exchange, tallies: &[Option<Tally>], now_ms: u64) -> bool {
        let Some((_, policy)) = self.policy(x) else { return false };
        let mut seen = x.slots.iter().zip(tallies).zip(&policy.tallies);
        seen.any(|((slot, tally), spec)| {
            let value = x.facets.get(spec.fan_out.of);
            slot.zip(*tally)
                .is_some_and(|(slot, tally)| self.memory.minds_success(slot, &tally, value, now_ms))
        })
    }

    /// The verdict that stands on what the request's client does, whoever it is.
    fn recognise(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> Option<Recognised> {
        let index = x.policy?;
        let mut seen = Seen { at_ms: now_ms, ahead: x.prefetch, ..Seen::default() };
        if !x.prefetch {
            seen.pace = self.learner.pace(&x.facets, now_ms);
        }
        if !self.learner.learns(index) {
            x.seen = Some(seen);
            return None;
        }
        seen.profile = self.learner.profile(host, &x.facets, now_ms);
        let recognised = self.learner.recognise(host, index, &x.facets, &mut seen);
        x.seen = Some(seen);
        recognised
    }

    /// The reply, where a verdict stands on one of the keys that are known so far.
    pub(super) fn early_reply(&mut self, host: &dyn Host, x: &mut Exchange) -> Option<Step> {
        let now_ms = host.now_ms();
        if self.decrees.needs().body || x.allowed.is_some() {
            return None;
        }
        let met = match self.heed(host, x, now_ms) {
            Some(met) => Some(met),
            None => {
                let tallies = self.view(host, x, now_ms);
                // What trust spares is seen when all is known of the request.
                let waits = self.is_only_shared(x, &tallies, now_ms) && self.is_trusted(host, x, now_ms);
                severest(&tallies, now_ms).filter(|_| !waits)
            }
        };
        let met = met?;
        let (index, policy) = self.policy(x)?;
        // As the origin would, a decoy waits for the body; and what may pass is judged by all of it.
        let refuses = match Action::of(met.standing) {
            Action::Block => true,
            Action::Limit => policy.ladder.rate.is_none(),
            _ => false,
        };
        if !refuses {
            return None;
        }
        let enforces = policy.mode == Mode::Enforce;
        if enforces && self.learner.learns(index) {
            // As far as it is known without the body.
            let profile = self.learner.profile(host, &x.facets, now_ms);
            x.seen = Some(Seen { profile, at_ms: now_ms, ..Seen::default() });
        }
        enforces.then(|| self.uphold(host, x, &met, now_ms))
    }

    /// What the evidence so far is worth saying. Only the origin's answers condemn: until the next
    /// one even a high score is no more than a tag.
    fn point_out(&mut self, host: &dyn Host, x: &Exchange, tallies: &[Option<Tally>]) -> Step {
        let mut step = Step::next(Next::Pass);
        let Some((index, policy)) = self.policy(x) else { return step };
        let evidence = detect::evidence(policy, tallies, &x.usages);
        if evidence.is_empty() {
            return step;
        }
        let judgement = Judgement::new(evidence);
        let action = decide::action_at(&policy.ladder, judgement.score).min(Action::Tag);
        if action == Action::Allow {
            return step;
        }
        let listed = judgement.reasons(policy).collect::<Vec<_>>().join(",");
        let mut note = Note::new(policy, action, listed, x.shown_fingerprint());
        note.score = Some(judgement.score);
        note.campaign =
            x.seen.and_then(|seen| self.learner.known_campaign(host, index, &seen)).and_then(campaign::shown);
        step.note = Some(note);
        if action == Action::Tag {
            self.tag(x, &mut step);
        }
        let lead = judgement.evidence.first().map_or(Reason::Changed, |e| Reason::Rule(e.rule));
        self.tell.verdict(index, action, lead);
        step
    }

    /// Adds what the evidence comes to by now, where all of it was looked at: it is not for who is blocked.
    fn add_score(&self, x: &Exchange, tallies: &[Option<Tally>], step: &mut Step) {
        let Some(((_, policy), note)) = self.policy(x).zip(step.note.as_mut()) else { return };
        if note.action < Action::Block || policy.mode == Mode::Observe {
            let evidence = detect::evidence(policy, tallies, &x.usages);
            note.score = (!evidence.is_empty()).then(|| detect::score(&evidence));
            self.tag(x, step);
        }
    }

    /// The tallies of the request's keys, in the policy's order. Where a block stands that is carried
    /// out nothing is more severe, so that the rest need not be asked for.
    fn view(&mut self, host: &dyn Host, x: &Exchange, now_ms: u64) -> Vec<Option<Tally>> {
        let enforces = self.policy(x).is_some_and(|(_, policy)| policy.mode == Mode::Enforce);
        let enforces = enforces && !x.does_nothing();
        let mut tallies = Vec::with_capacity(x.slots.len());
        for slot in &x.slots {
            let tally = slot.map(|slot| self.view_one(host, x, slot, now_ms));
            tallies.push(tally);
            let blocks = |t: Tally| t.standing.stands(now_ms) && Action::of(t.standing) == Action::Block;
            // Whom trust may spare, the rest may yet concern.
            if enforces && tally.is_some_and(blocks) && !self.is_trusted(host, x, now_ms) {
                break;
            }
        }
        tallies
    }
}

/// Of the verdicts in force that were looked at the most severe, and of equals the one that ends last.
fn severest(tallies: &[Option<Tally>], now_ms: u64) -> Option<Met> {
    let standings = tallies.iter().enumerate().filter_map(|(place, tally)| Some((place, (*tally)?.standing)));
    let standings = standings.filter(|(_, standing)| standing.stands(now_ms));
    let severest = standings.max_by_key(|(_, s)| (Action::of(*s), s.until_s));
    severest.map(|(place, standing)| Met { standing, on: On::Tally(place) })
}
