//! Real Envoy as a stage: two workers, a clock that runs fast, an origin that answers as told.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use palisade::sandbox::{Bootstrap, Envoy, Launch, http};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::scenario::{Answered, Client, Sent};
use super::{BEGIN_MS, Outcome, Stage};

const DEADLINE: Duration = Duration::from_secs(10);

/// Envoy with the filter in front of an origin.
pub struct InEnvoy {
    envoy: Envoy,
    origin: Origin,
    speed: u64,
    began: Instant,
    statuses: Vec<u16>,
    reloading: Option<Reloading>,
}

/// A listener that Envoy reads from a file, and how often it changed.
struct Reloading {
    bootstrap: Bootstrap,
    folder: TempDir,
    version: usize,
}

/// New connections that have to meet a new configuration before it is taken to be everywhere.
const LOOKS: usize = 20;

impl InEnvoy {
    /// Starts Envoy with this plugin configuration, its clock `speed` times as fast. `reloads`: it is to be
    /// changed later.
    pub fn start(configuration: &Value, workers: usize, speed: u64, reloads: bool) -> Self {
        let origin = Origin::start();
        let mut launch = Launch::new(&origin.address.to_string())
            .and_then(|launch| launch.with_configuration(configuration.clone()))
            .unwrap()
            .with_workers(workers as u32);
        launch.bootstrap.set_routes(routes(configuration)).unwrap();
        let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
        let manager = launch.bootstrap.at(manager).unwrap();
        // Each request is told from the others by an id of ours.
        manager["preserve_external_request_id"] = json!(true);
        launch.preload.push(fast_clock());
        launch.env.push(("FASTCLOCK_SPEED".to_owned(), speed.to_string()));
        // Windows are counted in thirds that begin at whole multiples: as on the simulated stage.
        launch.env.push(("FASTCLOCK_BEGIN".to_owned(), (BEGIN_MS / 1000).to_string()));
        let reloading = reloads.then(|| {
            let mut reloading = Reloading {
                bootstrap: launch.bootstrap.clone(),
                folder: tempfile::tempdir().unwrap(),
                version: 0,
            };
            // Envoy's own is that of a listener which it does not read from a file.
            reloading.bootstrap.set_access_log(&reloading.access_log().to_string_lossy()).unwrap();
            launch.bootstrap.watch_listener_file(&reloading.write(configuration)).unwrap();
            reloading
        });
        let envoy = launch.start().unwrap();
        Self { envoy, origin, speed, began: Instant::now(), statuses: Vec::new(), reloading }
    }
}

impl Reloading {
    fn access_log(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    /// Gives Envoy a listener with this plugin configuration; the file that it reads.
    fn write(&mut self, configuration: &Value) -> PathBuf {
        self.version += 1;
        self.bootstrap.set_plugin_configuration(configuration.clone()).unwrap();
        let mut routes = routes(configuration);
        let told = json!({"status": 200, "body": {"inline_string": self.version.to_string()}});
        let route = json!({"match": {"path": "/version"}, "direct_response": told});
        routes.as_array_mut().unwrap().insert(0, route);
        self.bootstrap.set_routes(routes).unwrap();
        let (next, file) = (self.folder.path().join("next.json"), self.folder.path().join("listener.json"));
        std::fs::write(&next, self.bootstrap.listener_file().unwrap()).unwrap();
        std::fs::rename(next, &file).unwrap();
        file
    }
}

/// `/p/NAME/...` for each policy, then everything else without one.
fn routes(configuration: &Value) -> Value {
    let names = configuration["policies"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let mut routes: Vec<Value> = names
        .chain(["no-such-policy"])
        .map(|name| {
            json!({
                "match": {"prefix": format!("/p/{name}/")},
                "route": {"cluster": "origin"},
                "metadata": {"filter_metadata": {"palisade": {"policy": name}}},
            })
        })
        .collect();
    routes.push(json!({"match": {"prefix": "/"}, "route": {"cluster": "origin"}}));
    Value::Array(routes)
}

impl Stage for InEnvoy {
    fn send(&mut self, at_ms: u64, client: &Client, request: &Sent, answer: &Answered) {
        let due = self.began + Duration::from_millis(at_ms / self.speed);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        self.origin.set(answer);
        let id = self.statuses.len().to_string();
        let mut headers: Vec<(&str, &str)> = request.headers.iter().map(|(n, v)| (&n[..], &v[..])).collect();
        headers.extend([("x-forwarded-for", client.address.as_str()), ("x-request-id", &id)]);
        let answer = http::send(
            self.envoy.address(),
            &request.method,
            &request.path,
            &headers,
            &request.body,
            DEADLINE,
        );
        self.statuses.push(answer.unwrap().status);
    }

    fn reload(&mut self, configuration: &Value) {
        let reloading = self.reloading.as_mut().expect("a scenario that reloads");
        reloading.write(configuration);
        let version = reloading.version.to_string();
        let until = Instant::now() + DEADLINE;
        let address = self.envoy.address();
        let look = || {
            let answer = http::send(address, "GET", "/version", &[("x-request-id", "look")], b"", DEADLINE);
            answer.unwrap().text() == version
        };
        while !(0..LOOKS).all(|_| look()) {
            assert!(Instant::now() < until, "the new configuration is refused:\n{}", self.envoy.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn metrics(&mut self, expected: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        let until = Instant::now() + DEADLINE;
        loop {
            let stats = self.envoy.stats().unwrap();
            let of = |name: &String| {
                let value = stats.get(&format!("wasmcustom.palisade_{name}"));
                (name.clone(), value.copied().unwrap_or(0))
            };
            let found: BTreeMap<String, u64> = expected.keys().map(of).collect();
            if found == *expected || Instant::now() >= until {
                return found;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn end(self: Box<Self>) -> Vec<Outcome> {
        let until = Instant::now() + DEADLINE;
        loop {
            let own = self.reloading.as_ref().map(Reloading::access_log);
            let file = own.unwrap_or_else(|| self.envoy.access_log_path());
            let log = std::fs::read_to_string(file).unwrap_or_default();
            let notes = log.lines().filter_map(|line| serde_json::from_str(line).ok());
            let notes: Vec<Value> = notes.filter(|line: &Value| line["request_id"] != "look").collect();
            if notes.len() >= self.statuses.len() {
                return self.outcomes(&notes);
            }
            assert!(
                Instant::now() < until,
                "the access log has {} of {} lines",
                notes.len(),
                self.statuses.len()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl InEnvoy {
    fn outcomes(&self, lines: &[Value]) -> Vec<Outcome> {
        let note = |id: usize| {
            let id = id.to_string();
            let line = lines.iter().find(|line| line["request_id"] == id.as_str());
            let note = line.unwrap_or_else(|| panic!("no line for request {id}"))["palisade"].as_str();
            note.filter(|note| *note != "-").unwrap_or_default().trim_matches('"').to_owned()
        };
        self.statuses.iter().enumerate().map(|(id, status)| Outcome::new(*status, &note(id))).collect()
    }
}

/// An origin that gives the answer it was last told.
struct Origin {
    address: SocketAddr,
    next: Arc<Mutex<Vec<u8>>>,
}

impl Origin {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let next = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::clone(&next);
        // One connection for each request; the thread ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let answers = Arc::clone(&answers);
                std::thread::spawn(move || {
                    read_request(&mut stream);
                    let answer = answers.lock().unwrap().clone();
                    let _ = stream.write_all(&answer);
                });
            }
        });
        Self { address, next }
    }

    fn set(&self, answer: &Answered) {
        let mut bytes = format!("HTTP/1.1 {} Told\r\nconnection: close\r\n", answer.status);
        for (name, value) in &answer.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str(&format!("content-length: {}\r\n\r\n", answer.body.len()));
        let mut bytes = bytes.into_bytes();
        bytes.extend(&answer.body);
        *self.next.lock().unwrap() = bytes;
    }
}

/// Reads a head and as much of a body as `content-length` says.
fn read_request(stream: &mut impl Read) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part).unwrap_or(0);
        bytes.extend(&part[..count]);
        let head = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        if let Some(end) = head {
            let text = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length =
                text.split("content-length: ").nth(1).and_then(|t| t.lines().next()?.parse::<usize>().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return;
            }
        }
        if count == 0 {
            return;
        }
    }
}

/// Builds the shim that makes Envoy's wall clock run fast; timers stay as they are.
pub fn fast_clock() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let build = || super::fastclock::build(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    BUILT.get_or_init(build).clone()
}
