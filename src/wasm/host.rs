//! The host seam over Envoy's host calls.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::abi;
use crate::host::{Attribute, Expected, Host, Level, Metric, StoreError, Stored};
use crate::policy::Identity;

/// A version that no value has: writing a key under it succeeds only where the key does not exist
/// yet, since the host creates missing keys whatever version is named and refuses any other. The
/// host counts versions up from 1 over all keys, so this one is taken by a single write in 2^32,
/// and matters only if that very value was read as absent a moment before.
const NEVER: u32 = u32::MAX;

/// Envoy, from one worker.
#[derive(Default)]
pub(super) struct EnvoyHost {
    /// Identifiers of counters and gauges; there is one for each name that the configuration can form.
    metrics: RefCell<BTreeMap<Metric, u32>>,
}

impl EnvoyHost {
    /// The identifier of a metric, which is defined where it was not.
    fn id(&self, metric: &Metric, kind: u32) -> Option<u32> {
        let mut metrics = self.metrics.try_borrow_mut().ok()?;
        if let Some(id) = metrics.get(metric) {
            return Some(*id);
        }
        let id = abi::define_metric(kind, &format!("palisade_{}", metric.0))?;
        metrics.insert(metric.clone(), id);
        Some(id)
    }
}

impl Host for EnvoyHost {
    fn now_ms(&self) -> u64 {
        abi::now_ns() / 1_000_000
    }

    fn now_us(&self) -> u64 {
        abi::now_ns() / 1000
    }

    fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let found = abi::shared_data(key).map_err(|_| StoreError::Refused)?;
        Ok(found.map(|(bytes, version)| Stored { bytes, version }))
    }

    fn store(&self, key: &str, bytes: &[u8], expected: Expected) -> Result<(), StoreError> {
        let version = match expected {
            Expected::Absent => NEVER,
            // Zero would overwrite whatever is there.
            Expected::Version(0) => return Err(StoreError::Refused),
            Expected::Version(version) => version,
        };
        abi::set_shared_data(key, bytes, version)
    }

    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        match attribute {
            Attribute::RoutePolicy => abi::property(abi::ROUTE_POLICY),
            Attribute::HostPolicy => abi::property(abi::HOST_POLICY),
            Attribute::SourceAddress => abi::property(abi::SOURCE_ADDRESS),
            Attribute::AnswerDetails => abi::property(abi::RESPONSE_DETAILS),
            Attribute::ClientCertificate => abi::property(abi::CLIENT_CERTIFICATE),
            Attribute::Identity(identity) => abi::property(match identity {
                Identity::UriSan => abi::URI_SAN,
                Identity::DnsSan => abi::DNS_SAN,
                Identity::Subject => abi::SUBJECT,
                Identity::Sha256 => abi::SHA256,
            }),
            Attribute::Claim(payload, name) => {
                abi::property(&[abi::JWT_PAYLOADS, payload.as_bytes(), b"\0", name.as_bytes()].concat())
            }
            Attribute::FilterState(key) => abi::property(format!("filter_state\0{key}").as_bytes()),
        }
    }

    fn count(&self, metric: &Metric, by: u64) {
        if let Some(id) = self.id(metric, abi::COUNTER) {
            abi::increment(id, by);
        }
    }

    fn gauge(&self, metric: &Metric, value: u64) {
        if let Some(id) = self.id(metric, abi::GAUGE) {
            abi::record(id, value);
        }
    }

    fn log(&self, level: Level, line: &str) {
        match level {
            Level::Info => log::info!("{line}"),
            Level::Warn => log::warn!("{line}"),
        }
    }
}
