//! When people come, and what they come for.

use std::rc::Rc;

use super::customers::{Line, address_now, address_of, password_of};
use super::network;
use super::plan::{besides, intend, plan, settle_in};
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
        resumes: false,
        client: index as u64,
        elsewhere: None,
        sid: customer.sid,
        signed_in: customer.sid.is_some() && customer.signed_in,
        cards: (None, None),
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
        visit.signed_in = false;
        visit.client |= 1 << 33;
    } else if new_network {
        visit.address = network::hotel(visit.dice.bits());
    }
    // Tickets live for hours: a third of those who were here lately still have one.
    visit.resumes = visit.sid.is_some() && visit.dice.chance(0.33);
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
    // Of a stream of its own, so that all else is as it would be without.
    let besides =
        besides(&mut visit, for_sale, &mut Dice::new(world.options.seed, number ^ 0x0b35_1de5_0000));
    if !for_sale && !wants.forgets {
        visit.cohort = besides.unwrap_or(visit.cohort);
    }
    visit
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
        resumes: false,
        client: 1 << 32 | number,
        elsewhere,
        sid: None,
        signed_in: false,
        cards: (None, None),
        keeps: false,
        forgets: false,
        steps: Steps::new(),
        doing: Deed::Page,
        refused: 0,
        dice,
    };
    settle_in(&mut visit, &mut Dice::new(world.options.seed, number ^ 0x0b35_1de5_0000));
    visit
}
