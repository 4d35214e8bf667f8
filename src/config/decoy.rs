//! Decoys as the operator writes them: an answer whose text has placeholders for what is made anew.

use serde_json::Value;

use super::node::{Node, is_token};
use super::quantity::show_duration;
use crate::policy::{Alphabet, Decoy, Ladder, Made, Mask, MaskPart, Piece, SubjectForm, Template, TimeForm};

/// Most headers of a decoy, and the most of a text, in bytes.
const MOST_HEADERS: usize = 32;
const MOST_TEXT_BYTES: usize = 16 * 1024;

/// The longest that a decoy can be made to take.
const MOST_TAKES_MS: u64 = 10_000;

/// Most masks of canaries, of all policies together.
const MOST_MASKS: usize = 16;

/// How many values a mask must have, so that nobody meets a canary's check by chance: 32 bits are the check,
/// and the rest tells canaries apart.
const LEAST_VALUES: f64 = 70_368_744_177_664.0;

const PLACEHOLDERS: &str = "{uuid}, {uuid:7}, {digits:8}, {hex:16}, {HEX:16}, {alnum:12}, {token:32}, {now}, \
                            {now:ms}, {now:seconds}, {now:http}, {subject}, {canary:9999-9999-9999-9999}";

/// Reads `decoy`. Where the ladder deceives and nothing is written, the origin's failures are learned.
pub(super) fn read(
    node: Option<Node<'_>>,
    ladder: Option<&Ladder>,
    has_subject: bool,
    masks: &mut Vec<Mask>,
) -> Option<Decoy> {
    let deceives = ladder.is_some_and(|ladder| ladder.deceive.is_some());
    let Some(node) = node else {
        return deceives.then_some(Decoy { learn: true, written: None, takes_ms: None });
    };
    if !deceives && ladder.is_some() {
        node.mistake(
            "the ladder has no deceive, so nobody would ever see it",
            "add a rung such as ladder: {deceive: {at: 6}}, or remove it",
        );
    }
    let mut table = node.table("write an answer such as {status: 401, body: {error: invalid}}")?;
    let learn = table.take("learn");
    let status = table.take("status");
    let headers = table.take("headers");
    let body = table.take("body");
    let takes = table.take("takes");
    table.finish();
    let takes_ms = takes.and_then(|node| read_takes(&node));
    let mut reader = Reader { has_subject, masks };
    let written = status.as_ref().and_then(|status| {
        let status = status.whole(200..=599)?;
        let headers = headers.as_ref().map(|node| reader.headers(node)).unwrap_or_default();
        Some(reader.template(u16::try_from(status).unwrap_or(401), headers, body.as_ref()))
    });
    if status.is_none() {
        for node in [&headers, &body].into_iter().flatten() {
            node.mistake("there is no status", "write the status of the answer, such as status: 401");
        }
    }
    let learns = learn.as_ref().map_or(Some(written.is_none()), Node::truth)?;
    if !learns && status.is_none() {
        node.mistake("there is no answer to give", "write a status, or learn: true");
    }
    Some(Decoy { learn: learns, written, takes_ms })
}

fn read_takes(node: &Node<'_>) -> Option<(u64, u64)> {
    let mut table = node.table("write how long it takes, such as {from: 80ms, to: 200ms}")?;
    let mut bound = |key| {
        let node = table.need(key, "write a duration such as 80ms")?;
        node.duration_ms(0..=MOST_TAKES_MS)
    };
    let (from, to) = (bound("from"), bound("to"));
    table.finish();
    let (from, to) = (from?, to?);
    if from > to {
        let (from, to) = (show_duration(from), show_duration(to));
        node.mistake(format!("from is {from} and to is {to}"), "write the shorter one first");
        return None;
    }
    Some((from, to))
}

/// Reads texts with placeholders.
struct Reader<'m> {
    has_subject: bool,
    masks: &'m mut Vec<Mask>,
}

impl Reader<'_> {
    fn template(
        &mut self,
        status: u16,
        mut headers: Vec<(String, Vec<Piece>)>,
        body: Option<&Node<'_>>,
    ) -> Template {
        let has = |headers: &[(String, Vec<Piece>)], name: &str| headers.iter().any(|(own, _)| own == name);
        let pieces = body.map(|node| self.body(node)).unwrap_or_default();
        if body.is_some_and(|node| node.value.is_object()) && !has(&headers, "content-type") {
            headers.push(("content-type".to_owned(), vec![Piece::Text("application/json".to_owned())]));
        }
        // An answer that is all trailers, as gRPC's, has no length.
        if !has(&headers, "content-length") && !has(&headers, "grpc-status") {
            headers.push(("content-length".to_owned(), vec![Piece::Made(Made::Length)]));
        }
        Template { status, headers, body: pieces }
    }

    fn headers(&mut self, node: &Node<'_>) -> Vec<(String, Vec<Piece>)> {
        let Some(table) = node.table("write a mapping from names to values") else { return Vec::new() };
        let entries = table.entries();
        if entries.len() > MOST_HEADERS {
            node.mistake(format!("{} headers", entries.len()), format!("at most {MOST_HEADERS} are allowed"));
        }
        let mut headers = Vec::new();
        for (name, node) in entries {
            if !is_token(name) {
                node.mistake("not a header's name", "write a name such as content-type");
                continue;
            }
            let Some(text) = node.text("write the header's value") else { continue };
            if text.bytes().any(|byte| byte < b' ' && byte != b'\t') {
                node.mistake("found a control character", "write one line of text");
                continue;
            }
            headers.push((name.to_ascii_lowercase(), self.pieces(&node, text)));
        }
        headers
    }

    fn body(&mut self, node: &Node<'_>) -> Vec<Piece> {
        match node.value {
            Value::Object(_) => self.pieces(node, &node.value.to_string()),
            _ => node
                .text("write a text, or a mapping for JSON")
                .map(|t| self.pieces(node, t))
                .unwrap_or_default(),
        }
    }

    fn pieces(&mut self, node: &Node<'_>, text: &str) -> Vec<Piece> {
        if text.len() > MOST_TEXT_BYTES {
            node.mistake(format!("{} bytes", text.len()), format!("write at most {MOST_TEXT_BYTES}"));
            return Vec::new();
        }
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            let Some((name, left)) = after.split_once('}').filter(|(name, _)| is_placeholder(name)) else {
                plain.push('{');
                rest = after;
                continue;
            };
            match self.made(node, name) {
                Some(made) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Made(made));
                }
                None => node.mistake(
                    format!("there is no placeholder {{{name}}}"),
                    format!("write one of {PLACEHOLDERS}"),
                ),
            }
            rest = left;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        pieces
    }

    fn made(&mut self, node: &Node<'_>, placeholder: &str) -> Option<Made> {
        let (name, argument) = placeholder.split_once(':').map_or((placeholder, None), |(n, a)| (n, Some(a)));
        let chars = |alphabet| {
            let count = argument?.parse().ok().filter(|count| (1..=128).contains(count))?;
            Some(Made::Chars { alphabet, least: count, most: count })
        };
        let now = |form| Some(Made::Time { form, offset_s: 0 });
        match (name, argument) {
            ("digits", _) => chars(Alphabet::Digits),
            ("hex", _) => chars(Alphabet::LowerHex),
            ("HEX", _) => chars(Alphabet::UpperHex),
            ("alnum", _) => chars(Alphabet::Alnum),
            ("token", _) => chars(Alphabet::Base64Url),
            ("uuid", None | Some("4")) => Some(Made::Uuid(4)),
            ("uuid", Some("7")) => Some(Made::Uuid(7)),
            ("now", None) => now(TimeForm::Rfc3339(0, false)),
            ("now", Some("ms")) => now(TimeForm::Milliseconds),
            ("now", Some("seconds")) => now(TimeForm::Seconds),
            ("now", Some("http")) => now(TimeForm::Http),
            ("subject", None) => {
                if !self.has_subject {
                    node.mistake("found {subject}, but the policy has no subject", "add one, or remove it");
                }
                Some(Made::Subject(SubjectForm::Whole))
            }
            ("canary", Some(mask)) => self.canary(node, mask),
            _ => None,
        }
    }

    fn canary(&mut self, node: &Node<'_>, text: &str) -> Option<Made> {
        let Some(mask) = Mask::parse(text) else {
            node.mistake("found a canary of more than 64 characters", "write a shorter one");
            // Refused, but no unknown placeholder.
            return Some(Made::Canary(0));
        };
        let of = |part: &MaskPart| match part {
            MaskPart::Text(_) => 1.0,
            MaskPart::Drawn(alphabet) => alphabet.characters().len() as f64,
        };
        if mask.0.iter().map(of).product::<f64>() < LEAST_VALUES {
            node.mistake(
                format!("{{canary:{text}}} has so few values that customers would meet it by chance"),
                "draw more characters: at least fourteen of 9 (a digit), nine of X (a letter or digit), or \
                 twelve of x (a hexadecimal digit)",
            );
        }
        let known = self.masks.iter().position(|known| *known == mask);
        let place = known.unwrap_or_else(|| {
            self.masks.push(mask);
            self.masks.len() - 1
        });
        if place >= MOST_MASKS {
            node.mistake("found too many forms of canaries", format!("at most {MOST_MASKS} are allowed"));
        }
        u8::try_from(place).ok().map(Made::Canary)
    }
}

/// Whether what stands between braces is meant as a placeholder: JSON's braces hold quotes, or nothing.
fn is_placeholder(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b":-_".contains(&b))
}
