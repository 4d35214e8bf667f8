//! `palisade run`: Envoy with the filter in front of someone's own server, in the foreground.
//!
//! It becomes Envoy (exec), so signals and the exit code are Envoy's own and nothing is left behind.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};

use super::launch::{SANDBOX_SECRET, envoy_program};
use super::{Bootstrap, MODULE, project_root, say};

/// What `palisade run` takes.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The server to protect, as HOST:PORT.
    #[arg(long, value_name = "HOST:PORT")]
    pub upstream: String,
    /// A plugin configuration, or a whole bootstrap; without it, the sample shop's.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub listen: std::net::IpAddr,
    /// The port to listen on.
    #[arg(long, default_value_t = 10000)]
    pub port: u16,
    /// Worker threads of Envoy.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub workers: u32,
    /// Print the bootstrap that would be loaded, and stop.
    #[arg(long)]
    pub print: bool,
}

/// Runs Envoy until it is told to stop; returns only when that could not begin, or after `--print`.
///
/// # Errors
/// One clear line that names what is missing or wrong, and the remedy.
pub fn run(options: &Options) -> Result<(), String> {
    let root = project_root()?;
    let bootstrap = bootstrap(options, &root)?;
    if options.print {
        return say(&bootstrap.to_json());
    }
    let module = root.join(MODULE);
    if !module.is_file() {
        return Err(format!("{MODULE} is not built: run `make wasm`"));
    }
    let program = envoy_program()?;
    let (address, port) = (options.listen, options.port);
    say(&format!("Envoy with Palisade on http://{address}:{port} in front of {}", options.upstream))?;
    let mut command = Command::new(&program);
    command
        .args(["--config-yaml", &bootstrap.to_json(), "--disable-hot-restart"])
        .args(["--concurrency", &options.workers.to_string()])
        .args(["--log-level", "warning", "--component-log-level", "wasm:info"]);
    if std::env::var_os("PALISADE_SECRET").is_none() {
        say("PALISADE_SECRET is not set: using the sandbox's own, which is not for real traffic")?;
        command.env("PALISADE_SECRET", SANDBOX_SECRET);
    }
    Err(format!("{}: {}", program.display(), command.exec()))
}

/// The bootstrap with the options worked in.
fn bootstrap(options: &Options, root: &Path) -> Result<Bootstrap, String> {
    let ours = root.join("envoy/bootstrap.yaml");
    let mut bootstrap = match &options.config {
        None => Bootstrap::read(&ours)?,
        Some(file) => {
            let mut given = Bootstrap::read(file)?;
            if given.tree_mut().get("static_resources").is_some() {
                given
            } else {
                with_plugin_configuration(Bootstrap::read(&ours)?, given.tree_mut().take())?
            }
        }
    };
    bootstrap.set_listener(&options.listen.to_string(), options.port)?;
    bootstrap.set_upstreams(std::slice::from_ref(&options.upstream))?;
    if !options.print {
        bootstrap.set_module(&root.join(MODULE))?;
    }
    Ok(bootstrap)
}

/// Our bootstrap with another plugin configuration. The sample shop's routes name policies that it
/// need not have, so one route without any takes their place: its own `routes` choose the policy.
fn with_plugin_configuration(mut bootstrap: Bootstrap, configuration: Value) -> Result<Bootstrap, String> {
    bootstrap.set_plugin_configuration(configuration)?;
    bootstrap
        .set_routes(json!([{"name": "all", "match": {"prefix": "/"}, "route": {"cluster": "origin"}}]))?;
    Ok(bootstrap)
}
