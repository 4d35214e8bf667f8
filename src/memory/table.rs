//! The table of pages in shared data: read, change, compare-and-swap, a bounded number of times.

use super::layout::{page_name, page_of};
use super::page::{Page, Placed};
use super::tally::Tally;
use crate::facts::Key;
use crate::host::{Expected, Host, StoreError};

/// How often a write is tried before it is left to the next tick. With eight workers that write
/// one page without a pause, a try succeeds at least once in eight.
pub(super) const TRIES: u32 = 32;

/// What happened beside the reading or writing that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incidents {
    /// Writes that met another's and were tried again.
    pub retries: u64,
    /// Records replaced by others.
    pub replaced: u64,
    /// Pages whose bytes had no known form, begun anew.
    pub unreadable: u64,
    /// Writes given up for now: every try met another's, or the host refused.
    pub deferred: u64,
    /// Events dropped, since too many were waiting.
    pub lost: u64,
}

impl Incidents {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            retries: self.retries + other.retries,
            replaced: self.replaced + other.replaced,
            unreadable: self.unreadable + other.unreadable,
            deferred: self.deferred + other.deferred,
            lost: self.lost + other.lost,
        }
    }
}

/// The table. It has no state of its own.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Number of pages, at least 1.
    pub pages: u32,
}

impl Table {
    /// The page that a key's record is on, if it has one.
    #[must_use]
    pub fn page_of(&self, key: Key) -> u32 {
        page_of(key, self.pages)
    }

    /// Reads a page; an empty one where there is none.
    ///
    /// # Errors
    /// The host refused.
    pub fn read(&self, host: &dyn Host, page: u32) -> Result<Page, StoreError> {
        Ok(host.load(&page_name(page))?.map(|stored| Page::read(stored.bytes).0).unwrap_or_default())
    }

    /// Changes the tally of a key, begun empty where there is none, and returns it as stored, and
    /// whether its record is new.
    ///
    /// # Errors
    /// Every try met another's write, or the host refused. Nothing was changed then.
    pub fn update(
        &self,
        host: &dyn Host,
        key: Key,
        now_ms: u64,
        incidents: &mut Incidents,
        change: &mut dyn FnMut(&mut Tally),
    ) -> Result<(Tally, bool), StoreError> {
        let name = page_name(self.page_of(key));
        let tag = tag_of(key);
        for _ in 0..TRIES {
            let (bytes, expected) = match host.load(&name)? {
                Some(stored) => (stored.bytes, Expected::Version(stored.version)),
                None => (Vec::new(), Expected::Absent),
            };
            let (mut page, readable) = Page::read(bytes);
            let mut tally = page.get(tag).unwrap_or_default();
            change(&mut tally);
            let placed = page.put(tag, &tally, now_ms);
            match host.store(&name, page.bytes(), expected) {
                Ok(()) => {
                    incidents.unreadable += u64::from(!readable);
                    incidents.replaced += u64::from(placed == Placed::Replaced);
                    return Ok((tally, placed != Placed::Kept));
                }
                Err(StoreError::Conflict) => incidents.retries += 1,
                Err(StoreError::Refused) => return Err(StoreError::Refused),
            }
        }
        Err(StoreError::Conflict)
    }
}

/// What tells a key's record from the others of its page.
pub(super) fn tag_of(key: Key) -> u64 {
    key.0 as u64
}
