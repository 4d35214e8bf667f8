//! One worker's view of the simulated process.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Store;
use crate::host::{Attribute, Expected, Host, Level, Metric, StoreError, Stored};

/// A host whose clock and attributes are set by hand.
#[derive(Default)]
pub struct SimHost {
    store: Arc<Store>,
    now_ms: Cell<u64>,
    /// The policy that route metadata names for the exchange at hand.
    pub route_policy: RefCell<Option<String>>,
    /// The address of the client of the exchange at hand.
    pub source_address: RefCell<String>,
    /// What a proxy would know besides of the exchange at hand, by `mtls`, the name of an
    /// [`Identity`](crate::policy::Identity), or payload and claim with a `.` between them.
    pub attributes: RefCell<BTreeMap<String, Vec<u8>>>,
    /// How the answer at hand came to be.
    pub answer_details: RefCell<String>,
    /// Counters and gauges by name.
    pub metrics: RefCell<BTreeMap<String, u64>>,
    /// Lines written, newest last.
    pub lines: RefCell<Vec<String>>,
}

impl SimHost {
    /// A host over a store that other workers may share.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, ..Self::default() }
    }

    /// Sets the clock, in milliseconds since 1970. It may go back.
    pub fn set_now_ms(&self, now_ms: u64) {
        self.now_ms.set(now_ms);
    }

    fn set_by_hand(&self, name: &str) -> Option<Vec<u8>> {
        self.attributes.borrow().get(name).cloned()
    }

    /// A counter's or gauge's value.
    #[must_use]
    pub fn metric(&self, name: &str) -> u64 {
        self.metrics.borrow().get(name).copied().unwrap_or(0)
    }
}

impl Host for SimHost {
    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        Ok(self.store.load(key))
    }

    fn store(&self, key: &str, bytes: &[u8], expected: Expected) -> Result<(), StoreError> {
        self.store.store(key, bytes, expected)
    }

    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        let text = match attribute {
            Attribute::RoutePolicy => self.route_policy.borrow().clone()?,
            Attribute::SourceAddress => self.source_address.borrow().clone(),
            Attribute::AnswerDetails => self.answer_details.borrow().clone(),
            Attribute::ClientCertificate => return self.set_by_hand("mtls"),
            Attribute::Identity(identity) => return self.set_by_hand(identity.name()),
            Attribute::Claim(payload, name) => return self.set_by_hand(&format!("{payload}.{name}")),
            Attribute::HostPolicy | Attribute::FilterState(_) => return None,
        };
        Some(text.into_bytes())
    }

    fn count(&self, metric: &Metric, by: u64) {
        *self.metrics.borrow_mut().entry(metric.0.clone()).or_default() += by;
    }

    fn gauge(&self, metric: &Metric, value: u64) {
        self.metrics.borrow_mut().insert(metric.0.clone(), value);
    }

    fn log(&self, _: Level, line: &str) {
        self.lines.borrow_mut().push(line.to_owned());
    }
}
