//! The map of identities, in sheets that all workers share.
//!
//! Set-associative: where a bucket is full, the entry written longest ago makes room, and the bucket
//! remembers until when something may have been forgotten. Only successes of the origin bring entries.

use super::entry::{ENTRY_BYTES, Entry, age_ms, tick};
use crate::host::Host;
use crate::memory::bytes::{array, put};
use crate::memory::layout::{entries_cost_bytes, sheet_cost_bytes};
use crate::memory::sheet::{BOARD_BYTES, MOST_SHEETS, SheetId, SheetSpec, Sheets};
use crate::policy::Settings;

/// The name of the board of these sheets.
const BOARD: &str = "pal1.flows";

/// Length of one sheet: small, since each step that is done costs one to be written.
const SHEET_BYTES: usize = 16 << 10;

/// A sheet begins with when it was first written.
const HEAD_BYTES: usize = 4;

/// A bucket begins with the last time anything that it forgot was written.
const BUCKET: usize = 8;
const BUCKET_BYTES: usize = 4 + BUCKET * ENTRY_BYTES;
const BUCKETS: usize = (SHEET_BYTES - HEAD_BYTES) / BUCKET_BYTES;

/// What flows take of the configured memory, as a share.
const SHARE: u64 = 16;

/// What is kept aside for flows of the configured memory, in bytes: none where no policy requires a step.
#[must_use]
pub fn share_bytes(settings: &Settings) -> u64 {
    let any = settings.policies.iter().any(|policy| policy.flow.is_some());
    if any { settings.memory_bytes / SHARE } else { 0 }
}

/// How many sheets fit into what is kept aside.
fn sheets_in(share: u64) -> usize {
    let left = share.saturating_sub(BOARD_BYTES as u64 + entries_cost_bytes(1));
    usize::try_from(left / sheet_cost_bytes(SHEET_BYTES)).unwrap_or(usize::MAX).clamp(1, MOST_SHEETS)
}

/// The most that each worker keeps of it, in bytes: copies of all sheets, and one that is changed.
#[must_use]
pub fn bound_bytes(settings: &Settings) -> u64 {
    match share_bytes(settings) {
        0 => 0,
        share => (SHEET_BYTES * (sheets_in(share) + 1) + BOARD_BYTES) as u64,
    }
}

/// One worker's view of the map.
pub(super) struct Identities {
    sheets: Sheets,
    count: usize,
}

impl Identities {
    /// The map in so much of the memory.
    pub(super) fn new(share: u64) -> Self {
        let count = sheets_in(share);
        let spec = |n| SheetSpec { name: format!("pal1.f{n:x}"), bytes: SHEET_BYTES };
        Self { sheets: Sheets::on_board(BOARD, (0..count).map(spec).collect()), count }
    }

    /// The identity with this hash, as far as this worker has heard.
    pub(super) fn get(&mut self, host: &dyn Host, key: u64) -> Option<Entry> {
        let (sheet, bucket) = self.place(key);
        let bytes = self.sheets.read(host, sheet);
        let entries = bytes.get(bucket + 4..)?.as_chunks::<ENTRY_BYTES>().0;
        entries.iter().take(BUCKET).map(Entry::decode).find(|entry| entry.key == named(key))
    }

    /// Asks the host for what other workers wrote meanwhile of this identity.
    pub(super) fn refresh(&mut self, host: &dyn Host, key: u64) {
        let (sheet, _) = self.place(key);
        self.sheets.refresh(host, sheet);
    }

    /// Whether all that was written of this identity within so long is still known.
    pub(super) fn remembers(&mut self, host: &dyn Host, key: u64, within_ms: u64, now: u32) -> bool {
        let (sheet, bucket) = self.place(key);
        let bytes = self.sheets.read(host, sheet);
        let since = u32::from_le_bytes(array(bytes, 0));
        let forgot = u32::from_le_bytes(array(bytes, bucket));
        let is_past = |then: u32| age_ms(then, now) > within_ms;
        since != 0 && is_past(since) && (forgot == 0 || is_past(forgot))
    }

    /// Changes an identity, which begins empty, at once and for all workers; whether that could be done.
    pub(super) fn change(
        &mut self,
        host: &dyn Host,
        key: u64,
        now_ms: u64,
        change: &dyn Fn(&mut Entry),
    ) -> bool {
        let (sheet, bucket) = self.place(key);
        let now = tick(now_ms);
        let mut write = |bytes: &mut [u8]| {
            if u32::from_le_bytes(array(bytes, 0)) == 0 {
                put(bytes, 0, &now.to_le_bytes());
            }
            let all: Vec<Entry> = bytes
                .get(bucket + 4..)
                .map(|rest| rest.as_chunks::<ENTRY_BYTES>().0)
                .unwrap_or_default()
                .iter()
                .take(BUCKET)
                .map(Entry::decode)
                .collect();
            let place = all.iter().position(|entry| entry.key == named(key));
            let free = || all.iter().position(|entry| entry.key == 0);
            let oldest = || {
                let by_age = all.iter().enumerate().max_by_key(|(_, entry)| age_ms(entry.seen, now));
                by_age.map(|(place, _)| place)
            };
            let Some(place_of) = place.or_else(free).or_else(oldest) else { return };
            let Some(mut entry) = all.get(place_of).copied() else { return };
            if entry.key != named(key) {
                let forgot = u32::from_le_bytes(array(bytes, bucket));
                if entry.key != 0 && (forgot == 0 || age_ms(forgot, now) > age_ms(entry.seen, now)) {
                    put(bytes, bucket, &entry.seen.to_le_bytes());
                }
                entry = Entry { key: named(key), ..Entry::default() };
            }
            change(&mut entry);
            entry.seen = now;
            put(bytes, bucket + 4 + place_of * ENTRY_BYTES, &entry.encode());
        };
        self.sheets.change(host, sheet, &mut write)
    }

    /// Tells the other workers of what was written, and hears of theirs.
    pub(super) fn tell_and_hear(&mut self, host: &dyn Host) {
        self.sheets.tell_and_hear(host);
    }

    /// What happened to sheets since this was last asked.
    pub(super) fn take_incidents(&mut self) -> crate::memory::table::Incidents {
        self.sheets.take_incidents()
    }

    /// The sheet and where in it the bucket begins.
    fn place(&self, key: u64) -> (SheetId, usize) {
        let sheet = (key >> 40) as usize % self.count.max(1);
        let bucket = (key as u32) as usize % BUCKETS;
        (SheetId(sheet), HEAD_BYTES + bucket * BUCKET_BYTES)
    }
}

/// Never 0, which marks an empty place.
fn named(key: u64) -> u64 {
    key.max(1)
}
