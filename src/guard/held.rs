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
    since_ms: u64,
    until_ms: u64,
    then: Then,
}

/// The requests that one worker holds.
pub(super) struct Held {
    most: usize,
    waiting: Vec<Waiting>,
}

impl Held {
    pub(super) fn new(most: u32) -> Self {
        Self { most: most as usize, waiting: Vec::new() }
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
    pub(super) fn hold(&mut self, id: u32, since_ms: u64, until_ms: u64, then: Then) {
        self.waiting.push(Waiting { id, since_ms, until_ms, then });
    }

    /// The requests whose time has come. A clock that jumped back lets all go that were held before.
    pub(super) fn due(&mut self, now_ms: u64) -> Vec<(u32, Then)> {
        let is_due = |waiting: &mut Waiting| now_ms >= waiting.until_ms || now_ms < waiting.since_ms;
        self.waiting.extract_if(.., is_due).map(|waiting| (waiting.id, waiting.then)).collect()
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
        held.hold(1, 1000, 3000, Then::Pass);
        held.hold(2, 1000, 2000, Then::Pass);
        held.hold(3, 1000, 2500, Then::Pass);
        assert!(held.is_full());
        held.forget(3);
        assert!(!held.is_full());
        assert!(held.due(1999).is_empty());
        assert_eq!(ids(held.due(2000)), [2]);
        assert_eq!(ids(held.due(9000)), [1]);
        assert!(held.is_empty());
    }

    #[test]
    fn a_clock_that_jumps_back_strands_nobody() {
        let mut held = Held::new(3);
        held.hold(1, 1000, 3000, Then::Pass);
        assert_eq!(ids(held.due(500)), [1]);
    }
}
