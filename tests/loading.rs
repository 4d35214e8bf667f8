//! Everything under `envoy/` loads: in real Envoy, and by the published schemas of what it is for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "loading/compose.rs"]
mod compose;
#[path = "loading/running.rs"]
mod running;
#[path = "loading/schema.rs"]
mod schema;
#[path = "loading/wasmplugin.rs"]
mod wasmplugin;
