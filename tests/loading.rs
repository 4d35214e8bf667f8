//! Everything under `envoy/` loads: in real Envoy, and by the published schemas of what it is for.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use palisade::sandbox::{Launch, http};

const DEADLINE: Duration = Duration::from_secs(10);

/// An address that nobody listens on.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

fn get(to: SocketAddr, path: &str) -> http::Answer {
    http::send(to, "GET", path, &[], &[], DEADLINE).expect("an answer")
}

#[test]
fn the_bootstrap_runs_without_the_filter() {
    let envoy = Launch::new(&nobody()).unwrap().without_filter().unwrap().start().unwrap();
    let answer = get(envoy.address(), "/products");
    assert_eq!(answer.status, 503, "nobody answers behind it: {}", answer.text());
    let stats = envoy.stats().unwrap();
    assert_eq!(stats.get("http.edge.downstream_rq_5xx"), Some(&1));
    assert!(envoy.prometheus().unwrap().contains("envoy_http_downstream_rq_total"));
    assert!(envoy.rss_bytes().unwrap() > 1 << 20);
    let (pid, log) = (envoy.pid(), envoy.log_path());
    drop(envoy);
    assert!(!log.exists(), "its files are gone");
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "the process is gone");
}
