//! Nothing that a client or an origin sends makes the module fail: a bounded storm of broken,
//! oversized and absurd requests and answers, the same ones in each run, and an honest client after it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use palisade::sandbox::Envoy;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::clients::Client;
use super::origin::{Deed, Origin, answer};
use super::stage::{at_once, launch, lines, route, seen, settle, soon, stat};

#[path = "hostile/answers.rs"]
mod answers;
#[path = "hostile/bodies.rs"]
mod bodies;
#[path = "hostile/http1.rs"]
mod http1;
#[path = "hostile/http2.rs"]
mod http2;

/// Requests of each storm; each is on a connection of its own.
const REQUESTS: usize = 1_000;
/// How long an answer is waited for: many of these requests never get one.
const PATIENCE: Duration = Duration::from_millis(150);

/// How many instances of the module Envoy has made.
const MACHINES: &str = "wasm.envoy.wasm.runtime.v8.created";

/// What is sent, and how the connection ends.
struct Storm {
    bytes: Vec<u8>,
    ending: Ending,
}

enum Ending {
    /// The client waits for an answer.
    Wait,
    /// It says that it sends no more, and then waits.
    HalfClose,
    /// It goes at once, with an answer unread if there is one.
    Leave,
}

fn policies() -> Value {
    let by_json = json!({"json": {"pointer": "/ok", "value": false}, "status": [401]});
    let policy = |subject: Value| json!({"role": "login", "subject": subject, "failure": by_json});
    json!({
        "json": policy(json!({"json": "/user/0/email"})),
        "form": policy(json!({"form": "user"})),
        "query": policy(json!({"query": "user"})),
        "path": policy(json!({"path": "/p/path/{subject}/x"})),
        "header": policy(json!({"header": "x-user"})),
        "cookie": policy(json!({"cookie": "user"})),
        "strict": {
            "role": "login", "subject": {"json": "/email"}, "on_trouble": "block",
            "failure": {"body": "wrong", "header": {"name": "x-result"}},
        },
        "honest": {"role": "login", "subject": {"json": "/email"}},
    })
}

/// Sends a storm at an Envoy that knows clients' sessions by `session`, and then looks whether it
/// still does what it should.
fn is_weathered(session: Value, seed: u64) {
    let answers = AtomicU64::new(0);
    let origin = Origin::start(move |head| {
        if head.contains(" /p/honest/") {
            return Deed::Answer(answer(401, "", "{}"));
        }
        let n = answers.fetch_add(1, Ordering::Relaxed);
        answers::any(&mut StdRng::seed_from_u64(seed + n))
    });
    let mut launch = launch(&origin, &policies());
    let mut routes = super::stage::routes(&policies());
    routes.insert(0, route("/nobody/", "misnamed"));
    launch.bootstrap.set_routes(json!(routes)).unwrap();
    let configuration = launch.bootstrap.plugin_configuration().unwrap();
    configuration["client"] = json!({
        "session": session, "address": {"header": "x-address"}, "tls": {"header": "x-ja4"},
    });
    let envoy = launch.start().unwrap();
    let machines = stat(&envoy, MACHINES);
    at_once(REQUESTS, |n| {
        let mut chance = StdRng::seed_from_u64(seed + n as u64);
        let storm = if n % 4 == 0 { http2::any(&mut chance) } else { http1::any(&mut chance) };
        send(envoy.address(), &storm);
    });
    nothing_failed(&envoy, machines);
    let judged = || -> u64 {
        let stats = envoy.stats().unwrap();
        stats.iter().filter(|(name, _)| name.contains("palisade_requests")).map(|(_, count)| count).sum()
    };
    assert!(soon(|| judged() > REQUESTS as u64 / 4), "only {} requests got as far as to be judged", judged());
    an_honest_client_is_served(&envoy);
    nothing_failed(&envoy, machines);
}

/// Whatever Envoy does with the bytes, it is no matter to this client.
fn send(to: SocketAddr, storm: &Storm) {
    let mut stream = TcpStream::connect(to).expect("Envoy accepts connections");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let sent = stream.write_all(&storm.bytes);
    match storm.ending {
        Ending::Leave => return,
        Ending::HalfClose => drop(stream.shutdown(Shutdown::Write)),
        Ending::Wait => {}
    }
    let mut part = [0; 16 * 1024];
    while sent.is_ok() && stream.read(&mut part).is_ok_and(|count| count > 0) {
        // Where something came, the rest is not far.
        stream.set_read_timeout(Some(PATIENCE / 8)).unwrap();
    }
}

/// No instance of the module failed or was replaced, by what Envoy says if one does.
fn nothing_failed(envoy: &Envoy, machines: u64) {
    for words in ["panicked", "Function: proxy_", "[critical]"] {
        assert_eq!(lines(envoy, &[words]), Vec::<String>::new());
    }
    let stats = envoy.stats().unwrap();
    let reloads = stats.iter().filter(|(name, count)| name.starts_with("wasm.palisade.") && **count > 0);
    assert_eq!(reloads.collect::<Vec<_>>(), []);
    assert_eq!(stat(envoy, MACHINES), machines, "an instance was replaced");
}

fn an_honest_client_is_served(envoy: &Envoy) {
    let client = Client::number(9_000);
    let login = |n| client.login(envoy.address(), "/p/honest/", n);
    let failed = (0..8).map(login).take_while(|status| *status == 401).count() as u64;
    assert!(failed >= 3, "{failed} failures");
    settle();
    assert_eq!(login(0), 429);
    assert!(soon(|| seen(envoy, "honest", "failure") == failed), "{failed} failures are counted");
}

#[test]
fn a_storm_of_requests_is_weathered_where_sessions_are_cookies() {
    is_weathered(json!({"cookie": "sid"}), 1_000_000);
}

#[test]
fn a_storm_of_requests_is_weathered_where_sessions_are_tokens() {
    is_weathered(json!("bearer"), 2_000_000);
}

/// One of several.
fn one_of<T: Copy>(chance: &mut StdRng, choices: &[T]) -> T {
    choices[chance.random_range(0..choices.len())]
}

/// Bytes that a header's value may hold in HTTP/1.1, letters or not, UTF-8 or not.
fn any_bytes(chance: &mut StdRng, most: usize) -> Vec<u8> {
    let length = chance.random_range(0..=most);
    (0..length)
        .map(|_| one_of(chance, &[b'a', b'=', b';', b',', b' ', b'%', 0x80, 0xc3, 0xff, b'"']))
        .collect()
}
