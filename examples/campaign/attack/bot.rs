//! A lane's clients, and how it notices that they are stopped.

use std::collections::VecDeque;

use super::errand::Errand;

/// One of a lane's clients: an address and a session for a while.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bot {
    pub(super) address: u32,
    pub(super) connection: u64,
    pub(super) sid: Option<u64>,
    pub(super) pages_left: u8,
    pub(super) uses_left: u32,
    pub(super) until_ms: u64,
    /// What it is about with an account, if anything.
    pub(super) errand: Option<Errand>,
}

/// Answers that a script looks back on.
const REMEMBERED: usize = 40;
/// It takes no fewer for a change.
const ENOUGH: usize = 24;
/// Share of them that must be refusals.
const REFUSED: f64 = 0.6;

/// What a script knows of its last answers.
#[derive(Default)]
pub(super) struct Notice {
    recent: VecDeque<bool>,
    has_noticed: bool,
}

impl Notice {
    /// Takes an answer into account; true when it is the one that makes the script's operator
    /// notice that most are refused.
    pub(super) fn look_back(&mut self, refused: bool) -> bool {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(refused);
        let refusals = self.recent.iter().filter(|refused| **refused).count();
        let are_many = refusals as f64 >= REFUSED * self.recent.len() as f64;
        let notices = !self.has_noticed && self.recent.len() >= ENOUGH && are_many;
        self.has_noticed |= notices;
        notices
    }
}
