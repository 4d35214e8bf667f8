//! Builds the shim that makes a process's wall clock run fast; timers stay as they are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles `fastclock.c` into a folder, for `LD_PRELOAD` and its variables there.
///
/// # Errors
/// When there is no C compiler, or it refuses.
pub(crate) fn build(folder: &Path) -> Result<PathBuf, String> {
    let out = folder.join("libfastclock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/fastclock.c");
    let built = Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&out).arg(source).status();
    let status = built.map_err(|e| format!("cc, which Rust's linker uses too: {e}"))?;
    if status.success() { Ok(out) } else { Err(format!("{source} does not compile")) }
}
