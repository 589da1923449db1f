//! The outcome of a run: every answer of the backend, every picture that was rendered, and the record of how each was
//! made.

use std::fmt;
use std::sync::Arc;

use crate::digest::{Digest, Fingerprint};
use crate::format::Format;
use crate::generate::budget::billed_images;
use crate::generate::error::GenerateError;
use crate::generate::generated::Generated;
use crate::generate::request::GenerationRequest;
use crate::generate::store::StoreError;
use crate::geometry::focus::Focus;
use crate::geometry::insets::Insets;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::{AspectRatio, Tier};
use crate::model::price::UsdMicros;
use crate::pixels::encode::EncoderSettings;
use crate::pixels::rendered::{RenderError, Warning};
use crate::plan::content::{CallId, Generation, Plan};
use crate::size::Size;

/// The result of a run.
///
/// The failure of one call or one picture does not affect the results of the others.
///
/// ```
/// use smart_resize::{Plan, Request};
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::run::Driver;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
///
/// let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250", "728x90"]).build()?)?;
/// let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default())?;
/// assert_eq!((outcome.calls.len(), outcome.renditions.len()), (2, 2));
/// assert!(outcome.is_complete());
/// assert_eq!(outcome.cost(&plan).to_string(), "$0.00"); // the local generator bills no image
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The results of the plan's calls, in the order of the plan.
    pub calls: Vec<CallOutcome>,
    /// The results of the plan's renditions, in the order of the plan.
    pub renditions: Vec<RenditionOutcome>,
}

impl Outcome {
    /// Whether every picture of the plan was made.
    pub fn is_complete(&self) -> bool {
        self.renditions.iter().flat_map(|rendition| &rendition.variants).all(Result::is_ok)
    }

    /// Returns every picture of the plan with its size, in the order of the targets and of their variants.
    ///
    /// Errors are cloned, so that `?` can return them.
    pub fn outputs(&self) -> impl Iterator<Item = (Size, Result<&Output, RenditionError>)> {
        self.renditions.iter().flat_map(|rendition| {
            let target = rendition.target;
            rendition.variants.iter().map(move |made| (target, made.as_ref().map_err(Clone::clone)))
        })
    }

    /// Returns the cost of this run at the prices of `plan`, which must be the plan that was run.
    ///
    /// The cost is the price of all images that the backend billed, including those of failed calls, plus the part per
    /// request if any image was billed. Answers from the store cost nothing. If the backend retries calls, only the
    /// last try of each is known here; a budget that meters each try counts all.
    pub fn cost(&self, plan: &Plan) -> UsdMicros {
        let mut cost = UsdMicros(0);
        let mut any = false;
        for ((index, _), call) in plan.calls().zip(&self.calls) {
            // A stored answer states what its own call has billed, which an earlier run has paid.
            let billed = if call.reused { 0 } else { billed_images(&call.result) };
            let per_image = plan.generations().get(index).map_or(UsdMicros(0), Generation::per_image);
            cost = cost.plus(per_image.times(billed.into()));
            any |= billed > 0;
        }
        if any { cost.plus(plan.per_request()) } else { cost }
    }
}

/// The result of one call of a plan.
///
/// ```
/// use smart_resize::{Plan, Request};
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::generate::store::MemoryStore;
/// use smart_resize::run::Driver;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
///
/// let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).build()?)?;
/// let store = MemoryStore::default();
/// let driver = Driver::new(&plan, &source).store(&store);
/// let (first, second) = (driver.run(&LocalGenerator::default())?, driver.run(&LocalGenerator::default())?);
/// assert!(!first.calls[0].reused && second.calls[0].reused);
/// assert_eq!(second.calls[0].result.as_ref().unwrap().backend, "local");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct CallOutcome {
    /// The answer of the backend with its encoded images, or the error.
    pub result: Result<Generated, GenerateError>,
    /// Whether the answer came from the store. If so, the backend was not called, and the run did not pay for the
    /// answer.
    pub reused: bool,
    /// The number of images beyond those requested. The answer has them, but they were not rendered.
    pub ignored_images: usize,
    /// The error of the store if it could not save the answer. The answer then exists only in this outcome.
    pub store_error: Option<StoreError>,
}

impl CallOutcome {
    pub(super) const fn new(result: Result<Generated, GenerateError>, reused: bool) -> Self {
        Self { result, reused, ignored_images: 0, store_error: None }
    }
}

/// The pictures of one rendition.
///
/// ```
/// use smart_resize::{Plan, Request};
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::run::Driver;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
///
/// let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).variants(2).build()?)?;
/// let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default())?;
/// let rendition = &outcome.renditions[0];
/// assert_eq!((rendition.target, rendition.variants.len()), (Size::new(300, 250)?, 2));
/// assert!(rendition.variants.iter().all(Result::is_ok));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct RenditionOutcome {
    /// The exact size of the pictures.
    pub target: Size,
    /// One result for each variant that the plan requests. A rendition that is cut from the source has one.
    pub variants: Vec<Result<Output, RenditionError>>,
}

/// The error of a picture that could not be made.
///
/// ```
/// use smart_resize::generate::{GenerateError, GenerateErrorKind, from_fn};
/// use smart_resize::plan::CallId;
/// use smart_resize::run::{Driver, RenditionError};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).build()?)?;
///
/// let backend = from_fn(|_: &_| Err(GenerateError::new(GenerateErrorKind::RateLimited, "status 429")));
/// let outcome = Driver::new(&plan, &source).run(&backend)?;
/// let error = outcome.renditions[0].variants[0].as_ref().unwrap_err();
/// assert!(matches!(error, RenditionError::Generation { call: CallId(0), .. }));
/// assert_eq!(error.to_string(), "call 0 failed: rate limited: status 429");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenditionError {
    /// The call of the picture failed. [`Outcome::calls`] has the error itself.
    #[error("call {call} failed: {reason}")]
    Generation {
        /// The call.
        call: CallId,
        /// The error of the call, with its causes.
        reason: String,
    },
    /// The call of the picture returned fewer images than requested.
    #[error("call {0} made fewer images than requested")]
    MissingImage(CallId),
    /// The generated image could not be rendered. [`Outcome::calls`] has its bytes.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The function of [`Driver::offload`](crate::run::Driver::offload) lost the job. [`Outcome::calls`] has the bytes
    /// of the generated image.
    #[error("the rendering was abandoned")]
    Abandoned,
}

/// A finished picture.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::pixels::Picture;
/// # let photo = smart_resize::Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
/// # let photo = photo.bytes().unwrap().to_vec();
///
/// let outcome = smart_resize::resize(photo, ["300x250"], &LocalGenerator::default())?;
/// let (_, output) = outcome.outputs().next().unwrap();
/// let output = output?;
/// assert_eq!(Format::sniff(&output.bytes), Some(Format::Png));
/// assert_eq!(output.provenance.target, Size::new(300, 250)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The encoded bytes, in exactly the target's size and in its format.
    pub bytes: Vec<u8>,
    /// The record of how the picture was made.
    pub provenance: Provenance,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("bytes", &self.bytes.len()).field("provenance", &self.provenance).finish()
    }
}

/// The record of how a picture was made, to be stored with the picture.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::pixels::Picture;
/// # let photo = smart_resize::Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
/// # let photo = photo.bytes().unwrap().to_vec();
///
/// let outcome = smart_resize::resize(photo, ["300x250"], &LocalGenerator::default())?;
/// let (_, output) = outcome.outputs().next().unwrap();
/// let provenance = &output?.provenance;
/// assert_eq!(provenance.frame, Size::new(1152, 928)?); // 5:4 at 1K
/// assert_eq!(provenance.crop.size(), Size::new(1114, 928)?);
/// assert_eq!(provenance.kept.to_string(), "96.7 %");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Provenance {
    /// The caller's own name for the target. `None` if it has none.
    pub id: Option<Arc<str>>,
    /// The SHA-256 of the source's encoded bytes. `None` if the source has no digest.
    pub source_digest: Option<Digest>,
    /// How the generated image was made. `None` if the picture was cut from the source.
    pub generation: Option<GenerationRecord>,
    /// The upright size, in pixels, of the image that the picture was cut from.
    pub frame: Size,
    /// The rectangle of that image that the picture shows.
    pub crop: Rect,
    /// The area of the rectangle as a share of that image.
    #[cfg_attr(feature = "serde", serde(rename = "kept_percent"))]
    pub kept: PerMille,
    /// How much less the shape of the shared generation resembles the target's than the shape of its own would.
    #[cfg_attr(feature = "serde", serde(rename = "loss_percent"))]
    pub loss: PerMille,
    /// The requested focal point.
    pub focus: Focus,
    /// The requested safe area: the insets to keep free of anything important.
    pub safe_area: Insets,
    /// The picture's exact size in pixels.
    pub target: Size,
    /// The picture's format.
    pub format: Format,
    /// The requested byte limit. `None` if there was none.
    pub max_bytes: Option<u64>,
    /// The settings that the picture was encoded with. `None` if the bytes of the image passed through unchanged.
    pub encoder: Option<EncoderSettings>,
    /// The findings that the caller may want to check.
    pub warnings: Vec<Warning>,
}

/// The record of how an image was generated.
///
/// ```
/// use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::Size;
/// # use smart_resize::pixels::Picture;
/// # let photo = smart_resize::Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
/// # let photo = photo.bytes().unwrap().to_vec();
///
/// let outcome = smart_resize::resize(photo, ["300x250"], &LocalGenerator::default())?;
/// let (_, output) = outcome.outputs().next().unwrap();
/// let record = output?.provenance.generation.as_ref().unwrap();
/// assert_eq!((record.model.as_str(), record.backend.as_str()), ("nano-banana-pro", "local"));
/// assert_eq!((record.size, record.image), (Size::new(1152, 928)?, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GenerationRecord {
    /// The requested model.
    pub model: String,
    /// The requested size in pixels.
    #[cfg_attr(feature = "serde", serde(rename = "preset"))]
    pub size: Size,
    /// The label of the requested aspect ratio. `None` if the model has no such labels.
    #[cfg_attr(feature = "serde", serde(rename = "aspect_ratio"))]
    pub ratio: Option<AspectRatio>,
    /// The label of the requested tier. `None` if the model has no tiers.
    #[cfg_attr(feature = "serde", serde(rename = "resolution"))]
    pub tier: Option<Tier>,
    /// The template that wrote the prompt, as `name/version`.
    pub template: String,
    /// The whole prompt.
    pub prompt: String,
    /// The requested seed. `None` if there was none.
    pub seed: Option<u64>,
    /// The number of the call in its plan.
    pub call: CallId,
    /// The identity of the call. `None` if the source has no digest.
    pub fingerprint: Option<Fingerprint>,
    /// The index of the image in the answer, from 0.
    pub image: u32,
    /// The name of the backend that made the image. The built-in generator is `local`.
    pub backend: String,
    /// The text that the backend returned with the image. `None` if it returned no text.
    pub description: Option<String>,
    /// How plausible a reframing of the source is as a picture of the requested shape, by the backend's own estimate.
    /// `None` if the backend does not estimate it.
    #[cfg_attr(feature = "serde", serde(rename = "plausibility_percent"))]
    pub plausibility: Option<PerMille>,
}

impl GenerationRecord {
    pub(super) fn new(request: &GenerationRequest, generated: &Generated, image: u32) -> Self {
        Self {
            model: request.model().to_string(),
            size: request.preset().size,
            ratio: request.preset().ratio,
            tier: request.preset().tier,
            template: request.template().to_string(),
            prompt: request.prompt().to_string(),
            seed: request.seed(),
            call: request.call(),
            fingerprint: request.fingerprint(),
            image,
            backend: generated.backend.clone(),
            description: generated.description.clone(),
            plausibility: generated.plausibility,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::error::GenerateErrorKind;
    use crate::request::source::Source;
    use crate::request::valid::Request;

    /// A plan of two calls of one image at $0.15, with $0.05 per plan.
    fn plan() -> Plan {
        let request = Request::builder(Source::from_bytes(*b"photo")).sizes(["30x20", "20x30"]).build().unwrap();
        Plan::new(&request).unwrap()
    }

    fn cost(calls: [CallOutcome; 2]) -> UsdMicros {
        Outcome { calls: calls.into(), renditions: Vec::new() }.cost(&plan())
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is one of the two results of a call")]
    fn made() -> Result<Generated, GenerateError> {
        Ok(Generated::new("m", [[1]]))
    }

    fn failed(billed: u32) -> Result<Generated, GenerateError> {
        Err(GenerateError::new(GenerateErrorKind::Refused, "").billed_images(billed))
    }

    #[test]
    fn the_part_per_request_is_paid_once_if_an_image_was_billed() {
        let of = |first, second| cost([CallOutcome::new(first, false), CallOutcome::new(second, false)]);
        assert_eq!(of(failed(0), failed(0)), UsdMicros(0));
        assert_eq!(of(made(), failed(0)), UsdMicros(200_000));
        assert_eq!(of(made(), made()), UsdMicros(350_000));
    }

    #[test]
    fn the_images_that_a_failed_call_bills_are_paid() {
        assert_eq!(cost([CallOutcome::new(failed(2), false), CallOutcome::new(failed(0), false)]), UsdMicros(350_000));
    }

    #[test]
    fn an_answer_from_the_store_costs_nothing() {
        assert_eq!(cost([CallOutcome::new(made(), true), CallOutcome::new(made(), true)]), UsdMicros(0));
        assert_eq!(cost([CallOutcome::new(made(), true), CallOutcome::new(made(), false)]), UsdMicros(200_000));
    }

    #[test]
    fn the_outputs_are_in_the_order_of_the_targets_and_of_their_variants() {
        let missing = |call| RenditionError::MissingImage(CallId(call));
        let rendition = |side, calls: [u32; 2]| RenditionOutcome {
            target: Size::new(side, 9).unwrap(),
            variants: calls.map(|call| Err(missing(call))).into(),
        };
        let outcome = Outcome { calls: Vec::new(), renditions: vec![rendition(8, [3, 1]), rendition(7, [2, 0])] };
        let found: Vec<_> = outcome.outputs().map(|(size, made)| (size.width(), made.unwrap_err())).collect();
        assert_eq!(found, [(8, missing(3)), (8, missing(1)), (7, missing(2)), (7, missing(0))]);
        assert!(!outcome.is_complete());
    }
}
