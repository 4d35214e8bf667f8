//! One request as an actor means it, what comes back, and the label that only the ledger sees.

use std::rc::Rc;

use super::goods::Card;
use super::make::Make;

/// Who sent a request. It never reaches the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// Somebody who may.
    Customer {
        /// Of which sort.
        cohort: Cohort,
        /// Which visit.
        visit: u64,
    },
    /// Somebody who may not.
    Attacker {
        /// What for.
        class: Class,
        /// With which tactic.
        tactic: u32,
    },
}

/// Sorts of legitimate traffic; every visit is of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cohort {
    /// A browser at home.
    Home,
    /// Hundreds behind one address.
    Office,
    /// A browser behind a carrier's shared addresses.
    Carrier,
    /// A browser behind a privacy relay or VPN.
    Relay,
    /// The shop's app.
    IosApp,
    /// The shop's app.
    AndroidApp,
    /// A customer with a new phone or computer.
    NewDevice,
    /// A customer in a hotel, a café, a train.
    NewNetwork,
    /// Somebody who signs up.
    Newcomer,
    /// Somebody who does not know the password any more.
    Forgetful,
    /// Somebody whose browser keeps no cookies from visit to visit.
    CookieAverse,
    /// A browser that fetches pages ahead.
    Prefetching,
    /// Somebody who came for the flash sale.
    FlashSale,
    /// A customer who adds a card before paying.
    NewCard,
    /// A customer who asks what is left on a gift card.
    GiftCard,
    /// A customer who writes a review.
    Reviewer,
    /// A partner's servers.
    Partner,
    /// A program of the shop's own that signs in.
    ServiceAccount,
    /// A probe that signs in to see whether that works.
    Monitor,
    /// A search engine, or one that compares prices.
    Crawler,
}

/// Every cohort with its name.
pub(crate) const COHORTS: [(Cohort, &str); 20] = [
    (Cohort::Home, "browser at home"),
    (Cohort::Office, "office"),
    (Cohort::Carrier, "carrier"),
    (Cohort::Relay, "relay or VPN"),
    (Cohort::IosApp, "iOS app"),
    (Cohort::AndroidApp, "Android app"),
    (Cohort::NewDevice, "new device"),
    (Cohort::NewNetwork, "new network"),
    (Cohort::Newcomer, "newcomer"),
    (Cohort::Forgetful, "forgot the password"),
    (Cohort::CookieAverse, "keeps no cookie"),
    (Cohort::Prefetching, "prefetching"),
    (Cohort::FlashSale, "flash sale"),
    (Cohort::NewCard, "new card"),
    (Cohort::GiftCard, "gift card"),
    (Cohort::Reviewer, "reviewer"),
    (Cohort::Partner, "partner"),
    (Cohort::ServiceAccount, "service account"),
    (Cohort::Monitor, "monitor"),
    (Cohort::Crawler, "crawler"),
];

/// What a request of an attacker is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Signing in with what leaked elsewhere.
    Stuffing,
    /// Signing up, or verifying a mail address of one's own.
    Fakes,
    /// Asking for what is not there.
    Scanning,
    /// A page fetched for its cookie, as anybody may.
    Page,
    /// Signing in to an account of one's own, to look like a customer.
    Own,
    /// Trying out what sign-up, cards and checkout let one do.
    Recon,
    /// Paying with a new account whose mail address was never verified.
    Unverified,
    /// Trying stolen cards on accounts, to see which are good.
    CardTesting,
    /// Guessing gift cards.
    GiftCards,
    /// Taking a drop out of sale with carts.
    Bots,
    /// Posting comments with links.
    Spam,
}

impl Class {
    /// Whether it is to be stopped: what anybody may do is not.
    pub(crate) fn is_attack(self) -> bool {
        !matches!(self, Self::Page | Self::Own)
    }
}

/// Those who are after goods.
pub(crate) const GOODS: [Class; 6] =
    [Class::Recon, Class::Unverified, Class::CardTesting, Class::GiftCards, Class::Bots, Class::Spam];

/// Every class with its name.
pub(crate) const CLASSES: [(Class, &str); 11] = [
    (Class::Stuffing, "stuffing"),
    (Class::Fakes, "fake accounts"),
    (Class::Scanning, "scanning"),
    (Class::Page, "attackers' pages"),
    (Class::Own, "attackers' own sign-ins"),
    (Class::Recon, "checkout recon"),
    (Class::Unverified, "unverified checkout"),
    (Class::CardTesting, "card testing"),
    (Class::GiftCards, "gift cards"),
    (Class::Bots, "shopping bots"),
    (Class::Spam, "comment spam"),
];

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// `GET /`
    Page,
    /// `GET /api/v1/products?page=N`
    List(usize),
    /// `GET /api/v1/products/N`
    Product(usize),
    /// The same, ahead of a click that may never come.
    Prefetch(usize),
    /// A path that may not be there.
    Path(Rc<str>),
    /// `POST /api/v1/login`
    Login {
        /// The account.
        email: Rc<str>,
        /// What is tried.
        password: Rc<str>,
    },
    /// `POST /api/v1/signup`
    Signup {
        /// The account to be.
        email: Rc<str>,
        /// Its password.
        password: Rc<str>,
    },
    /// `POST /api/v1/verify-email`
    Verify {
        /// The account.
        email: Rc<str>,
        /// The code that was mailed.
        code: u32,
    },
    /// `POST /api/v1/password-reset`
    Reset {
        /// The account.
        email: Rc<str>,
    },
    /// `POST /api/v1/cart`
    Cart(usize),
    /// `POST /api/v1/checkout`
    Checkout {
        /// A card that its bank declines.
        declined: bool,
    },
    /// `POST /api/v1/payment-methods`
    AddPayment(Card),
    /// `POST /api/v1/gift-cards/balance`
    GiftCard(u64),
    /// `POST /api/v1/comments`
    Comment {
        /// Of which product.
        product: usize,
        /// Without quotes and what else JSON escapes.
        text: Rc<str>,
    },
}

impl Ask {
    /// Whether it sends a body.
    pub(crate) fn is_post(&self) -> bool {
        !matches!(self, Ask::Page | Ask::List(_) | Ask::Product(_) | Ask::Prefetch(_) | Ask::Path(_))
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    /// Who; only for the ledger.
    pub(crate) label: Label,
    /// With what.
    pub(crate) make: Rc<Make>,
    /// An agent in place of the make's.
    pub(crate) agent: Option<Rc<str>>,
    /// In which language.
    pub(crate) language: &'static str,
    /// From where.
    pub(crate) address: u32,
    /// On which connection.
    pub(crate) connection: u64,
    /// Whether its TLS resumes an earlier one.
    pub(crate) resumes: bool,
    /// The device, by number, for bodies that name it.
    pub(crate) client: u64,
    /// The session it carries.
    pub(crate) sid: Option<u64>,
    /// For what.
    pub(crate) ask: Ask,
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    /// The status that the client sees.
    pub(crate) status: u16,
    /// A session that was given.
    pub(crate) sid: Option<u64>,
    /// Whether the origin was not asked.
    pub(crate) stopped: bool,
    /// Why it was stopped, or what stands against the client.
    pub(crate) note: Option<String>,
}

impl Reply {
    /// Whether the shop did what it was asked, which shows later: a mail comes, an account is there, a comment is seen.
    pub(crate) fn is_carried_out(&self) -> bool {
        !self.stopped
    }
}

/// Where requests go: the filter in a simulation, or a real one over a wire.
pub(crate) trait Target {
    /// Carries one request at a time in milliseconds since 1970.
    fn send(&mut self, now_ms: u64, shot: &Shot) -> Reply;
}
