//! Plays a day: wakes actors in the order of their times, carries what they ask to a target, and
//! lets them hear what came back.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use super::arrivals::Arrivals;
use super::attack::group;
use super::customers::{self, Fleet};
use super::ledger::Ledger;
use super::network::Proxies;
use super::random::whole;
use super::services;
use super::shop::Shop;
use super::shot::Target;
use super::world::{Actor, BEGIN_MS, Options, Variant, Wake, World};

/// Customers at full size.
const CUSTOMERS: f64 = 60_000.0;

/// A world as it is when the day begins, and its shop.
pub(crate) fn prepare(options: Options) -> (World, Shop) {
    let mut shop = Shop::new(options.seed);
    let fleet = Fleet::new(options.day_ms());
    let people = whole(CUSTOMERS * options.size).max(300);
    let customers = customers::settle(options.seed, people, &fleet, &mut shop);
    let used_once = options.variant == Variant::Imitation;
    let proxies = Proxies::new(options.seed, group::addresses(options.size, options.hours), used_once);
    let tactics = Vec::new();
    let mut world =
        World { options, customers, fleet, proxies, tactics, spawned: Vec::new(), counted: (0, 0) };
    world.spawned.push((BEGIN_MS, Box::new(Arrivals::new(options.seed))));
    services::begin(options.seed, &mut world, &mut shop);
    group::begin(&mut world, &mut shop);
    (world, shop)
}

/// A ledger for a world.
pub(crate) fn ledger(world: &World) -> Ledger {
    let customers: HashSet<Rc<str>> =
        world.customers.iter().map(|customer| Rc::clone(&customer.email)).collect();
    Ledger::new(world.options, customers)
}

/// Actors by the time at which they want to be woken; of equals, the first that came.
#[derive(Default)]
pub(crate) struct Agenda {
    order: BinaryHeap<Reverse<(u64, u64)>>,
    actors: HashMap<u64, Box<dyn Actor>>,
    counted: u64,
}

impl Agenda {
    /// Another, who wants to be woken then.
    pub(crate) fn add(&mut self, at_ms: u64, actor: Box<dyn Actor>) {
        self.counted += 1;
        self.order.push(Reverse((at_ms, self.counted)));
        self.actors.insert(self.counted, actor);
    }

    /// The time of the next.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.order.peek().map(|Reverse((at_ms, _))| *at_ms)
    }

    /// The next, with its time.
    pub(crate) fn next(&mut self) -> Option<(u64, Box<dyn Actor>)> {
        let Reverse((at_ms, number)) = self.order.pop()?;
        Some((at_ms, self.actors.remove(&number)?))
    }
}

/// Plays the day to its end. `each` sees every request as it is answered.
pub(crate) fn play<T: Target>(
    world: &mut World,
    target: &mut T,
    mut each: impl FnMut(u64, &super::shot::Shot, &super::shot::Reply, &T),
) {
    let end_ms = world.options.at_hour(24.0);
    let mut agenda = Agenda::default();
    loop {
        for (at_ms, actor) in world.spawned.drain(..) {
            agenda.add(at_ms, actor);
        }
        let Some((now_ms, mut actor)) = agenda.next() else { break };
        if now_ms >= end_ms {
            break;
        }
        let next_ms = match actor.wake(now_ms, world) {
            Wake::Done => None,
            Wake::Sleep(until_ms) => Some(until_ms),
            Wake::Send(shot) => {
                let reply = target.send(now_ms, &shot);
                each(now_ms, &shot, &reply, target);
                actor.seen(now_ms, &shot, &reply, world)
            }
        };
        if let Some(at_ms) = next_ms {
            agenda.add(at_ms.max(now_ms), actor);
        }
    }
}
