//! What is kept of one identity: a session, or an account under one of its names.

use crate::memory::bytes::{Parts, array};

/// Length of an entry in bytes.
pub(super) const ENTRY_BYTES: usize = 24 + STEPS * 8;

/// Steps that an entry holds; the configuration allows no more in all.
const STEPS: usize = 8;

/// Times are kept in quarters of a second, in 32 bits that may begin again at 0 after 34 years.
const TICK_MS: u64 = 250;

/// A time as entries hold it; never 0, which stands for none.
pub(super) fn tick(now_ms: u64) -> u32 {
    ((now_ms / TICK_MS) as u32).max(1)
}

/// How long ago it was, in milliseconds; 0 where the clock went back since.
pub(super) fn age_ms(then: u32, now: u32) -> u64 {
    let ticks = now.wrapping_sub(then);
    if ticks > u32::MAX / 2 { 0 } else { u64::from(ticks) * TICK_MS }
}

/// One identity.
///
/// | bytes | what |
/// |---|---|
/// | 0..8 | its hash; 0: the place is empty |
/// | 8..16 | the account that it is tied to, by its hash; 0: none |
/// | 16..20 | since when all of it is known; 0: it was there before |
/// | 20..24 | last written |
/// | 24.. | steps: the hash of the name, and when it was done |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: u64,
    pub(super) account: u64,
    pub(super) known_since: u32,
    pub(super) seen: u32,
    pub(super) steps: [(u32, u32); STEPS],
}

impl Entry {
    /// When a step was done.
    pub(super) fn step(&self, name: u32) -> Option<u32> {
        self.steps.iter().find(|(step, at)| *step == name && *at != 0).map(|(_, at)| *at)
    }

    /// Takes in that a step was done; of more than fit the one done longest ago makes room, which is one
    /// that an earlier configuration asked for.
    pub(super) fn done(&mut self, name: u32, now: u32) {
        let place = self.steps.iter().position(|(step, _)| *step == name);
        let oldest = || {
            let by_age = self.steps.iter().enumerate().max_by_key(|(_, (_, at))| match at {
                0 => u64::MAX,
                at => age_ms(*at, now),
            });
            by_age.map(|(place, _)| place)
        };
        if let Some(slot) = place.or_else(oldest).and_then(|place| self.steps.get_mut(place)) {
            *slot = (name, now);
        }
    }

    /// Takes in what another identity of the same client did, and whose it is.
    pub(super) fn inherit(&mut self, other: &Self) {
        if self.account == 0 {
            self.account = other.account;
        }
        for (step, at) in other.steps.iter().filter(|(_, at)| *at != 0) {
            if self.step(*step).is_none() {
                self.done(*step, *at);
            }
        }
    }

    pub(super) fn decode(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let word = |at| u32::from_le_bytes(array(bytes, at));
        Self {
            key: u64::from_le_bytes(array(bytes, 0)),
            account: u64::from_le_bytes(array(bytes, 8)),
            known_since: word(16),
            seen: word(20),
            steps: std::array::from_fn(|n| (word(24 + 8 * n), word(28 + 8 * n))),
        }
    }

    pub(super) fn encode(&self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        let mut parts = Parts::new(&mut out);
        parts.put(&self.key.to_le_bytes());
        parts.put(&self.account.to_le_bytes());
        parts.put(&self.known_since.to_le_bytes());
        parts.put(&self.seen.to_le_bytes());
        for (step, at) in self.steps {
            parts.put(&step.to_le_bytes());
            parts.put(&at.to_le_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_newest_steps_are_kept() {
        let mut entry = Entry::default();
        (1..=20).for_each(|n| entry.done(n, 100 + n));
        assert_eq!((entry.step(12), entry.step(13), entry.step(20)), (None, Some(113), Some(120)));
        entry.done(13, 500);
        assert_eq!((entry.step(13), entry.step(14)), (Some(500), Some(114)));
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_old() {
        assert_eq!((age_ms(100, 104), age_ms(104, 100)), (1000, 0));
        assert_eq!(age_ms(u32::MAX, 3), 1000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_entry(bytes in prop::array::uniform32(any::<u8>())) {
            let mut whole = [7; ENTRY_BYTES];
            whole[..32].copy_from_slice(&bytes);
            prop_assert_eq!(Entry::decode(&whole).encode(), whole);
        }
    }
}
