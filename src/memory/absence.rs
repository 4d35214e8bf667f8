//! What one worker knows not to be in the table, so that it need not ask.
//!
//! Most clients are quiet and have no record at all. When a page is read, a worker keeps the roll
//! of those who are on it. Whoever is not on the roll has no record, until one comes to the page:
//! of that a worker hears from [`Arrivals`], which it reads again every [`HEARD_MS`].

use super::arrivals::{Arrivals, GROUPS, VALUE_BYTES, group};
use super::page::{Page, RECORDS};
use super::table::Incidents;
use crate::host::Host;
use crate::order::sort_by_key;

/// How old the counts of arrivals may be, in milliseconds: a record that another worker makes is
/// seen after this time at the latest.
const HEARD_MS: u64 = 50;

/// How long a roll is believed, in milliseconds, though no arrival was counted: a worker that was
/// stopped between its write and its count leaves others unaware for no longer.
const ROLL_MS: u64 = 30_000;

/// Rolls that are kept; two pages that differ by a multiple of it share a place.
const ROLLS: usize = 32_768;

/// What an allocator may add to a small value, in bytes.
const ALLOCATED_BYTES: usize = 16;

/// The most that one roll takes, in bytes: that of a full page.
const ROLL_BYTES: usize = size_of::<Roll>() + RECORDS * size_of::<u16>() + 2 * ALLOCATED_BYTES;

/// The most that this takes beside a table of so many pages, in bytes: the places, a roll of a full page
/// in each that can be taken, the counts, and what is yet to be told, of which there are no more than
/// twice as many as groups.
#[must_use]
pub fn bound_bytes(pages: u32) -> u64 {
    let rolls = (pages as usize).min(ROLLS) * ROLL_BYTES + ROLLS * size_of::<Option<Box<Roll>>>();
    (rolls + 2 * VALUE_BYTES + 2 * GROUPS * size_of::<u32>()) as u64
}

/// Whose records are on a page, by 16 bits of each key: one absent client in a thousand is taken
/// for one of a full page's, and asked for.
struct Roll {
    page: u32,
    arrivals: u16,
    taken_ms: u64,
    tags: Box<[u16]>,
}

impl Roll {
    fn is_of(&self, page: u32, now_ms: u64) -> bool {
        self.page == page && now_ms.checked_sub(self.taken_ms).is_some_and(|age| age < ROLL_MS)
    }
}

/// What a worker knows to be absent.
#[derive(Default)]
pub struct Absence {
    /// Places for the rolls; none before the first.
    rolls: Vec<Option<Box<Roll>>>,
    /// The counts as last read; `None`: not yet, or not to be had.
    heard: Option<Arrivals>,
    heard_ms: u64,
    /// Pages that this worker brought records to and has not told of.
    untold: Vec<u32>,
}

impl Absence {
    /// Whether no record of this tag is on this page.
    pub fn holds(&mut self, host: &dyn Host, page: u32, tag: u64, now_ms: u64) -> bool {
        let Some(Some(roll)) = self.rolls.get(place(page)) else { return false };
        if !roll.is_of(page, now_ms) || roll.tags.contains(&short(tag)) {
            return false;
        }
        let arrivals = roll.arrivals;
        if now_ms.checked_sub(self.heard_ms).is_none_or(|age| age >= HEARD_MS) {
            self.hear(host, now_ms);
        }
        self.heard.as_ref().is_some_and(|heard| heard.of(page) == arrivals)
    }

    /// Has to be called before a page is read whose roll shall be kept: what comes between is
    /// counted later than what was heard.
    pub fn expect(&mut self, host: &dyn Host, now_ms: u64) {
        if self.heard.is_none() {
            self.hear(host, now_ms);
        }
    }

    /// Keeps the roll of a page that was just read for this tag; whether that could be done. A roll
    /// that is kept already and has the tag on it still serves.
    pub fn keep(&mut self, page: u32, tag: u64, read: &Page, now_ms: u64) -> bool {
        let Some(heard) = &self.heard else { return false };
        let arrivals = heard.of(page);
        let kept = self.rolls.get(place(page)).and_then(Option::as_ref);
        let serves = |roll: &Roll| {
            roll.is_of(page, now_ms) && roll.arrivals == arrivals && roll.tags.contains(&short(tag))
        };
        if kept.is_some_and(|roll| serves(roll)) {
            return true;
        }
        let tags = read.tags().map(short).collect();
        if self.rolls.is_empty() {
            self.rolls.resize_with(ROLLS, || None);
        }
        if let Some(kept) = self.rolls.get_mut(place(page)) {
            *kept = Some(Box::new(Roll { page, arrivals, taken_ms: now_ms, tags }));
        }
        true
    }

    /// Takes note that this worker brought a record to a page.
    pub fn arrived(&mut self, page: u32) {
        if let Some(kept) = self.rolls.get_mut(place(page)) {
            *kept = None;
        }
        self.untold.push(page);
    }

    /// Arrivals to tell of.
    #[must_use]
    pub fn untold(&self) -> usize {
        self.untold.len()
    }

    /// Tells the other workers of arrivals; where that fails, the next call does.
    pub fn tell(&mut self, host: &dyn Host, now_ms: u64, incidents: &mut Incidents) {
        if self.untold.is_empty() {
            return;
        }
        match Arrivals::add(host, &self.untold, now_ms, incidents) {
            Ok(heard) => {
                self.untold.clear();
                self.heard = Some(heard);
                self.heard_ms = now_ms;
            }
            Err(_) => {
                incidents.deferred += 1;
                // A page for each group: there can be no more of them.
                sort_by_key(&mut self.untold, |&page| group(page));
                self.untold.dedup_by_key(|page| group(*page));
            }
        }
    }

    fn hear(&mut self, host: &dyn Host, now_ms: u64) {
        self.heard = Arrivals::read(host).ok();
        self.heard_ms = now_ms;
    }
}

fn place(page: u32) -> usize {
    page as usize % ROLLS
}

fn short(tag: u64) -> u16 {
    (tag >> 48) as u16
}
