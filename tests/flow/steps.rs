//! A step that was done counts at once and everywhere; one that was not is told from one not known.

use std::sync::Arc;

use palisade::sim::{Faults, Worker};
use palisade::{config, learn};
use serde_json::{Value, json};

use super::stage::{MINUTE_MS, Stage, configuration};

#[test]
fn a_step_counts_on_the_other_worker_at_once() {
    for conflict_every in [0, 2, 3] {
        let mut stage = Stage::new("8MiB");
        stage.store.inject(Faults { conflict_every, ..Faults::default() });
        for n in 0..50 {
            let name = format!("customer{n}");
            stage.sign_up(n % 2, &name);
            assert_eq!(stage.send(1, "checkout", &name, 200, &[]).replied, Some(403));
            stage.send(0, "cart", &name, 201, &[]);
            assert_eq!(stage.send(1, "checkout", &name, 200, &[]).replied, None, "no tick in between");
            stage.now_ms += 10;
        }
    }
}

#[test]
fn a_step_that_the_origin_refused_is_none() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "ann");
    for status in [409, 500, 404] {
        stage.send(0, "cart", "ann", status, &[]);
        assert_eq!(stage.send(0, "checkout", "ann", 200, &[]).replied, Some(403));
    }
}

#[test]
fn naming_an_account_that_did_it_does_not_help_a_session_of_another() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "victim");
    stage.sign_up(0, "thief");
    stage.send(1, "verify", "", 200, &[("x-user", "victim")]);
    assert_eq!(stage.send(0, "card", "victim", 201, &[]).replied, None);
    assert_eq!(stage.send(0, "card", "thief", 201, &[("x-user", "victim")]).replied, Some(403));
    stage.send(1, "verify", "", 200, &[("x-user", "thief")]);
    assert_eq!(stage.send(0, "card", "thief", 201, &[]).replied, None);
}

#[test]
fn a_step_counts_for_as_long_as_it_may() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "ann");
    stage.send(0, "cart", "ann", 201, &[]);
    stage.wait(30 * MINUTE_MS);
    assert_eq!(stage.send(1, "checkout", "ann", 200, &[]).replied, None);
    stage.wait(MINUTE_MS);
    assert_eq!(stage.send(1, "checkout", "ann", 200, &[]).replied, Some(403));
}

#[test]
fn who_was_there_before_is_not_taken_for_one_who_skipped_it() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "somebody");
    for n in 0..50 {
        assert_eq!(stage.send(0, "checkout", &format!("before{n}"), 200, &[]).replied, None);
    }
}

/// Once nothing that was done in time can have been forgotten, a session that is made up has no cart. Where
/// accounts have sessions it may be an account's whose sign-in was before, and whose cart is with another.
#[test]
fn a_session_that_never_was_is_refused_once_all_is_known_and_it_is_nobodys() {
    for (has_accounts, expected) in [(false, Some(403)), (true, None)] {
        let mut configuration = configuration("1MiB");
        if !has_accounts {
            let policies = configuration["policies"].as_object_mut().unwrap();
            policies.retain(|name, _| ["content", "cart", "checkout"].contains(&name.as_str()));
        }
        let mut stage = Stage::with(&configuration);
        // One cart at least in each sheet, so that each exists.
        for n in 0..200 {
            stage.send(0, "cart", &format!("first{n}"), 201, &[]);
        }
        stage.wait(31 * MINUTE_MS);
        for n in 0..50 {
            assert_eq!(stage.send(1, "checkout", &format!("made-up{n}"), 200, &[]).replied, expected, "{n}");
        }
    }
}

#[test]
fn a_flood_of_sessions_makes_nobody_look_as_if_a_step_was_skipped() {
    let mut stage = Stage::new("1MiB");
    for n in 0..100 {
        stage.sign_up(0, &format!("customer{n}"));
        stage.send(0, "cart", &format!("customer{n}"), 201, &[]);
    }
    for n in 0..20_000 {
        stage.sign_up(n % 2, &format!("flood{n}"));
        stage.now_ms += 1;
    }
    stage.wait(100);
    for n in 0..100 {
        assert_eq!(stage.send(1, "checkout", &format!("customer{n}"), 200, &[]).replied, None, "{n}");
    }
    let settings = config::read(&configuration("1MiB"), &|_| None).unwrap().settings;
    let bound = learn::bound(&settings).bytes;
    assert!(stage.store.value_bytes() <= bound, "{} of {bound}", stage.store.value_bytes());
}

#[test]
fn what_takes_no_part_asks_for_nothing() {
    let mut stage = Stage::new("8MiB");
    for _ in 0..5 {
        stage.send(0, "content", "ann", 200, &[]);
        stage.wait(100);
    }
    stage.send(0, "content", "ann", 200, &[]);
    let before = stage.store.reads();
    (0..100).for_each(|_| assert_eq!(stage.send(0, "content", "ann", 200, &[]).replied, None));
    assert_eq!(stage.store.reads(), before);
}

#[test]
fn what_was_done_outlives_a_reload() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "ann");
    stage.send(0, "cart", "ann", 201, &[]);
    stage.wait(100);
    let settings = config::read(&configuration("8MiB"), &|_| None).unwrap().settings;
    stage.workers = [(), ()].map(|()| Worker::new(settings.clone(), Arc::clone(&stage.store)));
    assert_eq!(stage.send(0, "checkout", "ann", 200, &[]).replied, None);
}

#[test]
fn what_sessions_do_first_is_proposed_once_an_hour() {
    let mut stage = Stage::new("8MiB");
    stage.wait(1);
    for n in 0..120 {
        let session = format!("shopper{n}");
        if n > 0 {
            stage.send(0, "cart", &session, 201, &[]);
        }
        stage.send(0, "checkout", &session, 200, &[]);
    }
    stage.wait(60 * MINUTE_MS);
    let lines = stage.workers[0].host.lines.borrow().clone();
    let proposals: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("palisade ")?).ok())
        .filter(|line: &Value| line.get("proposal").is_some())
        .collect();
    let expected = json!({
        "version": 1, "proposal": {"policy": "checkout", "requires": ["cart"]},
        "support": 0.992, "sessions": 120, "would_have_stopped": 1,
    });
    assert_eq!(proposals, [expected]);
}
