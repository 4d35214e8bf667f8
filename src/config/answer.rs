//! How a failure or a success is told from the origin's answer, as the operator writes it.

use crate::order::sort_by_key;
use serde_json::Value;

use super::node::{Node, Table};
use crate::policy::{AnswerMatch, Pointer};

const MOST_STATUS: usize = 64;
const MOST_TEXT_BYTES: usize = 1024;

/// Reads `failure` or `success`.
pub(super) fn read(node: &Node<'_>) -> Option<AnswerMatch> {
    let mut table = node.table("write marks such as {status: [401, 403]}")?;
    let before = node.findings.count();
    let answer = AnswerMatch {
        status: table.take("status").and_then(|node| read_status(&node)).unwrap_or_default(),
        header: table.take("header").and_then(|node| read_header(&node)),
        json: table.take("json").and_then(|node| read_json(&node)),
        body: table.take("body").and_then(|node| read_body(&node)),
    };
    table.finish();
    if node.findings.count() > before {
        return None;
    }
    if answer == AnswerMatch::default() {
        node.wrong("write at least one of status, header, json and body, or no answer would ever match");
        return None;
    }
    Some(answer)
}

/// Reports a success that can never be seen, since a failure is looked for first.
pub(super) fn check_both(node: &Node<'_>, failure: &AnswerMatch, success: &AnswerMatch) {
    let by_status_only = success.header.is_none() && !success.needs_body();
    if by_status_only && success.status.iter().all(|status| failure.status.contains(status)) {
        node.mistake(
            "every one of these answers is a failure already, so no success could ever be seen",
            "write marks that failures do not have",
        );
    }
}

fn read_status(node: &Node<'_>) -> Option<Vec<u16>> {
    let remedy = "write a list of codes or classes, such as [401, 403] or [4xx]";
    let mut status = Vec::new();
    for item in node.list(MOST_STATUS, remedy)? {
        if let Some(class) = class(item.value.as_str()) {
            status.extend(class * 100..class * 100 + 100);
            continue;
        }
        let code = item.as_whole().and_then(|code| u16::try_from(code).ok());
        match code.filter(|code| (100..=599).contains(code)) {
            Some(code) => status.push(code),
            None => item.wrong("write a code from 100 to 599, or a class such as 4xx"),
        }
    }
    sort_by_key(&mut status, |code| *code);
    status.dedup();
    Some(status)
}

/// The first digit of a class such as `4xx`.
fn class(text: Option<&str>) -> Option<u16> {
    let digit = text?.strip_suffix("xx").filter(|digit| digit.len() == 1)?;
    digit.parse().ok().filter(|digit| (1..=5).contains(digit))
}

fn read_header(node: &Node<'_>) -> Option<(String, Option<String>)> {
    let mut table = node.table("write {name: x-result, value: bad}, or only the name for any value")?;
    let name = table.need("name", "write the header's name").and_then(|node| node.header_name());
    let value = table.take("value").map(|node| node.text("write the value in quotes").map(str::to_owned));
    table.finish();
    match value {
        None => Some((name?, None)),
        Some(value) => Some((name?, Some(value?))),
    }
}

fn read_json(node: &Node<'_>) -> Option<(Pointer, Option<Value>)> {
    let mut table =
        node.table("write {pointer: /ok, value: false}, or only the pointer for any value but null")?;
    let pointer =
        table.need("pointer", "write a JSON pointer, such as /ok").and_then(|node| read_pointer(&node));
    let value = read_value(&mut table);
    table.finish();
    Some((pointer?, value.ok()?))
}

/// The value, or that it is wrong, or that none is written.
fn read_value(table: &mut Table<'_>) -> Result<Option<Value>, ()> {
    let Some(node) = table.take("value") else {
        return Ok(None);
    };
    let whole = |number: f64| number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    match node.value {
        Value::Bool(_) | Value::String(_) => Ok(Some(node.value.clone())),
        Value::Number(number) if number.as_f64().is_some_and(whole) => Ok(Some(node.value.clone())),
        _ => {
            // Envoy's YAML hands fractions over as texts, which would equal no number.
            node.wrong("write a text, a whole number, true or false; leave value out for any but null");
            Err(())
        }
    }
}

/// A JSON pointer of RFC 6901.
pub(super) fn read_pointer(node: &Node<'_>) -> Option<Pointer> {
    let remedy = "write a JSON pointer, such as /email or /user/0/id (~ is ~0 and / is ~1 within a name)";
    let pointer = node.text(remedy)?;
    let mut escapes = pointer.split('~').skip(1);
    if pointer.starts_with('/') && escapes.all(|rest| rest.starts_with(['0', '1'])) {
        return Some(Pointer::parse(pointer));
    }
    node.wrong(remedy);
    None
}

fn read_body(node: &Node<'_>) -> Option<String> {
    let text = node.text("write the text that the body contains, in quotes")?;
    if text.len() > MOST_TEXT_BYTES {
        node.mistake(
            format!("found {} bytes", text.len()),
            format!("at most {MOST_TEXT_BYTES} are looked for"),
        );
        return None;
    }
    Some(text.to_owned())
}
