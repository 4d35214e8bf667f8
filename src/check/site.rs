//! Where Palisade stands in a document: its plugin configurations, and what surrounds each.
//!
//! This finds; it does not judge.

use serde_json::{Map, Value};

use crate::config::below;

/// One plugin configuration and its surroundings.
pub(super) struct Site<'v> {
    /// The path of what Envoy calls the plugin configuration (`name`, `root_id`, ...).
    pub(super) path: String,
    /// The configuration, with its path, or `None` where there is none.
    pub(super) configuration: Option<(String, &'v Value)>,
    /// The names of environment variables that the virtual machine is given from Envoy's own.
    pub(super) host_env: Vec<&'v str>,
    /// The path of the list of those names.
    pub(super) host_env_path: String,
    /// Environment variables that the virtual machine is given by value.
    pub(super) given_env: Vec<(&'v str, &'v str)>,
    /// Whether headers may be held; `None` where the document has no word for it.
    pub(super) may_hold: Option<bool>,
    /// The listener's buffer limit in bytes, where one is written.
    pub(super) buffer_limit: Option<f64>,
    /// The filter chain that it is in; `None` where that is elsewhere.
    pub(super) chain: Option<&'v Value>,
    /// Which shared data it uses.
    pub(super) vm_id: Option<&'v str>,
    /// Index of its connection manager in [`Sites::managers`].
    pub(super) manager: Option<usize>,
}

/// An HTTP connection manager: filters and routes.
pub(super) struct Manager<'v> {
    pub(super) path: String,
    pub(super) value: &'v Value,
}

/// All of a document.
#[derive(Default)]
pub(super) struct Sites<'v> {
    pub(super) sites: Vec<Site<'v>>,
    pub(super) managers: Vec<Manager<'v>>,
}

/// What stands around the value that the walk is at.
#[derive(Clone, Copy, Default)]
struct Around<'v> {
    buffer_limit: Option<f64>,
    chain: Option<&'v Value>,
    manager: Option<usize>,
}

/// Finds Palisade in a part of an Envoy configuration.
pub(super) fn in_envoy(document: &Value) -> Sites<'_> {
    let mut sites = Sites::default();
    walk(document, "", Around::default(), &mut sites);
    sites
}

/// Finds Palisade in an Istio `WasmPlugin`.
pub(super) fn in_istio(document: &Value) -> Site<'_> {
    let env = document.pointer("/spec/vmConfig/env").and_then(Value::as_array);
    let mut host_env = Vec::new();
    let mut given_env = Vec::new();
    for variable in env.into_iter().flatten() {
        let text = |key| variable.get(key).and_then(Value::as_str);
        match (text("name"), text("valueFrom"), text("value")) {
            (Some(name), Some("HOST"), _) => host_env.push(name),
            (Some(name), _, Some(value)) => given_env.push((name, value)),
            _ => {}
        }
    }
    let configuration = document.pointer("/spec/pluginConfig");
    Site {
        path: "spec.pluginConfig".into(),
        configuration: configuration.map(|value| ("spec.pluginConfig".into(), value)),
        host_env,
        host_env_path: "spec.vmConfig.env".into(),
        given_env,
        may_hold: None,
        buffer_limit: None,
        chain: None,
        vm_id: None,
        manager: None,
    }
}

fn walk<'v>(value: &'v Value, path: &str, mut around: Around<'v>, sites: &mut Sites<'v>) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{i}]"), around, sites);
            }
        }
        Value::Object(map) => {
            if let Some(limit) = map.get("per_connection_buffer_limit_bytes") {
                around.buffer_limit = as_bytes(limit);
            }
            if map.contains_key("filters") {
                around.chain = Some(value);
            }
            if map.contains_key("http_filters") && map.contains_key("stat_prefix") {
                around.manager = Some(sites.managers.len());
                sites.managers.push(Manager { path: path.to_owned(), value });
            }
            if let Some((path, plugin)) = wasm_plugin(map, path)
                && is_palisade(plugin)
            {
                sites.sites.push(site(plugin, path, around));
            }
            for (key, inner) in map {
                walk(inner, &below(path, key), around, sites);
            }
        }
        _ => {}
    }
}

/// The plugin configuration of an HTTP filter of the type Wasm, written as such or as a typed struct.
fn wasm_plugin<'v>(filter: &'v Map<String, Value>, path: &str) -> Option<(String, &'v Value)> {
    const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
    let is_wasm = |key| filter.get(key).and_then(Value::as_str).is_some_and(|url: &str| url.ends_with(WASM));
    if is_wasm("@type") {
        return Some((below(path, "config"), filter.get("config")?));
    }
    if is_wasm("type_url") {
        return Some((below(&below(path, "value"), "config"), filter.get("value")?.get("config")?));
    }
    None
}

fn is_palisade(plugin: &Value) -> bool {
    let is = |value: Option<&Value>| value.and_then(Value::as_str) == Some("palisade");
    is(plugin.get("name")) || is(plugin.get("root_id")) || is(plugin.pointer("/vm_config/vm_id"))
}

fn site<'v>(plugin: &'v Value, path: String, around: Around<'v>) -> Site<'v> {
    let environment = plugin.pointer("/vm_config/environment_variables");
    let keys = environment.and_then(|e| e.get("host_env_keys")).and_then(Value::as_array);
    let given = environment.and_then(|e| e.get("key_values")).and_then(Value::as_object);
    Site {
        configuration: plugin.get("configuration").map(|value| (below(&path, "configuration"), value)),
        host_env: keys.into_iter().flatten().filter_map(Value::as_str).collect(),
        host_env_path: format!("{path}.vm_config.environment_variables.host_env_keys"),
        given_env: given.into_iter().flatten().filter_map(|(k, v)| Some((k.as_str(), v.as_str()?))).collect(),
        may_hold: Some(plugin.get("allow_on_headers_stop_iteration").and_then(Value::as_bool) == Some(true)),
        buffer_limit: around.buffer_limit,
        chain: around.chain,
        vm_id: Some(plugin.pointer("/vm_config/vm_id").and_then(Value::as_str).unwrap_or_default()),
        manager: around.manager,
        path,
    }
}

/// A number, or the text that stands for one in protobuf's JSON.
pub(super) fn as_bytes(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
