//! How the operator says which operations of a GraphQL request count.

use super::node::{Node, Table};
use crate::policy::{AnswerMatch, Graphql};

const MOST_FIELDS: usize = 32;
const MOST_NAMES: usize = 8;
const MOST_NAME_BYTES: usize = 128;

/// `graphql: true`, or more about it. A mistake that is reported leaves what else it says.
pub(super) fn read(table: &mut Table<'_>) -> Option<Graphql> {
    let node = table.take("graphql")?;
    if let Some(on) = node.value.as_bool() {
        return on.then(Graphql::default);
    }
    let mut table = node.table("write true, or {fields: [login], subject_argument: email}")?;
    let fields = table.take("fields").map(|node| read_fields(&node)).unwrap_or_default();
    let subject = table.take("subject_argument").map(|node| read_way(&node)).unwrap_or_default();
    let secret = table.take("secret_argument").map(|node| read_way(&node)).unwrap_or_default();
    table.finish();
    Some(Graphql { fields, subject, secret })
}

fn read_fields(node: &Node<'_>) -> Vec<String> {
    let remedy = "write a list of fields, such as [login, signIn]";
    let items = node.list(MOST_FIELDS, remedy).unwrap_or_default();
    let name = |item: &Node<'_>| {
        let name = item.text("write a field's name, such as login")?;
        if !is_name(name) {
            item.wrong("write a field's name, such as login, not an alias or argument");
        }
        Some(name.to_owned())
    };
    items.iter().filter_map(name).collect()
}

/// `email`, or `input.email`.
fn read_way(node: &Node<'_>) -> Vec<String> {
    let remedy = "write an argument's name, such as email, or the way to it, such as input.email";
    let Some(text) = node.text(remedy) else { return Vec::new() };
    let names: Vec<_> = text.split('.').map(str::to_owned).collect();
    if names.len() > MOST_NAMES || !names.iter().all(|name| is_name(name)) {
        node.wrong(remedy);
    }
    names
}

/// A name of GraphQL.
fn is_name(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= MOST_NAME_BYTES
        && text.bytes().all(is_part)
        && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

/// What may be wrong where a policy's failure is told by the answer's head alone, which for GraphQL is
/// the same whatever came of an operation.
pub(super) fn note_failure(graphql: Option<&Graphql>, failure: &AnswerMatch) -> Option<&'static str> {
    (graphql.is_some() && failure.json.is_none()).then_some(
        "failures are not told by JSON, but GraphQL mostly answers 200 to what failed, and only JSON tells of each \
         operation; write failure: {json: {pointer: /errors/0/message}} or the like",
    )
}
