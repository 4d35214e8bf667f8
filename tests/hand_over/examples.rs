//! What each example promises.

use palisade::check::check;
use palisade::sandbox::project_root;
use serde_json::{Value, json};

use super::stage::{Stage, settle};

const ATTACKER: &str = "203.0.113.7";
const NEIGHBOUR: &str = "198.51.100.7";

#[test]
fn the_access_log_has_each_part_of_a_verdict_and_nobody_without_one() {
    let stage = Stage::start("access-log");
    assert_eq!(stage.try_accounts(ATTACKER, 0..8), [401; 8], "nobody is stopped");
    stage.try_accounts(NEIGHBOUR, 0..1);
    let log = stage.access_log(7);
    assert_eq!(log.len(), 7, "the first request of each has no verdict: {log:?}");
    let actions: Vec<&str> = log.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..4], ["observe", "tag", "tag", "limit"], "{log:?}");
    let limited = &log[3];
    assert_eq!((&limited["policy"], &limited["reasons"]), (&json!("login"), &json!("client-failures")));
    assert!(limited["score"].as_f64().is_some_and(|score| score >= 6.0), "a number: {limited}");
    assert!(limited["fingerprint"].as_str().unwrap().starts_with("2-"), "{limited}");
    assert_eq!(limited["campaign"].as_str().unwrap().len(), 8, "{limited}");
    assert!(limited["palisade"].as_str().unwrap().contains(";enforced=no"), "{limited}");
    assert_eq!(log[0]["campaign"], Value::Null, "what is not known is left out: {}", log[0]);
}

#[test]
fn a_suspect_meets_the_local_rate_limit_and_nobody_else() {
    let stage = Stage::start("local-rate-limit");
    // Two failures until it is a suspect, then five a minute.
    let got = stage.try_accounts(ATTACKER, 0..12);
    assert_eq!(got, [vec![401; 7], vec![429; 5]].concat());
    // Another network's: a bucket of its own.
    let got = stage.try_accounts(NEIGHBOUR, 0..9);
    assert_eq!(got, [vec![401; 7], vec![429; 2]].concat());
    for person in 0..20 {
        assert_eq!(stage.log_in(&format!("192.0.{person}.9"), 100 + person, &[]).status, 401);
    }
}

#[test]
fn a_rate_limit_service_is_asked_about_suspects_alone_and_told_of_their_campaign() {
    let stage = Stage::start("rate-limit");
    for person in 0..20 {
        assert_eq!(stage.log_in(&format!("192.0.{person}.9"), 100 + person, &[]).status, 401);
    }
    let got = stage.try_accounts(ATTACKER, 0..12);
    // From the fifth request on a limit would stand, and three of a campaign pass the service.
    assert_eq!(got, [vec![401; 7], vec![429; 5]].concat());
    let asked = stage.services.asked(11);
    assert_eq!(asked.len(), 11, "once for each request with a verdict: {asked:?}");
    assert_eq!(asked[0]["limits"], json!([[["policy", "login"], ["action", "observe"]]]));
    assert_eq!(asked[4]["limits"][0], json!([["policy", "login"], ["action", "limit"]]));
    assert_eq!(asked[4]["limits"][1][0][0], "campaign");
    // It comes from elsewhere, with the same make: its campaign has used up what it may.
    let elsewhere = stage.try_accounts(NEIGHBOUR, 0..6);
    assert_eq!(elsewhere[4..], [429, 429], "{elsewhere:?}");
}

#[test]
fn rbac_denies_by_score_and_by_the_rule_that_is_trusted() {
    let stage = Stage::start("rbac");
    // A score of 9 is reached with the sixth failure; what RBAC denies is nobody's failure.
    assert_eq!(stage.try_accounts(ATTACKER, 0..6), [401; 6]);
    settle();
    assert_eq!(stage.try_accounts(ATTACKER, 6..12), [403; 6]);
    assert_eq!(stage.log_in(ATTACKER, 0, &[]).text(), "RBAC: access denied");
    // One session, each request from another network: only the rule on sessions sees it.
    let session = |n: u32| {
        stage.log_in(&format!("198.18.{n}.9"), 200 + n, &[("cookie", "sid=session-of-a-script")]).status
    };
    assert_eq!((0..8).map(session).collect::<Vec<_>>(), [401; 8]);
    // How many differ is estimated: ten may be taken for twelve, or the other way round.
    (8..14).for_each(|n| assert!(matches!(session(n), 401 | 403)));
    settle();
    assert_eq!((14..18).map(session).collect::<Vec<_>>(), [403; 4]);
    assert_eq!(stage.try_accounts(NEIGHBOUR, 0..5), [401; 5], "a limit by another rule is only observed");
}

#[test]
fn an_authorization_service_is_told_of_suspects_and_decides() {
    let stage = Stage::start("ext-authz");
    let spoofed = [("x-palisade-action", "tag"), ("x-palisade-score", "99")];
    for person in 0..20 {
        let address = format!("192.0.{person}.9");
        assert_eq!(stage.log_in(&address, 100 + person, &spoofed).status, 401);
    }
    assert_eq!(stage.try_accounts(ATTACKER, 0..3), [401; 3]);
    // The third was told of with a score of 3.1, which the service lets pass.
    assert_eq!(stage.services.asked(1).len(), 1);
    let told = &stage.services.asked(1)[0]["authorization"];
    assert_eq!((&told["x-palisade-action"], &told["x-palisade-score"]), (&json!("tag"), &json!("3.1")));
    assert_eq!(told["x-palisade-reasons"], "client-failures");
    let turned_away = stage.log_in(ATTACKER, 3, &[]);
    assert_eq!(turned_away.status, 401);
    assert_eq!(turned_away.text(), r#"{"needs":"a second factor"}"#);
    assert!(turned_away.headers.iter().any(|(n, v)| n == "www-authenticate" && v == "SecondFactor"));
    let given = stage.log_in(ATTACKER, 4, &[("cookie", "factor=given")]);
    assert_eq!(given.text(), "", "the origin is asked");
    assert!(given.headers.iter().all(|(name, _)| name != "www-authenticate"));
}

#[test]
fn check_accepts_every_example() {
    let folder = project_root().unwrap().join("envoy/hand-over");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let secret = |_: &str| Some("a secret of this test".to_owned());
        let checked = check(&file.to_string_lossy(), &text, &secret).unwrap_or_else(|e| panic!("{e}"));
        let text = checked.to_text();
        assert!(checked.mistakes.is_empty() && checked.notes.is_empty(), "{text}");
        assert_eq!(checked.plugins.len(), 1, "{text}");
    }
}
