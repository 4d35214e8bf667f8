//! The shop behind the filter: accounts, sessions, carts; it answers as an origin would, counts
//! nothing and locks nobody out.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::random::mix;
use super::shot::{Ask, Shot};

/// What the shop answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The status.
    pub(crate) status: u16,
    /// A session for a client without one.
    pub(crate) sid: Option<u64>,
}

/// The shop.
pub(crate) struct Shop {
    /// Passwords by address.
    accounts: HashMap<Rc<str>, Rc<str>>,
    sessions: HashSet<u64>,
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
        Self { accounts: HashMap::new(), sessions: HashSet::new(), given: 0, seed: mix(seed ^ 0x5e55) }
    }

    /// Adds an account from before the day.
    pub(crate) fn add_account(&mut self, email: &Rc<str>, password: &Rc<str>) {
        self.accounts.insert(Rc::clone(email), Rc::clone(password));
    }

    /// Adds a session from before the day.
    pub(crate) fn add_session(&mut self) -> u64 {
        self.given += 1;
        let sid = mix(self.seed.wrapping_add(self.given));
        self.sessions.insert(sid);
        sid
    }

    /// The status that a request would have, without anything coming of it.
    pub(crate) fn foresee(&self, ask: &Ask) -> u16 {
        match ask {
            Ask::Page | Ask::List(_) => 200,
            Ask::Product(number) | Ask::Prefetch(number) if *number <= PRODUCTS => 200,
            Ask::Product(_) | Ask::Prefetch(_) | Ask::Path(_) => 404,
            Ask::Login { email, password } => match self.accounts.get(email) {
                Some(right) if right == password => 200,
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
            Ask::Checkout { declined: true } => 402,
            Ask::Checkout { declined: false } => 200,
        }
    }

    /// Answers.
    pub(crate) fn answer(&mut self, shot: &Shot) -> Answered {
        self.answer_to(&shot.ask, shot.sid)
    }

    /// Answers somebody who carries a session, or none.
    pub(crate) fn answer_to(&mut self, ask: &Ask, sid: Option<u64>) -> Answered {
        let status = self.foresee(ask);
        if let (Ask::Signup { email, password }, 201) = (ask, status) {
            self.add_account(email, password);
        }
        let gives = match ask {
            Ask::Page | Ask::List(_) | Ask::Product(_) | Ask::Login { .. } => status == 200,
            Ask::Signup { .. } => status == 201,
            _ => false,
        };
        let known = sid.is_some_and(|sid| self.sessions.contains(&sid));
        let sid = (gives && !known).then(|| self.add_session());
        Answered { status, sid }
    }
}
