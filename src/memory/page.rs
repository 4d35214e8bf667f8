//! A page: up to 31 records that share one value in shared data, and the rule by which a new one
//! takes another's place.
//!
//! Form: 16 bytes of head (`PAL1`, then zeros), then the records. A page is never partly valid:
//! bytes that do not have this form are an empty page.

use super::tally::{RECORD_BYTES, Tally, wire};

/// Records on a full page.
pub const RECORDS: usize = 31;

const HEAD_BYTES: usize = 16;
const HEAD: [u8; HEAD_BYTES] = *b"PAL1\0\0\0\0\0\0\0\0\0\0\0\0";

/// Length of a full page in bytes; with it and its rounding a page stays within 2 KiB. The
/// host copies a page whole for each look at it: smaller pages cost less to look at, and more of the
/// memory goes into the host's own account of each.
pub const PAGE_BYTES: usize = HEAD_BYTES + RECORDS * RECORD_BYTES;

/// A page as it was read.
#[derive(Clone, Debug)]
pub struct Page {
    bytes: Vec<u8>,
}

/// What it took to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// The record was there.
    Kept,
    /// It is new, and there was room.
    Added,
    /// It is new, and took another's place.
    Replaced,
}

impl Default for Page {
    fn default() -> Self {
        Self { bytes: HEAD.to_vec() }
    }
}

impl Page {
    /// Reads a page; the flag tells whether the bytes were of this form (or there were none).
    #[must_use]
    pub fn read(bytes: Vec<u8>) -> (Self, bool) {
        let whole = bytes.len().checked_sub(HEAD_BYTES).is_some_and(|rest| rest % RECORD_BYTES == 0);
        if whole && bytes.len() <= PAGE_BYTES && bytes.starts_with(&HEAD) {
            (Self { bytes }, true)
        } else {
            let absent = bytes.is_empty();
            (Self::default(), absent)
        }
    }

    /// The bytes to store.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn records(&self) -> &[[u8; RECORD_BYTES]] {
        self.bytes.get(HEAD_BYTES..).unwrap_or_default().as_chunks().0
    }

    /// The tags of all records.
    pub fn tags(&self) -> impl Iterator<Item = u64> + '_ {
        self.records().iter().map(tag_in)
    }

    /// The tally with this tag.
    #[must_use]
    pub fn get(&self, tag: u64) -> Option<Tally> {
        self.records().iter().find(|record| tag_in(record) == tag).map(wire::decode)
    }

    /// Writes the tally with this tag. On a full page it takes the place of the record worth
    /// least: first those that nothing speaks against, then those with failures or a past verdict,
    /// last those whose verdict stands; among equals the one not seen for longest. Records are
    /// replaced whole, so that no client ever inherits another's.
    pub fn put(&mut self, tag: u64, tally: &Tally, now_ms: u64) -> Placed {
        let new = wire::encode(tag, tally);
        let (place, placed) = match self.tags().position(|placed| placed == tag) {
            Some(place) => (place, Placed::Kept),
            None if self.records().len() < RECORDS => (self.records().len(), Placed::Added),
            None => (self.least(now_ms), Placed::Replaced),
        };
        let start = HEAD_BYTES + place * RECORD_BYTES;
        match self.bytes.get_mut(start..start + RECORD_BYTES) {
            Some(record) => record.copy_from_slice(&new),
            None => self.bytes.extend_from_slice(&new),
        }
        placed
    }

    fn least(&self, now_ms: u64) -> usize {
        let worth = |record: &[u8; RECORD_BYTES]| {
            let tally = wire::decode(record);
            (tier(&tally, now_ms), tally.seen_ms)
        };
        let least = self.records().iter().enumerate().min_by_key(|(_, record)| worth(record));
        least.map_or(0, |(place, _)| place)
    }
}

fn tag_in(record: &[u8; RECORD_BYTES]) -> u64 {
    record.first_chunk().map_or(0, |tag| u64::from_le_bytes(*tag))
}

/// How long a past verdict keeps its record from being replaced as an ordinary one: a day.
const PAST_VERDICT_S: u64 = 86_400;

fn tier(tally: &Tally, now_ms: u64) -> u8 {
    if tally.standing.stands(now_ms) {
        2
    } else {
        let failures: u32 = tally.failures.iter().map(|&f| u32::from(f)).sum();
        let past = u64::from(tally.standing.until_s) + PAST_VERDICT_S > now_ms / 1000;
        u8::from(failures > 1 || past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::tally::Standing;
    use proptest::prelude::*;

    fn seen(seen_ms: u64) -> Tally {
        Tally { seen_ms, ..Tally::default() }
    }

    #[test]
    fn a_page_fits_its_allocation() {
        assert_eq!(PAGE_BYTES, 2000);
    }

    #[test]
    fn the_record_worth_least_makes_room() {
        let now_ms = 1_000_000_000;
        let mut page = Page::default();
        let condemned = Tally { standing: Standing { until_s: 2_000_000, ..Standing::default() }, ..seen(1) };
        let failing = Tally { failures: [2, 0, 0, 0], ..seen(2) };
        page.put(1, &condemned, now_ms);
        page.put(2, &failing, now_ms);
        for tag in 3..=RECORDS as u64 {
            assert_eq!(page.put(tag, &seen(1000 + tag), now_ms), Placed::Added);
        }
        assert_eq!(page.put(100, &seen(5000), now_ms), Placed::Replaced);
        assert!(page.get(3).is_none(), "the oldest that nothing speaks against");
        assert!(page.get(1).is_some() && page.get(2).is_some());
        for tag in 200..400 {
            page.put(tag, &Tally { failures: [9, 0, 0, 0], ..seen(tag * 1000) }, now_ms);
        }
        assert!(page.get(1).is_some(), "a standing verdict outlives any flood of failures");
        assert!(page.get(2).is_none());
        assert_eq!(page.bytes().len(), PAGE_BYTES);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), tag: u64, well_formed: bool) {
            let bytes = if well_formed {
                let mut whole = HEAD.to_vec();
                whole.extend(&bytes[..bytes.len() / RECORD_BYTES * RECORD_BYTES]);
                whole
            } else { bytes };
            let (mut page, _) = Page::read(bytes);
            let mut tally = page.get(tag).unwrap_or_default();
            let spec = crate::policy::TallySpec { key: vec![], window_ms: 3000, fan_out: crate::policy::FanOut { of: crate::policy::Facet::Subject, failed: false }, failure_test: None, counts_successes: true, follows: false };
            tally.apply(&spec, crate::memory::Event::Failure(Some(tag)), tag);
            let _ = (tally.failures(&spec), tally.successes(&spec), tally.distinct.estimate());
            page.put(tag, &tally, tag);
            prop_assert!(page.get(tag).is_some());
        }

        #[test]
        fn records_are_read_back(tag: u64, seen_ms in 0_u64..1 << 42, mark: u16, test in 0_i16.., failures: [u16; 4], successes: [u16; 4], low: u64, high: u64, credited: u64, until_s: u32, repeats: u8, action in 0_u8..16, reason: u16) {
            let mark = crate::memory::Mark::from_bits(mark);
            let tally = Tally { seen_ms, mark, test, failures, successes, distinct: crate::memory::distinct::Distinct { low, high }, credited, standing: Standing { until_s, repeats, action, reason } };
            let mut page = Page::default();
            page.put(!tag, &seen(1), 0);
            page.put(tag, &tally, 0);
            let (page, ok) = Page::read(page.bytes().to_vec());
            prop_assert!(ok);
            prop_assert_eq!(page.get(tag), Some(tally));
            prop_assert_eq!(page.get(!tag), Some(seen(1)));
        }
    }
}
