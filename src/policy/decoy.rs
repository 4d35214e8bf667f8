//! Decoys: answers that look as the origin's own where it refuses, with values made anew each time.

/// How clients are deceived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoy {
    /// Whether the origin's own failures are learned from; what was learned comes before what is written.
    pub learn: bool,
    /// The answer that was written; `None`: none was.
    pub written: Option<Template>,
    /// How long the origin takes, in milliseconds, from and to; `None`: as long as its failures were seen to.
    pub takes_ms: Option<(u64, u64)>,
}

/// An answer with what varies left open.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Template {
    /// The HTTP status code.
    pub status: u16,
    /// Headers in their order, names in lower case.
    pub headers: Vec<(String, Vec<Piece>)>,
    /// The body.
    pub body: Vec<Piece>,
}

/// A part of a header's value or of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Always the same.
    Text(String),
    /// Made anew.
    Made(Made),
}

/// What is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Characters drawn from an alphabet.
    Chars {
        /// Which.
        alphabet: Alphabet,
        /// The fewest, at least 1.
        least: u8,
        /// The most.
        most: u8,
    },
    /// A whole number, both ends included.
    Number {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A UUID of this version: 4, or 7, which begins with the time (RFC 9562).
    Uuid(u8),
    /// The time.
    Time {
        /// How it is written.
        form: TimeForm,
        /// How far from now, in seconds.
        offset_s: i32,
    },
    /// The request's own subject.
    Subject(SubjectForm),
    /// How long the answer takes, in whole milliseconds.
    Latency,
    /// The body's length in bytes.
    Length,
    /// A value of [`super::Settings::canaries`] at this place: it is recognised when it comes back.
    Canary(u8),
}

/// What characters are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// 0 to 9.
    Digits,
    /// 0 to 9 and a to f.
    LowerHex,
    /// 0 to 9 and A to F.
    UpperHex,
    /// a to z.
    Lower,
    /// a to z and 0 to 9.
    LowerDigits,
    /// A to Z and 0 to 9.
    UpperDigits,
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `-` and `_`.
    Base64Url,
    /// Letters, digits, `+` and `/`.
    Base64,
}

impl Alphabet {
    /// Every one, the narrower before the wider.
    pub const ALL: [Self; 9] = [
        Self::Digits,
        Self::LowerHex,
        Self::UpperHex,
        Self::Lower,
        Self::LowerDigits,
        Self::UpperDigits,
        Self::Alnum,
        Self::Base64Url,
        Self::Base64,
    ];

    /// Its characters.
    #[must_use]
    pub fn characters(self) -> &'static [u8] {
        const ALL: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        match self {
            Self::Digits => b"0123456789",
            Self::LowerHex => b"0123456789abcdef",
            Self::UpperHex => b"0123456789ABCDEF",
            Self::Lower => b"abcdefghijklmnopqrstuvwxyz",
            Self::LowerDigits => b"0123456789abcdefghijklmnopqrstuvwxyz",
            Self::UpperDigits => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Alnum => ALL,
            Self::Base64Url => b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
            Self::Base64 => b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/",
        }
    }
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeForm {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// As in `Date` (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    Http,
    /// A day: `1994-11-06`.
    Day,
    /// RFC 3339 in UTC: `1994-11-06T08:49:37Z`, with so many digits of a second's fraction, at most 9; with
    /// `+00:00` rather than `Z` where the flag is set.
    Rfc3339(u8, bool),
}

/// How the request's subject is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectForm {
    /// As it was sent.
    Whole,
    /// In lower case.
    Lower,
    /// Its last four characters.
    LastFour,
}

/// The form of canary values: text with places for characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(pub Vec<MaskPart>);

impl Mask {
    /// The longest, in characters.
    pub const MOST: usize = 64;

    /// The mask that is written so: `9` is a digit, `X` a letter or digit, `x` a hexadecimal digit, anything
    /// else itself; `None`: it is longer than [`Self::MOST`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let part = |character| match character {
            '9' => MaskPart::Drawn(Alphabet::Digits),
            'X' => MaskPart::Drawn(Alphabet::UpperDigits),
            'x' => MaskPart::Drawn(Alphabet::LowerHex),
            other => MaskPart::Text(other),
        };
        let parts: Vec<MaskPart> = text.chars().take(Self::MOST + 1).map(part).collect();
        (parts.len() <= Self::MOST).then_some(Self(parts))
    }
}

/// One character of a canary value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskPart {
    /// Always this one.
    Text(char),
    /// One of an alphabet.
    Drawn(Alphabet),
}
