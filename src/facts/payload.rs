//! The shape of a request's body: how the program that wrote it writes, and nothing of what it says.
//!
//! The content type, the names in their order, the types of JSON's values, the white space and the
//! escapes; never a value or its length. `docs/fingerprint.md` states the form exactly. A body is
//! read once, without building anything of it; what is written has a constant limit.

use super::{hash, json_shape};

/// Names that are described; what comes behind them is not.
pub(super) const NAMES: usize = 32;

/// How much of a name is described, in bytes.
pub(super) const NAME_BYTES: usize = 64;

/// How much of a content type is described, in bytes.
const TYPE_BYTES: usize = 64;

const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// The hash of a decoded body's shape; `None` where the body is empty.
#[must_use]
pub fn facet(content_type: Option<&[u8]>, body: &[u8]) -> Option<u64> {
    (!body.is_empty()).then(|| hash::public(&shape(content_type, body)))
}

/// The shape of a decoded body: content type, style and structure, each on a line.
#[must_use]
pub fn shape(content_type: Option<&[u8]>, body: &[u8]) -> Vec<u8> {
    let kind = content_type.and_then(|value| value.split(|&b| b == b';').next()).unwrap_or_default();
    let kind = kind.trim_ascii();
    let is_form = if kind.is_empty() {
        !matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
    } else {
        kind.eq_ignore_ascii_case(FORM)
    };
    let mut out = Vec::with_capacity(256);
    out.extend(kind.iter().take(TYPE_BYTES).map(u8::to_ascii_lowercase));
    out.push(b'\n');
    if is_form {
        write_form(body, &mut out);
    } else {
        json_shape::write(body, &mut out);
    }
    out
}

/// Style: `+` and `%` for the ways in which spaces are written, `A` and `a` for the letters of
/// escapes. Structure: each name as it stands, with its `=`. One that repeats the one before it is
/// an item of the same list, and says nothing new.
fn write_form(body: &[u8], out: &mut Vec<u8>) {
    let (mut plus, mut escaped, mut upper, mut lower) = (false, false, false, false);
    let mut structure = Vec::with_capacity(128);
    let (mut written, mut last) = (0, None);
    for pair in body.split(|&b| b == b'&') {
        plus |= pair.contains(&b'+');
        for code in pair.split(|&b| b == b'%').skip(1).filter_map(|rest| rest.get(..2)) {
            escaped |= code == b"20";
            upper |= code.iter().any(|b| matches!(b, b'A'..=b'F'));
            lower |= code.iter().any(|b| matches!(b, b'a'..=b'f'));
        }
        let length = pair.iter().position(|&b| b == b'=');
        let name = pair.get(..length.unwrap_or(pair.len())).unwrap_or(pair);
        if last == Some(name) || written > NAMES {
            continue;
        }
        last = Some(name);
        written += 1;
        if written > NAMES {
            structure.push(b'+');
            continue;
        }
        structure.extend(name.iter().take(NAME_BYTES));
        structure.extend_from_slice(if length.is_some() { b"=&" } else { b"&" });
    }
    for (seen, sign) in [(plus, b'+'), (escaped, b'%'), (upper, b'A'), (lower, b'a')] {
        if seen {
            out.push(sign);
        }
    }
    out.push(b'\n');
    out.append(&mut structure);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(kind: &str, body: &str) -> String {
        String::from_utf8(shape(Some(kind.as_bytes()), body.as_bytes())).unwrap()
    }

    #[test]
    fn values_do_not_matter_and_names_and_their_order_do() {
        let json = |body| shown("application/json; charset=utf-8", body);
        assert_eq!(json(r#"{"email":"a","n":1}"#), "application/json\n|||\n{\"email\"s\"n\"n}");
        assert_eq!(json(r#"{"email":"bcd","n":-2.5e9}"#), json(r#"{"email":"a","n":1}"#));
        assert_ne!(json(r#"{"n":1,"email":"a"}"#), json(r#"{"email":"a","n":1}"#));
    }

    #[test]
    fn a_form_shows_names_and_escapes() {
        let form = |body| shown("Application/X-WWW-Form-URLencoded", body);
        let shape = "application/x-www-form-urlencoded\n+A\nuser%5Bname%5D=&remember&";
        assert_eq!(form("user%5Bname%5D=a+b&remember"), shape);
        assert_eq!(form("a=%20%2f&b=1"), "application/x-www-form-urlencoded\n%a\na=&b=&");
        assert_eq!(form("i=1&i=2&i=3&j="), "application/x-www-form-urlencoded\n\ni=&j=&");
        assert_eq!(form("a=%"), "application/x-www-form-urlencoded\n\na=&");
    }

    #[test]
    fn without_a_type_the_body_tells_json_from_a_form() {
        assert_eq!(shape(None, b" {}"), b"\n|||\n{}");
        assert_eq!(shape(None, b"a=1"), b"\n\na=&");
        assert_eq!(facet(Some(b"application/json"), b""), None);
    }

    #[test]
    fn what_is_written_has_a_limit() {
        let name = "n".repeat(1000);
        let form: String = (0..1000).map(|n| format!("{n}{name}=1&")).collect();
        let json: String = (0..1000).map(|n| format!("\"{n}{name}\":[[1]],")).collect();
        for (kind, body) in [("application/x-www-form-urlencoded", form), ("x/json", format!("{{{json}"))] {
            let shape = shown(kind, &body);
            assert!(shape.ends_with('+') && shape.len() < 3_000, "{}", shape.len());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(kind in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)), body in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(shape(kind.as_deref(), &body).len() < 3_000);
            prop_assert!(shape(Some(FORM), &body).len() < 3_000);
        }
    }
}
