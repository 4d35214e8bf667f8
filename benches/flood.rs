//! `cargo bench --bench flood`: whether memory stays flat while a day brings more clients than it holds.
//!
//! A shop behind two workers is asked from 9,000,000 addresses by 4,000,000 agents of 300,000
//! fingerprints, each request in a new way, in virtual time. What the store holds is what Envoy's shared
//! data would hold; what the process takes beyond that is the workers' own. A filter that refuses everything
//! writes nothing, so half of the sign-ins go by a policy that only observes: all of them reach the origin
//! and are counted. It is told how many did, and how many records the last of them brought.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use palisade::config;
use palisade::facts::{Fingerprint, Headers, hash};
use palisade::learn;
use palisade::memory::layout::entries_cost_bytes;
use palisade::policy::Settings;
use palisade::sandbox::Report;
use palisade::sim::{Answer, Request, Store, Worker};
use serde_json::json;

const REQUESTS: u64 = 9_000_000;
const QUARTER: u64 = REQUESTS / 4;
const BEGIN_MS: u64 = 1_800_000_000_000;
const DAY_MS: u64 = 86_400_000;

/// Requests come in gusts, so that fewer than a million ticks make a day.
const GUST: u64 = 500;
const GUST_MS: u64 = 100;

const WORKERS: usize = 2;
const MEMORY: &str = "64MiB";

/// A make is a family of agents, a locale and what TLS tells; the order of headers goes with the last.
const FAMILIES: u64 = 60;
const LOCALES: u64 = 10;
const TLS: u64 = 500;
const ORDERS: u64 = 5;
const FINGERPRINTS: u64 = FAMILIES * LOCALES * TLS;

/// Releases of each family of agents: 4,000,020 agents in all.
const RELEASES: u64 = 66_667;
const AGENTS: u64 = FAMILIES * RELEASES;

/// Of a hundred requests: sign-ins that fail, under either policy; sign-ins that succeed; new accounts. The
/// rest looks around.
const FAILING: u64 = 22;
const OBSERVED: u64 = 23;
const SUCCEEDING: u64 = 10;
const SIGNING_UP: u64 = 15;

fn settings() -> Result<Settings, String> {
    let configuration = json!({
        "secret": "a secret of this benchmark alone", "memory": MEMORY, "hold_headers": true,
        "client": {"session": {"cookie": "sid"}, "tls": {"header": "x-ja4"}},
        "policies": {
            "content": {"role": "content"},
            "login": {"role": "login", "subject": {"json": "/email"}},
            "observed": {"role": "login", "mode": "observe", "subject": {"json": "/email"}},
            "signup": {
                "role": "signup", "subject": {"json": "/email"},
                "follow_up": {"policies": ["login"], "within": "30m"},
            },
        },
    });
    let read = config::read(&configuration, &|_| None).map_err(|mistakes| mistakes.to_string())?;
    Ok(read.settings)
}

/// What a request asks for, and what the origin would answer.
struct Errand {
    policy: &'static str,
    status: u16,
}

fn errand(n: u64) -> Errand {
    let (policy, status) = match hash::public(&n.to_le_bytes()) % 100 {
        share if share < FAILING => ("login", 401),
        share if share < FAILING + OBSERVED => ("observed", 401),
        share if share < FAILING + OBSERVED + SUCCEEDING => ("login", 200),
        share if share < FAILING + OBSERVED + SUCCEEDING + SIGNING_UP => ("signup", 201),
        _ => ("content", 200),
    };
    Errand { policy, status }
}

/// A different one for each request: multiplying by an odd number is one to one.
fn address(n: u64) -> u32 {
    (n as u32).wrapping_mul(0x9e37_79b1)
}

fn agent(n: u64) -> String {
    let (family, release) = (n % FAMILIES, n / FAMILIES % RELEASES);
    format!(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.{release}.7 Safari/537.36",
        100 + family
    )
}

/// The headers that tell of the make.
fn headers(n: u64) -> Vec<(String, String)> {
    let make = n % FINGERPRINTS;
    let (locale, tls) = (make / FAMILIES % LOCALES, make / (FAMILIES * LOCALES));
    let mut headers = vec![
        ("user-agent", agent(n)),
        ("accept", "application/json".to_owned()),
        ("accept-language", format!("en-{locale},en;q=0.9")),
        ("accept-encoding", "gzip, br".to_owned()),
        ("x-ja4", format!("t13d1516h2_8daaf6152771_{tls:012x}")),
    ];
    headers.insert((tls % ORDERS) as usize, ("dnt", "1".to_owned()));
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn request(n: u64, errand: &Errand) -> Request {
    let mut all = vec![
        (":authority".to_owned(), "shop.example".to_owned()),
        (":path".to_owned(), format!("/{}/{}", errand.policy, n % 1000)),
        (":method".to_owned(), if errand.policy == "content" { "GET" } else { "POST" }.to_owned()),
    ];
    all.extend(headers(n));
    // Two requests share a session: many look around before they sign in.
    all.push(("cookie".to_owned(), format!("sid={:016x}", n / 2)));
    let mut body = Vec::new();
    if errand.policy != "content" {
        body = format!(r#"{{"email":"{n}@mail.example","password":"correct horse"}}"#).into_bytes();
        all.push(("content-type".to_owned(), "application/json".to_owned()));
        all.push(("content-length".to_owned(), body.len().to_string()));
    }
    let [a, b, c, d] = address(n).to_be_bytes();
    let route_policy = Some(errand.policy.to_owned());
    Request { headers: all, body, address: format!("{a}.{b}.{c}.{d}:4711"), route_policy }
}

/// How many there are of what the flood is made of.
fn variety(report: &mut Report) -> Result<(), String> {
    let mut addresses: Vec<u32> = (0..REQUESTS).map(address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    report.add("distinct addresses", addresses.len() as f64, "", ">= 9000000")?;
    let agents: HashSet<u64> = (0..AGENTS).map(|n| hash::public(agent(n).as_bytes())).collect();
    report.add("distinct agents", agents.len() as f64, "", ">= 4000000")?;
    let fingerprint = |n| {
        let headers = headers(n);
        let tls = headers.iter().find(|(name, _)| name == "x-ja4").map(|(_, value)| value.as_bytes());
        let view = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        Fingerprint::new(&Headers::new(view), &["x-ja4".to_owned()], tls).whole
    };
    let fingerprints: HashSet<u64> = (0..FINGERPRINTS).map(fingerprint).collect();
    report.add("distinct fingerprints", fingerprints.len() as f64, "", ">= 300000")
}

/// Resident bytes of this process.
fn resident_bytes() -> Result<u64, String> {
    let text = std::fs::read_to_string("/proc/self/statm").map_err(|e| format!("/proc/self/statm: {e}"))?;
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.map(|pages| pages * 4096).ok_or_else(|| format!("/proc/self/statm: {text}"))
}

/// What is seen at the end of a quarter.
#[derive(Clone, Copy, Default)]
struct Mark {
    table_bytes: u64,
    resident_bytes: u64,
    replaced: u64,
    passed: u64,
}

struct Shop {
    store: Arc<Store>,
    workers: Vec<Worker>,
    passed: u64,
}

impl Shop {
    fn new(settings: &Settings) -> Self {
        let store = Arc::new(Store::default());
        let worker = || Worker::new(settings.clone(), Arc::clone(&store));
        let workers = (0..WORKERS).map(|_| worker()).collect();
        Self { store, workers, passed: 0 }
    }

    fn gust(&mut self, from: u64) {
        let begin_ms = BEGIN_MS + from * DAY_MS / REQUESTS;
        for n in from..from + GUST {
            let errand = errand(n);
            let request = request(n, &errand);
            let now_ms = begin_ms + (n - from) * GUST_MS / GUST;
            // Not by turns: each worker has all kinds of client and both requests of some sessions.
            let turn = (n / 3) as usize % WORKERS;
            let Some(worker) = self.workers.get_mut(turn) else { continue };
            let seen = worker.exchange(now_ms, &request, || Answer::status(errand.status));
            self.passed += u64::from(seen.replied.is_none());
        }
        for worker in &mut self.workers {
            worker.tick(begin_ms + GUST_MS);
            worker.host.lines.borrow_mut().clear();
        }
    }

    fn mark(&self) -> Result<Mark, String> {
        Ok(Mark {
            table_bytes: self.store.value_bytes() + entries_cost_bytes(self.store.keys() as u64),
            resident_bytes: resident_bytes()?,
            replaced: self.workers.iter().map(|worker| worker.host.metric("table.replaced")).sum(),
            passed: self.passed,
        })
    }
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

fn add_marks(report: &mut Report, settings: &Settings, before: u64, marks: [Mark; 4]) -> Result<(), String> {
    let bound = learn::bound(settings);
    let workers_bytes = WORKERS as u64 * bound.worker_bytes;
    let within = format!("<= {}", mib(settings.memory_bytes as f64));
    for (name, mark) in ["a quarter", "half", "three quarters", "all"].into_iter().zip(marks) {
        let name = format!("the table after {name} of the day");
        report.add(&name, mib(mark.table_bytes as f64), "MiB", &within)?;
    }
    let [first, half, third, last] = marks;
    let growth = last.table_bytes as f64 / half.table_bytes as f64 - 1.0;
    report.add("growth of the table in the last half", growth * 100.0, "%", "<= 1")?;
    report.add("what each worker may keep", mib(bound.worker_bytes as f64), "MiB", "")?;
    let grown = |since: u64| mib(last.resident_bytes as f64 - since as f64);
    let goal = format!("<= {}", mib(workers_bytes as f64));
    report.add(
        "growth of the process after a quarter of the day",
        grown(first.resident_bytes),
        "MiB",
        &goal,
    )?;
    let goal = format!("<= {}", mib((settings.memory_bytes + workers_bytes) as f64));
    report.add("growth of the process in all", grown(before), "MiB", &goal)?;
    report.add("requests that reached the origin", last.passed as f64 / REQUESTS as f64 * 100.0, "%", "")?;
    let late = (last.passed - third.passed) as f64 / QUARTER as f64 * 100.0;
    report.add("of those in the last quarter", late, "%", ">= 20")?;
    let replaced = (last.replaced - third.replaced) as f64;
    report.add("records that made room in the last quarter", replaced, "", "> 100000")
}

fn main() -> Result<(), String> {
    let mut report = Report::new("flood");
    variety(&mut report)?;
    let settings = settings()?;
    let before = resident_bytes()?;
    let began = Instant::now();
    let mut shop = Shop::new(&settings);
    let mut marks = [Mark::default(); 4];
    for (quarter, mark) in (0..).zip(&mut marks) {
        for gust in 0..QUARTER / GUST {
            shop.gust(quarter * QUARTER + gust * GUST);
        }
        *mark = shop.mark()?;
    }
    add_marks(&mut report, &settings, before, marks)?;
    report.add("time it took", began.elapsed().as_secs_f64(), "s", "<= 120")?;
    println!("{}", report.table());
    report.write()?;
    if report.all_met() { Ok(()) } else { Err("a goal was missed".to_owned()) }
}
