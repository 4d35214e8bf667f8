//! What the shop opens with, computed from numbers alone: accounts, passwords, codes, gift cards.
//!
//! The traffic player knows it too, as its customers know their own passwords and mails. Nothing
//! here is secret or belongs to anyone, and nothing depends on chance or time.

/// Accounts, `customer-0@shop.example` and so on.
pub(crate) const ACCOUNTS: u64 = 800;
/// Products, numbered from 1.
pub(crate) const PRODUCTS: u64 = 60;
/// Numbers that gift cards may have; about one in twenty is a card.
pub(crate) const GIFT_CARD_NUMBERS: u64 = 8_000;

const FIRST_GIFT_CARD: u64 = 40_310_000;

/// Words that passwords and names of products are made of.
const WORDS: [&str; 16] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "islet", "juniper", "kestrel",
    "larch", "maple", "north", "otter", "pine",
];

/// Spreads a number over 64 bits (the finalizer of splitmix64).
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Spreads a text over 64 bits.
pub(crate) fn mix_text(text: &str, salt: u64) -> u64 {
    text.bytes().fold(mix(salt), |sum, byte| mix(sum ^ u64::from(byte)))
}

/// A word for a number.
pub(crate) fn word(number: u64) -> &'static str {
    let at = usize::try_from(number % 16).unwrap_or(0);
    WORDS.get(at).copied().unwrap_or("amber")
}

/// The address an account signs in with.
pub(crate) fn email(account: u64) -> String {
    format!("customer-{account}@shop.example")
}

/// The password an account opens with.
pub(crate) fn password(account: u64) -> String {
    let sum = mix(account ^ 0x7061_7373);
    format!("{}-{}-{:02}", word(sum), word(sum >> 8), sum >> 16 & 63)
}

/// The code that a mail to this address carries, to verify it or to reset its password. No mail is
/// sent by this sample, so who owns the address has to be able to work the code out.
pub(crate) fn mail_code(email: &str) -> String {
    format!("{:06}", mix_text(email, 0x6d61_696c) % 1_000_000)
}

/// The code that a gift card of this number would have, whether or not there is one.
pub(crate) fn gift_code(number: u64) -> String {
    format!("GC-{}", FIRST_GIFT_CARD + number)
}

/// What is on the gift card of this number, in cents; `None`: there is no such card. A third of the
/// cards are spent.
pub(crate) fn gift_balance_cents(number: u64) -> Option<u64> {
    let sum = mix(number ^ 0x6769_6674);
    if number >= GIFT_CARD_NUMBERS || !sum.is_multiple_of(20) {
        return None;
    }
    Some(if (sum >> 8).is_multiple_of(3) { 0 } else { 500 * (1 + (sum >> 16) % 20) })
}

/// Whether a card number passes the check digit of ISO/IEC 7812 (Luhn), with 12 to 19 digits.
pub(crate) fn is_card_number(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().map(|c| c.to_digit(10)).collect();
    digits.is_some_and(|digits| (12..=19).contains(&digits.len()) && luhn_sum(&digits).is_multiple_of(10))
}

fn luhn_sum(digits: &[u32]) -> u32 {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    digits.iter().rev().enumerate().map(|(i, &d)| if i % 2 == 1 { doubled(d) } else { d }).sum()
}
