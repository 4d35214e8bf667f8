//! Whom requests are attributed to: the campaign that one is of, who enters it, and how often it tries again
//! though it is refused.

use super::actor::{Actor, weights_in};
use super::campaign;
use super::learner::{Learner, Seen, WAITING};
use super::profile::{self, Profile};
use super::sentence::{self, Recognised};
use crate::host::Host;

/// How often refused requests are told of, in seconds.
const REFUSED_EVERY_S: u32 = 5;

/// A policy, where it is not a campaign, a behavior or campaign, and how many requests were refused for it.
pub(super) type Refused = ((Option<usize>, u64), u32);

/// The campaign that someone condemned by a rule is of, his profile, and when, in seconds since 1970.
pub(super) type Enlisted = (u32, Profile, u32);

impl Learner {
    /// The campaign that a request is of; 0: the policy does not learn.
    pub fn campaign_of(&mut self, host: &dyn Host, policy: usize, seen: &Seen) -> u32 {
        if self.class(policy).is_none() {
            return 0;
        }
        // Whoever is refused again and again is known as he is, and need not be weighed.
        let campaigns = self.sheets.read(host, self.campaigns);
        campaign::with_member(campaigns, &seen.profile, seen.now_s())
            .or_else(|| self.actor(host, policy, seen).map(|actor| actor.id))
            .unwrap_or_default()
    }

    /// The campaign that a request is of which is not condemned; `None`: it is of none that is known.
    pub fn known_campaign(&mut self, host: &dyn Host, policy: usize, seen: &Seen) -> Option<u32> {
        self.actor(host, policy, seen).filter(|actor| actor.is_known).map(|actor| actor.id)
    }

    /// Enters someone who was condemned by a rule into the campaign that he is of, or a new one, whose id
    /// it returns; 0 where the policy does not learn.
    pub fn enlist(&mut self, host: &dyn Host, policy: usize, seen: &Seen) -> u32 {
        let Some(actor) = self.actor(host, policy, seen) else { return 0 };
        if self.enlisted.len() < WAITING {
            self.enlisted.push((actor.id, seen.profile, seen.now_s()));
        }
        actor.id
    }

    fn actor(&mut self, host: &dyn Host, policy: usize, seen: &Seen) -> Option<Actor> {
        let book = self.class(policy)?.book;
        let keys = profile::keys(&seen.profile, &self.hashes);
        let book = self.sheets.read(host, book);
        let weights = weights_in(book, &keys);
        let campaigns = self.sheets.read(host, self.campaigns);
        Some(Actor::of(campaigns, &weights, &seen.profile, seen.now_s()))
    }

    /// Enters who was condemned into campaigns.
    pub(super) fn enter(&mut self, host: &dyn Host, enlisted: &[Enlisted]) {
        if enlisted.is_empty() {
            return;
        }
        let mut enter = |sheet: &mut [u8]| {
            enlisted.iter().for_each(|(id, profile, now_s)| campaign::enter(sheet, *id, profile, *now_s));
        };
        self.sheets.change(host, self.campaigns, &mut enter);
    }

    /// Takes in that a request was refused for what was recognised: as a sign that the attack goes on,
    /// never as one of its outcomes.
    pub fn refused(&mut self, policy: usize, recognised: &Recognised) {
        self.try_again((Some(policy), recognised.key));
        self.refused_of(recognised.campaign);
    }

    /// Takes in that a request was refused as a campaign's.
    pub fn refused_of(&mut self, campaign: u32) {
        self.try_again((None, u64::from(campaign)));
    }

    fn try_again(&mut self, tried: (Option<usize>, u64)) {
        if self.refused.len() < WAITING || self.refused.contains_key(&tried) {
            *self.refused.entry(tried).or_default() += 1;
        }
    }

    /// Tells of refused requests, so that the end of an attack is seen.
    pub(super) fn count_refused(&mut self, host: &dyn Host, now_ms: u64) {
        let now_s = (now_ms / 1000) as u32;
        if self.refused.is_empty() || now_s.saturating_sub(self.counted_s) < REFUSED_EVERY_S {
            return;
        }
        self.counted_s = now_s;
        let refused: Vec<_> = std::mem::take(&mut self.refused).into_iter().collect();
        for group in refused.chunk_by(|a, b| a.0.0 == b.0.0) {
            let Some(((policy, _), _)) = group.first() else { continue };
            let book = policy.and_then(|policy| self.class(policy)).map(|class| class.book);
            let mut count = |sheet: &mut [u8]| {
                for ((_, key), requests) in group {
                    match book {
                        Some(_) => sentence::tried(sheet, *key, now_ms),
                        None => campaign::count(sheet, *key as u32, *requests, now_s),
                    }
                }
            };
            self.sheets.change(host, book.unwrap_or(self.campaigns), &mut count);
        }
    }
}
