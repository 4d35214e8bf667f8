//! The command line. It has no logic of its own.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use palisade::check::check;
use palisade::sandbox::run;

/// Stops bots that abuse well-formed APIs, in Envoy.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check an Envoy configuration or a bare plugin configuration, and show what it comes to.
    Check {
        /// YAML or JSON: an Envoy bootstrap, a plugin configuration, or an Istio `WasmPlugin`.
        file: PathBuf,
        /// How to print what was found.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Run Envoy with the filter in front of your own server, in the foreground.
    Run(run::Options),
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people; mistakes go to standard error.
    Text,
    /// For programs, mistakes included.
    Json,
}

/// The file has mistakes, or Envoy could not be started.
const FAILED: u8 = 1;
/// The file cannot be read, or the command line is wrong.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Check { file, format } => check_file(&file, format),
        Command::Run(options) => start(&options),
    };
    // Whoever reads the output may stop early; that is no reason to fail loudly.
    done.unwrap_or(ExitCode::from(UNUSABLE))
}

fn check_file(file: &PathBuf, format: Format) -> io::Result<ExitCode> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let source = file.display().to_string();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            writeln!(err, "{source}: {error}")?;
            return Ok(ExitCode::from(UNUSABLE));
        }
    };
    let checked = match check(&source, &text, &|name| std::env::var(name).ok()) {
        Ok(checked) => checked,
        Err(unreadable) => {
            writeln!(err, "{unreadable}")?;
            return Ok(ExitCode::from(UNUSABLE));
        }
    };
    match format {
        Format::Json => writeln!(out, "{:#}", checked.to_json())?,
        Format::Text => {
            for mistake in &checked.mistakes {
                writeln!(err, "{mistake}")?;
            }
            if !checked.mistakes.is_empty() {
                writeln!(err, "{source}: {}", checked.count())?;
            }
            write!(out, "{}", checked.to_text())?;
        }
    }
    Ok(if checked.mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn start(options: &run::Options) -> io::Result<ExitCode> {
    if let Err(problem) = run::run(options) {
        writeln!(io::stderr(), "{problem}")?;
        return Ok(ExitCode::from(FAILED));
    }
    Ok(ExitCode::SUCCESS)
}
