//! The bootstraps in real Envoy: with the filter, without it, and per route.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use palisade::sandbox::{Bootstrap, Envoy, Launch, MODULE, envoy_program, http, project_root};
use serde_json::json;

const DEADLINE: Duration = Duration::from_secs(10);

/// An address that nobody listens on.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// An origin that answers each connection's one request with `status`; ends with the process.
fn origin(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ =
                write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
        }
    });
    address
}

fn get(to: SocketAddr, path: &str, headers: &[(&str, &str)]) -> http::Answer {
    http::send(to, "GET", path, headers, &[], DEADLINE).expect("an answer")
}

/// Looks again until it sees what it expects, since counts become public within a second or so.
fn soon(expected: impl Fn() -> bool) -> bool {
    (0..100).any(|_| {
        let seen = expected();
        if !seen {
            pause();
        }
        seen
    })
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// How often a policy saw a failure.
fn failures(envoy: &Envoy, policy: &str) -> u64 {
    let name = format!("wasmcustom.palisade_requests.policy.{policy}.outcome.failure");
    envoy.stats().unwrap().get(&name).copied().unwrap_or(0)
}

/// Lets real Envoy read a bootstrap, the wasm module included.
pub(crate) fn validate(bootstrap: &str) {
    let root = project_root().unwrap();
    let output = Command::new(envoy_program().unwrap())
        .args(["--mode", "validate", "--log-level", "error", "--config-yaml", bootstrap])
        .env("PALISADE_SECRET", "a secret of this test")
        .current_dir(&root)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "is {MODULE} built (`make wasm`)?\n{words}");
}

#[test]
fn the_bootstrap_runs_without_the_filter() {
    let envoy = Launch::new(&nobody()).unwrap().without_filter().unwrap().start().unwrap();
    let answer = get(envoy.address(), "/products", &[]);
    assert_eq!(answer.status, 503, "nobody answers behind it: {}", answer.text());
    let stats = envoy.stats().unwrap();
    assert_eq!(stats.get("http.edge.downstream_rq_5xx"), Some(&1));
    assert!(envoy.prometheus().unwrap().contains("envoy_http_downstream_rq_total"));
    assert!(envoy.rss_bytes().unwrap() > 1 << 20);
    let (pid, log) = (envoy.pid(), envoy.log_path());
    drop(envoy);
    assert!(!log.exists(), "its files are gone");
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "the process is gone");
}

#[test]
fn a_path_has_one_spelling_before_it_has_a_policy() {
    let envoy = Launch::new(&origin(401)).unwrap().start().unwrap();
    for path in ["/api/v1/login", "//api/v1/login", "/api/v1/%6cogin", "/api/./v1/x/../login"] {
        let answer = http::send(envoy.address(), "POST", path, &[], b"{}", DEADLINE).unwrap();
        assert_eq!(answer.status, 401, "{path}");
    }
    assert!(soon(|| failures(&envoy, "login") == 4), "{} of 4", failures(&envoy, "login"));
}

#[test]
fn metrics_have_their_labels_in_prometheus() {
    let envoy = Launch::new(&origin(404)).unwrap().start().unwrap();
    assert_eq!(get(envoy.address(), "/nothing", &[]).status, 404);
    let line = r#"palisade_requests{policy="content",outcome="failure"} 1"#;
    let lines = || envoy.prometheus().unwrap();
    assert!(soon(|| lines().lines().any(|l| l == line)), "{}", lines());
}

#[test]
fn a_candidates_metrics_have_their_labels_in_prometheus() {
    let configuration = json!({
        "secret": "a secret of the tests alone",
        "policies": {"content": {"role": "content"}},
        "routes": [{"match": {}, "policy": "content"}],
        "candidate": {"mode": "observe", "memory": "8MiB"},
    });
    let launch = Launch::new(&origin(404)).unwrap().with_configuration(configuration).unwrap();
    let envoy = launch.start().unwrap();
    assert_eq!(get(envoy.address(), "/nothing", &[]).status, 404);
    let lines = || envoy.prometheus().unwrap();
    for line in [
        r#"palisade_candidate_requests{policy="content",outcome="failure"} 1"#,
        r#"palisade_candidate_clients{policy="content",whom="live-allowed"} 0"#,
        "# TYPE palisade_candidate_clients gauge",
    ] {
        assert!(soon(|| lines().lines().any(|l| l == line)), "{}", lines());
    }
}

#[test]
fn the_example_for_an_envoy_of_ones_own_does_what_its_comments_say() {
    let root = project_root().unwrap();
    let mut launch = Launch::new(&origin(404)).unwrap();
    let upstream = launch.bootstrap.at("/static_resources/clusters").unwrap().take();
    launch.bootstrap = Bootstrap::read(&root.join("envoy/per-route.yaml")).unwrap();
    *launch.bootstrap.at("/static_resources/clusters").unwrap() = upstream;
    launch.bootstrap.set_listener("127.0.0.1", 0).unwrap();
    launch.bootstrap.set_admin("127.0.0.1", 0);
    launch.bootstrap.set_module(&root.join(MODULE)).unwrap();
    let envoy = launch.start().unwrap();
    let to = envoy.address();
    let shop = [("host", "shop.example")];
    // The client names no host of its own here, so each request carries one.
    for (path, headers) in [("/cards/1", &shop[..]), ("/a", &shop[..]), ("/static/a", &shop[..]), ("/b", &[])]
    {
        assert_eq!(get(to, path, headers).status, 404, "{path}");
    }
    let seen = || (failures(&envoy, "gift-card"), failures(&envoy, "content"));
    assert!(soon(|| seen() == (1, 1)), "{:?}", seen());
    let all = envoy.stats().unwrap();
    let counted = all.iter().filter(|(name, _)| name.starts_with("wasmcustom.palisade_requests"));
    assert_eq!(counted.map(|(_, value)| value).sum::<u64>(), 2, "the other two requests have no policy");
}

#[test]
fn a_bootstrap_that_envoy_refuses_is_reported_with_its_reason() {
    let launch = Launch::new(&nobody()).unwrap().with_configuration(json!({"mode": "enforce"})).unwrap();
    let error = launch.start().unwrap_err();
    assert!(error.starts_with("Envoy ended at its start") && error.contains("secret"), "{error}");
}
