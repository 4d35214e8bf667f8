//! Whether a role's requests fail more often than is usual: an attack that no single client shows,
//! since it comes from a hundred thousand of them.
//!
//! A sequential test for a change of a failure share, one outcome at a time: the cumulative sum of
//! log-likelihood ratios with a floor of 0 (Page, "Continuous inspection schemes", 1954), the
//! quickest there is for a given rate of false alarms when the change is known (Lorden,
//! "Procedures for reacting to a change in distribution", 1971). It is not known, so several sums
//! run side by side, each designed for another share of attack among the requests.
//!
//! **How often it is wrong.** Let w solve `E[e^(w X)] = 1` for a sum's steps X in quiet traffic.
//! Then a sum with threshold h takes e^(w h) outcomes on average at least until a false alarm
//! (Lorden's argument, for e^(w X) in place of the likelihood ratio). Each sum compares its share
//! of attack with [`HARMLESS_SHARE`] rather than with none: that makes w greater than 1 in truly
//! quiet traffic and leaves it near 1 where the usual share is understated by a point or two, as it
//! is when learned or when it wanders by the hour. `benches/shift.rs` measures it.
//!
//! **What it takes for granted.** That outcomes are independent. Failures that come in runs, as of
//! people who mistype their password again and again, make w smaller: pass only the first failure
//! on a subject, as the failure test counts it.
//!
//! It knows nothing of clients, time or actions, and the usual share is an argument: see
//! [`super::usual`].

use crate::memory::bytes::array;

/// How often an attacker's requests fail: nearly always.
const HOSTILE: f64 = 0.98;

/// Below this usual share one failure alone would say too much.
const USUAL_MIN: f64 = 0.001;

/// Up to this share of attack among the requests all counts as quiet. At a usual share of 0.12 it
/// allows for 1.7 points of failures more than were thought usual.
const HARMLESS_SHARE: f64 = 0.02;

/// One sum: what it looks for, and when it has found it.
struct Design {
    /// The share of attack among the requests.
    share: f64,
    /// In nats.
    threshold: f32,
    level: Level,
}

/// Thresholds are such that e^(w h) is above 10^10 for each where the usual share is right, and
/// above 10^8 where it is understated by a point at 0.12: tests compute it.
const DESIGNS: [Design; 3] = [
    Design { share: 0.05, threshold: 13.0, level: Level::Slight },
    Design { share: 0.10, threshold: 16.0, level: Level::Marked },
    Design { share: 0.25, threshold: 24.0, level: Level::Heavy },
];

/// A sum that is over this part of its threshold puts the traffic in doubt.
const DOUBTED_PART: f32 = 0.25;

/// Length of the form in shared data, in bytes.
pub const SHIFT_BYTES: usize = 26;

/// How much of a role's traffic seems to be attack. The shares of attack are those from which the
/// level's sum tends upwards, where the usual share is 0.12 and known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As much as usual fails.
    #[default]
    Usual,
    /// More than about 3.5 % of the requests.
    Slight,
    /// More than about 6 %.
    Marked,
    /// More than about 12 %.
    Heavy,
}

impl Level {
    /// Its name in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Slight => "slight",
            Self::Marked => "marked",
            Self::Heavy => "heavy",
        }
    }
}

/// Where the test of one role stands. The default is where it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shift {
    sums: [Sum; DESIGNS.len()],
    /// A bit for each sum that has reached its threshold and has not been at 0 since.
    raised: u8,
    /// Index of the sum that raised the alarm.
    winner: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    /// 0 to the design's threshold.
    nats: f32,
    /// Outcomes since it was 0 last; during an alarm it only grows.
    age: u32,
}

impl Shift {
    /// Takes in one outcome of a request that the origin answered. `usual` is the share of
    /// legitimate requests that fail, as far as is known; an outcome without one is passed over.
    ///
    /// A sum that reached its threshold stays there at most, and its level is raised until it has
    /// come down to 0: an end takes as much evidence as a beginning.
    pub fn observe(&mut self, usual: f64, failed: bool) {
        if !usual.is_finite() {
            return;
        }
        let usual = usual.clamp(USUAL_MIN, HOSTILE);
        let chance = |share: f64| {
            let failing = usual + share * (HOSTILE - usual);
            if failed { failing } else { 1.0 - failing }
        };
        let harmless = chance(HARMLESS_SHARE);
        let was_usual = self.raised == 0;
        for ((index, sum), design) in (0_u8..).zip(&mut self.sums).zip(&DESIGNS) {
            let step = (chance(design.share) / harmless).ln();
            sum.nats = ((f64::from(sum.nats) + step) as f32).clamp(0.0, design.threshold);
            sum.age = sum.age.saturating_add(1);
            let bit = 1 << index;
            if sum.nats >= design.threshold {
                self.raised |= bit;
                if was_usual {
                    self.winner = index;
                }
            } else if sum.nats <= 0.0 {
                self.raised &= !bit;
                if was_usual {
                    sum.age = 0;
                }
            }
        }
        if self.raised == 0 && !was_usual {
            *self = Self::default();
        }
    }

    /// The highest level that stands.
    #[must_use]
    pub fn level(&self) -> Level {
        let standing = (0..).zip(&DESIGNS).filter(|(index, _)| self.raised >> index & 1 == 1);
        standing.map(|(_, design)| design.level).max().unwrap_or_default()
    }

    /// Whether an alarm stands or a sum is on the way to one: not a time to learn what is usual.
    /// Where the usual share is right, quiet traffic is in doubt for less than one outcome in a
    /// hundred.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let mut sums = self.sums.iter().zip(&DESIGNS);
        self.raised != 0 || sums.any(|(sum, design)| sum.nats > DOUBTED_PART * design.threshold)
    }

    /// How many outcomes ago the shift began for which the alarm was raised, the last included:
    /// those since the sum that raised it was 0 last, which is the likeliest beginning (Page 1954).
    /// `None` while nothing is raised.
    #[must_use]
    pub fn since_outcomes(&self) -> Option<u32> {
        let winner = self.sums.get(usize::from(self.winner))?;
        (self.raised != 0).then_some(winner.age)
    }

    /// The fixed form in shared data: each sum's nats and age, what is raised, and by which. All
    /// numbers are little-endian.
    #[must_use]
    pub fn encode(&self) -> [u8; SHIFT_BYTES] {
        let mut out = [0; SHIFT_BYTES];
        let sums = self.sums.iter().flat_map(|sum| [sum.nats.to_le_bytes(), sum.age.to_le_bytes()]);
        let bytes = sums.flatten().chain([self.raised, self.winner]);
        out.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        out
    }

    /// Reads what [`Shift::encode`] wrote; any bytes give some state that can go on.
    #[must_use]
    pub fn decode(bytes: &[u8; SHIFT_BYTES]) -> Self {
        let sums = std::array::from_fn(|index| {
            let threshold = DESIGNS.get(index).map_or(0.0, |design| design.threshold);
            // `max` takes the 0 where the other is not a number.
            let nats = f32::from_le_bytes(array(bytes, 8 * index)).max(0.0).min(threshold);
            Sum { nats, age: u32::from_le_bytes(array(bytes, 8 * index + 4)) }
        });
        let [.., raised, winner] = *bytes;
        let raised = raised & ((1 << DESIGNS.len()) - 1);
        let winner = if raised == 0 { 0 } else { winner % DESIGNS.len() as u8 };
        Self { sums, raised, winner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    const USUAL: f64 = 0.12;

    /// Outcomes of a role, of whose requests `share` are attack.
    fn outcomes(seed: u64, share: f64) -> impl Iterator<Item = bool> {
        let mut random = SmallRng::seed_from_u64(seed);
        std::iter::repeat_with(move || random.random_bool(USUAL + share * (HOSTILE - USUAL)))
    }

    fn observe(shift: &mut Shift, outcomes: impl Iterator<Item = bool>) {
        outcomes.for_each(|failed| shift.observe(USUAL, failed));
    }

    /// Outcomes until the level is raised, at most 20,000.
    fn delay(shift: &mut Shift, outcomes: impl Iterator<Item = bool>) -> usize {
        let mut seen = outcomes.take(20_000).take_while(|&failed| {
            shift.observe(USUAL, failed);
            shift.level() == Level::Usual
        });
        seen.by_ref().count() + 1
    }

    /// w h of the module's comment, where `usual` is believed and `truth` is true.
    fn nats_to_a_false_alarm(design: &Design, usual: f64, truth: f64) -> f64 {
        let chance = |share: f64| usual + share * (HOSTILE - usual);
        let (null, attacked) = (chance(HARMLESS_SHARE), chance(design.share));
        let (up, down) = (attacked / null, (1.0 - attacked) / (1.0 - null));
        let (mut low, mut high) = (0.0, 64.0);
        for _ in 0..60 {
            let w: f64 = f64::midpoint(low, high);
            let mean = truth * up.powf(w) + (1.0 - truth) * down.powf(w);
            *(if mean < 1.0 { &mut low } else { &mut high }) = w;
        }
        low * f64::from(design.threshold)
    }

    #[test]
    fn thresholds_keep_the_promised_rates() {
        for design in &DESIGNS {
            for usual in [0.005, 0.02, 0.05, 0.12, 0.2, 0.4, 0.7] {
                let nats = nats_to_a_false_alarm(design, usual, usual);
                assert!(nats > 1e10_f64.ln(), "{} at {usual}: e^{nats}", design.share);
            }
            let nats = nats_to_a_false_alarm(design, USUAL, USUAL + 0.01);
            assert!(nats > 1e8_f64.ln(), "{} a point off: e^{nats}", design.share);
        }
    }

    #[test]
    fn quiet_traffic_raises_nothing_even_where_the_usual_share_is_a_point_off() {
        for believed in [USUAL - 0.01, USUAL, USUAL + 0.01] {
            let mut shift = Shift::default();
            let mut doubted = 0;
            for failed in outcomes(1, 0.0).take(400_000) {
                shift.observe(believed, failed);
                assert_eq!(shift.level(), Level::Usual, "{believed}");
                doubted += u32::from(shift.is_in_doubt());
            }
            assert!(doubted < 4_000 || believed < USUAL, "{believed}: {doubted}");
        }
    }

    #[test]
    fn attacks_are_found_in_time() {
        // Each sum has an attack that no other finds in that time.
        for (share, within) in [(0.05, 5_700), (0.10, 950), (0.20, 360), (0.50, 75)] {
            let delays = (0..20).map(|seed| {
                let mut shift = Shift::default();
                observe(&mut shift, outcomes(seed, 0.0).take(1_000));
                delay(&mut shift, outcomes(seed + 100, share))
            });
            let mean = delays.sum::<usize>() / 20;
            assert!(mean < within, "{share}: {mean}");
        }
    }

    #[test]
    fn the_level_grows_with_the_attack_and_lasts_until_it_has_ended() {
        for (share, level) in [(0.05, Level::Slight), (0.07, Level::Marked), (0.50, Level::Heavy)] {
            let mut shift = Shift::default();
            observe(&mut shift, outcomes(2, share).take(20_000));
            assert_eq!(shift.level(), level, "{share}");
            for failed in outcomes(3, share).take(20_000) {
                shift.observe(USUAL, failed);
                assert!(shift.level() >= Level::Slight, "{share}");
            }
            observe(&mut shift, outcomes(4, 0.0).take(500));
            assert!(shift.level() >= Level::Slight && shift.is_in_doubt(), "{share}: it ends slowly");
            observe(&mut shift, outcomes(5, 0.0).take(5_000));
            assert_eq!((shift.level(), shift.since_outcomes()), (Level::Usual, None), "{share}");
        }
    }

    #[test]
    fn an_alarm_knows_when_the_shift_began() {
        let mut shift = Shift::default();
        observe(&mut shift, outcomes(6, 0.0).take(10_000));
        assert_eq!(shift.since_outcomes(), None);
        let delay = delay(&mut shift, outcomes(7, 0.5));
        let since = shift.since_outcomes().unwrap() as usize;
        assert!(since.abs_diff(delay) < 50, "{since} for {delay}");
    }

    #[test]
    fn the_beginning_stays_where_it_was() {
        let mut shift = Shift::default();
        shift.sums[0] = Sum { nats: 5.0, age: 500 };
        let mut run = |failed, outcomes| {
            (0..outcomes).for_each(|_| shift.observe(USUAL, failed));
            (shift.level(), shift.since_outcomes())
        };
        assert_eq!(run(true, 27), (Level::Heavy, Some(27)));
        // Others reach their thresholds too, and reach them again when the first does not.
        assert_eq!(run(true, 100), (Level::Heavy, Some(127)));
        run(false, 5);
        assert_eq!(run(true, 1), (Level::Heavy, Some(133)));
        // The first has come down, another has not.
        assert_eq!(run(false, 350), (Level::Slight, Some(483)));
        assert!(shift.is_in_doubt(), "an alarm stands");
        (0..150).for_each(|_| shift.observe(USUAL, false));
        assert_eq!((shift.level(), shift.is_in_doubt()), (Level::Usual, false));
    }

    #[test]
    fn the_form_is_fixed() {
        let sum = |nats, age| Sum { nats, age };
        let shift = Shift { sums: [sum(1.0, 2), sum(0.0, 0), sum(24.0, 0x0102)], raised: 4, winner: 2 };
        let mut bytes = [0; SHIFT_BYTES];
        bytes[2..5].copy_from_slice(&[0x80, 0x3f, 2]);
        bytes[18..22].copy_from_slice(&[0xc0, 0x41, 2, 1]);
        bytes[24..].copy_from_slice(&[4, 2]);
        assert_eq!(shift.encode(), bytes);
        assert_eq!(Shift::decode(&bytes), shift);
        assert!(size_of::<Shift>() <= 32);
    }

    proptest! {
        #[test]
        fn whatever_is_read_goes_on_and_finds_its_end(bytes: [u8; SHIFT_BYTES], usual: f64, failed: bool) {
            let mut shift = Shift::decode(&bytes);
            shift.observe(usual, failed);
            prop_assert_eq!(Shift::decode(&shift.encode()), shift);
            (0..2_000).for_each(|_| shift.observe(USUAL, false));
            prop_assert_eq!(shift, Shift::default());
        }
    }
}
