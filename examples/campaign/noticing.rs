//! What attackers need to notice that they are opposed, told of a day whose filter refuses and of one whose filter
//! deceives.

use comfy_table::Table;
use palisade::sandbox::Report;

use super::ledger::Ledger;
use super::shot::{CLASSES, Class};
use super::spells::Spells;
use super::tell;
use super::world::{TacticMark, Tell};

/// By how much deception is to raise what they need.
const GOAL: &str = ">= 10";

/// Of a day: what came of its requests, and its tactics.
#[derive(Clone, Copy)]
pub(crate) struct Met<'d> {
    /// What came of its requests.
    pub(crate) ledger: &'d Ledger,
    /// Its tactics.
    pub(crate) marks: &'d [TacticMark],
}

impl Met<'_> {
    /// The spells of a class, or of all.
    pub(crate) fn spells(self, class: Option<Class>) -> Spells {
        Spells::of(&self.ledger.tactics, self.marks, class)
    }
}

/// Each class that attacks, then all together.
fn classes() -> impl Iterator<Item = (Option<Class>, &'static str)> {
    let attacks = CLASSES.into_iter().filter(|(class, _)| class.is_attack());
    attacks.map(|(class, name)| (Some(class), name)).chain([(None, "all attackers")])
}

/// By class, for each of these days: how many noticed, by what, and after how many requests.
pub(crate) fn table(days: &[(&str, Met<'_>)]) -> Table {
    let mut table = tell::table(&[
        "noticing",
        "what the filter does",
        "tactics opposed",
        "noticed",
        "by refusals",
        "an impossible answer",
        "the yield",
        "loot that is not there",
        "requests for each notice",
        "median",
    ]);
    for (class, name) in classes() {
        for (does, met) in days {
            let spells = met.spells(class);
            if spells.0.is_empty() {
                continue;
            }
            let tells = [Tell::Refusals, Tell::KnownAnswer, Tell::Yield, Tell::Loot];
            let more = if spells.notices() == 0 { "> " } else { "" };
            let median = spells.median().map_or_else(|most| format!("> {most}"), |median| median.to_string());
            let mut row = vec![name.to_owned(), (*does).to_owned()];
            row.extend([spells.0.len(), spells.notices()].map(|count| count.to_string()));
            row.extend(tells.map(|tell| spells.by(tell).to_string()));
            row.extend([format!("{more}{:.1}", spells.mean()), median]);
            table.add_row(row);
        }
    }
    table
}

/// Adds what attackers needed, by class.
///
/// # Errors
/// When a figure was not measured.
pub(crate) fn add(met: Met<'_>, does: &str, report: &mut Report) -> Result<(), String> {
    for (class, name) in classes() {
        let spells = met.spells(class);
        if spells.0.is_empty() {
            continue;
        }
        let mut add = |what: &str, value: f64, unit: &str| {
            report.add(&format!("{name}, {does}: {what}"), value, unit, "")
        };
        add("tactics opposed", spells.0.len() as f64, "")?;
        add("noticed", spells.notices() as f64, "")?;
        add("requests for each notice", spells.mean(), "requests")?;
        match spells.median() {
            Ok(median) => add("requests until half have noticed", median as f64, "requests")?,
            Err(most) => add("requests until half have noticed, more than", most as f64, "requests")?,
        }
    }
    Ok(())
}

/// Adds how many times as many requests attackers need whom a filter deceives as those whom it refuses.
///
/// # Errors
/// When a figure was not measured.
pub(crate) fn compare(deceived: Met<'_>, refused: Met<'_>, report: &mut Report) -> Result<(), String> {
    for (class, name) in classes() {
        let [with, without] = [deceived, refused].map(|met| met.spells(class));
        if with.0.is_empty() || without.notices() == 0 {
            continue;
        }
        let goal = if class.is_none() { GOAL } else { "" };
        let times = with.mean() / without.mean();
        report.add(
            &format!("{name}: requests for each notice, deceived to refused"),
            times,
            "times",
            goal,
        )?;
        if let Ok(usual) = without.median() {
            let median = with.median().unwrap_or_else(|most| most);
            let times = median as f64 / usual.max(1) as f64;
            let name = format!("{name}: requests until half have noticed, deceived to refused, at least");
            report.add(&name, times, "times", goal)?;
        }
    }
    Ok(())
}
