//! A preset: one exact size that a model makes, and the labels by which it is requested.
//!
//! The label of a shape is not the ratio of the pixels: the pixels of 21:9 have the ratio 33:14. A backend is sent the
//! labels; everything else uses the pixels.

use alloc::string::String;
use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};
use core::str::FromStr;

use crate::size::Size;
use crate::text::serde_as_text;

/// The label of a preset's shape, such as `16:9`. A backend is sent this label. It is not the exact ratio of the
/// pixels.
///
/// ```
/// # use smart_resize::model::AspectRatio;
/// assert_eq!("7:3".parse::<AspectRatio>()?.to_string(), "7:3");
/// assert!("7/3".parse::<AspectRatio>().is_err());
/// # Ok::<(), smart_resize::model::ParseLabelError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AspectRatio {
    width: NonZeroU16,
    height: NonZeroU16,
}

impl AspectRatio {
    /// Creates the label `width:height`; `None` if a part is 0. The ratio is not reduced: `4:2` and `2:1` are
    /// different.
    pub const fn new(width: u16, height: u16) -> Option<Self> {
        match (NonZeroU16::new(width), NonZeroU16::new(height)) {
            (Some(width), Some(height)) => Some(Self { width, height }),
            _ => None,
        }
    }

    /// Returns the part before the colon.
    pub const fn width(self) -> u16 {
        self.width.get()
    }

    /// Returns the part after the colon.
    pub const fn height(self) -> u16 {
        self.height.get()
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.width, self.height)
    }
}

impl fmt::Debug for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AspectRatio {
    type Err = ParseLabelError;

    fn from_str(text: &str) -> Result<Self, ParseLabelError> {
        // Five digits reach the largest `u16`.
        let part = |digits: &str| plain_number(digits, 5).and_then(|value| u16::try_from(value).ok());
        text.split_once(':')
            .and_then(|(width, height)| Self::new(part(width)?, part(height)?))
            .ok_or_else(|| ParseLabelError::new("an aspect ratio such as \"16:9\"", text))
    }
}

serde_as_text!(AspectRatio, "an aspect ratio such as \"16:9\"");

/// A tier of picture sizes, such as `2K` or `0.5K`. Tiers are ordered by their number.
///
/// ```
/// # use smart_resize::model::Tier;
/// assert!("0.5K".parse::<Tier>()? < Tier::K1);
/// assert_eq!("4k".parse::<Tier>()?, Tier::K4);
/// assert_eq!("4".parse::<Tier>().unwrap_err().to_string(), "label is \"4\"; expected a tier such as \"2K\"");
/// # Ok::<(), smart_resize::model::ParseLabelError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tier {
    /// Thousandths of K.
    milli_k: NonZeroU32,
}

impl Tier {
    /// `0.5K`
    pub const HALF_K: Self = tier(500);
    /// `1K`
    pub const K1: Self = tier(1000);
    /// `2K`
    pub const K2: Self = tier(2000);
    /// `4K`
    pub const K4: Self = tier(4000);

    /// Creates the tier of `thousandths` of K: 500 is `0.5K`. `None` for 0, and above 1,000,000 (`1000K`).
    pub const fn from_milli_k(thousandths: u32) -> Option<Self> {
        match NonZeroU32::new(thousandths) {
            Some(milli_k) if thousandths <= 1_000_000 => Some(Self { milli_k }),
            _ => None,
        }
    }

    /// Returns the tier in thousandths of K: 500 is `0.5K`.
    pub const fn milli_k(self) -> u32 {
        self.milli_k.get()
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.milli_k.get() / 1000, self.milli_k.get() % 1000);
        if rest == 0 {
            return write!(f, "{whole}K");
        }
        // Trailing zeros are dropped and leading ones are kept: 500 is `.5`, and 50 is `.05`.
        let (mut decimals, mut digits) = (rest, 3);
        while decimals % 10 == 0 {
            decimals /= 10;
            digits -= 1;
        }
        write!(f, "{whole}.{decimals:0digits$}K")
    }
}

impl fmt::Debug for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Tier {
    type Err = ParseLabelError;

    fn from_str(text: &str) -> Result<Self, ParseLabelError> {
        let read = || {
            let number = text.strip_suffix(['K', 'k'])?;
            let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
            // The value of the last decimal in thousandths. No decimal after the point, or more than three, is refused.
            let scale = [100, 10, 1].get(decimals.len().checked_sub(1)?)?;
            if !decimals.bytes().all(|c| c.is_ascii_digit()) {
                return None;
            }
            // Four digits reach the highest tier, 1000K, and the sum of thousandths fits a `u32`.
            Self::from_milli_k(plain_number(whole, 4)? * 1000 + decimals.parse::<u32>().ok()? * scale)
        };
        read().ok_or_else(|| ParseLabelError::new("a tier such as \"2K\"", text))
    }
}

serde_as_text!(Tier, "a tier such as \"2K\"");

/// ASCII digits without a needless zero in front, at most `digits` of them (9 or fewer).
fn plain_number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.bytes().all(|c| c.is_ascii_digit()) && text.len() <= digits;
    // An empty text passes both conditions and is refused by `parse`.
    if plain && (text == "0" || !text.starts_with('0')) { text.parse().ok() } else { None }
}

/// One picture size that a model makes, and the labels by which the size is requested.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::model::{Preset, Tier};
///
/// let preset = Preset::new(Size::new(1584, 672)?).ratio("21:9".parse()?).tier(Tier::K1);
/// assert_eq!(preset.to_string(), "21:9 1K");
/// assert!(preset.covers(Size::new(1200, 600)?));
/// assert!(!preset.covers(Size::new(1200, 700)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Preset {
    /// The exact size in pixels.
    pub size: Size,
    /// The label of the shape; `None` for a model that is sent a size instead.
    pub ratio: Option<AspectRatio>,
    /// The label of the tier; `None` for a model without tiers.
    pub tier: Option<Tier>,
}

impl Preset {
    /// Creates the preset of exactly `size` pixels, without labels.
    pub const fn new(size: Size) -> Self {
        Self { size, ratio: None, tier: None }
    }

    /// Sets the label of the shape.
    #[must_use]
    pub const fn ratio(mut self, ratio: AspectRatio) -> Self {
        self.ratio = Some(ratio);
        self
    }

    /// Sets the label of the tier.
    #[must_use]
    pub const fn tier(mut self, tier: Tier) -> Self {
        self.tier = Some(tier);
        self
    }

    /// Whether the preset is at least as wide and at least as high as `target`.
    pub const fn covers(&self, target: Size) -> bool {
        self.size.covers(target)
    }
}

impl fmt::Display for Preset {
    /// Writes the labels, such as `16:9 2K`. The size replaces a ratio that is missing, as in `1536x1024`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ratio {
            Some(ratio) => write!(f, "{ratio}")?,
            None => write!(f, "{}", self.size)?,
        }
        self.tier.map_or(Ok(()), |tier| write!(f, " {tier}"))
    }
}

/// The error of a text that is not an [`AspectRatio`] or not a [`Tier`].
///
/// ```
/// use smart_resize::model::{AspectRatio, ParseLabelError};
///
/// let error: ParseLabelError = "16/9".parse::<AspectRatio>().unwrap_err();
/// assert_eq!(error.found, "16/9");
/// assert_eq!(error.to_string(), "label is \"16/9\"; expected an aspect ratio such as \"16:9\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("label is {found:?}; expected {expected}")]
#[non_exhaustive]
pub struct ParseLabelError {
    /// A description of the expected text.
    pub expected: &'static str,
    /// The first 16 characters of the text.
    pub found: String,
}

impl ParseLabelError {
    fn new(expected: &'static str, text: &str) -> Self {
        Self { expected, found: text.chars().take(16).collect() }
    }
}

#[expect(clippy::unwrap_used, reason = "called in constants only")]
const fn tier(milli_k: u32) -> Tier {
    Tier::from_milli_k(milli_k).unwrap()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn labels_are_read_strictly_and_printed_as_read() {
        for text in ["1:1", "16:9", "21:9", "65535:1"] {
            assert_eq!(text.parse::<AspectRatio>().unwrap().to_string(), text);
        }
        for text in ["", ":", "16", "16:", ":9", "0:1", "1:0", "01:1", "16:9:1", "65536:1", "16 :9", "-1:1", "auto"] {
            assert!(text.parse::<AspectRatio>().is_err(), "{text:?}");
        }
        for text in ["0.5K", "1K", "2K", "4K", "1.25K", "0.001K", "1000K"] {
            assert_eq!(text.parse::<Tier>().unwrap().to_string(), text);
        }
        for text in
            ["", "K", "1", "0K", "0.0K", "1.K", ".5K", "1.2345K", "01K", "1001K", "1.-5K", "+1K", "1KK", "1.5.5K"]
        {
            assert!(text.parse::<Tier>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_ratio_is_not_reduced() {
        assert_ne!(AspectRatio::new(4, 2), AspectRatio::new(2, 1));
    }

    #[test]
    fn a_tier_is_at_most_1000k_and_has_at_most_three_decimals() {
        assert!(Tier::from_milli_k(1_000_000).is_some() && Tier::from_milli_k(1_000_001).is_none());
        assert!(Tier::from_milli_k(0).is_none());
        let read = |text: &str| text.parse::<Tier>().map(Tier::milli_k).ok();
        assert_eq!([read("1.125K"), read("1.1k"), read("1.1250K")], [Some(1125), Some(1100), None]);
    }

    #[test]
    fn a_tier_is_printed_without_trailing_zeros_and_with_leading_ones() {
        let print = |milli_k| Tier::from_milli_k(milli_k).unwrap().to_string();
        assert_eq!(
            [print(500), print(50), print(5), print(1250), print(10_000)],
            ["0.5K", "0.05K", "0.005K", "1.25K", "10K"]
        );
    }

    #[test]
    fn tiers_are_ordered_by_their_number() {
        assert!([Tier::HALF_K, Tier::K1, Tier::K2, Tier::K4].is_sorted());
    }

    #[test]
    fn the_size_replaces_a_missing_ratio_in_the_text_of_a_preset() {
        let preset = Preset::new(Size::new(1536, 1024).unwrap());
        assert_eq!(
            (preset.to_string(), preset.tier(Tier::K2).to_string()),
            ("1536x1024".into(), "1536x1024 2K".into())
        );
    }
}
