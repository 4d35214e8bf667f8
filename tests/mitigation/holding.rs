//! Held requests: they go on when their time comes, there are never too many, and nobody is stranded.

use std::time::Duration;

use serde_json::{Value, json};

use crate::origin::Origin;
use crate::stage::{log_in, start};
use crate::wire::answer;

/// Holds whoever failed twice.
fn policies() -> Value {
    json!({"login": {
        "role": "login", "subject": {"json": "/email"}, "learn": false,
        "rules": {
            "client-failures": "off", "client-secrets": "off", "network-failures": "off",
            "fails": {"key": ["fingerprint", "network"], "within": "1h", "failures": 2, "score": 6},
        },
        "ladder": {"limit": "off", "block": "off", "delay": {"at": 6, "for": "1h", "up_to": "1h", "hold": "700ms"}},
    }})
}

fn refusing() -> Origin {
    Origin::answering(|_| answer(401, &[], b"no"))
}

#[test]
fn a_held_request_goes_on_when_its_time_comes() {
    let origin = refusing();
    let envoy = start(&origin, &policies(), &json!({}));
    for n in 0..2 {
        let (_, took) = log_in(&envoy, "192.0.2.1", "/p/login/a", &format!("a{n}@b.example"));
        assert!(took < Duration::from_millis(500), "{took:?}");
    }
    for n in 0..3 {
        let (message, took) = log_in(&envoy, "192.0.2.1", "/p/login/b", &format!("b{n}@b.example"));
        assert_eq!((message.status(), message.text().as_str()), (401, "no"), "the origin's own answer");
        assert!(took >= Duration::from_millis(690) && took < Duration::from_millis(1500), "{took:?}");
    }
    assert_eq!(origin.seen("/p/login/b").len(), 3, "each whole, with its body");
    let (_, took) = log_in(&envoy, "198.51.100.1", "/p/login/c", "c@b.example");
    assert!(took < Duration::from_millis(500), "others are not held: {took:?}");
}

#[test]
fn no_more_are_held_than_may_be() {
    let origin = refusing();
    let mut configuration = policies();
    configuration["login"]["ladder"]["delay"]["hold"] = json!("2s");
    let envoy = start(&origin, &configuration, &json!({"held": 2}));
    for n in 0..2 {
        log_in(&envoy, "192.0.2.1", "/p/login/a", &format!("a{n}@b.example"));
    }
    // Two workers hold two each.
    let statuses = std::thread::scope(|scope| {
        let one = |n: usize| {
            let envoy = &envoy;
            move || log_in(envoy, "192.0.2.1", "/p/login/b", &format!("b{n}@b.example")).0.status()
        };
        let all: Vec<_> = (0..12).map(|n| scope.spawn(one(n))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert!((8..=10).contains(&refused), "{statuses:?}");
    assert_eq!(origin.seen("/p/login/b").len(), 12 - refused);
}
