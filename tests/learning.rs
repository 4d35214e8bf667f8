//! Promises of learning: who is recognised by what it does, and who is not mistaken for that.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::sync::Arc;

use palisade::config;
use palisade::facts::hash;
use palisade::host::Host;
use palisade::learn::book::Head;
use palisade::policy::Settings;
use palisade::sim::{Answer, Faults, Request, Seen, SimHost, Store, Worker};
use proptest::prelude::*;
use serde_json::{Value, json};

const BEGIN_MS: u64 = 1_800_000_000_000;

/// A client's make: what it sends whatever it asks for.
#[derive(Clone, Copy)]
struct Make {
    agent: &'static str,
    locale: &'static str,
    tls: &'static str,
    spaced: bool,
}

const CHROME: Make = Make {
    agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0 Safari/537.36",
    locale: "en-US,en;q=0.9",
    tls: "t13d1516h2_8daaf6152771_d8a2da3f94cd",
    spaced: false,
};
const FIREFOX: Make = Make {
    agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    locale: "de,en-US;q=0.7,en;q=0.3",
    tls: "t13d1717h2_5b57614c22b0_3cbfd9057e0d",
    spaced: false,
};
const SCRIPT: Make = Make {
    agent: "python-requests/2.32.3",
    locale: "",
    tls: "t13d1812h1_85036bcba153_b26ce05bbdd6",
    spaced: true,
};

/// Two workers of one Envoy, and the time.
struct Stage {
    settings: Settings,
    workers: Vec<Worker>,
    store: Arc<Store>,
    now_ms: u64,
    turn: usize,
}

impl Stage {
    fn new(policies: &Value) -> Self {
        let configuration = json!({
            "secret": "a secret of the tests alone", "memory": "16MiB", "hold_headers": true,
            "client": {"session": {"cookie": "sid"}, "tls": {"header": "x-ja4"}},
            "policies": policies,
        });
        let read = config::read(&configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (settings, store) = (read.settings, Arc::new(Store::default()));
        let mut stage = Self { settings, workers: Vec::new(), store, now_ms: BEGIN_MS, turn: 0 };
        stage.renew_workers();
        stage
    }

    fn renew_workers(&mut self) {
        let worker = || Worker::new(self.settings.clone(), Arc::clone(&self.store));
        self.workers = vec![worker(), worker()];
    }

    fn shop() -> Self {
        Self::new(&json!({
            "content": {"role": "content"},
            "login": {"role": "login", "subject": {"json": "/email"}},
            "signup": {
                "role": "signup", "subject": {"json": "/email"},
                "follow_up": {"policies": ["login"], "within": "30m"},
            },
        }))
    }

    fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds * 2 {
            self.now_ms += 500;
            self.workers.iter_mut().for_each(|worker| worker.tick(self.now_ms));
        }
    }

    /// Sends one request; each goes to another worker than the one before.
    fn send(&mut self, policy: &str, make: Make, from: From, subject: Option<&str>, status: u16) -> Seen {
        self.now_ms += 200;
        self.workers.iter_mut().for_each(|worker| worker.tick(self.now_ms));
        // Nobody walks in order here.
        let path = format!("/x/{}", self.turn * self.turn * 7919 % 100_003);
        let mut headers = vec![(":path", path.as_str()), (":method", "POST"), ("user-agent", make.agent)];
        headers.push(("accept", "*/*"));
        if !make.locale.is_empty() {
            headers.push(("accept-language", make.locale));
        }
        headers.push(("x-ja4", make.tls));
        let cookie = format!("sid={}", from.session);
        if !from.session.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let body = match subject {
            Some(subject) if make.spaced => format!(r#"{{"email": "{subject}", "password": "p"}}"#),
            Some(subject) => format!(r#"{{"email":"{subject}","password":"p"}}"#),
            None => String::new(),
        };
        let owned = |(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned());
        let mut headers: Vec<_> = headers.iter().map(owned).collect();
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            headers.push(("content-length".to_owned(), body.len().to_string()));
        }
        let address = format!("{}:443", from.address);
        let route_policy = Some(policy.to_owned());
        let request = Request { headers, body: body.into_bytes(), address, route_policy };
        self.turn += 1;
        let turn = self.turn % self.workers.len();
        self.workers[turn].exchange(self.now_ms, &request, || Answer::status(status))
    }

    /// A customer comes, looks around and signs in; whether nothing of that was refused.
    fn visit(&mut self, n: u32, make: Make, fails_first: bool) -> bool {
        let session = format!("c{n}");
        let address = format!("10.{}.{}.9", n >> 8 & 255, n & 255);
        let from = From { session: &session, address: &address };
        let account = format!("customer{n}@x.example");
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(self.send("content", make, from, None, 200));
            self.now_ms += 1500;
        }
        if fails_first {
            seen.push(self.send("login", make, from, Some(&account), 401));
            self.now_ms += 6000;
        }
        seen.push(self.send("login", make, from, Some(&account), 200));
        seen.iter().all(|seen| seen.replied.is_none())
    }

    /// Customers by the dozen; how many of them were refused anything.
    fn crowd(&mut self, numbers: std::ops::Range<u32>, make: Make) -> usize {
        numbers.filter(|n| !self.visit(*n, make, n % 9 == 0)).count()
    }

    /// One try at an account from an address of its own; whether it reached the origin.
    fn attack(&mut self, n: u32, make: Make, session: &str) -> bool {
        let address = format!("172.{}.{}.{}", 16 + (n >> 16 & 15), n >> 8 & 255, n & 255);
        let from = From { session, address: &address };
        self.send("login", make, from, Some(&format!("victim{n}@x.example")), 401).replied.is_none()
    }

    /// Tries at as many accounts from as many networks; how many reached the origin.
    fn attacks(&mut self, numbers: std::ops::Range<u32>, make: Make) -> usize {
        numbers.filter(|n| self.attack(n * 256, make, "")).count()
    }
}

/// Where a request comes from.
#[derive(Clone, Copy)]
struct From<'a> {
    session: &'a str,
    address: &'a str,
}

#[test]
fn a_tool_with_an_address_for_each_try_is_stopped_and_no_customer_is() {
    let mut stage = Stage::shop();
    assert_eq!(stage.crowd(0..60, CHROME), 0);
    let through = stage.attacks(0..300, SCRIPT);
    assert!(through <= 12, "{through} of 300 tries reached the origin");
    assert_eq!(stage.crowd(100..160, CHROME), 0);
    assert_eq!(stage.crowd(200..230, FIREFOX), 0, "a make that was not seen before");
}

#[test]
fn a_perfect_copy_of_a_browser_is_told_by_what_it_did_not_do_before() {
    let mut stage = Stage::shop();
    assert_eq!(stage.crowd(0..100, CHROME) + stage.crowd(100..150, FIREFOX), 0);
    let through = stage.attacks(0..300, CHROME);
    assert!(through <= 15, "{through} of 300 tries reached the origin");
    assert_eq!(stage.crowd(200..300, CHROME), 0);
}

#[test]
fn an_attacker_who_changes_a_part_is_known_by_the_rest() {
    let mut stage = Stage::shop();
    assert_eq!(stage.crowd(0..60, CHROME), 0);
    stage.attacks(0..100, SCRIPT);
    for (n, agent) in ["okhttp/4.12.0", "Go-http-client/2.0", "curl/8.5.0"].into_iter().enumerate() {
        let n = 1000 * (n as u32 + 1);
        let through = stage.attacks(n..n + 100, Make { agent, ..SCRIPT });
        assert!(through <= 3, "{agent}: {through} of 100 tries reached the origin");
    }
}

#[test]
fn verdicts_on_behaviors_name_their_campaign() {
    let mut stage = Stage::shop();
    stage.crowd(0..60, CHROME);
    stage.attacks(0..50, SCRIPT);
    let from = From { session: "", address: "172.31.0.1" };
    let note = |seen: Seen| seen.note.unwrap();
    let first = note(stage.send("login", SCRIPT, from, Some("one@x.example"), 401));
    assert!(first.contains("reasons=behavior"), "{first}");
    let campaign = |note: &str| note.split(";campaign=").nth(1).unwrap()[..8].to_owned();
    let changed = Make { agent: "okhttp/4.12.0", ..SCRIPT };
    stage.attacks(500..520, changed);
    let second = note(stage.send("login", changed, from, Some("two@x.example"), 401));
    assert_eq!(campaign(&first), campaign(&second));
}

#[test]
fn who_signed_in_from_here_before_goes_on_doing_so() {
    let mut stage = Stage::shop();
    assert_eq!(stage.crowd(0..60, CHROME), 0);
    // A partner's server has the make of the script, and signs in day for day.
    let from = From { session: "", address: "198.51.100.7" };
    for _ in 0..10 {
        assert_eq!(stage.send("login", SCRIPT, from, Some("partner@x.example"), 200).replied, None);
        stage.wait(30);
    }
    let through = stage.attacks(0..200, SCRIPT);
    assert!(through <= 15, "{through} of 200 tries reached the origin");
    for _ in 0..10 {
        assert_eq!(stage.send("login", SCRIPT, from, Some("partner@x.example"), 200).replied, None);
    }
}

#[test]
fn who_comes_back_after_a_refusal_is_let_in_until_those_who_do_fail() {
    let mut stage = Stage::shop();
    assert_eq!(stage.crowd(0..100, CHROME), 0);
    stage.attacks(0..40, SCRIPT);
    let mut sign_in = |n: u32, status| {
        let address = format!("203.0.{n}.7");
        let account = format!("one{n}@x.example");
        let from = From { session: "", address: &address };
        let first = stage.send("login", SCRIPT, from, Some(&account), status).replied.is_none();
        stage.wait(4);
        // A person's next try takes the same connection, and so the same worker.
        stage.turn += 1;
        (first, stage.send("login", SCRIPT, from, Some(&account), status).replied.is_none())
    };
    // People who happen to have the attacker's make.
    for n in 0..5 {
        assert_eq!(sign_in(n, 200), (false, true), "{n}");
    }
    // An attacker who tries each account twice.
    let through = (10..60).filter(|n| sign_in(*n, 401).1).count();
    assert!(through <= 12, "{through} of 50 came back and reached the origin");
}

#[test]
fn accounts_that_nobody_uses_speak_against_who_made_them() {
    let mut stage = Stage::shop();
    assert_eq!(stage.crowd(0..60, CHROME), 0);
    let mut made = 0;
    for n in 0..120_u32 {
        let address = format!("172.20.{}.1", n & 255);
        let from = From { session: "", address: &address };
        let account = format!("fake{n}@mail{n}.example");
        made += usize::from(stage.send("signup", SCRIPT, from, Some(&account), 201).replied.is_none());
        stage.wait(60);
    }
    assert!(made <= 60, "{made} of 120 accounts were made within two hours");
}

#[test]
fn accounts_that_are_used_speak_for_who_made_them() {
    let mut stage = Stage::shop();
    for n in 0..120_u32 {
        let (session, address) = (format!("s{n}"), format!("10.9.{}.1", n & 255));
        let from = From { session: &session, address: &address };
        let account = format!("ann{}.{}z@x.example", n * 7919 % 9973, n * 31 % 97);
        for _ in 0..4 {
            assert_eq!(stage.send("content", FIREFOX, from, None, 200).replied, None);
        }
        assert_eq!(stage.send("signup", FIREFOX, from, Some(&account), 201).replied, None, "{n}");
        if n % 8 != 0 {
            stage.wait(20);
            assert_eq!(stage.send("login", FIREFOX, from, Some(&account), 200).replied, None, "{n}");
        }
        stage.wait(25);
    }
}

#[test]
fn what_was_learned_outlives_the_workers() {
    let mut stage = Stage::shop();
    stage.crowd(0..60, CHROME);
    stage.attacks(0..50, SCRIPT);
    stage.renew_workers();
    assert_eq!(stage.attacks(60..70, SCRIPT), 0);
    assert_eq!(stage.crowd(0..10, CHROME), 0);
}

#[test]
fn a_session_that_is_known_costs_no_look_up() {
    let asked = |session: &str| {
        let mut stage = Stage::shop();
        let from = From { session, address: "10.200.1.9" };
        for _ in 0..6 {
            stage.send("content", CHROME, from, None, 200);
        }
        stage.wait(2);
        let before = stage.store.reads();
        for _ in 0..20 {
            stage.send("content", CHROME, from, None, 200);
        }
        stage.store.reads() - before
    };
    let (with, without) = (asked("regular"), asked(""));
    assert!(with <= without + 4, "{with} look-ups with a session, {without} without");
}

/// Failures in the book of a policy, as it is in shared data.
fn counted(store: &Arc<Store>, policy: &str) -> u16 {
    let name = format!("pal2.b{:x}", hash::public(policy.as_bytes()));
    let book = SimHost::new(Arc::clone(store)).load(&name).unwrap();
    book.map_or(0, |book| Head::read(&book.bytes).failures)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However many workers write one book, and however often their writes meet each other's: after a
    /// tick every failure is in it, once.
    #[test]
    fn workers_lose_no_lesson(
        workers in prop::sample::select(vec![1_usize, 2, 3, 8]),
        conflict_every in prop::sample::select(vec![0_u64, 2, 3, 7]),
        gusts in prop::collection::vec(1_u32..60, 1..12),
    ) {
        let login = json!({"role": "login", "mode": "observe", "subject": {"json": "/email"}});
        let mut stage = Stage::new(&json!({"login": login}));
        let worker = || Worker::new(stage.settings.clone(), Arc::clone(&stage.store));
        stage.workers = (0..workers).map(|_| worker()).collect();
        stage.store.inject(Faults { conflict_every, refuse: false });
        let mut sent = 0;
        for gust in gusts {
            for n in sent..sent + gust {
                prop_assert!(stage.attack(n * 256, SCRIPT, ""));
            }
            sent += gust;
            stage.now_ms += 100;
            stage.workers.iter_mut().for_each(|worker| worker.tick(stage.now_ms));
            prop_assert_eq!(u32::from(counted(&stage.store, "login")), sent);
        }
    }
}
