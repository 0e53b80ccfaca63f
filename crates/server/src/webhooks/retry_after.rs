//! How long a receiver asks to be left alone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use store::Millis;

/// The ways to write a date in HTTP: the one that is in use, and the two of old that are to be
/// understood as well (RFC 9110, section 5.6.7).
const DATES: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// The seconds from now that a value of `Retry-After` means, be it a number of seconds or a date;
/// 0 of a date that is over, `None` of what is neither.
pub(super) fn seconds(value: &str, now: Millis) -> Option<u64> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let date = DATES.iter().find_map(|format| DateTime::strptime(format, value).ok())?;
    let at = TimeZone::UTC.to_timestamp(date).ok()?.as_millisecond();
    Some(u64::try_from(at.saturating_sub(now)).unwrap_or_default().div_ceil(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_all_dates_of_http_are_understood() {
        let now = 784_111_777_000 - 90_500;
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(seconds(date, now), Some(91), "{date}");
            assert_eq!(seconds(date, now + 200_000), Some(0), "{date}");
        }
        assert_eq!(seconds(" 120 ", now), Some(120));
        for wrong in ["", "soon", "-5", "1.5", "Sun, 32 Nov 1994 08:49:37 GMT"] {
            assert_eq!(seconds(wrong, now), None, "{wrong}");
        }
    }
}
