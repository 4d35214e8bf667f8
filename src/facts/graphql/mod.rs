//! What a GraphQL request does: each element of a batch, each field that is asked for at the top of its
//! operations, whatever aliases and fragments it is dressed in; and what the origin says of each.
//!
//! A request that cannot be read counts as one operation of which nothing is known. Forms of a request:
//! GraphQL over HTTP, draft of 2025; batches and forms as Apollo's and Node's servers take them.

mod answer;
mod document;
mod token;

use serde_json::{Map, Value};

use super::body::BodyTrouble;
use super::{Facets, Hashes, json, source, subject};
use crate::policy::{Facet, Graphql, Policy};
use document::Document;
use token::{Tokens, Written};

pub use answer::outcomes;

/// More operations of one request than these are not looked at: a client that fails so often at once is
/// past every threshold.
pub const MOST_OPERATIONS: usize = 100;

/// What an operation may say of itself.
pub const OF_OPERATION: [Facet; 3] = [Facet::Subject, Facet::Neighborhood, Facet::Secret];

/// A longer key or name counts as not known.
const MOST_NAME_BYTES: usize = 128;

/// How much is read anew to find default values of variables, in bytes of one request; then they count as
/// not known.
const MOST_DEFAULT_BYTES: usize = 512 * 1024;

/// One thing that a request does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// Which element of the batch it is of; 0 where there is none.
    pub element: usize,
    /// What the answer calls it; empty: not known.
    pub key: String,
    /// The field that is asked for; empty: not known.
    pub field: String,
    /// What its arguments name, in the order of [`OF_OPERATION`].
    pub named: [Option<u64>; OF_OPERATION.len()],
}

/// What the query string asks for, of a GET or beside a body; `None` where it holds no `query`.
#[must_use]
pub fn from_path(policy: &Policy, path: &[u8], hashes: &Hashes) -> Option<Vec<Operation>> {
    let mut reader = Reader::new(policy, hashes, true)?;
    reader.add_form(source::query_string(path)).then_some(reader.found)
}

/// Whether the query string names an operation: some servers take that for a body's document too, instead of
/// what the body names.
#[must_use]
pub fn is_named_in_path(path: &[u8]) -> bool {
    source::field(source::query_string(path), "operationName").is_some()
}

/// What a decoded body asks for, which is not empty; `None` where the policy does not want to know. `named`:
/// whether what it names tells which of the operations of a document is carried out; else all count.
///
/// # Errors
/// It is neither JSON nor what its content type says.
pub fn from_body(
    policy: &Policy,
    named: bool,
    content_type: Option<&[u8]>,
    body: &[u8],
    hashes: &Hashes,
) -> Result<Option<Vec<Operation>>, BodyTrouble> {
    let Some(mut reader) = Reader::new(policy, hashes, named) else { return Ok(None) };
    let is = |kind: &[u8]| {
        let begin = content_type.unwrap_or_default().trim_ascii_start().get(..kind.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(kind))
    };
    match json::whole(body) {
        Ok(Value::Array(batch)) if !batch.is_empty() => {
            for (element, query) in batch.iter().enumerate() {
                reader.add_json(element, query);
            }
        }
        Ok(query) => reader.add_json(0, &query),
        Err(_) if is(b"application/graphql") => {
            reader.add(0, Some(&String::from_utf8_lossy(body)), None, None)
        }
        Err(_) if is(b"application/x-www-form-urlencoded") => {
            if !reader.add_form(body) {
                reader.add(0, None, None, None);
            }
        }
        Err(_) => return Err(BodyTrouble::Unreadable),
    }
    Ok(Some(reader.found))
}

struct Reader<'w> {
    policy: &'w Policy,
    wanted: &'w Graphql,
    hashes: &'w Hashes,
    named: bool,
    found: Vec<Operation>,
    /// How much may still be read anew, in bytes.
    left: usize,
}

type Variables<'v> = Option<&'v Map<String, Value>>;

impl<'w> Reader<'w> {
    fn new(policy: &'w Policy, hashes: &'w Hashes, named: bool) -> Option<Self> {
        let wanted = policy.graphql.as_ref()?;
        Some(Self { policy, wanted, hashes, named, found: Vec::new(), left: MOST_DEFAULT_BYTES })
    }

    fn add_json(&mut self, element: usize, query: &Value) {
        let text = |name: &str| query.get(name).and_then(Value::as_str);
        let variables = query.get("variables").and_then(Value::as_object);
        self.add(element, text("query"), text("operationName"), variables);
    }

    /// Every `query` of a form counts, whichever of them a server takes; whether there is one.
    fn add_form(&mut self, form: &[u8]) -> bool {
        let (mut documents, mut operation, mut variables) = (Vec::new(), None, None);
        for (key, value) in form_urlencoded::parse(form) {
            match &*key {
                "query" => documents.push(value),
                "operationName" => operation = Some(value),
                "variables" => variables = json::whole(value.as_bytes()).ok(),
                _ => {}
            }
        }
        let variables = variables.as_ref().and_then(Value::as_object);
        for document in &documents {
            self.add(0, Some(document), operation.as_deref(), variables);
        }
        !documents.is_empty()
    }

    /// Adds what one request of a batch does, or the only one. `text`: its document; `None`: that is kept at the
    /// origin, by a number or hash.
    fn add(&mut self, element: usize, text: Option<&str>, name: Option<&str>, variables: Variables<'_>) {
        if self.found.len() >= MOST_OPERATIONS {
            return;
        }
        let mut document = Document::read(text.unwrap_or_default(), self.wanted);
        if let Some(name) = name.filter(|_| self.named) {
            document.keep(name);
        }
        let before = self.found.len();
        for place in 0..document.operations.len() {
            for field in document.unfold(place) {
                if self.found.len() >= MOST_OPERATIONS {
                    return;
                }
                let defaults = document.operations.get(place).map_or("", |operation| operation.variables);
                let [subject, secret] =
                    [field.subject, field.secret].map(|written| self.value(written?, variables, defaults));
                let mut facets = Facets::default();
                subject::from_operation(self.policy, subject, secret, self.hashes, &mut facets);
                let named = OF_OPERATION.map(|facet| facets.get(facet));
                let told = |name: &str| if name.len() > MOST_NAME_BYTES { "" } else { name }.to_owned();
                self.found.push(Operation { element, key: told(field.key), field: told(field.name), named });
            }
        }
        // What is not understood counts; what does only what does not count is none.
        if self.found.len() == before && !document.others {
            self.found.push(Operation { element, ..Operation::default() });
        }
    }

    fn value(
        &mut self,
        written: Written<'_, '_>,
        variables: Variables<'_>,
        defaults: &str,
    ) -> Option<String> {
        let (name, way) = match written {
            Written::Here(token) => return Some(token::meant(token)),
            Written::Variable(name, way) => (name, way),
        };
        if let Some(value) = variables.and_then(|variables| variables.get(name)) {
            return scalar(value, way);
        }
        if self.left == 0 {
            return None;
        }
        let (default, read) = document::default(defaults, name);
        let mut tokens = Tokens { rest: default.unwrap_or_default() };
        let found = token::value(&mut tokens, way);
        self.left = self.left.saturating_sub(read + default.map_or(0, str::len) - tokens.rest.len());
        match found? {
            Written::Here(token) => Some(token::meant(token)),
            Written::Variable(..) => None,
        }
    }
}

fn scalar(value: &Value, way: &[String]) -> Option<String> {
    match json::at(value, way)? {
        Value::String(text) => Some(token::kept(text)),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod compared;
#[cfg(test)]
mod tests;
