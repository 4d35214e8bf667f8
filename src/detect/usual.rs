//! How often a role's legitimate requests fail, learned from its outcomes.
//!
//! A running mean that begins from a preset and forgets. It is told outcomes, not which of them
//! are attack: whoever calls it passes those that are attacked least, and says when even those are
//! in doubt. Whatever it is passed, it stays within bounds around the preset, so that nobody can
//! teach it that failing is usual.

/// The preset counts for so many outcomes.
const PRESET_OUTCOMES: u32 = 200;

/// The mean forgets over about so many outcomes. In traffic that stays the same, its standard
/// error is then 0.1 points at a share of 0.12.
const MEMORY_OUTCOMES: u32 = 50_000;

/// Once warm, it takes in what is in doubt so many times more slowly: enough for a lasting change
/// to become usual after some 800,000 outcomes, rather than an alarm for good, and too little for
/// an attack to hide behind what it taught.
const DOUBT: u32 = 16;

/// So many outcomes are taken in as they are: at first the preset may be further off than any doubt.
const WARM_OUTCOMES: u32 = 5_000;

/// It stays between these parts of the preset.
const LEAST: f64 = 0.25;
const MOST: f64 = 1.5;

/// Length of the form in shared data, in bytes.
pub const USUAL_BYTES: usize = 8;

/// What was learned of one role. The default has learned nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usual {
    /// The mean, once anything was learned.
    share: f32,
    /// Outcomes learned from, the preset not included; as many at most as are remembered.
    outcomes: u32,
}

impl Usual {
    /// The share of legitimate requests that fail. `preset` is what is said of the role, 0 to 1.
    #[must_use]
    pub fn share(&self, preset: f64) -> f64 {
        if self.outcomes == 0 {
            return preset;
        }
        f64::from(self.share).max(LEAST * preset).min(MOST * preset).min(1.0)
    }

    /// Learns from one outcome. `in_doubt`: an attack may be among the latest outcomes, as
    /// [`super::shift::Shift::is_in_doubt`] says.
    pub fn learn(&mut self, preset: f64, failed: bool, in_doubt: bool) {
        let before = self.share(preset);
        let slowed = in_doubt && self.outcomes >= WARM_OUTCOMES;
        if !slowed {
            self.outcomes = self.outcomes.saturating_add(1).min(MEMORY_OUTCOMES);
        }
        let memory = (self.outcomes + PRESET_OUTCOMES).min(MEMORY_OUTCOMES);
        let weight = 1.0 / f64::from(memory * if slowed { DOUBT } else { 1 });
        self.share = (before + weight * (f64::from(u8::from(failed)) - before)) as f32;
    }

    /// The fixed form in shared data: the share, and how many outcomes it is learned from, both
    /// little-endian.
    #[must_use]
    pub fn encode(&self) -> [u8; USUAL_BYTES] {
        let ([a, b, c, d], [e, f, g, h]) = (self.share.to_le_bytes(), self.outcomes.to_le_bytes());
        [a, b, c, d, e, f, g, h]
    }

    /// Reads what [`Usual::encode`] wrote; any bytes give some state that can go on.
    #[must_use]
    pub fn decode(bytes: &[u8; USUAL_BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h] = *bytes;
        let share = f32::from_le_bytes([a, b, c, d]);
        let outcomes = u32::from_le_bytes([e, f, g, h]).min(MEMORY_OUTCOMES);
        if share.is_finite() { Self { share, outcomes } } else { Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    const PRESET: f64 = 0.12;

    fn taught(mut usual: Usual, failing: f64, outcomes: usize, in_doubt: bool) -> Usual {
        let mut random = SmallRng::seed_from_u64(1);
        (0..outcomes).for_each(|_| usual.learn(PRESET, random.random_bool(failing), in_doubt));
        usual
    }

    fn learned(usual: Usual, failing: f64, outcomes: usize) -> Usual {
        taught(usual, failing, outcomes, false)
    }

    #[test]
    fn it_begins_from_the_preset_and_warms_up() {
        let share = |outcomes| learned(Usual::default(), 0.09, outcomes).share(PRESET);
        assert_eq!(share(0), PRESET);
        assert!((share(20) - PRESET).abs() < 0.02, "{}", share(20));
        assert!((share(20_000) - 0.09).abs() < 0.005, "{}", share(20_000));
    }

    #[test]
    fn one_outcome_moves_a_new_one_by_a_two_hundredth() {
        let mut usual = Usual::default();
        usual.learn(PRESET, true, false);
        assert!((usual.share(PRESET) - (PRESET + 0.88 / 201.0)).abs() < 1e-6);
    }

    #[test]
    fn it_forgets() {
        let high = learned(Usual::default(), 0.15, 200_000);
        let after = |outcomes| learned(high, 0.09, outcomes).share(PRESET);
        assert!(after(5_000) > 0.135, "{}", after(5_000));
        assert!((after(150_000) - 0.093).abs() < 0.005, "{}", after(150_000));
    }

    #[test]
    fn what_is_in_doubt_teaches_slowly_once_it_is_warm() {
        let doubted = |usual, outcomes| taught(usual, 0.17, outcomes, true).share(PRESET);
        assert!((doubted(Usual::default(), 5_000) - 0.17).abs() < 0.02, "the preset may be wrong");
        let warm = learned(Usual::default(), 0.12, 200_000);
        assert!(doubted(warm, 10_000) < 0.125, "{}", doubted(warm, 10_000));
        assert!(doubted(warm, 2_000_000) > 0.155, "{}", doubted(warm, 2_000_000));
    }

    #[test]
    fn an_attack_from_the_first_outcome_cannot_teach_it_much() {
        let poisoned = learned(Usual::default(), 0.12 + 0.5 * 0.86, 100_000);
        assert!((poisoned.share(PRESET) - 0.18).abs() < 1e-4, "{}", poisoned.share(PRESET));
        // It saves nothing up beyond the bound.
        let healed = learned(poisoned, 0.12, 50_000).share(PRESET);
        assert!(healed < 0.15, "{healed}");
        let silent = learned(Usual::default(), 0.0, 400_000).share(PRESET);
        assert!((silent - 0.03).abs() < 1e-6, "{silent}");
    }

    proptest! {
        #[test]
        fn it_stays_within_bounds_whatever_it_reads(
            bytes: [u8; USUAL_BYTES], preset in 0.001..0.98_f64, failed: bool, in_doubt: bool,
        ) {
            let mut usual = Usual::decode(&bytes);
            usual.learn(preset, failed, in_doubt);
            prop_assert!((LEAST * preset..=(MOST * preset).min(1.0)).contains(&usual.share(preset)));
            prop_assert_eq!(Usual::decode(&usual.encode()), usual);
        }
    }
}
