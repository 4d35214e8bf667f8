//! Replies to gRPC, with the client of gRPC's own project and with bare HTTP/2.

use serde_json::{Value, json};

use crate::program;
use crate::stage::{STAGE, Someone};

/// What grpcio's client gets for its calls.
fn calls(someone: &Someone, policy: &str, calls: &Value) -> Vec<Value> {
    let port = someone.to.port().to_string();
    let results = program::run("grpc_client.py", &[&port, policy, &someone.address], calls);
    results.as_array().unwrap().clone()
}

fn log_in(password: &str) -> Value {
    json!({"call": "LogIn", "message": password})
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
        let request = json!({
            "conn": 1,
            "headers": [
                [":method", "POST"], [":authority", "shop.example"], [":scheme", "http"],
                [":path", format!("/p/{policy}/LogIn")], ["content-type", "application/grpc"],
                ["te", "trailers"], ["x-forwarded-for", someone.address],
            ],
            "body": "\u{0}\u{0}\u{0}\u{0}\u{5}right",
        });
        let got = program::run("http2.py", &[&someone.to.port().to_string()], &json!([request]));
        let header = |name: &str| {
            let headers = got[0]["headers"].as_array().unwrap();
            headers.iter().find(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned())
        };
        assert_eq!((&got[0]["status"], &got[0]["body"]), (&json!(200), &json!("")), "{got}");
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
