//! What a request lacks of the steps that are required before it.

use super::entry::{Entry, STATE_MS, age_ms, tick};
use super::identities::{Identities, UNTIED};
use super::track::{Lacking, Who, named};
use crate::host::Host;
use crate::policy::{Flow, Requirement};

/// What is found of a request's requirements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// All are met.
    Met,
    /// One is not.
    Lacks(Lacking),
    /// Of one it is not known, and none is known not to be met.
    Unknown,
}

/// The name that an account's steps are kept under.
pub(super) fn named_by(identities: &mut Identities, host: &dyn Host, account: u64) -> u64 {
    let tied = identities.get(host, account).map_or(0, |entry| entry.account);
    if tied == 0 { account } else { tied }
}

/// The account that the session of a request is tied to.
pub(super) fn tied_to(identities: &mut Identities, host: &dyn Host, who: Who) -> Option<u64> {
    let tied = identities.get(host, who.session?)?.account;
    (tied != 0).then_some(tied)
}

/// Whose steps a request may count on: those of the account that its session is tied to, rather than of one
/// that it names, which anybody can.
pub(super) fn owner_of(identities: &mut Identities, host: &dyn Host, who: Who) -> Option<u64> {
    tied_to(identities, host, who).or_else(|| who.account.map(|account| named_by(identities, host, account)))
}

/// Judges a request. `ties`: whether any policy ties sessions to accounts.
pub(super) fn judge(
    identities: &mut Identities,
    host: &dyn Host,
    flow: &Flow,
    who: Who,
    ties: bool,
    now_ms: u64,
) -> Found {
    let mut found = Found::Met;
    let now = tick(now_ms);
    let account = owner_of(identities, host, who);
    let mut entry = |key: Option<u64>| key.map(|key| identities.get_or_absent(host, key));
    let seen =
        Seen { session: entry(who.session), account: entry(account), untied: entry(Some(UNTIED)), ties, now };
    for (place, requirement) in flow.requires.iter().enumerate() {
        match seen.age_ms(requirement) {
            Some(age_ms) if age_ms + TICK_MS < requirement.min_gap_ms => {
                return Found::Lacks(Lacking::Hurried(place));
            }
            Some(_) => {}
            None if seen.is_certain(requirement) => return Found::Lacks(Lacking::Skipped(place)),
            None => found = Found::Unknown,
        }
    }
    found
}

/// Times are kept in quarters of a second: nobody is refused for the rest of one.
const TICK_MS: u64 = 250;

/// What is known of those whose steps count.
struct Seen {
    session: Option<Entry>,
    account: Option<Entry>,
    untied: Option<Entry>,
    ties: bool,
    now: u32,
}

impl Seen {
    /// How long ago a step was done last, if it still counts.
    fn age_ms(&self, requirement: &Requirement) -> Option<u64> {
        let step = named(&requirement.step);
        let done = [self.session, self.account].into_iter().flatten().filter_map(|entry| entry.step(step));
        let age_ms = done.map(|at| age_ms(at, self.now)).min()?;
        let slack_ms = TICK_MS + if requirement.by_state { STATE_MS } else { 0 };
        requirement.within_ms.is_none_or(|within_ms| age_ms <= within_ms + slack_ms).then_some(age_ms)
    }

    /// Whether a step that is not found was not done.
    fn is_certain(&self, requirement: &Requirement) -> bool {
        let knows = |entry: &Entry| {
            let known_ms = age_ms(entry.known_since, self.now);
            let is_long = |within_ms: u64| entry.known_since != 0 && known_ms > within_ms + TICK_MS;
            entry.born || requirement.within_ms.is_some_and(is_long)
        };
        if requirement.of_account {
            let Some(account) = &self.account else {
                return !self.ties && self.session.as_ref().is_some_and(knows);
            };
            let step = named(&requirement.step);
            let since = account.undone(step).or_else(|| knows(account).then_some(account.known_since));
            // Somebody did it since, and it is not known who.
            let done = self.untied.and_then(|untied| untied.step(step));
            return since.is_some_and(|since| {
                done.is_none_or(|done| age_ms(done, self.now) > age_ms(since, self.now))
            });
        }
        match (&self.session, &self.account) {
            (None, None) => false,
            (None, Some(account)) => knows(account),
            // It may be of an account whose tie was not seen, with other sessions.
            (Some(session), None) => knows(session) && (session.born || !self.ties),
            (Some(session), Some(account)) => knows(session) && knows(account),
        }
    }
}
