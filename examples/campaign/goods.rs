//! Payment cards and gift cards: which there are, and which are good.

use super::random::{Dice, mix};

/// A payment card as somebody enters it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Card {
    /// Sixteen digits.
    pub(crate) number: u64,
    /// The check number.
    pub(crate) check: u16,
}

/// First eight digits of the issuers whose cards people here have.
const ISSUERS: [u64; 24] = [
    40_001_210, 40_123_345, 41_114_410, 41_502_298, 42_056_710, 42_639_801, 43_190_024, 44_067_712,
    44_851_930, 45_328_844, 45_710_063, 46_594_187, 47_162_250, 48_449_936, 49_291_175, 51_006_620,
    51_363_381, 51_848_207, 52_480_911, 52_995_426, 53_331_702, 54_127_594, 54_660_385, 55_208_841,
];
/// Of so many stolen cards one is still good: the rest were reported, or have expired.
pub(crate) const GOOD_ONE_OF: u64 = 25;

impl Card {
    /// A card of an issuer by its number in the list, wherever it is from.
    pub(crate) fn of(issuer: usize, dice: &mut Dice) -> Self {
        let number = ISSUERS[issuer % ISSUERS.len()] * 100_000_000 + (dice.bits() >> 32) % 100_000_000;
        Self { number, check: check_of(number) }
    }

    /// A card that its bank accepts.
    pub(crate) fn good(issuer: usize, dice: &mut Dice) -> Self {
        let mut card = Self::of(issuer, dice);
        while !card.is_good() {
            card = Self::of(issuer, dice);
        }
        card
    }

    /// The same with its check number mistyped.
    pub(crate) fn mistyped(self) -> Self {
        Self { check: (self.check + 9) % 1_000, ..self }
    }

    /// Whether its bank accepts it.
    pub(crate) fn is_good(&self) -> bool {
        mix(self.number).is_multiple_of(GOOD_ONE_OF) && self.check == check_of(self.number)
    }

    /// Until when it is good, as people enter it.
    pub(crate) fn expiry(&self) -> String {
        let months = mix(self.number ^ 0xe8) % 48;
        format!("{:02}/{:02}", 1 + months % 12, 27 + months / 12)
    }
}

/// How many issuers there are.
pub(crate) const ISSUED_BY: usize = ISSUERS.len();

fn check_of(number: u64) -> u16 {
    u16::try_from(mix(number ^ 0xc4) % 1_000).unwrap_or(0)
}

/// Where the codes of gift cards begin, and how many codes there could be.
pub(crate) const GIFT_FIRST: u64 = 603_122_000_000;
/// See `GIFT_FIRST`.
pub(crate) const GIFT_CODES: u64 = 1_000_000;
/// Of so many codes one was sold.
pub(crate) const SOLD_ONE_OF: u64 = 400;

/// Whether such a gift card was sold.
pub(crate) fn is_gift_card(code: u64) -> bool {
    (GIFT_FIRST..GIFT_FIRST + GIFT_CODES).contains(&code) && mix(code).is_multiple_of(SOLD_ONE_OF)
}

/// A gift card that somebody was given.
pub(crate) fn gift_card(dice: &mut Dice) -> u64 {
    let begin = dice.bits() % GIFT_CODES;
    let codes = (0..GIFT_CODES).map(|n| GIFT_FIRST + (begin + n) % GIFT_CODES);
    codes.into_iter().find(|code| is_gift_card(*code)).unwrap_or(GIFT_FIRST)
}
