//! What an operator relies on when things go wrong, in real Envoy: new configurations and bad ones,
//! origins that fail, many workers at once, routes that name no policy, clients that mean harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "operation/claims.rs"]
mod claims;
#[path = "operation/clients.rs"]
mod clients;
#[path = "operation/flow.rs"]
mod flow;
#[path = "operation/hostile.rs"]
mod hostile;
#[path = "operation/origin.rs"]
mod origin;
#[path = "operation/outcomes.rs"]
mod outcomes;
#[path = "operation/peers.rs"]
mod peers;
#[path = "operation/reload.rs"]
mod reload;
#[path = "operation/stage.rs"]
mod stage;
#[path = "operation/telling.rs"]
mod telling;
#[path = "operation/workers.rs"]
mod workers;
