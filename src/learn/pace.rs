//! How a client's requests follow each other: machines keep time, people do not.
//!
//! Kept by each worker for itself, for a session or, where a request has none, for its fingerprint. It is
//! weak evidence, so it only ever makes a failure weigh a little more or less; a partner's server that
//! keeps time and succeeds is not touched by it.

use crate::memory::generations::{Generations, bound_bytes};
use crate::usage::Rhythm;

/// Clients in each of the two generations.
const GENERATION: usize = 4096;

/// The most that this takes, in bytes.
pub(super) const BOUND_BYTES: u64 = bound_bytes::<u64, Rhythm>(GENERATION);

/// Nobody answers a page faster than this, in milliseconds.
const HASTY_MS: u64 = 600;

/// The coefficient of variation above which it may be a person.
const LOOSE: f32 = 0.6;

/// What each weighs beside a failure, in nats.
const REGULAR_NATS: f32 = 0.7;
const HASTY_NATS: f32 = 0.5;
const LOOSE_NATS: f32 = -0.3;

/// What a rhythm weighs beside a failure; `gap_ms`: since the request before.
fn nats(rhythm: &Rhythm, gap_ms: Option<u64>) -> f32 {
    let of_rhythm = match rhythm.variation() {
        _ if rhythm.is_regular() => REGULAR_NATS,
        Some(variation) if variation > LOOSE => LOOSE_NATS,
        _ => 0.0,
    };
    let is_hasty = gap_ms.is_some_and(|gap_ms| gap_ms < HASTY_MS);
    if is_hasty { of_rhythm.max(HASTY_NATS) } else { of_rhythm }
}

/// The rhythms that one worker knows.
pub(super) struct Pace {
    rhythms: Generations<u64, Rhythm>,
}

impl Pace {
    /// Knows none yet. `seeds` key its hashes.
    pub(super) fn new(seeds: [u64; 4]) -> Self {
        Self { rhythms: Generations::new(GENERATION, seeds) }
    }

    /// Takes in a request of a client; what its pace weighs beside a failure, in nats.
    pub(super) fn beat(&mut self, client: u64, now_ms: u64) -> f32 {
        let rhythm = self.rhythms.renew(client);
        let gap_ms = rhythm.beat(now_ms);
        nats(rhythm, gap_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nats(gaps_ms: impl IntoIterator<Item = u64>) -> f32 {
        let mut pace = Pace::new([1, 2, 3, 4]);
        let mut now_ms = 1_000_000;
        let beats = gaps_ms.into_iter().map(|gap_ms| {
            now_ms += gap_ms;
            pace.beat(7, now_ms)
        });
        beats.last().unwrap()
    }

    #[test]
    fn machines_keep_time_and_people_do_not() {
        assert_eq!(nats([5_000; 12]), REGULAR_NATS);
        assert_eq!(nats([2_000, 31_000, 900, 8_000, 60_000, 1_500, 4_000, 90_000, 700, 700]), LOOSE_NATS);
        assert_eq!(nats([5_000, 5_000, 5_000]), 0.0, "three gaps tell nothing");
    }

    #[test]
    fn a_form_filled_in_half_a_second_was_filled_by_a_machine() {
        assert_eq!(nats([60_000, 300]), HASTY_NATS);
        assert_eq!(nats([60_000, 10]), 0.0, "what a page loads with it");
    }

    #[test]
    fn after_a_pause_it_begins_anew() {
        assert_eq!(nats([5_000; 12].into_iter().chain([3_600_000])), 0.0);
    }

    #[test]
    fn clients_beyond_count_do_not_make_it_grow() {
        let mut pace = Pace::new([1, 2, 3, 4]);
        for client in 0..4 * GENERATION as u64 {
            pace.beat(client, 1_000 + client);
        }
        assert!(pace.rhythms.sizes().iter().all(|&size| size <= GENERATION));
    }

    proptest! {
        #[test]
        fn any_times_give_bounded_evidence(times in prop::collection::vec(any::<u64>(), 1..40)) {
            let mut pace = Pace::new([1, 2, 3, 4]);
            for time in times {
                let nats = pace.beat(1, time);
                prop_assert!((LOOSE_NATS..=REGULAR_NATS).contains(&nats));
            }
        }
    }
}
