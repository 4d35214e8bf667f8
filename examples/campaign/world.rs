//! What all actors share: the options, the calendar, the customers, the clients there are, the
//! proxies; and the seam by which an actor asks and hears.

use std::rc::Rc;

use super::customers::{Customers, Fleet};
use super::network::Proxies;
use super::shot::{Class, Reply, Shot};

/// The day begins then, in milliseconds since 1970: a Monday, 08:00 at the shop.
pub(crate) const BEGIN_MS: u64 = 1_800_259_200_000;
/// The hour of the shop's clock at which the day begins.
pub(crate) const FIRST_HOUR: f64 = 8.0;

/// What is attacked, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Variant {
    /// The published day.
    Main,
    /// An attack from the first minute.
    FirstMinute,
    /// Every group mixes in successes of its own.
    Poisoning,
    /// Every tactic imitates a browser perfectly, from addresses that are used once.
    Imitation,
    /// No attack.
    Quiet,
}

impl Variant {
    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Variant::Main => "main",
            Variant::FirstMinute => "first-minute",
            Variant::Poisoning => "poisoning",
            Variant::Imitation => "imitation",
            Variant::Quiet => "quiet",
        }
    }
}

/// What to play.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Where chance begins.
    pub(crate) seed: u64,
    /// Fraction of customers, groups and addresses.
    pub(crate) size: f64,
    /// Length of the day.
    pub(crate) hours: f64,
    /// Which attack.
    pub(crate) variant: Variant,
}

impl Options {
    /// By how many hours the attack comes earlier than on the plan.
    pub(crate) fn shift(&self) -> f64 {
        if self.variant == Variant::FirstMinute { 2.0 } else { 0.0 }
    }

    /// Length of the day in milliseconds.
    pub(crate) fn day_ms(&self) -> f64 {
        self.hours * 3_600_000.0
    }

    /// A time on the plan of 24 hours as milliseconds since 1970.
    pub(crate) fn at_hour(&self, hour: f64) -> u64 {
        BEGIN_MS + super::random::ms(hour / 24.0 * self.hours * 3600.0)
    }

    /// Where a time is on the plan of 24 hours.
    pub(crate) fn hour_of(&self, now_ms: u64) -> f64 {
        now_ms.saturating_sub(BEGIN_MS) as f64 / self.day_ms() * 24.0
    }
}

/// What all actors share.
pub(crate) struct World {
    /// What is played.
    pub(crate) options: Options,
    /// Everybody with an account.
    pub(crate) customers: Customers,
    /// Every client there is.
    pub(crate) fleet: Fleet,
    /// What can be rented.
    pub(crate) proxies: Proxies,
    /// Tactics so far.
    pub(crate) tactics: Vec<TacticMark>,
    /// Actors that begin, with their times.
    pub(crate) spawned: Vec<(u64, Box<dyn Actor>)>,
    /// Visits so far, connections so far.
    pub(crate) counted: (u64, u64),
}

impl World {
    /// A number for a visit.
    pub(crate) fn next_visit(&mut self) -> u64 {
        self.counted.0 += 1;
        self.counted.0
    }

    /// A number for a connection.
    pub(crate) fn next_connection(&mut self) -> u64 {
        self.counted.1 += 1;
        self.counted.1
    }

    /// Milliseconds since the day began.
    pub(crate) fn day_ms(now_ms: u64) -> u64 {
        now_ms.saturating_sub(BEGIN_MS)
    }

    /// The hour of the shop's clock.
    pub(crate) fn clock(&self, now_ms: u64) -> f64 {
        (FIRST_HOUR + self.options.hour_of(now_ms)) % 24.0
    }
}

/// What is known of a tactic, for the ledger.
#[derive(Clone, Debug)]
pub(crate) struct TacticMark {
    /// What sort it is.
    pub(crate) kind: &'static str,
    /// Whose.
    pub(crate) group: Rc<str>,
    /// What it looks like, for people.
    pub(crate) shape: String,
    /// What it is used for.
    pub(crate) class: Class,
    /// When its operator noticed that he was opposed.
    pub(crate) noticed: Option<Noticed>,
}

/// How somebody came to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tell {
    /// Most of the last answers were refusals.
    Refusals,
    /// An answer that cannot be.
    KnownAnswer,
    /// The list yields less than it should.
    Yield,
    /// What was got is not there.
    Loot,
}

/// The moment in which somebody notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noticed {
    /// By what.
    pub(crate) tell: Tell,
    /// After so many requests with the tactic, pages included.
    pub(crate) after: u64,
}

/// What an actor does when its time has come.
pub(crate) enum Wake {
    /// It asks, and will hear.
    Send(Box<Shot>),
    /// It waits until then.
    Sleep(u64),
    /// It is done.
    Done,
}

/// One who acts. It knows no driver: it asks when woken, hears the reply, and says when to be
/// woken again.
pub(crate) trait Actor {
    /// Its time has come.
    fn wake(&mut self, now_ms: u64, world: &mut World) -> Wake;
    /// Its request was answered; the time at which it wants to be woken, if ever.
    fn seen(&mut self, now_ms: u64, shot: &Shot, reply: &Reply, world: &mut World) -> Option<u64>;
}
