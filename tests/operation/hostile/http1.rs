//! Requests in HTTP/1.1, and in what is no longer quite that.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{Ending, Storm, any_bytes, bodies, one_of};

/// Names that the module reads, those that Envoy minds, and some that nobody knows.
pub(super) const NAMES: [&str; 32] = [
    "cookie",
    "cookie",
    "cookie",
    "authorization",
    "authorization",
    "x-forwarded-for",
    "x-forwarded-for",
    "x-address",
    "x-ja4",
    "x-user",
    "user-agent",
    "accept-language",
    "accept",
    "content-type",
    "x-palisade-score",
    "x-palisade-",
    "x-request-id",
    "upgrade",
    "connection",
    "te",
    "trailer",
    "expect",
    "grpc-timeout",
    "content-encoding",
    "referer",
    "x-envoy-external-address",
    "x-envoy-upstream-service-time",
    "forwarded",
    "via",
    "range",
    "a",
    "x-_~!#",
];

/// The value of a header, most of them wrong in one way or another.
pub(super) fn value(chance: &mut StdRng) -> Vec<u8> {
    let any = any_bytes(chance, 60);
    let known = one_of(
        chance,
        &[
            "",
            "sid=",
            ";;;",
            "=x",
            "=",
            "sid",
            "sid=a; sid=b",
            "; sid=c;;",
            " sid = d",
            "sid=e=f; user=",
            "user=%ff",
            "Bearer",
            "Bearer ",
            "bearer x",
            "BEARER\tx",
            "Basic Og==",
            "Bearer  a b",
            "Bearerx",
            "unknown",
            "1.2.3",
            "::1",
            "[::1]:99999",
            "1.2.3.4:5",
            "203.0.113.9, , ,",
            "999.1.1.1",
            "::ffff:1.2.3.4",
            "%",
            "websocket",
            "h2c",
            "upgrade",
            "upgrade, close",
            "trailers",
            "100-continue",
            "chunked",
            "gzip",
            "bytes=0-",
            "application/json",
            "application/json; charset=utf-16",
            "application/x-www-form-urlencoded",
            "application/grpc",
            "multipart/form-data; boundary=",
            "text/",
            "en;q=,,*;q=9",
            "\u{e9}\u{1f600}",
            "via_upstream",
            "\u{7f}",
            "-1",
            "18446744073709551616",
        ],
    );
    match chance.random_range(0..8) {
        0 => any,
        1 => [b"sid=", &any[..]].concat(),
        2 => [b"Bearer ", &any[..]].concat(),
        3 => vec![b'v'; chance.random_range(0..8_000)],
        _ => known.as_bytes().to_vec(),
    }
}

/// A path under one of the policies, as a rule.
pub(super) fn path(chance: &mut StdRng) -> Vec<u8> {
    let policy = one_of(
        chance,
        &["json", "json", "form", "query", "path", "header", "cookie", "strict", "strict", "none"],
    );
    let rest = match chance.random_range(0..10) {
        0 => "x".repeat(chance.random_range(0..20_000)),
        1 => "?user=".to_owned() + &"%".repeat(chance.random_range(0..50)),
        2 => one_of(
            chance,
            &["%00/x", "%ff/x", "%c3%28/x", "a%2fb/x", "/x", "../x", "..;/x", "a//x", "{subject}/x"],
        )
        .to_owned(),
        3 => one_of(chance, &["?", "??", "?user", "?=&&user=&", "?user=a&user=b#c", "#", "?user=%E9%zz+"])
            .to_owned(),
        _ => format!("card-{}/x?user=u{}", chance.random_range(0..100), chance.random_range(0..100)),
    };
    let start = format!("/p/{policy}/{rest}").into_bytes();
    match chance.random_range(0..30) {
        0 => b"*".to_vec(),
        1 => [b"http://shop.example", &start[..]].concat(),
        2 => b"/nobody/x".to_vec(),
        3 => [&start[..], &any_bytes(chance, 30)].concat(),
        4 => Vec::new(),
        _ => start,
    }
}

/// A request and how its connection ends.
pub(super) fn any(chance: &mut StdRng) -> Storm {
    let method = one_of(chance, &["POST", "POST", "POST", "PUT", "PATCH", "DELETE"]);
    let strange = one_of(chance, &["GET", "HEAD", "OPTIONS", "CONNECT", "post", "P@ST", ""]);
    let method = if chance.random_bool(0.9) { method } else { strange };
    let strange = one_of(chance, &["HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]);
    let version = if chance.random_bool(0.98) { "HTTP/1.1" } else { strange };
    let mut bytes = [method.as_bytes(), b" ", &path(chance), b" ", version.as_bytes(), b"\r\n"].concat();
    let mut line = |name: &str, value: &[u8]| {
        bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    };
    if chance.random_bool(0.97) {
        line("host", if chance.random_bool(0.95) { b"shop.example" } else { b"\x80[::" });
    }
    let many = if chance.random_bool(0.1) { 100 } else { chance.random_range(0..8) };
    for _ in 0..many {
        line(one_of(chance, &NAMES), &if many == 100 { any_bytes(chance, 60) } else { value(chance) });
    }
    if chance.random_bool(0.7) {
        line(
            "content-type",
            one_of(chance, &["application/json", "application/json", "application/x-www-form-urlencoded"])
                .as_bytes(),
        );
    }
    if chance.random_bool(0.1) {
        line("upgrade", one_of(chance, &["websocket", "h2c", "x", ""]).as_bytes());
        line("connection", b"upgrade");
    }
    let (body, encoding) = bodies::any(chance);
    if !encoding.is_empty() {
        line("content-encoding", encoding.as_bytes());
    }
    frame(chance, &mut bytes, &body);
    let ending = match chance.random_range(0..10) {
        0 => Ending::HalfClose,
        1 => Ending::Leave,
        2 => {
            bytes.truncate(chance.random_range(0..=bytes.len()));
            one_of(chance, &[|| Ending::Leave, || Ending::HalfClose])()
        }
        _ => Ending::Wait,
    };
    Storm { bytes, ending }
}

/// Ends the head and adds the body, its length said rightly as a rule.
fn frame(chance: &mut StdRng, bytes: &mut Vec<u8>, body: &[u8]) {
    let length = body.len();
    let mut head = |text: String| bytes.extend(text.into_bytes());
    match chance.random_range(0..40) {
        0 => head(format!("content-length: {}\r\n\r\n", length + 10)),
        1 => head(format!("content-length: {}\r\n\r\n", length / 2)),
        2 => head(format!("content-length: {length}\r\ncontent-length: {}\r\n\r\n", length + 1)),
        3 => head(format!(
            "content-length: {}\r\n\r\n",
            one_of(chance, &["-1", "+5", "0x10", "", "99999999999999999999"])
        )),
        4 => head(format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n")),
        5 => head("\r\n".to_owned()),
        6 => head(format!("transfer-encoding: {}\r\n\r\n", one_of(chance, &["gzip, chunked", "x", ""]))),
        7..=16 => {
            head("transfer-encoding: chunked\r\n\r\n".to_owned());
            return chunks(chance, bytes, body);
        }
        _ => head(format!("content-length: {length}\r\n\r\n")),
    }
    bytes.extend(body);
}

fn chunks(chance: &mut StdRng, bytes: &mut Vec<u8>, body: &[u8]) {
    let extension = one_of(chance, &["", "", ";a", ";a=\"b\"", ";\u{80}=", " "]);
    for part in body.chunks(chance.random_range(1..20_000_usize).max(body.len() / 50 + 1)) {
        bytes.extend(format!("{:x}{extension}\r\n", part.len()).into_bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    let strange = one_of(chance, &["0\r\n: \r\n\r\n", "zz\r\n", "fffffffffffffffff\r\n", ""]);
    let end = one_of(chance, &["0\r\n\r\n", "0\r\n\r\n", "0\r\nx-end: \u{80}\r\n\r\n"]);
    bytes.extend(if chance.random_bool(0.9) { end } else { strange }.as_bytes());
}
