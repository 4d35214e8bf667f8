//! The subject of a request: the account, card or code that it acts on.

use std::borrow::Cow;

use super::{Hashes, Headers, body::BodyTrouble, json};
use crate::policy::{SubjectSource, without_query};

/// Longest subject that is told from others, in bytes; what follows is cut off.
const SUBJECT_BYTES: usize = 256;

/// The hashed subject, where the request's head holds one.
#[must_use]
pub fn from_head(source: &SubjectSource, headers: &Headers<'_>, hashes: &Hashes) -> Option<u64> {
    let path = headers.get(":path").unwrap_or_default();
    let found: Option<Cow<'_, [u8]>> = match source {
        SubjectSource::Json(_) | SubjectSource::Form(_) => None,
        SubjectSource::Path(pattern) => pattern.subject(path).map(unescaped),
        SubjectSource::Header(name) => headers.get(name).map(Cow::Borrowed),
        SubjectSource::Cookie(name) => headers.cookie(name).map(Cow::Borrowed),
        SubjectSource::Query(name) => {
            let query = path.get(without_query(path).len() + 1..).unwrap_or_default();
            field(query, name)
        }
    };
    found.and_then(|value| hashed(&value, hashes))
}

/// The hashed subject, where the request's decoded body holds one.
///
/// # Errors
/// The body is not JSON though the policy reads JSON.
pub fn from_body(source: &SubjectSource, body: &[u8], hashes: &Hashes) -> Result<Option<u64>, BodyTrouble> {
    match source {
        SubjectSource::Form(name) => Ok(field(body, name).and_then(|value| hashed(&value, hashes))),
        SubjectSource::Json(pointer) => {
            let found = json::find(pointer, body).map_err(|_| BodyTrouble::Unreadable)?;
            Ok(match found {
                Some(serde_json::Value::String(text)) => hashed(text.as_bytes(), hashes),
                Some(serde_json::Value::Null) | None => None,
                Some(other) => hashed(other.to_string().as_bytes(), hashes),
            })
        }
        _ => Ok(None),
    }
}

fn field<'b>(encoded: &'b [u8], name: &str) -> Option<Cow<'b, [u8]>> {
    form_urlencoded::parse(encoded).find(|(key, _)| key == name).map(|(_, value)| match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

fn unescaped(segment: &[u8]) -> Cow<'_, [u8]> {
    percent_encoding::percent_decode(segment).into()
}

/// One account, however it is typed: outer space and ASCII case do not count.
fn hashed(value: &[u8], hashes: &Hashes) -> Option<u64> {
    let value = value.trim_ascii();
    let value = value.get(..SUBJECT_BYTES).unwrap_or(value);
    (!value.is_empty()).then(|| hashes.personal("subject", &value.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{PathPattern, Pointer, Secret};

    fn hashes() -> Hashes {
        Hashes::new(&Secret(b"0123456789abcdef".to_vec()))
    }

    fn expected(text: &str) -> Option<u64> {
        Some(hashes().personal("subject", text.as_bytes()))
    }

    fn head(source: &SubjectSource, path: &str) -> Option<u64> {
        let pairs: Vec<(&[u8], &[u8])> =
            vec![(b":path", path.as_bytes()), (b"x-user", b"Ann"), (b"cookie", b"u=ann")];
        from_head(source, &Headers::new(pairs), &hashes())
    }

    #[test]
    fn is_read_from_every_place() {
        let path = SubjectSource::Path(PathPattern::parse("/cards/{subject}/balance").unwrap());
        assert_eq!(head(&path, "/cards/GC%2D1/balance?x=1"), expected("gc-1"));
        assert_eq!(head(&path, "/cards/GC-1"), None);
        assert_eq!(head(&SubjectSource::Query("u".into()), "/a?b=1&u=An%6E"), expected("ann"));
        assert_eq!(head(&SubjectSource::Query("u".into()), "/a"), None);
        assert_eq!(head(&SubjectSource::Header("x-user".into()), "/"), expected("ann"));
        assert_eq!(head(&SubjectSource::Cookie("u".into()), "/"), expected("ann"));
        let json = SubjectSource::Json(Pointer::parse("/email"));
        assert_eq!(
            from_body(&json, br#"{"email": " A@b.example "}"#, &hashes()),
            Ok(expected("a@b.example"))
        );
        assert_eq!(from_body(&json, br#"{"email": 12}"#, &hashes()), Ok(expected("12")));
        assert_eq!(from_body(&json, br#"{"email": ""}"#, &hashes()), Ok(None));
        assert_eq!(from_body(&json, b"email=x", &hashes()), Err(BodyTrouble::Unreadable));
        let form = SubjectSource::Form("user".into());
        assert_eq!(from_body(&form, b"pass=1&user=a%40b.example", &hashes()), Ok(expected("a@b.example")));
    }

    #[test]
    fn a_whole_path_is_a_subject_of_its_own() {
        let whole = SubjectSource::Path(PathPattern::parse("/**").unwrap());
        assert_eq!(head(&whole, "/a/b?c"), expected("/a/b"));
    }
}
