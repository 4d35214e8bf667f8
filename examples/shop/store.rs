//! What the shop remembers, behind one lock, every list with a limit.
//!
//! It is memory only. When a limit is reached the oldest goes, or the request is refused: a sample
//! that anybody floods must not grow.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ledger::Ledger;
use super::seed;

/// New accounts beyond the seed; then signup answers 503.
pub(crate) const MOST_ACCOUNTS: usize = 50_000;
/// Sessions; then the oldest ends.
const MOST_SESSIONS: usize = 50_000;
/// Lines in a cart.
pub(crate) const MOST_LINES: usize = 50;
/// Cards of one account.
pub(crate) const MOST_CARDS: usize = 20;
/// Orders of one account; then the oldest goes.
const MOST_ORDERS: usize = 50;
/// Comments on one product; then the oldest goes.
const MOST_COMMENTS: usize = 200;

/// The shop's state.
pub(crate) struct Shop(Mutex<Store>);

impl Shop {
    /// A shop with its seed data.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Store::new()))
    }

    /// The state, for one request. A request that died while holding it leaves it usable, since
    /// every change is made in one step.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything the shop remembers.
pub(crate) struct Store {
    /// By e-mail address, lower case.
    pub(crate) accounts: HashMap<String, Account>,
    /// From session token to e-mail address.
    sessions: HashMap<String, String>,
    session_order: VecDeque<String>,
    /// From code to cents.
    pub(crate) gift_cards: BTreeMap<String, u64>,
    comments: BTreeMap<u64, VecDeque<Comment>>,
    last_number: u64,
    /// What really happened.
    pub(crate) ledger: Ledger,
}

/// One customer.
pub(crate) struct Account {
    /// Its number.
    pub(crate) id: u64,
    /// In clear, which only a sample may do.
    pub(crate) password: String,
    /// Whether the e-mail address was verified.
    pub(crate) verified: bool,
    /// Product and quantity.
    pub(crate) cart: Vec<(u64, u32)>,
    /// The last four digits of each accepted card.
    pub(crate) cards: Vec<String>,
    /// Its orders, oldest first.
    pub(crate) orders: VecDeque<Order>,
}

/// Something bought.
#[derive(Clone)]
pub(crate) struct Order {
    /// Its number.
    pub(crate) id: u64,
    /// What was paid, in cents.
    pub(crate) total_cents: u64,
    /// Product and quantity.
    pub(crate) lines: Vec<(u64, u32)>,
}

/// What somebody wrote about a product.
#[derive(Clone, serde::Serialize)]
pub(crate) struct Comment {
    /// The account that wrote it.
    pub(crate) account_id: u64,
    /// The text.
    pub(crate) text: String,
}

impl Account {
    /// An account without cart, cards or orders.
    pub(crate) fn new(id: u64, password: String, verified: bool) -> Self {
        Self { id, password, verified, cart: Vec::new(), cards: Vec::new(), orders: VecDeque::new() }
    }

    /// Keeps an order, at the cost of the oldest when there are too many.
    pub(crate) fn keep_order(&mut self, order: Order) {
        if self.orders.len() == MOST_ORDERS {
            self.orders.pop_front();
        }
        self.orders.push_back(order);
    }
}

impl Store {
    fn new() -> Self {
        let account = |n| (seed::email(n), Account::new(n, seed::password(n), true));
        let gift = |n| Some((seed::gift_code(n), seed::gift_balance_cents(n)?));
        Self {
            accounts: (0..seed::ACCOUNTS).map(account).collect(),
            sessions: HashMap::new(),
            session_order: VecDeque::new(),
            gift_cards: (0..seed::GIFT_CARD_NUMBERS).filter_map(gift).collect(),
            comments: BTreeMap::new(),
            last_number: 100_000,
            ledger: Ledger::default(),
        }
    }

    /// A number nothing else has: of an account, an order.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Begins a session, and gives its token.
    pub(crate) fn begin_session(&mut self, email: &str) -> String {
        if self.session_order.len() == MOST_SESSIONS
            && let Some(oldest) = self.session_order.pop_front()
        {
            self.sessions.remove(&oldest);
        }
        let token = format!("{:032x}", rand::random::<u128>());
        self.sessions.insert(token.clone(), email.to_owned());
        self.session_order.push_back(token.clone());
        token
    }

    /// The account and address of a session.
    pub(crate) fn account_of(&mut self, token: &str) -> Option<(&str, &mut Account)> {
        let email = self.sessions.get(token)?;
        let account = self.accounts.get_mut(email)?;
        Some((email, account))
    }

    /// The comments on a product, oldest first.
    pub(crate) fn comments(&self, product: u64) -> Vec<Comment> {
        self.comments.get(&product).map(|list| list.iter().cloned().collect()).unwrap_or_default()
    }

    /// Keeps a comment, at the cost of the oldest when there are too many.
    pub(crate) fn keep_comment(&mut self, product: u64, comment: Comment) {
        let list = self.comments.entry(product).or_default();
        if list.len() == MOST_COMMENTS {
            list.pop_front();
        }
        list.push_back(comment);
    }
}
