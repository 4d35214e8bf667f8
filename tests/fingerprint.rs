//! Holds docs/fingerprint.md to the code: every list, table and vector is read from the document.
//! And what it says of HTTP/1.1 and HTTP/2, on captures of one browser over both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use palisade::config;
use palisade::facts::fingerprint::{LEFT_OUT, LEFT_OUT_BEGINNINGS};
use palisade::facts::{Facets, Fingerprint, FingerprintId, Headers, agent, payload};
use palisade::policy::Facet;
use palisade::sim::{Answer, Request, Store, Worker};
use serde::Deserialize;
use serde_json::json;

const NOW_MS: u64 = 1_800_000_000_000;

fn document() -> String {
    std::fs::read_to_string("docs/fingerprint.md").unwrap()
}

/// The blocks of the document that are marked with a word.
fn blocks(word: &str) -> Vec<String> {
    let (text, mark) = (document(), format!("```{word}\n"));
    text.split(&mark).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// The rows of the table with this head: the text in backticks of each cell, with
/// line feeds where the document has marks; `None` where a cell is empty.
fn table(head: &str) -> Vec<Vec<Option<String>>> {
    let text = document();
    let rows = text.lines().skip_while(|line| *line != head).skip(2);
    let cell = |cell: &str| {
        let code = cell.trim().strip_prefix('`')?.strip_suffix('`')?;
        Some(code.replace('\0', "|").replace('⏎', "\n"))
    };
    let row = |line: &str| {
        let line = line.replace("\\|", "\0");
        let cells = line.strip_prefix('|').unwrap().strip_suffix('|').unwrap().split('|');
        cells.map(cell).collect()
    };
    let rows: Vec<Vec<_>> = rows.take_while(|line| line.starts_with('|')).map(row).collect();
    assert!(rows.len() >= 8, "{head}: {} rows", rows.len());
    rows
}

/// A request of the document as Envoy shows it.
fn request(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut headers = Vec::new();
    for line in head.lines() {
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("host") => {
                headers.insert(0, (":authority".to_owned(), value.to_owned()));
            }
            Some((name, value)) => headers.push((name.to_lowercase(), value.to_owned())),
            None => {
                let mut words = line.split(' ').map(str::to_owned);
                headers.push((":method".to_owned(), words.next().unwrap()));
                headers.push((":path".to_owned(), words.next().unwrap()));
            }
        }
    }
    let is_form = headers.iter().any(|(_, value)| value == "application/x-www-form-urlencoded");
    Request {
        headers,
        body: body.as_bytes().to_vec(),
        address: String::new(),
        route_policy: Some(if is_form { "form" } else { "json" }.to_owned()),
    }
}

/// What filter state says of a client's second request, the first of which failed.
fn told(request: &Request) -> String {
    let any = json!({"any": {"key": ["header-set"], "within": "10m", "failures": 1, "score": 3}});
    let configuration = json!({
        "secret": "0123456789abcdef",
        "client": {"address": {"header": "x-client"}, "tls": {"header": "x-ja4"}, "edge_headers": ["cdn-loop"]},
        "policies": {
            "json": {"role": "login", "subject": {"json": "/email"}, "rules": any},
            "form": {"role": "login", "subject": {"form": "user"}, "rules": any},
        },
    });
    let settings = config::read(&configuration, &|_| None).unwrap_or_else(|m| panic!("{m}")).settings;
    let mut worker = Worker::new(settings, Arc::new(Store::default()));
    worker.exchange(NOW_MS, request, || Answer::status(401));
    let note = worker.exchange(NOW_MS, request, || Answer::status(401)).note.expect("a tag");
    let printed = note.split(';').find_map(|part| part.strip_prefix("fingerprint="));
    printed.unwrap().to_owned()
}

#[test]
fn every_vector_of_the_document_is_what_a_guard_prints() {
    let (requests, ids) = (blocks("request"), blocks("id"));
    assert!(requests.len() >= 6 && requests.len() == ids.len());
    for (text, id) in requests.iter().zip(&ids) {
        assert_eq!(told(&request(text)), *id, "{text}");
        assert_eq!(id.parse::<FingerprintId>().unwrap().to_string(), *id);
    }
}

#[test]
fn the_vectors_differ_where_the_document_says_so() {
    let ids: Vec<FingerprintId> = blocks("id").iter().map(|id| id.parse().unwrap()).collect();
    let shared = |a: usize, b: usize| ids[a].shared(&ids[b]).map(Facet::name).collect::<Vec<_>>();
    let headers = ["header-order", "header-set", "agent", "locale"];
    assert_eq!(shared(2, 3), [&headers[..], &["network"]].concat(), "another release and body");
    assert_eq!(shared(4, 5), [&headers[..], &["payload", "network"]].concat(), "another HTTP");
    assert_eq!(shared(2, 4), [""; 0], "another make");
}

#[test]
fn the_names_that_are_left_out_are_those_of_the_document() {
    let listed = blocks("left-out").concat();
    let (beginnings, names): (Vec<&str>, Vec<&str>) =
        listed.split_whitespace().partition(|name| name.ends_with('*'));
    assert_eq!(names, LEFT_OUT);
    let beginnings: Vec<&str> = beginnings.iter().map(|name| name.trim_end_matches('*')).collect();
    assert_eq!(beginnings, LEFT_OUT_BEGINNINGS);
}

#[test]
fn agents_have_the_families_of_the_document() {
    for row in table("| agent | family |") {
        let [agent, family] = &row[..] else { panic!("{row:?}") };
        let found = agent::family(agent.as_deref().unwrap().as_bytes());
        assert_eq!(String::from_utf8(found).unwrap(), *family.as_deref().unwrap());
    }
}

#[test]
fn bodies_have_the_shapes_of_the_document() {
    for row in table("| content type | body | shape |") {
        let [kind, body, shape] = &row[..] else { panic!("{row:?}") };
        let found = payload::shape(kind.as_deref().map(str::as_bytes), body.as_deref().unwrap().as_bytes());
        assert_eq!(String::from_utf8(found).unwrap(), *shape.as_deref().unwrap());
    }
}

/// One line of a capture.
#[derive(Deserialize)]
struct Line {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// The ids of a captured client by operation, as far as one request tells: without a network.
fn ids(name: &str, tls: Option<&str>) -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(format!("tests/traffic/captures/{name}.jsonl")).unwrap();
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().map(|line| serde_json::from_str::<Line>(line).unwrap()) {
        let as_shown = |name: &str| match name.to_lowercase().as_str() {
            "host" => ":authority".to_owned(),
            lower => lower.to_owned(),
        };
        let shown: Vec<_> = line.headers.iter().map(|(n, v)| (as_shown(n), v)).collect();
        let headers = Headers::new(shown.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect());
        let mut facets = Facets::default();
        facets.set_fingerprint(&Fingerprint::new(&headers, &[], tls.map(str::as_bytes)));
        facets.set_payload(headers.get("content-type"), line.body.as_bytes());
        let id = FingerprintId::of(&facets).to_string();
        ids.entry(format!("{} {}", line.method, line.path)).or_default().insert(id);
    }
    ids
}

#[test]
fn one_browser_has_one_id_on_each_operation_over_http_1_and_2() {
    let one = ids("chromium_headed_human_h1", None);
    let two = ids("chromium_headed_human_h2", None);
    let both: Vec<&String> = one.keys().filter(|operation| two.contains_key(*operation)).collect();
    assert!(both.len() > 20 && both.iter().any(|o| o.starts_with("POST ")), "{both:?}");
    for operation in both {
        assert_eq!(one[operation], two[operation], "{operation}");
    }
    // What the edge says of TLS is all that has to differ.
    let over_tls = ids("chromium_headed_human_h2", Some("t13d1516h2_8daaf6152771_d8a2da3f94cd"));
    let read = |ids: &BTreeSet<String>| ids.first().unwrap().parse::<FingerprintId>().unwrap();
    let (plain, over_tls) = (read(&one["POST /api/login"]), read(&over_tls["POST /api/login"]));
    let shared: Vec<&str> = plain.shared(&over_tls).map(Facet::name).collect();
    assert_eq!(shared, ["header-order", "header-set", "agent", "locale", "payload"]);
}

#[test]
fn a_script_is_no_browser_in_any_part() {
    let browser = ids("chromium_headed_human_h1", None);
    let script = ids("requests_stuffing", None);
    let all = |ids: &BTreeMap<String, BTreeSet<String>>| ids["POST /api/login"].clone();
    assert_eq!((all(&browser).len(), all(&script).len()), (1, 1), "whatever the account");
    let read = |ids: BTreeSet<String>| ids.first().unwrap().parse::<FingerprintId>().unwrap();
    assert_eq!(read(all(&browser)).shared(&read(all(&script))).collect::<Vec<_>>(), []);
}
