//! Palisade: a proxy-wasm HTTP filter that stops bots abusing well-formed APIs.
//!
//! This file is the map. Modules stand in the order in which they may use each other: each uses
//! only those above it. Nothing but `wasm` knows proxy-wasm; nothing but `host` reads a clock.

pub mod policy;
