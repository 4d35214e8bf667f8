//! Times as answers hold them, read and written.
//!
//! Days since 1970 become a date by the algorithm of Howard Hinnant ("chrono-Compatible Low-Level Date
//! Algorithms", `civil_from_days`), for the years 1970 to 2400.

use crate::policy::TimeForm;

const DAY_S: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// 1970 began with a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Length of a time in the form of `Date`, in bytes.
pub(super) const HTTP_BYTES: usize = 29;

/// Writes a time, in milliseconds since 1970, in a form; what it does not say in milliseconds is made of
/// `digits`, from the first on.
pub(super) fn write(form: TimeForm, at_ms: u64, digits: &str) -> String {
    let at_s = i64::try_from(at_ms / 1000).unwrap_or(0);
    let (year, month, day) = date(at_s.div_euclid(DAY_S));
    let of_day = at_s.rem_euclid(DAY_S);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    match form {
        TimeForm::Seconds => at_s.to_string(),
        TimeForm::Milliseconds => at_ms.to_string(),
        TimeForm::Day => format!("{year:04}-{month:02}-{day:02}"),
        TimeForm::Http => {
            let weekday = WEEKDAYS.get((at_s / DAY_S % 7) as usize).unwrap_or(&"Thu");
            let name = MONTHS.get(month as usize - 1).unwrap_or(&"Jan");
            format!("{weekday}, {day:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
        }
        TimeForm::Rfc3339(fraction, offset) => {
            let zone = if offset { "+00:00" } else { "Z" };
            let below = format!("{:03}{digits}", at_ms % 1000);
            let fraction = below.get(..usize::from(fraction)).filter(|digits| !digits.is_empty());
            let fraction = fraction.map_or(String::new(), |digits| format!(".{digits}"));
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}")
        }
    }
}

/// Reads a time in any of the forms: which, and when, in milliseconds since 1970.
pub(super) fn read(text: &str) -> Option<(TimeForm, u64)> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        10 if digits => Some((TimeForm::Seconds, text.parse::<u64>().ok()?.checked_mul(1000)?)),
        13 if digits => Some((TimeForm::Milliseconds, text.parse().ok()?)),
        10 => Some((TimeForm::Day, u64::try_from(day_of(text)? * DAY_S).ok()? * 1000)),
        HTTP_BYTES if text.ends_with(" GMT") => http(text),
        20.. => rfc3339(text),
        _ => None,
    }
}

fn http(text: &str) -> Option<(TimeForm, u64)> {
    let (weekday, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = number(parts.next()?, 2)?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as i64 + 1;
    let year = number(parts.next()?, 4)?;
    let at_s = days(year, month, day)? * DAY_S + time_of_day(parts.next()?)?;
    WEEKDAYS.contains(&weekday).then_some(())?;
    Some((TimeForm::Http, u64::try_from(at_s).ok()? * 1000))
}

fn rfc3339(text: &str) -> Option<(TimeForm, u64)> {
    let (day, rest) = text.split_once('T')?;
    let (rest, offset) = match (rest.strip_suffix('Z'), rest.strip_suffix("+00:00")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return None,
    };
    let (time, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let is_fraction = fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit());
    if !is_fraction || rest.ends_with('.') {
        return None;
    }
    let at_s = u64::try_from(day_of(day)? * DAY_S + time_of_day(time)?).ok()?;
    let below_ms: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let form = TimeForm::Rfc3339(u8::try_from(fraction.len()).ok()?, offset);
    Some((form, at_s * 1000 + below_ms))
}

/// Days since 1970 of `1994-11-06`.
fn day_of(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let day = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    parts.next().is_none().then(|| days(day.0, day.1, day.2))?
}

/// Seconds of `08:49:37`.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let time = (number(parts.next()?, 2)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let fits = time.0 < 24 && time.1 < 60 && time.2 < 61 && parts.next().is_none();
    fits.then_some(time.0 * 3600 + time.1 * 60 + time.2)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=2400).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin with March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let day = of_year - (153 * march + 2) / 5 + 1;
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        let at_ms = 784_111_777_123;
        for (form, text) in [
            (TimeForm::Seconds, "784111777"),
            (TimeForm::Milliseconds, "784111777123"),
            (TimeForm::Day, "1994-11-06"),
            (TimeForm::Http, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (TimeForm::Rfc3339(0, false), "1994-11-06T08:49:37Z"),
            (TimeForm::Rfc3339(3, true), "1994-11-06T08:49:37.123+00:00"),
            (TimeForm::Rfc3339(6, false), "1994-11-06T08:49:37.123456Z"),
        ] {
            assert_eq!(write(form, at_ms, "456789"), text);
        }
        assert_eq!(write(TimeForm::Day, 951_782_400_000, ""), "2000-02-29");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "1994-13-06",
            "1994-11-06T08:49:37",
            "1994-11-06T25:49:37Z",
            "12345",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "1994-11-06T08:49:37.Z",
            "4111-1111-",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(at_s in 1_000_000_000_u64..9_999_999_999, ms in 0_u64..1000, fraction in 0_u8..=9, offset: bool) {
            let at_ms = at_s * 1000 + ms;
            for form in [TimeForm::Seconds, TimeForm::Milliseconds, TimeForm::Http, TimeForm::Rfc3339(fraction, offset)] {
                let (read_form, read_ms) = read(&write(form, at_ms, "987654")).unwrap();
                prop_assert_eq!(read_form, form);
                prop_assert_eq!(read_ms / 1000, at_s);
            }
        }

        #[test]
        fn any_text_is_survived(text: String) {
            let _ = read(&text);
        }
    }
}
