//! Times, in the shapes the contract wants.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use store::Millis;

/// Now.
pub(crate) fn now() -> Millis {
    Timestamp::now().as_millisecond()
}

/// ISO 8601 in UTC with milliseconds: `2026-11-29T10:49:28.123Z`.
pub(crate) fn iso(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads an ISO 8601 date, which is the beginning of that day in UTC, or date-time, which is in UTC
/// where it has no offset; `None` of anything else. What is between two milliseconds becomes the
/// later one: no message before the time is at or after it.
pub(crate) fn read_time(text: &str) -> Option<Millis> {
    // The name of a zone would be ignored.
    if text.contains('[') {
        return None;
    }
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
    };
    let rest = at.as_nanosecond().rem_euclid(1_000_000);
    let floor = at.as_nanosecond().div_euclid(1_000_000);
    Millis::try_from(floor).ok()?.checked_add(Millis::from(rest > 0))
}

/// The day of a time in UTC, `2026-11-29`.
pub(crate) fn date(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

/// The month of a time in UTC, `2026-11`.
pub(crate) fn month(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.strftime("%Y-%m").to_string()
}

/// When the month after that of a time begins in UTC.
pub(crate) fn next_month(at: Millis) -> Millis {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    let date = TimeZone::UTC.to_datetime(at).date();
    let first = date.last_of_month().tomorrow().ok();
    let first = first.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok());
    first.map_or(Millis::MAX, Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_promised() {
        assert_eq!(iso(1_796_000_000_123), "2026-11-30T00:53:20.123Z");
        assert_eq!(month(1_796_000_000_123), "2026-11");
        assert_eq!(iso(next_month(1_796_000_000_123)), "2026-12-01T00:00:00.000Z");
        assert_eq!(iso(next_month(1_798_761_599_999)), "2027-01-01T00:00:00.000Z");
    }

    #[test]
    fn times_are_read_with_their_offset() {
        let read = |text| read_time(text).map(iso);
        for (text, expected) in [
            ("2026-11-29", "2026-11-29T00:00:00.000Z"),
            ("2026-11-29T08:00:00Z", "2026-11-29T08:00:00.000Z"),
            ("2026-11-29T08:00:00", "2026-11-29T08:00:00.000Z"),
            ("2026-11-29T00:30:00.123+01:00", "2026-11-28T23:30:00.123Z"),
            ("2026-11-30T23:00:00.0001-01:00", "2026-12-01T00:00:00.001Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for bad in ["", "2026", "2026-11-31", "2026-11-29T08:00:00[Europe/Berlin]", "now"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    /// Whatever the zone of whoever asks, and through leap days and the end of years.
    #[test]
    fn months_are_those_of_utc() {
        for year in [2023, 2024, 2026, 2100] {
            for month_of_year in 1..=12 {
                let name = format!("{year}-{month_of_year:02}");
                let first = read_time(&format!("{name}-01")).unwrap();
                assert_eq!(month(first), name);
                assert_ne!(month(first - 1), name);
                assert_eq!(next_month(first - 1), first);
                let after = next_month(first);
                assert_eq!((month(after - 1), next_month(after - 1)), (name.clone(), after));
                assert_eq!(date(after).split_off(8), "01");
                // Half past midnight to the east is still last month.
                let east = read_time(&format!("{name}-01T00:30:00+14:00")).unwrap();
                assert_eq!(next_month(east), first);
            }
        }
    }
}
