//! What the README promises, as scenarios: each file of tests/scenarios is played on a simulated
//! host and in real Envoy with two workers, and must give the same verdicts on both.
#![expect(clippy::print_stdout, reason = "a test says which scenario it plays")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[allow(unreachable_pub, clippy::disallowed_methods, reason = "Envoy is played in real time")]
mod support;

use std::sync::{Arc, Mutex};
use std::{iter, panic, thread};

use palisade::config;
use palisade::sandbox::Report;
use palisade::sim::{Faults, Store};
use serde_json::json;
use support::Outcome;
use support::envoy::InEnvoy;
use support::scenario::Scenario;
use support::sim::Simulated;
use support::threats::{self, Played, Seen};

/// Scenarios that are played in Envoy at the same time, each with an Envoy of its own: they wait for
/// most of their time.
const AT_A_TIME: usize = 4;

fn simulate(name: &str, scenario: &Scenario, workers: usize, faults: Faults) -> Vec<Outcome> {
    let read = config::read(&scenario.configuration(), &|_| None);
    let settings = read.unwrap_or_else(|mistakes| panic!("{name}: {mistakes}")).settings;
    let store = Arc::new(Store::default());
    store.inject(faults);
    scenario.play(Box::new(Simulated::new(&settings, workers, &store)))
}

#[test]
fn scenarios_hold_on_a_simulated_host() {
    for (name, scenario) in Scenario::all() {
        println!("{name}: {}", scenario.promise);
        simulate(&name, &scenario, 1, Faults::default());
    }
}

#[test]
fn scenarios_hold_whatever_worker_a_request_meets_and_whatever_write_conflicts() {
    for (name, scenario) in Scenario::all() {
        println!("{name}");
        if scenario.one_worker.is_some() {
            continue;
        }
        let alone = simulate(&name, &scenario, 1, Faults::default());
        for (workers, conflict_every) in [(2, 0), (8, 0), (8, 2), (3, 3)] {
            let faults = Faults { conflict_every, ..Faults::default() };
            assert_eq!(simulate(&name, &scenario, workers, faults), alone, "{name}: {workers} workers");
        }
    }
}

/// `BLESS=1 cargo test --test scenarios` writes the table anew.
#[test]
fn each_threat_that_can_be_seen_is_answered_and_its_look_alike_is_not() {
    let mut played = Vec::new();
    for (name, scenario) in Scenario::all() {
        if !scenario.threats.is_empty() {
            let outcomes = simulate(&name, &scenario, scenario.workers(), Faults::default());
            played.push((scenario.threats.clone(), Played::new(&name, &scenario, &outcomes)));
        }
    }
    let threats = threats::all();
    assert_eq!(threats.len(), 21);
    for threat in &threats {
        let policy = json!({"preset": threat.id, "subject": {"header": "x"}});
        let read = config::read(
            &json!({"secret": "a secret of the tests alone", "policies": {"p": policy}}),
            &|_| None,
        );
        assert_eq!(
            read.is_ok(),
            threat.seen != Seen::No,
            "{}: a preset for what is seen, and no other",
            threat.id
        );
    }
    let mut report = Report::new("threats");
    let lacking = threats::report(&threats, &played, &mut report);
    assert!(lacking.is_empty(), "no attack or no look-alike is shown of {lacking:?}");
    println!("{}", report.table());
    report.write().unwrap();
    assert!(report.all_met(), "a look-alike was harmed, or an attack went too far");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/threats.md");
    let page = std::fs::read_to_string(file).unwrap();
    let (before, rest) = page.split_once("<!-- table -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let table = threats::table(&threats, &played);
    let anew = format!("{before}<!-- table -->\n{table}<!-- end -->{after}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file, &anew).unwrap();
    }
    assert_eq!(page, anew, "the table of docs/threats.md is not what was played: BLESS=1 writes it anew");
}

#[test]
fn scenarios_give_the_same_verdicts_in_envoy() {
    let mut waiting = Scenario::all();
    waiting.retain(|(_, scenario)| scenario.native_only.is_none());
    // `SCENARIO=NAME` plays one alone.
    let only = std::env::var("SCENARIO").ok();
    waiting.retain(|(name, _)| only.as_ref().is_none_or(|only| only == name));
    assert!(!waiting.is_empty(), "there is no such scenario");
    // Taken from the end: the longest first, so that none begins when the others are done.
    waiting.sort_by_key(|(_, scenario)| scenario.lasts_ms() / scenario.speed);
    let waiting = Mutex::new(waiting);
    let failed = thread::scope(|scope| {
        let player = || {
            let next = || waiting.lock().unwrap().pop();
            let played = iter::from_fn(next).filter_map(|(name, scenario)| compare(&name, &scenario).err());
            played.collect::<Vec<_>>()
        };
        let players: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(player)).collect();
        players.into_iter().flat_map(|player| player.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(failed.is_empty(), "{} failed\n\n{}", failed.len(), failed.join("\n\n"));
}

/// Plays one scenario in Envoy and on a simulated host; what differs or fails is told with its name.
fn compare(name: &str, scenario: &Scenario) -> Result<(), String> {
    let played = panic::catch_unwind(|| {
        let stage =
            InEnvoy::start(&scenario.configuration(), scenario.workers(), scenario.speed, scenario.reloads());
        let in_envoy = scenario.play(Box::new(stage));
        let simulated = simulate(name, scenario, scenario.workers(), Faults::default());
        for (n, (in_envoy, simulated)) in in_envoy.iter().zip(&simulated).enumerate() {
            assert_eq!(in_envoy, simulated, "request {n}, in Envoy and on a simulated host");
        }
    });
    played.map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
        format!("{name}: {words}")
    })
}
