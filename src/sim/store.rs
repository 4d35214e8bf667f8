//! Shared data as Envoy has it: one map under one lock, versions that count up over all keys,
//! nothing ever evicted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::host::{Expected, StoreError, Stored};

/// Faults to inject into conditional writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Of every so many writes one meets a conflict; 0: none does.
    pub conflict_every: u64,
    /// Every write is refused.
    pub refuse: bool,
}

/// The store of one process.
#[derive(Default)]
pub struct Store {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    values: HashMap<String, Stored>,
    version: u32,
    reads: u64,
    writes: u64,
    faults: Faults,
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Injects faults from now on.
    pub fn inject(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    pub(super) fn load(&self, key: &str) -> Option<Stored> {
        let mut inner = self.lock();
        inner.reads += 1;
        inner.values.get(key).cloned()
    }

    pub(super) fn store(&self, key: &str, bytes: &[u8], expected: Expected) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.writes += 1;
        if inner.faults.refuse {
            return Err(StoreError::Refused);
        }
        let every = inner.faults.conflict_every;
        if every > 0 && inner.writes.is_multiple_of(every) {
            return Err(StoreError::Conflict);
        }
        let found = inner.values.get(key).map(|s| s.version);
        let fits = match expected {
            Expected::Absent => found.is_none(),
            // As in Envoy, a key that is not there is created whatever version was expected.
            Expected::Version(version) => found.is_none_or(|v| v == version),
        };
        if !fits {
            return Err(StoreError::Conflict);
        }
        inner.version = inner.version.wrapping_add(1).max(1);
        let version = inner.version;
        inner.values.insert(key.to_owned(), Stored { bytes: bytes.to_vec(), version });
        Ok(())
    }

    /// Number of values asked for so far.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.lock().reads
    }

    /// Number of keys ever written.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.lock().values.len()
    }

    /// Bytes of all values.
    #[must_use]
    pub fn value_bytes(&self) -> u64 {
        self.lock().values.values().map(|v| v.bytes.len() as u64).sum()
    }

    /// Overwrites a value, as another program would.
    pub fn overwrite(&self, key: &str, bytes: &[u8]) {
        let mut inner = self.lock();
        inner.version = inner.version.wrapping_add(1).max(1);
        let version = inner.version;
        inner.values.insert(key.to_owned(), Stored { bytes: bytes.to_vec(), version });
    }
}
