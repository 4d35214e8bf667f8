//! The tally: a bounded record of what one key did lately, and of the verdict that stands on it.

use super::distinct::Distinct;
use super::mark::Mark;
use crate::policy::{FAILURE_TEST_MAX_NATS, FailureTest, TallySpec};

/// Length of a record in shared data, its tag included.
pub const RECORD_BYTES: usize = 64;

/// The window is counted in quarters of this ring: three thirds of a window and the one before.
const RING: usize = 4;

/// The sequential test never counts for more than this, in 1/256 nats.
const TEST_MAX: i32 = (FAILURE_TEST_MAX_NATS as i32) << 8;

/// Thirds of a window after which [`TEST_MAX`] has faded to nothing.
const FADED_THIRDS: u64 = 32;

/// A success on a request without a subject is credited at most so often in a third of a window.
const CREDITS_WITHOUT_SUBJECT: u64 = 8;

/// A further failure on a subject that failed already counts for one part in so many of the first: people
/// mistype their own password again, machines go on to the next account.
const REPEAT_SHARE: i32 = 16;

/// What one key did in its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// When it was last written, in milliseconds since 1970; 42 bits are kept, which last until 2109.
    pub seen_ms: u64,
    /// Up to which unban it is cleared.
    pub mark: Mark,
    /// The sequential failure test, in 1/256 nats, 0 to [`TEST_MAX`].
    pub test: i16,
    /// Failures by third of the window.
    pub failures: [u16; RING],
    /// Successes by third of the window.
    pub successes: [u16; RING],
    /// Distinct values of the facet that is counted, such as the subject.
    pub distinct: Distinct,
    /// Subjects whose success was credited in this third, by their low six bits.
    pub credited: u64,
    /// The verdict that stands, or stood last.
    pub standing: Standing,
}

/// A verdict that was given to a key. It stays known after its end, to tell a repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When it ends, in seconds since 1970; 0: there never was one.
    pub until_s: u32,
    /// How often the key was condemned, less what was forgotten since.
    pub repeats: u8,
    /// The action, as [`crate::decide::Action`] numbers it, below 16.
    pub action: u8,
    /// The low 16 bits of the hash of the reason's name.
    pub reason: u16,
}

impl Standing {
    /// Whether it is in force.
    #[must_use]
    pub fn stands(&self, now_ms: u64) -> bool {
        self.ends_ms() > now_ms
    }

    /// When it ends, in milliseconds since 1970; 0: there never was one.
    #[must_use]
    pub fn ends_ms(&self) -> u64 {
        u64::from(self.until_s) * 1000
    }
}

/// What happened to a key. Requests come with their value of the facet that the tally counts distinct
/// values of, where they have one: the subject's hash, mostly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request failed.
    Failure(Option<u64>),
    /// A request succeeded.
    Success(Option<u64>),
    /// A verdict was given.
    Condemned(Standing),
    /// What a worker followed of a key, of a tally that is there for it alone: so many requests, and how many
    /// of them went on in a row.
    Followed {
        /// Requests.
        requests: u16,
        /// Those in a row.
        in_order: u16,
    },
    /// A subject that was asked for at a steady pace.
    Steady(u64),
    /// Whoever has the key was unbanned: what came before counts for nothing.
    Pardoned(Mark),
}

/// The steps of the sequential failure test in 1/256 nats (Jung et al. 2004).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steps {
    failure: i32,
    success: i32,
}

impl Steps {
    fn new(test: &FailureTest) -> Self {
        let nats = |ratio: f64| (ratio.ln() * 256.0).round() as i32;
        Self {
            failure: nats(test.hostile / test.usual),
            success: nats((1.0 - test.hostile) / (1.0 - test.usual)),
        }
    }
}

impl Tally {
    /// Brings the window up to `now_ms`. A clock that jumped back changes nothing.
    pub fn advance(&mut self, spec: &TallySpec, now_ms: u64) {
        if self.seen_ms == 0 {
            // Begun just now: nothing has been counted yet.
            self.seen_ms = now_ms;
            return;
        }
        let third_ms = (spec.window_ms / 3).max(1);
        let (then, now) = (self.seen_ms / third_ms, now_ms / third_ms);
        if now > then {
            self.credited = 0;
        }
        // After a whole ring there is nothing left to keep; further steps would repeat it.
        for third in (then..now).map(|t| t + 1).rev().take(RING) {
            for ring in [&mut self.failures, &mut self.successes] {
                if let Some(slot) = ring.get_mut(third as usize % RING) {
                    *slot = 0;
                }
            }
            self.distinct.begin_third(third);
        }
        // A quarter fades with each third: less than half is left after a window, none after ten.
        for _ in 0..now.saturating_sub(then).min(FADED_THIRDS) {
            self.test -= (self.test + 3) / 4;
        }
        self.seen_ms = self.seen_ms.max(now_ms);
    }

    /// Takes in what happened at `at_ms`.
    pub fn apply(&mut self, spec: &TallySpec, event: Event, at_ms: u64) {
        self.advance(spec, at_ms);
        let third = self.third(spec);
        match event {
            Event::Failure(value) => {
                bump(&mut self.failures, third, 1);
                let new = value.is_none_or(|v| self.distinct.insert(v, third));
                if let Some(test) = &spec.failure_test {
                    let step = Steps::new(test).failure;
                    self.step(if new { step } else { step / REPEAT_SHARE });
                }
            }
            Event::Success(value) => {
                bump(&mut self.successes, third, 1);
                if !spec.fan_out.failed
                    && let Some(value) = value
                {
                    self.distinct.insert(value, third);
                }
                self.credit(spec, value);
            }
            Event::Condemned(standing) => self.standing = standing,
            Event::Followed { requests, in_order } => {
                bump(&mut self.successes, third, requests);
                bump(&mut self.failures, third, in_order);
            }
            Event::Steady(subject) => {
                self.distinct.insert(subject, third);
            }
            Event::Pardoned(mark) if self.mark.precedes(mark) => {
                *self = Self { seen_ms: self.seen_ms, mark, ..Self::default() };
            }
            Event::Pardoned(_) => {}
        }
    }

    /// Whether a success would change anything that a rule can see. `value` is the request's of the
    /// facet that is counted.
    #[must_use]
    pub fn minds_success(&self, spec: &TallySpec, value: Option<u64>, now_ms: u64) -> bool {
        let third = now_ms / (spec.window_ms / 3).max(1);
        let is_new = !spec.fan_out.failed && value.is_some_and(|v| self.distinct.would_change(v, third));
        spec.counts_successes || self.test > 0 || is_new
    }

    /// A success speaks for a client, once for each subject in a third of a window: the attacker's
    /// own account buys little, an office full of people is believed. The floor is 0, so credit
    /// is never saved up.
    fn credit(&mut self, spec: &TallySpec, subject: Option<u64>) {
        let Some(test) = &spec.failure_test else { return };
        let slot = match subject {
            Some(subject) => subject & 63,
            None => u64::from(self.credited.count_ones()),
        };
        let bit = 1_u64 << (slot & 63);
        let spent = subject.is_none() && slot >= CREDITS_WITHOUT_SUBJECT;
        if spent || self.credited & bit != 0 {
            return;
        }
        self.credited |= bit;
        self.step(Steps::new(test).success);
    }

    fn step(&mut self, by: i32) {
        self.test = (i32::from(self.test) + by).clamp(0, TEST_MAX) as i16;
    }

    fn third(&self, spec: &TallySpec) -> u64 {
        self.seen_ms / (spec.window_ms / 3).max(1)
    }

    /// Failures in the window that ends now: whole thirds, and of the oldest its share.
    #[must_use]
    pub fn failures(&self, spec: &TallySpec) -> u32 {
        self.sum(&self.failures, spec)
    }

    /// Requests that went on in a row, of a tally of what is followed.
    #[must_use]
    pub fn in_order(&self, spec: &TallySpec) -> u32 {
        self.failures(spec)
    }

    /// Successes in the window that ends now; of a tally of what is followed, requests.
    #[must_use]
    pub fn successes(&self, spec: &TallySpec) -> u32 {
        self.sum(&self.successes, spec)
    }

    fn sum(&self, ring: &[u16; RING], spec: &TallySpec) -> u32 {
        let third_ms = (spec.window_ms / 3).max(1);
        let third = self.third(spec);
        let at =
            |back: u64| ring.get((third.wrapping_sub(back)) as usize % RING).copied().map_or(0, u64::from);
        let left_ms = third_ms - self.seen_ms % third_ms;
        // The oldest third is partly outside; its counts are taken as spread evenly over it.
        let oldest = at(3) * left_ms / third_ms;
        u32::try_from(at(0) + at(1) + at(2) + oldest).unwrap_or(u32::MAX)
    }

    /// The sequential test's log-likelihood ratio, in nats.
    #[must_use]
    pub fn test_nats(&self) -> f64 {
        f64::from(self.test) / 256.0
    }

    /// Whether nothing speaks against the key and nothing stands.
    #[must_use]
    pub fn is_quiet(&self, now_ms: u64) -> bool {
        self.test == 0 && self.failures == [0; RING] && !self.standing.stands(now_ms)
    }
}

fn bump(ring: &mut [u16; RING], third: u64, by: u16) {
    if let Some(slot) = ring.get_mut(third as usize % RING) {
        *slot = slot.saturating_add(by);
    }
}

/// The fixed form in shared data. All numbers are little-endian.
///
/// | bytes | what |
/// |---|---|
/// | 0..8 | tag: the low half of the key |
/// | 8..14 | last written, ms since 1970, in 42 bits; above them the low 6 bits of the mark |
/// | 14..16 | sequential test |
/// | 16..24, 24..32 | failures, successes by third |
/// | 32..48 | distinct values, low and high bits |
/// | 48..56 | credited subjects |
/// | 56..60 | end of the verdict, s since 1970 |
/// | 60, 61 | repeats; action in 4 bits, above them the high 4 bits of the mark |
/// | 62..64 | reason |
pub mod wire {
    use super::{RECORD_BYTES, RING, Standing, Tally};
    use crate::memory::bytes::{Parts, array};
    use crate::memory::distinct::Distinct;
    use crate::memory::mark::Mark;

    /// Bits of a time, and of a mark that share bytes with something else.
    const TIME_BITS: u32 = 42;
    const MARK_LOW_BITS: u32 = 6;

    /// Writes a record.
    #[must_use]
    pub fn encode(tag: u64, tally: &Tally) -> [u8; RECORD_BYTES] {
        let mut out = [0; RECORD_BYTES];
        let mut parts = Parts::new(&mut out);
        parts.put(&tag.to_le_bytes());
        let mark = tally.mark.bits();
        let seen = tally.seen_ms & ((1 << TIME_BITS) - 1) | u64::from(mark) << TIME_BITS;
        parts.put(seen.to_le_bytes().get(..6).unwrap_or_default());
        parts.put(&tally.test.to_le_bytes());
        for count in tally.failures.iter().chain(&tally.successes) {
            parts.put(&count.to_le_bytes());
        }
        parts.put(&tally.distinct.low.to_le_bytes());
        parts.put(&tally.distinct.high.to_le_bytes());
        parts.put(&tally.credited.to_le_bytes());
        parts.put(&tally.standing.until_s.to_le_bytes());
        let high = (mark >> MARK_LOW_BITS) as u8;
        parts.put(&[tally.standing.repeats, tally.standing.action & 15 | high << 4]);
        parts.put(&tally.standing.reason.to_le_bytes());
        out
    }

    /// Reads a record; any bytes give some tally.
    #[must_use]
    pub fn decode(record: &[u8; RECORD_BYTES]) -> Tally {
        let word = |at: usize| u64::from_le_bytes(array(record, at));
        let count = |at: usize| u16::from_le_bytes(array(record, at));
        let ring = |at: usize| -> [u16; RING] { std::array::from_fn(|i| count(at + 2 * i)) };
        let seen = word(8) & 0xffff_ffff_ffff;
        let [action] = array(record, 61);
        let mark = (seen >> TIME_BITS) as u16 | u16::from(action >> 4) << MARK_LOW_BITS;
        Tally {
            seen_ms: seen & ((1 << TIME_BITS) - 1),
            mark: Mark::from_bits(mark),
            test: i16::from_le_bytes(array(record, 14)).max(0),
            failures: ring(16),
            successes: ring(24),
            distinct: Distinct { low: word(32), high: word(40) },
            credited: word(48),
            standing: Standing {
                until_s: u32::from_le_bytes(array(record, 56)),
                repeats: u8::from_le_bytes(array(record, 60)),
                action: action & 15,
                reason: count(62),
            },
        }
    }
}
