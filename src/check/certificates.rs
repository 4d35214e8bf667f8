//! Whether the certificates that `allow` goes by are verified where the filter stands. Envoy says of one only
//! that it was shown.

use serde_json::Value;

use super::site::Site;
use crate::config::{Config, Mistake, below};

/// Reports entries that go by certificates where none is asked for, or where any would do.
pub(super) fn check(site: &Site<'_>, config: &Config, path: &str, mistakes: &mut Vec<Mistake>) {
    // Not to be known where the filter chain is elsewhere.
    let Some(chain) = site.chain else { return };
    let Some((problem, remedy)) = trouble(chain.get("transport_socket")) else { return };
    for entry in config.settings.allow.iter().filter(|entry| entry.peer.is_some()) {
        mistakes.push(Mistake {
            path: below(&below(&below(path, "allow"), &entry.name), "peer"),
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        });
    }
}

fn trouble(socket: Option<&Value>) -> Option<(&'static str, &'static str)> {
    const REMEDY: &str = "write common_tls_context.validation_context with a trusted_ca into the filter chain's transport_socket";
    let context = socket.and_then(|socket| socket.pointer("/typed_config/common_tls_context"));
    let Some(context) = context else {
        return Some(("the filter chain asks no client for a certificate", REMEDY));
    };
    let own = context
        .get("validation_context")
        .or_else(|| context.pointer("/combined_validation_context/default_validation_context"));
    let fetched = ["validation_context_sds_secret_config", "combined_validation_context"];
    let is_fetched = fetched.iter().any(|key| context.get(key).is_some());
    let has = |key| own.and_then(|own| own.get(key)).is_some();
    if !is_fetched && !has("trusted_ca") && !has("custom_validator_config") {
        return Some(("the filter chain asks no client for a certificate", REMEDY));
    }
    let accepts = own.and_then(|own| own.get("trust_chain_verification"));
    (accepts.and_then(Value::as_str) == Some("ACCEPT_UNTRUSTED")).then_some((
        "the filter chain accepts certificates that nobody issued, so any client can write one that fits",
        "remove trust_chain_verification: ACCEPT_UNTRUSTED, or the entry",
    ))
}
