//! The traffic player: the same seed gives the same bytes, labels stay home, answers are read whole.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

#[path = "../examples/player/mod.rs"]
#[expect(dead_code, unused_imports, reason = "playing is tested by the demo; here is what plays")]
mod player;
#[path = "../examples/shop/seed.rs"]
mod seed;

use player::wire::Connection;
use player::{Plan, Side, family};

/// Every request of a plan as it goes over the wire.
fn written(plan: &Plan) -> Vec<(u64, String)> {
    let actors = plan.scenarios.iter().flat_map(|scenario| &scenario.actors);
    let write = |actor: &player::plan::Actor| {
        let one = |step: &player::plan::Step| {
            let bare = family::Bare {
                method: step.method,
                path: &step.path,
                body: step.body.as_deref(),
                address: &actor.address,
                session: None,
            };
            (step.at_ms, String::from_utf8(actor.family.write(&bare)).unwrap())
        };
        actor.steps.iter().map(one).collect::<Vec<_>>()
    };
    actors.flat_map(write).collect()
}

#[test]
fn the_same_seed_gives_the_same_traffic() {
    let first = written(&Plan::new(7, 20));
    assert_eq!(first, written(&Plan::new(7, 20)));
    assert_ne!(first, written(&Plan::new(8, 20)));
}

#[test]
fn labels_are_never_sent() {
    let plan = Plan::new(1, 20);
    for (_, request) in written(&plan) {
        let request = request.to_lowercase();
        for scenario in &plan.scenarios {
            assert!(!request.contains(scenario.name), "{request}");
        }
        assert!(!request.contains("attack") && !request.contains("palisade"), "{request}");
    }
}

#[test]
fn nothing_is_due_after_the_end() {
    for seconds in [20, 60] {
        let late = written(&Plan::new(1, seconds)).into_iter().find(|&(at_ms, _)| at_ms > seconds * 1_000);
        assert_eq!(late, None);
    }
}

#[test]
fn attackers_share_no_client_with_customers() {
    let plan = Plan::new(1, 60);
    let clients = |customers: bool| -> HashSet<(String, &str)> {
        let scenarios = plan.scenarios.iter().filter(|s| (s.side == Side::Customers) == customers);
        let actors = scenarios.flat_map(|scenario| &scenario.actors);
        let network = |address: &str| address.rsplit_once('.').unwrap().0.to_owned();
        actors.map(|actor| (network(&actor.address), actor.family.agent)).collect()
    };
    let (customers, attackers) = (clients(true), clients(false));
    assert_eq!(customers.intersection(&attackers).next(), None, "no filter could tell them apart");
    let networks: HashSet<_> = customers.iter().map(|client| &client.0).collect();
    let agents: HashSet<_> = customers.iter().map(|client| client.1).collect();
    assert!(attackers.iter().any(|client| networks.contains(&client.0)), "one attacker shares a network");
    assert!(attackers.iter().any(|client| agents.contains(client.1)), "one attacker copies a browser");
}

#[test]
fn chrome_sends_its_headers_in_its_own_order() {
    let chrome = player::browser::BROWSERS[0];
    let bare = family::Bare {
        method: "POST",
        path: "/api/v1/cart",
        body: Some("{}"),
        address: "192.0.2.1",
        session: Some("s"),
    };
    let request = String::from_utf8(chrome.write(&bare)).unwrap();
    let names: Vec<&str> =
        request.lines().skip(1).take_while(|l| !l.is_empty()).map(|l| l.split_once(':').unwrap().0).collect();
    let expected = "Host Connection Content-Length sec-ch-ua-platform User-Agent sec-ch-ua content-type \
                    sec-ch-ua-mobile Accept Origin Sec-Fetch-Site Sec-Fetch-Mode Sec-Fetch-Dest Referer \
                    Accept-Encoding Accept-Language Cookie x-forwarded-for";
    assert_eq!(names.join(" "), expected);
    assert!(request.ends_with("\r\n\r\n{}"));
}

/// Answers every request on one connection with the next of these.
fn server(answers: &'static [&'static str]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for answer in answers {
            let _ = stream.read(&mut [0; 1_024]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn answers_are_read_whole_and_the_connection_is_kept() {
    let address = server(&[
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: sid=a; Path=/\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    ]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut replies = runtime.block_on(async {
        let mut connection = Connection::new(address);
        let mut replies = Vec::new();
        for _ in 0..5 {
            replies.push(connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap());
        }
        replies
    });
    assert_eq!(replies[0].set_cookie, "sid=a; Path=/");
    let read: Vec<(u16, String)> =
        replies.drain(..).map(|reply| (reply.status, String::from_utf8(reply.body).unwrap())).collect();
    let expected = [(200, "hello"), (200, "abc0123456789"), (204, ""), (201, ""), (200, "until the end")];
    assert_eq!(read, expected.map(|(status, body)| (status, body.to_owned())));
}
