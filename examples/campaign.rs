//! The campaign: a published attack on a shop, played in virtual time against the filter and
//! without it; then who was stopped, who was hurt, what was lost.
//!
//! `make campaign`. The exit code is 0 even where a goal is missed: it measures.
#![expect(clippy::disallowed_methods, reason = "a measurement of its own time")]

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use palisade::config;

#[path = "campaign/mod.rs"]
mod campaign;

use campaign::ledger::Ledger;
use campaign::target::{Guarded, Open};
use campaign::tell;
use campaign::world::{Options, Variant, World};
use campaign::{play, tell::Day};

/// Plays an attack of 24 hours against the filter, and without it.
#[derive(Parser)]
struct Arguments {
    /// Where chance begins; the same seed gives the same day.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Fraction of customers, groups and addresses.
    #[arg(long, default_value_t = 1.0)]
    size: f64,
    /// Length of the day; a shorter one has the same phases.
    #[arg(long, default_value_t = 24.0)]
    hours: f64,
    /// Which attack.
    #[arg(long, value_enum, default_value_t = Variant::Main)]
    variant: Variant,
}

const POLICIES: &str = include_str!("campaign/policies.yaml");

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "campaign: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let &Arguments { seed, size, hours, variant } = arguments;
    if !(size > 0.0 && size <= 4.0 && hours > 0.0 && hours <= 168.0) {
        return Err("--size is above 0 and at most 4, --hours above 0 and at most 168".to_owned());
    }
    let options = Options { seed, size, hours, variant };
    let began = Instant::now();
    let open = play_open(options);
    let open_seconds = began.elapsed().as_secs_f64();
    let (guarded, world, memory_bytes, alarms) = play_guarded(options)?;
    let seconds = began.elapsed().as_secs_f64();
    say(&format!(
        "seed {seed}, size {size}, {hours} h, {variant:?}: {open_seconds:.1} s without the filter, {:.1} s with it\n",
        seconds - open_seconds
    ));
    let day = Day { guarded: &guarded, open: &open, world: &world, memory_bytes, seconds };
    say(&format!("{}\n", tell::phases(&guarded)));
    say(&format!("{}\n", tell::cohorts(&guarded)));
    say(&format!("{}\n", tell::reasons(&guarded)));
    say(&format!("{}\n", tell::tactics(&guarded, &world.tactics)));
    say(&format!("{}\n", tell::leaks(&guarded, &world.tactics)));
    for (at_ms, line) in alarms.iter().take(40) {
        say(&format!("{:6.2} h {line}", options.hour_of(*at_ms)));
    }
    let name = match variant {
        Variant::Main => "campaign",
        Variant::FirstMinute => "campaign-first-minute",
        Variant::Poisoning => "campaign-poisoning",
        Variant::Imitation => "campaign-imitation",
        Variant::Quiet => "campaign-quiet",
    };
    let report = tell::figures(&day, name)?;
    say(&report.table());
    let file = report.write()?;
    say(&format!("Figures: {}", file.display()));
    Ok(())
}

fn play_open(options: Options) -> Ledger {
    let (mut world, shop) = play::prepare(options);
    let mut ledger = play::ledger(&world);
    play::play(&mut world, &mut Open { shop }, |now_ms, shot, reply, _| ledger.note(now_ms, shot, reply));
    ledger
}

type Alarms = Vec<(u64, String)>;

fn play_guarded(options: Options) -> Result<(Ledger, World, (u64, u64), Alarms), String> {
    let json: serde_json::Value = serde_saphyr::from_str(POLICIES).map_err(|e| e.to_string())?;
    let settings = config::read(&json, &|_| None).map_err(|mistakes| mistakes.to_string())?.settings;
    let (mut world, shop) = play::prepare(options);
    let mut ledger = play::ledger(&world);
    let mut target = Guarded::new(shop, &settings, 2);
    let mut at_noon = None;
    let noon_ms = options.at_hour(12.0);
    play::play(&mut world, &mut target, |now_ms, shot, reply, target| {
        if at_noon.is_none() && now_ms >= noon_ms {
            at_noon = Some(target.store_bytes());
        }
        ledger.note(now_ms, shot, reply);
    });
    let at_end = target.store_bytes();
    Ok((ledger, world, (at_noon.unwrap_or(0), at_end), target.alarms))
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
