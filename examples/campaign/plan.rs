//! What a visit is to come to, and the steps of it.

use super::customers::{Customer, Device};
use super::random::{Dice, ms};
use super::shot::Cohort;
use super::visit::{Deed, Visit};

/// What a visit is to come to.
pub(super) struct Wants {
    /// Wrong passwords first, if they sign in at all.
    login: Option<u8>,
    pub(super) forgets: bool,
    /// The password manager knows.
    at_once: bool,
    looks: usize,
    carts: usize,
    buys: bool,
    declined: bool,
    /// Reloads until the sale begins.
    impatient: bool,
}

/// What a customer comes for, and whether the browser fetches ahead.
pub(super) fn intend(visit: &mut Visit, customer: &Customer, for_sale: bool) -> (Wants, bool) {
    let dice = &mut visit.dice;
    let carts = if dice.chance(if for_sale { 0.6 } else { 0.25 }) { 1 + dice.run(0.3, 3) } else { 0 };
    // Seven of ten carts are abandoned (Baymard's mean over studies to 2024).
    let buys = carts > 0 && dice.chance(if for_sale { 0.55 } else { 0.3 });
    let signed_in = visit.sid.is_some() && customer.signed_in;
    let signs_in = if signed_in { dice.chance(0.05) } else { buys || dice.chance(0.5) };
    let forgets = signs_in && !customer.manager && dice.chance(0.03);
    let wrong = if forgets {
        3 + dice.run(0.55, 5)
    } else if customer.manager {
        dice.run(0.02, 2)
    } else {
        // Some 8 % of sign-ins fail at first.
        dice.run(0.11, 3)
    };
    let login = signs_in.then(|| u8::try_from(wrong).unwrap_or(3));
    let looks = dice.run(0.78, 30);
    let declined = buys && dice.chance(0.04);
    // Browsers that fetch ahead do so on many sites; some 12 % of visits see it here.
    let prefetches = matches!(visit.device, Device::Browser(..)) && dice.chance(0.12);
    let impatient = for_sale && dice.chance(0.1);
    let at_once = customer.manager;
    (Wants { login, forgets, at_once, looks, carts, buys, declined, impatient }, prefetches)
}

/// Writes the steps of a customer's visit.
pub(super) fn plan(visit: &mut Visit, wants: &Wants, prefetches: bool) {
    open(visit, prefetches);
    if wants.impatient {
        for _ in 0..3 + visit.dice.below(6) {
            let after = ms(visit.dice.between(0.8, 2.5));
            visit.steps.push_back((after, Deed::List));
        }
    }
    if let (Some(wrong), true) = (wants.login, wants.at_once) {
        let after = ms(visit.dice.between(1.5, 5.0));
        sign_in(visit, after, wrong);
    }
    let before = if wants.at_once { 0 } else { visit.dice.below(wants.looks + 1).min(4) };
    look(visit, before, prefetches);
    if let (Some(wrong), false) = (wants.login, wants.at_once) {
        let after = ms(visit.dice.lognormal(16.0, 0.5));
        sign_in(visit, after, wrong);
    }
    look(visit, wants.looks.saturating_sub(before), prefetches);
    buy(visit, wants);
}

/// Signs in; one of a hundred clicks twice.
fn sign_in(visit: &mut Visit, after_ms: u64, wrong: u8) {
    visit.steps.push_back((after_ms, Deed::Login(wrong)));
    if wrong == 0 && visit.dice.chance(0.01) {
        let again = ms(visit.dice.between(0.1, 0.4));
        visit.steps.push_back((again, Deed::Login(0)));
    }
}

/// Opens the shop: a browser fetches the page, then the list; an app only the list.
fn open(visit: &mut Visit, prefetches: bool) {
    if matches!(visit.device, Device::Browser(..)) {
        visit.steps.push_back((0, Deed::Page));
    }
    let after = ms(visit.dice.between(0.15, 0.7));
    visit.steps.push_back((after, Deed::List));
    if prefetches {
        for _ in 0..=visit.dice.run(0.6, 4) {
            let after = ms(visit.dice.between(0.02, 0.3));
            visit.steps.push_back((after, Deed::Prefetch));
        }
    }
}

fn look(visit: &mut Visit, times: usize, prefetches: bool) {
    for _ in 0..times {
        let think = ms(visit.dice.lognormal(13.0, 1.0));
        visit.steps.push_back((think, Deed::Product));
        if visit.dice.chance(0.25) {
            let think = ms(visit.dice.lognormal(6.0, 0.8));
            visit.steps.push_back((think, Deed::List));
        }
        if prefetches && visit.dice.chance(0.4) {
            let after = ms(visit.dice.between(0.2, 1.5));
            visit.steps.push_back((after, Deed::Prefetch));
        }
    }
}

fn buy(visit: &mut Visit, wants: &Wants) {
    for _ in 0..wants.carts {
        let think = ms(visit.dice.lognormal(9.0, 0.8));
        visit.steps.push_back((think, Deed::Cart));
    }
    if wants.declined {
        let think = ms(visit.dice.lognormal(55.0, 0.6));
        visit.steps.push_back((think, Deed::Declined));
    }
    if wants.buys {
        let think = ms(visit.dice.lognormal(45.0, 0.6));
        visit.steps.push_back((think, Deed::Checkout));
    }
}

/// The steps of somebody who signs up: most verify within minutes, a few after an hour or never. Who
/// wants to pay has to verify first, says the page, and to add a card.
pub(super) fn settle_in(visit: &mut Visit, besides: &mut Dice) {
    open(visit, false);
    let looks = visit.dice.run(0.7, 12);
    look(visit, looks, false);
    let typing = ms(visit.dice.lognormal(38.0, 0.5));
    visit.steps.push_back((typing, Deed::Signup));
    let fate = visit.dice.unit();
    if fate < 0.85 {
        let reads = ms(visit.dice.lognormal(120.0, 0.9));
        visit.steps.push_back((reads, Deed::Verify));
    } else if fate < 0.90 {
        // They never come back.
        return;
    }
    let carts = if visit.dice.chance(0.55) { 1 + visit.dice.run(0.3, 3) } else { 0 };
    let buys = carts > 0 && visit.dice.chance(0.5);
    let declined = buys && visit.dice.chance(0.06);
    let looks = visit.dice.run(0.5, 10);
    let (login, forgets, at_once, impatient) = (None, false, false, false);
    let wants = Wants { login, forgets, at_once, looks, carts, buys, declined, impatient };
    look(visit, looks, false);
    let verifies_to_buy = buys && fate >= 0.90;
    if verifies_to_buy {
        let reads = ms(besides.lognormal(90.0, 0.7));
        visit.steps.push_back((reads, Deed::Verify));
    }
    buy(visit, &wants);
    if buys {
        add_card(visit, besides);
    }
    if fate >= 0.96 && !verifies_to_buy {
        let late = ms(visit.dice.between(3_600.0, 10_800.0));
        visit.steps.push_back((late, Deed::Verify));
    }
}

/// What a customer does besides: some of those who buy have a new card, few ask for a gift card or
/// write a review. The cohort that this makes, if any.
pub(super) fn besides(visit: &mut Visit, for_sale: bool, dice: &mut Dice) -> Option<Cohort> {
    let buys = visit.steps.iter().any(|(_, deed)| *deed == Deed::Checkout);
    let (card, gift, review) = (dice.chance(0.12), dice.chance(0.012), dice.chance(0.02));
    if buys && card {
        add_card(visit, dice);
        return Some(Cohort::NewCard);
    }
    // Who comes for a sale has no time for more.
    if for_sale {
        return None;
    }
    if gift {
        let (reads, wrong) = (ms(dice.lognormal(25.0, 0.6)), mistakes(0.15, dice));
        let before_it_is_paid = before_paying(visit);
        visit.steps.insert(before_it_is_paid, (reads, Deed::GiftCard(wrong)));
        return Some(Cohort::GiftCard);
    }
    if review {
        let signs_in = visit.steps.iter().any(|(_, deed)| matches!(deed, Deed::Login(_)));
        if !signs_in && !visit.signed_in {
            visit.steps.push_back((ms(dice.lognormal(14.0, 0.5)), Deed::Login(0)));
        }
        visit.steps.push_back((ms(dice.lognormal(70.0, 0.7)), Deed::Review));
        return Some(Cohort::Reviewer);
    }
    None
}

/// Enters a card before it is paid with.
fn add_card(visit: &mut Visit, dice: &mut Dice) {
    let (types, wrong) = (ms(dice.lognormal(40.0, 0.5)), mistakes(0.1, dice));
    let before_it_is_paid = before_paying(visit);
    visit.steps.insert(before_it_is_paid, (types, Deed::AddCard(wrong)));
}

/// Where in the steps it is paid; the end where it is not.
fn before_paying(visit: &Visit) -> usize {
    let paying = |(_, deed): &(u64, Deed)| matches!(deed, Deed::Declined | Deed::Checkout);
    visit.steps.iter().position(paying).unwrap_or(visit.steps.len())
}

/// How often something is mistyped.
fn mistakes(probability: f64, dice: &mut Dice) -> u8 {
    u8::try_from(dice.run(probability, 3)).unwrap_or(0)
}
