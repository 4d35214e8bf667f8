//! What is said of the verdict on one request: to access logs and to other filters, as filter state.

use std::borrow::Cow;

use crate::decide::Action;
use crate::policy::{Mode, Policy};

/// The verdict on one request. Every value comes from the configuration, is a hash, or is a number,
/// so that its length is bounded and nothing of it is what a client wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What is done, or would be done.
    pub action: Action,
    /// The policy's name.
    pub policy: String,
    /// Why, strongest first, separated by commas.
    pub reasons: String,
    /// The sum of the evidence, in nats; `None`: the verdict does not come of the request's own keys.
    pub score: Option<f64>,
    /// When the verdict ends, in seconds since 1970; `None`: with this request.
    pub until: Option<u32>,
    /// The how-manieth verdict it is.
    pub repeat: Option<u8>,
    /// The client's fingerprint as it is printed; empty where none was taken, since it is let through unjudged.
    pub fingerprint: String,
    /// The sides of the behavior that is condemned, separated by `+`.
    pub key: Option<String>,
    /// What the client's session looked at before.
    pub journey: Option<&'static str>,
    /// The campaign that the client is of.
    pub campaign: Option<String>,
    /// Whether a verdict stood on what its session shares with others, and it was let through for what that earned.
    pub spared: bool,
    /// Whether it is the candidate's, which decides in place of the live policy.
    pub candidate: bool,
    /// Whether it is carried out; else the policy observes.
    pub enforced: bool,
}

impl Note {
    /// A verdict that ends with its request; more is filled in where it is known.
    #[must_use]
    pub fn new(policy: &Policy, action: Action, reasons: String, fingerprint: String) -> Self {
        Self {
            action,
            policy: policy.name.clone(),
            reasons,
            score: None,
            until: None,
            repeat: None,
            fingerprint,
            key: None,
            journey: None,
            campaign: None,
            spared: false,
            candidate: false,
            // What is only pointed out is pointed out by a policy that observes, too.
            enforced: policy.mode == Mode::Enforce || action <= Action::Tag,
        }
    }

    /// The whole of it, as `wasm.palisade` has it: `NAME=VALUE`, separated by semicolons.
    #[must_use]
    pub fn text(&self) -> String {
        let (score, until) = (self.score.map(shown_score), self.until.map(|until| until.to_string()));
        let repeat = self.repeat.map(|repeat| repeat.to_string());
        let all = [
            ("action", Some(self.action.name())),
            ("policy", Some(self.policy.as_str())),
            ("reasons", Some(self.reasons.as_str())),
            ("score", score.as_deref()),
            ("until", until.as_deref()),
            ("repeat", repeat.as_deref()),
            ("fingerprint", self.taken_fingerprint()),
            ("key", self.key.as_deref()),
            ("journey", self.journey),
            ("campaign", self.campaign.as_deref()),
            ("spared", self.spared.then_some("trusted")),
            ("candidate", self.candidate.then_some("decides")),
            ("enforced", (!self.enforced).then_some("no")),
        ];
        // Most come to less than this.
        let mut text = String::with_capacity(256);
        for (name, value) in all {
            let Some(value) = value else { continue };
            for part in [if text.is_empty() { "" } else { ";" }, name, "=", value] {
                text.push_str(part);
            }
        }
        text
    }

    /// What other filters can go by, each under the name of its own: a list of [`Note::PARTS`].
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let values = [
            Some(self.action.name().into()),
            Some(self.policy.as_str().into()),
            Some(self.reasons.as_str().into()),
            self.score.map(shown_score).map(Cow::Owned),
            self.taken_fingerprint().map(Cow::Borrowed),
            self.campaign.as_deref().map(Cow::Borrowed),
        ];
        Self::PARTS.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
    }

    fn taken_fingerprint(&self) -> Option<&str> {
        Some(self.fingerprint.as_str()).filter(|fingerprint| !fingerprint.is_empty())
    }

    /// The names of [`Note::parts`], as filter state has them after `wasm.`.
    pub const PARTS: [&'static str; 6] = [
        "palisade.action",
        "palisade.policy",
        "palisade.reasons",
        "palisade.score",
        "palisade.fingerprint",
        "palisade.campaign",
    ];

    /// The request headers that tell the origin.
    #[must_use]
    pub fn tags(&self) -> Vec<(&'static str, String)> {
        let mut tags = vec![("x-palisade-action", self.action.name().to_owned())];
        tags.extend(self.score.map(|score| ("x-palisade-score", shown_score(score))));
        tags.push(("x-palisade-reasons", self.reasons.clone()));
        tags.push(("x-palisade-fingerprint", self.fingerprint.clone()));
        tags.extend(self.campaign.clone().map(|campaign| ("x-palisade-campaign", campaign)));
        tags
    }
}

/// With one digit after the point, which `double()` of CEL reads.
fn shown_score(score: f64) -> String {
    let tenths = (score * 10.0).round() as u64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        Note {
            action: Action::Limit,
            policy: "login".to_owned(),
            reasons: "behavior".to_owned(),
            score: Some(6.04),
            until: Some(1_800_000_000),
            repeat: Some(2),
            fingerprint: "2-a".to_owned(),
            key: Some("agent+locale".to_owned()),
            journey: Some("none"),
            campaign: Some("0000002a".to_owned()),
            spared: false,
            candidate: true,
            enforced: false,
        }
    }

    #[test]
    fn every_part_is_said_in_its_place() {
        assert_eq!(
            note().text(),
            "action=limit;policy=login;reasons=behavior;score=6.0;until=1800000000;repeat=2;\
             fingerprint=2-a;key=agent+locale;journey=none;campaign=0000002a;candidate=decides;enforced=no"
        );
        let note = note();
        let parts: Vec<_> = note.parts().collect();
        assert_eq!(parts.len(), Note::PARTS.len());
        assert_eq!(parts[3], ("palisade.score", "6.0".into()));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let bare = Note {
            score: None,
            until: None,
            repeat: None,
            key: None,
            journey: None,
            campaign: None,
            candidate: false,
            enforced: true,
            ..note()
        };
        assert_eq!(bare.text(), "action=limit;policy=login;reasons=behavior;fingerprint=2-a");
        assert_eq!(bare.parts().count(), 4);
        let allowed = Note { fingerprint: String::new(), ..bare.clone() };
        assert_eq!(allowed.text(), "action=limit;policy=login;reasons=behavior");
        assert_eq!(allowed.parts().count(), 3);
        assert!(bare.tags().iter().all(|(name, _)| *name != "x-palisade-campaign"));
    }
}
