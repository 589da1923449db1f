//! What a run leaves: every answer that was paid for, every picture that was made of it, and how each came to be.

use std::fmt;

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

/// The result of a run. Nothing in it is lost for a failure elsewhere.
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
    /// One for each call of the plan, in order.
    pub calls: Vec<CallOutcome>,
    /// One for each rendition of the plan, in order.
    pub renditions: Vec<RenditionOutcome>,
}

impl Outcome {
    /// Whether every picture that the plan promises is there.
    pub fn is_complete(&self) -> bool {
        self.renditions.iter().flat_map(|rendition| &rendition.variants).all(Result::is_ok)
    }

    /// Every picture that the plan promises, with its exact size: in the order of the targets, and of their variants.
    /// An error is a copy, so that `?` can return it.
    pub fn outputs(&self) -> impl Iterator<Item = (Size, Result<&Output, RenditionError>)> {
        self.renditions.iter().flat_map(|rendition| {
            let target = rendition.target;
            rendition.variants.iter().map(move |made| (target, made.as_ref().map_err(Clone::clone)))
        })
    }

    /// What this run cost at the prices of `plan`, which it ran: the images that backends billed, failures included,
    /// and the part per request if there was any (so once for each run that was billed anything). Answers from the
    /// store were paid for before. Of a call that was retried below the driver this knows the end alone; a budget that
    /// meters each try knows all.
    pub fn cost(&self, plan: &Plan) -> UsdMicros {
        let mut cost = UsdMicros(0);
        let mut any = false;
        for ((index, _), call) in plan.calls().zip(&self.calls) {
            let billed = if call.reused { 0 } else { billed_images(&call.result) };
            let per_image = plan.generations().get(index).map_or(UsdMicros(0), Generation::per_image);
            cost = cost.plus(per_image.times(billed.into()));
            any |= billed > 0;
        }
        if any { cost.plus(plan.per_request()) } else { cost }
    }
}

/// What one call of a plan came to.
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
    /// The generator's answer with its encoded images, or the error.
    pub result: Result<Generated, GenerateError>,
    /// Whether the answer came from the store. Then the generator was not called, and the run did not pay for the
    /// answer.
    pub reused: bool,
    /// The number of images beyond those requested. The answer holds them; they were not rendered.
    pub ignored_images: usize,
    /// The store's error if it could not keep the answer. The answer then exists in this outcome only.
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
    /// Their exact size.
    pub target: Size,
    /// One for each variant that the plan asks for; one where it is cut from the source.
    pub variants: Vec<Result<Output, RenditionError>>,
}

/// A picture of a rendition that could not be made.
///
/// ```
/// use smart_resize::generate::{GenerateError, GenerateErrorKind, from_fn};
/// use smart_resize::plan::CallId;
/// use smart_resize::run::{Driver, RenditionError};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).build()?)?;
///
/// let backend = from_fn(|_: &_| Err(GenerateError::new(GenerateErrorKind::Refused, "")));
/// let outcome = Driver::new(&plan, &source).run(&backend)?;
/// let error = outcome.renditions[0].variants[0].as_ref().unwrap_err();
/// assert_eq!(error, &RenditionError::Generation(CallId(0)));
/// assert_eq!(error.to_string(), "call 0 failed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenditionError {
    /// Its call failed; the reason is in [`Outcome::calls`], once for all that wait for it.
    #[error("call {0} failed")]
    Generation(CallId),
    /// Its call succeeded with fewer images than were asked.
    #[error("call {0} made fewer images than asked")]
    NothingMade(CallId),
    /// What came could not be finished. The generated bytes stand in [`Outcome::calls`].
    #[error(transparent)]
    Render(#[from] RenderError),
    /// Whoever was to do the work elsewhere did not. The generated bytes stand in [`Outcome::calls`].
    #[error("the rendering was given up")]
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
    /// The encoded bytes: exactly the target's size, in its format.
    pub bytes: Vec<u8>,
    /// How they came to be.
    pub provenance: Provenance,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("bytes", &self.bytes.len()).field("provenance", &self.provenance).finish()
    }
}

/// How a picture came to be: the record to keep beside it.
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
    /// The SHA-256 of the source's encoded bytes.
    pub source_digest: Option<Digest>,
    /// How the image that it was cut from was made; `None` if that is the source itself.
    pub generation: Option<GenerationRecord>,
    /// The upright size of the image that it was cut from.
    pub frame: Size,
    /// The rectangle of it that became the picture.
    pub crop: Rect,
    /// The share of it in the rectangle.
    #[cfg_attr(feature = "serde", serde(rename = "kept_percent"))]
    pub kept: PerMille,
    /// How much nearness of shape was lost by sharing a generation.
    #[cfg_attr(feature = "serde", serde(rename = "loss_percent"))]
    pub loss: PerMille,
    /// Where the picture's interest lies, as it was asked.
    pub focus: Focus,
    /// What of the picture had to stay free of anything important.
    pub safe_area: Insets,
    /// The picture's exact size.
    pub target: Size,
    /// The picture's format.
    pub format: Format,
    /// The most bytes that it could have.
    pub max_bytes: Option<u64>,
    /// With which settings it was encoded.
    pub encoder: Option<EncoderSettings>,
    /// What the caller may want to look at.
    pub warnings: Vec<Warning>,
}

/// How an image was made.
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
    /// The model that was asked.
    pub model: String,
    /// The size in pixels that was asked.
    #[cfg_attr(feature = "serde", serde(rename = "preset"))]
    pub size: Size,
    /// The label of the shape that was asked, where the model has such labels.
    pub aspect_ratio: Option<AspectRatio>,
    /// The label of the tier that was asked, where the model has tiers.
    #[cfg_attr(feature = "serde", serde(rename = "resolution"))]
    pub tier: Option<Tier>,
    /// The whole prompt.
    pub prompt: String,
    /// The seed.
    pub seed: Option<u64>,
    /// The call in its plan.
    pub call: CallId,
    /// The identity of the call.
    pub fingerprint: Option<Fingerprint>,
    /// Which of the call's images it is, from 0.
    pub image: u32,
    /// Who made the image; `local` where no model did.
    pub backend: String,
    /// What the backend said beside it.
    pub description: Option<String>,
}

impl GenerationRecord {
    pub(super) fn new(request: &GenerationRequest, generated: &Generated, image: u32) -> Self {
        Self {
            model: request.model().to_string(),
            size: request.preset().size,
            aspect_ratio: request.preset().ratio,
            tier: request.preset().tier,
            prompt: request.prompt().to_string(),
            seed: request.seed(),
            call: request.call(),
            fingerprint: request.fingerprint(),
            image,
            backend: generated.backend.clone(),
            description: generated.description.clone(),
        }
    }
}
