//! Envoy with the filter in front of an origin that takes its time, and clients that look closely.

use std::time::{Duration, Instant};

use palisade::sandbox::{Envoy, Launch};
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::wire::{Message, Wire, sized};

/// Starts Envoy with these policies, each under `/p/NAME/`.
pub(crate) fn start(origin: &Origin, policies: &Value, more: &Value) -> Envoy {
    launch(origin, policies, more).start().unwrap()
}

/// What starts it.
pub(crate) fn launch(origin: &Origin, policies: &Value, more: &Value) -> Launch {
    let mut configuration = json!({
        "secret": "a secret of the tests alone", "memory": "64MiB", "hold_headers": true, "policies": policies,
    });
    configuration.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut launch = Launch::new(&origin.address.to_string())
        .and_then(|launch| launch.with_configuration(configuration))
        .unwrap();
    let routes: Vec<Value> = policies.as_object().unwrap().keys().map(|name| route(name)).collect();
    launch.bootstrap.set_routes(json!(routes)).unwrap();
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    launch.bootstrap.at(manager).unwrap()["http_protocol_options"] = json!({"enable_trailers": true});
    launch
}

fn route(policy: &str) -> Value {
    json!({
        "match": {"prefix": format!("/p/{policy}/")},
        // What is never answered ends: a trap of the filter strands nobody for longer.
        "route": {"cluster": "origin", "idle_timeout": "3s"},
        "metadata": {"filter_metadata": {"palisade": {"policy": policy}}},
    })
}

/// Signs in from an address, and gives the answer and how long it took.
pub(crate) fn log_in(envoy: &Envoy, address: &str, path: &str, account: &str) -> (Message, Duration) {
    let body = json!({"email": account, "password": "x"}).to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: shop.example\r\nuser-agent: tests/1\r\nx-forwarded-for: {address}\r\n\
         content-type: application/json\r\n"
    );
    let mut wire = Wire::connect(envoy.address());
    let began = now();
    wire.send(&[head.as_bytes(), &sized(body.as_bytes())].concat());
    let answer = wire.answer(false);
    (answer, began.elapsed())
}

/// Lets time pass in the real process that is tested.
#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub(crate) fn pass(time: Duration) {
    std::thread::sleep(time);
}

#[expect(clippy::disallowed_methods, reason = "a real process is timed in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
