//! The attacks, each with the tool, the addresses and the pace of its kind.
//!
//! They win what the shop gives away; whether anything stops them is not known here.

use serde_json::json;

use super::browser::CHROME_WINDOWS;
use super::customer::CARRIER_ADDRESS;
use super::family::Family;
use super::plan::{Actor, Draw, Prize, Scenario, Script, Side, Won, credentials};
use super::tool::{AIOHTTP, AXIOS, CONFIG_TOOL, FFUF, GO, REQUESTS, REQUESTS_SESSION};
use super::wordlist;
use crate::seed;

/// Attacks begin and end so long after the play begins and before it ends, in milliseconds.
const MARGIN_MS: u64 = 3_000;
/// The account whose password one attacker guesses. Its owner is a shopper who signs in meanwhile.
const CRACKED_ACCOUNT: u64 = 42;

/// All attacks.
pub(crate) fn scenarios(draw: &mut Draw) -> Vec<Scenario> {
    let accounts = Side::Attackers("accounts entered");
    let mut all = Vec::new();
    let mut add = |name, side, actors| all.push(Scenario { name, side, actors });
    add("stuffing, one address", accounts, stuffing_one(draw));
    add("stuffing, 40 addresses", accounts, stuffing_many(draw));
    add("stuffing, browser's headers", accounts, stuffing_browser(draw));
    add("password cracking", accounts, cracking(draw));
    add("gift card enumeration", Side::Attackers("gift cards with money"), enumeration(draw));
    add("path scan", Side::Attackers("paths found"), scan(draw));
    add("fake accounts", Side::Attackers("accounts created"), fake_accounts(draw));
    add("stolen cards", Side::Attackers("cards accepted"), stolen_cards(draw));
    add("comment spam", Side::Attackers("comments posted"), spam(draw));
    all
}

/// One attempt of an attack, before it has a sender and a time.
struct Attempt {
    method: &'static str,
    path: String,
    body: Option<String>,
    prize: Prize,
}

/// Deals attempts out to one actor for each address, evenly over the play.
fn deal(
    draw: &mut Draw,
    family: &'static Family,
    addresses: &[String],
    attempts: Vec<Attempt>,
) -> Vec<Actor> {
    let time_ms = draw.length_ms - 2 * MARGIN_MS;
    let senders = addresses.len().max(1);
    let rounds = attempts.len().div_ceil(senders).max(1);
    let gap_ms = time_ms / rounds as u64;
    let begin = |_| Script::starting_at(MARGIN_MS + draw.number(0, gap_ms));
    let mut scripts: Vec<Script> = addresses.iter().map(begin).collect();
    for (attempt, at) in attempts.into_iter().zip((0..senders).cycle()) {
        if let Some(script) = scripts.get_mut(at) {
            script.attempt(attempt.method, attempt.path, attempt.body, attempt.prize);
            script.wait(gap_ms);
        }
    }
    scripts.into_iter().zip(addresses).map(|(script, to)| script.played_by(family, to.clone())).collect()
}

/// Pairs of address and password from a leak elsewhere: one in forty still opens an account here.
fn leaked_pairs(draw: &mut Draw, count: u64, first_victim: u64) -> Vec<Attempt> {
    let mut next_victim = first_victim;
    let pair = |number| {
        let (email, password) = if draw.number(0, 40) == 0 && next_victim < seed::ACCOUNTS {
            next_victim += 1;
            (seed::email(next_victim - 1), seed::password(next_victim - 1))
        } else if draw.percent(60) {
            (seed::email(draw.number(0, seed::ACCOUNTS)), format!("leaked-{number}"))
        } else {
            (format!("user{}@elsewhere.example", draw.number(0, 90_000)), format!("leaked-{number}"))
        };
        let body = credentials(&email, &password).to_string();
        let prize = Prize { name: email, won: Won::Success };
        Attempt { method: "POST", path: "/api/v1/login".to_owned(), body: Some(body), prize }
    };
    (0..count).map(pair).collect()
}

/// A script behind the very address that app customers share.
fn stuffing_one(draw: &mut Draw) -> Vec<Actor> {
    let pairs = leaked_pairs(draw, draw.count(600), 400);
    deal(draw, &REQUESTS, &[CARRIER_ADDRESS.to_owned()], pairs)
}

/// Forty addresses in three networks, one make of client.
fn stuffing_many(draw: &mut Draw) -> Vec<Actor> {
    let pairs = leaked_pairs(draw, draw.count(1_600), 460);
    let addresses = ["203.0.113", "198.51.100", "198.19.44"];
    let addresses: Vec<String> = (0..40)
        .zip(addresses.iter().cycle())
        .map(|(n, network)| format!("{network}.{}", 20 + 3 * n))
        .collect();
    deal(draw, &CONFIG_TOOL, &addresses, pairs)
}

/// Exactly what Chrome on Windows sends, as many customers do, from two networks.
fn stuffing_browser(draw: &mut Draw) -> Vec<Actor> {
    let pairs = leaked_pairs(draw, draw.count(600), 560);
    let addresses = ["198.19.60.5", "198.19.60.77", "198.19.61.5", "198.19.61.140"].map(str::to_owned);
    deal(draw, &CHROME_WINDOWS, &addresses, pairs)
}

/// Four hundred passwords for one account; the right one is near the end of the list.
fn cracking(draw: &mut Draw) -> Vec<Actor> {
    let count = draw.count(400);
    let email = seed::email(CRACKED_ACCOUNT);
    let attempt = |number| {
        let guess = if number == count * 9 / 10 {
            seed::password(CRACKED_ACCOUNT)
        } else {
            format!("guess-{number:05}")
        };
        Attempt {
            method: "POST",
            path: "/api/v1/login".to_owned(),
            body: Some(credentials(&email, &guess).to_string()),
            prize: Prize { name: email.clone(), won: Won::Success },
        }
    };
    let attempts = (0..count).map(attempt).collect();
    deal(draw, &GO, &["198.19.70.9".to_owned()], attempts)
}

/// One number after the other, by both operations that tell a balance.
fn enumeration(draw: &mut Draw) -> Vec<Actor> {
    let attempt = |number| {
        let code = seed::gift_code(number);
        let prize = Prize { name: code.clone(), won: Won::Balance };
        if number.is_multiple_of(4) {
            let path = format!("/api/v1/gift-cards/{code}/balance");
            Attempt { method: "GET", path, body: None, prize }
        } else {
            let body = Some(json!({"code": code}).to_string());
            Attempt { method: "POST", path: "/api/v1/gift-cards/check".to_owned(), body, prize }
        }
    };
    let attempts = (0..draw.count(1_200).min(seed::GIFT_CARD_NUMBERS / 2)).map(attempt).collect();
    let addresses = ["203.0.113.200", "203.0.113.201", "198.19.80.3", "198.19.80.4"].map(str::to_owned);
    deal(draw, &AIOHTTP, &addresses, attempts)
}

/// A scanner's list of paths, most of which are nowhere.
fn scan(draw: &mut Draw) -> Vec<Actor> {
    let attempt = |path: String| {
        let prize = Prize { name: path.clone(), won: Won::Found };
        Attempt { method: "GET", path, body: None, prize }
    };
    let attempts = wordlist::paths(draw).map(attempt).collect();
    deal(draw, &FFUF, &["198.19.90.66".to_owned()], attempts)
}

/// New accounts, one after the other.
fn fake_accounts(draw: &mut Draw) -> Vec<Actor> {
    let attempt = |number| {
        let email = format!("fresh-{number}@throwaway.example");
        let body = credentials(&email, "same-for-every-one").to_string();
        let prize = Prize { name: email, won: Won::Success };
        Attempt { method: "POST", path: "/api/v1/signup".to_owned(), body: Some(body), prize }
    };
    let attempts = (0..draw.count(400)).map(attempt).collect();
    let addresses = ["198.51.100.180", "198.51.100.181", "198.51.100.182"].map(str::to_owned);
    deal(draw, &AXIOS, &addresses, attempts)
}

/// Stolen cards tried on brand-new accounts whose address nobody verified, as in a published case.
fn stolen_cards(draw: &mut Draw) -> Vec<Actor> {
    const ACCOUNTS: u64 = 4;
    let cards_each = draw.count(480) / ACCOUNTS;
    let gap_ms = (draw.length_ms - 2 * MARGIN_MS) / (cards_each + 4);
    let actor = |number| {
        let mut script = Script::starting_at(MARGIN_MS + number * gap_ms / ACCOUNTS);
        let account = credentials(&format!("buyer-{number}@throwaway.example"), "same-for-every-one");
        script.prepare("/api/v1/signup", &account);
        script.wait(gap_ms);
        script.prepare("/api/v1/login", &account);
        script.wait(gap_ms);
        script.prepare("/api/v1/cart", &json!({"product_id": 1 + number, "qty": 1}));
        for card in 0..cards_each {
            script.wait(gap_ms);
            let card = stolen_card(card * ACCOUNTS + number);
            let body = json!({"number": card}).to_string();
            let prize = Prize { name: card, won: Won::Success };
            script.attempt("POST", "/api/v1/payment-methods".to_owned(), Some(body), prize);
        }
        script.wait(gap_ms);
        script.bare("POST", "/api/v1/checkout", None);
        script.played_by(&REQUESTS_SESSION, format!("198.19.100.{}", 10 + number))
    };
    (0..ACCOUNTS).map(actor).collect()
}

/// One advertisement with other words in its slots, by accounts and addresses of which each posts a few.
fn spam(draw: &mut Draw) -> Vec<Actor> {
    const ACCOUNTS: u64 = 16;
    let each = (draw.count(480) / ACCOUNTS).max(1);
    let gap_ms = (draw.length_ms - 2 * MARGIN_MS) / (each + 3);
    let mut actor = |number: u64| {
        let mut script = Script::starting_at(MARGIN_MS + number * gap_ms / ACCOUNTS);
        let drawn = seed::mix(number ^ 0x7370_616d);
        let name = format!("{}.{}", seed::word(drawn), seed::word(drawn >> 8));
        let account = credentials(&format!("{name}@letters.example"), "same-for-every-one");
        script.prepare("/api/v1/signup", &account);
        script.wait(gap_ms);
        script.prepare("/api/v1/login", &account);
        for n in 0..each {
            script.wait(gap_ms);
            let praise = draw.pick(&["amazing", "great", "unbelievable", "superb", "honest"], "good");
            let earned = draw.number(200, 2_000);
            let text = format!(
                "Hi, {name} here. I was broke until I found this {praise} robot that trades, it made me {earned} \
                 dollars in a week, write to me and I show you how it works"
            );
            let prize = Prize { name: format!("{name} {n}"), won: Won::Success };
            let path = format!("/api/v1/products/{}/comments", draw.number(1, seed::PRODUCTS + 1));
            script.attempt("POST", path, Some(json!({"text": text}).to_string()), prize);
        }
        script.played_by(&REQUESTS_SESSION, format!("198.19.{}.10", 110 + number))
    };
    (0..ACCOUNTS).map(&mut actor).collect()
}

/// A number of the kind that the shop's issuer knows as stolen, with the right check digit.
fn stolen_card(number: u64) -> String {
    let digits = format!("4539{:011}", seed::mix(number) % 100_000_000_000);
    let complete = |check: u64| format!("{digits}{check}");
    (0..10).map(complete).find(|card| seed::is_card_number(card)).unwrap_or(digits)
}
