//! The shop's customers: who they are, with what and from where they come.

use std::rc::Rc;

use super::apps::{self, App};
use super::browser;
use super::locale::{LOCALES, Locale};
use super::make::{Engine, Make};
use super::network;
use super::random::{Dice, ms, whole};
use super::shop::Shop;
use super::shot::Cohort;

/// With what somebody comes.
#[derive(Clone)]
pub(crate) enum Device {
    /// A browser, and the language it asks for.
    Browser(Rc<Make>, &'static str),
    /// One of the shop's apps, its language, and when its new version comes, in ms of the day.
    App(Rc<Pair>, &'static str, u64),
}

/// Both versions of an app.
pub(crate) struct Pair {
    cohort: Cohort,
    old: Rc<Make>,
    new: Rc<Make>,
}

impl Device {
    /// The build at a time of the day, and its language.
    pub(crate) fn at(&self, day_ms: u64) -> (&Rc<Make>, &'static str) {
        match self {
            Device::Browser(make, language) => (make, language),
            Device::App(app, language, update_ms) if day_ms < *update_ms => (&app.old, language),
            Device::App(app, language, _) => (&app.new, language),
        }
    }

    /// The cohort, where the device makes it.
    pub(crate) fn cohort(&self) -> Option<Cohort> {
        match self {
            Device::Browser(..) => None,
            Device::App(app, ..) => Some(app.cohort),
        }
    }
}

/// Every build that there is, for customers and for those who copy them.
pub(crate) struct Fleet {
    browsers: Vec<(f64, Engine, Rc<Make>)>,
    /// iOS, Android.
    apps: [Rc<Pair>; 2],
    /// From when to when the new version of the apps is rolled out.
    rollout_ms: (f64, f64),
}

impl Fleet {
    /// All builds, and a rollout in the first half of a day of so many milliseconds.
    pub(crate) fn new(day_ms: f64) -> Self {
        let browsers = browser::builds().into_iter().map(|(w, e, make)| (w, e, Rc::new(make))).collect();
        let pair = |cohort, app: App| Rc::new(Pair { cohort, old: app.old.into(), new: app.new.into() });
        Self {
            browsers,
            apps: [pair(Cohort::IosApp, apps::ios()), pair(Cohort::AndroidApp, apps::android())],
            rollout_ms: (day_ms * 0.15, day_ms * 0.5),
        }
    }

    /// A browser by its share, with a language.
    pub(crate) fn browser(&self, dice: &mut Dice) -> (&Rc<Make>, Engine, &'static Locale) {
        let locale = dice.weigh(&LOCALES, |locale| locale.share);
        let (_, engine, make) = dice.weigh(&self.browsers, |(share, ..)| *share);
        (make, *engine, locale)
    }

    /// A browser as a device.
    pub(crate) fn browser_device(&self, dice: &mut Dice) -> Device {
        let (make, engine, locale) = self.browser(dice);
        Device::Browser(Rc::clone(make), engine.language(locale))
    }

    /// A device. A shop with an app of its own gets some fifth of its visits from it.
    pub(crate) fn device(&self, dice: &mut Dice) -> Device {
        if !dice.chance(0.22) {
            return self.browser_device(dice);
        }
        let locale = dice.weigh(&LOCALES, |locale| locale.share);
        let [ios, android] = &self.apps;
        let app = Rc::clone(if dice.chance(0.45) { ios } else { android });
        // App stores begin slowly: the square root of an even draw.
        let (from, to) = self.rollout_ms;
        let update_ms = ms((from + (to - from) * dice.unit().sqrt()) / 1000.0);
        Device::App(app, locale.webkit, update_ms)
    }

    /// An app as it is when the day begins, for those who copy it.
    pub(crate) fn app(&self, dice: &mut Dice) -> &Rc<Make> {
        let [ios, android] = &self.apps;
        if dice.chance(0.5) { &ios.old } else { &android.old }
    }
}

/// From where somebody comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// A line of their own.
    Home(u64),
    /// A carrier, which gives another of its addresses from time to time.
    Carrier(u64),
    /// A privacy relay or VPN.
    Relay,
    /// At work by day, else at a line of their own.
    Office(u64, u64),
}

/// Somebody with an account.
pub(crate) struct Customer {
    /// The account.
    pub(crate) email: Rc<str>,
    /// Its password.
    pub(crate) password: Rc<str>,
    /// What they usually come with.
    pub(crate) device: Device,
    /// From where they usually come.
    pub(crate) line: Line,
    /// The session their browser keeps.
    pub(crate) sid: Option<u64>,
    /// Whether that session is signed in.
    pub(crate) signed_in: bool,
    /// Whether they let no browser keep a cookie.
    pub(crate) averse: bool,
    /// Whether a password manager signs them in.
    pub(crate) manager: bool,
}

/// All customers.
pub(crate) type Customers = Vec<Customer>;

const GIVEN: [&str; 24] = [
    "anna", "ben", "carla", "david", "emma", "felix", "greta", "hugo", "ines", "jonas", "klara", "liam",
    "marie", "noah", "olga", "paul", "rosa", "sam", "tina", "uwe", "vera", "wim", "yara", "zoe",
];
const FAMILY: [&str; 20] = [
    "meyer", "smith", "dubois", "rossi", "jansen", "kowalski", "garcia", "novak", "larsen", "silva", "brown",
    "weber", "martin", "bakker", "ferrari", "wilson", "fischer", "moreau", "taylor", "schulz",
];
/// Mail providers with some weight, most popular first.
const MAIL: [(&str, f64); 9] = [
    ("gmail.com", 0.42),
    ("gmx.de", 0.12),
    ("web.de", 0.10),
    ("outlook.com", 0.10),
    ("icloud.com", 0.08),
    ("yahoo.com", 0.06),
    ("t-online.de", 0.05),
    ("orange.fr", 0.04),
    ("proton.me", 0.03),
];

/// A mail address as people have them; the number makes it one of a kind.
pub(crate) fn address_of(dice: &mut Dice, number: u64) -> Rc<str> {
    let (given, family) = (dice.pick(&GIVEN), dice.pick(&FAMILY));
    let (domain, _) = dice.weigh(&MAIL, |(_, share)| *share);
    format!("{given}.{family}{number}@{domain}").into()
}

/// A password that nobody guesses.
pub(crate) fn password_of(dice: &mut Dice) -> Rc<str> {
    format!("{}-{:08x}", dice.pick(&FAMILY), dice.bits() >> 32).into()
}

/// So many customers, with accounts at the shop.
pub(crate) fn settle(seed: u64, people: usize, fleet: &Fleet, shop: &mut Shop) -> Customers {
    let mut dice = Dice::new(seed, 0xc057);
    let offices = (people / 220).max(1);
    (0..people as u64).map(|number| customer(number, offices, &mut dice, fleet, shop)).collect()
}

fn customer(number: u64, offices: usize, dice: &mut Dice, fleet: &Fleet, shop: &mut Shop) -> Customer {
    let (email, password) = (address_of(dice, number), password_of(dice));
    shop.add_account(&email, &password);
    let device = fleet.device(dice);
    let place = dice.unit();
    let line = if place < 0.12 {
        // Few offices are large: the square of an even draw makes the first hold many.
        let size = dice.unit().powi(2);
        Line::Office(whole(size * offices as f64) as u64, number)
    } else if place < 0.37 {
        Line::Carrier(dice.bits())
    } else if place < 0.40 {
        Line::Relay
    } else {
        Line::Home(number)
    };
    // Some 4 % let their browser forget cookies (private windows, extensions).
    let averse = dice.chance(0.04);
    // Half of those who have been here before still have a session, and most are signed in.
    let sid = (!averse && dice.chance(0.55)).then(|| shop.add_session());
    let signed_in = sid.is_some() && dice.chance(0.7);
    if let (Some(sid), true) = (sid, signed_in) {
        shop.sign_in(sid, &email);
    }
    Customer { email, password, device, line, sid, signed_in, averse, manager: dice.chance(0.35) }
}

/// The address somebody has now.
pub(crate) fn address_now(line: Line, hour: f64, draw: u64) -> (u32, Option<Cohort>) {
    match line {
        Line::Home(number) => (network::home(number), None),
        Line::Carrier(carrier) => (network::carrier(carrier, draw), Some(Cohort::Carrier)),
        Line::Relay => (network::relay(draw), Some(Cohort::Relay)),
        Line::Office(office, _) if (8.0..18.0).contains(&hour) => {
            (network::office(office), Some(Cohort::Office))
        }
        Line::Office(_, home) => (network::home(home), None),
    }
}
