//! The campaign's world: its totals hold whatever a filter does, the same seed gives the same
//! bytes, browsers send what real ones were seen to send, and what is counted is counted right.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where it cannot go on")]

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::Value;

#[path = "../examples/campaign/mod.rs"]
#[expect(dead_code, reason = "telling is the example's; here is what it tells of")]
mod campaign;
#[path = "campaign/noticing.rs"]
mod noticing;

use campaign::gains::{GAINS, Gain};
use campaign::goods::{Card, gift_card, is_gift_card};
use campaign::ledger::{Followed, Ledger};
use campaign::limits::Limits;
use campaign::locale::LOCALES;
use campaign::make::Engine;
use campaign::policies::POLICIES;
use campaign::random::{Dice, mix};
use campaign::read::{Parts, read};
use campaign::reviews::review;
use campaign::shop::Shop;
use campaign::shot::{Ask, COHORTS, Class, Cohort, GOODS, Label, Reply, Shot, Target};
use campaign::target::{Guarded, Open};
use campaign::wire::Writer;
use campaign::world::{BEGIN_MS, Options, Variant, World};
use campaign::{browser, play, policies};

const WHOLE: Options = Options { seed: 7, size: 1.0, hours: 24.0, variant: Variant::Main };
const SMALL: Options = Options { seed: 7, size: 0.02, hours: 6.0, variant: Variant::Main };

/// A filter without fault: attackers' posts and scans are stopped, all else passes.
struct Wall(Open);

impl Target for Wall {
    fn send(&mut self, now_ms: u64, shot: &Shot) -> Reply {
        match shot.label {
            Label::Attacker { class, .. } if class.is_attack() => {
                Reply { status: 403, stopped: true, ..Reply::default() }
            }
            _ => self.0.send(now_ms, shot),
        }
    }
}

fn play_before<T: Target>(options: Options, target: impl FnOnce(Shop) -> T) -> (Ledger, World) {
    let (mut world, shop) = play::prepare(options);
    let mut ledger = play::ledger(&world);
    play::play(&mut world, &mut target(shop), |now_ms, shot, reply, _| ledger.note(now_ms, shot, reply));
    (ledger, world)
}

fn assert_totals(ledger: &Ledger, world: &World) {
    let attack = ledger.attack_requests();
    assert!((1_500_000..1_560_000).contains(&attack), "{attack} attack requests");
    let addresses = ledger.addresses.len();
    assert!((128_000..=131_000).contains(&addresses), "{addresses} addresses");
    let each = attack as f64 / addresses as f64;
    assert!((11.3..12.2).contains(&each), "{each} requests an address");
    let networks: HashSet<u32> = ledger.addresses.iter().map(|address| address >> 8).collect();
    assert!((55_000..62_000).contains(&networks.len()), "{} networks", networks.len());
    let shapes: HashSet<(&str, &str)> =
        world.tactics.iter().map(|mark| (&*mark.group, &*mark.shape)).collect();
    assert!((1_500..2_500).contains(&shapes.len()), "{} tactics", shapes.len());
    let legitimate = ledger.legitimate();
    assert!(legitimate.requests >= 500_000 && legitimate.stopped == 0, "{legitimate:?}");
    for (cohort, name) in COHORTS {
        let requests = ledger.cohorts.get(&cohort).map_or(0, |group| group.count.requests);
        assert!(requests > 2_000, "{requests} requests of: {name}");
    }
}

#[test]
fn the_day_is_as_published_with_no_filter_and_with_a_perfect_one() {
    let (open, world) = play_before(WHOLE, |shop| Open { shop });
    assert_totals(&open, &world);
    assert!(open.taken.len() > 5_000 && open.fakes > 250_000, "{} {}", open.taken.len(), open.fakes);
    let least = [
        (Gain::Account, 10_000),
        (Gain::Card, 5_000),
        (Gain::UnverifiedOrder, 10_000),
        (Gain::TestedOrder, 800),
        (Gain::GiftCard, 100),
        (Gain::Cart, 10_000),
        (Gain::BotOrder, 300),
        (Gain::Comment, 25_000),
    ];
    for (gain, least) in least {
        assert!(open.gains.of(gain) > least, "{gain:?}: {}", open.gains.of(gain));
    }
    let (walled, world) = play_before(WHOLE, |shop| Wall(Open { shop }));
    assert_totals(&walled, &world);
    assert_eq!((walled.taken.len(), walled.fakes), (0, 0));
    assert!(GAINS.iter().all(|(gain, _)| walled.gains.of(*gain) == 0));
    // Together those who are after goods are about a fifth of the attack.
    for ledger in [&open, &walled] {
        let of = |class| ledger.classes.get(class).map_or(0, |count| count.requests);
        let goods: u64 = GOODS.iter().map(of).sum();
        assert!((200_000..300_000).contains(&goods), "{goods} requests after goods");
        assert!((180..=300).contains(&of(&Class::Recon)), "{} of recon", of(&Class::Recon));
    }
    assert_eq!(walled.tactics.iter().map(Followed::before_stopped).max(), Some(0));
    // What befalls attackers changes nothing for customers.
    assert_eq!(open.legitimate(), walled.legitimate());
}

#[test]
fn imitations_are_perfect_and_use_an_address_once() {
    let options = Options { variant: Variant::Imitation, size: 0.1, ..WHOLE };
    let (_, world) = play_before(options, |shop| Open { shop });
    let kinds: HashSet<&str> = world.tactics.iter().map(|mark| mark.kind).collect();
    assert_eq!(kinds, HashSet::from(["perfect imitation", "patient", "scanner"]));
    let mut holders = std::collections::HashMap::new();
    let (mut world, shop) = play::prepare(options);
    play::play(&mut world, &mut Open { shop }, |_, shot, _, _| {
        if let Label::Attacker { class: Class::Stuffing | Class::Fakes, .. } = shot.label {
            *holders.entry(shot.address).or_insert(0) += 1;
        }
    });
    let most = holders.values().max().copied().unwrap();
    assert!(most <= 2, "an address sent {most} posts");
}

#[test]
fn a_quiet_day_has_customers_alone() {
    let (ledger, world) = play_before(Options { variant: Variant::Quiet, ..SMALL }, |shop| Open { shop });
    assert_eq!((ledger.attack_requests(), world.tactics.len()), (0, 0));
    assert!(ledger.legitimate().requests > 5_000);
}

/// A digest of every byte that a day shows to a filter, in order.
fn digest(options: Options) -> u64 {
    let (mut world, shop) = play::prepare(options);
    let (mut writer, mut sum) = (Writer::default(), 0);
    play::play(&mut world, &mut Open { shop }, |now_ms, shot, _, _| {
        let request = writer.write(shot);
        let names_and_values = request.headers.iter().flat_map(|(name, value)| [name, value]);
        let bytes = names_and_values.flat_map(|text| text.bytes()).chain(request.body.iter().copied());
        sum = bytes.chain(request.address.bytes()).fold(mix(sum ^ now_ms), |sum, b| mix(sum ^ u64::from(b)));
    });
    sum
}

/// Asks the shop in order with one session, and gives the statuses.
fn statuses(shop: &mut Shop, sid: u64, asks: &[Ask]) -> Vec<u16> {
    asks.iter().map(|ask| shop.answer_to(ask, Some(sid)).status).collect()
}

#[test]
fn the_shop_lets_a_new_account_pay_before_its_address_is_verified_and_nobody_without_an_account() {
    let mut shop = Shop::new(1);
    let sid = shop.add_session();
    let (email, password): (Rc<str>, Rc<str>) = ("new@mail.example".into(), "long enough".into());
    let good = Card::good(3, &mut Dice::new(1, 1));
    let (pay, add) = (Ask::Checkout { declined: false }, Ask::AddPayment(good));
    let comment = Ask::Comment { product: 1, text: "fine".into() };
    assert_eq!(statuses(&mut shop, sid, &[add.clone(), pay.clone(), comment.clone()]), [401, 401, 401]);
    let signup = Ask::Signup { email: Rc::clone(&email), password: Rc::clone(&password) };
    let asks = [signup, pay.clone(), Ask::AddPayment(good.mistyped()), pay.clone(), add, pay, comment];
    assert_eq!(statuses(&mut shop, sid, &asks), [201, 402, 402, 402, 201, 200, 201]);
    assert_eq!(statuses(&mut shop, sid, &[Ask::Checkout { declined: true }]), [402]);
    // What a sign-in says of it.
    let login = Ask::Login { email: Rc::clone(&email), password };
    assert_eq!(shop.answer_to(&login, Some(sid)).body(), r#"{"user":{"email_verified":false}}"#);
    let verify = Ask::Verify { code: campaign::shop::code(&email), email };
    assert_eq!(shop.answer_to(&verify, None).status, 200);
    assert_eq!(shop.answer_to(&login, Some(sid)).body(), r#"{"user":{"email_verified":true}}"#);
}

#[test]
fn few_cards_are_good_and_few_gift_cards_were_sold() {
    let mut dice = Dice::new(1, 1);
    let good = (0..25_000).filter(|_| Card::of(dice.below(24), &mut dice).is_good()).count();
    assert!((800..1_200).contains(&good), "{good} of 25,000");
    let mut shop = Shop::new(1);
    let sold = gift_card(&mut dice);
    let unsold = (sold + 1..).find(|code| !is_gift_card(*code)).unwrap();
    assert_eq!(statuses(&mut shop, 0, &[Ask::GiftCard(sold), Ask::GiftCard(unsold)]), [200, 404]);
}

#[test]
fn customers_do_what_the_shop_asks_before_it_refuses_them() {
    let (mut world, shop) = play::prepare(Options { size: 0.2, variant: Variant::Quiet, ..WHOLE });
    let (mut paid, mut cards, mut reviews) = (0, 0, 0);
    play::play(&mut world, &mut Open { shop }, |_, shot, reply, _| {
        let wrong = match (&shot.ask, reply.status) {
            (Ask::Checkout { declined }, status) => {
                paid += u64::from(status == 200);
                status != if *declined { 402 } else { 200 }
            }
            (Ask::AddPayment(card), status) => {
                cards += 1;
                status != if card.is_good() { 201 } else { 402 }
            }
            (Ask::Comment { .. }, status) => {
                reviews += 1;
                status != 201
            }
            _ => false,
        };
        assert!(!wrong, "{shot:?} was answered {reply:?}");
    });
    assert!(paid > 1_000 && cards > 100 && reviews > 100, "{paid} {cards} {reviews}");
}

#[test]
fn no_customer_is_refused_for_a_missing_step() {
    let settings = policies::settings(&[POLICIES]).unwrap();
    let options = Options { size: 0.05, variant: Variant::Quiet, ..WHOLE };
    let (ledger, _) = play_before(options, |shop| Guarded::new(shop, &settings, 2));
    let reasons = ledger.cohorts.values().flat_map(|group| group.reasons.keys());
    let skipped: Vec<&String> = reasons.filter(|reason| reason.contains("skipped")).collect();
    assert_eq!(skipped, Vec::<&String>::new());
}

#[test]
fn reviews_differ_and_need_no_escapes() {
    let mut dice = Dice::new(1, 1);
    let texts: HashSet<Rc<str>> = (0..1_000).map(|_| review(&mut dice)).collect();
    // A fifth are what many write.
    assert!((780..900).contains(&texts.len()), "{} texts", texts.len());
    assert!(texts.iter().all(|text| !text.contains(['"', '\\', '[', ']', '#'])));
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_others() {
    let of_seed = digest(SMALL);
    assert_eq!(of_seed, digest(SMALL));
    assert_ne!(of_seed, digest(Options { seed: 8, ..SMALL }));
}

#[test]
fn the_filter_plays_along_and_gives_the_same_twice() {
    let settings = policies::settings(&[POLICIES]).unwrap();
    let options = Options { hours: 3.0, ..SMALL };
    let run = || play_before(options, |shop| Guarded::new(shop, &settings, 2)).0;
    let (first, second) = (run(), run());
    assert_eq!(first.classes, second.classes);
    assert_eq!(first.legitimate(), second.legitimate());
    assert!(first.classes[&Class::Scanning].stopped > 0);
}

/// The names of headers that a capture has for a request, with those of the connection left out.
fn captured(method: &str, path: &str) -> Vec<(String, String)> {
    let file = "tests/traffic/captures/chromium_headed_human_h2.jsonl";
    let text = std::fs::read_to_string(file).unwrap();
    let of_path = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["path"] == path && line["method"] == method
    };
    let line: Value = serde_json::from_str(text.lines().rfind(of_path).unwrap()).unwrap();
    let headers: Vec<(String, String)> = serde_json::from_value(line["headers"].clone()).unwrap();
    headers.into_iter().filter(|(name, _)| !name.starts_with(':')).collect()
}

/// A browser's request; with a session where the captured one has it.
fn shot_of(name: &str, ask: Ask, sid: Option<u64>) -> Shot {
    let builds = browser::builds();
    let (_, _, make) = builds.into_iter().find(|(_, _, make)| &*make.name == name).unwrap();
    Shot {
        label: Label::Customer { cohort: Cohort::Home, visit: 1 },
        make: Rc::new(make),
        agent: None,
        language: Engine::Chromium.language(&LOCALES[1]),
        address: 0x0102_0304,
        connection: 1,
        resumes: false,
        client: 1,
        sid,
        ask,
    }
}

#[test]
fn chromium_sends_what_a_real_one_was_seen_to_send() {
    let login = Ask::Login { email: "alice@example.com".into(), password: "right".into() };
    let cases = [
        ("/", Ask::Page),
        ("/api/products?page=1", Ask::List(1)),
        ("/api/login", login),
        ("/api/cart", Ask::Cart(1)),
    ];
    let mut writer = Writer::default();
    for (path, ask) in cases {
        let captured = captured(if ask.is_post() { "POST" } else { "GET" }, path);
        let has_session = captured.iter().any(|(name, _)| name == "cookie");
        let written = writer.write(&shot_of("chrome-linux 156", ask, has_session.then_some(1)));
        let ours: Vec<&str> = written.headers[4..].iter().map(|(name, _)| name.as_str()).collect();
        let theirs: Vec<&str> = captured.iter().map(|(name, _)| name.as_str()).collect();
        // The edge adds its two at the end.
        assert_eq!(ours, [&theirs[..], &["x-ja4", "x-real-ip"]].concat(), "{path}");
        for (name, value) in &captured {
            // Image formats and brands differ between Chromium and Chrome.
            let differs = ["content-length", "origin", "referer", "cookie", "sec-ch-ua", "accept"];
            let ours = &written.headers.iter().find(|(ours, _)| ours == name).unwrap().1;
            assert!(differs.contains(&name.as_str()) || ours == value, "{path} {name}: {ours}");
        }
    }
}

#[test]
fn bodies_are_json_with_the_subject_where_the_policies_look() {
    let mut writer = Writer::default();
    let email: Rc<str> = "a.b@c.example".into();
    for ask in [
        Ask::Login { email: Rc::clone(&email), password: "p".into() },
        Ask::Signup { email: Rc::clone(&email), password: "p".into() },
        Ask::Verify { email: Rc::clone(&email), code: 7 },
        Ask::Reset { email: Rc::clone(&email) },
    ] {
        let written = writer.write(&shot_of("firefox-linux 151", ask, Some(5)));
        let body: Value = serde_json::from_slice(&written.body).unwrap();
        assert_eq!(body["email"], *email);
        let length = written.headers.iter().find(|(name, _)| name == "content-length").unwrap();
        assert_eq!(length.1, written.body.len().to_string());
    }
}

#[test]
fn the_shop_reads_what_clients_write() {
    let (email, password): (Rc<str>, Rc<str>) = ("a.b@c.example".into(), "p w".into());
    let asks = [
        Ask::Page,
        Ask::List(3),
        Ask::Product(2_001),
        Ask::Prefetch(7),
        Ask::Path("/api/v1/products/.env12".into()),
        Ask::Path("/wp-login.php/4".into()),
        Ask::Login { email: Rc::clone(&email), password: Rc::clone(&password) },
        Ask::Signup { email: Rc::clone(&email), password },
        Ask::Verify { email: Rc::clone(&email), code: 42 },
        Ask::Reset { email },
        Ask::Cart(9),
        Ask::Checkout { declined: true },
        Ask::Checkout { declined: false },
        Ask::AddPayment(Card { number: 4_000_121_012_345_678, check: 7 }),
        Ask::GiftCard(603_122_000_042),
        Ask::Comment { product: 12, text: review(&mut Dice::new(1, 2)) },
    ];
    let mut writer = Writer::default();
    for ask in asks {
        let written = writer.write(&shot_of("chrome-linux 156", ask.clone(), Some(5)));
        let of = |wanted: &str| {
            let header = written.headers.iter().find(|(name, _)| name == wanted);
            header.map_or("", |(_, value)| value.as_str())
        };
        let is_prefetch = of("sec-purpose") == "prefetch";
        let parts = Parts { method: of(":method"), path: of(":path"), is_prefetch, body: &written.body };
        assert_eq!(read(&parts), ask);
    }
    let unread = Parts { method: "POST", path: "/api/v1/login", is_prefetch: false, body: b"{" };
    assert_eq!(read(&unread), Ask::Login { email: "".into(), password: "".into() });
}

#[test]
fn a_tactic_is_stopped_from_where_nine_of_ten_are() {
    let email: Rc<str> = "x@y.example".into();
    let shot = |tactic| Shot {
        label: Label::Attacker { class: Class::Stuffing, tactic },
        ..shot_of("edge-windows 156", Ask::Login { email: Rc::clone(&email), password: "p".into() }, None)
    };
    let mut ledger = Ledger::new(SMALL, HashSet::new());
    let mut send = |tactic, stopped: bool, times: u64| {
        for _ in 0..times {
            let reply = Reply { status: if stopped { 429 } else { 401 }, stopped, ..Reply::default() };
            ledger.note(BEGIN_MS, &shot(tactic), &reply);
        }
    };
    // Stopped after 12, with two that slip through; then open again, which comes too late to matter.
    send(0, false, 12);
    send(0, true, 9);
    send(0, false, 2);
    send(0, true, 9);
    send(0, false, 40);
    // Never: every second passes.
    for _ in 0..50 {
        send(1, true, 1);
        send(1, false, 1);
    }
    // Too few to tell.
    send(2, false, 3);
    send(2, true, 10);
    let before: Vec<u64> = ledger.tactics.iter().map(Followed::before_stopped).collect();
    assert_eq!(before, [12, 50, 3]);
    assert_eq!(ledger.tactics.iter().filter(|tactic| tactic.before.is_some()).count(), 1);
}

#[test]
fn fixed_limits_stop_what_is_over_them_until_their_window_ends() {
    let mut limits = Limits::new();
    let email: Rc<str> = "x@y.example".into();
    let login = shot_of("edge-windows 156", Ask::Login { email, password: "p".into() }, None);
    for n in 0..25 {
        limits.note(BEGIN_MS + n * 1_000, &login, 401);
    }
    limits.note(BEGIN_MS + 3_600_000, &login, 401);
    let stopped: Vec<u64> =
        limits.effects.iter().map(|effect| effect.cohorts[&Cohort::Home].stopped).collect();
    // 20 sign-ins; 10 failures; sign-ups; sessions; cards and the like; agents; all.
    assert_eq!(stopped, [5, 15, 0, 0, 0, 0, 15]);
}

#[test]
fn chance_has_the_median_that_is_asked_for() {
    let mut dice = Dice::new(1, 1);
    let mut values: Vec<f64> = (0..20_001).map(|_| dice.lognormal(12.0, 0.8)).collect();
    values.sort_by(f64::total_cmp);
    assert!((11.6..12.4).contains(&values[10_000]), "{}", values[10_000]);
}
