//! What a client makes a habit of: more than others of its kind, in order, at a steady pace.

use crate::policy::Finding;
use crate::usage::Usage;

/// The rule's score once its thresholds are reached; `None` below, and for what is unusual while it is not
/// known what is usual.
pub(super) fn nats(finding: Finding, usage: &Usage) -> Option<f64> {
    match finding {
        Finding::Unusual { times_usual, at_least, score } => {
            let usual = f64::from(usage.usual?);
            let is_much = usage.requests >= at_least && f64::from(usage.own) >= times_usual * usual;
            is_much.then_some(score)
        }
        Finding::InOrder { at_least, score } => (usage.in_order >= at_least).then_some(score),
        Finding::Steady { at_least, score } => (usage.steady >= at_least).then_some(score),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_is_what_is_both_much_and_more_than_others_do() {
        let rule = Finding::Unusual { times_usual: 4.0, at_least: 100, score: 6.0 };
        let found =
            |requests, usual| nats(rule, &Usage { requests, own: requests, usual, ..Usage::default() });
        assert_eq!(found(100, Some(25)), Some(6.0));
        assert_eq!(found(99, Some(2)), None);
        assert_eq!(found(100, Some(26)), None);
        assert_eq!(found(60_000, None), None, "before it is known what is usual");
    }
}
