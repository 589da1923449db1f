//! Days of the calendar.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::text::serde_as_text;

/// A day of the calendar. Its text form is `2026-11-24`.
///
/// ```
/// use smart_resize::plan::placement::Date;
///
/// let day: Date = "2026-11-24".parse()?;
/// assert_eq!(Date::new(2026, 11, 24), Some(day));
/// assert!(day < "2026-12-01".parse()?);
/// assert_eq!(Date::new(2026, 2, 29), None);
/// # Ok::<(), smart_resize::plan::placement::ParseDateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    // The derived order compares the fields in this order, so the year comes first.
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Creates the day `day`, from 1, of the month `month`, from 1 to 12, of `year`, at most 9999; `None` if there is
    /// no such day.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => return None,
        };
        if year > 9999 || day == 0 || day > days { None } else { Some(Self { year, month, day }) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        // Checked before the parts are parsed, which would accept `+1` and `1`.
        let is_digit = |(index, byte): (usize, u8)| matches!(index, 4 | 7) || byte.is_ascii_digit();
        let has_form = text.len() == 10 && text.bytes().enumerate().all(is_digit);
        let mut parts = text.splitn(3, '-').map(str::parse);
        let mut part = || parts.next()?.ok().filter(|_| has_form);
        let date = part().zip(part()).zip(part()).and_then(|((year, month), day): ((u16, u16), u16)| {
            Self::new(year, month.try_into().ok()?, day.try_into().ok()?)
        });
        date.ok_or_else(|| ParseDateError { found: text.chars().take(16).collect() })
    }
}

serde_as_text!(Date, "a day such as \"2026-11-24\"");

/// The error of a text that is not a [`Date`].
///
/// ```
/// use smart_resize::plan::placement::{Date, ParseDateError};
///
/// let error: ParseDateError = "2026-11-31".parse::<Date>().unwrap_err();
/// assert_eq!(error.to_string(), "date is \"2026-11-31\"; expected a day such as 2026-11-24");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("date is {found:?}; expected a day such as 2026-11-24")]
#[non_exhaustive]
pub struct ParseDateError {
    /// The first 16 characters of the text.
    pub found: String,
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_date_is_printed_as_it_is_read() {
        for text in ["2026-11-24", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(text.parse::<Date>().map(|date| date.to_string()), Ok(text.to_string()));
        }
    }

    #[test]
    fn a_text_that_is_not_a_day_is_an_error() {
        let refused = [
            "",
            "2026",
            "2026-11",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-01-32",
            "2026-04-31",
            "2026-02-29",
            "1900-02-29",
            "2026-1-01",
            "2026-01-1",
            "+026-01-01",
            "2026-01-01-01",
            "2026-01-01T00:00",
            "26-01-01",
        ];
        for text in refused {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!(Date::new(10_000, 1, 1), None);
    }

    #[test]
    fn february_has_29_days_in_leap_years() {
        let has_29 = |year| Date::new(year, 2, 29).is_some();
        assert!(has_29(2024) && has_29(2000));
        assert!(!has_29(2023) && !has_29(1900) && !has_29(2100));
        assert!((0..=2024).all(|year| Date::new(year, 2, 28).is_some() && Date::new(year, 2, 30).is_none()));
    }

    #[test]
    fn every_month_has_its_number_of_days() {
        let days = |month| (1..=40).filter(|day| Date::new(2023, month, *day).is_some()).count();
        assert!((0..=13).map(days).eq([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0]));
    }

    #[test]
    fn a_year_has_four_digits() {
        assert!(Date::new(9999, 12, 31).is_some() && Date::new(10_000, 1, 1).is_none());
    }

    #[test]
    fn dates_are_ordered_by_year_then_month_then_day() {
        let date = |year, month, day| Date::new(year, month, day).unwrap();
        assert!([date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)].is_sorted());
    }
}
