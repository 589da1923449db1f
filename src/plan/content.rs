//! What a plan holds.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::budget::OverBudgetError;
use super::fingerprint::CallFields;
use super::share::{Optimality, Unshared};
use crate::digest::{Digest, Fingerprint};
use crate::format::Format;
use crate::geometry::fit::Fit;
use crate::geometry::insets::Insets;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::request::options::CallOptions;
use crate::request::sharing::Sharing;
use crate::size::Size;

/// What a request asks of the model, what is cut from it, and what that costs.
///
/// It is plain data: comparable, and with the feature `serde` a JSON document that is checked when it is read back
/// (version, identities, geometry, cost and fingerprints), so that a run can be resumed on another day.
///
/// # Guarantees
///
/// There is at least one rendition. Every generation has a call and a rendition, only as many as its
/// [sharing](Self::sharing) allows, and covers the targets cut from it; the cost is within the budget; and every
/// rectangle, sum and fingerprint is what this version of the crate computes from the rest.
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

/// What all calls and renditions have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) model: Arc<str>,
    pub(super) source_digest: Option<Digest>,
    /// There where a rendition is cut from the source.
    pub(super) source_size: Option<Size>,
    pub(super) options: CallOptions,
    pub(super) sharing: Sharing,
    pub(super) optimality: Optimality,
    pub(super) max_cost: Option<UsdMicros>,
    pub(super) max_calls: Option<u32>,
    pub(super) per_request: UsdMicros,
}

impl Plan {
    /// Fills in what follows from the rest: the identities and fingerprints of calls, and the cost.
    pub(super) fn assemble(header: Header, mut generations: Vec<Generation>, renditions: Vec<Rendition>) -> Self {
        let mut next_id = 0;
        let mut cost = UsdMicros(0);
        let mut seen = BTreeMap::new();
        for index in 0..generations.len() {
            let first = first_alike(&generations, index);
            let Some(generation) = generations.get_mut(index) else { break };
            for call in &mut generation.calls {
                let occurrence = seen.entry((first, call.seed, call.variants)).or_insert(0_u32);
                call.id = CallId(next_id);
                call.occurrence = *occurrence;
                call.fingerprint = header.source_digest.map(|source| {
                    let fields = CallFields {
                        model: &header.model,
                        preset: &generation.preset,
                        prompt: &generation.prompt,
                        seed: call.seed,
                        variants: call.variants,
                        options: header.options,
                        source,
                        occurrence: call.occurrence,
                    };
                    fields.fingerprint()
                });
                cost = cost.plus(generation.per_image.times(call.variants.into()));
                *occurrence += 1;
                next_id += 1;
            }
        }
        if next_id > 0 {
            cost = cost.plus(header.per_request);
        }
        Self { header, generations, renditions, cost }
    }

    /// The model's name.
    pub const fn model(&self) -> &Arc<str> {
        &self.header.model
    }

    /// The SHA-256 of the source's encoded bytes; without it no call has a fingerprint.
    pub const fn source_digest(&self) -> Option<Digest> {
        self.header.source_digest
    }

    /// The options of the backend's calls.
    pub const fn options(&self) -> CallOptions {
        self.header.options
    }

    /// What is asked of the model.
    pub fn generations(&self) -> &[Generation] {
        &self.generations
    }

    /// What is cut, one for each target in the order of the request.
    pub fn renditions(&self) -> &[Rendition] {
        &self.renditions
    }

    /// All calls with the index of their generation, in the order of their identities.
    pub fn calls(&self) -> impl Iterator<Item = (usize, &Call)> {
        let with_index =
            |(index, generation): (usize, _)| Generation::calls(generation).iter().map(move |call| (index, call));
        self.generations.iter().enumerate().flat_map(with_index)
    }

    /// The upright size of the source, where a rendition is cut from it.
    pub const fn source_size(&self) -> Option<Size> {
        self.header.source_size
    }

    /// Which targets may be cut from one generation.
    pub const fn sharing(&self) -> Sharing {
        self.header.sharing
    }

    /// What is known of the set of generations: whether a cheaper one may exist.
    pub const fn optimality(&self) -> Optimality {
        self.header.optimality
    }

    /// The most that the plan may cost.
    pub const fn max_cost(&self) -> Option<UsdMicros> {
        self.header.max_cost
    }

    /// The most calls that the plan may make.
    pub const fn max_calls(&self) -> Option<u32> {
        self.header.max_calls
    }

    /// What the plan would cost if each target that is generated had a generation of its own. That may be less than
    /// [`cost`](Self::cost) only where calls are bounded.
    pub fn cost_unshared(&self) -> UsdMicros {
        let of = |rendition: &Rendition| {
            let generation = self.generations.get(rendition.generation?)?;
            let per_image = rendition.unshared.map_or(generation.per_image, |own| own.per_image);
            Some(per_image.times(generation.variants().into()))
        };
        let per_request = if self.generations.is_empty() { UsdMicros(0) } else { self.header.per_request };
        self.renditions.iter().filter_map(of).fold(per_request, UsdMicros::plus)
    }

    /// What is paid once, if there is any call.
    pub const fn per_request(&self) -> UsdMicros {
        self.header.per_request
    }

    /// What all calls cost together, with the part per request.
    pub const fn cost(&self) -> UsdMicros {
        self.cost
    }
}

/// The index of the first generation that asks the same as that at `index`.
fn first_alike(generations: &[Generation], index: usize) -> usize {
    let Some(this) = generations.get(index) else { return index };
    let alike = |other: &Generation| other.preset == this.preset && other.prompt == this.prompt;
    generations.iter().take(index).position(alike).unwrap_or(index)
}

/// The seed of a generation's call: the first has the request's, a later one (seed + its number) mod 2³¹.
pub(super) fn call_seed(seed: u64, number: u32) -> u64 {
    if number == 0 { seed } else { seed.wrapping_add(number.into()) % (1 << 31) }
}

/// One picture that is asked of the model, in one or more variants.
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
    pub(super) preset: Preset,
    pub(super) prompt: Arc<str>,
    pub(super) per_image: UsdMicros,
    pub(super) calls: Vec<Call>,
}

impl Generation {
    /// The size in pixels that the model is to make.
    pub const fn size(&self) -> Size {
        self.preset.size
    }

    /// The same size with the labels by which the model is asked for it, where it has them.
    pub const fn preset(&self) -> &Preset {
        &self.preset
    }

    /// The whole prompt.
    pub const fn prompt(&self) -> &Arc<str> {
        &self.prompt
    }

    /// What one image costs.
    pub const fn per_image(&self) -> UsdMicros {
        self.per_image
    }

    /// The calls that make its variants, in order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// How many variants its calls make.
    pub fn variants(&self) -> u32 {
        self.calls.iter().map(Call::variants).sum()
    }
}

/// The number of a call in its plan, from 0.
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

/// One call of the backend, for one or more variants of a generation. Only calls cost money.
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
    /// A call before it has its place in a plan.
    pub(super) const fn new(variants: u32, seed: Option<u64>) -> Self {
        Self { id: CallId(0), variants, seed, occurrence: 0, fingerprint: None }
    }

    /// Its number in the plan.
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// How many variants it asks for, from 1.
    pub const fn variants(&self) -> u32 {
        self.variants
    }

    /// Its seed. Backends honour seeds as well as they can, which is not always.
    pub const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// How many earlier calls of the plan ask for the same.
    pub const fn occurrence(&self) -> u32 {
        self.occurrence
    }

    /// The key of its answer in a store; `None` if the source has no digest.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }
}

/// One target, and the rectangle of a generation, or of the source, that becomes it.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rendition {
    pub(super) target: Size,
    pub(super) generation: Option<usize>,
    pub(super) fit: Fit,
    pub(super) format: Format,
    pub(super) max_bytes: Option<u64>,
    pub(super) safe_area: Insets,
    pub(super) crop: Rect,
    pub(super) kept: PerMille,
    pub(super) loss: PerMille,
    pub(super) unshared: Option<Unshared>,
}

impl Rendition {
    /// The exact size in pixels.
    pub const fn target(&self) -> Size {
        self.target
    }

    /// The index of the generation that it is cut from; `None` if it is cut from the source itself, at no cost.
    pub const fn generation(&self) -> Option<usize> {
        self.generation
    }

    /// How it is cut.
    pub const fn fit(&self) -> Fit {
        self.fit
    }

    /// The format of the result.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The most bytes of its file.
    pub const fn max_bytes(&self) -> Option<u64> {
        self.max_bytes
    }

    /// What of it has to stay free of anything important.
    pub const fn safe_area(&self) -> Insets {
        self.safe_area
    }

    /// The rectangle of the preset's frame, or of the source, that becomes the target. If a picture of another size
    /// comes back, it is computed anew for that.
    pub const fn crop(&self) -> Rect {
        self.crop
    }

    /// The share of the frame in the rectangle, rounded down: the whole means all of it.
    pub const fn kept(&self) -> PerMille {
        self.kept
    }

    /// How much nearness of shape it loses by sharing a generation, rounded up.
    pub const fn loss(&self) -> PerMille {
        self.loss
    }

    /// What it would have been cut from alone, where generations are shared.
    pub const fn unshared(&self) -> Option<&Unshared> {
        self.unshared.as_ref()
    }
}

/// A request that has no plan.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::model::Model;
/// use smart_resize::plan::PlanError;
///
/// let model = Model::default().prompt_chars(10);
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let error = Plan::new(&Request::builder(source).model(model).sizes(["300x250"]).build()?).unwrap_err();
/// assert!(matches!(error, PlanError::PromptTooLong { index: 0, max: 10, .. }));
/// assert!(error.to_string().starts_with("the whole prompt of target 0 has "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The whole prompt of a target exceeds the model's limit.
    #[error("the whole prompt of target {index} has {chars} characters, the model takes {max}")]
    PromptTooLong {
        /// Which target, from 0.
        index: usize,
        /// The characters of the whole prompt.
        chars: usize,
        /// The model's limit.
        max: usize,
    },
    /// It would cost more or make more calls than the request allows.
    #[error(transparent)]
    OverBudget(#[from] OverBudgetError),
}
