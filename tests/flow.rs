//! Promises of business flows: a step that was done is never missed, one that was not is told from one
//! that is not known, whatever worker a request meets and however many sessions there are.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "flow/stage.rs"]
mod stage;
#[path = "flow/steps.rs"]
mod steps;
#[path = "flow/strangers.rs"]
mod strangers;
