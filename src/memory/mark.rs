//! Marks: up to which unban a record is cleared.
//!
//! Unbans are numbered in the order in which they were given. A record carries the number of the last one
//! that it was cleared for, or that was given when it began; so each unban clears it once, whichever
//! worker meets it first, and never what was counted since.

/// Marks go round after so many unbans.
const MARKS: u16 = 1024;

/// The low bits of an unban's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u16);

impl Mark {
    /// The mark of the unban with this number; the first is 1, since 0 stands for none.
    #[must_use]
    pub fn of(number: u32) -> Self {
        Self((number % u32::from(MARKS)) as u16)
    }

    /// Whether a record with this mark was not cleared yet for that unban. A record that lived through 512
    /// unbans without being cleared for any counts as newer than the next.
    #[must_use]
    pub fn precedes(self, unban: Self) -> bool {
        (1..=MARKS / 2).contains(&(unban.0.wrapping_sub(self.0) % MARKS))
    }

    /// Its ten bits.
    #[must_use]
    pub fn bits(self) -> u16 {
        self.0
    }

    /// The mark of these bits; those above the tenth do not count.
    #[must_use]
    pub fn from_bits(bits: u16) -> Self {
        Self(bits % MARKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cleared_for_a_later_unban_is_cleared_for_an_earlier_one() {
        for number in [0, 1, 700, 1023, 1024, 5000, u32::MAX / 2] {
            let mark = Mark::of(number);
            assert!(!mark.precedes(mark) && mark.precedes(Mark::of(number + 1)));
            assert!(mark.precedes(Mark::of(number + 512)) && !mark.precedes(Mark::of(number + 513)));
            assert!(!Mark::of(number + 1).precedes(mark) && !Mark::of(number + 511).precedes(mark));
        }
    }
}
