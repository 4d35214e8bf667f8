//! Palisade's own replies to clients of every kind, in real Envoy: each gets one that it understands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[allow(dead_code, reason = "shared with other tests")]
#[path = "traffic/origin.rs"]
mod origin;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "traffic/program.rs"]
mod program;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "traffic/wire.rs"]
mod wire;

#[path = "worlds/actions.rs"]
mod actions;
#[path = "worlds/browser.rs"]
mod browser;
#[path = "worlds/grpc.rs"]
mod grpc;
#[path = "worlds/grpc_web.rs"]
mod grpc_web;
#[path = "worlds/pages.rs"]
mod pages;
#[path = "worlds/stage.rs"]
mod stage;
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
#[path = "support/surroundings.rs"]
mod surroundings;
#[path = "worlds/versions.rs"]
mod versions;
