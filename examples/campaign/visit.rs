//! One visit of a person: what they mean to do, step by step, and what they do when it fails.

use std::collections::VecDeque;
use std::rc::Rc;

use super::customers::{Device, password_of};
use super::goods::{Card, ISSUED_BY, gift_card};
use super::random::{Dice, ms, whole};
use super::reviews::review;
use super::shop::{PRODUCTS, code};
use super::shot::{Ask, Cohort, Label, Reply, Shot};
use super::world::{Actor, Wake, World};

/// A thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Open the shop.
    Page,
    /// Look at a list.
    List,
    /// Look at a product.
    Product,
    /// The browser fetches ahead.
    Prefetch,
    /// Sign in, after mistyping so often.
    Login(u8),
    /// Ask for a new password, and set it.
    Reset,
    /// Sign up.
    Signup,
    /// Enter the code that was mailed.
    Verify,
    /// Put something into the cart.
    Cart,
    /// Pay.
    Checkout,
    /// Pay with a card that is declined.
    Declined,
    /// Add a card, after mistyping its check number so often.
    AddCard(u8),
    /// Ask what is left on a gift card, after mistyping its code so often.
    GiftCard(u8),
    /// Write a review.
    Review,
}

/// Steps to come: how long after the step before, and what.
pub(crate) type Steps = VecDeque<(u64, Deed)>;

/// A visit.
pub(crate) struct Visit {
    pub(crate) number: u64,
    pub(crate) cohort: Cohort,
    /// The customer by number, if it is one yet.
    pub(crate) customer: Option<usize>,
    pub(crate) email: Rc<str>,
    pub(crate) password: Rc<str>,
    pub(crate) device: Device,
    pub(crate) address: u32,
    pub(crate) connection: u64,
    /// Whether the browser still knows the TLS of an earlier visit.
    pub(crate) resumes: bool,
    /// The device, by number.
    pub(crate) client: u64,
    /// Where they read their mail, if that is another device: with what, and at which address.
    pub(crate) elsewhere: Option<(Device, u32)>,
    pub(crate) sid: Option<u64>,
    /// Whether that session is signed in.
    pub(crate) signed_in: bool,
    /// The card and the gift card at hand, once they are.
    pub(crate) cards: (Option<Card>, Option<u64>),
    /// Whether the browser keeps the session for the next visit.
    pub(crate) keeps: bool,
    /// Whether they do not know their password, and will ask for a new one.
    pub(crate) forgets: bool,
    pub(crate) steps: Steps,
    pub(crate) doing: Deed,
    /// How often the deed at hand was refused.
    pub(crate) refused: u8,
    pub(crate) dice: Dice,
}

/// People ask again so often when they are refused.
const PATIENCE: u8 = 2;

impl Actor for Visit {
    fn wake(&mut self, now_ms: u64, _: &mut World) -> Wake {
        let Some((_, deed)) = self.steps.pop_front() else { return Wake::Done };
        self.doing = deed;
        // A code that is mailed may be entered where the mail is read, which knows no session.
        let elsewhere = self.elsewhere.as_ref().filter(|_| deed == Deed::Verify);
        let (device, address, sid) = match elsewhere {
            Some((device, address)) => (device, *address, None),
            None => (&self.device, self.address, self.sid),
        };
        let (make, language) = device.at(World::day_ms(now_ms));
        let (make, is_elsewhere) = (Rc::clone(make), u64::from(elsewhere.is_some()));
        Wake::Send(Box::new(Shot {
            label: Label::Customer { cohort: self.cohort, visit: self.number },
            make,
            agent: None,
            language,
            address,
            connection: self.connection + (is_elsewhere << 40),
            resumes: self.resumes && is_elsewhere == 0,
            client: self.client + (is_elsewhere << 40),
            sid,
            ask: self.ask(deed),
        }))
    }

    fn seen(&mut self, now_ms: u64, _: &Shot, reply: &Reply, world: &mut World) -> Option<u64> {
        if self.elsewhere.is_none() || self.doing != Deed::Verify {
            self.sid = reply.sid.or(self.sid);
        }
        if reply.stopped {
            self.take_refusal()?;
        } else {
            self.refused = 0;
            self.go_on(reply.status, world);
        }
        let &(after_ms, _) = self.steps.front()?;
        Some(now_ms + after_ms.max(1))
    }
}

impl Visit {
    fn ask(&mut self, deed: Deed) -> Ask {
        // Few products draw most looks: the cube of an even draw.
        let product = 1 + whole(self.dice.unit().powi(3) * (PRODUCTS - 1) as f64);
        let email = Rc::clone(&self.email);
        match deed {
            Deed::Page => Ask::Page,
            Deed::List => Ask::List(1 + self.dice.run(0.3, 8)),
            Deed::Product => Ask::Product(product),
            Deed::Prefetch => Ask::Prefetch(product),
            Deed::Login(0) => Ask::Login { email, password: Rc::clone(&self.password) },
            Deed::Login(_) => Ask::Login { email, password: self.mistyped() },
            Deed::Reset => Ask::Reset { email },
            Deed::Signup => Ask::Signup { email, password: Rc::clone(&self.password) },
            Deed::Verify => Ask::Verify { code: code(&email), email },
            Deed::Cart => Ask::Cart(product),
            Deed::Checkout => Ask::Checkout { declined: false },
            Deed::Declined => Ask::Checkout { declined: true },
            Deed::AddCard(wrong) => {
                let dice = &mut self.dice;
                let card = *self.cards.0.get_or_insert_with(|| Card::good(dice.below(ISSUED_BY), dice));
                Ask::AddPayment(if wrong > 0 { card.mistyped() } else { card })
            }
            Deed::GiftCard(wrong) => {
                let dice = &mut self.dice;
                let code = *self.cards.1.get_or_insert_with(|| gift_card(dice));
                let digit = 10_u64.pow(u32::try_from(dice.below(6)).unwrap_or(0));
                Ask::GiftCard(if wrong == 0 {
                    code
                } else if code / digit % 10 == 9 {
                    code - digit
                } else {
                    code + digit
                })
            }
            Deed::Review => Ask::Comment { product, text: review(&mut self.dice) },
        }
    }

    /// Their own password with one letter wrong.
    fn mistyped(&mut self) -> Rc<str> {
        let at = self.dice.below(self.password.len());
        let wrong = |(n, c): (usize, char)| if n == at { if c == 'x' { 'y' } else { 'x' } } else { c };
        self.password.chars().enumerate().map(wrong).collect::<String>().into()
    }

    /// What follows from an answer of the shop.
    fn go_on(&mut self, status: u16, world: &mut World) {
        match (self.doing, status) {
            (Deed::Login(1), 401) if self.forgets => self.ask_anew(),
            (Deed::Login(wrong), 401) if wrong > 0 => {
                let pause = ms(self.dice.lognormal(6.0, 0.6));
                self.steps.push_front((pause, Deed::Login(wrong - 1)));
            }
            (Deed::Login(_), 200) | (Deed::Signup, 201) => self.signed_in = true,
            (Deed::AddCard(wrong), 402) if wrong > 0 => self.try_again(14.0, Deed::AddCard(wrong - 1)),
            (Deed::GiftCard(wrong), 404) if wrong > 0 => self.try_again(11.0, Deed::GiftCard(wrong - 1)),
            // The password was too short.
            (Deed::Signup, 422) => {
                self.password = password_of(&mut self.dice);
                let pause = ms(self.dice.lognormal(9.0, 0.5));
                self.steps.push_front((pause, Deed::Signup));
            }
            // There is an account already: they sign in to it.
            (Deed::Signup, 409) => {
                self.steps.retain(|(_, deed)| *deed != Deed::Verify);
                let pause = ms(self.dice.lognormal(10.0, 0.5));
                self.steps.push_front((pause, Deed::Login(0)));
            }
            _ => {}
        }
        if self.keeps
            && let Some(customer) = self.customer.and_then(|n| world.customers.get_mut(n))
        {
            // Another device may have kept another session meanwhile: both or neither.
            (customer.sid, customer.signed_in) = (self.sid, self.signed_in);
        }
    }

    /// They look again at what they typed.
    fn try_again(&mut self, seconds: f64, deed: Deed) {
        let pause = ms(self.dice.lognormal(seconds, 0.6));
        self.steps.push_front((pause, deed));
    }

    /// What follows where all they could think of was wrong: a new password, or they leave.
    fn ask_anew(&mut self) {
        if self.dice.chance(0.3) {
            self.steps.clear();
            return;
        }
        let (ask, read) = (ms(self.dice.lognormal(12.0, 0.5)), ms(self.dice.lognormal(75.0, 0.7)));
        self.steps.push_front((read, Deed::Login(0)));
        self.steps.push_front((ask, Deed::Reset));
    }

    /// What follows from a refusal: they try again a little later, and leave in the end.
    fn take_refusal(&mut self) -> Option<()> {
        self.refused += 1;
        if self.refused > PATIENCE {
            return None;
        }
        let pause = ms(self.dice.lognormal(9.0, 0.7));
        self.steps.push_front((pause, self.doing));
        Some(())
    }
}
