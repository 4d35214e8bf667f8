//! The docker compose sandbox: by the Compose Specification's schema, and by what it builds from.
//! No container is started, and docker itself is not asked.

use std::path::Path;
use std::process::Command;

use palisade::sandbox::Bootstrap;
use serde_json::{Value, json};

use crate::schema::{mistakes, read};

const FILE: &str = "envoy/compose/docker-compose.yaml";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn schema() -> Value {
    read("tests/loading/compose.schema.json")
}

fn dockerfile() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("envoy/compose/Dockerfile")).unwrap()
}

#[test]
fn it_is_a_compose_file() {
    assert_eq!(mistakes(schema(), &read(FILE)), Vec::<String>::new());
}

#[test]
fn the_schema_finds_mistakes() {
    let mut file = read(FILE);
    file["services"]["shop"]["comand"] = json!("x");
    file["services"]["envoy"]["ports"] = json!("10000");
    assert!(mistakes(schema(), &file).len() >= 2, "{:?}", mistakes(schema(), &file));
}

#[test]
fn every_stage_that_it_names_is_built() {
    let dockerfile = dockerfile();
    for (name, service) in read(FILE)["services"].as_object().unwrap() {
        let build = &service["build"];
        assert_eq!(build["dockerfile"], "envoy/compose/Dockerfile", "{name}");
        assert_eq!(build["context"], "../..", "{name}");
        let stage = format!(" AS {}\n", build["target"].as_str().unwrap());
        assert!(dockerfile.contains(&stage), "{name}: no stage{stage}");
    }
}

#[test]
fn its_envoy_is_the_version_that_is_tested() {
    let makefile = std::fs::read_to_string(Path::new(ROOT).join("Makefile")).unwrap();
    let version = makefile.lines().find_map(|line| line.strip_prefix("ENVOY_VERSION := ")).unwrap();
    assert!(dockerfile().contains(&format!("FROM envoyproxy/envoy:v{version} AS envoy")));
}

/// Runs the Dockerfile's own command for the bootstrap, and lets real Envoy read what it prints.
#[test]
fn its_bootstrap_is_the_shipped_one_with_the_shops_name() {
    let dockerfile = dockerfile();
    let line = dockerfile.lines().find(|line| line.contains(" --bin palisade -- ")).unwrap();
    let arguments = line.split_once(" -- ").unwrap().1.split_once(" > ").unwrap().0;
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(arguments.split(' '))
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut expected = Bootstrap::read(&Path::new(ROOT).join("envoy/bootstrap.yaml")).unwrap();
    expected.set_listener("0.0.0.0", 10000).unwrap();
    expected.set_upstreams(&["shop:8080".to_owned()]).unwrap();
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(&printed, expected.tree_mut());
    crate::running::validate(&printed.to_string());
}
