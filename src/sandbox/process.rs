//! What Linux's /proc says of a process. Reads only.

/// Clock ticks a second in /proc; Linux fixes it at 100 for programs on every platform Envoy has.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time that the process has used, in seconds, user and system together.
///
/// It is the scheduler's own account of each thread, in nanoseconds; where the kernel does not keep
/// one, the clock ticks of the process, in steps of 10 ms. Threads that have ended are not in the
/// first: Envoy's live as long as it does.
///
/// # Errors
/// When the process is gone.
pub(super) fn cpu_seconds(pid: u32) -> Result<f64, String> {
    #[expect(clippy::cast_precision_loss, reason = "a process runs for less than 2^52 ns, 52 days")]
    if let Some(nanoseconds) = scheduled_ns(pid).filter(|ns| *ns > 0) {
        return Ok(nanoseconds as f64 / 1e9);
    }
    let stat = read(pid, "stat")?;
    let ticks = ticks_in(&stat).ok_or_else(|| format!("/proc/{pid}/stat has another form than expected"))?;
    #[expect(clippy::cast_precision_loss, reason = "ticks stay far below 2^52")]
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// The first number of each thread's `schedstat`: nanoseconds on a CPU.
fn scheduled_ns(pid: u32) -> Option<u64> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    threads
        .filter_map(Result::ok)
        .map(|thread| {
            let line = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            line.split_ascii_whitespace().next()?.parse::<u64>().ok()
        })
        .sum()
}

/// Memory of the process that is resident now, in bytes.
///
/// # Errors
/// When the process is gone.
pub(super) fn rss_bytes(pid: u32) -> Result<u64, String> {
    let status = read(pid, "status")?;
    kib_in(&status, "VmRSS:")
        .map(|kib| kib.saturating_mul(1024))
        .ok_or_else(|| format!("/proc/{pid}/status has no VmRSS"))
}

fn read(pid: u32, file: &str) -> Result<String, String> {
    let path = format!("/proc/{pid}/{file}");
    std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}: is the process gone?"))
}

/// utime + stime: fields 14 and 15, counted after the name, which may hold spaces.
fn ticks_in(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

fn kib_in(status: &str, label: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(label))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0 100";
        assert_eq!(ticks_in(stat), Some(300));
    }

    /// Asked of a child, whose threads all live: those of other tests end within this process, and only one
    /// of the accounts forgets them.
    #[test]
    fn both_accounts_of_cpu_time_agree() {
        let mut child = Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; read _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let seconds = cpu_seconds(child.id()).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "few ticks")]
        let ticks = ticks_in(&read(child.id(), "stat").unwrap()).unwrap() as f64 / TICKS_PER_SECOND;
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(seconds > 0.01, "{seconds} s");
        assert!((ticks - seconds).abs() < 0.05 + 0.2 * seconds, "{ticks} s by ticks, {seconds} s scheduled");
    }

    #[test]
    fn this_process_has_figures() {
        assert!(cpu_seconds(std::process::id()).unwrap() >= 0.0);
        assert!(rss_bytes(std::process::id()).unwrap() > 100_000);
        assert_eq!(kib_in("Name:\tx\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12));
    }
}
