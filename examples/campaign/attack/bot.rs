//! A lane's clients.

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
