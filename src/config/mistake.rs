//! A mistake in what the operator wrote: where it is, what was found, and the remedy.
//!
//! A mistake never carries the secret, and its text is always one line.

use core::fmt;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is, such as `policies.login.failure.status[0]`; empty for the whole configuration.
    pub path: String,
    /// What was found there, such as `found "700"`, `missing` or `unknown key`.
    pub problem: String,
    /// What is allowed, or what to do.
    pub remedy: String,
}

impl Mistake {
    /// The same mistake, seen from a document that holds the configuration at `prefix`.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.path = join(prefix, &self.path);
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "configuration" } else { &self.path };
        write!(f, "{path}: {}; {}", self.problem, self.remedy)
    }
}

/// Every mistake of one configuration, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    /// One line a mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl core::error::Error for Mistakes {}

/// Something worth knowing that does not keep the configuration from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub path: String,
    /// What to know.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "configuration" } else { &self.path };
        write!(f, "{path}: {}", self.text)
    }
}

/// The path of `inner` below `outer`; either may be empty.
fn join(outer: &str, inner: &str) -> String {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.to_owned(),
        (_, true) => outer.to_owned(),
        _ if inner.starts_with('[') => format!("{outer}{inner}"),
        _ => format!("{outer}.{inner}"),
    }
}

/// The path of the value at `key` below `outer`. Keys that would be read wrongly are quoted.
#[must_use]
pub(crate) fn below(outer: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key.len() <= 80
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'@'));
    if plain { join(outer, key) } else { join(outer, &format!("[{}]", quote(key))) }
}

/// The text in quotes on one line, shortened where it is long.
#[must_use]
pub(crate) fn quote(text: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    // JSON's quoting leaves no line break and no other control character below U+0020.
    let quoted = serde_json::Value::String(shown).to_string();
    quoted.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), "?")
}
