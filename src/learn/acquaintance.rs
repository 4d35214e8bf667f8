//! Whom one worker recognises: sessions that looked around before, and subjects that succeeded from here.

use super::journey::{self, Journey};
use super::visits::Visits;
use crate::facts::{Facets, Hashes};
use crate::host::Host;
use crate::memory::known::Known;
use crate::memory::sheet::Sheets;
use crate::policy::Facet;

/// The map of whom we know, and what this worker adds to it.
pub(super) struct Acquaintance {
    known: Known,
    visits: Visits,
}

/// Under what it is kept that a request's subject succeeded from here: in this session, and from this
/// network.
pub(super) fn familiar_keys(hashes: &Hashes, facets: &Facets) -> [Option<u64>; 2] {
    let subject = facets.get(Facet::Subject);
    [Facet::Session, Facet::Network].map(|facet| Some(hashes.pair(subject?, facets.get(facet)?)))
}

impl Acquaintance {
    /// Knows whom the map does. `seeds` key the hashes of what is counted.
    pub(super) fn new(known: Known, seeds: [u64; 4]) -> Self {
        Self { known, visits: Visits::new(seeds) }
    }

    fn get(&self, host: &dyn Host, sheets: &mut Sheets, key: u64) -> Option<u32> {
        self.known.get(host, sheets, key)
    }

    /// How a session came to a request.
    pub(super) fn journey(
        &self,
        host: &dyn Host,
        sheets: &mut Sheets,
        session: Option<u64>,
        now_s: u32,
    ) -> Journey {
        match session {
            None => Journey::None,
            Some(session) => journey::of(self.get(host, sheets, session), now_s),
        }
    }

    /// Takes in that a session looked at something.
    pub(super) fn visit(&mut self, host: &dyn Host, sheets: &mut Sheets, session: u64, now_s: u32) {
        let stored = self.get(host, sheets, session);
        if let Some(stored) = self.visits.count(session, stored, now_s) {
            self.known.set(session, stored);
        }
    }

    /// Whether a subject succeeded from here before.
    pub(super) fn is_familiar(&self, host: &dyn Host, sheets: &mut Sheets, keys: [Option<u64>; 2]) -> bool {
        keys.into_iter().flatten().any(|key| self.get(host, sheets, key).is_some())
    }

    /// Remembers that a subject succeeded from here.
    pub(super) fn remember(
        &mut self,
        host: &dyn Host,
        sheets: &mut Sheets,
        keys: [Option<u64>; 2],
        now_s: u32,
    ) {
        for key in keys.into_iter().flatten() {
            if self.get(host, sheets, key).is_none() {
                self.known.set(key, now_s);
            }
        }
    }

    /// Writes what is new.
    pub(super) fn flush(&mut self, host: &dyn Host, sheets: &mut Sheets) {
        if self.known.has_waiting() {
            self.known.flush(host, sheets);
        }
    }
}
