//! What the tests of this folder have in common: a configuration, its routes, and looking at Envoy
//! from outside.

use std::time::{Duration, Instant};

use palisade::memory::cache::FRESH_MS;
use palisade::sandbox::{Envoy, Launch};
use serde_json::{Value, json};

use super::origin::Origin;

/// How long anything may take that a test waits for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A plugin configuration with these policies.
pub(crate) fn configuration(policies: &Value) -> Value {
    json!({
        "secret": "a secret of the tests alone",
        "memory": "64MiB",
        "hold_headers": true,
        "client": {"session": {"cookie": "sid"}},
        "policies": policies,
    })
}

/// A policy with one rule of its own, and none of its role's.
pub(crate) fn counting(what: &str, at_least: u32) -> Value {
    json!({
        "role": "login", "learn": false,
        "failure": {"status": [401]},
        "rules": {
            "client-failures": "off", "subject-failures": "off", "session-subjects": "off",
            "network-failures": "off", "subject-addresses": "off", "session-fingerprints": "off",
            "told": {"key": ["fingerprint", "network"], "within": "1h", what: at_least, "score": 6},
        },
    })
}

/// A login as most operators would write it.
pub(crate) fn login() -> Value {
    json!({"role": "login", "subject": {"json": "/email"}})
}

/// A route from a path's beginning to the origin, under a policy.
pub(crate) fn route(prefix: &str, policy: &str) -> Value {
    json!({
        "match": {"prefix": prefix},
        "route": {"cluster": "origin"},
        "metadata": {"filter_metadata": {"palisade": {"policy": policy}}},
    })
}

/// `/p/NAME/` for each policy, and everything else without one.
pub(crate) fn routes(policies: &Value) -> Vec<Value> {
    let names = policies.as_object().into_iter().flatten().map(|(name, _)| name);
    let mut routes: Vec<Value> = names.map(|name| route(&format!("/p/{name}/"), name)).collect();
    routes.push(json!({"match": {"prefix": "/"}, "route": {"cluster": "origin"}}));
    routes
}

/// What would start Envoy with these policies, each under `/p/NAME/`.
pub(crate) fn launch(origin: &Origin, policies: &Value) -> Launch {
    let mut launch = Launch::new(&origin.upstream())
        .and_then(|launch| launch.with_configuration(configuration(policies)))
        .unwrap();
    launch.bootstrap.set_routes(json!(routes(policies))).unwrap();
    launch
}

/// A metric of Palisade's, without the beginning that all have; 0 where there is none.
pub(crate) fn metric(envoy: &Envoy, name: &str) -> u64 {
    stat(envoy, &format!("wasmcustom.palisade_{name}"))
}

/// How often a policy saw an outcome.
pub(crate) fn seen(envoy: &Envoy, policy: &str, outcome: &str) -> u64 {
    metric(envoy, &format!("requests.policy.{policy}.outcome.{outcome}"))
}

/// How many verdicts a policy gave, of any kind.
pub(crate) fn verdicts(envoy: &Envoy, policy: &str) -> u64 {
    let beginning = format!("wasmcustom.palisade_verdicts.policy.{policy}.");
    envoy.stats().unwrap().iter().filter(|(name, _)| name.starts_with(&beginning)).map(|(_, n)| n).sum()
}

/// One of Envoy's statistics; 0 where there is none.
pub(crate) fn stat(envoy: &Envoy, name: &str) -> u64 {
    envoy.stats().unwrap().get(name).copied().unwrap_or(0)
}

/// The lines of Envoy's log that hold all of these texts.
pub(crate) fn lines(envoy: &Envoy, texts: &[&str]) -> Vec<String> {
    let log = envoy.log();
    log.lines().filter(|line| texts.iter().all(|text| line.contains(text))).map(str::to_owned).collect()
}

/// Looks again until it sees what it expects, since counts become public within a second or so.
pub(crate) fn soon(expected: impl Fn() -> bool) -> bool {
    let began = now();
    while now().duration_since(began) < DEADLINE {
        if expected() {
            return true;
        }
        pause();
    }
    false
}

/// Lets as much time pass as a worker believes what it knows of a key that nothing speaks against.
pub(crate) fn settle() {
    let began = now();
    assert!(soon(|| began.elapsed() > Duration::from_millis(FRESH_MS)));
}

/// Runs `act` for 0 to `count - 1`, at most sixteen at a time, and returns what each gave.
pub(crate) fn at_once<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    const AT_A_TIME: usize = 16;
    let act = &act;
    std::thread::scope(|scope| {
        let part = |first| move || (first..count).step_by(AT_A_TIME).map(act).collect::<Vec<T>>();
        let threads: Vec<_> = (0..AT_A_TIME).map(|first| scope.spawn(part(first))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(30));
}
