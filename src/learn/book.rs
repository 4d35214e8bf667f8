//! The book of one policy: what is known of each behavior, in a sheet of fixed size.
//!
//! Behaviors lie in buckets by their key. Where a bucket is full, a new one takes the place of the one
//! worth least: never of one whose verdict stands while there is another.

use super::behavior::{BEHAVIOR_BYTES, Behavior, goods_left, odds_left, slice_of, wire};
use crate::detect::shift::{SHIFT_BYTES, Shift};
use crate::detect::usual::{USUAL_BYTES, Usual};
use crate::memory::bytes::{Parts, array};

/// Length of the head: see [`Head`].
const HEAD_BYTES: usize = 64;

const BUCKET: usize = 8;
const BUCKET_BYTES: usize = BUCKET * BEHAVIOR_BYTES;

/// The most behaviors that one policy keeps.
const MOST_BEHAVIORS: usize = 4096;

/// The length of a book that takes at most this many bytes, with one bucket at least.
#[must_use]
pub fn book_bytes(at_most: u64) -> usize {
    let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
    let buckets = at_most.saturating_sub(HEAD_BYTES) / BUCKET_BYTES;
    HEAD_BYTES + buckets.clamp(1, MOST_BEHAVIORS / BUCKET) * BUCKET_BYTES
}

/// What is known of the policy as a whole.
///
/// | bytes | what |
/// |---|---|
/// | 0..2 | slice |
/// | 2..4 | failures in this slice |
/// | 4..8 | customers |
/// | 8..34 | the test for a shift |
/// | 34..42 | the usual share of failures |
/// | 42..46 | the odds of those who came back |
/// | 46..50 | the low bits of the last one's subject |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Head {
    /// The slice it was last written in.
    pub slice: u16,
    /// Failures in this slice.
    pub failures: u16,
    /// Customers, fading as those of behaviors do.
    pub customers: f32,
    /// Whether more fails than is usual.
    pub shift: Shift,
    /// How much usually fails.
    pub usual: Usual,
    /// Log-odds of hostile over usual of those who came back after a refusal, in nats, 0 at least.
    pub returned: f32,
    /// The low bits of the subject of the last who did: each counts once.
    pub returner: u32,
}

const SHIFT_AT: usize = 8;
const USUAL_AT: usize = SHIFT_AT + SHIFT_BYTES;
const RETURNED_AT: usize = USUAL_AT + USUAL_BYTES;
const RETURNER_AT: usize = RETURNED_AT + 4;

impl Head {
    /// Reads the head of a book.
    #[must_use]
    pub fn read(book: &[u8]) -> Self {
        let half = |at| u16::from_le_bytes(array(book, at));
        let customers = f32::from_le_bytes(array(book, 4));
        let returned = f32::from_le_bytes(array(book, RETURNED_AT));
        Self {
            slice: half(0),
            failures: half(2),
            customers: if customers.is_finite() { customers.max(0.0) } else { 0.0 },
            shift: Shift::decode(&array(book, SHIFT_AT)),
            usual: Usual::decode(&array(book, USUAL_AT)),
            returned: if returned.is_finite() { returned.max(0.0) } else { 0.0 },
            returner: u32::from_le_bytes(array(book, RETURNER_AT)),
        }
    }

    /// Writes the head of a book.
    pub fn write(&self, book: &mut [u8]) {
        let mut parts = Parts::new(book);
        parts.put(&self.slice.to_le_bytes());
        parts.put(&self.failures.to_le_bytes());
        parts.put(&self.customers.to_le_bytes());
        parts.put(&self.shift.encode());
        parts.put(&self.usual.encode());
        parts.put(&self.returned.to_le_bytes());
        parts.put(&self.returner.to_le_bytes());
    }

    /// Brings it up to a slice.
    pub fn advance(&mut self, slice: u16) {
        let passed = slice.wrapping_sub(self.slice);
        if passed == 0 || passed > u16::MAX / 2 {
            return;
        }
        self.customers *= goods_left(passed);
        self.returned *= odds_left(passed);
        self.failures = 0;
        self.slice = slice;
    }
}

/// The behavior with this key.
#[must_use]
pub fn find(book: &[u8], key: u64) -> Option<Behavior> {
    record(book, key).map(wire::decode)
}

/// When the verdict on the behavior with this key ends at the latest, in seconds since 1970; at less
/// cost than reading all of it.
#[must_use]
pub fn ends_s(book: &[u8], key: u64) -> Option<u32> {
    record(book, key).map(wire::until_s)
}

fn record(book: &[u8], key: u64) -> Option<&[u8; BEHAVIOR_BYTES]> {
    let records = book.get(bucket_of(key, book.len())..)?.first_chunk::<BUCKET_BYTES>()?;
    let (records, _) = records.as_chunks::<BEHAVIOR_BYTES>();
    records.iter().find(|record| tag_in(record) == tag_of(key))
}

/// Writes the behavior with this key; whether another had to make room.
pub fn put(book: &mut [u8], key: u64, behavior: &Behavior, now_ms: u64) -> bool {
    let at = bucket_of(key, book.len());
    let records = book.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<BUCKET_BYTES>());
    let Some((records, _)) = records.map(|records| records.as_chunks_mut::<BEHAVIOR_BYTES>()) else {
        return false;
    };
    let tag = tag_of(key);
    let place = records.iter().position(|record| tag_in(record) == tag);
    let place = place.or_else(|| records.iter().position(|record| tag_in(record) == 0));
    let least = || records.iter().enumerate().min_by_key(|(_, record)| worth(record, now_ms));
    let replaces = place.is_none();
    let place = place.or_else(|| least().map(|(place, _)| place));
    if let Some(record) = place.and_then(|place| records.get_mut(place)) {
        *record = wire::encode(tag, behavior);
    }
    replaces
}

/// What a record is worth keeping for, and then how lately it was seen.
fn worth(record: &[u8; BEHAVIOR_BYTES], now_ms: u64) -> (u8, i32) {
    let behavior = wire::decode(record);
    let age = slice_of(now_ms / 1000).wrapping_sub(behavior.slice);
    let tier = if behavior.is_condemned(now_ms) {
        3
    } else if behavior.customers() >= 2.0 {
        2
    } else {
        u8::from(behavior.repeats > 0)
    };
    (tier, -i32::from(age))
}

fn bucket_of(key: u64, bytes: usize) -> usize {
    let buckets = (bytes.saturating_sub(HEAD_BYTES) / BUCKET_BYTES).max(1);
    HEAD_BYTES + key as u32 as usize % buckets * BUCKET_BYTES
}

/// Never 0, which marks an empty place.
fn tag_of(key: u64) -> u32 {
    ((key >> 32) as u32).max(1)
}

fn tag_in(record: &[u8; BEHAVIOR_BYTES]) -> u32 {
    record.first_chunk().map_or(0, |tag| u32::from_le_bytes(*tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Mark;
    use proptest::prelude::*;

    fn key(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_flood_of_behaviors_pushes_out_neither_verdicts_nor_customers() {
        let mut book = vec![0; book_bytes(40_000)];
        let now_ms = 1_800_000_000_000;
        let slice = slice_of(now_ms / 1000);
        let mut condemned = Behavior::new(slice, Mark::default());
        (condemned.until_s, condemned.tried_s) = (1_800_000_100, 1_800_000_000);
        let mut good = Behavior::new(slice, Mark::default());
        (0..3).for_each(|n| _ = good.succeed(Some(n), -3.0));
        put(&mut book, key(1), &condemned, now_ms);
        put(&mut book, key(2), &good, now_ms);
        for n in 100..100_000 {
            put(&mut book, key(n), &Behavior::new(slice, Mark::default()), now_ms);
        }
        assert_eq!((find(&book, key(1)), find(&book, key(2))), (Some(condemned), Some(good)));
        assert!(find(&book, key(99_999)).is_some(), "the newest has a place");
        assert!(find(&book, key(100)).is_none());
    }

    #[test]
    fn the_head_is_read_back() {
        let mut book = vec![0; book_bytes(0)];
        let mut head = Head { slice: 7, failures: 9, customers: 12.5, ..Head::default() };
        head.usual.learn(0.2, true, false);
        head.shift.observe(0.2, true);
        head.write(&mut book);
        assert_eq!(Head::read(&book), head);
        const { assert!(RETURNER_AT + 4 <= HEAD_BYTES) };
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_book(bytes in prop::collection::vec(any::<u8>(), 0..1000), key: u64) {
            let mut book = bytes;
            let head = Head::read(&book);
            head.write(&mut book);
            let behavior = find(&book, key).unwrap_or_default();
            put(&mut book, key, &behavior, 1);
        }
    }
}
