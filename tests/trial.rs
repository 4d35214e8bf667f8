//! What docs/candidates.md promises, on a simulated host.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[allow(unreachable_pub, clippy::disallowed_methods, dead_code, reason = "Envoy is not played here")]
mod support;

use std::sync::Arc;

use palisade::config;
use palisade::sim::{Answer, Request, Seen, Store, Worker};
use serde_json::{Value, json};
use support::Outcome;
use support::scenario::Scenario;
use support::sim::Simulated;

fn play(scenario: &Scenario, configuration: &Value, workers: usize) -> Vec<Outcome> {
    let settings = config::read(configuration, &|_| None).unwrap_or_else(|m| panic!("{m}")).settings;
    scenario.play(Box::new(Simulated::new(&settings, workers, &Arc::new(Store::default()))))
}

/// Scenarios without a candidate of their own, whose configuration stays as it is.
fn scenarios() -> impl Iterator<Item = (String, Scenario, Value)> {
    let whole = |(name, scenario): (String, Scenario)| {
        let configuration = scenario.configuration();
        (name, scenario, configuration)
    };
    let all = Scenario::all().into_iter().map(whole);
    all.filter(|(_, scenario, configuration)| configuration.get("candidate").is_none() && !scenario.reloads())
}

#[test]
fn a_candidate_that_watches_changes_nothing_for_anybody() {
    let mut played = 0;
    for (name, scenario, mut configuration) in scenarios() {
        let alone = play(&scenario, &configuration, scenario.workers());
        let other = if configuration["mode"] == "observe" { "enforce" } else { "observe" };
        configuration["candidate"] = json!({"mode": other, "memory": "8MiB"});
        assert_eq!(play(&scenario, &configuration, scenario.workers()), alone, "{name}");
        played += 1;
    }
    assert!(played > 40, "{played}");
}

/// The mode is said though it is the default: a change that changes nothing, so that the whole of a candidate's world can be
/// held against the live one.
#[test]
fn what_decides_as_a_candidate_does_what_it_would_do_live() {
    let mut decided = 0;
    for (name, scenario, mut configuration) in scenarios() {
        if configuration.get("mode").is_some() {
            continue;
        }
        let alone = play(&scenario, &configuration, scenario.workers());
        configuration["candidate"] = json!({"mode": "enforce", "share": "100%", "memory": "8MiB"});
        let as_candidate = play(&scenario, &configuration, scenario.workers());
        decided += as_candidate.iter().filter(|outcome| outcome.part("candidate") == "decides").count();
        let unmarked: Vec<Outcome> = as_candidate
            .into_iter()
            .map(|o| Outcome { verdict: o.verdict.replace(";candidate=decides", ""), ..o })
            .collect();
        assert_eq!(unmarked, alone, "{name}");
    }
    assert!(decided > 1_000, "{decided}");
}

/// A log-in from an address, at a time in seconds.
struct Shop {
    workers: Vec<Worker>,
    sent: usize,
}

impl Shop {
    fn new(candidate: &Value, workers: usize, store: &Arc<Store>) -> Self {
        let configuration = json!({
            "secret": "a secret of the tests alone",
            "memory": "8MiB",
            "policies": {"login": {
                "role": "login",
                "learn": false,
                "rules": {
                    "client-failures": "off",
                    "network-failures": "off",
                    "fails": {"key": ["address"], "within": "30m", "failures": 6, "score": 9},
                },
            }},
            "candidate": candidate,
        });
        let settings = config::read(&configuration, &|_| None).unwrap_or_else(|m| panic!("{m}")).settings;
        let worker = |_| Worker::new(settings.clone(), Arc::clone(store));
        Self { workers: (0..workers).map(worker).collect(), sent: 0 }
    }

    fn send(&mut self, now_ms: u64, client: u32, status: u16) -> Seen {
        let turn = self.sent % self.workers.len();
        self.sent += 1;
        let [_, b, c, d] = client.to_be_bytes();
        let request = Request {
            headers: [(":method", "POST"), (":path", "/login"), (":authority", "shop.example")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            address: format!("10.{b}.{c}.{d}:4711"),
            route_policy: Some("login".to_owned()),
            ..Request::default()
        };
        self.workers[turn].exchange(now_ms, &request, || Answer::status(status))
    }

    fn tick(&mut self, now_ms: u64) {
        self.workers.iter_mut().for_each(|worker| worker.tick(now_ms));
    }

    fn gauge(&self, whom: &str) -> u64 {
        let name = format!("candidate_clients.policy.login.whom.{whom}");
        self.workers.iter().map(|worker| worker.host.metric(&name)).max().unwrap()
    }

    /// The last line that sums up, and how many there were.
    fn compared(&self) -> (Value, usize) {
        let lines = self.workers.iter().flat_map(|worker| worker.host.lines.borrow().clone());
        let lines: Vec<Value> = lines
            .filter_map(|line| serde_json::from_str(line.strip_prefix("palisade ")?).ok())
            .filter(|line: &Value| line["candidate"] == "compared")
            .collect();
        let last = lines.iter().max_by_key(|line| line["requests"].as_u64()).cloned().unwrap_or_default();
        (last, lines.len())
    }
}

const BEGIN_MS: u64 = 1_800_000_000_000;

fn stricter(share: &str) -> Value {
    json!({"share": share, "memory": "8MiB", "policies": {"login": {"rules": {"fails": {"failures": 3}}}}})
}

/// How many of so many clients the candidate decides for, by who they are.
fn members(share: &str, clients: u32) -> Vec<bool> {
    let mut shop = Shop::new(&stricter(share), 1, &Arc::new(Store::default()));
    let mut of = |client| {
        (0..4).for_each(|_| drop(shop.send(BEGIN_MS, client, 401)));
        shop.send(BEGIN_MS, client, 401).replied.is_some()
    };
    (0..clients).map(&mut of).collect()
}

#[test]
fn a_share_is_as_large_as_it_says_and_grows_by_joining() {
    let shares = ["0%", "1%", "10%", "50%", "100%"].map(|share| members(share, 2_000));
    let counts = shares.each_ref().map(|members| members.iter().filter(|is| **is).count());
    let expected = [0.0, 0.01, 0.1, 0.5, 1.0];
    for (count, share) in counts.into_iter().zip(expected) {
        // Five standard deviations.
        let most = 5.0 * (2_000.0 * share * (1.0_f64 - share)).sqrt();
        assert!((count as f64 - 2_000.0 * share).abs() <= most, "{counts:?}");
    }
    for pair in shares.windows(2) {
        assert!(pair[0].iter().zip(&pair[1]).all(|(smaller, greater)| !smaller || *greater));
    }
}

#[test]
fn each_minute_a_line_sums_up_for_all_workers() {
    let store = Arc::new(Store::default());
    let mut shop = Shop::new(&stricter("0%"), 3, &store);
    let mut now_ms = BEGIN_MS;
    // 40 clients fail four times, ten of them eight times; 500 succeed.
    for client in 0..500 {
        let times = match client {
            0..10 => 8,
            10..40 => 4,
            _ => 1,
        };
        for _ in 0..times {
            shop.send(now_ms, client, if client < 40 { 401 } else { 200 });
            now_ms += 200;
            shop.tick(now_ms);
        }
    }
    // Who writes the line has not heard yet of what the others counted of late: the next one has it all.
    for later_ms in [60_000, 120_000] {
        shop.send(now_ms + later_ms, 1_000, 200);
        shop.tick(now_ms + later_ms + 1_000);
    }
    let (line, lines) = shop.compared();
    let minutes = (now_ms - BEGIN_MS) / 60_000 + 3;
    assert!(lines as u64 <= minutes, "{lines} lines in {minutes} minutes, whatever the workers");
    assert_eq!(line["policy"], "login");
    assert_eq!((line["requests"].as_u64(), line["decided"].as_u64()), (Some(662), Some(0)), "{line}");
    // Of eight the fourth and later; of four the last one.
    assert_eq!(line["acted_on"]["requests"], 10 * 5 + 30, "{line}");
    assert_eq!(line["live_allowed"]["requests"], 10 * 3 + 30, "{line}");
    assert_eq!(line["live_alone"], json!({"requests": 0, "clients": 0}), "{line}");
    for (whom, is) in [("acted-on", "acted_on"), ("live-allowed", "live_allowed")] {
        let clients = line[is]["clients"].as_u64().unwrap();
        assert!((38..=42).contains(&clients), "{line}");
        assert_eq!(shop.gauge(whom), clients);
    }
}

#[test]
fn a_new_candidate_is_counted_anew_and_one_that_stays_goes_on() {
    let store = Arc::new(Store::default());
    let mut old = Shop::new(&stricter("0%"), 2, &store);
    let fail = |shop: &mut Shop, at_ms: u64, client: u32| {
        shop.tick(at_ms);
        (0..5).for_each(|_| drop(shop.send(at_ms, client, 401)));
        shop.tick(at_ms + 1_000);
    };
    (0..3).for_each(|n| fail(&mut old, BEGIN_MS + u64::from(n) * 2_000, n));
    assert_eq!(old.gauge("acted-on"), 3);
    let mut same = Shop::new(&stricter("0%"), 2, &store);
    fail(&mut same, BEGIN_MS + 10_000, 3);
    assert_eq!(same.gauge("acted-on"), 4, "a reload that changes nothing");
    let mut other = Shop::new(&stricter("1%"), 2, &store);
    fail(&mut other, BEGIN_MS + 20_000, 4);
    assert_eq!(other.gauge("acted-on"), 1, "another share is another experiment");
    // A worker of the old configuration, on its way out, spoils nothing.
    fail(&mut same, BEGIN_MS + 30_000, 5);
    fail(&mut other, BEGIN_MS + 40_000, 6);
    assert_eq!(other.gauge("acted-on"), 2);
}
