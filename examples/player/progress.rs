//! Showing how far a play is: a bar on a terminal, a plain line now and then elsewhere.
//!
//! It goes to standard error, so that standard output holds the result alone.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// Lines that a play prints where there is no terminal.
const LINES: usize = 6;

/// How far a play is.
pub(crate) struct Progress {
    total: usize,
    done: AtomicUsize,
    bar: Option<ProgressBar>,
    /// Keeps two lines from mixing.
    line: Mutex<()>,
}

impl Progress {
    /// The beginning of a play of so many requests.
    pub(crate) fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(total as u64));
        if let Some(bar) = &bar
            && let Ok(style) = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {pos}/{len} requests")
        {
            bar.set_style(style);
        }
        Self { total, done: AtomicUsize::new(0), bar, line: Mutex::new(()) }
    }

    /// One more request is on its way.
    pub(crate) fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        } else if done * LINES / self.total.max(1) != (done - 1) * LINES / self.total.max(1) {
            let _one_at_a_time = self.line.lock();
            let _ = writeln!(std::io::stderr(), "  {done} of {} requests", self.total);
        }
    }

    /// The play is over.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
