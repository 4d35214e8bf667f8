//! Business flows: which steps a session and its account have done, as the origin's answers show.
//!
//! A step is done only when the origin answered success. Sessions are tied to accounts as the API itself
//! ties them: by a sign-in that succeeded, by what an answer issues. Missing is not unknown: a request is
//! refused only where what it lacks would be known if it had been done.

mod assistant;
mod entry;
mod identities;
mod judge;
mod track;
mod witness;

pub use assistant::{ASSISTANT_BYTES, Assistant, Proposal};
pub use identities::{bound_bytes, share_bytes};
pub use track::{Flows, Issued, Lacking, Who};
