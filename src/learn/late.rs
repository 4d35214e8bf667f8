//! What was begun and is yet to be followed up: accounts not verified, carts not paid.
//!
//! A sheet of fixed size. What is followed up in time was meant; what falls due was not. Where a bucket
//! is full, one that is in it makes room and counts as neither: of a flood a sample is followed.

use super::profile::{Profile, SIDES};
use crate::memory::bytes::array;

/// Length of a record in bytes.
pub(super) const LATE_BYTES: usize = 56;

const BUCKET: usize = 8;
const BUCKET_BYTES: usize = BUCKET * LATE_BYTES;

/// The most that are followed at a time.
const MOST: usize = 4096;

/// The length of a sheet that takes at most this many bytes, with one bucket at least.
#[must_use]
pub fn late_bytes(at_most: u64) -> usize {
    let buckets = usize::try_from(at_most).unwrap_or(usize::MAX) / BUCKET_BYTES;
    buckets.clamp(1, MOST / BUCKET) * BUCKET_BYTES
}

/// Something begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Late {
    /// Policy, and subject or session, hashed together; never 0.
    pub key: u64,
    /// When it falls due, in seconds since 1970.
    pub due_s: u32,
    /// The policy, by the hash of its name.
    pub policy: u32,
    /// Whose it was.
    pub profile: Profile,
    /// The low bits of the subject's hash.
    pub subject: u32,
    /// The low bits of the network's hash.
    pub network: u32,
    /// Whether its sender came back after a refusal.
    pub returned: bool,
}

/// Enters something begun, unless it is there already.
pub fn enter(sheet: &mut [u8], late: &Late) {
    let Some(records) = bucket(sheet, late.key) else { return };
    if records.iter().any(|record| read(record).key == late.key) {
        return;
    }
    let free = records.iter().position(|record| read(record).key == 0);
    // Any of them, as chance has it.
    let place = free.unwrap_or((late.key >> 40) as usize % BUCKET);
    if let Some(record) = records.get_mut(place) {
        *record = written(late);
    }
}

/// Takes out what is under a key.
pub fn take(sheet: &mut [u8], key: u64) -> Option<Late> {
    let record = bucket(sheet, key)?.iter_mut().find(|record| read(record).key == key)?;
    let late = read(record);
    *record = [0; LATE_BYTES];
    Some(late)
}

/// Whether something is under a key.
#[must_use]
pub fn holds(sheet: &[u8], key: u64) -> bool {
    let at = place(key, sheet.len());
    let records = sheet.get(at..at + BUCKET_BYTES).unwrap_or_default().as_chunks::<LATE_BYTES>().0;
    records.iter().any(|record| read(record).key == key)
}

/// Whether anything is due.
#[must_use]
pub fn any_due(sheet: &[u8], now_s: u32) -> bool {
    sheet.as_chunks::<LATE_BYTES>().0.iter().any(|record| is_due(record, now_s))
}

/// Takes out what is due.
pub fn take_due(sheet: &mut [u8], now_s: u32) -> Vec<Late> {
    let records = sheet.as_chunks_mut::<LATE_BYTES>().0;
    let due = records.iter_mut().filter(|record| is_due(record, now_s));
    due.map(|record| read(&std::mem::replace(record, [0; LATE_BYTES]))).collect()
}

fn is_due(record: &[u8; LATE_BYTES], now_s: u32) -> bool {
    let late = read(record);
    late.key != 0 && late.due_s <= now_s
}

fn place(key: u64, bytes: usize) -> usize {
    key as usize % (bytes / BUCKET_BYTES).max(1) * BUCKET_BYTES
}

fn bucket(sheet: &mut [u8], key: u64) -> Option<&mut [[u8; LATE_BYTES]]> {
    let at = place(key, sheet.len());
    Some(sheet.get_mut(at..at + BUCKET_BYTES)?.as_chunks_mut::<LATE_BYTES>().0)
}

fn written(late: &Late) -> [u8; LATE_BYTES] {
    let mut out = [0; LATE_BYTES];
    let words = [late.key as u32, (late.key >> 32) as u32, late.due_s, late.policy];
    let all =
        words.into_iter().chain(late.profile.0).chain([late.subject, late.network, u32::from(late.returned)]);
    for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(all) {
        *place = word.to_le_bytes();
    }
    out
}

fn read(record: &[u8; LATE_BYTES]) -> Late {
    let word = |at: usize| u32::from_le_bytes(array(record, 4 * at));
    let mut profile = Profile::default();
    for (side, value) in profile.0.iter_mut().enumerate() {
        *value = word(4 + side);
    }
    Late {
        key: u64::from(word(0)) | u64::from(word(1)) << 32,
        due_s: word(2),
        policy: word(3),
        profile,
        subject: word(4 + SIDES),
        network: word(5 + SIDES),
        returned: word(6 + SIDES) != 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(n: u64, due_s: u32) -> Late {
        let profile = Profile(std::array::from_fn(|side| n as u32 + side as u32));
        let key = crate::facts::hash::public(&n.to_le_bytes());
        Late { key, due_s, policy: 3, profile, subject: 4, network: 5, returned: true }
    }

    #[test]
    fn what_is_followed_up_is_taken_out_and_what_is_not_falls_due() {
        let mut sheet = vec![0; late_bytes(50_000)];
        (1..=100).for_each(|n| enter(&mut sheet, &late(n, 1000 + n as u32)));
        assert!(holds(&sheet, late(7, 0).key));
        assert_eq!(take(&mut sheet, late(7, 0).key), Some(late(7, 1007)));
        assert_eq!(take(&mut sheet, late(7, 0).key), None);
        assert!(!any_due(&sheet, 1000));
        let mut due = take_due(&mut sheet, 1010);
        due.sort_by_key(|late| late.due_s);
        let expected: Vec<Late> = (1..=10).filter(|n| *n != 7).map(|n| late(n, 1000 + n as u32)).collect();
        assert_eq!(due, expected);
        assert!(take_due(&mut sheet, 1010).is_empty());
    }

    #[test]
    fn the_first_entry_of_a_key_counts() {
        let mut sheet = vec![0; late_bytes(0)];
        enter(&mut sheet, &late(1, 10));
        enter(&mut sheet, &late(1, 20));
        assert_eq!(take(&mut sheet, late(1, 0).key).map(|late| late.due_s), Some(10));
    }

    #[test]
    fn of_a_flood_a_sample_is_followed() {
        let mut sheet = vec![0; late_bytes(20_000)];
        (1..10_000).for_each(|n| enter(&mut sheet, &late(n, 100)));
        let places = sheet.len() / LATE_BYTES;
        assert!(take_due(&mut sheet, 100).len() > places * 9 / 10);
    }
}
