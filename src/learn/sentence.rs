//! When what is known of a behavior is enough for a verdict, and which verdict a request meets.

use super::actor::Actor;
use super::behavior::Behavior;
use super::book::{self, Head};
use super::lesson::{Behaviors, GOOD, LEAST_MAKES, Terms};
use super::profile::{self, COUNTED, MASKS, SIDES, SINGLES, Side};
use crate::decide;
use crate::detect::shift::Level;
use crate::memory::Standing;

/// The reason that is given with a verdict on a behavior.
pub const REASON: &str = "behavior";

/// What is stored as a verdict's reason: it is no rule of the policy's, and always the same.
const NO_RULE: u16 = 0;

/// A behavior that a larger share of the customers has, and more than a few, is never condemned: what
/// tells attackers from them is another. The few are known, and let in as such.
const COMMON: f32 = 0.001;
const FEW: f32 = 3.0;

/// So many customers are enough to tell what is common; before the first, so many nats are held back.
const ENOUGH: f32 = 50.0;
const UNSURE: f32 = 16.0;

/// A behavior moved with a shift where its share of failures is so many times its share of customers,
/// and there were a few.
const MOVED: f32 = 8.0;
const MOVED_FAILURES: u16 = 3;

/// From so many networks something has to speak against a behavior at least: what comes from one is a
/// client, to be judged as such. Two may be two people; under attack they are not believed to be.
const NETWORKS: u32 = 3;
const NETWORKS_SUSPECT: u32 = 2;

/// Odds of those who come back after a refusal, in nats, from which nobody is let through for it.
const RETURNED_FALSE: f32 = 9.0;

/// A behavior that was condemned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentence {
    /// Which combination: an index of [`COUNTED`].
    pub mask: usize,
    /// The verdict.
    pub standing: Standing,
    /// The odds that led to it, in nats.
    pub odds: f32,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// Condemns what the evidence has come to be enough for.
pub(super) fn condemn(
    behaviors: &mut Behaviors,
    head: &Head,
    terms: Terms,
    now_ms: u64,
    actor: &Actor,
    expected: &Expected,
) -> Option<Sentence> {
    let suspect = actor.suspicion > 0.0 || head.shift.level() != Level::Usual;
    let networks = if suspect { NETWORKS_SUSPECT } else { NETWORKS };
    let mut strongest: Option<Sentence> = None;
    for (mask, behavior) in behaviors.iter_mut().enumerate().take(SINGLES) {
        let Some(behavior) =
            behavior.as_mut().filter(|b| b.networks() >= networks && can_carry(mask, b, expected, head))
        else {
            continue;
        };
        let odds = behavior.odds + alert(behavior, head) - unsure(head);
        let past = standing_of(behavior);
        // Many may share a behavior: neither repeats nor a verdict that ended make the next one easier.
        let action = decide::action_at(&terms.ladder, f64::from(odds));
        let Some(standing) = decide::stand(&terms.ladder, action, NO_RULE, past, now_ms) else {
            continue;
        };
        (behavior.action, behavior.repeats, behavior.until_s) =
            (standing.action, standing.repeats, standing.until_s);
        behavior.tried_s = (now_ms / 1000) as u32;
        behavior.campaign = actor.id;
        if strongest.is_none_or(|s| odds >= s.odds) {
            strongest = Some(Sentence { mask, standing, odds, at_ms: now_ms });
        }
    }
    strongest
}

/// What is held back of the odds, in nats, while too few customers are known to tell what is common
/// among them: a few people who share a browser and mistype look like an attack then.
fn unsure(head: &Head) -> f32 {
    UNSURE * (1.0 - head.customers / ENOUGH).max(0.0)
}

/// What a shift of the whole policy adds to the odds of a behavior, in nats: something only where the
/// behavior moved with it, which is told by its share of the failures against its share of the
/// customers (Herley and Schechter, "Distinguishing Attacks from Legitimate Authentication Traffic at
/// Scale", NDSS 2019).
fn alert(behavior: &Behavior, head: &Head) -> f32 {
    let of_failures = f32::from(behavior.failures) / f32::from(head.failures.max(1));
    let of_customers = (behavior.customers() + 1.0) / (head.customers + 10.0);
    if behavior.failures < MOVED_FAILURES || of_failures < of_customers * MOVED {
        return 0.0;
    }
    match head.shift.level() {
        Level::Usual => 0.0,
        Level::Slight => 1.0,
        Level::Marked => 1.5,
        Level::Heavy => 2.0,
    }
}

/// The shares of customers that have a request's sides.
pub(super) struct Shares([f32; SIDES]);

impl Shares {
    pub(super) fn new(behaviors: &Behaviors, head: &Head) -> Self {
        let all = head.customers + 1.0;
        Self(Side::ALL.map(|side| {
            let behavior = profile::alone(side).and_then(|mask| behaviors.get(mask).copied().flatten());
            behavior.map_or(0.0, |behavior| (behavior.customers() / all).min(1.0))
        }))
    }

    fn of(&self, side: Side) -> f32 {
        // The set of header names is told by their order.
        let side = if side == Side::Set { Side::Order } else { side };
        self.0.get(side as usize).copied().unwrap_or(0.0)
    }

    /// The share that a combination is to be expected to have, where its sides come together as chance
    /// has it: what tells of the program as often as the rarest of it, since it comes together; the
    /// locale and the journey each for itself.
    pub(super) fn together(&self, sides: impl Iterator<Item = Side>) -> f32 {
        let (mut program, mut rest) = (1.0_f32, 1.0_f32);
        for side in sides {
            match side {
                Side::Locale | Side::Journey => rest *= self.of(side),
                _ => program = program.min(self.of(side)),
            }
        }
        program * rest
    }
}

/// How many customers each combination is to be expected to have.
pub(super) type Expected = [f32; MASKS];

/// What is to be expected where a request's sides come together as chance has it.
pub(super) fn expected(behaviors: &Behaviors, head: &Head) -> Expected {
    let shares = Shares::new(behaviors, head);
    COUNTED.map(|mask| shares.together(mask.sides()) * head.customers)
}

/// Whether a behavior may be condemned at all: it says enough of a client's make, and hardly any
/// customers have it.
fn can_carry(mask: usize, behavior: &Behavior, expected: &Expected, head: &Head) -> bool {
    let makes = COUNTED.get(mask).map_or(0, |mask| mask.makes());
    let expected = expected.get(mask).copied().unwrap_or(0.0);
    makes >= LEAST_MAKES && is_rare(behavior.customers().max(expected), head)
}

/// Whether hardly any customers are so many.
pub(super) fn is_rare(customers: f32, head: &Head) -> bool {
    customers <= (head.customers * COMMON).max(FEW)
}

/// The verdict on a behavior.
fn standing_of(behavior: &Behavior) -> Standing {
    let Behavior { repeats, action, .. } = *behavior;
    Standing { until_s: behavior.ends_s(), repeats, action, reason: NO_RULE }
}

/// What the book says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The verdict that stands on one of its behaviors.
    pub standing: Standing,
    /// The campaign.
    pub campaign: u32,
    /// Which combination: an index of [`COUNTED`].
    pub mask: usize,
    /// Its key.
    pub key: u64,
    /// Whether one who comes back is to be let through: those who did so far were customers.
    pub may_return: bool,
}

/// Takes in that requests were refused for a behavior of late.
pub fn tried(book: &mut [u8], key: u64, now_ms: u64) {
    if let Some(mut behavior) = book::find(book, key) {
        behavior.tried_s = behavior.tried_s.max((now_ms / 1000) as u32);
        book::put(book, key, &behavior, now_ms);
    }
}

/// The verdict that stands on one of a request's behaviors, as they are in the book: on the narrowest,
/// since wider ones meet more people, and end when nobody is refused for them. One on a wider behavior
/// does not count where a narrower one is known as good.
#[must_use]
pub fn recognise(book: &[u8], keys: &[Option<u64>; MASKS], now_ms: u64) -> Option<Recognised> {
    let now_s = (now_ms / 1000) as u32;
    // Most requests meet no verdict at all.
    let meets = |key: &Option<u64>| {
        key.is_some_and(|key| book::ends_s(book, key).is_some_and(|ends_s| ends_s >= now_s))
    };
    if !keys.iter().take(SINGLES).any(meets) {
        return None;
    }
    let head = Head::read(book);
    let behaviors: Behaviors = keys.map(|key| book::find(book, key?));
    let expected = expected(&behaviors, &head);
    let cleared = |mask: usize| {
        let Some(wide) = COUNTED.get(mask) else { return false };
        let narrower = COUNTED.iter().zip(&behaviors).filter(|(narrow, _)| narrow.is_narrower(*wide));
        narrower.filter_map(|(_, behavior)| *behavior).any(|behavior| behavior.odds <= GOOD)
    };
    behaviors.iter().enumerate().take(SINGLES).find_map(|(mask, behavior)| {
        let behavior = behavior.filter(|b| b.is_condemned(now_ms) && can_carry(mask, b, &expected, &head))?;
        let (standing, campaign) = (standing_of(&behavior), behavior.campaign);
        let key = keys.get(mask).copied().flatten()?;
        let may_return = head.returned < RETURNED_FALSE;
        (!cleared(mask)).then_some(Recognised { standing, campaign, mask, key, may_return })
    })
}
