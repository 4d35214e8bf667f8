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

use std::sync::Arc;

use palisade::config;
use palisade::sim::{Faults, Store};
use support::Outcome;
use support::envoy::InEnvoy;
use support::scenario::Scenario;
use support::sim::Simulated;

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
        let alone = simulate(&name, &scenario, 1, Faults::default());
        for (workers, conflict_every) in [(2, 0), (8, 0), (8, 2), (3, 3)] {
            let faults = Faults { conflict_every, ..Faults::default() };
            assert_eq!(simulate(&name, &scenario, workers, faults), alone, "{name}: {workers} workers");
        }
    }
}

#[test]
fn scenarios_give_the_same_verdicts_in_envoy() {
    for (name, scenario) in Scenario::all() {
        if scenario.native_only.is_some() {
            continue;
        }
        println!("{name}");
        let stage = InEnvoy::start(&scenario.configuration(), scenario.speed);
        let in_envoy = scenario.play(Box::new(stage));
        assert_eq!(in_envoy, simulate(&name, &scenario, 2, Faults::default()), "{name}");
    }
}
