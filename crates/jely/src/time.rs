//! Moments as people write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 60 * 60;

/// Reads `2026-11-28`, `2026-11-28T22:00:00Z` (RFC 3339, in UTC) or an age: `90m`, `12h`, `7d`.
pub(crate) fn moment(text: &str) -> Result<SystemTime, String> {
    let found = age(text).or_else(|| date(text));
    found.ok_or_else(|| {
        "expected a time such as 2026-11-28T22:00:00Z, a day such as 2026-11-28, \
         or an age such as 90m, 12h or 7d"
            .to_owned()
    })
}

#[expect(clippy::disallowed_methods, reason = "an age on the command line is counted from now")]
fn age(text: &str) -> Option<SystemTime> {
    let unit = match text.chars().last()? {
        'm' => 60,
        'h' => 60 * 60,
        'd' => DAY,
        _ => return None,
    };
    let count: u64 = text.get(..text.len() - 1)?.parse().ok()?;
    SystemTime::now().checked_sub(Duration::from_secs(count.checked_mul(unit)?))
}

fn date(text: &str) -> Option<SystemTime> {
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let [year, month, date] = numbers(day, '-')?;
    let [hour, minute, second] = numbers(time.strip_suffix('Z')?, ':')?;
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=month_days(year, month)).contains(&date)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days(year, month, date) * DAY + hour * 3600 + minute * 60 + second;
    in_range.then(|| UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Three numbers between separators, digits only.
fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    });
    let found = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(found)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar at or after it; 0 before.
fn days(year: u64, month: u64, date: u64) -> u64 {
    let years = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum::<u64>();
    let months = (1..month).map(|month| month_days(year, month)).sum::<u64>();
    years + months + date.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> u64 {
        moment(text).unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn days_and_times_are_read() {
        assert_eq!(seconds("1970-01-01"), 0);
        assert_eq!(seconds("2000-02-29T12:34:56Z"), 951_827_696);
        assert_eq!(seconds("2026-11-28T22:00:00Z"), 1_795_903_200);
        assert_eq!(seconds("2100-03-01"), 4_107_542_400);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an age is counted from now")]
    fn an_age_is_counted_back_from_now() {
        let now = SystemTime::now();
        for (text, secs) in [("90m", 5_400), ("12h", 43_200), ("7d", 604_800)] {
            let back = now.duration_since(moment(text).unwrap()).unwrap_or_default().as_secs();
            assert!(back.abs_diff(secs) <= 2, "{text}: {back}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "d",
            "-1d",
            "2026-13-01",
            "2026-02-29",
            "2026-11-28T24:00:00Z",
            "2026-11-28T22:00:00",
            "28.11.2026",
            "+1-1-1",
            "2026-11-28-1",
            "9ä",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
