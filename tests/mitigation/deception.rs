//! Whoever is deceived cannot tell: neither by status, headers and their order, the form of the body, nor by
//! the time it takes.

use std::collections::BTreeMap;
use std::time::Duration;

use palisade::memory::cache::FRESH_MS;
use palisade::sandbox::Envoy;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::forest::{accuracy, chance};
use crate::origin::Origin;
use crate::stage::{log_in, pass, start};
use crate::wire::{Message, Wire, answer};

/// How much the delays of a network vary, as a standard deviation: as little as within one city. On the very
/// machine an attacker would see that timers are no finer than a millisecond.
const JITTER_MS: f64 = 1.0;

/// Answers of each kind.
const ANSWERS: usize = 240;

/// The origin refuses everybody, after 45 ms give or take 10, with an id, a cookie, two times and the account.
fn refusing() -> Origin {
    Origin::answering(|request| {
        let mut dice = StdRng::seed_from_u64(rand::random());
        // The sum of twelve is as good as normal.
        let deviation = (0..12).map(|_| dice.random::<f64>()).sum::<f64>() - 6.0;
        pass(Duration::from_micros((45_000.0 + 10_000.0 * deviation) as u64));
        let account = serde_json::from_slice::<Value>(&request.body).unwrap()["email"].clone();
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let (id, trace) = (format!("{:016x}", dice.random::<u64>()), dice.random::<u128>());
        let left = dice.random_range(10..500);
        let body = format!(
            "{{\"error\": {{\"code\": \"bad_credentials\", \"account\": {account}}},\n \"request\": \"req_{id}\", \"at\": {}}}\n",
            now.as_millis()
        );
        let headers = [
            ("Server-Id", "shop-3"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-Trace", &format!("{:08x}-{:04x}", trace as u32, (trace >> 64) as u16)),
            ("Set-Cookie", &format!("try={id}; Path=/; HttpOnly")),
            ("X-RateLimit-Remaining", &left.to_string()),
        ];
        answer(401, &headers, body.as_bytes())
    })
}

/// What an attacker can look at: the status, names of headers in their order and case, how each value is made
/// up, how the body is, and how long it took.
fn features(answers: &[(Message, Duration)], jitter_ms: f64) -> Vec<Vec<f64>> {
    let mut dice = StdRng::seed_from_u64(7);
    // The sum of twelve is as good as normal.
    let mut jitter = || jitter_ms * ((0..12).map(|_| dice.random::<f64>()).sum::<f64>() - 6.0);
    // Texts become numbers by their hash, which a tree can split by.
    let number = |text: &str| {
        f64::from(text.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into())) % 9973)
    };
    let made_of = |text: &str| {
        let class = |c: char| match c {
            'a'..='f' => 'x',
            '0'..='9' => '0',
            'A'..='Z' => 'A',
            other => other,
        };
        let mut classes: Vec<char> = text.chars().map(class).collect();
        classes.dedup_by(|one, other| one.is_ascii_alphanumeric() && other.is_ascii_alphanumeric());
        classes.into_iter().map(|c| if c.is_ascii_alphanumeric() { 'x' } else { c }).collect::<String>()
    };
    let of = |(message, took): &(Message, Duration)| {
        let took_ms = took.as_secs_f64() * 1000.0 + jitter();
        let said = message.head.header("x-envoy-upstream-service-time").and_then(|ms| ms.parse::<f64>().ok());
        let names: Vec<&str> = message.head.headers.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<String> = message.head.headers.iter().map(|(_, value)| made_of(value)).collect();
        let lengths = |at: usize| message.head.headers.get(at).map_or(-1.0, |(_, value)| value.len() as f64);
        let body = message.text();
        let json: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
        let keys =
            json.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>().join(",")).unwrap_or_default();
        let mut features = vec![
            number(&message.head.line),
            number(&names.join(",")),
            number(&values.join("\n")),
            number(&made_of(&body)),
            number(&keys),
            body.len() as f64,
            json["request"].as_str().map_or(-1.0, |id| id.len() as f64),
            took_ms,
            said.unwrap_or(-1.0),
            // Said and taken time have to fit each other.
            said.map_or(-1.0, |said| took_ms - said),
        ];
        features.extend((0..10).map(lengths));
        features
    };
    answers.iter().map(of).collect()
}

struct Told {
    genuine: Vec<(Message, Duration)>,
    deceived: Vec<(Message, Duration)>,
}

/// Lets customers fail and one attacker go on, in turn, and sorts the answers by who gave them.
fn collect(envoy: &Envoy, origin: &Origin, policy: &str, attacker: &str) -> Told {
    let asked = |path: &str| !origin.seen(path).is_empty();
    let mut told = Told { genuine: Vec::new(), deceived: Vec::new() };
    // What failures look like is learned from customers who mistype.
    for n in 0..16 {
        log_in(
            envoy,
            &format!("198.51.{n}.7"),
            &format!("/p/{policy}/first/{n}"),
            &format!("early{n}@b.example"),
        );
    }
    for n in 0.. {
        assert!(n < 4 * ANSWERS, "{} genuine, {} deceived", told.genuine.len(), told.deceived.len());
        if told.deceived.len() >= ANSWERS && told.genuine.len() >= ANSWERS {
            break;
        }
        let account = format!("user{:03}@mail.example", n % 1000);
        for (address, who) in
            [(format!("203.{}.{}.9", n / 250, n % 250), "customer"), (attacker.to_owned(), "attacker")]
        {
            let path = format!("/p/{policy}/{who}/{n}");
            let (message, took) = log_in(envoy, &address, &path, &account);
            let kind = if asked(&path) { &mut told.genuine } else { &mut told.deceived };
            if who == "attacker" || asked(&path) {
                kind.push((message, took));
            }
        }
    }
    told.genuine.truncate(ANSWERS);
    told.deceived.truncate(ANSWERS);
    told
}

fn policies() -> Value {
    let policy = |ladder: Value, decoy: Value| {
        let mut policy = json!({
            "role": "login", "subject": {"json": "/email"}, "learn": false, "ladder": ladder,
            "rules": {"client-secrets": "off", "network-failures": "off", "subject-addresses": "off"},
        });
        if !decoy.is_null() {
            policy["decoy"] = decoy;
        }
        policy
    };
    let deceiving = json!({"limit": "off", "block": "off", "deceive": {"at": 6, "for": "1h"}});
    json!({
        "deceives": policy(deceiving.clone(), Value::Null),
        "at-once": policy(deceiving, json!({"learn": true, "takes": {"from": "0ms", "to": "0ms"}})),
        "blocks": policy(json!({"limit": "off", "block": {"at": 6, "for": "1h"}}), Value::Null),
    })
}

#[test]
fn a_decoy_cannot_be_told_from_the_origins_answer() {
    let origin = refusing();
    let envoy = start(&origin, &policies(), &json!({}));
    let of = |policy: &str, attacker: &str| {
        let told = collect(&envoy, &origin, policy, attacker);
        (accuracy(&features(&told.genuine, JITTER_MS), &features(&told.deceived, JITTER_MS)), told)
    };
    let (accuracy, told) = of("deceives", "192.0.2.1");
    show(&told);
    let chance = chance(2 * ANSWERS);
    eprintln!("told by a random forest: {accuracy:.3}; by chance up to {chance:.3}");
    let near = self::accuracy(&features(&told.genuine, 0.0), &features(&told.deceived, 0.0));
    eprintln!("told from the same machine: {near:.3}");
    assert!(accuracy <= chance, "{accuracy} of decoys and answers are told, by chance {chance}");
    let values = |of: &[(Message, Duration)]| -> Vec<String> { of.iter().map(|(m, _)| m.text()).collect() };
    let (seen, made) = (values(&told.genuine), values(&told.deceived));
    assert!(made.iter().all(|body| !seen.contains(body)), "no answer is given twice");
    // The classifier is no fool: it tells what comes too soon, and of course a plain refusal.
    let (at_once, _) = of("at-once", "192.0.2.2");
    assert!(at_once > 0.9, "{at_once}");
    let (blocked, _) = of("blocks", "192.0.2.3");
    assert!(blocked > 0.99, "{blocked}");
}

/// One of each, to look at where the test fails.
fn show(told: &Told) {
    for (kind, (message, took)) in [("genuine", &told.genuine[0]), ("decoy", &told.deceived[0])] {
        eprintln!("{kind} {took:?} {:?} {}", message.head, message.text());
    }
    let mean = |of: &[(Message, Duration)]| {
        of.iter().map(|(_, took)| took.as_secs_f64() * 1000.0).sum::<f64>() / of.len() as f64
    };
    eprintln!("mean {:.2} ms and {:.2} ms", mean(&told.genuine), mean(&told.deceived));
    let lines: BTreeMap<&str, usize> = told.deceived.iter().fold(BTreeMap::new(), |mut lines, (m, _)| {
        *lines.entry(m.head.line.as_str()).or_default() += 1;
        lines
    });
    eprintln!("decoys: {lines:?}");
}

#[test]
fn a_written_decoy_is_what_the_deceived_get() {
    let origin = Origin::answering(|_| answer(401, &[], b"no"));
    let policies = json!({"login": {
        "role": "login", "subject": {"json": "/email"}, "learn": false,
        "ladder": {"limit": "off", "block": "off", "deceive": {"at": 6, "for": "1h"}},
        "decoy": {
            "status": 200,
            "headers": {"x-trace": "{hex:8}"},
            "body": "{\"user\":\"{subject}\",\"token\":\"{canary:XXXXXXXX-XXXXXXXX}\"}",
            "takes": {"from": "20ms", "to": "30ms"},
        },
    }});
    let envoy = start(&origin, &policies, &json!({}));
    for n in 0..4 {
        assert_eq!(log_in(&envoy, "192.0.2.1", "/p/login/a", &format!("a{n}@b.example")).0.status(), 401);
    }
    let (message, took) = log_in(&envoy, "192.0.2.1", "/p/login/b", "Ann@B.example");
    assert_eq!(message.status(), 200);
    let body: Value = serde_json::from_slice(&message.body).unwrap();
    assert_eq!(body["user"], "Ann@B.example");
    assert_eq!(body["token"].as_str().unwrap().len(), 17);
    assert!(took >= Duration::from_millis(20), "{took:?}");
    assert!(origin.seen("/p/login/b").is_empty());
    let names: Vec<_> = message.head.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..2], ["x-trace", "content-length"], "{names:?}");
}

#[test]
fn who_uses_a_canary_is_condemned_wherever_it_comes_from() {
    let origin = Origin::answering(|request| match request.head.word(1).starts_with("/p/login/") {
        true => answer(401, &[], b"no"),
        false => answer(200, &[], b"{}"),
    });
    let policies = json!({
        "login": {
            "role": "login", "subject": {"json": "/email"}, "learn": false,
            "ladder": {"limit": "off", "block": "off", "deceive": {"at": 6, "for": "1h"}},
            "decoy": {
                "status": 200,
                "body": "{\"token\":\"{canary:xxxxxxxxxxxxxxxxxxxxxxxx}\",\"card\":\"{canary:9999-9999-9999-9999}\"}",
            },
        },
        "pages": {"role": "content"},
        "cards": {"role": "gift-card", "subject": {"json": "/email"}, "learn": false},
    });
    let envoy = start(&origin, &policies, &json!({}));
    for n in 0..4 {
        log_in(&envoy, "192.0.2.1", "/p/login/a", &format!("a{n}@b.example"));
    }
    let (message, _) = log_in(&envoy, "192.0.2.1", "/p/login/b", "b@b.example");
    let given: Value = serde_json::from_slice(&message.body).unwrap();
    let (card, token) = (given["card"].as_str().unwrap(), given["token"].as_str().unwrap());
    // Somebody else asks for what is on the card: the address and the program are others.
    let as_card = |address: &str, card: &str| log_in(&envoy, address, "/p/cards/a", card).0.status();
    assert_eq!(as_card("198.51.100.7", "1234-5678-9012-3456"), 200, "another card");
    assert_eq!(as_card("198.51.100.7", card), 403);
    // A worker that has just seen the client without a verdict believes so for a moment.
    pass(2 * Duration::from_millis(FRESH_MS));
    assert_eq!(
        as_card("198.51.100.7", "1234-5678-9012-3456"),
        403,
        "who used a canary is known from then on"
    );
    assert_eq!(as_card("203.0.113.7", "1234-5678-9012-3456"), 200, "and nobody else");
    // Or uses the token for a page.
    let page = |token: &str| {
        let mut wire = Wire::connect(envoy.address());
        let text = format!(
            "GET /p/pages/a HTTP/1.1\r\nhost: shop.example\r\nx-forwarded-for: 198.18.0.7\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        wire.send(text.as_bytes());
        wire.answer(false).status()
    };
    assert_eq!(page("00112233445566778899aabb"), 200);
    assert_eq!(page(token), 403);
    let log = envoy.log();
    assert_eq!(log.matches("\"reasons\":[\"canary\"]").count(), 2, "{log}");
    assert!(!log.contains(card) && !log.contains(token), "no canary is in the log");
}
