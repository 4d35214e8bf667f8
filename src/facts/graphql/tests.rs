use super::*;
use crate::config;
use crate::policy::Secret;
use proptest::prelude::*;
use serde_json::json;
use std::time::{Duration, Instant};

fn hashes() -> Hashes {
    Hashes::new(&Secret(b"long enough for a test".to_vec()))
}

/// A policy on these fields, whose subject is this argument.
fn wanted(fields: &[&str], subject: &str) -> Policy {
    let written = json!({
        "secret": "long enough for a test",
        "policies": {"login": {"role": "login", "graphql": true}},
    });
    let mut policy = config::read(&written, &|_| None).unwrap().settings.policies.remove(0);
    let subject = subject.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    policy.graphql = Some(Graphql { fields, subject, secret: vec!["password".to_owned()] });
    policy
}

fn body(wanted: &Policy, kind: Option<&[u8]>, body: &[u8]) -> Result<Vec<Operation>, BodyTrouble> {
    from_body(wanted, true, kind, body, &hashes()).map(Option::unwrap)
}

fn read(wanted: &Policy, query: &Value) -> Vec<Operation> {
    body(wanted, Some(b"application/json"), query.to_string().as_bytes()).unwrap()
}

fn path(wanted: &Policy, path: &[u8]) -> Option<Vec<Operation>> {
    from_path(wanted, path, &hashes())
}

fn count(document: &str) -> usize {
    let all = Graphql::default();
    let mut document = Document::read(document, &all);
    (0..document.operations.len()).map(|place| document.unfold(place).len()).sum()
}

/// That these are the subjects of operations; `""`: none is known.
#[track_caller]
fn assert_subjects(found: &[Operation], expected: &[&str]) {
    let found: Vec<_> = found.iter().map(|operation| operation.named[0]).collect();
    let expected: Vec<_> = expected.iter().map(|text| subject::account(text.as_bytes(), &hashes())).collect();
    assert_eq!(found, expected);
}

#[test]
fn each_field_at_the_top_is_an_operation() {
    for (document, expected) in [
        ("{ me { id name } }", 1),
        ("query Q($id: ID! = \"}\") @x(a: {b: 1}) { product(id: $id) { id price } }", 1),
        ("mutation { a: login(u: \"x\", p: \"{\") { token } b: login(u: \"y\", p: \"\\\"}\") { token } }", 2),
        ("{ a:login b : login, c:\nlogin # d: login\n e: login @include(if: true) }", 4),
        ("{ a: login # is no more a comment:\r b: login }", 2),
        ("query A { x } query B { y z } fragment F on P { a b c }", 3),
        ("mutation { ... on Mutation { a: login b: login ... @skip(if: false) { c: login } } d: login }", 4),
        (
            "mutation { ...F } fragment F on Mutation { a: login b: login ...G } fragment G on Mutation { c: x }",
            3,
        ),
        ("{ p { ...F } } fragment F on Product { id name price }", 1),
        ("{ ...F } fragment F on Q { ...G } fragment G on Q { ...F a }", 1),
        ("{ ...F } fragment F on Q { ...F }", 0),
        ("{ a(text: \"\"\"}\n{ \\\"\"\" b: c\"\"\") }", 1),
        ("{ ...Missing }", 0),
        ("", 0),
        ("}}}{{{", 0),
    ] {
        assert_eq!(count(document), expected, "{document}");
    }
}

#[test]
fn what_a_server_does_once_counts_once() {
    assert_eq!(count("{ viewer { a } viewer { b } ...F ...F } fragment F on Q { viewer { c } x }"), 2);
}

#[test]
fn padding_hides_nothing() {
    let logins: String = (0..30).map(|n| format!("a{n}: login ")).collect();
    let fragments: String = (0..1000).map(|n| format!("fragment P{n} on M {{ p{n} }} ")).collect();
    let spreads: String = (0..1000).map(|n| format!("...P{n} ")).collect();
    let document = format!("{fragments} mutation {{ {spreads} ...Z }} fragment Z on M {{ {logins} }}");
    let only = wanted(&["login"], "");
    assert_eq!(read(&only, &json!({"query": document})).len(), 30);
    let others: String = (0..500).map(|n| format!("p{n}: __typename ")).collect();
    assert_eq!(read(&only, &json!({"query": format!("mutation {{ {others} {logins} }}")})).len(), 30);
    let mut batch = vec![json!({"query": "{ me }"}); 500];
    batch.push(json!({"query": format!("mutation {{ {logins} }}")}));
    let found = read(&only, &json!(batch));
    assert_eq!(found.len(), 30);
    assert!(found.iter().all(|operation| operation.element == 500));
    // The last of repeated names is what servers read.
    let twice = format!(r#"{{"query": "{{ me }}", "query": "mutation {{ {logins} }}"}}"#);
    assert_eq!(body(&only, None, twice.as_bytes()).unwrap().len(), 30);
}

#[test]
fn a_batch_does_what_all_of_it_does() {
    let all = wanted(&[], "");
    let batch = json!([{"query": "{ a b }"}, {"query": "{ c }", "variables": {}}, {"id": "persisted"}]);
    let found = read(&all, &batch);
    assert_eq!(
        found.iter().map(|o| (o.element, o.key.as_str())).collect::<Vec<_>>(),
        [(0, "a"), (0, "b"), (1, "c"), (2, "")]
    );
    assert_eq!(read(&all, &json!({"query": "{ a }", "operationName": null})).len(), 1);
    assert_eq!(read(&all, &json!([])).len(), 1);
    assert_eq!(read(&all, &json!(vec![json!({"query": "{a}"}); 5000])).len(), MOST_OPERATIONS);
    assert_eq!(body(&all, None, b"not json"), Err(BodyTrouble::Unreadable));
}

#[test]
fn of_several_operations_the_named_one_is_done() {
    let all = wanted(&[], "");
    let document = "query A { a b c } mutation B { login }";
    let of = |name: &str| read(&all, &json!({"query": document, "operationName": name})).len();
    assert_eq!((of("A"), of("B"), of("unknown")), (3, 1, 4));
    // The path may name another, and which of them counts is not known.
    assert!(is_named_in_path(b"/graphql?a=1&operationName=B") && !is_named_in_path(b"/graphql?operation"));
    let body = json!({"query": document, "operationName": "A"}).to_string();
    assert_eq!(from_body(&all, false, None, body.as_bytes(), &hashes()).unwrap().unwrap().len(), 4);
}

#[test]
fn forms_of_a_request_are_read_alike() {
    let all = wanted(&[], "email");
    let document = r#"mutation($e: String) { a: login(email: "a@x") b: login(email: $e) }"#;
    let variables = json!({"e": "b@x"}).to_string();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", document)
        .append_pair("variables", &variables)
        .finish();
    let expected = read(&all, &json!({"query": document, "variables": {"e": "b@x"}}));
    assert_subjects(&expected, &["a@x", "b@x"]);
    assert_eq!(path(&all, format!("/graphql?{form}").as_bytes()), Some(expected.clone()));
    let kind: &[u8] = b"Application/x-www-form-urlencoded; charset=utf-8";
    assert_eq!(body(&all, Some(kind), form.as_bytes()), Ok(expected));
    let raw = body(&all, Some(b"application/graphql"), document.as_bytes()).unwrap();
    assert_subjects(&raw, &["a@x", ""]);
    for without in ["/graphql", "/graphql?", "/graphql?extensions={}"] {
        assert_eq!(path(&all, without.as_bytes()), None);
    }
}

#[test]
fn other_fields_do_not_count() {
    let only = wanted(&["login"], "");
    let found = |document: &str| read(&only, &json!({"query": document})).len();
    assert_eq!(found("{ me { login } products { id } }"), 0);
    assert_eq!(found("mutation { login: logout }"), 0, "an alias is no field");
    assert_eq!(found("mutation { logout: login }"), 1);
    assert_eq!(found("no GraphQL at all"), 1, "what is not understood counts");
    assert_eq!(read(&only, &json!({"extensions": {"persistedQuery": {}}})).len(), 1);
    assert_eq!(path(&only, b"/?query={me}"), Some(Vec::new()));
}

#[test]
fn each_operation_has_its_own_subject() {
    let document = r#"
        mutation M($e: String = "d@x", $in: LoginInput = {email: "i@x", list: [1]}, $none: String, $n: Int = 7) {
            a: login(password: "1", email: "a@x") { token }
            b: login(email: $e) { token }
            c: login(email: "c\u0040x") { token }
            d: login(email: $none) { token }
            e: login { token }
            f: login(email: $n)
        }"#;
    let by = |variables: Value| {
        read(&wanted(&["login"], "email"), &json!({"query": document, "variables": variables}))
    };
    assert_subjects(&by(json!({})), &["a@x", "d@x", "c@x", "", "", "7"]);
    assert_subjects(&by(json!({"e": "v@x", "none": "w@x", "n": 8})), &["a@x", "v@x", "c@x", "w@x", "", "8"]);

    let document =
        r#"mutation($in: I = {email: "i@x"}) { a: login(input: $in) b: login(input: {email: "b@x"}) }"#;
    let found = |variables: Value| {
        read(&wanted(&[], "input.email"), &json!({"query": document, "variables": variables}))
    };
    assert_subjects(&found(json!({})), &["i@x", "b@x"]);
    assert_subjects(&found(json!({"in": {"email": "v@x"}})), &["v@x", "b@x"]);
}

/// What would be worst for each part of the reading, in a body as large as any that is read by default.
#[test]
fn hostile_documents_take_no_time() {
    const BODY: usize = 64 * 1024;
    let filled = |text: &dyn Fn(usize) -> String| -> String {
        let mut out = String::new();
        for n in 0.. {
            let more = text(n);
            if out.len() + more.len() > BODY {
                break;
            }
            out += &more;
        }
        out
    };
    let chain = |n: usize| format!("fragment F{n} on Q{{...F{}}}", n + 1);
    let aliases = |field: &str| -> String { (0..100).map(|n| format!("a{n}:{field} ")).collect() };
    let half: String = (0..1200).map(chain).collect();
    for (name, document) in [
        ("depth", "{a".repeat(BODY / 2)),
        ("brackets", "{a(".repeat(BODY / 3)),
        ("inline", "{...on Q".repeat(BODY / 8)),
        ("quotes", "{a(b:\"\"\"".repeat(BODY / 8)),
        ("escapes", format!("{{a(b:\"{}", "\\".repeat(BODY))),
        ("fields", format!("{{{}}}", filled(&|n| format!("a{n} ")))),
        ("chain", format!("{{...F0}}{}", filled(&chain))),
        ("all of all", format!("{}{}", half, "{...F0}".repeat((BODY - half.len()) / 7))),
        ("spreads", format!("{{{}}}", "...F ".repeat(BODY / 5))),
        ("defaults", format!("query({}){{{}}}", filled(&|n| format!("$a{n}:I=1")), aliases("b(b:$c)"))),
        (
            "one default",
            format!("query($c:I={{{}}}){{{}}}", filled(&|n| format!("a{n}:1 ")), aliases("b(b:$c)")),
        ),
        (
            "one argument",
            format!("{}fragment F on Q{{b(b:\"{}\")}}", "{...F}".repeat(200), "\\u0061".repeat(BODY / 6)),
        ),
    ] {
        #[expect(clippy::disallowed_methods, reason = "what is tested is how long it takes")]
        let begun = Instant::now();
        let found = read(&wanted(&["b"], "b.c"), &json!({"query": document}));
        // Generous: tests are not optimized as the module is, and machines are shared.
        assert!(begun.elapsed() < Duration::from_millis(500), "{name}: {:?}", begun.elapsed());
        assert!(found.len() <= MOST_OPERATIONS, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "[{}()@:.\"#$=! \n\ra-c\\\\]{0,200}",
    ) {
        let all = wanted(&[], "a.b");
        for kind in [&b"application/json"[..], b"application/graphql", b"application/x-www-form-urlencoded"] {
            let _ = body(&all, Some(kind), &bytes);
            let _ = body(&all, Some(kind), text.as_bytes());
        }
        path(&all, &bytes);
        prop_assert!(count(&text) <= MOST_OPERATIONS.max(text.len()));
        read(&all, &json!({"query": text, "variables": {"a": {"b": text}}}));
    }

    #[test]
    fn aliases_are_counted_however_many(count in 1_usize..200) {
        let aliases: String =
            (0..count).map(|n| format!("a{n}: login(email: \"u{n}@x\") {{ token }} ")).collect();
        let found = read(&wanted(&["login"], "email"), &json!({"query": format!("mutation {{ {aliases} }}")}));
        prop_assert_eq!(found.len(), count.min(MOST_OPERATIONS));
        for (n, operation) in found.iter().enumerate() {
            prop_assert_eq!(operation.named[0], subject::account(format!("u{n}@x").as_bytes(), &hashes()));
        }
    }
}
