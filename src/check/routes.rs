//! Which policies the routes of a connection manager name, and where.

use serde_json::Value;

use super::site::{Manager, as_bytes};
use crate::config::{Mistake, below};

/// The policies that a connection manager's routes name.
#[derive(Default)]
pub(super) struct Named<'v> {
    /// Path and name, in the order of the document.
    pub(super) policies: Vec<(String, &'v str)>,
    /// The virtual hosts.
    pub(super) hosts: Vec<Host<'v>>,
    /// Whether every route is in the document, rather than fetched by Envoy.
    pub(super) complete: bool,
}

/// A virtual host.
pub(super) struct Host<'v> {
    pub(super) path: String,
    /// How many bytes of a body it lets be held, where that is written.
    pub(super) buffer_limit: Option<f64>,
    /// The policies that it and its routes name.
    pub(super) policies: Vec<&'v str>,
}

/// Reads the routes of a connection manager. Mistakes are those of the metadata itself.
pub(super) fn read<'v>(manager: &Manager<'v>, mistakes: &mut Vec<Mistake>) -> Named<'v> {
    let mut named = Named::default();
    let Some(routes) = manager.value.get("route_config") else {
        return named;
    };
    named.complete = routes.get("vhds").is_none();
    let path = below(&manager.path, "route_config");
    for (path, host) in items(routes, &path, "virtual_hosts") {
        let before = named.policies.len();
        take(host, &path, &mut named, mistakes);
        for (path, route) in items(host, &path, "routes") {
            take(route, &path, &mut named, mistakes);
        }
        let buffer_limit = host.get("request_body_buffer_limit").and_then(as_bytes);
        let policies = named.policies.iter().skip(before).map(|(_, name)| *name).collect();
        named.hosts.push(Host { path, buffer_limit, policies });
    }
    named
}

fn items<'v>(value: &'v Value, path: &str, key: &str) -> impl Iterator<Item = (String, &'v Value)> {
    let path = below(path, key);
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten().enumerate().map(move |(i, item)| (format!("{path}[{i}]"), item))
}

fn take<'v>(value: &'v Value, path: &str, named: &mut Named<'v>, mistakes: &mut Vec<Mistake>) {
    let Some(metadata) = value.pointer("/metadata/filter_metadata/palisade") else {
        return;
    };
    let path = format!("{path}.metadata.filter_metadata.palisade");
    let mut wrong = |path: String, problem: &str| {
        let remedy = "write {policy: NAME} with the name of a policy".into();
        mistakes.push(Mistake { path, problem: problem.into(), remedy });
    };
    let Some(map) = metadata.as_object() else {
        wrong(path, "not a mapping");
        return;
    };
    for key in map.keys().filter(|key| *key != "policy") {
        wrong(below(&path, key), "unknown key");
    }
    let path = below(&path, "policy");
    match map.get("policy") {
        Some(Value::String(name)) => named.policies.push((path, name)),
        Some(_) => wrong(path, "not a text"),
        None => wrong(path, "missing"),
    }
}
