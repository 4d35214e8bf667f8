//! Requests' bodies arrive as they were sent, whether they are read, cannot be, or are too large.

use std::io::Write;
use std::process::Command;
use std::sync::mpsc;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::stage::{AHEAD, Client, JSON, Stage, account_json, both, soon};
use crate::surroundings::settle;
use crate::wire::{DEADLINE, Message, Wire, chunk, chunked, sized};

/// The most of a body that is read by default, in bytes.
const LIMIT: usize = 64 * 1024;
const MIB: usize = 1024 * 1024;

/// Bytes that do not repeat soon, so that a part lost or doubled shows.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

/// JSON of that many bytes.
fn json_of(size: usize) -> Vec<u8> {
    let start = br#"{"email": "large@x.example", "rest": ""#;
    let filling = vec![b'x'; size - start.len() - 2];
    [&start[..], &filling, b"\"}"].concat()
}

/// Sends a body, checks that the origin got it as it was and the client the whole answer.
fn passes(stage: &Stage, client: &Client, path: &str, headers: &[(&str, &str)], rest: &[u8], body: &[u8]) {
    let before = stage.origin.seen(path).len();
    let answer = client.ask("POST", path, headers, rest);
    assert_eq!((answer.status(), answer.text().as_str()), (200, r#"{"ok": true}"#), "{path}");
    let seen = stage.origin.seen(path);
    assert_eq!(seen.len(), before + 1, "{path} comes once");
    arrived(&seen[before], headers, body);
}

fn arrived(seen: &Message, headers: &[(&str, &str)], body: &[u8]) {
    assert_eq!(seen.head.word(0), "POST");
    for (name, value) in headers {
        assert_eq!(seen.head.header(name), Some(*value), "{name}");
    }
    assert!(seen.body == body, "{} of {} bytes, or not the same", seen.body.len(), body.len());
}

/// Sends three accounts in bodies of a form, then a fourth, which is limited if they were read.
fn is_read(
    stage: &Stage,
    path: &str,
    headers: &[(&str, &str)],
    form: impl Fn(&[u8]) -> (Vec<u8>, Vec<u8>),
) -> bool {
    let client = stage.client();
    for account in ["a@x.example", "b@x.example", "c@x.example"] {
        let (rest, body) = form(&account_json(account));
        passes(stage, &client, path, headers, &rest, &body);
    }
    let (rest, _) = form(&account_json("d@x.example"));
    settle();
    client.ask("POST", path, headers, &rest).status() == 429
}

/// One byte a chunk.
fn crumbs(body: &[u8]) -> Vec<&[u8]> {
    body.chunks(1).collect()
}

#[test]
fn a_body_of_known_length_is_read_and_passes_intact() {
    for stage in both() {
        assert!(is_read(stage, "/p/json/sized", &[JSON], |body| (sized(body), body.to_vec())));
    }
}

#[test]
fn a_body_in_many_small_chunks_is_read_and_passes_intact() {
    for stage in both() {
        let form = |body: &[u8]| (chunked(&crumbs(body), &[]), body.to_vec());
        assert!(is_read(stage, "/p/json/crumbs", &[JSON], form));
    }
}

#[test]
fn trailers_pass_with_the_body_that_was_read_before_them() {
    let trailers = [("x-checksum", "abc"), ("x-end", "1")];
    for stage in both() {
        let form = |body: &[u8]| (chunked(&crumbs(body), &trailers), body.to_vec());
        assert!(is_read(stage, "/p/json/trailers", &[JSON], form));
        for seen in stage.origin.seen("/p/json/trailers") {
            let expected: Vec<_> = trailers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(seen.trailers, expected);
        }
    }
}

#[test]
fn a_gzip_body_is_read_and_arrives_as_gzip() {
    let gzip = |body: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        let packed = encoder.finish().unwrap();
        (chunked(&[&packed[..10], &packed[10..]], &[]), packed)
    };
    for stage in both() {
        assert!(is_read(stage, "/p/encoded/gzip", &[JSON, ("content-encoding", "gzip")], gzip));
        assert_eq!(stage.counter("trouble.policy.encoded.kind.body-unreadable"), 0);
    }
}

#[test]
fn a_body_in_an_encoding_that_cannot_be_read_passes_and_is_counted() {
    let deflate = |body: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        let packed = encoder.finish().unwrap();
        (sized(&packed), packed)
    };
    for stage in both() {
        let path = "/p/unknown-encoding/";
        assert!(!is_read(stage, path, &[JSON, ("content-encoding", "deflate")], deflate));
        assert!(!is_read(stage, path, &[JSON, ("content-encoding", "br")], |b| (sized(b), b.to_vec())));
        stage.wait_for_counter("trouble.policy.unknown-encoding.kind.body-unreadable", 8);
    }
}

#[test]
fn an_empty_body_passes_and_is_no_trouble() {
    for stage in both() {
        let client = stage.client();
        for rest in [sized(b""), chunked(&[], &[])] {
            passes(stage, &client, "/p/empty/", &[JSON], &rest, b"");
        }
        stage.wait_for_counter("requests.policy.empty.outcome.failure", 2);
        assert_eq!(stage.counter("trouble.policy.empty.kind.body-unreadable"), 0);
    }
}

#[test]
fn a_body_of_the_limit_is_read_whole() {
    for stage in both() {
        let padded = |body: &[u8]| {
            let body = [body, &vec![b' '; LIMIT - body.len()]].concat();
            (chunked(&body.chunks(4000).collect::<Vec<_>>(), &[]), body)
        };
        assert!(is_read(stage, "/p/whole/chunked", &[JSON], padded));
        assert!(is_read(stage, "/p/whole/sized", &[JSON], |body| {
            let (_, body) = padded(body);
            (sized(&body), body)
        }));
        assert_eq!(stage.counter("trouble.policy.whole.kind.body-too-large"), 0);
    }
}

/// Envoy itself buffers at most 1 MiB; what is larger must not wait for its end.
#[test]
fn a_body_past_the_limit_passes_intact_and_is_counted() {
    let sizes = [LIMIT + 1, 3 * LIMIT, MIB + 1, 5 * MIB];
    for stage in both() {
        let client = stage.client();
        for size in sizes {
            let body = json_of(size);
            passes(stage, &client, "/p/large/", &[JSON], &sized(&body), &body);
            let parts: Vec<&[u8]> = body.chunks(10_000).collect();
            passes(stage, &client, "/p/large/", &[JSON], &chunked(&parts, &[]), &body);
            passes(stage, &client, "/p/large/", &[JSON], &chunked(&[&body], &[]), &body);
        }
        stage.wait_for_counter("trouble.policy.large.kind.body-too-large", 3 * sizes.len() as u64);
    }
}

/// Envoy is stopped in the midst of a body, so that it finds all that follows at once.
#[test]
fn a_large_body_passes_intact_though_most_of_it_comes_at_once() {
    let (begun, beginnings) = mpsc::channel();
    AHEAD.origin.script("/p/json/at-once", move |head, wire| {
        begun.send(()).unwrap();
        Some((wire.rest(head, false)?, crate::wire::answer(200, &[], b"all")))
    });
    let client = AHEAD.client();
    let (start, rest) = (json_of(10_000), bytes(3 * MIB));
    let mut wire = Wire::connect(client.to);
    let mut beginning = client.begin("POST", "/p/json/at-once", &[JSON, ("transfer-encoding", "chunked")]);
    beginning.extend(b"\r\n");
    beginning.extend(chunk(&start));
    wire.send(&beginning);
    beginnings.recv_timeout(DEADLINE).unwrap();
    let stopped = AHEAD.envoy.pid();
    signal("-STOP", stopped);
    soon("Envoy stands still", || {
        let status = std::fs::read_to_string(format!("/proc/{stopped}/stat")).unwrap();
        if status.contains(") T ") { Ok(()) } else { Err(status) }
    });
    let all = [chunk(&rest), b"0\r\n\r\n".to_vec()].concat();
    let left = wire.fill(&all);
    signal("-CONT", stopped);
    wire.send(left);
    assert_eq!(wire.answer(false).text(), "all");
    let seen = AHEAD.origin.seen("/p/json/at-once");
    assert!(seen[0].body == [start, rest].concat(), "{} bytes, or not the same", seen[0].body.len());
}

/// Sends a signal to the Envoy of this test's stage.
fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

#[test]
fn what_is_no_json_passes_intact_and_is_counted() {
    let bodies = [&b"{\"email\": \"a@x.example\""[..], b"email=a", b"\xff\xfe\x00", b"[1, 2"];
    for stage in both() {
        let client = stage.client();
        for body in bodies {
            passes(stage, &client, "/p/no-json/", &[JSON], &sized(body), body);
        }
        stage.wait_for_counter("trouble.policy.no-json.kind.body-unreadable", bodies.len() as u64);
    }
}

#[test]
fn a_form_is_read_by_a_policy_for_forms() {
    let form = |body: &[u8]| {
        let account = String::from_utf8_lossy(body).split('"').nth(3).unwrap().replace('@', "%40");
        let body = format!("pass=x+y&user={account}").into_bytes();
        (sized(&body), body)
    };
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for stage in both() {
        assert!(is_read(stage, "/p/form/", &[kind], form));
    }
}

#[test]
fn kinds_that_hold_no_json_pass_intact_and_are_no_trouble() {
    let part = b"--b\r\ncontent-disposition: form-data; name=f; filename=f\r\n\r\n";
    let upload = [&part[..], &bytes(3 * MIB), b"\r\n--b--\r\n"].concat();
    let cases = [
        ("multipart/form-data; boundary=b", upload),
        ("application/octet-stream", bytes(MIB)),
        ("application/x-www-form-urlencoded", b"email=a%40x.example".to_vec()),
        ("image/png", bytes(LIMIT + 1)),
    ];
    for stage in both() {
        let client = stage.client();
        for (kind, body) in &cases {
            let headers = [("content-type", *kind)];
            passes(stage, &client, "/p/unread-kinds/", &headers, &sized(body), body);
            let parts: Vec<&[u8]> = body.chunks(50_000).collect();
            passes(stage, &client, "/p/unread-kinds/", &headers, &chunked(&parts, &[]), body);
        }
        let all = 2 * cases.len() as u64;
        stage.wait_for_counter("requests.policy.unread-kinds.outcome.failure", all);
        for kind in ["body-too-large", "body-unreadable"] {
            assert_eq!(stage.counter(&format!("trouble.policy.unread-kinds.kind.{kind}")), 0, "{kind}");
        }
    }
}

/// Each part is sent only after the origin had the one before it.
#[test]
fn a_body_that_streams_arrives_piece_by_piece() {
    let parts = [&b"one"[..], b"two", b"three"];
    for stage in both() {
        let (arrived, arrivals) = mpsc::channel();
        stage.origin.script("/p/json/streamed", move |head, wire| {
            let mut body = Vec::new();
            loop {
                let part = wire.chunk()?;
                if part.is_empty() {
                    let message = Message { head, body, trailers: wire.headers() };
                    return Some((message, crate::wire::answer(200, &[], b"all")));
                }
                arrived.send(part.clone()).unwrap();
                body.extend(part);
            }
        });
        let client = stage.client();
        let kind = ("content-type", "application/octet-stream");
        let mut wire = Wire::connect(client.to);
        wire.send(&client.begin("POST", "/p/json/streamed", &[kind, ("transfer-encoding", "chunked")]));
        wire.send(b"\r\n");
        for part in parts {
            wire.send(&chunk(part));
            assert_eq!(arrivals.recv_timeout(DEADLINE).unwrap(), part, "before the next is sent");
        }
        wire.send(b"0\r\n\r\n");
        assert_eq!(wire.answer(false).text(), "all");
        assert_eq!(stage.origin.seen("/p/json/streamed").last().unwrap().body, parts.concat());
    }
}
