//! What texts that are nearly the same have in common.
//!
//! MinHash over pairs of neighboring words (Broder, "On the Resemblance and Containment of Documents",
//! 1997): two texts share a minimum with a probability of the share of pairs that they have in common.
//! Each value is made of three minima (bands, Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets",
//! 3.4): of a template whose slots are varied most texts share one of three, and of texts that have a
//! saying in common hardly any do.

use super::Hashes;
use crate::policy::TEXTS;

/// How many values a text has.
const VALUES: usize = TEXTS.len();

/// How many minima each is made of.
const MINIMA: usize = 3;

/// Shorter texts, in words, are alike without being copied: "great product, fast delivery".
const LEAST_WORDS: usize = 12;

/// No more of a text is read, in bytes.
const MOST_BYTES: usize = 8 << 10;

/// Links in a text from which it is one that is there for its links: so many, or one in so many words.
const LINKS: usize = 3;
const WORDS_A_LINK: usize = 15;

/// Stands for any link, and for any number: spammers vary them.
const LINK: &[u8] = b"\0link";
const NUMBER: &[u8] = b"\0number";

/// What is kept of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// Each is shared by texts that are nearly the same, most of the time.
    pub values: [u64; VALUES],
    /// Whether it is there for its links, as far as their number tells.
    pub links: bool,
}

/// Reads a text; `None`: it is too short to tell.
#[must_use]
pub fn of(text: &[u8], hashes: &Hashes) -> Option<Likeness> {
    let text = text.get(..MOST_BYTES).unwrap_or(text);
    let mut least = [[u64::MAX; MINIMA]; VALUES];
    let (mut words, mut links, mut before) = (0, 0, 0);
    for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        let is_link = is_link(word);
        links += usize::from(is_link);
        let word = if is_link { Some(hashes.personal("word", LINK)) } else { plain(word, hashes) };
        let Some(word) = word else { continue };
        words += 1;
        if words > 1 {
            let pair = hashes.pair(before, word);
            for (n, least) in (0_u64..).zip(least.iter_mut().flatten()) {
                *least = (*least).min(hashes.pair(pair, n));
            }
        }
        before = word;
    }
    let many = links >= LINKS || (links > 0 && words <= links * WORDS_A_LINK);
    let values = least.map(|[one, other, third]| hashes.pair(hashes.pair(one, other), third));
    (words >= LEAST_WORDS).then_some(Likeness { values, links: many })
}

/// A word without case and punctuation around it; `None`: nothing is left.
fn plain(word: &[u8], hashes: &Hashes) -> Option<u64> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    let begin = word.iter().position(is_word)?;
    let end = word.iter().rposition(is_word)?;
    let word = word.get(begin..=end)?;
    let word = if word.iter().any(u8::is_ascii_digit) { NUMBER.to_vec() } else { word.to_ascii_lowercase() };
    Some(hashes.personal("word", &word))
}

fn is_link(word: &[u8]) -> bool {
    let holds = |mark: &[u8]| word.windows(mark.len()).any(|w| w.eq_ignore_ascii_case(mark));
    [&b"://"[..], b"www.", b"[url", b"href="].into_iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Secret;
    use proptest::prelude::*;

    fn likeness(text: &str) -> Option<Likeness> {
        of(text.as_bytes(), &Hashes::new(&Secret(b"0123456789abcdef".to_vec())))
    }

    /// A template as spam tools fill it: the slots are drawn anew each time.
    fn filled(n: usize) -> String {
        let name = ["Ann", "Bob", "Cleo", "Dan", "Eve"][n % 5];
        let praise = ["amazing", "great", "unbelievable", "superb"][n / 5 % 4];
        let (earned, host) = (300 + 17 * n, n * 7919 % 1000);
        format!(
            "Hi {name} here, I found this {praise} offer and earned {earned} dollars last week working from home, \
             see https://offer{host}.example/x{n} before it is gone for good!"
        )
    }

    #[test]
    fn a_template_with_other_words_in_its_slots_stays_alike() {
        let first = likeness(&filled(0)).unwrap();
        let is_alike = |n: &usize| {
            let other = likeness(&filled(*n)).unwrap();
            first.values.iter().zip(other.values).any(|(one, other)| *one == other)
        };
        let alike = (1..200).filter(is_alike).count();
        assert!(alike > 190, "{alike} of 199");
    }

    #[test]
    fn people_who_write_of_the_same_thing_do_not() {
        let reviews = [
            "The jacket fits well and keeps warm, but the zip broke after two weeks of daily use.",
            "I bought this jacket for my son; it fits well and he wears it every day to school.",
            "Warm, light, and it fits well. After two washes the colour is still as it was at first.",
            "Too small. I ordered a size up and the jacket fits well now, though the sleeves are long.",
        ]
        .map(|text| likeness(text).unwrap());
        for (n, one) in reviews.iter().enumerate() {
            assert!(!one.links);
            for other in reviews.iter().skip(n + 1) {
                assert!(one.values.iter().zip(other.values).all(|(one, other)| *one != other));
            }
        }
    }

    #[test]
    fn a_text_full_of_links_is_told_from_one_that_names_its_source() {
        let links = |text| likeness(text).unwrap().links;
        assert!(links("cheap shoes today only at https://shop.example/1 and not for much longer than that"));
        assert!(links(
            "see www.a.example and www.b.example or <a href=\"//c.example\">this</a> if you are in doubt"
        ));
        assert!(!links(
            "After two washes the colour is still as it was at first, see https://x.example/photo if you doubt it"
        ));
    }

    #[test]
    fn a_short_text_tells_nothing() {
        assert_eq!(likeness("Great product, fast delivery!"), None);
        assert_eq!(likeness("Arrived in two days, looks as in the picture."), None);
        assert_eq!(likeness("... --- ... !!! ,,, ;;; ::: ??? ((("), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_text(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(of(&bytes, &Hashes::new(&Secret(b"0123456789abcdef".to_vec()))).is_none_or(|found| found.values[0] < u64::MAX));
        }
    }
}
