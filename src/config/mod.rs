//! What the operator wrote, turned into what is enforced.
//!
//! Reading finds every mistake in one pass and refuses the whole configuration if there is one; a
//! rule that can never fire is a mistake. The same reading runs in Envoy and in `palisade check`.
//! It never looks at anything but the value it is given and the environment function.

mod allow;
mod answer;
mod candidate;
mod client;
mod count;
mod decoy;
mod decree;
mod flow;
mod graphql;
mod ladder;
mod learning;
mod limits;
mod mistake;
mod node;
mod policy;
mod preset;
mod quantity;
mod routes;
mod rules;
mod strict;
mod tally;
mod threat;
mod trust;
mod wire;
mod words;

use crate::order::sort_by_key;
use std::collections::BTreeMap;

use serde_json::Value;

pub use mistake::{Mistake, Mistakes, Note};
pub use quantity::{duration_ms, show_bytes, show_duration, show_number};
pub use routes::no_such_policy;
pub use rules::LeftOut;

pub(crate) use self::strict::lenient;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::{mistake::below, strict::Strict};

use node::{Findings, Node};
use policy::{Defaults, Found, MODES, ON_TROUBLE, Present};

use crate::policy::{FanOut, Mode, OnTrouble, Policy, PolicyId, Secret, Settings};

const MOST_POLICIES: usize = 64;
const LEAST_SECRET_BYTES: usize = 16;
const DEFAULT_MEMORY_BYTES: u64 = 64 << 20;
const DEFAULT_HELD: u32 = 1024;
const MOST_HELD: u32 = 65_536;
const DEFAULT_BODY_LIMIT: u64 = 64 << 10;

/// A configuration without mistakes.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What is enforced.
    pub settings: Settings,
    /// Rules of presets that lack what their keys are made of.
    pub left_out: Vec<LeftOut>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
}

impl Config {
    /// The highest score that a policy's rules can give together, in nats.
    #[must_use]
    pub fn highest_score(policy: &Policy) -> f64 {
        ladder::highest_score(&policy.rules, &policy.tallies)
    }

    /// The word for what a tally counts distinct values of, such as `failed_subjects`; `None` where
    /// no rule can ask for it.
    #[must_use]
    pub fn fan_out_word(fan_out: FanOut) -> Option<&'static str> {
        count::fan_out_word(fan_out)
    }

    /// The rungs of a policy's ladder that are in use, from mild to severe, with their scores.
    #[must_use]
    pub fn rungs(policy: &Policy) -> Vec<(&'static str, f64)> {
        ladder::rungs(&policy.ladder)
    }
}

/// Reads what Envoy passes to the plugin: the JSON text of a `StringValue`, or the wire form of a
/// `google.protobuf.Struct`, which Envoy 1.40 hands over as it is.
///
/// # Errors
/// Every mistake, with its place and remedy.
pub fn read_text(text: &[u8], env: &dyn Fn(&str) -> Option<String>) -> Result<Config, Mistakes> {
    let whole = |problem: String, remedy: &str| {
        Mistakes(vec![Mistake { path: String::new(), problem, remedy: remedy.into() }])
    };
    if text.trim_ascii().is_empty() {
        return Err(whole("missing".into(), "write policies and a secret into the plugin's configuration"));
    }
    match serde_json::from_slice::<strict::Strict>(text) {
        Ok(strict::Strict(json)) => read(&json, env),
        Err(error) => match wire::decode(text) {
            Some(json) => read(&json, env),
            None => Err(whole(format!("not JSON: {error}"), "write a google.protobuf.Struct, or JSON text")),
        },
    }
}

/// Reads a plugin configuration. `env` gives the value of an environment variable.
///
/// # Errors
/// Every mistake, with its place and remedy.
pub fn read(json: &Value, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, Mistakes> {
    let findings = Findings::default();
    let root = Node { value: json, path: String::new(), findings: &findings };
    let mut left_out = Vec::new();
    let mut settings = read_settings(&root, env, &mut left_out);
    let candidate = candidate::read(&root, env);
    if let Some(settings) = &mut settings {
        settings.candidate = candidate;
    }
    let (mistakes, notes) = findings.into_parts();
    match settings {
        Some(settings) if mistakes.is_empty() => Ok(Config { settings, left_out, notes }),
        _ => Err(Mistakes(mistakes)),
    }
}

fn read_settings(
    root: &Node<'_>,
    env: &dyn Fn(&str) -> Option<String>,
    left_out: &mut Vec<LeftOut>,
) -> Option<Settings> {
    // The whole may be the secret's text by mistake, so it is not shown.
    if !root.value.is_object() {
        root.mistake("not a mapping", "write secret: {env: PALISADE_SECRET} and policies");
        return None;
    }
    let mut table = root.table("")?;
    let mode = table.take("mode").and_then(|node| node.choice(&MODES)).unwrap_or(Mode::Enforce);
    let on_trouble =
        table.take("on_trouble").and_then(|node| node.choice(&ON_TROUBLE)).unwrap_or(OnTrouble::Allow);
    let memory_bytes = match table.take("memory") {
        Some(node) => node.bytes(1 << 20..=4 << 30),
        None => Some(DEFAULT_MEMORY_BYTES),
    };
    let body_limit = match table.take("body_limit") {
        Some(node) => node.bytes(1 << 10..=1 << 20),
        None => Some(DEFAULT_BODY_LIMIT),
    };
    let hold_headers = table.take("hold_headers").and_then(|node| node.truth()).unwrap_or(false);
    let propose_flows = table.take("propose_flows");
    let secret = table
        .need("secret", "write {env: PALISADE_SECRET}, or a text of at least 16 bytes")
        .and_then(|node| read_secret(&node, env, "PALISADE_SECRET"));
    let (client, present) = read_client(table.take("client"));
    let propose_flows = propose_flows.is_some_and(|node| read_propose_flows(&node, present));
    let held = table.take("held").map_or(Some(DEFAULT_HELD), |node| node.whole(1..=MOST_HELD));
    let limits = table.take("limits").map(|node| limits::read(&node, present)).unwrap_or_default();
    let policies = table.need("policies", "write at least one, such as login: {role: login}");
    let routes = table.take("routes");
    let decrees = [table.take("condemn"), table.take("unban")];
    // Read when all else was.
    let _ = table.take("candidate");
    let (allow, trust) = (table.take("allow"), table.take("trust"));
    table.finish();

    let names = policies.as_ref().map(name_policies).unwrap_or_default();
    let around = allow::Around { names: &names, secret: &|node| read_secret(node, env, "MONITOR_TOKEN") };
    let allow = allow.map(|node| allow::read(&node, &around)).unwrap_or_default();
    let trust = trust::Written::read(trust, &names);
    let defaults = Defaults { mode, on_trouble, present, limits: &limits, names: &names };
    let flows_at = policies.as_ref().map(|node| node.path.clone()).unwrap_or_default();
    let mut canaries = Vec::new();
    let mut found = Found { left_out, canaries: &mut canaries };
    let mut policies = policies.map(|node| read_policies(&node, &defaults, &mut found)).unwrap_or_default();
    let mut earned = None;
    if policies.len() == names.len() {
        flow::complete(&mut policies, &flows_at, root.findings);
        earned = trust.complete(&policies, present.session, root.findings);
    }
    let routes = routes.map(|node| routes::read(&node, &names)).unwrap_or_default();
    let decrees = decree::read(&decrees, &decree::Grounds { present, policies: &policies }, env);
    Some(Settings {
        memory_bytes: memory_bytes?,
        secret: secret?,
        body_limit: usize::try_from(body_limit?).ok()?,
        hold_headers,
        propose_flows,
        client,
        on_trouble,
        held: held?,
        limits,
        canaries,
        allow,
        trust: earned,
        policies,
        by_name: names,
        routes,
        decrees,
        candidate: None,
    })
}

fn read_client(node: Option<Node<'_>>) -> (crate::policy::ClientSources, Present) {
    let present = client::present(node.as_ref().map(|node| node.value));
    (node.and_then(|node| client::read(&node)).unwrap_or_default(), present)
}

fn read_propose_flows(node: &Node<'_>, present: Present) -> bool {
    if !present.session {
        node.mistake(
            "there is no client.session, and flows are learned by session",
            "add client.session, or remove it",
        );
    }
    node.truth().unwrap_or(false)
}

/// A secret. Nothing that is found below it is ever shown, but the name of a variable. `example`: one.
fn read_secret(node: &Node<'_>, env: &dyn Fn(&str) -> Option<String>, example: &str) -> Option<Secret> {
    if let Some(text) = node.value.as_str() {
        return long_enough(text, node, "found");
    }
    let remedy = format!("write {{env: {example}}}, or a text of at least 16 bytes in quotes");
    let (node, name, text) = read_variable(node, &remedy, example, env)?;
    long_enough(&text, &node, &format!("{name} holds"))
}

/// What `{env: NAME}` names, with its place and name.
fn read_variable<'a>(
    node: &Node<'a>,
    remedy: &str,
    example: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<(Node<'a>, &'a str, String)> {
    let mut table = node.table(remedy)?;
    let remedy = format!("write the name of an environment variable, such as {example}");
    let variable = table.need("env", &remedy);
    table.finish();
    let node = variable?;
    let name = node.text(&remedy)?;
    let of_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if !name.bytes().all(of_name) {
        node.wrong(remedy);
        return None;
    }
    let text = env(name);
    if text.is_none() {
        node.mistake(
            format!("the environment variable {name} is not set"),
            "set it where Envoy starts, and name it in vm_config.environment_variables.host_env_keys",
        );
    }
    Some((node, name, text?))
}

fn long_enough(text: &str, node: &Node<'_>, found: &str) -> Option<Secret> {
    if text.len() >= LEAST_SECRET_BYTES {
        return Some(Secret(text.as_bytes().to_vec()));
    }
    let remedy = format!("write at least {LEAST_SECRET_BYTES}, drawn at random");
    node.mistake(format!("{found} {} bytes", text.len()), remedy);
    None
}

/// Names in order, and their places in the list.
fn name_policies(node: &Node<'_>) -> BTreeMap<String, PolicyId> {
    let mut names: Vec<&String> = node.value.as_object().map(|map| map.keys().collect()).unwrap_or_default();
    sort_by_key(&mut names, |name| *name);
    let ids = (0..=u16::MAX).map(PolicyId);
    let mut by_name = BTreeMap::new();
    for (name, id) in names.into_iter().zip(ids) {
        by_name.insert(name.clone(), id);
    }
    by_name
}

fn read_policies(node: &Node<'_>, defaults: &Defaults<'_>, found: &mut Found<'_>) -> Vec<Policy> {
    let remedy = "write a mapping from names to policies, such as login: {role: login}";
    let Some(table) = node.table(remedy) else {
        return Vec::new();
    };
    let entries = table.entries();
    if entries.is_empty() {
        node.wrong(remedy);
    }
    if entries.len() > MOST_POLICIES {
        node.mistake(format!("{} policies", entries.len()), format!("at most {MOST_POLICIES} are allowed"));
        return Vec::new();
    }
    let one = |(name, node): (&str, Node<'_>)| policy::read(name, &node, defaults, found);
    entries.into_iter().filter_map(one).collect()
}
