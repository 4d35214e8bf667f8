//! Plays labelled traffic at a server and tells, for each scenario, how it went.
//!
//! It knows who is who and keeps that to itself; whether a filter stands in front of the server
//! shows only in the answers.

mod attack;
pub(crate) mod browser;
mod customer;
pub(crate) mod family;
mod ledger;
mod outcome;
pub(crate) mod plan;
mod play;
mod progress;
mod tool;
pub(crate) mod wire;
mod wordlist;

use std::io::Write as _;
use std::process::ExitCode;

pub(crate) use ledger::Ledger;
pub(crate) use outcome::Outcome;
pub(crate) use plan::{Plan, SECONDS, Side};
pub(crate) use play::play;
pub(crate) use progress::Progress;

/// Success only if all is as it should be; an error is said with the command's name before it.
pub(crate) fn exit_code(command: &str, result: Result<bool, String>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "{command}: {message}");
            ExitCode::FAILURE
        }
    }
}
