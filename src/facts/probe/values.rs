//! The values of one request, each read once: of the path, the query, some headers and the body.

use super::{Kind, Mark, Place, Probes, VALUE_BYTES, VALUES, is_of_make, kinds_in, plain, scanner};
use crate::facts::{Hashes, Headers};
use crate::policy::without_query;

/// Reads values until there were too many.
pub(super) struct Reader<'h> {
    hashes: &'h Hashes,
    left: usize,
    pub(super) found: Probes,
}

impl<'h> Reader<'h> {
    pub(super) fn new(hashes: &'h Hashes) -> Self {
        Self { hashes, left: VALUES, found: Probes::default() }
    }

    /// Goes on after what was found before.
    pub(super) fn after(self, found: Probes) -> Self {
        Self { found, ..self }
    }

    /// Reads a request's head, and returns the names of headers that carry a payload: never more of them than
    /// values are read. `mark`: what is known of its make.
    pub(super) fn head<'a>(&mut self, headers: &Headers<'a>, mark: Mark) -> Vec<&'a [u8]> {
        let mut carriers = Vec::new();
        let (mut path, mut method, mut tunnel) = (&b""[..], &b"GET"[..], false);
        for (name, value) in headers.iter() {
            let before = self.found;
            match name {
                b":path" => path = value,
                b":method" => method = value,
                b":protocol" => tunnel = true,
                b"referer" => self.url(value, Place::Header),
                b"cookie" => self.cookies(value),
                b"x-forwarded-for" | b"x-forwarded-host" | b"forwarded" => self.address(name, value),
                [b':', ..] => {}
                _ if !mark.is_odd && is_of_make(name) => {}
                _ => self.header(name, value),
            }
            if self.found != before {
                carriers.push(name);
            }
        }
        self.url(path, Place::Path);
        if mark.is_scanner {
            self.note(Kind::Scanner, b"user-agent", path);
        }
        if scanner::is_odd(method, tunnel) {
            self.note(Kind::Method, method, path);
        }
        carriers
    }

    /// Reads a body that is a form or JSON.
    pub(super) fn body(&mut self, content_type: Option<&[u8]>, body: &[u8]) {
        let form = b"application/x-www-form-urlencoded";
        let kind = content_type.unwrap_or_default();
        if kind.get(..form.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(form)) {
            self.fields(body, b'&', Place::Parameter);
        } else {
            self.json(body);
        }
    }

    /// A path and its query.
    fn url(&mut self, url: &[u8], place: Place) {
        let path = without_query(url);
        if path.iter().any(|&b| plain::is_sign(b)) || path.windows(2).any(|w| w == b"..") {
            self.value(b"", path, place);
        }
        if let Some(query) = url.get(path.len() + 1..) {
            self.fields(query, b'&', Place::Parameter);
        }
    }

    fn fields(&mut self, fields: &[u8], between: u8, place: Place) {
        for field in fields.split(|&b| b == between) {
            let at = field.iter().position(|&b| b == b'=').unwrap_or(field.len());
            let (name, value) = field.split_at(at);
            self.value(name, value.get(1..).unwrap_or_default(), place);
            if name.iter().any(|&b| plain::is_sign(b) && !matches!(b, b'%')) {
                self.value(b"", name, place);
            }
        }
    }

    /// Cookies hold what programs wrote there, JSON and base64 as well: only what none of them writes is read.
    fn cookies(&mut self, cookies: &[u8]) {
        if is_odd(cookies) || cookies.contains(&b'$') || cookies.contains(&b'/') {
            self.fields(cookies, b';', Place::Header);
        }
    }

    /// Addresses and hosts, in which hardly a sign belongs.
    fn address(&mut self, name: &[u8], value: &[u8]) {
        let usual = |b: &u8| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'.' | b':' | b',' | b' ' | b'[' | b']' | b'-' | b'_' | b';' | b'=' | b'"')
        };
        if !value.iter().all(usual) {
            self.value(name, value, Place::Parameter);
        }
    }

    /// Any other header, the agent as well: its name, and its value where that has a sign that only payloads
    /// need in a header.
    fn header(&mut self, name: &[u8], value: &[u8]) {
        if scanner::is_header(name) && self.left > 0 {
            self.left -= 1;
            self.note(Kind::Scanner, name, b"");
        }
        if is_odd(value) {
            self.value(name, value, Place::Header);
        }
    }

    /// The strings of a JSON text, and whatever else is in quotes; no more of its form is needed.
    fn json(&mut self, text: &[u8]) {
        let (mut rest, mut name) = (text, &b""[..]);
        while let Some(open) = rest.iter().position(|&b| b == b'"') {
            let behind = rest.get(open + 1..).unwrap_or_default();
            let length = string(behind);
            let (inside, after) = behind.split_at(length);
            let after = after.get(1..).unwrap_or_default();
            if after.trim_ascii_start().first() == Some(&b':') {
                name = inside;
            } else {
                self.string_of_json(name, inside);
            }
            rest = after;
        }
    }

    fn string_of_json(&mut self, name: &[u8], inside: &[u8]) {
        if !inside.contains(&b'\\') {
            return self.value(name, inside, Place::Parameter);
        }
        let inside = inside.get(..VALUE_BYTES).unwrap_or(inside);
        let mut out = Vec::with_capacity(inside.len());
        let mut bytes = inside.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match (byte, bytes.peek()) {
                (b'\\', Some(b'n' | b'r' | b't')) => {
                    bytes.next();
                    out.push(b' ');
                }
                (b'\\', Some(b'"' | b'/' | b'\\')) => out.extend(bytes.next()),
                _ => out.push(byte),
            }
        }
        self.value(name, &out, Place::Parameter);
    }

    /// Reads one value closely, if it has a byte that a payload needs.
    fn value(&mut self, name: &[u8], value: &[u8], place: Place) {
        let value = value.get(..VALUE_BYTES).unwrap_or(value);
        if self.left == 0 || !plain::may_be_payload(value) {
            return;
        }
        self.left -= 1;
        for kind in kinds_in(value, place) {
            self.note(kind, name, value);
        }
    }

    fn note(&mut self, kind: Kind, name: &[u8], value: &[u8]) {
        self.found.add(kind, self.hashes, name, value);
    }
}

/// Whether a header's value has a sign that only payloads need there.
pub(super) fn is_odd(value: &[u8]) -> bool {
    value.contains(&b'{') || value.contains(&b'%') || value.contains(&b'\'')
}

/// The length of a string of JSON, up to its closing quote.
fn string(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().position(|&b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}
