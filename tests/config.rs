//! What operators are told: each file in `tests/config` has the exact messages beside it.
//!
//! `BLESS=1 cargo test --test config` writes them anew; read the difference before keeping it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use palisade::check::check;
use palisade::config::{self, Config};
use palisade::policy::{Facet, FailureTest, FanOut, Finding, Mode, OnTrouble, PolicyId, Role, TlsSource};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const SECRET: &str = "a secret for tests, long enough";

fn env(name: &str) -> Option<String> {
    match name {
        "PALISADE_SECRET" => Some(SECRET.into()),
        "SHORT_SECRET" => Some("swordfish".into()),
        "BAD_SESSION" => Some("correct-horse".into()),
        _ => None,
    }
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("tests/config").unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e != "txt")).collect();
    files.sort();
    files
}

fn messages(file: &Path) -> String {
    let name = file.file_name().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let checked = match check(name, &text, &env) {
        Ok(checked) => checked,
        Err(unreadable) => return format!("{unreadable}\n"),
    };
    let mut out = String::new();
    for mistake in &checked.mistakes {
        writeln!(out, "{mistake}").unwrap();
    }
    if checked.mistakes.is_empty() {
        out.push_str(&checked.to_text());
    }
    out
}

#[test]
fn every_file_gets_its_messages() {
    let mut differences = String::new();
    for file in files() {
        let golden = file.with_extension(format!("{}.txt", file.extension().unwrap().to_str().unwrap()));
        let found = messages(&file);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if expected != found {
            writeln!(differences, "--- {}\n{expected}+++ found\n{found}", golden.display()).unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn no_message_holds_the_secret() {
    let hidden =
        [SECRET, "swordfish", "hunter2", "correct-horse", "another secret of enough bytes", "1234567890"];
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        let Ok(checked) = check(name, &std::fs::read_to_string(&file).unwrap(), &env) else {
            continue;
        };
        let shown = format!("{}{}", messages(&file), checked.to_json());
        for hidden in hidden {
            assert!(!shown.contains(hidden), "{name} shows {hidden}");
        }
    }
}

#[test]
fn every_message_is_one_line_with_place_and_remedy() {
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        let Ok(checked) = check(name, &std::fs::read_to_string(&file).unwrap(), &env) else {
            continue;
        };
        for mistake in &checked.mistakes {
            assert!(!mistake.to_string().contains('\n'), "{name}: {mistake:?}");
            assert!(!mistake.problem.is_empty() && !mistake.remedy.is_empty(), "{name}: {mistake:?}");
        }
    }
}

fn example(name: &str) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(format!("tests/config/{name}.yaml")).unwrap()).unwrap()
}

/// As Envoy's YAML reaches the plugin: fractions and whole numbers of more than 32 bits become
/// texts, other whole numbers doubles.
fn as_envoy_hands_over(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => json!(whole as f64),
            _ => json!(number.to_string()),
        },
        Value::Array(items) => items.iter().map(as_envoy_hands_over).collect(),
        Value::Object(map) => {
            map.iter().map(|(k, v)| (k.clone(), as_envoy_hands_over(v))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

#[test]
fn envoy_hands_over_the_same_configuration() {
    for name in ["example", "everything", "notes"] {
        let written = example(name);
        let handed = as_envoy_hands_over(&written);
        assert_ne!(written, handed);
        let text = serde_json::to_vec(&handed).unwrap();
        assert_eq!(config::read_text(&text, &env), config::read(&written, &env), "{name}");
    }
}

#[test]
fn the_example_expands_as_the_presets_say() {
    let Config { settings, left_out, notes } = config::read(&example("example"), &env).unwrap();
    assert!(left_out.is_empty() && notes.is_empty());
    assert_eq!(settings.memory_bytes, 64 << 20);
    assert_eq!(settings.secret.0, SECRET.as_bytes());
    assert_eq!((settings.body_limit, settings.hold_headers), (65_536, false));
    assert_eq!(settings.client.tls, Some(TlsSource::Header("x-ja4".into())));
    let names = BTreeMap::from([("gift-card".to_owned(), PolicyId(0)), ("login".to_owned(), PolicyId(1))]);
    assert_eq!(settings.by_name, names);
    assert_eq!(settings.routes.len(), 1);
    assert_eq!(settings.routes[0].policy, PolicyId(1));

    let login = &settings.policies[1];
    assert_eq!((login.role, login.mode, login.on_trouble), (Role::Login, Mode::Enforce, OnTrouble::Allow));
    assert_eq!(login.failure.status, [401, 403]);
    let rules: Vec<_> = login.rules.iter().map(|rule| (rule.name.as_str(), rule.finding)).collect();
    let failures = |at_least, score| Finding::Failures { at_least, score };
    assert_eq!(
        rules,
        [
            ("client-failures", Finding::FailureTest),
            ("client-probes", Finding::FanOut { at_least: 3, score: 6.0 }),
            ("client-secrets", Finding::FanOut { at_least: 5, score: 6.0 }),
            ("network-failures", failures(50, 3.0)),
            ("secret-subjects", Finding::FanOut { at_least: 10, score: 3.0 }),
            ("session-fingerprints", Finding::FanOut { at_least: 3, score: 3.0 }),
            ("session-subjects", Finding::FanOut { at_least: 10, score: 6.0 }),
            ("subject-addresses", Finding::FanOut { at_least: 10, score: 3.0 }),
            ("subject-failures", failures(10, 6.0)),
        ]
    );
    let test = &login.tallies[login.rules[0].tally];
    assert_eq!(test.key, [Facet::Network, Facet::Fingerprint]);
    assert_eq!((test.window_ms, test.fan_out), (1_800_000, FanOut { of: Facet::Subject, failed: true }));
    assert_eq!(test.failure_test, Some(FailureTest { usual: 0.2, hostile: 0.95 }));
    assert!(!test.counts_successes);
    let counted = |rule: usize| login.tallies[login.rules[rule].tally].fan_out;
    assert_eq!(counted(2), FanOut { of: Facet::Subject, failed: true });
    assert_eq!(counted(5), FanOut { of: Facet::Fingerprint, failed: false });
    assert_eq!(counted(6), FanOut { of: Facet::Subject, failed: false });
    assert_eq!(counted(7), FanOut { of: Facet::Address, failed: true });
    assert_eq!((login.ladder.observe, login.ladder.tag), (Some(1.0), Some(3.0)));
    let limit = login.ladder.limit.unwrap();
    assert_eq!((limit.at, limit.for_ms, limit.up_to_ms), (Some(6.0), 30_000, 600_000));
    let block = login.ladder.block.unwrap();
    assert_eq!((block.at, block.for_ms, block.up_to_ms), (Some(9.0), 600_000, 86_400_000));
    assert_eq!(login.ladder.forget_ms, 86_400_000);
}

#[test]
fn in_envoy_a_variable_that_is_not_set_is_a_mistake() {
    let mistakes = config::read(&example("example"), &|_| None).unwrap_err();
    assert_eq!(
        mistakes.to_string(),
        "secret.env: the environment variable PALISADE_SECRET is not set; set it where Envoy starts, and \
         name it in vm_config.environment_variables.host_env_keys"
    );
}

#[test]
fn text_that_is_no_configuration_is_one_mistake() {
    let message = |text: &str| config::read_text(text.as_bytes(), &env).unwrap_err().to_string();
    let missing = "configuration: missing; write policies and a secret into the plugin's configuration";
    assert_eq!(message(" \n"), missing);
    assert!(message("{").starts_with("configuration: not JSON: EOF while parsing an object at line 1"));
    let twice = r#"{"mode": "enforce", "mode": "observe"}"#;
    assert!(message(twice).starts_with("configuration: not JSON: the key \"mode\" is there twice at line 1"));
}

#[test]
fn a_class_of_status_codes_is_all_of_them() {
    let config = config::read(&example("everything"), &env).unwrap();
    let login = &config.settings.policies[usize::from(config.settings.by_name["login"].0)];
    assert_eq!(login.failure.status, (400..500).collect::<Vec<u16>>());
    assert_eq!(login.mode, Mode::Observe);
    assert_eq!(login.failure.header, Some(("x-result".into(), Some("bad".into()))));
    assert_eq!(config.settings.client.edge_headers, ["cdn-loop", "x-edge"]);
}

/// Any JSON, with more of the language's own keys and words than chance would bring.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "secret",
        "env",
        "policies",
        "login",
        "role",
        "subject",
        "json",
        "/email",
        "path",
        "/**",
        "rules",
        "key",
        "session",
        "within",
        "10m",
        "failures",
        "score",
        "ladder",
        "limit",
        "at",
        "for",
        "routes",
        "match",
        "policy",
        "client",
        "cookie",
        "off",
        "4xx",
        "failure",
        "status",
        "failure_test",
        "usual",
        "hostile",
        "0.5",
        "{subject}",
        "a long enough secret",
    ]);
    let words = words.prop_map(str::to_owned);
    let text = prop_oneof![4 => words, 1 => any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-5_i64..1000).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{i}"), found);
            }
        }
        Value::Object(map) => {
            for (key, inner) in map {
                places(inner, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        _ => {}
    }
}

fn lines(json: &Value) -> Vec<String> {
    match config::read(json, &env) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.to_string().lines().map(str::to_owned).collect(),
    }
}

proptest! {
    #[test]
    fn reading_any_json_ends_in_settings_or_mistakes(json in any_json()) {
        match config::read(&json, &env) {
            Ok(config) => prop_assert!(!config.settings.policies.is_empty()),
            Err(mistakes) => {
                prop_assert!(!mistakes.0.is_empty());
                prop_assert_eq!(mistakes.0.len(), mistakes.to_string().lines().count());
            }
        }
        prop_assert_eq!(config::read(&json, &env), config::read(&json, &env));
    }

    #[test]
    fn any_value_anywhere_is_read_without_trouble(place in any::<prop::sample::Index>(), other in any_json()) {
        let mut json = example("everything");
        let mut found = Vec::new();
        places(&json, "", &mut found);
        let place: &String = place.get(&found);
        *json.pointer_mut(place).unwrap() = other;
        if let Ok(config) = config::read(&json, &env) {
            for policy in &config.settings.policies {
                prop_assert!(policy.rules.iter().all(|rule| rule.tally < policy.tallies.len()));
                prop_assert!(!policy.rules.is_empty() && policy.rules.len() <= 16);
                prop_assert!(policy.tallies.iter().all(|t| !t.key.is_empty() && t.key.is_sorted()));
            }
            for id in config.settings.by_name.values().chain(config.settings.routes.iter().map(|r| &r.policy)) {
                prop_assert!(usize::from(id.0) < config.settings.policies.len());
            }
        }
    }

    #[test]
    fn any_text_is_read_without_trouble(text in any::<Vec<u8>>()) {
        prop_assert!(config::read_text(&text, &env).is_err());
    }

    /// One more unknown key adds one mistake and takes none away.
    #[test]
    fn mistakes_do_not_hide_each_other(place in any::<prop::sample::Index>()) {
        let mut json = example("everything");
        let mut found = Vec::new();
        places(&json, "", &mut found);
        found.retain(|at| {
            let names = [
                "/policies", "/policies/login/rules", "/allow", "/candidate/policies",
                "/candidate/policies/login/rules",
            ];
            json.pointer(at).is_some_and(Value::is_object) && !names.contains(&at.as_str())
                && !at.starts_with("/secret") && !at.starts_with("/allow/monitor/header")
        });
        json["mode"] = json!("enforced");
        let before = lines(&json);
        let place: &String = place.get(&found);
        let place = json.pointer_mut(place).unwrap();
        place.as_object_mut().unwrap().insert("zzzzzzzz".into(), json!(1));
        let after = lines(&json);
        prop_assert!(before.iter().all(|line| after.contains(line)), "{after:?}");
        let added = after.iter().filter(|line| line.contains("zzzzzzzz: unknown key")).count();
        prop_assert_eq!(added, 1, "{:?}", after);
    }
}
