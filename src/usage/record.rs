//! What is kept of one key.

use super::walk::Walks;
use super::{MANY, Request, Rhythm, SOME, TOLD_EVERY};
use crate::memory::{Event, Mark, Tally};
use crate::policy::TallySpec;

/// What a key has done in its window, as far as all workers have told and this one has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests.
    pub requests: u32,
    /// Requests to this worker.
    pub own: u32,
    /// How many one key in a hundred makes to this worker at most; `None`: that is not known yet.
    pub usual: Option<u32>,
    /// Requests that asked for the next in a row.
    pub in_order: u32,
    /// Different subjects that it asked for at a steady pace, estimated.
    pub steady: u32,
}

/// One key's record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    begun_ms: u64,
    /// Up to which unban it is cleared.
    mark: Mark,
    /// Requests in the window.
    own: u32,
    /// What the other workers were not told yet.
    requests: u16,
    in_order: u16,
    /// Whether it stood out in this window.
    stands_out: bool,
    disowned: bool,
    rhythm: Rhythm,
    /// Subjects that were asked for in time, a bit each.
    in_time: u128,
    walks: Walks,
}

impl Record {
    pub(super) fn is_over(&self, window_ms: u64, now_ms: u64) -> bool {
        self.begun_ms == 0 || now_ms.saturating_sub(self.begun_ms) > window_ms
    }

    /// A new window; the pace goes on.
    pub(super) fn begin(&mut self, now_ms: u64, mark: Mark) {
        *self = Self { begun_ms: now_ms.max(1), mark, rhythm: self.rhythm, ..Self::default() };
    }

    /// Forgets what was before an unban, its pace too.
    pub(super) fn pardon(&mut self, unban: Mark, now_ms: u64) {
        if self.begun_ms != 0 && self.mark.precedes(unban) {
            *self = Self { begun_ms: now_ms.max(1), mark: unban, ..Self::default() };
        }
    }

    /// Takes in a request; what the other workers are to be told.
    /// `usual`: what one key in a hundred makes at most.
    pub(super) fn take(
        &mut self,
        request: &Request,
        usual: Option<u32>,
    ) -> impl Iterator<Item = Event> + use<> {
        self.own = self.own.saturating_add(1);
        self.requests = self.requests.saturating_add(1);
        self.in_order += request.place.as_ref().map_or(0, |place| self.walks.take(place));
        self.rhythm.beat(request.at_ms);
        let mut steady = None;
        if !self.rhythm.is_regular() {
            self.in_time = 0;
        } else if let Some(subject) = request.subject {
            let bit = 1 << (subject & 127);
            steady = (self.in_time & bit == 0).then_some(Event::Steady(subject));
            self.in_time |= bit;
        }
        let is_steady = self.in_time.count_ones() >= SOME.into();
        // Before it is known what is usual nothing is too much.
        let is_much = usual.is_some_and(|usual| self.own > usual.max(MANY));
        self.stands_out |= is_much || self.in_order >= SOME || is_steady;
        let followed = (self.stands_out && self.requests >= TOLD_EVERY).then(|| {
            let (requests, in_order) =
                (std::mem::take(&mut self.requests), std::mem::take(&mut self.in_order));
            Event::Followed { requests, in_order }
        });
        let steady = steady.filter(|_| self.stands_out);
        [followed, steady].into_iter().flatten()
    }

    /// What the key has done, with what workers have told of it and what is usual.
    pub(super) fn with(&self, told: &Tally, spec: &TallySpec, usual: Option<u32>) -> Usage {
        Usage {
            requests: told.successes(spec).saturating_add(self.requests.into()),
            own: self.own,
            usual,
            in_order: told.in_order(spec).saturating_add(self.in_order.into()),
            steady: told.distinct.estimate(),
        }
    }

    pub(super) fn own(&self) -> u32 {
        self.own
    }

    pub(super) fn disown(&mut self) {
        self.disowned = true;
    }

    pub(super) fn is_disowned(&self) -> bool {
        self.disowned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::hash;
    use std::collections::BTreeSet;

    /// How many subjects were told to be asked for at a steady pace, of requests for these at these times.
    fn steady(requests: impl Iterator<Item = (u32, u64)>) -> usize {
        let mut record = Record::default();
        let mut told = BTreeSet::new();
        for (subject, at_ms) in requests {
            let subject = Some(hash::public(&subject.to_le_bytes()));
            let events = record.take(&Request { subject, at_ms, ..Request::default() }, None);
            told.extend(events.filter_map(|event| match event {
                Event::Steady(subject) => Some(subject),
                _ => None,
            }));
        }
        told.len()
    }

    #[test]
    fn a_machine_that_asks_for_one_page_after_the_other_is_told_from_one_that_asks_for_the_same() {
        let every = |n: u32| 1_000_000 + u64::from(n) * 4_000;
        let walker = steady((0..80).map(|n| (n, every(n))));
        assert!((46..=72).contains(&walker), "{walker}");
        assert_eq!(steady((0..400).map(|n| (7, every(n)))), 0);
        assert!(steady((0..400).map(|n| (n % 5, every(n)))) <= 5, "a monitor");
        // People stay longer on one page than on the other.
        assert_eq!(steady((0..80).map(|n| (n, every(n) + u64::from(n * 7919 % 5) * 1_500))), 0);
    }

    #[test]
    fn the_others_hear_of_each_fourth_request_of_a_key_that_stands_out() {
        let mut record = Record::default();
        let told = |record: &mut Record, n| {
            record.take(&Request { at_ms: n, ..Request::default() }, Some(9)).count()
        };
        let told: Vec<_> = (1..=44).filter(|n| told(&mut record, *n) > 0).collect();
        assert_eq!(told, [33, 37, 41]);
    }
}
