//! The line that is written to the log for a verdict.

use serde::Serialize;

use crate::decide::Action;
use crate::memory::Standing;
use crate::policy::{Mode, Policy};

/// One verdict. Fields are never renamed without a new `version`.
#[derive(Clone, Debug, Serialize)]
pub struct VerdictLine<'a> {
    /// Of this format.
    pub version: u8,
    /// The policy.
    pub policy: &'a str,
    /// The method and path, without anything that identifies.
    pub operation: &'a str,
    /// What is done.
    pub action: &'a str,
    /// Whether it is carried out, or the policy only observes.
    pub enforced: bool,
    /// The sum of the evidence, in nats.
    pub score: f64,
    /// Why: the rules that found something, strongest first.
    pub reasons: Vec<&'a str>,
    /// What the last request probed for; left out where it did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<&'a str>,
    /// The facets of the condemned key.
    pub key: Vec<&'a str>,
    /// The client's fingerprint as it is printed, with its own version.
    pub fingerprint: &'a str,
    /// When it ends, in seconds since 1970; absent where it concerns this request only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u32>,
    /// The how-manieth verdict on this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u8>,
    /// The campaign that the client seems to be of; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Lines that were held back before this one.
    #[serde(skip_serializing_if = "is_zero")]
    pub suppressed: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl<'a> VerdictLine<'a> {
    /// A verdict of a policy that stands from now on; whose it is and why are to be filled in.
    #[must_use]
    pub fn new(policy: &'a Policy, standing: Standing, score: f64) -> Self {
        Self {
            version: 1,
            policy: &policy.name,
            operation: "",
            action: Action::of(standing).name(),
            enforced: policy.mode == Mode::Enforce,
            score: (score * 10.0).round() / 10.0,
            reasons: Vec::new(),
            probes: Vec::new(),
            key: Vec::new(),
            fingerprint: "",
            until: Some(standing.until_s),
            repeat: Some(standing.repeats),
            campaign: None,
            suppressed: 0,
        }
    }

    /// The line as it is written.
    #[must_use]
    pub fn text(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("palisade {json}")
    }
}
