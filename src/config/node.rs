//! A value of the configuration together with its place, and the list of mistakes it may add to.
//!
//! Reading goes on after a mistake, so that one pass finds all of them. A reader that returns
//! `None` has reported why.

use crate::order::sort_by_key;
use core::cell::RefCell;
use core::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::mistake::{Mistake, Note, below, quote};
use super::{quantity, words};

/// What reading has found wrong, and worth noting, so far.
#[derive(Default)]
pub(super) struct Findings {
    mistakes: RefCell<Vec<Mistake>>,
    notes: RefCell<Vec<Note>>,
}

impl Findings {
    pub(super) fn mistake(&self, path: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        let mistake = Mistake { path: path.to_owned(), problem: problem.into(), remedy: remedy.into() };
        self.mistakes.borrow_mut().push(mistake);
    }

    pub(super) fn note(&self, path: &str, text: impl Into<String>) {
        self.notes.borrow_mut().push(Note { path: path.to_owned(), text: text.into() });
    }

    /// Whether this was found wrong at this place.
    pub(super) fn has_found(&self, path: &str, problem: &str) -> bool {
        self.mistakes.borrow().iter().any(|mistake| mistake.path == path && mistake.problem == problem)
    }

    /// Whether this was noted of this place.
    pub(super) fn has_noted(&self, path: &str, text: &str) -> bool {
        self.notes.borrow().iter().any(|note| note.path == path && note.text == text)
    }

    /// How many mistakes there are, so that a check can tell whether its subject was read whole.
    pub(super) fn count(&self) -> usize {
        self.mistakes.borrow().len()
    }

    pub(super) fn into_parts(self) -> (Vec<Mistake>, Vec<Note>) {
        (self.mistakes.into_inner(), self.notes.into_inner())
    }
}

/// One value and its place.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
    pub(super) findings: &'a Findings,
}

impl<'a> Node<'a> {
    /// Reports that the value is not what it should be.
    pub(super) fn wrong(&self, remedy: impl Into<String>) {
        self.findings.mistake(&self.path, format!("found {}", self.shown()), remedy);
    }

    pub(super) fn mistake(&self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.findings.mistake(&self.path, problem, remedy);
    }

    /// What is at a key, where there is a mapping that has it.
    pub(super) fn at(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(Node { value, path: below(&self.path, key), findings: self.findings })
    }

    /// The value as a message may show it: short, one line, and never a secret.
    fn shown(&self) -> String {
        let secret = is_hidden(&self.path);
        match self.value {
            Value::Null => "nothing".into(),
            Value::Bool(_) if secret => "true or false".into(),
            Value::Number(_) if secret => "a number".into(),
            Value::String(_) if secret => "a text".into(),
            // YAML has several words for each.
            Value::Bool(true) => "true (or on, yes)".into(),
            Value::Bool(false) => "false (or off, no)".into(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => quote(text),
            Value::Array(items) if items.is_empty() => "an empty list".into(),
            Value::Array(_) => "a list".into(),
            Value::Object(map) if map.is_empty() => "an empty mapping".into(),
            Value::Object(_) => "a mapping".into(),
        }
    }

    pub(super) fn table(&self, remedy: &str) -> Option<Table<'a>> {
        match self.value {
            Value::Object(map) => {
                Some(Table { map, path: self.path.clone(), findings: self.findings, taken: Vec::new() })
            }
            _ => {
                self.wrong(remedy);
                None
            }
        }
    }

    /// The items of a list of at least one and at most `most`.
    pub(super) fn list(&self, most: usize, remedy: &str) -> Option<Vec<Self>> {
        match self.value {
            Value::Array(items) if items.len() > most => {
                self.mistake(
                    format!("found a list of {}", items.len()),
                    format!("at most {most} are allowed"),
                );
                None
            }
            Value::Array(items) if !items.is_empty() => {
                let item =
                    |(i, value)| Node { value, path: format!("{}[{i}]", self.path), findings: self.findings };
                Some(items.iter().enumerate().map(item).collect())
            }
            _ => {
                self.wrong(remedy);
                None
            }
        }
    }

    /// Hands on each item of a list of at least one and at most `most`.
    // Not compiled into each of its callers.
    #[inline(never)]
    pub(super) fn each(&self, most: usize, remedy: &str, take: &mut dyn FnMut(&Self)) {
        self.list(most, remedy).iter().flatten().for_each(take);
    }

    /// Text that is not empty.
    pub(super) fn text(&self, remedy: &str) -> Option<&'a str> {
        match self.value {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => {
                self.wrong(remedy);
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let written = self.value.as_str();
        if let Some((_, chosen)) = choices.iter().find(|(word, _)| Some(*word) == written) {
            return Some(*chosen);
        }
        let words = || choices.iter().map(|(word, _)| *word);
        let meant = written.and_then(|text| words::nearest(text, words()));
        self.wrong(match meant {
            Some(meant) => format!("did you mean {meant}? write {}", words::any_of(words())),
            None => format!("write {}", words::any_of(words())),
        });
        None
    }

    pub(super) fn truth(&self) -> Option<bool> {
        if !self.value.is_boolean() {
            self.wrong("write true or false");
        }
        self.value.as_bool()
    }

    /// Whether it says `off`. Envoy's YAML makes `off` a false.
    pub(super) fn is_off(&self) -> bool {
        is_off(self.value)
    }

    /// A number; no mistake is reported. Envoy's YAML makes numbers with a decimal point, and whole
    /// ones of more than 32 bits, texts.
    pub(super) fn as_number(&self) -> Option<f64> {
        let number = match self.value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite())
    }

    /// A number above `above` and at most `most`.
    pub(super) fn number(&self, above: f64, most: f64) -> Option<f64> {
        let number = self.as_number().filter(|&number| number > above && number <= most);
        if number.is_none() {
            let (above, most) = (quantity::show_number(above), quantity::show_number(most));
            self.wrong(format!("write a number above {above} and at most {most}"));
        }
        number
    }

    /// A whole number; no mistake is reported. 401.0 is one.
    pub(super) fn as_whole(&self) -> Option<u32> {
        let number = self.as_number()?;
        let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        fits.then_some(number as u32)
    }

    pub(super) fn whole(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let whole = self.as_whole().filter(|whole| range.contains(whole));
        if whole.is_none() {
            self.wrong(format!("write a whole number, {} to {}", range.start(), range.end()));
        }
        whole
    }

    /// A duration, in milliseconds.
    pub(super) fn duration_ms(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let written = self.value.as_str().and_then(quantity::duration_ms);
        let duration_ms = written.filter(|ms| range.contains(ms));
        if duration_ms.is_none() {
            let (least, most) =
                (quantity::show_duration(*range.start()), quantity::show_duration(*range.end()));
            self.wrong(format!("write a duration such as 30s, 10m or 24h, {least} to {most}"));
        }
        duration_ms
    }

    /// A size, in bytes.
    pub(super) fn bytes(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let written = match self.value {
            Value::String(text) => quantity::bytes(text),
            _ => self.as_whole().map(u64::from),
        };
        let bytes = written.filter(|bytes| range.contains(bytes));
        if bytes.is_none() {
            let (least, most) = (quantity::show_bytes(*range.start()), quantity::show_bytes(*range.end()));
            self.wrong(format!("write a size such as 64KiB or 64MiB, {least} to {most}"));
        }
        bytes
    }

    /// A header name, in lower case.
    pub(super) fn header_name(&self) -> Option<String> {
        self.token("write a header's name, such as x-real-ip").map(str::to_ascii_lowercase)
    }

    /// A cookie name.
    pub(super) fn cookie_name(&self) -> Option<String> {
        self.token("write a cookie's name, such as sid").map(str::to_owned)
    }

    fn token(&self, remedy: &str) -> Option<&'a str> {
        let name = self.text(remedy)?;
        if !is_token(name) {
            self.wrong(remedy);
            return None;
        }
        Some(name)
    }
}

/// Whether what stands at a place is never shown: a secret, which may stand at the wrong place, or somebody's
/// session.
fn is_hidden(path: &str) -> bool {
    path.contains("secret")
        || path.contains("].session")
        || (path.starts_with("allow.") && path.contains(".header"))
}

/// Whether something is switched off.
pub(super) fn is_off(value: &Value) -> bool {
    matches!(value, Value::Bool(false)) || value.as_str() == Some("off")
}

/// Whether it is a token of RFC 9110, as names of headers, cookies and methods are.
pub(super) fn is_token(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(allowed)
}

/// A mapping whose keys are taken one by one; those left over are unknown.
pub(super) struct Table<'a> {
    map: &'a Map<String, Value>,
    pub(super) path: String,
    findings: &'a Findings,
    taken: Vec<&'static str>,
}

impl<'a> Table<'a> {
    /// The value of a key that may be absent.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.taken.push(key);
        let value = self.map.get(key)?;
        Some(Node { value, path: below(&self.path, key), findings: self.findings })
    }

    /// The value of a key that has to be there.
    pub(super) fn need(&mut self, key: &'static str, remedy: &str) -> Option<Node<'a>> {
        let node = self.take(key);
        if node.is_none() {
            self.findings.mistake(&below(&self.path, key), "missing", remedy);
        }
        node
    }

    /// Those of the keys that are there, of which there may be one. Reports another number.
    pub(super) fn one_of(&mut self, keys: &[&'static str]) -> Option<(&'static str, Node<'a>)> {
        let mut found: Vec<_> = keys.iter().filter_map(|&key| Some((key, self.take(key)?))).collect();
        let one = format!("write exactly one of {}", words::all_of(keys.iter().copied()));
        match found.len() {
            1 => return found.pop(),
            0 => self.findings.mistake(
                &self.path,
                format!("none of {}", words::any_of(keys.iter().copied())),
                one,
            ),
            _ => {
                let names = words::all_of(found.iter().map(|(key, _)| *key));
                self.findings.mistake(&self.path, format!("found {names}"), one);
            }
        }
        None
    }

    /// Reports the keys that nobody took.
    pub(super) fn finish(self) {
        for key in self.map.keys() {
            if self.taken.contains(&key.as_str()) {
                continue;
            }
            let known = words::all_of(self.taken.iter().copied());
            let remedy = match words::nearest(key, self.taken.iter().copied()) {
                Some(meant) => format!("did you mean {meant}? known here: {known}"),
                None => format!("known here: {known}"),
            };
            // What stands below `secret` may be the secret itself, even as a key.
            if is_hidden(&self.path) {
                self.findings.mistake(&self.path, "unknown key", remedy);
            } else {
                self.findings.mistake(&below(&self.path, key), "unknown key", remedy);
            }
        }
    }

    /// Every entry, in order of the keys, for mappings whose keys are names.
    pub(super) fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        let node = |(key, value): (&'a String, &'a Value)| {
            (key.as_str(), Node { value, path: below(&self.path, key), findings: self.findings })
        };
        let mut entries: Vec<_> = self.map.iter().map(node).collect();
        sort_by_key(&mut entries, |(key, _)| *key);
        entries
    }
}
