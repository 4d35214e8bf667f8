//! Promises about GraphQL requests, on the simulated host: what a request does counts, whatever it is wrapped in.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::sync::Arc;

use palisade::config;
use palisade::sim::{Answer, Request, Store, Worker};
use serde_json::{Value, json};

const NOW_MS: u64 = 1_800_000_000_000;

/// Under a policy of sign-ins with one rule, which is enough for a verdict.
fn worker(graphql: &Value, rule: &Value) -> Worker {
    let mut rule = rule.clone();
    rule["within"] = json!("10m");
    rule["score"] = json!(7);
    let configuration = json!({
        "secret": "a secret of the tests alone", "memory": "8MiB", "hold_headers": true,
        "policies": {"p": {
            "role": "login", "graphql": graphql, "learn": false,
            "rules": {
                "only": rule, "client-failures": "off", "network-failures": "off", "subject-failures": "off",
                "subject-addresses": "off", "client-probes": "off", "client-secrets": "off", "secret-subjects": "off",
            },
            "failure": {"json": {"pointer": "/errors/0/message"}},
        }},
    });
    let read = config::read(&configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    Worker::new(read.settings, Arc::new(Store::default()))
}

fn sent(method: &str, path: &str, kind: &str, body: &str) -> Request {
    let mut headers = vec![(":path", path), (":method", method), ("user-agent", "curl/8.5.0")];
    if !kind.is_empty() {
        headers.push(("content-type", kind));
    }
    let length = body.len().to_string();
    headers.push(("content-length", &length));
    let headers = headers.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let route_policy = Some("p".to_owned());
    Request { headers, body: body.as_bytes().to_vec(), address: "203.0.113.1:80".to_owned(), route_policy }
}

fn posted(query: &Value) -> Request {
    sent("POST", "/graphql", "application/json", &query.to_string())
}

fn answer(body: &Value) -> Answer {
    Answer { body: body.to_string().into_bytes(), ..Answer::status(200) }
}

/// That every `fail`ed operation has an error of its own, and those of `done` have data.
fn told(done: &[&str], failed: &[&str]) -> Value {
    let data: Value = done.iter().map(|key| ((*key).to_owned(), json!({"token": "t"}))).collect();
    let error = |key: &&str| json!({"message": "wrong", "path": [key]});
    json!({"data": data, "errors": failed.iter().map(error).collect::<Vec<_>>()})
}

fn refused(worker: &mut Worker, request: &Request, body: &Value) -> bool {
    worker.exchange(NOW_MS, request, || answer(body)).replied.is_some()
}

/// Whether the client is stopped, once this has been asked and answered.
fn stopped_by(worker: &mut Worker, request: &Request, body: &Value) -> bool {
    assert!(!refused(worker, request, body), "it is the first");
    refused(worker, &posted(&json!({"query": "mutation { login(email: \"z@x\") }"})), &told(&["login"], &[]))
}

/// Twenty sign-ins in one document.
fn twenty() -> (Value, Vec<String>) {
    let keys: Vec<_> = (0..20).map(|n| format!("a{n}")).collect();
    let logins: String =
        keys.iter().map(|key| format!("{key}: login(email: \"{key}@x\") {{ token }} ")).collect();
    (json!({"query": format!("mutation {{ {logins} }}")}), keys)
}

#[test]
fn each_alias_counts_with_its_own_outcome_and_its_own_subject() {
    let (query, keys) = twenty();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let graphql = json!({"fields": ["login"], "subject_argument": "email"});
    for (count, number, stopped) in [
        ("failures", 19, true),
        ("failures", 20, false),
        ("failed_subjects", 15, true),
        ("failed_subjects", 24, false),
        ("successes", 1, true),
        ("successes", 2, false),
        ("requests", 20, true),
        ("requests", 21, false),
    ] {
        let mut worker = worker(&graphql, &json!({"key": ["fingerprint"], count: number}));
        let answer = told(&keys[..1], &keys[1..]);
        assert_eq!(stopped_by(&mut worker, &posted(&query), &answer), stopped, "{count}: {number}");
    }
}

#[test]
fn each_account_is_known_by_what_is_tried_on_it() {
    let rule = json!({"key": ["subject"], "failures": 3});
    let mut worker = worker(&json!({"subject_argument": "email"}), &rule);
    let tries = |accounts: [&str; 4]| {
        let keys = ["a", "b", "c", "d"];
        let each =
            keys.iter().zip(accounts).map(|(key, account)| format!("{key}: login(email: \"{account}\") "));
        json!({"query": format!("mutation {{ {} }}", each.collect::<String>())})
    };
    let nothing = told(&[], &["a", "b", "c", "d"]);
    assert!(!refused(&mut worker, &posted(&tries(["v@x", "w@x", "w@x", "w@x"])), &nothing));
    assert!(!refused(&mut worker, &posted(&tries(["v@x", "u@x", "t@x", "s@x"])), &nothing), "one more of v");
    assert!(
        refused(&mut worker, &posted(&tries(["q@x", "p@x", "o@x", "W@x"])), &nothing),
        "w, in whatever place"
    );
    assert!(!refused(&mut worker, &posted(&tries(["r@x", "p@x", "o@x", "v@x"])), &nothing), "the last of v");
    assert!(refused(&mut worker, &posted(&tries(["q@x", "p@x", "v@x", "o@x"])), &nothing));
}

#[test]
fn operations_count_however_they_are_sent() {
    let document = "mutation($e: String = \"d@x\", $f: String) { a: login(email: \"a@x\") ...F d: login(email: $f) } \
                    fragment F on Mutation { ... { b: login(email: $e) } c: login }";
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", document)
        .append_pair("variables", "{\"f\": \"f@x\"}")
        .finish();
    let query = json!({"query": document, "variables": {"f": "f@x"}});
    let whole = told(&[], &["a", "b", "c", "d"]);
    let batch: Vec<_> = (0..4).map(|_| json!({"query": "mutation { a: login(email: \"a@x\") }"})).collect();
    let each = json!(vec![told(&[], &["a"]); 4]);
    for (request, answer) in [
        (posted(&query), &whole),
        (posted(&json!(batch)), &each),
        (sent("GET", &format!("/graphql?{form}"), "", ""), &whole),
        (sent("POST", "/graphql", "application/graphql", document), &whole),
        (sent("POST", "/graphql", "application/x-www-form-urlencoded", &form), &whole),
    ] {
        for (failures, stopped) in [(4, true), (5, false)] {
            let rule = json!({"key": ["fingerprint"], "failures": failures});
            let graphql = json!({"fields": ["login"], "subject_argument": "email"});
            let mut worker = worker(&graphql, &rule);
            assert_eq!(stopped_by(&mut worker, &request, answer), stopped, "{failures}: {request:?}");
        }
    }
}

#[test]
fn what_was_not_carried_out_makes_up_for_nothing() {
    let skipped: String =
        (0..90).map(|n| format!("s{n}: login(email: \"s{n}@x\") @skip(if: true) ")).collect();
    let query = json!({"query": format!("mutation {{ a: login(email: \"a@x\") {skipped} }}")});
    let rule = json!({"key": ["fingerprint"], "successes": 1});
    assert!(!stopped_by(&mut worker(&json!(true), &rule), &posted(&query), &told(&[], &["a"])));
    // Nor do operations of a document that another is named beside.
    let document = "mutation A { a: login } mutation B { b: login c: login d: login }";
    let named = json!({"query": document, "operationName": "B"});
    assert!(!stopped_by(&mut worker(&json!(true), &rule), &posted(&named), &told(&[], &["b", "c", "d"])));
    // Whichever a server takes, where the query string names one too.
    let failures = json!({"key": ["fingerprint"], "failures": 3});
    let body = json!({"query": document, "operationName": "A"}).to_string();
    let request = sent("POST", "/graphql?operationName=B", "application/json", &body);
    assert!(stopped_by(&mut worker(&json!(true), &failures), &request, &told(&[], &["b", "c", "d"])));
}

#[test]
fn other_fields_are_under_no_policy() {
    let rule = json!({"key": ["fingerprint"], "failures": 3});
    let mut worker = worker(&json!({"fields": ["login"]}), &rule);
    let products: String = (0..30).map(|n| format!("p{n}: product(id: {n}) {{ login name }} ")).collect();
    let page = posted(&json!({"query": format!("{{ {products} }}")}));
    let missing = told(&[], &["p1", "p2", "p3", "p4"]);
    for _ in 0..10 {
        assert!(!refused(&mut worker, &page, &missing));
    }
    let (query, _) = twenty();
    assert!(stopped_by(&mut worker, &posted(&query), &told(&[], &["a1", "a2", "a3"])));
    assert!(!refused(&mut worker, &page, &missing), "who may not sign in may look around");
    // A body that is not read may be anything, whatever stands beside it.
    let hidden = sent("POST", "/graphql?query={me}", "application/octet-stream", "?");
    assert!(refused(&mut worker, &hidden, &missing));
}

#[test]
fn a_page_of_thirty_products_is_one_visit_of_a_shop() {
    let configuration = json!({
        "secret": "a secret of the tests alone", "memory": "8MiB", "policies": {"p": {"role": "content", "graphql": true}},
    });
    let read = config::read(&configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut worker = Worker::new(read.settings, Arc::new(Store::default()));
    let keys: Vec<_> = (0..30).map(|n| format!("p{n}")).collect();
    let products: String = keys.iter().map(|key| format!("{key}: product(id: 1) {{ name }} ")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    for n in 0..20 {
        let page = posted(&json!({"query": format!("{{ {products} }}")}));
        let seen = worker.exchange(NOW_MS + n * 3000, &page, || answer(&told(&keys, &[])));
        assert_eq!((seen.replied, seen.tags.len()), (None, 0));
    }
}
