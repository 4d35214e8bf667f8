//! `cargo bench --bench shift`: how soon an attack on a whole role is found by its failure share,
//! and how often none is found for one. Simulated outcomes, seeded: every run gives the same
//! figures, but for the time an outcome takes.
//!
//! Beside it runs what is to be beaten: a sum of the failure shares of batches of 100 (CUSUM), on
//! the same outcomes. A delay is the outcomes from the first of the attack to the alarm, by 100.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]

use std::ops::Range;
use std::time::Instant;

use palisade::detect::shift::{Level, Shift};
use palisade::detect::usual::Usual;
use palisade::sandbox::Report;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const USUAL: f64 = 0.12;
/// How often an attacker's requests fail.
const HOSTILE: f64 = 0.98;
const POINT: f64 = 0.01;

const BATCH: u64 = 100;
/// 400,000 batches.
const QUIET: u64 = 400_000 * BATCH;
/// 4,000 batches: what goes by between two looks of an operator, or a day.
const DAY: u64 = 4_000 * BATCH;
const DAYS: u64 = QUIET / DAY;
const SEEDS: u64 = 5;
const RUNS: u64 = 2_000;
/// How long it was quiet before an attack.
const RUN_IN: Range<u64> = 2_000..12_000;
/// The same for a learned share, which takes longer to settle.
const LONG_RUN_IN: Range<u64> = 50_000..60_000;

/// A test takes in an outcome and says whether its alarm stands.
trait Test {
    fn observe(&mut self, failed: bool) -> bool;
}

/// The project's, told what share is usual.
struct Told {
    shift: Shift,
    usual: f64,
}

impl Told {
    fn new(usual: f64) -> Self {
        Self { shift: Shift::default(), usual }
    }
}

impl Test for Told {
    fn observe(&mut self, failed: bool) -> bool {
        self.shift.observe(self.usual, failed);
        self.shift.level() > Level::Usual
    }
}

/// The project's, which learns the usual share from all outcomes, attacks included: the worst
/// that a caller can do.
struct Learned {
    shift: Shift,
    usual: Usual,
    preset: f64,
}

impl Learned {
    fn new(preset: f64) -> Self {
        Self { shift: Shift::default(), usual: Usual::default(), preset }
    }
}

impl Test for Learned {
    fn observe(&mut self, failed: bool) -> bool {
        self.shift.observe(self.usual.share(self.preset), failed);
        self.usual.learn(self.preset, failed, self.shift.is_in_doubt());
        self.shift.level() > Level::Usual
    }
}

/// What is to be beaten: p0 0.12, k 0.04, h 0.4. It begins anew once it has given an alarm.
#[derive(Default)]
struct Batches {
    seen: u64,
    failed: u64,
    sum: f64,
}

impl Test for Batches {
    fn observe(&mut self, failed: bool) -> bool {
        self.seen += 1;
        self.failed += u64::from(failed);
        if self.seen < BATCH {
            return false;
        }
        self.sum = (self.sum + self.failed as f64 / BATCH as f64 - USUAL - 0.04).max(0.0);
        (self.seen, self.failed) = (0, 0);
        let alarm = self.sum > 0.4;
        if alarm {
            self.sum = 0.0;
        }
        alarm
    }
}

/// The share that fails where `share` of the requests are attack.
fn attacked(share: f64) -> f64 {
    USUAL + share * (HOSTILE - USUAL)
}

/// Alarms while `outcomes` go by, of which `failing` says how likely each is to fail.
fn alarms(test: &mut impl Test, seed: u64, outcomes: u64, failing: impl Fn(u64) -> f64) -> u64 {
    let mut random = SmallRng::seed_from_u64(seed);
    let (mut count, mut stood) = (0, false);
    for n in 0..outcomes {
        let stands = test.observe(random.random_bool(failing(n)));
        count += u64::from(stands && !stood);
        stood = stands;
    }
    count
}

/// Alarms where failures come in runs: two of a hundred people fail four times one after another,
/// the others so much less that `USUAL` of all outcomes fail.
fn alarms_in_runs(test: &mut impl Test, seed: u64) -> u64 {
    let mut random = SmallRng::seed_from_u64(seed);
    let (mut count, mut stood, mut left) = (0, false, 0);
    for _ in 0..QUIET {
        if left == 0 && random.random_bool(0.02) {
            left = 4;
        }
        let failed = left > 0 || random.random_bool((USUAL * 1.06 - 0.08) / 0.98);
        left = u32::saturating_sub(left, 1);
        let stands = test.observe(failed);
        count += u64::from(stands && !stood);
        stood = stands;
    }
    count
}

/// Delays of one kind of attack after a quiet time, in outcomes, and the tests as they stood then.
/// An attack that was not found in 4,000 batches counts as those.
fn delays<T: Test>(share: f64, quiet: Range<u64>, begin: impl Fn() -> T) -> Vec<(u64, T)> {
    let one = |seed| {
        let mut random = SmallRng::seed_from_u64(seed);
        loop {
            let mut test = begin();
            let run_in = random.random_range(quiet.clone());
            let stood = (0..run_in).fold(false, |_, _| test.observe(random.random_bool(USUAL)));
            if stood {
                // A false alarm: `alarms` counts those.
                continue;
            }
            let delay = (1..=DAY).find(|_| test.observe(random.random_bool(attacked(share))));
            return (delay.unwrap_or(DAY), test);
        }
    };
    (0..RUNS).map(one).collect()
}

/// Mean delay in batches.
fn mean_delay<T: Test>(share: f64, quiet: Range<u64>, begin: impl Fn() -> T) -> f64 {
    let delays = delays(share, quiet, begin);
    mean(delays.iter().map(|(delay, _)| *delay as f64)) / BATCH as f64
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

fn against_batches(report: &mut Report) -> Result<(), String> {
    let worst = |count: &dyn Fn(u64) -> u64| (0..SEEDS).map(count).max().unwrap_or(u64::MAX) as f64;
    let quiet = "false alarms in 400,000 quiet batches, worst of 5 seeds";
    let ours = worst(&|seed| alarms(&mut Told::new(USUAL), seed, QUIET, |_| USUAL));
    report.add(quiet, ours, "alarms", "<= 1")?;
    let theirs = worst(&|seed| alarms(&mut Batches::default(), seed, QUIET, |_| USUAL));
    report.add("  by batches", theirs, "alarms", "")?;
    for (share, goal) in [(0.05, "< 57"), (0.1, "< 9.5"), (0.2, "< 3.6"), (0.5, "< 1.6")] {
        let name = format!("mean delay at {:.0} % attack", share * 100.0);
        report.add(&name, mean_delay(share, RUN_IN, || Told::new(USUAL)), "batches", goal)?;
        report.add("  by batches", mean_delay(share, RUN_IN, Batches::default), "batches", "")?;
    }
    Ok(())
}

/// The usual share is not what was thought.
fn with_a_wrong_share(report: &mut Report) -> Result<(), String> {
    // A day in which the share goes up and down once, by so many points either way.
    let wander = |points: f64| {
        move |n: u64| USUAL + points * POINT * (n as f64 / DAY as f64 * std::f64::consts::TAU).sin()
    };
    let low = |points: f64| move |_| USUAL + points * POINT;
    let mut row = |name: &str, alarms: u64, goal: &str| report.add(name, alarms as f64, "alarms", goal);
    let quiet = "in 400,000 quiet batches";
    let told = || Told::new(USUAL);
    row(&format!("{quiet}, share a point above"), alarms(&mut told(), 11, QUIET, low(1.0)), "<= 1")?;
    row("  by batches", alarms(&mut Batches::default(), 11, QUIET, low(1.0)), "")?;
    row(&format!("{quiet}, two points above"), alarms(&mut told(), 12, QUIET, low(2.0)), "")?;
    row(&format!("{quiet}, a point below"), alarms(&mut told(), 13, QUIET, low(-1.0)), "<= 1")?;
    row(
        &format!("{quiet}, wandering by a point a day"),
        alarms(&mut told(), 14, QUIET, wander(1.0)),
        "<= 1",
    )?;
    row("  by batches", alarms(&mut Batches::default(), 14, QUIET, wander(1.0)), "")?;
    row(&format!("{quiet}, wandering by two points"), alarms(&mut told(), 15, QUIET, wander(2.0)), "")?;
    row(&format!("{quiet}, failures in runs of four"), alarms_in_runs(&mut told(), 16), "")?;
    row("  by batches", alarms_in_runs(&mut Batches::default(), 16), "")?;
    // All that was told is a point too high, which is the same as a share a point below.
    let late = mean_delay(0.05, RUN_IN, || Told::new(USUAL + POINT));
    report.add("mean delay at 5 % attack, share overstated by a point", late, "batches", "")
}

/// The usual share is learned, from all outcomes.
fn with_a_learned_share(report: &mut Report) -> Result<(), String> {
    let starts = |seed: u64, preset: f64, failing: f64| {
        let found = |day| alarms(&mut Learned::new(preset), seed + day, DAY, |_| failing) > 0;
        (0..DAYS).filter(|&day| found(day)).count() as f64
    };
    let quiet = "of 100 quiet starts of 4,000 batches, with an alarm, learned";
    report.add(quiet, starts(1_000, USUAL, USUAL), "starts", "<= 1")?;
    report.add("  preset 2 points below", starts(2_000, USUAL - 2.0 * POINT, USUAL), "starts", "")?;
    report.add("  preset 3 points below", starts(3_000, USUAL - 3.0 * POINT, USUAL), "starts", "")?;
    let learned = || Learned::new(USUAL);
    for (share, goal) in [(0.05, "< 57"), (0.1, "< 9.5")] {
        let name = format!("mean delay at {:.0} % attack, learned", share * 100.0);
        report.add(&name, mean_delay(share, LONG_RUN_IN, learned), "batches", goal)?;
        report.add("  after a short time", mean_delay(share, RUN_IN, learned), "batches", "")?;
    }
    for share in [0.05, 0.1, 0.2] {
        let name = format!("attacked from the first outcome at {:.0} %, found", share * 100.0);
        report.add(&name, starts(4_000, USUAL, attacked(share)), "starts of 100", "")?;
    }
    Ok(())
}

/// Where an alarm says that the attack began, when it ends, and what an outcome costs.
fn what_an_alarm_says(report: &mut Report) -> Result<(), String> {
    for share in [0.05, 0.5] {
        let delays = delays(share, RUN_IN, || Told::new(USUAL));
        let name = format!("{:.0} % attack", share * 100.0);
        let off = delays.iter().map(|(delay, test)| {
            let since = test.shift.since_outcomes().map_or(0.0, f64::from);
            (since - *delay as f64).abs()
        });
        report.add(&format!("{name}: mean error of its beginning"), mean(off), "outcomes", "")?;
        let mut random = SmallRng::seed_from_u64(21);
        let mut lasting = |test: &mut Told, failing: f64, stands: bool| {
            (1..=DAY).find(|_| test.observe(random.random_bool(failing)) == stands).unwrap_or(DAY) as f64
        };
        let (mut ends, mut gaps) = (Vec::new(), 0);
        for (_, mut test) in delays.into_iter().take(200) {
            gaps += u32::from(lasting(&mut test, attacked(share), false) < DAY as f64);
            if test.shift.level() == Level::Usual {
                lasting(&mut test, attacked(share), true);
            }
            ends.push(lasting(&mut test, USUAL, false) / BATCH as f64);
        }
        report.add(
            &format!("{name}: lowered during it, in 4,000 batches"),
            gaps.into(),
            "runs of 200",
            "",
        )?;
        report.add(&format!("{name}: lowered after its end"), mean(ends.into_iter()), "batches", "")?;
    }
    let began = Instant::now();
    alarms(&mut Told::new(USUAL), 31, QUIET / 4, |_| USUAL);
    let ns = began.elapsed().as_nanos() as f64 / (QUIET / 4) as f64;
    report.add("an outcome, the simulation's random number included", ns, "ns", "")
}

fn main() -> Result<(), String> {
    let mut report = Report::new("shift");
    against_batches(&mut report)?;
    with_a_wrong_share(&mut report)?;
    with_a_learned_share(&mut report)?;
    what_an_alarm_says(&mut report)?;
    println!("{}", report.table());
    report.write()?;
    if report.all_met() { Ok(()) } else { Err("a goal was missed".to_owned()) }
}
