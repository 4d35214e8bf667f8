//! Replies to gRPC, with the client of gRPC's own project and with bare HTTP/2.

use serde_json::{Value, json};

use crate::program;
use crate::stage::{STAGE, Someone, soon};

/// What grpcio's client gets for its calls.
fn calls(someone: &Someone, policy: &str, calls: &Value) -> Vec<Value> {
    let port = someone.to.port().to_string();
    let results = program::run("grpc_client.py", &[&port, policy, &someone.address], calls);
    results.as_array().unwrap().clone()
}

fn log_in(password: &str) -> Value {
    json!({"call": "LogIn", "message": password})
}

/// A call in bare HTTP/2, and all of what comes back.
fn call(someone: &Someone, policy: &str) -> Value {
    let request = json!({
        "conn": 1,
        "headers": [
            [":method", "POST"], [":authority", "shop.example"], [":scheme", "http"],
            [":path", format!("/p/{policy}/LogIn")], ["content-type", "application/grpc"],
            ["te", "trailers"], ["x-forwarded-for", someone.address],
        ],
        "body": "\u{0}\u{0}\u{0}\u{0}\u{5}wrong",
    });
    program::run("http2.py", &[&someone.to.port().to_string()], &json!([request]))[0].clone()
}

/// Someone whom this policy condemned.
fn condemned(policy: &str) -> Someone {
    let someone = STAGE.someone();
    let results = calls(&someone, policy, &json!([log_in("a"), log_in("b"), log_in("c")]));
    assert!(results.iter().all(|result| result["status"] == "UNAUTHENTICATED"), "{results:?}");
    someone
}

#[test]
fn refusals_have_a_status_and_a_message_that_helps_nobody() {
    for (policy, status, message) in [
        ("grpc-limits", "RESOURCE_EXHAUSTED", "too many requests"),
        ("grpc-blocks", "PERMISSION_DENIED", "forbidden"),
    ] {
        let someone = condemned(policy);
        let kinds = json!([log_in("right"), {"call": "Talk", "messages": ["one"]}]);
        for result in calls(&someone, policy, &kinds) {
            assert_eq!(
                (&result["status"], &result["details"]),
                (&json!(status), &json!(message)),
                "{result}"
            );
        }
    }
}

#[test]
fn a_refusal_is_all_trailers_and_a_limit_says_when_to_come_back() {
    for (policy, code) in [("grpc-limits", "8"), ("grpc-blocks", "7")] {
        let someone = condemned(policy);
        let got = call(&someone, policy);
        let header = |name: &str| {
            let headers = got["headers"].as_array().unwrap();
            headers.iter().find(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned())
        };
        assert_eq!((&got["status"], &got["body"]), (&json!(200), &json!("")), "{got}");
        assert_eq!(header("content-type").as_deref(), Some("application/grpc"));
        assert_eq!(header("grpc-status").as_deref(), Some(code));
        let wait = header("grpc-retry-pushback-ms").map(|ms| ms.parse::<u32>().unwrap());
        assert_eq!(wait.is_some(), policy == "grpc-limits", "{got}");
        assert!(wait.is_none_or(|ms| (1_000..=31_000).contains(&ms)), "{got}");
    }
}

#[test]
fn a_client_that_tries_again_by_itself_waits_until_it_may() {
    let someone = condemned("grpc-short");
    let port = someone.to.port().to_string();
    let got = program::run("../worlds/grpc_retry.py", &[&port, "grpc-short", &someone.address], &json!(null));
    // By its own measure it would have come back after a hundredth of a second, once, and been refused.
    assert_eq!(got["status"], "OK", "{got}");
    assert!(got["seconds"].as_f64().is_some_and(|passed| passed >= 0.9), "{got}");
}

/// So often others fail, from networks of their own, that it is known what a failure looks like.
fn learn_from_others(policy: &str) {
    let other = |_| json!({"call": "LogIn", "message": "no", "address": STAGE.someone().address});
    let others: Vec<Value> = (0..16).map(other).collect();
    calls(&STAGE.someone(), policy, &json!(others));
    let line = format!(r#""policy":"{policy}","decoy":"learned""#);
    assert!(soon(|| STAGE.envoy.log().contains(&line)), "{policy}");
}

#[test]
fn the_deceived_get_the_servers_own_refusal_header_for_header() {
    let policy = "grpc-deceives";
    learn_from_others(policy);
    let (condemned, other) = (condemned(policy), STAGE.someone());
    let (decoy, genuine) = (call(&condemned, policy), call(&other, policy));
    assert!(soon(|| STAGE.came_to(policy, "deceive") == 1));
    let told = |got: &Value| -> Vec<(String, String)> {
        let pair = |pair: &Value| [0, 1].map(|at| pair[at].as_str().unwrap().to_owned()).into();
        got["headers"].as_array().unwrap().iter().map(pair).collect()
    };
    let names = |got: &Value| told(got).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(&decoy), names(&genuine));
    let varies = ["date", "x-envoy-upstream-service-time"];
    for (own, like) in told(&genuine).into_iter().zip(told(&decoy)) {
        assert!(own == like || varies.contains(&&*own.0), "{own:?}, {like:?}");
    }
    for got in [&decoy, &genuine] {
        assert_eq!((&got["body"], &got["trailers"]), (&json!(""), &json!([])), "{got}");
    }
    // A stream ends as a single call does.
    for got in calls(&condemned, policy, &json!([log_in("right"), {"call": "Talk", "messages": ["one"]}])) {
        assert_eq!((&got["status"], &got["details"]), (&json!("UNAUTHENTICATED"), &json!("wrong password")));
    }
}

#[test]
fn a_decoy_can_be_written_for_grpc() {
    let policy = "grpc-written";
    let condemned = condemned(policy);
    let got = call(&condemned, policy);
    let names: Vec<&Value> = got["headers"].as_array().unwrap().iter().map(|pair| &pair[0]).collect();
    let expected = [":status", "content-type", "grpc-message", "grpc-status", "date", "server"];
    assert_eq!(names, expected, "a length, say, is not what a server of gRPC sends");
    let got = &calls(&condemned, policy, &json!([log_in("right")]))[0];
    assert_eq!((&got["status"], &got["details"]), (&json!("UNAUTHENTICATED"), &json!("wrong password")));
}

#[test]
fn who_would_not_understand_a_decoy_is_refused_in_their_own_form() {
    // Written for another kind of client.
    let other = condemned("grpc-other");
    let got = &calls(&other, "grpc-other", &json!([log_in("right")]))[0];
    assert_eq!((&got["status"], &got["details"]), (&json!("PERMISSION_DENIED"), &json!("forbidden")));
    let plain = other.ask("GET", "/p/grpc-other/LogIn", &[]);
    assert_eq!((plain.status(), plain.text().as_str()), (401, r#"{"error":"wrong password"}"#));
    // Made for gRPC.
    let plain = condemned("grpc-written").ask("GET", "/p/grpc-written/LogIn", &[]);
    assert_eq!((plain.status(), plain.head.header("grpc-status")), (403, None), "{:?}", plain.head);
}
