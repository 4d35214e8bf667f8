//! What really happened in the shop, for whoever has to check what a filter let through.
//!
//! It is served on a listener of its own, never to customers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Serialize;

use super::store::Shop;

/// Names that one list of the ledger holds; the rest is only counted.
const MOST_NAMES: usize = 60_000;

/// Counts and names of what happened since the shop opened.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Ledger {
    /// How often each account was signed into.
    pub(crate) sign_ins: BTreeMap<String, u64>,
    /// Sign-ins that were refused.
    pub(crate) failed_sign_ins: u64,
    /// Accounts created, by address.
    pub(crate) accounts_created: Vec<String>,
    /// Reset mails that went to an account that exists.
    pub(crate) resets_mailed: u64,
    /// How often each existing gift card was asked for.
    pub(crate) gift_cards_found: BTreeMap<String, u64>,
    /// Codes asked for that no card has.
    pub(crate) gift_cards_missed: u64,
    /// Cards that the issuer accepted.
    pub(crate) cards_accepted: u64,
    /// Cards that the issuer declined.
    pub(crate) cards_declined: u64,
    /// Orders paid.
    pub(crate) orders: u64,
    /// Those of accounts whose address was never verified.
    pub(crate) orders_unverified: u64,
    /// Comments written.
    pub(crate) comments: u64,
}

impl Ledger {
    /// Somebody signed in.
    pub(crate) fn note_sign_in(&mut self, email: &str) {
        note(&mut self.sign_ins, email);
    }

    /// Somebody asked for a gift card that exists.
    pub(crate) fn note_gift_card(&mut self, code: &str) {
        note(&mut self.gift_cards_found, code);
    }

    /// Somebody created an account.
    pub(crate) fn note_account(&mut self, email: &str) {
        if self.accounts_created.len() < MOST_NAMES {
            self.accounts_created.push(email.to_owned());
        }
    }
}

fn note(list: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = list.get_mut(name) {
        *count += 1;
    } else if list.len() < MOST_NAMES {
        list.insert(name.to_owned(), 1);
    }
}

/// The routes of the admin listener.
pub(crate) fn routes(shop: Arc<Shop>) -> Router {
    Router::new().route("/__shop/ledger", get(show)).with_state(shop)
}

async fn show(State(shop): State<Arc<Shop>>) -> axum::Json<Ledger> {
    axum::Json(shop.lock().ledger.clone())
}
