//! What a verdict comes to for a request that meets it, and what is said of that.

use super::exchange::Stage;
use super::held::Then;
use super::limits::quota;
use super::plan;
use super::tell::Reason;
use super::{Exchange, Guard, Next, Step};
use crate::decide::Action;
use crate::facts::{Key, operation};
use crate::host::Host;
use crate::learn::{Recognised, campaign, profile};
use crate::memory::Standing;
use crate::policy::{Mode, Policy};
use crate::report::{Note, Trouble, VerdictLine};
use crate::respond::{self, Quota, Reply, Speech};

/// A verdict that a request meets.
pub(super) struct Met {
    pub(super) standing: Standing,
    pub(super) on: On,
}

/// What a verdict stands on.
pub(super) enum On {
    /// The tally at this place of the policy's list; behind its end one of what the request does beside its
    /// first.
    Tally(usize),
    /// What the client does, whoever it is.
    Behavior(Recognised),
    /// The decree at this place.
    Decree(usize),
    /// All of this campaign.
    Campaign(u32),
    /// The canary that the request holds.
    Canary,
}

impl Met {
    pub(super) fn behavior(recognised: Recognised) -> Self {
        Self { standing: recognised.standing, on: On::Behavior(recognised) }
    }

    fn recognised(&self) -> Option<&Recognised> {
        match &self.on {
            On::Behavior(recognised) => Some(recognised),
            On::Tally(_) | On::Decree(_) | On::Campaign(_) | On::Canary => None,
        }
    }

    /// For how long it still stands, in whole seconds.
    fn left_s(&self, now_ms: u64) -> u64 {
        self.standing.ends_ms().saturating_sub(now_ms).div_ceil(1000)
    }
}

impl Guard {
    /// Carries a standing verdict out, or says what would be done where the policy observes.
    pub(super) fn uphold(&mut self, host: &dyn Host, x: &mut Exchange, met: &Met, now_ms: u64) -> Step {
        let Some((index, policy)) = self.policy(x) else { return Step::next(Next::Pass) };
        let next = match policy.mode {
            Mode::Observe => Next::Pass,
            Mode::Enforce => self.carry_out(host, x, index, met, now_ms),
        };
        if matches!(next, Next::Reply(_) | Next::Wait(_, Then::Reply(_))) {
            x.stage = Stage::Idle;
            self.tell.answered(index);
            if let Some(recognised) = met.recognised() {
                self.learner.refused(index, recognised);
            }
            if let On::Campaign(id) = met.on {
                self.learner.refused_of(id);
            }
        } else {
            x.stage = Stage::AwaitsAnswer;
        }
        let campaign = match (&met.on, &x.seen) {
            (On::Behavior(recognised), _) => recognised.campaign,
            (On::Campaign(id), _) => *id,
            (_, Some(seen)) => self.learner.campaign_of(host, index, seen),
            (_, None) => 0,
        };
        let note = self.standing_note(x, index, met, campaign);
        let mut step = Step { note, ..Step::next(next) };
        self.tag(x, &mut step);
        step
    }

    /// Tells the origin of the verdict on a request that goes on to it all the same.
    pub(super) fn tag(&self, x: &Exchange, step: &mut Step) {
        let enforces = self.policy(x).is_some_and(|(_, policy)| policy.mode == Mode::Enforce);
        if enforces && x.headers_held && x.stage == Stage::AwaitsAnswer {
            step.tags = step.note.as_ref().map(Note::tags).unwrap_or_default();
        }
    }

    /// What becomes of a request that meets this verdict.
    fn carry_out(&mut self, host: &dyn Host, x: &Exchange, index: usize, met: &Met, now_ms: u64) -> Next {
        let Some(policy) = self.settings.policies.get(index) else { return Next::Pass };
        match Action::of(met.standing) {
            Action::Allow | Action::Observe | Action::Tag => Next::Pass,
            Action::Delay => {
                let hold_ms = policy.ladder.hold_ms;
                // An account's owner is not to be refused for what strangers do to it.
                let otherwise = match is_on_account(policy, met) {
                    true => Next::Pass,
                    false => Next::Reply(come_back(policy, hold_ms.div_ceil(1000), x.speech)),
                };
                let until_us = now_ms.saturating_add(hold_ms).saturating_mul(1000);
                self.wait(host, index, until_us, Then::Pass).unwrap_or(otherwise)
            }
            Action::Limit => self.limit(host, x, index, met, now_ms),
            Action::Deceive => self.deceive(host, x, index),
            Action::Block => Next::Reply(respond::block(x.speech)),
        }
    }

    /// Lets a request wait. Where too many do that is counted as trouble.
    ///
    /// # Errors
    /// Gives back what was to become of it.
    pub(super) fn wait(
        &mut self,
        host: &dyn Host,
        index: usize,
        until_us: u64,
        then: Then,
    ) -> Result<Next, Then> {
        if self.held.is_full() {
            self.tell.trouble(host, &self.settings, Some(index), Trouble::HeldFull, 1);
            return Err(then);
        }
        Ok(Next::Wait(until_us, then))
    }

    /// Lets as much pass of a limited key's requests as the ladder says.
    fn limit(&mut self, host: &dyn Host, x: &Exchange, index: usize, met: &Met, now_ms: u64) -> Next {
        let Some(policy) = self.settings.policies.get(index) else { return Next::Pass };
        let left_s = met.left_s(now_ms);
        let Some((rate, key)) = policy.ladder.rate.zip(self.key_of(x, met)) else {
            return Next::Reply(come_back(policy, left_s, x.speech));
        };
        let spent = self.memory.spend(host, plan::bucket(&self.hashes, key), rate, 1, now_ms);
        if spent.passes {
            return Next::Pass;
        }
        let quota = quota(&policy.name, rate, spent);
        Next::Reply(respond::limit(&quota, spent.wait_ms.div_ceil(1000).min(left_s), x.speech))
    }

    /// The key that a verdict stands on.
    fn key_of(&self, x: &Exchange, met: &Met) -> Option<Key> {
        match &met.on {
            On::Tally(place) => x.slots.get(*place).copied().flatten().map(|slot| slot.key),
            On::Behavior(Recognised { mask, key, .. }) => {
                Some(self.hashes.tally(b"behavior", [(*mask as u8, *key)].into_iter()))
            }
            On::Decree(place) => Some(self.hashes.tally(b"decree", [(0, *place as u64)].into_iter())),
            On::Canary => None,
            On::Campaign(id) => Some(self.hashes.tally(b"campaign", [(0, u64::from(*id))].into_iter())),
        }
    }

    /// Refuses a request by itself: no verdict stands, and it is no failure of anybody.
    pub(super) fn refuse_alone(
        &mut self,
        host: &dyn Host,
        x: &mut Exchange,
        reason: Reason,
        reply: Reply,
        now_ms: u64,
    ) -> Step {
        let Some(index) = x.policy else { return Step::next(Next::Pass) };
        let limited = matches!(reason, Reason::Limit(_));
        // Who only sends too much is nobody's accomplice.
        let seen = x.seen.filter(|_| !limited);
        let campaign = seen.map_or(0, |seen| self.learner.enlist(host, index, &seen));
        let Some(policy) = self.settings.policies.get(index) else { return Step::next(Next::Pass) };
        let action = if limited { Action::Limit } else { Action::Block };
        let enforces = policy.mode == Mode::Enforce;
        self.tell.verdict(index, action, reason);
        let fingerprint = x.shown_fingerprint();
        let line = VerdictLine {
            action: action.name(),
            operation: &operation::shown(&x.method, &x.path, None),
            reasons: vec![reason.name(&self.settings, index)],
            fingerprint: &fingerprint,
            campaign: campaign::shown(campaign),
            until: None,
            repeat: None,
            ..VerdictLine::new(policy, Standing::default(), 0.0)
        };
        self.tell.line(host, line, now_ms);
        let next = if enforces {
            x.stage = Stage::Idle;
            self.tell.answered(index);
            Next::Reply(reply)
        } else {
            x.stage = Stage::AwaitsAnswer;
            Next::Pass
        };
        let reason = reason.name(&self.settings, index).to_owned();
        let campaign = campaign::shown(campaign);
        let note = Note { campaign, ..Note::new(policy, action, reason, fingerprint) };
        Step { note: Some(note), ..Step::next(next) }
    }

    /// Counts a standing verdict, and says it for filter state.
    fn standing_note(&mut self, x: &Exchange, index: usize, met: &Met, campaign: u32) -> Option<Note> {
        let policy = self.settings.policies.get(index)?;
        let Met { standing, .. } = *met;
        let recognised = met.recognised();
        let reason = match met.on {
            On::Behavior(_) => Reason::Behavior,
            On::Decree(_) => Reason::Decreed,
            On::Campaign(_) => Reason::Campaign,
            On::Canary => Reason::Canary,
            On::Tally(_) => self.plans.get(index)?.reason(standing.reason),
        };
        let action = Action::of(standing);
        self.tell.verdict(index, action, reason);
        let reason = reason.name(&self.settings, index).to_owned();
        let behavior = recognised.map(|found| {
            let key = profile::names(found.mask).collect::<Vec<_>>().join("+");
            (key, x.seen.map_or("", |seen| seen.profile.journey().name()))
        });
        let (key, journey) = behavior.unzip();
        Some(Note {
            until: Some(standing.until_s),
            repeat: Some(standing.repeats),
            key,
            journey,
            campaign: campaign::shown(campaign),
            ..Note::new(policy, action, reason, x.shown_fingerprint())
        })
    }
}

fn is_on_account(policy: &Policy, met: &Met) -> bool {
    let On::Tally(place) = met.on else { return false };
    policy.tallies.get(place).is_some_and(|spec| policy.names_account(&spec.key))
}

/// The answer to a client that gets nothing until it comes back.
fn come_back(policy: &Policy, left_s: u64, speech: Speech) -> Reply {
    // Nothing remains until then, and then one request passes at least.
    let quota = Quota { name: &policy.name, tokens: 1, period_s: left_s, left: 0, full_s: left_s };
    respond::limit(&quota, left_s, speech)
}
