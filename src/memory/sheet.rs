//! Sheets: values of a fixed size in shared data that all workers change together, a batch at a
//! time, and of which each holds a copy to look things up in without asking the host.
//!
//! A sheet is changed by compare-and-swap with each tick. Its generation on the [board](BOARD) tells the
//! other workers that their copy is stale; they read it anew when they next look something up. So what
//! one worker learns, all know within two ticks, and a look-up costs nothing meanwhile.

use super::bytes;
use super::table::{Incidents, TRIES};
use crate::host::{Expected, Host, StoreError};

/// The name of the value that holds a generation for each sheet. Like a sheet's name it carries the
/// version of the form.
pub const BOARD: &str = "pal1.board";

/// Sheets that can be told apart.
pub const MOST_SHEETS: usize = 256;

/// Length of the board in bytes: 16 bits a sheet, little-endian. They are only ever compared for
/// being the same, so they may begin again at 0.
pub const BOARD_BYTES: usize = MOST_SHEETS * 2;

/// A sheet's place in the list that [`Sheets::new`] was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SheetId(pub usize);

/// What a sheet is called in shared data, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetSpec {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: usize,
}

struct Sheet {
    spec: SheetSpec,
    /// The copy; empty before it was first read.
    copy: Vec<u8>,
    version: Version,
    /// Whether another worker has changed it since.
    stale: bool,
    generation: u16,
    /// Changed by this worker, and the others were not told yet.
    untold: bool,
}

/// What a conditional write of a sheet has to name.
#[derive(Clone, Copy)]
enum Version {
    /// The copy is this worker's own writing: the host does not tell the version that it gave it.
    Unknown,
    Absent,
    Read(u32),
}

/// One worker's copies of all sheets.
pub struct Sheets {
    board: &'static str,
    sheets: Vec<Sheet>,
    incidents: Incidents,
}

impl Sheets {
    /// Copies of these sheets, none of them read yet, with their generations on [`BOARD`].
    #[must_use]
    pub fn new(specs: Vec<SheetSpec>) -> Self {
        Self::on_board(BOARD, specs)
    }

    /// The same with a board of their own.
    #[must_use]
    pub fn on_board(board: &'static str, specs: Vec<SheetSpec>) -> Self {
        let sheet = |spec| Sheet {
            spec,
            copy: Vec::new(),
            version: Version::Unknown,
            stale: true,
            generation: 0,
            untold: false,
        };
        Self {
            board,
            sheets: specs.into_iter().take(MOST_SHEETS).map(sheet).collect(),
            incidents: Incidents::default(),
        }
    }

    /// The sheet as it was at the last tick but one at the latest; zeros where it never was written.
    pub fn read(&mut self, host: &dyn Host, id: SheetId) -> &[u8] {
        let Some(sheet) = self.sheets.get_mut(id.0) else { return &[] };
        if sheet.stale && sheet.load(host, &mut self.incidents).is_err() {
            self.incidents.deferred += 1;
        }
        &sheet.copy
    }

    /// Reads a sheet anew, whether it was heard to be changed or not.
    pub fn refresh(&mut self, host: &dyn Host, id: SheetId) {
        let Some(sheet) = self.sheets.get_mut(id.0) else { return };
        if sheet.load(host, &mut self.incidents).is_err() {
            self.incidents.deferred += 1;
        }
    }

    /// Changes a sheet; whether that could be done. `change` runs again where another worker was
    /// first, each time on the sheet as it is then.
    pub fn change(&mut self, host: &dyn Host, id: SheetId, change: &mut dyn FnMut(&mut [u8])) -> bool {
        let incidents = &mut self.incidents;
        let changed = self.sheets.get_mut(id.0).map(|sheet| sheet.change(host, incidents, change));
        let done = changed.is_some_and(|changed| changed.is_ok());
        incidents.deferred += u64::from(!done);
        done
    }

    /// Takes in that something that waited to be written was dropped.
    pub fn lost(&mut self, times: u64) {
        self.incidents.lost += times;
    }

    /// What happened since this was last asked.
    pub fn take_incidents(&mut self) -> Incidents {
        std::mem::take(&mut self.incidents)
    }

    /// Whether others are to be told of changes.
    #[must_use]
    pub fn has_untold(&self) -> bool {
        self.sheets.iter().any(|sheet| sheet.untold)
    }

    /// Tells the others of changes, and hears of theirs. Call it with each tick.
    pub fn tell_and_hear(&mut self, host: &dyn Host) {
        for _ in 0..TRIES {
            let Ok(found) = host.load(self.board) else { return };
            let (mut board, expected) = match found {
                Some(stored) if stored.bytes.len() == BOARD_BYTES => {
                    (stored.bytes, Expected::Version(stored.version))
                }
                Some(stored) => (vec![0; BOARD_BYTES], Expected::Version(stored.version)),
                None => (vec![0; BOARD_BYTES], Expected::Absent),
            };
            self.hear(&board);
            if !self.has_untold() {
                return;
            }
            for (index, _) in self.sheets.iter().enumerate().filter(|(_, sheet)| sheet.untold) {
                let generation = of(&board, index).wrapping_add(1);
                bytes::put(&mut board, index * 2, &generation.to_le_bytes());
            }
            match host.store(self.board, &board, expected) {
                Ok(()) => {
                    for (index, sheet) in self.sheets.iter_mut().enumerate().filter(|(_, s)| s.untold) {
                        // Between this worker's change and now no other's was told, or it was heard above.
                        sheet.generation = of(&board, index);
                        sheet.untold = false;
                    }
                    return;
                }
                Err(StoreError::Conflict) => self.incidents.retries += 1,
                Err(StoreError::Refused) => return,
            }
        }
        self.incidents.deferred += 1;
    }

    fn hear(&mut self, board: &[u8]) {
        for (index, sheet) in self.sheets.iter_mut().enumerate() {
            let generation = of(board, index);
            sheet.stale |= generation != sheet.generation;
            sheet.generation = generation;
        }
    }
}

impl Sheet {
    fn load(&mut self, host: &dyn Host, incidents: &mut Incidents) -> Result<(), StoreError> {
        let (bytes, version) = match host.load(&self.spec.name)? {
            Some(stored) if stored.bytes.len() == self.spec.bytes => {
                (stored.bytes, Version::Read(stored.version))
            }
            // Of another size, since `memory` was changed: what it held is lost.
            Some(stored) => {
                incidents.unreadable += 1;
                (vec![0; self.spec.bytes], Version::Read(stored.version))
            }
            None => (vec![0; self.spec.bytes], Version::Absent),
        };
        self.copy = bytes;
        self.version = version;
        self.stale = false;
        Ok(())
    }

    fn change(
        &mut self,
        host: &dyn Host,
        incidents: &mut Incidents,
        change: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), StoreError> {
        for _ in 0..2 * TRIES {
            let expected = match self.version {
                Version::Read(version) => Expected::Version(version),
                Version::Absent => Expected::Absent,
                Version::Unknown => {
                    self.load(host, incidents)?;
                    continue;
                }
            };
            let mut changed = self.copy.clone();
            change(&mut changed);
            match host.store(&self.spec.name, &changed, expected) {
                Ok(()) => {
                    self.copy = changed;
                    self.version = Version::Unknown;
                    self.stale = false;
                    self.untold = true;
                    return Ok(());
                }
                Err(StoreError::Conflict) => {
                    incidents.retries += 1;
                    self.version = Version::Unknown;
                }
                Err(StoreError::Refused) => return Err(StoreError::Refused),
            }
        }
        Err(StoreError::Conflict)
    }
}

fn of(board: &[u8], index: usize) -> u16 {
    u16::from_le_bytes(bytes::array(board, index * 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Faults, SimHost, Store};
    use std::sync::Arc;

    const ID: SheetId = SheetId(1);

    fn sheets() -> Sheets {
        let spec = |n| SheetSpec { name: format!("s{n}"), bytes: 8 };
        Sheets::new((0..2).map(spec).collect())
    }

    fn add(sheets: &mut Sheets, host: &SimHost) -> bool {
        let mut count = |bytes: &mut [u8]| bytes[0] += 1;
        let done = sheets.change(host, ID, &mut count);
        sheets.tell_and_hear(host);
        done
    }

    fn count(sheets: &mut Sheets, host: &SimHost) -> u8 {
        sheets.read(host, ID).first().copied().unwrap()
    }

    #[test]
    fn what_one_worker_changes_the_others_see_after_their_tick() {
        let store = Arc::new(Store::default());
        let hosts = [SimHost::new(Arc::clone(&store)), SimHost::new(store)];
        let [mut one, mut other] = [sheets(), sheets()];
        assert_eq!(count(&mut other, &hosts[1]), 0);
        for n in 1..=100 {
            assert!(add(&mut one, &hosts[0]));
            assert!(add(&mut other, &hosts[1]));
            other.tell_and_hear(&hosts[1]);
            one.tell_and_hear(&hosts[0]);
            assert_eq!((count(&mut one, &hosts[0]), count(&mut other, &hosts[1])), (2 * n, 2 * n));
        }
    }

    #[test]
    fn a_look_up_asks_the_host_only_after_a_change() {
        let store = Arc::new(Store::default());
        let host = SimHost::new(Arc::clone(&store));
        let mut sheets = sheets();
        count(&mut sheets, &host);
        let before = store.reads();
        (0..100).for_each(|_| assert_eq!(count(&mut sheets, &host), 0));
        assert_eq!(store.reads(), before);
        add(&mut sheets, &host);
        let before = store.reads();
        assert_eq!(count(&mut sheets, &host), 1);
        assert_eq!(store.reads(), before, "its own change is in its copy");
    }

    #[test]
    fn a_conflict_is_tried_again_and_a_refusal_reported() {
        let store = Arc::new(Store::default());
        let host = SimHost::new(Arc::clone(&store));
        let mut sheets = sheets();
        store.inject(Faults { conflict_every: 2, refuse: false });
        (0..20).for_each(|_| assert!(add(&mut sheets, &host)));
        store.inject(Faults { conflict_every: 0, refuse: true });
        assert!(!add(&mut sheets, &host));
        store.inject(Faults::default());
        assert_eq!(count(&mut sheets, &host), 20);
        assert!(add(&mut sheets, &host));
        assert_eq!(count(&mut sheets, &host), 21);
    }

    #[test]
    fn a_sheet_of_another_size_begins_anew() {
        let store = Arc::new(Store::default());
        store.overwrite("s1", b"x");
        store.overwrite(BOARD, b"not a board");
        let host = SimHost::new(store);
        let mut sheets = sheets();
        assert_eq!(count(&mut sheets, &host), 0);
        assert!(add(&mut sheets, &host));
        assert_eq!(count(&mut sheets, &host), 1);
    }
}
