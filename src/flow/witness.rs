//! What a success of the origin tells, of whom.
//!
//! Anybody can name an account, and an origin that tells nobody which addresses have an account answers a
//! sign-up alike for those that have. So an account is taken for new, and a name for its, only where
//! nothing was known of them; and only a sign-in ties again what is tied.

use super::entry::{Entry, Told, tick};
use super::identities::{Identities, UNTIED};
use super::judge::{named_by, tied_to};
use super::track::{Issued, Who, named};
use crate::host::Host;
use crate::policy::Flow;

/// The account of a success.
#[derive(Clone, Copy)]
struct Account {
    /// The name that it is kept under.
    key: u64,
    /// Whether nothing was known of it before.
    is_new: bool,
    /// Another name, if it is not tied to one yet, with what was kept under that.
    alias: Option<(u64, Option<Entry>)>,
}

/// What a success tells of each identity. `is_lasting`: whether a step is an account's.
pub(super) fn tell(
    identities: &mut Identities,
    host: &dyn Host,
    (flow, who, issued): (&Flow, Who, &Issued),
    is_lasting: &dyn Fn(u32) -> bool,
    now_ms: u64,
) -> Vec<Told> {
    let at = tick(now_ms);
    let (acts, states) = steps_of(flow, &issued.proven);
    let proven = |key| Told { key, acts: acts.clone(), states: states.clone(), at, ..Told::default() };
    let mut told = Vec::new();
    let account = account_of(identities, host, flow, who, issued);
    // A success of somebody who only names an account does not say what it has not done.
    let is_owner = flow.links || tied_to(identities, host, who).is_some();
    let born = flow.creates && issued.created && account.as_ref().is_some_and(|account| account.is_new);
    if let Some(Account { key, is_new, alias }) = account {
        // Who signs up for an account that is known has shown nothing of it.
        let shows = born || !flow.creates;
        let undone = if shows && is_owner { steps_of(flow, &issued.disproven).1 } else { Vec::new() };
        let merged = alias.and_then(|(_, entry)| entry);
        let steps = if shows || is_new { proven(key) } else { Told { key, at, ..Told::default() } };
        told.push(Told { born, undone, merged, ..steps });
        if let Some((alias, _)) = alias {
            told.push(Told { key: alias, account: Some(key), at, ..Told::default() });
        }
    } else if acts.iter().chain(&states).any(|step| is_lasting(*step)) {
        told.push(proven(UNTIED));
    }
    let tie = account.as_ref().filter(|_| flow.links).map(|account| account.key);
    let anew = born || !flow.creates;
    let before = who.session.map(|session| identities.get_or_absent(host, session));
    if let Some(session) = who.session.filter(|_| flow.links || !(acts.is_empty() && states.is_empty())) {
        told.push(Told { account: tie, anew, ..proven(session) });
    }
    // A new session goes on where the old one was.
    for session in issued.sessions.iter().filter(|session| Some(**session) != who.session) {
        told.push(Told { account: tie, anew, born: before.is_none(), after: before, ..proven(*session) });
    }
    told
}

/// The steps that are proven at these places: what was done just now, and what an answer shows.
fn steps_of(flow: &Flow, places: &[usize]) -> (Vec<u32>, Vec<u32>) {
    let proofs = || places.iter().filter_map(|&place| flow.proves.get(place));
    let name = |is_state: bool| {
        let wanted = proofs().filter(move |proof| proof.answer.is_some() == is_state);
        wanted.map(|proof| named(&proof.step)).collect()
    };
    (name(false), name(true))
}

/// The account of a success: under the name that is known, and otherwise as the request names it.
fn account_of(
    identities: &mut Identities,
    host: &dyn Host,
    flow: &Flow,
    who: Who,
    issued: &Issued,
) -> Option<Account> {
    let names = [who.account, issued.account]
        .map(|name| name.map(|key| (key, identities.get(host, key), named_by(identities, host, key))));
    let known = names.iter().flatten().find(|(_, entry, _)| entry.is_some());
    let mut tied = || tied_to(identities, host, who).filter(|_| !flow.links);
    let Some(key) =
        known.map(|(_, _, key)| *key).or_else(|| names.iter().flatten().map(|(key, ..)| *key).next())
    else {
        return tied().map(|key| Account { key, is_new: false, alias: None });
    };
    let is_new = known.is_none();
    // Of a sign-up that is not the first, the answer may be made up.
    let may_tie = flow.links && (is_new || !flow.creates);
    let alias = names
        .iter()
        .flatten()
        .find(|(name, entry, _)| may_tie && *name != key && entry.is_none_or(|entry| entry.account == 0));
    Some(Account { key, is_new, alias: alias.map(|(name, entry, _)| (*name, *entry)) })
}
