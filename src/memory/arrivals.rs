//! How many records have come to the table, by group of pages: one value in shared data.
//!
//! A worker that has read a page knows whose records are not on it, and goes on knowing it for as
//! long as none has come to the page's group. Counts are only ever compared for being the same, so
//! it does no harm that they are 16 bits wide and begin again at 0.

use super::bytes;
use super::table::{Incidents, TRIES};
use crate::host::{Expected, Host, StoreError};
use crate::order::sort_by_key;

/// Groups that are told apart; page `n` belongs to group `n % GROUPS`.
pub(super) const GROUPS: usize = 2048;

/// Length of the value, in bytes: 16 bits a group, little-endian.
pub const VALUE_BYTES: usize = GROUPS * 2;

/// The name of the value. It carries the version of the form, as the pages' names do.
pub const NAME: &str = "pal1.arrivals";

/// The counts as they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    bytes: Vec<u8>,
}

impl Arrivals {
    /// Reads the counts; where nothing came yet, all are 0.
    ///
    /// # Errors
    /// The host refused, or the value is not of this form: [`Arrivals::add`] mends that.
    pub fn read(host: &dyn Host) -> Result<Self, StoreError> {
        let bytes = host.load(NAME)?.map_or_else(|| vec![0; VALUE_BYTES], |stored| stored.bytes);
        if bytes.len() == VALUE_BYTES { Ok(Self { bytes }) } else { Err(StoreError::Refused) }
    }

    /// Counts one arrival on each of these pages' groups, each group once, and returns all counts.
    ///
    /// # Errors
    /// Every try met another's write, or the host refused. Nothing was counted then.
    pub fn add(
        host: &dyn Host,
        pages: &[u32],
        now_ms: u64,
        incidents: &mut Incidents,
    ) -> Result<Self, StoreError> {
        let mut groups: Vec<usize> = pages.iter().map(|&page| group(page)).collect();
        sort_by_key(&mut groups, |&group| group);
        groups.dedup();
        for _ in 0..TRIES {
            let (bytes, expected) = match host.load(NAME)? {
                Some(stored) => (stored.bytes, Expected::Version(stored.version)),
                None => (vec![0; VALUE_BYTES], Expected::Absent),
            };
            let mut arrivals = Self { bytes };
            if arrivals.bytes.len() != VALUE_BYTES {
                // Not of this form. What the counts were is lost, so they begin where they were not.
                arrivals.bytes = ((now_ms / 1000) as u16).to_le_bytes().repeat(GROUPS);
                incidents.unreadable += 1;
            }
            groups.iter().for_each(|&group| arrivals.bump(group));
            match host.store(NAME, &arrivals.bytes, expected) {
                Ok(()) => return Ok(arrivals),
                Err(StoreError::Conflict) => incidents.retries += 1,
                Err(StoreError::Refused) => return Err(StoreError::Refused),
            }
        }
        Err(StoreError::Conflict)
    }

    /// The count of a page's group.
    #[must_use]
    pub fn of(&self, page: u32) -> u16 {
        self.count(group(page))
    }

    fn count(&self, group: usize) -> u16 {
        u16::from_le_bytes(bytes::array(&self.bytes, group * 2))
    }

    fn bump(&mut self, group: usize) {
        let count = self.count(group).wrapping_add(1);
        bytes::put(&mut self.bytes, group * 2, &count.to_le_bytes());
    }
}

/// The group of a page.
pub(super) fn group(page: u32) -> usize {
    page as usize % GROUPS
}
