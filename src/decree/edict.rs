//! What changes in the sheet when decrees are given. Pure, so that it may run again where another worker wrote
//! first.

use super::form::{self, Given};
use super::{Decree, End, Ruling};
use crate::memory::Mark;
use crate::policy::MOST_DECREES;

/// Who gave a decree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The configuration: it is there for as long as it is written.
    Configuration,
    /// Someone by hand: it is there until it ends.
    Hand,
}

/// What was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Whether all that was wanted is given now; else there was no place, or the host refused.
    pub done: bool,
    /// Those that are new, with their ends as times.
    pub given: Vec<Decree>,
    /// Those that ended.
    pub ended: Vec<Decree>,
}

/// Whether two say the same of the same, but for how severely and for how long.
pub(super) fn is_same(one: &Decree, other: &Decree) -> bool {
    one.target == other.target && (one.ruling == Ruling::Unban) == (other.ruling == Ruling::Unban)
}

/// Gives decrees. Those of the configuration are all of its: others that an earlier one had end.
pub(super) fn give(sheet: &mut [u8], origin: Origin, wanted: &[Decree], now_s: u32) -> Changes {
    let mut changes = Changes { done: true, ..Changes::default() };
    match origin {
        Origin::Configuration => end_unwritten(sheet, wanted, &mut changes),
        Origin::Hand => forget_done(sheet, now_s),
    }
    let places = match origin {
        Origin::Configuration => 0..MOST_DECREES,
        Origin::Hand => MOST_DECREES..MOST_DECREES + form::MOST_BY_HAND,
    };
    let known: Vec<(usize, Given)> = form::all(sheet).filter(|(place, _)| places.contains(place)).collect();
    let is_new =
        |decree: &Decree| origin == Origin::Hand || !known.iter().any(|(_, g)| is_same(&g.decree, decree));
    let unbans = wanted.iter().any(|decree| decree.ruling == Ruling::Unban && is_new(decree));
    let mark = if unbans { form::count_unban(sheet) } else { Mark::default() };
    for decree in wanted {
        let before = known.iter().find(|(_, given)| is_same(&given.decree, decree));
        let taken = |place: &usize| form::all(sheet).any(|(other, _)| other == *place);
        let place = before.map(|(place, _)| *place).or_else(|| places.clone().find(|place| !taken(place)));
        let Some(place) = place else {
            changes.done = false;
            continue;
        };
        let given = match before {
            Some((_, before)) if origin == Origin::Configuration => {
                Given { decree: from(decree, before.at_s), ..*before }
            }
            _ => Given { decree: from(decree, now_s), at_s: now_s, mark, revoked: false },
        };
        form::write(sheet, place, Some(&given));
        if is_new(decree) {
            changes.given.push(given.decree);
            revoke(sheet, origin, &given.decree, now_s, &mut changes);
        }
    }
    changes
}

/// The decree with its end as a time.
fn from(decree: &Decree, at_s: u32) -> Decree {
    let ruling = match decree.ruling {
        Ruling::Condemn { action, end: End::After(for_s) } => {
            Ruling::Condemn { action, end: End::At(at_s.saturating_add(for_s)) }
        }
        other => other,
    };
    Decree { target: decree.target, ruling }
}

fn end_unwritten(sheet: &mut [u8], wanted: &[Decree], changes: &mut Changes) {
    let written = |given: &Given| wanted.iter().any(|decree| is_same(decree, &given.decree));
    let gone: Vec<_> =
        form::all(sheet).filter(|(place, given)| *place < MOST_DECREES && !written(given)).collect();
    for (place, given) in gone {
        form::write(sheet, place, None);
        changes.ended.push(given.decree);
    }
}

fn forget_done(sheet: &mut [u8], now_s: u32) {
    let done: Vec<_> =
        form::all(sheet).filter(|(place, given)| *place >= MOST_DECREES && given.is_done(now_s)).collect();
    done.iter().for_each(|(place, _)| form::write(sheet, *place, None));
}

/// Ends the condemnations, given before an unban, of those whom it is about. One that is written stays
/// ended until it leaves the configuration. Within a configuration what is condemned stays so.
fn revoke(sheet: &mut [u8], origin: Origin, unban: &Decree, now_s: u32, changes: &mut Changes) {
    if unban.ruling != Ruling::Unban {
        return;
    }
    let is_met = |(place, given): &(usize, Given)| {
        let by_hand = *place >= MOST_DECREES;
        let condemns = given.decree.ruling != Ruling::Unban && given.is_in_force(now_s);
        condemns && unban.target.covers(&given.decree.target) && (by_hand || origin == Origin::Hand)
    };
    let met: Vec<_> = form::all(sheet).filter(is_met).collect();
    for (place, given) in met {
        let revoked = Given { revoked: true, ..given };
        form::write(sheet, place, Some(&revoked).filter(|_| place < MOST_DECREES));
        changes.ended.push(given.decree);
    }
}
