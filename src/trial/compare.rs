//! The candidate's guard, and what its verdicts are beside those of the live one.

use super::apart::Apart;
use super::exchange::Beside;
use super::row::{self, Count, ROW_BYTES, Row, Whom, rows_bytes};
use crate::decide::Action;
use crate::guard::{Guard, Next, Step};
use crate::host::{Host, Level};
use crate::memory::sheet::{SheetId, SheetSpec, Sheets};
use crate::policy::{Candidate, WHOLE_SHARE};
use crate::report::{self, Comparison, Difference, Note, Pace};

/// How often what a worker counted is added to the rows, in milliseconds.
const ADD_EVERY_MS: u64 = 1_000;

/// How often there is a line for a policy, in seconds.
const LINE_EVERY_S: u32 = 60;

/// Where the generations of the rows are.
const BOARD: &str = "pal1.trials";

/// A candidate at work in one worker.
pub(super) struct Trial {
    pub(super) guard: Guard,
    share: u32,
    stamp: u64,
    policies: Vec<String>,
    /// By policy, what this worker counted and the rows do not have yet; empty: nothing.
    counted: Vec<Vec<u8>>,
    rows: Sheets,
    /// When it was first asked, and when it last added to the rows, in milliseconds since 1970; 0: never.
    began_ms: u64,
    added_ms: u64,
    pace: Pace,
}

/// What a guard came to about a request.
pub(super) struct Said {
    action: Action,
    note: Option<Note>,
}

impl Said {
    /// `None`: nothing yet.
    fn of(step: &Step) -> Option<Self> {
        let passes = match step.next {
            Next::Hold | Next::HoldBody => return None,
            Next::Pass => true,
            Next::Reply(_) | Next::Wait(..) => false,
        };
        let said = step.note.as_ref().map_or(Action::Block, |note| note.action);
        // What a policy that observes lets pass it would not, and what a limit lets pass it does.
        let observes = step.note.as_ref().is_some_and(|note| !note.enforced);
        let action = if passes && !observes { Action::Allow } else { said };
        Some(Self { action, note: step.note.clone() })
    }

    /// Whether it does more than let the request pass.
    fn acts(&self) -> bool {
        self.action.stands()
    }
}

impl Trial {
    pub(super) fn new(candidate: Candidate) -> Self {
        let Candidate { mut settings, share, stamp, .. } = candidate;
        settings.memory_bytes = settings.memory_bytes.saturating_sub(rows_bytes(settings.policies.len()));
        let policies: Vec<String> = settings.policies.iter().map(|policy| policy.name.clone()).collect();
        let spec = |place| SheetSpec { name: format!("pal1.trial.{place:x}"), bytes: ROW_BYTES };
        Self {
            share,
            stamp,
            counted: vec![Vec::new(); policies.len()],
            rows: Sheets::on_board(BOARD, (0..policies.len()).map(spec).collect()),
            policies,
            began_ms: 0,
            added_ms: 0,
            pace: Pace::default(),
            guard: Guard::new(settings),
        }
    }

    /// Whether it decides about a client's requests: of a greater share each client of a smaller one is, too.
    pub(super) fn decides_for(&self, client: u64) -> bool {
        // The lower half: the upper one chooses places in sketches.
        let part = ((client & u64::from(u32::MAX)) * u64::from(WHOLE_SHARE)) >> 32;
        part < u64::from(self.share)
    }

    /// What becomes of a request after a step of the live guard, and one of the candidate's, of which at least
    /// one has something to say.
    pub(super) fn settle(&mut self, host: &dyn Host, x: &mut Beside, steps: [Option<Step>; 2]) -> Step {
        for (said, step) in x.said.iter_mut().zip(&steps) {
            if let Some(step) = step {
                *said = Said::of(step);
            }
        }
        let [live, candidate] = steps;
        let own = if x.decides { candidate } else { live };
        // It let the request pass, and only the other one waited for the body.
        let mut own = own.unwrap_or_else(|| Step::next(Next::Pass));
        if let Some(note) = own.note.as_mut() {
            note.candidate = x.decides;
        }
        match &x.said {
            [Some(live), Some(candidate)] => {
                self.note(host, x, live, candidate);
                x.said = [None, None];
            }
            // The other one has to see the body. Where the request is answered it never will.
            _ if matches!(own.next, Next::Pass) => own.next = Next::HoldBody,
            _ => {}
        }
        own
    }

    fn note(&mut self, host: &dyn Host, x: &Beside, live: &Said, candidate: &Said) {
        let (Some(policy), Some(counted)) = (self.policies.get(x.policy), self.counted.get_mut(x.policy))
        else {
            return;
        };
        counted.resize(ROW_BYTES, 0);
        row::add(counted, Count::Requests, 1);
        if x.decides {
            row::add(counted, Count::Decided, 1);
        }
        if candidate.acts() {
            row::meet(counted, Whom::ActedOn, x.client);
        }
        match (live.acts(), candidate.acts()) {
            (false, true) => row::meet(counted, Whom::LiveAllowed, x.client),
            (true, false) => row::meet(counted, Whom::LiveAlone, x.client),
            _ => {}
        }
        if live.action == candidate.action {
            return;
        }
        Apart(host).count(&report::differences(policy, candidate.action, live.action), 1);
        if let Some(suppressed) = self.pace.take(host.now_ms()) {
            let line = Difference {
                policy,
                action: candidate.action,
                live: live.action,
                decides: x.decides,
                note: candidate.note.as_ref().or(live.note.as_ref()),
                suppressed,
            };
            host.log(Level::Info, &line.text());
        }
    }

    /// Housekeeping.
    pub(super) fn tick(&mut self, host: &dyn Host) {
        self.guard.tick(&Apart(host));
        let now_ms = host.now_ms();
        if self.began_ms == 0 {
            self.began_ms = now_ms;
        }
        if now_ms.abs_diff(self.added_ms) < ADD_EVERY_MS {
            return;
        }
        self.added_ms = now_ms;
        for policy in 0..self.policies.len() {
            self.add(host, policy, now_ms);
        }
        self.rows.tell_and_hear(host);
    }

    /// Adds what was counted under a policy to its row, and tells of it now and then.
    fn add(&mut self, host: &dyn Host, policy: usize, now_ms: u64) {
        let (Some(counted), Some(name)) = (self.counted.get_mut(policy), self.policies.get(policy)) else {
            return;
        };
        if counted.is_empty() {
            return;
        }
        let now_s = u32::try_from(now_ms / 1000).unwrap_or(u32::MAX);
        let (stamp, began_s) = (self.stamp, u32::try_from(self.began_ms / 1000).unwrap_or(u32::MAX));
        let mut is_told = false;
        let id = SheetId(policy);
        let done = self.rows.change(host, id, &mut |bytes| {
            is_told = false;
            if Row(bytes).stamp() != stamp {
                // Of a configuration that came after this worker's: its own is on its way out.
                if Row(bytes).since_s() > began_s {
                    return;
                }
                row::begin(bytes, stamp, now_s);
            }
            row::merge(bytes, counted);
            if now_s.abs_diff(Row(bytes).told_s()) >= LINE_EVERY_S {
                row::tell(bytes, now_s);
                is_told = true;
            }
        });
        // Else it is added the next time.
        if !done {
            return;
        }
        counted.clear();
        let row = Row(self.rows.read(host, id));
        if row.stamp() != stamp {
            return;
        }
        for whom in Whom::ALL {
            Apart(host).gauge(&report::clients(name, whom.name()), row.clients(whom));
        }
        if is_told {
            host.log(Level::Info, &comparison(name, &row).text());
        }
    }
}

fn comparison<'p>(policy: &'p str, row: &Row<'_>) -> Comparison<'p> {
    Comparison {
        policy,
        since_s: row.since_s(),
        requests: row.count(Count::Requests),
        decided: row.count(Count::Decided),
        acted_on: (row.count(Count::ActedOn), row.clients(Whom::ActedOn)),
        live_allowed: (row.count(Count::LiveAllowed), row.clients(Whom::LiveAllowed)),
        live_alone: (row.count(Count::LiveAlone), row.clients(Whom::LiveAlone)),
    }
}
