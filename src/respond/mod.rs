//! What each answer looks like. Nothing is decided here.

use crate::decide::Action;

/// An answer of Palisade's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u32,
    /// The gRPC status that a gRPC client gets in its place.
    pub grpc_status: Option<i32>,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for gRPC.
    pub body: &'static str,
    /// What Envoy's access log shows as response-code details.
    pub details: &'static str,
}

/// What a reply to a condemned client is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// [`Action::Limit`] or [`Action::Block`].
    pub action: Action,
    /// The policy's name.
    pub policy: &'a str,
    /// Until the verdict ends, in seconds, at least 1.
    pub left_s: u64,
    /// Whether the client speaks gRPC.
    pub grpc: bool,
}

/// gRPC status codes (grpc.io, "Status codes and their use in gRPC").
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;

/// RFC 9457 problems. They say nothing that would help to retool.
const LIMITED: &str = r#"{"type":"urn:palisade:limited","title":"Too many requests","status":429}"#;
const BLOCKED: &str = r#"{"type":"urn:palisade:blocked","title":"Forbidden","status":403}"#;

/// The reply to a client that is limited or blocked.
#[must_use]
pub fn refuse(refusal: Refusal<'_>) -> Reply {
    let limited = refusal.action == Action::Limit;
    let mut headers = Vec::with_capacity(5);
    if !refusal.grpc {
        headers.push(("content-type", "application/problem+json".to_owned()));
        headers.push(("cache-control", "no-store".to_owned()));
    }
    if limited {
        let (name, left_s) = (refusal.policy, refusal.left_s);
        headers.push(("retry-after", left_s.to_string()));
        // draft-ietf-httpapi-ratelimit-headers-10: nothing remains until the verdict ends.
        headers.push(("ratelimit-policy", format!("\"{name}\";q=1;w={left_s}")));
        headers.push(("ratelimit", format!("\"{name}\";r=0;t={left_s}")));
    }
    let grpc_status = if limited { RESOURCE_EXHAUSTED } else { PERMISSION_DENIED };
    let body = if limited { LIMITED } else { BLOCKED };
    Reply {
        status: if limited { 429 } else { 403 },
        grpc_status: refusal.grpc.then_some(grpc_status),
        headers,
        body: if refusal.grpc { "" } else { body },
        details: if limited { "palisade_limit" } else { "palisade_block" },
    }
}

/// The reply to a request that cannot be judged, where the policy does not let it pass.
#[must_use]
pub fn refuse_trouble(grpc: bool) -> Reply {
    let refusal = Refusal { action: Action::Block, policy: "", left_s: 1, grpc };
    Reply { details: "palisade_trouble", ..refuse(refusal) }
}
