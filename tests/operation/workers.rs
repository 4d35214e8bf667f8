//! Many workers that share one table: whatever they do at the same time, none of it is lost.

use palisade::sandbox::Envoy;
use serde_json::json;

use super::clients::{Client, Connection};
use super::origin::{Origin, TOGETHER};
use super::stage::{counting, launch, lines, seen, settle, soon};

/// As many as the requests that the origin answers in one go.
const WORKERS: u32 = TOGETHER as u32;
/// Connections that send at the same time, and how many requests each sends.
const CONNECTIONS: usize = 64;
const EACH: usize = 40;
/// Clients that eight workers meet at the same moment for the first time.
const NEWCOMERS: usize = 400;

#[test]
fn eight_workers_lose_nothing() {
    let origin = Origin::obedient();
    let many = u32::try_from(CONNECTIONS * EACH + 1).unwrap();
    let policies = json!({
        "failing": counting("failures", many),
        "succeeding": counting("successes", many),
        "newcomers": counting("failures", WORKERS + 1),
    });
    let mut launch = launch(&origin, &policies).with_workers(WORKERS);
    let configuration = launch.bootstrap.plugin_configuration().unwrap();
    for policy in ["failing", "succeeding"] {
        configuration["policies"][policy]["mode"] = json!("observe");
    }
    let envoy = launch.start().unwrap();
    no_request_is_lost(&envoy, "failing", "failure", 401);
    no_request_is_lost(&envoy, "succeeding", "success", 200);
    no_first_failure_is_lost(&envoy);
}

/// All of one client's requests but one, over all workers at once, give no verdict; the last does.
fn no_request_is_lost(envoy: &Envoy, policy: &str, outcome: &str, status: u16) {
    let client = Client::number(1);
    let path = format!("/p/{policy}/{status}");
    let before = accepted(envoy);
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| Connection::open(envoy.address())).collect();
    let send = |some: &mut [Connection]| {
        for n in 0..EACH {
            let request = client.request(&format!("{path}-together"), n);
            some.iter_mut().for_each(|connection| connection.send(&request));
            some.iter_mut().for_each(|connection| assert_eq!(connection.answer(), status, "{policy}"));
        }
    };
    let send = &send;
    std::thread::scope(|scope| {
        for some in connections.chunks_mut(TOGETHER) {
            scope.spawn(move || send(some));
        }
    });
    let took_part = accepted(envoy).iter().zip(&before).filter(|(after, before)| after > before).count();
    assert!(took_part > 4, "{took_part} workers took part");
    let all = (CONNECTIONS * EACH) as u64;
    assert!(soon(|| seen(envoy, policy, outcome) == all), "{policy}: {}", seen(envoy, policy, outcome));
    let verdicts = || lines(envoy, &[&format!(r#""policy":"{policy}""#), r#""action":"limit""#]);
    settle();
    assert!(verdicts().is_empty(), "too many were counted: {:?}", verdicts());
    assert_eq!(client.login(envoy.address(), &path, 0), status);
    assert!(soon(|| verdicts().len() == 1), "{policy}: some of {all} were lost");
    assert!(verdicts()[0].contains(r#""enforced":false"#), "{:?}", verdicts());
}

/// A page of the table is created by the first to write to it. Here all workers want to at once:
/// every client is new, and the origin gives its eight answers in one go.
fn no_first_failure_is_lost(envoy: &Envoy) {
    let mut connections = one_for_each_worker(envoy);
    for n in 0..NEWCOMERS {
        let request = Client::number(100 + n).request("/p/newcomers/401-together", n);
        connections.iter_mut().for_each(|connection| connection.send(&request));
        connections.iter_mut().for_each(|connection| assert_eq!(connection.answer(), 401, "client {n}"));
    }
    let all = (NEWCOMERS * TOGETHER) as u64;
    let counted = || seen(envoy, "newcomers", "failure");
    assert!(soon(|| counted() == all), "{} of {all}", counted());
    let lost = |n: &usize| {
        let client = Client::number(100 + n);
        let connection = &mut connections[n % TOGETHER];
        connection.send(&client.request("/p/newcomers/401", 0));
        assert_eq!(connection.answer(), 401, "client {n} failed no more than eight times before");
        client.login(envoy.address(), "/p/newcomers/401", 0) != 429
    };
    let lost: Vec<usize> = (0..NEWCOMERS).filter(lost).collect();
    assert!(lost.is_empty(), "failures of {} clients of {NEWCOMERS} were lost: {lost:?}", lost.len());
}

/// How many connections each worker has accepted.
fn accepted(envoy: &Envoy) -> Vec<u64> {
    let stats = envoy.stats().unwrap();
    let of = |worker: u32| {
        let end = format!(".worker_{worker}.downstream_cx_total");
        stats
            .iter()
            .filter(|(name, _)| name.starts_with("listener.") && name.ends_with(&end))
            .map(|(_, n)| n)
            .sum()
    };
    (0..WORKERS).map(of).collect()
}

/// One open connection on each worker. The system deals them out, so some are opened in vain.
fn one_for_each_worker(envoy: &Envoy) -> Vec<Connection> {
    let mut found: Vec<Option<Connection>> = (0..WORKERS).map(|_| None).collect();
    for _ in 0..500 {
        let before = accepted(envoy);
        let connection = Connection::open(envoy.address());
        assert!(soon(|| accepted(envoy) != before), "a connection is accepted");
        let after = accepted(envoy);
        let worker = before.iter().zip(&after).position(|(before, after)| after > before).unwrap();
        found[worker].get_or_insert(connection);
        if found.iter().all(Option::is_some) {
            return found.into_iter().flatten().collect();
        }
    }
    panic!("some worker accepts no connection: {:?}", accepted(envoy));
}
