//! Promises of business flows: a step that was done is never missed, one that was not is told from one
//! that is not known, whatever worker a request meets and however many sessions there are.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::sync::Arc;

use palisade::config;
use palisade::learn;
use palisade::sim::{Answer, Faults, Request, Seen, Store, Worker};
use serde_json::{Value, json};

const BEGIN_MS: u64 = 1_800_000_000_000;
const MINUTE_MS: u64 = 60_000;

/// Two workers of one Envoy, which tick only where a test says so.
struct Stage {
    workers: [Worker; 2],
    store: Arc<Store>,
    now_ms: u64,
}

fn configuration(memory: &str) -> Value {
    json!({
        "secret": "a secret of the tests alone", "memory": memory, "hold_headers": true,
        "client": {"session": {"cookie": "sid"}}, "propose_flows": true,
        "policies": {
            "content": {"role": "content"},
            "signup": {
                "role": "signup", "subject": {"header": "x-user"}, "learn": false,
                "rules": {"client-accounts": "off", "numbered-accounts": "off", "session-accounts": "off"},
            },
            "cart": {"role": "add-to-cart"},
            "checkout": {"role": "checkout", "requires": ["cart"], "within": "30m"},
            "verify": {"role": "verification", "subject": {"header": "x-user"}, "learn": false},
            "card": {"role": "add-payment", "account": {"header": "x-user"}, "requires": ["verify"]},
        },
    })
}

impl Stage {
    fn new(memory: &str) -> Self {
        let settings = config::read(&configuration(memory), &|_| None).unwrap().settings;
        let store = Arc::new(Store::default());
        let worker = || Worker::new(settings.clone(), Arc::clone(&store));
        Self { workers: [worker(), worker()], store, now_ms: BEGIN_MS }
    }

    fn send(
        &mut self,
        worker: usize,
        policy: &str,
        session: &str,
        status: u16,
        more: &[(&str, &str)],
    ) -> Seen {
        let mut headers: Vec<(String, String)> =
            [(":authority", "shop.example"), (":path", "/x"), (":method", "POST"), ("user-agent", "a")]
                .iter()
                .chain(more.iter().filter(|(name, _)| *name != "set-cookie"))
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
        if !session.is_empty() {
            headers.push(("cookie".to_owned(), format!("sid={session}")));
        }
        let address = "203.0.113.9:4711".to_owned();
        let request = Request { headers, body: Vec::new(), address, route_policy: Some(policy.to_owned()) };
        let mut answer = Answer::status(status);
        let set = more.iter().filter(|(name, _)| *name == "set-cookie");
        answer.headers.extend(set.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.workers[worker].exchange(self.now_ms, &request, || answer)
    }

    /// A new account, whose session the answer issues.
    fn sign_up(&mut self, worker: usize, name: &str) {
        let cookie = format!("sid={name}; Path=/; HttpOnly");
        let seen = self.send(worker, "signup", "", 201, &[("x-user", name), ("set-cookie", &cookie)]);
        assert_eq!(seen.replied, None);
    }

    fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        let now_ms = self.now_ms;
        self.workers.iter_mut().for_each(|worker| worker.tick(now_ms));
    }
}

#[test]
fn a_step_counts_on_the_other_worker_at_once() {
    for conflict_every in [0, 2, 3] {
        let mut stage = Stage::new("8MiB");
        stage.store.inject(Faults { conflict_every, ..Faults::default() });
        for n in 0..50 {
            let name = format!("customer{n}");
            stage.sign_up(n % 2, &name);
            assert_eq!(stage.send(1, "checkout", &name, 200, &[]).replied, Some(403));
            stage.send(0, "cart", &name, 201, &[]);
            assert_eq!(stage.send(1, "checkout", &name, 200, &[]).replied, None, "no tick in between");
            stage.now_ms += 10;
        }
    }
}

#[test]
fn a_step_that_the_origin_refused_is_none() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "ann");
    for status in [409, 500, 404] {
        stage.send(0, "cart", "ann", status, &[]);
        assert_eq!(stage.send(0, "checkout", "ann", 200, &[]).replied, Some(403));
    }
}

#[test]
fn naming_an_account_that_did_it_does_not_help_a_session_of_another() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "victim");
    stage.sign_up(0, "thief");
    stage.send(1, "verify", "", 200, &[("x-user", "victim")]);
    assert_eq!(stage.send(0, "card", "victim", 201, &[]).replied, None);
    assert_eq!(stage.send(0, "card", "thief", 201, &[("x-user", "victim")]).replied, Some(403));
    stage.send(1, "verify", "", 200, &[("x-user", "thief")]);
    assert_eq!(stage.send(0, "card", "thief", 201, &[]).replied, None);
}

#[test]
fn a_step_counts_for_as_long_as_it_may() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "ann");
    stage.send(0, "cart", "ann", 201, &[]);
    stage.wait(30 * MINUTE_MS);
    assert_eq!(stage.send(1, "checkout", "ann", 200, &[]).replied, None);
    stage.wait(MINUTE_MS);
    assert_eq!(stage.send(1, "checkout", "ann", 200, &[]).replied, Some(403));
}

#[test]
fn who_was_there_before_is_not_taken_for_one_who_skipped_it() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "somebody");
    for n in 0..50 {
        assert_eq!(stage.send(0, "checkout", &format!("before{n}"), 200, &[]).replied, None);
    }
}

/// Once nothing that was done in time can have been forgotten, a session that is made up has no cart.
#[test]
fn a_session_that_never_was_is_refused_once_all_is_known() {
    let mut stage = Stage::new("1MiB");
    // One sign-up at least in each sheet, so that each exists.
    (0..200).for_each(|n| stage.sign_up(0, &format!("first{n}")));
    stage.wait(31 * MINUTE_MS);
    for n in 0..50 {
        assert_eq!(stage.send(1, "checkout", &format!("made-up{n}"), 200, &[]).replied, Some(403), "{n}");
    }
}

#[test]
fn a_flood_of_sessions_makes_nobody_look_as_if_a_step_was_skipped() {
    let mut stage = Stage::new("1MiB");
    for n in 0..100 {
        stage.sign_up(0, &format!("customer{n}"));
        stage.send(0, "cart", &format!("customer{n}"), 201, &[]);
    }
    for n in 0..20_000 {
        stage.sign_up(n % 2, &format!("flood{n}"));
        stage.now_ms += 1;
    }
    stage.wait(100);
    for n in 0..100 {
        assert_eq!(stage.send(1, "checkout", &format!("customer{n}"), 200, &[]).replied, None, "{n}");
    }
    let settings = config::read(&configuration("1MiB"), &|_| None).unwrap().settings;
    let bound = learn::bound(&settings).bytes;
    assert!(stage.store.value_bytes() <= bound, "{} of {bound}", stage.store.value_bytes());
}

#[test]
fn what_takes_no_part_asks_for_nothing() {
    let mut stage = Stage::new("8MiB");
    for _ in 0..5 {
        stage.send(0, "content", "ann", 200, &[]);
        stage.wait(100);
    }
    stage.send(0, "content", "ann", 200, &[]);
    let before = stage.store.reads();
    (0..100).for_each(|_| assert_eq!(stage.send(0, "content", "ann", 200, &[]).replied, None));
    assert_eq!(stage.store.reads(), before);
}

#[test]
fn what_was_done_outlives_a_reload() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "ann");
    stage.send(0, "cart", "ann", 201, &[]);
    stage.wait(100);
    let settings = config::read(&configuration("8MiB"), &|_| None).unwrap().settings;
    stage.workers = [(), ()].map(|()| Worker::new(settings.clone(), Arc::clone(&stage.store)));
    assert_eq!(stage.send(0, "checkout", "ann", 200, &[]).replied, None);
}

#[test]
fn what_sessions_do_first_is_proposed_once_an_hour() {
    let mut stage = Stage::new("8MiB");
    stage.wait(1);
    for n in 0..120 {
        let session = format!("shopper{n}");
        if n > 0 {
            stage.send(0, "cart", &session, 201, &[]);
        }
        stage.send(0, "checkout", &session, 200, &[]);
    }
    stage.wait(60 * MINUTE_MS);
    let lines = stage.workers[0].host.lines.borrow().clone();
    let proposals: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("palisade ")?).ok())
        .filter(|line: &Value| line.get("proposal").is_some())
        .collect();
    let expected = json!({
        "version": 1, "proposal": {"policy": "checkout", "requires": ["cart"]},
        "support": 0.992, "sessions": 120, "would_have_stopped": 1,
    });
    assert_eq!(proposals, [expected]);
}
