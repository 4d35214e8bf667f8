//! Answers reach the client as the origin gave them, also where their body tells the outcome.

use std::io::Write;
use std::sync::{Arc, Mutex, mpsc};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::stage::{HELD, JSON, account_json};
use crate::surroundings::settle;
use crate::wire::{DEADLINE, Wire, answer, chunk, chunked, sized};

const FAILED: &[u8] = br#"{"user": null, "ok": false}"#;

/// Logs in as a new account each time: four come through, and then none.
fn refuses_after_four(path: &str) {
    let client = HELD.client();
    let log_in = |n: usize| client.log_in(path, &format!("a{n}@x.example"));
    let statuses: Vec<u16> = (0..4).map(log_in).collect();
    assert!(!statuses.contains(&429), "{path}: {statuses:?}");
    settle();
    assert_eq!(log_in(4), 429, "{path}");
}

#[test]
fn headers_and_body_of_an_answer_pass_unchanged() {
    let body: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let headers = [
        ("content-type", "application/json"),
        ("set-cookie", "sid=1; Path=/"),
        ("set-cookie", "b=2"),
        ("etag", "\"x\""),
        ("cache-control", "private"),
        ("x-empty", ""),
    ];
    HELD.origin.tell("/p/limits/answer", answer(203, &headers, &body));
    let got = HELD.client().ask("POST", "/p/limits/answer", &[JSON], &sized(&account_json("a")));
    assert_eq!(got.status(), 203);
    assert!(got.body == body, "{} of {} bytes, or not the same", got.body.len(), body.len());
    let kept: Vec<_> = got.head.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert!(headers.iter().all(|header| kept.contains(header)), "{kept:?}");
    assert!(!kept.iter().any(|(name, _)| name.contains("palisade")), "{kept:?}");
}

#[test]
fn a_failure_in_json_is_seen_and_passes_intact() {
    HELD.origin.tell("/p/told-by-json/plain", answer(200, &[JSON], FAILED));
    let got = HELD.client().ask("POST", "/p/told-by-json/plain", &[JSON], &sized(&account_json("a")));
    assert_eq!((got.status(), &got.body[..]), (200, FAILED));
    refuses_after_four("/p/told-by-json/plain");
}

#[test]
fn a_failure_in_json_packed_with_gzip_is_seen_and_passes_as_gzip() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(FAILED).unwrap();
    let packed = encoder.finish().unwrap();
    let mut bytes =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n".to_vec();
    bytes.extend(chunked(&[&packed[..5], &packed[5..]], &[("x-end", "1")]));
    HELD.origin.tell("/p/told-by-json/gzip", bytes);
    let got = HELD.client().ask("POST", "/p/told-by-json/gzip", &[JSON], &sized(&account_json("a")));
    assert_eq!((got.head.header("content-encoding"), &got.body), (Some("gzip"), &packed));
    assert_eq!(got.trailers, [("x-end".to_owned(), "1".to_owned())]);
    refuses_after_four("/p/told-by-json/gzip");
}

#[test]
fn an_answer_past_the_limit_passes_intact_and_is_nobodys_failure() {
    let filling = "x".repeat(3 * 1024 * 1024);
    let body = format!(r#"{{"rest": "{filling}", "ok": false}}"#).into_bytes();
    HELD.origin.tell("/p/told-too-late/", answer(200, &[JSON], &body));
    let client = HELD.client();
    for n in 0..6 {
        let got = client.ask("POST", "/p/told-too-late/", &[JSON], &sized(&account_json(&n.to_string())));
        assert_eq!(got.status(), 200);
        assert!(got.body == body, "{} of {} bytes, or not the same", got.body.len(), body.len());
    }
    HELD.wait_for_counter("trouble.policy.told-too-late.kind.body-too-large", 6);
    HELD.wait_for_counter("requests.policy.told-too-late.outcome.error", 6);
}

/// The origin sends each event only after the client had the one before it.
#[test]
fn an_answer_that_streams_arrives_piece_by_piece_though_its_text_is_looked_at() {
    let events = ["data: trying\n\n", "data: wrong pass", "word\n\n"];
    let (go, gone) = mpsc::channel();
    let gone = Arc::new(Mutex::new(gone));
    let path = "/p/told-by-text/events";
    HELD.origin.script(path, move |head, wire| {
        let message = wire.rest(head, false)?;
        wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n");
        wire.send(b"transfer-encoding: chunked\r\n\r\n");
        for event in events {
            wire.send(&chunk(event.as_bytes()));
            gone.lock().unwrap().recv_timeout(DEADLINE).ok()?;
        }
        Some((message, b"0\r\n\r\n".to_vec()))
    });
    let client = HELD.client();
    for n in 0..4 {
        let mut wire = Wire::connect(client.to);
        wire.send(&client.begin("POST", path, &[JSON]));
        wire.send(&sized(&account_json(&n.to_string())));
        assert_eq!(wire.head().unwrap().status(), 200);
        for event in events {
            assert_eq!(wire.chunk().unwrap(), event.as_bytes(), "before the next is sent");
            go.send(()).unwrap();
        }
        assert!(wire.chunk().unwrap().is_empty());
    }
    settle();
    assert_eq!(client.log_in(path, "z@x.example"), 429, "the text in two pieces was seen");
}

#[test]
fn an_answer_without_length_passes_to_its_end() {
    HELD.origin.script("/p/told-by-json/until-closed", |head, wire| {
        wire.rest(head, false)?;
        wire.send(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        wire.send(FAILED);
        None
    });
    let got = HELD.client().ask("POST", "/p/told-by-json/until-closed", &[JSON], &sized(&account_json("a")));
    assert_eq!((got.status(), &got.body[..]), (200, FAILED));
    refuses_after_four("/p/told-by-json/until-closed");
}

#[test]
fn answers_without_a_body_pass() {
    let client = HELD.client();
    for policy in ["limits", "told-by-json"] {
        for status in [204, 304] {
            let path = format!("/p/{policy}/{status}");
            HELD.origin.tell(&path, answer(status, &[("etag", "\"x\"")], b""));
            let got = client.ask("POST", &path, &[JSON], &sized(&account_json("a")));
            assert_eq!((got.status(), got.head.header("etag")), (status, Some("\"x\"")), "{path}");
        }
        let path = format!("/p/{policy}/head");
        HELD.origin.script(&path, |head, wire| {
            let message = wire.rest(head, false)?;
            Some((message, b"HTTP/1.1 200 OK\r\ncontent-length: 12345\r\n\r\n".to_vec()))
        });
        let got = client.ask("HEAD", &path, &[], b"\r\n");
        assert_eq!((got.status(), got.head.header("content-length")), (200, Some("12345")), "{path}");
    }
}
