//! What came of every request, by label: the only place where labels are read.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::attack::group::PHASES;
use super::gains::Gains;
use super::shot::{Ask, Class, Cohort, Label, Reply, Shot};
use super::world::{BEGIN_MS, Options};

/// Requests, and how many of them Palisade answered itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// All.
    pub(crate) requests: u64,
    /// Those that were stopped.
    pub(crate) stopped: u64,
}

impl Count {
    /// One more.
    pub(crate) fn add(&mut self, stopped: bool) {
        self.requests += 1;
        self.stopped += u64::from(stopped);
    }

    /// In percent; 0 where there were none.
    pub(crate) fn percent(&self) -> f64 {
        100.0 * self.stopped as f64 / self.requests.max(1) as f64
    }
}

/// A cohort's requests and visits.
#[derive(Default)]
pub(crate) struct Group {
    /// Requests.
    pub(crate) count: Count,
    /// Visits.
    pub(crate) visits: HashSet<u64>,
    /// Visits in which a request was stopped.
    pub(crate) harmed: HashSet<u64>,
    /// Requests that passed, with something noted against them.
    pub(crate) noted: u64,
    /// Requests by what was noted when they were stopped.
    pub(crate) reasons: BTreeMap<String, u64>,
}

/// A request of a customer that was stopped, whole, for whoever asks why.
pub(crate) struct Harm {
    /// On the plan of 24 hours.
    pub(crate) hour: f64,
    /// Whose.
    pub(crate) cohort: Cohort,
    /// With what.
    pub(crate) make: Rc<str>,
    /// What was asked for.
    pub(crate) verb: &'static str,
    /// What the filter noted.
    pub(crate) note: String,
}

/// So many are kept.
const HARMS: usize = 1_000;

/// One step of the time line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    /// Of customers.
    pub(crate) legitimate: Count,
    /// Of attackers, pages and own sign-ins apart.
    pub(crate) attack: Count,
}

/// Requests of a tactic, pages and own sign-ins apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Followed {
    /// All.
    pub(crate) count: Count,
    /// When its first came.
    pub(crate) first_ms: u64,
    /// How many were let through before it was stopped.
    pub(crate) before: Option<u64>,
    /// Requests of whatever sort, and how many had come when the first of them was stopped, that one included.
    pub(crate) tried: u64,
    /// See `tried`; `None`: none was stopped.
    pub(crate) opposed: Option<u64>,
    /// Which of the last 20 were stopped, the newest lowest.
    window: u32,
}

/// A tactic counts as stopped from where so many of the next `WINDOW` are.
const MOST: u32 = 18;
const WINDOW: u32 = 20;

impl Followed {
    fn add(&mut self, now_ms: u64, stopped: bool) {
        if self.count.requests == 0 {
            self.first_ms = now_ms;
        }
        self.count.add(stopped);
        self.window = (self.window << 1 | u32::from(stopped)) & ((1 << WINDOW) - 1);
        let in_window = self.window.count_ones();
        if self.before.is_none() && self.count.requests >= u64::from(WINDOW) && in_window >= MOST {
            self.before = Some(self.let_through() - u64::from(WINDOW - in_window));
        }
    }

    /// Requests that the shop saw.
    pub(crate) fn let_through(&self) -> u64 {
        self.count.requests - self.count.stopped
    }

    /// Requests that the shop saw before the tactic was stopped; all of them if it never was.
    pub(crate) fn before_stopped(&self) -> u64 {
        self.before.unwrap_or(self.let_through())
    }
}

/// Steps of the time line in a day.
pub(crate) const MOMENTS: usize = 288;

/// All that was counted.
pub(crate) struct Ledger {
    options: Options,
    /// By phase: customers, then attackers.
    pub(crate) phases: Vec<(Count, BTreeMap<Class, Count>)>,
    /// By cohort.
    pub(crate) cohorts: BTreeMap<Cohort, Group>,
    /// The first that were harmed.
    pub(crate) harms: Vec<Harm>,
    /// By class.
    pub(crate) classes: BTreeMap<Class, Count>,
    /// By tactic.
    pub(crate) tactics: Vec<Followed>,
    /// Over the day.
    pub(crate) moments: Vec<Moment>,
    /// Addresses of attackers.
    pub(crate) addresses: HashSet<u32>,
    customers: HashSet<Rc<str>>,
    /// Customers whose account was signed in to.
    pub(crate) taken: HashSet<Rc<str>>,
    /// Accounts that attackers created, those who are after goods apart.
    pub(crate) fakes: u64,
    /// What attackers who are after goods got, and where they were stopped.
    pub(crate) gains: Gains,
}

impl Ledger {
    /// An empty one; `customers` are the accounts that could be taken.
    pub(crate) fn new(options: Options, customers: HashSet<Rc<str>>) -> Self {
        Self {
            options,
            phases: PHASES.iter().map(|_| Default::default()).collect(),
            cohorts: BTreeMap::new(),
            harms: Vec::new(),
            classes: BTreeMap::new(),
            tactics: Vec::new(),
            moments: vec![Moment::default(); MOMENTS],
            addresses: HashSet::new(),
            customers,
            taken: HashSet::new(),
            fakes: 0,
            gains: Gains::default(),
        }
    }

    /// Counts a request and its reply.
    pub(crate) fn note(&mut self, now_ms: u64, shot: &Shot, reply: &Reply) {
        let hour = self.options.hour_of(now_ms) + self.options.shift();
        let phase = PHASES.iter().rposition(|(from, _)| *from <= hour).unwrap_or(0);
        let passed_ms = now_ms.saturating_sub(BEGIN_MS);
        let at = passed_ms * MOMENTS as u64 / super::random::ms(self.options.hours * 3600.0).max(1);
        let moment = &mut self.moments[usize::try_from(at).unwrap_or(0).min(MOMENTS - 1)];
        let phase = &mut self.phases[phase];
        match shot.label {
            Label::Customer { cohort, visit } => {
                phase.0.add(reply.stopped);
                moment.legitimate.add(reply.stopped);
                self.cohorts.entry(cohort).or_default().note(visit, shot, reply);
                if reply.stopped && self.harms.len() < HARMS {
                    let note = reply.note.clone().unwrap_or_default();
                    let make = Rc::clone(&shot.make.name);
                    self.harms.push(Harm { hour, cohort, make, verb: verb(&shot.ask), note });
                }
            }
            Label::Attacker { class, tactic } => {
                phase.1.entry(class).or_default().add(reply.stopped);
                if class.is_attack() {
                    moment.attack.add(reply.stopped);
                }
                self.note_attacker(now_ms, class, tactic, shot, reply);
            }
        }
    }

    fn note_attacker(&mut self, now_ms: u64, class: Class, tactic: u32, shot: &Shot, reply: &Reply) {
        self.classes.entry(class).or_default().add(reply.stopped);
        self.addresses.insert(shot.address);
        let tactic = tactic as usize;
        if self.tactics.len() <= tactic {
            self.tactics.resize(tactic + 1, Followed::default());
        }
        let followed = &mut self.tactics[tactic];
        followed.tried += 1;
        if reply.stopped && followed.opposed.is_none() {
            followed.opposed = Some(followed.tried);
        }
        if class.is_attack() {
            followed.add(now_ms, reply.stopped);
        }
        self.gains.note(class, shot, reply);
        match (&shot.ask, reply.status, reply.stopped) {
            (Ask::Login { email, .. }, 200, false) if self.customers.contains(email) => {
                self.taken.insert(Rc::clone(email));
            }
            (Ask::Signup { .. }, 201, false) if class == Class::Fakes => self.fakes += 1,
            _ => {}
        }
    }

    /// All of customers.
    pub(crate) fn legitimate(&self) -> Count {
        super::tell::sum(self.cohorts.values().map(|group| &group.count))
    }

    /// All of attackers, pages too.
    pub(crate) fn attack_requests(&self) -> u64 {
        self.classes.values().map(|count| count.requests).sum()
    }
}

impl Group {
    fn note(&mut self, visit: u64, shot: &Shot, reply: &Reply) {
        self.count.add(reply.stopped);
        self.visits.insert(visit);
        self.noted += u64::from(!reply.stopped && reply.note.is_some());
        if reply.stopped {
            self.harmed.insert(visit);
            let note = reply.note.as_deref().unwrap_or("no note");
            let reason = format!("{}: {} {note}", verb(&shot.ask), reply.status);
            *self.reasons.entry(without_numbers(&reason)).or_default() += 1;
        }
    }
}

pub(super) fn verb(ask: &Ask) -> &'static str {
    match ask {
        Ask::Page | Ask::List(_) | Ask::Product(_) | Ask::Prefetch(_) | Ask::Path(_) => "content",
        Ask::Login { .. } => "login",
        Ask::Signup { .. } => "signup",
        Ask::Verify { .. } => "verify-email",
        Ask::Reset { .. } => "password-reset",
        Ask::Cart(_) => "cart",
        Ask::Checkout { .. } => "checkout",
        Ask::AddPayment(_) => "add-payment",
        Ask::GiftCard(_) => "gift-card",
        Ask::Comment { .. } => "comment",
    }
}

/// A note without what differs from request to request: only action and reasons.
fn without_numbers(note: &str) -> String {
    let parts = note.split(';').filter(|part| {
        let name = part.split('=').next().unwrap_or(part).trim();
        !matches!(name, "score" | "until" | "fingerprint" | "fp" | "id" | "repeat")
    });
    parts.collect::<Vec<_>>().join(";")
}
