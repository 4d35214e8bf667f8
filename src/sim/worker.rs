//! A worker that carries whole exchanges through a guard, as Envoy would.

use std::borrow::Cow;
use std::sync::Arc;

use super::{SimHost, Store};
use crate::decree::Decree;
use crate::facts::Headers;
use crate::facts::body::BodyTrouble;
use crate::guard::{Next, Then};
use crate::policy::Settings;
use crate::respond::Reply;
use crate::trial::{Exchanges, Guards};

/// A request as Envoy shows it to the filter.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Headers, pseudo-headers included, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as sent.
    pub body: Vec<u8>,
    /// The client's address.
    pub address: String,
    /// The policy that the route's metadata names.
    pub route_policy: Option<String>,
}

/// An answer of the origin, or of Envoy in its place.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Headers, `:status` included.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Response-code details; `via_upstream` where the origin answered.
    pub details: String,
}

impl Answer {
    /// An answer of the origin without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let headers = vec![(":status".to_owned(), status.to_string())];
        Self { headers, body: Vec::new(), details: "via_upstream".to_owned() }
    }
}

/// What came of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The status of Palisade's own reply; `None`: the origin was asked.
    pub replied: Option<u32>,
    /// For how long it was held, in milliseconds.
    pub held_ms: u64,
    /// Headers and body of that reply.
    pub reply: Option<Reply>,
    /// Headers that the origin's answer got.
    pub announced: Vec<(Cow<'static, str>, String)>,
    /// What filter state says of the verdict.
    pub note: Option<String>,
    /// Request headers that were set for the origin.
    pub tags: Vec<(&'static str, String)>,
    /// Request headers that were removed.
    pub strip: Vec<String>,
}

/// One worker: its host and its guards.
pub struct Worker {
    /// Its host.
    pub host: SimHost,
    guard: Guards,
}

impl Worker {
    /// A worker with these settings over a shared store.
    #[must_use]
    pub fn new(settings: Settings, store: Arc<Store>) -> Self {
        Self { host: SimHost::new(store), guard: Guards::new(settings) }
    }

    /// Housekeeping at a time.
    pub fn tick(&mut self, now_ms: u64) {
        self.host.set_now_ms(now_ms);
        self.guard.tick(&self.host);
    }

    /// Gives a decree by hand at a time; whether there was a place for it.
    pub fn decree(&mut self, now_ms: u64, decree: Decree) -> bool {
        self.host.set_now_ms(now_ms);
        self.guard.decree(&self.host, decree)
    }

    /// Carries one exchange through; the origin is asked for its answer only if the request passes.
    pub fn exchange(&mut self, now_ms: u64, request: &Request, origin: impl FnOnce() -> Answer) -> Seen {
        self.host.set_now_ms(now_ms);
        self.host.route_policy.replace(request.route_policy.clone());
        self.host.source_address.replace(request.address.clone());
        let mut x = Exchanges::default();
        let headers = view(&request.headers);
        let mut step = self.guard.request(&self.host, &mut x, &headers, request.body.is_empty());
        let strip = std::mem::take(&mut step.strip);
        if matches!(step.next, Next::Hold | Next::HoldBody) {
            let whole = if request.body.len() > self.guard.body_limit() {
                Err(BodyTrouble::TooLarge)
            } else {
                Ok(&request.body[..])
            };
            step = self.guard.request_body(&self.host, &mut x, whole);
        }
        let mut seen =
            Seen { note: step.note.map(|note| note.text()), tags: step.tags, strip, ..Seen::default() };
        let reply = match step.next {
            Next::Wait(until_us, then) => {
                let until_ms = until_us / 1000;
                seen.held_ms = until_ms.saturating_sub(now_ms);
                self.host.set_now_ms(until_ms.max(now_ms));
                match then {
                    Then::Reply(reply) => Some(reply),
                    Then::Pass => None,
                }
            }
            Next::Reply(reply) => Some(reply),
            Next::Pass | Next::Hold | Next::HoldBody => None,
        };
        if let Some(reply) = reply {
            seen.replied = Some(reply.status);
            seen.reply = Some(reply);
            return seen;
        }
        let answer = origin();
        self.host.answer_details.replace(answer.details.clone());
        let status =
            answer.headers.iter().find(|(name, _)| name == ":status").map_or("", |(_, v)| v.as_str());
        if !self.guard.answer_status(&self.host, &mut x, status.as_bytes()) {
            self.guard.answer(&self.host, &mut x, &view(&answer.headers), answer.body.is_empty());
        }
        if x.awaits_answer_body() {
            self.guard.answer_body(&self.host, &mut x, &answer.body, true);
        }
        seen.announced = x.take_announced();
        self.guard.done(&self.host, &mut x);
        seen
    }
}

fn view(pairs: &[(String, String)]) -> Headers<'_> {
    Headers::new(pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
}
