//! What is kept of one identity: a session, or an account under one of its names.

use crate::memory::bytes::{Parts, array};

/// Length of an entry in bytes.
pub(super) const ENTRY_BYTES: usize = 26 + STEPS * 8;

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

/// How long a state that answers show again and again is not written anew, in milliseconds.
pub(super) const STATE_MS: u64 = 60_000;

/// One identity.
///
/// | bytes | what |
/// |---|---|
/// | 0..8 | its hash; 0: the place is empty |
/// | 8..16 | the account that it is tied to, by its hash; 0: none |
/// | 16..20 | since when all that it did is here; 0: not known |
/// | 20..24 | last written |
/// | 24 | 1: it did not exist before that time |
/// | 25 | which steps an answer showed *not* to be done, a bit each |
/// | 26.. | steps: the hash of the name, and when it was done or shown |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: u64,
    pub(super) account: u64,
    pub(super) known_since: u32,
    pub(super) seen: u32,
    pub(super) born: bool,
    undone: u8,
    steps: [(u32, u32); STEPS],
}

/// What a success of the origin tells of one identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Its hash.
    pub(super) key: u64,
    /// It did not exist before, unless it is known already.
    pub(super) born: bool,
    /// It goes on where this one was, unless it is known already.
    pub(super) after: Option<Entry>,
    /// What was kept under another of its names.
    pub(super) merged: Option<Entry>,
    /// The account that it is tied to.
    pub(super) account: Option<u64>,
    /// Whether it is tied anew where it was tied to another.
    pub(super) anew: bool,
    /// Steps that were done just now.
    pub(super) acts: Vec<u32>,
    /// Steps that are done, since whenever.
    pub(super) states: Vec<u32>,
    /// Steps that are not done.
    pub(super) undone: Vec<u32>,
    /// When it was told.
    pub(super) at: u32,
}

impl Entry {
    /// An identity of which nothing is here, and would be if it had done anything since then.
    pub(super) fn absent(key: u64, known_since: u32) -> Self {
        Self { key, known_since, ..Self::default() }
    }

    /// When a step was done, or shown to be.
    pub(super) fn step(&self, name: u32) -> Option<u32> {
        self.place(name).filter(|&place| !self.is_undone(place)).and_then(|place| self.at(place))
    }

    /// When a step was shown not to be done.
    pub(super) fn undone(&self, name: u32) -> Option<u32> {
        self.place(name).filter(|&place| self.is_undone(place)).and_then(|place| self.at(place))
    }

    /// Takes in what a success tells. `is_new`: nothing of it was known.
    pub(super) fn learn(&mut self, told: &Told, is_new: bool) {
        if is_new && told.born {
            (self.born, self.known_since) = (true, told.at);
        }
        if let Some(before) = &told.after {
            if is_new {
                (self.born, self.known_since) = (before.born, before.known_since);
            }
            if self.account == 0 && before.account != self.key {
                self.account = before.account;
            }
        }
        for other in told.after.iter().chain(&told.merged) {
            self.inherit(other);
        }
        if let Some(account) = told.account.filter(|account| *account != self.key)
            && (told.anew || self.account == 0)
        {
            self.account = account;
        }
        for step in &told.acts {
            if self.step(*step).is_none_or(|at| age_ms(at, told.at) > 0) {
                self.set(*step, told.at, false);
            }
        }
        for step in &told.states {
            if self.step(*step).is_none_or(|at| age_ms(at, told.at) > STATE_MS) {
                self.set(*step, told.at, false);
            }
        }
        // What was seen to be done stays so: the answer may come from a copy that has not heard of it.
        for step in &told.undone {
            if self.place(*step).is_none() {
                self.set(*step, told.at, true);
            }
        }
    }

    /// Takes in what another identity of the same client did.
    fn inherit(&mut self, other: &Self) {
        for (place, (name, at)) in other.steps.iter().enumerate().filter(|(_, (_, at))| *at != 0) {
            if !other.is_undone(place) && self.step(*name).is_none() {
                self.set(*name, *at, false);
            }
        }
    }

    fn place(&self, name: u32) -> Option<usize> {
        self.steps.iter().position(|(step, at)| *step == name && *at != 0)
    }

    fn at(&self, place: usize) -> Option<u32> {
        self.steps.get(place).map(|(_, at)| *at)
    }

    fn is_undone(&self, place: usize) -> bool {
        self.undone >> place & 1 == 1
    }

    /// Of more steps than fit the one done longest ago makes room, which is one that an earlier
    /// configuration asked for.
    fn set(&mut self, name: u32, at: u32, undone: bool) {
        let oldest = || {
            let by_age = self.steps.iter().enumerate().max_by_key(|(_, (_, then))| match then {
                0 => u64::MAX,
                then => age_ms(*then, at),
            });
            by_age.map(|(place, _)| place)
        };
        let Some(place) = self.place(name).or_else(oldest) else { return };
        if let Some(slot) = self.steps.get_mut(place) {
            *slot = (name, at);
            self.undone = self.undone & !(1 << place) | u8::from(undone) << place;
        }
    }

    pub(super) fn decode(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let word = |at| u32::from_le_bytes(array(bytes, at));
        let [born, undone] = array(bytes, 24);
        Self {
            key: u64::from_le_bytes(array(bytes, 0)),
            account: u64::from_le_bytes(array(bytes, 8)),
            known_since: word(16),
            seen: word(20),
            born: born == 1,
            undone,
            steps: std::array::from_fn(|n| (word(26 + 8 * n), word(30 + 8 * n))),
        }
    }

    pub(super) fn encode(&self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        let mut parts = Parts::new(&mut out);
        parts.put(&self.key.to_le_bytes());
        parts.put(&self.account.to_le_bytes());
        parts.put(&self.known_since.to_le_bytes());
        parts.put(&self.seen.to_le_bytes());
        parts.put(&[u8::from(self.born), self.undone]);
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

    fn told(at: u32) -> Told {
        Told { key: 7, at, ..Told::default() }
    }

    #[test]
    fn the_newest_steps_are_kept() {
        let mut entry = Entry::default();
        (1..=20).for_each(|n| entry.learn(&Told { acts: vec![n], ..told(100 + n) }, false));
        assert_eq!((entry.step(12), entry.step(13), entry.step(20)), (None, Some(113), Some(120)));
        entry.learn(&Told { acts: vec![13], ..told(500) }, false);
        assert_eq!((entry.step(13), entry.step(14)), (Some(500), Some(114)));
    }

    #[test]
    fn what_is_written_late_makes_nothing_older() {
        let mut entry = Entry::default();
        entry.learn(&Told { acts: vec![1], ..told(200) }, false);
        entry.learn(&Told { acts: vec![1], states: vec![1], ..told(100) }, false);
        assert_eq!(entry.step(1), Some(200));
    }

    #[test]
    fn a_state_that_is_shown_again_and_again_is_written_once_a_minute() {
        let mut entry = Entry::default();
        for (at, expected) in [(100, 100), (340, 100), (341, 341)] {
            entry.learn(&Told { states: vec![1], ..told(at) }, false);
            assert_eq!(entry.step(1), Some(expected));
        }
    }

    #[test]
    fn a_step_that_was_done_is_not_undone_by_an_answer_of_old() {
        let mut entry = Entry::default();
        entry.learn(&Told { undone: vec![1], ..told(100) }, false);
        assert_eq!((entry.step(1), entry.undone(1)), (None, Some(100)));
        entry.learn(&Told { acts: vec![1], ..told(101) }, false);
        entry.learn(&Told { undone: vec![1], ..told(102) }, false);
        assert_eq!((entry.step(1), entry.undone(1)), (Some(101), None));
    }

    #[test]
    fn only_what_was_not_known_is_new() {
        let mut entry = Entry { key: 7, known_since: 50, ..Entry::default() };
        entry.learn(&Told { born: true, ..told(100) }, false);
        assert_eq!((entry.born, entry.known_since), (false, 50));
        entry.learn(&Told { born: true, ..told(100) }, true);
        assert_eq!((entry.born, entry.known_since), (true, 100));
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_old() {
        assert_eq!((age_ms(100, 104), age_ms(104, 100)), (1000, 0));
        assert_eq!(age_ms(u32::MAX, 3), 1000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_entry(begin in prop::array::uniform26(any::<u8>()), step in any::<u64>()) {
            let mut whole = [7; ENTRY_BYTES];
            whole[..26].copy_from_slice(&begin);
            whole[26..34].copy_from_slice(&step.to_le_bytes());
            let entry = Entry::decode(&whole);
            prop_assert_eq!(Entry::decode(&entry.encode()), entry);
        }
    }
}
