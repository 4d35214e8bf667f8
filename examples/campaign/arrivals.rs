//! When people come, and what they come for.

use std::rc::Rc;

use super::customers::{Customer, Device, Line, address_now, address_of, password_of};
use super::network;
use super::random::{Dice, ms};
use super::shot::{Cohort, Reply, Shot};
use super::visit::{Deed, Steps, Visit};
use super::world::{Actor, Wake, World};

/// Visits a day for each customer.
const VISITS: f64 = 0.9;
/// Arrivals by the hour of the clock, about as online shops report: least at four in the morning,
/// most at nine in the evening.
const BY_HOUR: [f64; 24] = [
    0.45, 0.25, 0.16, 0.12, 0.12, 0.18, 0.36, 0.65, 0.92, 1.10, 1.22, 1.26, 1.28, 1.24, 1.20, 1.20, 1.24,
    1.32, 1.45, 1.66, 1.86, 1.90, 1.45, 0.86,
];
/// The flash sale: on the plan of 24 hours from, to, and how many times the usual arrivals.
pub(crate) const FLASH: (f64, f64, f64) = (12.0, 12.0 + 1.0 / 6.0, 20.0);

/// Lets people arrive, as a Poisson process whose rate follows the clock.
pub(crate) struct Arrivals {
    seed: u64,
    dice: Dice,
    begun: bool,
}

impl Arrivals {
    /// Everybody who comes during the day.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, dice: Dice::new(seed, 0xa551), begun: false }
    }
}

impl Actor for Arrivals {
    fn wake(&mut self, now_ms: u64, world: &mut World) -> Wake {
        let usual = world.customers.len() as f64 * VISITS / (24.0 * 3600.0);
        let hour = world.clock(now_ms);
        let (here, next) = (hour.floor(), (hour.floor() + 1.0) % 24.0);
        let of =
            |hour: f64| BY_HOUR.iter().enumerate().find(|(n, _)| *n as f64 == hour).map_or(1.0, |(_, w)| *w);
        let weight = of(here) + (of(next) - of(here)) * hour.fract();
        let is_flash = in_flash(world, now_ms);
        let rate = usual * weight * if is_flash { FLASH.2 } else { 1.0 };
        if self.begun {
            let number = world.next_visit();
            let visit = begin(number, is_flash, now_ms, Dice::new(self.seed, number ^ 0x0071_5170), world);
            world.spawned.push((now_ms, Box::new(visit)));
        }
        self.begun = true;
        // A gap that ends within the sale begins anew with it.
        Wake::Sleep(now_ms + ms(self.dice.exponential(1.0 / rate)).min(5_000.max(ms(0.2 / rate))))
    }

    fn seen(&mut self, _: u64, _: &Shot, _: &Reply, _: &mut World) -> Option<u64> {
        None
    }
}

fn in_flash(world: &World, now_ms: u64) -> bool {
    (FLASH.0..FLASH.1).contains(&world.options.hour_of(now_ms))
}

/// Somebody comes.
fn begin(number: u64, is_flash: bool, now_ms: u64, mut dice: Dice, world: &mut World) -> Visit {
    let connection = world.next_connection();
    let hour = world.clock(now_ms);
    let for_sale = is_flash && dice.chance(0.95);
    if dice.chance(if for_sale { 0.07 } else { 0.05 }) {
        return newcomer(number, connection, hour, dice, world);
    }
    let index = dice.below(world.customers.len());
    let customer = &world.customers[index];
    let (address, of_line) = address_now(customer.line, hour, dice.bits());
    let mut visit = Visit {
        number,
        cohort: Cohort::Home,
        customer: Some(index),
        email: Rc::clone(&customer.email),
        password: Rc::clone(&customer.password),
        device: customer.device.clone(),
        address,
        connection,
        client: index as u64,
        elsewhere: None,
        sid: customer.sid,
        keeps: !customer.averse,
        forgets: false,
        steps: Steps::new(),
        doing: Deed::Page,
        refused: 0,
        dice,
    };
    let odd = visit.dice.unit();
    let (new_device, new_network) = (odd < 0.03, (0.03..0.06).contains(&odd));
    if new_device {
        (visit.device, visit.sid) = (world.fleet.device(&mut visit.dice), None);
        visit.client |= 1 << 33;
    } else if new_network {
        visit.address = network::hotel(visit.dice.bits());
    }
    let (wants, prefetches) = intend(&mut visit, customer, for_sale);
    visit.cohort = if for_sale {
        Cohort::FlashSale
    } else if wants.forgets {
        Cohort::Forgetful
    } else if new_device {
        Cohort::NewDevice
    } else if new_network {
        Cohort::NewNetwork
    } else if customer.averse {
        Cohort::CookieAverse
    } else {
        let of_device = visit.device.cohort();
        of_device.or(of_line).or(prefetches.then_some(Cohort::Prefetching)).unwrap_or(Cohort::Home)
    };
    visit.forgets = wants.forgets;
    plan(&mut visit, &wants, prefetches);
    visit
}

/// What a visit is to come to.
struct Wants {
    /// Wrong passwords first, if they sign in at all.
    login: Option<u8>,
    forgets: bool,
    /// The password manager knows.
    at_once: bool,
    looks: usize,
    carts: usize,
    buys: bool,
    declined: bool,
}

fn intend(visit: &mut Visit, customer: &Customer, for_sale: bool) -> (Wants, bool) {
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
    (Wants { login, forgets, at_once: customer.manager, looks, carts, buys, declined }, prefetches)
}

/// Writes the steps of a customer's visit.
fn plan(visit: &mut Visit, wants: &Wants, prefetches: bool) {
    open(visit, prefetches);
    let login = wants.login.map(Deed::Login);
    if let (Some(login), true) = (login, wants.at_once) {
        let after = ms(visit.dice.between(1.5, 5.0));
        visit.steps.push_back((after, login));
    }
    let before = if wants.at_once { 0 } else { visit.dice.below(wants.looks + 1).min(4) };
    look(visit, before, prefetches);
    if let (Some(login), false) = (login, wants.at_once) {
        let after = ms(visit.dice.lognormal(16.0, 0.5));
        visit.steps.push_back((after, login));
    }
    look(visit, wants.looks.saturating_sub(before), prefetches);
    buy(visit, wants);
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

/// Somebody who signs up.
fn newcomer(number: u64, connection: u64, hour: f64, mut dice: Dice, world: &World) -> Visit {
    let device = world.fleet.device(&mut dice);
    let neighbour = &world.customers[dice.below(world.customers.len())];
    // They live like customers: an office, a carrier, or a line of their own.
    let (address, _) = match neighbour.line {
        Line::Home(_) => (network::home(dice.bits()), None),
        line => address_now(line, hour, dice.bits()),
    };
    // One of fifty forgot that there is an account.
    let email = if dice.chance(0.02) {
        Rc::clone(&neighbour.email)
    } else {
        address_of(&mut dice, 1_000_000 + number)
    };
    let known = Rc::ptr_eq(&email, &neighbour.email);
    let password = match (known, dice.chance(0.05)) {
        (true, _) => Rc::clone(&neighbour.password),
        // Too short for the shop at first.
        (_, true) => "abc123".into(),
        _ => password_of(&mut dice),
    };
    // One of eight reads mail on a phone, and enters the code there.
    let elsewhere = dice.chance(0.12).then(|| {
        let phone = world.fleet.browser_device(&mut dice);
        (phone, network::carrier(dice.bits(), dice.bits()))
    });
    let mut visit = Visit {
        number,
        cohort: Cohort::Newcomer,
        customer: None,
        email,
        password,
        device,
        address,
        connection,
        client: 1 << 32 | number,
        elsewhere,
        sid: None,
        keeps: false,
        forgets: false,
        steps: Steps::new(),
        doing: Deed::Page,
        refused: 0,
        dice,
    };
    settle_in(&mut visit);
    visit
}

/// The steps of somebody who signs up: most verify within minutes, a few after an hour or never.
fn settle_in(visit: &mut Visit) {
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
    let wants = Wants { login: None, forgets: false, at_once: false, looks, carts, buys, declined };
    look(visit, looks, false);
    buy(visit, &wants);
    if fate >= 0.96 {
        let late = ms(visit.dice.between(3_600.0, 10_800.0));
        visit.steps.push_back((late, Deed::Verify));
    }
}
