//! Sizes and durations as operators write them. Whole numbers with one unit, nothing else.

const UNITS_MS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

const UNITS_BYTES: [(&str, u64); 4] = [("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads a duration such as `30s`; milliseconds.
#[must_use]
pub fn duration_ms(text: &str) -> Option<u64> {
    scale(text, &UNITS_MS)
}

/// Reads a size such as `64MiB`, or `65536`; bytes.
pub(super) fn bytes(text: &str) -> Option<u64> {
    scale(text, &UNITS_BYTES)
}

/// Reads a rate such as `60/1m`: how many, and in how many milliseconds.
pub(super) fn rate(text: &str) -> Option<(u32, u64)> {
    let (tokens, period) = text.split_once('/')?;
    let tokens = tokens.bytes().all(|b| b.is_ascii_digit()).then(|| tokens.parse().ok())??;
    Some((tokens, duration_ms(period)?))
}

/// A duration in its largest unit that leaves no rest.
#[must_use]
pub fn show_duration(duration_ms: u64) -> String {
    show(duration_ms, &UNITS_MS)
}

/// A size in its largest unit that leaves no rest.
#[must_use]
pub fn show_bytes(bytes: u64) -> String {
    show(bytes, &UNITS_BYTES)
}

/// A number as people write it: no `.0`. Written by JSON's own writer, since another takes 15 KiB of a module.
#[must_use]
pub fn show_number(number: f64) -> String {
    let shown = serde_json::Value::from(number).to_string();
    shown.strip_suffix(".0").map(str::to_owned).unwrap_or(shown)
}

fn scale(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn show(amount: u64, units: &[(&str, u64)]) -> String {
    let fits = |&&(_, factor): &&(&str, u64)| amount >= factor && amount.is_multiple_of(factor);
    match units.iter().rev().find(fits).or(units.first()) {
        Some((name, factor)) => format!("{}{name}", amount / factor),
        None => amount.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        assert_eq!(duration_ms("250ms"), Some(250));
        assert_eq!(duration_ms("30s"), Some(30_000));
        assert_eq!(duration_ms("10m"), Some(600_000));
        assert_eq!(duration_ms("24h"), Some(86_400_000));
        assert_eq!(duration_ms("7d"), Some(604_800_000));
        assert_eq!(duration_ms("0s"), Some(0));
    }

    #[test]
    fn refuses_other_durations() {
        for text in [
            "",
            "s",
            "10",
            "10 m",
            " 10m",
            "-1s",
            "+1s",
            "1.5h",
            "10minutes",
            "10M",
            "99999999999999999999s",
            "1e3s",
            "٣s",
        ] {
            assert_eq!(duration_ms(text), None, "{text}");
        }
        assert_eq!(duration_ms("18446744073709551615d"), None, "overflows");
    }

    #[test]
    fn reads_rates() {
        assert_eq!(rate("60/1m"), Some((60, 60_000)));
        assert_eq!(rate("1/10s"), Some((1, 10_000)));
        for text in ["", "60", "60/", "/1m", "60/m", "+6/1m", "6 /1m", "6/1m/1m", "-6/1m", "99999999999/1s"] {
            assert_eq!(rate(text), None, "{text}");
        }
    }

    #[test]
    fn reads_sizes() {
        assert_eq!(bytes("65536"), Some(65_536));
        assert_eq!(bytes("64KiB"), Some(65_536));
        assert_eq!(bytes("64MiB"), Some(64 << 20));
        assert_eq!(bytes("4GiB"), Some(4 << 30));
        for text in ["", "MiB", "64MB", "64 MiB", "64mib", "1.5GiB", "-1KiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn shows_what_it_reads() {
        for text in ["1ms", "1500ms", "30s", "10m", "36h", "7d"] {
            assert_eq!(duration_ms(text).map(show_duration).as_deref(), Some(text));
        }
        for text in ["1", "1000", "64KiB", "64MiB", "4GiB"] {
            assert_eq!(bytes(text).map(show_bytes).as_deref(), Some(text));
        }
        assert_eq!(show_duration(86_400_000), "1d");
        assert_eq!(show_duration(0), "0ms");
    }
}
