//! How tactics are drawn, and turned when they are stopped.

use std::rc::Rc;

use super::super::customers::Fleet;
use super::super::locale::LOCALES;
use super::super::make::Engine;
use super::super::random::Dice;
use super::super::world::{Variant, World};
use super::group::{Aim, Group};
use super::knobs::{Agents, Base, Body, Flaw, Habit, Knobs, LISTED, Pace, Session};
use super::template::{SCANNERS, TOOL_TLS, TOOLS};

/// Keys that home-made clients add.
const EXTRAS: [(&str, &str); 6] = [
    ("captcha", "null"),
    ("source", "\"web\""),
    ("fingerprint", "\"a81bc81b-dead-4e5d-abff-90865d1e13b1\""),
    ("returnUrl", "\"/\""),
    ("_csrf", "\"\""),
    ("rememberMe", "false"),
];
/// Headers that home-made clients add.
const ADDED: [(&str, &str); 5] = [
    ("dnt", "1"),
    ("pragma", "no-cache"),
    ("cache-control", "no-cache"),
    ("x-requested-with", "XMLHttpRequest"),
    ("connection", "keep-alive"),
];
impl Knobs {
    /// A first tactic; the more skilled a group, the better its clients.
    pub(super) fn first(skill: f64, fleet: &Fleet, dice: &mut Dice) -> Self {
        let mut knobs = Self::perfect(fleet, dice);
        if !dice.chance(skill * 0.12) {
            knobs.base = Base::draw(skill, fleet, dice);
            knobs.agents = Agents::draw(&knobs.base, dice);
            knobs.body = Body::draw(&knobs.base, dice);
            knobs.tls = draw_tls(&knobs.base, skill, fleet, dice);
            knobs.session = Session::draw(skill, dice);
        }
        knobs.pace = Pace::draw(dice);
        knobs.habit = Habit::draw(dice);
        knobs
    }

    /// A copy of a browser, down to language, TLS and the form of its bodies.
    pub(super) fn perfect(fleet: &Fleet, dice: &mut Dice) -> Self {
        let (make, engine, locale) = fleet.browser(dice);
        let base = Base::Browser(Rc::clone(make), engine);
        let session = Session::with_first_page(dice);
        let (pace, habit) = (Pace::draw(dice), Habit::draw(dice));
        Self { base, agents: Agents::Own, locale, tls: None, body: Body::Genuine, session, pace, habit }
    }

    /// The tactic after this one: one to four knobs are turned, or all of them at once to a copy
    /// of a browser.
    pub(super) fn turn(&self, skill: f64, fleet: &Fleet, dice: &mut Dice) -> Self {
        if dice.chance(0.125) {
            return Self { pace: self.pace, habit: self.habit, ..Self::perfect(fleet, dice) };
        }
        let mut next = self.clone();
        for _ in 0..=dice.below(4) {
            next.turn_one(skill, fleet, dice);
        }
        if next.shape() == self.shape() {
            next.base = Base::draw(skill, fleet, dice);
            next.tls = draw_tls(&next.base, skill, fleet, dice);
        }
        next
    }

    fn turn_one(&mut self, skill: f64, fleet: &Fleet, dice: &mut Dice) {
        match dice.below(8) {
            // What a copy of one browser did not do, a copy of another may.
            0 if self.is_perfect() && dice.chance(0.5) => {
                let Self { session, pace, habit, .. } = *self;
                *self = Self { session, pace, habit, ..Self::perfect(fleet, dice) };
            }
            0 => {
                self.base = Base::draw(skill, fleet, dice);
                self.agents = Agents::draw(&self.base, dice);
                self.tls = draw_tls(&self.base, skill, fleet, dice);
            }
            1 => self.agents = Agents::draw(&self.base, dice),
            2 => self.locale = dice.weigh(&LOCALES, |locale| locale.share),
            3 => self.tls = draw_tls(&self.base, skill, fleet, dice),
            4 => self.body = Body::draw(&self.base, dice),
            5 => self.session = Session::draw(skill, dice),
            6 => self.pace = Pace::draw(dice),
            _ => self.habit = Habit::draw(dice),
        }
    }

    /// A scanner: a tool from one machine.
    pub(super) fn scanner(dice: &mut Dice) -> (Self, Rc<str>) {
        let go = TOOLS.iter().find(|tool| tool.name == "go").unwrap_or(&TOOLS[0]);
        let knobs = Self {
            base: Base::Tool(go, 0),
            agents: Agents::Own,
            locale: &LOCALES[1],
            tls: None,
            body: Body::Bare,
            session: Session::None,
            pace: Pace::draw(dice),
            habit: Habit::Minutes(100_000.0),
        };
        (knobs, (*dice.pick(&SCANNERS)).into())
    }
}

impl Base {
    fn draw(skill: f64, fleet: &Fleet, dice: &mut Dice) -> Self {
        let better = dice.unit() < skill;
        let sort = dice.unit();
        if !better && sort < 0.8 {
            let tool = dice.weigh(&TOOLS, |tool| tool.share);
            return Base::Tool(tool, dice.below(tool.agents.len()));
        }
        let (make, engine, _) = fleet.browser(dice);
        let make = Rc::clone(make);
        match sort {
            _ if sort < 0.15 && engine == Engine::Chromium => Base::Headless(make),
            _ if sort < 0.35 => Base::Impersonator(make, engine),
            _ if sort < 0.45 => Base::App(Rc::clone(fleet.app(dice))),
            _ => Base::HomeMade(make, engine, Flaw::draw(dice)),
        }
    }
}

impl Flaw {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(4) {
            0 => Flaw::Missing(dice.below(12)),
            1 => Flaw::Swapped(dice.below(10)),
            2 => Flaw::Sorted,
            _ => {
                let &(name, value) = dice.pick(&ADDED);
                Flaw::Added(name, value)
            }
        }
    }
}

impl Agents {
    fn draw(base: &Base, dice: &mut Dice) -> Self {
        match base {
            Base::Tool(..) => match dice.below(10) {
                0..=3 => Agents::Own,
                4..=6 => Agents::Listed(dice.below(LISTED)),
                _ => Agents::Rotating,
            },
            Base::HomeMade(..) | Base::Browser(..) => match dice.below(10) {
                0..=5 => Agents::Own,
                6..=7 => Agents::Listed(dice.below(LISTED)),
                _ => Agents::Rotating,
            },
            _ => Agents::Own,
        }
    }
}

impl Body {
    fn draw(base: &Base, dice: &mut Dice) -> Self {
        let genuine = match base {
            Base::Tool(..) => 0.15,
            Base::Headless(_) => 0.9,
            Base::App(_) => 0.8,
            Base::Impersonator(..) | Base::HomeMade(..) | Base::Browser(..) => 0.4,
        };
        match dice.below(5) {
            _ if dice.chance(genuine) => Body::Genuine,
            0 | 1 => Body::Bare,
            2 => Body::Turned,
            _ => {
                let &(key, value) = dice.pick(&EXTRAS);
                Body::Extra(key, value)
            }
        }
    }
}

impl Session {
    fn draw(skill: f64, dice: &mut Dice) -> Self {
        match dice.unit() {
            draw if draw < 0.35 - skill * 0.15 => Session::None,
            draw if draw < 0.5 => Session::MadeUp,
            draw if draw > 0.985 => Session::Patient(2 + u8::try_from(dice.below(4)).unwrap_or(0)),
            _ => Session::FirstPage(first_wait(dice)),
        }
    }

    fn with_first_page(dice: &mut Dice) -> Self {
        match dice.unit() {
            draw if draw < 0.65 => Session::FirstPage(first_wait(dice)),
            draw if draw < 0.82 => Session::None,
            draw if draw < 0.95 => Session::MadeUp,
            _ => Session::Patient(2 + u8::try_from(dice.below(4)).unwrap_or(0)),
        }
    }
}

impl Pace {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0..=2 => Pace::Steady,
            3..=7 => Pace::Jittered,
            _ => Pace::Bursts(5 + u32::try_from(dice.below(36)).unwrap_or(0)),
        }
    }
}

impl Habit {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0..=4 => Habit::Times(11),
            5..=7 => Habit::Times(1),
            _ => Habit::Minutes(dice.between(1.0, 10.0).round()),
        }
    }
}

fn draw_tls(base: &Base, skill: f64, fleet: &Fleet, dice: &mut Dice) -> Option<Rc<str>> {
    match base {
        // Tools of the skilled bring a browser's TLS with them.
        Base::Tool(..) => {
            let (make, ..) = fleet.browser(dice);
            dice.chance(skill * 0.3).then(|| Rc::clone(&make.tls))
        }
        Base::Headless(_) | Base::Impersonator(..) => None,
        Base::HomeMade(..) | Base::Browser(..) | Base::App(_) => {
            dice.chance(0.65).then(|| (*dice.pick(&TOOL_TLS)).into())
        }
    }
}

/// Seconds between a page and what follows it, to a tenth.
fn first_wait(dice: &mut Dice) -> f64 {
    (dice.between(0.2, 10.0) * 10.0).round() / 10.0
}

/// The tactic that a lane begins with, and the agent of a scanner.
pub(super) fn first_knobs(
    aim: Aim,
    group: &Group,
    world: &World,
    dice: &mut Dice,
) -> (Knobs, Option<Rc<str>>) {
    if aim == Aim::Scanning {
        let (knobs, agent) = Knobs::scanner(dice);
        return (knobs, Some(agent));
    }
    let mut knobs = Knobs::first(group.skill, &world.fleet, dice);
    if group.patient {
        knobs.session = Session::Patient(3);
    }
    (bend(knobs, world, dice), None)
}

/// Knobs as a variant wants them.
pub(super) fn bend(knobs: Knobs, world: &World, dice: &mut Dice) -> Knobs {
    if world.options.variant != Variant::Imitation {
        return knobs;
    }
    Knobs { pace: knobs.pace, habit: Habit::Times(1), ..Knobs::perfect(&world.fleet, dice) }
}
