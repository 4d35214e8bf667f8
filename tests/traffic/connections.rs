//! Protocol versions and what connections go through: continue, keep-alive, pipelines, clients
//! that leave.

use serde_json::json;

use crate::clients::sees_early_answers;
use crate::program::{self, curl};
use crate::stage::{Client, JSON, Stage, account_json, both, soon};
use crate::surroundings::settle;
use crate::wire::{Wire, sized};

/// curl's arguments for a POST of its standard input by this client.
fn post<'a>(more: &[&'a str], from: &'a str, url: &'a str) -> Vec<&'a str> {
    let common = ["--data-binary", "@-", "--header", "content-type: application/json", "--header", from, url];
    [more, &common].concat()
}

fn by_curl(stage: &Stage, client: &Client, path: &str, more: &[&str], body: &[u8]) -> program::Curled {
    let (from, url) = (format!("x-forwarded-for: {}", client.address), format!("http://{}{path}", client.to));
    let before = stage.origin.seen(path).len();
    let got = curl(&post(more, &from, &url), body);
    if got.head.status() == 200 {
        assert_eq!(got.body, br#"{"ok": true}"#, "{path} {more:?}");
        let seen = stage.origin.seen(path);
        assert_eq!(seen.len(), before + 1, "{path} {more:?}");
        assert!(seen[before].body == body, "{path} {more:?}: {} bytes", seen[before].body.len());
    }
    got
}

#[test]
fn every_version_of_http_is_read_and_passes_intact() {
    for stage in both() {
        for version in ["--http1.0", "--http1.1", "--http2-prior-knowledge"] {
            let client = stage.client();
            let tries = if sees_early_answers(stage, version) { 4 } else { 3 };
            for (account, status) in [("a", 200), ("b", 200), ("c", 200), ("d", 429)].into_iter().take(tries)
            {
                if status == 429 {
                    settle();
                }
                let got = by_curl(stage, &client, "/p/json/curl", &[version], &account_json(account));
                assert_eq!(got.head.status(), status, "{version} {account}");
            }
        }
    }
}

#[test]
fn large_uploads_pass_intact_over_every_version_of_http() {
    let body: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    for stage in both() {
        let client = stage.client();
        for version in ["--http1.0", "--http1.1", "--http2-prior-knowledge"] {
            let got = by_curl(stage, &client, "/p/json/large", &[version], &body);
            assert_eq!(got.head.status(), 200, "{version}");
        }
        let chunked = ["--http1.1", "--header", "transfer-encoding: chunked"];
        assert_eq!(by_curl(stage, &client, "/p/json/large", &chunked, &body).head.status(), 200);
    }
}

#[test]
fn a_client_that_waits_for_continue_is_told_to_go_on() {
    for stage in both() {
        let client = stage.client();
        for version in ["--http1.1", "--http2-prior-knowledge"] {
            let arguments = [version, "--header", "expect: 100-continue", "--expect100-timeout", "60"];
            let got = by_curl(stage, &client, "/p/json/expects", &arguments, &account_json(version));
            assert_eq!(got.head.status(), 200, "{version}");
            assert_eq!(got.heads, 2, "{version}: a `100 Continue` came before the answer");
        }
    }
}

#[test]
fn http2_trailers_pass_with_the_body_that_was_read_before_them() {
    for stage in both() {
        let client = stage.client();
        let path = "/p/json/http2-trailers";
        let request = |account: &str| {
            json!({
                "conn": 1,
                "headers": [
                    [":method", "POST"], [":authority", "shop.example"], [":scheme", "http"], [":path", path],
                    ["content-type", "application/json"], ["x-forwarded-for", client.address],
                ],
                "body": String::from_utf8(account_json(account)).unwrap(),
                "trailers": [["x-checksum", "abc"], ["x-end", "1"]],
            })
        };
        let requests: Vec<_> = ["a", "b", "c", "d"].map(request).into();
        let got = program::run("http2.py", &[&client.to.port().to_string()], &json!(requests));
        let statuses: Vec<_> =
            got.as_array().unwrap().iter().map(|answer| answer["status"].clone()).collect();
        assert_eq!(statuses, [200, 200, 200, 429]);
        for (seen, account) in stage.origin.seen(path).iter().zip(["a", "b", "c"]) {
            assert_eq!(seen.body, account_json(account));
            let expected = [("x-checksum", "abc"), ("x-end", "1")];
            assert_eq!(seen.trailers, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        }
    }
}

#[test]
fn requests_on_one_connection_are_told_from_each_other() {
    for stage in both() {
        let client = stage.client();
        let path = "/p/json/pipeline";
        let mut wire = Wire::connect(client.to);
        let request =
            |account: &str| [client.begin("POST", path, &[JSON]), sized(&account_json(account))].concat();
        // Two at once, then two one after the other.
        wire.send(&[request("a"), request("b")].concat());
        let mut statuses = vec![wire.answer(false).status(), wire.answer(false).status()];
        for account in ["c", "d"] {
            wire.send(&request(account));
            statuses.push(wire.answer(false).status());
        }
        assert_eq!(statuses, [200, 200, 200, 429]);
        let bodies: Vec<_> = stage.origin.seen(path).into_iter().map(|seen| seen.body).collect();
        assert_eq!(bodies, ["a", "b", "c"].map(account_json));
        if stage.holds_headers {
            // The refusal waited for the body's end, so the connection can go on.
            wire.send(&client.begin("GET", "/open", &[]));
            wire.send(b"\r\n");
            assert_eq!(wire.answer(false).status(), 200);
        }
    }
}

#[test]
fn a_client_that_leaves_within_a_held_body_is_nobodys_failure_and_leaves_nothing_behind() {
    for stage in both() {
        let client = stage.client();
        for sent in [&b""[..], b"{\"email\": ", b"{\"email\": \"a@x.example\""] {
            let mut wire = Wire::connect(client.to);
            let headers = [JSON, ("content-length", "1000")];
            wire.send(&client.begin("POST", "/p/left/held", &headers));
            wire.send(b"\r\n");
            wire.send(sent);
        }
        soon("Envoy has let go of each", || {
            let log = std::fs::read_to_string(stage.envoy.access_log_path()).unwrap();
            let of_client = log.lines().filter(|line| line.contains(&format!("\"{}\"", client.address)));
            let left = of_client.filter(|line| line.contains(r#""flags":"DC""#)).count();
            if left == 3 { Ok(()) } else { Err(format!("{left} of 3")) }
        });
        assert_eq!(client.log_in("/p/left/after", "a@x.example"), 200);
        stage.wait_for_counter("requests.policy.left.outcome.success", 1);
        for outcome in ["failure", "error", "answered"] {
            assert_eq!(stage.counter(&format!("requests.policy.left.outcome.{outcome}")), 0, "{outcome}");
        }
        assert!(stage.origin.seen("/p/left/held").is_empty(), "none was whole");
    }
}
