//! What a key does lately, beside what others of its kind do: how much, in which order, how regularly.
//!
//! Nearly all of it is the quiet traffic of customers, of which shared data is to hear nothing, so each worker
//! counts for itself. Of a key that stands out a little it tells the others with each fourth request. What is
//! usual each worker learns from its own counts, and compares a key's own count with: so it does not matter
//! how the traffic is shared out.

mod baseline;
mod record;
mod rhythm;
mod walk;

use crate::memory::generations::{Generations, bound_bytes};
use crate::memory::{Event, Mark, Tally};
use crate::policy::{Settings, TallySpec};
use baseline::Baseline;
use record::Record;

pub use record::Usage;
pub use rhythm::Rhythm;
pub use walk::Place;

/// Keys that are followed, in each of two generations. A key is forgotten when so many others came since its
/// last request, so those that take most are followed longest.
const GENERATION: usize = 4096;

/// The most that a worker keeps for these settings, in bytes.
#[must_use]
pub fn usage_bytes(settings: &Settings) -> u64 {
    let specs = || settings.policies.iter().flat_map(|policy| &policy.tallies);
    let baselines = (specs().count() * size_of::<Baseline>()) as u64;
    if specs().any(|spec| spec.follows) { bound_bytes::<u64, Record>(GENERATION) + baselines } else { 0 }
}

/// With each so-many-th request of a key that stands out a worker tells the others of it.
const TOLD_EVERY: u16 = 4;

/// A key stands out with more requests in a window than these, and than are usual.
const MANY: u32 = 32;

/// Or with so many in a row, or at a steady pace.
const SOME: u16 = 4;

/// A request of a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// What it asks for, by hash.
    pub subject: Option<u64>,
    /// Where among its neighbors that is.
    pub place: Option<Place>,
    /// When it came, in milliseconds since 1970.
    pub at_ms: u64,
}

/// A key of a tally that is followed.
#[derive(Clone, Copy, Debug)]
pub struct Followed<'a> {
    /// Which tally it is, of all policies in one list.
    pub tally: usize,
    /// What that counts.
    pub spec: &'a TallySpec,
    /// The key, by hash.
    pub key: u64,
    /// What all workers have told of it.
    pub told: Tally,
}

/// What one worker knows of its keys.
pub struct Usages {
    records: Generations<u64, Record>,
    /// By tally, of all policies in one list.
    baselines: Vec<Baseline>,
    /// That of the last unban: what begins now has nothing from before it.
    mark: Mark,
}

impl Usages {
    /// Knows nothing yet of so many tallies. `seeds` key its hashes.
    #[must_use]
    pub fn new(tallies: usize, seeds: [u64; 4]) -> Self {
        let records = Generations::new(GENERATION, seeds);
        Self { records, baselines: vec![Baseline::default(); tallies], mark: Mark::default() }
    }

    /// Takes in up to which unban all that begins from now on is cleared.
    pub fn set_mark(&mut self, mark: Mark) {
        self.mark = mark;
    }

    /// Clears what this worker knows of a key from before an unban, once.
    pub fn pardon(&mut self, key: u64, unban: Mark, now_ms: u64) {
        self.records.renew(key).pardon(unban, now_ms);
    }

    /// Takes in a request of a key; what the key has done in its window. `tell`: what the others are to hear.
    pub fn count(
        &mut self,
        followed: &Followed<'_>,
        request: &Request,
        tell: &mut dyn FnMut(Event) -> Tally,
    ) -> Usage {
        let Some(baseline) = self.baselines.get_mut(followed.tally) else { return Usage::default() };
        let window_ms = followed.spec.window_ms;
        let record = self.records.renew(followed.key);
        if record.is_over(window_ms, request.at_ms) {
            record.begin(request.at_ms, self.mark);
            baseline.begin(window_ms, request.at_ms);
        }
        let usual = baseline.usual(request.at_ms);
        let mut told = followed.told;
        for event in record.take(request, usual) {
            told = tell(event);
        }
        if !record.is_disowned() {
            baseline.rise(record.own());
        }
        record.with(&told, followed.spec, usual)
    }

    /// Leaves a key out of what is usual, for as long as its window lasts: what it does is no customer's.
    pub fn disown(&mut self, tally: usize, key: u64) {
        let record = self.records.renew(key);
        if let Some(baseline) = self.baselines.get_mut(tally).filter(|_| !record.is_disowned()) {
            baseline.withdraw(record.own());
            record.disown();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::hash;
    use crate::policy::{Facet, FanOut};
    use std::collections::HashMap;

    const WINDOW_MS: u64 = 600_000;

    /// Workers, and what they tell each other.
    struct Stage {
        workers: Vec<Usages>,
        told: HashMap<u64, Tally>,
        spec: TallySpec,
        turn: usize,
    }

    impl Stage {
        fn new(workers: usize) -> Self {
            let spec = TallySpec {
                key: vec![Facet::Session],
                window_ms: WINDOW_MS,
                fan_out: FanOut { of: Facet::Subject, failed: true },
                failure_test: None,
                counts_successes: false,
                follows: true,
            };
            let usages = |_| Usages::new(1, [1, 2, 3, 4]);
            Self { workers: (0..workers).map(usages).collect(), told: HashMap::new(), spec, turn: 0 }
        }

        /// A request, which meets the next worker.
        fn count(&mut self, key: u64, request: &Request) -> Usage {
            self.turn += 1;
            let told = self.told.entry(key).or_default();
            told.advance(&self.spec, request.at_ms);
            let followed = Followed { tally: 0, spec: &self.spec, key, told: *told };
            let turn = self.turn % self.workers.len();
            self.workers[turn].count(&followed, request, &mut |event| {
                told.apply(&self.spec, event, request.at_ms);
                *told
            })
        }

        fn count_at(&mut self, key: u64, at_ms: u64) -> Usage {
            self.count(key, &Request { at_ms, ..Request::default() })
        }

        /// Customers who ask for one to `most` pages each, through three windows; when they are done.
        fn quiet(&mut self, most: u64) -> u64 {
            let mut now_ms = 1_000_000;
            for customer in 0..1_000 {
                for _ in 0..=customer % most {
                    self.count_at(customer, now_ms);
                    now_ms += 200;
                }
            }
            now_ms
        }
    }

    #[test]
    fn a_key_is_measured_by_what_others_do() {
        for (most, usual) in [(10, 8..=16), (60, 45..=91)] {
            let mut stage = Stage::new(1);
            let now_ms = stage.quiet(most);
            let seen = (0..500).map(|n| stage.count_at(9_999, now_ms + n)).last().unwrap();
            assert_eq!(seen.requests, 500);
            assert!(usual.contains(&seen.usual.unwrap()), "{seen:?}");
        }
    }

    #[test]
    fn whatever_worker_a_request_meets_the_key_is_known() {
        for workers in [1, 2, 8] {
            let mut stage = Stage::new(workers);
            let now_ms = stage.quiet(10);
            let seen = (0..200_u64).map(|n| {
                let place = Place::of(format!("/products/{n}").as_bytes());
                let subject = Some(hash::public(&n.to_le_bytes()));
                stage.count(9_999, &Request { subject, place, at_ms: now_ms + 1_000 * n })
            });
            let seen = seen.last().unwrap();
            let late = 4 * workers as u32;
            assert!((200 - late..=200).contains(&seen.requests), "{workers}: {seen:?}");
            assert!((200 - 3 * late..=200).contains(&seen.in_order), "{workers}: {seen:?}");
            assert_eq!(seen.own as usize, 200 / workers);
            assert!(seen.steady > 40, "{workers}: {seen:?}");
        }
    }

    #[test]
    fn a_window_that_is_over_begins_anew() {
        let mut stage = Stage::new(1);
        for n in 0..50 {
            stage.count_at(7, 1_000 + n);
        }
        assert_eq!(stage.count_at(7, WINDOW_MS / 2).own, 51);
        assert_eq!(stage.count_at(7, 3 * WINDOW_MS).own, 1);
    }

    #[test]
    fn what_is_disowned_does_not_become_usual() {
        let mut stage = Stage::new(1);
        let mut now_ms = stage.quiet(10);
        for bot in 10_000..10_400 {
            for n in 0..200 {
                let seen = stage.count_at(bot, now_ms);
                now_ms += 1;
                if n >= 100 && seen.requests > 8 * seen.usual.unwrap() {
                    stage.workers[0].disown(0, bot);
                }
            }
        }
        let seen = stage.count_at(7, now_ms);
        assert!(seen.usual.unwrap() <= 16, "{seen:?}");
    }

    #[test]
    fn keys_beyond_count_do_not_make_it_grow_and_the_busy_stay_known() {
        let mut stage = Stage::new(1);
        let mut seen = Usage::default();
        for n in 0..10 * GENERATION as u64 {
            stage.count_at(1_000 + n, 1_000 + n / 100);
            if n % 1_000 == 0 {
                seen = stage.count_at(7, 1_000 + n / 100);
            }
        }
        assert!(stage.workers[0].records.sizes().iter().all(|&size| size <= GENERATION));
        assert_eq!(seen.own, 41);
    }
}
