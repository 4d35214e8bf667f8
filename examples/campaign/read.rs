//! Reads a request as the shop's server does: what `wire` wrote, as an ask again.

use std::rc::Rc;

use serde_json::Value;

use super::goods::Card;
use super::shot::Ask;

/// The bare parts of a request that say what is asked for.
pub(crate) struct Parts<'p> {
    /// The method.
    pub(crate) method: &'p str,
    /// The path with its query.
    pub(crate) path: &'p str,
    /// Whether it is marked as a prefetch.
    pub(crate) is_prefetch: bool,
    /// The body.
    pub(crate) body: &'p [u8],
}

/// What a request asks for. What nobody offers is a path, which is not there; a key that a body
/// lacks is empty.
pub(crate) fn read(parts: &Parts<'_>) -> Ask {
    let path = || Ask::Path(parts.path.into());
    match parts.method {
        "GET" => read_get(parts).unwrap_or_else(path),
        "POST" => read_post(parts).unwrap_or_else(path),
        _ => path(),
    }
}

fn read_get(parts: &Parts<'_>) -> Option<Ask> {
    if parts.path == "/" {
        return Some(Ask::Page);
    }
    let rest = parts.path.strip_prefix("/api/v1/products")?;
    if let Some(page) = rest.strip_prefix("?page=") {
        return page.parse().ok().map(Ask::List);
    }
    let number = rest.strip_prefix('/')?.parse().ok()?;
    Some(if parts.is_prefetch { Ask::Prefetch(number) } else { Ask::Product(number) })
}

fn read_post(parts: &Parts<'_>) -> Option<Ask> {
    let body: Value = serde_json::from_slice(parts.body).unwrap_or_default();
    let text = |key: &str| -> Rc<str> { body.get(key).and_then(Value::as_str).unwrap_or_default().into() };
    let (email, password) = (text("email"), text("password"));
    Some(match parts.path.strip_prefix("/api/v1/")? {
        "login" => Ask::Login { email, password },
        "signup" => Ask::Signup { email, password },
        // No code has more than six digits.
        "verify-email" => Ask::Verify { email, code: text("code").parse().unwrap_or(u32::MAX) },
        "password-reset" => Ask::Reset { email },
        "cart" => {
            let product = body.get("product_id").and_then(Value::as_u64)?;
            Ask::Cart(usize::try_from(product).ok()?)
        }
        "checkout" => Ask::Checkout { declined: &*text("card") == "tok_declined" },
        "payment-methods" => {
            let number = text("number").parse().unwrap_or(u64::MAX);
            Ask::AddPayment(Card { number, check: text("cvc").parse().unwrap_or(u16::MAX) })
        }
        "gift-cards/balance" => Ask::GiftCard(text("code").parse().unwrap_or(u64::MAX)),
        "comments" => {
            let product = body.get("product_id").and_then(Value::as_u64)?;
            Ask::Comment { product: usize::try_from(product).ok()?, text: text("text") }
        }
        _ => return None,
    })
}
