//! The lines that tell of a candidate: where it differs, and what all of it came to.

use super::Note;
use crate::decide::Action;

/// A request on which the candidate and the live policy do not do the same.
pub struct Difference<'a> {
    /// The policy.
    pub policy: &'a str,
    /// What the candidate does, or would do.
    pub action: Action,
    /// What the live policy does, or would do.
    pub live: Action,
    /// Whether it is the candidate's that is done.
    pub decides: bool,
    /// The candidate's verdict, or the live policy's where the candidate has none.
    pub note: Option<&'a Note>,
    /// Lines that were held back before this one.
    pub suppressed: u64,
}

impl Difference<'_> {
    /// The line as it is written. All of its words are names of the configuration, or hashes.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { policy, action, live, decides, note, suppressed } = self;
        let (reasons, fingerprint) =
            note.map_or(("", ""), |note| (note.reasons.as_str(), note.fingerprint.as_str()));
        let campaign = note.and_then(|note| note.campaign.as_deref());
        let campaign = campaign.map_or(String::new(), |campaign| format!(",\"campaign\":\"{campaign}\""));
        let suppressed =
            if *suppressed == 0 { String::new() } else { format!(",\"suppressed\":{suppressed}") };
        format!(
            "palisade {{\"version\":1,\"candidate\":\"differs\",\"policy\":\"{policy}\",\"action\":\"{}\",\"live\":\"{}\",\"decided\":\"{}\",\"reasons\":\"{reasons}\",\"fingerprint\":\"{fingerprint}\"{campaign}{suppressed}}}",
            action.name(),
            live.name(),
            if *decides { "candidate" } else { "live" },
        )
    }
}

/// What a candidate came to under a policy, of all requests on which both had a verdict. Pairs are requests,
/// and their distinct clients, about: the standard error is 3.3 %.
pub struct Comparison<'a> {
    /// The policy.
    pub policy: &'a str,
    /// Since when, in seconds since 1970.
    pub since_s: u32,
    /// All of them.
    pub requests: u64,
    /// Those about which the candidate decided.
    pub decided: u64,
    /// Those that it delays, limits, deceives or blocks, or would.
    pub acted_on: (u64, u64),
    /// Of these, those that the live policy lets pass.
    pub live_allowed: (u64, u64),
    /// Those that it lets pass and the live policy does not.
    pub live_alone: (u64, u64),
}

impl Comparison<'_> {
    /// The line as it is written.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { policy, since_s, requests, decided, .. } = self;
        let pair =
            |(requests, clients): (u64, u64)| format!("{{\"requests\":{requests},\"clients\":{clients}}}");
        format!(
            "palisade {{\"version\":1,\"candidate\":\"compared\",\"policy\":\"{policy}\",\"since\":{since_s},\"requests\":{requests},\"decided\":{decided},\"acted_on\":{},\"live_allowed\":{},\"live_alone\":{}}}",
            pair(self.acted_on),
            pair(self.live_allowed),
            pair(self.live_alone),
        )
    }
}
