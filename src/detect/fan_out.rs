//! Distinct subjects of one key: accounts a session signs in to, codes a client tries.

use crate::memory::Tally;

/// The rule's score once about that many distinct subjects were seen; `None` below. The estimate's
/// error is that of [`crate::memory::distinct`].
pub(super) fn nats(tally: &Tally, at_least: u32, score: f64) -> Option<f64> {
    (tally.subjects.estimate() >= at_least).then_some(score)
}
