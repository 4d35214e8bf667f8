//! The shop's customers, as they are: they browse, buy, mistype, forget, and share addresses.
//!
//! None of them may be hurt. Accounts 0 to 399 are theirs; attackers get at others.

use serde_json::json;

use super::browser::{APP_ANDROID, APP_IPHONE, BROWSERS, CHROME_WINDOWS};
use super::family::Family;
use super::plan::{Actor, Draw, Scenario, Script, Side, credentials, right_credentials};
use super::tool::MONITOR;
use crate::seed;

/// How long a customer's visit takes at most, in milliseconds: the last begins so long before the end.
const VISIT_MS: u64 = 14_000;

/// A range of accounts, so that no two scenarios sign into the same one.
struct Accounts {
    next: u64,
    end: u64,
}

impl Accounts {
    /// The next account; in a long play they come again, as customers do.
    fn next(&mut self, first: u64) -> u64 {
        let account = self.next;
        self.next = if account + 1 == self.end { first } else { account + 1 };
        account
    }
}

/// All scenarios of customers.
pub(crate) fn scenarios(draw: &mut Draw) -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut add = |name, actors| all.push(Scenario { name, side: Side::Customers, actors });
    add("shoppers", shoppers(draw));
    add("new customers", newcomers(draw));
    add("mistyped passwords", typists(draw));
    add("forgotten passwords", forgetful(draw));
    add("office, one address", office(draw));
    add("mobile app, shared addresses", app_users(draw));
    add("own monitor", monitor(draw));
    add("gift card owners", card_owners(draw));
    all
}

/// An actor of its own for each of so many a minute, on accounts from `first` to below `end`.
fn each(
    draw: &mut Draw,
    per_minute: u64,
    (first, end): (u64, u64),
    one: impl Fn(&mut Draw, &mut Script, u64) -> (&'static Family, String),
) -> Vec<Actor> {
    let mut accounts = Accounts { next: first, end };
    let mut actors = Vec::new();
    let count = draw.count(per_minute);
    // Visits begin evenly spread, so that the same account comes back only long after it left.
    let between_ms = draw.length_ms.saturating_sub(VISIT_MS) / count;
    for visit in 0..count {
        let mut script = Script::starting_at(visit * between_ms + draw.number(0, between_ms));
        let (family, address) = one(draw, &mut script, accounts.next(first));
        actors.push(script.played_by(family, address));
    }
    actors
}

fn pause(draw: &mut Draw, script: &mut Script) {
    script.wait(draw.number(150, 900));
}

fn browser(draw: &mut Draw) -> &'static Family {
    draw.pick(&BROWSERS, &CHROME_WINDOWS)
}

/// An address at home, which nobody shares, though neighbours share its network.
fn home_address(account: u64) -> String {
    let place = seed::mix(account);
    format!("198.18.{}.{}", account % 200, 1 + place % 250)
}

fn browse(draw: &mut Draw, script: &mut Script) {
    script.get("/", 200);
    script.wait(60);
    script.get("/favicon.ico", 200);
    script.get(format!("/api/v1/products?page={}", draw.number(1, 6)), 200);
    // The page asks who is there before anyone signed in.
    script.get("/api/v1/users/me", 401);
    for _ in 0..draw.number(1, 4) {
        pause(draw, script);
        let product = draw.number(1, seed::PRODUCTS + 1);
        script.get(format!("/api/v1/products/{product}"), 200);
        script.get(format!("/api/v1/products/{product}/comments"), 200);
    }
    if draw.percent(8) {
        // A bookmark of something that is sold no more.
        pause(draw, script);
        script.get(format!("/api/v1/products/{}", draw.number(200, 260)), 404);
    }
}

fn sign_in(draw: &mut Draw, script: &mut Script, account: u64) {
    pause(draw, script);
    script.post("/api/v1/login", &right_credentials(account), 200);
    script.get("/api/v1/users/me", 200);
}

fn mistype(draw: &mut Draw, script: &mut Script, account: u64, times: u64) {
    for attempt in 0..times {
        pause(draw, script);
        let wrong = format!("{}{attempt}", seed::password(account).to_uppercase());
        script.post("/api/v1/login", &credentials(&seed::email(account), &wrong), 401);
    }
}

fn buy(draw: &mut Draw, script: &mut Script, declined_first: bool) {
    pause(draw, script);
    script.get("/api/v1/cart", 200);
    for _ in 0..draw.number(1, 3) {
        pause(draw, script);
        let line = json!({"product_id": draw.number(1, seed::PRODUCTS + 1), "qty": draw.number(1, 4)});
        script.post("/api/v1/cart", &line, 201);
    }
    pause(draw, script);
    if declined_first {
        script.post("/api/v1/payment-methods", &json!({"number": "4000000000000002"}), 402);
        pause(draw, script);
    }
    script.post("/api/v1/payment-methods", &json!({"number": "4242424242424242"}), 201);
    pause(draw, script);
    script.bare("POST", "/api/v1/checkout", Some(201));
    script.get("/api/v1/orders", 200);
}

fn shoppers(draw: &mut Draw) -> Vec<Actor> {
    each(draw, 150, (0, 150), |draw, script, account| {
        browse(draw, script);
        if draw.percent(75) {
            sign_in(draw, script, account);
            match draw.number(0, 10) {
                0..6 => {
                    let declined_first = draw.percent(5);
                    buy(draw, script, declined_first);
                }
                6 => {
                    pause(draw, script);
                    let comment = json!({"text": "Arrived in two days, looks as in the picture."});
                    let product = draw.number(1, seed::PRODUCTS + 1);
                    script.post(format!("/api/v1/products/{product}/comments"), &comment, 201);
                }
                7 => {
                    script.post("/api/v1/cart", &json!({"product_id": 7, "qty": 1}), 201);
                    pause(draw, script);
                    script.bare("DELETE", "/api/v1/cart", Some(204));
                }
                _ => script.get("/api/v1/orders", 200),
            }
        }
        (browser(draw), home_address(account))
    })
}

fn newcomers(draw: &mut Draw) -> Vec<Actor> {
    each(draw, 12, (0, 1_000_000), |draw, script, newcomer| {
        let email = format!("newcomer-{newcomer}@mail.example");
        browse(draw, script);
        pause(draw, script);
        if draw.percent(20) {
            script.post("/api/v1/signup", &credentials(&email, "short"), 422);
            pause(draw, script);
        }
        script.post("/api/v1/signup", &credentials(&email, "a-fine-password"), 201);
        pause(draw, script);
        let code = seed::mail_code(&email);
        script.post("/api/v1/verify-email", &json!({"email": email, "code": code}), 200);
        script.post("/api/v1/login", &credentials(&email, "a-fine-password"), 200);
        let declined_first = draw.percent(25);
        buy(draw, script, declined_first);
        (browser(draw), home_address(10_000 + newcomer))
    })
}

fn typists(draw: &mut Draw) -> Vec<Actor> {
    each(draw, 40, (150, 200), |draw, script, account| {
        browse(draw, script);
        let times = draw.number(1, 4);
        mistype(draw, script, account, times);
        sign_in(draw, script, account);
        script.get("/api/v1/orders", 200);
        (browser(draw), home_address(account))
    })
}

fn forgetful(draw: &mut Draw) -> Vec<Actor> {
    each(draw, 4, (200, 204), |draw, script, account| {
        let email = seed::email(account);
        script.get("/", 200);
        mistype(draw, script, account, 7);
        pause(draw, script);
        script.post("/api/v1/password-reset", &json!({"email": email}), 202);
        pause(draw, script);
        let reset =
            json!({"email": email, "token": seed::mail_code(&email), "new_password": "one-to-remember"});
        script.post("/api/v1/password-reset/confirm", &reset, 200);
        script.post("/api/v1/login", &credentials(&email, "one-to-remember"), 200);
        script.get("/api/v1/users/me", 200);
        (browser(draw), home_address(account))
    })
}

/// Forty colleagues behind one address, all with the browser their firm gives them.
fn office(draw: &mut Draw) -> Vec<Actor> {
    each(draw, 40, (210, 250), |draw, script, account| {
        browse(draw, script);
        if draw.percent(15) {
            mistype(draw, script, account, 1);
        }
        sign_in(draw, script, account);
        if draw.percent(40) {
            buy(draw, script, false);
        }
        (&CHROME_WINDOWS, "192.0.2.10".to_owned())
    })
}

/// The address of a mobile carrier that many customers share, and one attacker.
pub(crate) const CARRIER_ADDRESS: &str = "100.64.7.20";

/// Few headers, no cookies, and the addresses of a carrier (RFC 6598).
fn app_users(draw: &mut Draw) -> Vec<Actor> {
    each(draw, 60, (260, 320), |draw, script, account| {
        if draw.percent(10) {
            mistype(draw, script, account, 1);
        }
        sign_in(draw, script, account);
        for _ in 0..draw.number(2, 5) {
            pause(draw, script);
            script.get(format!("/api/v1/products/{}", draw.number(1, seed::PRODUCTS + 1)), 200);
        }
        if draw.percent(40) {
            buy(draw, script, false);
        }
        let family = if draw.percent(65) { &APP_ANDROID } else { &APP_IPHONE };
        (family, draw.pick(&[CARRIER_ADDRESS, "100.64.7.21", "100.64.9.4"], CARRIER_ADDRESS).to_owned())
    })
}

fn monitor(draw: &mut Draw) -> Vec<Actor> {
    let mut script = Script::starting_at(0);
    for _ in 0..draw.length_ms / 1_000 - 1 {
        script.get("/healthz", 200);
        script.get("/api/v1/products?page=1", 200);
        script.wait(1_000);
    }
    vec![script.played_by(&MONITOR, "198.19.255.7".to_owned())]
}

fn card_owners(draw: &mut Draw) -> Vec<Actor> {
    let cards: Vec<u64> =
        (attack_free_numbers()).filter(|&n| seed::gift_balance_cents(n).is_some()).collect();
    each(draw, 40, (330, 370), |draw, script, account| {
        let card = draw.pick(&cards, 0);
        script.get("/", 200);
        for _ in 0..draw.number(0, 3) {
            pause(draw, script);
            // Two digits the wrong way round, or one left out: no card's code in any case.
            let mut wrong = seed::gift_code(card);
            wrong.truncate(wrong.len() - 1);
            script.post("/api/v1/gift-cards/check", &json!({"code": wrong}), 404);
        }
        pause(draw, script);
        script.post("/api/v1/gift-cards/check", &json!({"code": seed::gift_code(card)}), 200);
        if draw.percent(50) {
            script.get(format!("/api/v1/gift-cards/{}/balance", seed::gift_code(card)), 200);
        }
        (browser(draw), home_address(account))
    })
}

/// Numbers of gift cards that the enumeration does not come to within ten minutes.
fn attack_free_numbers() -> std::ops::Range<u64> {
    seed::GIFT_CARD_NUMBERS / 2..seed::GIFT_CARD_NUMBERS
}
