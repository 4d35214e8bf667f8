//! The examples of envoy/hand-over in real Envoy: other filters of it go by what Palisade found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "hand_over/examples.rs"]
mod examples;
#[path = "hand_over/stage.rs"]
mod stage;
