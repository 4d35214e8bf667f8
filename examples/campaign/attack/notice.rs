//! How an attacker notices that he is opposed: by what his script is told, and by what comes of it.
//!
//! He is a competent operator. He knows the shop, his list and his own accounts; he knows neither what the filter
//! thinks of him, nor whether it refuses or deceives.

use std::collections::VecDeque;

use super::super::goods::{GOOD_ONE_OF, SOLD_ONE_OF};
use super::super::random::ms;
use super::super::shot::{Ask, Class, Reply, Shot};
use super::super::world::{Noticed, Tell, World};
use super::group::{Aim, Group};
use super::lane::Lane;

/// Answers that a script looks back on.
const REMEMBERED: usize = 40;
/// It takes no fewer for a change.
const ENOUGH: usize = 24;
/// Share of them that must be refusals.
const REFUSED: f64 = 0.6;
/// What was got last, of which an operator who looks in tries so many.
const SAMPLED: usize = 3;

/// What a script and its operator know of a tactic.
pub(super) struct Notice {
    refusals: Refusals,
    /// What is usual of the list; `None`: nothing is hit or missed.
    yields: Option<Yield>,
    /// Whether the shop knows of what was got last.
    loot: VecDeque<bool>,
    has_noticed: bool,
}

impl Notice {
    /// What somebody who is after this knows when he begins.
    pub(super) fn new(aim: Aim, group: &Group) -> Self {
        let good = 1.0 / GOOD_ONE_OF as f64;
        let usual = match aim {
            Aim::Stuffing | Aim::Both => group.valid,
            Aim::Cards | Aim::Unverified => group.valid + (1.0 - group.valid) * good,
            Aim::GiftCards => 1.0 / SOLD_ONE_OF as f64,
            Aim::Scanning | Aim::Fakes | Aim::Recon | Aim::Bots | Aim::Spam => 0.0,
        };
        let yields = (usual > 0.0).then(|| Yield::new(usual));
        Self { refusals: Refusals::default(), yields, loot: VecDeque::new(), has_noticed: false }
    }

    /// Begins another tactic: who changes it without having noticed anything goes on counting what his list yields.
    pub(super) fn begin_tactic(&mut self) {
        self.refusals = Refusals::default();
        if let (true, Some(yields)) = (self.has_noticed, &mut self.yields) {
            *yields = Yield::new(yields.usual);
        }
        self.loot.clear();
        self.has_noticed = false;
    }

    /// Takes an answer into account; what made him notice, when it is this one that did.
    pub(super) fn hear(&mut self, aim: Aim, shot: &Shot, class: Class, reply: &Reply) -> Option<Tell> {
        let refused = matches!(reply.status, 403 | 429);
        let are_refused = class != Class::Page && self.refusals.add(refused);
        let told = (!refused).then(|| expected(&shot.ask, class, aim)).flatten();
        let is_impossible = told.is_some_and(|possible| !possible.contains(&reply.status));
        let is_low = hit(&shot.ask, class, reply.status)
            .is_some_and(|hit| self.yields.as_mut().is_some_and(|yields| yields.add(hit)));
        self.keep_loot(shot, class, reply);
        let tells =
            [(is_impossible, Tell::KnownAnswer), (are_refused, Tell::Refusals), (is_low, Tell::Yield)];
        self.once(tells.into_iter().find(|(is_so, _)| *is_so).map(|(_, tell)| tell))
    }

    /// He looks in, and tries from elsewhere, as a customer would, some of what he got last.
    pub(super) fn look_in(&mut self) -> Option<Tell> {
        let fails = self.loot.contains(&false);
        self.once(fails.then_some(Tell::Loot))
    }

    /// A mail that had to come did not.
    pub(super) fn miss_mail(&mut self) -> Option<Tell> {
        self.once(Some(Tell::Loot))
    }

    fn once(&mut self, tell: Option<Tell>) -> Option<Tell> {
        let first = tell.filter(|_| !self.has_noticed);
        self.has_noticed |= first.is_some();
        first
    }

    /// Remembers what was got, and of a scan whether what is there can be seen.
    fn keep_loot(&mut self, shot: &Shot, class: Class, reply: &Reply) {
        let is_got = class.is_attack() && shot.ask.is_post() && matches!(reply.status, 200 | 201);
        if !(is_got || class == Class::Scanning) {
            return;
        }
        let kept = if class == Class::Scanning { 1 } else { SAMPLED };
        self.loot.truncate(kept - 1);
        self.loot.push_front(reply.is_carried_out());
    }
}

impl Lane {
    /// The operator looks in, as he does now and then, before he changes the script.
    pub(super) fn look_in(&mut self, world: &mut World) {
        let tell = self.notice.look_in();
        self.mark(tell, world);
    }

    /// A mail that had to come does not.
    pub(super) fn miss_mail(&mut self, now_ms: u64, world: &mut World) {
        let tell = self.notice.miss_mail();
        self.call_operator(tell, now_ms, world);
    }

    /// Where something was noticed it hammers on until its operator comes.
    pub(super) fn call_operator(&mut self, tell: Option<Tell>, now_ms: u64, world: &mut World) {
        if self.mark(tell, world) {
            let minutes = self.dice.lognormal(12.0, 0.8).clamp(2.0, 60.0);
            self.retool_ms = now_ms + ms(minutes * 60.0);
        }
    }

    /// Writes down what was noticed of the tactic at hand; whether anything was.
    fn mark(&self, tell: Option<Tell>, world: &mut World) -> bool {
        let noticed = tell.map(|tell| Noticed { tell, after: self.tried });
        if let (Some(_), Some(mark)) = (noticed, world.tactics.get_mut(self.tactic as usize)) {
            mark.noticed = noticed;
        }
        noticed.is_some()
    }
}

/// The answers that can be, where he knows; refusals apart.
fn expected(ask: &Ask, class: Class, aim: Aim) -> Option<&'static [u16]> {
    if aim == Aim::Recon {
        return None;
    }
    Some(match ask {
        // Accounts of his own, with their passwords.
        Ask::Login { .. } if class == Class::Own => &[200],
        Ask::Login { .. } => &[200, 401],
        Ask::Page | Ask::List(_) | Ask::Product(_) | Ask::Prefetch(_) | Ask::Verify { .. } => &[200],
        // Addresses that nobody has; and whoever has just signed in or up is signed in.
        Ask::Signup { .. } | Ask::Cart(_) | Ask::Comment { .. } => &[201],
        Ask::AddPayment(_) => &[201, 402],
        // Accounts that have paid before.
        Ask::Checkout { .. } if class == Class::Bots => &[200],
        Ask::Checkout { .. } => &[200, 402],
        Ask::GiftCard(_) => &[200, 404],
        Ask::Path(_) => &[404],
        Ask::Reset { .. } => &[202],
    })
}

/// Whether an entry of the list was a hit; `None`: it is none of the list.
fn hit(ask: &Ask, class: Class, status: u16) -> Option<bool> {
    match ask {
        Ask::Login { .. } if class == Class::Stuffing => Some(status == 200),
        Ask::GiftCard(_) => Some(status == 200),
        Ask::AddPayment(_) => Some(status == 201),
        _ => None,
    }
}

/// The share of refusals of the last answers.
#[derive(Default)]
struct Refusals(VecDeque<bool>);

impl Refusals {
    /// Takes an answer into account; whether most are refused.
    fn add(&mut self, refused: bool) -> bool {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(refused);
        let refusals = self.0.iter().filter(|refused| **refused).count();
        self.0.len() >= ENOUGH && refusals as f64 >= REFUSED * self.0.len() as f64
    }
}

/// How far a list yields less than usual.
///
/// Wald's sequential probability ratio test (Annals of Mathematical Statistics 16, 1945) of what is usual against a
/// tenth of it, begun anew whenever it speaks for what is usual: Page's cumulative sum (Biometrika 41, 1954), since a
/// list that yielded for hours can cease to at any time.
pub(super) struct Yield {
    usual: f64,
    nats: f64,
}

/// Share of the usual yield that is too little.
const TOO_LITTLE: f64 = 0.1;
/// Probability of a false alarm, and of a miss, in one test.
const ERROR: f64 = 0.01;

impl Yield {
    /// Of a list with such a share of good entries.
    pub(super) fn new(usual: f64) -> Self {
        Self { usual, nats: 0.0 }
    }

    /// Takes an entry into account; whether they yield too little.
    pub(super) fn add(&mut self, hit: bool) -> bool {
        let low = TOO_LITTLE * self.usual;
        let nats = if hit { (low / self.usual).ln() } else { ((1.0 - low) / (1.0 - self.usual)).ln() };
        self.nats = (self.nats + nats).max(0.0);
        self.nats >= ((1.0 - ERROR) / ERROR).ln()
    }
}
