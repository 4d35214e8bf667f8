//! Campaigns: condemned as a whole, and unbanned.

use palisade::decide::Action;
use palisade::decree::{Decree, End, Ruling};
use palisade::policy::Target;
use serde_json::json;

use super::stage::{Client, Stage};

const CHROME: (&str, &str) = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0 Safari/537.36",
    "t13d1516h2_8daaf6152771_d8a2da3f94cd",
);
const SCRIPT: (&str, &str) = ("python-requests/2.32.3", "t13d1812h1_85036bcba153_b26ce05bbdd6");

fn shop() -> Stage {
    Stage::new(&json!({
        "content": {"role": "content"},
        "login": {"role": "login", "subject": {"json": "/email"}},
    }))
}

/// Customers with the make of a browser; how many of them were refused anything.
fn crowd(stage: &mut Stage, numbers: std::ops::Range<u32>) -> usize {
    let mut refused = 0;
    for n in numbers {
        let client = Client::at(&format!("10.{}.{}.9", n >> 8, n & 255))
            .in_session(&format!("c{n}"))
            .of_make(CHROME.0, CHROME.1, false);
        let mut passed = true;
        for _ in 0..5 {
            stage.now_ms += 1500;
            passed &= stage.send(&client, "content", None, 200).replied.is_none();
        }
        let account = format!("customer{n}@x.example");
        passed &= stage.send(&client, "login", Some(&account), 200).replied.is_none();
        refused += usize::from(!passed);
    }
    refused
}

fn attacker(n: u32, make: (&str, &str)) -> Client {
    Client::at(&format!("172.{}.{}.1", 16 + (n >> 8), n & 255)).of_make(make.0, make.1, make.1 == SCRIPT.1)
}

/// Tries from as many networks; how many reached the origin.
fn attack(stage: &mut Stage, numbers: std::ops::Range<u32>, make: (&str, &str)) -> usize {
    numbers.filter(|n| stage.fails(&attacker(*n, make), 5000 + n)).count()
}

/// A try's note.
fn note(stage: &mut Stage, n: u32, make: (&str, &str)) -> String {
    let account = format!("z{n}@x.example");
    stage.send(&attacker(n, make), "login", Some(&account), 401).note.unwrap_or_default()
}

fn campaign(note: &str) -> String {
    note.split(";campaign=").nth(1).unwrap_or_else(|| panic!("{note}"))[..8].to_owned()
}

/// A shop under attack by one campaign, its id, and how many of its tries reached the origin.
fn attacked(make: (&str, &str)) -> (Stage, String, usize) {
    let mut stage = shop();
    assert_eq!(crowd(&mut stage, 0..80), 0);
    let through = attack(&mut stage, 0..60, make);
    let note = note(&mut stage, 60, make);
    assert!(note.contains("reasons=behavior"), "{note}");
    let campaign = campaign(&note);
    (stage, campaign, through)
}

fn by_hand(campaign: &str, ruling: Ruling) -> Decree {
    Decree { target: Target::Campaign(u32::from_str_radix(campaign, 16).unwrap()), ruling }
}

#[test]
fn a_member_is_refused_whatever_it_does_and_no_customer_is() {
    let (mut stage, campaign, _) = attacked(SCRIPT);
    // Quiet for ten minutes, so that no verdict on a behavior stands any more.
    stage.wait(700);
    assert_eq!(note(&mut stage, 200, SCRIPT), "", "nothing stands");
    stage.reload(&json!({"condemn": [{"campaign": campaign, "for": "1d"}]}));
    for n in 201..211 {
        let note = note(&mut stage, n, SCRIPT);
        let expected = format!(";campaign={campaign}");
        assert!(
            note.starts_with("action=block;policy=login;reasons=campaign;") && note.contains(&expected),
            "{note}"
        );
    }
    let retooled = ("okhttp/4.12.0", SCRIPT.1);
    assert!(
        note(&mut stage, 220, retooled).contains("reasons=campaign"),
        "who changes a part is known by the rest"
    );
    assert_eq!(crowd(&mut stage, 100..140), 0);
    stage.wait(86_400);
    assert!(!note(&mut stage, 230, SCRIPT).contains("reasons=campaign"), "it ends");
}

#[test]
fn customers_who_have_an_attackers_common_make_are_of_no_campaign() {
    let (mut stage, campaign, _) = attacked(CHROME);
    stage.reload(&json!({"condemn": [{"campaign": campaign}]}));
    assert_eq!(crowd(&mut stage, 100..140), 0);
    // Not even where they come as hardly any customer does.
    stage.wait(700);
    let seen = note(&mut stage, 300, CHROME);
    assert!(!seen.contains("reasons=campaign"), "{seen}");
}

#[test]
fn where_customers_are_not_known_nobody_is_of_a_campaign() {
    let mut stage = shop();
    let other = ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "t13d17");
    attack(&mut stage, 0..20, other);
    stage.wait(700);
    let lines = stage.lines();
    let Some(id) = lines.split(r#""campaign":""#).nth(1).map(|rest| rest[..8].to_owned()) else { return };
    stage.reload(&json!({"condemn": [{"campaign": id}]}));
    let seen = note(&mut stage, 300, other);
    assert!(!seen.contains("reasons=campaign"), "{seen}");
}

#[test]
fn one_who_is_known_here_is_of_no_campaign() {
    let (mut stage, campaign, _) = attacked(SCRIPT);
    stage.wait(700);
    let partner = Client::at("198.51.100.7").of_make(SCRIPT.0, SCRIPT.1, true);
    assert_eq!(stage.send(&partner, "login", Some("partner@x.example"), 200).replied, None);
    stage.tick();
    stage.reload(&json!({"condemn": [{"campaign": campaign}]}));
    assert_eq!(stage.send(&partner, "login", Some("partner@x.example"), 200).replied, None);
    assert!(stage.send(&partner, "login", Some("else@x.example"), 200).replied.is_some());
}

#[test]
fn a_campaign_that_becomes_known_later_is_condemned_then() {
    let (_, campaign, _) = attacked(SCRIPT);
    let mut stage = shop();
    stage.reload(&json!({"condemn": [{"campaign": campaign}]}));
    assert_eq!(crowd(&mut stage, 0..80), 0);
    let through = attack(&mut stage, 0..60, SCRIPT);
    stage.wait(700);
    let seen = note(&mut stage, 200, SCRIPT);
    assert!(seen.contains("reasons=campaign"), "{through}: {seen}");
    stage.reload(&json!({}));
    let seen = note(&mut stage, 201, SCRIPT);
    assert!(!seen.contains("reasons=campaign"), "it left the configuration: {seen}");
}

#[test]
fn an_unban_ends_verdicts_on_behaviors_and_the_next_failure_does_not_bring_them_back() {
    for target in ["campaign", "fingerprint", "network"] {
        let (mut stage, campaign, first) = attacked(SCRIPT);
        let shown = note(&mut stage, 100, SCRIPT);
        let fingerprint = shown.split("fingerprint=").nth(1).unwrap().split(';').next().unwrap();
        let make = fingerprint.rsplit_once('-').unwrap().0;
        stage.reload(&match target {
            "campaign" => json!({"unban": [{"campaign": campaign}]}),
            "network" => json!({"unban": [{"network": "172.16.0.0/12"}]}),
            _ => json!({"unban": [{"fingerprint": format!("{make}-0")}]}),
        });
        for n in 101..103 {
            let seen = note(&mut stage, n, SCRIPT);
            assert!(
                !seen.contains("action=block") && !seen.contains("action=limit"),
                "{target}, {n}: {seen}"
            );
        }
        let through = 2 + attack(&mut stage, 110..170, SCRIPT);
        assert!(through.abs_diff(first) <= 2, "{target}: {first} at first, {through} after the unban");
        assert_eq!(crowd(&mut stage, 100..120), 0);
    }
}

#[test]
fn an_unban_ends_the_verdict_on_a_campaign() {
    let (mut stage, campaign, _) = attacked(SCRIPT);
    stage.wait(700);
    let condemned = Ruling::Condemn { action: Action::Block, end: End::Open };
    assert!(stage.decree(by_hand(&campaign, condemned)));
    assert!(note(&mut stage, 200, SCRIPT).contains("reasons=campaign"));
    assert!(stage.decree(by_hand(&campaign, Ruling::Unban)));
    let seen = note(&mut stage, 201, SCRIPT);
    assert_eq!(seen, "", "nothing is suspected of it either");
}
