//! The policies that stand before the shop: the operator's, and what becomes of them where the shop deceives.

use palisade::config;
use palisade::policy::Settings;
use serde_json::Value;

/// As an operator would write them.
pub(crate) const POLICIES: &str = include_str!("policies.yaml");
/// What changes in them where attackers are deceived instead of refused.
pub(crate) const DECEPTIONS: &str = include_str!("deceive.yaml");

/// Settings from policies with changes to them, in this order.
///
/// # Errors
/// When one cannot be read, or they are no valid configuration.
pub(crate) fn settings(texts: &[&str]) -> Result<Settings, String> {
    let mut all = Value::Null;
    for text in texts {
        merge(&mut all, serde_saphyr::from_str(text).map_err(|e| e.to_string())?);
    }
    let read = config::read(&all, &|_| None).map_err(|mistakes| mistakes.to_string())?;
    Ok(read.settings)
}

/// A JSON Merge Patch (RFC 7396).
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(&key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}
