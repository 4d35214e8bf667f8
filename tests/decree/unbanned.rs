//! Who is unbanned: free in all workers, with nothing counted against him, once.

use palisade::decree::{Decree, Ruling};
use palisade::policy::Target;
use palisade::sim::Faults;
use serde_json::json;

use super::stage::{Client, Stage};

fn banned(stage: &mut Stage, client: &Client) {
    stage.fail(client, 0..10);
    assert_eq!(stage.refused(client), [true, true]);
}

#[test]
fn the_next_failure_does_not_bring_the_verdict_back_and_an_attack_does() {
    for conflict_every in [0, 2, 3] {
        let mut stage = Stage::logins();
        stage.store.inject(Faults { conflict_every, refuse: false });
        let client = Client::at("203.0.113.7");
        banned(&mut stage, &client);
        let before = stage.fail(&Client::at("192.0.2.1"), 0..20);
        let unban = json!({"unban": [{"network": "203.0.113.0/24"}]});
        stage.reload(&unban);
        assert_eq!(stage.refused(&client), [false, false]);
        assert!(stage.fails(&client, 100) && stage.fails(&client, 101), "what was before does not count");
        // The same configuration again is the same unban: what was counted since counts on.
        stage.reload(&unban);
        assert_eq!(stage.fail(&client, 102..120), before - 2, "as many as of anybody who begins");
        stage.reload(&unban);
        assert_eq!(stage.refused(&client), [true, true]);
    }
}

#[test]
fn each_key_is_cleared_once_whichever_worker_is_first() {
    let mut stage = Stage::logins();
    let client = Client::at("203.0.113.7");
    banned(&mut stage, &client);
    stage.reload(&json!({"unban": [{"network": "203.0.113.7"}]}));
    let fresh = Client::at("192.0.2.1");
    let expected = stage.fail(&fresh, 0..20);
    assert_eq!(stage.fail(&client, 20..40), expected);
    // A verdict that was given since stands for both, though each meets the unban with every request.
    for _ in 0..5 {
        assert_eq!(stage.refused(&client), [true, true]);
    }
}

#[test]
fn a_client_that_came_after_the_unban_gains_nothing_by_it() {
    let mut stage = Stage::logins();
    stage.reload(&json!({"unban": [{"network": "203.0.113.0/24"}]}));
    let expected = stage.fail(&Client::at("192.0.2.1"), 0..20);
    assert_eq!(stage.fail(&Client::at("203.0.113.99"), 20..40), expected);
}

#[test]
fn keys_that_are_shared_are_cleared_too() {
    let mut stage = Stage::logins();
    // The verdict is on the network and fingerprint, and the session only had the bad luck to share them.
    banned(&mut stage, &Client::at("203.0.113.7").in_session("attacker"));
    let customer = Client::at("203.0.113.8").in_session("customer");
    assert_eq!(stage.refused(&customer), [true, true]);
    stage.reload(&json!({"unban": [{"session": "customer"}]}));
    let attacker = Client::at("203.0.113.7").in_session("attacker");
    assert!(stage.refused(&attacker)[0], "until the one who was unbanned comes");
    assert_eq!(stage.refused(&customer), [false, false]);
    assert_eq!(stage.refused(&Client::at("203.0.113.9").in_session("new")), [false, false]);
}

#[test]
fn each_kind_of_target_is_freed_and_nobody_else() {
    for kind in ["network", "fingerprint", "payload", "session"] {
        let mut stage = Stage::logins();
        let own = Client::at("203.0.113.7").in_session("own").of_make("Own/1.0", "t13d", true);
        let other = Client::at("198.51.100.7").in_session("other");
        banned(&mut stage, &own);
        banned(&mut stage, &other);
        let printed = Stage::fingerprint(&own);
        let payload = printed.split('-').nth(6).unwrap();
        stage.reload(&match kind {
            "network" => json!({"unban": [{"network": "203.0.113.0/24"}]}),
            "session" => json!({"unban": [{"session": "own"}]}),
            "payload" => json!({"unban": [{"fingerprint": format!("2-0-0-0-0-0-{payload}-0")}]}),
            _ => json!({"unban": [{"fingerprint": printed}]}),
        });
        assert_eq!(stage.refused(&own), [false, false], "{kind}: {printed}");
        assert_eq!(stage.refused(&other), [true, true], "{kind}");
    }
}

#[test]
fn one_given_by_hand_frees_as_well_and_again_when_it_is_given_again() {
    let mut stage = Stage::logins();
    let client = Client::at("203.0.113.7");
    let unban = Decree { target: Target::Network("203.0.113.7/32".parse().unwrap()), ruling: Ruling::Unban };
    for round in 0..3 {
        banned(&mut stage, &client);
        assert!(stage.decree(unban));
        assert_eq!(stage.refused(&client), [false, false], "{round}");
        assert!(stage.fails(&client, 500 + round), "{round}");
    }
}

#[test]
fn what_a_worker_follows_by_itself_begins_anew() {
    let scraper = json!({"walk": {"key": ["session"], "within": "1h", "in_order": 20, "score": 9}});
    let mut stage = Stage::new(&json!({"login": {"role": "content", "rules": scraper}}));
    let walker = Client::at("203.0.113.7").in_session("walker");
    let walk = |stage: &mut Stage, from: u32| {
        let mut passed = 0;
        for n in from..from + 60 {
            stage.tick();
            let seen = stage.walk(&walker, n);
            passed += usize::from(seen.replied.is_none());
        }
        passed
    };
    let first = walk(&mut stage, 0);
    assert!(first < 40, "{first}");
    stage.reload(&json!({"unban": [{"session": "walker"}]}));
    let second = walk(&mut stage, 1000);
    assert!(second.abs_diff(first) <= 4, "{first} and then {second}");
}
