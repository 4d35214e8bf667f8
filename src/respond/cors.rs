//! Replies that a page of another origin can read. A browser hides an answer from a page unless the answer
//! allows the page's origin (Fetch standard, "CORS check"); a refusal without that is a broken connection to
//! the page's script, which tells its user so.
//!
//! Nothing is allowed here that the origin server does not allow itself: what it sends to a page's origin
//! under a policy is kept and said again in our own replies to that very origin.

use std::borrow::Cow;

use crate::facts::Headers;

/// Origins that are kept for each worker at most, over all policies; more take the place of the one heard
/// of longest ago. Clients write any origin they like, and some servers allow whatever they are sent.
const MOST_ORIGINS: usize = 128;

/// Bytes of an origin at most: a scheme, a host name (253 bytes) and a port.
const MOST_ORIGIN_BYTES: usize = 272;

/// Bytes of a list of names at most; longer ones are left out.
const MOST_LIST_BYTES: usize = 1024;

/// Bytes that a worker keeps of it at most: an origin and two lists each.
pub const CORS_BYTES: u64 =
    (MOST_ORIGINS * (MOST_ORIGIN_BYTES + 2 * MOST_LIST_BYTES + size_of::<Allowed>())) as u64;

/// So long what was heard is not read again, in milliseconds: it costs a look at all of an answer's headers.
const FRESH_MS: u64 = 60_000;

/// So long it holds without being heard again.
const KEPT_MS: u64 = 24 * 3_600_000;

/// What stands for every origin.
const ANY: &[u8] = b"*";

/// What the origin server allows pages of other origins, as one worker heard it.
#[derive(Debug, Default)]
pub struct Cors {
    allowed: Vec<Allowed>,
}

#[derive(Debug)]
struct Allowed {
    policy: usize,
    /// The page's origin, or [`ANY`].
    origin: Vec<u8>,
    credentials: bool,
    expose: Option<String>,
    vary: Option<String>,
    at_ms: u64,
}

/// The origin of the page of another host that a request comes from, where it is one that can be kept. Pages
/// of this host, which name theirs in every request that writes, need no leave.
#[must_use]
pub fn origin(headers: &Headers<'_>) -> Option<Vec<u8>> {
    let value = headers.get("origin").filter(|value| value.len() <= MOST_ORIGIN_BYTES)?;
    let host = value.strip_prefix(b"https://").or_else(|| value.strip_prefix(b"http://"));
    (!value.is_empty() && host != headers.get(":authority").or(Some(b""))).then(|| value.to_vec())
}

impl Cors {
    /// Whether an answer to this origin is worth reading.
    #[must_use]
    pub fn wants(&self, policy: usize, origin: &[u8], now_ms: u64) -> bool {
        self.find(policy, origin, now_ms).is_none_or(|found| now_ms.saturating_sub(found.at_ms) >= FRESH_MS)
    }

    /// Takes in what the origin server's own answer allows a page's origin. A success that allows it nothing
    /// takes back what was allowed; errors often come from something in between that knows of no pages.
    pub fn learn(&mut self, policy: usize, origin: &[u8], answer: &Headers<'_>, now_ms: u64) {
        let mut said = answer.iter().filter(|(name, _)| *name == b"access-control-allow-origin");
        // One that says it twice is not believed by browsers either.
        let allows = said.next().map(|(_, value)| value).filter(|_| said.next().is_none());
        let allows = allows.filter(|value| *value == ANY || *value == origin);
        let Some(allowed) = allows else {
            if answer.begins(":status", "2") {
                self.allowed.retain(|kept| kept.policy != policy || kept.origin != origin);
            }
            return;
        };
        let kept = Allowed {
            policy,
            origin: allowed.to_vec(),
            credentials: answer.get("access-control-allow-credentials") == Some(b"true"),
            expose: list(answer, "access-control-expose-headers"),
            vary: list(answer, "vary"),
            at_ms: now_ms,
        };
        let same = self.allowed.iter().position(|old| old.policy == policy && old.origin == allowed);
        let oldest = || {
            let all = self.allowed.iter().enumerate();
            all.min_by_key(|(_, old)| old.at_ms).map(|(place, _)| place)
        };
        let full = self.allowed.len() >= MOST_ORIGINS;
        match same.or_else(|| if full { oldest() } else { None }) {
            Some(place) => self.allowed.get_mut(place).map(|old| *old = kept).unwrap_or_default(),
            None => self.allowed.push(kept),
        }
    }

    /// Adds to a reply's headers what lets a page of this origin read it, if the origin server would.
    pub fn add(
        &self,
        policy: usize,
        origin: &[u8],
        now_ms: u64,
        headers: &mut Vec<(Cow<'static, str>, String)>,
    ) {
        let Some(found) = self.find(policy, origin, now_ms) else { return };
        let Ok(allowed) = std::str::from_utf8(&found.origin) else { return };
        // In their place where the reply has them already, as one has that is made like the server's own.
        let mut set =
            |name: &'static str, value: String| match headers.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) => *own = value,
                None => headers.push((name.into(), value)),
            };
        set("access-control-allow-origin", allowed.to_owned());
        if found.credentials {
            set("access-control-allow-credentials", "true".to_owned());
        }
        if let Some(expose) = &found.expose {
            set("access-control-expose-headers", expose.clone());
        }
        if let Some(vary) = &found.vary {
            set("vary", vary.clone());
        }
    }

    fn find(&self, policy: usize, origin: &[u8], now_ms: u64) -> Option<&Allowed> {
        let holds = |kept: &&Allowed| kept.policy == policy && now_ms.saturating_sub(kept.at_ms) < KEPT_MS;
        let of = |wanted: &[u8]| self.allowed.iter().filter(holds).find(|kept| kept.origin == wanted);
        of(origin).or_else(|| of(ANY))
    }
}

/// All values of a header that is a list.
fn list(answer: &Headers<'_>, name: &str) -> Option<String> {
    let values = answer.iter().filter(|(n, _)| *n == name.as_bytes());
    let values: Vec<&str> = values.filter_map(|(_, value)| std::str::from_utf8(value).ok()).collect();
    let list = values.join(", ");
    (!list.is_empty() && list.len() <= MOST_LIST_BYTES).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHOP: &[u8] = b"https://shop.example";
    const NOW_MS: u64 = 1_800_000_000_000;

    fn answer<'a>(pairs: &[(&'a str, &'a str)]) -> Headers<'a> {
        let status = [(":status", "200")];
        let all = status.iter().chain(pairs).map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        Headers::new(all.collect())
    }

    fn added(cors: &Cors, policy: usize, origin: &[u8], now_ms: u64) -> Vec<(Cow<'static, str>, String)> {
        let mut headers = Vec::new();
        cors.add(policy, origin, now_ms, &mut headers);
        headers
    }

    #[test]
    fn a_reply_allows_what_the_origin_server_allows_this_origin_under_this_policy() {
        let mut cors = Cors::default();
        let said = [
            ("access-control-allow-origin", "https://shop.example"),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", "x-total"),
            ("vary", "accept-encoding"),
            ("vary", "origin"),
        ];
        cors.learn(1, SHOP, &answer(&said), NOW_MS);
        let expected = [
            ("access-control-allow-origin", "https://shop.example"),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", "x-total"),
            ("vary", "accept-encoding, origin"),
        ];
        assert_eq!(added(&cors, 1, SHOP, NOW_MS), expected.map(|(n, v)| (Cow::from(n), v.to_owned())));
        assert!(added(&cors, 2, SHOP, NOW_MS).is_empty(), "another policy");
        assert!(added(&cors, 1, b"https://evil.example", NOW_MS).is_empty(), "another origin");
        assert!(added(&cors, 1, SHOP, NOW_MS + KEPT_MS).is_empty(), "a day later");
    }

    #[test]
    fn pages_of_the_same_host_are_left_alone() {
        let of = |sent: &'static str| {
            let pairs = [("origin", sent), (":authority", "shop.example:8443")];
            origin(&Headers::new(pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect()))
        };
        assert_eq!(of("https://shop.example:8443"), None);
        for other in ["https://shop.example", "https://www.shop.example:8443", "null"] {
            assert_eq!(of(other).as_deref(), Some(other.as_bytes()));
        }
        assert_eq!(of(""), None);
    }

    #[test]
    fn what_a_browser_would_not_accept_is_not_said() {
        let allow = "access-control-allow-origin";
        for said in [
            &[][..],
            &[(allow, "https://other.example")],
            &[(allow, "https://shop.example"), (allow, "https://shop.example")],
            &[(allow, "")],
        ] {
            let mut cors = Cors::default();
            cors.learn(1, SHOP, &answer(said), NOW_MS);
            assert!(added(&cors, 1, SHOP, NOW_MS).is_empty(), "{said:?}");
        }
    }

    #[test]
    fn a_reply_like_the_servers_own_keeps_the_order_of_its_headers() {
        let mut cors = Cors::default();
        cors.learn(1, SHOP, &answer(&[("access-control-allow-origin", "https://shop.example")]), NOW_MS);
        let other = ("access-control-allow-origin".into(), "https://other.example".to_owned());
        let last = (Cow::from("x-last"), "1".to_owned());
        let mut headers = vec![other, last.clone()];
        cors.add(1, SHOP, NOW_MS, &mut headers);
        assert_eq!(
            headers,
            [("access-control-allow-origin".into(), "https://shop.example".to_owned()), last]
        );
    }

    #[test]
    fn what_is_allowed_to_all_is_kept_once() {
        let mut cors = Cors::default();
        for n in 0..1000 {
            let origin = format!("https://{n}.example");
            cors.learn(1, origin.as_bytes(), &answer(&[("access-control-allow-origin", "*")]), NOW_MS);
        }
        assert_eq!(cors.allowed.len(), 1);
        let all = vec![("access-control-allow-origin".into(), "*".to_owned())];
        assert_eq!(added(&cors, 1, b"https://new.example", NOW_MS), all);
    }

    #[test]
    fn a_success_takes_back_what_was_allowed_and_an_error_does_not() {
        let mut cors = Cors::default();
        let allow = [("access-control-allow-origin", "https://shop.example")];
        cors.learn(1, SHOP, &answer(&allow), NOW_MS);
        let error: Vec<(&[u8], &[u8])> = vec![(b":status", b"502")];
        cors.learn(1, SHOP, &Headers::new(error), NOW_MS);
        assert_eq!(added(&cors, 1, SHOP, NOW_MS).len(), 1);
        cors.learn(1, SHOP, &answer(&[]), NOW_MS);
        assert!(added(&cors, 1, SHOP, NOW_MS).is_empty());
    }

    #[test]
    fn answers_are_read_again_after_a_minute() {
        let mut cors = Cors::default();
        assert!(cors.wants(1, SHOP, NOW_MS));
        cors.learn(1, SHOP, &answer(&[("access-control-allow-origin", "*")]), NOW_MS);
        assert!(!cors.wants(1, SHOP, NOW_MS + FRESH_MS - 1));
        assert!(cors.wants(1, SHOP, NOW_MS + FRESH_MS));
    }

    proptest! {
        #[test]
        fn however_many_origins_there_are_a_bounded_number_is_kept(
            sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..400),
        ) {
            let mut cors = Cors::default();
            for (n, value) in (0..).zip(&sent) {
                let request: Vec<(&[u8], &[u8])> = vec![(b"origin", value)];
                let Some(origin) = origin(&Headers::new(request)) else { continue };
                let said: Vec<(&[u8], &[u8])> =
                    vec![(b":status", b"200"), (b"access-control-allow-origin", value), (b"vary", value)];
                cors.learn(0, &origin, &Headers::new(said), NOW_MS + n);
                added(&cors, 0, &origin, NOW_MS + n);
            }
            prop_assert!(cors.allowed.len() <= MOST_ORIGINS);
            prop_assert!(cors.allowed.iter().all(|kept| kept.origin.len() <= MOST_ORIGIN_BYTES));
        }
    }
}
