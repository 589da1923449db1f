//! Support for types that are written as text.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

#[cfg(feature = "serde")]
pub(crate) use self::read::deserialize;

/// Implements `Serialize` by the `Display` of a type, and `Deserialize` by its `FromStr` or by `$parse`. `$expected`
/// describes the text in error messages, as in `deserialize`.
macro_rules! serde_as_text {
    ($type:ty, $expected:literal) => {
        $crate::text::serde_as_text!($type, $expected, core::str::FromStr::from_str);
    };
    ($type:ty, $expected:literal, $parse:expr) => {
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::deserialize(deserializer, $expected, $parse)
            }
        }
    };
}
pub(crate) use serde_as_text;

/// Reads an unsigned decimal number in units of 10^-`decimals`: with two decimals, `1.5` is 150. `None` if the text is
/// not such a number, has more decimals that are not 0, or does not fit a `u64`.
pub(crate) fn decimal(text: &str, decimals: u32) -> Option<u64> {
    // A number without a point has the part `0`. `1.` and `.5` have an empty half, which is refused below.
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    // Trailing zeros do not count as decimals: `12.50` is `12.5`.
    let part = part.trim_end_matches('0');
    // The part is scaled to the requested unit. The subtraction fails if it has more decimals than that.
    let missing = decimals.checked_sub(u32::try_from(part.len()).ok()?)?;
    let part = if part.is_empty() { 0 } else { part.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(missing)?)? };
    whole.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(decimals)?)?.checked_add(part)
}

/// Returns the first 40 characters of a text, for an error that quotes it.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Joins alternatives, as in `png, jpeg or webp`.
pub(crate) fn alternatives(items: &[impl Display]) -> String {
    let texts: Vec<_> = items.iter().map(ToString::to_string).collect();
    match texts.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => alloc::format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(feature = "serde")]
mod read {
    use core::fmt::{self, Display};

    use serde::de::{Deserializer, Error, Visitor};

    /// Deserializes a string and parses it. `expected` completes serde's message "invalid type: …, expected …".
    pub(crate) fn deserialize<'de, D, T, E>(
        deserializer: D,
        expected: &'static str,
        parse: fn(&str) -> Result<T, E>,
    ) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        E: Display,
    {
        struct Text<T, E>(&'static str, fn(&str) -> Result<T, E>);

        impl<T, E: Display> Visitor<'_> for Text<T, E> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }

            fn visit_str<X: Error>(self, text: &str) -> Result<T, X> {
                (self.1)(text).map_err(X::custom)
            }
        }

        deserializer.deserialize_str(Text(expected, parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_quotes_the_first_40_characters() {
        assert_eq!(excerpt(&"é".repeat(40)), "é".repeat(40));
        assert_eq!(excerpt(&"é".repeat(41)), "é".repeat(40));
    }

    #[test]
    fn a_decimal_number_is_read_in_units_of_its_last_decimal() {
        assert_eq!([decimal("1.5", 2), decimal("12", 0), decimal("0.000001", 6)], [Some(150), Some(12), Some(1)]);
        assert_eq!([decimal("1.", 1), decimal(".5", 1), decimal("-1", 1), decimal("1.5.5", 1)], [None; 4]);
    }

    #[test]
    fn trailing_zeros_are_no_decimals_and_other_digits_are() {
        assert_eq!([decimal("12.50", 1), decimal("12.000", 0)], [Some(125), Some(12)]);
        assert_eq!([decimal("12.51", 1), decimal("12.05", 1), decimal("12.1", 0)], [None; 3]);
    }

    #[test]
    fn a_number_that_does_not_fit_64_bits_is_refused() {
        assert_eq!(decimal("18446744073709551615", 0), Some(u64::MAX));
        assert_eq!([decimal("18446744073709551616", 0), decimal("1844674407370955161.6", 1)], [None; 2]);
    }

    #[test]
    fn alternatives_are_joined_by_commas_and_or() {
        assert_eq!(alternatives(&[""; 0]), "");
        assert_eq!(alternatives(&["png"]), "png");
        assert_eq!(alternatives(&["png", "jpeg"]), "png or jpeg");
        assert_eq!(alternatives(&["png", "jpeg", "webp"]), "png, jpeg or webp");
    }
}
