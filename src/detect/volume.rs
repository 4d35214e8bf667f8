//! Counts over a threshold that an operator or a preset chose.

/// The rule's score once the count is reached; `None` below it.
pub(super) fn nats(count: u32, at_least: u32, score: f64) -> Option<f64> {
    (count >= at_least).then_some(score)
}
