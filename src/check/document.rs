//! A file's text as a value, read as Envoy would read it. It never looks at what the value means.

use core::fmt;

use serde_json::Value;
use serde_saphyr::options::MergeKeyPolicy;

use crate::config::Strict;

/// Why a file is no configuration at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The file, as the operator named it.
    pub source: String,
    /// Line and column, from 1, where they are known.
    pub place: Option<(u64, u64)>,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.source)?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.problem)
    }
}

impl core::error::Error for Unreadable {}

/// Reads YAML or JSON.
///
/// # Errors
/// The first place where the text is neither.
pub(super) fn read(source: &str, text: &str) -> Result<Value, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let unreadable = |place, problem| Err(Unreadable { source: source.to_owned(), place, problem });
    // Nearly all JSON is YAML, but not all of it: escapes of surrogate pairs are not.
    let json = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str::<Strict>(text));
    if let Some(Ok(Strict(value))) = json {
        return Ok(value);
    }
    match (serde_saphyr::from_str_with_options::<Value>(text, as_envoy_reads()), json) {
        (Ok(Value::Null), _) => unreadable(None, "there is nothing in it".into()),
        (Ok(value), _) => Ok(value),
        (Err(_), Some(Err(error))) if source.ends_with(".json") => {
            let place = (error.line() as u64, error.column() as u64);
            unreadable(Some(place), without_place(&error.to_string()))
        }
        (Err(error), _) => {
            let place = error.location().map(|location| (location.line(), location.column()));
            unreadable(place, problem(&error))
        }
    }
}

/// Envoy's parser takes `off` and `no` for false and `010` for 8, and knows no merge keys.
fn as_envoy_reads() -> serde_saphyr::Options {
    serde_saphyr::options! {
        legacy_octal_numbers: true,
        underscored_numbers_as_strings: true,
        merge_keys: MergeKeyPolicy::AsOrdinary,
    }
}

fn problem(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error.without_snippet() {
        Error::MultipleDocuments { .. } => "a second document begins here; write one document a file".into(),
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("of this line");
            format!("the key {key} is there twice; remove one")
        }
        other => without_place(&other.to_string()),
    }
}

/// The message without the place that stands before it anyway.
fn without_place(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message.get(..end).unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_give_the_same() {
        let yaml = read("a.yaml", "a: {b: off}\nc: [1, 2.5, x]\n").unwrap();
        assert_eq!(yaml, read("a.json", r#"{"a": {"b": false}, "c": [1, 2.5, "x"]}"#).unwrap());
        assert_eq!(read("a.json", r#"{"a": "\ud83d\ude00"}"#).unwrap()["a"], "\u{1f600}");
    }

    #[test]
    fn names_the_place() {
        let message = |source, text| read(source, text).unwrap_err().to_string();
        assert_eq!(
            message("a.yaml", "a: 1\nb: 2\na: 3\n"),
            "a.yaml:3:1: the key a is there twice; remove one"
        );
        assert_eq!(
            message("a.yaml", "a: 1\n---\nb: 1\n"),
            "a.yaml:3:1: a second document begins here; write one document a file"
        );
        assert_eq!(message("a.json", "{\"a\": 1,\n \"a\": 2}"), "a.json:2:4: the key \"a\" is there twice");
        assert_eq!(message("a.yaml", "# nothing\n"), "a.yaml: there is nothing in it");
        assert!(
            message("a.yaml", "a: [1\nb: 2\n").starts_with("a.yaml:2:"),
            "{}",
            message("a.yaml", "a: [1\nb: 2\n")
        );
    }
}
