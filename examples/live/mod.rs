//! The campaign once more, over real HTTP: its actors, a real Envoy with the filter, and an origin
//! that answers as its shop does.
//!
//! The plan of 24 hours is played as one hour, and that hour in a minute. People need minutes for a
//! visit and operators a quarter of an hour for a change of tactic; in real time neither would get
//! far within a demo. So Envoy's wall clock runs `SPEED` times as fast (`fastclock.c`), and the
//! actors live by the same clock: windows, think times and retooling keep their proportions, and
//! nothing but the filter's reading of the time is changed. What does not run faster is work that
//! is real: an answer takes a few milliseconds, which are some tenths of a second of that hour, and
//! the filter's tick of 100 ms comes only every 6 s of it. Both make it see things later, not sooner.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use palisade::sandbox::{Envoy, Launch};
use serde_json::json;
use tokio::task::LocalSet;

use crate::campaign::ledger::Ledger;
use crate::campaign::play;
use crate::campaign::policies::POLICIES;
use crate::campaign::target::Open;
use crate::campaign::world::{BEGIN_MS, Options};

mod came;
mod drive;
pub(crate) mod expectation;
#[path = "../../tests/support/fastclock.rs"]
mod fastclock;
mod origin;

pub(crate) use came::Came;
use came::Seen;
use drive::{Clock, Driven};

/// So many seconds of the campaign pass in a second.
const SPEED: u32 = 60;
/// What is played if nothing else is asked for: some five groups, 3,000 customers, one hour.
pub(crate) const SIZE: f64 = 0.05;
/// Hours.
pub(crate) const HOURS: f64 = 1.0;

/// How long a campaign takes, in seconds.
pub(crate) fn seconds(options: Options) -> f64 {
    options.day_ms() / 1000.0 / f64::from(SPEED)
}

/// Plays a campaign through an Envoy of its own, and the same plan without a filter in virtual time.
/// It blocks for as long as that takes.
///
/// # Errors
/// When Envoy, its clock or the origin cannot be started.
pub(crate) fn play(options: Options) -> Result<Came, String> {
    let without = play_without(options);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().map_err(|e| format!("a runtime: {e}"))?;
    // Actors share what they know without locks, so all of them stay on this thread.
    LocalSet::new().block_on(&runtime, play_with(options, &without))
}

fn play_without(options: Options) -> Ledger {
    let (mut world, shop) = play::prepare(options);
    let mut ledger = play::ledger(&world);
    play::play(&mut world, &mut Open { shop }, |now_ms, shot, reply, _| ledger.note(now_ms, shot, reply));
    ledger
}

async fn play_with(options: Options, without: &Ledger) -> Result<Came, String> {
    let (mut world, shop) = play::prepare(options);
    let mut ledger = play::ledger(&world);
    let origin = origin::open(shop).await?;
    let address = origin.address;
    // Starting blocks until Envoy is ready.
    let started = tokio::task::spawn_blocking(move || start(address)).await;
    let envoy = started.map_err(|e| format!("starting Envoy: {e}"))??;
    let clock = Clock::begin(SPEED);
    let target = envoy.address();
    let driven: Driven = drive::drive(&mut world, clock, target, |at_ms, shot, reply| {
        ledger.note(at_ms, shot, reply);
    })
    .await;
    let closed = tokio::task::spawn_blocking(move || close(&envoy)).await;
    let (stats, envoy_hours) = closed.map_err(|e| format!("closing Envoy: {e}"))??;
    Ok(Came::new(&ledger, without, driven, &Seen { asked: origin.asked(), stats, envoy_hours }))
}

/// Envoy's counters, and how many hours passed by its own clock.
fn close(envoy: &Envoy) -> Result<(BTreeMap<String, u64>, f64), String> {
    let stats = envoy.stats().map_err(|why| with_log(&why, envoy))?;
    let path = envoy.access_log_path();
    let log = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let (first, last) =
        (log.lines().find_map(came::hour_of_line), log.lines().rev().find_map(came::hour_of_line));
    let passed = first.zip(last).map(|(first, last)| last - first);
    Ok((stats, passed.ok_or("Envoy's access log tells no time")?))
}

/// Envoy with the campaign's policies, its clock fast.
fn start(origin: SocketAddr) -> Result<Envoy, String> {
    let folder = tempfile::tempdir().map_err(|e| format!("a temporary folder: {e}"))?;
    let policies = serde_saphyr::from_str(POLICIES).map_err(|e| e.to_string())?;
    let mut launch = Launch::new(&origin.to_string())?.with_configuration(policies)?;
    // The plugin's own routes choose policies here.
    launch.bootstrap.set_routes(json!([{"match": {"prefix": "/"}, "route": {"cluster": "origin"}}]))?;
    launch.preload.push(fastclock::build(folder.path())?);
    launch.env.push(("FASTCLOCK_SPEED".to_owned(), SPEED.to_string()));
    // Its clock is ahead of the actors' by the time it takes to start, which nobody sees.
    launch.env.push(("FASTCLOCK_BEGIN".to_owned(), (BEGIN_MS / 1000).to_string()));
    launch.start()
}

/// An error with the end of Envoy's log, which holds the reason where Envoy ended.
fn with_log(why: &str, envoy: &Envoy) -> String {
    let log = envoy.log();
    let lines: Vec<&str> = log.lines().collect();
    let from = lines.len().saturating_sub(30);
    format!("{why}; Envoy's log ends with\n{}", lines.get(from..).unwrap_or_default().join("\n"))
}
