//! `cargo bench --bench core`: exchanges a second that the core does without Envoy, on one core.
//!
//! One worker over the simulated store, a browser's headers, from as many clients as stated; time
//! moves as it would at that rate.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]

use std::sync::Arc;
use std::time::Instant;

use palisade::config;
use palisade::sandbox::Report;
use palisade::sim::{Answer, Request, Store, Worker};
use serde_json::json;

const EXCHANGES: u64 = 400_000;
const BEGIN_MS: u64 = 1_800_000_000_000;
const ROUNDS: usize = 5;

/// What a browser sends, as Envoy shows it.
const BROWSER: [(&str, &str); 17] = [
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
    ("cookie", "theme=dark; sid=0123456789abcdef"),
];

fn request(client: u64, with_body: bool) -> Request {
    let headers = BROWSER.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let body = if with_body {
        format!(r#"{{"email":"customer-{client}@shop.example","password":"correct horse","remember":true}}"#)
    } else {
        String::new()
    };
    let address = format!("10.{}.{}.{}:4711", client >> 16 & 255, client >> 8 & 255, client & 255);
    Request { headers, body: body.into_bytes(), address, route_policy: Some("login".to_owned()) }
}

fn rate(clients: u64, status: u16, with_body: bool) -> Result<f64, String> {
    let settings = config::read(
        &json!({
            "secret": "a secret of this benchmark alone", "memory": "128MiB", "hold_headers": true,
            "client": {"session": {"cookie": "sid"}},
            "policies": {"login": {"role": "login", "subject": {"json": "/email"}}},
        }),
        &|_| None,
    )
    .map_err(|mistakes| mistakes.to_string())?
    .settings;
    let requests: Vec<Request> = (0..clients).map(|client| request(client, with_body)).collect();
    let answer = Answer::status(status);
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let mut worker = Worker::new(settings.clone(), Arc::new(Store::default()));
        let began = Instant::now();
        for (n, request) in (0..EXCHANGES).zip(requests.iter().cycle()) {
            // Half a million a second.
            let now_ms = BEGIN_MS + n / 500;
            if n % 50_000 == 0 {
                worker.tick(now_ms);
            }
            worker.exchange(now_ms, request, || answer.clone());
        }
        rates.push(EXCHANGES as f64 / began.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    rates.get(ROUNDS / 2).copied().ok_or_else(|| "no round was run".to_owned())
}

fn main() -> Result<(), String> {
    let mut report = Report::new("core");
    for (name, clients, status, with_body, goal) in [
        ("allowed, 1,000 clients", 1_000, 200, false, ">= 500000"),
        ("allowed, 1,000 clients, JSON subject", 1_000, 200, true, ""),
        ("allowed, 100,000 clients, JSON subject", 100_000, 200, true, ""),
        ("failing and then refused, 1,000 clients, JSON subject", 1_000, 401, true, ""),
    ] {
        report.add(name, rate(clients, status, with_body)?, "exchanges/s", goal)?;
    }
    println!("{}", report.table());
    report.write()?;
    if report.all_met() { Ok(()) } else { Err("a goal was missed".to_owned()) }
}
