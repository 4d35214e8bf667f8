//! Whom we know: sessions that were seen before and since when, accounts that signed in from here.
//!
//! A set-associative map from 64-bit keys to 32-bit values, spread over [sheets](super::sheet), so that a
//! look-up is local. In each bucket the newest entry pushes out the oldest. Only requests that the
//! origin answered with success bring entries: what is refused cannot push anyone out.

use std::collections::BTreeMap;

use super::sheet::{SheetId, SheetSpec, Sheets};
use crate::host::Host;

/// Length of one sheet: small, since each new entry costs one to be written.
const SHEET_BYTES: usize = 16 << 10;

const ENTRY_BYTES: usize = 8;
const BUCKET_BYTES: usize = 8 * ENTRY_BYTES;

/// New entries that may wait for the next tick; more are dropped, since each only spares suspicion.
const WAITING: usize = 4096;

/// The map as one worker sees it.
pub struct Known {
    first: usize,
    sheets: usize,
    waiting: BTreeMap<u64, u32>,
}

/// The sheets for this many bytes, at least one and at most `most`; their names begin with `name`.
#[must_use]
pub fn specs(name: &str, bytes: u64, most: usize) -> Vec<SheetSpec> {
    let sheets = usize::try_from(bytes).unwrap_or(usize::MAX) / SHEET_BYTES;
    let spec = |n| SheetSpec { name: format!("{name}{n:x}"), bytes: SHEET_BYTES };
    (0..sheets.clamp(1, most)).map(spec).collect()
}

/// Most sheets of whom we know; above this more memory serves tallies only.
pub const MOST: usize = 128;

/// The most that what waits takes, in bytes: half-filled nodes of a map of 12 bytes an entry, and the
/// same again by sheet while it is written. The sheets' copies are not in it.
pub const WAITING_BYTES: u64 = (WAITING * 2 * 32) as u64;

impl Known {
    /// The map whose sheets begin at a place in the list.
    #[must_use]
    pub fn new(first: SheetId, sheets: usize) -> Self {
        Self { first: first.0, sheets: sheets.max(1), waiting: BTreeMap::new() }
    }

    /// The value under a key.
    pub fn get(&self, host: &dyn Host, sheets: &mut Sheets, key: u64) -> Option<u32> {
        if let Some(&value) = self.waiting.get(&key) {
            return Some(value);
        }
        let bytes = sheets.read(host, self.sheet_of(key));
        let bucket = bytes.get(bucket_of(key, bytes.len())..)?.first_chunk::<BUCKET_BYTES>()?;
        let (entries, _) = bucket.as_chunks::<ENTRY_BYTES>();
        entries.iter().map(read).find(|(tag, _)| *tag == tag_of(key)).map(|(_, value)| value)
    }

    /// Sets a value with the next tick; the map shows it to this worker at once.
    pub fn set(&mut self, key: u64, value: u32) {
        if self.waiting.len() < WAITING || self.waiting.contains_key(&key) {
            self.waiting.insert(key, value);
        }
    }

    /// Whether anything waits to be written.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes what waits.
    pub fn flush(&mut self, host: &dyn Host, sheets: &mut Sheets) {
        let mut by_sheet: BTreeMap<SheetId, Vec<(u64, u32)>> = BTreeMap::new();
        for (key, value) in std::mem::take(&mut self.waiting) {
            by_sheet.entry(self.sheet_of(key)).or_default().push((key, value));
        }
        for (sheet, entries) in by_sheet {
            let mut put = |bytes: &mut [u8]| entries.iter().for_each(|&(key, value)| put(bytes, key, value));
            if !sheets.change(host, sheet, &mut put) {
                self.waiting.extend(entries);
            }
        }
    }

    fn sheet_of(&self, key: u64) -> SheetId {
        SheetId(self.first + (key >> 48) as usize % self.sheets)
    }
}

/// Where a key's bucket begins.
fn bucket_of(key: u64, bytes: usize) -> usize {
    (key >> 32) as u16 as usize % (bytes / BUCKET_BYTES).max(1) * BUCKET_BYTES
}

/// Never 0, which marks an empty place.
fn tag_of(key: u64) -> u32 {
    (key as u32).max(1)
}

fn read(entry: &[u8; ENTRY_BYTES]) -> (u32, u32) {
    let both = u64::from_le_bytes(*entry);
    (both as u32, (both >> 32) as u32)
}

/// Puts an entry to the front of its bucket.
fn put(bytes: &mut [u8], key: u64, value: u32) {
    let at = bucket_of(key, bytes.len());
    let bucket = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<BUCKET_BYTES>());
    let Some((entries, _)) = bucket.map(|bucket| bucket.as_chunks_mut::<ENTRY_BYTES>()) else { return };
    let place = entries.iter().position(|entry| read(entry).0 == tag_of(key));
    let last = place.unwrap_or(entries.len() - 1);
    if let Some(moved) = entries.get_mut(..=last) {
        moved.rotate_right(1);
    }
    if let Some(front) = entries.first_mut() {
        *front = (u64::from(tag_of(key)) | u64::from(value) << 32).to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{SimHost, Store};
    use std::sync::Arc;

    struct Worker {
        host: SimHost,
        sheets: Sheets,
        known: Known,
    }

    impl Worker {
        fn new(store: &Arc<Store>, bytes: u64) -> Self {
            let specs = specs("pal1.k", bytes, MOST);
            let known = Known::new(SheetId(0), specs.len());
            Self { host: SimHost::new(Arc::clone(store)), sheets: Sheets::new(specs), known }
        }

        fn get(&mut self, key: u64) -> Option<u32> {
            self.known.get(&self.host, &mut self.sheets, key)
        }

        fn tick(&mut self) {
            self.known.flush(&self.host, &mut self.sheets);
            self.sheets.tell_and_hear(&self.host);
        }
    }

    fn key(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn what_one_worker_knows_the_other_does_after_a_tick() {
        let store = Arc::new(Store::default());
        let [mut one, mut other] = [0, 1].map(|_| Worker::new(&store, 1 << 20));
        (1..1000).for_each(|n| one.known.set(key(n), n as u32));
        assert_eq!((one.get(key(7)), other.get(key(7))), (Some(7), None));
        one.tick();
        other.tick();
        for n in 1..1000 {
            assert_eq!((one.get(key(n)), other.get(key(n))), (Some(n as u32), Some(n as u32)));
        }
        assert_eq!(other.get(key(5000)), None);
    }

    #[test]
    fn the_newest_push_out_the_oldest_and_it_does_not_grow() {
        let store = Arc::new(Store::default());
        let mut worker = Worker::new(&store, 64 << 10);
        for n in 0..100_000 {
            worker.known.set(key(n), 1);
            if n % 1000 == 0 {
                worker.tick();
            }
        }
        worker.tick();
        assert!(store.value_bytes() <= (64 << 10) + 512);
        let known = |range: std::ops::Range<u64>, worker: &mut Worker| {
            range.filter(|n| worker.get(key(*n)).is_some()).count()
        };
        assert!(known(99_000..100_000, &mut worker) > 990);
        assert_eq!(known(0..10_000, &mut worker), 0);
    }

    #[test]
    fn a_value_set_again_is_the_last() {
        let store = Arc::new(Store::default());
        let mut worker = Worker::new(&store, 1);
        for value in [1, 2, 3] {
            worker.known.set(key(1), value);
            worker.tick();
        }
        assert_eq!(worker.get(key(1)), Some(3));
    }
}
