//! Envoy with the filter, and a listener for each way in: HTTP/1.1 and HTTP/2, the same behind Envoy's
//! gRPC-Web filter, and HTTP/3.
//!
//! `/p/NAME/...` is a route under the policy NAME. All policies go by the client's network alone, so that one
//! who was condemned can come back as whatever a test wants.

use std::net::SocketAddr;
use std::process::Child;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use palisade::sandbox::{Envoy, Launch};
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::program;
use crate::surroundings::{cluster, end_with_this_process};
use crate::wire::{DEADLINE, Message, Wire, answer};

const MANAGER: &str = "/filter_chains/0/filters/0/typed_config";

/// The stage that most tests share. It has one worker: what pages may read each hears for itself.
pub(crate) static STAGE: LazyLock<Stage> = LazyLock::new(|| Stage::start(&policies(), 1));

pub(crate) struct Stage {
    pub(crate) envoy: Envoy,
    pub(crate) origin: Origin,
    /// Behind Envoy's gRPC-Web filter.
    pub(crate) translated: SocketAddr,
    /// Over QUIC.
    pub(crate) http3: SocketAddr,
    _keeper: Child,
}

impl Stage {
    /// Starts Envoy with these policies.
    pub(crate) fn start(policies: &Value, workers: u32) -> Self {
        // Every login fails.
        let origin = Origin::answering(|_| answer(401, &[("content-type", "application/json")], b"{}"));
        let configuration = json!({
            "secret": "a secret of the tests alone",
            "memory": "64MiB",
            "hold_headers": true,
            "policies": policies,
        });
        let mut launch = Launch::new(&origin.address.to_string())
            .and_then(|launch| launch.with_configuration(configuration))
            .unwrap();
        let routes: Vec<Value> = policies.as_object().unwrap().keys().map(|name| route(name)).collect();
        launch.bootstrap.set_routes(Value::Array(routes)).unwrap();
        let servers = program::servers();
        let clusters = launch.bootstrap.at("/static_resources/clusters").unwrap().as_array_mut().unwrap();
        clusters.push(cluster("grpc", servers.grpc_port, &json!({"http2_protocol_options": {}})));
        clusters.push(cluster("socket", servers.socket_port, &json!({"http_protocol_options": {}})));
        launch.bootstrap.add_listener("translated", "127.0.0.1", 0).unwrap();
        launch.bootstrap.add_listener("http3", "127.0.0.1", 0).unwrap();
        let listeners = launch.bootstrap.at("/static_resources/listeners").unwrap();
        let filters = listeners[1].pointer_mut(&format!("{MANAGER}/http_filters")).unwrap();
        let web = "type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb";
        let web = json!({"name": "envoy.filters.http.grpc_web", "typed_config": {"@type": web}});
        filters.as_array_mut().unwrap().insert(0, web);
        over_quic(&mut listeners[2]);
        let envoy = launch.with_workers(workers).start().unwrap();
        let (translated, http3) = (listening(&envoy, "translated"), listening(&envoy, "http3"));
        Self { _keeper: end_with_this_process(&envoy), envoy, origin, translated, http3 }
    }

    /// Someone in a network of their own.
    pub(crate) fn someone(&self) -> Someone {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Someone { to: self.envoy.address(), address: format!("198.{}.{}.7", 18 + number / 256, number % 256) }
    }

    /// Someone whom this policy condemned, by three answers of the origin.
    pub(crate) fn condemned(&self, policy: &str) -> Someone {
        let someone = self.someone();
        for _ in 0..3 {
            assert_eq!(someone.ask("GET", &format!("/p/{policy}/"), &[]).status(), 401, "{policy}");
        }
        someone
    }

    /// How often a policy came to an action.
    pub(crate) fn came_to(&self, policy: &str, action: &str) -> u64 {
        self.sum(&format!("verdicts.policy.{policy}.action.{action}."))
    }

    /// How often a policy saw any outcome, its own answers included.
    pub(crate) fn seen(&self, policy: &str) -> u64 {
        self.sum(&format!("requests.policy.{policy}."))
    }

    /// The sum of the filter's counters that begin so.
    fn sum(&self, beginning: &str) -> u64 {
        let beginning = format!("wasmcustom.palisade_{beginning}");
        let stats = self.envoy.stats().unwrap();
        stats.iter().filter(|(name, _)| name.starts_with(&beginning)).map(|(_, count)| count).sum()
    }
}

/// Someone with an address.
#[derive(Clone)]
pub(crate) struct Someone {
    pub(crate) to: SocketAddr,
    pub(crate) address: String,
}

impl Someone {
    /// Sends a request without a body over HTTP/1.1, on a connection of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Message {
        self.send(method, path, headers, b"")
    }

    /// Sends a request over HTTP/1.1, on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Message {
        let mut wire = Wire::connect(self.to);
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: shop.example\r\n");
        text.push_str(&format!("x-forwarded-for: {}\r\n", self.address));
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        wire.send(&[text.as_bytes(), b"\r\n", body].concat());
        wire.answer(method == "HEAD")
    }
}

/// Names of a message's headers, without those that Envoy adds to all.
pub(crate) fn names(message: &Message) -> Vec<&str> {
    let names = message.head.headers.iter().map(|(name, _)| name.as_str());
    names.filter(|name| !["date", "server"].contains(name)).collect()
}

/// Looks again until it sees what it expects, or the deadline is over.
#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub(crate) fn soon(expected: impl Fn() -> bool) -> bool {
    let until = Instant::now() + 2 * DEADLINE;
    while Instant::now() < until {
        if expected() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Policies by name: each condemns a network after three failures.
fn policies() -> Value {
    let network = json!({"key": ["network"], "within": "1h", "failures": 3, "score": 6});
    let rules = json!({"network": network, "client-misses": "off"});
    let blocks = json!({"limit": "off", "block": {"at": 6}});
    let by = |failure: Value, ladder: Value| json!({"role": "content", "learn": false, "failure": failure, "rules": rules, "ladder": ladder});
    let status = || json!({"status": [401]});
    let grpc = || json!({"header": {"name": "grpc-status", "value": "16"}});
    let none = || json!({});
    let mut reads = by(status(), none());
    reads["role"] = json!("login");
    reads["subject"] = json!({"json": "/email"});
    reads["rules"] = json!({"network": network});
    let deceives = |decoy: Value| {
        let mut policy = by(grpc(), json!({"limit": "off", "block": "off", "deceive": {"at": 6}}));
        // Its paths are methods, and no subjects.
        policy["role"] = json!("login");
        policy["rules"] = json!({"network": network});
        policy["decoy"] = decoy;
        policy
    };
    let refusal =
        json!({"content-type": "application/grpc", "grpc-message": "wrong password", "grpc-status": "16"});
    let mut troubled = reads.clone();
    troubled["on_trouble"] = json!("block");
    json!({
        "limits": by(status(), none()),
        "blocks": by(status(), blocks.clone()),
        "reads": reads,
        "troubled": troubled,
        "pages": by(status(), none()),
        "page-blocks": by(status(), blocks.clone()),
        "strange-pages": by(status(), none()),
        "browser": by(status(), none()),
        "grpc-limits": by(grpc(), none()),
        "grpc-blocks": by(grpc(), blocks.clone()),
        "grpc-short": by(grpc(), json!({"limit": {"at": 6, "for": "1s", "up_to": "1s"}, "block": "off"})),
        "grpc-deceives": deceives(json!({"learn": true})),
        "grpc-deceives-web": deceives(json!({"learn": true})),
        "web-deceives": deceives(json!({"learn": true})),
        "grpc-written": deceives(json!({"status": 200, "headers": refusal})),
        "grpc-other": deceives(json!({"status": 401, "body": {"error": "wrong password"}})),
        "web-limits": by(grpc(), none()),
        "web-blocks": by(grpc(), blocks),
        "socket": by(json!({"status": [426]}), none()),
    })
}

fn route(policy: &str) -> Value {
    let cluster = match policy {
        "socket" => "socket",
        grpc if grpc.starts_with("grpc-") => "grpc",
        _ => "origin",
    };
    json!({
        "match": {"prefix": format!("/p/{policy}/")},
        "route": {"cluster": cluster},
        "metadata": {"filter_metadata": {"palisade": {"policy": policy}}},
    })
}

/// Has a listener speak HTTP/3, with a certificate made for it.
fn over_quic(listener: &mut Value) {
    let made = program::run("../worlds/certificate.py", &[], &json!(null));
    let pem = |part: &str| json!({"inline_string": made[part]});
    let certificate = json!({"certificate_chain": pem("certificate"), "private_key": pem("key")});
    listener["address"]["socket_address"]["protocol"] = json!("UDP");
    listener["udp_listener_config"] = json!({"quic_options": {}});
    listener["filter_chains"][0]["transport_socket"] = json!({
        "name": "envoy.transport_sockets.quic",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
            "downstream_tls_context": {"common_tls_context": {"tls_certificates": [certificate]}},
        },
    });
    let manager = listener.pointer_mut(MANAGER).unwrap();
    manager["codec_type"] = json!("HTTP3");
    manager["http3_protocol_options"] = json!({});
    // WebSockets over HTTP/3 are another thing.
    manager.as_object_mut().unwrap().remove("upgrade_configs");
}

/// Where a listener of this name listens.
fn listening(envoy: &Envoy, name: &str) -> SocketAddr {
    let answer = envoy.admin("GET", "/listeners?format=json").unwrap();
    let tree: Value = serde_json::from_slice(&answer.body).unwrap();
    let listeners = tree["listener_statuses"].as_array().unwrap();
    let listener = listeners.iter().find(|listener| listener["name"] == name).expect("the listener");
    let socket = &listener["local_address"]["socket_address"];
    format!("{}:{}", socket["address"].as_str().unwrap(), socket["port_value"]).parse().unwrap()
}
