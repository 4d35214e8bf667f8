//! The order of the steps for one exchange, and of a worker's housekeeping; nothing else.
//!
//! One [`Guard`] for each worker. [`request`] goes from headers to verdict, [`answer`] from the
//! origin's answer to what is learned of it. Each step is decided elsewhere.

mod allow;
mod answer;
mod canary;
mod carry_out;
mod deceive;
mod decree;
mod exchange;
mod flow;
mod held;
mod judge;
mod limits;
mod operations;
mod plan;
mod request;
mod tell;
mod trust;
mod usage;

pub use exchange::{Exchange, Next, Step};
pub use held::Then;

use crate::decree::Decrees;
use crate::facts::signature::Patience;
use crate::facts::{Hashes, Recall};
use crate::flow::{self as flows, Assistant, Flows};
use crate::host::Host;
use crate::learn::Learner;
use crate::memory::Memory;
use crate::memory::layout::decoys_bytes;
use crate::policy::{Candidate, Settings};
use crate::report::Trouble;
use crate::respond::Cors;
use crate::respond::decoy::Decoys;
use crate::usage::Usages;
use canary::Outlawed;
use held::Held;
use plan::{KeyPlan, Plan, TrustPlan};
use tell::Tell;

/// What protects the exchanges of one worker.
pub struct Guard {
    settings: Settings,
    hashes: Hashes,
    plans: Vec<Plan>,
    /// How the keys of [`Settings::limits`] are formed.
    limit_keys: Vec<KeyPlan>,
    /// How clients are told apart; `None`: there is no candidate.
    client_key: Option<KeyPlan>,
    /// `None`: sessions earn nothing.
    trust: Option<TrustPlan>,
    patience: Patience,
    /// Header names that tell nothing of the client's make, in lower case.
    edge_headers: Vec<String>,
    recall: Recall,
    memory: Memory,
    learner: Learner,
    /// `None`: no rule goes by what a key makes a habit of.
    usages: Option<Usages>,
    flows: Flows,
    held: Held,
    decoys: Decoys,
    /// Campaigns whose canaries came back, to be condemned with the next tick.
    outlawed: Vec<Outlawed>,
    /// `None`: nothing is to be proposed.
    assistant: Option<Assistant>,
    /// What the origin server lets pages of other origins read.
    cors: Cors,
    tell: Tell,
    decrees: Decrees,
    /// When a line was last written of a decree or campaign that refuses.
    told: decree::Told,
}

impl Guard {
    /// A guard that enforces these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let hashes = Hashes::new(&settings.secret);
        let (plans, mut specs) = plan::plans(&settings);
        let trust = settings.trust.clone().map(|trust| TrustPlan::new(trust, &mut specs));
        let others = flows::share_bytes(&settings) + decoys_bytes(&settings);
        let table_bytes = settings.memory_bytes.saturating_sub(others);
        let follows = specs.iter().any(|spec| spec.follows);
        let usages = follows.then(|| Usages::new(specs.len(), hashes.map_seeds()));
        let memory = Memory::new(table_bytes, specs, hashes.map_seeds());
        let flows = Flows::new(&settings);
        let decoys = Decoys::new(&settings, &hashes);
        let learner = Learner::new(&settings, &hashes);
        let assistant =
            settings.propose_flows.then(|| Assistant::new(settings.policies.len(), hashes.map_seeds()));
        let edge_headers = plan::edge_headers(&settings.client);
        let recall = Recall::new(hashes.map_seeds());
        let decrees = Decrees::new(&settings.decrees, &hashes);
        Self {
            hashes,
            plans,
            limit_keys: plan::limit_keys(&settings.limits),
            client_key: settings.candidate.as_deref().map(plan::client_key),
            trust,
            patience: Patience::default(),
            edge_headers,
            recall,
            memory,
            learner,
            usages,
            flows,
            held: Held::new(settings.held),
            decoys,
            outlawed: Vec::new(),
            assistant,
            cors: Cors::default(),
            tell: Tell::default(),
            decrees,
            told: decree::Told::default(),
            settings,
        }
    }

    /// The most of a body that is read, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.settings.body_limit
    }

    /// The candidate that is to be tried beside it.
    pub fn take_candidate(&mut self) -> Option<Box<Candidate>> {
        self.settings.candidate.take()
    }

    /// The client of a request, as the candidate tells clients apart, by a keyed hash; `None`: it lacks a facet.
    #[must_use]
    pub fn client(&self, x: &Exchange) -> Option<u64> {
        let key = self.client_key.as_ref()?.of(&self.hashes, &x.facets)?;
        Some(key.0 as u64)
    }

    /// Holds a request, which the host knows by this number, until its time.
    pub fn hold(&mut self, host: &dyn Host, id: u32, until_us: u64, then: Then) {
        self.held.hold(id, host.now_us(), until_us, then);
    }

    /// When [`Self::due`] is to be asked, in microseconds since 1970; `None`: no request is held.
    #[must_use]
    pub fn next_due_us(&self) -> Option<u64> {
        self.held.next_us()
    }

    /// Whether the request of this number is held.
    #[must_use]
    pub fn is_held(&self, id: u32) -> bool {
        self.held.has(id)
    }

    /// The held requests whose time has come, and what becomes of each. Hosts have no timers finer than a
    /// millisecond: what is due within half of one is.
    pub fn due(&mut self, host: &dyn Host) -> Vec<(u32, Then)> {
        if self.held.is_empty() { Vec::new() } else { self.held.due(host.now_us()) }
    }

    /// Takes in that a held request ended before its time.
    pub fn forget(&mut self, id: u32) {
        self.held.forget(id);
    }

    /// Housekeeping, every 100 ms: what waits is written, what was counted is published.
    pub fn tick(&mut self, host: &dyn Host) {
        let now_ms = host.now_ms();
        if self.memory.has_waiting() {
            self.memory.flush(host, now_ms);
        }
        self.tick_decrees(host, now_ms);
        self.learner.tick(host, now_ms);
        self.outlaw_waiting(host);
        for condemned in self.learner.take_condemned() {
            self.tell_condemned(host, &condemned, now_ms);
        }
        for alarm in self.learner.take_alarms() {
            self.tell.alarm(host, &self.settings, alarm);
        }
        self.flows.tick(host);
        self.decoys.tick(host);
        for proposal in self.assistant.iter_mut().flat_map(|assistant| assistant.take_proposals(now_ms)) {
            self.tell.proposal(host, &self.settings, proposal);
        }
        let (tallies, sheets) = (self.memory.take_incidents(), self.learner.take_incidents());
        let incidents =
            tallies.plus(sheets).plus(self.flows.take_incidents()).plus(self.decoys.take_incidents());
        let incidents = incidents.plus(self.decrees.take_incidents());
        for (trouble, times) in [
            (Trouble::StoreConflict, incidents.deferred),
            (Trouble::EventsLost, incidents.lost),
            (Trouble::PageUnreadable, incidents.unreadable),
        ] {
            if times > 0 {
                self.tell.trouble(host, &self.settings, None, trouble, times);
            }
        }
        self.tell.table("retries", incidents.retries);
        self.tell.table("replaced", incidents.replaced);
        self.tell.publish(host, &self.settings);
    }
}
