//! The printed fingerprint: one short id whose parts are compared by eye and by machine.
//!
//! Version 2: `2-order-set-agent-locale-tls-payload-network`. Each part is the first 25 bits of its
//! facet in Crockford's base 32, or `0` where the facet is absent. The network alone is keyed with
//! the operator's secret, since an address is personal, so it compares within one installation only.

use std::fmt;
use std::str::FromStr;

use super::Facet;

/// The facets in the order in which they are printed.
pub const PARTS: [Facet; 7] = [
    Facet::HeaderOrder,
    Facet::HeaderSet,
    Facet::Agent,
    Facet::Locale,
    Facet::Tls,
    Facet::Payload,
    Facet::Network,
];

const VERSION: char = '2';

/// Digits of a part; each is 5 bits.
pub(crate) const DIGITS: usize = 5;

/// Crockford's base 32: no letter that looks like another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A fingerprint as it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FingerprintId {
    pub(crate) parts: [Option<u32>; PARTS.len()],
}

impl FingerprintId {
    /// The facets that both have, and have alike. One that both lack is not shared.
    pub fn shared(&self, other: &Self) -> impl Iterator<Item = Facet> {
        let pairs = self.parts.into_iter().zip(other.parts);
        PARTS.into_iter().zip(pairs).filter(|(_, (a, b))| a.is_some() && a == b).map(|(facet, _)| facet)
    }

    /// Whether all parts that this has are the other's too: as a pattern, in which `0` stands for any.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.parts.iter().zip(other.parts).all(|(own, other)| own.is_none() || *own == other)
    }

    /// Whether it has this part.
    #[must_use]
    pub fn has(&self, facet: Facet) -> bool {
        PARTS.into_iter().zip(self.parts).any(|(part, value)| part == facet && value.is_some())
    }

    /// Whether it has no part at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Option::is_none)
    }
}

impl fmt::Display for FingerprintId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written in one go: each piece that a formatter is given costs as much as all of this.
        let mut text = String::with_capacity(1 + PARTS.len() * (1 + DIGITS));
        text.push(VERSION);
        for part in self.parts {
            text.push('-');
            let Some(value) = part else {
                text.push('0');
                continue;
            };
            for place in (0..DIGITS).rev() {
                let digit = (value >> (place * 5)) & 31;
                text.push(ALPHABET.get(digit as usize).map_or('0', |&letter| char::from(letter)));
            }
        }
        f.write_str(&text)
    }
}

/// Why a text is no fingerprint of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoFingerprint {
    /// It does not begin with `2-`.
    Version,
    /// It has this many parts behind the version.
    Parts(usize),
    /// This part is neither `0` nor five digits.
    Length(Facet),
    /// This part has a letter that is no digit of Crockford's base 32.
    Digit(Facet),
}

impl fmt::Display for NoFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => write!(f, "not version {VERSION}: it has to begin with {VERSION}-"),
            Self::Parts(count) => write!(f, "{count} parts behind the version, where {} belong", PARTS.len()),
            Self::Length(facet) => write!(f, "the part {} is neither 0 nor {DIGITS} digits", facet.name()),
            Self::Digit(facet) => {
                write!(f, "the part {} has a letter that is no digit of Crockford's base 32", facet.name())
            }
        }
    }
}

impl std::error::Error for NoFingerprint {}

/// Reads what was printed, and as Crockford has it also capital letters, `o` for 0, `i` and `l` for 1.
impl FromStr for FingerprintId {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let (version, parts) = text.split_once('-').ok_or(NoFingerprint::Version)?;
        if version.chars().ne([VERSION]) {
            return Err(NoFingerprint::Version);
        }
        let count = parts.split('-').count();
        if count != PARTS.len() {
            return Err(NoFingerprint::Parts(count));
        }
        let mut id = Self { parts: [None; PARTS.len()] };
        for ((place, facet), part) in id.parts.iter_mut().zip(PARTS).zip(parts.split('-')) {
            *place = read_part(facet, part)?;
        }
        Ok(id)
    }
}

fn read_part(facet: Facet, part: &str) -> Result<Option<u32>, NoFingerprint> {
    if part == "0" {
        return Ok(None);
    }
    let mut value = 0;
    for letter in part.bytes() {
        let letter = match letter.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|&known| known == letter).ok_or(NoFingerprint::Digit(facet))?;
        value = (value << 5) | digit as u32;
    }
    if part.len() == DIGITS { Ok(Some(value)) } else { Err(NoFingerprint::Length(facet)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHOWN: &str = "2-6cd5q-dm0c6-00000-7r44w-0-zzzzz-0";

    fn read(text: &str) -> Result<FingerprintId, NoFingerprint> {
        text.parse()
    }

    #[test]
    fn what_is_printed_is_read_back() {
        assert_eq!(read(SHOWN).unwrap().to_string(), SHOWN);
        assert_eq!(read(&SHOWN.to_uppercase()), read(SHOWN));
        assert_eq!(read(&SHOWN.replace("00000", "oOo00")), read(SHOWN));
    }

    #[test]
    fn what_is_no_fingerprint_is_told_why() {
        for (text, why) in [
            ("", "not version 2: it has to begin with 2-"),
            ("1-6cd5q-dm0c6-geg5a-7r44w-0", "not version 2: it has to begin with 2-"),
            ("2-6cd5q", "1 parts behind the version, where 7 belong"),
            ("2-6cd5q-dm0c6-geg5a-7r44w-0-0-0-0", "8 parts behind the version, where 7 belong"),
            ("2-6cd5q-dm0c6-geg5a-7r44w-0-123-0", "the part payload is neither 0 nor 5 digits"),
            ("2-6cd5q-dm0c6-geg5a-7r44w--0-0", "the part tls is neither 0 nor 5 digits"),
            (
                "2-6cd5u-dm0c6-geg5a-7r44w-0-0-0",
                "the part header-order has a letter that is no digit of Crockford's base 32",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), why, "{text}");
        }
    }

    #[test]
    fn shared_parts_are_those_that_both_have() {
        let other = read("2-6cd5q-dm0c7-00000-0-0-zzzzz-12345").unwrap();
        let shared: Vec<Facet> = read(SHOWN).unwrap().shared(&other).collect();
        assert_eq!(shared, [Facet::HeaderOrder, Facet::Agent, Facet::Payload]);
    }

    #[test]
    fn a_pattern_covers_what_has_its_parts() {
        let pattern = read("2-6cd5q-0-0-0-0-zzzzz-0").unwrap();
        assert!(pattern.covers(&read(SHOWN).unwrap()) && !read(SHOWN).unwrap().covers(&pattern));
        assert!(!pattern.covers(&read("2-6cd5q-dm0c6-00000-7r44w-0-0-0").unwrap()), "a part that is absent");
        assert!(pattern.has(Facet::Payload) && !pattern.has(Facet::Network) && !pattern.is_empty());
        assert!(read("2-0-0-0-0-0-0-0").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn any_parts_are_read_back(parts in prop::array::uniform7(prop::option::of(0_u32..1 << 25))) {
            let id = FingerprintId { parts };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_survived(text in "2?[-0-9a-zé]{0,50}") {
            let _ = read(&text);
        }
    }
}
