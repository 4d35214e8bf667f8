//! The seam to whatever runs the filter: a clock, shared data, attributes, metrics, a log.
//!
//! Small on purpose. It names no type of proxy-wasm, so that the core runs natively against
//! [`crate::sim`] and in Envoy against `crate::wasm` without a difference.

use crate::policy::Identity;

/// A page read from shared data, with the version that a conditional write has to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The value; empty where it was emptied.
    pub bytes: Vec<u8>,
    /// Its version.
    pub version: u32,
}

/// Why a conditional write did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Someone else wrote first: read again.
    Conflict,
    /// The host refused.
    Refused,
}

/// What a conditional write expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No value under the key yet.
    Absent,
    /// The value with this version.
    Version(u32),
}

/// What the host knows of an exchange and the headers do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute<'a> {
    /// The policy that the route's metadata names.
    RoutePolicy,
    /// The policy that the virtual host's metadata names.
    HostPolicy,
    /// The client's address, with or without port, as the host settled it.
    SourceAddress,
    /// A string in the filter state under this key.
    FilterState(&'a str),
    /// Whether the client showed a certificate: one byte, 1 where it did.
    ClientCertificate,
    /// What the client's certificate says of it.
    Identity(Identity),
    /// A claim of a JWT that was verified: the name of its payload in the metadata, and its own.
    Claim(&'a str, &'a str),
    /// How the answer came to be; `via_upstream` where the origin gave it.
    AnswerDetails,
}

/// A counter or gauge; the host adds `palisade_` before it. Its parts come from the configuration, so
/// there is a bounded number of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metric(pub String);

/// How loud a line in the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something an operator may want to know.
    Info,
    /// Something an operator should mend.
    Warn,
}

/// What the core asks of its host. Every call is answered at once.
pub trait Host {
    /// Wall-clock time in milliseconds since 1970. It can jump back.
    fn now_ms(&self) -> u64;

    /// The same in microseconds, as exactly as the host knows it.
    fn now_us(&self) -> u64 {
        self.now_ms().saturating_mul(1000)
    }

    /// The value under a key; `None` where there never was one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the host does not answer.
    fn load(&self, key: &str) -> Result<Option<Stored>, StoreError>;

    /// Writes the value if what is expected is still there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is not, [`StoreError::Refused`] where the host fails.
    fn store(&self, key: &str, bytes: &[u8], expected: Expected) -> Result<(), StoreError>;

    /// An attribute of the exchange; `None` where the host has none.
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>>;

    /// Adds to a counter.
    fn count(&self, metric: &Metric, by: u64);

    /// Sets a gauge, a metric of its own name.
    fn gauge(&self, metric: &Metric, value: u64);

    /// Writes one line to the host's log.
    fn log(&self, level: Level, line: &str);
}
