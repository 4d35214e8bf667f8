//! Envoy with the filter in front of an origin, shared by the tests, and clients of it.
//!
//! `/p/NAME/...` is a route under the policy NAME. Each client has a network of its own, so tests
//! that share a stage do not meet in its tallies; those that look at counts have a policy each.

use std::process::Child;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use palisade::sandbox::{Envoy, Launch};
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::program;
use crate::surroundings::{cluster, end_with_this_process, protocol};
use crate::wire::{DEADLINE, Message, Wire};

pub(crate) const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// Requests wait, headers and all, until their body was judged.
pub(crate) static HELD: LazyLock<Stage> = LazyLock::new(|| Stage::start(true));
/// Headers go ahead of the body that is judged.
pub(crate) static AHEAD: LazyLock<Stage> = LazyLock::new(|| Stage::start(false));

pub(crate) fn both() -> [&'static Stage; 2] {
    [&HELD, &AHEAD]
}

pub(crate) struct Stage {
    pub(crate) envoy: Envoy,
    pub(crate) origin: Origin,
    pub(crate) holds_headers: bool,
    _keeper: Child,
}

impl Stage {
    fn start(hold_headers: bool) -> Self {
        let origin = Origin::start();
        let configuration = json!({
            "secret": "a secret of the tests alone",
            "memory": "64MiB",
            "hold_headers": hold_headers,
            "policies": policies(),
        });
        let mut launch = Launch::new(&origin.address.to_string())
            .and_then(|launch| launch.with_configuration(configuration))
            .unwrap();
        let servers = program::servers();
        let routes: Vec<Value> = policies().as_object().unwrap().keys().map(|name| route(name)).collect();
        launch.bootstrap.set_routes(Value::Array(routes)).unwrap();
        let unprotected = json!({"match": {"prefix": "/"}, "route": {"cluster": "origin"}});
        let manager = launch.bootstrap.at(MANAGER).unwrap();
        manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut().unwrap().push(unprotected);
        manager["http_protocol_options"] = json!({"accept_http_10": true, "enable_trailers": true});
        let clusters = launch.bootstrap.at("/static_resources/clusters").unwrap().as_array_mut().unwrap();
        let trailers = json!({"http_protocol_options": {"enable_trailers": true}});
        clusters[0]["typed_extension_protocol_options"] = protocol(&trailers);
        let http2 = json!({"http2_protocol_options": {}});
        clusters.push(cluster("grpc", servers.grpc_port, &http2));
        clusters.push(cluster("socket", servers.socket_port, &json!({"http_protocol_options": {}})));
        let envoy = launch.start().unwrap();
        Self { _keeper: end_with_this_process(&envoy), envoy, origin, holds_headers: hold_headers }
    }

    /// A client with a network and a make of its own.
    pub(crate) fn client(&self) -> Client {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let address = format!("198.{}.{}.7", 18 + number / 256, number % 256);
        Client { to: self.envoy.address(), address, agent: "tests/1".to_owned() }
    }

    /// One of the filter's counters, such as `requests.policy.login.outcome.success`.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.stat(&format!("wasmcustom.palisade_{name}"))
    }

    /// A statistic of Envoy's; 0 until it is first counted.
    pub(crate) fn stat(&self, name: &str) -> u64 {
        self.envoy.stats().unwrap().get(name).copied().unwrap_or(0)
    }

    /// Waits until a counter has this value: it is published within a tick or so.
    pub(crate) fn wait_for_counter(&self, name: &str, value: u64) {
        soon(name, || {
            let seen = self.counter(name);
            if seen == value { Ok(()) } else { Err(format!("{seen} instead of {value}")) }
        });
    }
}

/// Looks again until it sees what it expects, or the deadline is over.
#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub(crate) fn soon<T>(what: &str, look: impl Fn() -> Result<T, String>) -> T {
    let until = Instant::now() + DEADLINE;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < until, "{what}: {seen}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Someone with an address.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) to: std::net::SocketAddr,
    pub(crate) address: String,
    pub(crate) agent: String,
}

impl Client {
    /// A request up to where its framing begins.
    pub(crate) fn begin(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let (agent, address) = (&self.agent, &self.address);
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: shop.example\r\nuser-agent: {agent}\r\n");
        text.push_str(&format!("x-forwarded-for: {address}\r\n"));
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.into_bytes()
    }

    /// Sends a request on a connection of its own; `rest` is what `sized` or `chunked` made.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], rest: &[u8]) -> Message {
        let mut wire = Wire::connect(self.to);
        wire.send(&[&self.begin(method, path, headers), rest].concat());
        wire.answer(method == "HEAD")
    }

    /// Sends an account, in JSON, and gives the answer's status.
    pub(crate) fn log_in(&self, path: &str, account: &str) -> u16 {
        self.ask("POST", path, &[JSON], &crate::wire::sized(&account_json(account))).status()
    }
}

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

pub(crate) fn account_json(account: &str) -> Vec<u8> {
    json!({"email": account, "password": "x"}).to_string().into_bytes()
}

/// Policies of tests that share nothing but a stage.
fn policies() -> Value {
    // Limits whoever came with three accounts: so it tells whether bodies are read. Every answer is
    // a failure to it, since failures count at once whichever worker the next request meets.
    let accounts =
        json!({"key": ["fingerprint", "network"], "within": "10m", "failed_subjects": 3, "score": 6});
    let rules = json!({"client-failures": "off", "three-accounts": accounts});
    let reading = |subject: Value| json!({"role": "login", "subject": subject, "failure": {"status": ["2xx"]}, "rules": rules});
    let json = json!({"json": "/email"});
    let mut all = serde_json::Map::new();
    for name in READING {
        all.insert((*name).to_owned(), reading(json.clone()));
    }
    all.insert("form".to_owned(), reading(json!({"form": "user"})));
    let blocking = json!({"limit": "off", "block": {"at": 6}});
    let login = |more: Value| {
        let mut policy = json!({"role": "login", "subject": json});
        policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        policy
    };
    let told = json!({"json": {"pointer": "/ok", "value": false}});
    let grpc = json!({"header": {"name": "grpc-status", "value": "16"}});
    for (name, policy) in [
        ("limits", login(json!({}))),
        ("blocks", login(json!({"ladder": blocking}))),
        ("left", login(json!({}))),
        ("told-by-json", login(json!({"failure": told}))),
        ("told-by-text", login(json!({"failure": {"body": "wrong password"}}))),
        ("told-too-late", login(json!({"failure": told}))),
        ("socket", login(json!({}))),
        ("grpc-limits", login(json!({"failure": grpc}))),
        ("grpc-blocks", login(json!({"failure": grpc, "ladder": blocking}))),
    ] {
        all.insert(name.to_owned(), policy);
    }
    // Tags from the second request on. Every answer is a failure to it, for the same reason.
    let any = json!({"key": ["fingerprint", "network"], "within": "1h", "failures": 1, "score": 3});
    let rules = json!({"any": any, "client-misses": "off"});
    all.insert("tags".to_owned(), json!({"role": "content", "failure": {"status": ["2xx"]}, "rules": rules}));
    Value::Object(all)
}

/// Names of policies that read a subject in JSON, one for each test that looks at its counts.
const READING: [&str; 8] =
    ["json", "whole", "encoded", "unknown-encoding", "large", "no-json", "unread-kinds", "empty"];

fn route(policy: &str) -> Value {
    let cluster = match policy {
        "grpc-limits" | "grpc-blocks" => "grpc",
        "socket" => "socket",
        _ => "origin",
    };
    json!({
        "match": {"prefix": format!("/p/{policy}/")},
        "route": {"cluster": cluster},
        "metadata": {"filter_metadata": {"palisade": {"policy": policy}}},
    })
}
