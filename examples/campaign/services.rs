//! Programs that may: partners' servers, a service account, monitors, crawlers. They keep a
//! machine's pace from fixed addresses, and some sign in all day.

use std::rc::Rc;

use super::make::{Form, Key, Make, Orders, Row, Words, web_form};
use super::network;
use super::random::{Dice, ms};
use super::shop::{PRODUCTS, Shop};
use super::shot::{Ask, Cohort, Label, Reply, Shot};
use super::world::{Actor, Wake, World};

const PROGRAM_READ: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept", "application/json"),
    ("accept-encoding", "gzip"),
    ("cookie", "{cookie}"),
];
const PROGRAM_SEND: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept", "application/json"),
    ("content-type", "{type}"),
    ("content-length", "{length}"),
    ("accept-encoding", "gzip"),
    ("cookie", "{cookie}"),
];
const CRAWLER_READ: &[Row] = &[
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("user-agent", "{agent}"),
    ("from", "crawler@search.example"),
    ("accept-encoding", "gzip, deflate, br"),
];
const JAVA_TLS: &str = "t13d4907h2_1a5c3d2f9c7e_7af1ed941c26";
const GO_TLS: &str = "t13d1313h2_f57a46bbacb6_ab7e3b40a677";
const PYTHON_TLS: &str = "t13d4312h1_c7886603b240_b26ce05bbdd6";
const GOOGLE_TLS: &str = "t13d1514h2_8daaf6152771_5a6f2b0f6b4e";

/// One service: who, with what, and what it does in turn.
struct Service {
    cohort: Cohort,
    agent: &'static str,
    tls: &'static str,
    /// Deeds of one round, and seconds between them.
    round: &'static [(Turn, f64)],
    /// Seconds between rounds, least and most.
    pause: (f64, f64),
}

/// What a service does in one turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Page,
    List,
    Product,
    Login,
    Cart,
    Checkout,
    /// An address that was there once.
    Stale,
}

const SERVICES: [Service; 12] = [
    Service {
        cohort: Cohort::Partner,
        agent: "Apache-HttpClient/5.3 (Java/21.0.4)",
        tls: JAVA_TLS,
        round: &[
            (Turn::Login, 0.0),
            (Turn::List, 0.3),
            (Turn::Product, 0.4),
            (Turn::Product, 0.4),
            (Turn::Cart, 0.5),
            (Turn::Checkout, 0.5),
        ],
        pause: (14.0, 16.0),
    },
    Service {
        cohort: Cohort::Partner,
        agent: "catalog-sync/2.4 Go-http-client/2.0",
        tls: GO_TLS,
        round: &[(Turn::List, 0.0)],
        pause: (5.0, 5.0),
    },
    Service {
        cohort: Cohort::Partner,
        agent: "partner-feed/1.9 (python-httpx)",
        tls: PYTHON_TLS,
        round: &[(Turn::Login, 0.0), (Turn::List, 0.3), (Turn::Product, 0.3), (Turn::Product, 0.3)],
        pause: (60.0, 60.0),
    },
    Service {
        cohort: Cohort::ServiceAccount,
        agent: "erp-connector/7.2 (Java/17)",
        tls: JAVA_TLS,
        round: &[(Turn::Login, 0.0), (Turn::List, 0.2), (Turn::Cart, 0.2), (Turn::Checkout, 0.4)],
        pause: (110.0, 130.0),
    },
    Service {
        cohort: Cohort::ServiceAccount,
        agent: "stock-agent/3.0",
        tls: GO_TLS,
        round: &[(Turn::Login, 0.0), (Turn::List, 0.1)],
        pause: (300.0, 300.0),
    },
    Service {
        cohort: Cohort::Monitor,
        agent: "Mozilla/5.0 (compatible; UptimeProbe/1.4; +https://probe.example)",
        tls: GO_TLS,
        round: &[(Turn::Page, 0.0), (Turn::Login, 1.0)],
        pause: (30.0, 30.0),
    },
    Service {
        cohort: Cohort::Monitor,
        agent: "Mozilla/5.0 (compatible; UptimeProbe/1.4; +https://probe.example)",
        tls: GO_TLS,
        round: &[(Turn::Page, 0.0), (Turn::Login, 1.0)],
        pause: (60.0, 60.0),
    },
    Service {
        cohort: Cohort::Monitor,
        agent: "blackbox-exporter/0.25",
        tls: GO_TLS,
        round: &[(Turn::Login, 0.0)],
        pause: (45.0, 45.0),
    },
    Service {
        cohort: Cohort::Monitor,
        agent: "synthetic-check/12 (node)",
        tls: PYTHON_TLS,
        round: &[(Turn::Page, 0.0), (Turn::List, 0.5), (Turn::Login, 1.5), (Turn::Cart, 1.0)],
        pause: (58.0, 62.0),
    },
    Service {
        cohort: Cohort::Crawler,
        agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        tls: GOOGLE_TLS,
        round: &[(Turn::Product, 0.0)],
        pause: (1.5, 6.0),
    },
    Service {
        cohort: Cohort::Crawler,
        agent: "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        tls: GO_TLS,
        round: &[(Turn::Product, 0.0)],
        pause: (4.0, 12.0),
    },
    Service {
        cohort: Cohort::Crawler,
        agent: "PriceBee/4.1 (+https://pricebee.example/bot)",
        tls: JAVA_TLS,
        round: &[(Turn::List, 0.0), (Turn::Product, 0.8), (Turn::Product, 0.8), (Turn::Product, 0.8)],
        pause: (4.0, 5.0),
    },
];

/// A service at work.
struct Running {
    service: &'static Service,
    visit: u64,
    connection: u64,
    make: Rc<Make>,
    address: u32,
    email: Rc<str>,
    password: Rc<str>,
    sid: Option<u64>,
    turn: usize,
    dice: Dice,
}

/// Every service, each from the time it begins; at a small size one of each sort.
pub(crate) fn begin(seed: u64, world: &mut World, shop: &mut Shop) {
    let mut seen = Vec::new();
    for (number, service) in (0_u32..).zip(&SERVICES) {
        if world.options.size < 0.3 && seen.contains(&service.cohort) {
            continue;
        }
        seen.push(service.cohort);
        let mut dice = Dice::new(seed, 0x5e41_0000 + u64::from(number));
        let email: Rc<str> = format!("service-{number}@partners.example").into();
        let password: Rc<str> = format!("token-{:016x}", dice.bits()).into();
        shop.add_account(&email, &password);
        let first_ms = super::world::BEGIN_MS + ms(dice.between(0.0, 60.0));
        let running = Running {
            service,
            visit: world.next_visit(),
            connection: world.next_connection(),
            make: Rc::new(make(service)),
            address: network::service(number),
            email,
            password,
            sid: None,
            turn: 0,
            dice,
        };
        world.spawned.push((first_ms, Box::new(running)));
    }
}

fn make(service: &Service) -> Make {
    let orders = if service.cohort == Cohort::Crawler {
        Orders { page: CRAWLER_READ, read: CRAWLER_READ, send: CRAWLER_READ }
    } else {
        Orders { page: PROGRAM_READ, read: PROGRAM_READ, send: PROGRAM_SEND }
    };
    let form = Form { login: vec![Key::Email, Key::Password], ..web_form() };
    let words = Words { agent: service.agent, ..Words::default() };
    Make::new(service.agent, &orders, &words, service.tls, form)
}

impl Actor for Running {
    fn wake(&mut self, _: u64, _: &mut World) -> Wake {
        let (turn, _) = self.service.round[self.turn];
        // Search engines remember products that are gone: of a hundred looks one.
        let is_stale =
            turn == Turn::Product && self.service.cohort == Cohort::Crawler && self.dice.chance(0.01);
        let ask = match if is_stale { Turn::Stale } else { turn } {
            Turn::Page => Ask::Page,
            Turn::List => Ask::List(1 + self.dice.below(40)),
            Turn::Product => Ask::Product(1 + self.dice.below(PRODUCTS)),
            Turn::Stale => Ask::Product(PRODUCTS + 1 + self.dice.below(500)),
            Turn::Login => Ask::Login { email: Rc::clone(&self.email), password: Rc::clone(&self.password) },
            Turn::Cart => Ask::Cart(1 + self.dice.below(PRODUCTS)),
            Turn::Checkout => Ask::Checkout { declined: false },
        };
        let keeps = self.service.cohort != Cohort::Crawler;
        Wake::Send(Box::new(Shot {
            label: Label::Customer { cohort: self.service.cohort, visit: self.visit },
            make: Rc::clone(&self.make),
            agent: None,
            language: "",
            address: self.address,
            connection: self.connection,
            resumes: false,
            client: 0,
            sid: self.sid.filter(|_| keeps),
            ask,
        }))
    }

    fn seen(&mut self, now_ms: u64, _: &Shot, reply: &Reply, world: &mut World) -> Option<u64> {
        self.sid = reply.sid.or(self.sid);
        self.turn += 1;
        if let Some((_, after)) = self.service.round.get(self.turn) {
            return Some(now_ms + ms(*after));
        }
        // Each round is a visit and a connection of its own, and a monitor's a session too.
        self.turn = 0;
        (self.visit, self.connection) = (world.next_visit(), world.next_connection());
        if self.service.cohort == Cohort::Monitor {
            self.sid = None;
        }
        let (least, most) = self.service.pause;
        Some(now_ms + ms(self.dice.between(least, most)))
    }
}
