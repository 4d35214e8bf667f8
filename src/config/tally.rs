//! Sharing out tallies: rules with the same key and window read the same one wherever they can.

use super::count::Count;
use super::node::Findings;
use super::rules::{Draft, Seek};
use crate::policy::{Facet, FanOut, Finding, Rule, TallySpec};

const FAILED_SUBJECTS: FanOut = FanOut { of: Facet::Subject, failed: true };
const SUBJECTS: FanOut = FanOut { of: Facet::Subject, failed: false };

/// Gives each rule a tally. Order of the rules is kept.
pub(super) fn share(drafts: &[Draft], path: &str, findings: &Findings) -> (Vec<TallySpec>, Vec<Rule>) {
    let mut tallies: Vec<TallySpec> = Vec::new();
    let mut rules = Vec::new();
    for draft in drafts {
        let fan_out = fan_out(draft, drafts);
        let follows = is_followed(draft.seek);
        let same = |tally: &TallySpec| {
            tally.key == draft.key
                && tally.window_ms == draft.window_ms
                && tally.fan_out == fan_out
                && tally.follows == follows
        };
        let index = tallies.iter().position(same).unwrap_or_else(|| {
            tallies.push(TallySpec {
                key: draft.key.clone(),
                window_ms: draft.window_ms,
                fan_out,
                failure_test: None,
                counts_successes: false,
                follows,
            });
            tallies.len() - 1
        });
        if let Some(tally) = tallies.get_mut(index) {
            ask(tally, draft, drafts, path, findings);
        }
        rules.push(Rule { name: draft.name.clone(), tally: index, finding: finding(draft.seek) });
    }
    (tallies, rules)
}

/// Whether it is found in what workers follow, which is told in a tally of its own.
fn is_followed(seek: Seek) -> bool {
    matches!(seek, Seek::Unusual { .. } | Seek::Count { count: Count::InOrder | Count::Steady, .. })
}

/// What the rule's tally counts distinct values of. A rule that does not care takes the tally of
/// subjects that failed, unless its key and window have only one that counts all subjects. It never
/// takes one of another facet: a failure test needs the subjects, and a count would begin anew where
/// such a rule is added.
fn fan_out(draft: &Draft, drafts: &[Draft]) -> FanOut {
    let asked = |draft: &Draft| match draft.seek {
        Seek::Count { count: Count::FanOut(fan_out), .. } => Some(fan_out),
        Seek::Count { count: Count::UntilSuccess, .. } => Some(FAILED_SUBJECTS),
        _ => None,
    };
    let group = || drafts.iter().filter(|other| other.key == draft.key && other.window_ms == draft.window_ms);
    asked(draft).unwrap_or_else(|| {
        let failures = group().any(|other| asked(other) == Some(FAILED_SUBJECTS));
        let requests = group().any(|other| asked(other) == Some(SUBJECTS));
        if requests && !failures { SUBJECTS } else { FAILED_SUBJECTS }
    })
}

/// Makes the tally keep what the rule reads. It has room for one failure test.
fn ask(tally: &mut TallySpec, draft: &Draft, drafts: &[Draft], path: &str, findings: &Findings) {
    match draft.seek {
        Seek::Test(test) => match tally.failure_test {
            Some(other) if other != test => {
                let first = drafts.iter().find(|d| {
                    d.key == draft.key && d.window_ms == draft.window_ms && d.seek == Seek::Test(other)
                });
                let first = first.map_or("another rule", |first| &first.name);
                findings.mistake(
                    &format!("{path}.{}.failure_test", draft.name),
                    format!("{first} has another failure_test on the same key and window"),
                    "one key and window have one failure_test: change the key or the window, or use equal shares",
                );
            }
            _ => tally.failure_test = Some(test),
        },
        Seek::Count { count: Count::Successes | Count::Requests | Count::UntilSuccess, .. } => {
            tally.counts_successes = true
        }
        Seek::Unusual { .. } => {}
        Seek::Count { .. } => {}
    }
}

fn finding(seek: Seek) -> Finding {
    match seek {
        Seek::Test(_) => Finding::FailureTest,
        Seek::Count { count, at_least, score } => match count {
            Count::Failures => Finding::Failures { at_least, score },
            Count::Successes => Finding::Successes { at_least, score },
            Count::Requests => Finding::Requests { at_least, score },
            Count::InOrder => Finding::InOrder { at_least, score },
            Count::Steady => Finding::Steady { at_least, score },
            Count::UntilSuccess => Finding::UntilSuccess { at_least, score },
            Count::FanOut(_) => Finding::FanOut { at_least, score },
        },
        Seek::Unusual { times_usual, at_least, score } => Finding::Unusual { times_usual, at_least, score },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::FailureTest;

    const TEST: FailureTest = FailureTest { usual: 0.2, hostile: 0.95 };

    fn draft(name: &str, key: &[Facet], window_ms: u64, seek: Seek) -> Draft {
        Draft { name: name.into(), key: key.to_vec(), window_ms, seek, own: true }
    }

    fn counting(name: &str, count: Count) -> Draft {
        draft(name, &[Facet::Session], 60_000, Seek::Count { count, at_least: 5, score: 2.0 })
    }

    fn shared(drafts: &[Draft]) -> (Vec<TallySpec>, Vec<usize>) {
        let findings = Findings::default();
        let (tallies, rules) = share(drafts, "policies.p.rules", &findings);
        assert_eq!(findings.count(), 0);
        (tallies, rules.iter().map(|rule| rule.tally).collect())
    }

    #[test]
    fn rules_of_one_key_and_window_share() {
        let test = draft("t", &[Facet::Session], 60_000, Seek::Test(TEST));
        let (tallies, of) = shared(&[counting("a", Count::Failures), test, counting("b", Count::Requests)]);
        assert_eq!(of, [0, 0, 0]);
        assert_eq!(tallies.len(), 1);
        assert_eq!(tallies[0].failure_test, Some(TEST));
        assert_eq!(tallies[0].fan_out, FAILED_SUBJECTS);
        assert!(tallies[0].counts_successes);
    }

    #[test]
    fn another_key_or_window_does_not_share() {
        let seek = Seek::Count { count: Count::Failures, at_least: 5, score: 2.0 };
        let drafts = [
            draft("a", &[Facet::Session], 60_000, seek),
            draft("b", &[Facet::Session], 60_001, seek),
            draft("c", &[Facet::Network, Facet::Session], 60_000, seek),
        ];
        let (tallies, of) = shared(&drafts);
        assert_eq!(of, [0, 1, 2]);
        assert!(tallies.iter().all(|tally| !tally.counts_successes && tally.failure_test.is_none()));
    }

    #[test]
    fn subjects_of_all_requests_need_no_second_tally_for_failures() {
        let (tallies, of) = shared(&[counting("a", Count::Failures), counting("b", Count::FanOut(SUBJECTS))]);
        assert_eq!(of, [0, 0]);
        assert_eq!(tallies[0].fan_out, SUBJECTS);
        assert!(!tallies[0].counts_successes);
    }

    #[test]
    fn both_kinds_of_subjects_are_two_tallies() {
        let drafts = [
            counting("a", Count::FanOut(SUBJECTS)),
            counting("b", Count::FanOut(FAILED_SUBJECTS)),
            draft("c", &[Facet::Session], 60_000, Seek::Test(TEST)),
        ];
        let (tallies, of) = shared(&drafts);
        assert_eq!(of, [0, 1, 1], "the failure test is on the tally of failures");
        assert_eq!(tallies[0].fan_out, SUBJECTS);
        assert_eq!(tallies[0].failure_test, None);
        assert_eq!(tallies[1].fan_out, FAILED_SUBJECTS);
        assert_eq!(tallies[1].failure_test, Some(TEST));
    }

    #[test]
    fn other_facets_have_tallies_of_their_own() {
        let test = draft("t", &[Facet::Session], 60_000, Seek::Test(TEST));
        let drafts = [
            counting("a", Count::of(Facet::Address)),
            counting("b", Count::of_failed(Facet::Address)),
            counting("c", Count::of(Facet::Fingerprint)),
            counting("d", Count::of(Facet::Address)),
            counting("e", Count::Failures),
            test,
        ];
        let (tallies, of) = shared(&drafts);
        assert_eq!(of, [0, 1, 2, 0, 3, 3], "a test and a count go by subjects, whatever else is counted");
        let counted: Vec<_> = tallies.iter().map(|tally| (tally.fan_out.of, tally.fan_out.failed)).collect();
        let (address, print) = (Facet::Address, Facet::Fingerprint);
        assert_eq!(counted, [(address, false), (address, true), (print, false), (Facet::Subject, true)]);
        assert!(tallies.iter().take(3).all(|tally| tally.failure_test.is_none()));
    }

    #[test]
    fn two_failure_tests_do_not_fit() {
        let findings = Findings::default();
        let other = FailureTest { usual: 0.3, hostile: 0.95 };
        let drafts = [
            draft("a", &[Facet::Session], 60_000, Seek::Test(TEST)),
            draft("b", &[Facet::Session], 60_000, Seek::Test(other)),
            draft("c", &[Facet::Session], 60_000, Seek::Test(TEST)),
        ];
        share(&drafts, "policies.p.rules", &findings);
        let (mistakes, _) = findings.into_parts();
        assert_eq!(mistakes.len(), 1);
        assert_eq!(mistakes[0].path, "policies.p.rules.b.failure_test");
    }
}
