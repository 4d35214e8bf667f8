//! Who is condemned by decree: met by each kind of target, as long as it stands, whatever was counted.

use palisade::decide::Action;
use palisade::decree::{Decree, End, Ruling};
use palisade::policy::Target;
use serde_json::{Value, json};

use super::stage::{Client, Stage};

fn note(stage: &mut Stage, client: &Client) -> String {
    stage.send(client, "login", Some("own@x.example"), 200).note.unwrap_or_default()
}

#[test]
fn each_kind_of_target_is_met_and_nobody_else() {
    let mut stage = Stage::logins();
    let bad = Client::at("203.0.113.7").in_session("bad").of_make("Bad/1.0", "t13d", false);
    let good = Client::at("198.51.100.7").in_session("good").of_make("curl/8.5.0", "", true);
    let printed = Stage::fingerprint(&bad);
    let parts: Vec<&str> = printed.split('-').collect();
    assert!(parts.iter().all(|part| *part != "0"), "{printed}");
    let agent = format!("2-0-0-{}-0-0-0-0", parts[3]);
    let payload = format!("2-0-0-0-0-0-{}-0", parts[6]);
    let network = format!("2-0-0-0-0-0-0-{}", parts[7]);
    let condemned = [
        json!({"network": "203.0.113.0/24"}),
        json!({"network": "203.0.113.7"}),
        json!({"fingerprint": printed}),
        json!({"fingerprint": agent}),
        json!({"fingerprint": payload}),
        json!({"fingerprint": network}),
        json!({"session": "bad"}),
    ];
    for target in condemned {
        stage.reload(&json!({"condemn": [target]}));
        assert_eq!(stage.refused(&bad), [true, true], "{target}");
        assert_eq!(stage.refused(&good), [false, false], "{target}");
        let note = note(&mut stage, &bad);
        assert!(note.starts_with("action=block;policy=login;reasons=decreed;"), "{note}");
        stage.reload(&json!({}));
        assert_eq!(stage.refused(&bad), [false, false], "{target} left the configuration");
    }
}

#[test]
fn the_network_in_a_fingerprint_is_read_where_no_rule_goes_by_it() {
    let rule = json!({"many": {"key": ["session"], "within": "10m", "failures": 9, "score": 9}});
    let off = [
        "client-failures",
        "client-probes",
        "network-failures",
        "session-fingerprints",
        "session-subjects",
        "subject-addresses",
        "subject-failures",
    ];
    let mut rules = rule;
    off.iter().for_each(|name| rules[*name] = json!("off"));
    let policies =
        json!({"login": {"role": "login", "subject": {"json": "/email"}, "learn": false, "rules": rules}});
    let (bad, good) = (Client::at("203.0.113.7"), Client::at("198.51.100.7"));
    // Where the network is read anyway it is printed, and is the same everywhere.
    let printed = Stage::fingerprint(&bad);
    let network = printed.split('-').nth(7).unwrap().to_owned();
    let mut stage = Stage::new(&policies);
    stage.reload(&json!({"condemn": [{"fingerprint": format!("2-0-0-0-0-0-0-{network}")}]}));
    assert_eq!((stage.refused(&bad), stage.refused(&good)), ([true, true], [false, false]));
}

#[test]
fn time_counts_from_when_it_was_first_seen() {
    let mut stage = Stage::logins();
    let client = Client::at("203.0.113.7");
    let decree = json!({"condemn": [{"network": "203.0.113.0/24", "for": "1h", "action": "limit"}]});
    stage.reload(&decree);
    stage.wait(1800);
    stage.reload(&decree);
    assert_eq!(stage.refused(&client), [true, true]);
    let note = note(&mut stage, &client);
    assert!(note.starts_with("action=limit;policy=login;reasons=decreed;until=1800003600;"), "{note}");
    stage.wait(1800);
    assert_eq!(stage.refused(&client), [false, false]);
    stage.reload(&decree);
    assert_eq!(stage.refused(&client), [false, false], "it is still written, and over");
}

#[test]
fn where_a_policy_observes_it_is_only_said() {
    let mut stage =
        Stage::new(&json!({"login": {"role": "login", "subject": {"json": "/email"}, "mode": "observe"}}));
    stage.reload(&json!({"condemn": [{"network": "203.0.113.0/24"}]}));
    let client = Client::at("203.0.113.7");
    assert_eq!(stage.refused(&client), [false, false]);
    let note = note(&mut stage, &client);
    assert!(note.contains("reasons=decreed") && note.ends_with("enforced=no"), "{note}");
    stage.tick();
    let said = |worker: usize| {
        stage.workers[worker].host.metric("verdicts.policy.login.action.block.reason.decreed")
    };
    assert_eq!(said(0) + said(1), 3);
}

#[test]
fn one_given_by_hand_holds_in_all_workers_through_reloads_until_it_ends() {
    let mut stage = Stage::logins();
    let client = Client::at("203.0.113.7");
    let target = Target::Network("203.0.113.0/24".parse().unwrap());
    let ruling = Ruling::Condemn { action: Action::Block, end: End::After(600) };
    assert!(stage.decree(Decree { target, ruling }));
    assert_eq!(stage.refused(&client), [true, true]);
    stage.reload(&json!({"condemn": [{"network": "198.51.100.0/24"}]}));
    assert_eq!(stage.refused(&client), [true, true]);
    stage.wait(600);
    assert_eq!(stage.refused(&client), [false, false]);
    assert!(stage.decree(Decree { target, ruling }));
    assert!(stage.decree(Decree { target, ruling: Ruling::Unban }));
    assert_eq!(stage.refused(&client), [false, false], "an unban ends it");
}

#[test]
fn a_worker_carries_out_what_is_decreed_before_its_first_tick() {
    let mut stage = Stage::logins();
    let decree = json!({"condemn": [{"session": "bad"}]});
    stage.reload(&decree);
    let settings = |decree: &Value| {
        let mut configuration = json!({
            "secret": "a secret of the tests alone", "memory": "16MiB", "hold_headers": true,
            "client": {"session": {"cookie": "sid"}},
            "policies": {"login": {"role": "login", "subject": {"json": "/email"}}},
        });
        configuration["condemn"] = decree["condemn"].clone();
        palisade::config::read(&configuration, &|_| None).unwrap().settings
    };
    stage.workers[0] = palisade::sim::Worker::new(settings(&decree), stage.store.clone());
    let client = Client::at("203.0.113.7").in_session("bad");
    assert_eq!(stage.send_to(0, &client, "login", Some("a@x.example"), 200).replied, Some(403));
}

#[test]
fn a_decree_is_told_once_and_shows_no_session() {
    let mut stage = Stage::logins();
    stage.reload(&json!({
        "condemn": [{"session": "swordfish", "why": "ticket 12"}, {"network": "203.0.113.0/24", "for": "1h"}],
        "unban": [{"network": "198.51.100.0/24"}],
    }));
    (0..30).for_each(|_| _ = stage.refused(&Client::at("192.0.2.1").in_session("swordfish")));
    let lines = stage.lines();
    let given: Vec<&str> = lines.lines().filter(|line| line.contains(r#""decree":"given""#)).collect();
    let line = |what: &str| given.iter().filter(|line| line.ends_with(what)).count();
    assert_eq!(given.len(), 3, "{lines}");
    assert_eq!(line(r#""kind":"session","action":"block","why":"ticket 12"}"#), 1, "{lines}");
    let until = r#""kind":"network","target":"203.0.113.0/24","action":"block","until":1800003600}"#;
    assert_eq!(line(until), 1, "{lines}");
    assert_eq!(line(r#""kind":"network","target":"198.51.100.0/24","action":"unban"}"#), 1, "{lines}");
    let verdicts = lines.lines().filter(|line| line.contains(r#""reasons":["decreed"]"#)).count();
    assert_eq!(verdicts, 2, "one of each worker:\n{lines}");
    assert!(!lines.contains("swordfish") && !lines.contains("192.0.2.1"), "{lines}");
    stage.reload(&json!({}));
    assert_eq!(stage.lines().matches(r#""decree":"ended""#).count(), 3);
}
