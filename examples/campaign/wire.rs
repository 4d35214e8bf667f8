//! Writes a request as Envoy shows it to a filter.

use std::fmt::Write as _;

use palisade::sim::Request;

use super::make::{Key, Make, Slot};
use super::network;
use super::random::mix;
use super::shot::{Ask, Shot};

/// Writes requests, one after another into the same memory.
#[derive(Default)]
pub(crate) struct Writer {
    request: Request,
    /// Headers that the request before had and this one has not.
    spare: Vec<(String, String)>,
    path: String,
    body: String,
    nothing: String,
}

impl Writer {
    /// A request.
    pub(crate) fn write(&mut self, shot: &Shot) -> &Request {
        self.path.clear();
        self.body.clear();
        let method = write_ask(shot, &mut self.path, &mut self.body);
        self.request.body.clear();
        self.request.body.extend_from_slice(self.body.as_bytes());
        self.request.address.clear();
        network::write(shot.address, &mut self.request.address);
        let port = 1024 + shot.connection % 60_000;
        let _ = write!(self.request.address, ":{port}");
        self.spare.append(&mut self.request.headers);
        let mut line =
            Line { to: &mut self.request.headers, spare: &mut self.spare, nothing: &mut self.nothing };
        line.add(":authority").push_str("shop.example");
        line.add(":path").push_str(&self.path);
        line.add(":method").push_str(method);
        line.add(":scheme").push_str("https");
        for slot in slots(shot) {
            write_slot(slot, shot, self.body.len(), &mut line);
        }
        line.add("x-ja4").push_str(if shot.resumes { &shot.make.resumed } else { &shot.make.tls });
        network::write(shot.address, line.add("x-real-ip"));
        &self.request
    }
}

/// Headers of one request, in memory that is used again.
struct Line<'l> {
    to: &'l mut Vec<(String, String)>,
    spare: &'l mut Vec<(String, String)>,
    /// Stands in where there is no last header, which cannot be.
    nothing: &'l mut String,
}

impl Line<'_> {
    /// Adds a header and gives its value to be written.
    fn add(&mut self, name: &str) -> &mut String {
        let (mut old_name, mut value) = self.spare.pop().unwrap_or_default();
        old_name.clear();
        old_name.push_str(name);
        value.clear();
        self.to.push((old_name, value));
        self.to.last_mut().map_or(self.nothing, |(_, value)| value)
    }
}

fn slots(shot: &Shot) -> &[Slot] {
    match shot.ask {
        Ask::Page => &shot.make.page,
        Ask::List(_) | Ask::Product(_) | Ask::Prefetch(_) | Ask::Path(_) => &shot.make.read,
        _ => &shot.make.send,
    }
}

fn write_slot(slot: &Slot, shot: &Shot, length: usize, line: &mut Line<'_>) {
    match slot {
        Slot::Fixed(name, value) => line.add(name).push_str(value),
        Slot::Agent => {
            line.add("user-agent").push_str(shot.agent.as_deref().unwrap_or(&shot.make.agent));
        }
        Slot::Language(name) if !shot.language.is_empty() => line.add(name).push_str(shot.language),
        Slot::Cookie => {
            if let Some(sid) = shot.sid {
                let _ = write!(line.add("cookie"), "sid={sid:016x}");
            }
        }
        Slot::Length => {
            let _ = write!(line.add("content-length"), "{length}");
        }
        Slot::Purpose if matches!(shot.ask, Ask::Prefetch(_)) => {
            line.add("sec-purpose").push_str("prefetch");
        }
        Slot::Language(_) | Slot::Purpose => {}
    }
}

/// Writes path and body, and gives the method.
fn write_ask(shot: &Shot, path: &mut String, body: &mut String) -> &'static str {
    let make = &shot.make;
    let _ = match &shot.ask {
        Ask::Page => write!(path, "/"),
        Ask::List(page) => write!(path, "/api/v1/products?page={page}"),
        Ask::Product(number) | Ask::Prefetch(number) => write!(path, "/api/v1/products/{number}"),
        Ask::Path(given) => write!(path, "{given}"),
        Ask::Login { email, password } => {
            write_account(make, &make.form.login, email, password, shot.client, body);
            write!(path, "/api/v1/login")
        }
        Ask::Signup { email, password } => {
            write_account(make, &make.form.signup, email, password, shot.client, body);
            write!(path, "/api/v1/signup")
        }
        Ask::Verify { email, code } => {
            write_pairs(make, &[("email", &quoted(email)), ("code", &format!("\"{code:06}\""))], body);
            write!(path, "/api/v1/verify-email")
        }
        Ask::Reset { email } => {
            write_pairs(make, &[("email", &quoted(email))], body);
            write!(path, "/api/v1/password-reset")
        }
        Ask::Cart(product) => {
            write_pairs(make, &[("product_id", &product.to_string()), ("qty", "1")], body);
            write!(path, "/api/v1/cart")
        }
        Ask::Checkout { declined } => {
            let card = if *declined { "\"tok_declined\"" } else { "\"tok_visa\"" };
            write_pairs(make, &[("card", card), ("address_id", "1")], body);
            write!(path, "/api/v1/checkout")
        }
        Ask::AddPayment(card) => {
            let (number, cvc) =
                (quoted(&format!("{:016}", card.number)), quoted(&format!("{:03}", card.check)));
            let pairs = [("number", &*number), ("expiry", &quoted(&card.expiry())), ("cvc", &*cvc)];
            write_pairs(make, &pairs, body);
            write!(path, "/api/v1/payment-methods")
        }
        Ask::GiftCard(code) => {
            write_pairs(make, &[("code", &quoted(&format!("{code:012}")))], body);
            write!(path, "/api/v1/gift-cards/balance")
        }
        Ask::Comment { product, text } => {
            write_pairs(make, &[("product_id", &product.to_string()), ("text", &quoted(text))], body);
            write!(path, "/api/v1/comments")
        }
    };
    if body.is_empty() { "GET" } else { "POST" }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn write_pairs(make: &Make, pairs: &[(&str, &str)], body: &mut String) {
    let (comma, colon) = if make.form.spaced { (", ", ": ") } else { (",", ":") };
    body.push('{');
    for (n, (key, value)) in pairs.iter().enumerate() {
        let comma = if n == 0 { "" } else { comma };
        let _ = write!(body, "{comma}\"{key}\"{colon}{value}");
    }
    body.push('}');
}

/// Keys of a body that carries an account.
fn write_account(make: &Make, keys: &[Key], email: &str, password: &str, device: u64, body: &mut String) {
    let (comma, colon) = if make.form.spaced { (", ", ": ") } else { (",", ":") };
    body.push('{');
    for (n, key) in keys.iter().enumerate() {
        if n > 0 {
            body.push_str(comma);
        }
        let _ = match key {
            Key::Email => write!(body, "\"email\"{colon}\"{email}\""),
            Key::Password => write!(body, "\"password\"{colon}\"{password}\""),
            Key::Name => {
                let name = email.split(['@', '.', '_']).next().unwrap_or(email);
                write!(body, "\"name\"{colon}\"{name}\"")
            }
            Key::Device => write!(body, "\"device_id\"{colon}\"{:016x}\"", mix(device)),
            Key::Fixed(name, value) => write!(body, "\"{name}\"{colon}{value}"),
        };
    }
    body.push('}');
}
