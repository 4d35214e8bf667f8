//! Canary values that come back: whoever uses one had it from a decoy, or from somebody who did.

use super::carry_out::{Met, On};
use super::{Exchange, Guard, Step};
use crate::decide::{self, Action};
use crate::facts::{Headers, operation, source};
use crate::host::Host;
use crate::learn::campaign;
use crate::memory::{Event, Standing};
use crate::policy::{Ladder, Policy, SessionSource, SubjectSource};
use crate::report::VerdictLine;

/// The reason that is given.
pub(super) const CANARY: &str = "canary";

/// How a request holds a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Canary {
    /// As session or token. Programs send these by themselves, so it tells no more than that the client was deceived,
    /// which may have been by mistake.
    Carried,
    /// As what the policy reads: somebody has put it there.
    Used,
}

/// Campaigns that wait to be condemned; more are condemned when their next canary comes.
const MOST_WAITING: usize = 64;

/// A campaign, until when in seconds since 1970, and to what.
pub(super) type Outlawed = (u32, u32, Action);

impl Guard {
    /// Looks for canaries in a request's head: where the policy reads, in its session and its token.
    pub(super) fn look_in_head(&self, x: &mut Exchange, policy: &Policy, headers: &Headers<'_>) {
        if self.settings.canaries.is_empty() {
            return;
        }
        let session = match &self.settings.client.session {
            Some(SessionSource::Cookie(name)) => headers.cookie(name),
            Some(SessionSource::Header(name)) => headers.get(name),
            Some(SessionSource::Bearer) | None => None,
        };
        let own = [session, headers.bearer()].into_iter().flatten();
        let is_used = policy
            .sources()
            .any(|place| source::in_head(place, headers).is_some_and(|value| self.decoys.is_canary(&value)));
        let is_carried = || own.into_iter().any(|value| self.decoys.is_canary(value));
        x.canary = match is_used {
            true => Some(Canary::Used),
            false => is_carried().then_some(Canary::Carried),
        };
    }

    /// Looks for canaries in a request's decoded body, where the policy reads.
    pub(super) fn look_in_body(&self, x: &mut Exchange, policy: &Policy, body: &[u8]) {
        if self.settings.canaries.is_empty() || x.canary == Some(Canary::Used) {
            return;
        }
        let holds = |place: &SubjectSource| {
            let value = source::in_body(place, body).ok().flatten();
            value.is_some_and(|value| self.decoys.is_canary(&value))
        };
        if policy.sources().filter(|place| place.is_in_body()).any(holds) {
            x.canary = Some(Canary::Used);
        }
    }

    /// Condemns whoever uses a canary: the client's own keys, and the campaign it is of. What only carries one is
    /// answered as severely, and nobody is condemned for it.
    pub(super) fn meet_canary(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> Option<Step> {
        let (index, canary) = (x.policy?, x.canary?);
        let campaign = x.seen.filter(|_| canary == Canary::Used);
        let campaign = campaign.map_or(0, |seen| self.learner.enlist(host, index, &seen));
        let policy = self.settings.policies.get(index)?;
        let action = most_severe(&policy.ladder)?;
        let reason = self.plans.get(index)?.canary;
        let verdict = decide::stand(&policy.ladder, action, reason, Standing::default(), now_ms)?;
        let mut standing = verdict;
        for (slot, spec) in x.slots.iter().zip(&policy.tallies) {
            let is_own = canary == Canary::Used && !super::answer::is_of_nobody(&spec.key);
            let Some(slot) = slot.filter(|_| is_own) else { continue };
            let past = self.memory.view(host, slot, now_ms).standing;
            if let Some(own) = decide::stand(&policy.ladder, action, reason, past, now_ms) {
                self.memory.record(host, slot, Event::Condemned(own), now_ms);
                standing = own;
            }
        }
        self.memory.tell(host, now_ms);
        if campaign != 0 && self.outlawed.len() < MOST_WAITING {
            self.outlawed.push((campaign, verdict.until_s, action));
        }
        let line = VerdictLine {
            operation: &operation::shown(&x.method, &x.path, None),
            reasons: vec![CANARY],
            fingerprint: &x.shown_fingerprint(),
            campaign: campaign::shown(campaign),
            ..VerdictLine::new(policy, standing, 0.0)
        };
        self.tell.line(host, line, now_ms);
        Some(self.uphold(host, x, &Met { standing, on: On::Canary }, now_ms))
    }

    /// Condemns the campaigns whose canaries came back, which are known by now.
    pub(super) fn outlaw_waiting(&mut self, host: &dyn Host) {
        for (id, until_s, action) in std::mem::take(&mut self.outlawed) {
            self.learner.condemn_campaign(host, id, until_s, action);
        }
    }
}

/// The most severe action that a ladder has; `None`: none of its verdicts stands.
fn most_severe(ladder: &Ladder) -> Option<Action> {
    let rungs = [
        (Action::Block, ladder.block),
        (Action::Deceive, ladder.deceive),
        (Action::Limit, ladder.limit),
        (Action::Delay, ladder.delay),
    ];
    rungs.into_iter().find(|(_, rung)| rung.is_some()).map(|(action, _)| action)
}
