//! The form of a scenario file, and playing one on a stage.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::signing::Sign;
use super::{Outcome, Stage};

/// A file of tests/scenarios.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What is promised, in a sentence.
    pub promise: String,
    /// Which of OWASP's automated threats it shows, such as OAT-008.
    #[serde(default)]
    pub threats: Vec<String>,
    /// Why it is not played in real Envoy, if it is not.
    pub native_only: Option<String>,
    /// Why its verdicts are those of one worker, if others may give them some requests later.
    pub one_worker: Option<String>,
    /// How many times faster than real time it is played in Envoy.
    #[serde(default = "default_speed")]
    pub speed: u64,
    /// The plugin configuration; memory and secret are added.
    config: Value,
    /// Words that take turns: `{fruit}` is one of `fruit`, another for most `{n}`.
    #[serde(default)]
    words: BTreeMap<String, Vec<String>>,
    clients: BTreeMap<String, Client>,
    steps: Vec<Step>,
    /// What counters and gauges come to, by their names without `palisade_`.
    #[serde(default)]
    metrics: BTreeMap<String, u64>,
}

fn default_speed() -> u64 {
    10
}

#[derive(Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Whether it is the one to be stopped; all others are not to be.
    #[serde(default)]
    pub attacker: bool,
    /// `{n}` counts, as in what it sends: 198.51.{n}.7 is another network each time.
    #[serde(default = "default_address")]
    pub address: String,
    /// In the order they are sent; `{n}` counts.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// How it signs its requests; not at all where nothing is said.
    pub sign: Option<Sign>,
}

fn default_address() -> String {
    "203.0.113.1".to_owned()
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Time to let pass first.
    #[serde(default)]
    wait: Option<String>,
    /// A new configuration: the first one, with these of its keys in their place; nothing takes a key away.
    reload: Option<BTreeMap<String, Value>>,
    client: Option<String>,
    /// `METHOD /path`; `/p/NAME/...` is a route whose metadata names the policy. `{n}` counts, and so
    /// does `{n*37%100}`, which walks through a hundred in another order.
    send: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    json: Option<Value>,
    body: Option<String>,
    #[serde(default = "once")]
    times: u64,
    /// What `{n}` begins with.
    #[serde(default)]
    from: u64,
    #[serde(default)]
    every: Option<String>,
    #[serde(default)]
    answer: Answer,
    expect: Option<Expect>,
}

fn once() -> u64 {
    1
}

/// `401`, or more of an answer.
#[derive(Deserialize, Debug, Clone)]
#[serde(untagged)]
enum Answer {
    Status(u16),
    Whole {
        #[serde(default = "ok")]
        status: u16,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default)]
        body: String,
    },
}

fn ok() -> u16 {
    200
}

impl Default for Answer {
    fn default() -> Self {
        Self::Status(200)
    }
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Expect {
    action: String,
    reason: Option<String>,
    status: Option<u16>,
    repeat: Option<u64>,
}

/// A request as it is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer as the origin gives it.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Scenario {
    /// How many workers it is played with where nothing else is asked for.
    pub fn workers(&self) -> usize {
        if self.one_worker.is_some() { 1 } else { 2 }
    }

    /// All scenarios with the names of their files, in order.
    pub fn all() -> Vec<(String, Self)> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|e| e == "yaml"));
        files.sort();
        let read = |file: &PathBuf| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(file).unwrap();
            let scenario = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, scenario)
        };
        files.iter().map(read).collect()
    }

    /// The whole plugin configuration.
    pub fn configuration(&self) -> Value {
        let mut config = self.config.clone();
        let map = config.as_object_mut().expect("config is a map");
        map.entry("secret").or_insert_with(|| json!("a secret of the tests alone"));
        map.entry("memory").or_insert_with(|| json!("8MiB"));
        map.entry("hold_headers").or_insert_with(|| json!(true));
        config
    }

    /// Whether its configuration changes while it is played.
    pub fn reloads(&self) -> bool {
        self.steps.iter().any(|step| step.reload.is_some())
    }

    /// The configuration with some keys in their place.
    fn changed(&self, keys: &BTreeMap<String, Value>) -> Value {
        let mut config = self.configuration();
        for (key, value) in keys {
            config[key] = value.clone();
            if value.is_null() {
                config.as_object_mut().unwrap().remove(key);
            }
        }
        config
    }

    /// How long it lasts, in milliseconds of its own time.
    pub fn lasts_ms(&self) -> u64 {
        let time = |text: &Option<String>| text.as_deref().map_or(0, milliseconds);
        self.steps.iter().map(|step| time(&step.wait) + time(&step.every) * step.times).sum()
    }

    /// Of each request the attacker that sends it, if one does, in order.
    pub fn attackers(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        let sends = self.steps.iter().filter_map(|step| Some((step.client.as_deref()?, step.times)));
        let attacker = |name| Some(name).filter(|name: &&str| self.clients[*name].attacker);
        sends.flat_map(move |(name, times)| (0..times).map(move |_| attacker(name)))
    }

    /// A text with what counts filled in.
    fn fill(&self, text: &str, n: u64) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let slot = after.split_once('}').and_then(|(name, after)| Some((self.slot(name, n)?, after)));
            let filled = slot.unwrap_or_else(|| ("{".to_owned(), after));
            out.push_str(&filled.0);
            rest = filled.1;
        }
        out + rest
    }

    fn slot(&self, name: &str, n: u64) -> Option<String> {
        let word = |words: &Vec<String>| {
            let turn = (n + name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            words[turn as usize % words.len()].clone()
        };
        counted(name, n).map(|value| value.to_string()).or_else(|| self.words.get(name).map(word))
    }

    /// Plays it, and returns what came of each request.
    ///
    /// # Panics
    /// Where an expectation does not hold; the message names the step.
    pub fn play(&self, mut stage: Box<dyn Stage>) -> Vec<Outcome> {
        let mut at_ms = 0;
        let mut expectations = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            at_ms += step.wait.as_deref().map_or(0, milliseconds);
            if let Some(keys) = &step.reload {
                stage.reload(&self.changed(keys));
            }
            let Some(name) = &step.client else { continue };
            let client = self.clients.get(name).unwrap_or_else(|| panic!("step {index}: no client {name}"));
            for n in step.from..step.from + step.times {
                let fill = |text: &str| self.fill(text, n);
                let client = client.filled(&fill);
                let (request, answer) = step.request(&client, &fill, at_ms);
                stage.send(at_ms, &client, &request, &answer);
                at_ms += step.every.as_deref().map_or(0, milliseconds);
                expectations.push((index, n, step.expect.as_ref()));
            }
        }
        assert_eq!(stage.metrics(&self.metrics), self.metrics, "metrics");
        let outcomes = stage.end();
        assert_eq!(outcomes.len(), expectations.len(), "each request has an outcome");
        for (outcome, (index, n, expect)) in outcomes.iter().zip(expectations) {
            if let Some(expect) = expect {
                expect.check(outcome, &format!("step {index}, request {n}"));
            }
        }
        outcomes
    }
}

/// What `n`, `n%7`, `n/7`, `n*37%100`, `n*n%1009` and the like come to, from left to right.
fn counted(formula: &str, n: u64) -> Option<u64> {
    let mut rest = formula.strip_prefix('n')?;
    let mut value = n;
    while let Some(operator) = rest.chars().next() {
        let end = rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |at| at + 1);
        let own = rest[1..].starts_with('n');
        let end = if own { 2 } else { end };
        let number: u64 = if own { n } else { rest[1..end].parse().ok()? };
        value = match operator {
            '+' => value + number,
            '*' => value * number,
            '%' => value % number,
            '/' => value / number,
            _ => return None,
        };
        rest = &rest[end..];
    }
    Some(value)
}

impl Client {
    /// The client as it sends one of its requests.
    fn filled(&self, fill: &dyn Fn(&str) -> String) -> Self {
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), fill(value)));
        Self { address: fill(&self.address), headers: headers.collect(), ..self.clone() }
    }
}

impl Step {
    fn request(&self, client: &Client, fill: &dyn Fn(&str) -> String, at_ms: u64) -> (Sent, Answered) {
        let (method, path) =
            self.send.as_deref().and_then(|s| s.split_once(' ')).expect("send: METHOD /path");
        let mut headers = client.headers.clone();
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), fill(value))));
        headers.extend(client.sign.iter().flat_map(|sign| sign.headers(at_ms)));
        let mut body = fill(self.body.as_deref().unwrap_or_default()).into_bytes();
        if let Some(json) = &self.json {
            body = fill(&json.to_string()).into_bytes();
            headers.push(("content-type".into(), "application/json".into()));
        }
        let (status, more, text) = match self.answer.clone() {
            Answer::Status(status) => (status, Vec::new(), String::new()),
            Answer::Whole { status, headers, body } => (status, headers, body),
        };
        let more = more.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
        let answer = Answered { status, headers: more, body: fill(&text).into_bytes() };
        (Sent { method: method.to_owned(), path: fill(path), headers, body }, answer)
    }
}

impl Expect {
    fn check(&self, outcome: &Outcome, place: &str) {
        assert_eq!(outcome.action(), self.action, "{place}: {outcome:?}");
        let status = match outcome.action() {
            "limit" => Some(429),
            "block" => Some(403),
            _ => self.status,
        };
        let observed = outcome.part("enforced") == "no";
        if let Some(status) = self.status.or(status).filter(|_| !observed || self.status.is_some()) {
            assert_eq!(outcome.status, status, "{place}: {outcome:?}");
        }
        if let Some(reason) = &self.reason {
            assert_eq!(outcome.part("reasons"), reason, "{place}: {outcome:?}");
        }
        if let Some(repeat) = self.repeat {
            assert_eq!(outcome.part("repeat"), repeat.to_string(), "{place}: {outcome:?}");
        }
    }
}

/// As durations are written in a configuration.
fn milliseconds(text: &str) -> u64 {
    palisade::config::duration_ms(text).unwrap_or_else(|| panic!("no duration: {text}"))
}
