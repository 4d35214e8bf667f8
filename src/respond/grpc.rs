//! Replies to clients that speak gRPC or gRPC-Web, which look at `grpc-status` alone: to most of them an
//! HTTP status other than 200 is a broken connection, which they try again.

use super::Reply;
use crate::facts::Headers;

/// What a client speaks, by its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speech {
    /// Plain HTTP.
    #[default]
    Http,
    /// gRPC over HTTP/2 or HTTP/3.
    Grpc,
    /// gRPC-Web (grpc/grpc, `doc/PROTOCOL-WEB.md`), and the content type of its answers. Where Envoy's own
    /// filter translates it before us it is gRPC.
    GrpcWeb(&'static str),
}

/// gRPC status codes (grpc.io, "Status codes and their use in gRPC").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    PermissionDenied = 7,
    ResourceExhausted = 8,
}

impl Code {
    /// What tells a person what to do next, and a program nothing that it does not know from the code.
    fn message(self) -> &'static str {
        match self {
            Self::PermissionDenied => "forbidden",
            Self::ResourceExhausted => "too many requests",
        }
    }
}

const BASE: &str = "application/grpc";
const WEB: &str = "application/grpc-web";
const WEB_TEXT: &str = "application/grpc-web-text";
const TEXT_ANSWER: &str = "application/grpc-web-text+proto";

/// The first byte of a frame of trailers (grpc/grpc, `doc/PROTOCOL-WEB.md`).
const TRAILERS: u8 = 0x80;

impl Speech {
    /// What the client of a request speaks.
    #[must_use]
    pub fn of(headers: &Headers<'_>) -> Self {
        if !headers.begins("content-type", BASE) {
            return Self::Http;
        }
        if !headers.begins("content-type", WEB) {
            return Self::Grpc;
        }
        // Only the client's `accept` says of some that they want text.
        let is_text = ["content-type", "accept"].iter().any(|name| headers.begins(name, WEB_TEXT));
        let is_json = headers.begins("content-type", "application/grpc-web+json");
        Self::GrpcWeb(match (is_text, is_json) {
            (true, _) => TEXT_ANSWER,
            (false, true) => "application/grpc-web+json",
            (false, false) => "application/grpc-web+proto",
        })
    }
}

/// The reply to a client that speaks gRPC; `None`: it speaks HTTP. `retry_s`: when it may come back.
pub(super) fn reply(
    code: Code,
    details: &'static str,
    retry_s: Option<u64>,
    speech: Speech,
) -> Option<Reply> {
    let status = (code as i32).to_string();
    // gRFC A6: a client that tries again by itself waits so long first.
    let wait = retry_s.map(|retry_s| ("grpc-retry-pushback-ms", shown_ms(retry_s)));
    let trailers = [("grpc-status", status), ("grpc-message", code.message().to_owned())];
    let trailers = trailers.into_iter().chain(wait);
    let (grpc_status, headers, body) = match speech {
        Speech::Http => return None,
        // All trailers, together with the headers. Envoy itself makes such a reply of any other, but for a
        // request that its gRPC-Web filter translated it would say HTTP's status and not ours.
        Speech::Grpc => {
            let headers = trailers.map(|(name, value)| (name.into(), value)).collect();
            (Some(code as i32), headers, Vec::new())
        }
        // The trailers in the body: Envoy sends no content type where there is none, and a page of another
        // origin may read a body without further leave.
        Speech::GrpcWeb(content_type) => {
            let lines: String = trailers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let headers = vec![
                ("content-type".into(), content_type.to_owned()),
                ("cache-control".into(), "no-store".to_owned()),
            ];
            (None, headers, framed(&lines, content_type == TEXT_ANSWER))
        }
    };
    Some(Reply { status: 200, grpc_status, headers, body: body.into(), details, whole: None })
}

/// Trailers as the last frame of a body: a byte that says so, their length, and their lines.
fn framed(lines: &str, in_base64: bool) -> Vec<u8> {
    let length = u32::try_from(lines.len()).unwrap_or(0).to_be_bytes();
    let frame = [&[TRAILERS], &length[..], lines.as_bytes()].concat();
    if in_base64 { base64(&frame) } else { frame }
}

/// RFC 4648, 4, with padding.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let byte = |place: usize| u32::from(part.get(place).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |place: usize| DIGITS.get((word >> (18 - 6 * place)) as usize & 63).copied();
        out.extend((0..4).map(|place| digit(place).filter(|_| place <= part.len()).unwrap_or(b'=')));
    }
    out
}

/// In milliseconds, as the signed 32-bit number that clients read.
fn shown_ms(left_s: u64) -> String {
    left_s.saturating_mul(1000).min(i32::MAX as u64).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn speech(pairs: &[(&'static str, &'static str)]) -> Speech {
        Speech::of(&Headers::new(pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect()))
    }

    #[test]
    fn the_content_type_tells_what_is_spoken() {
        for (sent, spoken) in [
            ("application/json", Speech::Http),
            ("application/grpc", Speech::Grpc),
            ("application/grpc+proto", Speech::Grpc),
            ("application/grpc-web", Speech::GrpcWeb("application/grpc-web+proto")),
            ("Application/gRPC-Web+Proto", Speech::GrpcWeb("application/grpc-web+proto")),
            ("application/grpc-web+json", Speech::GrpcWeb("application/grpc-web+json")),
            ("application/grpc-web-text", Speech::GrpcWeb("application/grpc-web-text+proto")),
        ] {
            assert_eq!(speech(&[("content-type", sent)]), spoken, "{sent}");
        }
        assert_eq!(
            speech(&[("content-type", "application/grpc-web+proto"), ("accept", WEB_TEXT)]),
            Speech::GrpcWeb("application/grpc-web-text+proto")
        );
        assert_eq!(speech(&[]), Speech::Http);
    }

    #[test]
    fn base64_is_as_its_standard_shows_it() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn any_content_type_is_survived(sent: Vec<u8>, accept: Vec<u8>) {
            let kept = Headers::new(vec![(b"content-type", &sent), (b"accept", &accept)]);
            let spoken = Speech::of(&kept);
            prop_assert!(spoken == Speech::Http || sent.to_ascii_lowercase().starts_with(BASE.as_bytes()));
        }

        #[test]
        fn base64_holds_every_byte(bytes: Vec<u8>) {
            let coded = base64(&bytes);
            prop_assert_eq!(coded.len(), bytes.len().div_ceil(3) * 4);
            let digits = coded.iter().filter(|digit| **digit != b'=').count();
            prop_assert_eq!(digits * 6 / 8, bytes.len());
        }
    }

    #[test]
    fn the_longest_verdict_is_a_number_that_clients_can_read() {
        assert_eq!(shown_ms(7 * 24 * 3600), "604800000");
        assert_eq!(shown_ms(u64::MAX), i32::MAX.to_string());
    }
}
