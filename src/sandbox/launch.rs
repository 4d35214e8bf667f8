//! What to start: Envoy's program, its bootstrap, its environment. Starting itself is in `envoy`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Bootstrap, Envoy, MODULE, project_root};

/// The secret that sandboxes use when none is given; never one for real traffic.
pub(super) const SANDBOX_SECRET: &str = "sandbox secret, not for real traffic";

/// A sandbox about to start. Ports are free ones that the system chooses, unless set in `bootstrap`.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What Envoy loads. Its ports are 0 and its paths absolute after [`Launch::new`].
    pub bootstrap: Bootstrap,
    /// Worker threads of Envoy (`--concurrency`), at least 1.
    pub workers: u32,
    /// More environment variables; these win over `PALISADE_SECRET` of the sandbox.
    pub env: Vec<(String, String)>,
    /// Libraries for `LD_PRELOAD`.
    pub preload: Vec<PathBuf>,
    /// Envoy's `--log-level`; the wasm log (verdicts) always stands at `info`.
    pub log_level: String,
    /// How long Envoy may take until it is ready.
    pub deadline: Duration,
}

impl Launch {
    /// The project's own bootstrap in front of `upstream` (`HOST:PORT`), with Palisade in it.
    ///
    /// # Errors
    /// When the project's files cannot be found or read, or the address is wrong.
    pub fn new(upstream: &str) -> Result<Self, String> {
        let root = project_root()?;
        let mut bootstrap = Bootstrap::read(&root.join("envoy/bootstrap.yaml"))?;
        bootstrap.set_listener("127.0.0.1", 0)?;
        bootstrap.set_admin("127.0.0.1", 0);
        bootstrap.set_upstreams(&[upstream.to_owned()])?;
        bootstrap.set_module(&root.join(MODULE))?;
        Ok(Self {
            bootstrap,
            workers: 2,
            env: Vec::new(),
            preload: Vec::new(),
            log_level: "warning".to_owned(),
            deadline: Duration::from_secs(30),
        })
    }

    /// Takes Palisade out.
    ///
    /// # Errors
    /// When the bootstrap has no connection manager.
    pub fn without_filter(mut self) -> Result<Self, String> {
        self.bootstrap.remove_filter()?;
        Ok(self)
    }

    /// Gives Palisade another configuration.
    ///
    /// # Errors
    /// When the bootstrap has no filter of Palisade's.
    pub fn with_configuration(mut self, configuration: Value) -> Result<Self, String> {
        self.bootstrap.set_plugin_configuration(configuration)?;
        Ok(self)
    }

    /// Sets the number of Envoy's worker threads.
    #[must_use]
    pub fn with_workers(mut self, workers: u32) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// Starts Envoy and waits until it serves.
    ///
    /// # Errors
    /// When Envoy is missing, does not start, or is not ready in time; with the end of its log.
    pub fn start(self) -> Result<Envoy, String> {
        Envoy::start(self)
    }
}

/// Envoy's program: `$ENVOY`, else the one that `make setup` puts into `.venv`.
///
/// # Errors
/// One line with the remedy when there is none.
pub fn envoy_program() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("ENVOY").map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("ENVOY={}: no such file: name Envoy's program, or unset ENVOY", path.display()))
        };
    }
    let root = project_root()?;
    installed_in(&root.join(".venv"))
        .ok_or_else(|| "Envoy is not installed: run `make setup`, or set ENVOY=/path/to/envoy".to_owned())
}

/// The Python package's program itself rather than its wrapper script, so that the child's process
/// id and its libraries are Envoy's own.
fn installed_in(venv: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(venv.join("lib")).ok()?;
    versions
        .filter_map(Result::ok)
        .map(|python| python.path().join("site-packages/envoy/_bin/envoy"))
        .find(|program| program.is_file())
        .or_else(|| Some(venv.join("bin/envoy")).filter(|script| script.is_file()))
}
