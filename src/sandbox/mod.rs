//! Real Envoy in a child process, for demos, tests and measurements; never part of the wasm module.
//!
//! All of it stays on the loopback. What is started here is stopped here, and nothing else is.

use std::path::PathBuf;

pub mod bootstrap;
pub mod envoy;
pub mod figures;
pub mod http;
mod launch;
mod process;
pub mod run;

pub use bootstrap::Bootstrap;
pub use envoy::Envoy;
pub use figures::Report;
pub use launch::{Launch, envoy_program};

/// The module as `make wasm` builds it, relative to the project's root.
pub const MODULE: &str = "target/palisade.wasm";

/// The folder that holds `envoy/bootstrap.yaml`: the one Cargo runs in, or the nearest above the
/// working directory.
///
/// # Errors
/// Says where it looked when there is none.
pub fn project_root() -> Result<PathBuf, String> {
    let here = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(manifest_dir) => PathBuf::from(manifest_dir),
        None => std::env::current_dir().map_err(|e| format!("the working directory: {e}"))?,
    };
    here.ancestors().find(|dir| dir.join("envoy/bootstrap.yaml").is_file()).map(PathBuf::from).ok_or_else(
        || {
            format!(
                "no envoy/bootstrap.yaml in {} or above it: run this inside Palisade's checkout",
                here.display()
            )
        },
    )
}

/// Prints a line for people.
///
/// # Errors
/// When standard output is closed.
pub fn say(line: &str) -> Result<(), String> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}").map_err(|e| format!("standard output: {e}"))
}
