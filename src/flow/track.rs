//! One worker's view of all flows.

use std::collections::VecDeque;

use super::entry::Told;
use super::identities::{Identities, UNTIED, share_bytes};
use super::judge::{Found, judge, owner_of};
use super::witness;
use crate::facts::hash;
use crate::host::Host;
use crate::memory::table::Incidents;
use crate::policy::{Flow, Settings};

/// Whose a request is; each by its keyed hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The session it is of.
    pub session: Option<u64>,
    /// The account that it names.
    pub account: Option<u64>,
}

/// What a successful answer issued and showed; identities by keyed hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issued {
    /// New sessions: of a cookie, of a field.
    pub sessions: Vec<u64>,
    /// Another name of the account.
    pub account: Option<u64>,
    /// Whether it says that something was created.
    pub created: bool,
    /// Which of the policy's proofs the answer gives, by their places.
    pub proven: Vec<usize>,
    /// To which of them it says the contrary.
    pub disproven: Vec<usize>,
}

/// What a request lacks, by its requirement's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// The step was not done.
    Skipped(usize),
    /// It was done too short a time ago.
    Hurried(usize),
}

/// What could not be written at once waits, so much of it at most.
const MOST_WAITING: usize = 256;

/// One worker's view of all flows.
pub struct Flows {
    /// `None`: no policy requires a step.
    identities: Option<Identities>,
    /// Steps that are an account's.
    lasting: Vec<u32>,
    /// Whether any policy ties sessions to accounts.
    ties: bool,
    waiting: VecDeque<Told>,
    lost: u64,
}

/// A step, as entries name it: by its name, which outlives a change of the configuration.
pub(super) fn named(step: &str) -> u32 {
    hash::public(step.as_bytes()) as u32
}

impl Flows {
    /// Flows for these settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let share = share_bytes(settings);
        let flows = || settings.policies.iter().filter_map(|policy| policy.flow.as_ref());
        let required = flows().flat_map(|flow| &flow.requires);
        Self {
            identities: (share > 0).then(|| Identities::new(share)),
            lasting: required.filter(|step| step.of_account).map(|step| named(&step.step)).collect(),
            ties: flows().any(|flow| flow.links),
            waiting: VecDeque::new(),
            lost: 0,
        }
    }

    /// What a request lacks, where that is certain: the first of the requirements. Unless all of them
    /// are known to be met it asks the host anew, since a step may have been done, or a session
    /// issued, a moment ago on another worker.
    pub fn lacking(&mut self, host: &dyn Host, flow: &Flow, who: Who, now_ms: u64) -> Option<Lacking> {
        self.write_waiting(host);
        let identities = self.identities.as_mut()?;
        if judge(identities, host, flow, who, self.ties, now_ms) == Found::Met {
            return None;
        }
        refresh(identities, host, [who.session, who.account]);
        let owner = owner_of(identities, host, who);
        // Only steps of accounts can have been done by somebody unknown.
        refresh(identities, host, [owner, (!self.lasting.is_empty()).then_some(UNTIED)]);
        match judge(identities, host, flow, who, self.ties, now_ms) {
            Found::Lacks(lacking) => Some(lacking),
            Found::Met | Found::Unknown => None,
        }
    }

    /// Takes in a success of the origin.
    pub fn witness(&mut self, host: &dyn Host, flow: &Flow, who: Who, issued: &Issued, now_ms: u64) {
        self.write_waiting(host);
        let Some(identities) = self.identities.as_mut() else { return };
        let ties = self.ties;
        let lasting = &self.lasting;
        let is_lasting = |step: u32| ties && lasting.contains(&step);
        let tell = |identities: &mut Identities| {
            witness::tell(identities, host, (flow, who, issued), &is_lasting, now_ms)
        };
        if tell(identities).iter().all(|told| identities.knows(host, told)) {
            return;
        }
        // What is new depends on what other workers wrote.
        refresh(identities, host, [who.session, who.account]);
        refresh(identities, host, [issued.account, None]);
        for told in tell(identities) {
            if !identities.write(host, &told) {
                self.waiting.push_back(told);
            }
        }
        while self.waiting.len() > MOST_WAITING {
            self.waiting.pop_front();
            self.lost += 1;
        }
    }

    /// Housekeeping: what this worker wrote the others hear of.
    pub fn tick(&mut self, host: &dyn Host) {
        self.write_waiting(host);
        if let Some(identities) = &mut self.identities {
            identities.tell_and_hear(host);
        }
    }

    /// What happened to sheets since this was last asked.
    pub fn take_incidents(&mut self) -> Incidents {
        let of_sheets = self.identities.as_mut().map(Identities::take_incidents).unwrap_or_default();
        of_sheets.plus(Incidents { lost: std::mem::take(&mut self.lost), ..Incidents::default() })
    }

    /// Writes what waits, in its order, until something cannot be written.
    fn write_waiting(&mut self, host: &dyn Host) {
        let Some(identities) = self.identities.as_mut() else { return };
        while self.waiting.front().is_some_and(|told| identities.write(host, told)) {
            self.waiting.pop_front();
        }
    }
}

fn refresh(identities: &mut Identities, host: &dyn Host, keys: [Option<u64>; 2]) {
    for key in keys.into_iter().flatten() {
        identities.refresh(host, key);
    }
}
