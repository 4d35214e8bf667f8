//! `make bench`: CPU microseconds a request that Envoy spends, with one filter or another.
//!
//! `cargo bench --bench envoy_cost -- [--quick] [NAME...]`: names (or parts of them) choose cases;
//! `keys` is the case of a million live keys.

use std::collections::BTreeMap;

use palisade::sandbox::{MODULE, Report, project_root, say};

use crate::cases::{Case, Rounds, measure_all, median, median_added, quartiles};
use crate::variants::{Kind, start};

mod cases;
mod clients;
mod keys;
mod load;
mod origin;
mod variants;

/// How much is measured.
struct Scale {
    rounds: u32,
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
    let quick = arguments.iter().any(|a| a == "--quick");
    let chosen = |name: &str| {
        let mut names = arguments.iter().filter(|a| !a.starts_with("--")).peekable();
        names.peek().is_none() || names.any(|part| name.contains(part.as_str()))
    };
    let scale = if quick {
        Scale { rounds: 30, requests: 500, keys: 100_000 }
    } else {
        Scale { rounds: 120, requests: 1_000, keys: 1_000_000 }
    };
    let origin = origin::start()?.to_string();
    let cases: Vec<Case> = cases::all().into_iter().filter(|case| chosen(case.name)).collect();
    let mut report = Report::new("bench");
    let envoys = cases.iter().map(|case| case.kind).collect::<std::collections::BTreeSet<_>>();
    let envoys = envoys
        .into_iter()
        .map(|kind| Ok((kind, start(kind, &origin, "64MiB")?)))
        .collect::<Result<BTreeMap<_, _>, String>>()?;
    say(&format!("{} cases, {} rounds of {} requests each", cases.len(), scale.rounds, scale.requests))?;
    let measured = measure_all(&cases, &envoys, scale.rounds, scale.requests)?;
    drop(envoys);
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
    let lua_adds = median_added(measured, "lua", "plain");
    for case in cases {
        let Some([low, us, high]) = measured.get(case.name).and_then(|rounds| quartiles(rounds)) else {
            continue;
        };
        say(&format!(
            "{:<12} {us:6.1} us a request, half of the rounds within {low:.1} to {high:.1}",
            case.name
        ))?;
        report.add(case.name, us, "us/request", "")?;
        if case.name == case.plain {
            continue;
        }
        if case.is_cheaper {
            let plain = measured.get(case.plain).and_then(|rounds| median(rounds));
            let Some(plain) = plain else { continue };
            let goal = if case.kind == Kind::Palisade { "<= 0.8" } else { "" };
            report.add(&format!("{} / {}", case.name, case.plain), us / plain, "", goal)?;
            continue;
        }
        let Some(added) = median_added(measured, case.name, case.plain) else { continue };
        report.add(&format!("{} adds", case.name), added, "us/request", "")?;
        if let Some(lua_adds) = lua_adds.filter(|_| case.kind != Kind::Lua) {
            let goal = if case.name == "allowed" { "<= 1.5" } else { "" };
            report.add(&format!("{} adds / lua adds", case.name), added / lua_adds, "", goal)?;
        }
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
