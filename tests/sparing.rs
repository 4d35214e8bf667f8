//! Promises about who is let through and what is earned, on the simulated host.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::cell::RefCell;
use std::sync::Arc;

use palisade::config;
use palisade::facts::Headers;
use palisade::guard::{Exchange, Guard};
use palisade::host::{Attribute, Expected, Host, Level, Metric, StoreError, Stored};
use palisade::policy::Settings;
use palisade::sim::{Answer, Request, Seen, SimHost, Store, Worker};
use serde_json::{Value, json};

const NOW_MS: u64 = 1_800_000_000_000;
const DAY_MS: u64 = 86_400_000;

fn settings(more: &Value) -> Settings {
    let mut configuration = json!({
        "secret": "a secret of the tests alone", "memory": "8MiB",
        "client": {"session": {"cookie": "sid"}},
        "policies": {
            "login": {"role": "login", "subject": {"header": "x-user"}, "learn": false},
            "checkout": {"role": "checkout", "learn": false},
        },
    });
    for (key, value) in more.as_object().unwrap() {
        configuration[key] = value.clone();
    }
    let read = config::read(&configuration, &|_| None);
    read.unwrap_or_else(|mistakes| panic!("{mistakes}")).settings
}

fn request(policy: &str, session: &str, user: &str) -> Request {
    let (cookie, path) = (format!("sid={session}"), format!("/{policy}"));
    let headers = [
        (":path", path.as_str()),
        (":method", "POST"),
        (":authority", "shop.example"),
        ("user-agent", "curl/8.5.0"),
        ("cookie", &cookie),
        ("x-user", user),
    ];
    Request {
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: Vec::new(),
        address: "203.0.113.1:80".to_owned(),
        route_policy: Some(policy.to_owned()),
    }
}

/// What a worker says of a request; no part where nothing is said.
fn part(seen: &Seen, name: &str) -> String {
    let note = seen.note.clone().unwrap_or_default();
    let of = |part: &str| part.split_once('=').filter(|(n, _)| *n == name).map(|(_, v)| v.to_owned());
    note.split(';').find_map(of).unwrap_or_default()
}

/// Limits everybody who has the make and network that all have here.
fn condemn_all(worker: &mut Worker, now_ms: u64) {
    for n in 0..8 {
        worker.exchange(now_ms, &request("login", &format!("bot{n}"), &format!("v{now_ms}-{n}")), || {
            Answer::status(401)
        });
    }
    let seen = worker.exchange(now_ms, &request("login", "other", "x"), || Answer::status(200));
    assert_eq!(seen.replied, Some(429), "{now_ms} {seen:?}");
}

fn pays(worker: &mut Worker, now_ms: u64, session: &str, answer: Answer) {
    let seen = worker.exchange(now_ms, &request("checkout", session, "ann"), || answer);
    assert_eq!(seen.replied, None);
    worker.tick(now_ms);
}

fn is_spared(worker: &mut Worker, now_ms: u64, session: &str) -> bool {
    let seen = worker.exchange(now_ms, &request("login", session, "ann"), || Answer::status(200));
    assert_eq!(seen.replied.is_none(), part(&seen, "spared") == "trusted");
    seen.replied.is_none()
}

#[test]
fn trust_is_known_to_all_workers_and_ends() {
    let (settings, store) = (settings(&json!({})), Arc::<Store>::default());
    let [mut one, mut other] = [0, 1].map(|_| Worker::new(settings.clone(), Arc::clone(&store)));
    pays(&mut one, NOW_MS, "buyer", Answer::status(200));
    for (after_ms, spared) in [(1000, true), (29 * DAY_MS, true), (31 * DAY_MS, false)] {
        let now_ms = NOW_MS + after_ms;
        other.tick(now_ms);
        condemn_all(&mut other, now_ms);
        assert_eq!(is_spared(&mut other, now_ms, "buyer"), spared, "after {after_ms} ms");
    }
}

#[test]
fn only_the_origins_success_earns_trust() {
    let mut worker = Worker::new(settings(&json!({})), Arc::default());
    pays(&mut worker, NOW_MS, "declined", Answer::status(402));
    pays(&mut worker, NOW_MS, "broken", Answer::status(500));
    let not_the_origins = Answer { details: "direct_response".to_owned(), ..Answer::status(200) };
    pays(&mut worker, NOW_MS, "answered-by-another", not_the_origins);
    pays(&mut worker, NOW_MS, "buyer", Answer::status(200));
    let now_ms = NOW_MS + 1000;
    condemn_all(&mut worker, now_ms);
    for session in ["declined", "broken", "answered-by-another", "stranger", ""] {
        assert!(!is_spared(&mut worker, now_ms, session), "{session}");
    }
    assert!(is_spared(&mut worker, now_ms, "buyer"));
}

#[test]
fn switched_off_nothing_is_earned() {
    let mut worker = Worker::new(settings(&json!({"trust": "off"})), Arc::default());
    pays(&mut worker, NOW_MS, "buyer", Answer::status(200));
    condemn_all(&mut worker, NOW_MS + 1000);
    assert!(!is_spared(&mut worker, NOW_MS + 1000, "buyer"));
}

#[test]
fn a_verdict_on_the_session_itself_or_on_its_account_holds() {
    let mut worker = Worker::new(settings(&json!({"trust": {"requests": 1000}})), Arc::default());
    pays(&mut worker, NOW_MS, "buyer", Answer::status(200));
    condemn_all(&mut worker, NOW_MS + 1000);
    // Many accounts in one session.
    let exchange = |n| {
        let request = request("login", "buyer", &format!("a{n}"));
        worker.exchange(NOW_MS + 1000, &request, || Answer::status(200))
    };
    let outcomes: Vec<Seen> = (0..30).map(exchange).collect();
    assert!(outcomes.iter().take(9).all(|seen| part(seen, "spared") == "trusted"));
    let last = outcomes.last().unwrap();
    assert!(last.replied.is_some() && part(last, "reasons") == "session-subjects", "{last:?}");
}

#[test]
fn a_request_that_probes_is_not_spared() {
    let mut worker = Worker::new(settings(&json!({})), Arc::default());
    pays(&mut worker, NOW_MS, "buyer", Answer::status(200));
    condemn_all(&mut worker, NOW_MS + 1000);
    let mut probing = request("login", "buyer", "ann");
    probing.headers[0].1 = "/login?id=1%27%20OR%201%3D1--".to_owned();
    assert!(worker.exchange(NOW_MS + 1000, &probing, || Answer::status(200)).replied.is_some());
    assert!(is_spared(&mut worker, NOW_MS + 1000, "buyer"));
}

#[test]
fn what_it_earned_is_shared_by_all_workers_and_comes_back() {
    let (settings, store) = (settings(&json!({})), Arc::<Store>::default());
    let mut workers = [0, 1, 2].map(|_| Worker::new(settings.clone(), Arc::clone(&store)));
    pays(&mut workers[0], NOW_MS, "buyer", Answer::status(200));
    let now_ms = NOW_MS + 1000;
    workers.iter_mut().for_each(|worker| worker.tick(now_ms));
    condemn_all(&mut workers[0], now_ms);
    let spared = (0..90).filter(|n| is_spared(&mut workers[n % 3], now_ms, "buyer")).count();
    assert_eq!(spared, 30);
    let later_ms = now_ms + 20 * 60_000;
    condemn_all(&mut workers[0], later_ms);
    assert!(is_spared(&mut workers[1], later_ms, "buyer"));
}

#[test]
fn steps_of_who_is_let_through_are_seen_nevertheless() {
    let more = json!({
        "allow": {"backend": {"header": {"name": "x-backend", "value": "only the backend knows"}}},
        "policies": {
            "signup": {"role": "signup", "subject": {"header": "x-user"}, "learn": false},
            "verify": {"role": "verification", "subject": {"header": "x-user"}, "learn": false},
            "checkout": {"role": "checkout", "requires": ["verify"], "learn": false},
        },
    });
    let mut worker = Worker::new(settings(&more), Arc::default());
    let mut by_backend = request("verify", "none", "ann");
    by_backend.headers.push(("x-backend".to_owned(), "only the backend knows".to_owned()));
    assert_eq!(worker.exchange(NOW_MS, &request("signup", "s", "ann"), || Answer::status(201)).replied, None);
    let paying = request("checkout", "s", "ann");
    assert_eq!(worker.exchange(NOW_MS + 1000, &paying, || Answer::status(200)).replied, Some(403));
    let seen = worker.exchange(NOW_MS + 2000, &by_backend, || Answer::status(200));
    assert_eq!(part(&seen, "action") + "/" + &part(&seen, "reasons"), "allow/backend");
    assert_eq!(worker.exchange(NOW_MS + 3000, &paying, || Answer::status(200)).replied, None);
    worker.tick(NOW_MS + 3000);
    assert_eq!(worker.host.metric("requests.policy.verify.outcome.allowed"), 1);
    assert_eq!(worker.host.metric("requests.policy.verify.outcome.success"), 0);
}

/// A host that remembers what it was asked.
struct Asked {
    inner: SimHost,
    attributes: RefCell<Vec<String>>,
}

impl Host for Asked {
    fn now_ms(&self) -> u64 {
        self.inner.now_ms()
    }

    fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.inner.load(key)
    }

    fn store(&self, key: &str, bytes: &[u8], expected: Expected) -> Result<(), StoreError> {
        self.inner.store(key, bytes, expected)
    }

    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        if !matches!(attribute, Attribute::RoutePolicy | Attribute::HostPolicy) {
            self.attributes.borrow_mut().push(format!("{attribute:?}"));
        }
        self.inner.attribute(attribute)
    }

    fn gauge(&self, metric: &Metric, value: u64) {
        self.inner.gauge(metric, value);
    }

    fn count(&self, metric: &Metric, by: u64) {
        self.inner.count(metric, by);
    }

    fn log(&self, level: Level, line: &str) {
        self.inner.log(level, line);
    }
}

#[test]
fn the_host_is_asked_only_for_what_an_entry_that_could_still_fit_needs() {
    let peer = json!({"uri_san": "spiffe://example/partner"});
    let claim = json!({"payload": "jwt_payload", "name": "azp", "value": "partner"});
    let header = json!({"name": "x-partner", "value": "only the partner knows"});
    let more = json!({"allow": {
        "a": {"header": header, "peer": peer, "claim": claim, "addresses": ["192.0.2.0/24"]},
        "b": {"peer": peer, "policies": ["checkout"]},
        "c": {"peer": peer, "claim": claim},
        "d": {"addresses": ["192.0.2.0/24"], "peer": peer},
        "e": {"signed_by": [{"key": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}], "peer": {"dns_san": "x"}},
    }});
    let mut guard = Guard::new(settings(&more));
    let host = Asked { inner: SimHost::new(Arc::default()), attributes: RefCell::default() };
    host.inner.set_now_ms(NOW_MS);
    host.inner.source_address.replace("203.0.113.1:80".to_owned());
    let mut asked = |policy: &str, more: &[(&str, &str)]| {
        host.inner.route_policy.replace(Some(policy.to_owned()));
        host.attributes.borrow_mut().clear();
        let request = request(policy, "s", "ann");
        let own = request.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let more = more.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        guard.request(&host, &mut Exchange::default(), &Headers::new(own.chain(more).collect()), true);
        host.attributes.borrow().join(" ")
    };
    let claim = "Claim(\"jwt_payload\", \"azp\")";
    assert_eq!(asked("login", &[]), format!("{claim} SourceAddress"), "the address is asked for once");
    assert_eq!(asked("login", &[("x-partner", "somebody guesses it")]), format!("{claim} SourceAddress"));
    assert_eq!(asked("login", &[("x-partner", "only the partner knows")]), format!("SourceAddress {claim}"));
    assert_eq!(asked("checkout", &[]), format!("Identity(UriSan) {claim} SourceAddress"));
    host.inner.attributes.borrow_mut().insert("jwt_payload.azp".to_owned(), b"partner".to_vec());
    host.inner.attributes.borrow_mut().insert("uri_san".to_owned(), b"spiffe://example/partner".to_vec());
    let all = asked("checkout", &[]);
    assert_eq!(
        all,
        format!("Identity(UriSan) ClientCertificate {claim} SourceAddress"),
        "once for all entries"
    );
}
