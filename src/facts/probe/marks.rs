//! Finding any of a few fixed texts in one pass.

/// Texts in lower case, of two bytes at least, each on a line; and the pairs that they begin with: a bit for
/// each first byte, and one for each pair by a hash that many share.
pub(super) struct Marks {
    texts: &'static str,
    first: u128,
    pairs: u128,
}

const fn pair(one: u8, other: u8) -> u8 {
    (one.wrapping_mul(7) ^ other.wrapping_mul(3)) & 127
}

impl Marks {
    pub(super) const fn new(texts: &'static str) -> Self {
        let (mut first, mut pairs) = (0, 0);
        let mut rest = texts.as_bytes();
        let mut begins = true;
        while let [one, other, ..] = rest {
            if begins {
                first |= 1 << (*one & 127);
                pairs |= 1 << pair(*one, *other);
            }
            begins = *one == b'\n';
            rest = rest.split_at(1).1;
        }
        Self { texts, first, pairs }
    }

    /// Whether any of them is in a text of lower case.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        text.windows(2).enumerate().any(|(at, bytes)| {
            let [one, other] = bytes else { return false };
            self.first >> (one & 127) & 1 != 0 && self.pairs >> pair(*one, *other) & 1 != 0 && {
                let rest = text.get(at..).unwrap_or_default();
                self.texts.split('\n').any(|mark| rest.starts_with(mark.as_bytes()))
            }
        })
    }
}

/// Whether a word is one of these, which have a space between.
pub(super) fn is_of(words: &str, word: &[u8]) -> bool {
    words.split(' ').any(|known| known.as_bytes() == word)
}
