//! Real traffic through real Envoy with the filter: it passes intact whatever its form, real
//! clients are served or refused as promised, and captured traffic gets the verdicts it should.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[allow(dead_code, unreachable_pub, clippy::disallowed_methods, reason = "shared with other tests")]
mod support;

#[path = "traffic/answers.rs"]
mod answers;
#[path = "traffic/bodies.rs"]
mod bodies;
#[path = "traffic/captures.rs"]
mod captures;
#[path = "traffic/clients.rs"]
mod clients;
#[path = "traffic/connections.rs"]
mod connections;
#[path = "traffic/origin.rs"]
mod origin;
#[path = "traffic/program.rs"]
mod program;
#[path = "traffic/stage.rs"]
mod stage;
#[path = "traffic/streams.rs"]
mod streams;
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
#[path = "support/surroundings.rs"]
mod surroundings;
#[path = "traffic/wire.rs"]
mod wire;
