//! What an image model can make: its presets, each an exact size under an aspect ratio and a resolution.
//!
//! The label is not the pixel ratio (21:9 is really 33:14), so a label is only ever handed to the backend and a
//! decision is made on pixels.
//!
//! ```
//! use smart_resize::Size;
//! use smart_resize::model::PresetTable;
//!
//! let pro = PresetTable::nano_banana_pro();
//! let widest = pro.presets().iter().max_by_key(|preset| preset.size().width()).unwrap();
//! assert_eq!(widest.size(), Size::new(6336, 2688)?);
//! assert_eq!((widest.ratio().to_string(), widest.resolution().unwrap().to_string()), ("21:9".into(), "4K".into()));
//! # Ok::<(), smart_resize::geometry::InvalidSideError>(())
//! ```

mod tables;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};
use core::str::FromStr;

use self::tables::{NANO_BANANA, NANO_BANANA_2, NANO_BANANA_PRO};
use crate::size::Size;
use crate::text::serde_as_text;

/// The most rows that a [`PresetTable`] can have.
pub const MAX_PRESETS: usize = 64;

/// The name of a preset's shape, such as `16:9`: what a backend is asked for, not the exact ratio of the pixels.
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
    /// The ratio written `width:height`; nothing where a part is 0. It is kept as it is: `4:2` is not `2:1`.
    pub const fn new(width: u16, height: u16) -> Option<Self> {
        match (NonZeroU16::new(width), NonZeroU16::new(height)) {
            (Some(width), Some(height)) => Some(Self { width, height }),
            _ => None,
        }
    }

    /// The part before the colon.
    pub const fn width(self) -> u16 {
        self.width.get()
    }

    /// The part after the colon.
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
        let part = |digits: &str| plain_number(digits, 5).and_then(|value| u16::try_from(value).ok());
        text.split_once(':')
            .and_then(|(width, height)| Self::new(part(width)?, part(height)?))
            .ok_or_else(|| ParseLabelError::new("an aspect ratio such as \"16:9\"", text))
    }
}

serde_as_text!(AspectRatio, "an aspect ratio such as \"16:9\"");

/// A tier of resolution, such as `2K` or `0.5K`. Tiers are ordered by their number.
///
/// ```
/// # use smart_resize::model::Resolution;
/// assert!("0.5K".parse::<Resolution>()? < Resolution::K1);
/// assert_eq!("4k".parse::<Resolution>()?, Resolution::K4);
/// assert_eq!("4".parse::<Resolution>().unwrap_err().to_string(), "expected a resolution such as \"2K\", found \"4\"");
/// # Ok::<(), smart_resize::model::ParseLabelError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resolution {
    /// Thousandths of K.
    milli_k: NonZeroU32,
}

impl Resolution {
    /// `0.5K`
    pub const HALF_K: Self = resolution(500);
    /// `1K`
    pub const K1: Self = resolution(1000);
    /// `2K`
    pub const K2: Self = resolution(2000);
    /// `4K`
    pub const K4: Self = resolution(4000);

    /// The tier of `thousandths` of K: 500 is `0.5K`. Nothing for 0 and above 1,000,000 (`1000K`).
    pub const fn from_milli_k(thousandths: u32) -> Option<Self> {
        match NonZeroU32::new(thousandths) {
            Some(milli_k) if thousandths <= 1_000_000 => Some(Self { milli_k }),
            _ => None,
        }
    }

    /// The tier in thousandths of K: 500 is `0.5K`.
    pub const fn milli_k(self) -> u32 {
        self.milli_k.get()
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.milli_k.get() / 1000, self.milli_k.get() % 1000);
        if rest == 0 {
            return write!(f, "{whole}K");
        }
        let (mut decimals, mut digits) = (rest, 3);
        while decimals % 10 == 0 {
            decimals /= 10;
            digits -= 1;
        }
        write!(f, "{whole}.{decimals:0digits$}K")
    }
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Resolution {
    type Err = ParseLabelError;

    fn from_str(text: &str) -> Result<Self, ParseLabelError> {
        let read = || {
            let number = text.strip_suffix(['K', 'k'])?;
            let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
            let scale = [100, 10, 1].get(decimals.len().checked_sub(1)?)?;
            if !decimals.bytes().all(|c| c.is_ascii_digit()) {
                return None;
            }
            Self::from_milli_k(plain_number(whole, 4)? * 1000 + decimals.parse::<u32>().ok()? * scale)
        };
        read().ok_or_else(|| ParseLabelError::new("a resolution such as \"2K\"", text))
    }
}

serde_as_text!(Resolution, "a resolution such as \"2K\"");

/// ASCII digits without a needless zero in front, at most `digits` of them (9 or fewer).
fn plain_number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.bytes().all(|c| c.is_ascii_digit()) && text.len() <= digits;
    if plain && (text == "0" || !text.starts_with('0')) { text.parse().ok() } else { None }
}

/// One picture size that a model makes, and the names by which it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Preset {
    size: Size,
    ratio: AspectRatio,
    resolution: Option<Resolution>,
}

impl Preset {
    /// The preset of exactly `size` pixels named `ratio` and, where the model has tiers, `resolution`.
    pub const fn new(size: Size, ratio: AspectRatio, resolution: Option<Resolution>) -> Self {
        Self { size, ratio, resolution }
    }

    /// The exact size in pixels.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The name of the shape.
    pub const fn ratio(&self) -> AspectRatio {
        self.ratio
    }

    /// The name of the tier; nothing where the model has only one.
    pub const fn resolution(&self) -> Option<Resolution> {
        self.resolution
    }

    /// Whether the preset is at least as wide and at least as high as `target`.
    pub const fn covers(&self, target: Size) -> bool {
        self.size.covers(target)
    }
}

impl fmt::Display for Preset {
    /// Such as `16:9 2K`, or `16:9` where there are no tiers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resolution {
            Some(resolution) => write!(f, "{} {resolution}", self.ratio),
            None => write!(f, "{}", self.ratio),
        }
    }
}

/// A model: its name, its presets, and what one call can be asked.
///
/// # Guarantees
///
/// It has from 1 to [`MAX_PRESETS`] presets; no two have both names in common; all of them have a resolution, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetTable {
    model: Cow<'static, str>,
    presets: Cow<'static, [Preset]>,
    max_prompt_chars: usize,
    variants_per_call: NonZeroU16,
}

impl PresetTable {
    /// `nano-banana-pro` (Gemini 3 Pro Image): ten shapes at 1K, 2K and 4K, prompts of 50,000 characters, and
    /// four variants per call as on fal. The service's own model, and the default of a request.
    pub const fn nano_banana_pro() -> Self {
        Self::built_in("nano-banana-pro", &NANO_BANANA_PRO, 50_000)
    }

    /// `nano-banana-2` (Gemini 3.1 Flash Image): fourteen shapes at 0.5K, 1K, 2K and 4K, prompts of 50,000 characters.
    pub const fn nano_banana_2() -> Self {
        Self::built_in("nano-banana-2", &NANO_BANANA_2, 50_000)
    }

    /// `nano-banana` (Gemini 2.5 Flash Image): ten shapes in one tier without a name, prompts of 5,000 characters.
    pub const fn nano_banana() -> Self {
        Self::built_in("nano-banana", &NANO_BANANA, 5_000)
    }

    /// The three built-in tables.
    pub const fn all() -> [Self; 3] {
        [Self::nano_banana_pro(), Self::nano_banana_2(), Self::nano_banana()]
    }

    const fn built_in(model: &'static str, presets: &'static [Preset], max_prompt_chars: usize) -> Self {
        const FAL: NonZeroU16 = NonZeroU16::new(4).unwrap();
        Self { model: Cow::Borrowed(model), presets: Cow::Borrowed(presets), max_prompt_chars, variants_per_call: FAL }
    }

    /// A table of the caller's own for `model`, with prompts of up to 50,000 characters and one variant per call.
    ///
    /// # Errors
    ///
    /// [`PresetTableError`] where the model has no name, where there is no row, where there are more than [`MAX_PRESETS`], where two rows have the
    /// same names, or where only some have a resolution.
    ///
    /// ```
    /// use smart_resize::Size;
    /// use smart_resize::model::{Preset, PresetTable};
    ///
    /// let wide = Preset::new(Size::new(3500, 1500)?, "7:3".parse()?, Some("3K".parse()?));
    /// let table = PresetTable::new("my-model", vec![wide])?;
    /// assert_eq!(table.presets()[0].to_string(), "7:3 3K");
    /// let error = PresetTable::new("my-model", vec![wide, wide]).unwrap_err();
    /// assert_eq!(error.to_string(), "preset 1 has the names of preset 0: 7:3 3K");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(model: impl Into<Cow<'static, str>>, presets: Vec<Preset>) -> Result<Self, PresetTableError> {
        let model = model.into();
        if model.is_empty() {
            return Err(PresetTableError::NoModel);
        }
        if presets.is_empty() {
            return Err(PresetTableError::Empty);
        }
        if presets.len() > MAX_PRESETS {
            return Err(PresetTableError::TooMany { found: presets.len() });
        }
        let tiered = presets.first().is_some_and(|first| first.resolution.is_some());
        for (index, preset) in presets.iter().enumerate() {
            if preset.resolution.is_some() != tiered {
                return Err(PresetTableError::MixedResolutions { index });
            }
            let same = |other: &Preset| (other.ratio, other.resolution) == (preset.ratio, preset.resolution);
            if let Some(first) = presets.iter().take(index).position(same) {
                return Err(PresetTableError::Duplicate { index, first, preset: *preset });
            }
        }
        Ok(Self { model, presets: Cow::Owned(presets), max_prompt_chars: 50_000, variants_per_call: NonZeroU16::MIN })
    }

    /// The same table for a backend that makes up to `variants` pictures in one call (fal: 4, Gemini's own API: 1).
    #[must_use]
    pub fn with_variants_per_call(mut self, variants: NonZeroU16) -> Self {
        self.variants_per_call = variants;
        self
    }

    /// The same table for a model that takes whole prompts of up to `chars` characters. The document of a plan is read
    /// back with prompts of up to 100,000.
    #[must_use]
    pub fn with_max_prompt_chars(mut self, chars: usize) -> Self {
        self.max_prompt_chars = chars;
        self
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The presets, in the order that settles the last tie.
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// The most characters of a whole prompt.
    pub const fn max_prompt_chars(&self) -> usize {
        self.max_prompt_chars
    }

    /// The most variants that one call can be asked for.
    pub const fn variants_per_call(&self) -> NonZeroU16 {
        self.variants_per_call
    }

    /// The tiers of the table, the lowest first, each once; empty where presets have none.
    pub fn resolutions(&self) -> Vec<Resolution> {
        let mut tiers: Vec<_> = self.presets.iter().filter_map(Preset::resolution).collect();
        tiers.sort_unstable();
        tiers.dedup();
        tiers
    }

    /// The floor of a request that names none: 1K where the table has it (so that a cheaper draft tier needs
    /// asking for), otherwise none.
    pub fn default_floor(&self) -> Option<Resolution> {
        self.has(Resolution::K1).then_some(Resolution::K1)
    }

    /// Whether the table has presets of this tier.
    pub fn has(&self, resolution: Resolution) -> bool {
        self.presets.iter().any(|preset| preset.resolution == Some(resolution))
    }
}

impl Default for PresetTable {
    /// [`PresetTable::nano_banana_pro`]
    fn default() -> Self {
        Self::nano_banana_pro()
    }
}

/// A text that is not the label it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found:?}")]
#[non_exhaustive]
pub struct ParseLabelError {
    /// What the text should be.
    pub expected: &'static str,
    /// The text, its first 16 characters.
    pub found: String,
}

impl ParseLabelError {
    fn new(expected: &'static str, text: &str) -> Self {
        Self { expected, found: text.chars().take(16).collect() }
    }
}

/// Rows that do not make a [`PresetTable`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresetTableError {
    /// The model's name is empty.
    #[error("a preset table needs the name of a model")]
    NoModel,
    /// There is no row.
    #[error("a preset table needs at least one preset")]
    Empty,
    /// There are more than [`MAX_PRESETS`] rows.
    #[error("{found} presets, at most {MAX_PRESETS}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// Two rows have the same ratio and resolution.
    #[error("preset {index} has the names of preset {first}: {preset}")]
    Duplicate {
        /// The later row, from 0.
        index: usize,
        /// The earlier row, from 0.
        first: usize,
        /// The later row.
        preset: Preset,
    },
    /// A row has a resolution where the first has none, or the other way round.
    #[error("preset {index} and preset 0 differ in having a resolution")]
    MixedResolutions {
        /// The row, from 0.
        index: usize,
    },
}

#[expect(clippy::unwrap_used, reason = "called in constants only")]
const fn resolution(milli_k: u32) -> Resolution {
    Resolution::from_milli_k(milli_k).unwrap()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::tables::{K1, K2, row};
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
            assert_eq!(text.parse::<Resolution>().unwrap().to_string(), text);
        }
        for text in
            ["", "K", "1", "0K", "0.0K", "1.K", ".5K", "1.2345K", "01K", "1001K", "1.-5K", "+1K", "1KK", "1.5.5K"]
        {
            assert!(text.parse::<Resolution>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_table_refuses_what_it_could_not_be_asked_for() {
        let preset = |ratio: u16, resolution| row(ratio, 1, 10, 10, resolution);
        let refuse = |rows: Vec<Preset>, message: &str| {
            assert_eq!(PresetTable::new("m", rows).unwrap_err().to_string(), message);
        };
        refuse(vec![], "a preset table needs at least one preset");
        refuse((1..=65).map(|i| preset(i, K1)).collect(), "65 presets, at most 64");
        assert!(PresetTable::new("m", (1..=64).map(|i| preset(i, K1)).collect()).is_ok());
        refuse(vec![preset(1, K1), preset(2, None)], "preset 1 and preset 0 differ in having a resolution");
        refuse(vec![preset(1, K1), preset(1, K2), preset(1, K1)], "preset 2 has the names of preset 0: 1:1 1K");
    }

    #[test]
    fn the_floor_of_a_table_without_1k_is_none() {
        assert_eq!(PresetTable::nano_banana_pro().default_floor(), K1);
        assert_eq!(PresetTable::nano_banana_2().default_floor(), K1);
        assert_eq!(PresetTable::nano_banana().default_floor(), None);
        assert_eq!(PresetTable::nano_banana_2().resolutions().len(), 4);
        assert!(PresetTable::nano_banana().resolutions().is_empty());
    }
}
