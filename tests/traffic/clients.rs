//! Real clients: people with them are served, whoever tries many accounts with them is refused in
//! a form they understand, and each has one fingerprint wherever its requests land.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::program;
use crate::stage::{Client, HELD, JSON, Stage, account_json, both, soon};
use crate::surroundings::settle;
use crate::wire::{Message, answer, sized};

/// Programs and libraries, as `send` runs them.
const KINDS: [&str; 5] = ["--http1.1", "--http2-prior-knowledge", "requests", "httpx-1", "httpx-2"];

/// What a client got.
struct Got {
    status: u16,
    headers: Value,
    body: String,
}

/// Lets a client of a kind send requests with JSON bodies, one after the other.
fn send(kind: &str, client: &Client, path: &str, headers: &Value, bodies: &[Value]) -> Vec<Got> {
    let url = format!("http://{}", client.to);
    let mut headers = headers.clone();
    headers["x-forwarded-for"] = json!(client.address);
    if kind.starts_with("--") {
        return bodies
            .iter()
            .map(|body| send_by_curl(kind, &format!("{url}{path}"), &headers, body))
            .collect();
    }
    let request = |body| json!({"method": "POST", "path": path, "headers": headers, "json": body});
    let requests: Vec<Value> = bodies.iter().map(request).collect();
    let answers = program::run("web_client.py", &[kind, &url], &json!(requests));
    let got = |answer: &Value| Got {
        status: answer["status"].as_u64().unwrap() as u16,
        headers: answer["headers"].clone(),
        body: answer["body"].as_str().unwrap().to_owned(),
    };
    answers.as_array().unwrap().iter().map(got).collect()
}

fn send_by_curl(version: &str, url: &str, headers: &Value, body: &Value) -> Got {
    let mut arguments = vec![version.to_owned(), url.to_owned(), "--data-binary".to_owned(), "@-".to_owned()];
    let more = headers.as_object().unwrap().iter().map(|(n, v)| format!("{n}: {}", v.as_str().unwrap()));
    for header in more.chain(["content-type: application/json".to_owned()]) {
        arguments.extend(["--header".to_owned(), header]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let got = program::curl(&arguments, body.to_string().as_bytes());
    Got {
        status: got.head.status(),
        headers: Value::Object(got.head.headers.into_iter().map(|(n, v)| (n, json!(v))).collect()),
        body: String::from_utf8(got.body).unwrap(),
    }
}

/// The right password is `right`.
fn log_in_page(request: &Message) -> Vec<u8> {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let status = if body["password"] == "right" { 200 } else { 401 };
    answer(status, &[JSON], body["email"].to_string().as_bytes())
}

fn log_in(account: &str, password: &str) -> Value {
    json!({"email": account, "password": password})
}

/// What a refusal of a policy has to look like.
fn is_refusal(policy: &str, got: &Got) {
    let header = |name: &str| got.headers[name].as_str().unwrap_or_default();
    assert_eq!(header("content-type"), "application/problem+json");
    assert_eq!(header("cache-control"), "no-store");
    let problem: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(problem["status"], got.status);
    assert!(problem["type"].is_string() && problem["title"].is_string(), "{problem}");
    if got.status == 429 {
        let left: u32 = header("retry-after").parse().unwrap();
        // Half a minute, up to the next whole second.
        assert!((1..=31).contains(&left), "{left}");
        assert_eq!(header("ratelimit"), format!("\"{policy}\";r=0;t={left}"));
        assert_eq!(header("ratelimit-policy"), format!("\"{policy}\";q=1;w={left}"));
    } else {
        assert_eq!(got.headers.get("retry-after"), None);
    }
}

/// Without held headers a refusal comes before the body's end; over HTTP/2 Envoy then resets the
/// stream, with NO_ERROR, and curl 7 takes that for an error and the answer for lost.
pub(crate) fn sees_early_answers(stage: &Stage, kind: &str) -> bool {
    stage.holds_headers || kind != "--http2-prior-knowledge"
}

#[test]
fn a_stuffer_is_refused_after_four_accounts_and_a_neighbour_is_not() {
    for (policy, refused) in [("limits", 429), ("blocks", 403)] {
        let path = format!("/p/{policy}/login");
        for stage in both() {
            stage.origin.answer_by(&path, log_in_page);
            for kind in KINDS.into_iter().filter(|kind| sees_early_answers(stage, kind)) {
                let ann = send(kind, &stage.client(), &path, &json!({}), &[log_in("ann@x.example", "right")]);
                assert_eq!((ann[0].status, &*ann[0].body), (200, "\"ann@x.example\""), "{policy} {kind}");
                let (client, before) = (stage.client(), stage.origin.seen(&path).len());
                let mut bodies: Vec<Value> =
                    (0..8).map(|n| log_in(&format!("a{n}@x.example"), "guess")).collect();
                bodies.push(log_in("ann@x.example", "right"));
                // On one connection, and so one worker, at once; with a connection for each request, when the
                // other worker has heard of it.
                let keeps_connection = !kind.starts_with("--");
                let (first, rest) = bodies.split_at(if keeps_connection { 5 } else { 4 });
                let mut got = send(kind, &client, &path, &json!({}), first);
                settle();
                got.extend(send(kind, &client, &path, &json!({}), rest));
                let statuses: Vec<u16> = got.iter().map(|got| got.status).collect();
                assert_eq!(statuses, [vec![401; 4], vec![refused; 5]].concat(), "{policy} {kind}");
                is_refusal(policy, &got[8]);
                let seen = stage.origin.seen(&path).len() - before;
                assert_eq!(seen, 4, "{kind}: what is refused does not reach the origin");
                let neighbour = Client { agent: "neighbour/1".to_owned(), ..client };
                let body = sized(log_in("bob@x.example", "right").to_string().as_bytes());
                assert_eq!(neighbour.ask("POST", &path, &[JSON], &body).status(), 200, "{policy} {kind}");
            }
        }
    }
}

/// The fingerprints that the origin is told of, of all requests but the first.
fn fingerprints(path: &str) -> BTreeSet<String> {
    let told = HELD.origin.seen(path);
    let tag = |seen: &Message| seen.head.header("x-palisade-fingerprint").unwrap_or("none").to_owned();
    told.iter().skip(1).map(tag).collect()
}

#[test]
fn a_client_has_one_fingerprint_on_every_worker_and_connection() {
    let client = HELD.client();
    let worker =
        |number: u32| HELD.stat(&format!("listener.127.0.0.1_0.worker_{number}.downstream_cx_total"));
    let before = [worker(0), worker(1)];
    soon("both workers have had connections", || {
        client.log_in("/p/tags/workers", "a");
        let now = [worker(0), worker(1)];
        if now[0] > before[0] && now[1] > before[1] { Ok(()) } else { Err(format!("{before:?} {now:?}")) }
    });
    let mut wire = crate::wire::Wire::connect(client.to);
    for _ in 0..3 {
        wire.send(&client.begin("POST", "/p/tags/workers", &[JSON]));
        wire.send(&sized(&account_json("a")));
        assert_eq!(wire.answer(false).status(), 200);
    }
    assert_eq!(fingerprints("/p/tags/workers").len(), 1, "{:?}", fingerprints("/p/tags/workers"));
}

#[test]
fn real_clients_have_one_fingerprint_each_whatever_the_version_of_http() {
    let mut all = Vec::new();
    for (name, kinds) in [("curl", &KINDS[..2]), ("requests", &KINDS[2..3]), ("httpx", &KINDS[3..])] {
        let (client, path) = (HELD.client(), format!("/p/tags/{name}"));
        for kind in kinds {
            let bodies: Vec<Value> = (0..3).map(|n| json!({"n": n})).collect();
            let got = send(kind, &client, &path, &json!({}), &bodies);
            assert!(got.iter().all(|got| got.status == 200), "{kind}");
        }
        let seen = fingerprints(&path);
        assert_eq!(seen.len(), 1, "{name}: {seen:?}");
        all.extend(seen);
    }
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!(different.len(), 3, "each make has its own: {all:?}");
}

#[test]
fn copies_of_our_headers_never_reach_the_origin() {
    let spoofed = json!({"X-Palisade-Action": "allow", "x-palisade-score": "0", "x-palisade-other": "x"});
    // Under a policy that reads the body, one that reads none, and none at all.
    for path in ["/p/json/spoofed", "/p/tags/spoofed", "/spoofed"] {
        for stage in both() {
            for kind in KINDS {
                let got = send(kind, &stage.client(), path, &spoofed, &[json!({"email": "a"})]);
                assert_eq!(got[0].status, 200, "{path} {kind}");
            }
            let twice = [("x-palisade-score", "0"), ("X-PALISADE-SCORE", "1"), JSON];
            stage.client().ask("POST", path, &twice, &sized(&account_json("a")));
            let seen = stage.origin.seen(path);
            assert_eq!(seen.len(), KINDS.len() + 1);
            for message in seen {
                let ours = |name: &str| name.to_lowercase().starts_with("x-palisade-");
                assert!(!message.head.headers.iter().any(|(n, _)| ours(n)), "{path}: {:?}", message.head);
            }
        }
    }
}
