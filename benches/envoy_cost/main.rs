//! `make bench`: CPU microseconds a request that Envoy spends, with one filter or another.
//!
//! `cargo bench --bench envoy_cost -- [--quick] [NAME...]`: names (or parts of them) choose cases;
//! `keys` is the case of a million live keys. `--beside=FILE` measures another build of the module too, in
//! the same rounds.

use std::path::Path;

use palisade::sandbox::{MODULE, Report, project_root, say};

use crate::cases::{BESIDE, Case, measure_start};
use crate::rounds::{Rounds, median, quartiles};
use crate::variants::Kind;

mod cases;
mod clients;
mod keys;
mod load;
mod origin;
mod rounds;
mod variants;

/// How much is measured.
struct Scale {
    /// How often all Envoys are started anew.
    starts: u32,
    /// Rounds, divided among the starts.
    rounds: u32,
    /// Requests of each case in a round.
    requests: u64,
    keys: u64,
}

fn main() -> std::process::ExitCode {
    match measure() {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("a goal was missed");
            std::process::ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<bool, String> {
    // Cargo itself adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let beside = arguments.iter().find_map(|a| a.strip_prefix("--beside=")).map(Path::new);
    let quick = arguments.iter().any(|a| a == "--quick");
    let chosen = |name: &str| {
        let mut names = arguments.iter().filter(|a| !a.starts_with("--")).peekable();
        names.peek().is_none() || names.any(|part| name.contains(part.as_str()))
    };
    let scale = if quick {
        Scale { starts: 2, rounds: 30, requests: 500, keys: 100_000 }
    } else {
        Scale { starts: 4, rounds: 120, requests: 1_000, keys: 1_000_000 }
    };
    let origin = origin::start()?.to_string();
    let mut cases = cases::all();
    if beside.is_some() {
        cases.extend(cases::all().into_iter().filter_map(Case::beside));
    }
    cases.retain(|case| chosen(case.name));
    let mut report = Report::new("bench");
    let Scale { starts, rounds, requests, .. } = scale;
    say(&format!(
        "{} cases, {starts} starts of {} rounds of {requests} requests each",
        cases.len(),
        rounds / starts
    ))?;
    let mut measured = Rounds::default();
    for _ in 0..starts {
        measure_start(&cases, &origin, beside, rounds / starts, requests, &mut measured)?;
    }
    add_costs(&mut report, &cases, &measured)?;
    if chosen("size") {
        add_size(&mut report)?;
    }
    if chosen("keys") {
        say(&format!("filling {} keys", scale.keys))?;
        keys::measure(&mut report, &origin, &scale)?;
    }
    say(&report.table())?;
    say(&format!("written to {}", report.write()?.display()))?;
    Ok(report.all_met())
}

fn add_costs(report: &mut Report, cases: &[Case], measured: &Rounds) -> Result<(), String> {
    for case in cases {
        let costs = measured.costs(case.name);
        let Some([low, us, high]) = quartiles(&costs) else { continue };
        let mut line = format!(
            "{:<12} {us:6.1} us a request, half of the rounds within {low:.1} to {high:.1}",
            case.name
        );
        report.add(case.name, us, "us/request", "")?;
        if case.name == case.plain {
            say(&line)?;
            continue;
        }
        let range = measured.added_range(case.name, case.plain).filter(|_| !case.is_cheaper);
        if let Some([least, most]) = range {
            line.push_str(&format!("; adds {least:.1} to {most:.1}, as the start has it"));
        }
        say(&line)?;
        if let Some(name) = case.name.strip_suffix(BESIDE) {
            let own = median(&measured.costs(name));
            let ratio = own.map(|own| us / own);
            ratio.map_or(Ok(()), |ratio| report.add(&format!("{} / {name}", case.name), ratio, "", ""))?;
            continue;
        }
        add_comparisons(report, case, us, measured)?;
    }
    Ok(())
}

/// The case beside plain Envoy, and beside what the other filters add.
fn add_comparisons(report: &mut Report, case: &Case, us: f64, measured: &Rounds) -> Result<(), String> {
    if case.is_cheaper {
        let Some(plain) = median(&measured.costs(case.plain)) else { return Ok(()) };
        let goal = match case.kind {
            Kind::Palisade if case.name == "blocked-json" => "<= 0.8",
            Kind::Palisade => "<= 0.6",
            _ => "",
        };
        return report.add(&format!("{} / {}", case.name, case.plain), us / plain, "", goal);
    }
    let Some(added) = measured.added(case.name, case.plain) else { return Ok(()) };
    report.add(&format!("{} adds", case.name), added, "us/request", "")?;
    if let Some(lua_adds) =
        measured.added("lua", "plain").filter(|_| !matches!(case.kind, Kind::Lua | Kind::LuaBody))
    {
        let goal = if case.name == "allowed" { "<= 1.5" } else { "" };
        report.add(&format!("{} adds / lua adds", case.name), added / lua_adds, "", goal)?;
    }
    if case.name == "allowed-json"
        && let Some(lua_adds) = measured.added("lua-json", case.plain)
    {
        report.add("allowed-json adds / lua-json adds", added / lua_adds, "", "<= 2.0")?;
    }
    if case.name == "allowed"
        && let Some(floor_adds) = measured.added("floor", "plain")
    {
        report.add("allowed adds / floor adds", added / floor_adds, "", "")?;
    }
    Ok(())
}

fn add_size(report: &mut Report) -> Result<(), String> {
    let module = project_root()?.join(MODULE);
    let bytes =
        std::fs::metadata(&module).map_err(|_| format!("{MODULE} is not built: run `make wasm`"))?.len();
    #[expect(clippy::cast_precision_loss, reason = "a file's size stays far below 2^52")]
    report.add("module size", bytes as f64 / 1024.0, "KiB", "< 700")
}
