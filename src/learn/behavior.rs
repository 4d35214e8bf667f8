//! A behavior: one combination of a request's sides under one policy, and what came of it.
//!
//! Its odds are a sequential likelihood ratio (Wald 1945; Jung et al. 2004) of "hostile" over "usual",
//! one step for each new subject that failed or succeeded, between a floor and a ceiling, fading with
//! time. Its goods are the customers it is known for: successes that came while nothing spoke
//! against it.

use crate::memory::Mark;

/// Length of a behavior's record in bytes.
pub const BEHAVIOR_BYTES: usize = 54;

/// Time goes in slices of ten minutes: subjects count once in each, and what fades does so with each.
pub const SLICE_S: u64 = 600;

/// Odds are kept in 1/256 nats between these: a good past buys two failures, a hostile one fades
/// within days.
const FLOOR: f32 = -4.0;
const CEILING: f32 = 24.0;

/// Odds at which what succeeded meanwhile counts for nothing: an attacker has successes too.
const DOUBTFUL: f32 = 4.0;

/// A further failure on a subject that failed already counts for one part in so many of the first:
/// people mistype their own password again, machines go on to the next account.
const REPEAT_SHARE: f32 = 1.0 / 16.0;

/// Of 64 places for subjects, so many are taken before counting begins anew.
const CROWDED: u32 = 48;

/// After so long without a try, in seconds, a verdict ends.
const DESERTED_S: u32 = 300;

/// Odds lose this share with each slice: half of them in seven hours.
const ODDS_FADE: f32 = 1.0 / 64.0;

/// Goods lose this share with each slice: half of them in thirty hours.
const GOODS_FADE: f32 = 1.0 / 256.0;

/// One behavior.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Behavior {
    /// The slice it was last written in, modulo 2^16.
    pub slice: u16,
    /// Log-odds of hostile over usual, in nats.
    pub odds: f32,
    /// The highest odds in this slice.
    peak: f32,
    /// Failures in this slice.
    pub failures: u16,
    /// Customers known from earlier slices.
    pub goods: f32,
    /// Successes in this slice, each subject once.
    fresh: u16,
    /// The verdict's action, repeats and end, as in a tally.
    pub action: u8,
    /// How often it was condemned.
    pub repeats: u8,
    /// When the verdict ends, in seconds since 1970; 0: there never was one.
    pub until_s: u32,
    /// When a request was last refused for it, in seconds since 1970.
    pub tried_s: u32,
    /// The campaign that it belongs to; 0: none.
    pub campaign: u32,
    /// Up to which unban it is cleared.
    pub mark: Mark,
    /// Networks that failures of this slice came from, by five bits.
    networks: u32,
    /// Subjects that failed in this slice, by six bits.
    failed: u64,
    /// Subjects that succeeded in this slice, by six bits.
    succeeded: u64,
}

/// The slice of a time, as records hold it.
#[must_use]
pub fn slice_of(now_s: u64) -> u16 {
    (now_s / SLICE_S) as u16
}

/// The share of goods that is left after so many slices.
#[must_use]
pub fn goods_left(slices: u16) -> f32 {
    (1.0 - GOODS_FADE).powi(i32::from(slices))
}

/// The share of odds that is left after so many slices.
#[must_use]
pub fn odds_left(slices: u16) -> f32 {
    (1.0 - ODDS_FADE).powi(i32::from(slices))
}

impl Behavior {
    /// A behavior seen for the first time, when this was the last unban.
    #[must_use]
    pub fn new(slice: u16, mark: Mark) -> Self {
        Self { slice, mark, ..Self::default() }
    }

    /// Whether it has anything from before an unban that speaks against whoever has it.
    #[must_use]
    pub fn is_to_be_cleared(&self, unban: Mark) -> bool {
        let speaks_against = self.odds > 0.0 || self.peak > 0.0 || self.until_s != 0 || self.failures > 0;
        speaks_against && self.mark.precedes(unban)
    }

    /// Clears it of all that speaks against it. What speaks for it, and its customers, it keeps; what
    /// succeeded under attack is none of them.
    pub fn clear(&mut self, unban: Mark) {
        let Self { slice, goods, succeeded, .. } = *self;
        let odds = self.odds.min(0.0);
        let fresh = if self.peak < DOUBTFUL { self.fresh } else { 0 };
        *self = Self { slice, odds, peak: odds, goods, fresh, succeeded, mark: unban, ..Self::default() };
    }

    /// Brings it up to a slice.
    pub fn advance(&mut self, slice: u16) {
        let passed = slice.wrapping_sub(self.slice);
        // More than half of the circle: the clock went back.
        if passed == 0 || passed > u16::MAX / 2 {
            return;
        }
        if self.peak < DOUBTFUL {
            self.goods += f32::from(self.fresh);
        }
        self.goods *= goods_left(passed);
        self.odds *= odds_left(passed);
        (self.peak, self.fresh, self.failures) = (self.odds, 0, 0);
        (self.networks, self.failed, self.succeeded) = (0, 0, 0);
        self.slice = slice;
    }

    /// Takes in that something spoke against it, from this network.
    pub fn come_from(&mut self, network: u32) {
        self.networks |= 1 << (network & 31);
    }

    /// From about how many networks it came what spoke against it in this slice, 0 to 32.
    #[must_use]
    pub fn networks(&self) -> u32 {
        self.networks.count_ones()
    }

    /// Takes in a failure worth `nats`; whether it was a new subject's.
    pub fn fail(&mut self, subject: Option<u64>, nats: f32) -> bool {
        let new = subject.is_none_or(|subject| mark(&mut self.failed, subject));
        self.failures = self.failures.saturating_add(1);
        self.add(if new { nats } else { nats * REPEAT_SHARE });
        new
    }

    /// Takes in a success worth `nats`, which is below 0; whether it was a new subject's.
    pub fn succeed(&mut self, subject: Option<u64>, nats: f32) -> bool {
        let new = subject.is_none_or(|subject| mark(&mut self.succeeded, subject));
        if new {
            self.fresh = self.fresh.saturating_add(1);
            self.add(nats);
        }
        new
    }

    /// Adds to the odds.
    pub fn add(&mut self, nats: f32) {
        self.odds = (self.odds + nats).clamp(FLOOR, CEILING);
        self.peak = self.peak.max(self.odds);
    }

    /// The customers it is known for. Those of this slice count only while nothing speaks against it.
    #[must_use]
    pub fn customers(&self) -> f32 {
        if self.odds <= 0.0 { self.goods + f32::from(self.fresh) } else { self.goods }
    }

    /// When its verdict ends, in seconds since 1970: early where nobody tries any more, so that it does
    /// not wait for customers when the attacker has gone on to something else.
    #[must_use]
    pub fn ends_s(&self) -> u32 {
        self.until_s.min(self.tried_s.saturating_add(DESERTED_S))
    }

    /// Whether its verdict is in force.
    #[must_use]
    pub fn is_condemned(&self, now_ms: u64) -> bool {
        u64::from(self.ends_s()) * 1000 > now_ms
    }
}

/// Marks a subject; whether it was new.
fn mark(set: &mut u64, subject: u64) -> bool {
    if set.count_ones() >= CROWDED {
        *set = 0;
    }
    let bit = 1 << (subject & 63);
    let new = *set & bit == 0;
    *set |= bit;
    new
}

/// The fixed form in a sheet, little-endian. The tag, which the caller gives, comes first.
///
/// | bytes | what |
/// |---|---|
/// | 0..4 | tag |
/// | 4..6 | slice |
/// | 6..8, 8..10 | odds, peak, in 1/256 nats |
/// | 10..12, 12..14 | failures, fresh |
/// | 14, 15 | action, repeats |
/// | 16..20 | goods |
/// | 20..24, 24..28 | end of the verdict, last try |
/// | 28..32, 32..36 | campaign, networks |
/// | 36..44, 44..52 | failed, succeeded |
/// | 52..54 | mark |
pub mod wire {
    use super::{BEHAVIOR_BYTES, Behavior};
    use crate::memory::Mark;
    use crate::memory::bytes::{Parts, array};

    /// Writes a record.
    #[must_use]
    pub fn encode(tag: u32, behavior: &Behavior) -> [u8; BEHAVIOR_BYTES] {
        let mut out = [0; BEHAVIOR_BYTES];
        let mut parts = Parts::new(&mut out);
        parts.put(&tag.to_le_bytes());
        parts.put(&behavior.slice.to_le_bytes());
        parts.put(&fixed(behavior.odds).to_le_bytes());
        parts.put(&fixed(behavior.peak).to_le_bytes());
        parts.put(&behavior.failures.to_le_bytes());
        parts.put(&behavior.fresh.to_le_bytes());
        parts.put(&[behavior.action, behavior.repeats]);
        parts.put(&behavior.goods.to_le_bytes());
        parts.put(&behavior.until_s.to_le_bytes());
        parts.put(&behavior.tried_s.to_le_bytes());
        parts.put(&behavior.campaign.to_le_bytes());
        parts.put(&behavior.networks.to_le_bytes());
        parts.put(&behavior.failed.to_le_bytes());
        parts.put(&behavior.succeeded.to_le_bytes());
        parts.put(&behavior.mark.bits().to_le_bytes());
        out
    }

    /// Reads a record; any bytes give some behavior.
    #[must_use]
    pub fn decode(record: &[u8; BEHAVIOR_BYTES]) -> Behavior {
        let half = |at| u16::from_le_bytes(array(record, at));
        let word = |at| u32::from_le_bytes(array(record, at));
        let wide = |at| u64::from_le_bytes(array(record, at));
        let nats = |at| f32::from(i16::from_le_bytes(array(record, at))) / 256.0;
        let goods = f32::from_le_bytes(array(record, 16));
        Behavior {
            slice: half(4),
            odds: nats(6),
            peak: nats(8),
            failures: half(10),
            fresh: half(12),
            action: u8::from_le_bytes(array(record, 14)),
            repeats: u8::from_le_bytes(array(record, 15)),
            goods: if goods.is_finite() { goods.max(0.0) } else { 0.0 },
            until_s: word(20),
            tried_s: word(24),
            campaign: word(28),
            networks: word(32),
            failed: wide(36),
            succeeded: wide(44),
            mark: Mark::from_bits(half(52)),
        }
    }

    /// The end of the verdict, without the rest of the record.
    #[must_use]
    pub fn until_s(record: &[u8; BEHAVIOR_BYTES]) -> u32 {
        u32::from_le_bytes(array(record, 20))
    }

    fn fixed(nats: f32) -> i16 {
        (nats * 256.0).round() as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn behavior() -> impl Strategy<Value = Behavior> {
        let counts = (any::<u16>(), any::<u16>(), any::<u16>(), any::<u8>(), any::<u8>(), any::<u16>());
        let words = (any::<u32>(), any::<u32>(), any::<u32>(), any::<u64>(), any::<u64>());
        let odds = (-1024_i16..6144, -1024_i16..6144, 0_f32..1e6);
        (counts, words, odds).prop_map(|((slice, failures, fresh, action, repeats, mark), words, odds)| {
            Behavior {
                slice,
                odds: f32::from(odds.0) / 256.0,
                peak: f32::from(odds.1) / 256.0,
                failures,
                goods: odds.2,
                fresh,
                action,
                repeats,
                until_s: words.0,
                tried_s: words.1 ^ words.2,
                campaign: words.1,
                networks: words.2,
                failed: words.3,
                succeeded: words.4,
                mark: Mark::from_bits(mark),
            }
        })
    }

    proptest! {
        #[test]
        fn records_are_read_back(tag: u32, behavior in behavior()) {
            prop_assert_eq!(wire::decode(&wire::encode(tag, &behavior)), behavior);
        }

        #[test]
        fn any_bytes_and_any_past_stay_within_bounds(bytes: [u8; BEHAVIOR_BYTES], slices in prop::collection::vec(any::<u16>(), 1..20), subject: u64) {
            let mut behavior = wire::decode(&bytes);
            for slice in slices {
                behavior.advance(slice);
                behavior.fail(Some(subject), 2.0);
                behavior.succeed(Some(!subject), -3.0);
                prop_assert!((FLOOR..=CEILING).contains(&behavior.odds));
                prop_assert!(behavior.customers() >= 0.0);
            }
        }
    }

    #[test]
    fn one_person_who_mistypes_is_not_many_who_fail() {
        let (mut person, mut crowd) = (Behavior::new(1, Mark::default()), Behavior::new(1, Mark::default()));
        (0..20).for_each(|_| _ = person.fail(Some(7), 2.0));
        (0..20).for_each(|n| _ = crowd.fail(Some(n), 2.0));
        assert!(person.odds < 5.0 && crowd.odds == CEILING, "{} {}", person.odds, crowd.odds);
    }

    #[test]
    fn what_succeeds_under_attack_makes_no_customers() {
        let mut good = Behavior::new(1, Mark::default());
        (0..10).for_each(|n| _ = good.succeed(Some(n), -3.0));
        assert_eq!(good.customers(), 10.0);
        good.advance(2);
        assert!(good.customers() > 9.9);
        let mut bad = Behavior::new(1, Mark::default());
        (0..20).for_each(|n| _ = bad.fail(Some(n), 2.0));
        (20..25).for_each(|n| _ = bad.succeed(Some(n), -3.0));
        bad.advance(2);
        assert_eq!(bad.customers(), 0.0);
    }

    #[test]
    fn odds_and_customers_fade() {
        let mut behavior = Behavior::new(0, Mark::default());
        (0..20).for_each(|n| _ = behavior.fail(Some(n), 2.0));
        behavior.goods = 100.0;
        behavior.advance(44);
        assert!((11.0..13.0).contains(&behavior.odds), "half within seven hours: {}", behavior.odds);
        behavior.advance(177);
        assert!((49.0..51.0).contains(&behavior.goods), "half within thirty: {}", behavior.goods);
    }
}
