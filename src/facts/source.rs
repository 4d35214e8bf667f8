//! A value out of a request, from where the policy says it is.

use std::borrow::Cow;

use super::{Headers, body::BodyTrouble, json};
use crate::policy::{SubjectSource, without_query};

/// The value, where the request's head holds one.
#[must_use]
pub fn in_head<'h>(source: &SubjectSource, headers: &'h Headers<'_>) -> Option<Cow<'h, [u8]>> {
    let path = headers.get(":path").unwrap_or_default();
    match source {
        SubjectSource::Json(_) | SubjectSource::Form(_) => None,
        SubjectSource::Path(pattern) => pattern.subject(path).map(unescaped),
        SubjectSource::Header(name) => headers.get(name).map(Cow::Borrowed),
        SubjectSource::Cookie(name) => headers.cookie(name).map(Cow::Borrowed),
        SubjectSource::Query(name) => field(query_string(path), name),
    }
}

/// The value, where the request's decoded body holds one.
///
/// # Errors
/// The body is not JSON though the policy reads JSON.
pub fn in_body<'b>(source: &SubjectSource, body: &'b [u8]) -> Result<Option<Cow<'b, [u8]>>, BodyTrouble> {
    match source {
        SubjectSource::Form(name) => Ok(field(body, name)),
        SubjectSource::Json(pointer) => {
            let found = json::find(pointer, body).map_err(|_| BodyTrouble::Unreadable)?;
            Ok(match found {
                Some(serde_json::Value::String(text)) => Some(Cow::Owned(text.into_bytes())),
                Some(serde_json::Value::Null) | None => None,
                Some(other) => Some(Cow::Owned(other.to_string().into_bytes())),
            })
        }
        _ => Ok(None),
    }
}

/// What follows the `?` of a path.
pub(super) fn query_string(path: &[u8]) -> &[u8] {
    path.get(without_query(path).len() + 1..).unwrap_or_default()
}

/// The first value of a form's field.
pub(super) fn field<'b>(encoded: &'b [u8], name: &str) -> Option<Cow<'b, [u8]>> {
    form_urlencoded::parse(encoded).find(|(key, _)| key == name).map(|(_, value)| match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

fn unescaped(segment: &[u8]) -> Cow<'_, [u8]> {
    percent_encoding::percent_decode(segment).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{PathPattern, Pointer};

    fn head(source: &SubjectSource, path: &str) -> Option<String> {
        let pairs: Vec<(&[u8], &[u8])> =
            vec![(b":path", path.as_bytes()), (b"x-user", b"Ann"), (b"cookie", b"u=ann")];
        let headers = Headers::new(pairs);
        in_head(source, &headers).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    fn body(source: &SubjectSource, text: &str) -> Result<Option<String>, BodyTrouble> {
        let found = in_body(source, text.as_bytes())?;
        Ok(found.map(|value| String::from_utf8_lossy(&value).into_owned()))
    }

    #[test]
    fn is_read_from_every_place() {
        let expected = |text: &str| Some(text.to_owned());
        let path = SubjectSource::Path(PathPattern::parse("/cards/{subject}/balance").unwrap());
        assert_eq!(head(&path, "/cards/GC%2D1/balance?x=1"), expected("GC-1"));
        assert_eq!(head(&path, "/cards/GC-1"), None);
        assert_eq!(head(&SubjectSource::Query("u".into()), "/a?b=1&u=An%6E"), expected("Ann"));
        assert_eq!(head(&SubjectSource::Query("u".into()), "/a"), None);
        assert_eq!(head(&SubjectSource::Header("x-user".into()), "/"), expected("Ann"));
        assert_eq!(head(&SubjectSource::Cookie("u".into()), "/"), expected("ann"));
        let json = SubjectSource::Json(Pointer::parse("/email"));
        assert_eq!(body(&json, r#"{"email": " A@b.example "}"#), Ok(expected(" A@b.example ")));
        assert_eq!(body(&json, r#"{"email": 12}"#), Ok(expected("12")));
        assert_eq!(body(&json, r#"{"email": null}"#), Ok(None));
        assert_eq!(body(&json, "email=x"), Err(BodyTrouble::Unreadable));
        let form = SubjectSource::Form("user".into());
        assert_eq!(body(&form, "pass=1&user=a%40b.example"), Ok(expected("a@b.example")));
    }

    #[test]
    fn a_whole_path_is_a_value_of_its_own() {
        let whole = SubjectSource::Path(PathPattern::parse("/**").unwrap());
        assert_eq!(head(&whole, "/a/b?c"), Some("/a/b".to_owned()));
    }
}
