//! How many requests a session made, as far as one worker counts: until it is known as a busy one.

use super::journey;
use crate::memory::generations::{Generations, bound_bytes};

/// Sessions in each of the two generations.
const GENERATION: usize = 4096;

/// The most that this takes, in bytes.
pub(super) const BOUND_BYTES: u64 = bound_bytes::<u64, u8>(GENERATION);

/// A worker's counts.
pub(super) struct Visits {
    requests: Generations<u64, u8>,
}

impl Visits {
    /// Counts nothing yet. `seeds` key its hashes.
    #[must_use]
    pub(super) fn new(seeds: [u64; 4]) -> Self {
        Self { requests: Generations::new(GENERATION, seeds) }
    }

    /// Counts a request of a session that is stored so; what is to be stored now, where that changes.
    pub(super) fn count(&mut self, session: u64, stored: Option<u32>, now_s: u32) -> Option<u32> {
        if stored.is_some_and(journey::is_busy) {
            return None;
        }
        let requests = self.requests.get(&session).copied().unwrap_or(0).saturating_add(1);
        self.requests.insert(session, requests);
        journey::after(stored, requests, now_s)
    }
}
