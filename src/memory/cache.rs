//! What one worker keeps beside the shared table, so that most requests ask the host for nothing.
//!
//! A key that has no record at all is known by [`super::absence`]. A key that nothing speaks against is
//! believed for [`FRESH_MS`]; so is a standing verdict. Any other key is read anew for each request.
//! Failures and verdicts are written at once; successes that a rule can see wait for the next tick, and
//! those that none can see are not written at all.

use crate::order::sort_by_key;
use std::rc::Rc;

use super::absence::Absence;
use super::bucket::{self, Spent};
use super::generations::{Generations, bound_bytes};
use super::layout;
use super::mark::Mark;
use super::table::{Incidents, Table, tag_of};
use super::tally::{Event, Tally};
use crate::facts::Key;
use crate::host::Host;
use crate::policy::{Rate, TallySpec};

/// How long a quiet or condemned key is believed without asking, in milliseconds. Also the time
/// within which waiting successes are merged.
pub const FRESH_MS: u64 = 100;

/// Entries in each of the two generations of the cache.
const GENERATION: usize = 4096;

/// Events that may wait to be written.
const WAITING: usize = 4096;

/// Records that a worker makes before it tells the others at the latest.
const UNTOLD: usize = 256;

/// The most that this cache takes, in bytes: two generations, and the events, which are sorted
/// and grouped while they are written.
pub const BOUND_BYTES: u64 =
    bound_bytes::<Key, Entry>(GENERATION) + (3 * WAITING * size_of::<Waiting>()) as u64;

/// Index of a tally's specification in the list that [`Memory::new`] was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpecId(pub u16);

/// One key's place: which tally, and what it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The key.
    pub key: Key,
    /// What is counted.
    pub spec: SpecId,
}

struct Entry {
    tally: Tally,
    loaded_ms: u64,
    /// Whether events of this key wait to be written.
    waits: bool,
}

impl Entry {
    /// Whether the table need not be asked: it was lately, and what it said was settled.
    fn is_believed(&self, now_ms: u64) -> bool {
        now_ms.checked_sub(self.loaded_ms).is_some_and(|age| age < FRESH_MS)
            && is_settled(&self.tally, now_ms)
    }
}

/// Whether nothing speaks against a key, or a verdict stands: more would change little soon.
fn is_settled(tally: &Tally, now_ms: u64) -> bool {
    tally.is_quiet(now_ms) || tally.standing.stands(now_ms)
}

#[derive(Clone, Copy)]
struct Waiting {
    slot: Slot,
    at_ms: u64,
    event: Event,
}

/// The memory of one worker: a cache over the table that all workers share.
pub struct Memory {
    table: Table,
    specs: Rc<[TallySpec]>,
    absence: Absence,
    entries: Generations<Key, Entry>,
    waiting: Vec<Waiting>,
    incidents: Incidents,
    /// That of the last unban: what begins now has nothing from before it.
    mark: Mark,
}

impl Memory {
    /// A memory over a table of `memory_bytes`. `seeds` key the in-memory maps.
    #[must_use]
    pub fn new(memory_bytes: u64, specs: Vec<TallySpec>, seeds: [u64; 4]) -> Self {
        Self {
            table: Table { pages: layout::bound(memory_bytes).pages },
            specs: specs.into(),
            absence: Absence::default(),
            entries: Generations::new(GENERATION, seeds),
            waiting: Vec::new(),
            incidents: Incidents::default(),
            mark: Mark::default(),
        }
    }

    /// Takes in up to which unban all that begins from now on is cleared.
    pub fn set_mark(&mut self, mark: Mark) {
        self.mark = mark;
    }

    /// The tally of a key as of now.
    pub fn view(&mut self, host: &dyn Host, slot: Slot, now_ms: u64) -> Tally {
        let waits = match self.entry(slot.key) {
            Some(entry) if entry.is_believed(now_ms) => return self.as_of(slot, entry.tally, now_ms),
            entry => entry.is_some_and(|entry| entry.waits),
        };
        if waits {
            let waiting = self.take_waiting(slot);
            return self.write(host, slot, waiting, None, now_ms);
        }
        let (page, tag) = (self.table.page_of(slot.key), tag_of(slot.key));
        if self.absence.holds(host, page, tag, now_ms) {
            return self.as_of(slot, Tally::default(), now_ms);
        }
        self.absence.expect(host, now_ms);
        let tally = match self.table.read(host, page) {
            Ok(read) => {
                let has_roll = self.absence.keep(page, tag, &read, now_ms);
                match read.get(tag) {
                    None if has_roll => return self.as_of(slot, Tally::default(), now_ms),
                    found => found.unwrap_or_default(),
                }
            }
            Err(_) => {
                self.incidents.deferred += 1;
                self.entry(slot.key).map(|e| e.tally).unwrap_or_default()
            }
        };
        let tally = self.as_of(slot, tally, now_ms);
        // What is asked for anew each time needs no place.
        if is_settled(&tally, now_ms) {
            self.keep(slot.key, tally, now_ms, false);
        }
        tally
    }

    fn as_of(&self, slot: Slot, mut tally: Tally, now_ms: u64) -> Tally {
        if tally.seen_ms == 0 {
            tally.mark = self.mark;
        }
        if let Some(spec) = self.spec(slot) {
            tally.advance(spec, now_ms);
        }
        tally
    }

    /// Whether a success would change anything that a rule can see, with the tally as it was viewed.
    #[must_use]
    pub fn minds_success(&self, slot: Slot, tally: &Tally, value: Option<u64>, now_ms: u64) -> bool {
        self.spec(slot).is_some_and(|spec| tally.minds_success(spec, value, now_ms))
    }

    /// Takes in what happened to a key, and returns its tally after that.
    pub fn record(&mut self, host: &dyn Host, slot: Slot, event: Event, now_ms: u64) -> Tally {
        if let Event::Success(value) = event {
            let mut tally = self.view(host, slot, now_ms);
            let Some(spec) = self.spec(slot).filter(|spec| tally.minds_success(spec, value, now_ms)) else {
                return tally;
            };
            if tally.is_quiet(now_ms) {
                tally.apply(spec, event, now_ms);
                self.keep(slot.key, tally, now_ms, true);
                self.wait(host, Waiting { slot, at_ms: now_ms, event });
                return tally;
            }
        }
        let waiting = self.take_waiting(slot);
        self.write(host, slot, waiting, Some(event), now_ms)
    }

    /// Takes tokens out of the bucket of a key, if they are there, for all workers together. Where the table
    /// cannot be asked they are.
    pub fn spend(&mut self, host: &dyn Host, key: Key, rate: Rate, tokens: u32, now_ms: u64) -> Spent {
        let mut spent = Spent { passes: true, left: rate.burst, wait_ms: 0, full_ms: 0 };
        let mut take = |tally: &mut Tally| spent = bucket::take(tally, rate, tokens, now_ms);
        match self.table.update(host, key, now_ms, &mut self.incidents, &mut take) {
            Ok((_, true)) => self.absence.arrived(self.table.page_of(key)),
            Ok((_, false)) => {}
            Err(_) => {
                self.incidents.deferred += 1;
                spent.passes = true;
            }
        }
        spent
    }

    /// Tells other workers of the records that this one made. Call it when an exchange is learned from.
    pub fn tell(&mut self, host: &dyn Host, now_ms: u64) {
        self.absence.tell(host, now_ms, &mut self.incidents);
    }

    /// Writes what waits. Call it with each tick.
    pub fn flush(&mut self, host: &dyn Host, now_ms: u64) {
        let mut waiting = std::mem::take(&mut self.waiting);
        // A key's events stay in their order.
        sort_by_key(&mut waiting, |w| w.slot);
        for group in waiting.chunk_by(|a, b| a.slot == b.slot) {
            if let Some(first) = group.first() {
                self.write(host, first.slot, group.to_vec(), None, now_ms);
            }
        }
        self.tell(host, now_ms);
    }

    /// What happened since this was last asked.
    pub fn take_incidents(&mut self) -> Incidents {
        std::mem::take(&mut self.incidents)
    }

    /// Whether anything waits to be written.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty() || self.absence.untold() > 0
    }

    /// What waits for a key, in order, so that it is written before anything newer.
    fn take_waiting(&mut self, slot: Slot) -> Vec<Waiting> {
        self.waiting.extract_if(.., |w| w.slot == slot).collect()
    }

    /// Writes what waited for a key, and then a new event, in one go; where that fails they wait for
    /// the next tick, so none is lost.
    fn write(
        &mut self,
        host: &dyn Host,
        slot: Slot,
        mut events: Vec<Waiting>,
        new: Option<Event>,
        now_ms: u64,
    ) -> Tally {
        let specs = Rc::clone(&self.specs);
        let Some(spec) = specs.get(usize::from(slot.spec.0)) else { return Tally::default() };
        events.extend(new.map(|event| Waiting { slot, at_ms: now_ms, event }));
        let mark = self.mark;
        let mut apply = |tally: &mut Tally| {
            if tally.seen_ms == 0 {
                tally.mark = mark;
            }
            for waiting in &events {
                tally.apply(spec, waiting.event, waiting.at_ms);
            }
        };
        let written = self.table.update(host, slot.key, now_ms, &mut self.incidents, &mut apply);
        let waits = written.is_err();
        if written.is_ok_and(|(_, is_new)| is_new) {
            self.absence.arrived(self.table.page_of(slot.key));
            if self.absence.untold() >= UNTOLD {
                self.tell(host, now_ms);
            }
        }
        let mut tally = written.map(|(tally, _)| tally).unwrap_or_else(|_| {
            // What waited before is in the worker's own copy already.
            let mut tally = self.entry(slot.key).map(|e| e.tally).unwrap_or_default();
            if let Some(event) = new {
                tally.apply(spec, event, now_ms);
            }
            tally
        });
        if waits {
            self.incidents.deferred += 1;
            events.into_iter().for_each(|waiting| self.push(waiting));
        }
        tally.advance(spec, now_ms);
        self.keep(slot.key, tally, now_ms, waits);
        tally
    }

    fn wait(&mut self, host: &dyn Host, waiting: Waiting) {
        if self.waiting.len() >= WAITING {
            self.flush(host, waiting.at_ms);
        }
        self.push(waiting);
    }

    fn push(&mut self, waiting: Waiting) {
        if self.waiting.len() < WAITING {
            self.waiting.push(waiting);
        } else {
            self.incidents.lost += 1;
        }
    }

    fn spec(&self, slot: Slot) -> Option<&TallySpec> {
        self.specs.get(usize::from(slot.spec.0))
    }

    fn entry(&self, key: Key) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// Keeps a tally. Events that wait are kept apart, and lose nothing when it is forgotten.
    fn keep(&mut self, key: Key, tally: Tally, now_ms: u64, waits: bool) {
        self.entries.insert(key, Entry { tally, loaded_ms: now_ms, waits });
    }
}
