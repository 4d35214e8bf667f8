//! The one place that writes what a command measured: a table for people, and
//! `target/report/NAME.json` for programs. It measures nothing itself.

use std::path::PathBuf;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::project_root;

/// Figures of one run of one command.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    name: String,
    commit: String,
    figures: Vec<Figure>,
}

/// One measured figure.
#[derive(Clone, Debug, Serialize)]
struct Figure {
    name: String,
    value: f64,
    unit: String,
    /// Text such as `<= 1.5`; empty where nothing is to be reached.
    goal: String,
    met: bool,
}

impl Report {
    /// An empty report; `name` names its file.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), commit: commit(), figures: Vec::new() }
    }

    /// Adds a figure that was measured in this run. `goal` is `OPERATOR NUMBER` with one of
    /// `<= < >= > ==`, or empty.
    ///
    /// # Errors
    /// When the value is not finite or the goal cannot be read.
    pub fn add(&mut self, name: &str, value: f64, unit: &str, goal: &str) -> Result<(), String> {
        if !value.is_finite() {
            return Err(format!("figure `{name}` is {value}: it was not measured"));
        }
        let met = is_met(value, goal).ok_or_else(|| {
            format!("figure `{name}`: goal `{goal}` is not OPERATOR NUMBER with one of <= < >= > ==")
        })?;
        let (name, unit, goal) = (name.to_owned(), unit.to_owned(), goal.to_owned());
        self.figures.push(Figure { name, value, unit, goal, met });
        Ok(())
    }

    /// Whether every goal was met.
    #[must_use]
    pub fn all_met(&self) -> bool {
        self.figures.iter().all(|figure| figure.met)
    }

    /// The table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["figure", "value", "unit", "goal", ""]);
        for figure in &self.figures {
            let mark = match (figure.goal.is_empty(), figure.met) {
                (true, _) => "",
                (false, true) => "met",
                (false, false) => "MISSED",
            };
            table.add_row([&figure.name, &shown(figure.value), &figure.unit, &figure.goal, mark]);
        }
        table.to_string()
    }

    /// Writes `target/report/NAME.json` and says where.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self) -> Result<PathBuf, String> {
        let folder = project_root()?.join("target/report");
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let path = folder.join(format!("{}.json", self.name));
        let text = serde_json::to_string_pretty(self).map_err(|e| format!("{}: {e}", path.display()))?;
        std::fs::write(&path, text + "\n").map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }
}

/// Whether a value meets a goal; `None` for a goal that cannot be read.
fn is_met(value: f64, goal: &str) -> Option<bool> {
    if goal.is_empty() {
        return Some(true);
    }
    let (operator, bound) = goal.split_once(' ')?;
    let bound: f64 = bound.trim().parse().ok().filter(|bound: &f64| bound.is_finite())?;
    match operator {
        "<=" => Some(value <= bound),
        "<" => Some(value < bound),
        ">=" => Some(value >= bound),
        ">" => Some(value > bound),
        "==" => Some((value - bound).abs() < f64::EPSILON),
        _ => None,
    }
}

/// Whole numbers as such, others with three digits that count.
fn shown(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// The commit the figures belong to; `-dirty` is added when files differ from it.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if !changes.is_empty() => format!("{commit}-dirty"),
        _ => commit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_computed() {
        let cases = [
            (1.5, "<= 1.5", Some(true)),
            (1.51, "<= 1.5", Some(false)),
            (700.0, "< 700", Some(false)),
            (500_000.0, ">= 500000", Some(true)),
            (0.0, "== 0", Some(true)),
            (1.0, "== 0", Some(false)),
            (2.0, "> 1", Some(true)),
            (9.0, "", Some(true)),
            (1.0, "about 1", None),
            (1.0, "<=1", None),
            (1.0, "<= x", None),
        ];
        for (value, goal, met) in cases {
            assert_eq!(is_met(value, goal), met, "{value} {goal}");
        }
    }

    #[test]
    fn what_was_not_measured_is_refused() {
        let mut report = Report::new("test");
        assert!(report.add("ratio", f64::NAN, "", "<= 1").unwrap_err().contains("ratio"));
        report.add("cost", 12.25, "us", "<= 12").unwrap();
        assert!(!report.all_met());
        assert!(report.table().contains("MISSED") && report.table().contains("12.250"));
    }
}
