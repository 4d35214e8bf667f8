//! An Envoy bootstrap as a tree that is edited by structure, never by text.
//!
//! It knows where things stand in a bootstrap; it starts nothing and opens no port.

use std::path::Path;

use serde_json::{Value, json};

const LISTENER: &str = "/static_resources/listeners/0";
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
const CLUSTER: &str = "/static_resources/clusters/0";

/// The name of Palisade's entry among a bootstrap's HTTP filters.
pub const FILTER: &str = "palisade";

/// A bootstrap with one listener, one connection manager and the origin as its first cluster.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    tree: Value,
}

impl Bootstrap {
    /// Reads a bootstrap in YAML or JSON.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        Self::parse(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Parses a bootstrap in YAML or JSON (which is YAML too).
    ///
    /// # Errors
    /// Says where the text stops being YAML.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tree: Value = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        Ok(Self { tree })
    }

    /// The whole tree, for edits that have no method here.
    pub fn tree_mut(&mut self) -> &mut Value {
        &mut self.tree
    }

    /// The tree as JSON, which Envoy reads as it reads YAML.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}", self.tree)
    }

    /// The node at a JSON pointer.
    ///
    /// # Errors
    /// Names the pointer when nothing is there.
    pub fn at(&mut self, pointer: &str) -> Result<&mut Value, String> {
        self.tree.pointer_mut(pointer).ok_or_else(|| format!("the bootstrap has nothing at {pointer}"))
    }

    /// Where the listener listens; port 0 leaves the choice to the system.
    ///
    /// # Errors
    /// When the bootstrap has no listener.
    pub fn set_listener(&mut self, address: &str, port: u16) -> Result<(), String> {
        let at = format!("{LISTENER}/address/socket_address");
        *self.at(&at)? = json!({"address": address, "port_value": port});
        Ok(())
    }

    /// Adds a listener that is like the first but for its name and where it listens.
    ///
    /// # Errors
    /// The bootstrap has no listener.
    pub fn add_listener(&mut self, name: &str, address: &str, port: u16) -> Result<(), String> {
        let mut listener = self.at(LISTENER)?.clone();
        if let Some(listener) = listener.as_object_mut() {
            let place = json!({"socket_address": {"address": address, "port_value": port}});
            listener.insert("name".to_owned(), json!(name));
            listener.insert("address".to_owned(), place);
        }
        if let Some(listeners) = self.at("/static_resources/listeners")?.as_array_mut() {
            listeners.push(listener);
        }
        Ok(())
    }

    /// Where the admin interface listens; port 0 leaves the choice to the system.
    pub fn set_admin(&mut self, address: &str, port: u16) {
        if let Some(tree) = self.tree.as_object_mut() {
            let address = json!({"socket_address": {"address": address, "port_value": port}});
            tree.insert("admin".to_owned(), json!({"address": address}));
        }
    }

    /// The origin's addresses, each `HOST:PORT` (an IPv6 host in brackets).
    ///
    /// # Errors
    /// Names the address that is not of that form.
    pub fn set_upstreams(&mut self, upstreams: &[String]) -> Result<(), String> {
        let mut endpoints = Vec::new();
        let mut kind = "STATIC";
        for upstream in upstreams {
            let (host, port) = split_address(upstream)?;
            if host.parse::<std::net::IpAddr>().is_err() {
                kind = "STRICT_DNS";
            }
            let address = json!({"socket_address": {"address": host, "port_value": port}});
            endpoints.push(json!({"endpoint": {"address": address}}));
        }
        *self.at(&format!("{CLUSTER}/load_assignment/endpoints"))? = json!([{"lb_endpoints": endpoints}]);
        *self.at(&format!("{CLUSTER}/type"))? = json!(kind);
        Ok(())
    }

    /// Where the access log goes.
    ///
    /// # Errors
    /// When the bootstrap writes no access log to a file.
    pub fn set_access_log(&mut self, path: &str) -> Result<(), String> {
        *self.at(&format!("{MANAGER}/access_log/0/typed_config/path"))? = json!(path);
        Ok(())
    }

    /// Writes no access log.
    ///
    /// # Errors
    /// When the bootstrap has no connection manager.
    pub fn remove_access_log(&mut self) -> Result<(), String> {
        *self.at(&format!("{MANAGER}/access_log"))? = json!([]);
        Ok(())
    }

    /// The wasm module to load.
    ///
    /// # Errors
    /// When the bootstrap has no filter of Palisade's.
    pub fn set_module(&mut self, module: &Path) -> Result<(), String> {
        *self.plugin("/vm_config/code/local/filename")? = json!(module);
        Ok(())
    }

    /// Replaces the whole plugin configuration.
    ///
    /// # Errors
    /// When the bootstrap has no filter of Palisade's.
    pub fn set_plugin_configuration(&mut self, configuration: Value) -> Result<(), String> {
        *self.plugin("/configuration")? =
            json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": configuration});
        Ok(())
    }

    /// The plugin configuration, for edits in place.
    ///
    /// # Errors
    /// When the bootstrap has no filter of Palisade's, or its configuration is not a `Struct`.
    pub fn plugin_configuration(&mut self) -> Result<&mut Value, String> {
        self.plugin("/configuration/value")
    }

    /// Takes Palisade out, so that Envoy runs without it.
    ///
    /// # Errors
    /// When the bootstrap has no connection manager.
    pub fn remove_filter(&mut self) -> Result<(), String> {
        self.http_filters()?.retain(|filter| filter["name"] != FILTER);
        Ok(())
    }

    /// Puts another HTTP filter where Palisade was.
    ///
    /// # Errors
    /// When the bootstrap has no filter of Palisade's.
    pub fn replace_filter(&mut self, other: Value) -> Result<(), String> {
        *self.palisade("")? = other;
        Ok(())
    }

    /// Replaces every route.
    ///
    /// # Errors
    /// When the bootstrap has no connection manager with routes of its own.
    pub fn set_routes(&mut self, routes: Value) -> Result<(), String> {
        let hosts = self.at(&format!("{MANAGER}/route_config/virtual_hosts"))?;
        // How much of a body may be held is no route's own; without one it is null, which is its default.
        let limit = hosts.pointer("/0/request_body_buffer_limit").cloned().unwrap_or_default();
        *hosts = json!([
            {"name": "all", "domains": ["*"], "routes": routes, "request_body_buffer_limit": limit}
        ]);
        Ok(())
    }

    /// The listener as a file of listeners holds it.
    ///
    /// # Errors
    /// When the bootstrap has no listener.
    pub fn listener_file(&mut self) -> Result<String, String> {
        let mut listener = self.at(LISTENER)?.clone();
        if let Some(listener) = listener.as_object_mut() {
            listener
                .insert("@type".to_owned(), json!("type.googleapis.com/envoy.config.listener.v3.Listener"));
        }
        Ok(format!("{:#}", json!({"resources": [listener]})))
    }

    /// Has Envoy read its listeners from a file, and anew whenever another is renamed to it; those
    /// in the bootstrap are dropped.
    ///
    /// # Errors
    /// When the bootstrap has no listeners.
    pub fn watch_listener_file(&mut self, file: &Path) -> Result<(), String> {
        *self.at("/static_resources/listeners")? = json!([]);
        if let Some(tree) = self.tree.as_object_mut() {
            let source = json!({"path_config_source": {"path": file}, "resource_api_version": "V3"});
            tree.insert("dynamic_resources".to_owned(), json!({"lds_config": source}));
            // Envoy wants a name for whoever may be given listeners.
            tree.insert("node".to_owned(), json!({"id": "sandbox", "cluster": "sandbox"}));
        }
        Ok(())
    }

    fn http_filters(&mut self) -> Result<&mut Vec<Value>, String> {
        let at = format!("{MANAGER}/http_filters");
        self.at(&at)?.as_array_mut().ok_or_else(|| format!("the bootstrap has no list at {at}"))
    }

    fn palisade(&mut self, pointer: &str) -> Result<&mut Value, String> {
        self.http_filters()?
            .iter_mut()
            .find(|filter| filter["name"] == FILTER)
            .and_then(|filter| filter.pointer_mut(pointer))
            .ok_or_else(|| format!("the bootstrap has no HTTP filter named {FILTER}, or it lacks {pointer}"))
    }

    fn plugin(&mut self, pointer: &str) -> Result<&mut Value, String> {
        self.palisade(&format!("/typed_config/config{pointer}"))
    }
}

/// Splits `HOST:PORT` or `[IPV6]:PORT`.
fn split_address(text: &str) -> Result<(&str, u16), String> {
    let wrong = || format!("`{text}` is no address: write HOST:PORT, such as 127.0.0.1:8080");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse::<u16>().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() { Err(wrong()) } else { Ok((host, port)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Bootstrap {
        Bootstrap::parse(include_str!("../../envoy/bootstrap.yaml")).unwrap()
    }

    #[test]
    fn edits_land_where_envoy_reads_them() {
        let mut bootstrap = shipped();
        bootstrap.set_listener("127.0.0.1", 0).unwrap();
        bootstrap.set_upstreams(&["127.0.0.1:81".into(), "[::1]:82".into()]).unwrap();
        bootstrap.set_module(Path::new("/m.wasm")).unwrap();
        bootstrap.set_plugin_configuration(json!({"mode": "observe"})).unwrap();
        assert_eq!(bootstrap.plugin_configuration().unwrap()["mode"], "observe");
        assert_eq!(bootstrap.plugin("/vm_config/code/local/filename").unwrap(), "/m.wasm");
        let ends = bootstrap.at(&format!("{CLUSTER}/load_assignment/endpoints/0/lb_endpoints")).unwrap();
        assert_eq!(
            ends[1]["endpoint"]["address"]["socket_address"],
            json!({"address": "::1", "port_value": 82})
        );
        assert_eq!(bootstrap.at(&format!("{CLUSTER}/type")).unwrap(), "STATIC");
    }

    #[test]
    fn a_host_name_is_resolved() {
        let mut bootstrap = shipped();
        bootstrap.set_upstreams(&["shop:8080".into()]).unwrap();
        assert_eq!(bootstrap.at(&format!("{CLUSTER}/type")).unwrap(), "STRICT_DNS");
    }

    #[test]
    fn a_removed_filter_is_gone_and_missed() {
        let mut bootstrap = shipped();
        bootstrap.remove_filter().unwrap();
        assert!(!bootstrap.to_json().contains("wasm.v3.Wasm"));
        let error = bootstrap.set_module(Path::new("/m.wasm")).unwrap_err();
        assert!(error.contains("no HTTP filter named palisade"), "{error}");
    }

    #[test]
    fn a_listener_moves_to_a_file() {
        let mut bootstrap = shipped();
        let file: Value = serde_json::from_str(&bootstrap.listener_file().unwrap()).unwrap();
        assert_eq!(file["resources"][0]["name"], "edge");
        bootstrap.watch_listener_file(Path::new("/f.json")).unwrap();
        assert_eq!(bootstrap.at("/dynamic_resources/lds_config/path_config_source/path").unwrap(), "/f.json");
        assert!(bootstrap.listener_file().unwrap_err().contains("listeners/0"));
    }

    #[test]
    fn a_wrong_address_is_named() {
        for wrong in ["8080", "host:", ":80", "host:0", "host:65536"] {
            let error = shipped().set_upstreams(&[wrong.to_owned()]).unwrap_err();
            assert!(error.contains(wrong) && error.contains("HOST:PORT"), "{error}");
        }
    }
}
