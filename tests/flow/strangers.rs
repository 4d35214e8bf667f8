//! Nobody else can make a customer look as if a step was skipped, and nobody gets by on another's steps.

use palisade::sim::Faults;

use super::stage::{MINUTE_MS, Stage};

const REFUSED: Option<u32> = Some(403);

/// Other people's sign-ups, so many that everything else is forgotten.
fn flood(stage: &mut Stage) {
    for n in 0..20_000 {
        stage.sign_up(n % 2, &format!("flood{n}"));
        stage.now_ms += 1;
    }
    stage.wait(100);
}

/// A sign-in of a customer, whose answer gives a session.
fn sign_in(stage: &mut Stage, old: &str, new: &str, name: &str, body: &str) {
    let cookie = format!("sid={new}; Path=/");
    let seen = stage.send(1, "login", old, 200, &[("x-user", name), ("set-cookie", &cookie), ("body", body)]);
    assert_eq!(seen.replied, None);
}

#[test]
fn after_a_flood_customers_who_did_it_all_are_let_in_by_their_old_sessions_and_by_new_ones() {
    let mut stage = Stage::new("1MiB");
    for n in 0..30 {
        let name = format!("customer{n}");
        stage.sign_up(0, &name);
        stage.send(1, "verify", "", 200, &[("x-user", &name)]);
        stage.send(0, "cart", &name, 201, &[]);
    }
    flood(&mut stage);
    for n in 0..30 {
        let name = format!("customer{n}");
        assert_eq!(stage.send(0, "card", &name, 201, &[]).replied, None, "{n}");
        assert_eq!(stage.send(1, "checkout", &name, 200, &[]).replied, None, "{n}");
        let new = format!("again{n}");
        sign_in(&mut stage, &name, &new, &name, "{}");
        assert_eq!(stage.send(0, "card", &new, 201, &[]).replied, None, "{n}: a new session");
        assert_eq!(stage.send(0, "checkout", &new, 200, &[]).replied, None, "{n}: a new session");
        assert_eq!(stage.send(0, "card", &new, 201, &[("x-user", &name)]).replied, None, "{n}");
    }
}

#[test]
fn a_sign_up_for_somebody_elses_address_locks_nobody_out() {
    let mut stage = Stage::new("8MiB");
    sign_in(&mut stage, "", "owner", "victim", "{}");
    // An origin that tells nobody which addresses have an account answers alike for all.
    stage.send(
        0,
        "signup",
        "",
        201,
        &[("x-user", "victim"), ("set-cookie", "sid=x"), ("body", r#"{"verified":false}"#)],
    );
    assert_eq!(stage.send(0, "card", "owner", 201, &[]).replied, None);
    assert_eq!(stage.send(0, "pay", "", 200, &[("x-user", "victim")]).replied, None);
    // And where it never was seen before: an answer that says nothing was created creates nothing.
    stage.send(0, "signup", "", 200, &[("x-user", "other")]);
    sign_in(&mut stage, "", "other-owner", "other", "{}");
    assert_eq!(stage.send(0, "pay", "other-owner", 200, &[]).replied, None);
}

#[test]
fn what_a_strangers_request_is_told_of_an_account_it_names_counts_for_nothing_against_it() {
    let mut stage = Stage::new("8MiB");
    sign_in(&mut stage, "", "owner", "victim", "{}");
    stage.send(0, "profile", "stranger", 200, &[("x-user", "victim"), ("body", r#"{"verified":false}"#)]);
    stage.send(0, "profile", "owner", 200, &[("body", r#"{"name":"no word of it"}"#)]);
    assert_eq!(stage.send(0, "pay", "owner", 200, &[]).replied, None);
    stage.send(0, "profile", "owner", 200, &[("body", r#"{"verified":false}"#)]);
    assert_eq!(stage.send(0, "pay", "owner", 200, &[]).replied, REFUSED, "its own session was told so");
    stage.send(0, "profile", "owner", 200, &[("body", r#"{"verified":true}"#)]);
    assert_eq!(stage.send(0, "pay", "owner", 200, &[]).replied, None);
}

#[test]
fn signing_up_as_somebody_who_did_it_does_not_help() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "victim");
    stage.send(0, "verify", "", 200, &[("x-user", "victim")]);
    stage.sign_up(0, "thief");
    stage.send(0, "signup", "thief", 201, &[("x-user", "victim"), ("body", r#"{"id":"victim"}"#)]);
    assert_eq!(stage.send(0, "card", "thief", 201, &[]).replied, REFUSED);
    // Nor does a name that the thief chose, and the answer repeats.
    stage.send(
        0,
        "signup",
        "",
        201,
        &[("x-user", "mule"), ("set-cookie", "sid=mule"), ("body", r#"{"id":"victim"}"#)],
    );
    assert_eq!(stage.send(0, "card", "", 201, &[("x-user", "victim")]).replied, None);
    assert_eq!(stage.send(0, "card", "victim", 201, &[]).replied, None);
}

#[test]
fn a_session_that_the_client_made_up_hides_no_missing_step() {
    let mut stage = Stage::new("1MiB");
    (0..200).for_each(|n| stage.sign_up(0, &format!("first{n}")));
    stage.wait(31 * MINUTE_MS);
    for n in 0..20 {
        let (made_up, name) = (format!("made-up{n}"), format!("thief{n}"));
        let cookie = format!("sid={name}");
        stage.send(0, "signup", &made_up, 201, &[("x-user", &name), ("set-cookie", &cookie)]);
        assert_eq!(stage.send(1, "checkout", &name, 200, &[]).replied, REFUSED, "{n}");
        assert_eq!(stage.send(1, "card", &name, 200, &[]).replied, REFUSED, "{n}");
    }
}

#[test]
fn a_step_that_somebody_unknown_did_may_be_anybodys_who_was_there_then() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "before");
    assert_eq!(stage.send(0, "pay", "before", 200, &[]).replied, REFUSED);
    stage.now_ms += 1_000;
    // A link that carries neither an account nor its session.
    stage.send(1, "verify", "phone", 200, &[]);
    assert_eq!(stage.send(0, "pay", "before", 200, &[]).replied, None);
    stage.now_ms += 1_000;
    stage.sign_up(0, "after");
    assert_eq!(stage.send(0, "pay", "after", 200, &[]).replied, REFUSED);
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let mut stage = Stage::new("8MiB");
    stage.sign_up(0, "ann");
    stage.store.inject(Faults { refuse: true, ..Faults::default() });
    stage.send(0, "cart", "ann", 201, &[]);
    stage.store.inject(Faults::default());
    assert_eq!(stage.send(0, "checkout", "ann", 200, &[]).replied, None, "this worker knows");
    assert_eq!(stage.send(1, "checkout", "ann", 200, &[]).replied, None, "and the other");
}

#[test]
fn a_cookie_that_is_taken_back_is_nobodys_session() {
    let mut stage = Stage::new("8MiB");
    for (name, taken_back) in [
        ("ann", "sid=deleted; Path=/; Max-Age=0"),
        ("bob", "sid=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT"),
    ] {
        stage.send(0, "signup", "", 201, &[("x-user", name), ("set-cookie", taken_back)]);
        assert_eq!(stage.send(0, "checkout", "deleted", 200, &[]).replied, None, "nothing is known of it");
    }
}
