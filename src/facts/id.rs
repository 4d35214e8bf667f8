//! The printed fingerprint of a request: what its facets are printed as.

use super::Facets;
use crate::policy::printed::{DIGITS, FingerprintId, PARTS};

impl FingerprintId {
    /// What these facets are printed as.
    #[must_use]
    pub fn of(facets: &Facets) -> Self {
        Self { parts: PARTS.map(|facet| facets.get(facet).map(|value| (value >> (64 - 5 * DIGITS)) as u32)) }
    }
}
