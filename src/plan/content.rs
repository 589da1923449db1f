//! The plan and its parts: generations, calls and renditions.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::fingerprint::CallFields;
use super::reference::PlannedReference;
use super::share::{self, Optimality, Unshared, band};
use crate::digest::{Digest, Fingerprint};
use crate::format::Format;
use crate::geometry::fit::{Fit, enlargement};
use crate::geometry::focus::Focus;
use crate::geometry::insets::Insets;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::prompt::brief::Brief;
use crate::prompt::template::TemplateId;
use crate::request::bounds::Bounds;
use crate::request::options::CallOptions;
use crate::request::sharing::Sharing;
use crate::size::Size;

/// What is requested from the model, what is cut from the images, and what this costs.
///
/// A plan is plain data that can be compared. With the feature `serde` it can be written as JSON, so that a run can be
/// resumed later. Reading the JSON checks version, identities, geometry, cost and fingerprints.
///
/// # Guarantees
///
/// - There is at least one rendition.
/// - Every generation has at least one call and one rendition. It has only as many renditions as the
///   [sharing](Self::sharing) allows, and covers their targets, except for the [enlargement](Self::max_enlargement)
///   that is allowed.
/// - The cost and the number of calls are within the limits, and each rendition is within the bounds that refuse it.
/// - Every rectangle, sum and fingerprint is what this version of the crate computes from the other values.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
///
/// let source = Source::from_bytes(*b"the bytes of a photo");
/// let plan = Plan::new(&Request::builder(source).sizes(["1024x1024", "1920x1080"]).build()?)?;
/// assert_eq!((plan.generations().len(), plan.calls().count()), (2, 2));
/// assert_eq!(plan.renditions()[1].target().to_string(), "1920x1080");
/// assert_eq!(plan.cost().to_string(), "$0.35"); // $0.15 for each image, and $0.05 once
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) header: Header,
    pub(super) generations: Vec<Generation>,
    pub(super) renditions: Vec<Rendition>,
    pub(super) cost: UsdMicros,
}

/// The values that all calls and renditions have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) model: Arc<str>,
    pub(super) template: TemplateId,
    /// The reference pictures that every call sends after the source.
    pub(super) references: Vec<PlannedReference>,
    pub(super) source_digest: Option<Digest>,
    /// The upright size of the source; `None` if no rendition is cut from the source.
    pub(super) source_size: Option<Size>,
    pub(super) options: CallOptions,
    pub(super) sharing: Sharing,
    pub(super) optimality: Optimality,
    pub(super) max_enlargement: PerMille,
    pub(super) max_cost: Option<UsdMicros>,
    pub(super) max_calls: Option<u32>,
    pub(super) per_request: UsdMicros,
    pub(super) bounds: Bounds,
}

impl Plan {
    /// Creates a plan and computes its derived values: the ids, occurrences and fingerprints of calls, the losses of
    /// renditions, and the cost.
    pub(super) fn assemble(header: Header, mut generations: Vec<Generation>, mut renditions: Vec<Rendition>) -> Self {
        set_losses(&generations, &mut renditions);
        let mut next_id = 0;
        let mut cost = UsdMicros(0);
        // The number of calls so far by what they ask for. Equal generations are represented by the first of them.
        let mut seen = BTreeMap::new();
        for index in 0..generations.len() {
            let first = first_alike(&generations, index);
            let Some(generation) = generations.get_mut(index) else { break };
            for call in &mut generation.calls {
                // All other fields of the fingerprint are the same for every call of the plan.
                let occurrence = seen.entry((first, call.seed, call.variants)).or_insert(0_u32);
                call.id = CallId(next_id);
                call.occurrence = *occurrence;
                let fields = CallFields {
                    model: &header.model,
                    template: &header.template,
                    prompt: &generation.prompt,
                    brief: &generation.brief,
                    seed: call.seed,
                    variants: call.variants,
                    options: header.options,
                    occurrence: call.occurrence,
                };
                call.fingerprint = fields.fingerprint(header.source_digest, &header.references);
                cost = cost.plus(generation.per_image.times(call.variants.into()));
                *occurrence += 1;
                next_id += 1;
            }
        }
        // A plan that cuts every target from the source makes no call and costs nothing.
        if next_id > 0 {
            cost = cost.plus(header.per_request);
        }
        Self { header, generations, renditions, cost }
    }

    /// Returns the name of the model.
    pub const fn model(&self) -> &Arc<str> {
        &self.header.model
    }

    /// Returns the SHA-256 of the source's encoded bytes. If it is `None`, no call has a fingerprint.
    pub const fn source_digest(&self) -> Option<Digest> {
        self.header.source_digest
    }

    /// Returns the template that wrote the prompts.
    pub const fn template(&self) -> &TemplateId {
        &self.header.template
    }

    /// Returns the reference pictures that every call sends after the source.
    pub fn references(&self) -> &[PlannedReference] {
        &self.header.references
    }

    /// Returns the options of the backend's calls.
    pub const fn options(&self) -> CallOptions {
        self.header.options
    }

    /// Returns the images that are requested from the model.
    pub fn generations(&self) -> &[Generation] {
        &self.generations
    }

    /// Returns the renditions: one for each target, in the order of the request.
    pub fn renditions(&self) -> &[Rendition] {
        &self.renditions
    }

    /// Iterates over all calls, each with the index of its generation, in the order of their ids.
    pub fn calls(&self) -> impl Iterator<Item = (usize, &Call)> {
        let with_index =
            |(index, generation): (usize, _)| Generation::calls(generation).iter().map(move |call| (index, call));
        self.generations.iter().enumerate().flat_map(with_index)
    }

    /// Returns the upright size of the source; `None` if no rendition is cut from the source.
    pub const fn source_size(&self) -> Option<Size> {
        self.header.source_size
    }

    /// Returns which targets may be cut from one generation.
    pub const fn sharing(&self) -> Sharing {
        self.header.sharing
    }

    /// Returns whether the set of generations is proven to be the best one.
    pub const fn optimality(&self) -> Optimality {
        self.header.optimality
    }

    /// Returns by how much a generated image may be enlarged to become a target.
    pub const fn max_enlargement(&self) -> PerMille {
        self.header.max_enlargement
    }

    /// Returns the maximum cost of the plan; `None` if there is no limit.
    pub const fn max_cost(&self) -> Option<UsdMicros> {
        self.header.max_cost
    }

    /// Returns the maximum number of calls of the plan; `None` if there is no limit.
    pub const fn max_calls(&self) -> Option<u32> {
        self.header.max_calls
    }

    /// Returns the bounds that each rendition is compared with.
    pub const fn bounds(&self) -> Bounds {
        self.header.bounds
    }

    /// Returns the cost that the plan would have if each target that is cut from a generation had its own. It can be
    /// less than [`cost`](Self::cost) only if the number of calls is limited.
    pub fn cost_unshared(&self) -> UsdMicros {
        let of = |rendition: &Rendition| {
            let generation = self.generations.get(rendition.generation?)?;
            // A rendition without an own preset shares no generation, so the price of its generation is its own.
            let per_image = rendition.unshared.map_or(generation.per_image, |own| own.per_image);
            Some(per_image.times(generation.variants().into()))
        };
        let per_request = if self.generations.is_empty() { UsdMicros(0) } else { self.header.per_request };
        self.renditions.iter().filter_map(of).fold(per_request, UsdMicros::plus)
    }

    /// Returns the price of the request, which is paid once if there is any call.
    pub const fn per_request(&self) -> UsdMicros {
        self.header.per_request
    }

    /// Returns the total cost: the price of all images plus the price of the request.
    pub const fn cost(&self) -> UsdMicros {
        self.cost
    }
}

/// Sets the loss of each rendition that is cut from a generation, from the safe areas of all of its renditions.
fn set_losses(generations: &[Generation], renditions: &mut [Rendition]) {
    for (id, generation) in generations.iter().enumerate() {
        let of_this = |rendition: &&Rendition| rendition.generation == Some(id);
        let common = band::intersection(renditions.iter().filter(of_this).map(Rendition::safe_rect));
        for rendition in renditions.iter_mut().filter(|rendition| rendition.generation == Some(id)) {
            let own = rendition.unshared.map_or(*generation.preset(), |own| own.preset);
            let (target, safe) = (rendition.target, rendition.safe_rect());
            rendition.loss = share::loss(target, own.size, generation.size(), safe, common);
        }
    }
}

/// Returns the index of the first generation with the brief and the prompt of the generation at `index`.
fn first_alike(generations: &[Generation], index: usize) -> usize {
    let Some(this) = generations.get(index) else { return index };
    let alike = |other: &Generation| other.brief == this.brief && other.prompt == this.prompt;
    generations.iter().take(index).position(alike).unwrap_or(index)
}

/// Returns the seed of the call with this number in its generation: the request's seed for number 0, otherwise
/// (seed + number) mod 2³¹.
pub(super) fn call_seed(seed: u64, number: u32) -> u64 {
    // The first call has the seed of the caller unchanged. A derived seed has 31 bits, since some APIs have signed
    // 32-bit seeds.
    if number == 0 { seed } else { seed.wrapping_add(number.into()) % (1 << 31) }
}

/// One image that is requested from the model, in one or more variants.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let plan = Plan::new(&Request::builder(source).sizes(["1920x1080"]).variants(5).build()?)?;
/// let generation = &plan.generations()[0];
/// assert_eq!(generation.preset().to_string(), "16:9 2K");
/// assert_eq!(generation.per_image().to_string(), "$0.15");
/// assert_eq!((generation.variants(), generation.calls().len()), (5, 2)); // a call makes at most 4 variants
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub(super) brief: Arc<Brief>,
    pub(super) prompt: Arc<str>,
    pub(super) per_image: UsdMicros,
    pub(super) calls: Vec<Call>,
}

impl Generation {
    /// Returns the size in pixels that is requested from the model.
    pub fn size(&self) -> Size {
        self.brief.preset.size
    }

    /// Returns the same size with the labels by which it is requested.
    pub fn preset(&self) -> &Preset {
        &self.brief.preset
    }

    /// Returns the facts from which the prompt is written.
    pub const fn brief(&self) -> &Arc<Brief> {
        &self.brief
    }

    /// Returns the whole prompt.
    pub const fn prompt(&self) -> &Arc<str> {
        &self.prompt
    }

    /// Returns the price of one image.
    pub const fn per_image(&self) -> UsdMicros {
        self.per_image
    }

    /// Returns the calls that make the variants, in their order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Returns the total number of variants that the calls make.
    pub fn variants(&self) -> u32 {
        self.calls.iter().map(Call::variants).sum()
    }
}

/// The number of a call in its plan, counted from 0.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::plan::CallId;
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let plan = Plan::new(&Request::builder(source).sizes(["300x250", "728x90"]).build()?)?;
/// let ids: Vec<_> = plan.calls().map(|(_, call)| call.id()).collect();
/// assert_eq!(ids, [CallId(0), CallId(1)]);
/// assert_eq!(CallId(1).to_string(), "1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
#[expect(clippy::exhaustive_structs, reason = "a plain number")]
pub struct CallId(pub u32);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One call of a backend, for one or more variants of a generation. Only calls cost money.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
///
/// let source = Source::from_bytes(*b"the bytes of a photo");
/// let plan = Plan::new(&Request::builder(source).sizes(["300x250"]).variants(5).seed(7).build()?)?;
/// let calls = plan.generations()[0].calls();
/// assert_eq!((calls[0].variants(), calls[0].seed()), (4, Some(7)));
/// assert_eq!((calls[1].variants(), calls[1].seed()), (1, Some(8)));
/// assert!(calls[0].fingerprint().is_some() && calls[0].fingerprint() != calls[1].fingerprint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub(super) id: CallId,
    pub(super) variants: u32,
    pub(super) seed: Option<u64>,
    pub(super) occurrence: u32,
    pub(super) fingerprint: Option<Fingerprint>,
}

impl Call {
    /// Creates a call that is not part of a plan yet. [`Plan::assemble`] sets the other fields.
    pub(super) const fn new(variants: u32, seed: Option<u64>) -> Self {
        Self { id: CallId(0), variants, seed, occurrence: 0, fingerprint: None }
    }

    /// Returns the number of the call in the plan.
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// Returns the number of variants that the call requests, from 1.
    pub const fn variants(&self) -> u32 {
        self.variants
    }

    /// Returns the seed; `None` if the call has none. Backends do not always honour a seed.
    pub const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Returns the number of earlier calls of the plan that ask for the same.
    pub const fn occurrence(&self) -> u32 {
        self.occurrence
    }

    /// Returns the key of the call's answer in a store; `None` if the source or a reference has no digest.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }
}

/// One target, and the rectangle of a generated image or of the source that becomes the target.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let plan = Plan::new(&Request::builder(source).sizes(["1920x1080"]).build()?)?;
/// let rendition = &plan.renditions()[0];
/// assert_eq!(plan.generations()[0].size().to_string(), "2752x1536");
/// assert_eq!((rendition.crop().x(), rendition.crop().size().to_string()), (10, "2731x1536".into()));
/// assert_eq!(rendition.kept().to_string(), "99.2 %");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    pub(super) id: Option<Arc<str>>,
    pub(super) target: Size,
    pub(super) generation: Option<usize>,
    pub(super) fit: Fit,
    pub(super) format: Format,
    pub(super) max_bytes: Option<u64>,
    pub(super) quality: Option<u8>,
    pub(super) focus: Focus,
    pub(super) safe_area: Insets,
    pub(super) crop: Rect,
    pub(super) kept: PerMille,
    pub(super) loss: PerMille,
    pub(super) unshared: Option<Unshared>,
}

impl Rendition {
    /// Returns the caller's own name for the target; `None` if it has none.
    pub const fn id(&self) -> Option<&Arc<str>> {
        self.id.as_ref()
    }

    /// Returns the exact size of the result in pixels.
    pub const fn target(&self) -> Size {
        self.target
    }

    /// Returns the index of the generation that the target is cut from; `None` if it is cut from the source itself, at
    /// no cost.
    pub const fn generation(&self) -> Option<usize> {
        self.generation
    }

    /// Returns how the target is cut.
    pub const fn fit(&self) -> Fit {
        self.fit
    }

    /// Returns the format of the result.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Returns the maximum number of bytes of the file; `None` if there is no limit.
    pub const fn max_bytes(&self) -> Option<u64> {
        self.max_bytes
    }

    /// Returns the JPEG quality of the file, from 1 to 100; `None` selects that of the renderer.
    pub const fn quality(&self) -> Option<u8> {
        self.quality
    }

    /// Returns the focal point or region of the target.
    pub const fn focus(&self) -> Focus {
        self.focus
    }

    /// Returns the safe area of the target.
    pub const fn safe_area(&self) -> Insets {
        self.safe_area
    }

    /// Returns the rectangle of the generated image or of the source that becomes the target. The rectangle is computed
    /// for an image of the preset's size. If the backend returns another size, it is recomputed for that size.
    pub const fn crop(&self) -> Rect {
        self.crop
    }

    /// Returns by how much the rectangle is enlarged to become the target, rounded up: the larger value of the two
    /// sides. It is 0 % unless the request allows an enlargement.
    pub fn enlarged(&self) -> PerMille {
        enlargement(self.crop.size(), self.target)
    }

    /// Returns the share of the generated image or of the source that the rectangle keeps, rounded down. 100 % means
    /// all of it.
    pub const fn kept(&self) -> PerMille {
        self.kept
    }

    /// Returns the share of its usable area that the target loses because it shares a generation, rounded up.
    /// [`Sharing`] defines it. It is 0 % for a target that shares no generation and is cut from its own preset.
    ///
    /// ```
    /// use smart_resize::{Plan, Request, Source};
    /// use smart_resize::request::Sharing;
    ///
    /// let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
    ///     .sizes(["1500x500", "970x90"])
    ///     .sharing(Sharing::Shared { max_loss: "80 %".parse()? });
    /// let plan = Plan::new(&request.build()?)?;
    /// assert_eq!(plan.generations().len(), 1); // its prompt keeps everything important in the strip of the 970x90
    /// let losses: Vec<_> = plan.renditions().iter().map(|rendition| rendition.loss().to_string()).collect();
    /// assert_eq!(losses, ["72.2 %", "0 %"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn loss(&self) -> PerMille {
        self.loss
    }

    /// Returns the safe area in pixels of the picture that the target is cut from.
    pub(super) fn safe_rect(&self) -> Rect {
        self.safe_area.inside(self.crop, self.target)
    }

    /// Returns the preset that the target would be cut from alone. It is `None` for a target that is cut from the
    /// source, and without [`Sharing::Shared`], since each target is then cut from this preset.
    pub const fn unshared(&self) -> Option<&Unshared> {
        self.unshared.as_ref()
    }
}
