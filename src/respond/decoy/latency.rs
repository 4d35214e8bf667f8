//! How long the origin takes to refuse, and a time like it.

/// The last so many are known.
pub(super) const KEPT: usize = 64;

/// With fewer nothing can be said.
const FEW: usize = 8;

/// The last times that the origin took, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Latencies {
    /// The next to be replaced.
    next: usize,
    times_ms: Vec<u16>,
}

impl Latencies {
    pub(super) fn add(&mut self, took_ms: u64) {
        let took_ms = u16::try_from(took_ms).unwrap_or(u16::MAX);
        match self.times_ms.get_mut(self.next) {
            Some(place) => *place = took_ms,
            None => self.times_ms.push(took_ms),
        }
        self.next = (self.next + 1) % KEPT;
    }

    pub(super) fn times_ms(&self) -> &[u16] {
        &self.times_ms
    }

    /// A time as the origin might take, from a number drawn below 2^32; `None`: too few are known. Between two
    /// that were seen all are as likely, so that times do not repeat.
    pub(super) fn like(&self, drawn: u64) -> Option<u64> {
        if self.times_ms.len() < FEW {
            return None;
        }
        let mut sorted = self.times_ms.clone();
        crate::order::sort_by_key(&mut sorted, |time| *time);
        let place = (drawn & 0xffff_ffff) * (sorted.len() as u64 - 1);
        let (lower, share) = ((place >> 32) as usize, place & 0xffff_ffff);
        let at = |place: usize| sorted.get(place).copied().map_or(0, u64::from);
        let (low, high) = (at(lower), at(lower + 1).max(at(lower)));
        Some(low + (((high - low) * share + (1 << 31)) >> 32))
    }
}

impl FromIterator<u16> for Latencies {
    fn from_iter<I: IntoIterator<Item = u16>>(times_ms: I) -> Self {
        let times_ms: Vec<_> = times_ms.into_iter().take(KEPT).collect();
        Self { next: times_ms.len() % KEPT, times_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_like_those_seen() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.like(5), None);
        (0..1000).for_each(|n| latencies.add(20 + n % 50));
        let drawn = |n: u64| latencies.like(n * 0x0100_0193).unwrap();
        let like: Vec<_> = (0..500).map(drawn).collect();
        assert!(like.iter().all(|ms| (20..70).contains(ms)));
        let mean = like.iter().sum::<u64>() as f64 / 500.0;
        assert!((42.0..48.0).contains(&mean), "{mean}");
    }

    #[test]
    fn the_last_ones_count() {
        let mut latencies = Latencies::default();
        (0..KEPT).for_each(|_| latencies.add(1000));
        (0..KEPT).for_each(|_| latencies.add(10));
        assert_eq!(latencies.like(u64::MAX), Some(10));
        assert_eq!(latencies.times_ms().len(), KEPT);
    }
}
