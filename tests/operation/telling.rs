//! What an operator is told, and what never is: routes that name no policy, floods of verdicts, and
//! whose accounts they were about.

use palisade::sandbox::{Envoy, http};
use serde_json::{Value, json};

use super::clients::{Client, account};
use super::origin::Origin;
use super::stage::{
    DEADLINE, at_once, counting, launch, lines, login, metric, now, route, seen, settle, soon, verdicts,
};

const TIMES: usize = 30;

/// Sends requests to a route whose policy nobody configured.
fn misnamed(on_trouble: &str) -> (Origin, Envoy, Vec<u16>) {
    let origin = Origin::obedient();
    let policies = json!({"login": login()});
    let mut launch = launch(&origin, &policies);
    launch.bootstrap.set_routes(json!([route("/", "logni")])).unwrap();
    launch.bootstrap.plugin_configuration().unwrap()["on_trouble"] = json!(on_trouble);
    let envoy = launch.start().unwrap();
    let statuses = at_once(TIMES, |n| Client::number(n).login(envoy.address(), "/api/v1/login", n));
    (origin, envoy, statuses)
}

/// Every request is counted, and the log says once what is wrong and what to do.
fn is_said_once(envoy: &Envoy) {
    let counted = || metric(envoy, "trouble.policy.none.kind.unknown-policy");
    assert!(soon(|| counted() == TIMES as u64), "{}", counted());
    let said = lines(envoy, &["unknown-policy"]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("name one of the configured policies"), "{said:?}");
}

#[test]
fn a_route_that_names_no_policy_lets_requests_pass_and_says_so_once() {
    let (origin, envoy, statuses) = misnamed("allow");
    assert_eq!((statuses, origin.asked()), (vec![200; TIMES], TIMES));
    is_said_once(&envoy);
}

#[test]
fn a_route_that_names_no_policy_lets_nothing_pass_where_the_operator_wants_that() {
    let (origin, envoy, statuses) = misnamed("block");
    assert_eq!((statuses, origin.asked()), (vec![403; TIMES], 0));
    is_said_once(&envoy);
}

#[test]
fn a_flood_of_verdicts_is_thinned_in_the_log_and_counted_there() {
    let origin = Origin::obedient();
    // On one worker, since each paces its own lines.
    let envoy = launch(&origin, &json!({"hasty": counting("failures", 1)})).with_workers(1).start().unwrap();
    let began = now();
    let mut given = 0;
    let mut condemn = |count: usize| {
        let client = |n| Client::number(given + n).login(envoy.address(), "/p/hasty/401", 0);
        assert_eq!(at_once(count, client), vec![401; count], "each client's first request passes");
        given += count;
        let failures = || seen(&envoy, "hasty", "failure");
        assert!(soon(|| failures() == given as u64), "{} of {given}", failures());
    };
    let told = || -> Vec<Value> {
        let written = lines(&envoy, &[r#"palisade {"version":1"#]);
        // Envoy puts its own beginning before a line.
        written.iter().map(|line| serde_json::from_str(&line[line.find("{\"").unwrap()..]).unwrap()).collect()
    };
    condemn(300);
    let most = 50 + 10 * (began.elapsed().as_secs() as usize + 1);
    let first = told().len();
    assert!((50..=most).contains(&first), "{first} lines, at most {most} expected");
    assert!(first < 300, "every verdict has its line");
    let held_back =
        |lines: &[Value]| -> u64 { lines.iter().filter_map(|line| line["suppressed"].as_u64()).sum() };
    // A tenth of a second later there is room for a line again, which tells of those before it.
    settle();
    condemn(1);
    assert!(soon(|| told().len() == first + 1), "{}", envoy.log());
    assert_eq!((first + 1) as u64 + held_back(&told()), 301, "each verdict is written or counted");
}

/// Something of each kind that people are known by.
const SESSION: &str = "session-of-person-1";
const CARD: &str = "GIFT-4417-1234";
const ADDRESS: &str = "203.0.113.77";

#[test]
fn nothing_shows_whose_account_it_is() {
    let origin = Origin::obedient();
    let session = json!({"key": ["session"], "within": "1h", "failures": 3, "score": 6});
    let policies = json!({
        "body": login(),
        "path": {"role": "gift-card", "subject": {"path": "/p/path/{subject}/404"}},
        "query": {
            "role": "login", "subject": {"query": "email"}, "rules": {"sessions": session},
            "failure": {"status": [401]},
        },
    });
    let envoy = launch(&origin, &policies).start().unwrap();
    let mut requests = 0;
    let mut send = |path: &str, body: &str| {
        let cookie = format!("sid={SESSION}");
        let headers = [
            ("x-forwarded-for", ADDRESS),
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
            ("x-palisade-score", CARD),
        ];
        requests += 1;
        http::send(envoy.address(), "POST", path, &headers, body.as_bytes(), DEADLINE).unwrap()
    };
    let mut answers = String::new();
    for n in 0..10 {
        let person = account(n);
        let body = json!({"email": person}).to_string();
        for (path, body) in [
            ("/p/body/401".to_owned(), body.as_str()),
            (format!("/p/body/401?email={person}"), &body[..body.len() - 2]),
            (format!("/p/path/{CARD}-{n}/404"), ""),
            (format!("/p/query/401?email={person}"), ""),
        ] {
            let answer = send(&path, body);
            answers.push_str(&format!("{:?} {}\n", answer.headers, answer.text()));
        }
    }
    for policy in ["body", "path", "query"] {
        assert!(soon(|| verdicts(&envoy, policy) > 0), "{policy}:\n{}", envoy.log());
        assert!(!lines(&envoy, &[&format!(r#""policy":"{policy}""#)]).is_empty(), "{}", envoy.log());
    }
    assert!(!lines(&envoy, &["body-unreadable"]).is_empty(), "{}", envoy.log());
    let access_log = || std::fs::read_to_string(envoy.access_log_path()).unwrap_or_default();
    assert!(soon(|| access_log().lines().count() == requests), "{}", access_log());
    assert!(access_log().contains("action=limit"), "{}", access_log());
    let metrics = format!("{:?}{}", envoy.stats().unwrap(), envoy.prometheus().unwrap());
    // The access log has the client's address by the operator's own format, and by nothing of ours.
    let access_log = access_log().replace(&format!(r#""client":"{ADDRESS}""#), "");
    for (place, text) in
        [("log", envoy.log()), ("access log", access_log), ("metrics", metrics), ("answers", answers)]
    {
        let text = text.to_lowercase();
        for secret in ["people.example", "person", &CARD.to_lowercase(), SESSION, ADDRESS] {
            assert!(!text.contains(secret), "{secret} is in the {place}:\n{text}");
        }
    }
}
