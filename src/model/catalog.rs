//! Image models, and the catalogue of the built-in ones.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU16;
use core::str::FromStr;

pub(super) mod tables;

use self::tables::{NANO_BANANA, NANO_BANANA_2, NANO_BANANA_2_1, NANO_BANANA_2_LITE, NANO_BANANA_PRO};
use super::preset::{Preset, Tier};
use super::price::PriceList;
use super::table::{PresetTable, PresetTableError};

/// An image model: the sizes that it makes, its prices and the limits of one call.
///
/// ```
/// use smart_resize::model::{Model, Tier};
///
/// let model = Model::named("nano-banana-2.1").unwrap();
/// assert_eq!(model.tiers(), [Tier::K1, Tier::K2, Tier::K4]);
/// assert_eq!(model.presets()[0].size.to_string(), "1024x1024");
/// assert_eq!(model.prices.per_image(model.name(), Some(Tier::K1)).unwrap().to_string(), "$0.04");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    name: Cow<'static, str>,
    sizes: Sizes,
    /// The prices. The built-in models have fal's.
    pub prices: PriceList,
    /// The limits of one call.
    pub limits: ModelLimits,
    /// The month in which the sizes and prices were last compared with the provider's; `None` if they never were.
    pub verified: Option<Month>,
    /// The first month in which the provider does not offer the model any more; `None` if no such month is known.
    pub retired: Option<Month>,
}

/// The sizes that a model makes.
///
/// ```
/// use smart_resize::model::{Model, Sizes};
///
/// match Model::nano_banana().sizes() {
///     Sizes::Presets(table) => assert_eq!(table.presets().len(), 10),
///     other => panic!("sizes that are not a fixed list: {other:?}"),
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sizes {
    /// A fixed list of presets.
    Presets(PresetTable),
}

/// The limits of one call of a model.
///
/// ```
/// use smart_resize::model::{Model, ModelLimits};
///
/// let limits: ModelLimits = Model::nano_banana().limits;
/// assert_eq!(limits.prompt_chars, 5_000);
/// assert_eq!(limits.variants_per_call.get(), 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelLimits {
    /// The maximum number of characters of the whole prompt. The JSON of a plan can have prompts of up to 100,000
    /// characters; a plan with a longer one cannot be read back.
    pub prompt_chars: usize,
    /// The maximum number of variants of one call: 4 with fal, 1 with Gemini's own API.
    pub variants_per_call: NonZeroU16,
    /// The maximum number of input pictures of one call, the source included.
    pub input_images: NonZeroU16,
}

/// A month of a year, printed as `2026-11`.
///
/// ```
/// # use smart_resize::model::Month;
/// assert_eq!(Month::new(2026, 3).unwrap().to_string(), "2026-03");
/// assert!(Month::new(2026, 13).is_none() && Month::new(2025, 12) < Month::new(2026, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    // The derived order compares the fields in this order, so the year comes first.
    year: u16,
    month: u8,
}

impl Month {
    /// Creates the month with the number `month`, from 1 to 12, of `year`; `None` if there is no such month.
    pub const fn new(year: u16, month: u8) -> Option<Self> {
        match month {
            1..=12 => Some(Self { year, month }),
            _ => None,
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Model {
    /// Returns `nano-banana-pro` (Gemini 3 Pro Image): ten shapes at 1K, 2K and 4K, prompts of up to 50,000 characters.
    /// It is the default of a request.
    pub fn nano_banana_pro() -> Self {
        Self::built_in("nano-banana-pro", &NANO_BANANA_PRO, 50_000)
    }

    /// Returns `nano-banana-2.1` (`gemini-nano-banana-2.1`, available since October 2026): fourteen shapes at 1K, 2K
    /// and 4K, prompts of up to 50,000 characters. Its sizes are those that were delivered. At 1K it costs about a
    /// quarter of the price of `nano-banana-pro`.
    pub fn nano_banana_2_1() -> Self {
        Self::built_in("nano-banana-2.1", &NANO_BANANA_2_1, 50_000)
    }

    /// Returns `nano-banana-2` (Gemini 3.1 Flash Image): fourteen shapes at 0.5K, 1K, 2K and 4K, prompts of up to
    /// 50,000 characters. Its sizes are those that are documented. One live call for 8:1 delivered the size of 2.1,
    /// which is smaller, so an image of 8:1 or 1:8 can be too small for its target.
    pub fn nano_banana_2() -> Self {
        Self::built_in("nano-banana-2", &NANO_BANANA_2, 50_000)
    }

    /// Returns `nano-banana-2-lite`: the sizes of 2.1 at 1K, prompts of up to 50,000 characters.
    pub fn nano_banana_2_lite() -> Self {
        Self::built_in("nano-banana-2-lite", &NANO_BANANA_2_LITE, 50_000)
    }

    /// Returns `nano-banana` (Gemini 2.5 Flash Image): ten shapes without tiers, prompts of up to 5,000 characters.
    pub fn nano_banana() -> Self {
        Self::built_in("nano-banana", &NANO_BANANA, 5_000)
    }

    /// Returns the built-in models.
    pub fn all() -> [Self; 5] {
        [
            Self::nano_banana_pro(),
            Self::nano_banana_2_1(),
            Self::nano_banana_2(),
            Self::nano_banana_2_lite(),
            Self::nano_banana(),
        ]
    }

    /// Returns the built-in model with this name, such as `nano-banana-2.1`; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|model| model.name == name)
    }

    /// Creates a built-in model with fal's prices and fal's limit of variants.
    fn built_in(name: &'static str, presets: &'static [Preset], prompt_chars: usize) -> Self {
        const FAL: NonZeroU16 = NonZeroU16::new(4).unwrap();
        // All built-in models are Google's, which take at most 14 input pictures.
        const GEMINI: NonZeroU16 = NonZeroU16::new(14).unwrap();
        Self {
            name: Cow::Borrowed(name),
            sizes: Sizes::Presets(PresetTable::built_in(presets)),
            prices: PriceList::default(),
            limits: ModelLimits { prompt_chars, variants_per_call: FAL, input_images: GEMINI },
            verified: Month::new(2026, 11),
            retired: None,
        }
    }

    /// Creates a custom model, with prompts of up to 50,000 characters, one variant per call and one input picture. The
    /// default price list does not contain it; set its prices with [`prices`](Self::prices).
    ///
    /// ```
    /// use smart_resize::{Plan, Request, Size, Source};
    /// use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
    ///
    /// let tier = "3K".parse()?;
    /// let wide = Preset::new(Size::new(3500, 1500)?).ratio("7:3".parse()?).tier(tier);
    /// let prices = PriceList::new(UsdMicros(0)).price("my-model", Some(tier), UsdMicros(20_000));
    /// let model = Model::new("my-model", vec![wide])?.prices(prices);
    ///
    /// let source = Source::from_url("https://example.com/shoe.jpg");
    /// let plan = Plan::new(&Request::builder(source).model(model).sizes(["1200x500"]).build()?)?;
    /// assert_eq!(plan.cost().to_string(), "$0.02");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ModelError`] if the name is empty or the presets do not make a [`PresetTable`].
    pub fn new(name: impl Into<Cow<'static, str>>, presets: Vec<Preset>) -> Result<Self, ModelError> {
        let name = name.into();
        if name.is_empty() {
            return Err(ModelError::NoName);
        }
        Ok(Self {
            name,
            sizes: Sizes::Presets(PresetTable::new(presets)?),
            prices: PriceList::default(),
            limits: ModelLimits {
                prompt_chars: 50_000,
                variants_per_call: NonZeroU16::MIN,
                input_images: NonZeroU16::MIN,
            },
            verified: None,
            retired: None,
        })
    }

    /// Sets the prices.
    #[must_use]
    pub fn prices(mut self, prices: PriceList) -> Self {
        self.prices = prices;
        self
    }

    /// Sets the maximum number of variants of one call.
    #[must_use]
    pub const fn variants_per_call(mut self, variants: NonZeroU16) -> Self {
        self.limits.variants_per_call = variants;
        self
    }

    /// Sets the maximum number of input pictures of one call, the source included.
    #[must_use]
    pub const fn input_images(mut self, images: NonZeroU16) -> Self {
        self.limits.input_images = images;
        self
    }

    /// Sets the maximum number of characters of the whole prompt.
    #[must_use]
    pub const fn prompt_chars(mut self, chars: usize) -> Self {
        self.limits.prompt_chars = chars;
        self
    }

    /// Sets the month in which the sizes and prices were last compared with the provider's.
    #[must_use]
    pub const fn verified(mut self, month: Month) -> Self {
        self.verified = Some(month);
        self
    }

    /// Sets the first month in which the provider does not offer the model any more.
    #[must_use]
    pub const fn retired(mut self, month: Month) -> Self {
        self.retired = Some(month);
        self
    }

    /// Returns the name, such as `nano-banana-pro`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the sizes that the model makes.
    pub const fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// Returns the presets. If two presets suit a target equally well, the earlier one is selected.
    pub fn presets(&self) -> &[Preset] {
        match &self.sizes {
            Sizes::Presets(table) => table.presets(),
        }
    }

    /// Returns the distinct tiers in ascending order; an empty list if the model has no tiers.
    pub fn tiers(&self) -> Vec<Tier> {
        match &self.sizes {
            Sizes::Presets(table) => table.tiers(),
        }
    }

    /// Whether the model makes pictures of this tier.
    pub fn has(&self, tier: Tier) -> bool {
        match &self.sizes {
            Sizes::Presets(table) => table.has(tier),
        }
    }

    /// Returns the floor of a request that sets none: 1K if the model has this tier, otherwise `None`. A cheaper draft
    /// tier below 1K is therefore used only by a request that sets it as its floor.
    pub fn default_floor(&self) -> Option<Tier> {
        self.has(Tier::K1).then_some(Tier::K1)
    }
}

impl FromStr for Model {
    type Err = UnknownModelError;

    /// Reads the name of a built-in model.
    fn from_str(name: &str) -> Result<Self, UnknownModelError> {
        Self::named(name).ok_or_else(|| UnknownModelError { found: name.chars().take(80).collect() })
    }
}

impl Default for Model {
    /// Returns [`Model::nano_banana_pro`].
    fn default() -> Self {
        Self::nano_banana_pro()
    }
}

/// The error of values that do not make a [`Model`].
///
/// ```
/// use smart_resize::model::{Model, ModelError};
///
/// assert_eq!(Model::new("", vec![]).unwrap_err(), ModelError::NoName);
/// let error = Model::new("my-model", vec![]).unwrap_err();
/// assert_eq!(error.to_string(), "preset table has 0 presets; expected 1 to 64");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The name is empty.
    #[error("the name of the model is empty")]
    NoName,
    /// The presets do not make a [`PresetTable`].
    #[error(transparent)]
    Presets(#[from] PresetTableError),
}

/// The error of a name that no built-in model has.
///
/// ```
/// use smart_resize::model::Model;
///
/// assert_eq!(
///     "nano-banana-3".parse::<Model>().unwrap_err().to_string(),
///     "the model is \"nano-banana-3\"; expected nano-banana-pro, nano-banana-2.1, nano-banana-2, nano-banana-2-lite \
///      or nano-banana",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the model is {found:?}; expected nano-banana-pro, nano-banana-2.1, nano-banana-2, nano-banana-2-lite or nano-banana"
)]
#[non_exhaustive]
pub struct UnknownModelError {
    /// The first 80 characters of the name.
    pub found: String,
}

#[cfg(test)]
mod tests {
    use super::tables::K1;
    use super::*;

    #[test]
    fn the_floor_of_a_model_without_1k_is_none() {
        assert_eq!(Model::nano_banana_pro().default_floor(), K1);
        assert_eq!(Model::nano_banana_2().default_floor(), K1);
        assert_eq!(Model::nano_banana().default_floor(), None);
        assert_eq!(Model::nano_banana_2().tiers().len(), 4);
        assert_eq!(Model::nano_banana_2_1().tiers().len(), 3);
        assert!(Model::nano_banana().tiers().is_empty());
    }

    #[test]
    fn each_built_in_model_has_its_limits() {
        let limits = |model: Model| {
            let ModelLimits { prompt_chars, variants_per_call, input_images } = model.limits;
            (prompt_chars, variants_per_call.get(), input_images.get())
        };
        let fifty = (50_000, 4, 14);
        assert_eq!(Model::all().map(limits), [fifty, fifty, fifty, fifty, (5_000, 4, 14)]);
    }

    #[test]
    fn a_custom_model_has_one_variant_per_call_and_one_input_picture_by_default() {
        let model = Model::new("my-model", Model::default().presets().to_vec()).unwrap();
        let ModelLimits { prompt_chars, variants_per_call, input_images } = model.limits;
        assert_eq!((prompt_chars, variants_per_call.get(), input_images.get()), (50_000, 1, 1));
        assert_eq!((model.verified, model.retired), (None, None));
    }

    #[test]
    fn months_are_from_1_to_12_and_ordered_by_year_first() {
        let month = |year, month| Month::new(year, month);
        assert!(month(2026, 0).is_none() && month(2026, 13).is_none());
        assert!([month(2025, 12), month(2026, 1), month(2026, 12)].is_sorted() && month(2025, 12).is_some());
    }

    #[test]
    fn the_built_in_models_were_verified_in_november_2026() {
        assert!(Model::all().iter().all(|model| model.verified == Month::new(2026, 11) && model.retired.is_none()));
    }

    #[test]
    fn the_sizes_at_2k_and_4k_are_two_and_four_times_those_at_1k() {
        for model in [Model::nano_banana_pro(), Model::nano_banana_2_1(), Model::nano_banana_2()] {
            let of = |tier: Tier, factor: u32| -> Vec<_> {
                let sides = |preset: &Preset| (preset.size.width() * factor, preset.size.height() * factor);
                model.presets().iter().filter(|preset| preset.tier == Some(tier)).map(sides).collect()
            };
            assert_eq!((of(Tier::K2, 1), of(Tier::K4, 1)), (of(Tier::K1, 2), of(Tier::K1, 4)), "{}", model.name());
        }
    }

    #[test]
    fn the_tiers_of_a_model_are_distinct_and_ascending() {
        assert_eq!(Model::nano_banana_2().tiers(), [Tier::HALF_K, Tier::K1, Tier::K2, Tier::K4]);
    }

    #[test]
    fn every_built_in_model_is_found_by_its_name_and_has_prices() {
        for model in Model::all() {
            assert_eq!(Model::named(model.name()), Some(model.clone()));
            // The error lists every name.
            let error = "?".parse::<Model>().unwrap_err();
            assert!(alloc::format!("{error}").contains(model.name()));
            assert!(model.verified.is_some());
            for preset in model.presets() {
                assert!(model.prices.per_image(model.name(), preset.tier).is_some(), "{} {preset}", model.name());
            }
        }
        assert_eq!(Model::named("nano-banana-3"), None);
        assert_eq!(Model::new("", Model::default().presets().to_vec()), Err(ModelError::NoName));
    }
}
