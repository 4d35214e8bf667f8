//! What one worker has to tell: counts until the next tick, lines at once but not too many.

use std::collections::BTreeMap;

use super::canary::CANARY;
use crate::config::show_number;
use crate::decide::Action;
use crate::facts::Outcome;
use crate::facts::size::TooMuch;
use crate::flow::{Lacking, Proposal};
use crate::host::{Expected, Host, Level};
use crate::learn::{self, Alarm};
use crate::memory::layout::mark_name;
use crate::policy::Settings;
use crate::report::{self, Pace, Trouble, VerdictLine};
use crate::respond::decoy::Lesson;

/// What is counted. Every value comes from the configuration, so there is a bounded number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    /// A verdict, under a policy.
    Verdict(usize, Action, Reason),
    /// A request under a policy, by what came of it.
    Request(usize, &'static str),
    /// Trouble, under a policy if it was.
    Trouble(Option<usize>, Trouble),
    /// Something that the table did.
    Table(&'static str),
}

/// Counts since the last tick.
#[derive(Default)]
pub(super) struct Tell {
    counts: BTreeMap<Counted, u64>,
    pace: Pace,
}

impl Tell {
    fn count(&mut self, what: Counted, times: u64) {
        *self.counts.entry(what).or_default() += times;
    }

    /// Counts a verdict on a request.
    pub(super) fn verdict(&mut self, policy: usize, action: Action, reason: Reason) {
        self.count(Counted::Verdict(policy, action, reason), 1);
    }

    /// Counts an outcome.
    pub(super) fn outcome(&mut self, policy: usize, outcome: Outcome) {
        self.count(Counted::Request(policy, outcome.name()), 1);
    }

    /// Counts a request that was let through unjudged.
    pub(super) fn allowed(&mut self, policy: usize) {
        self.count(Counted::Request(policy, report::ALLOWED), 1);
    }

    /// Counts an answer of Palisade's own.
    pub(super) fn answered(&mut self, policy: usize) {
        self.count(Counted::Request(policy, report::ANSWERED), 1);
    }

    /// Counts something that the table did.
    pub(super) fn table(&mut self, what: &'static str, times: u64) {
        if times > 0 {
            self.count(Counted::Table(what), times);
        }
    }

    /// Counts trouble, and says it in the log once for each policy in the life of the process.
    pub(super) fn trouble(
        &mut self,
        host: &dyn Host,
        settings: &Settings,
        policy: Option<usize>,
        trouble: Trouble,
        times: u64,
    ) {
        let counted = Counted::Trouble(policy, trouble);
        let known = self.counts.contains_key(&counted);
        self.count(counted, times);
        let number = policy.and_then(|p| u16::try_from(p).ok()).unwrap_or(u16::MAX);
        // Only the first worker to leave the mark says it.
        if known || host.store(&mark_name(trouble as u8, number), b"1", Expected::Absent).is_err() {
            return;
        }
        let (policy, kind) = (name_of(settings, policy), trouble.name());
        let line = format!(
            "palisade {{\"trouble\":\"{kind}\",\"policy\":\"{policy}\",\"remedy\":\"{}\"}} (said once; the metric palisade_trouble goes on counting)",
            trouble.remedy()
        );
        host.log(Level::Warn, &line);
    }

    /// Writes a verdict's line, unless there were too many of late.
    pub(super) fn line(&mut self, host: &dyn Host, mut line: VerdictLine<'_>, now_ms: u64) {
        if let Some(suppressed) = self.pace.take(now_ms) {
            line.suppressed = suppressed;
            host.log(Level::Info, &line.text());
        }
    }

    /// Says what was learned of how the origin refuses, or that nothing can be.
    pub(super) fn lesson(&self, host: &dyn Host, settings: &Settings, policy: usize, lesson: Lesson) {
        let policy = name_of(settings, Some(policy));
        let (level, said) = match lesson {
            Lesson::Known(status) => (Level::Info, format!("\"decoy\":\"learned\",\"status\":{status}")),
            Lesson::NotUnderstood => (
                Level::Warn,
                "\"decoy\":\"not-learned\",\"remedy\":\"failures vary in a way that is not understood: write \
                 the policy's decoy\""
                    .to_owned(),
            ),
        };
        host.log(level, &format!("palisade {{\"version\":1,\"policy\":\"{policy}\",{said}}}"));
    }

    /// Says which step a policy could require.
    pub(super) fn proposal(&self, host: &dyn Host, settings: &Settings, proposal: Proposal) {
        let policy = name_of(settings, Some(proposal.policy));
        let step = name_of(settings, Some(proposal.requires));
        let Proposal { sessions, without, .. } = proposal;
        let support = show_number((proposal.support() * 1000.0).round() / 1000.0);
        let line = format!(
            "palisade {{\"version\":1,\"proposal\":{{\"policy\":\"{policy}\",\"requires\":[\"{step}\"]}},\
             \"support\":{support},\"sessions\":{sessions},\"would_have_stopped\":{without}}}"
        );
        host.log(Level::Info, &line);
    }

    /// Says that more fails under a policy than is usual, or no longer does, and counts it.
    pub(super) fn alarm(&mut self, host: &dyn Host, settings: &Settings, alarm: Alarm) {
        let (policy, level) = (name_of(settings, Some(alarm.policy)), alarm.level.name());
        let since = alarm.since_outcomes.map_or(String::new(), |n| format!(",\"since_outcomes\":{n}"));
        let line = format!("palisade {{\"version\":1,\"alarm\":\"{level}\",\"policy\":\"{policy}\"{since}}}");
        host.log(Level::Warn, &line);
        host.count(&report::alarms(policy, alarm.level), 1);
    }

    /// Publishes what was counted. Entries stay, at zero, so that a kind of trouble is said once.
    pub(super) fn publish(&mut self, host: &dyn Host, settings: &Settings) {
        for (what, count) in self.counts.iter_mut().filter(|(_, count)| **count > 0) {
            let policy = |index: &usize| name_of(settings, Some(*index));
            let metric = match what {
                Counted::Verdict(index, action, reason) => {
                    report::verdicts(policy(index), *action, reason.name(settings, *index))
                }
                Counted::Request(index, outcome) => report::requests(policy(index), outcome),
                Counted::Trouble(index, trouble) => report::troubles(name_of(settings, *index), *trouble),
                Counted::Table(what) => report::table(what),
            };
            host.count(&metric, std::mem::take(count));
        }
    }
}

/// Why a verdict was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// The policy's rule at this index.
    Rule(usize),
    /// What the client does is known as hostile.
    Behavior,
    /// The request came before what has to be done first.
    Lacks(Lacking),
    /// The request asks for more than one may.
    TooMuch(TooMuch),
    /// It holds a value that only the deceived were given.
    Canary,
    /// The limit at this index has nothing left.
    Limit(usize),
    /// The operator ruled so.
    Decreed,
    /// Its campaign is condemned as a whole.
    Campaign,
    /// An entry of `allow`, by its place.
    Allowed(usize),
    /// The session had earned it.
    Trusted,
    /// A rule that is no more: a verdict outlives a change of the configuration.
    Changed,
}

impl Reason {
    /// Its name in metrics and notes.
    pub(super) fn name(self, settings: &Settings, policy: usize) -> &str {
        let limits = &settings.limits;
        let policy = settings.policies.get(policy);
        let rules = policy.map(|policy| &policy.rules);
        let required = |place: usize| policy.and_then(|policy| policy.flow.as_ref()?.requires.get(place));
        match self {
            Self::Lacks(Lacking::Skipped(place)) => required(place).map_or("changed", |r| &r.skipped),
            Self::Lacks(Lacking::Hurried(place)) => required(place).map_or("changed", |r| &r.hurried),
            Self::Rule(index) => {
                rules.and_then(|rules| rules.get(index)).map_or("changed", |rule| rule.name.as_str())
            }
            Self::TooMuch(what) => what.name(),
            Self::Limit(index) => limits.get(index).map_or("changed", |limit| limit.name.as_str()),
            Self::Behavior => learn::REASON,
            Self::Canary => CANARY,
            Self::Decreed => "decreed",
            Self::Campaign => "campaign",
            Self::Allowed(place) => settings.allow.get(place).map_or("changed", |entry| &entry.name),
            Self::Trusted => "trusted",
            Self::Changed => "changed",
        }
    }
}

fn name_of(settings: &Settings, policy: Option<usize>) -> &str {
    policy.and_then(|p| settings.policies.get(p)).map_or("none", |p| &p.name)
}
