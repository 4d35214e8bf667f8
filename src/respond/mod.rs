//! What each answer looks like. Nothing is decided here.

pub mod decoy;

use std::borrow::Cow;

/// An answer of Palisade's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u32,
    /// The gRPC status that a gRPC client gets in its place.
    pub grpc_status: Option<i32>,
    /// Headers, names in lower case.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body; empty for gRPC.
    pub body: Cow<'static, [u8]>,
    /// What Envoy's access log shows as response-code details.
    pub details: &'static str,
    /// Whether these are all headers of the answer, in their order: Envoy is to add none of its own.
    pub whole: bool,
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

/// gRPC status codes (grpc.io, "Status codes and their use in gRPC").
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;

/// RFC 9457 problems. They say nothing that would help to retool.
const LIMITED: &str = r#"{"type":"urn:palisade:limited","title":"Too many requests","status":429}"#;
const BLOCKED: &str = r#"{"type":"urn:palisade:blocked","title":"Forbidden","status":403}"#;

/// The reply to a client that is to come back after so many seconds, at least 1.
#[must_use]
pub fn limit(quota: &Quota<'_>, retry_s: u64, grpc: bool) -> Reply {
    let mut reply = problem(429, LIMITED, RESOURCE_EXHAUSTED, "palisade_limit", grpc);
    reply.headers.push(("retry-after".into(), retry_s.max(1).to_string()));
    reply.headers.extend(quota.headers());
    reply
}

/// The reply to a client that is blocked.
#[must_use]
pub fn block(grpc: bool) -> Reply {
    problem(403, BLOCKED, PERMISSION_DENIED, "palisade_block", grpc)
}

/// The reply to a request that cannot be judged, where the policy does not let it pass.
#[must_use]
pub fn refuse_trouble(grpc: bool) -> Reply {
    Reply { details: "palisade_trouble", ..block(grpc) }
}

fn problem(status: u32, body: &'static str, grpc_status: i32, details: &'static str, grpc: bool) -> Reply {
    let mut headers: Vec<(Cow<'static, str>, String)> = Vec::with_capacity(5);
    if !grpc {
        headers.push(("content-type".into(), "application/problem+json".to_owned()));
        headers.push(("cache-control".into(), "no-store".to_owned()));
    }
    let body = if grpc { &b""[..] } else { body.as_bytes() };
    Reply {
        status,
        grpc_status: grpc.then_some(grpc_status),
        headers,
        body: body.into(),
        details,
        whole: false,
    }
}
