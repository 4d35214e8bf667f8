//! A tactic: all that a lane may turn, the build that comes of it, and how it is turned anew.

use std::rc::Rc;

use super::super::customers::Fleet;
use super::super::locale::{LOCALES, Locale};
use super::super::make::{Engine, Form, Key, Make, Slot, Words, web_form};
use super::super::random::Dice;
use super::template::{SCANNERS, TOOL_TLS, TOOLS, Tool};

/// Where the headers are from.
#[derive(Clone)]
pub(super) enum Base {
    /// A tool, in a version.
    Tool(&'static Tool, usize),
    /// A browser without a window.
    Headless(Rc<Make>),
    /// Sends what a browser sends when it opens a page, with everything (curl-impersonate).
    Impersonator(Rc<Make>, Engine),
    /// A browser's headers, with something wrong.
    HomeMade(Rc<Make>, Engine, Flaw),
    /// A browser's headers as they are.
    Browser(Rc<Make>, Engine),
    /// The shop's app's headers as they are.
    App(Rc<Make>),
}

/// What is wrong with an imitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flaw {
    /// A header is missing.
    Missing(usize),
    /// Two headers have changed places.
    Swapped(usize),
    /// Names are in the order of the alphabet.
    Sorted,
    /// A header that the browser does not send.
    Added(&'static str, &'static str),
}

/// Which agent is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Agents {
    /// The one of the base.
    Own,
    /// One from a list, all the time.
    Listed(usize),
    /// Another from a list with each request.
    Rotating,
}

/// What is done about sessions.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Session {
    /// None is carried.
    None,
    /// One that the shop never gave.
    MadeUp,
    /// A page is fetched first, and its session kept; seconds until it is used.
    FirstPage(f64),
    /// Several pages at a person's pace come first.
    Patient(u8),
}

/// When requests come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pace {
    Steady,
    Jittered,
    /// So many at once, then a pause.
    Bursts(u32),
}

/// How long an address is used.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Habit {
    /// For so many requests.
    Times(u32),
    /// For so many minutes.
    Minutes(f64),
}

/// The form of bodies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body {
    /// As the shop's page or app writes it.
    Genuine,
    /// Address and password alone.
    Bare,
    /// Password first.
    Turned,
    /// With a key that the shop does not know.
    Extra(&'static str, &'static str),
}

/// All that a lane may turn.
#[derive(Clone)]
pub(super) struct Knobs {
    pub(super) base: Base,
    pub(super) agents: Agents,
    /// In place of the base's; `None`: none asked for, or the base's own.
    pub(super) locale: &'static Locale,
    /// In place of the base's.
    pub(super) tls: Option<Rc<str>>,
    pub(super) body: Body,
    pub(super) session: Session,
    pub(super) pace: Pace,
    pub(super) habit: Habit,
}

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
/// Agents in the lists that tools bring.
pub(super) const LISTED: usize = 400;

/// An agent from such a list: old and new builds of Chrome, Firefox and Edge.
pub(super) fn listed_agent(number: usize) -> Rc<str> {
    let systems = [
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
        "X11; Linux x86_64",
        "Windows NT 6.1; WOW64",
    ];
    let system = systems[number % 4];
    let version = 70 + number / 4 % 86;
    if number % 3 == 0 {
        format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0").into()
    } else {
        format!("Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36").into()
    }
}

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

    /// Whether nothing of a request's own looks gives it away.
    pub(super) fn is_perfect(&self) -> bool {
        let base = matches!(self.base, Base::Browser(..));
        base && self.agents == Agents::Own && self.tls.is_none() && self.body == Body::Genuine
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
            0 | 1 if self.is_perfect() => {
                *self = Self {
                    session: self.session,
                    pace: self.pace,
                    habit: self.habit,
                    ..Self::perfect(fleet, dice)
                }
            }
            0 => {
                self.base = Base::draw(skill, fleet, dice);
                self.agents = Agents::draw(&self.base, dice);
                self.tls = draw_tls(&self.base, skill, fleet, dice);
            }
            1 => self.agents = Agents::draw(&self.base, dice),
            2 => self.locale = dice.weigh(&LOCALES, |locale| locale.share),
            3 if !self.is_perfect() => self.tls = draw_tls(&self.base, skill, fleet, dice),
            4 if !self.is_perfect() => self.body = Body::draw(&self.base, dice),
            5 => self.session = Session::draw(skill, dice),
            6 => self.pace = Pace::draw(dice),
            _ => self.habit = Habit::draw(dice),
        }
    }

    /// What sort of tactic it is.
    pub(super) fn kind(&self) -> &'static str {
        match self.base {
            _ if matches!(self.session, Session::Patient(_)) => "patient",
            Base::Browser(..) if self.is_perfect() => "perfect imitation",
            Base::Browser(..) | Base::HomeMade(..) | Base::Impersonator(..) => "home-made imitation",
            Base::App(_) => "copy of the app",
            Base::Headless(_) => "headless browser",
            Base::Tool(..) => "tool",
        }
    }

    /// What it looks like, for people.
    pub(super) fn shape(&self) -> String {
        let base = match &self.base {
            Base::Tool(tool, version) => format!("{} #{version}", tool.name),
            Base::Headless(make) => format!("headless {}", make.name),
            Base::Impersonator(make, _) => format!("impersonator {}", make.name),
            Base::HomeMade(make, _, flaw) => format!("home-made {} {flaw:?}", make.name),
            Base::Browser(make, _) | Base::App(make) => make.name.to_string(),
        };
        let Self { agents, body, session, pace, habit, .. } = self;
        let tls = self.tls.as_deref().unwrap_or("own");
        format!(
            "{base}; {agents:?}; {}; tls {tls}; {body:?}; {session:?}; {pace:?}; {habit:?}",
            self.locale.tag
        )
    }

    /// The build that comes of it.
    pub(super) fn make(&self) -> Make {
        let mut make = match &self.base {
            Base::Tool(tool, version) => {
                let agent = tool.agents[version % tool.agents.len()];
                let form = Form { spaced: tool.spaced, content_type: tool.content_type, ..bare_form() };
                Make::new(tool.name, &tool.orders, &Words { agent, ..Words::default() }, tool.tls, form)
            }
            Base::Headless(make) => headless(make),
            Base::Impersonator(make, _) => impersonator(make),
            Base::HomeMade(make, _, flaw) => {
                let mut make = Make::clone(make);
                for slots in [&mut make.page, &mut make.read, &mut make.send] {
                    flaw.apply(slots);
                }
                make
            }
            Base::Browser(make, _) | Base::App(make) => Make::clone(make),
        };
        if let Agents::Listed(number) = self.agents {
            make.agent = listed_agent(number);
        }
        if let Some(tls) = &self.tls {
            make.tls = Rc::clone(tls);
        }
        self.body.apply(&mut make.form);
        make
    }

    /// The language asked for, empty for none.
    pub(super) fn language(&self) -> &'static str {
        match &self.base {
            Base::Tool(..) if self.agents == Agents::Own => "",
            Base::Tool(..) | Base::Headless(_) => self.locale.chromium,
            Base::Impersonator(_, engine) | Base::HomeMade(_, engine, _) | Base::Browser(_, engine) => {
                engine.language(self.locale)
            }
            Base::App(_) => self.locale.webkit,
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

    fn apply(self, slots: &mut Vec<Slot>) {
        match self {
            Flaw::Missing(at) => {
                let at = at % slots.len();
                slots.remove(at);
            }
            Flaw::Swapped(at) => {
                let at = at % (slots.len() - 1);
                slots.swap(at, at + 1);
            }
            Flaw::Sorted => slots.sort_by_key(|slot| name_of(slot).to_owned()),
            Flaw::Added(name, value) => slots.push(Slot::Fixed(name, value.into())),
        }
    }
}

fn name_of(slot: &Slot) -> &'static str {
    match slot {
        Slot::Fixed(name, _) | Slot::Language(name) => name,
        Slot::Agent => "user-agent",
        Slot::Cookie => "cookie",
        Slot::Length => "content-length",
        Slot::Purpose => "sec-purpose",
    }
}

/// Chrome without a window says so in two places.
fn headless(make: &Make) -> Make {
    let mut made = make.clone();
    made.agent = make.agent.replace(" Chrome/", " HeadlessChrome/").into();
    for slots in [&mut made.page, &mut made.read, &mut made.send] {
        for slot in slots {
            if let Slot::Fixed("sec-ch-ua", brand) = slot {
                *brand = brand.replace("Google Chrome", "HeadlessChrome").into();
            }
        }
    }
    made
}

/// curl-impersonate brings the headers of opening a page to every request.
fn impersonator(make: &Make) -> Make {
    let mut made = make.clone();
    made.read.clone_from(&make.page);
    made.send.clone_from(&make.page);
    made.send.push(Slot::Fixed("content-type", "application/json".into()));
    made.send.push(Slot::Length);
    made
}

fn bare_form() -> Form {
    Form {
        login: vec![Key::Email, Key::Password],
        signup: vec![Key::Email, Key::Password, Key::Name],
        ..web_form()
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
            Base::HomeMade(..) => match dice.below(10) {
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
            Base::App(_) | Base::Browser(..) => 0.8,
            Base::Impersonator(..) | Base::HomeMade(..) => 0.4,
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

    fn apply(self, form: &mut Form) {
        let genuine = if form.login.first() == Some(&Key::Device) { form.clone() } else { web_form() };
        let bare = bare_form();
        (form.login, form.signup) = match self {
            Body::Genuine => (genuine.login, genuine.signup),
            Body::Bare => (bare.login, bare.signup),
            Body::Turned => (vec![Key::Password, Key::Email], vec![Key::Name, Key::Password, Key::Email]),
            Body::Extra(key, value) => {
                let with = |mut keys: Vec<Key>| {
                    keys.push(Key::Fixed(key, value));
                    keys
                };
                (with(bare.login), with(bare.signup))
            }
        };
    }
}

impl Session {
    fn draw(skill: f64, dice: &mut Dice) -> Self {
        match dice.unit() {
            draw if draw < 0.35 - skill * 0.15 => Session::None,
            draw if draw < 0.5 => Session::MadeUp,
            draw if draw > 0.985 => Session::Patient(2 + u8::try_from(dice.below(4)).unwrap_or(0)),
            _ => Session::FirstPage(dice.between(0.2, 10.0)),
        }
    }

    fn with_first_page(dice: &mut Dice) -> Self {
        match dice.unit() {
            draw if draw < 0.65 => Session::FirstPage(dice.between(0.2, 10.0)),
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
            _ => Habit::Minutes(dice.between(1.0, 10.0)),
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
        Base::Headless(_) | Base::Impersonator(..) | Base::Browser(..) => None,
        Base::HomeMade(..) | Base::App(_) => dice.chance(0.65).then(|| (*dice.pick(&TOOL_TLS)).into()),
    }
}
