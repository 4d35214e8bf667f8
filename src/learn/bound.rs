//! What learning takes at most: in the host, where it stays within what is kept aside for it, and in
//! each worker. It follows from the configuration alone; what clients do changes nothing.

use super::book::book_bytes;
use super::late::{LATE_BYTES, late_bytes};
use super::{campaign, earners, follow_ups, learner, pace, returning, visits};
use crate::decree;
use crate::flow;
use crate::memory::layout::{decoys_bytes, learning};
use crate::memory::sheet::SheetSpec;
use crate::memory::{self, Bound, known};
use crate::policy::Settings;
use crate::usage::usage_bytes;

/// How long each kind of sheet is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SheetLengths {
    /// All sheets together of the map of whom we know: what it may take.
    pub(super) known: u64,
    /// All sheets together of sessions that did business; `None`: they earn nothing by it.
    pub(super) earners: Option<u64>,
    /// The book of each policy that learns.
    pub(super) book: usize,
    /// What is yet to be followed up.
    pub(super) late: usize,
}

impl SheetLengths {
    /// The lengths for these settings.
    pub(super) fn new(settings: &Settings) -> Self {
        let budget = learning(
            settings.memory_bytes.saturating_sub(flow::share_bytes(settings) + decoys_bytes(settings)),
        );
        let book = book_bytes(budget.books / learners(settings).max(1) as u64);
        let earners = settings.trust.as_ref().map(|_| budget.earners);
        Self { known: budget.known, earners, book, late: late_bytes(budget.late) }
    }

    fn of_known(self) -> impl Iterator<Item = SheetSpec> {
        let known = known::specs("", self.known, known::MOST);
        known.into_iter().chain(self.earners.into_iter().flat_map(earners::specs))
    }

    /// The lengths of all sheets.
    fn all(self, settings: &Settings) -> Vec<usize> {
        let mut all: Vec<usize> = self.of_known().map(|spec| spec.bytes).collect();
        all.resize(all.len() + learners(settings), self.book);
        all.extend([self.late, campaign::SHEET_BYTES, decree::SHEET_BYTES]);
        all
    }
}

/// How many policies learn.
fn learners(settings: &Settings) -> usize {
    settings.policies.iter().filter(|policy| policy.learning.is_some()).count()
}

/// The bound on memory for these settings, learning and flows included. Requests under way are not in it: each
/// takes what its headers take, and at most `body_limit`.
#[must_use]
pub fn bound(settings: &Settings) -> Bound {
    let others = flow::share_bytes(settings) + decoys_bytes(settings);
    let mut bound = memory::bound(settings.memory_bytes.saturating_sub(others));
    bound.bytes += others;
    bound.worker_bytes += worker_bytes(settings) + flow::bound_bytes(settings);
    bound.worker_bytes += usage_bytes(settings);
    bound.worker_bytes += if settings.propose_flows { flow::ASSISTANT_BYTES } else { 0 };
    bound
}

/// The most bytes that each worker keeps for learning: copies of all sheets, one more of the longest
/// and of the campaigns while they are changed, and what is counted or waits.
fn worker_bytes(settings: &Settings) -> u64 {
    let lengths = SheetLengths::new(settings);
    let all = lengths.all(settings);
    let changed = all.iter().max().copied().unwrap_or_default() + campaign::SHEET_BYTES;
    // Of the decrees a copy more tells whether they have changed.
    let copies = (all.iter().sum::<usize>() + changed + 2 * decree::SHEET_BYTES) as u64;
    let follows = settings.policies.iter().filter_map(|policy| policy.learning.as_ref());
    let turning = if follows.into_iter().any(|learning| learning.follow_up.is_some()) {
        follow_ups::turning_bytes(lengths.late / LATE_BYTES)
    } else {
        0
    };
    let lessons = learners(settings) as u64 * learner::LESSONS_BYTES;
    let counts = visits::BOUND_BYTES + pace::BOUND_BYTES + returning::BOUND_BYTES;
    let maps = 1 + u64::from(lengths.earners.is_some());
    let waiting = maps * known::WAITING_BYTES + learner::WAITING_BYTES + follow_ups::WAITING_BYTES;
    copies + turning + lessons + counts + waiting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::memory::layout::{LEARNING_SHARE, entries_cost_bytes, sheet_cost_bytes};
    use crate::memory::sheet::{BOARD_BYTES, MOST_SHEETS};
    use serde_json::json;

    fn settings(memory: &str, policies: usize) -> Settings {
        let login = json!({"role": "login", "subject": {"json": "/email"}});
        let policies: serde_json::Map<_, _> =
            (0..policies).map(|n| (format!("p{n}"), login.clone())).collect();
        let written = json!({
            "secret": "long enough for a test", "memory": memory, "policies": policies,
            "client": {"session": {"cookie": "sid"}}, "trust": {"after": ["p0"]},
        });
        config::read(&written, &|_| None).unwrap().settings
    }

    #[test]
    fn sheets_stay_within_what_is_kept_aside() {
        for memory in ["1MiB", "2MiB", "3MiB", "10MiB", "64MiB", "100MiB", "4GiB"] {
            for policies in [1, 2, 5, 64] {
                let settings = settings(memory, policies);
                let all = SheetLengths::new(&settings).all(&settings);
                assert!(all.len() <= MOST_SHEETS);
                let sheets: u64 = all.into_iter().map(sheet_cost_bytes).sum();
                // The decrees have a board of their own.
                let board = 2 * (BOARD_BYTES as u64 + entries_cost_bytes(1));
                let aside = settings.memory_bytes / LEARNING_SHARE;
                assert!(sheets + board <= aside, "{memory}, {policies}: {sheets} of {aside}");
            }
        }
    }

    #[test]
    fn a_worker_takes_no_more_than_a_share_of_what_is_configured_and_some_mib() {
        for (memory, policies, mib) in
            [("1MiB", 1, 10), ("64MiB", 1, 14), ("64MiB", 64, 22), ("4GiB", 64, 34)]
        {
            let bytes = bound(&settings(memory, policies)).worker_bytes;
            assert!(bytes <= mib << 20, "{memory}, {policies}: {bytes}");
        }
    }
}
