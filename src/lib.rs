//! Palisade: a proxy-wasm HTTP filter that stops bots abusing well-formed APIs.
//!
//! This file is the map. Modules stand in the order in which they may use each other: each uses
//! only those above it. Nothing but `wasm` knows proxy-wasm; nothing but a host reads a clock.

// Of use to all.
mod order;

// What is enforced, and how it is read from what the operator wrote.
pub mod policy;
pub mod config;

// The seam to whatever runs the filter.
pub mod host;

// One exchange, in the order of its way.
pub mod facts;
pub mod memory;
pub mod usage;
pub mod flow;
pub mod detect;
pub mod decide;
pub mod decree;
pub mod learn;
pub mod respond;
pub mod report;
pub mod guard;
pub mod trial;

// What runs it: Envoy, or a simulation.
#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(not(target_arch = "wasm32"))]
pub mod sim;

// Native tools: checking a configuration, and real Envoy in a child process.
#[cfg(not(target_arch = "wasm32"))]
pub mod check;
#[cfg(not(target_arch = "wasm32"))]
pub mod sandbox;
