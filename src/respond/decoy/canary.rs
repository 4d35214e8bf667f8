//! Canary values: codes and tokens that nobody was ever given, but for the deceived.
//!
//! A canary proves itself: of the number that its characters spell, the low 32 bits are a keyed hash of the
//! rest. So none is remembered, all Envoys with one secret know each other's, and a value that is none meets
//! the check once in 2^32 tries.

use crate::facts::Hashes;
use crate::policy::{Mask, MaskPart};

/// The last characters spell the number, as many of them as come to at most so many values; those before are
/// drawn, and say nothing.
const MOST: u128 = 1 << 112;

/// The canary of this form with this number.
pub(super) fn make(hashes: &Hashes, mask: &Mask, nonce: u64) -> String {
    let values = (values(mask) >> 32).max(1);
    let own = u128::from(nonce) % values;
    let mut number = own << 32 | u128::from(check(hashes, own));
    let spelling = spelling(mask);
    let mut characters: Vec<char> = Vec::with_capacity(mask.0.len());
    for (place, part) in mask.0.iter().enumerate().rev() {
        characters.push(match part {
            MaskPart::Text(character) => *character,
            MaskPart::Drawn(alphabet) => {
                let all = alphabet.characters();
                let drawn = if place < spelling {
                    u128::from(hashes.pair(nonce, place as u64))
                } else {
                    let digit = number;
                    number /= all.len() as u128;
                    digit
                };
                all.get((drawn % all.len() as u128) as usize).copied().map_or('0', char::from)
            }
        });
    }
    characters.into_iter().rev().collect()
}

/// The place from which on characters spell the number.
fn spelling(mask: &Mask) -> usize {
    let mut values = 1_u128;
    for (place, part) in mask.0.iter().enumerate().rev() {
        values = values.saturating_mul(size(part));
        if values > MOST {
            return place + 1;
        }
    }
    0
}

fn size(part: &MaskPart) -> u128 {
    match part {
        MaskPart::Text(_) => 1,
        MaskPart::Drawn(alphabet) => alphabet.characters().len() as u128,
    }
}

/// Whether a value is a canary of one of these forms, in whatever case it comes back.
pub fn is_canary(hashes: &Hashes, masks: &[Mask], value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    masks.iter().any(|mask| number(mask, text).is_some_and(|number| holds(hashes, mask, number)))
}

fn holds(hashes: &Hashes, mask: &Mask, number: u128) -> bool {
    let own = number >> 32;
    own < (values(mask) >> 32).max(1) && number as u32 == check(hashes, own)
}

/// The number that a value's characters spell; `None`: it is not of this form.
fn number(mask: &Mask, text: &str) -> Option<u128> {
    let mut number = 0_u128;
    let mut characters = text.chars();
    let spelling = spelling(mask);
    for (at, part) in mask.0.iter().enumerate() {
        let character = characters.next()?;
        match part {
            MaskPart::Text(own) if own.eq_ignore_ascii_case(&character) => {}
            MaskPart::Text(_) => return None,
            MaskPart::Drawn(alphabet) => {
                let all = alphabet.characters();
                let is = |own: &u8| char::from(*own).eq_ignore_ascii_case(&character);
                let place = all.iter().position(is)?;
                if at < spelling {
                    continue;
                }
                number = number.checked_mul(all.len() as u128)?.checked_add(place as u128)?;
            }
        }
    }
    characters.next().is_none().then_some(number)
}

fn values(mask: &Mask) -> u128 {
    mask.0.iter().skip(spelling(mask)).map(size).product()
}

fn check(hashes: &Hashes, own: u128) -> u32 {
    hashes.personal("canary", &own.to_le_bytes()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Secret;
    use proptest::prelude::*;

    fn mask(text: &str) -> Mask {
        Mask::parse(text).unwrap()
    }

    fn hashes(secret: &str) -> Hashes {
        Hashes::new(&Secret(secret.as_bytes().to_vec()))
    }

    proptest! {
        #[test]
        fn canaries_are_known_again(nonce: u64, form in 0_usize..4) {
            let mask = mask(["9999-9999-9999-9999", "GC-XXXXX-XXXXX", "xxxxxxxxxxxxxxxx", "tok_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"][form]);
            let ours = hashes("0123456789abcdef");
            let canary = make(&ours, &mask, nonce);
            prop_assert!(is_canary(&ours, std::slice::from_ref(&mask), canary.as_bytes()), "{}", canary);
            prop_assert!(is_canary(&ours, std::slice::from_ref(&mask), canary.to_lowercase().as_bytes()));
            prop_assert!(!is_canary(&hashes("another secret !"), std::slice::from_ref(&mask), canary.as_bytes()));
            let mut other = canary.into_bytes();
            let last = other.last_mut().unwrap();
            *last = if *last == b'1' { b'2' } else { b'1' };
            prop_assert!(!is_canary(&ours, &[mask], &other));
        }

        #[test]
        fn other_values_are_none(value: Vec<u8>, digits in "[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{4}") {
            let masks = [mask("9999-9999-9999-9999"), mask("xxxxxxxxxxxxxxxx")];
            let ours = hashes("0123456789abcdef");
            prop_assert!(!is_canary(&ours, &masks, &value));
            prop_assert!(!is_canary(&ours, &masks, digits.as_bytes()));
        }
    }
}
