//! The ladder: from a score, and from how often a key was condemned before, to an action.

use super::Facet;

/// Where each action begins. `None`: the action is not used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ladder {
    /// Report only: a score.
    pub observe: Option<f64>,
    /// Tell the origin by request headers: a score.
    pub tag: Option<f64>,
    /// Hold each request for [`Ladder::hold_ms`] before it goes on. It is there for accounts, which are never
    /// refused for what strangers do to them, even where it begins at no score.
    pub delay: Option<Rung>,
    /// Answer 429 to what is more than [`Ladder::rate`].
    pub limit: Option<Rung>,
    /// Answer as the origin does where it refuses.
    pub deceive: Option<Rung>,
    /// Answer 403.
    pub block: Option<Rung>,
    /// How long a delayed request is held, in milliseconds.
    pub hold_ms: u64,
    /// How much of a limited key's requests pass; `None`: none do.
    pub rate: Option<Rate>,
    /// How long a key must be without a verdict for one repeat to be forgotten, in milliseconds.
    pub forget_ms: u64,
}

impl Ladder {
    /// The lowest score at which a verdict stands; `None`: none ever does.
    #[must_use]
    pub fn lowest_standing(&self) -> Option<f64> {
        let rungs = [self.delay, self.limit, self.deceive, self.block];
        rungs.into_iter().flatten().filter_map(|rung| rung.at).reduce(f64::min)
    }
}

/// A step of the ladder whose verdicts stand for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rung {
    /// The score at which it begins, in nats; `None`: at no score.
    pub at: Option<f64>,
    /// So many verdicts that are not forgotten are enough for it at any score at which one stands; at least
    /// 1. `None`: none are.
    pub after: Option<u8>,
    /// How long the first verdict stands; each repeat doubles it. Milliseconds.
    pub for_ms: u64,
    /// The longest a repeat can make it. Milliseconds.
    pub up_to_ms: u64,
}

/// How much passes, and how much of it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that come in a period, at least 1.
    pub tokens: u32,
    /// The period, in milliseconds, at least 1,000.
    pub period_ms: u64,
    /// Tokens that can be saved up, at least 1.
    pub burst: u32,
}

/// How much passes of a key's requests, whatever they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name, which is the reason that is given, and the policy that clients are told of.
    pub name: String,
    /// The facets of the key, ascending, at least one. A request that lacks one is not under the limit.
    pub key: Vec<Facet>,
    /// How much passes.
    pub rate: Rate,
    /// Whether answers that pass tell what is left.
    pub announce: bool,
}
