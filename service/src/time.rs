//! The clock, in milliseconds since 1970, and its text form.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = u64;

/// Returns the current time.
pub fn now_ms() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Formats a time as ISO 8601 in UTC.
pub fn iso(ms: Millis) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_iso_8601_in_utc_without_trailing_zeros() {
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso(1_732_470_000_120), "2024-11-24T17:40:00.12Z");
        // A time that no date has.
        assert_eq!(iso(u64::MAX), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn now_is_in_milliseconds_since_1970() {
        let year = iso(now_ms())[..4].parse::<u32>().unwrap();
        assert!((2024..2200).contains(&year), "{year}");
    }
}
