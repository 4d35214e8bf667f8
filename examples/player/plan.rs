//! Labelled traffic as plain data: who sends what, when, and what each party hopes for.
//!
//! It is made from a seed alone, so the same traffic can be played at several targets. Labels stay
//! here: nothing of them is ever sent.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::family::Family;
use super::{attack, customer};
use crate::seed;

/// The shortest and the longest a plan may be, in seconds.
pub(crate) const SECONDS: std::ops::RangeInclusive<u64> = 20..=600;

/// Everything that is played.
pub(crate) struct Plan {
    /// The scenarios, customers first.
    pub(crate) scenarios: Vec<Scenario>,
}

/// Traffic of one kind.
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whose it is.
    pub(crate) side: Side,
    /// Who sends.
    pub(crate) actors: Vec<Actor>,
}

/// Whose traffic a scenario is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Customers, who are to get what the shop answers.
    Customers,
    /// Attackers, who want what this names.
    Attackers(&'static str),
}

/// One sender: a customer, or one connection of an attacker.
pub(crate) struct Actor {
    /// What it sends with.
    pub(crate) family: &'static Family,
    /// Its address.
    pub(crate) address: String,
    /// What it does, in order.
    pub(crate) steps: Vec<Step>,
}

/// One request.
pub(crate) struct Step {
    /// When it is due, in milliseconds since the play began.
    pub(crate) at_ms: u64,
    /// The method.
    pub(crate) method: &'static str,
    /// The path with its query.
    pub(crate) path: String,
    /// The body.
    pub(crate) body: Option<String>,
    /// The status that the shop itself answers; `None` where nobody counts on one.
    pub(crate) want: Option<u16>,
    /// What an attacker wins if it goes well.
    pub(crate) prize: Option<Prize>,
}

/// Something an attacker can win.
pub(crate) struct Prize {
    /// What it is: an account, a code, a path.
    pub(crate) name: String,
    /// How it shows that it is won.
    pub(crate) won: Won,
}

/// How it shows that a prize is won.
#[derive(Clone, Copy)]
pub(crate) enum Won {
    /// Any 2xx answer.
    Success,
    /// A 2xx answer whose `balance_cents` is above zero.
    Balance,
    /// Any answer but 404: something is there.
    Found,
}

/// What the makers of scenarios draw on.
pub(crate) struct Draw {
    rng: StdRng,
    /// How long the play lasts, in milliseconds.
    pub(crate) length_ms: u64,
}

impl Plan {
    /// The traffic of this seed; counts grow with the seconds, so that rates stay the same.
    pub(crate) fn new(seed: u64, seconds: u64) -> Self {
        let mut draw = Draw { rng: StdRng::seed_from_u64(seed), length_ms: seconds * 1_000 };
        let mut scenarios = customer::scenarios(&mut draw);
        scenarios.extend(attack::scenarios(&mut draw));
        Self { scenarios }
    }

    /// How many requests there are.
    pub(crate) fn requests(&self) -> usize {
        let actors = self.scenarios.iter().flat_map(|scenario| &scenario.actors);
        actors.map(|actor| actor.steps.len()).sum()
    }
}

impl Draw {
    /// A number from `low` to below `high`.
    pub(crate) fn number(&mut self, low: u64, high: u64) -> u64 {
        self.rng.random_range(low..high.max(low + 1))
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.number(0, 100) < chance
    }

    /// One of a list; `other` if it is empty.
    pub(crate) fn pick<T: Copy>(&mut self, list: &[T], other: T) -> T {
        let at = usize::try_from(self.number(0, list.len() as u64)).unwrap_or(0);
        list.get(at).copied().unwrap_or(other)
    }

    /// How many there are in this play of what there are `per_minute` of, at least one.
    pub(crate) fn count(&self, per_minute: u64) -> u64 {
        (per_minute * self.length_ms / 60_000).max(1)
    }
}

/// Writes an actor's steps one after the other.
pub(crate) struct Script {
    now_ms: u64,
    /// The steps so far.
    steps: Vec<Step>,
}

impl Script {
    /// A script whose first step is due then.
    pub(crate) fn starting_at(now_ms: u64) -> Self {
        Self { now_ms, steps: Vec::new() }
    }

    /// Lets time pass before the next step.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
    }

    /// Reads, counting on this answer.
    pub(crate) fn get(&mut self, path: impl Into<String>, want: u16) {
        self.push("GET", path.into(), None, Some(want), None);
    }

    /// Sends, counting on this answer.
    pub(crate) fn post(&mut self, path: impl Into<String>, body: &serde_json::Value, want: u16) {
        self.push("POST", path.into(), Some(body.to_string()), Some(want), None);
    }

    /// Sends a method without a body, counting on this answer if there is one.
    pub(crate) fn bare(&mut self, method: &'static str, path: impl Into<String>, want: Option<u16>) {
        self.push(method, path.into(), None, want, None);
    }

    /// Does what an attacker hopes to win something by.
    pub(crate) fn attempt(&mut self, method: &'static str, path: String, body: Option<String>, prize: Prize) {
        self.push(method, path, body, None, Some(prize));
    }

    /// Does what an attacker has to do on the way.
    pub(crate) fn prepare(&mut self, path: impl Into<String>, body: &serde_json::Value) {
        self.push("POST", path.into(), Some(body.to_string()), None, None);
    }

    /// The actor that follows this script.
    pub(crate) fn played_by(self, family: &'static Family, address: String) -> Actor {
        Actor { family, address, steps: self.steps }
    }

    fn push(
        &mut self,
        method: &'static str,
        path: String,
        body: Option<String>,
        want: Option<u16>,
        prize: Option<Prize>,
    ) {
        self.steps.push(Step { at_ms: self.now_ms, method, path, body, want, prize });
    }
}

/// The body that signs an account in with this password.
pub(crate) fn credentials(email: &str, password: &str) -> serde_json::Value {
    serde_json::json!({"email": email, "password": password})
}

/// The body that signs in an account of the shop's seed.
pub(crate) fn right_credentials(account: u64) -> serde_json::Value {
    credentials(&seed::email(account), &seed::password(account))
}
