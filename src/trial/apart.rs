//! The host as a candidate's guard sees it: nothing that it writes meets what the live guard has.

use crate::host::{Attribute, Expected, Host, Level, Metric, StoreError, Stored};

/// A host under which keys and counters have names of their own, and nothing is written to the log.
pub(super) struct Apart<'h>(pub(super) &'h dyn Host);

/// Before each key.
const KEYS: &str = "c.";

/// Before each counter.
const COUNTERS: &str = "candidate_";

impl Host for Apart<'_> {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    fn now_us(&self) -> u64 {
        self.0.now_us()
    }

    fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.0.load(&[KEYS, key].concat())
    }

    fn store(&self, key: &str, bytes: &[u8], expected: Expected) -> Result<(), StoreError> {
        self.0.store(&[KEYS, key].concat(), bytes, expected)
    }

    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        self.0.attribute(attribute)
    }

    fn count(&self, metric: &Metric, by: u64) {
        self.0.count(&Metric([COUNTERS, &metric.0].concat()), by);
    }

    fn gauge(&self, metric: &Metric, value: u64) {
        self.0.gauge(&Metric([COUNTERS, &metric.0].concat()), value);
    }

    // Who is on call shall not take what is only tried for what is done.
    fn log(&self, _: Level, _: &str) {}
}
