//! What a campaign through Envoy came to, in numbers, and as a table.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use super::drive::Driven;
use crate::campaign::ledger::{Count, Ledger};
use crate::campaign::shot::{CLASSES, COHORTS};
use crate::campaign::tell::{quantile, sum};

/// All that is told of it.
pub(crate) struct Came {
    /// Requests of customers, by cohort.
    pub(crate) cohorts: Vec<(&'static str, Count)>,
    /// Requests of attackers, by what they were for.
    pub(crate) classes: Vec<(&'static str, Count)>,
    /// Accounts taken, with the filter and without.
    pub(crate) taken: (u64, u64),
    /// Fake accounts, with the filter and without.
    pub(crate) fakes: (u64, u64),
    /// Requests that the origin says it answered.
    pub(crate) asked: u64,
    /// How it was played.
    pub(crate) driven: Driven,
    /// Hours that passed by Envoy's clock.
    pub(crate) envoy_hours: f64,
    /// How often the filter says that it could not judge.
    pub(crate) trouble: u64,
}

/// What others than the actors saw of it.
pub(super) struct Seen {
    /// Requests that the origin answered.
    pub(super) asked: u64,
    /// Envoy's counters.
    pub(super) stats: BTreeMap<String, u64>,
    /// Hours that passed by Envoy's clock.
    pub(super) envoy_hours: f64,
}

/// The time of a line of Envoy's access log, `"time":"2027-01-18T08:00:01.000Z"`, in hours since the
/// month began.
pub(super) fn hour_of_line(line: &str) -> Option<f64> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let time = line.get("time")?.as_str()?;
    let number = |at: std::ops::Range<usize>| time.get(at)?.parse::<f64>().ok();
    let (day, hour, minute, second) = (number(8..10)?, number(11..13)?, number(14..16)?, number(17..19)?);
    Some(day * 24.0 + hour + minute / 60.0 + second / 3600.0)
}

impl Came {
    pub(super) fn new(with: &Ledger, without: &Ledger, driven: Driven, seen: &Seen) -> Self {
        let trouble = seen.stats.iter().filter(|(name, _)| name.starts_with("wasmcustom.palisade_trouble."));
        let cohorts =
            COHORTS.iter().filter_map(|(cohort, name)| Some((*name, with.cohorts.get(cohort)?.count)));
        let classes = CLASSES.iter().filter_map(|(class, name)| Some((*name, *with.classes.get(class)?)));
        Self {
            cohorts: cohorts.collect(),
            classes: classes.collect(),
            taken: (with.taken.len() as u64, without.taken.len() as u64),
            fakes: (with.fakes, without.fakes),
            asked: seen.asked,
            driven,
            envoy_hours: seen.envoy_hours,
            trouble: trouble.map(|(_, times)| times).sum(),
        }
    }

    /// All of customers.
    pub(crate) fn legitimate(&self) -> Count {
        sum(self.cohorts.iter().map(|(_, count)| count))
    }

    /// How late an actor was woken, of a hundred the last but one, in real milliseconds.
    pub(crate) fn late_ms(&self) -> f64 {
        quantile(&self.driven.late_ms, 0.99)
    }

    /// Requests and what was stopped of them, by cohort and class; then what was won.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header(["campaign", "requests", "stopped", "%", "with filter", "without"]);
        let all = self.legitimate();
        for (name, count) in self.cohorts.iter().chain([&("all customers", all)]).chain(&self.classes) {
            let percent = format!("{:.2}", count.percent());
            let (requests, stopped) = (count.requests.to_string(), count.stopped.to_string());
            table.add_row([*name, &requests, &stopped, &percent]);
        }
        for (name, (with, without)) in [("accounts taken", self.taken), ("accounts faked", self.fakes)] {
            table.add_row([name, "", "", "", &with.to_string(), &without.to_string()]);
        }
        for column in 1..=5 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}
