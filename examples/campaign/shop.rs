//! The shop behind the filter: accounts, sessions, carts, cards; it answers as an origin would, counts
//! nothing and locks nobody out.
//!
//! Its page asks for a verified address before a card is added or anything is paid. Its API does not:
//! that is the hole of the published case.

use std::collections::HashMap;
use std::rc::Rc;

use super::goods::is_gift_card;
use super::random::mix;
use super::shot::{Ask, Shot};

/// What the shop answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The status.
    pub(crate) status: u16,
    /// A session for a client without one.
    pub(crate) sid: Option<u64>,
    /// Whether the address of who signed in is verified; `None` where nobody did.
    pub(crate) verified: Option<bool>,
}

impl Answered {
    /// The body.
    pub(crate) fn body(&self) -> &'static str {
        match self.verified {
            Some(true) => r#"{"user":{"email_verified":true}}"#,
            Some(false) => r#"{"user":{"email_verified":false}}"#,
            None => "{}",
        }
    }
}

/// An account.
#[derive(Clone, Debug)]
struct Account {
    password: Rc<str>,
    /// Whether its mail address is verified.
    verified: bool,
    /// Whether a card was added that its bank accepted.
    has_card: bool,
}

/// The shop.
pub(crate) struct Shop {
    /// By address.
    accounts: HashMap<Rc<str>, Account>,
    /// Who is signed in, if anybody is.
    sessions: HashMap<u64, Option<Rc<str>>>,
    given: u64,
    seed: u64,
}

/// The products that there are.
pub(crate) const PRODUCTS: usize = 2_000;

/// The code that is mailed to an address.
pub(crate) fn code(email: &str) -> u32 {
    let sum = email.bytes().fold(7_u64, |sum, byte| mix(sum ^ u64::from(byte)));
    u32::try_from(sum % 1_000_000).unwrap_or(0)
}

impl Shop {
    /// A shop without accounts.
    pub(crate) fn new(seed: u64) -> Self {
        Self { accounts: HashMap::new(), sessions: HashMap::new(), given: 0, seed: mix(seed ^ 0x5e55) }
    }

    /// Adds an account from before the day, as customers have them: verified, with a card.
    pub(crate) fn add_account(&mut self, email: &Rc<str>, password: &Rc<str>) {
        self.add(email, password, true, true);
    }

    /// Adds an account from before the day that nobody paid with yet.
    pub(crate) fn add_unused(&mut self, email: &Rc<str>, password: &Rc<str>, verified: bool) {
        self.add(email, password, verified, false);
    }

    fn add(&mut self, email: &Rc<str>, password: &Rc<str>, verified: bool, has_card: bool) {
        self.accounts.insert(Rc::clone(email), Account { password: Rc::clone(password), verified, has_card });
    }

    /// Signs a session in.
    pub(crate) fn sign_in(&mut self, sid: u64, email: &Rc<str>) {
        self.sessions.insert(sid, Some(Rc::clone(email)));
    }

    /// Adds a session from before the day.
    pub(crate) fn add_session(&mut self) -> u64 {
        self.given += 1;
        let sid = mix(self.seed.wrapping_add(self.given));
        self.sessions.insert(sid, None);
        sid
    }

    /// The status that a request would have, without anything coming of it.
    pub(crate) fn foresee(&self, ask: &Ask, sid: Option<u64>) -> u16 {
        let account = || self.account_of(sid).and_then(|email| self.accounts.get(email));
        match ask {
            Ask::Page | Ask::List(_) => 200,
            Ask::Product(number) | Ask::Prefetch(number) if *number <= PRODUCTS => 200,
            Ask::Product(_) | Ask::Prefetch(_) | Ask::Path(_) => 404,
            Ask::Login { email, password } => match self.accounts.get(email) {
                Some(account) if account.password == *password => 200,
                _ => 401,
            },
            Ask::Signup { password, .. } if password.len() < 8 => 422,
            Ask::Signup { email, .. } if self.accounts.contains_key(email) => 409,
            Ask::Signup { .. } => 201,
            Ask::Verify { email, code: given } => {
                if self.accounts.contains_key(email) && *given == code(email) { 200 } else { 400 }
            }
            Ask::Reset { .. } => 202,
            Ask::Cart(_) => 201,
            Ask::GiftCard(code) => {
                if is_gift_card(*code) {
                    200
                } else {
                    404
                }
            }
            Ask::Checkout { declined } => match account() {
                None => 401,
                Some(account) if *declined || !account.has_card => 402,
                Some(_) => 200,
            },
            Ask::AddPayment(card) if account().is_some() => {
                if card.is_good() {
                    201
                } else {
                    402
                }
            }
            Ask::Comment { .. } if account().is_some() => 201,
            Ask::AddPayment(_) | Ask::Comment { .. } => 401,
        }
    }

    /// Whose session it is.
    fn account_of(&self, sid: Option<u64>) -> Option<&Rc<str>> {
        self.sessions.get(&sid?)?.as_ref()
    }

    /// Answers.
    pub(crate) fn answer(&mut self, shot: &Shot) -> Answered {
        self.answer_to(&shot.ask, shot.sid)
    }

    /// Answers somebody who carries a session, or none.
    pub(crate) fn answer_to(&mut self, ask: &Ask, sid: Option<u64>) -> Answered {
        let status = self.foresee(ask, sid);
        let gives = match ask {
            Ask::Page | Ask::List(_) | Ask::Product(_) | Ask::Login { .. } => status == 200,
            Ask::Signup { .. } => status == 201,
            _ => false,
        };
        let known = sid.filter(|sid| self.sessions.contains_key(sid));
        let given = (gives && known.is_none()).then(|| self.add_session());
        let mut verified = None;
        match ask {
            Ask::Signup { email, password } if status == 201 => {
                self.add_unused(email, password, false);
                given.or(known).into_iter().for_each(|sid| self.sign_in(sid, email));
            }
            Ask::Login { email, .. } if status == 200 => {
                verified = self.accounts.get(email).map(|account| account.verified);
                given.or(known).into_iter().for_each(|sid| self.sign_in(sid, email));
            }
            Ask::Verify { email, .. } if status == 200 => {
                self.accounts.entry(Rc::clone(email)).and_modify(|account| account.verified = true);
            }
            Ask::AddPayment(_) if status == 201 => {
                let account = self.account_of(sid).cloned().and_then(|email| self.accounts.get_mut(&email));
                account.into_iter().for_each(|account| account.has_card = true);
            }
            _ => {}
        }
        Answered { status, sid: given, verified }
    }
}
