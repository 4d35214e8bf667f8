//! What one answer teaches: how it changes the behaviors of its request, and whether that condemns any.

use super::actor::{Actor, weights};
use super::behavior::{Behavior, slice_of};
use super::book::{self, Head};
use super::late::Late;
use super::profile::{COUNTED, MASKS, Profile, SINGLES};
use super::sentence::{self, Expected, Sentence};
use crate::memory::Mark;
use crate::policy::Ladder;

/// The share of a hostile client's requests that fail.
const HOSTILE: f32 = 0.97;

/// Behaviors of at least so many sides of a client's make can be condemned; those of fewer only lend
/// suspicion to narrower ones.
pub(super) const LEAST_MAKES: u32 = 2;

/// Odds at which a behavior is known as good: it clears narrower and wider ones of suspicion.
pub(super) const GOOD: f32 = -2.0;

/// The most suspicion that is inherited, in nats. Below any sensible limit: fresh evidence has to
/// confirm it.
const INHERITED: f32 = 4.5;

/// A behavior that a smaller share of the customers has, or no more than some, loses [`BURNT`] of them
/// with each failure under attack: they may have been the attacker himself. Where a failure tells of what
/// was begun long before, he had time to become many: then one loses them too that has so many times
/// more than chance would have it.
const MINOR: f32 = 0.01;
const SOME: f32 = 10.0;
const STRIKING: f32 = 20.0;
const BURNT: f32 = 1.0 / 8.0;

/// What something begun weighs before it is known whether it is kept, as a share of a failure: little
/// where nothing is suspected, more where something is.
const BEGUN: f32 = 0.1;
const BEGUN_SUSPECT: f32 = 0.4;
const SUSPECT: f32 = 2.0;

/// The most that the odds of those who come back can be, in nats.
const RETURNED_MOST: f32 = 12.0;

/// Why a request was let through though a verdict stood on what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spared {
    /// Its subject succeeded from here before.
    Familiar,
    /// Its sender came back after a refusal.
    Returned,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The origin did what was asked, and nothing more is to come.
    Success,
    /// The origin refused.
    Failure,
    /// The origin did what was asked; whether that was meant will show later.
    Begun,
    /// What was begun went on as it does with customers.
    Kept,
    /// What was begun never went on.
    Lapsed,
}

/// One answer, or what became of one later.
#[derive(Clone, Copy, Debug)]
pub struct Lesson {
    /// Whose it was.
    pub profile: Profile,
    /// The subject's hash, where there was one.
    pub subject: Option<u64>,
    /// The low bits of the network's hash.
    pub network: u32,
    /// What its pace weighs beside a failure, in nats.
    pub pace: f32,
    /// Whether a verdict stood on it, and it was let through all the same.
    pub spared: Option<Spared>,
    /// What came of it.
    pub kind: Kind,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

impl Lesson {
    /// What became of something begun, seen at `now_ms`.
    #[must_use]
    pub fn late(late: &Late, kind: Kind, now_ms: u64) -> Self {
        Self {
            profile: late.profile,
            subject: Some(u64::from(late.subject)),
            network: late.network,
            pace: 0.0,
            spared: late.returned.then_some(Spared::Returned),
            kind,
            at_ms: now_ms,
        }
    }

    /// Whether it could lead to a verdict.
    #[must_use]
    pub fn speaks_against(&self) -> bool {
        matches!(self.kind, Kind::Failure | Kind::Begun | Kind::Lapsed)
    }
}

/// What a policy's book is kept by.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The ladder of the policy.
    pub ladder: Ladder,
    /// The share of customers' requests that fail, where nothing was learned yet.
    pub usual: f64,
    /// Whether it is learned. Where nothing fails but what lapses it is not: what is kept is known within
    /// minutes and what lapses much later, so that of every rush too few would seem to lapse.
    pub learns_usual: bool,
    /// The last unban: what begins now has nothing from before it.
    pub mark: Mark,
}

/// The behaviors of one request.
pub(super) type Behaviors = [Option<Behavior>; MASKS];

/// What a failure and a success weigh, in nats.
#[derive(Clone, Copy)]
struct Steps {
    failure: f32,
    success: f32,
}

impl Steps {
    /// The steps where so large a share of customers' requests fails.
    fn new(usual: f32) -> Self {
        Self { failure: (HOSTILE / usual).ln(), success: ((1.0 - HOSTILE) / (1.0 - usual)).ln() }
    }
}

/// The part of a book that is about one profile, while lessons of it are written.
struct Entry {
    head: Head,
    behaviors: Behaviors,
    /// Whether each was written before, or was by a lesson of these.
    known: [bool; MASKS],
}

/// Writes lessons of one profile into the book. Hands on what they condemn: of each lesson the sentence
/// with the strongest evidence, of equals the one of fewest sides, and the campaign that it is of.
pub(super) fn learn(
    book: &mut [u8],
    campaigns: &[u8],
    terms: Terms,
    lessons: &[&Lesson],
    keys: &[Option<u64>; MASKS],
    mut condemned: impl FnMut(&Lesson, Sentence, u32),
) {
    let Some(last) = lessons.last() else { return };
    let found = keys.map(|key| key.and_then(|key| book::find(book, key)));
    let slice = slice_of(last.at_ms / 1000);
    let mut entry = Entry {
        head: Head::read(book),
        behaviors: std::array::from_fn(|mask| {
            let is_there = keys.get(mask).is_some_and(Option::is_some);
            is_there.then(|| {
                found.get(mask).copied().flatten().unwrap_or_else(|| Behavior::new(slice, terms.mark))
            })
        }),
        known: found.map(|found| found.is_some()),
    };
    for lesson in lessons {
        if let Some((sentence, campaign)) = entry.learn(campaigns, terms, lesson) {
            condemned(lesson, sentence, campaign);
        }
    }
    for ((key, behavior), known) in keys.iter().zip(&entry.behaviors).zip(entry.known) {
        if let (Some(key), Some(behavior), true) = (key, behavior, known) {
            book::put(book, *key, behavior, last.at_ms);
        }
    }
    entry.head.write(book);
}

impl Entry {
    fn learn(&mut self, campaigns: &[u8], terms: Terms, lesson: &Lesson) -> Option<(Sentence, u32)> {
        let slice = slice_of(lesson.at_ms / 1000);
        self.head.advance(slice);
        self.behaviors.iter_mut().flatten().for_each(|behavior| behavior.advance(slice));
        let Self { head, behaviors, known } = self;
        let steps = Steps::new(head.usual.share(terms.usual) as f32);
        if let Some(spared) = lesson.spared {
            // It tells of those who are spared, and nothing of what the others do who are not: an
            // attacker could clear himself by accounts of his own.
            if spared == Spared::Returned {
                count_returned(head, steps, lesson);
            }
            return None;
        }
        let quiet = is_quiet(behaviors, known);
        let sentence = if lesson.speaks_against() {
            let customers = |mask: usize| Some(behaviors.get(mask)?.as_ref()?.customers());
            let weights = weights(head.customers, customers);
            let actor = Actor::of(campaigns, &weights, &lesson.profile, (lesson.at_ms / 1000) as u32);
            let inherited = inherited(behaviors, actor.suspicion);
            for (behavior, known) in behaviors.iter_mut().zip(known.iter()).take(SINGLES) {
                if let (Some(behavior), false) = (behavior, known) {
                    behavior.add(inherited);
                }
            }
            let expected = sentence::expected(behaviors, head);
            let new = count_against(behaviors, head, steps, terms, lesson, &expected);
            if new && lesson.kind != Kind::Begun {
                weigh(head, terms, true, quiet);
            }
            let sentence = sentence::condemn(behaviors, head, terms, lesson.at_ms, &actor, &expected);
            sentence.map(|sentence| (sentence, actor.id))
        } else {
            // Nobody is condemned for a success.
            count_for(behaviors, head, steps, lesson);
            weigh(head, terms, false, quiet);
            None
        };
        *known = [true; MASKS];
        sentence
    }
}

/// The suspicion that a behavior never seen before inherits: none where a part of the request is known
/// as good; else that of the widest behaviors, or of a campaign.
fn inherited(behaviors: &Behaviors, suspicion: f32) -> f32 {
    let mut widest = 0.0_f32;
    for (mask, behavior) in COUNTED.iter().zip(behaviors).take(SINGLES) {
        let Some(behavior) = behavior else { continue };
        if mask.makes() > LEAST_MAKES && behavior.odds <= GOOD {
            return 0.0;
        }
        if mask.makes() < LEAST_MAKES {
            widest = widest.max(behavior.odds / 2.0);
        }
    }
    suspicion.max(widest).min(INHERITED)
}

/// Whether a request is of the least attacked part of the traffic: all its behaviors are known, and
/// nothing speaks against any.
fn is_quiet(behaviors: &Behaviors, known: &[bool; MASKS]) -> bool {
    let mut present = behaviors.iter().zip(known).take(SINGLES);
    present.all(|(behavior, known)| behavior.is_none_or(|behavior| *known && behavior.odds <= 0.0))
}

/// Takes an outcome in for the policy as a whole; how much is usual is learned from quiet requests
/// alone. Only a subject's first failure counts: people who mistype do it again.
fn weigh(head: &mut Head, terms: Terms, failed: bool, quiet: bool) {
    head.shift.observe(head.usual.share(terms.usual), failed);
    if quiet && terms.learns_usual {
        head.usual.learn(terms.usual, failed, head.shift.is_in_doubt());
    }
}

/// Counts what speaks against the behaviors of a request; whether its subject was new to the narrowest.
fn count_against(
    behaviors: &mut Behaviors,
    head: &mut Head,
    steps: Steps,
    terms: Terms,
    lesson: &Lesson,
    expected: &Expected,
) -> bool {
    let limit = terms.ladder.lowest_standing().map_or(f32::MAX, |at| at as f32);
    let begun = lesson.kind == Kind::Begun;
    head.failures = head.failures.saturating_add(u16::from(!begun));
    let mut first_new = None;
    for (behavior, expected) in behaviors.iter_mut().zip(expected).take(SINGLES) {
        let Some(behavior) = behavior else { continue };
        behavior.come_from(lesson.network);
        if begun {
            behavior.add(steps.failure * if behavior.odds >= SUSPECT { BEGUN_SUSPECT } else { BEGUN });
            continue;
        }
        let new = behavior.fail(lesson.subject, steps.failure + lesson.pace);
        first_new.get_or_insert(new);
        let few = behavior.goods < (head.customers * MINOR).max(SOME);
        let doubtful = few || (lesson.kind == Kind::Lapsed && behavior.goods > expected * STRIKING);
        if new && behavior.odds >= limit && doubtful {
            behavior.goods *= 1.0 - BURNT;
        }
    }
    first_new.unwrap_or(false)
}

/// Takes in what came of someone who came back after a refusal, once for each in a row.
fn count_returned(head: &mut Head, steps: Steps, lesson: &Lesson) {
    let subject = lesson.subject.unwrap_or_default() as u32;
    let step = match lesson.kind {
        Kind::Begun => return,
        Kind::Failure | Kind::Lapsed if subject == head.returner => return,
        Kind::Failure | Kind::Lapsed => steps.failure,
        Kind::Success | Kind::Kept => steps.success,
    };
    head.returned = (head.returned + step).clamp(0.0, RETURNED_MOST);
    head.returner = subject;
}

fn count_for(behaviors: &mut Behaviors, head: &mut Head, steps: Steps, lesson: &Lesson) {
    let undone = if lesson.kind == Kind::Kept { BEGUN * steps.failure } else { 0.0 };
    let step = steps.success - undone;
    let mut new = false;
    for behavior in behaviors.iter_mut().flatten() {
        new |= behavior.succeed(lesson.subject, step);
    }
    if new {
        head.customers += 1.0;
    }
}
