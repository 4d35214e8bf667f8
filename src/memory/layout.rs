//! How many pages the configured memory holds, and the bound in bytes that follows.
//!
//! Envoy never evicts from shared data, so the bound is on the keys that can ever be written:
//! pages 0 to n-1 of this format, the counts of arrivals, a mark for each kind of trouble and
//! policy, and nothing else. What a candidate writes has a bound of its own.

use super::page::PAGE_BYTES;
use super::sheet::{BOARD_BYTES, MOST_SHEETS};
use super::{absence, arrivals, cache};
use crate::facts::{Key, recall};
use crate::policy::Settings;

/// Bytes that Envoy spends on an entry besides its value: the node of its hash map, the key, the
/// version, the allocator's rounding. Measured at 178 on Envoy 1.40; the rest is margin.
const ENTRY_BYTES: u64 = 256;

/// Bytes kept aside for the marks by which trouble is said once: seven kinds for 65 policies.
const MARKS_BYTES: u64 = 7 * 65 * ENTRY_BYTES;

/// Bytes that a page can take in the host, the value rounded up as allocators do.
const PAGE_COST_BYTES: u64 = (PAGE_BYTES as u64).next_multiple_of(2048) + ENTRY_BYTES;

/// Bytes kept aside for the counts of arrivals.
const ARRIVALS_BYTES: u64 = arrivals::VALUE_BYTES as u64 + ENTRY_BYTES;

/// What is kept aside for learning, as a share of the configured amount.
pub const LEARNING_SHARE: u64 = 8;

/// What the learning may take of the configured amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearningBytes {
    /// For the map of whom we know.
    pub known: u64,
    /// For sessions that did business.
    pub earners: u64,
    /// For what is yet to be followed up.
    pub late: u64,
    /// For the books of all policies.
    pub books: u64,
}

/// What the learning may take of this amount of memory.
#[must_use]
pub fn learning(memory_bytes: u64) -> LearningBytes {
    let all = (memory_bytes / LEARNING_SHARE).saturating_sub(SHEETS_COST_BYTES);
    LearningBytes { known: all / 4, earners: all / 16, late: all / 16, books: all / 2 }
}

/// What the host spends on sheets besides their content.
const SHEETS_COST_BYTES: u64 = MOST_SHEETS as u64 * ENTRY_BYTES + BOARD_BYTES as u64;

/// What a configured amount of memory comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Pages in the table.
    pub pages: u32,
    /// Tallies that fit into them.
    pub records: u64,
    /// The most bytes the table takes in the Envoy process, whatever clients do.
    pub bytes: u64,
    /// The most bytes that each worker keeps for itself beside it, for tallies and fingerprints; what
    /// learning adds is in `learn::bound`.
    pub worker_bytes: u64,
}

/// The bound for a configured amount of memory.
#[must_use]
pub fn bound(memory_bytes: u64) -> Bound {
    let aside = MARKS_BYTES + ARRIVALS_BYTES + memory_bytes / LEARNING_SHARE;
    let for_pages = memory_bytes.saturating_sub(aside);
    let pages = u32::try_from((for_pages / PAGE_COST_BYTES).max(1)).unwrap_or(u32::MAX);
    Bound {
        pages,
        records: u64::from(pages) * super::page::RECORDS as u64,
        bytes: u64::from(pages) * PAGE_COST_BYTES + aside,
        worker_bytes: cache::BOUND_BYTES + absence::bound_bytes(pages) + recall::BOUND_BYTES,
    }
}

/// Length of the sheet that holds what was learned of how the origin refuses under one policy, in bytes.
pub const DECOY_BYTES: usize = 6 * 1024;

/// What the host spends on the sheets of decoys for these settings.
#[must_use]
pub fn decoys_bytes(settings: &Settings) -> u64 {
    let learning = settings.policies.iter().filter(|policy| policy.decoy.as_ref().is_some_and(|d| d.learn));
    match learning.count() as u64 {
        0 => 0,
        learning => learning * sheet_cost_bytes(DECOY_BYTES) + sheet_cost_bytes(BOARD_BYTES),
    }
}

/// What a sheet of this length takes in the host. Allocators round large values up by an eighth at most.
#[must_use]
pub const fn sheet_cost_bytes(bytes: usize) -> u64 {
    (bytes + bytes.div_ceil(8)) as u64 + ENTRY_BYTES
}

/// What a table of so many keys takes in the host besides the values.
#[must_use]
pub const fn entries_cost_bytes(keys: u64) -> u64 {
    keys * ENTRY_BYTES
}

/// The page of a key: jump consistent hash (Lamping and Veach, 2014). With it a table that grows
/// from n to m pages keeps n/m of its records in place, and no other would move fewer.
#[must_use]
pub fn page_of(key: Key, pages: u32) -> u32 {
    let mut state = (key.0 >> 64) as u64;
    let (mut page, mut next) = (0_u32, 0_u64);
    while next < u64::from(pages) {
        // `next` is below `pages`, which is a u32.
        page = next as u32;
        state = state.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let scale = (1_u64 << 31) as f64 / ((state >> 33) + 1) as f64;
        next = ((u64::from(page) + 1) as f64 * scale) as u64;
    }
    page
}

/// The name of a page in shared data. 13 bytes at most, so that the host needs no allocation for
/// it. It carries the version of the format: another version's pages are never read.
#[must_use]
pub fn page_name(page: u32) -> String {
    format!("pal1:{page:x}")
}

/// The name of the mark that says that a kind of trouble was told for a policy.
#[must_use]
pub fn mark_name(kind: u8, policy: u16) -> String {
    format!("pal1.{kind:x}.{policy:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_keeps_what_was_asked_for() {
        for mib in [8_u64, 7, 64, 4096] {
            let bound = bound(mib << 20);
            assert!(bound.bytes <= mib << 20);
            assert!(bound.bytes > (mib << 20) * 98 / 100);
        }
    }

    #[test]
    fn sixty_four_mib_hold_three_quarters_of_a_million_tallies() {
        assert_eq!(bound(64 << 20).records, 788_423);
    }

    #[test]
    fn growing_moves_only_what_has_to_move() {
        let keys = (0..10_000_u128).map(|n| Key(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)));
        let stayed = keys.filter(|&k| page_of(k, 800) == page_of(k, 1000)).count();
        assert!((7_800..8_200).contains(&stayed), "{stayed}");
    }

    #[test]
    fn pages_fill_evenly() {
        let mut counts = [0_u32; 64];
        for n in 0..64_000_u128 {
            let page = page_of(Key(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)), 64);
            counts[page as usize] += 1;
        }
        assert!(counts.iter().all(|c| (850..1150).contains(c)), "{counts:?}");
    }
}
