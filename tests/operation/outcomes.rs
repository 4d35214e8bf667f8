//! Which answers are a client's failure, and which are nobody's.

use palisade::sandbox::Envoy;
use serde_json::{Value, json};

use super::clients::{Client, Connection};
use super::origin::Origin;
use super::stage::{at_once, launch, login, route, seen, settle, soon, verdicts};

/// Far more than a login policy bears of true failures.
const TIMES: usize = 30;
/// So many failures never make a verdict, and so many always: four do, unless two accounts fall on
/// one of the 64 places by which a tally tells them apart.
const FEW: usize = 3;
const MANY: usize = 7;

/// What a request of this cause is answered with.
const CAUSES: [(&str, &str, u16); 7] = [
    ("lost", "reset", 503),
    ("late", "silence", 504),
    ("nowhere", "401", 503),
    ("denied-after", "401", 403),
    ("denied-before", "401", 403),
    ("direct", "401", 401),
    ("cut", "cut", 200),
];

/// One policy for each cause, so that each has metrics of its own.
fn policies() -> Value {
    let mut policies: serde_json::Map<String, Value> =
        CAUSES.iter().map(|(cause, ..)| ((*cause).to_owned(), login())).collect();
    policies["cut"]["failure"] = json!({"json": {"pointer": "/ok", "value": false}});
    policies.insert("left".to_owned(), login());
    policies.insert("ours".to_owned(), login());
    policies.insert("unmarked".to_owned(), login());
    for (name, failure) in [
        ("by-status", json!({"status": [418]})),
        ("by-header", json!({"header": {"name": "x-result", "value": "bad"}})),
        ("by-json", json!({"json": {"pointer": "/ok", "value": false}})),
        ("by-text", json!({"body": "wrong password"})),
        ("before-trailers", json!({"json": {"pointer": "/ok", "value": false}})),
        ("by-halves", json!({"body": "wrong password"})),
    ] {
        let policy = json!({"role": "login", "subject": {"json": "/email"}, "failure": failure});
        policies.insert(name.to_owned(), policy);
    }
    Value::Object(policies)
}

fn start(origin: &Origin) -> Envoy {
    let policies = policies();
    let mut launch = launch(origin, &policies);
    let mut routes: Vec<Value> =
        CAUSES.iter().map(|(cause, ..)| route(&format!("/p/{cause}/"), cause)).collect();
    routes[1]["route"]["timeout"] = json!("0.2s");
    routes[2]["route"]["cluster"] = json!("nowhere");
    routes[5].as_object_mut().unwrap().remove("route");
    routes[5]["direct_response"] = json!({"status": 401});
    let mut unmarked = route("/p/unmarked/", "unmarked");
    unmarked["response_headers_to_remove"] = json!(["x-envoy-upstream-service-time"]);
    routes.push(unmarked);
    // The same policies, with nothing in the way of the origin.
    routes.extend(CAUSES.iter().map(|(cause, ..)| route(&format!("/control/{cause}/"), cause)));
    routes.extend(super::stage::routes(&policies));
    launch.bootstrap.set_routes(json!(routes)).unwrap();
    let clusters = launch.bootstrap.at("/static_resources/clusters").unwrap().as_array_mut().unwrap();
    clusters[0]["typed_extension_protocol_options"] = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http_protocol_options": {"enable_trailers": true}},
        },
    });
    clusters.push(json!({
        "name": "nowhere", "type": "STATIC", "load_assignment": {"cluster_name": "nowhere", "endpoints": []},
    }));
    let filters = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    let filters = launch.bootstrap.at(filters).unwrap().as_array_mut().unwrap();
    filters.insert(1, denying("denied-after"));
    filters.insert(0, denying("denied-before"));
    launch.start().unwrap()
}

/// A filter that answers 403 to everything under `/p/NAME/`.
fn denying(name: &str) -> Value {
    json!({
        "name": name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": {"action": "DENY", "policies": {"all": {
                "permissions": [{"url_path": {"path": {"prefix": format!("/p/{name}/")}}}],
                "principals": [{"any": true}],
            }}},
        },
    })
}

#[test]
fn outcomes_are_the_origins_and_nobody_elses() {
    let origin = Origin::obedient();
    let envoy = start(&origin);
    for (n, cause) in CAUSES.into_iter().enumerate() {
        is_nobodys_failure(&envoy, &origin, &Client::number(n), cause);
    }
    clients_that_leave_have_not_failed(&envoy, &origin, &Client::number(20));
    clients_that_leave_with_a_refusal_have_failed(&envoy, &origin, &Client::number(21));
    our_own_replies_are_not_failures(&envoy, &Client::number(22));
    let ways = [
        ("by-status", "accepted", "418"),
        ("by-header", "accepted", "marked"),
        ("by-json", "accepted", "refused"),
        ("by-text", "accepted", "sorry"),
        ("before-trailers", "accepted-in-chunks", "refused-in-chunks"),
        ("unmarked", "accepted", "401"),
    ];
    for (n, way) in ways.into_iter().enumerate() {
        failures_are_read(&envoy, &Client::number(30 + n), way);
    }
}

/// The cause alone never leads to a verdict, though the same client's true failures do.
fn is_nobodys_failure(
    envoy: &Envoy,
    origin: &Origin,
    client: &Client,
    (cause, word, status): (&str, &str, u16),
) {
    let path = format!("/p/{cause}/{word}");
    let ask = |n| {
        if cause != "cut" {
            return client.login(envoy.address(), &path, n);
        }
        let mut connection = Connection::open(envoy.address());
        connection.send(&client.request(&path, n));
        let status = connection.answer_until("\"ok\":");
        origin.go_on();
        connection.end();
        status
    };
    assert_eq!(at_once(TIMES, ask), [status; TIMES], "{cause}");
    // What a filter before Palisade answers never gets to it.
    let errors = if cause == "denied-before" { 0 } else { TIMES as u64 };
    let counted =
        || (seen(envoy, cause, "error"), seen(envoy, cause, "failure"), seen(envoy, cause, "success"));
    assert!(soon(|| counted() == (errors, 0, 0)), "{cause}: errors, failures, successes: {:?}", counted());
    assert_eq!(verdicts(envoy, cause), 0, "{cause}");
    let refused = if cause == "cut" { ("refused", 200) } else { ("401", 401) };
    is_limited_after_failures(envoy, client, &format!("/control/{cause}/{}", refused.0), refused.1);
}

/// Nothing is held against the client yet, and its true failures are; returns how many of its
/// requests the origin failed, and how many Palisade refused.
fn is_limited_after_failures(envoy: &Envoy, client: &Client, path: &str, status: u16) -> (u64, u64) {
    let login = |n| client.login(envoy.address(), path, n);
    let statuses: Vec<u16> = (0..MANY).map(login).collect();
    assert_eq!(statuses[..FEW], [status; FEW], "{path}");
    assert!(statuses.iter().all(|s| [status, 429].contains(s)), "{path}: {statuses:?}");
    settle();
    assert_eq!(login(0), 429, "{path}: {statuses:?}");
    let failed = statuses.iter().filter(|s| **s == status).count();
    (failed as u64, (MANY - failed + 1) as u64)
}

fn clients_that_leave_have_not_failed(envoy: &Envoy, origin: &Origin, client: &Client) {
    for n in 0..TIMES {
        let before = origin.asked();
        let mut connection = Connection::open(envoy.address());
        connection.send(&client.request("/p/left/silence", n));
        assert!(soon(|| origin.asked() > before), "the origin is asked");
        drop(connection);
    }
    let errors = || seen(envoy, "left", "error");
    assert!(soon(|| errors() == TIMES as u64), "{} of {TIMES}", errors());
    is_limited_after_failures(envoy, client, "/p/left/401", 401);
}

/// Nobody hides a failure by leaving before the answer's end.
fn clients_that_leave_with_a_refusal_have_failed(envoy: &Envoy, origin: &Origin, client: &Client) {
    for n in 0..MANY {
        let mut connection = Connection::open(envoy.address());
        connection.send(&client.request("/p/by-halves/cut-after-refusal", n));
        if connection.answer_until("}") == 429 {
            break;
        }
        drop(connection);
        let failures = || seen(envoy, "by-halves", "failure");
        assert!(soon(|| failures() == n as u64 + 1), "{n}");
        origin.go_on();
    }
    settle();
    assert_eq!(client.login(envoy.address(), "/p/by-halves/200", 0), 429);
}

fn our_own_replies_are_not_failures(envoy: &Envoy, client: &Client) {
    let (failed, refused) = is_limited_after_failures(envoy, client, "/p/ours/401", 401);
    let statuses = at_once(TIMES, |n| client.login(envoy.address(), "/p/ours/401", n));
    assert_eq!(statuses, [429; TIMES]);
    let counted = || (seen(envoy, "ours", "failure"), seen(envoy, "ours", "answered"));
    assert!(soon(|| counted() == (failed, refused + TIMES as u64)), "{:?}", counted());
}

fn failures_are_read(envoy: &Envoy, client: &Client, (policy, accepted, failed): (&str, &str, &str)) {
    let path = format!("/p/{policy}/{accepted}");
    let statuses = at_once(TIMES, |n| client.login(envoy.address(), &path, n));
    assert_eq!(statuses, [200; TIMES], "{policy}");
    let status = failed.parse().unwrap_or(200);
    let (failures, _) = is_limited_after_failures(envoy, client, &format!("/p/{policy}/{failed}"), status);
    let counted = || (seen(envoy, policy, "failure"), seen(envoy, policy, "success"));
    assert!(soon(|| counted() == (failures, TIMES as u64)), "{policy}: {:?}", counted());
}
