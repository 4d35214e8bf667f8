//! Promises about single exchanges, on the simulated host.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::io::Write;
use std::sync::Arc;

use flate2::{Compression, write::GzEncoder};
use palisade::config;
use palisade::sim::{Answer, Request, Seen, Store, Worker};
use serde_json::{Value, json};

const NOW_MS: u64 = 1_800_000_000_000;

fn worker(store: &Arc<Store>, policy: &Value) -> Worker {
    let configuration = json!({
        "secret": "a secret of the tests alone", "memory": "8MiB", "hold_headers": true,
        "policies": {"login": policy},
    });
    let read = config::read(&configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    Worker::new(read.settings, Arc::clone(store))
}

fn request(account: u32, more: &[(&str, &str)]) -> Request {
    let mut headers: Vec<(String, String)> =
        [(":path", "/login"), (":method", "POST"), ("user-agent", "curl/8.5.0")]
            .iter()
            .chain(more)
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
    let body = format!(r#"{{"email":"a{account}@x.example"}}"#).into_bytes();
    headers.push(("content-length".to_owned(), body.len().to_string()));
    let route_policy = Some("login".to_owned());
    Request { headers, body, address: "203.0.113.1:80".to_owned(), route_policy }
}

fn fail(worker: &mut Worker, times: u32) -> Seen {
    let exchange = |n| worker.exchange(NOW_MS, &request(n, &[]), || Answer::status(401));
    (0..times).map(exchange).last().unwrap()
}

fn login() -> Value {
    json!({"role": "login", "subject": {"json": "/email"}})
}

#[test]
fn a_clients_copies_of_our_headers_are_removed() {
    let mut worker = worker(&Arc::default(), &login());
    let names = ["x-palisade-score", "x-palisade-campaign", "x-palisade-anything"];
    let spoofed = request(1, &names.map(|name| (name, "0")));
    let seen = worker.exchange(NOW_MS, &spoofed, || Answer::status(200));
    assert_eq!(seen.strip, names);
}

#[test]
fn the_origin_is_told_of_the_campaign_that_a_suspect_is_of() {
    let mut worker = worker(&Arc::default(), &login());
    let tag = |seen: &Seen, name: &str| {
        seen.tags.iter().find(|(tag, _)| *tag == name).map(|(_, value)| value.clone())
    };
    let suspect = fail(&mut worker, 4);
    assert!(tag(&suspect, "x-palisade-score").is_some(), "{suspect:?}");
    assert_eq!(tag(&suspect, "x-palisade-campaign"), None, "there is none yet");
    let refused = fail(&mut worker, 2);
    let note = refused.note.unwrap_or_default();
    let named = note.split(";campaign=").nth(1).unwrap()[..8].to_owned();
    // When its limit is over what is known of it is still worth a tag.
    let later_ms = NOW_MS + 60_000;
    worker.tick(later_ms);
    let suspect = worker.exchange(later_ms, &request(9, &[]), || Answer::status(200));
    assert_eq!(suspect.replied, None);
    assert_eq!(tag(&suspect, "x-palisade-campaign"), Some(named), "{suspect:?}");
}

#[test]
fn a_new_configuration_keeps_what_is_known() {
    let store = Arc::default();
    assert_eq!(fail(&mut worker(&store, &login()), 5).replied, Some(429));
    let changed = json!({"role": "login", "subject": {"json": "/email"}, "ladder": {"tag": 2}});
    assert_eq!(fail(&mut worker(&store, &changed), 1).replied, Some(429));
}

#[test]
fn answers_of_envoy_itself_are_nobodys_failure() {
    let mut worker = worker(&Arc::default(), &login());
    let refused = || Answer { details: "rbac_access_denied".to_owned(), ..Answer::status(403) };
    for n in 0..20 {
        assert_eq!(worker.exchange(NOW_MS, &request(n, &[]), refused).note, None);
    }
    worker.tick(NOW_MS);
    assert_eq!(worker.host.metric("requests.policy.login.outcome.error"), 20);
}

#[test]
fn our_own_answers_feed_no_tally() {
    let mut worker = worker(&Arc::default(), &login());
    fail(&mut worker, 50);
    worker.tick(NOW_MS);
    assert_eq!(worker.host.metric("requests.policy.login.outcome.failure"), 4);
    assert_eq!(worker.host.metric("requests.policy.login.outcome.answered"), 46);
}

#[test]
fn a_body_past_the_limit_is_counted_said_once_and_judged_as_the_policy_wants() {
    let blocking = json!({"role": "login", "subject": {"json": "/email"}, "on_trouble": "block"});
    for (policy, replied) in [(login(), None), (blocking, Some(403))] {
        let mut worker = worker(&Arc::default(), &policy);
        let large = Request { body: vec![b' '; 70_000], ..request(1, &[]) };
        for _ in 0..3 {
            assert_eq!(worker.exchange(NOW_MS, &large, || Answer::status(200)).replied, replied);
        }
        worker.tick(NOW_MS);
        assert_eq!(worker.host.metric("trouble.policy.login.kind.body-too-large"), 3);
        assert_eq!(worker.host.lines.borrow().iter().filter(|l| l.contains("body-too-large")).count(), 1);
    }
}

#[test]
fn the_payload_is_that_of_the_body_as_the_origin_reads_it() {
    let by_payload = json!({"one-script": {"key": ["payload"], "within": "10m", "failures": 1, "score": 7}});
    let policy = json!({"role": "login", "subject": {"json": "/email"}, "rules": by_payload});
    let mut worker = worker(&Arc::default(), &policy);
    let refused = |worker: &mut Worker, number: u8, headers: &[(&str, &str)], body: &[u8]| {
        let request =
            Request { body: body.to_vec(), address: format!("203.0.{number}.1"), ..request(1, headers) };
        worker.exchange(NOW_MS, &request, || Answer::status(401)).replied.is_some()
    };
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(br#"{"email":"b@y.example"}"#).unwrap();
    let packed = packed.finish().unwrap();
    assert!(!refused(&mut worker, 1, &[("user-agent", "a")], br#"{"email":"a@x.example"}"#));
    assert!(refused(&mut worker, 2, &[("content-encoding", "gzip")], &packed), "packed or not");
    assert!(!refused(&mut worker, 3, &[], br#"{"email": "a@x.example"}"#), "written by another program");
    // A body that holds no subject has a shape all the same.
    assert!(!refused(&mut worker, 4, &[], br#"{"email":"a@x.example",}"#));
    assert!(refused(&mut worker, 5, &[("user-agent", "b")], br#"{"email":"c@z.example",}"#));
    // What cannot be undone, or is not there, has none.
    assert!(!refused(&mut worker, 6, &[("content-encoding", "br")], b"?"));
    assert!(!refused(&mut worker, 7, &[("content-encoding", "br")], b"?"));
    assert!(!refused(&mut worker, 8, &[], b"") && !refused(&mut worker, 9, &[], b""));
}

#[test]
fn no_line_shows_whose_account_it_is() {
    let mut worker = worker(&Arc::default(), &login());
    fail(&mut worker, 5);
    let lines = worker.host.lines.borrow();
    assert!(lines.iter().any(|line| line.contains(r#""action":"limit""#)), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("x.example") && !line.contains("203.0.113")), "{lines:?}");
}

/// A worker that deceives, what its decoy gives as a session and as a card, and a customer of another make.
fn deceiver() -> (Worker, [String; 2], impl Fn(&str, Option<&str>) -> Request) {
    let configuration = json!({
        "secret": "a secret of the tests alone", "memory": "8MiB", "hold_headers": true,
        "client": {"session": {"cookie": "sid"}},
        "policies": {"login": {
            "role": "login", "subject": {"json": "/email"}, "learn": false,
            "ladder": {"limit": "off", "block": "off", "deceive": {"at": 6}},
            "decoy": {
                "status": 200,
                "headers": {"set-cookie": "sid={canary:xxxxxxxxxxxxxxxx}"},
                "body": "{canary:9999-9999-9999-9999}",
            },
        }},
    });
    let read = config::read(&configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut worker = Worker::new(read.settings, Arc::default());
    let reply = fail(&mut worker, 20).reply.unwrap();
    let cookie = reply.headers.iter().find(|(name, _)| name == "set-cookie").unwrap();
    let session = cookie.1.strip_prefix("sid=").unwrap().to_owned();
    let card = String::from_utf8(reply.body.to_vec()).unwrap();
    let customer = |subject: &str, session: Option<&str>| {
        let mut request = request(1, &[("accept", "*/*")]);
        request.headers.retain(|(name, _)| name != "content-length");
        request.headers.extend(session.map(|sid| ("cookie".to_owned(), format!("sid={sid}"))));
        request.body = format!(r#"{{"email":"{subject}"}}"#).into_bytes();
        request.address = "198.51.100.7:80".to_owned();
        request
    };
    (worker, [session, card], customer)
}

#[test]
fn who_was_given_a_session_by_a_decoy_is_deceived_with_it_and_not_condemned_for_it() {
    let (mut worker, [session, _], customer) = deceiver();
    let mut ask = |session: Option<&str>| {
        let seen = worker.exchange(NOW_MS, &customer("ann@x.example", session), || Answer::status(200));
        (seen.reply.map(|reply| reply.details), seen.note.unwrap_or_default().contains("reasons=canary"))
    };
    assert_eq!(ask(Some("0123456789abcdef")), (None, false), "another session");
    for _ in 0..3 {
        assert_eq!(ask(Some(&session)), (Some("palisade_deceive"), true));
    }
    assert_eq!(ask(None), (None, false), "a browser sends it by itself, so it holds against nobody");
}

#[test]
fn who_uses_what_a_decoy_gave_is_condemned() {
    let (mut worker, [_, card], customer) = deceiver();
    let mut ask = |subject: &str| {
        let seen = worker.exchange(NOW_MS, &customer(subject, None), || Answer::status(200));
        seen.reply.map(|reply| reply.details)
    };
    assert_eq!(ask("ann@x.example"), None);
    assert_eq!(ask(&card), Some("palisade_deceive"));
    assert_eq!(ask("ann@x.example"), Some("palisade_deceive"), "from then on");
}
