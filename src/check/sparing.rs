//! Who is let through and what is earned, in words. Of a secret there is only the place.

use serde_json::{Value, json};

use crate::config::show_duration;
use crate::policy::{Allow, PolicyId, Settings, Trust};

fn names<'s>(settings: &'s Settings, ids: &'s [PolicyId]) -> impl Iterator<Item = &'s str> {
    ids.iter().filter_map(|id| settings.policies.get(usize::from(id.0))).map(|policy| policy.name.as_str())
}

fn list<'s>(words: impl Iterator<Item = &'s str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// The conditions of an entry: a word, and what goes with it.
fn conditions(entry: &Allow) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if !entry.addresses.is_empty() {
        let networks: Vec<_> = entry.addresses.iter().map(ToString::to_string).collect();
        all.push(("addresses", networks.join(", ")));
    }
    all.extend(entry.header.as_ref().map(|header| ("header", header.name.clone())));
    if let Some(claim) = &entry.claim {
        let is = if claim.is_list { "holds" } else { "=" };
        all.push(("claim", format!("{} of {} {is} {}", claim.name, claim.payload, claim.value)));
    }
    if let Some(peer) = &entry.peer {
        let more = if peer.is_prefix { "*" } else { "" };
        all.push(("peer", format!("{} {}{more}", peer.identity.name(), peer.value)));
    }
    if !entry.signed_by.is_empty() {
        let signers = entry.signed_by.iter().map(|signer| match &signer.agent {
            Some(agent) => format!("{} as {agent}", signer.key_id),
            None => signer.key_id.clone(),
        });
        all.push(("signed_by", signers.collect::<Vec<_>>().join(", ")));
    }
    all
}

/// Each entry of `allow` in a line: its name and what it asks for.
pub(super) fn allow(settings: &Settings) -> Vec<(&str, String)> {
    let line = |entry: &Allow| {
        let asked: Vec<_> = conditions(entry).iter().map(|(word, what)| format!("{word} {what}")).collect();
        let under = list(names(settings, &entry.policies));
        let under = if under.is_empty() { String::new() } else { format!(", under {under}") };
        asked.join(" and ") + &under
    };
    settings.allow.iter().map(|entry| (entry.name.as_str(), line(entry))).collect()
}

/// What sessions earn.
pub(super) fn trust(settings: &Settings) -> Option<String> {
    let Trust { after, within_ms, requests, per_ms } = settings.trust.as_ref()?;
    let (within, per) = (show_duration(*within_ms), show_duration(*per_ms));
    Some(format!("after {} for {within}: {requests} requests in {per}", list(names(settings, after))))
}

/// The same for programs.
pub(super) fn allow_to_json(settings: &Settings) -> Vec<Value> {
    let entry = |entry: &Allow| {
        let asked: serde_json::Map<_, _> =
            conditions(entry).into_iter().map(|(word, what)| (word.to_owned(), what.into())).collect();
        json!({ "name": entry.name, "policies": names(settings, &entry.policies).collect::<Vec<_>>(), "asks": asked })
    };
    settings.allow.iter().map(entry).collect()
}

/// The same for programs.
pub(super) fn trust_to_json(settings: &Settings) -> Value {
    settings.trust.as_ref().map_or(Value::Null, |trust| {
        json!({
            "after": names(settings, &trust.after).collect::<Vec<_>>(),
            "within_ms": trust.within_ms,
            "requests": trust.requests,
            "per_ms": trust.per_ms,
        })
    })
}
