//! What one worker has to say of what was begun: entered with the next tick, taken out when it is
//! followed up or falls due.

use super::late::{self, Late};
use super::lesson::Kind;
use crate::host::Host;
use crate::memory::sheet::{SheetId, Sheets};

/// Changes that may wait for the next tick; more are lost.
const WAITING: usize = 512;

/// The most that waits, in bytes: what is begun and followed up, twice for the same.
pub(super) const WAITING_BYTES: u64 = (2 * WAITING * size_of::<Turn>()) as u64;

/// The most that it takes to turn over so many records of what was begun, in bytes: all may fall due at
/// once, after as many as may wait were followed up. Vectors double as they grow.
pub(super) const fn turning_bytes(records: usize) -> u64 {
    let due = records.next_power_of_two() * size_of::<Late>();
    let ended = (records + WAITING).next_power_of_two() * size_of::<(Late, Kind)>();
    ((due + ended) * 3 / 2) as u64
}

/// A change to what is yet to be followed up.
#[derive(Clone, Copy)]
enum Turn {
    Begun(Late),
    Kept(u64),
}

/// One worker's part in following up.
pub(super) struct FollowUps {
    sheet: SheetId,
    turns: Vec<Turn>,
    looked_s: u32,
}

impl FollowUps {
    /// Follows what is in this sheet.
    pub(super) fn new(sheet: SheetId) -> Self {
        Self { sheet, turns: Vec::new(), looked_s: 0 }
    }

    /// Takes in that something was begun.
    pub(super) fn begin(&mut self, sheets: &mut Sheets, late: Late) {
        self.turn(sheets, Turn::Begun(late));
    }

    /// Takes in that what is under a key, if anything, was followed up.
    pub(super) fn keep(&mut self, host: &dyn Host, sheets: &mut Sheets, key: u64) {
        let waits = self.turns.iter().any(|turn| matches!(turn, Turn::Begun(late) if late.key == key));
        if waits || late::holds(sheets.read(host, self.sheet), key) {
            self.turn(sheets, Turn::Kept(key));
        }
    }

    fn turn(&mut self, sheets: &mut Sheets, turn: Turn) {
        if self.turns.len() < WAITING {
            self.turns.push(turn);
        } else {
            sheets.lost(1);
        }
    }

    /// Enters what was begun; what was followed up or fell due, and which of both.
    pub(super) fn turn_over(
        &mut self,
        host: &dyn Host,
        sheets: &mut Sheets,
        now_s: u32,
    ) -> Vec<(Late, Kind)> {
        // Once a second is often enough to look for what is due.
        let looks = now_s != self.looked_s;
        self.looked_s = now_s;
        let due = looks && late::any_due(sheets.read(host, self.sheet), now_s);
        let mut ended = Vec::new();
        if self.turns.is_empty() && !due {
            return ended;
        }
        let turns = &self.turns;
        let mut write = |sheet: &mut [u8]| {
            ended.clear();
            for turn in turns {
                match turn {
                    Turn::Begun(late) => late::enter(sheet, late),
                    Turn::Kept(key) => ended.extend(late::take(sheet, *key).map(|late| (late, Kind::Kept))),
                }
            }
            ended.extend(late::take_due(sheet, now_s).into_iter().map(|late| (late, Kind::Lapsed)));
        };
        if sheets.change(host, self.sheet, &mut write) {
            self.turns.clear();
            ended
        } else {
            // They wait for the next tick.
            Vec::new()
        }
    }
}
