//! Who a request seems to come from: a campaign that it is like, or nobody who is known.

use super::book::{self, Head};
use super::campaign::{self, Weights};
use super::profile::{self, MAKE, MASKS, Profile, Side};
use crate::facts::hash;

/// Who a request seems to come from.
#[derive(Default)]
pub(super) struct Actor {
    /// The campaign's id: one that it is like enough, or a new one.
    pub(super) id: u32,
    /// Whether the campaign was there before.
    pub(super) is_known: bool,
    pub(super) suspicion: f32,
}

impl Actor {
    pub(super) fn of(campaigns: &[u8], weights: &Weights, profile: &Profile, now_s: u32) -> Self {
        let likest = campaign::likest(campaigns, profile, weights, now_s);
        let suspicion = likest.map_or(0.0, |(found, nats)| campaign::suspicion(&found, nats, now_s));
        let own = campaign::of(campaigns, profile, likest, now_s);
        Self { id: own.unwrap_or_else(|| id_of(profile)), is_known: own.is_some(), suspicion }
    }
}

/// The id of a campaign that begins with this profile: by what the headers tell, so that each worker
/// gives it the same before it has heard of it, and before the body is read.
fn id_of(profile: &Profile) -> u32 {
    let sides =
        [Side::Order, Side::Agent, Side::Locale, Side::Tls].map(|side| profile.get(side).to_le_bytes());
    (hash::public(sides.as_flattened()) as u32).max(1)
}

/// How much each side of a request's make weighs: the rarer among all customers, the more. `customers`
/// tells how many have what the request has of the sides of a combination; `None`: it lacks one.
pub(super) fn weights(all: f32, customers: impl Fn(usize) -> Option<f32>) -> Weights {
    MAKE.map(|side| {
        let customers = profile::alone(side).and_then(&customers);
        customers.map_or(0.0, |customers| campaign::weight(customers, all))
    })
}

/// The same for a request whose combinations have these keys, by what the policy's book knows of them.
pub(super) fn weights_in(book: &[u8], keys: &[Option<u64>; MASKS]) -> Weights {
    weights(Head::read(book).customers, |mask| {
        let key = keys.get(mask).copied().flatten()?;
        Some(book::find(book, key).map_or(0.0, |behavior| behavior.customers()))
    })
}
