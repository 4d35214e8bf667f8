//! A lane: one script of a group at work. It goes through its list with a tactic, notices when it
//! is stopped, hammers on until its operator comes, turns some knobs, and goes on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::rc::Rc;

use super::super::make::Make;
use super::super::network;
use super::super::random::{Dice, ms, whole};
use super::super::shot::{Ask, Class, Label, Reply, Shot};
use super::super::world::{Actor, TacticMark, Variant, Wake, World};
use super::bot::Bot;
use super::draw::{bend, first_knobs};
use super::errand::Errand;
use super::group::{Aim, Group};
use super::knobs::{Agents, Habit, Knobs, LISTED, Pace, Session, listed_agent};
use super::lists;
use super::notice::Notice;

/// A script at work.
pub(crate) struct Lane {
    pub(super) group: Rc<Group>,
    pub(super) aim: Aim,
    pub(super) dice: Dice,
    pub(super) knobs: Knobs,
    make: Rc<Make>,
    pub(super) tactic: u32,
    /// The agent of a scanner.
    agent: Option<Rc<str>>,
    /// Requests yet to be sent.
    left: u64,
    /// Requests sent, and entries of the list that they came of.
    sent: (u64, u64),
    /// A place in what it goes through: gift cards, templates.
    pub(super) place: u64,
    /// A machine of the group's own, without a proxy.
    machine: u32,
    rate: f64,
    ends_ms: u64,
    next_ms: u64,
    burst_left: u32,
    free: VecDeque<Bot>,
    /// Bots that wait for their next request.
    pub(super) waiting: BinaryHeap<Reverse<(u64, Bot)>>,
    sending: Option<Bot>,
    pub(super) notice: Notice,
    /// Requests sent with the tactic at hand.
    pub(super) tried: u64,
    /// When the script is changed.
    pub(super) retool_ms: u64,
}

impl Lane {
    /// The `number`-th lane of a group, with so many requests to send.
    pub(super) fn new(group: &Rc<Group>, number: u32, requests: u64, world: &mut World) -> Self {
        let mut dice =
            Dice::new(world.options.seed, 0xa77_0000 + u64::from(group.number) * 64 + u64::from(number));
        let aim = match group.aim {
            Aim::Both if number.is_multiple_of(2) => Aim::Stuffing,
            Aim::Both => Aim::Fakes,
            aim => aim,
        };
        let (knobs, agent) = first_knobs(aim, group, world, &mut dice);
        let machine = network::machine(group.number * 8 + number);
        let begins_ms = group.from_ms + ms(dice.between(0.0, 240.0));
        let mut lane = Self {
            group: Rc::clone(group),
            aim,
            dice,
            make: Rc::new(knobs.make()),
            knobs,
            tactic: 0,
            agent,
            left: requests,
            sent: (0, 0),
            place: 0,
            machine,
            rate: 1.0,
            ends_ms: group.to_ms,
            next_ms: begins_ms,
            burst_left: 0,
            free: VecDeque::new(),
            waiting: BinaryHeap::new(),
            sending: None,
            notice: Notice::new(aim, group),
            tried: 0,
            retool_ms: 0,
        };
        if !lane.is_plain() {
            lane.place = lane.dice.bits();
        }
        lane.begin_tactic(begins_ms, world);
        lane
    }

    /// When it begins.
    pub(super) fn begins_ms(&self) -> u64 {
        self.next_ms
    }

    /// Starts to work with the knobs as they are now.
    fn begin_tactic(&mut self, now_ms: u64, world: &mut World) {
        // A cart needs a session; who is first gets what is on sale.
        if self.aim == Aim::Bots && !matches!(self.knobs.session, Session::FirstPage(_)) {
            self.knobs.session = Session::FirstPage((self.dice.between(0.2, 2.0) * 10.0).round() / 10.0);
        }
        self.make = Rc::new(self.knobs.make());
        self.tactic = u32::try_from(world.tactics.len()).unwrap_or(u32::MAX);
        let kind = if self.aim == Aim::Scanning { "scanner" } else { self.knobs.kind() };
        let shape = format!("{} {}", self.agent.as_deref().unwrap_or_default(), self.knobs.shape());
        let (group, class) = (Rc::clone(&self.group.name), self.aim.class());
        world.tactics.push(TacticMark { kind, group, shape, class, noticed: None });
        self.free.clear();
        self.notice.begin_tactic();
        self.tried = 0;
        // Unopposed, an operator looks in every quarter of an hour, and changes the script then.
        self.retool_ms = now_ms + ms(self.dice.lognormal(14.0 * 60.0, 0.6));
        self.set_rate(now_ms);
    }

    /// As fast as the list must go to be done in time, give or take.
    fn set_rate(&mut self, now_ms: u64) {
        let left_s = (self.ends_ms.saturating_sub(now_ms) as f64 / 1000.0).max(900.0);
        let needed = self.left as f64 / left_s;
        self.rate = (needed * self.dice.lognormal(1.0, 0.35)).clamp(0.05, 5.0);
        if let Session::Patient(_) = self.knobs.session {
            self.rate = self.rate.min(0.8);
        }
    }

    /// Turns knobs, after the operator came.
    fn retool(&mut self, now_ms: u64, world: &mut World) {
        if self.aim == Aim::Scanning {
            (self.knobs, self.agent) = first_knobs(self.aim, &self.group, world, &mut self.dice);
            self.machine = network::machine(400 + u32::try_from(self.dice.below(300)).unwrap_or(0));
        } else {
            let turned = self.knobs.turn(self.group.skill, &world.fleet, &mut self.dice);
            self.knobs = bend(turned, world, &mut self.dice);
        }
        self.begin_tactic(now_ms, world);
    }

    /// The time of the next request of the list.
    fn schedule(&mut self, now_ms: u64) {
        let uses = match self.knobs.habit {
            Habit::Times(times) => f64::from(times),
            Habit::Minutes(_) => 20.0,
        };
        let pages = match self.knobs.session {
            Session::FirstPage(_) => 1.0,
            Session::Patient(pages) => f64::from(pages),
            Session::None | Session::MadeUp => 0.0,
        };
        // Pages count as requests too, and so does what is done with accounts.
        let of_entry = if self.is_plain() {
            1.0 + pages / uses
        } else {
            (self.sent.0 as f64 + 10.0) / (self.sent.1 as f64 + 10.0)
        };
        let gap = of_entry / self.rate;
        let wait = match self.knobs.pace {
            Pace::Steady => gap,
            Pace::Jittered => self.dice.exponential(gap),
            Pace::Bursts(_) if self.burst_left > 0 => {
                self.burst_left -= 1;
                0.03
            }
            Pace::Bursts(size) => {
                self.burst_left = size;
                gap * f64::from(size + 1)
            }
        };
        self.next_ms = now_ms + ms(wait);
    }

    /// A client for the next request of the list: one at hand, or a new one.
    fn take_bot(&mut self, now_ms: u64, world: &mut World) -> Bot {
        // At such a rate so many clients take turns.
        let width = 3 + whole(self.rate * 4.0);
        if self.free.len() >= width.min(24)
            && let Some(bot) = self.free.pop_front()
            && bot.until_ms > now_ms
        {
            return bot;
        }
        let (uses_left, until_ms) = match self.knobs.habit {
            Habit::Times(times) => (times, u64::MAX),
            Habit::Minutes(minutes) => (u32::MAX, now_ms + ms(minutes * 60.0)),
        };
        let address = if self.aim == Aim::Scanning || self.group.one_address {
            self.machine
        } else {
            let provider = *self.dice.pick(&self.group.providers);
            world.proxies.next(provider)
        };
        let pages_left = match self.knobs.session {
            Session::FirstPage(_) => 1,
            Session::Patient(pages) => pages,
            Session::None | Session::MadeUp => 0,
        };
        let sid = (self.knobs.session == Session::MadeUp).then(|| self.dice.bits());
        let connection = world.next_connection();
        Bot { address, connection, sid, pages_left, uses_left, until_ms, errand: None }
    }

    /// What a bot asks for now, and why.
    fn ask(&mut self, bot: &Bot, world: &World) -> (Ask, Class) {
        if let Some(errand) = &bot.errand {
            return errand.ask(&self.group, self.template(), &mut self.dice);
        }
        if bot.pages_left > 0 {
            let is_first = bot.sid.is_none();
            let ask = if is_first { Ask::Page } else { Ask::Product(1 + self.dice.below(300)) };
            return (ask, Class::Page);
        }
        let class = match self.aim {
            Aim::Scanning => return (Ask::Path(lists::path(self.left, &mut self.dice)), Class::Scanning),
            Aim::Fakes => Class::Fakes,
            Aim::Stuffing | Aim::Both => Class::Stuffing,
            _ => return self.ask_for_goods(world),
        };
        let mixed = if world.options.variant == Variant::Poisoning { 0.3 } else { self.group.mixed };
        if self.dice.chance(mixed) {
            let (email, password) = self.dice.pick(&self.group.own);
            return (Ask::Login { email: Rc::clone(email), password: Rc::clone(password) }, Class::Own);
        }
        let ask = if class == Class::Fakes {
            let email = lists::throwaway(&mut self.dice);
            Ask::Signup { email, password: format!("Aa1!{:08x}", self.dice.bits() >> 32).into() }
        } else {
            let (email, password) = lists::pair(self.group.valid, &world.customers, &mut self.dice);
            Ask::Login { email, password }
        };
        (ask, class)
    }

    /// Where a bot goes after its request.
    fn put_back(&mut self, mut bot: Bot, now_ms: u64, shot: &Shot, reply: &Reply, world: &mut World) {
        if let Some(errand) = bot.errand.take() {
            bot.sid = reply.sid.or(bot.sid);
            bot.errand = errand.go_on(reply.status, &mut self.dice);
            self.send_on(bot, now_ms);
            return;
        }
        if bot.pages_left > 0 {
            bot.pages_left -= 1;
            bot.sid = reply.sid.or(bot.sid);
            let wait = match self.knobs.session {
                Session::Patient(_) => self.dice.lognormal(11.0, 0.8),
                Session::FirstPage(wait) => wait * self.dice.between(0.8, 1.2),
                Session::None | Session::MadeUp => 0.1,
            };
            self.waiting.push(Reverse((now_ms + ms(wait), bot)));
            return;
        }
        if let (Ask::Signup { email, .. }, 201) = (&shot.ask, reply.status)
            && self.is_plain()
            && self.dice.chance(self.group.verified)
        {
            let errand = Some(Errand::verifying(email));
            let wait = ms(self.dice.lognormal(40.0, 0.8));
            if reply.is_carried_out() {
                self.waiting.push(Reverse((now_ms + wait, Bot { errand, ..bot.clone() })));
            } else {
                self.miss_mail(now_ms, world);
            }
        }
        if !self.is_plain() && self.begin_errand(&mut bot, now_ms, shot, reply, world) {
            self.send_on(bot, now_ms);
            return;
        }
        bot.uses_left -= 1;
        if bot.uses_left > 0 && bot.until_ms > now_ms {
            self.free.push_back(bot);
        }
    }

    /// The time at which it next has something to do.
    fn due_ms(&self) -> u64 {
        let waiting = self.waiting.peek().map_or(u64::MAX, |Reverse((at_ms, _))| *at_ms);
        waiting.min(self.next_ms)
    }
}

impl Actor for Lane {
    fn wake(&mut self, now_ms: u64, world: &mut World) -> Wake {
        if self.left == 0 {
            return Wake::Done;
        }
        if now_ms >= self.retool_ms {
            self.look_in(world);
            self.retool(now_ms, world);
        }
        let is_waiting = self.waiting.peek().is_some_and(|Reverse((at_ms, _))| *at_ms <= now_ms);
        let bot = match self.waiting.pop() {
            Some(Reverse((_, bot))) if is_waiting => bot,
            other => {
                self.waiting.extend(other);
                if now_ms < self.next_ms {
                    return Wake::Sleep(self.due_ms());
                }
                self.sent.1 += 1;
                self.schedule(now_ms);
                self.take_bot(now_ms, world)
            }
        };
        let (ask, class) = self.ask(&bot, world);
        self.left -= 1;
        self.sent.0 += 1;
        self.tried += 1;
        let agent = match self.knobs.agents {
            Agents::Rotating => Some(listed_agent(self.dice.below(LISTED))),
            _ => self.agent.clone(),
        };
        let shot = Shot {
            label: Label::Attacker { class, tactic: self.tactic },
            make: Rc::clone(&self.make),
            agent,
            language: self.knobs.language(),
            address: bot.address,
            connection: bot.connection,
            resumes: false,
            client: bot.connection,
            sid: bot.sid,
            ask,
        };
        self.sending = Some(bot);
        Wake::Send(Box::new(shot))
    }

    fn seen(&mut self, now_ms: u64, shot: &Shot, reply: &Reply, world: &mut World) -> Option<u64> {
        if let Label::Attacker { class, .. } = shot.label {
            let tell = self.notice.hear(self.aim, shot, class, reply);
            self.call_operator(tell, now_ms, world);
        }
        if let Some(bot) = self.sending.take() {
            self.put_back(bot, now_ms, shot, reply, world);
        }
        (self.left > 0).then(|| self.due_ms().max(now_ms + 1))
    }
}
