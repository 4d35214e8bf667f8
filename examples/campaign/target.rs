//! Where requests go: through the filter, in virtual time, or straight to the shop.

use std::sync::Arc;

use palisade::policy::Settings;
use palisade::respond;
use palisade::sim::{Answer, Store, Worker};

use super::random::mix;
use super::shop::Shop;
use super::shot::{Reply, Shot, Target};
use super::wire::Writer;

/// Workers tick so often.
const TICK_MS: u64 = 100;

/// The shop alone.
pub(crate) struct Open {
    /// The shop.
    pub(crate) shop: Shop,
}

impl Target for Open {
    fn send(&mut self, _: u64, shot: &Shot) -> Reply {
        let answered = self.shop.answer(shot);
        Reply { status: answered.status, sid: answered.sid, stopped: false, note: None }
    }
}

/// The shop behind two workers of one Envoy.
pub(crate) struct Guarded {
    /// The shop.
    pub(crate) shop: Shop,
    workers: Vec<Worker>,
    store: Arc<Store>,
    writer: Writer,
    ticked_ms: u64,
    /// Lines that the filter wrote, with their times.
    pub(crate) alarms: Vec<(u64, String)>,
}

impl Guarded {
    /// So many workers over one store.
    pub(crate) fn new(shop: Shop, settings: &Settings, workers: usize) -> Self {
        let store = Arc::new(Store::default());
        let worker = || Worker::new(settings.clone(), Arc::clone(&store));
        let workers = (0..workers).map(|_| worker()).collect();
        Self { shop, workers, store, writer: Writer::default(), ticked_ms: 0, alarms: Vec::new() }
    }

    /// Bytes that the filter's table takes.
    pub(crate) fn store_bytes(&self) -> u64 {
        self.store.value_bytes()
    }

    /// Ticks workers, and takes what they wrote: alarms are kept, lines about single clients not.
    fn tick(&mut self, now_ms: u64) {
        if now_ms < self.ticked_ms + TICK_MS {
            return;
        }
        self.ticked_ms = now_ms;
        for worker in &mut self.workers {
            worker.tick(now_ms);
            for line in worker.host.lines.borrow_mut().drain(..) {
                if line.contains("\"alarm\"") {
                    self.alarms.push((now_ms, line));
                }
            }
        }
    }
}

impl Target for Guarded {
    fn send(&mut self, now_ms: u64, shot: &Shot) -> Reply {
        self.tick(now_ms);
        let workers = self.workers.len().max(1) as u64;
        let turn = usize::try_from(mix(shot.connection) % workers).unwrap_or(0);
        let Some(worker) = self.workers.get_mut(turn) else { return Reply::default() };
        let request = self.writer.write(shot);
        let shop = &mut self.shop;
        let mut answered = None;
        let seen = worker.exchange(now_ms, request, || {
            let given = shop.answer(shot);
            answered = Some(given);
            let mut answer = Answer::status(given.status);
            answer.body.extend_from_slice(given.body().as_bytes());
            answer.headers.push(("content-type".to_owned(), "application/json".to_owned()));
            if let Some(sid) = given.sid {
                let cookie = format!("sid={sid:016x}; Path=/; HttpOnly; Secure; SameSite=Lax");
                answer.headers.push(("set-cookie".to_owned(), cookie));
            }
            answer
        });
        match (seen.replied, answered) {
            (None, Some(answered)) => {
                Reply { status: answered.status, sid: answered.sid, stopped: false, note: seen.note }
            }
            (replied, _) => {
                let status = replied.and_then(|status| u16::try_from(status).ok()).unwrap_or(503);
                let sid = seen.reply.as_ref().and_then(session);
                Reply { status, sid, stopped: true, note: seen.note }
            }
        }
    }
}

/// The session that a decoy gives.
fn session(reply: &respond::Reply) -> Option<u64> {
    let cookie = reply.headers.iter().find(|(name, _)| name == "set-cookie");
    let value = cookie.and_then(|(_, value)| value.strip_prefix("sid="))?;
    u64::from_str_radix(value.split(';').next()?, 16).ok()
}
