//! What operators see: counters, one line a verdict, trouble said once. Subjects, sessions and
//! addresses never get here, not even hashed; but for 25 bits of the keyed hash of the client's
//! network (/24 or /48), the last part of a printed fingerprint.

mod candidate;
mod line;
mod note;
mod pace;

pub use candidate::{Comparison, Difference};
pub use line::VerdictLine;
pub use note::Note;
pub use pace::Pace;

use crate::decide::Action;
use crate::detect::shift::Level;
use crate::facts::body::BodyTrouble;
use crate::host::Metric;

/// What went wrong beside a request, and was not the client's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// A route names a policy that does not exist.
    UnknownPolicy,
    /// A body is longer than the limit.
    BodyTooLarge,
    /// A body is not of the form its policy reads.
    BodyUnreadable,
    /// A write to shared data was put off.
    StoreConflict,
    /// Events were dropped, since too many waited.
    EventsLost,
    /// A page of shared data had no known form.
    PageUnreadable,
    /// A request could not be held, since too many were.
    HeldFull,
}

impl Trouble {
    /// Its name in metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownPolicy => "unknown-policy",
            Self::BodyTooLarge => "body-too-large",
            Self::BodyUnreadable => "body-unreadable",
            Self::StoreConflict => "store-conflict",
            Self::EventsLost => "events-lost",
            Self::PageUnreadable => "page-unreadable",
            Self::HeldFull => "held-full",
        }
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::UnknownPolicy => "name one of the configured policies in the route's metadata",
            Self::BodyTooLarge => "raise body_limit, or read the subject from elsewhere",
            Self::BodyUnreadable => {
                "check what the policy's subject or failure reads against what clients send"
            }
            Self::StoreConflict => "nothing, unless it grows: the write is tried again",
            Self::EventsLost => "raise memory or lower the load of this Envoy",
            Self::HeldFull => "raise held, or deceive and delay fewer",
            Self::PageUnreadable => "let no other plugin write keys that begin with pal1:",
        }
    }
}

impl From<BodyTrouble> for Trouble {
    fn from(trouble: BodyTrouble) -> Self {
        match trouble {
            BodyTrouble::TooLarge => Self::BodyTooLarge,
            BodyTrouble::Unreadable => Self::BodyUnreadable,
        }
    }
}

/// Counts verdicts.
#[must_use]
pub fn verdicts(policy: &str, action: Action, reason: &str) -> Metric {
    Metric(format!("verdicts.policy.{policy}.action.{}.reason.{reason}", action.name()))
}

/// Counts requests by what became of them: an outcome's name, or [`ANSWERED`].
#[must_use]
pub fn requests(policy: &str, outcome: &str) -> Metric {
    Metric(format!("requests.policy.{policy}.outcome.{outcome}"))
}

/// What became of a request that Palisade answered itself.
pub const ANSWERED: &str = "answered";

/// What became of a request that an entry of `allow` let through.
pub const ALLOWED: &str = "allowed";

/// Counts trouble.
#[must_use]
pub fn troubles(policy: &str, trouble: Trouble) -> Metric {
    Metric(format!("trouble.policy.{policy}.kind.{}", trouble.name()))
}

/// Counts changes of the level of a policy's failures.
#[must_use]
pub fn alarms(policy: &str, level: Level) -> Metric {
    Metric(format!("alarms.policy.{policy}.level.{}", level.name()))
}

/// Counts requests on which a candidate does not do what the live policy does.
#[must_use]
pub fn differences(policy: &str, action: Action, live: Action) -> Metric {
    Metric(format!("differs.policy.{policy}.action.{}.live.{}", action.name(), live.name()))
}

/// How many distinct clients a candidate and the live policy treat in a way.
#[must_use]
pub fn clients(policy: &str, whom: &str) -> Metric {
    Metric(format!("clients.policy.{policy}.whom.{whom}"))
}

/// Counts records that made room for others, and other workings of the table.
#[must_use]
pub fn table(what: &'static str) -> Metric {
    Metric(format!("table.{what}"))
}
