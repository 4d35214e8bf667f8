//! Traffic that was captured from browsers, tools and attacks, replayed as it was: the same names
//! in the same order, the same bodies and answers. Each client has an address of its own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use palisade::config;
use palisade::sandbox::{Envoy, Launch};
use palisade::sim::Store;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::program;
use crate::stage::{MANAGER, soon};
use crate::support::envoy::fast_clock;
use crate::support::scenario::{Answered, Client, Sent};
use crate::support::sim::Simulated;
use crate::support::{BEGIN_MS, Outcome, Stage};
use crate::surroundings::end_with_this_process;
use crate::wire::{Message, Wire, answer};

/// One line of a capture.
#[derive(Deserialize, Clone)]
struct Line {
    conn: u32,
    method: String,
    path: String,
    /// With pseudo-headers where it is HTTP/2.
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
}

fn capture(name: &str) -> Vec<Line> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/traffic/captures/{name}.jsonl"));
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the captured shop's owner would write.
fn configuration() -> Value {
    json!({
        "secret": "a secret of the tests alone",
        "memory": "8MiB",
        "hold_headers": true,
        "client": {"session": {"cookie": "sid"}},
        "policies": {
            "login": {"role": "login", "subject": {"json": "/email"}},
            "gift-card": {"role": "gift-card", "subject": {"path": "/api/giftcards/{subject}/balance"}},
            "add-to-cart": {"role": "add-to-cart"},
            "comment": {"role": "comment"},
            "content": {"role": "content"},
        },
        "routes": [
            {"match": {"methods": ["POST"], "path": "/api/login"}, "policy": "login"},
            {"match": {"path": "/api/giftcards/{code}/balance"}, "policy": "gift-card"},
            {"match": {"methods": ["POST"], "path": "/api/cart"}, "policy": "add-to-cart"},
            {"match": {"methods": ["POST"], "path": "/api/products/{id}/comments"}, "policy": "comment"},
            {"match": {}, "policy": "content"},
        ],
    })
}

/// Envoy in front of an origin that answers as captured. Its wall clock begins where the simulated
/// one does, at the beginning of every window.
struct Replay {
    envoy: Envoy,
    origin: Origin,
    _keeper: std::process::Child,
}

static REPLAY: LazyLock<Replay> = LazyLock::new(|| {
    let origin = Origin::answering(|request| {
        let status = request.head.header("x-request-id").and_then(|id| id.rsplit('-').next()?.parse().ok());
        answer(status.unwrap(), &[("content-type", "application/json")], b"{}")
    });
    let mut launch = Launch::new(&origin.address.to_string())
        .and_then(|launch| launch.with_configuration(configuration()))
        .unwrap();
    let all = json!([{"match": {"prefix": "/"}, "route": {"cluster": "origin"}}]);
    launch.bootstrap.set_routes(all).unwrap();
    launch.bootstrap.at(MANAGER).unwrap()["preserve_external_request_id"] = json!(true);
    launch.preload.push(fast_clock());
    launch.env.push(("FASTCLOCK_SPEED".to_owned(), "1".to_owned()));
    launch.env.push(("FASTCLOCK_BEGIN".to_owned(), (BEGIN_MS / 1000).to_string()));
    // One worker: what a request on one connection taught, the next on another knows at once, as
    // fast as this is. That workers agree is held by tests/scenarios.rs.
    let envoy = launch.with_workers(1).start().unwrap();
    Replay { _keeper: end_with_this_process(&envoy), envoy, origin }
});

/// A capture on both stages: what came of each request, the same on both.
fn replay(name: &str, number: u8) -> Vec<Outcome> {
    let lines = capture(name);
    let client = Client { address: format!("198.18.{number}.7"), ..Client::default() };
    let statuses = match lines[0].headers[0].0.as_str() {
        ":method" => over_http2(&lines, name, &client),
        _ => over_http1(&lines, name, &client),
    };
    let notes = notes(name, lines.len());
    let in_envoy: Vec<Outcome> =
        statuses.iter().zip(&notes).map(|(status, note)| Outcome::new(*status, note)).collect();
    for (index, (on_both, line)) in in_envoy.iter().zip(simulate(&lines, &client)).zip(&lines).enumerate() {
        let (envoy, simulated) = on_both;
        assert_eq!(*envoy, simulated, "{name}, request {index}: {} {}", line.method, line.path);
    }
    arrived(name, &lines, &in_envoy);
    in_envoy
}

/// The id of a request tells the origin which status was captured.
fn id(name: &str, index: usize, line: &Line) -> String {
    format!("{name}-{index}-{}", line.status)
}

fn over_http1(lines: &[Line], name: &str, client: &Client) -> Vec<u16> {
    let mut wires = HashMap::new();
    let mut exchange = |(index, line): (usize, &Line)| {
        let mut head = format!("{} {} HTTP/1.1\r\n", line.method, line.path);
        for (name, value) in &line.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("X-Forwarded-For: {}\r\n", client.address));
        head.push_str(&format!("X-Request-Id: {}\r\n\r\n{}", id(name, index, line), line.body));
        let wire = wires.entry(line.conn).or_insert_with(|| Wire::connect(REPLAY.envoy.address()));
        wire.send(head.as_bytes());
        let answer = wire.answer(line.method == "HEAD");
        if answer.head.header("connection") == Some("close") {
            wires.remove(&line.conn);
        }
        answer.status()
    };
    lines.iter().enumerate().map(&mut exchange).collect()
}

fn over_http2(lines: &[Line], name: &str, client: &Client) -> Vec<u16> {
    let request = |(index, line): (usize, &Line)| {
        let mut headers = line.headers.clone();
        headers.push(("x-forwarded-for".to_owned(), client.address.clone()));
        headers.push(("x-request-id".to_owned(), id(name, index, line)));
        json!({"conn": line.conn, "headers": headers, "body": line.body})
    };
    let requests: Vec<Value> = lines.iter().enumerate().map(request).collect();
    let answers = program::run("http2.py", &[&REPLAY.envoy.port().to_string()], &json!(requests));
    let status = |answer: &Value| answer["status"].as_u64().unwrap() as u16;
    answers.as_array().unwrap().iter().map(status).collect()
}

/// What the access log says of the filter's verdicts, in the capture's order.
fn notes(name: &str, count: usize) -> Vec<String> {
    let log = REPLAY.envoy.access_log_path();
    soon("the access log has a line for each request", || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let mut notes = vec![None; count];
        for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let id = line["request_id"].as_str().unwrap_or_default();
            let place = id.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')?.split('-').next());
            if let Some(index) = place.and_then(|index| index.parse::<usize>().ok()) {
                let note = line["palisade"].as_str().filter(|note| *note != "-").unwrap_or_default();
                notes[index] = Some(note.trim_matches('"').to_owned());
            }
        }
        let known = notes.iter().flatten().count();
        notes.into_iter().collect::<Option<Vec<_>>>().ok_or(format!("{known} of {count}"))
    })
}

fn simulate(lines: &[Line], client: &Client) -> Vec<Outcome> {
    let settings = config::read(&configuration(), &|_| None).unwrap_or_else(|m| panic!("{m}")).settings;
    let mut stage = Box::new(Simulated::new(&settings, 1, &Arc::new(Store::default())));
    for (index, line) in lines.iter().enumerate() {
        let sent = Sent {
            method: line.method.clone(),
            path: line.path.clone(),
            headers: line.headers.iter().filter(|(n, _)| !n.starts_with(':')).cloned().collect(),
            body: line.body.clone().into_bytes(),
        };
        let answer = Answered { status: line.status, headers: Vec::new(), body: b"{}".to_vec() };
        stage.send(index as u64, client, &sent, &answer);
    }
    stage.end()
}

/// What was not refused reached the origin as it was captured, names in their order.
fn arrived(name: &str, lines: &[Line], outcomes: &[Outcome]) {
    let seen: HashMap<String, Message> =
        REPLAY.origin.all_seen().into_iter().fold(HashMap::new(), |mut by_id, message| {
            by_id.insert(message.head.header("x-request-id").unwrap_or_default().to_owned(), message);
            by_id
        });
    for (index, (line, outcome)) in lines.iter().zip(outcomes).enumerate() {
        let message = seen.get(&id(name, index, line));
        let refused = matches!(outcome.action(), "limit" | "block");
        assert_eq!(message.is_none(), refused, "{name}, request {index}");
        let Some(message) = message else { continue };
        assert_eq!(outcome.status, line.status, "{name}, request {index}");
        assert_eq!(message.head.line, format!("{} {} HTTP/1.1", line.method, line.path));
        assert_eq!(message.body, line.body.as_bytes(), "{name}, request {index}");
        assert_eq!(clients_own(&message.head.headers), clients_own(&line.headers), "{name}, request {index}");
    }
}

/// Names and values that are neither a proxy's, nor change from one version of HTTP to another.
fn clients_own(headers: &[(String, String)]) -> Vec<(String, &str)> {
    let lower = headers.iter().map(|(name, value)| (name.to_lowercase(), value.as_str()));
    lower
        .filter(|(name, _)| {
            let proxys = ["x-forwarded-", "x-envoy-", "x-palisade-", ":"];
            let hops = ["host", "connection", "keep-alive", "x-request-id"];
            !hops.contains(&name.as_str()) && !proxys.iter().any(|start| name.starts_with(start))
        })
        .collect()
}

/// The place of the first request with an action, counted from 1.
fn first(outcomes: &[Outcome], actions: &[&str]) -> Option<usize> {
    outcomes.iter().position(|o| actions.contains(&o.action())).map(|index| index + 1)
}

const REFUSED: [&str; 2] = ["limit", "block"];
const ABOVE_OBSERVE: [&str; 3] = ["tag", "limit", "block"];

#[test]
fn people_with_a_browser_get_no_verdict_above_observe() {
    for (number, name) in [(1, "chromium_headed_human_h1"), (2, "chromium_headed_human_h2")] {
        assert_eq!(first(&replay(name, number), &ABOVE_OBSERVE), None, "{name}");
    }
}

/// The first refusal is of this request, counted from 1; of what follows so many pass.
#[test]
fn attacks_are_refused_within_few_requests() {
    let promises = [
        // What it would have done with an account that it got into is under other policies.
        (10, "requests_stuffing", 5, 2),
        (11, "curl_cffi_default_headers_h2", 5, 0),
        (12, "aiohttp_giftcard_enum", 7, 0),
        (13, "ffuf_dirs", 4, 0),
        // To the origin these are searches that find something, or errors of its own.
        (15, "sqlmap_get", 5, 0),
        // It walks the pages that exist, some of them in order, before it begins to guess at its 43rd request.
        (14, "scrapy_crawl", 44, 0),
    ];
    for (number, name, refused, pass_later) in promises {
        let outcomes = replay(name, number);
        assert_eq!(first(&outcomes, &REFUSED), Some(refused), "{name}");
        let passed = outcomes[refused..].iter().filter(|o| !REFUSED.contains(&o.action())).count();
        assert_eq!(passed, pass_later, "{name}: requests that pass after the first refusal");
    }
}

/// Load on one page is no failure of a client.
#[test]
fn what_is_neither_a_failure_nor_a_miss_gets_no_verdict() {
    assert_eq!(first(&replay("autocannon_load", 21), &ABOVE_OBSERVE), None);
}
