//! The sample shop answers as its customers, and the traffic player, count on.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::net::SocketAddr;
use std::time::Duration;

use palisade::sandbox::http::{Answer, send};
use serde_json::{Value, json};

#[path = "../examples/shop/mod.rs"]
mod shop;

use shop::seed;

const PATIENCE: Duration = Duration::from_secs(10);

/// A customer with a session, or none yet.
struct Customer {
    shop: SocketAddr,
    session: String,
}

impl Customer {
    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("content-type", "application/json"), ("cookie", self.session.as_str())];
        send(self.shop, method, path, &headers, body.as_bytes(), PATIENCE).unwrap()
    }

    fn status(&self, method: &str, path: &str, body: &Value) -> u16 {
        self.ask(method, path, body).status
    }

    fn sign_in(&mut self, email: &str, password: &str) -> u16 {
        let answer = self.ask("POST", "/api/v1/login", &json!({"email": email, "password": password}));
        if let Some(cookie) = answer.header("set-cookie") {
            self.session = cookie.split(';').next().unwrap().to_owned();
        }
        answer.status
    }
}

/// Runs a test against a shop of its own.
fn with_shop(test: impl FnOnce(Customer, SocketAddr) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let open = shop::open(any, Some(any)).await.unwrap();
        let customer = Customer { shop: open.address, session: "none=yet".to_owned() };
        tokio::task::spawn_blocking(move || test(customer, open.admin.unwrap())).await.unwrap();
    });
}

#[test]
fn signing_in_takes_the_right_password() {
    with_shop(|mut customer, _| {
        let email = seed::email(17);
        assert_eq!(customer.sign_in(&email, "wrong"), 401);
        assert_eq!(customer.sign_in("nobody@shop.example", "wrong"), 401);
        assert_eq!(customer.status("GET", "/api/v1/users/me", &Value::Null), 401);
        assert_eq!(customer.sign_in(&email, &seed::password(17)), 200);
        let me = customer.ask("GET", "/api/v1/users/me", &Value::Null);
        assert_eq!(serde_json::from_slice::<Value>(&me.body).unwrap()["email"], email.as_str());
    });
}

#[test]
fn mistakes_have_their_status_and_a_problem() {
    with_shop(|customer, _| {
        let short = json!({"email": "a@b.example", "password": "short"});
        let known = json!({"email": seed::email(1), "password": "long-enough"});
        let number = json!({"email": 7, "password": "long-enough"});
        let cases = [
            ("POST", "/api/v1/signup", short, 422),
            ("POST", "/api/v1/signup", known, 409),
            ("POST", "/api/v1/signup", number, 422),
            ("POST", "/api/v1/verify-email", json!({"email": seed::email(1), "code": "x"}), 400),
            ("POST", "/api/v1/checkout", Value::Null, 401),
            ("GET", "/api/v1/cart", Value::Null, 401),
            ("GET", "/api/v1/products/61", Value::Null, 404),
            ("GET", "/api/v1/products/many", Value::Null, 404),
            ("GET", "/.env", Value::Null, 404),
        ];
        for (method, path, body, status) in cases {
            let answer = customer.ask(method, path, &body);
            assert_eq!(answer.status, status, "{method} {path} {body}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        }
        let no_json = send(customer.shop, "POST", "/api/v1/login", &[], b"{", PATIENCE).unwrap();
        assert_eq!(no_json.status, 400);
    });
}

#[test]
fn an_unverified_account_can_pay() {
    with_shop(|mut customer, admin| {
        let new = json!({"email": "new@mail.example", "password": "long-enough"});
        assert_eq!(customer.status("POST", "/api/v1/signup", &new), 201);
        assert_eq!(customer.sign_in("new@mail.example", "long-enough"), 200);
        assert_eq!(customer.status("POST", "/api/v1/checkout", &Value::Null), 409);
        let line = json!({"product_id": 3, "qty": 2});
        assert_eq!(customer.status("POST", "/api/v1/cart", &line), 201);
        assert_eq!(customer.status("POST", "/api/v1/checkout", &Value::Null), 402);
        for (card, status) in
            [("4242424242424241", 422), ("4000000000000002", 402), ("4242424242424242", 201)]
        {
            let card = json!({"number": card});
            assert_eq!(customer.status("POST", "/api/v1/payment-methods", &card), status, "{card}");
        }
        assert_eq!(customer.status("POST", "/api/v1/checkout", &Value::Null), 201);
        let ledger = send(admin, "GET", "/__shop/ledger", &[], b"", PATIENCE).unwrap();
        let ledger: Value = serde_json::from_slice(&ledger.body).unwrap();
        assert_eq!(ledger["orders_unverified"], 1);
        assert_eq!(ledger["accounts_created"], json!(["new@mail.example"]));
        assert_eq!(customer.status("GET", "/__shop/ledger", &Value::Null), 404, "not for customers");
    });
}

#[test]
fn a_reset_password_replaces_the_old_one() {
    with_shop(|mut customer, _| {
        let email = seed::email(5);
        assert_eq!(customer.status("POST", "/api/v1/password-reset", &json!({"email": email})), 202);
        let wrong = json!({"email": email, "token": "000000x", "new_password": "another-one"});
        assert_eq!(customer.status("POST", "/api/v1/password-reset/confirm", &wrong), 400);
        let right = json!({"email": email, "token": seed::mail_code(&email), "new_password": "another-one"});
        assert_eq!(customer.status("POST", "/api/v1/password-reset/confirm", &right), 200);
        assert_eq!(customer.sign_in(&email, &seed::password(5)), 401);
        assert_eq!(customer.sign_in(&email, "another-one"), 200);
    });
}

#[test]
fn gift_cards_answer_to_their_code_alone() {
    with_shop(|customer, _| {
        let (mut found, mut with_money) = (0, 0);
        for number in 0..200 {
            let code = seed::gift_code(number);
            let answer = customer.ask("POST", "/api/v1/gift-cards/check", &json!({"code": code}));
            let same = customer.ask("GET", &format!("/api/v1/gift-cards/{code}/balance"), &Value::Null);
            assert_eq!((answer.status, &answer.body), (same.status, &same.body));
            if answer.status == 200 {
                let body: Value = serde_json::from_slice(&answer.body).unwrap();
                assert_eq!(body["balance_cents"].as_u64(), seed::gift_balance_cents(number));
                found += 1;
                with_money += u32::from(body["balance_cents"] != 0);
            } else {
                assert_eq!((answer.status, seed::gift_balance_cents(number)), (404, None));
            }
        }
        assert!((5..20).contains(&found) && with_money < found, "{found} cards, {with_money} with money");
    });
}
