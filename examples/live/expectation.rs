//! What a campaign of an hour in a minute is expected to show, and whether it did.
//!
//! The bounds are wide of what is seen. In virtual time, over forty seeds, with ticks as rare as they
//! are here, 95 to 99 % of stuffing is stopped, 90 to 96 % of fake accounts and 95 to 99 % of scans, and
//! at most two accounts are taken. Of customers' requests at most 0.1 % are harmed there; through
//! Envoy, where answers come later and never twice at the same time, up to 0.4 % were seen. The day of
//! `make campaign` gives the filter twenty-four times as long to learn who is a customer.

use palisade::sandbox::Report;

use super::Came;

/// Of each class, at least so many requests are stopped, in percent.
const STOPPED_PERCENT: [(&str, f64); 3] = [("stuffing", 90.0), ("fake accounts", 80.0), ("scanning", 80.0)];
/// Of customers' requests, at most so many are harmed, in percent.
const HARMED_PERCENT: f64 = 1.0;
/// Of what is won without the filter, at most so much is won with it, in percent.
const WON_PERCENT: f64 = 20.0;

/// By Envoy's clock, at least so much of the campaign's time passes: else it did not run fast.
const PASSED: f64 = 0.95;

/// Adds the figures to a report, and tells each expectation that did not hold, in words.
///
/// # Errors
/// A figure that cannot be reported.
pub(crate) fn judge(came: &Came, hours: f64, report: &mut Report) -> Result<Vec<String>, String> {
    let mut judged = Judged { report, failures: Vec::new() };
    let legitimate = came.legitimate();
    judged.tell("customers' requests", legitimate.requests as f64, "requests")?;
    judged.expect("customers' requests harmed", legitimate.percent(), "%", "<=", HARMED_PERCENT)?;
    for (name, count) in &came.cohorts {
        judged.tell(&format!("harmed: {name}"), count.percent(), "%")?;
    }
    for (name, count) in &came.classes {
        judged.tell(&format!("{name}: requests"), count.requests as f64, "requests")?;
        let figure = format!("{name}: stopped");
        match STOPPED_PERCENT.iter().find(|(class, _)| class == name) {
            Some((_, least)) => judged.expect(&figure, count.percent(), "%", ">=", *least)?,
            None => judged.tell(&figure, count.percent(), "%")?,
        }
    }
    for (name, (with, without)) in [("accounts taken", came.taken), ("accounts faked", came.fakes)] {
        let most = (without as f64 * WON_PERCENT / 100.0).floor();
        judged.expect(&format!("{name} with the filter"), with as f64, "accounts", "<=", most)?;
        judged.expect(&format!("{name} without the filter"), without as f64, "accounts", ">", 0.0)?;
    }
    let unanswered = came.driven.unanswered as f64;
    judged.expect("unanswered", unanswered, "requests", "==", 0.0)?;
    judged.failures.extend(came.driven.complaints.iter().cloned());
    // What clients took for the origin's answers, it gave, and nothing else.
    let differs = came.asked.abs_diff(came.driven.passed) as f64;
    judged.expect("origin disagrees", differs, "requests", "==", 0.0)?;
    judged.expect("passed by Envoy's clock", came.envoy_hours, "h", ">=", PASSED * hours)?;
    judged.tell("not judged", came.trouble as f64, "times")?;
    judged.tell("played", came.driven.seconds, "s")?;
    judged.tell("woken late, 99 % by at most", came.late_ms(), "ms")?;
    Ok(judged.failures)
}

struct Judged<'r> {
    report: &'r mut Report,
    failures: Vec<String>,
}

impl Judged<'_> {
    fn tell(&mut self, name: &str, value: f64, unit: &str) -> Result<(), String> {
        self.report.add(&format!("campaign, {name}"), value, unit, "")
    }

    fn expect(&mut self, name: &str, value: f64, unit: &str, how: &str, bound: f64) -> Result<(), String> {
        let goal = format!("{how} {bound}");
        let is_met = match how {
            "<=" => value <= bound,
            ">=" => value >= bound,
            ">" => value > bound,
            _ => (value - bound).abs() < f64::EPSILON,
        };
        if !is_met {
            self.failures.push(format!("campaign, {name}: {value:.2} {unit}, {goal} expected"));
        }
        self.report.add(&format!("campaign, {name}"), value, unit, &goal)
    }
}
