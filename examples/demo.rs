//! The demo: the same labelled traffic at two sample shops at once, one behind Envoy with
//! Palisade, one behind Envoy without it; then who was stopped, who was hurt, what was lost. After
//! that the campaign at small size, an hour in a minute (`live/mod.rs`).
//!
//! `make demo`. The exit code is 0 only if every expectation in `demo/expectation.rs` holds.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use palisade::sandbox::{Envoy, Launch, MODULE, project_root};

#[path = "campaign/mod.rs"]
#[expect(dead_code, reason = "the whole day in virtual time is the campaign's own")]
mod campaign;
#[path = "demo/expectation.rs"]
mod expectation;
#[path = "live/mod.rs"]
mod live;
#[path = "player/mod.rs"]
mod player;
#[path = "shop/mod.rs"]
mod shop;
#[path = "demo/table.rs"]
mod table;

use campaign::world::{Options, Variant};
use expectation::Judged;
use player::{Ledger, Outcome, Plan, Progress, SECONDS};
use shop::seed;

/// Plays customers and attackers at a protected and an unprotected shop, and compares.
#[derive(Parser)]
struct Arguments {
    /// How long to play, in seconds: 20 to 600. What is expected is meant for 60.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(SECONDS))]
    seconds: u64,
    /// Where chance begins; the same seed gives the same traffic.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    player::exit_code("demo", run(&Arguments::parse()).await)
}

/// A shop of its own behind an Envoy of its own.
struct Side {
    envoy: Envoy,
    ledger: SocketAddr,
}

/// How the play went on one side.
struct Played {
    outcomes: Vec<Outcome>,
    disagreements: Vec<String>,
}

/// True when every expectation holds.
async fn run(arguments: &Arguments) -> Result<bool, String> {
    if !project_root()?.join(MODULE).is_file() {
        return Err(format!("{MODULE} is not there: run `make wasm` first"));
    }
    let mut judged = play_scenarios(arguments).await?;
    play_campaign(arguments.seed, &mut judged).await?;
    for failure in &judged.failures {
        say(&format!("NOT AS EXPECTED: {failure}"));
    }
    let file = judged.report.write()?;
    let conclusion = if judged.failures.is_empty() { "Every expectation holds." } else { "The demo failed." };
    let root = project_root()?;
    let file = file.strip_prefix(&root).unwrap_or(&file);
    say(&format!("{conclusion} Figures: {}", file.display()));
    Ok(judged.failures.is_empty())
}

/// The scenarios, at both shops at once.
async fn play_scenarios(arguments: &Arguments) -> Result<Judged, String> {
    let plan = Arc::new(Plan::new(arguments.seed, arguments.seconds));
    let guarded = open_side(true).await?;
    let open = open_side(false).await?;
    let requests = plan.requests();
    say(&format!(
        "Playing {requests} requests in about {} s, at the same time at two sample shops:\n  {} behind Envoy with Palisade\n  {} behind Envoy alone",
        arguments.seconds,
        guarded.envoy.address(),
        open.envoy.address()
    ));
    let progress = Arc::new(Progress::new(2 * requests));
    let (with, without) = tokio::join!(play(&plan, &guarded, &progress), play(&plan, &open, &progress));
    progress.finish();
    let (with, without) = (with?, without?);
    say(&table::comparison(&plan, &with.outcomes, &without.outcomes).to_string());
    let mut judged = expectation::judge(&plan, &with, &without)?;
    match guarded.envoy.stats() {
        Ok(stats) => say(&table::verdicts(&stats)),
        Err(why) => judged
            .failures
            .push(format!("{why}; Envoy's log ends with\n{}", last_lines(&guarded.envoy.log()))),
    }
    Ok(judged)
}

/// The campaign at small size, through an Envoy of its own.
async fn play_campaign(seed: u64, judged: &mut Judged) -> Result<(), String> {
    let options = Options { seed, size: live::SIZE, hours: live::HOURS, variant: Variant::Main };
    say(&format!(
        "\nA campaign of {} h in about {:.0} s, on a clock that runs fast: customers, and groups that change their tools",
        options.hours,
        live::seconds(options)
    ));
    let played = tokio::task::spawn_blocking(move || live::play(options)).await;
    let came = played.map_err(|e| format!("playing the campaign: {e}"))??;
    say(&came.table().to_string());
    judged.failures.extend(live::expectation::judge(&came, options.hours, &mut judged.report)?);
    Ok(())
}

async fn open_side(with_filter: bool) -> Result<Side, String> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let shop = shop::open(any, Some(any)).await?;
    let ledger = shop.admin.ok_or("the shop opened without its ledger")?;
    let launch = Launch::new(&shop.address.to_string())?;
    let launch = if with_filter { launch } else { launch.without_filter()? };
    // Starting blocks until Envoy is ready.
    let started = tokio::task::spawn_blocking(|| launch.start()).await;
    let envoy = started.map_err(|e| format!("starting Envoy: {e}"))??;
    Ok(Side { envoy, ledger })
}

async fn play(plan: &Arc<Plan>, side: &Side, progress: &Arc<Progress>) -> Result<Played, String> {
    let before = Ledger::read(side.ledger).await?;
    let outcomes = player::play(Arc::clone(plan), side.envoy.address(), Arc::clone(progress)).await;
    let disagreements = Ledger::read(side.ledger).await?.disagreements(&before, plan, &outcomes);
    Ok(Played { outcomes, disagreements })
}

/// The end of a log, which holds the reason where Envoy ended.
fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let from = lines.len().saturating_sub(30);
    lines.get(from..).unwrap_or_default().join("\n")
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
