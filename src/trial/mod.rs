//! What decides about requests: the live guard and, where the operator tries a candidate, a second guard
//! beside it, which sees the same requests and answers and has a memory of its own.
//!
//! Of what the two say one is carried out: the candidate's for its share of clients, else the live one's. Each
//! goes on as if its own word counted, so that what the candidate would have done is not what it does once it
//! has seen what the live one let through.

mod apart;
mod compare;
mod exchange;
mod row;
mod sketch;

pub use exchange::Exchanges;

use crate::decree::Decree;
use crate::facts::Headers;
use crate::facts::body::BodyTrouble;
use crate::guard::{Exchange, Guard, Step, Then};
use crate::host::Host;
use crate::policy::Settings;
use apart::Apart;
use compare::Trial;
use exchange::Beside;

/// The guards of one worker: calls are those of [`Guard`].
pub struct Guards {
    live: Guard,
    trial: Option<Box<Trial>>,
}

impl Guards {
    /// Guards that enforce these settings, and try their candidate.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut live = Guard::new(settings);
        let trial = live.take_candidate().map(|candidate| Box::new(Trial::new(*candidate)));
        Self { live, trial }
    }

    /// See [`Guard::body_limit`].
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.live.body_limit()
    }

    /// See [`Guard::request`].
    pub fn request(&mut self, host: &dyn Host, x: &mut Exchanges, headers: &Headers<'_>, last: bool) -> Step {
        let step = self.live.request(host, &mut x.live, headers, last);
        let (Some(trial), Some(policy)) = (&mut self.trial, x.live.policy()) else { return step };
        let client = self.live.client(&x.live);
        let mut exchange = Exchange::default();
        let other = trial.guard.request(&Apart(host), &mut exchange, headers, last);
        let decides = client.is_some_and(|client| trial.decides_for(client));
        let beside = Beside { exchange, policy, client, decides, said: [None, None] };
        trial.settle(host, x.beside.insert(Box::new(beside)), [Some(step), Some(other)])
    }

    /// See [`Guard::request_body`].
    pub fn request_body(
        &mut self,
        host: &dyn Host,
        x: &mut Exchanges,
        sent: Result<&[u8], BodyTrouble>,
    ) -> Step {
        let (Some(trial), Some(beside)) = (&mut self.trial, &mut x.beside) else {
            return self.live.request_body(host, &mut x.live, sent);
        };
        let live = x.live.awaits_body().then(|| self.live.request_body(host, &mut x.live, sent));
        let own = &mut beside.exchange;
        let other = own.awaits_body().then(|| trial.guard.request_body(&Apart(host), own, sent));
        trial.settle(host, beside, [live, other])
    }

    /// See [`Guard::answer_status`].
    pub fn answer_status(&mut self, host: &dyn Host, x: &mut Exchanges, status: &[u8]) -> bool {
        let mut enough = self.live.answer_status(host, &mut x.live, status);
        if let (Some(trial), Some(beside)) = (&mut self.trial, &mut x.beside) {
            enough &= trial.guard.answer_status(&Apart(host), &mut beside.exchange, status);
        }
        enough
    }

    /// See [`Guard::answer`].
    pub fn answer(&mut self, host: &dyn Host, x: &mut Exchanges, headers: &Headers<'_>, last: bool) {
        self.live.answer(host, &mut x.live, headers, last);
        if let (Some(trial), Some(beside)) = (&mut self.trial, &mut x.beside) {
            trial.guard.answer(&Apart(host), &mut beside.exchange, headers, last);
        }
    }

    /// See [`Guard::answer_body`].
    pub fn answer_body(&mut self, host: &dyn Host, x: &mut Exchanges, part: &[u8], last: bool) {
        self.live.answer_body(host, &mut x.live, part, last);
        if let (Some(trial), Some(beside)) = (&mut self.trial, &mut x.beside) {
            trial.guard.answer_body(&Apart(host), &mut beside.exchange, part, last);
        }
    }

    /// See [`Guard::done`].
    pub fn done(&mut self, host: &dyn Host, x: &mut Exchanges) {
        self.live.done(host, &mut x.live);
        if let (Some(trial), Some(beside)) = (&mut self.trial, &mut x.beside) {
            trial.guard.done(&Apart(host), &mut beside.exchange);
        }
    }

    /// See [`Guard::hold`]: of those who wait, each guard bounds its own.
    pub fn hold(&mut self, host: &dyn Host, x: &Exchanges, id: u32, until_us: u64, then: Then) {
        match &mut self.trial {
            Some(trial) if x.candidate_decides() => trial.guard.hold(host, id, until_us, then),
            _ => self.live.hold(host, id, until_us, then),
        }
    }

    /// See [`Guard::next_due_us`].
    #[must_use]
    pub fn next_due_us(&self) -> Option<u64> {
        let other = self.trial.as_ref().and_then(|trial| trial.guard.next_due_us());
        self.live.next_due_us().into_iter().chain(other).min()
    }

    /// See [`Guard::is_held`].
    #[must_use]
    pub fn is_held(&self, id: u32) -> bool {
        self.live.is_held(id) || self.trial.as_ref().is_some_and(|trial| trial.guard.is_held(id))
    }

    /// See [`Guard::due`].
    pub fn due(&mut self, host: &dyn Host) -> Vec<(u32, Then)> {
        let mut due = self.live.due(host);
        if let Some(trial) = &mut self.trial {
            due.append(&mut trial.guard.due(host));
        }
        due
    }

    /// See [`Guard::forget`].
    pub fn forget(&mut self, id: u32) {
        self.live.forget(id);
        if let Some(trial) = &mut self.trial {
            trial.guard.forget(id);
        }
    }

    /// See [`Guard::decree`]: the candidate is under the same.
    pub fn decree(&mut self, host: &dyn Host, decree: Decree) -> bool {
        if let Some(trial) = &mut self.trial {
            trial.guard.decree(&Apart(host), decree);
        }
        self.live.decree(host, decree)
    }

    /// See [`Guard::tick`].
    pub fn tick(&mut self, host: &dyn Host) {
        self.live.tick(host);
        if let Some(trial) = &mut self.trial {
            trial.tick(host);
        }
    }
}
