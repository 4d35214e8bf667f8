//! What the demo shows in the end. It computes nothing that is not already known.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use crate::player::{Outcome, Plan, Side};

/// One row for each scenario, with and without the filter.
pub(crate) fn comparison(plan: &Plan, with: &[Outcome], without: &[Outcome]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "scenario",
        "requests",
        "stopped",
        "customers hurt",
        "got away with",
        "with filter",
        "without",
    ]);
    for ((scenario, with), without) in plan.scenarios.iter().zip(with).zip(without) {
        let requests = with.requests.to_string();
        let stopped = format!("{:.1} %", with.stopped_percent());
        let row = match scenario.side {
            Side::Customers => {
                let hurt = format!("{} of {}", with.people_hurt, scenario.actors.len());
                [
                    scenario.name.to_owned(),
                    requests,
                    stopped,
                    hurt,
                    String::new(),
                    String::new(),
                    String::new(),
                ]
            }
            Side::Attackers(what) => {
                let (won, won_without) = (with.won.len().to_string(), without.won.len().to_string());
                [
                    scenario.name.to_owned(),
                    requests,
                    stopped,
                    String::new(),
                    what.to_owned(),
                    won,
                    won_without,
                ]
            }
        };
        table.add_row(row);
    }
    for column in [1, 2, 3, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// What Envoy's counters say the filter did: requests by policy, action and reason.
pub(crate) fn verdicts(stats: &BTreeMap<String, u64>) -> String {
    let mut text = String::from("Counted by Envoy (wasmcustom.palisade_*):");
    for (name, count) in stats {
        let Some(name) = name.strip_prefix("wasmcustom.palisade_") else { continue };
        if *count > 0 && (name.starts_with("verdicts.") || name.starts_with("trouble.")) {
            text.push_str(&format!("\n  {count:>6}  {name}"));
        }
    }
    text
}
