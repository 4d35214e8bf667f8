//! What a client does with an account: verifies it, adds cards, pays, comments.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::goods::{Card, ISSUED_BY};
use super::super::random::{Dice, whole};
use super::super::shop::{PRODUCTS, code};
use super::super::shot::{Ask, Class};
use super::group::{Aim, Group};
use super::lists;

/// One step of an errand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Step {
    /// Enters the code that was mailed.
    Verify,
    /// Adds the next card of the list.
    Card,
    /// Puts something cheap into the cart.
    Cart,
    /// Pays.
    Checkout,
    /// Posts a comment.
    Comment,
    /// Signs in to an account of the group's own.
    SignIn,
}

/// Steps yet to come, and the account that they are of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Errand {
    pub(super) email: Rc<str>,
    class: Class,
    steps: VecDeque<Step>,
    cards_left: u8,
}

/// An account by address and password.
pub(super) type Account = (Rc<str>, Rc<str>);

impl Errand {
    /// Verifies a fake account, and no more.
    pub(super) fn verifying(email: &Rc<str>) -> Self {
        Self { email: Rc::clone(email), class: Class::Fakes, steps: [Step::Verify].into(), cards_left: 0 }
    }

    /// What a group does with an account that it has just got into; nothing if it wants no more.
    pub(super) fn with_account(
        email: &Rc<str>,
        group: &Group,
        is_new: bool,
        dice: &mut Dice,
    ) -> Option<Self> {
        let mut steps = VecDeque::new();
        let mut cards_left = 0;
        if is_new && dice.chance(group.verified) {
            steps.push_back(Step::Verify);
        }
        let class = match group.aim {
            Aim::Unverified => {
                cards_left = 3;
                // The order in which it is done differs from script to script.
                let orders =
                    [[Step::Card, Step::Cart, Step::Checkout], [Step::Cart, Step::Card, Step::Checkout]];
                steps.extend(orders[group.number as usize % 2]);
                Class::Unverified
            }
            Aim::Cards => {
                cards_left = 3 + u8::try_from(dice.below(6)).unwrap_or(0);
                steps.push_back(Step::Card);
                Class::CardTesting
            }
            Aim::Spam => {
                steps.extend(std::iter::repeat_n(Step::Comment, 2 + dice.below(5)));
                Class::Spam
            }
            _ => return None,
        };
        Some(Self { email: Rc::clone(email), class, steps, cards_left })
    }

    /// Pays for what a bot has put into its cart.
    pub(super) fn paying(email: &Rc<str>) -> Self {
        let steps = [Step::SignIn, Step::Checkout].into();
        Self { email: Rc::clone(email), class: Class::Bots, steps, cards_left: 0 }
    }

    /// Whether it begins with a code that is mailed.
    pub(super) fn awaits_mail(&self) -> bool {
        self.steps.front() == Some(&Step::Verify)
    }

    /// What it asks for now, and why.
    pub(super) fn ask(&self, group: &Group, template: usize, dice: &mut Dice) -> (Ask, Class) {
        let email = || Rc::clone(&self.email);
        let ask = match self.steps.front().copied().unwrap_or(Step::Cart) {
            Step::Verify => Ask::Verify { code: code(&self.email), email: email() },
            Step::Card => Ask::AddPayment(stolen(group, dice)),
            // What can be sold on, or costs least.
            Step::Cart => Ask::Cart(1 + whole(dice.unit().powi(2) * 60.0)),
            Step::Checkout => Ask::Checkout { declined: false },
            Step::Comment => {
                let product = 1 + dice.below(PRODUCTS);
                Ask::Comment { product, text: lists::advertisement(template, dice) }
            }
            Step::SignIn => {
                let password =
                    group.own.iter().find(|(own, _)| *own == self.email).map(|(_, word)| Rc::clone(word));
                let password = password.unwrap_or_else(|| "".into());
                return (Ask::Login { email: email(), password }, Class::Own);
            }
        };
        (ask, self.class)
    }

    /// Goes on after an answer, or gives up.
    pub(super) fn go_on(mut self, status: u16, dice: &mut Dice) -> Option<Self> {
        let step = self.steps.pop_front()?;
        // Scripts do not look closely at what they are told: half go on as if nothing was.
        if matches!(status, 403 | 429) && dice.chance(0.5) {
            return None;
        }
        match (step, status, self.class) {
            (Step::Card, ..) => {
                self.cards_left = self.cards_left.saturating_sub(1);
                let tests = self.class == Class::CardTesting;
                // Whether a card can pay is known once it has.
                if tests && status == 201 && dice.chance(0.5) {
                    self.steps.extend([Step::Cart, Step::Checkout]);
                }
                if self.cards_left > 0 && (tests || status != 201) {
                    let at = if tests { self.steps.len() } else { 0 };
                    self.steps.insert(at, Step::Card);
                }
            }
            // What works once is done again.
            (Step::Checkout, 200, Class::Unverified) if dice.chance(0.6) => {
                self.steps.extend([Step::Cart, Step::Checkout]);
            }
            _ => {}
        }
        (!self.steps.is_empty()).then_some(self)
    }
}

/// A card of a group's list: most are of few issuers, and some are still good.
fn stolen(group: &Group, dice: &mut Dice) -> Card {
    let issuer =
        if dice.chance(0.7) { group.number as usize * 5 + dice.below(3) } else { dice.below(ISSUED_BY) };
    if dice.chance(group.valid) { Card::good(issuer, dice) } else { Card::of(issuer, dice) }
}

/// What somebody tries who finds out what the shop allows, in no order, with an account of theirs.
pub(super) fn explore(account: &Account, dice: &mut Dice) -> Ask {
    let (email, password) = (Rc::clone(&account.0), Rc::clone(&account.1));
    match dice.below(10) {
        0 | 1 => Ask::Signup { email, password },
        2 => Ask::Login { email, password },
        3..=5 => {
            let issuer = dice.below(ISSUED_BY);
            Ask::AddPayment(if dice.chance(0.3) { Card::good(issuer, dice) } else { Card::of(issuer, dice) })
        }
        6 | 7 => Ask::Cart(1 + dice.below(PRODUCTS)),
        8 => Ask::Verify { email, code: u32::try_from(dice.below(1_000_000)).unwrap_or(0) },
        _ => Ask::Checkout { declined: false },
    }
}
