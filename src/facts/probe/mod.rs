//! Probes: requests that look for a way in, told by what they carry rather than by what comes of them.
//!
//! Injection payloads in path, query, some headers and a body that is read anyway, names that scanners
//! give themselves, methods that nobody serves. Evidence, not a firewall: each value is read for itself,
//! prose is never evidence, and one request condemns nobody. Most requests hold no byte that a payload
//! needs; those are looked at once, byte by byte, and no further. `docs/reconnaissance.md` says what is
//! seen and what is not.

mod command;
mod expression;
mod marks;
mod plain;
mod scanner;
mod sql;
mod tokens;
mod traversal;
mod values;

use super::{Hashes, Headers};

/// How much of one value is read, in bytes.
const VALUE_BYTES: usize = 512;

/// How many values of one request are read closely: those with a byte that a payload needs.
const VALUES: usize = 16;

/// What a request probes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A statement of SQL that breaks out of where a value stands.
    Sql,
    /// A command for a shell.
    Command,
    /// A path out of where files are served from.
    Traversal,
    /// An expression for a template engine.
    Template,
    /// A lookup through JNDI, as in Log4Shell (CVE-2021-44228).
    Jndi,
    /// The name or mark of a scanner.
    Scanner,
    /// A method that no browser or API client uses.
    Method,
    /// A path that no client was ever told of.
    Honeypot,
}

/// All kinds, in the order in which they are named.
pub const KINDS: [Kind; 8] = [
    Kind::Sql,
    Kind::Command,
    Kind::Traversal,
    Kind::Template,
    Kind::Jndi,
    Kind::Scanner,
    Kind::Method,
    Kind::Honeypot,
];

impl Kind {
    /// Its name in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Command => "command",
            Self::Traversal => "traversal",
            Self::Template => "template",
            Self::Jndi => "jndi",
            Self::Scanner => "scanner",
            Self::Method => "method",
            Self::Honeypot => "honeypot",
        }
    }
}

/// Where a value stands, which says how much may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A path: browsers resolve `..` before they send it.
    Path,
    /// A parameter of a query or a form, or a string of JSON.
    Parameter,
    /// A header or a cookie, which holds whatever a program put there.
    Header,
}

/// What the headers that name a make of client tell, which is worked out once for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Whether the agent is a scanner's by its own name.
    is_scanner: bool,
    /// Whether one of them has a sign that payloads are made of.
    is_odd: bool,
}

impl Mark {
    /// Reads the headers that [`is_of_make`] tells.
    #[must_use]
    pub fn of(headers: &Headers<'_>) -> Self {
        let mut of_make = headers.iter().filter(|(name, _)| is_of_make(name));
        Self {
            is_scanner: headers.get("user-agent").is_some_and(scanner::is_marked),
            is_odd: of_make.any(|(_, value)| values::is_odd(value)),
        }
    }
}

/// Whether a header names the make of client, so that it is the same from one request to the next.
#[must_use]
pub fn is_of_make(name: &[u8]) -> bool {
    [&b"user-agent"[..], b"accept-language", b"accept-encoding"].contains(&name)
}

/// What was seen of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    kinds: u8,
    value: u64,
}

impl Probes {
    /// What a request's head tells, and the names of the headers that carry a payload. `mark`: what is known of
    /// its make.
    #[must_use]
    pub fn of_head<'a>(headers: &Headers<'a>, mark: Mark, hashes: &Hashes) -> (Self, Vec<&'a [u8]>) {
        let mut reader = values::Reader::new(hashes);
        let carriers = reader.head(headers, mark);
        (reader.found, carriers)
    }

    /// Adds what a decoded body tells.
    pub fn add_body(&mut self, content_type: Option<&[u8]>, body: &[u8], hashes: &Hashes) {
        let mut reader = values::Reader::new(hashes).after(*self);
        reader.body(content_type, body);
        *self = reader.found;
    }

    /// Adds one probe: the same kind in the same place with the same value is the same probe.
    pub fn add(&mut self, kind: Kind, hashes: &Hashes, name: &[u8], value: &[u8]) {
        self.kinds |= bit(kind);
        let named: Vec<u8> = [&[kind as u8], name, b"\n", value].concat();
        self.value = self.value.rotate_left(7) ^ hashes.personal("probe", &named);
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds == 0
    }

    /// What was seen.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        KINDS.into_iter().filter(move |&kind| self.kinds & bit(kind) != 0)
    }

    /// What tells this request's probes from another's, where they count. An odd method alone counts
    /// only if it was not `served`: what the origin knows, its clients may use.
    #[must_use]
    pub fn value(self, served: bool) -> Option<u64> {
        let counts = if served { self.kinds & !bit(Kind::Method) } else { self.kinds };
        (counts != 0).then_some(self.value)
    }
}

fn bit(kind: Kind) -> u8 {
    1 << kind as u8
}

/// The kinds that one value, as it was sent, is evidence of.
#[must_use]
pub fn kinds_in(value: &[u8], place: Place) -> Vec<Kind> {
    let mut found = Vec::new();
    let value = value.get(..VALUE_BYTES).unwrap_or(value);
    let text = plain::text(value);
    if !plain::may_be_payload(&text) || plain::is_prose(&text) {
        return found;
    }
    let seen = [
        (Kind::Sql, sql::is_in(&text)),
        (Kind::Command, command::is_in(&text)),
        (Kind::Traversal, traversal::is_in(&text, place)),
        (Kind::Template, expression::is_in(&text)),
        (Kind::Jndi, expression::is_jndi(&text)),
        (Kind::Scanner, scanner::is_called(&text)),
    ];
    found.extend(seen.into_iter().filter(|(_, seen)| *seen).map(|(kind, _)| kind));
    found
}
