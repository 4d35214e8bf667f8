//! The campaign's shop as a server: it reads what arrives, and answers in HTTP.
//!
//! It knows no label and no actor, only what a request says.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::campaign::read::{Parts, read};
use crate::campaign::shop::{Answered, Shop};

/// Requests that may wait for the shop.
const WAITING: usize = 64;

/// A shop that is open for as long as its runtime lives.
pub(super) struct Origin {
    /// Where it listens.
    pub(super) address: SocketAddr,
    asked: Rc<Cell<u64>>,
}

impl Origin {
    /// Requests that it answered.
    pub(super) fn asked(&self) -> u64 {
        self.asked.get()
    }
}

/// A request on its way to the shop, which lives on one thread.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    answer: oneshot::Sender<Answered>,
}

/// Opens the shop at a free port.
///
/// # Errors
/// When it cannot listen.
pub(super) async fn open(shop: Shop) -> Result<Origin, String> {
    let refused = |e| format!("the campaign's shop cannot listen on 127.0.0.1: {e}");
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let (ask, asked) = mpsc::channel(WAITING);
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(serve).with_state(ask)).await });
    let count = Rc::new(Cell::new(0));
    tokio::task::spawn_local(keep_shop(shop, asked, Rc::clone(&count)));
    Ok(Origin { address, asked: count })
}

async fn keep_shop(mut shop: Shop, mut asked: mpsc::Receiver<Asked>, count: Rc<Cell<u64>>) {
    while let Some(one) = asked.recv().await {
        count.set(count.get() + 1);
        let ask = read(&Parts {
            method: one.method.as_str(),
            path: one.uri.path_and_query().map_or("/", |path| path.as_str()),
            is_prefetch: one.headers.get("sec-purpose").is_some_and(|purpose| purpose == "prefetch"),
            body: &one.body,
        });
        // Nobody waits any more where a client has gone.
        let _ = one.answer.send(shop.answer_to(&ask, session(&one.headers)));
    }
}

fn session(headers: &HeaderMap) -> Option<u64> {
    let cookie = headers.get(COOKIE)?.to_str().ok()?;
    let sid = cookie.split("; ").find_map(|pair| pair.strip_prefix("sid="))?;
    u64::from_str_radix(sid, 16).ok()
}

async fn serve(
    State(shop): State<mpsc::Sender<Asked>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (answer, answered) = oneshot::channel();
    let sent = shop.send(Asked { method, uri, headers, body, answer }).await.is_ok();
    let answered = if sent { answered.await.ok() } else { None };
    let Some(answered) = answered else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (body, sid) = (answered.body(), answered.sid);
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = (status, [(CONTENT_TYPE, "application/json")], body);
    match sid {
        Some(sid) => {
            let cookie = format!("sid={sid:016x}; Path=/; HttpOnly; Secure; SameSite=Lax");
            ([(SET_COOKIE, cookie)], answer).into_response()
        }
        None => answer.into_response(),
    }
}
