//! When something was captured.

use std::fmt;
use std::time::Duration;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Displayed as RFC 3339 has it, with microseconds; with `{:#}`
/// the time of day alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

const SECOND: u64 = 1_000_000_000;

const DAY: u64 = 86_400;

impl Time {
    /// The time of so many units, of which a second has `resolution`, after the start of 1970.
    pub(super) fn of_units(units: u64, resolution: u64, offset: i64) -> Self {
        let nanoseconds = u128::from(units) * u128::from(SECOND) / u128::from(resolution.max(1));
        let whole = i128::try_from(nanoseconds).unwrap_or_default() + i128::from(offset) * i128::from(SECOND);
        // What does not fit is no time that a capture could have been made at.
        Self(u64::try_from(whole).unwrap_or_default())
    }

    /// How long after an earlier time this is; nothing if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, microseconds) = (self.0 / SECOND, self.0 % SECOND / 1000);
        let (days, second) = (seconds / DAY, seconds % DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        if f.alternate() {
            return write!(f, "{hour:02}:{minute:02}:{second:02}.{microseconds:06}");
        }
        let (year, month, day) = date(days);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microseconds:06}Z")
    }
}

/// The date of a day, counted from the start of 1970. A year is taken to begin in March, so that the day that some years
/// have more is its last; 400 such years have 146,097 days, and 719,468 days of them had gone by in 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, "2000-02-28T23:59:59.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (951_868_800, "2000-03-01T00:00:00.000000Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(Time(seconds * SECOND).to_string(), text);
        }
        assert_eq!(format!("{:#}", Time(3_723 * SECOND + 4_567)), "01:02:03.000004");
    }

    #[test]
    fn units_are_of_any_length() {
        assert_eq!(Time::of_units(3_000_001, 1_000_000, 0), Time(3_000_001_000));
        assert_eq!(Time::of_units(3, 1, -2), Time(SECOND));
        assert_eq!(Time::of_units(1, 2, 0), Time(SECOND / 2));
        assert_eq!(Time::of_units(u64::MAX, 1, i64::MAX), Time(0));
        assert_eq!(Time::of_units(1, 0, -5), Time(0));
    }
}
