//! Replies over every version of HTTP, to every method, and to WebSockets.

use serde_json::{Value, json};

use crate::program;
use crate::stage::{STAGE, Someone, names};

/// An answer as the programs of HTTP/2 and HTTP/3 give it.
struct Got(Value);

impl Got {
    fn status(&self) -> u64 {
        self.0["status"].as_u64().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let mut headers = self.0["headers"].as_array().unwrap().iter();
        headers.find(|pair| pair[0] == name).map_or("", |pair| pair[1].as_str().unwrap())
    }

    fn body(&self) -> &str {
        self.0["body"].as_str().unwrap()
    }
}

/// A request of HTTP/2 or HTTP/3; `cut`: its body never comes to its end.
fn request(someone: &Someone, method: &str, path: &str, body: &str, cut: bool) -> Value {
    json!({
        "conn": 1,
        "headers": [
            [":method", method], [":authority", "shop.example"], [":scheme", "https"], [":path", path],
            ["content-type", "application/json"], ["x-forwarded-for", someone.address],
        ],
        "body": body,
        "cut": cut,
    })
}

fn over_http2(requests: &[Value]) -> Vec<Got> {
    let port = STAGE.envoy.address().port().to_string();
    got(&program::run("http2.py", &[&port], &json!(requests)))
}

fn over_http3(requests: &[Value]) -> Vec<Got> {
    let port = STAGE.http3.port().to_string();
    got(&program::run("../worlds/http3.py", &[&port], &json!(requests)))
}

fn got(answers: &Value) -> Vec<Got> {
    answers.as_array().unwrap().iter().cloned().map(Got).collect()
}

/// What a refusal looks like, whatever the version.
fn is_refusal(got: &Got, status: u64) {
    assert_eq!(got.status(), status, "{}", got.0);
    assert_eq!(got.header("content-type"), "application/problem+json", "{}", got.0);
    assert_eq!(got.header("cache-control"), "no-store");
    let problem: Value = serde_json::from_str(got.body()).unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(got.header("retry-after").is_empty(), status == 403, "{}", got.0);
}

#[test]
fn http2_and_http3_refuse_as_http1_does_and_their_connections_go_on() {
    for over in [over_http2, over_http3] {
        for (policy, status) in [("limits", 429), ("blocks", 403)] {
            let (condemned, other) = (STAGE.condemned(policy), STAGE.someone());
            let path = format!("/p/{policy}/x");
            let got = over(&[
                request(&condemned, "GET", &path, "", false),
                request(&condemned, "POST", &path, r#"{"email":"a"}"#, false),
                request(&other, "POST", &path, r#"{"email":"a"}"#, false),
                request(&condemned, "GET", &path, "", false),
            ]);
            is_refusal(&got[0], status);
            is_refusal(&got[1], status);
            assert_eq!((got[2].status(), got[2].body()), (401, "{}"), "another's on the same connection");
            is_refusal(&got[3], status);
        }
    }
}

#[test]
fn a_refusal_within_a_body_arrives_whole_and_the_connection_goes_on() {
    for over in [over_http2, over_http3] {
        let (condemned, other) = (STAGE.condemned("reads"), STAGE.someone());
        // Its length is not told: who is condemned by their network is refused before its end.
        let path = "/p/reads/x";
        let part = format!("{{\"email\":\"{}", "a".repeat(5_000));
        let got = over(&[
            request(&condemned, "POST", path, &part, true),
            request(&condemned, "POST", path, r#"{"email":"a"}"#, false),
            request(&other, "POST", path, r#"{"email":"a"}"#, false),
        ]);
        is_refusal(&got[0], 429);
        is_refusal(&got[1], 429);
        assert_eq!(got[2].status(), 401);
    }
}

#[test]
fn a_head_gets_the_headers_of_a_get_and_no_body() {
    for (policy, status) in [("limits", 429), ("blocks", 403)] {
        let condemned = STAGE.condemned(policy);
        let path = format!("/p/{policy}/x");
        let (get, head) = (condemned.ask("GET", &path, &[]), condemned.ask("HEAD", &path, &[]));
        assert_eq!((get.status(), head.status()), (status, status));
        assert_eq!(names(&get), names(&head));
        assert_eq!(get.head.header("content-length"), head.head.header("content-length"));
        assert!(!get.body.is_empty());
        // Not over HTTP/3: its client takes a length without a body for an error, whoever answers a HEAD.
        let got = over_http2(&[request(&condemned, "HEAD", &path, "", false)]);
        assert_eq!((got[0].status(), got[0].body()), (u64::from(status), ""));
        assert_eq!(got[0].header("content-type"), "application/problem+json");
    }
}

#[test]
fn what_cannot_be_judged_is_refused_in_each_clients_own_form() {
    let someone = STAGE.someone();
    let path = "/p/troubled/x";
    for over in [over_http2, over_http3] {
        is_refusal(&over(&[request(&someone, "POST", path, "no JSON", false)])[0], 403);
    }
    let json = [("content-type", "application/json")];
    let got = someone.send("POST", path, &json, b"no JSON");
    assert_eq!(got.status(), 403);
    assert_eq!(got.head.header("content-type"), Some("application/problem+json"));
}

#[test]
fn a_websocket_is_refused_before_it_opens_and_others_open() {
    let plain = |someone: &Someone| someone.ask("GET", "/p/socket/", &[]).status();
    let connect = |someone: &Someone| {
        let url = format!("ws://{}/p/socket/", someone.to);
        program::run("socket_client.py", &[&url, &someone.address], &json!(["one"]))
    };
    let condemned = STAGE.someone();
    assert_eq!(connect(&condemned), json!(["welcome", "one", "one"]));
    // To the server there a plain request is a failure.
    assert_eq!([(); 3].map(|()| plain(&condemned)), [426; 3]);
    let refused = connect(&condemned);
    assert_eq!(refused["refused"], 429, "{refused}");
    assert!(
        refused["headers"]["retry-after"].as_str().is_some_and(|s| s.parse::<u32>().is_ok()),
        "{refused}"
    );
    assert_eq!(connect(&STAGE.someone()), json!(["welcome", "one", "one"]));
}
