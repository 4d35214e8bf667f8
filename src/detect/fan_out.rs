//! Distinct values on one key: accounts a session signs in to, codes a client tries, addresses that an
//! account is guessed from, clients that a session is used by. And probes.

use crate::memory::Tally;

/// The rule's score once about that many distinct values were seen; `None` below. The estimate's
/// error is that of [`crate::memory::distinct`].
pub(super) fn nats(tally: &Tally, at_least: u32, score: f64) -> Option<f64> {
    (tally.distinct.estimate() >= at_least).then_some(score)
}
