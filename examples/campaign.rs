//! The campaign: a published attack on a shop, played in virtual time against the filter and
//! without it; then who was stopped, who was hurt, what was lost.
//!
//! `make campaign`. With `--deceive` the filter deceives instead of refusing, and what attackers need to notice is
//! compared with a day on which it refuses. With `--envoy` a small one is played through real Envoy instead, an hour in a
//! minute (`live/mod.rs` says how); that needs `make wasm` before. The exit code is 0 even where a goal is missed: it measures.
#![expect(clippy::disallowed_methods, reason = "a measurement of its own time")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use palisade::policy::Settings;
use palisade::sandbox::{Report, project_root};

#[path = "campaign/mod.rs"]
mod campaign;

/// The player's writer of HTTP/1.1; its own traffic is the demo's.
#[path = "player"]
mod player {
    pub(crate) mod wire;
}
#[path = "live/mod.rs"]
mod live;

use campaign::figures::{self, Day};
use campaign::ledger::Ledger;
use campaign::limits::Limits;
use campaign::noticing::{self, Met};
use campaign::policies::{self, DECEPTIONS, POLICIES};
use campaign::target::{Guarded, Open};
use campaign::world::{Options, Variant, World};
use campaign::{play, plot, tell};

/// Plays an attack of 24 hours against the filter, and without it.
#[derive(Parser)]
struct Arguments {
    /// Where chance begins; the same seed gives the same day.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Fraction of customers, groups and addresses; 1, with --envoy 0.05.
    #[arg(long)]
    size: Option<f64>,
    /// Length of the day; a shorter one has the same phases. 24, with --envoy 1.
    #[arg(long)]
    hours: Option<f64>,
    /// Which attack.
    #[arg(long, value_enum, default_value_t = Variant::Main)]
    variant: Variant,
    /// How many tactics that leak, and requests that were harmed, to list.
    #[arg(long, default_value_t = 12)]
    list: usize,
    /// Other policies than the campaign's own, for those who compare.
    #[arg(long)]
    policies: Option<PathBuf>,
    /// Deceive attackers instead of refusing them, and play the day both ways; with a file, by its changes to the policies.
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "FILE")]
    deceive: Option<Option<PathBuf>>,
    /// Play through real Envoy, an hour in a minute.
    #[arg(long)]
    envoy: bool,
}

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
    let &Arguments { seed, size, hours, variant, list, envoy, ref policies, ref deceive } = arguments;
    let (usual_size, usual_hours) = if envoy { (live::SIZE, live::HOURS) } else { (1.0, 24.0) };
    let (size, hours) = (size.unwrap_or(usual_size), hours.unwrap_or(usual_hours));
    if !(size > 0.0 && size <= 1.0 && hours > 0.0 && hours <= 168.0) {
        return Err("--size is above 0 and at most 1, --hours above 0 and at most 168".to_owned());
    }
    let options = Options { seed, size, hours, variant };
    if envoy {
        return play_live(options);
    }
    let read = |file: &Option<PathBuf>, own: &str| match file {
        None => Ok(own.to_owned()),
        Some(file) => std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display())),
    };
    let policies = read(policies, POLICIES)?;
    let refusing = policies::settings(&[&policies])?;
    let deceptions = deceive.as_ref().map(|file| read(file, DECEPTIONS)).transpose()?;
    let deceiving = deceptions.map(|changes| policies::settings(&[&policies, &changes])).transpose()?;
    play_virtually(options, list, &refusing, deceiving.as_ref())
}

/// The campaign through real Envoy.
fn play_live(options: Options) -> Result<(), String> {
    let Options { seed, size, hours, variant } = options;
    say(&format!(
        "{} day, seed {seed}, size {size}, {hours} h: playing through Envoy in about {:.0} s",
        variant.name(),
        live::seconds(options)
    ));
    let came = live::play(options)?;
    let mut report = Report::new("campaign-envoy");
    let failures = live::expectation::judge(&came, hours, &mut report)?;
    say(&format!("{}\n\n{}", came.table(), report.table()));
    for failure in failures {
        say(&format!("NOT AS EXPECTED: {failure}"));
    }
    say(&format!("Figures: {}", report.write()?.display()));
    Ok(())
}

/// The campaign in virtual time, with and without the filter; where there are settings that deceive, with them too.
fn play_virtually(
    options: Options,
    list: usize,
    refusing: &Settings,
    deceiving: Option<&Settings>,
) -> Result<(), String> {
    let Options { seed, size, hours, variant } = options;
    let began = Instant::now();
    let open = play_open(options);
    let open_seconds = began.elapsed().as_secs_f64();
    let refused = play_guarded(options, refusing);
    let deceived = deceiving.map(|settings| play_guarded(options, settings));
    let seconds = began.elapsed().as_secs_f64();
    say(&format!(
        "{} day, seed {seed}, size {size}, {hours} h: played in {open_seconds:.1} s without the filter, in {:.1} s with it\n",
        variant.name(),
        seconds - open_seconds
    ));
    let days = [("refuses", Some(&refused)), ("deceives", deceived.as_ref())];
    let met: Vec<_> =
        days.iter().filter_map(|(does, played)| Some((*does, played.as_ref()?.met()))).collect();
    say(&format!("{}\n", noticing::table(&met)));
    let guarded = deceived.as_ref().unwrap_or(&refused);
    tell_tables(guarded, &open, options, list);
    let day = Day {
        guarded: &guarded.ledger,
        open: &open,
        world: &guarded.world,
        limits: &guarded.limits,
        alarms: &guarded.alarms,
        memory_bytes: guarded.memory_bytes,
        seconds,
        refused: deceived.as_ref().map(|_| refused.met()),
    };
    let which = if deceived.is_some() { "campaign-deceive" } else { "campaign" };
    let name = match variant {
        Variant::Main => which.to_owned(),
        _ => format!("{which}-{}", variant.name()),
    };
    let report = figures::figures(&day, &name)?;
    say(&report.table());
    let file = report.write()?;
    write_plots(guarded, options, &name)?;
    say(&format!("Figures: {}; plots beside it", file.display()));
    Ok(())
}

/// A day with the filter.
struct Played {
    ledger: Ledger,
    world: World,
    limits: Limits,
    alarms: Vec<(u64, String)>,
    /// At noon and at the end.
    memory_bytes: (u64, u64),
}

impl Played {
    fn met(&self) -> Met<'_> {
        Met { ledger: &self.ledger, marks: &self.world.tactics }
    }
}

fn play_open(options: Options) -> Ledger {
    let (mut world, shop) = play::prepare(options);
    let mut ledger = play::ledger(&world);
    play::play(&mut world, &mut Open { shop }, |now_ms, shot, reply, _| ledger.note(now_ms, shot, reply));
    ledger
}

fn play_guarded(options: Options, settings: &Settings) -> Played {
    let (mut world, shop) = play::prepare(options);
    let (mut ledger, mut limits) = (play::ledger(&world), Limits::new());
    let mut target = Guarded::new(shop, settings, 2);
    let mut at_noon = None;
    let noon_ms = options.at_hour(12.0);
    play::play(&mut world, &mut target, |now_ms, shot, reply, target| {
        if at_noon.is_none() && now_ms >= noon_ms {
            at_noon = Some(target.store_bytes());
        }
        ledger.note(now_ms, shot, reply);
        let status = if reply.stopped { target.shop.foresee(&shot.ask, shot.sid) } else { reply.status };
        limits.note(now_ms, shot, status);
    });
    let memory_bytes = (at_noon.unwrap_or(0), target.store_bytes());
    Played { ledger, world, limits, alarms: target.alarms, memory_bytes }
}

fn tell_tables(played: &Played, open: &Ledger, options: Options, list: usize) {
    let (ledger, marks) = (&played.ledger, &played.world.tactics[..]);
    let tables = [
        tell::phases(ledger),
        tell::goods(&ledger.gains),
        tell::gains(&ledger.gains, &open.gains),
        tell::cohorts(ledger),
        tell::reasons(ledger),
        tell::harms(ledger, list),
        tell::tactics(ledger, marks),
        tell::leaks(ledger, marks, list),
        tell::limits(&played.limits),
    ];
    for table in tables {
        say(&format!("{table}\n"));
    }
    for (at_ms, line) in played.alarms.iter().take(3 * list) {
        say(&format!("{:6.2} h {line}", options.hour_of(*at_ms)));
    }
}

fn write_plots(played: &Played, options: Options, name: &str) -> Result<(), String> {
    let folder = project_root()?.join("target/report");
    let plots = [
        ("day", plot::day(&played.ledger, options.hours)),
        ("tactics", plot::tactics(&played.ledger, &played.world.tactics, options.hours)),
    ];
    for (which, text) in plots {
        let path = folder.join(format!("{name}-{which}.svg"));
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
