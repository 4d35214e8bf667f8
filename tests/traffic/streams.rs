//! gRPC and WebSockets, with real clients and servers of both.

use serde_json::{Value, json};

use crate::program;
use crate::stage::{Client, HELD, both};

/// What a gRPC client gets for its calls.
fn grpc(client: &Client, policy: &str, calls: &Value) -> Vec<Value> {
    let port = client.to.port().to_string();
    let results = program::run("grpc_client.py", &[&port, policy, &client.address], calls);
    results.as_array().unwrap().clone()
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().unwrap()).collect()
}

#[test]
fn grpc_calls_pass_intact_and_streams_go_both_ways() {
    let long = "x".repeat(1_000_000);
    let words = ["one", "two", "three"];
    for stage in both() {
        let calls = json!([
            {"call": "Echo", "message": long},
            {"call": "Echo", "message": ""},
            {"call": "LogIn", "message": "right"},
            {"call": "Talk", "messages": words},
        ]);
        let results = grpc(&stage.client(), "grpc-limits", &calls);
        assert_eq!(statuses(&results), ["OK"; 4], "{results:?}");
        assert!(results[0]["message"] == long.as_str(), "a megabyte there and back");
        assert_eq!(results[1]["message"], "");
        assert_eq!(results[2]["message"], "welcome");
        assert_eq!(results[3]["messages"], json!(words.map(|word| format!("heard {word}"))));
        assert_eq!(results[3]["trailers"]["x-end"], "1");
    }
}

#[test]
fn grpc_failures_are_counted_and_refusals_have_a_grpc_status() {
    for (policy, refused) in [("grpc-limits", "RESOURCE_EXHAUSTED"), ("grpc-blocks", "PERMISSION_DENIED")] {
        let client = HELD.client();
        let results = grpc(&client, policy, &json!(vec![json!({"call": "LogIn", "message": "wrong"}); 4]));
        assert_eq!(statuses(&results), ["UNAUTHENTICATED"; 4]);
        assert!(results.iter().all(|result| result["details"] == "wrong password"), "{results:?}");
        let calls = json!([
            {"call": "LogIn", "message": "right"},
            {"call": "Talk", "messages": ["one"]},
        ]);
        assert_eq!(statuses(&grpc(&client, policy, &calls)), [refused, refused]);
        let other = grpc(&HELD.client(), policy, &calls);
        assert_eq!(statuses(&other), ["OK", "OK"], "from another network");
    }
}

#[test]
fn a_websocket_talks_both_ways() {
    let long = "0123456789".repeat(50_000);
    let mut messages: Vec<String> = (0..300).map(|n| format!("message {n}")).collect();
    messages.push(long);
    for stage in both() {
        let client = stage.client();
        let url = format!("ws://{}/p/socket/", client.to);
        let before = stage.counter("requests.policy.socket.outcome.success");
        let heard = program::run("socket_client.py", &[&url, &client.address], &json!(messages));
        let expected: Vec<&str> =
            std::iter::once("welcome").chain(messages.iter().chain(&messages).map(String::as_str)).collect();
        assert!(
            heard == json!(expected),
            "{} of {} messages",
            heard.as_array().unwrap().len(),
            expected.len()
        );
        stage.wait_for_counter("requests.policy.socket.outcome.success", before + 1);
    }
}
