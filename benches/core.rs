//! `cargo bench --bench core`: exchanges a second that the core does without Envoy, on one core.
//!
//! One worker over the simulated store, a browser's headers, from as many clients as stated; time
//! moves as it would at that rate.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]

use std::sync::Arc;
use std::time::Instant;

use palisade::config;
use palisade::policy::Settings;
use palisade::sandbox::Report;
use palisade::sim::{Answer, Request, Store, Worker};
use serde_json::json;

const EXCHANGES: u64 = 400_000;
const BEGIN_MS: u64 = 1_800_000_000_000;
const ROUNDS: usize = 5;

/// How long customers and a script come before an attack is measured, in milliseconds.
const WARM_UP_MS: u64 = 300 * 5 * 1_500 + 300 * 200;

/// What a browser sends, as Envoy shows it.
const BROWSER: [(&str, &str); 16] = [
    (":authority", "shop.example"),
    (":path", "/api/v1/login"),
    (":method", "POST"),
    (":scheme", "https"),
    ("sec-ch-ua", "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"150\""),
    ("content-type", "application/json"),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
    ),
    ("accept", "*/*"),
    ("origin", "https://shop.example"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
];

/// What a script leaves of that.
const SCRIPTED: [&str; 5] = [":authority", ":path", ":method", ":scheme", "content-type"];

/// One of a client's requests, with a session of its own.
fn request(client: u64, with_body: bool, policy: &str) -> Request {
    let mut headers: Vec<(String, String)> =
        BROWSER.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    headers.push(("cookie".to_owned(), format!("theme=dark; sid=0123456789{client:06x}")));
    let body = if with_body {
        format!(r#"{{"email":"customer-{client}@shop.example","password":"correct horse","remember":true}}"#)
    } else {
        String::new()
    };
    let address = format!("10.{}.{}.{}:4711", client >> 16 & 255, client >> 8 & 255, client & 255);
    Request { headers, body: body.into_bytes(), address, route_policy: Some(policy.to_owned()) }
}

/// A try of a script at one of many accounts, each from a network of its own.
fn try_of_script(n: u64) -> Request {
    let mut request = request(n, true, "login");
    request.headers.retain(|(name, _)| SCRIPTED.contains(&name.as_str()));
    request.headers.push(("user-agent".to_owned(), "python-requests/2.32.3".to_owned()));
    request.address = format!("172.{}.{}.1:4711", 16 + (n >> 8 & 15), n & 255);
    request
}

fn settings() -> Result<Settings, String> {
    let read = config::read(
        &json!({
            "secret": "a secret of this benchmark alone", "memory": "128MiB", "hold_headers": true,
            "client": {"session": {"cookie": "sid"}},
            "policies": {
                "content": {"role": "content"},
                "login": {"role": "login", "subject": {"json": "/email"}},
                "login-unread": {"role": "login", "subject": {"json": "/email"}, "rules": {"client-probes": "off"}},
                "content-unread": {"role": "content", "rules": {"client-probes": "off"}},
            },
        }),
        &|_| None,
    );
    Ok(read.map_err(|mistakes| mistakes.to_string())?.settings)
}

/// Customers look around and sign in; then a script tries until it is refused for what it does.
fn warm_up(worker: &mut Worker) {
    let ok = Answer::status(200);
    let mut now_ms = BEGIN_MS - WARM_UP_MS;
    for client in 1_000_000..1_000_300 {
        for (policy, with_body) in [("content", false); 4].into_iter().chain([("login", true)]) {
            now_ms += 1_500;
            worker.exchange(now_ms, &request(client, with_body, policy), || ok.clone());
            worker.tick(now_ms);
        }
    }
    for n in 0..300 {
        now_ms += 200;
        worker.exchange(now_ms, &try_of_script(n), || Answer::status(401));
        worker.tick(now_ms);
    }
}

/// Exchanges a second with these requests, and the share that was refused.
fn rate(requests: &[Request], status: u16, warm: bool) -> Result<(f64, f64), String> {
    let settings = settings()?;
    let answer = Answer::status(status);
    let mut refused = 0_u64;
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let mut worker = Worker::new(settings.clone(), Arc::new(Store::default()));
        if warm {
            warm_up(&mut worker);
        }
        refused = 0;
        let began = Instant::now();
        for (n, request) in (0..EXCHANGES).zip(requests.iter().cycle()) {
            // Half a million a second.
            let now_ms = BEGIN_MS + n / 500;
            if n % 50_000 == 0 {
                worker.tick(now_ms);
            }
            let seen = worker.exchange(now_ms, request, || answer.clone());
            refused += u64::from(seen.replied.is_some());
        }
        rates.push(EXCHANGES as f64 / began.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let rate = rates.get(ROUNDS / 2).copied().ok_or("no round was run")?;
    Ok((rate, refused as f64 / EXCHANGES as f64 * 100.0))
}

fn main() -> Result<(), String> {
    let mut report = Report::new("core");
    let of_policy = |clients: u64, with_body: bool, policy: &str| -> Vec<Request> {
        (0..clients).map(|client| request(client, with_body, policy)).collect()
    };
    let script: Vec<Request> = (0..4_000).map(try_of_script).collect();
    for (name, requests, status, warm, goal) in [
        ("allowed, 1,000 clients", of_policy(1_000, false, "login"), 200, false, ">= 500000"),
        ("  where probes are not looked for", of_policy(1_000, false, "login-unread"), 200, false, ""),
        ("allowed with sessions, content policy", of_policy(1_000, false, "content"), 200, false, ""),
        ("  where probes are not looked for", of_policy(1_000, false, "content-unread"), 200, false, ""),
        ("allowed, 1,000 clients, JSON subject", of_policy(1_000, true, "login"), 200, false, ""),
        ("  where probes are not looked for", of_policy(1_000, true, "login-unread"), 200, false, ""),
        ("allowed, 100,000 clients, JSON subject", of_policy(100_000, true, "login"), 200, false, ""),
        (
            "failing and then refused, 1,000 clients, JSON subject",
            of_policy(1_000, true, "login"),
            401,
            false,
            "",
        ),
        ("under attack: refused by behavior", script, 401, true, ""),
    ] {
        let (rate, refused) = rate(&requests, status, warm)?;
        report.add(name, rate, "exchanges/s", goal)?;
        report.add("  of these refused", refused, "%", "")?;
    }
    println!("{}", report.table());
    report.write()?;
    if report.all_met() { Ok(()) } else { Err("a goal was missed".to_owned()) }
}
