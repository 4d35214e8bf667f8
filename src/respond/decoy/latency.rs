//! How long the origin takes to refuse, and a time like it. All times are in microseconds.

/// The last so many are known.
pub(super) const KEPT: usize = 64;

/// With fewer nothing can be said.
const FEW: usize = 8;

/// How long a failure took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Took {
    /// From when its request came.
    pub us: u32,
    /// How much less of it Envoy says that the origin took.
    pub unsaid_us: u32,
}

impl Took {
    /// A failure that took so long, of which Envoy says so many whole milliseconds.
    #[must_use]
    pub fn new(took_us: u64, said_ms: Option<u64>) -> Self {
        let short = |us: u64| u32::try_from(us).unwrap_or(u32::MAX);
        let unsaid_us = said_ms.map_or(0, |said_ms| took_us.saturating_sub(said_ms.saturating_mul(1000)));
        Self { us: short(took_us), unsaid_us: short(unsaid_us) }
    }
}

/// How long the last failures took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Latencies {
    /// The next to be replaced.
    next: usize,
    took: Vec<Took>,
}

impl Latencies {
    pub(super) fn add(&mut self, took: Took) {
        match self.took.get_mut(self.next) {
            Some(place) => *place = took,
            None => self.took.push(took),
        }
        self.next = (self.next + 1) % KEPT;
    }

    pub(super) fn took(&self) -> &[Took] {
        &self.took
    }

    /// Whether something can be said of them.
    pub(super) fn are_enough(&self) -> bool {
        self.took.len() >= FEW
    }

    /// What the origin might take, from a number drawn below 2^32; `None`: too few are known. Between two
    /// times that were seen all are as likely, so that times do not repeat.
    pub(super) fn like(&self, drawn: u64) -> Option<u64> {
        let sorted = self.sorted(|took| took.us)?;
        let place = (drawn & 0xffff_ffff) * (sorted.len() as u64 - 1);
        let (lower, share) = ((place >> 32) as usize, place & 0xffff_ffff);
        let at = |place: usize| sorted.get(place).copied().map_or(0, u64::from);
        let (low, high) = (at(lower), at(lower + 1).max(at(lower)));
        Some(low + (((high - low) * share) >> 32))
    }

    /// How much of the time Envoy does not say, beside what it cuts off to whole milliseconds: the least of
    /// it, but for a few that may be mistaken.
    pub(super) fn unsaid_us(&self) -> u64 {
        let sorted = self.sorted(|took| took.unsaid_us).unwrap_or_default();
        sorted.get(sorted.len() / 16).copied().map_or(0, u64::from)
    }

    fn sorted(&self, of: fn(&Took) -> u32) -> Option<Vec<u32>> {
        let mut sorted: Vec<u32> = self.took.iter().map(of).collect();
        crate::order::sort_by_key(&mut sorted, |us| *us);
        self.are_enough().then_some(sorted)
    }
}

impl FromIterator<Took> for Latencies {
    fn from_iter<I: IntoIterator<Item = Took>>(took: I) -> Self {
        let took: Vec<_> = took.into_iter().take(KEPT).collect();
        Self { next: took.len() % KEPT, took }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_like_those_seen() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.like(5), None);
        (0..1000).for_each(|n| latencies.add(Took::new(20_000 + n % 50 * 1000, Some(19 + n % 50))));
        let drawn = |n: u64| latencies.like(n * 0x0100_0193).unwrap();
        let like: Vec<_> = (0..500).map(drawn).collect();
        assert!(like.iter().all(|us| (20_000..70_000).contains(us)));
        let mean = like.iter().sum::<u64>() as f64 / 500.0;
        assert!((42_000.0..48_000.0).contains(&mean), "{mean}");
        assert_eq!(latencies.unsaid_us(), 1000);
    }

    #[test]
    fn the_last_ones_count() {
        let mut latencies = Latencies::default();
        (0..KEPT).for_each(|_| latencies.add(Took::new(1_000_000, None)));
        (0..KEPT).for_each(|_| latencies.add(Took::new(10_000, None)));
        assert_eq!(latencies.like(u64::MAX), Some(10_000));
        assert_eq!(latencies.took().len(), KEPT);
    }
}
