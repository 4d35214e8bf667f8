//! The operation of a request, in a form that can be shown: no subject is in it.

use crate::policy::PathPattern;

/// Longest path segment that is shown as it is, in bytes.
const PLAIN_SEGMENT: usize = 24;

/// How many segments are shown.
const SHOWN_SEGMENTS: usize = 8;

/// `POST /api/v1/gift-cards/{}`: the method and the template that is known for the path, or else
/// the path with every segment that could identify something replaced.
#[must_use]
pub fn shown(method: &[u8], path: &[u8], template: Option<&PathPattern>) -> String {
    let method: String = method.iter().take(16).map(|&b| printable(b)).collect();
    if let Some(template) = template {
        return format!("{method} {}", template.text());
    }
    let mut out = method;
    out.push(' ');
    let path = crate::policy::without_query(path);
    for segment in path.split(|&b| b == b'/').skip(1).take(SHOWN_SEGMENTS) {
        out.push('/');
        if is_plain(segment) {
            out.extend(segment.iter().map(|&b| char::from(b)));
        } else {
            out.push_str("{}");
        }
    }
    out
}

/// A word that a developer chose: letters, dashes, underscores, dots, and a version's digits.
fn is_plain(segment: &[u8]) -> bool {
    let version =
        segment.strip_prefix(b"v").is_some_and(|d| d.len() <= 3 && d.iter().all(u8::is_ascii_digit));
    let word = segment.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.'));
    segment.len() <= PLAIN_SEGMENT && (version || word)
}

fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() { char::from(byte) } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_identify_something_is_not_shown() {
        let show = |path: &str| shown(b"GET", path.as_bytes(), None);
        assert_eq!(show("/api/v1/login?email=a@b.example"), "GET /api/v1/login");
        assert_eq!(show("/gift-cards/GC-2024-1/balance"), "GET /gift-cards/{}/balance");
        assert_eq!(show("/users/a@b.example"), "GET /users/{}");
        assert_eq!(show("/x/%41"), "GET /x/{}");
        let template = PathPattern::parse("/users/{subject}").unwrap();
        assert_eq!(shown(b"GET", b"/users/ann", Some(&template)), "GET /users/{subject}");
    }
}
