//! Held requests: they go on when their time comes, there are never too many, and nobody is stranded.

use std::time::Duration;

use serde_json::{Value, json};

use palisade::sandbox::{MODULE, project_root};

use crate::origin::Origin;
use crate::stage::{launch, log_in, now, pass, start};
use crate::trap::with_trap;
use crate::wire::{Wire, answer, chunked};

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
    let seen = origin.seen("/p/login/b");
    assert_eq!(seen.len(), 3, "each whole, with its body");
    assert!(seen.iter().all(|request| request.head.header("x-palisade-action") == Some("delay")), "{seen:?}");
    let outcomes =
        || envoy.stats().unwrap().get("wasmcustom.palisade_requests.policy.login.outcome.failure").copied();
    let began = now();
    while outcomes() != Some(5) && began.elapsed() < Duration::from_secs(5) {
        pass(Duration::from_millis(30));
    }
    assert_eq!(outcomes(), Some(5), "what was held counts as any other request");
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
    let counted = || {
        let name = "wasmcustom.palisade_trouble.policy.login.kind.held-full";
        envoy.stats().unwrap().get(name).copied().unwrap_or(0) as usize
    };
    let began = now();
    while counted() != refused && began.elapsed() < Duration::from_secs(5) {
        pass(Duration::from_millis(30));
    }
    assert_eq!(counted(), refused, "each that could not be held is counted");
    assert!((8..=10).contains(&refused), "{statuses:?}");
    assert_eq!(origin.seen("/p/login/b").len(), 12 - refused);
}

#[test]
fn whoever_leaves_is_forgotten() {
    let origin = refusing();
    let envoy = start(&origin, &policies(), &json!({"held": 1}));
    for n in 0..2 {
        log_in(&envoy, "192.0.2.1", "/p/login/a", &format!("a{n}@b.example"));
    }
    for _ in 0..6 {
        let mut wire = Wire::connect(envoy.address());
        wire.send(b"GET /p/login/b HTTP/1.1\r\nhost: a\r\nuser-agent: tests/1\r\nx-forwarded-for: 192.0.2.1\r\ncontent-type: application/json\r\n\r\n");
        pass(Duration::from_millis(30));
    }
    pass(Duration::from_millis(30));
    // Else the one place of a worker would be taken, and the answer 429.
    let (message, _) = log_in(&envoy, "192.0.2.1", "/p/login/c", "c@b.example");
    assert_eq!(message.status(), 401);
    pass(Duration::from_millis(800));
    assert!(origin.seen("/p/login/b").is_empty(), "nobody waits for these answers");
}

#[test]
fn a_trap_strands_nobody_for_longer_than_the_routes_time() {
    let origin = refusing();
    let module = std::fs::read(project_root().unwrap().join(MODULE)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trapping.wasm");
    std::fs::write(&file, with_trap(&module, "proxy_on_request_trailers")).unwrap();
    let mut configuration = policies();
    configuration["login"]["ladder"]["delay"]["hold"] = json!("10s");
    let mut launch = launch(&origin, &configuration, &json!({})).with_workers(1);
    launch.bootstrap.set_module(&file).unwrap();
    let envoy = launch.start().unwrap();
    for n in 0..2 {
        log_in(&envoy, "192.0.2.1", "/p/login/a", &format!("a{n}@b.example"));
    }
    std::thread::scope(|scope| {
        let held = scope.spawn(|| log_in(&envoy, "192.0.2.1", "/p/login/b", "b@b.example"));
        pass(Duration::from_millis(300));
        let mut wire = Wire::connect(envoy.address());
        let head = b"POST /p/login/c HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
        wire.send(&[&head[..], &chunked(&[b"{}"], &[("x-end", "1")])].concat());
        assert_eq!(wire.answer(false).status(), 503, "the module failed");
        let (message, took) = held.join().unwrap();
        assert!(took < Duration::from_secs(8), "ended after {took:?} with {}", message.status());
        assert!(message.status() >= 500, "{}", message.status());
    });
    assert!(origin.seen("/p/login/b").is_empty());
}

#[test]
fn a_reload_lets_go_what_was_held_on_time() {
    let origin = refusing();
    let mut configuration = policies();
    configuration["login"]["ladder"]["delay"]["hold"] = json!("2s");
    let mut launch = launch(&origin, &configuration, &json!({}));
    let mut other = self::launch(&origin, &configuration, &json!({"body_limit": "32KiB"})).bootstrap;
    let folder = tempfile::tempdir().unwrap();
    let (file, next) = (folder.path().join("listener.json"), folder.path().join("next.json"));
    std::fs::write(&file, launch.bootstrap.listener_file().unwrap()).unwrap();
    launch.bootstrap.watch_listener_file(&file).unwrap();
    let envoy = launch.start().unwrap();
    for n in 0..2 {
        log_in(&envoy, "192.0.2.1", "/p/login/a", &format!("a{n}@b.example"));
    }
    std::thread::scope(|scope| {
        let held = scope.spawn(|| log_in(&envoy, "192.0.2.1", "/p/login/b", "b@b.example"));
        pass(Duration::from_millis(500));
        std::fs::write(&next, other.listener_file().unwrap()).unwrap();
        std::fs::rename(&next, &file).unwrap();
        let (message, took) = held.join().unwrap();
        assert_eq!(message.status(), 401, "the origin's own answer");
        assert!(took >= Duration::from_millis(1990) && took < Duration::from_millis(3500), "{took:?}");
    });
    let began = now();
    let modified = || envoy.stats().unwrap().get("listener_manager.listener_modified").copied().unwrap_or(0);
    while modified() == 0 && began.elapsed() < Duration::from_secs(10) {
        pass(Duration::from_millis(50));
    }
    assert_eq!(modified(), 1, "there was a reload");
}
