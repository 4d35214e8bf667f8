//! What goes in and out: JSON bodies, problems (RFC 9457), and the session of a request.
//!
//! It knows nothing of what the shop sells.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An answer that is an error, as problem JSON.
pub(crate) struct Problem {
    status: u16,
    detail: &'static str,
}

impl Problem {
    /// A problem with its status code and a sentence for people.
    pub(crate) fn new(status: u16, detail: &'static str) -> Self {
        Self { status, detail }
    }

    /// What every request that needs a session gets without one.
    pub(crate) fn no_session() -> Self {
        Self::new(401, "Sign in first.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let title = status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "type": "about:blank", "title": title, "status": self.status, "detail": self.detail
        });
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

/// An answer, or the problem that took its place.
pub(crate) type Answer = Result<Response, Problem>;

/// A JSON answer.
pub(crate) fn answer(status: StatusCode, body: Value) -> Answer {
    Ok((status, Json(body)).into_response())
}

/// A JSON body of a known shape: 400 if it is no JSON, 422 if it is of another shape.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // axum reads 2 MiB at most.
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::new(413, "The body is too large or broke off."))?;
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|_| Problem::new(400, "The body is not JSON."))?;
        serde_json::from_value(value)
            .map(Self)
            .map_err(|_| Problem::new(422, "A field is missing or has another type."))
    }
}

/// The session token of a request: `authorization: Bearer`, as the app sends, or the cookie `sid`.
pub(crate) struct Session(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        bearer(&parts.headers).or_else(|| cookie(&parts.headers)).map(Self).ok_or_else(Problem::no_session)
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split("; "));
    pairs.find_map(|pair| pair.strip_prefix("sid=")).map(str::to_owned)
}
