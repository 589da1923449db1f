//! What generations cost, in whole millionths of a US dollar.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::preset::Tier;

/// An amount of money in millionths of a US dollar.
///
/// ```
/// # use smart_resize::model::UsdMicros;
/// assert_eq!(UsdMicros(6_050_000).to_string(), "$6.05");
/// assert_eq!(UsdMicros(39_000).to_string(), "$0.039");
/// assert_eq!("0.039".parse(), Ok(UsdMicros(39_000)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
#[expect(clippy::exhaustive_structs, reason = "a plain number with a unit")]
pub struct UsdMicros(pub u64);

impl UsdMicros {
    /// This amount `count` times; `u64::MAX` where that is more than a `u64` holds.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Both amounts together; `u64::MAX` where that is more than a `u64` holds.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for UsdMicros {
    /// In dollars, with at least two decimals and no needless zero after them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, mut decimals, mut digits) = (self.0 / 1_000_000, self.0 % 1_000_000, 6);
        while digits > 2 && decimals % 10 == 0 {
            decimals /= 10;
            digits -= 1;
        }
        write!(f, "${dollars}.{decimals:0digits$}")
    }
}

impl FromStr for UsdMicros {
    type Err = ParseUsdError;

    /// Reads dollars with at most six decimals, such as `1.50` or `$1.50`.
    fn from_str(text: &str) -> Result<Self, ParseUsdError> {
        let number = text.strip_prefix('$').unwrap_or(text);
        let (dollars, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        let read = || {
            // `1.5000000` is `1.5`.
            let decimals = decimals.trim_end_matches('0');
            let missing = 6_u32.checked_sub(u32::try_from(decimals.len()).ok()?)?;
            let micros = if decimals.is_empty() { 0 } else { decimals.parse::<u64>().ok()? * 10_u64.pow(missing) };
            dollars.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros).map(Self)
        };
        let read = if digits(dollars) && digits(decimals) { read() } else { None };
        read.ok_or_else(|| ParseUsdError { found: text.chars().take(40).collect() })
    }
}

/// A text that is no amount in dollars.
///
/// ```
/// use smart_resize::model::{ParseUsdError, UsdMicros};
///
/// let error: ParseUsdError = "-1".parse::<UsdMicros>().unwrap_err();
/// assert_eq!(error.to_string(), "amount is \"-1\"; expected dollars with at most six decimals, such as 1.50");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("amount is {found:?}; expected dollars with at most six decimals, such as 1.50")]
#[non_exhaustive]
pub struct ParseUsdError {
    /// The text, its first 40 characters.
    pub found: String,
}

/// What one image of a model and a tier costs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Price {
    model: Cow<'static, str>,
    tier: Option<Tier>,
    per_image: UsdMicros,
}

/// What is paid for a request and for each image, per model and tier.
///
/// The default is fal's: $0.05 a request for the vision step, then per image nano-banana-pro $0.15 (4K $0.30),
/// nano-banana-2.1 $0.04 (2K $0.06, 4K $0.134), nano-banana-2 $0.08 (0.5K $0.06, 2K $0.12, 4K $0.16),
/// nano-banana-2-lite $0.0336, nano-banana $0.039. fal bills 2.1 by token, so that its prices are approximate: 1K and
/// 4K as users report them, 2K by Google's ratio of 2K to 1K. As of November 2026.
///
/// ```
/// use smart_resize::model::{PriceList, Tier, UsdMicros};
///
/// let fal = PriceList::default();
/// assert_eq!(fal.per_image("nano-banana-pro", Some(Tier::K4)), Some(UsdMicros(300_000)));
/// assert_eq!(fal.per_image("my-model", None), None);
/// assert_eq!(fal.per_request(UsdMicros(0)).per_request, UsdMicros(0));
/// let mine = PriceList::new(UsdMicros(0)).image("my-model", None, UsdMicros(20_000));
/// assert_eq!(mine.per_image("my-model", None), Some(UsdMicros(20_000)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceList {
    /// What is paid once for a request in which anything is generated.
    pub per_request: UsdMicros,
    prices: Vec<Price>,
}

impl PriceList {
    /// A list without images, with `per_request` for each request in which anything is generated.
    pub const fn new(per_request: UsdMicros) -> Self {
        Self { per_request, prices: Vec::new() }
    }

    /// Sets the price of one image of `model` at `tier`.
    #[must_use]
    pub fn image(mut self, model: impl Into<Cow<'static, str>>, tier: Option<Tier>, per_image: UsdMicros) -> Self {
        let model = model.into();
        self.prices.retain(|price| (&price.model, price.tier) != (&model, tier));
        self.prices.push(Price { model, tier, per_image });
        self
    }

    /// Sets what is paid once for a request in which anything is generated: nothing, say, where no vision model is
    /// asked.
    #[must_use]
    pub const fn per_request(mut self, per_request: UsdMicros) -> Self {
        self.per_request = per_request;
        self
    }

    /// What one image costs; `None` if the list does not say.
    pub fn per_image(&self, model: &str, tier: Option<Tier>) -> Option<UsdMicros> {
        let found = self.prices.iter().find(|price| price.model == model && price.tier == tier);
        found.map(|price| price.per_image)
    }
}

impl PriceList {
    /// fal's prices; the default.
    pub fn fal() -> Self {
        Self::of(
            50_000,
            &[
                ("nano-banana-pro", Some(Tier::K1), 150_000),
                ("nano-banana-pro", Some(Tier::K2), 150_000),
                ("nano-banana-pro", Some(Tier::K4), 300_000),
                ("nano-banana-2.1", Some(Tier::K1), 40_000),
                ("nano-banana-2.1", Some(Tier::K2), 60_000),
                ("nano-banana-2.1", Some(Tier::K4), 134_000),
                ("nano-banana-2", Some(Tier::HALF_K), 60_000),
                ("nano-banana-2", Some(Tier::K1), 80_000),
                ("nano-banana-2", Some(Tier::K2), 120_000),
                ("nano-banana-2", Some(Tier::K4), 160_000),
                ("nano-banana-2-lite", Some(Tier::K1), 33_600),
                ("nano-banana", None, 39_000),
            ],
        )
    }

    /// Google's prices for its own API, as of November 2026. A request has no price of its own. The prices of
    /// nano-banana-2 are not known.
    ///
    /// ```
    /// use smart_resize::model::{PriceList, Tier};
    ///
    /// let google = PriceList::google();
    /// assert_eq!(google.per_image("nano-banana-pro", Some(Tier::K4)).unwrap().to_string(), "$0.24");
    /// assert_eq!(google.per_request.to_string(), "$0.00");
    /// ```
    pub fn google() -> Self {
        Self::of(
            0,
            &[
                ("nano-banana-pro", Some(Tier::K1), 134_000),
                ("nano-banana-pro", Some(Tier::K2), 134_000),
                ("nano-banana-pro", Some(Tier::K4), 240_000),
                ("nano-banana-2.1", Some(Tier::K1), 33_600),
                ("nano-banana-2.1", Some(Tier::K2), 50_400),
                ("nano-banana-2.1", Some(Tier::K4), 113_400),
                ("nano-banana-2-lite", Some(Tier::K1), 33_600),
                ("nano-banana", None, 39_000),
            ],
        )
    }

    fn of(per_request: u64, prices: &[(&'static str, Option<Tier>, u64)]) -> Self {
        let price = |(model, tier, micros): &(&'static str, Option<Tier>, u64)| Price {
            model: Cow::Borrowed(*model),
            tier: *tier,
            per_image: UsdMicros(*micros),
        };
        Self { per_request: UsdMicros(per_request), prices: prices.iter().map(price).collect() }
    }
}

impl Default for PriceList {
    /// [`PriceList::fal`]
    fn default() -> Self {
        Self::fal()
    }
}
