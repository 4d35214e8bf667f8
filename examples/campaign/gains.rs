//! What attackers got who are after goods rather than accounts, and at which step they were stopped.

use std::collections::{BTreeMap, HashSet};

use super::ledger::{Count, verb};
use super::shot::{Ask, Class, GOODS, Reply, Shot};

/// Something to gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gain {
    /// An account that was made to pay or to comment.
    Account,
    /// A stolen card of which the shop said that it is good; each once.
    Card,
    /// An order on an account that was never verified.
    UnverifiedOrder,
    /// An order with a card that was tested before.
    TestedOrder,
    /// A gift card with something on it; each once.
    GiftCard,
    /// A cart that holds what is on sale.
    Cart,
    /// An order of what was on sale.
    BotOrder,
    /// A comment.
    Comment,
}

/// Every gain with its name.
pub(crate) const GAINS: [(Gain, &str); 8] = [
    (Gain::Account, "accounts made to pay or to comment"),
    (Gain::Card, "stolen cards accepted"),
    (Gain::UnverifiedOrder, "orders on unverified accounts"),
    (Gain::TestedOrder, "orders with tested cards"),
    (Gain::GiftCard, "gift cards found"),
    (Gain::Cart, "carts held"),
    (Gain::BotOrder, "orders of bots"),
    (Gain::Comment, "comments posted"),
];

/// Requests of one sort for one purpose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    /// All, and those that were stopped.
    pub(crate) count: Count,
    /// Why they were stopped.
    pub(crate) reasons: BTreeMap<String, u64>,
}

/// All that was got.
#[derive(Default)]
pub(crate) struct Gains {
    counts: BTreeMap<Gain, u64>,
    /// Cards and gift cards that were counted.
    found: HashSet<u64>,
    /// By purpose and what was asked for.
    pub(crate) steps: BTreeMap<(Class, &'static str), Step>,
}

impl Gains {
    /// How many.
    pub(crate) fn of(&self, gain: Gain) -> u64 {
        self.counts.get(&gain).copied().unwrap_or(0)
    }

    /// Counts a request of an attacker and its reply.
    pub(super) fn note(&mut self, class: Class, shot: &Shot, reply: &Reply) {
        if !GOODS.contains(&class) {
            return;
        }
        let step = self.steps.entry((class, verb(&shot.ask))).or_default();
        step.count.add(reply.stopped);
        if reply.stopped {
            *step.reasons.entry(reason(reply)).or_default() += 1;
            return;
        }
        let gain = match (&shot.ask, reply.status, class) {
            (Ask::Signup { .. }, 201, _) => Gain::Account,
            (Ask::AddPayment(card), 201, _) if self.found.insert(card.number) => Gain::Card,
            (Ask::GiftCard(code), 200, _) if self.found.insert(*code) => Gain::GiftCard,
            (Ask::Checkout { .. }, 200, Class::Unverified) => Gain::UnverifiedOrder,
            (Ask::Checkout { .. }, 200, Class::CardTesting) => Gain::TestedOrder,
            (Ask::Checkout { .. }, 200, Class::Bots) => Gain::BotOrder,
            (Ask::Cart(_), 201, Class::Bots) => Gain::Cart,
            (Ask::Comment { .. }, 201, _) => Gain::Comment,
            _ => return,
        };
        *self.counts.entry(gain).or_default() += 1;
    }
}

/// Why it was stopped, in a word or two.
fn reason(reply: &Reply) -> String {
    let note = reply.note.as_deref().unwrap_or("no note");
    let reasons = note.split(';').find_map(|part| part.trim().strip_prefix("reasons="));
    reasons.unwrap_or(note).to_owned()
}
