//! One Envoy as a child process: started, waited for, asked, stopped.
//!
//! It ends only the process it started itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::http::{self, Answer};
use super::launch::{Launch, SANDBOX_SECRET, envoy_program};
use super::process;

/// How long an answer of the admin interface may take.
const ADMIN_DEADLINE: Duration = Duration::from_secs(10);
/// How long Envoy may take to end when asked to.
const STOP_DEADLINE: Duration = Duration::from_secs(5);
/// Lines of the log that go into an error.
const TAIL_LINES: usize = 12;

/// A running Envoy; dropped, it is stopped and its files are removed.
#[derive(Debug)]
pub struct Envoy {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    folder: TempDir,
}

impl Envoy {
    /// Starts what `launch` describes and waits until Envoy serves.
    ///
    /// # Errors
    /// When Envoy is missing, does not start, or is not ready in time; with the end of its log.
    pub(super) fn start(launch: Launch) -> Result<Self, String> {
        let program = envoy_program()?;
        let folder = tempfile::Builder::new()
            .prefix("palisade-envoy-")
            .tempdir()
            .map_err(|e| format!("a temporary folder: {e}"))?;
        let mut launch = launch;
        // A bootstrap without this log is left as it is.
        let access_log = folder.path().join("access.log");
        let _ = launch.bootstrap.set_access_log(&access_log.to_string_lossy());
        let config = folder.path().join("bootstrap.json");
        std::fs::write(&config, launch.bootstrap.to_json())
            .map_err(|e| format!("{}: {e}", config.display()))?;
        let child = spawn(&program, &launch, folder.path())?;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut envoy = Self { child, address: unknown, admin: unknown, folder };
        envoy.wait_until_ready(launch.deadline)?;
        Ok(envoy)
    }

    /// Where the listener listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where the admin interface listens.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// Envoy's own process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Envoy's log, wasm lines included.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.folder.path().join("envoy.log")
    }

    /// The access log, one JSON object a line; Envoy writes it within about a second.
    #[must_use]
    pub fn access_log_path(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    /// The log so far; empty when it cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(self.log_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Asks the admin interface.
    ///
    /// # Errors
    /// When Envoy does not answer.
    pub fn admin(&self, method: &str, path: &str) -> Result<Answer, String> {
        http::send(self.admin, method, path, &[], &[], ADMIN_DEADLINE)
    }

    /// Counters and gauges by name, as Envoy names them inside (`wasmcustom.palisade_...`).
    ///
    /// # Errors
    /// When Envoy does not answer with its statistics.
    pub fn stats(&self) -> Result<BTreeMap<String, u64>, String> {
        let answer = self.admin("GET", "/stats?format=json")?;
        let tree: Value = serde_json::from_slice(&answer.body).map_err(|e| format!("/stats: {e}"))?;
        let stats = tree.get("stats").and_then(Value::as_array).ok_or("/stats: no list of statistics")?;
        Ok(stats
            .iter()
            .filter_map(|stat| Some((stat["name"].as_str()?.to_owned(), stat["value"].as_u64()?)))
            .collect())
    }

    /// The statistics as Prometheus sees them, tags as labels.
    ///
    /// # Errors
    /// When Envoy does not answer.
    pub fn prometheus(&self) -> Result<String, String> {
        Ok(self.admin("GET", "/stats/prometheus")?.text())
    }

    /// CPU time used so far, in seconds, of all threads, user and system together.
    ///
    /// # Errors
    /// When Envoy is gone.
    pub fn cpu_seconds(&self) -> Result<f64, String> {
        process::cpu_seconds(self.pid())
    }

    /// Resident memory now, in bytes.
    ///
    /// # Errors
    /// When Envoy is gone.
    pub fn rss_bytes(&self) -> Result<u64, String> {
        process::rss_bytes(self.pid())
    }

    fn wait_until_ready(&mut self, deadline: Duration) -> Result<(), String> {
        let began = now();
        while now().duration_since(began) < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!(
                    "Envoy ended at its start ({status}); its last words:\n{}",
                    self.last_words()
                ));
            }
            if self.look_whether_ready() {
                return Ok(());
            }
            pause(Duration::from_millis(20));
        }
        Err(format!("Envoy is not ready after {deadline:?}; its last words:\n{}", self.last_words()))
    }

    /// True once the admin interface says LIVE and the listener has a port.
    fn look_whether_ready(&mut self) -> bool {
        let written = std::fs::read_to_string(self.folder.path().join("admin")).unwrap_or_default();
        let Ok(admin) = written.trim().parse() else { return false };
        self.admin = admin;
        let live = self
            .admin("GET", "/ready")
            .is_ok_and(|answer| answer.status == 200 && answer.text().trim() == "LIVE");
        let Some(address) = live.then(|| self.listening_at()).flatten() else { return false };
        self.address = address;
        true
    }

    fn listening_at(&self) -> Option<SocketAddr> {
        let answer = self.admin("GET", "/listeners?format=json").ok()?;
        let tree: Value = serde_json::from_slice(&answer.body).ok()?;
        let socket = tree.pointer("/listener_statuses/0/local_address/socket_address")?;
        let ip = socket.get("address")?.as_str()?.parse().ok()?;
        let port = u16::try_from(socket.get("port_value")?.as_u64()?).ok()?;
        Some(SocketAddr::new(ip, port))
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let skip = lines.len().saturating_sub(TAIL_LINES);
        lines.into_iter().skip(skip).map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // Asked first, so that Envoy writes its logs out; killed only when that does not help.
        let asked = self.admin.port() != 0 && self.admin("POST", "/quitquitquit").is_ok();
        let began = now();
        while asked && now().duration_since(began) < STOP_DEADLINE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            pause(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &Path, launch: &Launch, folder: &Path) -> Result<Child, String> {
    let log = folder.join("envoy.log");
    let log = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
    let log_too = log.try_clone().map_err(|e| format!("the log of Envoy: {e}"))?;
    let mut command = Command::new(program);
    command
        .arg("--config-path")
        .arg(folder.join("bootstrap.json"))
        .arg("--admin-address-path")
        .arg(folder.join("admin"))
        .args(["--disable-hot-restart", "--concurrency", &launch.workers.to_string()])
        .args(["--log-level", &launch.log_level, "--component-log-level", "wasm:info"])
        // The access log is waited for by whoever reads it; Envoy's own measure is ten seconds.
        .args(["--file-flush-interval-msec", "200"])
        .env("PALISADE_SECRET", SANDBOX_SECRET)
        .envs(launch.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(log_too);
    if !launch.preload.is_empty() {
        let list: Vec<_> = launch.preload.iter().map(|path| path.to_string_lossy()).collect();
        command.env("LD_PRELOAD", list.join(":"));
    }
    command.spawn().map_err(|e| format!("{}: {e}", program.display()))
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for in real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
