//! The presets: for each role, what its failures look like and the rules that watch for abuse.
//!
//! Data only. Windows and thresholds start from what operators publish: more than ten failures or
//! ten accounts a session in half an hour, a fifth of honest sign-ins failing.

use super::count::Count;
use super::rules::Seek;
use crate::policy::{Facet, FailureTest, Ladder, Role, Rung};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

const CLIENT: &[Facet] = &[Facet::Network, Facet::Fingerprint];
const SESSION: &[Facet] = &[Facet::Session];
const SPRAY: &[Facet] = &[Facet::Fingerprint, Facet::Secret];
/// One client's interest in one item.
const ITEM: &[Facet] = &[Facet::Network, Facet::Fingerprint, Facet::Subject];
const OWN_NEIGHBORS: &[Facet] = &[Facet::Session, Facet::Neighborhood];

/// A rule of a preset.
pub(super) struct PresetRule {
    pub(super) name: &'static str,
    pub(super) key: &'static [Facet],
    pub(super) window_ms: u64,
    pub(super) seek: Seek,
}

/// What a role starts from.
pub(super) struct Preset {
    /// The role as operators write it.
    pub(super) word: &'static str,
    pub(super) role: Role,
    /// Status codes that mean failure where the policy says nothing else; none: all do.
    pub(super) failure_status: &'static [u16],
    /// Whether the subject is the whole path where the policy names none.
    pub(super) path_is_subject: bool,
    /// The share of customers' requests that fail, where failures tell something of who made them.
    pub(super) usual: Option<f64>,
    /// The share of customers who never go on with what they began, where failures tell nothing and
    /// something has to follow.
    pub(super) lapsing: Option<f64>,
    rules: &'static [PresetRule],
}

impl Preset {
    /// Its own rules and those of every role.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'static PresetRule> + Clone + use<> {
        let own = self.rules;
        let every = EVERY_ROLES.iter().filter(|rule| own.iter().all(|other| other.name != rule.name));
        own.iter().chain(every)
    }
}

/// What every role watches for. Whoever looks for a way in tries more than one door; a value that looks like a
/// payload and is none is sent once, or always the same.
static EVERY_ROLES: [PresetRule; 1] = [probing(3, 6.0)];

/// Every preset, one for each role.
pub(super) static PRESETS: [Preset; 13] = [
    Preset {
        word: "login",
        role: Role::Login,
        failure_status: &[401, 403],
        path_is_subject: false,
        usual: Some(0.2),
        lapsing: None,
        rules: &[
            client_failures(0.2, 0.95),
            SUBJECT_FAILURES,
            SUBJECT_ADDRESSES,
            session_subjects(10),
            SESSION_FINGERPRINTS,
            NETWORK_FAILURES,
            counting("client-secrets", SPRAY, HOUR_MS, Count::of_failed(Facet::Subject), 5, 6.0),
            counting("secret-subjects", &[Facet::Secret], HOUR_MS, Count::of_failed(Facet::Subject), 10, 3.0),
        ],
    },
    Preset {
        word: "signup",
        role: Role::Signup,
        failure_status: &[400, 409, 422],
        path_is_subject: false,
        usual: Some(0.3),
        lapsing: None,
        rules: &[
            counting("client-accounts", CLIENT, 10 * MINUTE_MS, Count::Successes, 10, 6.0),
            counting("session-accounts", SESSION, 30 * MINUTE_MS, Count::Successes, 3, 6.0),
            client_failures(0.3, 0.95),
            NUMBERED_ACCOUNTS,
        ],
    },
    Preset {
        word: "verification",
        role: Role::Verification,
        failure_status: &[400, 401, 403, 404, 410, 422],
        path_is_subject: false,
        usual: Some(0.2),
        lapsing: None,
        rules: &[client_failures(0.2, 0.95), SUBJECT_FAILURES, session_subjects(10)],
    },
    Preset {
        word: "send-code",
        role: Role::SendCode,
        failure_status: &[400, 422],
        path_is_subject: false,
        usual: None,
        lapsing: Some(0.3),
        rules: &[
            counting("client-codes", CLIENT, 10 * MINUTE_MS, Count::Requests, 10, 6.0),
            counting("session-codes", SESSION, 30 * MINUTE_MS, Count::Requests, 5, 6.0),
            counting("subject-codes", &[Facet::Subject], HOUR_MS, Count::Requests, 8, 6.0),
            NUMBER_RANGE,
        ],
    },
    Preset {
        word: "password-reset",
        role: Role::PasswordReset,
        failure_status: &[400, 401, 403, 404, 422],
        path_is_subject: false,
        usual: Some(0.2),
        lapsing: None,
        rules: &[
            client_failures(0.2, 0.95),
            SUBJECT_FAILURES,
            SUBJECT_ADDRESSES,
            session_subjects(10),
            NETWORK_FAILURES,
            counting("client-requests", CLIENT, 10 * MINUTE_MS, Count::Requests, 30, 6.0),
        ],
    },
    Preset {
        word: "gift-card",
        role: Role::GiftCard,
        failure_status: &[400, 404, 422],
        path_is_subject: false,
        usual: Some(0.3),
        lapsing: None,
        rules: &[
            client_failures(0.3, 0.98),
            session_subjects(10),
            NETWORK_FAILURES,
            CLIENT_NEIGHBORS,
            WALKED,
        ],
    },
    Preset {
        word: "object",
        role: Role::Object,
        failure_status: &[401, 403, 404],
        path_is_subject: false,
        usual: Some(0.05),
        lapsing: None,
        rules: &[
            client_failures(0.05, 0.9),
            counting("session-objects", SESSION, HOUR_MS, Count::of(Facet::Subject), 40, 6.0),
            counting("session-neighbors", OWN_NEIGHBORS, HOUR_MS, Count::of(Facet::Subject), 20, 6.0),
            CLIENT_NEIGHBORS,
            NETWORK_FAILURES,
        ],
    },
    Preset {
        word: "add-payment",
        role: Role::AddPayment,
        failure_status: &[400, 402, 422],
        path_is_subject: false,
        usual: Some(0.15),
        lapsing: None,
        rules: &[
            client_failures(0.15, 0.95),
            SESSION_FAILURES,
            session_subjects(5),
            SESSION_FINGERPRINTS,
            CARD_SECRETS,
            ISSUER_CARDS,
            counting("cards-until-one", SESSION, HOUR_MS, Count::UntilSuccess, 3, 4.0),
            SMALL_AMOUNTS,
        ],
    },
    Preset {
        word: "checkout",
        role: Role::Checkout,
        failure_status: &[402, 409, 422],
        path_is_subject: false,
        usual: Some(0.15),
        lapsing: None,
        rules: &[client_failures(0.15, 0.95), SESSION_FAILURES, SESSION_FINGERPRINTS, SMALL_AMOUNTS],
    },
    Preset {
        word: "add-to-cart",
        role: Role::AddToCart,
        failure_status: &[404, 409, 422],
        path_is_subject: false,
        usual: None,
        // Seven of ten carts are never paid (Baymard's mean over studies to 2024).
        lapsing: Some(0.7),
        rules: &[
            counting("session-requests", SESSION, MINUTE_MS, Count::Requests, 60, 6.0),
            counting("item-sessions", ITEM, 10 * MINUTE_MS, Count::of(Facet::Session), 40, 6.0),
            unusual("item-volume", ITEM, 8.0, 40, 6.0),
        ],
    },
    Preset {
        word: "comment",
        role: Role::Comment,
        failure_status: &[400, 403, 422],
        path_is_subject: false,
        usual: None,
        lapsing: None,
        rules: &[
            counting("session-comments", SESSION, 10 * MINUTE_MS, Count::Successes, 10, 6.0),
            counting("client-comments", CLIENT, 10 * MINUTE_MS, Count::Successes, 60, 6.0),
            counting("copied-texts", &[Facet::Text], HOUR_MS, Count::of(Facet::Address), 4, 9.0),
            counting("linked-texts", &[Facet::Text, Facet::Links], HOUR_MS, Count::Requests, 3, 9.0),
        ],
    },
    Preset {
        word: "content",
        role: Role::Content,
        failure_status: &[404],
        path_is_subject: true,
        usual: None,
        lapsing: None,
        rules: &[
            testing("client-misses", 10 * MINUTE_MS, 0.1, 0.8),
            unusual("session-volume", SESSION, 8.0, 200, 6.0),
            unusual("client-volume", CLIENT, 8.0, 600, 3.0),
            counting("client-walk", CLIENT, 10 * MINUTE_MS, Count::InOrder, 30, 4.0),
            counting("client-pace", CLIENT, 10 * MINUTE_MS, Count::Steady, 30, 2.0),
            counting("long-walk", CLIENT, 10 * MINUTE_MS, Count::InOrder, 80, 6.0),
        ],
    },
    Preset {
        word: "honeypot",
        role: Role::Honeypot,
        failure_status: &[],
        path_is_subject: false,
        usual: None,
        lapsing: None,
        // The same tally as every other role's, so that what is condemned here is refused there.
        rules: &[probing(1, 12.0)],
    },
];

/// Where every policy's ladder starts from.
pub(super) const LADDER: Ladder = Ladder {
    observe: Some(1.0),
    tag: Some(3.0),
    delay: Some(DELAY),
    limit: Some(LIMIT),
    deceive: None,
    block: Some(BLOCK),
    hold_ms: 2_000,
    rate: None,
    forget_ms: 24 * HOUR_MS,
};

/// At no score, but for accounts.
pub(super) const DELAY: Rung =
    Rung { at: None, after: None, for_ms: MINUTE_MS / 2, up_to_ms: 10 * MINUTE_MS };
pub(super) const LIMIT: Rung =
    Rung { at: Some(6.0), after: None, for_ms: MINUTE_MS / 2, up_to_ms: 10 * MINUTE_MS };
/// What is written of it is completed by this.
pub(super) const DECEIVE: Rung =
    Rung { at: Some(7.5), after: None, for_ms: 10 * MINUTE_MS, up_to_ms: 24 * HOUR_MS };
pub(super) const BLOCK: Rung =
    Rung { at: Some(9.0), after: None, for_ms: 10 * MINUTE_MS, up_to_ms: 24 * HOUR_MS };

const SUBJECT_FAILURES: PresetRule = counting(
    "subject-failures",
    &[Facet::Fingerprint, Facet::Subject],
    10 * MINUTE_MS,
    Count::Failures,
    10,
    6.0,
);
const NETWORK_FAILURES: PresetRule =
    counting("network-failures", &[Facet::Network], 10 * MINUTE_MS, Count::Failures, 50, 3.0);
const SESSION_FAILURES: PresetRule =
    counting("session-failures", SESSION, 10 * MINUTE_MS, Count::Failures, 5, 6.0);

/// An account that is guessed from many addresses, a few tries each. Below what refuses: whoever knows an
/// account can bring this about, and is not to lock its owner out.
const SUBJECT_ADDRESSES: PresetRule =
    counting("subject-addresses", &[Facet::Subject], HOUR_MS, Count::of_failed(Facet::Address), 10, 3.0);
/// A session that is shared or stolen. Two clients are one that was updated, or that asks in two ways.
const SESSION_FINGERPRINTS: PresetRule =
    counting("session-fingerprints", SESSION, 30 * MINUTE_MS, Count::of(Facet::Fingerprint), 3, 3.0);

/// Codes that are walked through, in order or shuffled, by one make of client.
const CLIENT_NEIGHBORS: PresetRule = counting(
    "client-neighbors",
    &[Facet::Fingerprint, Facet::Neighborhood],
    HOUR_MS,
    Count::of_failed(Facet::Subject),
    5,
    6.0,
);
/// A card whose expiry or check number is walked, whoever does it. Its owner waits as well, for as long as
/// the ladder says: better than a stranger paying with it.
const CARD_SECRETS: PresetRule =
    counting("card-secrets", &[Facet::Subject], HOUR_MS, Count::of_failed(Facet::Secret), 5, 6.0);
/// Cards of one issuer that are made up, by whomever. Below what refuses: customers have them too.
const ISSUER_CARDS: PresetRule =
    counting("issuer-cards", &[Facet::Neighborhood], HOUR_MS, Count::of_failed(Facet::Subject), 20, 3.0);

/// Cards are tried with amounts that their owners overlook.
const SMALL_AMOUNTS: PresetRule =
    counting("small-amounts", &[Facet::Session, Facet::Small], HOUR_MS, Count::Requests, 5, 6.0);

/// A walk through a neighborhood, whoever takes part in it: so many of a hundred are not asked for in an
/// hour by people who have them. Then nobody may ask for any of them for a while.
const WALKED: PresetRule =
    counting("walked", &[Facet::Neighborhood], HOUR_MS, Count::of_failed(Facet::Subject), 15, 6.0);
/// Telephone numbers of one range that codes are sent to, as those do who are paid for each message.
const NUMBER_RANGE: PresetRule =
    counting("number-range", &[Facet::Neighborhood], HOUR_MS, Count::of(Facet::Subject), 10, 6.0);
/// Accounts that are numbered in a row.
const NUMBERED_ACCOUNTS: PresetRule = counting(
    "numbered-accounts",
    &[Facet::Fingerprint, Facet::Neighborhood],
    HOUR_MS,
    Count::of(Facet::Subject),
    10,
    6.0,
);

/// More than others of its kind make, by far, and more than anybody reads.
const fn unusual(
    name: &'static str,
    key: &'static [Facet],
    times_usual: f64,
    at_least: u32,
    score: f64,
) -> PresetRule {
    PresetRule { name, key, window_ms: 10 * MINUTE_MS, seek: Seek::Unusual { times_usual, at_least, score } }
}

const fn probing(at_least: u32, score: f64) -> PresetRule {
    let count = Count::of_failed(Facet::Probe);
    counting("client-probes", CLIENT, 10 * MINUTE_MS, count, at_least, score)
}

const fn client_failures(usual: f64, hostile: f64) -> PresetRule {
    testing("client-failures", 30 * MINUTE_MS, usual, hostile)
}

const fn session_subjects(at_least: u32) -> PresetRule {
    counting("session-subjects", SESSION, 30 * MINUTE_MS, Count::of(Facet::Subject), at_least, 6.0)
}

const fn testing(name: &'static str, window_ms: u64, usual: f64, hostile: f64) -> PresetRule {
    PresetRule { name, key: CLIENT, window_ms, seek: Seek::Test(FailureTest { usual, hostile }) }
}

const fn counting(
    name: &'static str,
    key: &'static [Facet],
    window_ms: u64,
    count: Count,
    at_least: u32,
    score: f64,
) -> PresetRule {
    PresetRule { name, key, window_ms, seek: Seek::Count { count, at_least, score } }
}
