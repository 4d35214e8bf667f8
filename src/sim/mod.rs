//! A simulated host: several workers over one shared store, a clock that is set by hand, and
//! faults on demand. It behaves as Envoy's does where the difference would matter, and measures
//! what the store would take there.

mod host;
mod store;
mod worker;

pub use host::SimHost;
pub use store::{Faults, Store};
pub use worker::{Answer, Request, Seen, Worker};
