//! The map of identities, in sheets that all workers share.
//!
//! Set-associative: where a bucket is full, the entry written longest ago makes room, and the bucket
//! remembers until when something may have been forgotten. Only successes of the origin bring entries.

use super::entry::{ENTRY_BYTES, Entry, Told, age_ms};
use crate::host::Host;
use crate::memory::bytes::{array, put};
use crate::memory::layout::{entries_cost_bytes, sheet_cost_bytes};
use crate::memory::sheet::{BOARD_BYTES, MOST_SHEETS, SheetId, SheetSpec, Sheets};
use crate::policy::Settings;

/// The name of the board of these sheets.
const BOARD: &str = "pal2.flows";

/// Length of one sheet: small, since each step that is done costs one to be written.
const SHEET_BYTES: usize = 16 << 10;

/// A sheet begins with when it was first written.
const HEAD_BYTES: usize = 4;

/// A bucket begins with the last time anything that it forgot was written.
const BUCKET: usize = 8;
const BUCKET_BYTES: usize = 4 + BUCKET * ENTRY_BYTES;
const BUCKETS: usize = (SHEET_BYTES - HEAD_BYTES) / BUCKET_BYTES;

/// Stands for whoever did a step of an account without saying which. Never forgotten.
pub(super) const UNTIED: u64 = u64::MAX;

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
        let spec = |n| SheetSpec { name: format!("pal2.f{n:x}"), bytes: SHEET_BYTES };
        Self { sheets: Sheets::on_board(BOARD, (0..count).map(spec).collect()), count }
    }

    /// The identity with this hash, as far as this worker has heard.
    pub(super) fn get(&mut self, host: &dyn Host, key: u64) -> Option<Entry> {
        let (sheet, bucket) = self.place(key);
        find(self.sheets.read(host, sheet), bucket, key)
    }

    /// The same; of one that is not there, since when it would be if it had done anything.
    pub(super) fn get_or_absent(&mut self, host: &dyn Host, key: u64) -> Entry {
        let (sheet, bucket) = self.place(key);
        let bytes = self.sheets.read(host, sheet);
        find(bytes, bucket, key).unwrap_or_else(|| absent(bytes, bucket, key))
    }

    /// Asks the host for what other workers wrote meanwhile of this identity.
    pub(super) fn refresh(&mut self, host: &dyn Host, key: u64) {
        let (sheet, _) = self.place(key);
        self.sheets.refresh(host, sheet);
    }

    /// Whether this worker knows already what is told.
    pub(super) fn knows(&mut self, host: &dyn Host, told: &Told) -> bool {
        let Some(entry) = self.get(host, told.key) else { return false };
        let mut after = entry;
        after.learn(told, false);
        after == entry
    }

    /// Writes what is told, at once and for all workers; whether that could be done.
    pub(super) fn write(&mut self, host: &dyn Host, told: &Told) -> bool {
        let (sheet, bucket) = self.place(told.key);
        self.sheets.change(host, sheet, &mut |bytes| write(bytes, bucket, told))
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

fn entries(bytes: &[u8], bucket: usize) -> impl Iterator<Item = Entry> {
    let entries = bytes.get(bucket + 4..).map(|rest| rest.as_chunks::<ENTRY_BYTES>().0).unwrap_or_default();
    entries.iter().take(BUCKET).map(Entry::decode)
}

fn find(bytes: &[u8], bucket: usize, key: u64) -> Option<Entry> {
    entries(bytes, bucket).find(|entry| entry.key == named(key))
}

/// An identity of which nothing is here: all that it did since the sheet began, and since the bucket last
/// forgot anything.
fn absent(bytes: &[u8], bucket: usize, key: u64) -> Entry {
    let since = u32::from_le_bytes(array(bytes, 0));
    let forgot = u32::from_le_bytes(array(bytes, bucket));
    let is_later = since != 0 && forgot != 0 && age_ms(since, forgot) > 0;
    Entry::absent(named(key), if is_later { forgot } else { since })
}

/// Writes what is told into a sheet.
fn write(bytes: &mut [u8], bucket: usize, told: &Told) {
    let now = told.at;
    if u32::from_le_bytes(array(bytes, 0)) == 0 {
        put(bytes, 0, &now.to_le_bytes());
    }
    let place = |of: &dyn Fn(&Entry) -> bool| entries(bytes, bucket).position(|entry| of(&entry));
    let oldest = || {
        let others = entries(bytes, bucket).enumerate().filter(|(_, entry)| entry.key != UNTIED);
        others.max_by_key(|(_, entry)| age_ms(entry.seen, now)).map(|(place, _)| place)
    };
    let own = place(&|entry| entry.key == named(told.key));
    let Some(at) = own.or_else(|| place(&|entry| entry.key == 0)).or_else(oldest) else { return };
    let Some(held) = entries(bytes, bucket).nth(at) else { return };
    let mut entry = if own.is_some() { held } else { absent(bytes, bucket, told.key) };
    if own.is_none() && held.key != 0 {
        let forgot = u32::from_le_bytes(array(bytes, bucket));
        if forgot == 0 || age_ms(forgot, held.seen) > 0 {
            put(bytes, bucket, &held.seen.to_le_bytes());
        }
    }
    entry.learn(told, own.is_none());
    entry.seen = now;
    put(bytes, bucket + 4 + at * ENTRY_BYTES, &entry.encode());
}
