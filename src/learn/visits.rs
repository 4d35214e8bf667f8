//! How many requests a session made, as far as one worker counts: until it is known as a busy one.

use std::collections::HashMap;

use ahash::RandomState;

use super::journey;
use crate::memory::layout::map_bytes;

/// Sessions in each of the two generations.
const GENERATION: usize = 4096;

/// The most that this takes, in bytes.
pub(super) const BOUND_BYTES: u64 = 2 * map_bytes(GENERATION, size_of::<(u64, u8)>());

/// A worker's counts.
pub(super) struct Visits {
    young: HashMap<u64, u8, RandomState>,
    old: HashMap<u64, u8, RandomState>,
}

impl Visits {
    /// Counts nothing yet. `seeds` key its hashes.
    #[must_use]
    pub(super) fn new(seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        let state = RandomState::with_seeds(a, b, c, d);
        Self { young: HashMap::with_hasher(state.clone()), old: HashMap::with_hasher(state) }
    }

    /// Counts a request of a session that is stored so; what is to be stored now, where that changes.
    pub(super) fn count(&mut self, session: u64, stored: Option<u32>, now_s: u32) -> Option<u32> {
        if stored.is_some_and(journey::is_busy) {
            return None;
        }
        let before = self.young.get(&session).or_else(|| self.old.get(&session)).copied().unwrap_or(0);
        let requests = before.saturating_add(1);
        if self.young.len() >= GENERATION && !self.young.contains_key(&session) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(session, requests);
        journey::after(stored, requests, now_s)
    }
}
