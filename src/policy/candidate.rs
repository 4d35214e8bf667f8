//! A candidate: the configuration with some of it changed, tried beside the live one.

use super::{Facet, Settings};

/// So many parts make a whole of [`Candidate::share`].
pub const WHOLE_SHARE: u32 = 10_000;

/// What is tried beside the live configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What it comes to, all of it: it has no candidate of its own.
    pub settings: Settings,
    /// Of clients for whom it decides in place of the live configuration, in parts of [`WHOLE_SHARE`]; 0: it
    /// only watches.
    pub share: u32,
    /// What a client is told from others by.
    pub by: Vec<Facet>,
    /// Tells it and the live configuration apart from earlier ones.
    pub stamp: u64,
}
