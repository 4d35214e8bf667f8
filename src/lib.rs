//! Palisade: a proxy-wasm HTTP filter that stops bots abusing well-formed APIs.
//!
//! This file is the map. Modules stand in the order in which they may use each other: each uses
//! only those above it. Nothing but `wasm` knows proxy-wasm; nothing but a host reads a clock.

pub mod decide;
pub mod detect;
pub mod facts;
pub mod guard;
pub mod host;
pub mod memory;
pub mod policy;
pub mod config;
pub mod report;
pub mod respond;
#[cfg(not(target_arch = "wasm32"))]
pub mod sim;
#[cfg(target_arch = "wasm32")]
mod wasm;
