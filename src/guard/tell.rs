//! What one worker has to tell: counts until the next tick, lines at once but not too many.

use std::collections::BTreeMap;

use crate::decide::Action;
use crate::facts::Outcome;
use crate::host::{Expected, Host, Level, Metric};
use crate::memory::layout::mark_name;
use crate::policy::Settings;
use crate::report::{self, Pace, Trouble, VerdictLine};

/// Counts since the last tick. Every key comes from the configuration, so there is a bounded
/// number of them.
#[derive(Default)]
pub(super) struct Tell {
    verdicts: BTreeMap<(usize, Action, usize), u64>,
    outcomes: BTreeMap<(usize, u8), u64>,
    troubles: BTreeMap<(Option<usize>, Trouble), u64>,
    table: BTreeMap<&'static str, u64>,
    pace: Pace,
}

/// Where outcomes and Palisade's own answers are counted.
const ANSWERED: u8 = 3;

impl Tell {
    /// Counts a verdict on a request; `rule` is the reason's index.
    pub(super) fn verdict(&mut self, policy: usize, action: Action, rule: usize) {
        *self.verdicts.entry((policy, action, rule)).or_default() += 1;
    }

    /// Counts an outcome.
    pub(super) fn outcome(&mut self, policy: usize, outcome: Outcome) {
        *self.outcomes.entry((policy, outcome as u8)).or_default() += 1;
    }

    /// Counts an answer of Palisade's own.
    pub(super) fn answered(&mut self, policy: usize) {
        *self.outcomes.entry((policy, ANSWERED)).or_default() += 1;
    }

    /// Counts something that the table did.
    pub(super) fn table(&mut self, what: &'static str, times: u64) {
        if times > 0 {
            *self.table.entry(what).or_default() += times;
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
        let known = self.troubles.contains_key(&(policy, trouble));
        *self.troubles.entry((policy, trouble)).or_default() += times;
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

    /// Publishes what was counted. Entries stay, at zero, so that a kind of trouble is said once.
    pub(super) fn publish(&mut self, host: &dyn Host, settings: &Settings) {
        let send = |count: &mut u64, metric: &dyn Fn() -> Metric| {
            if *count > 0 {
                host.count(&metric(), std::mem::take(count));
            }
        };
        for (&(policy, action, rule), count) in &mut self.verdicts {
            send(count, &|| {
                let found = settings.policies.get(policy).and_then(|p| p.rules.get(rule));
                report::verdicts(
                    name_of(settings, Some(policy)),
                    action,
                    found.map_or("changed", |r| &r.name),
                )
            });
        }
        for (&(policy, kind), count) in &mut self.outcomes {
            let name = name_of(settings, Some(policy));
            send(count, &|| match kind {
                ANSWERED => report::answered(name),
                kind if kind == Outcome::Success as u8 => report::outcomes(name, Outcome::Success),
                kind if kind == Outcome::Failure as u8 => report::outcomes(name, Outcome::Failure),
                _ => report::outcomes(name, Outcome::Error),
            });
        }
        for (&(policy, trouble), count) in &mut self.troubles {
            send(count, &|| report::troubles(name_of(settings, policy), trouble));
        }
        for (what, count) in &mut self.table {
            send(count, &|| report::table(what));
        }
    }
}

fn name_of(settings: &Settings, policy: Option<usize>) -> &str {
    policy.and_then(|p| settings.policies.get(p)).map_or("none", |p| &p.name)
}
