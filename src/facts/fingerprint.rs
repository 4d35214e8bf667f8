//! The fingerprint of a client: what its make and setup look like in its headers.
//!
//! Five parts, each a hash of its own: the names of the headers in the order they came, the same
//! names whatever their order, the family of the agent, the locale (`accept-language` and
//! `accept-encoding`), and the TLS fingerprint that an edge reports. Nothing of it is personal. The
//! printed form ([`super::FingerprintId`]) adds the payload and the network, which are known later
//! or elsewhere. `docs/fingerprint.md` states all of it exactly.

use super::{Headers, agent, client, hash};
use crate::order::sort_by_key;

/// What the headers of a request tell of its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Header names in order.
    pub order: u64,
    /// Header names, whatever their order.
    pub set: u64,
    /// The family of the user agent, where one is sent.
    pub agent: Option<u64>,
    /// Accepted languages and encodings, where either is sent.
    pub locale: Option<u64>,
    /// TLS as an edge reports it.
    pub tls: Option<u64>,
    /// These five as one value: what keys call the fingerprint, since it is known before the body.
    pub whole: u64,
}

/// Headers that tell of the request rather than of the client, or that a proxy, or HTTP/1.1 as
/// opposed to HTTP/2, adds: one client sends them or not from one request to the next. Sorted.
pub const LEFT_OUT: [&str; 44] = [
    "accept",
    "access-control-request-headers",
    "access-control-request-method",
    "alt-used",
    "authorization",
    "b3",
    "baggage",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "early-data",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-event-id",
    "origin",
    "pragma",
    "priority",
    "proxy-connection",
    "purpose",
    "range",
    "referer",
    "sec-fetch-user",
    "sec-purpose",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "via",
    "x-real-ip",
    "x-request-id",
];

/// So begin the names of further ones.
pub const LEFT_OUT_BEGINNINGS: [&str; 6] =
    [":", "sec-websocket-", "x-b3-", "x-envoy-", "x-forwarded-", "x-palisade-"];

fn is_left_out(name: &[u8]) -> bool {
    LEFT_OUT.binary_search_by(|known| known.as_bytes().cmp(name)).is_ok()
        || LEFT_OUT_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning.as_bytes()))
}

impl Fingerprint {
    /// Fingerprints a request. `edge_headers` are further names to leave out, and `tls` is what
    /// the edge reports.
    #[must_use]
    pub fn new(headers: &Headers<'_>, edge_headers: &[String], tls: Option<&[u8]>) -> Self {
        let mut names: Vec<&[u8]> = Vec::with_capacity(24);
        let (mut agent, mut language, mut encoding) = (None, None, None);
        for (name, value) in headers.iter() {
            match name {
                b"user-agent" => agent = agent.or(Some(value)),
                b"accept-language" => language = language.or(Some(value)),
                b"accept-encoding" => encoding = encoding.or(Some(value)),
                _ => {}
            }
            if !is_left_out(name) && !edge_headers.iter().any(|edge| edge.as_bytes() == name) {
                names.push(name);
            }
        }
        let order = list_of(&names);
        sort_by_key(&mut names, |name| *name);
        let locale = (language.is_some() || encoding.is_some())
            .then(|| list_of(&[language.unwrap_or_default(), encoding.unwrap_or_default()]));
        let (set, agent, tls) = (list_of(&names), agent.map(family), client::tls(tls));
        let whole = whole([Some(order), Some(set), agent, locale, tls]);
        Self { order, set, agent, locale, tls, whole }
    }
}

fn family(agent: &[u8]) -> u64 {
    hash::public(&agent::family(agent))
}

fn whole(parts: [Option<u64>; 5]) -> u64 {
    let mut bytes = [0; 40];
    for (place, part) in bytes.chunks_exact_mut(8).zip(parts) {
        place.copy_from_slice(&part.unwrap_or(0).to_be_bytes());
    }
    hash::public(&bytes)
}

/// The hash of a list: each part followed by a line end, which no header name or value holds.
fn list_of(parts: &[&[u8]]) -> u64 {
    let mut bytes = Vec::with_capacity(256);
    for part in parts {
        bytes.extend_from_slice(part);
        bytes.push(b'\n');
    }
    hash::public(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(pairs: &[(&str, &str)]) -> Fingerprint {
        let pairs = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        Fingerprint::new(&Headers::new(pairs), &["cdn-loop".to_owned()], None)
    }

    const CURL: [(&str, &str); 3] =
        [(":authority", "a"), ("user-agent", "curl/8.5.0"), ("accept-encoding", "gzip")];

    #[test]
    fn what_belongs_to_the_request_or_the_edge_does_not_change_it() {
        let mut more = CURL.to_vec();
        more.extend([
            ("content-type", "application/json"),
            ("content-length", "12"),
            ("cookie", "sid=1"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-request-id", "1"),
            ("x-envoy-internal", "true"),
            ("cdn-loop", "x"),
        ]);
        assert_eq!(fingerprint(&more), fingerprint(&CURL));
    }

    #[test]
    fn names_that_are_left_out_are_found() {
        assert!(LEFT_OUT.is_sorted());
        assert!(LEFT_OUT.iter().chain(&LEFT_OUT_BEGINNINGS).all(|name| is_left_out(name.as_bytes())));
        assert!(!is_left_out(b"user-agent") && !is_left_out(b"x-requested-with") && !is_left_out(b""));
    }

    #[test]
    fn parts_change_on_their_own() {
        let base = fingerprint(&CURL);
        let swapped = fingerprint(&[CURL[0], CURL[2], CURL[1]]);
        assert_ne!(base.order, swapped.order);
        assert_eq!((base.set, base.agent, base.locale), (swapped.set, swapped.agent, swapped.locale));
        let minor = fingerprint(&[CURL[0], ("user-agent", "curl/8.6.1"), CURL[2]]);
        assert_eq!(base, minor);
        let other = fingerprint(&[CURL[0], ("user-agent", "x"), CURL[2]]);
        assert_ne!(base.agent, other.agent);
        assert_eq!((base.order, base.set, base.locale), (other.order, other.set, other.locale));
        assert_ne!(base.whole, other.whole);
    }

    #[test]
    fn values_that_are_not_utf_8_are_hashed_as_bytes() {
        let headers = Headers::new(vec![(b"user-agent", b"\xff\xfe")]);
        assert!(Fingerprint::new(&headers, &[], None).agent.is_some());
    }
}
