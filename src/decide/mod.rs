//! From evidence to verdict: the one place where an action is chosen and its end is set.

use std::cmp::Reverse;

use crate::detect::{self, Evidence};
use crate::memory::Standing;
use crate::order::sort_by_key;
use crate::policy::{Ladder, Policy, Rung};

/// What to do with a request, from mild to severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    Allow,
    /// Report only.
    Observe,
    /// Tell the origin.
    Tag,
    /// Answer 429 until the verdict ends.
    Limit,
    /// Answer 403 until the verdict ends.
    Block,
}

impl Action {
    /// Its name in configuration, metrics, headers and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Observe => "observe",
            Self::Tag => "tag",
            Self::Limit => "limit",
            Self::Block => "block",
        }
    }

    /// Its number in a stored verdict.
    fn code(self) -> u8 {
        self as u8
    }

    /// The action of a stored verdict; numbers of another version are the mildest that stands.
    #[must_use]
    pub fn of(standing: Standing) -> Self {
        if standing.action == Self::Block.code() { Self::Block } else { Self::Limit }
    }
}

/// What the evidence comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What the ladder says at this score.
    pub action: Action,
    /// The sum of the evidence, in nats.
    pub score: f64,
    /// The evidence, strongest first.
    pub evidence: Vec<Evidence>,
}

impl Judgement {
    /// Weighs the evidence.
    #[must_use]
    pub fn new(policy: &Policy, mut evidence: Vec<Evidence>) -> Self {
        // Evidence is above 0: its bits are in the order of its weight.
        sort_by_key(&mut evidence, |found| (Reverse(found.nats.to_bits()), found.rule));
        let score = detect::score(&evidence);
        Self { action: action_at(&policy.ladder, score), score, evidence }
    }

    /// The names of the rules that found something, strongest first.
    pub fn reasons<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = &'p str> {
        let rules: Vec<_> = self.evidence.iter().filter_map(|e| policy.rules.get(e.rule)).collect();
        rules.into_iter().map(|rule| rule.name.as_str())
    }
}

/// The action at a score.
#[must_use]
pub fn action_at(ladder: &Ladder, score: f64) -> Action {
    let rungs = [
        (Action::Block, ladder.block.map(|r| r.at)),
        (Action::Limit, ladder.limit.map(|r| r.at)),
        (Action::Tag, ladder.tag),
        (Action::Observe, ladder.observe),
    ];
    let reached = rungs.into_iter().find(|(_, at)| at.is_some_and(|at| score >= at));
    reached.map_or(Action::Allow, |(action, _)| action)
}

/// The rung of an action that stands for a while.
fn rung(ladder: &Ladder, action: Action) -> Option<Rung> {
    match action {
        Action::Limit => ladder.limit,
        Action::Block => ladder.block,
        Action::Allow | Action::Observe | Action::Tag => None,
    }
}

/// The verdict to store on a key: until when, and the how-manieth it is. Each repeat doubles the
/// time, and each `forget` without a verdict makes one repeat forgotten. `None` where the action
/// does not stand, or where as severe a verdict stands already.
#[must_use]
pub fn condemn(
    ladder: &Ladder,
    action: Action,
    reason: u16,
    past: Standing,
    now_ms: u64,
) -> Option<Standing> {
    let rung = rung(ladder, action)?;
    if past.stands(now_ms) && Action::of(past) >= action {
        return None;
    }
    let quiet_ms = now_ms.saturating_sub(u64::from(past.until_s) * 1000);
    let forgotten = quiet_ms.checked_div(ladder.forget_ms).unwrap_or(0);
    let forgotten = if past.until_s == 0 { 0 } else { u8::try_from(forgotten).unwrap_or(u8::MAX) };
    let repeats = past.repeats.saturating_sub(forgotten);
    let factor = 1_u64.checked_shl(u32::from(repeats)).unwrap_or(u64::MAX);
    let for_ms = rung.for_ms.saturating_mul(factor).min(rung.up_to_ms);
    // Up to the next whole second, so that a verdict never ends early.
    let until_s = u32::try_from(now_ms.saturating_add(for_ms).div_ceil(1000)).unwrap_or(u32::MAX);
    Some(Standing { until_s, repeats: repeats.saturating_add(1), action: action.code(), reason })
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
            limit: Some(Rung { at: 6.0, for_ms: 30_000, up_to_ms: 600_000 }),
            block: Some(Rung { at: 9.0, for_ms: 600_000, up_to_ms: 24 * HOUR_MS }),
            forget_ms: 24 * HOUR_MS,
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
    }

    #[test]
    fn each_repeat_doubles_the_time_up_to_its_end() {
        let mut standing = Standing::default();
        let mut now_ms = NOW_MS;
        for expected_s in [30, 60, 120, 240, 480, 600, 600] {
            standing = condemn(&ladder(), Action::Limit, 7, standing, now_ms).unwrap();
            assert_eq!(length_s(standing, now_ms), expected_s);
            now_ms += expected_s * 1000;
        }
    }

    #[test]
    fn a_standing_verdict_is_not_renewed_but_can_become_more_severe() {
        let limit = condemn(&ladder(), Action::Limit, 7, Standing::default(), NOW_MS).unwrap();
        assert_eq!(condemn(&ladder(), Action::Limit, 7, limit, NOW_MS + 1000), None);
        let block = condemn(&ladder(), Action::Block, 7, limit, NOW_MS + 1000).unwrap();
        assert_eq!((Action::of(block), block.repeats), (Action::Block, 2));
        assert_eq!(condemn(&ladder(), Action::Limit, 7, block, NOW_MS + 2000), None);
    }

    #[test]
    fn repeats_are_forgotten_one_by_one() {
        let past = Standing { until_s: (NOW_MS / 1000) as u32, repeats: 3, action: 3, reason: 7 };
        let after = |days: u64| {
            condemn(&ladder(), Action::Limit, 7, past, NOW_MS + days * 24 * HOUR_MS).unwrap().repeats
        };
        assert_eq!([after(0), after(1), after(2), after(3), after(300)], [4, 3, 2, 1, 1]);
    }

    #[test]
    fn mild_actions_do_not_stand() {
        for action in [Action::Allow, Action::Observe, Action::Tag] {
            assert_eq!(condemn(&ladder(), action, 7, Standing::default(), NOW_MS), None);
        }
    }
}
