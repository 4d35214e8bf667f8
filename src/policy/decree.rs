//! Decrees: what the operator rules by hand, whatever was counted.

use super::{FingerprintId, Network, Secret};

/// The most decrees of a configuration, condemnations and unbans together.
pub const MOST_DECREES: usize = 64;

/// The actions that a decree can name, from mild to severe: those steps of a ladder that stand for a while.
pub const LASTING: [&str; 4] = ["delay", "limit", "deceive", "block"];

/// Whom a decree is about. `S` is how a session is held: as it was written, or by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<S> {
    /// Everyone with an address in it.
    Network(Network),
    /// Everyone with these parts; those it lacks stand for any.
    Fingerprint(FingerprintId),
    /// The members of a campaign, by its id; never 0.
    Campaign(u32),
    /// One session.
    Session(S),
}

impl<S> Target<S> {
    /// The word for its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Network(_) => "network",
            Self::Fingerprint(_) => "fingerprint",
            Self::Campaign(_) => "campaign",
            Self::Session(_) => "session",
        }
    }

    /// It as it may be shown; `None`: a session, which never is.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Network(network) => Some(network.to_string()),
            Self::Fingerprint(parts) => Some(parts.to_string()),
            Self::Campaign(id) => Some(format!("{id:08x}")),
            Self::Session(_) => None,
        }
    }
}

impl<S: PartialEq> Target<S> {
    /// Whether everyone that another is about is one that this is about.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Network(own), Self::Network(other)) => own.covers(other),
            (Self::Fingerprint(own), Self::Fingerprint(other)) => own.covers(other),
            _ => self == other,
        }
    }
}

/// A decree of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct DecreeRule {
    /// Whom it is about.
    pub target: Target<Secret>,
    /// What is ruled.
    pub ruled: RuledAs,
    /// Why, in the operator's words.
    pub why: Option<String>,
}

/// What is ruled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuledAs {
    /// Requests meet an action.
    Condemn {
        /// One of [`LASTING`].
        action: &'static str,
        /// For how long after the decree was first seen, in milliseconds; `None`: as long as it is there.
        for_ms: Option<u64>,
    },
    /// What was ruled and counted before does not hold.
    Unban,
}
