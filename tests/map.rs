//! Holds what src/lib.rs says of itself: modules stand in the order in which they may use each
//! other, and only the wasm module knows proxy-wasm.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::path::{Path, PathBuf};

fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).unwrap();
    entries.flat_map(|entry| sources(&entry.unwrap().path())).collect()
}

fn modules() -> Vec<String> {
    let lib = std::fs::read_to_string("src/lib.rs").unwrap();
    let names =
        lib.lines().filter_map(|l| l.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let folder = Path::new("src").join(module);
    sources(&if folder.is_dir() { folder } else { folder.with_extension("rs") })
}

#[test]
fn modules_use_only_those_above_them() {
    let modules = modules();
    assert!(modules.len() > 10, "{modules:?}");
    for (place, module) in modules.iter().enumerate() {
        for file in files_of(module) {
            // A module's own tests may use what stands below it.
            if file.file_stem().is_some_and(|stem| stem == "tests") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for below in modules.iter().skip(place + 1) {
                let uses = text.lines().any(|line| {
                    !line.trim_start().starts_with("//") && line.contains(&format!("crate::{below}::"))
                });
                assert!(!uses, "{} uses {below}, which stands below {module} in src/lib.rs", file.display());
            }
        }
    }
}

#[test]
fn every_module_is_on_the_map() {
    let modules = modules();
    for entry in std::fs::read_dir("src").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let known = ["lib", "bin"].contains(&name.as_str()) || modules.contains(&name);
        assert!(known, "src/{name} is not on the map in src/lib.rs");
    }
}

#[test]
fn only_wasm_knows_proxy_wasm() {
    for file in sources(Path::new("src")) {
        let inside = file.starts_with("src/wasm");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(inside || !text.contains("proxy_wasm::"), "{}", file.display());
    }
}
