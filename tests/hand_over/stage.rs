//! An example in real Envoy, in front of an origin that knows no account, and people who log in.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use palisade::memory::cache::FRESH_MS;
use palisade::sandbox::{Bootstrap, Envoy, Launch, MODULE, http, project_root};
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(10);

/// An example of envoy/hand-over, started.
pub(crate) struct Stage {
    pub(crate) envoy: Envoy,
    pub(crate) services: Services,
}

impl Stage {
    pub(crate) fn start(example: &str) -> Self {
        let root = project_root().unwrap();
        let services = Services::start();
        let mut launch = Launch::new("127.0.0.1:1").unwrap();
        launch.bootstrap = Bootstrap::read(&root.join(format!("envoy/hand-over/{example}.yaml"))).unwrap();
        launch.bootstrap.set_listener("127.0.0.1", 0).unwrap();
        launch.bootstrap.set_admin("127.0.0.1", 0);
        launch.bootstrap.set_upstreams(&[origin().to_string()]).unwrap();
        launch.bootstrap.set_module(&root.join(MODULE)).unwrap();
        for cluster in launch.bootstrap.at("/static_resources/clusters").unwrap().as_array_mut().unwrap() {
            if let Some(port) = services.port_of(cluster["name"].as_str().unwrap()) {
                let end =
                    "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
                *cluster.pointer_mut(end).unwrap() = json!(port);
            }
        }
        Self { envoy: launch.start().unwrap(), services }
    }

    /// Tries to log in with an account that is not there, from an address.
    pub(crate) fn log_in(&self, address: &str, account: u32, more: &[(&str, &str)]) -> http::Answer {
        let body = json!({"email": format!("a{account}@people.example")}).to_string();
        let own = [("x-forwarded-for", address), ("content-type", "application/json")];
        let headers = [&own[..], more].concat();
        let to = self.envoy.address();
        http::send(to, "POST", "/api/v1/login", &headers, body.as_bytes(), DEADLINE).unwrap()
    }

    /// The statuses that so many accounts in turn get, from one address.
    pub(crate) fn try_accounts(&self, address: &str, accounts: std::ops::Range<u32>) -> Vec<u16> {
        accounts.map(|account| self.log_in(address, account, &[]).status).collect()
    }

    /// The access log, once it has this many lines.
    pub(crate) fn access_log(&self, lines: usize) -> Vec<Value> {
        let read = || {
            let text = std::fs::read_to_string(self.envoy.access_log_path()).unwrap_or_default();
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Value>>()
        };
        soon(|| read().len() >= lines);
        read()
    }
}

/// The services of services.py, and what they were asked so far.
pub(crate) struct Services {
    ports: Value,
    asked: Arc<Mutex<Vec<Value>>>,
    _child: (Child, ChildStdin),
}

impl Services {
    fn start() -> Self {
        let root = project_root().unwrap();
        let mut child = Command::new(root.join(".venv/bin/python"))
            .arg("tests/hand_over/services.py")
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("are the tests' Python packages installed (`make clients`)?");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ports = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        let stdin = child.stdin.take().unwrap();
        Self { ports, asked, _child: (child, stdin) }
    }

    fn port_of(&self, cluster: &str) -> Option<u64> {
        let name = match cluster {
            "rate-limit" => "limits",
            other => other,
        };
        self.ports[name].as_u64()
    }

    /// What they were asked, once it is this much.
    pub(crate) fn asked(&self, times: usize) -> Vec<Value> {
        soon(|| self.asked.lock().unwrap().len() >= times);
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // It ends by itself at the end of its input, too; this one is ours.
        let _ = self._child.0.kill();
        let _ = self._child.0.wait();
    }
}

/// An origin that refuses every login; its threads end with the process.
fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            std::thread::spawn(move || {
                let mut request = Vec::new();
                let mut part = [0; 4096];
                // Bodies here are whole once their closing brace came.
                while !request.ends_with(b"}") {
                    match stream.read(&mut part) {
                        Ok(count @ 1..) => request.extend(&part[..count]),
                        _ => return,
                    }
                }
                let _ =
                    stream.write_all(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            });
        }
    });
    address
}

/// Lets as much time pass as a worker goes by what it last knew of a key.
#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub(crate) fn settle() {
    std::thread::sleep(2 * Duration::from_millis(FRESH_MS));
}

/// Looks again until it sees what it expects, or the deadline is over.
#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
pub(crate) fn soon(expected: impl Fn() -> bool) -> bool {
    let until = Instant::now() + DEADLINE;
    while Instant::now() < until {
        if expected() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}
