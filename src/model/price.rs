//! The prices of generated images, in whole millionths of a US dollar.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::preset::Tier;
use crate::text::{decimal, excerpt};

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
    /// Returns the amount multiplied by `count`. An overflow yields `u64::MAX`.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Returns the sum of the two amounts. An overflow yields `u64::MAX`.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for UsdMicros {
    /// Writes dollars with at least two decimals, and without trailing zeros after these.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, mut decimals, mut digits) = (self.0 / 1_000_000, self.0 % 1_000_000, 6);
        // Trailing zeros are dropped down to the cents.
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
        let micros = decimal(text.strip_prefix('$').unwrap_or(text), 6);
        micros.map(Self).ok_or_else(|| ParseUsdError { found: excerpt(text) })
    }
}

/// The error of a text that is not an amount in dollars.
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
    /// The first 40 characters of the text.
    pub found: String,
}

/// The price of one image of a model at a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Price {
    model: Cow<'static, str>,
    tier: Option<Tier>,
    per_image: UsdMicros,
}

/// The price of a request, and the prices of one image by model and tier.
///
/// The default is fal's list, as of November 2026:
///
/// - a request: $0.05, for the vision step;
/// - an image of nano-banana-pro: $0.15 (4K: $0.30);
/// - an image of nano-banana-2.1: $0.04 (2K: $0.06, 4K: $0.134);
/// - an image of nano-banana-2: $0.08 (0.5K: $0.06, 2K: $0.12, 4K: $0.16);
/// - an image of nano-banana-2-lite: $0.0336;
/// - an image of nano-banana: $0.039.
///
/// fal bills nano-banana-2.1 by token, so its prices are approximate: those at 1K and 4K are reported by users, and
/// that at 2K follows from Google's ratio of 2K to 1K.
///
/// ```
/// use smart_resize::model::{PriceList, Tier, UsdMicros};
///
/// let fal = PriceList::default();
/// assert_eq!(fal.per_image("nano-banana-pro", Some(Tier::K4)), Some(UsdMicros(300_000)));
/// assert_eq!(fal.per_image("my-model", None), None);
/// assert_eq!(fal.per_request(UsdMicros(0)).per_request, UsdMicros(0));
/// let mine = PriceList::new(UsdMicros(0)).price("my-model", None, UsdMicros(20_000));
/// assert_eq!(mine.per_image("my-model", None), Some(UsdMicros(20_000)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceList {
    /// The price of a request, which is paid once if anything is generated.
    pub per_request: UsdMicros,
    prices: Vec<Price>,
}

impl PriceList {
    /// Creates a list without prices of images. `per_request` is the price of a request.
    pub const fn new(per_request: UsdMicros) -> Self {
        Self { per_request, prices: Vec::new() }
    }

    /// Sets the price of one image of `model` at `tier`.
    #[must_use]
    pub fn price(mut self, model: impl Into<Cow<'static, str>>, tier: Option<Tier>, per_image: UsdMicros) -> Self {
        let model = model.into();
        self.prices.retain(|price| (&price.model, price.tier) != (&model, tier));
        self.prices.push(Price { model, tier, per_image });
        self
    }

    /// Sets the price of a request, which is paid once if anything is generated. It is 0, for instance, if no vision
    /// model is called.
    #[must_use]
    pub const fn per_request(mut self, per_request: UsdMicros) -> Self {
        self.per_request = per_request;
        self
    }

    /// Returns the price of one image; `None` if the list does not contain it.
    pub fn per_image(&self, model: &str, tier: Option<Tier>) -> Option<UsdMicros> {
        let found = self.prices.iter().find(|price| price.model == model && price.tier == tier);
        found.map(|price| price.per_image)
    }
}

impl PriceList {
    /// Returns fal's prices, which are the default.
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

    /// Returns Google's prices for its own API, as of November 2026. The price of a request is 0. The prices of
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

    /// Creates a list from rows of model, tier and price of an image, in millionths of a dollar.
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
    /// Returns [`PriceList::fal`].
    fn default() -> Self {
        Self::fal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_have_at_most_six_decimals() {
        for (text, micros) in [
            ("0", 0),
            ("$1", 1_000_000),
            ("1.50", 1_500_000),
            ("0.000001", 1),
            ("0.0000010", 1),
            ("18446744073709.551615", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(UsdMicros(micros)), "{text:?}");
        }
        for text in ["", "$", "1.", ".5", "-1", "+1", "1e3", " 1", "1,5", "$$1", "0.0000001", "18446744073709.551616"] {
            assert_eq!(text.parse::<UsdMicros>(), Err(ParseUsdError { found: text.into() }), "{text:?}");
        }
    }

    #[test]
    fn dollars_are_printed_with_two_decimals_or_as_many_as_they_need() {
        let print = |micros| alloc::format!("{}", UsdMicros(micros));
        assert_eq!([print(0), print(1), print(100_000), print(1_234_500)], ["$0.00", "$0.000001", "$0.10", "$1.2345"]);
    }

    #[test]
    fn an_amount_that_would_overflow_is_the_largest_amount() {
        assert_eq!(UsdMicros(u64::MAX).plus(UsdMicros(1)), UsdMicros(u64::MAX));
        assert_eq!(UsdMicros(1 << 63).times(2), UsdMicros(u64::MAX));
    }

    #[test]
    fn the_prices_of_fal_and_of_google_are_the_documented_ones() {
        let row = |model: &'static str, tier: &str| {
            let tier = (!tier.is_empty()).then(|| tier.parse().unwrap());
            [PriceList::fal(), PriceList::google()].map(|list| list.per_image(model, tier).map(|price| price.0))
        };
        assert_eq!([PriceList::fal(), PriceList::google()].map(|list| list.per_request.0), [50_000, 0]);
        assert_eq!(row("nano-banana-pro", "1K"), [Some(150_000), Some(134_000)]);
        assert_eq!(row("nano-banana-pro", "2K"), [Some(150_000), Some(134_000)]);
        assert_eq!(row("nano-banana-pro", "4K"), [Some(300_000), Some(240_000)]);
        assert_eq!(row("nano-banana-2.1", "1K"), [Some(40_000), Some(33_600)]);
        assert_eq!(row("nano-banana-2.1", "2K"), [Some(60_000), Some(50_400)]);
        assert_eq!(row("nano-banana-2.1", "4K"), [Some(134_000), Some(113_400)]);
        assert_eq!(row("nano-banana-2", "0.5K"), [Some(60_000), None]);
        assert_eq!(row("nano-banana-2", "1K"), [Some(80_000), None]);
        assert_eq!(row("nano-banana-2", "2K"), [Some(120_000), None]);
        assert_eq!(row("nano-banana-2", "4K"), [Some(160_000), None]);
        assert_eq!(row("nano-banana-2-lite", "1K"), [Some(33_600), Some(33_600)]);
        assert_eq!(row("nano-banana", ""), [Some(39_000), Some(39_000)]);
    }
}
