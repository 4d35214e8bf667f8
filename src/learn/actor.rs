//! Who a request seems to come from: a campaign that it is like, or nobody who is known.

use super::book::{self, Head};
use super::campaign::{self, Weights};
use super::profile::{self, MAKE, MASKS, Profile};

/// Who a request seems to come from.
pub(super) struct Actor {
    /// The campaign's id: one that it is like enough, or a new one.
    pub(super) id: u32,
    pub(super) suspicion: f32,
    /// Whether the campaign is one that is known.
    pub(super) is_known: bool,
}

impl Actor {
    pub(super) fn of(
        campaigns: &[u8],
        weights: &Weights,
        profile: &Profile,
        keys: &[Option<u64>; MASKS],
        now_s: u32,
    ) -> Self {
        let likest = campaign::likest(campaigns, profile, weights, now_s);
        let suspicion = likest.map_or(0.0, |(found, nats)| campaign::suspicion(&found, nats, now_s));
        let own = campaign::of(campaigns, profile, weights, now_s);
        // Any number that two new campaigns hardly share.
        let new = || keys.iter().flatten().next().map_or(1, |key| (*key as u32 ^ now_s).max(1));
        Self { id: own.unwrap_or_else(new), suspicion, is_known: own.is_some() }
    }
}

/// How much each side of a request's make weighs: the rarer among customers, the more.
pub(super) fn weights(book: &[u8], keys: &[Option<u64>; MASKS]) -> Weights {
    let all = Head::read(book).customers;
    std::array::from_fn(|make| {
        let key = MAKE
            .get(make)
            .and_then(|side| profile::alone(*side))
            .and_then(|mask| keys.get(mask).copied().flatten());
        let customers = key.and_then(|key| book::find(book, key)).map_or(0.0, |b| b.customers());
        if key.is_some() { campaign::weight(customers, all) } else { 0.0 }
    })
}
