//! What came of a candidate under one policy, summed over all workers: requests by counts, clients by sketches.
//!
//! A row is a sheet of [`ROW_BYTES`], all numbers little-endian: the candidate's stamp (8), since when and when
//! last told, in seconds since 1970 (4 each), the counts (8 each), the sketches. Keys of the counts and
//! sketches are the places of [`Count`] and [`Whom`].

use super::sketch::{self, SKETCH_BYTES};
use crate::memory::bytes;
use crate::memory::layout::sheet_cost_bytes;
use crate::memory::sheet::BOARD_BYTES;

/// What is counted of requests on which both guards came to a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// All of them.
    Requests,
    /// Those about which the candidate decided.
    Decided,
    /// Those that the candidate would not just let pass.
    ActedOn,
    /// Of these, those that the live guard lets pass.
    LiveAllowed,
    /// Those that the live guard does not just let pass, and the candidate would.
    LiveAlone,
}

/// Whose clients a sketch counts: those of the requests of a [`Count`] of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    ActedOn,
    LiveAllowed,
    LiveAlone,
}

impl Whom {
    pub(super) const ALL: [Self; 3] = [Self::ActedOn, Self::LiveAllowed, Self::LiveAlone];

    /// Its name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ActedOn => "acted-on",
            Self::LiveAllowed => "live-allowed",
            Self::LiveAlone => "live-alone",
        }
    }

    fn count(self) -> Count {
        match self {
            Self::ActedOn => Count::ActedOn,
            Self::LiveAllowed => Count::LiveAllowed,
            Self::LiveAlone => Count::LiveAlone,
        }
    }
}

const SINCE_AT: usize = 8;
const TOLD_AT: usize = 12;
const COUNTS_AT: usize = 16;
const COUNTS: usize = 5;
const SKETCHES_AT: usize = COUNTS_AT + COUNTS * 8;

/// Length of a row in bytes.
pub(super) const ROW_BYTES: usize = SKETCHES_AT + Whom::ALL.len() * SKETCH_BYTES;

/// What the rows of so many policies take in the host.
pub(super) fn rows_bytes(policies: usize) -> u64 {
    policies as u64 * sheet_cost_bytes(ROW_BYTES) + sheet_cost_bytes(BOARD_BYTES)
}

/// A row, read.
pub(super) struct Row<'b>(pub(super) &'b [u8]);

impl Row<'_> {
    pub(super) fn stamp(&self) -> u64 {
        u64::from_le_bytes(bytes::array(self.0, 0))
    }

    pub(super) fn since_s(&self) -> u32 {
        u32::from_le_bytes(bytes::array(self.0, SINCE_AT))
    }

    pub(super) fn told_s(&self) -> u32 {
        u32::from_le_bytes(bytes::array(self.0, TOLD_AT))
    }

    pub(super) fn count(&self, count: Count) -> u64 {
        u64::from_le_bytes(bytes::array(self.0, COUNTS_AT + count as usize * 8))
    }

    /// About how many distinct clients.
    pub(super) fn clients(&self, whom: Whom) -> u64 {
        sketch::estimate(self.0.get(sketch_at(whom)).unwrap_or_default())
    }
}

fn sketch_at(whom: Whom) -> core::ops::Range<usize> {
    let at = SKETCHES_AT + whom as usize * SKETCH_BYTES;
    at..at + SKETCH_BYTES
}

/// Counts one more.
pub(super) fn add(row: &mut [u8], count: Count, times: u64) {
    let sum = Row(row).count(count).saturating_add(times);
    bytes::put(row, COUNTS_AT + count as usize * 8, &sum.to_le_bytes());
}

/// Counts a request and its client.
pub(super) fn meet(row: &mut [u8], whom: Whom, client: Option<u64>) {
    add(row, whom.count(), 1);
    if let (Some(client), Some(sketch)) = (client, row.get_mut(sketch_at(whom))) {
        sketch::insert(sketch, client);
    }
}

/// Begins a row anew.
pub(super) fn begin(row: &mut [u8], stamp: u64, now_s: u32) {
    row.fill(0);
    bytes::put(row, 0, &stamp.to_le_bytes());
    bytes::put(row, SINCE_AT, &now_s.to_le_bytes());
    tell(row, now_s);
}

/// Takes in that it was told of.
pub(super) fn tell(row: &mut [u8], now_s: u32) {
    bytes::put(row, TOLD_AT, &now_s.to_le_bytes());
}

/// Adds what a worker counted since it last did.
pub(super) fn merge(row: &mut [u8], other: &[u8]) {
    for count in [Count::Requests, Count::Decided, Count::ActedOn, Count::LiveAllowed, Count::LiveAlone] {
        add(row, count, Row(other).count(count));
    }
    for at in Whom::ALL.map(sketch_at) {
        if let (Some(sketch), Some(other)) = (row.get_mut(at.clone()), other.get(at)) {
            sketch::merge(sketch, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_workers_count_adds_up() {
        let mut sum = vec![0; ROW_BYTES];
        begin(&mut sum, 7, 1_000);
        for worker in 0..3_u64 {
            let mut own = vec![0; ROW_BYTES];
            for client in 0..4 {
                add(&mut own, Count::Requests, 1);
                meet(&mut own, Whom::ActedOn, Some((client + worker) << 56 | 1 << 40));
            }
            meet(&mut own, Whom::LiveAlone, None);
            merge(&mut sum, &own);
        }
        let row = Row(&sum);
        assert_eq!((row.stamp(), row.since_s(), row.told_s()), (7, 1_000, 1_000));
        let counts = [Count::Requests, Count::Decided, Count::ActedOn, Count::LiveAllowed, Count::LiveAlone];
        assert_eq!(counts.map(|count| row.count(count)), [12, 0, 12, 0, 3]);
        assert_eq!(Whom::ALL.map(|whom| row.clients(whom)), [6, 0, 0], "who cannot be told is no client");
    }
}
