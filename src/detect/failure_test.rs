//! The sequential failure test: Jung, Paxson, Berger and Balakrishnan, "Fast Portscan Detection
//! Using Sequential Hypothesis Testing" (2004), with a floor, capped credit and fading, so that
//! neither a benign nor a hostile past lasts. The test itself runs in the tally, one step a
//! request; this reads where it stands.

use crate::memory::Tally;

/// The log-likelihood ratio of "hostile" over "usual", 0 to 32 nats. By Wald's inequality a
/// legitimate client reaches x at most once in e^x excursions from 0.
pub(super) fn nats(tally: &Tally) -> f64 {
    tally.test_nats()
}
