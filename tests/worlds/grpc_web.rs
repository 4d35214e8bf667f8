//! Replies to gRPC-Web, with Envoy's filter that translates it before us, and without it. The requests are
//! those of grpc/grpc, doc/PROTOCOL-WEB.md, as a browser's `fetch` sends them.

use crate::stage::{STAGE, Someone, names, soon};
use crate::wire::{Message, answer};

const KINDS: [(&str, &str); 3] = [
    ("application/grpc-web", "application/grpc-web+proto"),
    ("application/grpc-web+proto", "application/grpc-web+proto"),
    ("application/grpc-web-text", "application/grpc-web-text+proto"),
];

const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A call with this message, which names the password.
fn call(someone: &Someone, policy: &str, kind: &str, password: &str) -> Message {
    let framed = [&[0, 0, 0, 0, password.len() as u8], password.as_bytes()].concat();
    let body = if kind.contains("text") { base64(&framed) } else { framed };
    let headers = [("content-type", kind), ("accept", kind), ("x-grpc-web", "1")];
    someone.send("POST", &format!("/p/{policy}/LogIn"), &headers, &body)
}

/// In base64 (RFC 4648), since the messages of `-text` are in it.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in bytes.chunks(3) {
        let word = part.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= part.len() { digit } else { b'=' });
        }
    }
    out
}

/// What a client of gRPC-Web makes of an answer: its content type and its trailers, which stand in the last
/// frame of its body or, where there is no body, among its headers.
fn read(got: &Message) -> (String, Vec<(String, String)>) {
    assert_eq!(got.status(), 200, "{:?}", got.head);
    let content_type = got.head.header("content-type").unwrap_or_default().to_owned();
    if got.body.is_empty() {
        return (content_type, got.head.headers.clone());
    }
    let body = if content_type.contains("text") { from_base64(&got.body) } else { got.body.clone() };
    let mut rest = &body[..];
    loop {
        let length = u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
        let (frame, after) = rest[5..].split_at(length);
        if rest[0] == 0x80 {
            assert!(after.is_empty(), "trailers are the last frame");
            let lines = String::from_utf8(frame.to_vec()).unwrap();
            let pair = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap();
            return (content_type, lines.split_terminator("\r\n").map(pair).collect());
        }
        rest = after;
    }
}

/// Each four digits by themselves: a server may pad each frame.
fn from_base64(text: &[u8]) -> Vec<u8> {
    let value = |digit: &u8| DIGITS.iter().position(|known| known == digit).unwrap_or(0) as u32;
    let three = |four: &[u8]| {
        let word = four.iter().fold(0, |word, digit| word << 6 | value(digit));
        let padding = four.iter().filter(|digit| **digit == b'=').count();
        word.to_be_bytes()[1..4 - padding].to_vec()
    };
    text.chunks(4).flat_map(three).collect()
}

fn is_refusal(got: &Message, content_type: &str, code: &str) {
    let (kind, trailers) = read(got);
    let trailer = |name: &str| trailers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!((kind.as_str(), trailer("grpc-status")), (content_type, Some(code)), "{:?}", got.head);
    let message = if code == "8" { "too many requests" } else { "forbidden" };
    assert_eq!(trailer("grpc-message"), Some(message), "{trailers:?}");
    assert_eq!(trailer("grpc-retry-pushback-ms").is_some(), code == "8", "{trailers:?}");
}

#[test]
fn behind_envoys_filter_a_refusal_is_translated_as_any_answer() {
    for (policy, code) in [("grpc-limits", "8"), ("grpc-blocks", "7")] {
        for (kind, content_type) in KINDS {
            let someone = Someone { to: STAGE.translated, ..STAGE.someone() };
            for password in ["a", "b", "c"] {
                let got = call(&someone, policy, kind, password);
                assert_eq!(got.head.header("grpc-status"), Some("16"), "the server's own: {:?}", got.head);
            }
            is_refusal(&call(&someone, policy, kind, "right"), content_type, code);
            let other = Someone { to: STAGE.translated, ..STAGE.someone() };
            let welcome = call(&other, policy, kind, "right");
            assert!(welcome.status() == 200 && !welcome.body.is_empty(), "{:?}", welcome.head);
        }
    }
}

#[test]
fn an_origin_that_speaks_it_itself_has_refusals_of_the_same_form() {
    for (policy, code) in [("web-limits", "8"), ("web-blocks", "7")] {
        let path = format!("/p/{policy}/LogIn");
        let failed = [("content-type", "application/grpc-web+proto"), ("grpc-status", "16")];
        STAGE.origin.tell(&path, answer(200, &failed, b""));
        for (kind, content_type) in KINDS {
            let someone = STAGE.someone();
            for password in ["a", "b", "c"] {
                assert_eq!(call(&someone, policy, kind, password).head.header("grpc-status"), Some("16"));
            }
            is_refusal(&call(&someone, policy, kind, "right"), content_type, code);
        }
    }
}

#[test]
fn the_deceived_get_what_the_server_says_to_others() {
    let translated = |someone: Someone| Someone { to: STAGE.translated, ..someone };
    let own = |someone: Someone| someone;
    let failed = [("content-type", "application/grpc-web+proto"), ("grpc-status", "16")];
    STAGE.origin.tell("/p/web-deceives/LogIn", answer(200, &failed, b""));
    let kind = "application/grpc-web+proto";
    for (policy, to) in
        [("grpc-deceives-web", &translated as &dyn Fn(Someone) -> Someone), ("web-deceives", &own)]
    {
        let others = (0..16).map(|_| call(&to(STAGE.someone()), policy, kind, "no"));
        let genuine = others.last().unwrap();
        let line = format!(r#""policy":"{policy}","decoy":"learned""#);
        assert!(soon(|| STAGE.envoy.log().contains(&line)), "{policy}");
        let condemned = to(STAGE.someone());
        for _ in 0..3 {
            call(&condemned, policy, kind, "no");
        }
        let decoy = call(&condemned, policy, kind, "right");
        assert!(soon(|| STAGE.came_to(policy, "deceive") == 1), "{policy}");
        assert_eq!(decoy.head.header("grpc-status"), Some("16"), "{policy}: {:?}", decoy.head);
        assert_eq!(
            (names(&decoy), read(&decoy).0, &decoy.body),
            (names(&genuine), read(&genuine).0, &genuine.body)
        );
        // Of the same failure an answer in text would be another, which is not known.
        if policy == "web-deceives" {
            is_refusal(&call(&condemned, policy, KINDS[2].0, "right"), KINDS[2].1, "7");
        }
    }
}
