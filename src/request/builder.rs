//! A request and its builder.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::error::{RequestError, RequestErrors};
use super::options::CallOptions;
use super::sharing::{DEFAULT_SEARCH_NODES, Sharing};
use super::source::Source;
use super::target::Target;
use crate::format::Format;
use crate::geometry::fit::Fit;
use crate::geometry::focus::Focus;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::catalog::Model;
use crate::model::preset::{Preset, Tier};
use crate::model::price::{PriceList, UsdMicros};
use crate::model::select::{Smallest, smallest_covering};
use crate::scene::Scene;
use crate::size::{ParseSizeError, Size};

/// The most targets of one request.
pub const MAX_TARGETS: usize = 256;
/// The most variants of one target.
pub const MAX_VARIANTS: u32 = 64;
/// The most characters of the caller's own prompt, unless [`RequestLimits`] says otherwise.
pub const MAX_INSTRUCTION_CHARS: usize = 5000;

/// The bounds that [`RequestBuilder::build`] checks. A service can set tighter ones, or allow longer prompts.
///
/// ```
/// use smart_resize::{Request, Source};
/// use smart_resize::request::RequestLimits;
///
/// let mut limits = RequestLimits::default();
/// limits.targets = 1;
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let error = Request::builder(source).sizes(["300x250", "728x90"]).limits(limits).build().unwrap_err();
/// assert_eq!(error.to_string(), "2 target sizes, at most 1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLimits {
    /// The most targets; above [`MAX_TARGETS`] it has no effect.
    pub targets: usize,
    /// The most variants of one target; above [`MAX_VARIANTS`] it has no effect.
    pub variants: u32,
    /// The most characters of the caller's own prompt.
    pub instruction_chars: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { targets: MAX_TARGETS, variants: MAX_VARIANTS, instruction_chars: MAX_INSTRUCTION_CHARS }
    }
}

/// A valid request. See [`builder`](Self::builder).
///
/// # Guarantees
///
/// It has from 1 to [`MAX_TARGETS`] targets; the format can hold each of them; and unless it is to be cut from the
/// source, the model covers it at the floor, at a price that is known.
///
/// ```
/// use smart_resize::{Format, Request, Source};
/// use smart_resize::model::Tier;
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let request = Request::builder(source).sizes(["300x250", "728x90"]).format(Format::Jpeg).build()?;
/// assert_eq!((request.targets().len(), request.variants()), (2, 1));
/// assert_eq!((request.format(), request.floor()), (Format::Jpeg, Some(Tier::K1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    fields: Fields,
    targets: Vec<Target>,
    /// One for each target.
    placements: Vec<Placement>,
    floor: Option<Tier>,
}

/// What validation found for a target: where it is cut from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Placement {
    /// The source itself.
    Source { size: Size, crop: Rect },
    /// A generation. For this target alone it would be the preset of this row.
    Generation { row: usize, preset: Preset, per_image: UsdMicros },
}

#[derive(Clone, Debug)]
struct Fields {
    source: Source,
    model: Model,
    prices: Option<PriceList>,
    instruction: String,
    scene: Option<Scene>,
    variants: u32,
    smallest: Smallest,
    format: Format,
    fit: Fit,
    options: CallOptions,
    seed: Option<u64>,
    sharing: Sharing,
    max_search_nodes: u64,
    crop_source_above: Option<PerMille>,
    max_cost: Option<UsdMicros>,
    max_calls: Option<u32>,
}

impl Fields {
    #[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
    fn generated(&self, preset: Preset, per_image: UsdMicros) -> Placement {
        let row = self.model.presets().iter().position(|other| *other == preset);
        Placement::Generation { row: row.expect("invariant: the preset is one of the model's"), preset, per_image }
    }

    fn prices(&self) -> &PriceList {
        self.prices.as_ref().unwrap_or(&self.model.prices)
    }

    /// The source's size and the rectangle that becomes `target`, if the request lets it be cut from the source.
    fn cut_from_source(&self, target: Size) -> Option<(Size, Rect)> {
        let min_kept = self.crop_source_above?;
        let frame = self.source.bytes().and(self.source.size)?;
        let rect = self.fit.rect_at(frame, target, self.options.focus).ok()?;
        (rect.kept_of(frame) >= min_kept).then_some((frame, rect))
    }
}

impl Request {
    /// A request for `source`, with the service's defaults: nano-banana-pro at fal's prices, no prompt, one variant
    /// per size, a floor of 1K, PNG, safety tolerance 4, no seed.
    pub fn builder(source: Source) -> RequestBuilder {
        RequestBuilder {
            fields: Fields {
                source,
                model: Model::default(),
                prices: None,
                instruction: String::new(),
                scene: None,
                variants: 1,
                smallest: Smallest::default(),
                format: Format::default(),
                fit: Fit::default(),
                options: CallOptions::default(),
                seed: None,
                sharing: Sharing::PerTarget,
                max_search_nodes: DEFAULT_SEARCH_NODES,
                crop_source_above: None,
                max_cost: None,
                max_calls: None,
            },
            targets: Vec::new(),
            floor: None,
            limits: RequestLimits::default(),
        }
    }

    /// The picture to be resized.
    pub const fn source(&self) -> &Source {
        &self.fields.source
    }

    /// The targets, in the order they were asked.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The model.
    pub const fn model(&self) -> &Model {
        &self.fields.model
    }

    /// The prices of the model.
    pub fn prices(&self) -> &PriceList {
        self.fields.prices()
    }

    /// The user's own text, which the prompt holds in a block set apart; `""` for none.
    pub fn instruction(&self) -> &str {
        &self.fields.instruction
    }

    /// What the source shows.
    pub const fn scene(&self) -> Option<&Scene> {
        self.fields.scene.as_ref()
    }

    /// How many variants of each target, from 1.
    pub const fn variants(&self) -> u32 {
        self.fields.variants
    }

    /// The lowest tier that may be used; `None` if the model has no tiers.
    pub const fn floor(&self) -> Option<Tier> {
        self.floor
    }

    /// Which covering preset counts as the smallest.
    pub const fn smallest(&self) -> Smallest {
        self.fields.smallest
    }

    /// The format of the results.
    pub const fn format(&self) -> Format {
        self.fields.format
    }

    /// How targets are cut.
    pub const fn fit(&self) -> Fit {
        self.fields.fit
    }

    /// The options of the backend's calls.
    pub const fn options(&self) -> CallOptions {
        self.fields.options
    }

    /// The seed of each generation's first call.
    pub const fn seed(&self) -> Option<u64> {
        self.fields.seed
    }

    /// Which targets may be cut from one generation.
    pub const fn sharing(&self) -> Sharing {
        self.fields.sharing
    }

    /// The nodes that a search for the cheapest set of generations looks into at most.
    pub const fn max_search_nodes(&self) -> u64 {
        self.fields.max_search_nodes
    }

    /// The share of the source that a target must keep to be cut from the source; `None` disables it.
    pub const fn crop_source_above(&self) -> Option<PerMille> {
        self.fields.crop_source_above
    }

    /// The most that the plan may cost.
    pub const fn max_cost(&self) -> Option<UsdMicros> {
        self.fields.max_cost
    }

    /// The most calls that the plan may make.
    pub const fn max_calls(&self) -> Option<u32> {
        self.fields.max_calls
    }

    /// How many calls the variants of a generation take.
    pub(crate) fn calls_per_generation(&self) -> u32 {
        self.fields.variants.div_ceil(self.fields.model.limits.variants_per_call.get().into())
    }

    /// Where each target is cut from, in the order of the targets.
    pub(crate) fn placements(&self) -> &[Placement] {
        &self.placements
    }
}

/// Collects a [`Request`]; checks nothing before [`build`](Self::build).
///
/// ```
/// use smart_resize::{Request, Size, Source, Target};
/// use smart_resize::request::RequestBuilder;
///
/// let builder: RequestBuilder = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
///     .sizes(["300x250"])
///     .targets([Target::new(Size::new(1080, 1920)?).max_bytes(150_000)])
///     .instruction("Keep the sky blue.")
///     .variants(2);
/// let request = builder.build()?;
/// assert_eq!((request.targets().len(), request.variants()), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequestBuilder {
    fields: Fields,
    targets: Vec<Result<Target, (String, ParseSizeError)>>,
    floor: Option<Tier>,
    limits: RequestLimits,
}

impl RequestBuilder {
    /// Adds targets written as sizes, such as `1920x1080`.
    pub fn sizes<I>(mut self, sizes: I) -> Self
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        self.targets.extend(sizes.into_iter().map(|text| {
            let text = text.as_ref();
            text.parse().map(Target::new).map_err(|error| (excerpt(text), error))
        }));
        self
    }

    /// Adds targets.
    pub fn targets<I>(mut self, targets: I) -> Self
    where
        I: IntoIterator<Item: Into<Target>>,
    {
        self.targets.extend(targets.into_iter().map(|target| Ok(target.into())));
        self
    }

    /// The model, and what it can make. Default: [`Model::nano_banana_pro`].
    pub fn model(mut self, model: Model) -> Self {
        self.fields.model = model;
        self
    }

    /// What the model costs, instead of its [own prices](Model::prices).
    pub fn prices(mut self, prices: PriceList) -> Self {
        self.fields.prices = Some(prices);
        self
    }

    /// The user's own text. The prompt of every generation holds it in a block set apart.
    pub fn instruction(mut self, instruction: impl Into<String>) -> Self {
        self.fields.instruction = instruction.into();
        self
    }

    /// What the source shows, where it is known.
    pub fn scene(mut self, scene: Scene) -> Self {
        self.fields.scene = Some(scene);
        self
    }

    /// How many variants of each target, 1 to [`MAX_VARIANTS`]. Default: 1.
    pub const fn variants(mut self, variants: u32) -> Self {
        self.fields.variants = variants;
        self
    }

    /// The lowest tier that may be used. Default: [`Model::default_floor`].
    pub const fn floor(mut self, floor: Tier) -> Self {
        self.floor = Some(floor);
        self
    }

    /// Which covering preset counts as the smallest. Default: [`Smallest::ByTier`].
    pub const fn smallest(mut self, order: Smallest) -> Self {
        self.fields.smallest = order;
        self
    }

    /// The format of the results. Default: PNG.
    pub const fn format(mut self, format: Format) -> Self {
        self.fields.format = format;
        self
    }

    /// How targets are cut. Default: [`Fit::Cover`].
    pub const fn fit(mut self, fit: Fit) -> Self {
        self.fields.fit = fit;
        self
    }

    /// The safety tolerance that is passed to the backend, 1 (strict) to 6. Default: 4.
    pub const fn safety_tolerance(mut self, tolerance: u8) -> Self {
        self.fields.options.safety_tolerance = tolerance;
        self
    }

    /// The seed of each generation's first call. Default: none.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.fields.seed = Some(seed);
        self
    }

    /// The format in which a backend is asked to send its pictures. Default: PNG, so that only one step is lossy.
    pub const fn transfer_format(mut self, format: Format) -> Self {
        self.fields.options.transfer_format = format;
        self
    }

    /// Where the picture's interest lies, in the frame that targets are cut from. Default: [`Focus::CENTRE`].
    pub const fn focus(mut self, focus: Focus) -> Self {
        self.fields.options.focus = focus;
        self
    }

    /// Which targets may be cut from one generation. Default: [`Sharing::PerTarget`].
    pub const fn sharing(mut self, sharing: Sharing) -> Self {
        self.fields.sharing = sharing;
        self
    }

    /// The nodes that a search for the cheapest set of generations looks into at most; the error of a plan over its
    /// budget makes up to some twenty such searches. Default: [`DEFAULT_SEARCH_NODES`].
    pub const fn max_search_nodes(mut self, nodes: u64) -> Self {
        self.fields.max_search_nodes = nodes;
        self
    }

    /// Cuts a target from the source itself, at no cost, where the source covers it and the rectangle keeps at least
    /// `min_kept` of the source. It needs the source's bytes and upright size. Such a
    /// target has one picture, however many variants are asked, and nothing is composed for its safe area. Default:
    /// never.
    pub const fn crop_source_above(mut self, min_kept: PerMille) -> Self {
        self.fields.crop_source_above = Some(min_kept);
        self
    }

    /// The most that the plan may cost, per-request part included. Default: no bound.
    pub const fn max_cost(mut self, max_cost: UsdMicros) -> Self {
        self.fields.max_cost = Some(max_cost);
        self
    }

    /// The most calls that the plan may make. Default: no bound. Where generations are shared, the set is the cheapest
    /// of those that keep to it, which may cost more than a set of more.
    pub const fn max_calls(mut self, max_calls: u32) -> Self {
        self.fields.max_calls = Some(max_calls);
        self
    }

    /// The bounds that [`build`](Self::build) checks.
    pub const fn limits(mut self, limits: RequestLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// [`RequestErrors`]: every mistake, in the order of the fields and of the targets.
    pub fn build(self) -> Result<Request, RequestErrors> {
        let mut errors = self.field_errors();
        let known_floor = self.floor.filter(|floor| self.fields.model.has(*floor));
        let floor = known_floor.or_else(|| self.fields.model.default_floor());
        let mut unpriced = Vec::new();
        let count = self.targets.len().min(MAX_TARGETS);
        let (mut targets, mut placements) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (index, target) in self.targets.iter().enumerate().take(MAX_TARGETS) {
            let target = match target {
                Ok(target) => *target,
                Err((found, source)) => {
                    errors.push(RequestError::InvalidSize { index, found: found.clone(), source: *source });
                    continue;
                }
            };
            let (size, format) = (target.size, target.format.unwrap_or(self.fields.format));
            if size.width().max(size.height()) > format.max_side() {
                errors.push(RequestError::TooLongForFormat { index, target: size, format });
            }
            if target.max_bytes == Some(0) {
                errors.push(RequestError::NoBytes { index });
            }
            if let Err(source) = target.safe_area.leave_room_in(size) {
                errors.push(RequestError::Insets { index, source });
            }
            targets.push(target);
            if let Some((size, crop)) = self.fields.cut_from_source(size) {
                placements.push(Placement::Source { size, crop });
                continue;
            }
            match smallest_covering(&self.fields.model, size, floor, self.fields.smallest) {
                Ok(preset) => match self.price(preset.tier) {
                    Some(per_image) => placements.push(self.fields.generated(*preset, per_image)),
                    None if unpriced.contains(&preset.tier) => {}
                    None => unpriced.push(preset.tier),
                },
                Err(source) => errors.push(RequestError::NothingCovers { index, source }),
            }
        }
        let model = self.fields.model.name();
        errors.extend(unpriced.into_iter().map(|tier| RequestError::NoPrice { model: model.to_string(), tier }));
        if errors.is_empty() {
            Ok(Request { fields: self.fields, targets, placements, floor })
        } else {
            Err(RequestErrors { errors })
        }
    }

    fn price(&self, tier: Option<Tier>) -> Option<UsdMicros> {
        self.fields.prices().per_image(self.fields.model.name(), tier)
    }

    /// The mistakes that are not those of one target.
    fn field_errors(&self) -> Vec<RequestError> {
        let mut errors = Vec::new();
        let (max_targets, found) = (self.limits.targets.min(MAX_TARGETS), self.targets.len());
        if found == 0 {
            errors.push(RequestError::NoTargets);
        } else if found > max_targets {
            errors.push(RequestError::TooManyTargets { found, max: max_targets });
        }
        let (max_variants, variants) = (self.limits.variants.min(MAX_VARIANTS), self.fields.variants);
        if variants == 0 || variants > max_variants {
            errors.push(RequestError::Variants { found: variants, max: max_variants });
        }
        let chars = self.fields.instruction.chars().count();
        if chars > self.limits.instruction_chars {
            errors.push(RequestError::InstructionTooLong { chars, max: self.limits.instruction_chars });
        }
        if let Some(floor) = self.floor.filter(|floor| !self.fields.model.has(*floor)) {
            errors.push(RequestError::UnknownFloor {
                floor,
                model: self.fields.model.name().to_string(),
                known: self.fields.model.tiers(),
            });
        }
        if !(1..=6).contains(&self.fields.options.safety_tolerance) {
            errors.push(RequestError::SafetyTolerance { found: self.fields.options.safety_tolerance });
        }
        errors
    }
}

/// The first 40 characters.
fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}
