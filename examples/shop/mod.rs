//! The shop as a library: opens its listeners and puts the routes together.
//!
//! It never judges who is asking: that is the filter's work.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;

mod account;
mod catalog;
mod gift;
mod ledger;
mod purchase;
mod reply;
pub(crate) mod seed;
mod store;

use store::Shop;

/// A shop that is open for as long as its runtime lives.
pub(crate) struct Open {
    /// Where customers are served.
    pub(crate) address: SocketAddr,
    /// Where the ledger is, if it was asked for.
    pub(crate) admin: Option<SocketAddr>,
}

/// Opens a shop with its seed data; port 0 picks a free one.
///
/// # Errors
/// An address that cannot be listened on, by name.
pub(crate) async fn open(listen: SocketAddr, admin: Option<SocketAddr>) -> Result<Open, String> {
    let shop = Arc::new(Shop::new());
    let address = serve(listen, customer_routes(Arc::clone(&shop))).await?;
    let admin = match admin {
        Some(admin) => Some(serve(admin, ledger::routes(shop)).await?),
        None => None,
    };
    Ok(Open { address, admin })
}

async fn serve(listen: SocketAddr, routes: Router) -> Result<SocketAddr, String> {
    let refused = |e| format!("cannot listen on {listen}: {e}; choose another address or stop what uses it");
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

fn customer_routes(shop: Arc<Shop>) -> Router {
    let api = Router::new()
        .route("/login", post(account::sign_in))
        .route("/signup", post(account::sign_up))
        .route("/verify-email", post(account::verify_email))
        .route("/password-reset", post(account::ask_reset))
        .route("/password-reset/confirm", post(account::confirm_reset))
        .route("/users/me", get(account::me))
        .route("/products", get(catalog::list))
        .route("/products/{id}", get(catalog::show))
        .route("/products/{id}/comments", get(catalog::comments).post(catalog::comment))
        .route("/cart", get(purchase::cart).post(purchase::add).delete(purchase::empty))
        .route("/payment-methods", post(purchase::add_card))
        .route("/checkout", post(purchase::checkout))
        .route("/orders", get(purchase::orders))
        .route("/orders/{id}", get(purchase::order))
        .route("/gift-cards/check", post(gift::check))
        .route("/gift-cards/{code}/balance", get(gift::balance));
    Router::new()
        .route("/", get(catalog::page))
        .route("/favicon.ico", get(catalog::icon))
        .route("/robots.txt", get(catalog::robots))
        .route("/healthz", get(async || "ok\n"))
        .nest("/api/v1", api)
        .fallback(async || reply::Problem::new(404, "There is nothing here."))
        .with_state(shop)
}
