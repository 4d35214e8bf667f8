//! The neighborhood of a subject: those that differ from it in their last two characters only.
//!
//! Codes are given out sparsely and at random, so that two misses in one hundred are rare; whoever walks
//! through numbers, in order or shuffled, misses many in the same. Density tells enumeration from
//! guessing, whoever asks and from wherever, and needs no arithmetic on what is kept only as a hash.

use std::borrow::Cow;

/// What of a card's number tells its issuer: so much of it, and no more, names its neighborhood.
const ISSUER_DIGITS: usize = 6;

/// How many digits the number of a payment card has (ISO/IEC 7812-1).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// How many characters at the end of a number differ between neighbors, at most.
const LAST: usize = 2;

/// What a subject has in common with its neighbors; `None`: nothing in it is a number. Of an e-mail
/// address the domain stays whole.
#[must_use]
pub fn of(subject: &[u8]) -> Option<Cow<'_, [u8]>> {
    let end = subject.iter().position(|&b| b == b'@').unwrap_or(subject.len());
    let digit = subject.get(..end)?.iter().rposition(u8::is_ascii_digit)?;
    // The run of letters and digits that the last digit is in.
    let rest = subject.get(digit..end)?;
    let run_end = digit + rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let before = subject.get(..run_end)?.iter().rposition(|b| !b.is_ascii_alphanumeric());
    let run_begin = before.map_or(0, |at| at + 1);
    let cut = run_end.saturating_sub(LAST).max(run_begin);
    let (kept, rest) = (subject.get(..cut)?, subject.get(run_end..)?);
    Some(if rest.is_empty() { Cow::Borrowed(kept) } else { Cow::Owned([kept, b"*", rest].concat()) })
}

/// The issuer's part of a payment card's number, which may be written in groups: that is all that is kept
/// of one. `None`: it is no such number.
#[must_use]
pub fn issuer(subject: &[u8]) -> Option<Vec<u8>> {
    let is_grouped = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'-');
    let mut digits = subject.iter().copied().filter(u8::is_ascii_digit);
    let is_card = subject.iter().all(is_grouped) && CARD_DIGITS.contains(&digits.clone().count());
    is_card.then(|| digits.by_ref().take(ISSUER_DIGITS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(subject: &str) -> Option<String> {
        of(subject.as_bytes()).map(|kept| String::from_utf8_lossy(&kept).into_owned())
    }

    #[test]
    fn neighbors_differ_in_their_last_two_characters() {
        for (subject, kept) in [
            ("gc-2024-980112", "gc-2024-9801"),
            ("gc-2024-9801-7", "gc-2024-9801-"),
            ("gc-a7f3-9k2q", "gc-a7f3-9k"),
            ("104577", "1045"),
            ("/orders/104577/items", "/orders/1045*/items"),
            ("user0017@x.example", "user00*@x.example"),
        ] {
            assert_eq!(shown(subject).as_deref(), Some(kept), "{subject}");
        }
    }

    #[test]
    fn names_have_none() {
        for subject in ["ann@x2.example", "summer-sale", "", "@"] {
            assert_eq!(shown(subject), None, "{subject}");
        }
    }

    #[test]
    fn of_a_card_only_the_issuer_is_left() {
        assert_eq!(issuer(b"4111 1111 1111 1111").as_deref(), Some(&b"411111"[..]));
        assert_eq!(issuer(b"4111111111111111"), issuer(b"4111-1122-2222-2222"));
        assert_eq!((issuer(b"+4915112345678"), issuer(b"4111"), issuer(b"")), (None, None, None));
    }

    proptest! {
        #[test]
        fn a_hundred_numbers_in_a_row_are_one_or_two_neighborhoods(first in 1000_u32..1_000_000) {
            let all: std::collections::BTreeSet<_> =
                (first..first + 100).map(|n| shown(&format!("order-{n}"))).collect();
            prop_assert!(all.len() <= 2);
        }

        #[test]
        fn any_bytes_have_one_or_none(subject in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(kept) = of(&subject) {
                prop_assert!(kept.len() <= subject.len() + 1);
            }
        }
    }
}
