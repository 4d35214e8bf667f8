//! What each answer looks like. Nothing is decided here.

mod cors;
pub mod decoy;
mod grpc;

pub use cors::{CORS_BYTES, Cors, origin};
pub use grpc::Speech;

use std::borrow::Cow;

use grpc::Code;

/// An answer of Palisade's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u32,
    /// The gRPC status that a gRPC client gets beside it.
    pub grpc_status: Option<i32>,
    /// Headers, names in lower case.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body; empty for gRPC.
    pub body: Cow<'static, [u8]>,
    /// What Envoy's access log shows as response-code details.
    pub details: &'static str,
    /// Where these are all headers of the answer, in their order: Envoy is to add none of its own.
    pub whole: Option<Whole>,
}

/// Of an answer that is to be like the origin's, what it says of the time it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// When its request came, in microseconds since 1970.
    pub began_us: u64,
    /// How much less Envoy says than an answer takes, in microseconds.
    pub unsaid_us: u64,
}

/// The header in which Envoy says how long the origin took, in whole milliseconds.
const LATENCY: &str = "x-envoy-upstream-service-time";

impl Reply {
    /// All headers of an answer that goes out now, its status among them; `None` where Envoy adds its own.
    #[must_use]
    pub fn head(&self, now_us: u64) -> Option<Vec<(&str, Cow<'_, str>)>> {
        let Whole { began_us, unsaid_us } = self.whole?;
        let took_ms = now_us.saturating_sub(began_us).saturating_sub(unsaid_us) / 1000;
        let header = |(name, value): &'_ (Cow<'static, str>, String)| -> String {
            if name == LATENCY { took_ms.to_string() } else { value.clone() }
        };
        let own = self.headers.iter().map(|pair| (&*pair.0, Cow::Owned(header(pair))));
        Some([(":status", Cow::Owned(self.status.to_string()))].into_iter().chain(own).collect())
    }
}

/// How much passes, as a client is told. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota<'a> {
    /// The limit's name, or the policy's.
    pub name: &'a str,
    /// Tokens in the period.
    pub tokens: u32,
    /// The period.
    pub period_s: u64,
    /// Tokens that are left.
    pub left: u32,
    /// Until all of them are there again.
    pub full_s: u64,
}

impl Quota<'_> {
    /// The headers of draft-ietf-httpapi-ratelimit-headers-10.
    #[must_use]
    pub fn headers(&self) -> [(Cow<'static, str>, String); 2] {
        let Self { name, tokens, period_s, left, full_s } = self;
        [
            ("ratelimit-policy".into(), format!("\"{name}\";q={tokens};w={period_s}")),
            ("ratelimit".into(), format!("\"{name}\";r={left};t={full_s}")),
        ]
    }
}

/// RFC 9457 problems. They say nothing that would help to retool.
const LIMITED: &str = r#"{"type":"urn:palisade:limited","title":"Too many requests","status":429}"#;
const BLOCKED: &str = r#"{"type":"urn:palisade:blocked","title":"Forbidden","status":403}"#;

/// The reply to a client that is to come back after so many seconds, at least 1.
#[must_use]
pub fn limit(quota: &Quota<'_>, retry_s: u64, speech: Speech) -> Reply {
    const DETAILS: &str = "palisade_limit";
    let retry_s = retry_s.max(1);
    let grpc = grpc::reply(Code::ResourceExhausted, DETAILS, Some(retry_s), speech);
    let mut reply = grpc.unwrap_or_else(|| problem(429, LIMITED, DETAILS));
    reply.headers.push(("retry-after".into(), retry_s.to_string()));
    reply.headers.extend(quota.headers());
    reply
}

/// The reply to a client that is blocked.
#[must_use]
pub fn block(speech: Speech) -> Reply {
    const DETAILS: &str = "palisade_block";
    let grpc = grpc::reply(Code::PermissionDenied, DETAILS, None, speech);
    grpc.unwrap_or_else(|| problem(403, BLOCKED, DETAILS))
}

/// The reply to a request that cannot be judged, where the policy does not let it pass.
#[must_use]
pub fn refuse_trouble(speech: Speech) -> Reply {
    Reply { details: "palisade_trouble", ..block(speech) }
}

fn problem(status: u32, body: &'static str, details: &'static str) -> Reply {
    let headers = vec![
        ("content-type".into(), "application/problem+json".to_owned()),
        ("cache-control".into(), "no-store".to_owned()),
    ];
    Reply { status, grpc_status: None, headers, body: body.as_bytes().into(), details, whole: None }
}
