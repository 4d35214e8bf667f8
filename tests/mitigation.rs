//! What becomes of attackers in real Envoy: they are held, and deceived so that nothing tells.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "mitigation/deception.rs"]
mod deception;
#[path = "mitigation/forest.rs"]
mod forest;
#[path = "mitigation/holding.rs"]
mod holding;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "traffic/origin.rs"]
mod origin;
#[path = "mitigation/stage.rs"]
mod stage;
#[path = "mitigation/trap.rs"]
mod trap;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "traffic/wire.rs"]
mod wire;
