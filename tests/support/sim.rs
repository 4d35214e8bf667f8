//! The simulated stage: workers take turns, as connections do in Envoy, and all share one store.

use std::collections::BTreeMap;
use std::sync::Arc;

use palisade::config;
use palisade::policy::Settings;
use palisade::sim::{Answer, Request, Store, Worker};

use serde_json::Value;

use super::scenario::{Answered, Client, Sent};
use super::{BEGIN_MS, Outcome, Stage};

/// Workers over one store.
pub struct Simulated {
    workers: Vec<Worker>,
    store: Arc<Store>,
    outcomes: Vec<Outcome>,
    at_ms: u64,
}

/// After so much what was counted is told.
const LATER_MS: u64 = 1_000;

impl Simulated {
    pub fn new(settings: &Settings, workers: usize, store: &Arc<Store>) -> Self {
        let store = Arc::clone(store);
        let worker = |_| Worker::new(settings.clone(), Arc::clone(&store));
        Self { workers: (0..workers).map(worker).collect(), store, outcomes: Vec::new(), at_ms: 0 }
    }
}

impl Stage for Simulated {
    fn send(&mut self, at_ms: u64, client: &Client, request: &Sent, answer: &Answered) {
        self.at_ms = at_ms;
        let turn = self.outcomes.len() % self.workers.len();
        for worker in &mut self.workers {
            worker.tick(BEGIN_MS + at_ms);
        }
        let seen = self.workers[turn].exchange(BEGIN_MS + at_ms, &as_envoy_shows(client, request), || {
            let mut headers = vec![(":status".to_owned(), answer.status.to_string())];
            headers.extend(answer.headers.iter().cloned());
            Answer { headers, body: answer.body.clone(), details: "via_upstream".to_owned() }
        });
        let status = seen.replied.map_or(answer.status, |status| status as u16);
        self.outcomes.push(Outcome::new(status, seen.note.as_deref().unwrap_or_default()));
    }

    fn reload(&mut self, configuration: &Value) {
        let read = config::read(configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let worker = |old: &Worker| {
            let worker = Worker::new(read.settings.clone(), Arc::clone(&self.store));
            // Metrics are the process's.
            worker.host.metrics.replace(old.host.metrics.take());
            worker
        };
        self.workers = self.workers.iter().map(worker).collect();
    }

    fn metrics(&mut self, expected: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        for later_ms in [LATER_MS, 2 * LATER_MS] {
            self.workers.iter_mut().for_each(|worker| worker.tick(BEGIN_MS + self.at_ms + later_ms));
        }
        // Workers add to one counter in Envoy, and set one gauge.
        let of = |name: &String| {
            let all = self.workers.iter().map(|worker| worker.host.metric(name));
            let is_gauge = name.starts_with("candidate_clients");
            (name.clone(), if is_gauge { all.max().unwrap_or(0) } else { all.sum() })
        };
        expected.keys().map(of).collect()
    }

    fn end(self: Box<Self>) -> Vec<Outcome> {
        self.outcomes
    }
}

/// The request as Envoy shows it to a filter.
fn as_envoy_shows(client: &Client, request: &Sent) -> Request {
    let pseudo = [
        (":authority", "shop.example"),
        (":path", &request.path),
        (":method", &request.method),
        (":scheme", "http"),
    ];
    let mut headers: Vec<_> = pseudo.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let sent = request.headers.iter().map(|(n, v)| (n.to_lowercase(), v.clone()));
    // Envoy moves it to the authority.
    headers.extend(sent.filter(|(name, _)| name != "host"));
    if !request.body.is_empty() {
        headers.push(("content-length".to_owned(), request.body.len().to_string()));
    }
    headers.push(("x-forwarded-for".to_owned(), client.address.clone()));
    let route_policy =
        request.path.strip_prefix("/p/").and_then(|rest| rest.split('/').next()).map(str::to_owned);
    Request { headers, body: request.body.clone(), address: format!("{}:4711", client.address), route_policy }
}
