//! What a rule counts against a threshold, in the words of the configuration, and whether it can ever
//! reach one: distinct values of a facet that the key holds are always one.

use super::node::Node;
use super::policy::Present;
use super::rules::source_of;
use crate::policy::{Facet, FanOut};

/// What is counted against a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Requests that failed.
    Failures,
    /// Requests that succeeded.
    Successes,
    /// Both.
    Requests,
    /// Requests that each asked for the next in a row.
    InOrder,
    /// Different subjects that were asked for at a steady pace.
    Steady,
    /// A success, and subjects that failed beside it.
    UntilSuccess,
    /// Distinct values.
    FanOut(FanOut),
}

/// The words for them.
pub(super) const COUNTS: [(&str, Count); 17] = [
    ("failures", Count::Failures),
    ("successes", Count::Successes),
    ("requests", Count::Requests),
    ("in_order", Count::InOrder),
    ("steady", Count::Steady),
    ("until_success", Count::UntilSuccess),
    ("subjects", Count::of(Facet::Subject)),
    ("failed_subjects", Count::of_failed(Facet::Subject)),
    ("addresses", Count::of(Facet::Address)),
    ("failed_addresses", Count::of_failed(Facet::Address)),
    ("fingerprints", Count::of(Facet::Fingerprint)),
    ("failed_fingerprints", Count::of_failed(Facet::Fingerprint)),
    ("sessions", Count::of(Facet::Session)),
    ("failed_sessions", Count::of_failed(Facet::Session)),
    ("secrets", Count::of(Facet::Secret)),
    ("failed_secrets", Count::of_failed(Facet::Secret)),
    ("probes", Count::of_failed(Facet::Probe)),
];

impl Count {
    /// Distinct values of a facet, of every request with an outcome.
    pub(super) const fn of(facet: Facet) -> Self {
        Self::FanOut(FanOut { of: facet, failed: false })
    }

    /// Distinct values of a facet, of requests that failed.
    pub(super) const fn of_failed(facet: Facet) -> Self {
        Self::FanOut(FanOut { of: facet, failed: true })
    }

    /// The facet whose values it counts.
    pub(super) fn facet(self) -> Option<Facet> {
        match self {
            Self::FanOut(fan_out) => Some(fan_out.of),
            Self::Steady | Self::UntilSuccess => Some(Facet::Subject),
            _ => None,
        }
    }
}

/// The word for what a tally counts distinct values of.
pub(super) fn fan_out_word(fan_out: FanOut) -> Option<&'static str> {
    COUNTS.iter().find(|(_, count)| *count == Count::FanOut(fan_out)).map(|(word, _)| *word)
}

/// Whether requests of one key can have more than one value of a facet.
pub(super) fn can_differ(node: &Node<'_>, facet: Facet, key: &[Facet], present: Present) -> bool {
    if let Some(because) = present.lacks(facet) {
        node.mistake(
            format!("there is {because}, so this rule could never fire"),
            format!("add {}", source_of(facet)),
        );
        return false;
    }
    let Some((holds, remedy)) = fixed_by(facet, key, present) else { return true };
    node.mistake(
        format!("the key holds {holds}, so there is never more than one, and this rule could never fire"),
        remedy,
    );
    false
}

/// What of a key leaves a facet only one value, and what to do about it.
fn fixed_by(facet: Facet, key: &[Facet], present: Present) -> Option<(String, String)> {
    if key.contains(&facet) {
        let name = facet.name();
        return Some((format!("the {name}"), format!("take {name} out of the key")));
    }
    let parts = [Facet::Agent, Facet::HeaderOrder, Facet::Locale];
    let whole = parts.iter().all(|part| key.contains(part)) && (!present.tls || key.contains(&Facet::Tls));
    (facet == Facet::Fingerprint && whole)
        .then(|| ("all parts of the fingerprint".to_owned(), "take one of them out of the key".to_owned()))
}
