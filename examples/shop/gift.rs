//! Gift cards: what is on one, for whoever knows its code.
//!
//! The code is all that is asked for, which is why numbers get tried one after the other.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::reply::{Answer, Body, Problem, answer};
use super::store::Shop;

/// A gift card's code.
#[derive(Deserialize)]
pub(crate) struct Code {
    code: String,
}

/// `POST gift-cards/check`.
pub(crate) async fn check(State(shop): State<Arc<Shop>>, Body(given): Body<Code>) -> Answer {
    look_up(&shop, &given.code)
}

/// `GET gift-cards/{code}/balance`.
pub(crate) async fn balance(State(shop): State<Arc<Shop>>, Path(code): Path<String>) -> Answer {
    look_up(&shop, &code)
}

fn look_up(shop: &Shop, code: &str) -> Answer {
    let mut store = shop.lock();
    let Some(&cents) = store.gift_cards.get(code) else {
        store.ledger.gift_cards_missed += 1;
        return Err(Problem::new(404, "There is no such gift card."));
    };
    store.ledger.note_gift_card(code);
    answer(StatusCode::OK, json!({"code": code, "balance_cents": cents}))
}
