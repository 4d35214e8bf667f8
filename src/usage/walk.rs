//! Walks: requests of which each asks for the next of what the one before asked for.

use crate::facts::hash;

/// Numbers of a path that are looked at.
const NUMBERS: usize = 4;

/// Digits of a number at most: longer ones are times, or codes that nobody walks through.
const DIGITS: usize = 9;

/// A step this wide at most is one to the next, whatever step was before: another worker may have been asked for
/// those between.
const NEAR: i64 = 64;

/// So many steps are a walk; fewer are somebody who looks at the next page.
const LEAST: u16 = 3;

/// Walks of one key that are told apart: a list is walked along with what is in it, and what that loads.
const WALKS: usize = 3;

/// Where a request's path and query are among their neighbors: what of them is no number, and the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    stem: u64,
    numbers: [u32; NUMBERS],
}

impl Place {
    /// The place of a path with its query; `None`: there is no number in it.
    #[must_use]
    pub fn of(path: &[u8]) -> Option<Self> {
        if !path.iter().any(u8::is_ascii_digit) {
            return None;
        }
        let mut numbers = [0; NUMBERS];
        let mut places = numbers.iter_mut();
        let mut stem = 0_u64;
        for part in path.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
            let number = part
                .first()
                .filter(|b| b.is_ascii_digit() && part.len() <= DIGITS)
                .and_then(|_| std::str::from_utf8(part).ok()?.parse::<u32>().ok());
            match number.and_then(|number| Some((number, places.next()?))) {
                Some((number, place)) => *place = number,
                None => stem = stem.rotate_left(7) ^ hash::public(part),
            }
            stem = stem.rotate_left(1);
        }
        Some(Self { stem, numbers })
    }

    /// A hash that tells it from others.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.numbers.iter().fold(self.stem, |all, number| {
            (all ^ u64::from(*number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        })
    }

    /// How far it is to another, where they differ in one number alone.
    fn step_to(&self, other: &Self) -> Option<i64> {
        let mut steps = self.numbers.iter().zip(&other.numbers).filter(|(a, b)| a != b);
        let (from, to) = steps.next()?;
        (self.stem == other.stem && steps.next().is_none()).then(|| i64::from(*to) - i64::from(*from))
    }
}

/// The walks of one key, the latest first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walks {
    walks: [Walk; WALKS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    last: Place,
    step: i64,
    /// How many requests went on with it.
    steps: u16,
}

impl Walks {
    /// Takes in a request; how many more requests went on in a row by it.
    pub(super) fn take(&mut self, place: &Place) -> u16 {
        let own = self.walks.iter().position(|walk| walk.last.stem == place.stem);
        // Another begins in place of the shortest, and of those the one that rests longest.
        let shortest =
            || self.walks.iter().enumerate().rev().min_by_key(|(_, walk)| walk.steps).map(|(at, _)| at);
        let Some(at) = own.or_else(shortest) else { return 0 };
        let more = self.walks.get_mut(at).map_or(0, |walk| walk.take(place));
        if let Some(latest) = self.walks.get_mut(..=at) {
            latest.rotate_right(1);
        }
        more
    }
}

impl Walk {
    fn take(&mut self, place: &Place) -> u16 {
        if self.last == *place {
            return 0;
        }
        let step = self.last.step_to(place);
        let is_alike = |step: i64| self.step == 0 || step.signum() == self.step.signum();
        let goes_on = step.is_some_and(|step| step == self.step || (step.abs() <= NEAR && is_alike(step)));
        let steps = if goes_on { self.steps.saturating_add(1) } else { 0 };
        *self = Self { last: *place, step: step.unwrap_or(0), steps };
        match steps {
            ..LEAST => 0,
            LEAST => LEAST,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn steps(paths: impl IntoIterator<Item = String>) -> u16 {
        let mut walks = Walks::default();
        let places = paths.into_iter().filter_map(|path| Place::of(path.as_bytes()));
        places.map(|place| walks.take(&place)).sum()
    }

    #[test]
    fn walks_are_told_whatever_is_counted() {
        for (walk, what) in [
            (steps((0..50).map(|n| format!("/products/{}", 1000 + n))), "in a row"),
            (steps((0..50).map(|n| format!("/products/{}", 1000 - n))), "backwards"),
            (steps((0..50).map(|n| format!("/list?size=50&offset={}&v=2", n * 50))), "page after page"),
            (steps((0..50).map(|n| format!("/products/{}", n * n % 7 + 8 * n))), "with others in between"),
            (
                steps((0..150).map(|n| {
                    if n % 3 == 0 {
                        format!("/list?page={}", n / 3)
                    } else {
                        format!("/p/x{}", n * n * 7919 % 100_003)
                    }
                })),
                "a list, and what is in it",
            ),
        ] {
            assert!((45..50).contains(&walk), "{what}: {walk}");
        }
    }

    #[test]
    fn what_people_open_is_no_walk() {
        assert!(steps((0..200).map(|n: u64| format!("/products/{}", n * n * 7919 % 100_003))) < 5);
        assert_eq!(
            steps((0..200).map(|n: u64| format!("/list/{}?page={}", n / 3, n % 3))),
            0,
            "three pages of each"
        );
        assert_eq!(steps((0..200).map(|_| "/products/7".to_owned())), 0, "the same again and again");
        assert_eq!(
            steps((0..200).map(|n: u64| format!("/poll?_={}", 1_700_000_000_000 + n * 3))),
            0,
            "a clock"
        );
        assert_eq!(steps((0..200).map(|_| "/about".to_owned())), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_place_or_none(path in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Place::of(&path).is_some(), path.iter().any(u8::is_ascii_digit));
        }
    }
}
