//! What is commonly done instead: fixed limits, at values that operators publish. They see the
//! same requests, with the status that the shop gave or would have given, and stop nothing.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::ledger::Count;
use super::random::mix;
use super::shot::{Ask, Class, Cohort, Label, Shot};

/// Counts in windows of fixed length, as rate limiters of proxies do.
struct Windows<K> {
    length_ms: u64,
    most: u32,
    counts: HashMap<K, (u64, u32)>,
}

impl<K: Eq + Hash> Windows<K> {
    fn new(minutes: u64, most: u32) -> Self {
        Self { length_ms: minutes * 60_000, most, counts: HashMap::new() }
    }

    /// Whether the limit is used up; `adds`: this one counts as well.
    fn is_over(&mut self, key: K, now_ms: u64, adds: bool) -> bool {
        let window = now_ms / self.length_ms;
        let (last, count) = self.counts.entry(key).or_default();
        if *last != window {
            (*last, *count) = (window, 0);
        }
        let is_over = *count >= self.most;
        *count += u32::from(adds);
        is_over
    }
}

/// What a limit did, by label.
#[derive(Default)]
pub(crate) struct Effect {
    /// Of attackers.
    pub(crate) classes: BTreeMap<Class, Count>,
    /// Of customers.
    pub(crate) cohorts: BTreeMap<Cohort, Count>,
}

impl Effect {
    fn note(&mut self, label: Label, stopped: bool) {
        match label {
            Label::Customer { cohort, .. } => self.cohorts.entry(cohort).or_default().add(stopped),
            Label::Attacker { class, .. } => self.classes.entry(class).or_default().add(stopped),
        }
    }
}

/// Limits that are compared with, by name.
pub(crate) const LIMITS: [&str; 7] = [
    "20 sign-ins an address in 10 min",
    "10 failed sign-ins an address in 30 min",
    "5 sign-ups an address in 1 h",
    "100 requests a session in 1 min",
    "10 cards, gift cards and comments an address in 1 h",
    "agents with over a fifth of all posts in 10 min",
    "all of these",
];

/// An agent may have this share of the posts of ten minutes, once there are enough of them.
const AGENT_SHARE: f64 = 0.2;
const AGENT_POSTS: u32 = 200;

/// All limits.
pub(crate) struct Limits {
    sign_ins: Windows<u32>,
    failures: Windows<u32>,
    sign_ups: Windows<u32>,
    session: Windows<u64>,
    goods: Windows<u32>,
    agents: Windows<u64>,
    posts: Windows<()>,
    /// In the order of `LIMITS`.
    pub(crate) effects: [Effect; 7],
}

impl Limits {
    /// Limits that have seen nothing.
    pub(crate) fn new() -> Self {
        Self {
            sign_ins: Windows::new(10, 20),
            failures: Windows::new(30, 10),
            sign_ups: Windows::new(60, 5),
            session: Windows::new(1, 100),
            goods: Windows::new(60, 10),
            agents: Windows::new(10, u32::MAX),
            posts: Windows::new(10, u32::MAX),
            effects: Default::default(),
        }
    }

    /// Shows them a request and what the shop said of it, or would have.
    pub(crate) fn note(&mut self, now_ms: u64, shot: &Shot, status: u16) {
        let is_sign_in = matches!(shot.ask, Ask::Login { .. });
        let is_sign_up = matches!(shot.ask, Ask::Signup { .. });
        let is_goods = matches!(shot.ask, Ask::AddPayment(_) | Ask::GiftCard(_) | Ask::Comment { .. });
        let mut over = [
            is_sign_in && self.sign_ins.is_over(shot.address, now_ms, true),
            is_sign_in && self.failures.is_over(shot.address, now_ms, status == 401),
            is_sign_up && self.sign_ups.is_over(shot.address, now_ms, true),
            shot.sid.is_some_and(|sid| self.session.is_over(sid, now_ms, true)),
            is_goods && self.goods.is_over(shot.address, now_ms, true),
            self.is_common(now_ms, shot),
            false,
        ];
        over[6] = over.contains(&true);
        for (effect, stopped) in self.effects.iter_mut().zip(over) {
            effect.note(shot.label, stopped);
        }
    }

    /// Whether a post's agent has too large a share of all posts.
    fn is_common(&mut self, now_ms: u64, shot: &Shot) -> bool {
        if !shot.ask.is_post() {
            return false;
        }
        let agent = shot.agent.as_deref().unwrap_or(&shot.make.agent);
        let key = agent.bytes().fold(0, |sum, byte| mix(sum ^ u64::from(byte)));
        self.agents.is_over(key, now_ms, true);
        self.posts.is_over((), now_ms, true);
        let of_agent = self.agents.counts.get(&key).map_or(0, |(_, count)| *count);
        let of_all = self.posts.counts.get(&()).map_or(0, |(_, count)| *count);
        of_all >= AGENT_POSTS && f64::from(of_agent) > AGENT_SHARE * f64::from(of_all)
    }
}
