//! The candidate as the operator writes it: what it changes of the configuration beside which it runs.

use core::hash::Hasher;

use ahash::AHasher;
use serde_json::{Map, Value};

use super::node::{Findings, Node, Table, is_off};
use super::policy::{Present, read_preset};
use super::routes::no_such_policy;
use super::rules::FACETS;
use super::{client, read_settings};
use crate::policy::{Candidate, Facet, WHOLE_SHARE};

/// What its table takes beside the live one, where nothing is said.
const DEFAULT_MEMORY: &str = "16MiB";

/// Of these a candidate writes only what it changes; of anything else it writes the whole.
const MERGED: [&str; 4] = ["limits", "rules", "ladder", "costs"];

/// Reads `candidate`. Mistakes of the live configuration are reported already, and not a second time.
pub(super) fn read(root: &Node<'_>, env: &dyn Fn(&str) -> Option<String>) -> Option<Box<Candidate>> {
    let node = root.at("candidate")?;
    let mut table = node.table("write what it changes, such as {share: 5%, policies: {login: {...}}}")?;
    let before = node.findings.count();
    let present = client::present(root.value.get("client"));
    let share = table.take("share").map_or(Some(0), |node| read_share(&node));
    let by = table.take("by").map_or(Some(vec![Facet::Address]), |node| read_by(&node, present));
    let merged = merge(root, &node, &mut table);
    table.finish();
    let merged = merged?;

    let findings = Findings::default();
    let whole = Node { value: &merged, path: node.path.clone(), findings: &findings };
    let settings = read_settings(&whole, env, &mut Vec::new());
    let (mistakes, notes) = findings.into_parts();
    let live =
        |path: &str| path.strip_prefix(&node.path).map_or("", |path| path.trim_start_matches('.')).to_owned();
    for mistake in mistakes {
        if !node.findings.has_found(&live(&mistake.path), &mistake.problem) {
            node.findings.mistake(&mistake.path, mistake.problem, mistake.remedy);
        }
    }
    for note in notes {
        if !node.findings.has_noted(&live(&note.path), &note.text) {
            node.findings.note(&note.path, note.text);
        }
    }
    if node.findings.count() > before {
        return None;
    }
    let mut stamp = AHasher::default();
    add_to_stamp(root.value, &mut stamp);
    Some(Box::new(Candidate { settings: settings?, share: share?, by: by?, stamp: stamp.finish() }))
}

/// Adds a value to what tells configurations apart. Envoy makes texts of some numbers: they are the same.
fn add_to_stamp(value: &Value, stamp: &mut AHasher) {
    match value {
        Value::Object(map) => {
            stamp.write_usize(map.len());
            for (key, value) in map {
                stamp.write(key.as_bytes());
                add_to_stamp(value, stamp);
            }
        }
        Value::Array(items) => {
            stamp.write_usize(items.len());
            items.iter().for_each(|item| add_to_stamp(item, stamp));
        }
        Value::String(text) => match text.parse::<f64>() {
            Ok(number) => stamp.write_u64(number.to_bits()),
            Err(_) => stamp.write(text.as_bytes()),
        },
        Value::Number(number) => stamp.write_u64(number.as_f64().unwrap_or_default().to_bits()),
        Value::Bool(truth) => stamp.write_u8(u8::from(*truth)),
        Value::Null => {}
    }
}

/// Reads a share such as `5%` or `0.25%`, in parts of [`WHOLE_SHARE`].
fn read_share(node: &Node<'_>) -> Option<u32> {
    let share = node.value.as_str().and_then(percent);
    if share.is_none() {
        node.wrong("write a share of clients from 0% to 100%, such as 5% or 0.25%");
    }
    share
}

fn percent(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 2 || whole.len() > 3 {
        return None;
    }
    let hundredths = part.parse::<u32>().ok()? * if part.len() == 1 { 10 } else { 1 };
    Some(whole.parse::<u32>().ok()? * 100 + hundredths).filter(|&share| share <= WHOLE_SHARE)
}

fn read_by(node: &Node<'_>, present: Present) -> Option<Vec<Facet>> {
    // What is known before anything of a body is.
    let facets: Vec<_> = FACETS.into_iter().filter(|(_, facet)| !facet.is_of_body()).collect();
    let mut by = Vec::new();
    let mut whole = true;
    for item in node.list(facets.len(), "write a list of facets, such as [session]")? {
        let facet = item.choice(&facets);
        let lacks = facet.and_then(|facet| present.lacks(facet));
        if let Some(because) = lacks {
            item.mistake(format!("there is {because}, so no client has one"), "add it, or take it out");
        }
        whole &= lacks.is_none();
        match facet {
            Some(facet) if by.contains(&facet) => item.mistake("found a second time", "remove it"),
            Some(facet) => by.push(facet),
            None => whole = false,
        }
    }
    whole.then_some(by)
}

/// The live configuration with what the candidate changes of it.
fn merge(root: &Node<'_>, node: &Node<'_>, table: &mut Table<'_>) -> Option<Value> {
    let mut merged = root.value.as_object()?.clone();
    merged.remove("candidate");
    let (live, before) = (merged.clone(), node.findings.count());
    for key in ["mode", "trust", "limits"] {
        if let Some(node) = table.take(key) {
            put(&mut merged, key, node.value);
        }
    }
    if let Some(node) = table.take("policies") {
        merge_policies(&mut merged, &node);
    }
    let memory = table.take("memory").map(|node| node.value.clone());
    if merged == live && node.findings.count() == before {
        let remedy = "write what it changes of mode, limits, trust or policies, or remove it";
        node.mistake("changes nothing, so nothing could be learned of it", remedy);
        return None;
    }
    merged.insert("memory".to_owned(), memory.unwrap_or_else(|| DEFAULT_MEMORY.into()));
    Some(Value::Object(merged))
}

/// Nothing where a mistake is found.
fn merge_policies(merged: &mut Map<String, Value>, node: &Node<'_>) -> Option<()> {
    let remedy =
        "write a mapping from policies to what changes of them, such as login: {ladder: {block: off}}";
    let table = node.table(remedy)?;
    let policies = merged.get_mut("policies")?.as_object_mut()?;
    let names: Vec<String> = policies.keys().cloned().collect();
    for (name, node) in table.entries() {
        let Some(policy) = policies.get_mut(name).and_then(Value::as_object_mut) else {
            let remedy = no_such_policy(name, names.iter().map(String::as_str));
            node.mistake("no such policy to change", remedy);
            continue;
        };
        change(policy, &node, remedy);
    }
    Some(())
}

/// Puts into a policy what is written of it.
fn change(policy: &mut Map<String, Value>, node: &Node<'_>, remedy: &str) {
    for (key, node) in node.table(remedy).iter().flat_map(Table::entries) {
        // They stand for each other.
        match key {
            "role" => drop(policy.remove("preset")),
            "preset" => drop(policy.remove("role")),
            _ => {}
        }
        match node.value.as_object() {
            Some(rules) if key == "rules" => put_rules(policy, rules),
            _ => put(policy, key, node.value),
        }
    }
}

/// Puts rules in their place: those that are off are gone, and those that are on are as their preset has them.
fn put_rules(policy: &mut Map<String, Value>, rules: &Map<String, Value>) {
    let own = Value::Object(policy.clone());
    let preset = Node { value: &own, path: String::new(), findings: &Findings::default() }
        .table("")
        .and_then(|mut table| read_preset(&mut table));
    let of_preset = |name: &str| preset.is_some_and(|preset| preset.rules().any(|rule| rule.name == name));
    let mut rules = rules.clone();
    if let Some(written) = policy.get_mut("rules").and_then(Value::as_object_mut) {
        rules.retain(|name, rule| {
            let takes_away = *rule == Value::Bool(true) || (is_off(rule) && !of_preset(name));
            !(takes_away && written.remove(name).is_some())
        });
        if written.is_empty() {
            policy.remove("rules");
        }
    }
    if !rules.is_empty() {
        put(policy, "rules", &Value::Object(rules));
    }
}

/// Puts a value in its place, of what is merged as far down as there are mappings.
fn put(into: &mut Map<String, Value>, key: &str, value: &Value) {
    match (into.get_mut(key), value) {
        (Some(Value::Object(old)), Value::Object(new)) if MERGED.contains(&key) => {
            for (key, value) in new {
                match (old.get_mut(key), value) {
                    (Some(Value::Object(old)), Value::Object(new)) => old.extend(new.clone()),
                    _ => drop(old.insert(key.clone(), value.clone())),
                }
            }
        }
        _ => drop(into.insert(key.to_owned(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_hundredths_of_a_percent() {
        let read = [("0%", 0), ("5%", 500), ("0.25%", 25), ("0.5%", 50), ("100%", 10_000), ("12.05%", 1_205)];
        for (text, share) in read {
            assert_eq!(percent(text), Some(share), "{text}");
        }
        for text in
            ["", "%", "5", "-1%", "+5%", "5 %", "100.01%", "101%", "0.001%", ".5%", "5.%", "1e1%", "٣%"]
        {
            assert_eq!(percent(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_written_of_rules_and_rungs_changes() {
        let mut policy = serde_json::json!({
            "role": "login",
            "subject": {"json": "/email"},
            "rules": {"a": {"score": 1, "within": "1h"}, "b": {"score": 1}, "client-failures": "off"},
            "ladder": {"block": {"at": 9}},
        });
        let change = serde_json::json!({
            "subject": {"form": "email"},
            "rules": {"a": {"score": 2}, "b": "off", "client-failures": true, "client-probes": "off"},
            "ladder": {"block": "off", "tag": 2},
        });
        let map = policy.as_object_mut().unwrap();
        let findings = Findings::default();
        super::change(map, &Node { value: &change, path: String::new(), findings: &findings }, "");
        let expected = serde_json::json!({
            "role": "login",
            "subject": {"form": "email"},
            "rules": {"a": {"score": 2, "within": "1h"}, "client-probes": "off"},
            "ladder": {"block": "off", "tag": 2},
        });
        assert_eq!(policy, expected);
    }
}
