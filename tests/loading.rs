//! Everything under `envoy/` loads: in real Envoy, and by the published schemas of what it is for.

#[path = "loading/compose.rs"]
mod compose;
#[path = "loading/running.rs"]
mod running;
#[path = "loading/schema.rs"]
mod schema;
#[path = "loading/wasmplugin.rs"]
mod wasmplugin;
