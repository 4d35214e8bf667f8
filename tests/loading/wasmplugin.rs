//! The Istio example: by the schema of Istio's WasmPlugin, and by the code that reads it in Envoy.

use palisade::config;
use serde_json::{Value, json};

use crate::schema::{mistakes, read};

const FILE: &str = "envoy/istio/wasmplugin.yaml";

fn schema() -> Value {
    read("tests/loading/wasmplugin.schema.json")
}

#[test]
fn it_is_a_wasm_plugin() {
    assert_eq!(mistakes(schema(), &read(FILE)), Vec::<String>::new());
}

#[test]
fn the_schema_finds_mistakes() {
    let mut plugin = read(FILE);
    plugin["spec"]["failStrategy"] = json!("FAIL_SOMEHOW");
    plugin["spec"]["vmconfig"] = json!({});
    assert_eq!(mistakes(schema(), &plugin).len(), 2);
}

#[test]
fn its_configuration_is_accepted_and_every_policy_is_reached() {
    let plugin = read(FILE);
    let configuration = &plugin["spec"]["pluginConfig"];
    let env = |name: &str| (name == "PALISADE_SECRET").then(|| "0123456789abcdef".to_owned());
    let config = config::read(configuration, &env).unwrap_or_else(|e| panic!("{e}"));
    let mut reached: Vec<u16> = config.settings.routes.iter().map(|route| route.policy.0).collect();
    reached.sort_unstable();
    reached.dedup();
    assert_eq!(reached.len(), config.settings.policies.len(), "a policy without a route is never used");
    assert!(!config.settings.hold_headers, "Istio cannot let headers wait");
    assert_eq!(plugin["spec"]["vmConfig"]["env"][0]["name"], configuration["secret"]["env"]);
}
