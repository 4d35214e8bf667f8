//! What anyone may look at: the page, the products, what people wrote about them.
//!
//! Only writing a comment needs a session.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{Answer, Body, Problem, Session, answer};
use super::seed;
use super::store::{Comment, Shop};

const PER_PAGE: u64 = 12;

/// `GET /`.
pub(crate) async fn page() -> Html<&'static str> {
    Html(concat!(
        "<!doctype html><html lang=\"en\"><title>Sample shop</title>",
        "<h1>Sample shop</h1><p>The API is under <a href=\"/api/v1/products\">/api/v1</a>.</p></html>\n"
    ))
}

/// `GET /favicon.ico`.
pub(crate) async fn icon() -> impl IntoResponse {
    let drawing =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><path d=\"M0 0h8v8z\"/></svg>";
    ([(header::CONTENT_TYPE, "image/svg+xml")], drawing)
}

/// `GET /robots.txt`.
pub(crate) async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /api/\n"
}

/// Which page of a list.
#[derive(Deserialize)]
pub(crate) struct PageOf {
    page: Option<u64>,
}

/// `GET products`.
pub(crate) async fn list(Query(wanted): Query<PageOf>) -> Answer {
    let page = wanted.page.unwrap_or(1).clamp(1, 1_000);
    let first = (page - 1) * PER_PAGE + 1;
    let items: Vec<Value> =
        (first..first + PER_PAGE).take_while(|&id| id <= seed::PRODUCTS).map(product).collect();
    answer(StatusCode::OK, json!({"page": page, "total": seed::PRODUCTS, "items": items}))
}

/// `GET products/{id}`.
pub(crate) async fn show(Path(id): Path<String>) -> Answer {
    answer(StatusCode::OK, product(known(&id)?))
}

/// `GET products/{id}/comments`.
pub(crate) async fn comments(State(shop): State<Arc<Shop>>, Path(id): Path<String>) -> Answer {
    let id = known(&id)?;
    answer(StatusCode::OK, json!({"items": shop.lock().comments(id)}))
}

/// What somebody has to say.
#[derive(Deserialize)]
pub(crate) struct Said {
    text: String,
}

/// `POST products/{id}/comments`.
pub(crate) async fn comment(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
    session: Session,
    Body(said): Body<Said>,
) -> Answer {
    let id = known(&id)?;
    let mut store = shop.lock();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    let account_id = account.id;
    if said.text.is_empty() || said.text.len() > 1_000 {
        return Err(Problem::new(422, "A comment has 1 to 1000 bytes."));
    }
    store.keep_comment(id, Comment { account_id, text: said.text });
    store.ledger.comments += 1;
    answer(StatusCode::CREATED, json!({"product_id": id}))
}

fn product(id: u64) -> Value {
    json!({"id": id, "name": product_name(id), "price_cents": price_cents(id)})
}

/// The name of a product.
fn product_name(product: u64) -> String {
    let sum = seed::mix(product ^ 0x7072_6f64);
    let kind = ["mug", "scarf", "lamp", "kettle", "rug"];
    let at = usize::try_from(sum % 5).unwrap_or(0);
    format!("{} {}", seed::word(sum >> 8), kind.get(at).copied().unwrap_or("mug"))
}

/// The price of a product, in cents.
pub(crate) fn price_cents(product: u64) -> u64 {
    490 + seed::mix(product ^ 0x7072_6963) % 90 * 100
}

/// The number of a product that exists.
///
/// # Errors
/// 404, also for what is no number.
pub(crate) fn known(id: &str) -> Result<u64, Problem> {
    id.parse()
        .ok()
        .filter(|id| (1..=seed::PRODUCTS).contains(id))
        .ok_or_else(|| Problem::new(404, "There is no such product."))
}
