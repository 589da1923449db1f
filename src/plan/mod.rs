//! Pure planning: a request in, what to generate and what to cut from it out, before anything is spent.
//!
//! A [`Plan`] has two lists. Its [`Generation`]s are what is asked of the model: a preset, a prompt, and one or more
//! [`Call`]s, since a backend makes only so many variants in one. Only calls cost money. Its [`Rendition`]s are one
//! per target, in the order of the request: the target, the generation that it is cut from, the exact rectangle.
//! A target has a generation of its own, as in the service's contract, unless the request shares generations
//! ([`share`]) or lets the source itself serve
//! ([`skip_covered`](request::ResizeRequestBuilder::skip_covered)). A [`budget`] is checked before anything is spent.
//!
//! Without a seed, or with one target listed twice, two calls can ask the very same; `occurrence` counts those, so
//! that each has a fingerprint of its own and each answer is found again.
//!
//! ```
//! use smart_resize::{Plan, ResizeRequest, Source, UsdMicros};
//!
//! let source = Source::from_bytes(*b"the bytes of a photo");
//! let request = ResizeRequest::builder(source).sizes(["1024x1024", "1920x1080"]).variants(5).seed(7).build()?;
//! let plan = Plan::new(&request)?;
//! assert_eq!(plan.generations()[1].preset().to_string(), "16:9 2K");
//! assert_eq!(plan.renditions()[1].crop().size().to_string(), "2731x1536");
//! let seeds: Vec<_> = plan.calls().map(|(_, call)| (call.variants(), call.seed())).collect();
//! assert_eq!(seeds, [(4, Some(7)), (1, Some(8)), (4, Some(7)), (1, Some(8))]);
//! assert_eq!(plan.cost(), UsdMicros(50_000 + 10 * 150_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod budget;
mod build;
pub mod fingerprint;
#[cfg(feature = "serde")]
mod json;
pub mod preset;
pub mod price;
pub mod prompt;
pub mod request;
pub mod scene;
pub mod select;
pub mod share;
pub mod source;
pub mod target;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use self::budget::OverBudgetError;
use self::fingerprint::{CallFields, Digest, Fingerprint};
use self::preset::{Preset, Resolution};
use self::price::UsdMicros;
use self::request::At;
use self::select::NothingCoversError;
use self::share::{Loss, Optimality, Sharing, Unshared};
use self::target::Insets;
use crate::format::Format;
use crate::geometry::fit::{Fit, TooSmallError};
use crate::geometry::focus::Focus;
use crate::geometry::rect::{Kept, Rect};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    header: Header,
    generations: Vec<Generation>,
    renditions: Vec<Rendition>,
    cost: UsdMicros,
}

/// What all calls and renditions have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    model: Arc<str>,
    source_digest: Option<Digest>,
    /// There where a rendition is cut from the source.
    source_size: Option<Size>,
    focus: Focus,
    safety_tolerance: u8,
    transfer_format: Format,
    sharing: Sharing,
    optimality: Optimality,
    max_cost: Option<UsdMicros>,
    max_calls: Option<u32>,
    per_request: UsdMicros,
}

impl Plan {
    /// Fills in what follows from the rest: the identities and fingerprints of calls, and the cost.
    fn assemble(header: Header, mut generations: Vec<Generation>, renditions: Vec<Rendition>) -> Self {
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
                        safety_tolerance: header.safety_tolerance,
                        transfer_format: header.transfer_format,
                        source,
                        occurrence: call.occurrence,
                        focus: header.focus,
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

    /// The safety tolerance that is passed to the backend, 1 (strict) to 6.
    pub const fn safety_tolerance(&self) -> u8 {
        self.header.safety_tolerance
    }

    /// The format in which the backend is asked to send its pictures.
    pub const fn transfer_format(&self) -> Format {
        self.header.transfer_format
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

    /// Where the picture's interest lies, in the frame that a rendition is cut from.
    pub const fn focus(&self) -> Focus {
        self.header.focus
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
fn call_seed(seed: u64, number: u32) -> u64 {
    if number == 0 { seed } else { seed.wrapping_add(number.into()) % (1 << 31) }
}

/// One picture that is asked of the model, in one or more variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    preset: Preset,
    prompt: Arc<str>,
    per_image: UsdMicros,
    calls: Vec<Call>,
}

impl Generation {
    /// What the model is to make.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
#[expect(clippy::exhaustive_structs, reason = "a plain number")]
pub struct CallId(pub u32);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One question to the backend: what costs money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    id: CallId,
    variants: u32,
    seed: Option<u64>,
    occurrence: u32,
    fingerprint: Option<Fingerprint>,
}

impl Call {
    /// A call before it has its place in a plan.
    const fn new(variants: u32, seed: Option<u64>) -> Self {
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

    /// How many calls before it in the plan ask the very same.
    pub const fn occurrence(&self) -> u32 {
        self.occurrence
    }

    /// The key of its answer in a store; nothing where the source has no digest.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }
}

/// One target, and the rectangle of a generation, or of the source, that becomes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rendition {
    target: Size,
    generation: Option<usize>,
    fit: Fit,
    format: Format,
    max_bytes: Option<u64>,
    safe_area: Insets,
    crop: Rect,
    kept: Kept,
    loss: Loss,
    unshared: Option<Unshared>,
}

impl Rendition {
    /// The exact size in pixels.
    pub const fn target(&self) -> Size {
        self.target
    }

    /// The index of the generation that it is cut from; nothing where it is cut from the source itself, at no cost.
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

    /// The rectangle of the preset's frame, or of the source, that becomes the target. If a picture of another size comes
    /// back, it is computed anew for that.
    pub const fn crop(&self) -> Rect {
        self.crop
    }

    /// The share of the frame in the rectangle.
    pub const fn kept(&self) -> Kept {
        self.kept
    }

    /// How much nearness of shape it loses by sharing a generation.
    pub const fn loss(&self) -> Loss {
        self.loss
    }

    /// What it would have been cut from alone, where generations are shared.
    pub const fn unshared(&self) -> Option<&Unshared> {
        self.unshared.as_ref()
    }
}

/// A request that has no plan.
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
    /// No preset covers a target.
    #[error(transparent)]
    NothingCovers(#[from] NothingCoversError),
    /// A preset does not cover a target.
    #[error(transparent)]
    TooSmall(#[from] TooSmallError),
    /// A model and tier without a price.
    #[error("no price is known for {model}{}", At(*resolution))]
    NoPrice {
        /// The model.
        model: String,
        /// The tier.
        resolution: Option<Resolution>,
    },
}
