//! Where the facets of a client and the subject of a request are read, as the operator writes it.

use super::answer::read_pointer;
use super::node::{Node, Table};
use super::policy::Present;
use super::words;
use crate::order::sort_by_key;
use serde_json::Value;

use crate::policy::{ClientSources, PathPattern, SessionSource, SubjectSource, TlsSource};

const MOST_EDGE_HEADERS: usize = 64;
const MOST_PARTS: usize = 3;
const MOST_NAME_BYTES: usize = 128;

const SUBJECTS: [&str; 6] = ["json", "form", "query", "path", "header", "cookie"];

/// Which sources are written, even where they hold a mistake.
pub(super) fn present(client: Option<&Value>) -> Present {
    let written = |key| client.is_some_and(|client| client.get(key).is_some());
    Present { session: written("session"), tls: written("tls"), ..Present::default() }
}

/// Reads `client`.
pub(super) fn read(node: &Node<'_>) -> Option<ClientSources> {
    let mut table = node.table("write a mapping of address, session, tls and edge_headers")?;
    let client = ClientSources {
        address: table.take("address").and_then(|node| read_address(&node)),
        session: table.take("session").and_then(|node| read_session(&node)),
        tls: table.take("tls").and_then(|node| read_tls(&node)),
        edge_headers: table.take("edge_headers").map(|node| read_edge(&node)).unwrap_or_default(),
    };
    table.finish();
    Some(client)
}

fn read_address(node: &Node<'_>) -> Option<String> {
    let mut table = node.table("write {header: x-real-ip}, or leave it out for Envoy's own")?;
    let header = table.need("header", "write the name of a header that a trusted edge overwrites");
    table.finish();
    header?.header_name()
}

fn read_session(node: &Node<'_>) -> Option<SessionSource> {
    let remedy = "write {cookie: sid}, {header: x-session} or bearer";
    if let Some(word) = node.value.as_str() {
        if word != "bearer" {
            let meant = words::nearest(word, ["bearer"]);
            node.wrong(if meant.is_some() { "did you mean bearer?" } else { remedy });
            return None;
        }
        return Some(SessionSource::Bearer);
    }
    let mut table = node.table(remedy)?;
    let source = table.one_of(&["cookie", "header"]);
    table.finish();
    match source? {
        ("cookie", node) => node.cookie_name().map(SessionSource::Cookie),
        (_, node) => node.header_name().map(SessionSource::Header),
    }
}

fn read_tls(node: &Node<'_>) -> Option<TlsSource> {
    let mut table = node.table("write {header: x-ja4} or {filter_state: KEY}")?;
    let source = table.one_of(&["header", "filter_state"]);
    table.finish();
    match source? {
        ("header", node) => node.header_name().map(TlsSource::Header),
        (_, node) => read_name(&node).map(TlsSource::FilterState),
    }
}

fn read_edge(node: &Node<'_>) -> Vec<String> {
    let items = node.list(MOST_EDGE_HEADERS, "write a list of header names, such as [cdn-loop]");
    let mut names: Vec<String> = items.iter().flatten().filter_map(Node::header_name).collect();
    sort_by_key(&mut names, Clone::clone);
    names.dedup();
    names
}

/// Reads `secret`: one place, or up to three whose values make one secret together.
pub(super) fn read_secret(node: &Node<'_>) -> Option<Vec<SubjectSource>> {
    if !node.value.is_array() {
        return read_subject(node).map(|source| vec![source]);
    }
    let items = node.list(MOST_PARTS, "write up to three places, such as [{json: /expiry}, {json: /cvc}]")?;
    let parts: Vec<_> = items.iter().filter_map(read_subject).collect();
    if parts.len() < items.len() {
        return None;
    }
    if parts.iter().any(SubjectSource::is_in_body) && !parts.iter().all(SubjectSource::is_in_body) {
        node.mistake(
            "some are in the body and some are not",
            "name places that are all in the body, or none",
        );
        return None;
    }
    Some(parts)
}

/// Reads `subject`.
pub(super) fn read_subject(node: &Node<'_>) -> Option<SubjectSource> {
    let mut table = node.table("write where it is, such as {json: /email} or {form: user}")?;
    let source = one_subject(&mut table);
    table.finish();
    source
}

/// One of the places that a request can hold a value in.
pub(super) fn one_subject(table: &mut Table<'_>) -> Option<SubjectSource> {
    let (kind, node) = table.one_of(&SUBJECTS)?;
    match kind {
        "json" => read_pointer(&node).map(SubjectSource::Json),
        "form" => read_name(&node).map(SubjectSource::Form),
        "query" => read_name(&node).map(SubjectSource::Query),
        "header" => node.header_name().map(SubjectSource::Header),
        "cookie" => node.cookie_name().map(SubjectSource::Cookie),
        _ => read_subject_path(&node).map(SubjectSource::Path),
    }
}

fn read_subject_path(node: &Node<'_>) -> Option<PathPattern> {
    let path = read_path(node)?;
    let subjects = path.text().matches("{subject}").count();
    if !path.has_subject() || subjects > 1 {
        node.wrong(
            "write a path with one {subject} segment, such as /cards/{subject}, or /** for the whole path",
        );
        return None;
    }
    Some(path)
}

/// A path template.
pub(super) fn read_path(node: &Node<'_>) -> Option<PathPattern> {
    let remedy = "write a path such as /api/v1/login, /cards/{id} or /blog/**";
    match PathPattern::parse(node.text(remedy)?) {
        Ok(path) => Some(path),
        Err(why) => {
            node.wrong(format!("{why}; {remedy}"));
            None
        }
    }
}

/// A name that is not a header's or cookie's.
fn read_name(node: &Node<'_>) -> Option<String> {
    let remedy = "write a name in quotes";
    let name = node.text(remedy)?;
    if name.len() > MOST_NAME_BYTES || name.chars().any(char::is_control) {
        node.wrong(format!("write a name of at most {MOST_NAME_BYTES} bytes, without line breaks"));
        return None;
    }
    Some(name.to_owned())
}
