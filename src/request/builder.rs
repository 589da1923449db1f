//! The builder of a request, which checks it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bounds::{Bound, Bounds};
use super::error::{RequestError, RequestErrors};
use super::options::CallOptions;
use super::sharing::{DEFAULT_SEARCH_NODES, Sharing};
use super::source::Source;
use super::target::{MAX_ID_CHARS, MAX_NAME_CHARS, Target};
use super::valid::{CutFrom, Fields, Request};
use crate::format::Format;
use crate::geometry::fit::{Fit, reduced};
use crate::geometry::focus::Focus;
use crate::geometry::per_mille::PerMille;
use crate::model::catalog::Model;
use crate::model::preset::{Preset, Tier};
use crate::model::price::{PriceList, UsdMicros};
use crate::model::select::{NothingCoversError, Smallest, smallest_covering};
use crate::prompt::template::{PromptTemplate, Wording};
use crate::scene::Scene;
use crate::size::{ParseSizeError, Size};
use crate::text::excerpt;

/// The maximum number of targets of one request.
pub const MAX_TARGETS: usize = 256;
/// The maximum number of variants of one target.
pub const MAX_VARIANTS: u32 = 64;
/// The default of [`RequestLimits::instruction_chars`].
pub const MAX_INSTRUCTION_CHARS: usize = 5000;

/// The bounds that [`RequestBuilder::build`] checks. A service can set tighter ones, or allow longer instructions.
///
/// ```
/// use smart_resize::{Request, Source};
/// use smart_resize::request::RequestLimits;
///
/// let mut limits = RequestLimits::default();
/// limits.targets = 1;
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let error = Request::builder(source).sizes(["300x250", "728x90"]).limits(limits).build().unwrap_err();
/// assert_eq!(error.to_string(), "request has 2 target sizes; expected at most 1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLimits {
    /// The maximum number of targets. A value above [`MAX_TARGETS`] counts as that.
    pub targets: usize,
    /// The maximum number of variants of one target. A value above [`MAX_VARIANTS`] counts as that.
    pub variants: u32,
    /// The maximum number of characters of the caller's own instruction.
    pub instruction_chars: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { targets: MAX_TARGETS, variants: MAX_VARIANTS, instruction_chars: MAX_INSTRUCTION_CHARS }
    }
}

impl Request {
    /// Returns a builder of a request for `source`, with the defaults of the service: nano-banana-pro at fal's prices,
    /// no instruction, one variant per size, a floor of 1K, PNG, safety tolerance 4 and no seed. Unlike the service, it
    /// requests only one generation for targets with the same preset and prompt ([`Sharing::Duplicates`]).
    pub fn builder(source: Source) -> RequestBuilder {
        RequestBuilder {
            fields: Fields {
                source,
                model: Model::default(),
                prices: None,
                instruction: String::new(),
                purpose: None,
                scene: None,
                template: Arc::new(Wording::default()),
                focus: Focus::CENTRE,
                max_enlargement: PerMille::ZERO,
                variants: 1,
                smallest: Smallest::default(),
                format: Format::default(),
                fit: Fit::default(),
                options: CallOptions::default(),
                seed: None,
                sharing: Sharing::default(),
                max_search_nodes: DEFAULT_SEARCH_NODES,
                crop_source_above: None,
                max_cost: None,
                max_calls: None,
                bounds: Bounds::default(),
            },
            targets: Vec::new(),
            floor: None,
            limits: RequestLimits::default(),
        }
    }
}

/// A builder of a [`Request`]. It checks nothing before [`build`](Self::build).
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
    /// Adds targets whose sizes are given as text, such as `1920x1080`.
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

    /// Sets the model. Default: [`Model::nano_banana_pro`].
    pub fn model(mut self, model: Model) -> Self {
        self.fields.model = model;
        self
    }

    /// Sets the prices, in place of the model's [own](Model::prices).
    pub fn prices(mut self, prices: PriceList) -> Self {
        self.fields.prices = Some(prices);
        self
    }

    /// Sets the user's own text, which follows in a separate block of each prompt.
    pub fn instruction(mut self, instruction: impl Into<String>) -> Self {
        self.fields.instruction = instruction.into();
        self
    }

    /// Sets what the results are for, as a noun with its article, such as "a display banner". The prompt mentions it,
    /// since models compose better with a context. Default: not known.
    pub fn purpose(mut self, purpose: impl Into<Arc<str>>) -> Self {
        self.fields.purpose = Some(purpose.into());
        self
    }

    /// Sets the description of what the source shows.
    pub fn scene(mut self, scene: impl Into<Arc<Scene>>) -> Self {
        self.fields.scene = Some(scene.into());
        self
    }

    /// Sets the template that writes the prompts. Default: the newest [`Wording`].
    pub fn template(mut self, template: impl PromptTemplate + 'static) -> Self {
        self.fields.template = Arc::new(template);
        self
    }

    /// Sets the number of variants of each target, from 1 to [`MAX_VARIANTS`]. Default: 1.
    pub const fn variants(mut self, variants: u32) -> Self {
        self.fields.variants = variants;
        self
    }

    /// Sets the lowest tier that may be used. Default: [`Model::default_floor`].
    pub const fn floor(mut self, floor: Tier) -> Self {
        self.floor = Some(floor);
        self
    }

    /// Sets the order that decides which covering preset is the smallest. Default: [`Smallest::ByTier`].
    pub const fn smallest(mut self, order: Smallest) -> Self {
        self.fields.smallest = order;
        self
    }

    /// Sets the format of the results, for targets that do not set their own. Default: PNG.
    pub const fn format(mut self, format: Format) -> Self {
        self.fields.format = format;
        self
    }

    /// Sets how targets are cut. Default: [`Fit::Cover`].
    pub const fn fit(mut self, fit: Fit) -> Self {
        self.fields.fit = fit;
        self
    }

    /// Sets the safety tolerance that is passed to the backend, from 1 (strict) to 6. Default: 4.
    pub const fn safety_tolerance(mut self, tolerance: u8) -> Self {
        self.fields.options.safety_tolerance = tolerance;
        self
    }

    /// Sets the seed of each generation's first call. Default: no seed.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.fields.seed = Some(seed);
        self
    }

    /// Sets the format in which a backend is asked to send its pictures. Default: PNG, so that at most one step, the
    /// encoding of the results, is lossy.
    pub const fn transfer_format(mut self, format: Format) -> Self {
        self.fields.options.transfer_format = format;
        self
    }

    /// Sets the focal point or region, for targets that do not set their own: a position in the picture that targets
    /// are cut from. The prompt tells a model which part of the image is kept because of it. A backend that reframes
    /// the source itself uses it as a position in the source. Default: [`Focus::CENTRE`].
    pub const fn focus(mut self, focus: Focus) -> Self {
        self.fields.focus = focus;
        self
    }

    /// Allows a preset that is a little too small for a target, if it costs less than the smallest that covers the
    /// target, or if none covers it. The image is then enlarged by at most `max_enlargement` on each side, once, with
    /// the resampling that it needs anyway. The rendition and the result say so. Default: 0 %, no enlargement.
    ///
    /// ```
    /// use smart_resize::{Plan, Request, Source};
    /// use smart_resize::model::Model;
    ///
    /// let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
    ///     .model(Model::nano_banana()) // its square has 1024 pixels
    ///     .sizes(["1080x1080"]);
    /// assert!(request.clone().build().is_err());
    /// let plan = Plan::new(&request.max_enlargement("6 %".parse()?).build()?)?;
    /// assert_eq!(plan.renditions()[0].enlarged().to_string(), "5.5 %");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn max_enlargement(mut self, max_enlargement: PerMille) -> Self {
        self.fields.max_enlargement = max_enlargement;
        self
    }

    /// Sets which targets may be cut from one generation. Default: [`Sharing::Duplicates`].
    pub const fn sharing(mut self, sharing: Sharing) -> Self {
        self.fields.sharing = sharing;
        self
    }

    /// Sets the maximum number of nodes that a search for the cheapest set of generations visits. If a plan exceeds its
    /// budget, up to about twenty such searches look for alternatives. Default: [`DEFAULT_SEARCH_NODES`].
    pub const fn max_search_nodes(mut self, nodes: u64) -> Self {
        self.fields.max_search_nodes = nodes;
        self
    }

    /// Cuts a target from the source itself, at no cost, if the source covers the target and the rectangle keeps at
    /// least `min_kept` of the source. Default: no target is cut from the source.
    ///
    /// The bytes and the upright size of the source have to be known, which [`build`](Self::build) checks. A target
    /// that is cut from the source has one result, whatever the number of variants, and its safe area has no effect.
    pub const fn crop_source_above(mut self, min_kept: PerMille) -> Self {
        self.fields.crop_source_above = Some(min_kept);
        self
    }

    /// Sets the maximum cost of the plan, including the price of the request itself. Default: no limit.
    pub const fn max_cost(mut self, max_cost: UsdMicros) -> Self {
        self.fields.max_cost = Some(max_cost);
        self
    }

    /// Sets the maximum number of calls of the plan. Default: no limit.
    ///
    /// With [`Sharing::Shared`], the plan has the cheapest set of generations within this limit. Such a set can cost
    /// more than one with more calls.
    pub const fn max_calls(mut self, max_calls: u32) -> Self {
        self.fields.max_calls = Some(max_calls);
        self
    }

    /// Sets the least share of its generated image that a rendition keeps. Default: a warning below 50 %.
    pub const fn min_kept(mut self, min_kept: Bound<PerMille>) -> Self {
        self.fields.bounds.min_kept = min_kept;
        self
    }

    /// Sets how many times smaller than its rectangle of the generated image a rendition may be, from 1. Default: a
    /// warning above 4.
    pub const fn max_scale(mut self, max_scale: Bound<u32>) -> Self {
        self.fields.bounds.max_scale = max_scale;
        self
    }

    /// Sets the bounds that [`build`](Self::build) checks.
    pub const fn limits(mut self, limits: RequestLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Validates the request and builds it.
    ///
    /// # Errors
    ///
    /// [`RequestErrors`], with every mistake, in the order of the fields and of the targets.
    pub fn build(self) -> Result<Request, RequestErrors> {
        let mut errors = self.field_errors();
        // An unknown floor is an error of its own. The targets are checked with the default floor, so that their
        // mistakes are reported too.
        let known_floor = self.floor.filter(|floor| self.fields.model.has(*floor));
        let floor = known_floor.or_else(|| self.fields.model.default_floor());
        // The tiers without a price. Each is reported once, and not for each of its targets.
        let mut unpriced = Vec::new();
        let count = self.targets.len().min(MAX_TARGETS);
        let (mut targets, mut cut_from) = (Vec::with_capacity(count), Vec::with_capacity(count));
        // The work for a request with far too many targets is bounded.
        for (index, target) in self.targets.iter().enumerate().take(MAX_TARGETS) {
            let target = match target {
                Ok(target) => target.clone(),
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
            errors.extend(self.target_errors(index, &target));
            let from_source = self.fields.cut_from_source(&target);
            // After a mistake the two lists can differ in length. They are used only if there is no mistake at all.
            targets.push(target);
            if let Some((size, crop)) = from_source {
                cut_from.push(CutFrom::Source { size, crop });
                continue;
            }
            match self.own_preset(size, floor) {
                // Only the tier determines the price, so another preset of the tier would have none either.
                Ok(preset) => match self.price(preset.tier) {
                    Some(per_image) => cut_from.push(self.fields.generated(preset, per_image)),
                    None if unpriced.contains(&preset.tier) => {}
                    None => unpriced.push(preset.tier),
                },
                Err(source) => errors.push(RequestError::NothingCovers { index, source }),
            }
        }
        let model = self.fields.model.name();
        errors.extend(unpriced.into_iter().map(|tier| RequestError::NoPrice { model: model.to_string(), tier }));
        if errors.is_empty() {
            Ok(Request { fields: self.fields, targets, cut_from, floor })
        } else {
            Err(RequestErrors { errors })
        }
    }

    /// Returns the smallest preset for a target. With an enlargement allowed, this is a preset that does not cover the
    /// target if it costs less, or if none covers the target.
    fn own_preset(&self, target: Size, floor: Option<Tier>) -> Result<Preset, NothingCoversError> {
        let Fields { model, smallest, max_enlargement, .. } = &self.fields;
        let covering = smallest_covering(model, target, floor, *smallest).copied();
        let near = smallest_covering(model, reduced(target, *max_enlargement), floor, *smallest).copied();
        match (covering, near) {
            (Ok(covering), Ok(near)) => {
                // A preset without a price cannot be used, so any price is less.
                let is_cheaper = match (self.price(near.tier), self.price(covering.tier)) {
                    (Some(near), Some(covering)) => near < covering,
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                Ok(if is_cheaper { near } else { covering })
            }
            (covering, near) => covering.or_else(|error| near.map_err(|_| error)),
        }
    }

    /// Returns the price of one image at `tier`; `None` if it is not known.
    fn price(&self, tier: Option<Tier>) -> Option<UsdMicros> {
        self.fields.prices().per_image(self.fields.model.name(), tier)
    }

    /// Returns the mistake of an instruction that is too long. `index` is the target that it belongs to.
    fn too_long(&self, index: Option<usize>, instruction: &str) -> Option<RequestError> {
        let (chars, max) = (instruction.chars().count(), self.limits.instruction_chars);
        (chars > max).then_some(RequestError::InstructionTooLong { index, chars, max })
    }

    /// Returns the mistakes in the texts and the quality of a target.
    fn target_errors(&self, index: usize, target: &Target) -> Vec<RequestError> {
        let id_chars = target.id.as_deref().map_or(0, |id| id.chars().count());
        let id = (id_chars > MAX_ID_CHARS).then_some(RequestError::IdTooLong { index, chars: id_chars });
        let instruction = target.instruction.as_deref().and_then(|text| self.too_long(Some(index), text));
        let purpose = target.purpose.as_deref();
        let purpose = purpose.and_then(|text| not_a_name(&format!("purpose of target {index}"), text));
        let quality = target.quality.filter(|quality| !(1..=100).contains(quality));
        let quality = quality.map(|found| RequestError::Quality { index, found });
        [id, instruction, purpose, quality].into_iter().flatten().collect()
    }

    /// Returns the mistakes that do not belong to one target.
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
        errors.extend(self.too_long(None, &self.fields.instruction));
        errors.extend(self.fields.purpose.as_deref().and_then(|purpose| not_a_name("purpose of the request", purpose)));
        let references = &self.fields.source.references;
        // The source is one of the input pictures.
        let max = usize::from(self.fields.model.limits.input_images.get()) - 1;
        if references.len() > max {
            errors.push(RequestError::TooManyReferences { found: references.len(), max });
        }
        for (index, reference) in references.iter().enumerate() {
            errors.extend(not_a_name(&format!("name of reference {index}"), &reference.name));
        }
        if let Some(floor) = self.floor.filter(|floor| !self.fields.model.has(*floor)) {
            errors.push(RequestError::UnknownFloor {
                floor,
                model: self.fields.model.name().to_string(),
                known: self.fields.model.tiers(),
            });
        }
        if self.fields.crop_source_above.is_some() {
            let source = &self.fields.source;
            let lacks = [("bytes", source.bytes().is_none()), ("size", source.size.is_none())];
            errors.extend(
                lacks
                    .into_iter()
                    .filter_map(|(missing, lacks)| lacks.then_some(RequestError::SourceUnknown { missing })),
            );
        }
        if self.fields.bounds.max_scale.value == 0 {
            errors.push(RequestError::MaxScale { found: 0 });
        }
        if !(1..=6).contains(&self.fields.options.safety_tolerance) {
            errors.push(RequestError::SafetyTolerance { found: self.fields.options.safety_tolerance });
        }
        errors
    }
}

/// Returns the mistake of a purpose or of a reference's name: it is one line of 1 to [`MAX_NAME_CHARS`] characters.
/// Without line breaks it cannot start a new paragraph in a prompt.
pub(crate) fn not_a_name(what: &str, text: &str) -> Option<RequestError> {
    let chars = text.chars().count();
    let breaks_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let is_fine = (1..=MAX_NAME_CHARS).contains(&chars) && !text.contains(breaks_line) && !text.trim().is_empty();
    (!is_fine).then(|| RequestError::NotAName { what: what.to_string(), found: excerpt(text), chars })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder(sizes: &[&str]) -> RequestBuilder {
        Request::builder(Source::from_url("u")).sizes(sizes)
    }

    #[test]
    fn a_name_is_one_line_of_1_to_120_characters() {
        let is_name = |text: &str| not_a_name("name", text).is_none();
        assert!(is_name("é") && is_name(&"é".repeat(120)));
        assert!(!is_name("") && !is_name(" ") && !is_name(&"é".repeat(121)));
        // Each of these characters breaks a line.
        assert!(["a\nb", "a\u{0}b", "a\u{2028}b", "a\u{2029}b"].iter().all(|text| !is_name(text)));
    }

    #[test]
    fn a_smaller_preset_is_used_if_only_it_has_a_price() {
        let prices = PriceList::new(UsdMicros(0)).price("nano-banana-pro", Some(Tier::K1), UsdMicros(9));
        let tenth = PerMille::constant(100);
        let request = builder(&["1080x1080"]).prices(prices.clone()).max_enlargement(tenth).build().unwrap();
        assert!(matches!(request.cut_from(), [CutFrom::Generation { per_image: UsdMicros(9), .. }]));
        assert!(builder(&["1080x1080"]).prices(prices).build().is_err());
    }

    #[test]
    fn a_missing_price_is_reported_once_for_each_tier() {
        let free = PriceList::new(UsdMicros(0));
        let errors = builder(&["9x9", "9x9", "2000x9", "9x8"]).prices(free).build().unwrap_err();
        let tiers: Vec<_> = errors.into_iter().map(|error| matches!(error, RequestError::NoPrice { .. })).collect();
        assert_eq!(tiers, [true, true]);
    }

    #[test]
    fn at_most_256_targets_are_checked() {
        let errors = builder(&["no size"; 300]).build().unwrap_err();
        assert_eq!(errors.iter().filter(|error| matches!(error, RequestError::InvalidSize { .. })).count(), 256);
    }

    #[test]
    fn the_source_counts_as_one_of_the_input_pictures() {
        let with = |references| {
            let reference = || crate::request::source::Reference::new("a logo", Source::from_url("u"));
            let source = (0..references).fold(Source::from_url("u"), |source, _| source.reference(reference()));
            let model = Model::default().input_images(core::num::NonZeroU16::new(3).unwrap());
            Request::builder(source).sizes(["9x9"]).model(model).build().is_ok()
        };
        assert!(with(2) && !with(3));
    }
}
