//! Every action of the ladder with every kind of client, on two workers: curl over both versions of HTTP, a
//! page of another origin in Chromium, and the client of gRPC's own project.
//!
//! Each fails three times and tries once more, with headers that pretend to be the filter's.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Instant;

use palisade::memory::cache::FRESH_MS;
use serde_json::{Value, json};

use crate::browser;
use crate::pages::serve;
use crate::program;
use crate::stage::{Someone, Stage, soon};
use crate::surroundings::settle;
use crate::wire::Message;

static TWO: LazyLock<Stage> = LazyLock::new(|| Stage::start(&policies(), 2));

const CLIENTS: [&str; 4] = ["curl-1", "curl-2", "page", "grpc"];

/// Actions, and whether the origin is asked.
const ACTIONS: [(&str, bool); 6] = [
    ("observe", true),
    ("tag", true),
    ("delay", true),
    ("limit", false),
    ("deceive", false),
    ("block", false),
];

const HOLD_SECONDS: f64 = 0.3;

/// What clients pretend.
const PRETENDED: [(&str, &str); 2] = [("x-palisade-action", "spoofed"), ("x-palisade-other", "spoofed")];

/// Failures that are more than enough to learn from, on whichever worker they land.
const CROWD: usize = 24;

/// One for each client and action, by name: each condemns a network after three failures, and to nothing else.
fn policies() -> Value {
    let mut all = serde_json::Map::new();
    for client in CLIENTS {
        for (action, _) in ACTIONS {
            let failure = match client {
                "grpc" => json!({"header": {"name": "grpc-status", "value": "16"}}),
                _ => json!({"status": [401]}),
            };
            let mut ladder = json!({"observe": "off", "tag": "off", "limit": "off", "block": "off"});
            ladder[action] = match action {
                "observe" | "tag" => json!(6),
                "delay" => json!({"at": 6, "for": "1h", "up_to": "1h", "hold": "300ms"}),
                _ => json!({"at": 6, "for": "1h", "up_to": "1h"}),
            };
            let rules = json!({"network": {"key": ["network"], "within": "1h", "failures": 3, "score": 6}});
            let policy = json!({
                "role": "login", "learn": false, "failure": failure, "rules": rules, "ladder": ladder,
            });
            all.insert(name(client, action), policy);
        }
    }
    Value::Object(all)
}

fn name(client: &str, action: &str) -> String {
    format!("{client}-{action}")
}

/// What a client makes of an answer.
#[derive(Debug)]
struct Got {
    /// Of HTTP, or the name of gRPC's.
    status: String,
    /// For gRPC the details.
    body: String,
    /// Names of the headers that it can read; for gRPC of the trailers.
    names: Vec<String>,
    /// Whether it is told when to come back.
    retry: bool,
    seconds: f64,
}

/// What a client got for its third failure and for the try after it, by action.
struct Played {
    before: Vec<Got>,
    last: Vec<Got>,
}

/// Plays a client; `None`: it is not installed.
fn play(client: &str, someone: &Someone) -> Option<Played> {
    match client {
        "page" => play_page(),
        "grpc" => Some(play_grpc(someone)),
        _ => Some(play_curl(client, someone)),
    }
}

fn play_curl(client: &str, someone: &Someone) -> Played {
    let version = if client == "curl-1" { "--http1.1" } else { "--http2-prior-knowledge" };
    let names: Vec<String> = ACTIONS.iter().map(|(action, _)| name(client, action)).collect();
    crowd(&name(client, "deceive"), "");
    let three =
        |policy: &String| [(); 3].map(|()| curl(version, someone, policy)).into_iter().last().unwrap();
    let before = names.iter().map(three).collect();
    settle();
    Played { before, last: names.iter().map(|policy| curl(version, someone, policy)).collect() }
}

#[expect(clippy::disallowed_methods, reason = "a real process is timed in real time")]
fn curl(version: &str, someone: &Someone, policy: &str) -> Got {
    let (url, from) =
        (format!("http://{}{}", someone.to, path(policy)), format!("x-forwarded-for: {}", someone.address));
    let pretended = PRETENDED.map(|(name, value)| format!("{name}: {value}"));
    let mut arguments = vec![version, &url, "--header", &from];
    pretended.iter().for_each(|header| arguments.extend(["--header", header]));
    let began = Instant::now();
    let got = program::curl(&arguments, b"");
    Got {
        status: got.head.status().to_string(),
        retry: got.head.header("retry-after").is_some(),
        names: got.head.headers.into_iter().map(|(name, _)| name).collect(),
        body: String::from_utf8(got.body).unwrap(),
        seconds: began.elapsed().as_secs_f64(),
    }
}

fn play_page() -> Option<Played> {
    let names: Vec<String> = ACTIONS.iter().map(|(action, _)| name("page", action)).collect();
    let page = include_str!("actions.html").replace("API", &TWO.envoy.address().to_string());
    let page = page.replace("POLICIES", &json!(names).to_string());
    let told = browser::told(page.replace("PAUSE", &(2 * FRESH_MS).to_string()), |origin| {
        for policy in &names {
            let origin = origin.to_owned();
            let by = move |request: &Message| serve(&origin, request);
            for path in [path(policy), crowds(policy)] {
                TWO.origin.answer_by(&path, by.clone());
            }
        }
        // Others have seen the page before, through both workers.
        names.iter().for_each(|policy| crowd(policy, origin));
    })?;
    let read = |told: &Value| told.as_array().unwrap().iter().map(read_by_page).collect();
    Some(Played { before: read(&told["before"]), last: read(&told["last"]) })
}

fn read_by_page(got: &Value) -> Got {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Got {
        status: text(&got["status"]),
        body: text(&got["body"]),
        names: got["names"].as_array().unwrap().iter().map(text).collect(),
        retry: got["retry"] == true,
        seconds: got["seconds"].as_f64().unwrap(),
    }
}

fn play_grpc(someone: &Someone) -> Played {
    let names: Vec<String> = ACTIONS.iter().map(|(action, _)| name("grpc", action)).collect();
    let metadata = json!(PRETENDED.into_iter().collect::<BTreeMap<_, _>>());
    let call =
        |policy: &String| json!({"call": "LogIn", "message": "no", "policy": policy, "metadata": metadata});
    let others = (0..CROWD).map(|_| {
        let deceive = name("grpc", "deceive");
        json!({"call": "LogIn", "message": "no", "policy": deceive, "address": TWO.someone().address})
    });
    calls(someone, &json!(others.collect::<Vec<_>>()));
    learned(&name("grpc", "deceive"));
    let three: Vec<Value> = names.iter().flat_map(|policy| [(); 3].map(|()| call(policy))).collect();
    let before = calls(someone, &json!(three)).into_iter().skip(2).step_by(3).collect();
    settle();
    Played { before, last: calls(someone, &json!(names.iter().map(call).collect::<Vec<_>>())) }
}

/// What grpcio's client gets for its calls.
fn calls(someone: &Someone, calls: &Value) -> Vec<Got> {
    let port = someone.to.port().to_string();
    let results = program::run("grpc_client.py", &[&port, "", &someone.address], calls);
    let got = |result: &Value| {
        let names: Vec<String> = result["trailers"].as_object().unwrap().keys().cloned().collect();
        Got {
            status: result["status"].as_str().unwrap().to_owned(),
            body: result["details"].as_str().unwrap_or_default().to_owned(),
            retry: names.iter().any(|name| name == "grpc-retry-pushback-ms"),
            names,
            seconds: result["seconds"].as_f64().unwrap(),
        }
    };
    results.as_array().unwrap().iter().map(got).collect()
}

/// Fails as many others, once each; the page of this origin, if it is no empty text. What failures look like
/// is known afterwards, where anybody is to be deceived.
fn crowd(policy: &str, origin: &str) {
    let headers = [("origin", origin)];
    let headers = if origin.is_empty() { &[][..] } else { &headers[..] };
    for _ in 0..CROWD {
        assert_eq!(TWO.someone().ask("POST", &crowds(policy), headers).status(), 401, "{policy}");
    }
    if policy.ends_with("-deceive") {
        learned(policy);
    }
}

fn learned(policy: &str) {
    let line = format!(r#""policy":"{policy}","decoy":"learned""#);
    assert!(soon(|| TWO.envoy.log().contains(&line)), "{policy}: what failures look like was not learned");
}

fn path(policy: &str) -> String {
    format!("/p/{policy}/x")
}

fn crowds(policy: &str) -> String {
    format!("/p/{policy}/crowd")
}

/// The filter's headers of each request that the origin was asked.
fn asked(client: &str, someone: &Someone, policy: &str) -> Vec<Vec<(String, String)>> {
    if client == "grpc" {
        let of = format!("/p/{policy}/LogIn {}", someone.address);
        let port = program::servers().grpc_port.to_string();
        let call = json!([{"call": "Told", "message": of}]);
        let told = program::run("grpc_client.py", &[&port, "", ""], &call);
        let told: Value = serde_json::from_str(told[0]["message"].as_str().unwrap()).unwrap();
        let pair = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
        let ours = |told: &Value| told.as_object().unwrap().iter().map(pair).collect();
        return told.as_array().unwrap().iter().map(ours).collect();
    }
    let seen = TWO.origin.seen(&path(policy)).into_iter();
    let own = seen.filter(|request| request.head.word(0) != "OPTIONS").map(|request| request.head.headers);
    let ours = |(name, _): &(String, String)| name.starts_with("x-palisade-");
    own.map(|headers| headers.into_iter().filter(ours).collect()).collect()
}

/// What a client reads in the end.
fn is_understood(client: &str, action: &str, before: &Got, last: &Got) {
    let (status, body, limited, blocked) = match client {
        "grpc" => {
            let limited = ("RESOURCE_EXHAUSTED", "too many requests");
            ("UNAUTHENTICATED", "wrong password", limited, ("PERMISSION_DENIED", "forbidden"))
        }
        _ => ("401", "{}", ("429", "Too many requests"), ("403", "Forbidden")),
    };
    assert_eq!(
        (before.status.as_str(), before.body.as_str()),
        (status, body),
        "{client} {action}: {before:?}"
    );
    let (status, body) = match action {
        "limit" => limited,
        "block" => blocked,
        // Nothing tells it from the origin's own answer.
        _ => {
            assert_eq!(last.names, before.names, "{client} {action}: {last:?}");
            assert_eq!(last.body, body, "{client} {action}: {last:?}");
            (status, body)
        }
    };
    assert_eq!(last.status, status, "{client} {action}: {last:?}");
    assert!(last.body.contains(body), "{client} {action}: {last:?}");
    assert_eq!(last.retry, action == "limit", "{client} {action}: {last:?}");
    if action == "delay" {
        assert!(last.seconds >= HOLD_SECONDS - 0.01, "{client}: {last:?}");
    }
}

fn each_action_is_understood(client: &str) {
    let someone = TWO.someone();
    let Some(played) = play(client, &someone) else { return };
    for (place, (action, asks)) in ACTIONS.into_iter().enumerate() {
        let policy = name(client, action);
        is_understood(client, action, &played.before[place], &played.last[place]);
        let asked = asked(client, &someone, &policy);
        assert_eq!(asked.len(), 3 + usize::from(asks), "{policy}: {asked:?}");
        let told: Vec<&str> = asked
            .iter()
            .flatten()
            .filter(|(n, _)| n == "x-palisade-action")
            .map(|(_, v)| v.as_str())
            .collect();
        let expected = if ["tag", "delay"].contains(&action) { vec![action] } else { vec![] };
        assert_eq!(told, expected, "{policy}: of the last request alone, by the filter alone");
        assert!(asked.iter().flatten().all(|(_, value)| value != "spoofed"), "{policy}: {asked:?}");
        assert!(soon(|| TWO.came_to(&policy, action) >= 1), "{policy}");
    }
}

#[test]
fn curl_understands_each_action() {
    ["curl-1", "curl-2"].into_iter().for_each(each_action_is_understood);
}

#[test]
fn a_page_in_chromium_understands_each_action() {
    each_action_is_understood("page");
}

#[test]
fn a_grpc_client_understands_each_action() {
    each_action_is_understood("grpc");
}
