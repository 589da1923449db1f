//! The unit of all shares: thousandths.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::text::decimal;

/// A share from 0 to 1, in thousandths. Its text form is a percentage with at most one decimal.
///
/// Shares of pictures, distances from their edges and losses all have this unit. In JSON a share is a number in
/// percent, such as `12.5`. Only the areas of a [`Scene`](crate::scene::Scene) are integers in thousandths there, as
/// vision models write them.
///
/// ```
/// use smart_resize::geometry::PerMille;
///
/// let eighth = PerMille::new(125)?;
/// assert_eq!(eighth, "12.5%".parse()?);
/// assert_eq!(eighth.to_string(), "12.5 %");
/// assert!(PerMille::ZERO < eighth && eighth < PerMille::WHOLE);
/// # Ok::<(), smart_resize::geometry::PerMilleError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(inline, description = "A percentage with at most one decimal."))]
pub struct PerMille(#[cfg_attr(feature = "schemars", schemars(with = "f64", range(min = 0, max = 100)))] u16);

impl PerMille {
    /// 0 %.
    pub const ZERO: Self = Self(0);
    /// 50 %.
    pub const HALF: Self = Self(500);
    /// 100 %.
    pub const WHOLE: Self = Self(1000);

    /// Creates a share from its thousandths.
    ///
    /// # Errors
    ///
    /// [`PerMilleError::TooLarge`] if `thousandths` is above 1000.
    pub const fn new(thousandths: u16) -> Result<Self, PerMilleError> {
        if thousandths <= 1000 { Ok(Self(thousandths)) } else { Err(PerMilleError::TooLarge { found: thousandths }) }
    }

    /// Creates a share from its thousandths in a constant. Above 1000 it fails to compile.
    pub(crate) const fn constant(thousandths: u16) -> Self {
        assert!(thousandths <= 1000, "a share above the whole");
        Self(thousandths)
    }

    /// Returns the share in thousandths, from 0 to 1000.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns `part / whole`, rounded down; 100 % if `part` is larger. `whole` is not 0, and below 2¹¹⁸.
    #[expect(clippy::cast_possible_truncation, reason = "part <= whole, so at most 1000")]
    pub(crate) const fn rounded_down(part: u128, whole: u128) -> Self {
        // 1000 is below 2¹⁰, so the product fits 128 bits.
        if part < whole { Self((part * 1000 / whole) as u16) } else { Self::WHOLE }
    }

    /// Returns `part / whole`, rounded up; 100 % if `part` is larger. `whole` is not 0, and below 2¹¹⁸.
    #[expect(clippy::cast_possible_truncation, reason = "part <= whole, so at most 1000")]
    pub(crate) const fn rounded_up(part: u128, whole: u128) -> Self {
        if part < whole { Self((part * 1000).div_ceil(whole) as u16) } else { Self::WHOLE }
    }

    /// Returns half the sum of the two shares, rounded down.
    pub(crate) const fn midpoint(self, other: Self) -> Self {
        Self(u16::midpoint(self.0, other.0))
    }

    /// Returns the next larger share; 100 % for 100 %.
    pub(crate) const fn next(self) -> Self {
        if self.0 < 1000 { Self(self.0 + 1) } else { self }
    }
}

impl fmt::Display for PerMille {
    /// Writes a percentage, such as `20 %` or `12.5 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, tenths) = (self.0 / 10, self.0 % 10);
        let tenths = if tenths == 0 { String::new() } else { alloc::format!(".{tenths}") };
        f.pad(&alloc::format!("{whole}{tenths} %"))
    }
}

impl fmt::Debug for PerMille {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PerMille {
    type Err = PerMilleError;

    /// Reads a percentage from 0 to 100 with at most one decimal, such as `12.5`, `12.5%` or `12.5 %`.
    fn from_str(text: &str) -> Result<Self, PerMilleError> {
        // A blank is allowed only between the number and `%`.
        let number = text.strip_suffix('%').map_or(text, |number| number.strip_suffix(' ').unwrap_or(number));
        let thousandths = decimal(number, 1).and_then(|tenths| u16::try_from(tenths).ok());
        thousandths
            .and_then(|thousandths| Self::new(thousandths).ok())
            .ok_or_else(|| PerMilleError::invalid_percentage(text))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PerMille {
    /// Writes a number in percent, such as `12.5`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 10.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PerMille {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = <f64 as serde::Deserialize>::deserialize(deserializer)?;
        // Each of the 1,001 shares is written as the nearest double. Only these doubles are accepted.
        (0..=1000_u16)
            .map(Self)
            .find(|share| (f64::from(share.0) / 10.0).total_cmp(&percent).is_eq())
            .ok_or_else(|| serde::de::Error::custom(PerMilleError::invalid_percentage(&alloc::format!("{percent}"))))
    }
}

/// The error of a value that is not a [`PerMille`].
///
/// ```
/// use smart_resize::geometry::{PerMille, PerMilleError};
///
/// let error = PerMille::new(1001).unwrap_err();
/// assert_eq!(error, PerMilleError::TooLarge { found: 1001 });
/// assert_eq!(error.to_string(), "share is 1001 thousandths; expected at most 1000");
/// assert_eq!(
///     "101".parse::<PerMille>().unwrap_err().to_string(),
///     "percentage is \"101\"; expected 0 to 100 with at most one decimal",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PerMilleError {
    /// More than 1000 thousandths.
    #[error("share is {found} thousandths; expected at most 1000")]
    TooLarge {
        /// The number of thousandths.
        found: u16,
    },
    /// A text or a number that is not a percentage from 0 to 100 with at most one decimal.
    #[error("percentage is {found:?}; expected 0 to 100 with at most one decimal")]
    InvalidPercentage {
        /// The first 16 characters of the text, or of the number.
        found: String,
    },
}

impl PerMilleError {
    fn invalid_percentage(text: &str) -> Self {
        Self::InvalidPercentage { found: text.chars().take(16).collect() }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn every_share_is_printed_as_it_is_read() {
        for thousandths in 0..=1000 {
            let share = PerMille::new(thousandths).unwrap();
            assert_eq!(share.get(), thousandths);
            assert_eq!(share.to_string().parse(), Ok(share));
            #[cfg(feature = "serde")]
            {
                let json = serde_json::to_string(&share).unwrap();
                assert_eq!(json, format!("{}.{}", thousandths / 10, thousandths % 10));
                assert_eq!(serde_json::from_str::<PerMille>(&json).unwrap(), share);
            }
        }
        for thousandths in [1001, u16::MAX] {
            assert_eq!(PerMille::new(thousandths), Err(PerMilleError::TooLarge { found: thousandths }));
        }
    }

    #[test]
    fn a_percentage_has_digits_a_point_and_one_decimal() {
        for (text, thousandths) in
            [("0", 0), ("7", 70), ("0007", 70), ("12.5", 125), ("12.50 %", 125), ("100.0%", 1000)]
        {
            assert_eq!(text.parse(), PerMille::new(thousandths), "{text:?}");
        }
        let refused = [
            "", "%", " %", ".", "5.", ".5", "-1", "+1", "1e1", "12.55", "100.1", "101", "5  %", " 5", "5 ", "٥", "1,5",
        ];
        for text in refused {
            let found = text.to_string();
            assert_eq!(text.parse::<PerMille>(), Err(PerMilleError::InvalidPercentage { found }), "{text:?}");
        }
    }

    #[test]
    fn a_midpoint_is_rounded_down() {
        assert_eq!(PerMille(3).midpoint(PerMille(4)), PerMille(3));
        assert_eq!(PerMille(4).midpoint(PerMille(6)), PerMille(5));
    }

    #[test]
    fn the_next_share_is_a_thousandth_larger_and_ends_at_100_percent() {
        assert_eq!([PerMille(0), PerMille(999), PerMille(1000)].map(PerMille::next), [1, 1000, 1000].map(PerMille));
    }

    #[test]
    fn rounding_keeps_to_its_side_and_to_the_whole() {
        for whole in 1..=60_u128 {
            for part in 0..=whole + 2 {
                let (down, up) = (PerMille::rounded_down(part, whole), PerMille::rounded_up(part, whole));
                let (kept, thousandths) = (part.min(whole), |share: PerMille| u128::from(share.get()));
                assert!(thousandths(down) * whole <= 1000 * kept && 1000 * kept <= thousandths(up) * whole);
                assert!(thousandths(up) - thousandths(down) <= 1);
                assert_eq!(down == PerMille::WHOLE, part >= whole);
                assert_eq!(up == PerMille::ZERO, part == 0);
            }
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn json_has_percent_with_one_decimal() {
        let read = |text: &str| serde_json::from_str::<PerMille>(text).map_err(|error| error.to_string());
        assert_eq!((read("5"), read("12.5")), (Ok(PerMille(50)), Ok(PerMille(125))));
        for text in ["-1", "100.1", "12.55", "1e3", "1e300"] {
            assert!(read(text).unwrap_err().contains("expected 0 to 100 with at most one decimal"), "{text}");
        }
        assert!(read("1e300").unwrap_err().starts_with("percentage is \"1000000000000000\";"));
        assert!(read("\"5\"").is_err());
    }
}
