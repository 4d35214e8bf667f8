//! Signing in, creating accounts, verifying addresses, resetting passwords.
//!
//! It counts nothing and locks nobody out, as many real shops do not.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde::Deserialize;
use serde_json::json;

use super::reply::{Answer, Body, Problem, Session, answer};
use super::seed;
use super::store::{Account, MOST_ACCOUNTS, Shop};

/// Who, and the secret only they know.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

/// `POST login`.
pub(crate) async fn sign_in(State(shop): State<Arc<Shop>>, Body(given): Body<Credentials>) -> Answer {
    let mut store = shop.lock();
    let email = given.email.to_ascii_lowercase();
    // The same answer for an unknown account as for a wrong password: it does not say who is a customer.
    let Some(account) = store.accounts.get(&email).filter(|a| a.password == given.password) else {
        store.ledger.failed_sign_ins += 1;
        return Err(Problem::new(401, "Unknown address or wrong password."));
    };
    let (id, verified) = (account.id, account.verified);
    let token = store.begin_session(&email);
    store.ledger.note_sign_in(&email);
    let cookie = format!("sid={token}; Path=/; HttpOnly; SameSite=Lax");
    let body = json!({"token": token, "user": {"id": id, "email": email, "email_verified": verified}});
    Ok((StatusCode::OK, [(header::SET_COOKIE, cookie)], axum::Json(body)).into_response())
}

/// `POST signup`: the account can be used at once; a mail with a code asks to verify its address.
pub(crate) async fn sign_up(State(shop): State<Arc<Shop>>, Body(given): Body<Credentials>) -> Answer {
    let mut store = shop.lock();
    let email = given.email.to_ascii_lowercase();
    let is_address = email.len() <= 254
        && email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !is_address {
        return Err(Problem::new(422, "That is no e-mail address."));
    }
    if !(8..=128).contains(&given.password.len()) {
        return Err(Problem::new(422, "A password has 8 to 128 bytes."));
    }
    if store.accounts.contains_key(&email) {
        return Err(Problem::new(409, "There is an account with this address."));
    }
    if store.accounts.len() >= MOST_ACCOUNTS {
        return Err(Problem::new(503, "This sample shop has enough customers."));
    }
    let id = store.next_number();
    store.accounts.insert(email.clone(), Account::new(id, given.password, false));
    store.ledger.note_account(&email);
    answer(StatusCode::CREATED, json!({"account_id": id, "verification": "sent"}))
}

/// An address and the code that was mailed to it.
#[derive(Deserialize)]
pub(crate) struct Mailed {
    email: String,
    code: String,
}

/// `POST verify-email`.
pub(crate) async fn verify_email(State(shop): State<Arc<Shop>>, Body(given): Body<Mailed>) -> Answer {
    let mut store = shop.lock();
    let email = given.email.to_ascii_lowercase();
    match store.accounts.get_mut(&email) {
        Some(account) if given.code == seed::mail_code(&email) => {
            account.verified = true;
            answer(StatusCode::OK, json!({"email_verified": true}))
        }
        _ => Err(Problem::new(400, "The code is wrong or too old.")),
    }
}

/// Whose password is to be reset.
#[derive(Deserialize)]
pub(crate) struct Forgetful {
    email: String,
}

/// `POST password-reset`: 202 whether or not there is such an account, so that it does not tell.
pub(crate) async fn ask_reset(State(shop): State<Arc<Shop>>, Body(given): Body<Forgetful>) -> Answer {
    let mut store = shop.lock();
    if store.accounts.contains_key(&given.email.to_ascii_lowercase()) {
        store.ledger.resets_mailed += 1;
    }
    answer(StatusCode::ACCEPTED, json!({"mail": "sent if the account exists"}))
}

/// A mailed code and the password to have from now on.
#[derive(Deserialize)]
pub(crate) struct Reset {
    email: String,
    token: String,
    new_password: String,
}

/// `POST password-reset/confirm`.
pub(crate) async fn confirm_reset(State(shop): State<Arc<Shop>>, Body(given): Body<Reset>) -> Answer {
    let mut store = shop.lock();
    let email = given.email.to_ascii_lowercase();
    if !(8..=128).contains(&given.new_password.len()) {
        return Err(Problem::new(422, "A password has 8 to 128 bytes."));
    }
    match store.accounts.get_mut(&email) {
        Some(account) if given.token == seed::mail_code(&email) => {
            account.password = given.new_password;
            answer(StatusCode::OK, json!({"password": "changed"}))
        }
        _ => Err(Problem::new(400, "The code is wrong or too old.")),
    }
}

/// `GET users/me`: a browser's page asks this before anyone signed in, too.
pub(crate) async fn me(State(shop): State<Arc<Shop>>, session: Session) -> Answer {
    let mut store = shop.lock();
    let (email, account) = store.account_of(&session.0).ok_or_else(Problem::no_session)?;
    let body = json!({"id": account.id, "email": email, "email_verified": account.verified});
    answer(StatusCode::OK, body)
}
