//! How a key climbs the ladder and comes down again: the one place where an action is chosen and its end
//! is set.
//!
//! A key climbs by its score, and by how often it was condemned before. It comes down when its verdict ends.
//! For as long again as that stood it is on probation: three quarters of its score are enough to take the
//! same step again, so that a key whose score wavers about a threshold does not flap. Each time without a verdict that
//! is as long as the ladder's `forget` makes one repeat forgotten, which halves the next verdict's time.

use super::Action;
use crate::memory::Standing;
use crate::policy::{Ladder, Rung};

/// The share of a step's score that is enough on probation.
const PROBATION: f64 = 0.75;

/// The action at a score, for a key that nothing is known of.
#[must_use]
pub fn action_at(ladder: &Ladder, score: f64) -> Action {
    let rungs = [
        (Action::Block, ladder.block.and_then(|r| r.at)),
        (Action::Deceive, ladder.deceive.and_then(|r| r.at)),
        (Action::Limit, ladder.limit.and_then(|r| r.at)),
        (Action::Delay, ladder.delay.and_then(|r| r.at)),
        (Action::Tag, ladder.tag),
        (Action::Observe, ladder.observe),
    ];
    let reached = rungs.into_iter().find(|(_, at)| at.is_some_and(|at| score >= at));
    reached.map_or(Action::Allow, |(action, _)| action)
}

/// The action at a score, for a key with this past.
#[must_use]
pub fn climb(ladder: &Ladder, score: f64, past: Standing, now_ms: u64) -> Action {
    let mut by_score = action_at(ladder, score);
    if is_on_probation(ladder, past, now_ms) {
        by_score = by_score.max(action_at(ladder, score / PROBATION).min(Action::of(past)));
    }
    if !by_score.stands() {
        return by_score;
    }
    // One that still stands was not repeated yet.
    let repeats = repeats(ladder, past, now_ms).saturating_sub(u8::from(past.stands(now_ms)));
    let due =
        |action: &Action| rung(ladder, *action).and_then(|r| r.after).is_some_and(|after| repeats >= after);
    let by_repeat = [Action::Block, Action::Deceive, Action::Limit, Action::Delay].into_iter().find(due);
    by_repeat.map_or(by_score, |action| action.max(by_score))
}

/// The verdict to store on a key: until when, and the how-manieth it is. Each repeat doubles the time. `None`
/// where the action does not stand, or where as severe a verdict stands already.
#[must_use]
pub fn stand(ladder: &Ladder, action: Action, reason: u16, past: Standing, now_ms: u64) -> Option<Standing> {
    let rung = rung(ladder, action)?;
    if past.stands(now_ms) && Action::of(past) >= action {
        return None;
    }
    let repeats = repeats(ladder, past, now_ms);
    let for_ms = length_ms(rung, repeats);
    // Up to the next whole second, so that a verdict never ends early.
    let until_s = u32::try_from(now_ms.saturating_add(for_ms).div_ceil(1000)).unwrap_or(u32::MAX);
    Some(Standing { until_s, repeats: repeats.saturating_add(1), action: action.code(), reason })
}

/// The rung of an action that stands for a while.
fn rung(ladder: &Ladder, action: Action) -> Option<Rung> {
    match action {
        Action::Delay => ladder.delay,
        Action::Limit => ladder.limit,
        Action::Deceive => ladder.deceive,
        Action::Block => ladder.block,
        Action::Allow | Action::Observe | Action::Tag => None,
    }
}

/// How long a verdict stands that so many others went before.
fn length_ms(rung: Rung, repeats: u8) -> u64 {
    let factor = 1_u64.checked_shl(u32::from(repeats)).unwrap_or(u64::MAX);
    rung.for_ms.saturating_mul(factor).min(rung.up_to_ms)
}

/// How many verdicts of a key are not forgotten.
fn repeats(ladder: &Ladder, past: Standing, now_ms: u64) -> u8 {
    if past.until_s == 0 {
        return past.repeats;
    }
    let quiet_ms = now_ms.saturating_sub(past.ends_ms());
    let forgotten = quiet_ms.checked_div(ladder.forget_ms).unwrap_or(0);
    past.repeats.saturating_sub(u8::try_from(forgotten).unwrap_or(u8::MAX))
}

/// Whether a verdict ended no longer ago than it stood.
fn is_on_probation(ladder: &Ladder, past: Standing, now_ms: u64) -> bool {
    let Some(rung) = rung(ladder, Action::of(past)).filter(|_| past.until_s > 0) else { return false };
    let stood_ms = length_ms(rung, past.repeats.saturating_sub(1));
    now_ms.checked_sub(past.ends_ms()).is_some_and(|quiet_ms| quiet_ms < stood_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 3_600_000;
    const NOW_MS: u64 = 1_800_000_000_000;

    fn ladder() -> Ladder {
        Ladder {
            observe: Some(1.0),
            tag: Some(3.0),
            delay: None,
            limit: Some(Rung { at: Some(6.0), after: None, for_ms: 30_000, up_to_ms: 600_000 }),
            deceive: None,
            block: Some(Rung { at: Some(9.0), after: None, for_ms: 600_000, up_to_ms: 24 * HOUR_MS }),
            hold_ms: 2000,
            rate: None,
            forget_ms: 24 * HOUR_MS,
        }
    }

    fn every_step() -> Ladder {
        let rung = |at, after| Some(Rung { at: Some(at), after, for_ms: 60_000, up_to_ms: 24 * HOUR_MS });
        Ladder {
            delay: rung(4.0, None),
            limit: rung(6.0, Some(1)),
            deceive: rung(8.0, Some(2)),
            block: rung(10.0, Some(4)),
            ..ladder()
        }
    }

    fn length_s(standing: Standing, now_ms: u64) -> u64 {
        u64::from(standing.until_s) - now_ms / 1000
    }

    #[test]
    fn the_score_climbs_the_ladder() {
        let at = |score| action_at(&ladder(), score);
        assert_eq!(
            [0.9, 1.0, 3.0, 6.0, 9.0].map(at),
            [Action::Allow, Action::Observe, Action::Tag, Action::Limit, Action::Block]
        );
        let without = Ladder { limit: None, ..ladder() };
        assert_eq!(action_at(&without, 8.0), Action::Tag);
        let at = |score| action_at(&every_step(), score);
        assert_eq!(
            [3.9, 4.0, 6.0, 8.0, 10.0].map(at),
            [Action::Tag, Action::Delay, Action::Limit, Action::Deceive, Action::Block]
        );
    }

    #[test]
    fn repeats_climb_the_ladder_too_and_quiet_comes_down() {
        let mut past = Standing::default();
        let mut now_ms = NOW_MS;
        let mut climbed = Vec::new();
        for _ in 0..6 {
            let action = climb(&every_step(), 4.0, past, now_ms);
            climbed.push(action);
            past = stand(&every_step(), action, 7, past, now_ms).unwrap();
            now_ms = past.ends_ms();
        }
        let (deceive, block) = (Action::Deceive, Action::Block);
        assert_eq!(climbed, [Action::Delay, Action::Limit, deceive, deceive, block, block]);
        let after = |days: u64| climb(&every_step(), 4.0, past, now_ms + days * 24 * HOUR_MS);
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(after),
            [block, block, deceive, deceive, Action::Limit, Action::Delay]
        );
        assert_eq!(climb(&every_step(), 3.0 * PROBATION, past, now_ms + HOUR_MS / 2), Action::Tag);
    }

    #[test]
    fn a_verdict_is_no_repeat_while_it_stands() {
        let delay = stand(&every_step(), Action::Delay, 7, Standing::default(), NOW_MS).unwrap();
        assert_eq!(climb(&every_step(), 5.0, delay, NOW_MS + 59_999), Action::Delay);
        assert_eq!(climb(&every_step(), 5.0, delay, NOW_MS + 60_000), Action::Limit);
    }

    #[test]
    fn a_score_that_wavers_does_not_flap() {
        let past = stand(&ladder(), Action::Limit, 7, Standing::default(), NOW_MS).unwrap();
        let ends_ms = past.ends_ms();
        let at = |score, after_ms| climb(&ladder(), score, past, ends_ms + after_ms);
        assert_eq!(at(4.6, 0), Action::Limit, "three quarters are enough");
        assert_eq!(at(4.4, 0), Action::Tag, "and less is not");
        assert_eq!(at(8.9, 0), Action::Limit, "nor for another step");
        assert_eq!(at(4.6, 29_999), Action::Limit);
        assert_eq!(at(4.6, 30_000), Action::Tag, "for as long as the verdict stood");
    }

    #[test]
    fn each_repeat_doubles_the_time_up_to_its_end() {
        let mut standing = Standing::default();
        let mut now_ms = NOW_MS;
        for expected_s in [30, 60, 120, 240, 480, 600, 600] {
            standing = stand(&ladder(), Action::Limit, 7, standing, now_ms).unwrap();
            assert_eq!(length_s(standing, now_ms), expected_s);
            now_ms += expected_s * 1000;
        }
    }

    #[test]
    fn a_standing_verdict_is_not_renewed_but_can_become_more_severe() {
        let limit = stand(&ladder(), Action::Limit, 7, Standing::default(), NOW_MS).unwrap();
        assert_eq!(stand(&ladder(), Action::Limit, 7, limit, NOW_MS + 1000), None);
        let block = stand(&ladder(), Action::Block, 7, limit, NOW_MS + 1000).unwrap();
        assert_eq!((Action::of(block), block.repeats), (Action::Block, 2));
        assert_eq!(stand(&ladder(), Action::Limit, 7, block, NOW_MS + 2000), None);
    }

    #[test]
    fn repeats_are_forgotten_one_by_one() {
        let past = Standing { until_s: (NOW_MS / 1000) as u32, repeats: 3, action: 3, reason: 7 };
        let after = |days: u64| {
            stand(&ladder(), Action::Limit, 7, past, NOW_MS + days * 24 * HOUR_MS).unwrap().repeats
        };
        assert_eq!([after(0), after(1), after(2), after(3), after(300)], [4, 3, 2, 1, 1]);
    }

    #[test]
    fn mild_actions_do_not_stand() {
        for action in [Action::Allow, Action::Observe, Action::Tag] {
            assert_eq!(stand(&ladder(), action, 7, Standing::default(), NOW_MS), None);
        }
    }

    #[test]
    fn stored_actions_are_read_back() {
        for action in [Action::Delay, Action::Limit, Action::Deceive, Action::Block] {
            let standing = Standing { action: action.code(), ..Standing::default() };
            assert_eq!(Action::of(standing), action);
        }
        assert_eq!([Action::Limit, Action::Block].map(Action::code), [3, 4], "as they were first stored");
        assert_eq!(Action::of(Standing { action: 77, ..Standing::default() }), Action::Limit);
    }
}
