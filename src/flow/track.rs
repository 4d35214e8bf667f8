//! What identities have done, and what a request's lack.

use super::entry::{Entry, age_ms, tick};
use super::identities::{Identities, share_bytes};
use crate::facts::hash;
use crate::host::Host;
use crate::memory::table::Incidents;
use crate::policy::{Flow, Requirement, Settings};

/// Whose a request is; each by its keyed hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The session it is of.
    pub session: Option<u64>,
    /// The account that it names.
    pub account: Option<u64>,
}

/// What a successful answer issued, by keyed hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issued {
    /// New sessions: of a cookie, of a field.
    pub sessions: Vec<u64>,
    /// Another name of the account.
    pub account: Option<u64>,
    /// Which of the policy's proofs the answer gives, by their places.
    pub proven: Vec<usize>,
}

/// What a request lacks, by its requirement's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// The step was not done.
    Skipped(usize),
    /// It was done too short a time ago.
    Hurried(usize),
}

/// One worker's view of all flows.
pub struct Flows {
    /// `None`: no policy requires a step.
    identities: Option<Identities>,
}

/// A step, as entries name it: by its name, which outlives a change of the configuration.
fn named(step: &str) -> u32 {
    (hash::public(step.as_bytes()) as u32).max(1)
}

impl Flows {
    /// Flows for these settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let share = share_bytes(settings);
        Self { identities: (share > 0).then(|| Identities::new(share)) }
    }

    /// What a request lacks, where that is certain: the first of the requirements. Unless all of them
    /// are known to be met it asks the host anew, since a step may have been done, or a session
    /// issued, a moment ago on another worker.
    pub fn lacking(&mut self, host: &dyn Host, flow: &Flow, who: Who, now_ms: u64) -> Option<Lacking> {
        let identities = self.identities.as_mut()?;
        if judge(identities, host, flow, who, now_ms) == Found::Met {
            return None;
        }
        for key in [who.session, who.account].into_iter().flatten() {
            identities.refresh(host, key);
        }
        if let Some(account) = owner_of(identities, host, who) {
            identities.refresh(host, account);
        }
        match judge(identities, host, flow, who, now_ms) {
            Found::Lacks(lacking) => Some(lacking),
            Found::Met | Found::Unknown => None,
        }
    }

    /// Takes in a success of the origin.
    pub fn witness(&mut self, host: &dyn Host, flow: &Flow, who: Who, issued: &Issued, now_ms: u64) {
        let Some(identities) = self.identities.as_mut() else { return };
        let now = tick(now_ms);
        let account = named_by(identities, host, who).or_else(|| tied_to(identities, host, who));
        let proven: Vec<u32> = issued
            .proven
            .iter()
            .filter_map(|&place| flow.proves.get(place))
            .map(|p| named(&p.step))
            .collect();
        // An answer that could have proven something of the account and did not tells as much: all of it
        // is known from now on.
        let by_answer = |place: usize| flow.proves.get(place).is_some_and(|proof| proof.answer.is_some());
        let disproven =
            (0..flow.proves.len()).any(|place| by_answer(place) && !issued.proven.contains(&place));
        let told = move |entry: &mut Entry| proven.iter().for_each(|step| entry.done(*step, now));
        if let Some(account) = account {
            identities.change(host, account, now_ms, &|entry| {
                if entry.known_since == 0 && (flow.creates || disproven) {
                    entry.known_since = now;
                }
                told(entry);
            });
            if let Some(alias) = issued.account.filter(|alias| *alias != account) {
                identities.change(host, alias, now_ms, &|entry| entry.account = account);
            }
        }
        let session = who.session.filter(|_| flow.links || !issued.proven.is_empty());
        let tied = account.filter(|_| flow.links);
        if let Some(session) = session {
            identities.change(host, session, now_ms, &|entry| {
                entry.account = tied.unwrap_or(entry.account);
                told(entry);
            });
        }
        // A new session goes on where the old one was.
        let before = who.session.and_then(|session| identities.get(host, session));
        for session in issued.sessions.iter().filter(|session| Some(**session) != who.session) {
            identities.change(host, *session, now_ms, &|entry| {
                if entry.known_since == 0 {
                    entry.known_since = now;
                }
                if let Some(before) = &before {
                    entry.inherit(before);
                }
                entry.account = account.unwrap_or(entry.account);
                told(entry);
            });
        }
    }

    /// Housekeeping: what this worker wrote the others hear of.
    pub fn tick(&mut self, host: &dyn Host) {
        if let Some(identities) = &mut self.identities {
            identities.tell_and_hear(host);
        }
    }

    /// What happened to sheets since this was last asked.
    pub fn take_incidents(&mut self) -> Incidents {
        self.identities.as_mut().map(Identities::take_incidents).unwrap_or_default()
    }
}

/// The account that a request names, under the name that its steps are kept under.
fn named_by(identities: &mut Identities, host: &dyn Host, who: Who) -> Option<u64> {
    let account = who.account?;
    let tied = identities.get(host, account).map_or(0, |entry| entry.account);
    Some(if tied == 0 { account } else { tied })
}

/// The account that the session of a request is tied to.
fn tied_to(identities: &mut Identities, host: &dyn Host, who: Who) -> Option<u64> {
    let tied = identities.get(host, who.session?)?.account;
    (tied != 0).then_some(tied)
}

/// Whose steps a request may count on: those of the account that its session is tied to, rather than of one
/// that it names, which anybody can.
fn owner_of(identities: &mut Identities, host: &dyn Host, who: Who) -> Option<u64> {
    tied_to(identities, host, who).or_else(|| named_by(identities, host, who))
}

/// What is found of a request's requirements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// All are met.
    Met,
    /// One is not.
    Lacks(Lacking),
    /// Of one it is not known, and none is known not to be met.
    Unknown,
}

fn judge(identities: &mut Identities, host: &dyn Host, flow: &Flow, who: Who, now_ms: u64) -> Found {
    let mut found = Found::Met;
    let now = tick(now_ms);
    let account = owner_of(identities, host, who);
    let keys = [who.session, account];
    let entries = keys.map(|key| key.and_then(|key| identities.get(host, key)));
    for (place, requirement) in flow.requires.iter().enumerate() {
        let step = named(&requirement.step);
        let done = entries.iter().flatten().filter_map(|entry| entry.step(step));
        let last_ms = done.map(|at| age_ms(at, now)).min();
        match last_ms {
            // Times are kept in quarters of a second: nobody is refused for the rest of one.
            Some(age_ms) if requirement.within_ms.is_none_or(|within_ms| age_ms <= within_ms + 250) => {
                if age_ms + 250 < requirement.min_gap_ms {
                    return Found::Lacks(Lacking::Hurried(place));
                }
            }
            Some(_) => return Found::Lacks(Lacking::Skipped(place)),
            None if is_certain(identities, host, keys, entries, requirement, now) => {
                return Found::Lacks(Lacking::Skipped(place));
            }
            None => found = Found::Unknown,
        }
    }
    found
}

/// Whether a step that is not found was not done. What lasts is the account's, where there is one;
/// anything else may have been done by the session before it had one.
fn is_certain(
    identities: &mut Identities,
    host: &dyn Host,
    [session, account]: [Option<u64>; 2],
    entries: [Option<Entry>; 2],
    requirement: &Requirement,
    now: u32,
) -> bool {
    let mut knows = |key: u64, entry: Option<Entry>| {
        let always = entry.is_some_and(|entry| entry.known_since != 0);
        let within = requirement.within_ms;
        always || within.is_some_and(|within_ms| identities.remembers(host, key, within_ms, now))
    };
    let [of_session, of_account] = entries;
    let lasts = requirement.within_ms.is_none();
    match (session, account) {
        (None, None) => false,
        (_, Some(account)) if lasts => knows(account, of_account),
        (Some(session), None) => knows(session, of_session),
        (None, Some(account)) => knows(account, of_account),
        (Some(session), Some(account)) => knows(session, of_session) && knows(account, of_account),
    }
}
