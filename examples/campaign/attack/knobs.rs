//! A tactic: all that a lane may turn, and what it is called.

use std::rc::Rc;

use super::super::locale::Locale;
use super::super::make::{Engine, Make};
use super::template::Tool;

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
    if number.is_multiple_of(3) {
        format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0").into()
    } else {
        format!("Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36").into()
    }
}

impl Knobs {
    /// Whether nothing of a request's own looks gives it away.
    pub(super) fn is_perfect(&self) -> bool {
        let base = matches!(self.base, Base::Browser(..));
        base && self.agents == Agents::Own && self.tls.is_none() && self.body == Body::Genuine
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
}
