//! What a session earns by doing real business.

use super::{Facet, PolicyId};

/// How a session comes by trust, and what that is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The policies a success under any of which earns it, at least one.
    pub after: Vec<PolicyId>,
    /// How long it lasts, in milliseconds: an hour to 90 days.
    pub within_ms: u64,
    /// How many requests are let through in [`Self::per_ms`] though a verdict stands on what the session
    /// shares with others, 1 to 1,000.
    pub requests: u32,
    /// The window over which they are counted, in milliseconds: 3,000 to a day.
    pub per_ms: u64,
}

/// Whether a key tells nobody from the others who have the same make, network or address. One that says what
/// is asked for is none of these: whoever asks for what is under attack is refused, whatever he earned.
#[must_use]
pub fn is_shared(key: &[Facet]) -> bool {
    key.iter().all(|facet| !facet.is_asked_for() && !matches!(facet, Facet::Session | Facet::Probe))
}
