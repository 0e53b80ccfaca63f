//! Times, in the shapes the contract wants.

use jiff::Timestamp;
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
}
