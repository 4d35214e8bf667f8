//! Requests that are held for a while before they go on, or are answered.
//!
//! How many there may be at a time is bounded, since Envoy keeps each of them in memory. What becomes of one
//! is settled when it is held; nothing is decided when its time comes.

use crate::respond::Reply;

/// What becomes of a held request when its time comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// It goes on.
    Pass,
    /// It is answered.
    Reply(Reply),
}

struct Waiting {
    id: u32,
    /// In microseconds since 1970, as all times here.
    since_us: u64,
    until_us: u64,
    then: Then,
}

/// Timers are as fine as a millisecond: what is due within half of one is due.
const NEAR_US: u64 = 500;

/// Hosts' timers come late; by more than this it is for want of processors, and nothing to count on.
const MOST_LATE_US: u64 = 5_000;

/// The requests that one worker holds.
pub(super) struct Held {
    most: usize,
    waiting: Vec<Waiting>,
    /// By how much the host's timers come late on the average, which is made up for.
    late_us: u64,
}

impl Held {
    pub(super) fn new(most: u32) -> Self {
        Self { most: most as usize, waiting: Vec::new(), late_us: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.most
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn has(&self, id: u32) -> bool {
        self.waiting.iter().any(|waiting| waiting.id == id)
    }

    /// Holds a request, which the host knows by this number.
    pub(super) fn hold(&mut self, id: u32, since_us: u64, until_us: u64, then: Then) {
        self.waiting.push(Waiting { id, since_us, until_us, then });
    }

    /// When the next is due.
    pub(super) fn next_us(&self) -> Option<u64> {
        let next_us = self.waiting.iter().map(|waiting| waiting.until_us).min();
        next_us.map(|next_us| next_us.saturating_sub(self.late_us))
    }

    /// The requests whose time has come. A clock that jumped back lets all go that were held before.
    pub(super) fn due(&mut self, now_us: u64) -> Vec<(u32, Then)> {
        let soon_us = now_us.saturating_add(NEAR_US + self.late_us);
        let is_due = |waiting: &mut Waiting| soon_us >= waiting.until_us || now_us < waiting.since_us;
        let due: Vec<_> = self.waiting.extract_if(.., is_due).collect();
        for waiting in &due {
            let late_us = now_us.saturating_sub(waiting.until_us.saturating_sub(self.late_us));
            // An exponential mean over the last sixteen or so.
            self.late_us = (15 * self.late_us + late_us.min(MOST_LATE_US)) / 16;
        }
        due.into_iter().map(|waiting| (waiting.id, waiting.then)).collect()
    }

    /// Forgets a request that ended before its time.
    pub(super) fn forget(&mut self, id: u32) {
        self.waiting.retain(|waiting| waiting.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(due: Vec<(u32, Then)>) -> Vec<u32> {
        due.into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn each_goes_when_its_time_comes() {
        let mut held = Held::new(3);
        held.hold(1, 10_000, 30_000, Then::Pass);
        held.hold(2, 10_000, 20_000, Then::Pass);
        held.hold(3, 10_000, 25_000, Then::Pass);
        assert!(held.is_full());
        held.forget(3);
        assert!(!held.is_full());
        assert!(held.due(20_000 - NEAR_US - 1).is_empty());
        assert_eq!(ids(held.due(20_000)), [2]);
        assert_eq!(ids(held.due(90_000)), [1]);
        assert!(held.is_empty());
    }

    #[test]
    fn timers_that_come_late_are_made_up_for() {
        let mut held = Held::new(1);
        let mut at_us = 0;
        for _ in 0..200 {
            held.hold(1, at_us, at_us + 30_000, Then::Pass);
            // The host comes 1.1 ms after it was asked to.
            at_us = held.next_us().unwrap() + 1_100;
            assert_eq!(ids(held.due(at_us)), [1]);
        }
        held.hold(1, at_us, at_us + 30_000, Then::Pass);
        let late_us = held.next_us().unwrap() + 1_100 - (at_us + 30_000);
        assert!(late_us < 100, "{late_us}");
    }

    #[test]
    fn a_clock_that_jumps_back_strands_nobody() {
        let mut held = Held::new(3);
        held.hold(1, 10_000, 30_000, Then::Pass);
        assert_eq!(ids(held.due(500)), [1]);
    }
}
