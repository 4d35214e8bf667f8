//! The cart, means of payment, paying, and the orders that come of it.
//!
//! Everything here needs a session, and none of it asks whether the e-mail address was verified.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::catalog::{known, price_cents};
use super::reply::{Answer, Body, Problem, Session, answer};
use super::seed;
use super::store::{MOST_CARDS, MOST_LINES, Order, Shop};

/// `GET cart`.
pub(crate) async fn cart(State(shop): State<Arc<Shop>>, session: Session) -> Answer {
    let mut store = shop.lock();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    answer(StatusCode::OK, lines_of(&account.cart))
}

/// What to put into the cart.
#[derive(Deserialize)]
pub(crate) struct Line {
    product_id: u64,
    #[serde(rename = "qty")]
    quantity: u32,
}

/// `POST cart`.
pub(crate) async fn add(State(shop): State<Arc<Shop>>, session: Session, Body(line): Body<Line>) -> Answer {
    let mut store = shop.lock();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    let product = known(&line.product_id.to_string())?;
    if !(1..=99).contains(&line.quantity) {
        return Err(Problem::new(422, "The quantity is 1 to 99."));
    }
    if account.cart.len() >= MOST_LINES {
        return Err(Problem::new(409, "The cart is full."));
    }
    account.cart.push((product, line.quantity));
    answer(StatusCode::CREATED, lines_of(&account.cart))
}

/// `DELETE cart`.
pub(crate) async fn empty(State(shop): State<Arc<Shop>>, session: Session) -> Answer {
    let mut store = shop.lock();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    account.cart.clear();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A card's number, digits only.
#[derive(Deserialize)]
pub(crate) struct Card {
    number: String,
}

/// `POST payment-methods`: the issuer is asked for one cent, as most shops do.
pub(crate) async fn add_card(
    State(shop): State<Arc<Shop>>,
    session: Session,
    Body(given): Body<Card>,
) -> Answer {
    let mut store = shop.lock();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    if !seed::is_card_number(&given.number) {
        return Err(Problem::new(422, "That is no card number."));
    }
    if account.cards.len() >= MOST_CARDS {
        return Err(Problem::new(409, "There are enough cards on this account."));
    }
    if !issuer_accepts(&given.number) {
        store.ledger.cards_declined += 1;
        return Err(Problem::new(402, "The issuer declined the card."));
    }
    let ending: String = given.number.chars().skip(given.number.len().saturating_sub(4)).collect();
    account.cards.push(ending.clone());
    store.ledger.cards_accepted += 1;
    answer(StatusCode::CREATED, json!({"ending": ending}))
}

/// `POST checkout`. Open to accounts whose address nobody verified, on purpose: in a published case
/// exactly this let an attacker try stolen cards from brand-new accounts.
pub(crate) async fn checkout(State(shop): State<Arc<Shop>>, session: Session) -> Answer {
    let mut store = shop.lock();
    let id = store.next_number();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    if account.cart.is_empty() {
        return Err(Problem::new(409, "The cart is empty."));
    }
    if account.cards.is_empty() {
        return Err(Problem::new(402, "Add a means of payment first."));
    }
    let lines = std::mem::take(&mut account.cart);
    let order = Order { id, total_cents: total_cents(&lines), lines };
    let body = order_json(&order);
    account.keep_order(order);
    let verified = account.verified;
    store.ledger.orders += 1;
    store.ledger.orders_unverified += u64::from(!verified);
    answer(StatusCode::CREATED, body)
}

/// `GET orders`.
pub(crate) async fn orders(State(shop): State<Arc<Shop>>, session: Session) -> Answer {
    let mut store = shop.lock();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    let items: Vec<Value> = account.orders.iter().map(order_json).collect();
    answer(StatusCode::OK, json!({"items": items}))
}

/// `GET orders/{id}`: one's own only.
pub(crate) async fn order(State(shop): State<Arc<Shop>>, session: Session, Path(id): Path<String>) -> Answer {
    let mut store = shop.lock();
    let (_, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    let order = account.orders.iter().find(|order| order.id.to_string() == id);
    let order = order.ok_or_else(|| Problem::new(404, "There is no such order."))?;
    answer(StatusCode::OK, order_json(order))
}

fn total_cents(lines: &[(u64, u32)]) -> u64 {
    lines.iter().map(|&(product, quantity)| price_cents(product) * u64::from(quantity)).sum()
}

fn lines_of(lines: &[(u64, u32)]) -> Value {
    let items: Vec<Value> =
        lines.iter().map(|(product, quantity)| json!({"product_id": product, "qty": quantity})).collect();
    json!({"items": items, "total_cents": total_cents(lines)})
}

fn order_json(order: &Order) -> Value {
    let lines = lines_of(&order.lines);
    json!({"id": order.id, "status": "paid", "total_cents": order.total_cents, "cart": lines})
}

/// Whether the issuer of a card would accept a payment: the numbers that end in 0002 are refused,
/// and of the stolen ones, which begin with 4539, all but one in thirty.
fn issuer_accepts(number: &str) -> bool {
    if number.starts_with("4539") {
        return seed::mix_text(number, 0x6361_7264).is_multiple_of(30);
    }
    !number.ends_with("0002")
}
