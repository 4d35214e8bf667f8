//! How the origin answered, seen through a policy.

use std::borrow::Cow;

use serde_json::Value;

use super::{Headers, json};
use crate::policy::{AnswerMatch, Pointer, Policy};

/// How the origin answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Success,
    /// It refused in a way that the policy calls a failure of the client.
    Failure,
    /// Anything else: the origin's own trouble, no answer, an answer that says neither. It counts
    /// for nobody and against nobody.
    Error,
}

impl Outcome {
    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }
}

/// What the headers of an answer tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The outcome.
    Known(Outcome),
    /// The body has to be read, with [`from_body`].
    NeedsBody,
}

/// Reads the headers of an answer that the origin gave.
#[must_use]
pub fn from_headers(policy: &Policy, headers: &Headers<'_>) -> Reading {
    let status = status_of(headers);
    if headers_match(&policy.failure, status, headers) {
        return Reading::Known(Outcome::Failure);
    }
    if policy.failure.needs_body() || policy.success.as_ref().is_some_and(AnswerMatch::needs_body) {
        return Reading::NeedsBody;
    }
    Reading::Known(without_failure(policy, status, |m| headers_match(m, status, headers)))
}

/// Reads the headers and the whole, decoded body of an answer that the origin gave.
#[must_use]
pub fn from_body(policy: &Policy, headers: &Headers<'_>, body: &[u8]) -> Outcome {
    from_answer(policy, headers, body, &|pointer| json::find(pointer, body).ok().flatten().map(Cow::Owned))
}

/// Finds the scalar that is at a place.
pub(super) type Find<'f> = dyn Fn(&Pointer) -> Option<Cow<'f, Value>> + 'f;

/// The outcome of one of the operations of a request. `find`: the scalar at a place of what the answer says of
/// it; text is looked for in the whole body.
pub(super) fn from_answer(policy: &Policy, headers: &Headers<'_>, body: &[u8], find: &Find<'_>) -> Outcome {
    let status = status_of(headers);
    let matches = |m: &AnswerMatch| headers_match(m, status, headers) || body_matches(m, body, find);
    if matches(&policy.failure) {
        return Outcome::Failure;
    }
    without_failure(policy, status, matches)
}

fn without_failure(policy: &Policy, status: u16, matches: impl Fn(&AnswerMatch) -> bool) -> Outcome {
    let success = match &policy.success {
        Some(success) => matches(success),
        None => (100..400).contains(&status),
    };
    if success { Outcome::Success } else { Outcome::Error }
}

/// The status code; 0 where there is none.
#[must_use]
pub fn status_of(headers: &Headers<'_>) -> u16 {
    headers
        .get(":status")
        .and_then(|value| std::str::from_utf8(value).ok())
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// Whether an answer, with its decoded body as far as it was read, bears any of the marks.
#[must_use]
pub fn matches(wanted: &AnswerMatch, headers: &Headers<'_>, body: &[u8]) -> bool {
    let find = |pointer: &Pointer| json::find(pointer, body).ok().flatten().map(Cow::Owned);
    headers_match(wanted, status_of(headers), headers) || body_matches(wanted, body, &find)
}

/// Whether a decoded body says the contrary: another value where the wanted one would be.
#[must_use]
pub fn contradicts(wanted: &AnswerMatch, body: &[u8]) -> bool {
    let Some((pointer, Some(value))) = &wanted.json else { return false };
    let found = json::find(pointer, body).ok().flatten();
    found.is_some_and(|found| !same_scalar(&found, value))
}

fn headers_match(wanted: &AnswerMatch, status: u16, headers: &Headers<'_>) -> bool {
    wanted.status.binary_search(&status).is_ok()
        || wanted.header.as_ref().is_some_and(|(name, value)| {
            headers.iter().any(|(n, v)| {
                n == name.as_bytes()
                    && value.as_ref().is_none_or(|wanted| wanted.as_bytes() == v.trim_ascii())
            })
        })
}

fn body_matches(wanted: &AnswerMatch, body: &[u8], find: &Find<'_>) -> bool {
    let text = wanted.body.as_ref().is_some_and(|text| contains(body, text.as_bytes()));
    text || wanted.json.as_ref().is_some_and(|(pointer, value)| match (find(pointer), value) {
        (Some(found), Some(value)) => same_scalar(&found, value),
        (Some(found), None) => !found.is_null(),
        (None, _) => false,
    })
}

/// Equal values; numbers as numbers, since a configuration may turn 1 into 1.0.
fn same_scalar(one: &Value, other: &Value) -> bool {
    one == other || (one.is_number() && one.as_f64() == other.as_f64())
}

/// Plain search; both are bounded, the text by the configuration and the body by its limit.
fn contains(body: &[u8], text: &[u8]) -> bool {
    !text.is_empty() && body.windows(text.len()).any(|w| w == text)
}
