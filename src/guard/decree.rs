//! Decrees: given, told, and carried out on the requests that they are about.

use std::collections::BTreeMap;

use serde_json::Value;

use super::carry_out::{Met, On};
use super::{Exchange, Guard};
use crate::decide::Action;
use crate::decree::{self, Decree, End, Ruling, Sender};
use crate::facts::operation;
use crate::host::{Host, Level};
use crate::learn::campaign;
use crate::memory::cache::Slot;
use crate::memory::{Event, Standing, Tally};
use crate::policy::Target;
use crate::report::VerdictLine;

/// When, in seconds since 1970, a line was last written of a decree, by its place, or else of a campaign.
pub(super) type Told = BTreeMap<(bool, u32), u32>;

/// A decree or campaign that refuses many requests has a line so often, in seconds.
const LINE_EVERY_S: u32 = 60;

/// Decrees and campaigns whose lines are remembered; of more all are forgotten, so that one more line is written.
const MOST_TOLD: usize = 256;

impl Guard {
    /// Gives a decree by hand: all workers carry it out within two ticks, until it ends. `false`: there is no
    /// place for one more, or the host refused.
    pub fn decree(&mut self, host: &dyn Host, decree: Decree) -> bool {
        if !self.decrees.is_settled() {
            self.settle_decrees(host);
        }
        let changes = self.decrees.give(host, decree, host.now_ms());
        self.announce(host, &changes.given, &changes.ended);
        changes.done
    }

    /// Gives the decrees of the configuration: with a worker's first request or tick, since a configuration
    /// that is only tried has neither.
    pub(super) fn settle_decrees(&mut self, host: &dyn Host) {
        let changes = self.decrees.settle(host, host.now_ms());
        self.announce(host, &changes.given, &changes.ended);
    }

    /// Hears of decrees that others gave.
    pub(super) fn tick_decrees(&mut self, host: &dyn Host, now_ms: u64) {
        if !self.decrees.is_settled() {
            self.settle_decrees(host);
        }
        self.decrees.tick(host);
        self.keep_mark();
        // A campaign may become known after it was condemned.
        let condemned: Vec<_> = self.decrees.condemned_campaigns(now_ms).collect();
        for (id, action, until_s) in condemned {
            if self.learner.verdict_on(host, id, now_ms).is_none() {
                self.learner.condemn_campaign(host, id, until_s, action);
            }
        }
    }

    fn keep_mark(&mut self) {
        let mark = self.decrees.mark();
        self.memory.set_mark(mark);
        self.learner.set_mark(mark);
        if let Some(usages) = &mut self.usages {
            usages.set_mark(mark);
        }
    }

    /// Says which decrees are new and which ended, and lets those on campaigns have their effect.
    fn announce(&mut self, host: &dyn Host, given: &[Decree], ended: &[Decree]) {
        self.keep_mark();
        let now_ms = host.now_ms();
        for decree in ended {
            if let (Target::Campaign(id), Ruling::Condemn { .. }) = (decree.target, decree.ruling) {
                self.learner.release_campaign(host, id);
            }
            host.log(Level::Warn, &self.decree_line(decree, "ended"));
        }
        for decree in given {
            match (decree.target, decree.ruling) {
                (Target::Campaign(id), Ruling::Unban) => self.learner.unban_campaign(host, id, now_ms),
                (Target::Campaign(id), Ruling::Condemn { action, end }) => {
                    let until_s = if let End::At(until_s) = end { until_s } else { u32::MAX };
                    self.learner.condemn_campaign(host, id, until_s, action);
                }
                _ => {}
            }
            host.log(Level::Warn, &self.decree_line(decree, "given"));
        }
    }

    fn decree_line(&self, decree: &Decree, what: &str) -> String {
        let kind = decree.target.kind();
        let whom = decree.target.shown().map_or(String::new(), |shown| format!(",\"target\":\"{shown}\""));
        let ruling = match decree.ruling {
            Ruling::Unban => "\"action\":\"unban\"".to_owned(),
            Ruling::Condemn { action, end } => {
                let until =
                    if let End::At(until_s) = end { format!(",\"until\":{until_s}") } else { String::new() };
                format!("\"action\":\"{}\"{until}", action.name())
            }
        };
        let why =
            self.decrees.why(decree).map_or(String::new(), |why| format!(",\"why\":{}", Value::from(why)));
        format!("palisade {{\"version\":1,\"decree\":\"{what}\",\"kind\":\"{kind}\"{whom},{ruling}{why}}}")
    }

    /// What the decrees say of a request: the verdict that it meets. An unban that it meets is kept with it, and
    /// clears the behaviors that would be held against it.
    pub(super) fn heed(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> Option<Met> {
        x.unbanned = None;
        let index = x.policy.filter(|_| !self.decrees.is_empty())?;
        let profile = self.learner.learns(index).then(|| self.learner.profile(host, &x.facets, now_ms));
        let campaigns = match profile.filter(|_| self.decrees.needs().campaigns) {
            Some(profile) => self.learner.campaigns_of(host, index, &profile, now_ms),
            None => [0; 2],
        };
        let sender = Sender { address: x.address, facets: &x.facets, campaigns };
        let met = self.decrees.meet(&sender, now_ms);
        x.unbanned = met.unbanned;
        if let Some((unban, profile)) = met.unbanned.zip(profile) {
            self.learner.pardon(host, index, &profile, unban);
        }
        let (standing, place) = met.condemned?;
        self.tell_ruled(host, x, standing, (true, place as u32), now_ms);
        Some(Met { standing, on: On::Decree(place) })
    }

    /// The verdict on the condemned campaign that a request is of.
    pub(super) fn outlaw(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> Option<Met> {
        let (index, seen) = (x.policy?, x.seen?);
        let outlaw = self.learner.outlaw(host, index, &x.facets, &seen)?;
        let action = Action::of(Standing { action: outlaw.verdict.action, ..Standing::default() });
        let standing = decree::standing(action, outlaw.verdict.until_s, (now_ms / 1000) as u32);
        self.tell_ruled(host, x, standing, (false, outlaw.campaign), now_ms);
        Some(Met { standing, on: On::Campaign(outlaw.campaign) })
    }

    /// Writes a line of a decree or campaign that a request meets, where there was none of late.
    fn tell_ruled(
        &mut self,
        host: &dyn Host,
        x: &Exchange,
        standing: Standing,
        by: (bool, u32),
        now_ms: u64,
    ) {
        let now_s = (now_ms / 1000) as u32;
        if self.told.get(&by).is_some_and(|told_s| now_s.saturating_sub(*told_s) < LINE_EVERY_S) {
            return;
        }
        if self.told.len() >= MOST_TOLD {
            self.told.clear();
        }
        self.told.insert(by, now_s);
        let Some(policy) = x.policy.and_then(|index| self.settings.policies.get(index)) else { return };
        let line = VerdictLine {
            operation: &operation::shown(&x.method, &x.path, None),
            reasons: vec![if by.0 { "decreed" } else { "campaign" }],
            fingerprint: &x.shown_fingerprint(),
            campaign: if by.0 { None } else { campaign::shown(by.1) },
            repeat: None,
            ..VerdictLine::new(policy, standing, 0.0)
        };
        self.tell.line(host, line, now_ms);
    }

    /// The tally of a key, cleared for the unban that the request meets.
    pub(super) fn view_one(&mut self, host: &dyn Host, x: &Exchange, slot: Slot, now_ms: u64) -> Tally {
        let tally = self.memory.view(host, slot, now_ms);
        match x.unbanned {
            Some(unban) if tally.mark.precedes(unban) => {
                self.memory.record(host, slot, Event::Pardoned(unban), now_ms)
            }
            _ => tally,
        }
    }
}
