//! The Envoys that are compared: the same listener, routes and origin, one HTTP filter each.

use std::path::Path;

use palisade::sandbox::{Envoy, Launch, project_root};
use serde_json::{Value, json};

/// Where `cargo build --release --example NAME` leaves the filters that are only measured.
const EXAMPLES: &str = "target/wasm32-wasip1/release/examples";

const LUA: &str = r#"
function envoy_on_request(handle)
  local headers = handle:headers()
  local agent = headers:get("user-agent") or ""
  local language = headers:get("accept-language") or ""
  local cookie = headers:get("cookie") or ""
  headers:replace("x-client", #agent .. "-" .. #language .. "-" .. #cookie)
end
"#;

const LUA_BODY: &str = r#"
function envoy_on_request(handle)
  local headers = handle:headers()
  local agent = headers:get("user-agent") or ""
  local body = handle:body()
  if body ~= nil then
    local text = body:getBytes(0, body:length())
    local email = string.match(text, '"email"%s*:%s*"([^"]*)"') or ""
    headers:replace("x-client", #agent .. "-" .. #email)
  end
end
"#;

/// Which filter stands before the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// None.
    Plain,
    /// A wasm filter that does nothing.
    Empty,
    /// A wasm filter with the host calls alone that Palisade cannot do without.
    Floor,
    /// A script that reads three headers and sets one.
    Lua,
    /// A script that finds the subject in a body.
    LuaBody,
    /// Palisade.
    Palisade,
    /// Palisade with a candidate that watches.
    Watched,
    /// Another build of Palisade.
    Beside,
}

/// Starts one with one worker and no access log. `beside`: the other build of Palisade.
pub(crate) fn start(
    kind: Kind,
    upstream: &str,
    memory: &str,
    beside: Option<&Path>,
) -> Result<Envoy, String> {
    let mut launch = Launch::new(upstream)?.with_workers(1);
    launch.bootstrap.remove_access_log()?;
    launch.bootstrap.set_routes(routes())?;
    match kind {
        Kind::Plain => launch.bootstrap.remove_filter()?,
        Kind::Lua => launch.bootstrap.replace_filter(lua(LUA))?,
        Kind::LuaBody => launch.bootstrap.replace_filter(lua(LUA_BODY))?,
        Kind::Empty => launch.bootstrap.replace_filter(example("empty_filter")?)?,
        Kind::Floor => launch.bootstrap.replace_filter(example("floor_filter")?)?,
        Kind::Beside => {
            launch.bootstrap.set_module(beside.ok_or("no other module is named")?)?;
            launch.bootstrap.set_plugin_configuration(configuration(memory))?;
        }
        Kind::Palisade | Kind::Watched => {
            let module = project_root()?.join(palisade::sandbox::MODULE);
            if !module.is_file() {
                return Err(format!("{} is not built: run `make wasm`", palisade::sandbox::MODULE));
            }
            let mut configuration = configuration(memory);
            if let Some(map) = configuration.as_object_mut().filter(|_| kind == Kind::Watched) {
                map.insert("candidate".to_owned(), json!({"mode": "observe", "memory": memory}));
            }
            launch.bootstrap.set_plugin_configuration(configuration)?;
        }
    }
    launch.start()
}

/// The same in every variant, so that finding a route costs the same.
fn routes() -> Value {
    let policy = |name: &str| json!({"filter_metadata": {"palisade": {"policy": name}}});
    json!([
        {"match": {"prefix": "/login"}, "route": {"cluster": "origin"}, "metadata": policy("login")},
        {"match": {"prefix": "/content"}, "route": {"cluster": "origin"}, "metadata": policy("content")},
        {"match": {"prefix": "/limited"}, "route": {"cluster": "origin"}, "metadata": policy("limited")},
        {"match": {"prefix": "/deceived"}, "route": {"cluster": "origin"}, "metadata": policy("deceived")},
        {"match": {"prefix": "/shaped"}, "route": {"cluster": "origin"}, "metadata": policy("shaped")},
        {"match": {"prefix": "/tagged"}, "route": {"cluster": "origin"}, "metadata": policy("tagged")},
        {"match": {"prefix": "/delayed"}, "route": {"cluster": "origin"}, "metadata": policy("delayed")},
        {"match": {"prefix": "/refused"}, "route": {"cluster": "origin"}, "metadata": policy("refused")},
        {"match": {"prefix": "/direct"}, "direct_response": {
            "status": 403,
            "body": {"inline_string": "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403}"}}},
        {"match": {"prefix": "/"}, "route": {"cluster": "origin"}},
    ])
}

/// Presets as shipped, except that the ladder has no rung between tag and block: a client that
/// misbehaves is then blocked at once instead of being limited for a while first.
fn configuration(memory: &str) -> Value {
    let ladder = json!({"limit": "off", "block": {"at": 6, "for": "1h", "up_to": "24h"}});
    let limiting = json!({"limit": {"at": 6, "for": "1h", "up_to": "24h"}, "block": "off"});
    let deceiving =
        json!({"limit": "off", "deceive": {"at": 6, "for": "1h", "up_to": "24h"}, "block": "off"});
    // What a request costs is the same however long it is held. The origin is told of nothing else.
    let delaying = json!({
        "tag": "off", "limit": "off", "block": "off",
        "delay": {"at": 6, "for": "1h", "up_to": "24h", "hold": "10ms"},
    });
    let tagging = json!({"limit": "off", "block": "off"});
    let failing = json!({"failing": {
        "key": ["network", "fingerprint"], "within": "1h", "failures": 5, "score": 4,
    }});
    let free = json!({"much": "off"});
    // Costs are compared, not times: it is answered at once.
    let decoy = json!({
        "status": 410, "headers": {"x-request": "{uuid}"}, "body": "{\"error\":\"gone\",\"at\":\"{now}\"}",
        "takes": {"from": "0ms", "to": "0ms"},
    });
    json!({
        "memory": memory,
        "secret": {"env": "PALISADE_SECRET"},
        "hold_headers": true,
        // As in the bootstrap: what Envoy writes itself costs less to read than the property.
        "client": {"address": {"header": "x-envoy-external-address"}, "session": {"cookie": "sid"}},
        "limits": {"much": {"key": ["network"], "rate": "1000000/1s"}},
        "policies": {
            "login": {"role": "login", "subject": {"json": "/email"}, "ladder": ladder, "costs": free},
            "content": {"role": "content", "ladder": ladder, "costs": free},
            "limited": {"role": "content", "ladder": limiting, "costs": free},
            "deceived": {"role": "content", "ladder": deceiving, "decoy": decoy, "costs": free},
            "shaped": {"role": "content", "ladder": ladder},
            "delayed": {"role": "content", "ladder": delaying, "costs": free},
            "tagged": {"role": "content", "ladder": tagging, "rules": failing, "costs": free},
        },
    })
}

fn lua(script: &str) -> Value {
    json!({"name": "lua", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": script}}})
}

fn example(name: &str) -> Result<Value, String> {
    let file = format!("{EXAMPLES}/{name}.wasm");
    let module = project_root()?.join(&file);
    if !module.is_file() {
        return Err(format!("{file} is not built: run `make bench`"));
    }
    Ok(json!({"name": name, "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {"name": name, "vm_config": {
            "vm_id": name, "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": module}}}}}}))
}
