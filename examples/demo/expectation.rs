//! What the demo is expected to show, in one place, and whether it did.
//!
//! The expectations are data; nothing about them is decided while it runs.

use palisade::sandbox::Report;

use crate::Played;
use crate::player::{Outcome, Plan, Side};

/// What is expected of every attack.
struct Expectation {
    /// Of its requests, the filter stops at least so many, in percent.
    stopped_percent: f64,
    /// Of what it wins without the filter, it wins at most so much, in percent.
    won_percent: u64,
    /// A lucky find before a client is known is no failure of the filter. Where so little is to be won
    /// that a find is more than `won_percent`, this many are allowed: an attack has some thirty tries in
    /// all until it is known on each operation and in each network, and of a list one in forty wins.
    won_by_luck: u64,
}

const OF_EVERY_ATTACK: Expectation = Expectation { stopped_percent: 90.0, won_percent: 5, won_by_luck: 3 };

/// Attacks that are after a single thing: there luck is not allowed.
const NO_LUCK: [&str; 1] = ["password cracking"];

/// Customers that may be hurt: none.
const CUSTOMERS_HURT: u64 = 0;

/// How the expectations fared.
pub(crate) struct Judged {
    /// Every figure with its goal.
    pub(crate) report: Report,
    /// Each expectation that did not hold, in words.
    pub(crate) failures: Vec<String>,
}

/// How many of what it wins without the filter an attack may win.
fn allowed(attack: &str, won_without: u64) -> u64 {
    let luck = if NO_LUCK.contains(&attack) { 0 } else { OF_EVERY_ATTACK.won_by_luck };
    (won_without * OF_EVERY_ATTACK.won_percent / 100).max(luck)
}

/// Compares what happened with what is expected.
///
/// # Errors
/// A figure that cannot be reported.
pub(crate) fn judge(plan: &Plan, with: &Played, without: &Played) -> Result<Judged, String> {
    let mut judged = Judged { report: Report::new("demo"), failures: Vec::new() };
    for ((scenario, with), without) in plan.scenarios.iter().zip(&with.outcomes).zip(&without.outcomes) {
        match scenario.side {
            Side::Customers => judged.customers(scenario.name, with, without)?,
            Side::Attackers(what) => judged.attack(scenario.name, what, with, without)?,
        }
    }
    for (side, played) in [("with the filter", with), ("without the filter", without)] {
        let count = played.disagreements.len() as f64;
        judged.report.add(&format!("ledger disagrees, {side}"), count, "entries", "== 0")?;
        judged.failures.extend(played.disagreements.iter().take(5).map(|what| format!("{side}: {what}")));
    }
    Ok(judged)
}

impl Judged {
    fn customers(&mut self, name: &str, with: &Outcome, without: &Outcome) -> Result<(), String> {
        // Without the filter nobody can be hurt by it: whoever is, shows that the demo itself is broken.
        for (side, outcome) in [("with", with), ("without", without)] {
            let hurt = outcome.people_hurt;
            let figure = format!("{name}: customers hurt {side} the filter");
            self.report.add(&figure, hurt as f64, "customers", &format!("<= {CUSTOMERS_HURT}"))?;
            if hurt > CUSTOMERS_HURT {
                let (harmed, first) = (outcome.harmed, outcome.complaints.join("\n    "));
                self.failures.push(format!("{figure}: {hurt}, in {harmed} requests, such as\n    {first}"));
            }
        }
        self.report.add(&format!("{name}: requests"), with.requests as f64, "requests", "")
    }

    fn attack(&mut self, name: &str, what: &str, with: &Outcome, without: &Outcome) -> Result<(), String> {
        let least = OF_EVERY_ATTACK.stopped_percent;
        let stopped = with.stopped_percent();
        self.report.add(&format!("{name}: requests"), with.requests as f64, "requests", "")?;
        self.report.add(&format!("{name}: stopped"), stopped, "%", &format!(">= {least}"))?;
        if stopped < least {
            self.failures.push(format!("{name}: {stopped:.1} % stopped, at least {least} % expected"));
        }
        let (won, won_without) = (with.won.len() as u64, without.won.len() as u64);
        let most = allowed(name, won_without);
        self.report.add(&format!("{name}: {what} with the filter"), won as f64, "", &format!("<= {most}"))?;
        self.report.add(&format!("{name}: {what} without the filter"), won_without as f64, "", "> 0")?;
        if won > most {
            self.failures
                .push(format!("{name}: {won} {what}, at most {most} expected ({won_without} without)"));
        }
        if won_without == 0 {
            self.failures.push(format!("{name}: nothing was won without the filter, so nothing is shown"));
        }
        let unanswered = with.unanswered + without.unanswered;
        self.report.add(&format!("{name}: unanswered"), unanswered as f64, "requests", "== 0")?;
        if unanswered > 0 {
            self.failures.push(format!("{name}: {unanswered} requests got no answer"));
        }
        Ok(())
    }
}
