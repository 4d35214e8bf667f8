//! What one exchange tells: the client's facets, the subject, the operation, the outcome.
//!
//! Everything here is a pure function of bytes. Nothing calls the host and nothing decides.

pub mod agent;
pub mod body;
pub mod client;
pub mod fingerprint;
pub mod graphql;
pub mod hash;
pub mod headers;
mod id;
pub mod json;
mod json_shape;
pub mod likeness;
pub mod neighborhood;
pub mod operation;
pub mod outcome;
pub mod payload;
pub mod preflight;
pub mod probe;
pub mod recall;
pub mod signature;
pub mod size;
pub mod source;
mod structured;
pub mod subject;

pub use crate::policy::FingerprintId;
pub use client::Facets;
pub use fingerprint::Fingerprint;
pub use hash::{Hashes, Key};
pub use headers::Headers;
pub use outcome::Outcome;
pub use probe::Probes;
pub use recall::Recall;
