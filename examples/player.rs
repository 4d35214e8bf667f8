//! Plays the labelled traffic once, at any server that serves the sample shop's API.
//!
//! `cargo run --example player -- --target http://127.0.0.1:10000`. It compares nothing: `demo`
//! does. The server has to trust one hop of X-Forwarded-For, as `envoy/bootstrap.yaml` does.

use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};

#[path = "player/mod.rs"]
mod player;
#[path = "shop/seed.rs"]
mod seed;

use player::{Ledger, Outcome, Plan, Progress, SECONDS, Side};

/// Plays customers and attackers at a server, and tells how each fared.
#[derive(Parser)]
struct Arguments {
    /// The server, as http://HOST:PORT.
    #[arg(long, default_value = "http://127.0.0.1:10000", value_parser = address_of)]
    target: SocketAddr,
    /// The shop's admin listener, as http://HOST:PORT, to compare its ledger with.
    #[arg(long, value_parser = address_of)]
    shop_admin: Option<SocketAddr>,
    /// How long to play, in seconds: 20 to 600.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(SECONDS))]
    seconds: u64,
    /// Where chance begins; the same seed gives the same traffic.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn address_of(url: &str) -> Result<SocketAddr, String> {
    let authority = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
    let mut addresses = authority.to_socket_addrs().map_err(|e| format!("{e}; write http://HOST:PORT"))?;
    addresses.next().ok_or_else(|| "the host has no address".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    player::exit_code("player", run(&Arguments::parse()).await)
}

/// True when every customer got what the shop answers, and the ledger agrees.
async fn run(arguments: &Arguments) -> Result<bool, String> {
    let plan = Arc::new(Plan::new(arguments.seed, arguments.seconds));
    let before = match arguments.shop_admin {
        Some(admin) => Ledger::read(admin).await?,
        None => Ledger::default(),
    };
    let progress = Arc::new(Progress::new(plan.requests()));
    let outcomes = player::play(Arc::clone(&plan), arguments.target, Arc::clone(&progress)).await;
    progress.finish();
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{}", table(&plan, &outcomes));
    let mut problems: Vec<String> = Vec::new();
    for (scenario, outcome) in plan.scenarios.iter().zip(&outcomes) {
        problems.extend(outcome.complaints.iter().map(|what| format!("{}: {what}", scenario.name)));
    }
    if let Some(admin) = arguments.shop_admin {
        problems.extend(Ledger::read(admin).await?.disagreements(&before, &plan, &outcomes));
    }
    for problem in &problems {
        let _ = writeln!(out, "{problem}");
    }
    Ok(problems.is_empty())
}

fn table(plan: &Plan, outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["scenario", "requests", "stopped", "no answer", "customers hurt", "got away with"]);
    for (scenario, outcome) in plan.scenarios.iter().zip(outcomes) {
        let (hurt, won) = match scenario.side {
            Side::Customers => (outcome.people_hurt.to_string(), String::new()),
            Side::Attackers(what) => (String::new(), format!("{} {what}", outcome.won.len())),
        };
        let stopped = format!("{:.1} %", outcome.stopped_percent());
        let requests = outcome.requests.to_string();
        table.add_row([scenario.name, &requests, &stopped, &outcome.unanswered.to_string(), &hurt, &won]);
    }
    for column in table.column_iter_mut().skip(1).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
