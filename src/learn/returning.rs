//! Who comes back: the second chance of a customer whose way was condemned because of an attacker.
//!
//! A machine whose try was refused goes on to the next account; a person tries the same again. So
//! whoever comes back with the same subject, in the same session or from the same network, is let
//! through, for as long as those who came back before turned out to be customers. As greylisting does it for mail (Harris, "The Next Step in the Spam Control
//! War: Greylisting", 2003). Kept by each worker for itself, since a person's next try hardly takes
//! another connection.

use crate::memory::generations::{Generations, bound_bytes};

/// Refusals that are remembered, in each of two generations.
const GENERATION: usize = 4096;

/// The most that this takes, in bytes.
pub(super) const BOUND_BYTES: u64 = bound_bytes::<u64, u64>(GENERATION);

/// Who comes back sooner, in milliseconds, is a machine that tries again.
const SOON_MS: u64 = 2_000;

/// Who comes back later, in milliseconds, is refused as if for the first time.
const LATE_MS: u64 = 600_000;

/// The refusals that one worker remembers.
pub(super) struct Returning {
    /// When each was refused, in milliseconds since 1970.
    refusals: Generations<u64, u64>,
}

impl Returning {
    /// Remembers nobody yet. `seeds` key its hashes.
    pub(super) fn new(seeds: [u64; 4]) -> Self {
        Self { refusals: Generations::new(GENERATION, seeds) }
    }

    /// Whether someone who was refused under one of these keys comes back; if not, it is remembered
    /// that he is refused now.
    pub(super) fn comes_back(&mut self, keys: [Option<u64>; 2], now_ms: u64) -> bool {
        let mut back = false;
        for key in keys.into_iter().flatten() {
            let since = self.refusals.get(&key).copied();
            let age_ms = since.and_then(|since| now_ms.checked_sub(since));
            match age_ms {
                Some(SOON_MS..LATE_MS) => back = true,
                Some(..SOON_MS) => {}
                _ => self.refusals.insert(key, now_ms),
            }
        }
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_is_let_through_and_who_hurries_is_not() {
        let mut returning = Returning::new([1, 2, 3, 4]);
        let mut at = |key, now_ms| returning.comes_back([Some(key), None], now_ms);
        assert!(!at(1, 10_000));
        assert!(!at(1, 10_500), "too soon");
        assert!(!at(2, 13_000), "somebody else");
        assert!(at(1, 13_000) && at(1, 14_000));
        assert!(!at(1, 10_000 + LATE_MS), "as if for the first time");
        assert!(at(1, 13_000 + LATE_MS));
    }

    #[test]
    fn either_key_will_do() {
        let mut returning = Returning::new([1, 2, 3, 4]);
        assert!(!returning.comes_back([Some(1), Some(2)], 0));
        assert!(returning.comes_back([Some(3), Some(2)], 5_000));
    }

    #[test]
    fn a_flood_of_refusals_does_not_make_it_grow() {
        let mut returning = Returning::new([1, 2, 3, 4]);
        for key in 0..5 * GENERATION as u64 {
            returning.comes_back([Some(key), None], 1000);
            assert!(returning.refusals.sizes().iter().all(|&size| size <= GENERATION));
        }
    }
}
