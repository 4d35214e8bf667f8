//! Decrees: what the operator rules by hand, and every worker carries out.
//!
//! A condemnation gives requests an action, whatever was counted. An unban lets nothing hold that was ruled
//! or counted before it; what happens after it counts from zero. Decrees lie in a sheet of their own, so that
//! all workers know of one within two ticks, and a new configuration keeps them.

mod edict;
mod form;

use std::net::IpAddr;

pub use edict::Origin;
pub use form::{MOST_BY_HAND, SHEET_BYTES};

use edict::Changes;
use form::Given;

use crate::decide::Action;
use crate::facts::{Facets, FingerprintId, Hashes};
use crate::host::Host;
use crate::memory::sheet::{SheetId, SheetSpec, Sheets};
use crate::memory::table::Incidents;
use crate::memory::{Mark, Standing};
use crate::policy::{DecreeRule, Facet, RuledAs, Target};

/// The name of the sheet, and of its board.
const SHEET: &str = "pal1.decrees";
const BOARD: &str = "pal1.decreed";
const ID: SheetId = SheetId(0);

/// What has no end is said to end after so long, in seconds: a client that is limited has to be told something.
const SHOWN_S: u32 = 3600;

/// What is ruled of someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decree {
    /// Whom it is about.
    pub target: Target<u64>,
    /// What is ruled.
    pub ruling: Ruling,
}

/// What is ruled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Requests meet an action.
    Condemn {
        /// One that stands for a while.
        action: Action,
        /// Until when.
        end: End,
    },
    /// What was ruled and counted before does not hold.
    Unban,
}

/// When a condemnation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// When an unban says so, or it leaves the configuration.
    Open,
    /// At this time, in seconds since 1970.
    At(u32),
    /// So many seconds after it was first seen.
    After(u32),
}

/// What a request tells of its sender, as far as decrees go by it.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'f> {
    /// The address; `None`: it was not read, or cannot be.
    pub address: Option<IpAddr>,
    /// All that is known else.
    pub facets: &'f Facets,
    /// The campaigns that it is of; 0: none.
    pub campaigns: [u32; 2],
}

/// What the decrees say of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// The verdict that it meets, and the place of the decree that gives it.
    pub condemned: Option<(Standing, usize)>,
    /// The last unban that it meets.
    pub unbanned: Option<Mark>,
}

/// What has to be read of a request, so that decrees find whom they are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Its address.
    pub address: bool,
    /// The network in its fingerprint.
    pub network: bool,
    /// Its fingerprint.
    fingerprint: bool,
    /// The campaigns that it is of, for an unban.
    pub campaigns: bool,
    /// All of it, before a verdict on it is carried out: its body may show that it is unbanned.
    pub body: bool,
}

/// The decrees as one worker knows them.
pub struct Decrees {
    sheets: Sheets,
    /// Those of the configuration, and why.
    written: Vec<(Decree, Option<String>)>,
    /// Whether those are given.
    settled: bool,
    /// The sheet as it was last read, and what it says.
    read: Vec<u8>,
    given: Vec<(usize, Given)>,
    needs: Needs,
    mark: Mark,
}

impl Decrees {
    /// Those of the configuration, not given yet.
    #[must_use]
    pub fn new(written: &[DecreeRule], hashes: &Hashes) -> Self {
        let spec = SheetSpec { name: SHEET.to_owned(), bytes: SHEET_BYTES };
        Self {
            sheets: Sheets::on_board(BOARD, vec![spec]),
            written: written.iter().map(|rule| (decree(rule, hashes), rule.why.clone())).collect(),
            settled: false,
            read: Vec::new(),
            given: Vec::new(),
            needs: Needs::default(),
            mark: Mark::default(),
        }
    }

    /// Whether those of the configuration are given.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// Gives those of the configuration, and ends those that an earlier one had; what that changed.
    pub fn settle(&mut self, host: &dyn Host, now_ms: u64) -> Changes {
        let wanted: Vec<Decree> = self.written.iter().map(|(decree, _)| *decree).collect();
        let changes = self.change(host, Origin::Configuration, &wanted, now_ms);
        self.settled |= changes.done;
        changes
    }

    /// Gives one by hand; what that changed.
    pub fn give(&mut self, host: &dyn Host, decree: Decree, now_ms: u64) -> Changes {
        self.change(host, Origin::Hand, &[decree], now_ms)
    }

    fn change(&mut self, host: &dyn Host, origin: Origin, wanted: &[Decree], now_ms: u64) -> Changes {
        let now_s = (now_ms / 1000) as u32;
        // Another worker may have been first: then there is nothing to write.
        self.sheets.refresh(host, ID);
        let mut tried = self.sheets.read(host, ID).to_vec();
        let mut changes = edict::give(&mut tried, origin, wanted, now_s);
        if tried != self.sheets.read(host, ID) {
            let mut give = |sheet: &mut [u8]| changes = edict::give(sheet, origin, wanted, now_s);
            let done = self.sheets.change(host, ID, &mut give);
            changes = if done { changes } else { Changes::default() };
            changes.done = done;
            self.sheets.tell_and_hear(host);
        }
        self.look(host);
        changes
    }

    /// Hears of what other workers gave. Call it with each tick.
    pub fn tick(&mut self, host: &dyn Host) {
        self.sheets.tell_and_hear(host);
        self.look(host);
    }

    fn look(&mut self, host: &dyn Host) {
        let sheet = self.sheets.read(host, ID);
        if self.read == sheet {
            return;
        }
        self.read = sheet.to_vec();
        self.given = form::all(&self.read).collect();
        self.mark = Mark::of(form::unbans(&self.read));
        self.needs = needs(&self.given);
    }

    /// What happened to the sheet since this was last asked.
    pub fn take_incidents(&mut self) -> Incidents {
        self.sheets.take_incidents()
    }

    /// What has to be read of a request.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// The mark of the last unban that was heard of.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Why a decree of the configuration was given.
    #[must_use]
    pub fn why(&self, decree: &Decree) -> Option<&str> {
        let written = self.written.iter().find(|(written, _)| edict::is_same(written, decree));
        written.and_then(|(_, why)| why.as_deref())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// The campaigns that are condemned by decree, each with the action and until when.
    pub fn condemned_campaigns(&self, now_ms: u64) -> impl Iterator<Item = (u32, Action, u32)> + '_ {
        let now_s = (now_ms / 1000) as u32;
        self.given.iter().filter(move |(_, given)| given.is_in_force(now_s)).filter_map(|(_, given)| {
            match (given.decree.target, given.decree.ruling) {
                (Target::Campaign(id), Ruling::Condemn { action, .. }) => Some((id, action, given.until_s())),
                _ => None,
            }
        })
    }

    /// What the decrees say of a request: of condemnations the most severe, of equals the one that ends last.
    #[must_use]
    pub fn meet(&self, sender: &Sender<'_>, now_ms: u64) -> Met {
        let now_s = (now_ms / 1000) as u32;
        let mut met = Met::default();
        if self.given.is_empty() {
            return met;
        }
        let fingerprint = self.needs.fingerprint.then(|| FingerprintId::of(sender.facets));
        for (place, given) in &self.given {
            if !given.is_in_force(now_s) || !is_about(&given.decree.target, sender, fingerprint.as_ref()) {
                continue;
            }
            match given.decree.ruling {
                Ruling::Unban if met.unbanned.is_none_or(|mark| mark.precedes(given.mark)) => {
                    met.unbanned = Some(given.mark);
                }
                // A campaign's verdict is in the record of the campaign, which tells who is of it.
                Ruling::Condemn { .. } if matches!(given.decree.target, Target::Campaign(_)) => {}
                Ruling::Condemn { action, .. } => {
                    let standing = standing(action, given.until_s(), now_s);
                    let severity = |standing: &Standing| (Action::of(*standing), standing.until_s);
                    if met.condemned.is_none_or(|(known, _)| severity(&known) < severity(&standing)) {
                        met.condemned = Some((standing, *place));
                    }
                }
                Ruling::Unban => {}
            }
        }
        met
    }
}

/// A verdict by decree.
#[must_use]
pub fn standing(action: Action, until_s: u32, now_s: u32) -> Standing {
    let until_s = if until_s == u32::MAX { now_s.saturating_add(SHOWN_S) } else { until_s };
    Standing { until_s, repeats: 0, action: action.code(), reason: 0 }
}

fn is_about(target: &Target<u64>, sender: &Sender<'_>, fingerprint: Option<&FingerprintId>) -> bool {
    match target {
        Target::Network(network) => sender.address.is_some_and(|address| network.holds(address)),
        Target::Fingerprint(parts) => fingerprint.is_some_and(|own| parts.covers(own)),
        Target::Session(session) => sender.facets.get(Facet::Session) == Some(*session),
        Target::Campaign(id) => sender.campaigns.contains(id),
    }
}

fn needs(given: &[(usize, Given)]) -> Needs {
    let mut needs = Needs::default();
    for (_, Given { decree, .. }) in given {
        let unban = decree.ruling == Ruling::Unban;
        match &decree.target {
            Target::Network(_) => needs.address = true,
            Target::Fingerprint(parts) => {
                needs.fingerprint = true;
                needs.network |= parts.has(Facet::Network);
                needs.body |= unban && parts.has(Facet::Payload);
            }
            Target::Campaign(_) if unban => (needs.campaigns, needs.body) = (true, true),
            Target::Campaign(_) | Target::Session(_) => {}
        }
    }
    needs
}

/// A decree of the configuration, ready to be given.
fn decree(rule: &DecreeRule, hashes: &Hashes) -> Decree {
    let target = match &rule.target {
        Target::Network(network) => Target::Network(*network),
        Target::Fingerprint(parts) => Target::Fingerprint(*parts),
        Target::Campaign(id) => Target::Campaign(*id),
        Target::Session(value) => Target::Session(hashes.personal("session", &value.0)),
    };
    let ruling = match rule.ruled {
        RuledAs::Unban => Ruling::Unban,
        RuledAs::Condemn { action, for_ms } => {
            let after = |ms: u64| End::After(u32::try_from(ms / 1000).unwrap_or(u32::MAX));
            Ruling::Condemn { action: lasting(action), end: for_ms.map_or(End::Open, after) }
        }
    };
    Decree { target, ruling }
}

/// The action of this name, one of [`crate::policy::LASTING`].
fn lasting(name: &str) -> Action {
    let of = |action| Action::of(Standing { action, ..Standing::default() });
    (0..=u8::MAX).map(of).find(|action| action.name() == name).unwrap_or(Action::Block)
}

#[cfg(test)]
mod tests;
