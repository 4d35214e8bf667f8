//! What stands around a filter in real Envoy: further servers behind it, and who ends it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use palisade::memory::cache::FRESH_MS;
use palisade::sandbox::Envoy;
use serde_json::{Value, json};

/// A cluster of one server on this machine, spoken to as `options` say.
pub fn cluster(name: &str, port: u16, options: &Value) -> Value {
    let address = json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "typed_extension_protocol_options": protocol(options),
    })
}

/// How a cluster's servers are spoken to: what Envoy calls its explicit HTTP configuration.
pub fn protocol(options: &Value) -> Value {
    json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": options,
    }})
}

/// Lets what was counted, and a verdict, reach the other worker: what that one knows of a client, or that it
/// knows nothing, it believes for a moment.
#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub fn settle() {
    std::thread::sleep(Duration::from_millis(2 * FRESH_MS));
}

/// What is shared is never dropped. A shell waits for the end of this process, however it comes,
/// and ends the one Envoy it was given, even one that a test has stopped.
pub fn end_with_this_process(envoy: &Envoy) -> Child {
    let folder = envoy.log_path().parent().unwrap().to_owned();
    Command::new("sh")
        .args(["-c", r#"read -r _; kill "$0"; kill -CONT "$0"; rm -r "$1""#, &envoy.pid().to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
