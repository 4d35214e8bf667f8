//! The profile of a request: its client's make and way in short form, and the combinations of its
//! sides under which behaviors are counted.

use super::journey::Journey;
use crate::facts::{Facets, Hashes};
use crate::policy::Facet;

/// One side of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Header names in order.
    Order,
    /// Header names, whatever their order.
    Set,
    /// The agent.
    Agent,
    /// Languages and encodings.
    Locale,
    /// TLS as the edge reports it.
    Tls,
    /// The shape of the request's body.
    Payload,
    /// What the session did before.
    Journey,
}

/// How many sides a profile has.
pub const SIDES: usize = 7;

/// The sides that tell of a client's make; the rest tell of what it does.
pub const MAKE: [Side; 6] = [Side::Order, Side::Set, Side::Agent, Side::Locale, Side::Tls, Side::Payload];

impl Side {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; SIDES] =
        [Self::Order, Self::Set, Self::Agent, Self::Locale, Self::Tls, Self::Payload, Self::Journey];

    /// Its name in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "header-order",
            Self::Set => "header-set",
            Self::Agent => "agent",
            Self::Locale => "locale",
            Self::Tls => "tls",
            Self::Payload => "payload",
            Self::Journey => "journey",
        }
    }
}

/// A request's sides, 32 bits of each; 0: it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile(pub [u32; SIDES]);

impl Profile {
    /// The profile of a request with these facets.
    #[must_use]
    pub fn new(facets: &Facets, journey: Journey) -> Self {
        let side = |facet| facets.get(facet).map_or(0, |value| (value >> 32) as u32);
        Self([
            side(Facet::HeaderOrder),
            side(Facet::HeaderSet),
            side(Facet::Agent),
            side(Facet::Locale),
            side(Facet::Tls),
            side(Facet::Payload),
            journey as u32 + 1,
        ])
    }

    /// How the session came to the request.
    #[must_use]
    pub fn journey(&self) -> Journey {
        let is_it = |journey: &Journey| *journey as u32 + 1 == self.get(Side::Journey);
        Journey::ALL.into_iter().find(is_it).unwrap_or(Journey::None)
    }

    /// A side's value; 0: it has none.
    #[must_use]
    pub fn get(&self, side: Side) -> u32 {
        self.0.get(side as usize).copied().unwrap_or(0)
    }

    /// Sets a side's value.
    pub(super) fn set(&mut self, side: Side, value: u32) {
        if let Some(place) = self.0.get_mut(side as usize) {
            *place = value;
        }
    }
}

/// A set of sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask(u8);

const fn mask(mut sides: &[Side]) -> Mask {
    let mut bits = 0;
    while let [first, rest @ ..] = sides {
        bits |= 1 << *first as u8;
        sides = rest;
    }
    Mask(bits)
}

impl Mask {
    /// Whether it has all sides of the other, and more.
    #[must_use]
    pub fn is_narrower(self, other: Self) -> bool {
        self.0 != other.0 && self.0 & other.0 == other.0
    }

    /// Its sides.
    pub fn sides(self) -> impl Iterator<Item = Side> {
        Side::ALL.into_iter().filter(move |&side| self.0 >> side as u8 & 1 == 1)
    }

    /// How many sides of a client's make it has.
    #[must_use]
    pub fn makes(self) -> u32 {
        (self.0 & !(1 << Side::Journey as u8)).count_ones()
    }
}

/// The names of the sides of a combination, by its index in [`COUNTED`].
pub fn names(mask: usize) -> impl Iterator<Item = &'static str> {
    COUNTED.get(mask).into_iter().flat_map(|mask| mask.sides()).map(Side::name)
}

/// How many combinations are counted for each request.
pub const MASKS: usize = 20;

/// The combinations: all sides; all but one, so that an actor who changes that one is recognised by
/// the rest; pairs and triples, for one who changes more. The last five count where customers are,
/// and weigh how rare a side's value is.
pub const COUNTED: [Mask; MASKS] = {
    use Side::{Agent as A, Journey as J, Locale as L, Order as O, Payload as P, Set as S, Tls as T};
    [
        mask(&[O, A, L, T, P, J]),
        mask(&[A, L, T, P, J]),
        mask(&[O, L, T, P, J]),
        mask(&[O, A, T, P, J]),
        mask(&[O, A, L, P, J]),
        mask(&[O, A, L, T, J]),
        mask(&[S, T, P, J]),
        mask(&[S, L, P, J]),
        mask(&[A, P, J]),
        mask(&[T, P, J]),
        mask(&[O, L, J]),
        mask(&[A, L, J]),
        mask(&[P, J]),
        mask(&[T, J]),
        mask(&[J]),
        mask(&[O]),
        mask(&[A]),
        mask(&[L]),
        mask(&[T]),
        mask(&[P]),
    ]
};

/// Where the combinations of a single side begin in [`COUNTED`].
pub const SINGLES: usize = 15;

/// The combination of one side alone, as an index of [`COUNTED`].
#[must_use]
pub fn alone(side: Side) -> Option<usize> {
    COUNTED.iter().position(|mask| mask.0 == 1 << side as u8)
}

/// The keys of a request's combinations, in the order of [`COUNTED`]; `None` where it lacks a side.
#[must_use]
pub fn keys(profile: &Profile, hashes: &Hashes) -> [Option<u64>; MASKS] {
    let sides: [Option<u64>; SIDES] = std::array::from_fn(|side| {
        let value = profile.0.get(side).copied().filter(|&value| value != 0)?;
        Some(hashes.side(side as u8, value))
    });
    COUNTED.map(|mask| {
        let mut sum = 0_u64;
        for side in mask.sides() {
            sum = sum.wrapping_add(sides.get(side as usize).copied().flatten()?);
        }
        Some(mixed(sum))
    })
}

/// Spreads a sum of keyed hashes over all bits (the finalizer of SplitMix64, Steele et al. 2014).
fn mixed(sum: u64) -> u64 {
    let sum = (sum ^ sum >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let sum = (sum ^ sum >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ sum >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Secret;

    fn keys_of(sides: [u32; SIDES]) -> [Option<u64>; MASKS] {
        keys(&Profile(sides), &Hashes::new(&Secret(b"0123456789abcdef".to_vec())))
    }

    #[test]
    fn a_combination_is_named_by_its_sides_alone() {
        let (one, other) = (keys_of([1, 2, 3, 4, 5, 6, 7]), keys_of([1, 2, 9, 4, 5, 6, 7]));
        for (mask, (one, other)) in COUNTED.iter().zip(one.iter().zip(&other)) {
            assert_eq!(mask.sides().any(|side| side == Side::Agent), one != other, "{mask:?}");
        }
        let distinct: std::collections::BTreeSet<_> = one.iter().flatten().collect();
        assert_eq!(distinct.len(), MASKS);
    }

    #[test]
    fn what_a_request_lacks_is_in_no_combination() {
        let keys = keys_of([1, 2, 3, 4, 0, 6, 7]);
        for (mask, key) in COUNTED.iter().zip(keys) {
            assert_eq!(mask.sides().any(|side| side == Side::Tls), key.is_none(), "{mask:?}");
        }
    }

    #[test]
    fn singles_stand_at_the_end() {
        for (mask, combination) in COUNTED.iter().enumerate() {
            let single = combination.sides().count() == 1 && combination.makes() == 1;
            assert_eq!(single, mask >= SINGLES);
        }
        assert!(COUNTED[0].is_narrower(COUNTED[9]) && !COUNTED[9].is_narrower(COUNTED[0]));
    }
}
