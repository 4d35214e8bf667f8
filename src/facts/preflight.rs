//! Requests by which a browser asks whether a page of another origin may send what its script wants to.

use super::Headers;

/// What would let such a request do something: it would be no browser's.
const NOT_SENT: [&[u8]; 4] = [b"cookie", b"authorization", b"content-type", b"transfer-encoding"];

/// By headers of such names some servers take a request for one of another method.
const OTHER_METHOD: [&[u8]; 2] = [b"method-override", b"http-method"];

/// Whether a request is a CORS preflight (Fetch standard, "CORS-preflight fetch") that carries nothing: no
/// body, no credentials, and nothing by which it could be another method. `last`: no body follows.
#[must_use]
pub fn is_preflight(headers: &Headers<'_>, last: bool) -> bool {
    let held = |name: &[u8], part: &[u8]| name.windows(part.len()).any(|window| window == part);
    last && headers.get(":method") == Some(b"OPTIONS")
        && headers.get("origin").is_some()
        && headers.get("access-control-request-method").is_some()
        && !headers
            .iter()
            .any(|(name, _)| NOT_SENT.contains(&name) || OTHER_METHOD.iter().any(|part| held(name, part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: [(&str, &str); 4] = [
        (":method", "OPTIONS"),
        ("origin", "https://shop.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];

    fn is(pairs: &[(&str, &str)], last: bool) -> bool {
        is_preflight(&Headers::new(pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect()), last)
    }

    #[test]
    fn what_a_browser_sends_ahead_is_one() {
        assert!(is(&SENT, true));
        assert!(!is(&SENT, false), "a body follows");
        for (name, _) in &SENT[..3] {
            let rest: Vec<_> = SENT.into_iter().filter(|(sent, _)| sent != name).collect();
            assert!(!is(&rest, true), "without {name}");
        }
    }

    #[test]
    fn what_could_do_something_is_none() {
        for more in ["cookie", "authorization", "content-type", "x-http-method-override", "x-http-method"] {
            assert!(!is(&[&SENT[..], &[(more, "x")]].concat(), true), "{more}");
        }
    }
}
