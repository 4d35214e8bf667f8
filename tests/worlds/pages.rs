//! Pages of other origins: their scripts can read a refusal where they could read the origin server's answer,
//! and what a browser asks ahead passes, whoever is refused.

use serde_json::json;

use crate::browser::told;
use crate::stage::{STAGE, Someone, soon};
use crate::wire::{Message, answer};

const SHOP: &str = "https://shop-app.example";
const ALLOW: &str = "access-control-allow-origin";

/// An answer of a server that serves the pages of one other origin, and knows what browsers ask ahead.
pub(crate) fn serve(page: &str, request: &Message) -> Vec<u8> {
    let known = request.head.header("origin").filter(|origin| *origin == page);
    let mut headers = vec![("content-type", "application/json"), ("vary", "Origin")];
    if let Some(origin) = known {
        headers.extend([(ALLOW, origin), ("access-control-allow-credentials", "true")]);
    }
    if request.head.word(0) == "OPTIONS" {
        headers.extend([
            ("access-control-allow-methods", "POST"),
            ("access-control-allow-headers", "content-type, x-person, x-palisade-action, x-palisade-other"),
        ]);
        return answer(204, &headers, b"");
    }
    headers.push(("access-control-expose-headers", "Retry-After, X-Total"));
    answer(401, &headers, b"{}")
}

/// A refusal's headers that are about pages.
fn about_pages(got: &Message) -> Vec<(&str, &str)> {
    let headers = got.head.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    headers.filter(|(name, _)| name.starts_with("access-control-") || *name == "vary").collect()
}

#[test]
fn a_refusal_lets_those_pages_read_it_that_the_origin_server_lets() {
    let path = "/p/pages/x";
    STAGE.origin.answer_by(path, |request| serve(SHOP, request));
    for page in [SHOP, "https://stranger.example"] {
        STAGE.someone().ask("GET", path, &[("origin", page)]);
    }
    let condemned = STAGE.condemned("pages");
    let refused = condemned.ask("POST", path, &[("origin", SHOP)]);
    assert_eq!(refused.status(), 429);
    let expected = [
        (ALLOW, SHOP),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "Retry-After, X-Total"),
        ("vary", "Origin"),
    ];
    assert_eq!(about_pages(&refused), expected);
    for other in [Some("https://stranger.example"), Some("https://never-seen.example"), Some("null"), None] {
        let headers: Vec<_> = other.map(|page| ("origin", page)).into_iter().collect();
        let refused = condemned.ask("POST", path, &headers);
        assert_eq!((refused.status(), about_pages(&refused)), (429, vec![]), "{other:?}");
    }
}

/// What a browser sends ahead for a page's script.
const AHEAD: [(&str, &str); 4] = [
    ("origin", SHOP),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "content-type"),
    ("sec-fetch-mode", "cors"),
];

#[test]
fn what_a_browser_asks_ahead_passes_and_is_never_counted() {
    let path = "/p/page-blocks/x";
    STAGE.origin.answer_by(path, |request| serve(SHOP, request));
    let condemned = STAGE.condemned("page-blocks");
    assert_eq!(condemned.ask("POST", path, &[("origin", SHOP)]).status(), 403);
    assert!(soon(|| STAGE.seen("page-blocks") == 4), "{}", STAGE.seen("page-blocks"));
    for _ in 0..10 {
        let passed = condemned.ask("OPTIONS", path, &AHEAD);
        assert_eq!((passed.status(), passed.head.header(ALLOW)), (204, Some(SHOP)), "{:?}", passed.head);
    }
    // One that carries something is judged as any request.
    for more in [("cookie", "sid=1"), ("authorization", "Bearer x"), ("x-http-method-override", "POST")] {
        assert_eq!(condemned.ask("OPTIONS", path, &[&AHEAD[..], &[more]].concat()).status(), 403, "{more:?}");
    }
    assert_eq!(condemned.send("OPTIONS", path, &AHEAD, b"{}").status(), 403);
    assert_eq!(condemned.ask("OPTIONS", path, &AHEAD[..1]).status(), 403, "it asks for nothing");
    assert!(soon(|| STAGE.seen("page-blocks") == 9), "{}", STAGE.seen("page-blocks"));
}

#[test]
fn what_a_browser_asks_ahead_condemns_nobody_even_where_it_fails() {
    let path = "/p/strange-pages/x";
    STAGE.origin.tell(path, answer(401, &[], b""));
    let someone = STAGE.someone();
    for _ in 0..20 {
        assert_eq!(someone.ask("OPTIONS", path, &AHEAD).status(), 401);
    }
    assert_eq!(someone.ask("POST", path, &[]).status(), 401, "the origin is asked");
    assert!(soon(|| STAGE.seen("strange-pages") == 1), "{}", STAGE.seen("strange-pages"));
}

/// A page whose script logs in again and again, as someone in one network, and tells what it could read.
const PAGE: &str = r#"<!doctype html><script>
async function tries(person) {
  const seen = [];
  for (let n = 0; n < 5; n++) {
    try {
      const answer = await fetch("http://API/p/browser/x", {
        method: "POST", credentials: "include", body: JSON.stringify({n}),
        headers: {"content-type": "application/json", "x-person": person},
      });
      const problem = answer.status === 429 ? (await answer.json()).title : null;
      seen.push([answer.status, problem, answer.headers.get("retry-after") !== null]);
    } catch (error) {
      seen.push(String(error));
    }
  }
  return seen;
}
tries("a").then(seen => fetch("/told", {method: "POST", body: JSON.stringify(seen)}));
</script>"#;

/// Real Chromium, which obeys the Fetch standard; where it is not installed the tests above stand for it.
#[test]
fn a_page_in_chromium_reads_its_refusal() {
    let api = STAGE.envoy.address().to_string();
    let page = PAGE.replace("API", &api);
    let serve_page = |origin: &str| {
        let origin = origin.to_owned();
        STAGE.origin.answer_by("/p/browser/x", move |request| serve(&origin, request));
    };
    let Some(told) = told(page, serve_page) else { return };
    let failed = json!([401, null, false]);
    let refused = json!([429, "Too many requests", true]);
    assert_eq!(told, json!([failed, failed, failed, refused, refused]), "status, body and header are read");
    let asked = STAGE.origin.seen("/p/browser/x");
    assert!(asked.iter().any(|request| request.head.word(0) == "OPTIONS"), "it asked ahead");
}

#[test]
fn a_page_reads_a_grpc_web_refusal_too() {
    let path = "/p/web-limits/Page";
    let call = |someone: &Someone| {
        let headers = [("content-type", "application/grpc-web+proto"), ("origin", SHOP)];
        someone.send("POST", path, &headers, &[0, 0, 0, 0, 0])
    };
    let failed = [("content-type", "application/grpc-web+proto"), ("grpc-status", "16"), (ALLOW, SHOP)];
    STAGE.origin.tell(path, answer(200, &failed, b""));
    let someone = STAGE.someone();
    for _ in 0..3 {
        assert_eq!(call(&someone).head.header("grpc-status"), Some("16"));
    }
    let refused = call(&someone);
    assert_eq!((refused.status(), refused.head.header(ALLOW)), (200, Some(SHOP)), "{:?}", refused.head);
    assert!(
        refused.text().contains("grpc-status: 8"),
        "in the body, which it may read: {:?}",
        refused.text()
    );
}
