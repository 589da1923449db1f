//! Render jobs: the renditions that are cut from the images of one call, or from the source, and the work of cutting
//! them.

use std::sync::Arc;

use smart_resize_metadata::{Metadata, Packet};

use crate::digest::Digest;
use crate::generate::error::{GenerateError, with_causes};
use crate::generate::generated::Generated;
use crate::generate::request::GenerationRequest;
use crate::geometry::per_mille::PerMille;
use crate::pixels::metadata::Origin as Made;
use crate::pixels::render::Renderer;
use crate::pixels::rendered::Rendered;
use crate::pixels::target::RenderTarget;
use crate::plan::content::{Plan, Rendition};
use crate::request::source::Source;
use crate::run::outcome::{GenerationRecord, Output, Provenance, RenditionError};
use crate::size::Size;

/// A call, and the place of its images in the plan.
pub(super) struct CallRun<'a> {
    pub(super) plan: &'a Plan,
    pub(super) generation: usize,
    /// The variant of the generation that the call's first image is.
    pub(super) first_variant: usize,
    pub(super) request: GenerationRequest,
}

impl CallRun<'_> {
    /// Returns the same failure for every picture of the call.
    pub(super) fn everywhere(&self, error: &RenditionError) -> Vec<Placed> {
        let variants = self.first_variant..self.first_variant + self.request.variants() as usize;
        let all = |(rendition, _)| {
            let place = move |variant| Placed { rendition, variant, result: Err(error.clone()) };
            variants.clone().map(place).collect::<Vec<_>>()
        };
        cut_from(self.plan, Some(self.generation)).flat_map(all).collect()
    }

    /// Makes the job that renders the answer of the call. After a failure its pictures are errors.
    pub(super) fn job(&self, result: &Result<Generated, GenerateError>, renderer: Arc<Renderer>) -> RenderJob {
        let call = self.request.call();
        // A `GenerateError` cannot be cloned, so each picture has its text.
        let failed = |error: &GenerateError| RenditionError::Generation { call, reason: with_causes(error) };
        RenderJob {
            origin: Origin::Call {
                request: Box::new(self.request.clone()),
                first_variant: self.first_variant,
                // The job owns its data. The clone shares the bytes of the images.
                generated: match result {
                    Ok(generated) => Ok(generated.clone()),
                    Err(error) => Err(failed(error)),
                },
            },
            renditions: cut_from(self.plan, Some(self.generation)).collect(),
            max_enlargement: self.plan.max_enlargement(),
            renderer,
        }
    }
}

/// Returns the renditions that are cut from a generation, each with its index. With `None`, returns those that are cut
/// from the source.
pub(super) fn cut_from(plan: &Plan, generation: Option<usize>) -> impl Iterator<Item = (usize, Rendition)> {
    let renditions = plan.renditions().iter().cloned().enumerate();
    renditions.filter(move |(_, rendition)| rendition.generation() == generation)
}

/// A picture or its error, and its place in the outcome.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) rendition: usize,
    pub(super) variant: usize,
    pub(super) result: Result<Output, RenditionError>,
}

/// The CPU work of rendering one call's answer, or the pictures that are cut from the source.
///
/// A job owns its data, so it can run on any thread.
///
/// ```
/// use std::num::NonZeroUsize;
/// use smart_resize::generate::BoxFuture;
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::run::{Driver, RenderDone, RenderJob};
/// # use smart_resize::{Plan, Request};
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).build()?)?;
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
///
/// let offload = |job: RenderJob| -> BoxFuture<'static, Option<RenderDone>> {
///     Box::pin(async { tokio::task::spawn_blocking(|| job.run()).await.ok() })
/// };
/// let driver = Driver::new(&plan, &source).offload(&offload);
/// let outcome = runtime.block_on(driver.run_async(&LocalGenerator::default(), NonZeroUsize::MIN))?;
/// assert!(outcome.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RenderJob {
    origin: Origin,
    renditions: Vec<(usize, Rendition)>,
    max_enlargement: PerMille,
    renderer: Arc<Renderer>,
}

/// The images that renditions are cut from.
#[derive(Debug)]
enum Origin {
    Call { request: Box<GenerationRequest>, first_variant: usize, generated: Result<Generated, RenditionError> },
    Source { bytes: Arc<[u8]>, credit: Arc<Metadata>, digest: Option<Digest>, size: Option<Size> },
}

/// The pictures that a [`RenderJob`] made. The driver needs them back.
///
/// ```
/// use std::future::ready;
/// use std::num::NonZeroUsize;
/// use smart_resize::generate::BoxFuture;
/// use smart_resize::run::{Driver, RenderDone, RenderJob, RenditionError};
/// # use smart_resize::{Plan, Request};
/// # use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).build()?)?;
///
/// // A function that loses the job, so that no pictures are returned.
/// let lose = |_: RenderJob| -> BoxFuture<'static, Option<RenderDone>> { Box::pin(ready(None)) };
/// let driver = Driver::new(&plan, &source).offload(&lose);
/// let outcome = pollster::block_on(driver.run_async(&LocalGenerator::default(), NonZeroUsize::MIN))?;
/// assert_eq!(outcome.renditions[0].variants, [Err(RenditionError::Abandoned)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RenderDone {
    pub(super) placed: Vec<Placed>,
}

impl RenderJob {
    /// Makes the job that renders the targets which the plan cuts from the source. `None` if the source has no bytes.
    pub(super) fn of_source(plan: &Plan, source: &Source, renderer: Arc<Renderer>) -> Option<Self> {
        let bytes = source.bytes()?.clone();
        let (digest, size) = (plan.source_digest(), plan.source_size());
        Some(Self {
            origin: Origin::Source { bytes, credit: source.credit(), digest, size },
            renditions: cut_from(plan, None).collect(),
            max_enlargement: PerMille::ZERO,
            renderer,
        })
    }

    /// Decodes each image once and renders all its renditions. Blocks until all are done.
    pub fn run(self) -> RenderDone {
        let mut placed = Vec::with_capacity(self.renditions.len());
        match &self.origin {
            Origin::Source { bytes, .. } => placed.extend(self.cut(0, Ok(bytes), None)),
            Origin::Call { request, first_variant, generated } => {
                // The request determines the number of pictures. A missing image is an error in its place, so that the
                // later variants keep theirs.
                for image in 0..request.variants() {
                    let bytes = generated.as_ref().map_err(Clone::clone).and_then(|made| {
                        made.images.get(image as usize).ok_or(RenditionError::MissingImage(request.call()))
                    });
                    let record = generated.as_ref().ok().map(|made| GenerationRecord::new(request, made, image));
                    placed.extend(self.cut(first_variant + image as usize, bytes, record.as_ref()));
                }
            }
        }
        RenderDone { placed }
    }

    /// Renders all renditions of one image, which is `variant` of the generation.
    fn cut(
        &self,
        variant: usize,
        bytes: Result<&Arc<[u8]>, RenditionError>,
        record: Option<&GenerationRecord>,
    ) -> Vec<Placed> {
        let results = match bytes {
            Ok(bytes) => {
                let targets: Vec<_> = self.renditions.iter().map(|(_, rendition)| self.target(rendition)).collect();
                let rendered = self.renderer.render_marked(bytes, &targets, &self.packet()).into_iter();
                rendered.map(|result| result.map_err(RenditionError::from)).collect()
            }
            Err(error) => vec![Err(error); self.renditions.len()],
        };
        let place = |((index, rendition), result): (&(usize, Rendition), Result<Rendered, RenditionError>)| Placed {
            rendition: *index,
            variant,
            result: result.map(|rendered| self.output(rendition, rendered, record)),
        };
        self.renditions.iter().zip(results).map(place).collect()
    }

    /// Returns the metadata of the results: the credit of the source, and the mark that says how the images came about.
    fn packet(&self) -> Packet {
        let options = &self.renderer.options().metadata;
        match &self.origin {
            // Only a backend that has no model knows where its images show the source.
            Origin::Call { request, generated: Ok(Generated { reframing: Some(_), .. }), .. } => {
                options.packet(&request.source().credit(), Made::Reframed)
            }
            Origin::Call { request, .. } => options.packet(&request.source().credit(), Made::Generated),
            Origin::Source { credit, .. } => options.packet(credit, Made::Cut),
        }
    }

    /// Converts a rendition of the plan to a target of the renderer.
    fn target(&self, rendition: &Rendition) -> RenderTarget {
        let target = RenderTarget::new(rendition.target())
            .fit(rendition.fit())
            .format(rendition.format())
            .focus(rendition.focus())
            .rect(rendition.crop())
            .max_enlargement(self.max_enlargement);
        // The rectangle of the plan is valid for a picture of this size. The renderer computes another one if the
        // picture differs.
        let (asked, reframing) = match &self.origin {
            Origin::Call { request, generated, .. } => {
                (Some(request.preset().size), generated.as_ref().ok().and_then(|generated| generated.reframing))
            }
            Origin::Source { size, .. } => (*size, None),
        };
        let target = asked.map_or(target, |asked| target.preset(asked));
        let target = rendition.max_bytes().map_or(target, |max_bytes| target.max_bytes(max_bytes));
        let target = rendition.quality().map_or(target, |quality| target.quality(quality));
        reframing.map_or(target, |reframing| target.reframing(reframing))
    }

    /// Adds the record of how it was made to a rendered picture.
    fn output(&self, rendition: &Rendition, rendered: Rendered, record: Option<&GenerationRecord>) -> Output {
        let Rendered { bytes, format, size, frame, rect, encoder, warnings } = rendered;
        let source_digest = match &self.origin {
            Origin::Call { request, .. } => request.source().digest(),
            Origin::Source { digest, .. } => *digest,
        };
        let provenance = Provenance {
            id: rendition.id().cloned(),
            source_digest,
            generation: record.cloned(),
            frame,
            crop: rect,
            kept: rect.kept_of(frame),
            loss: rendition.loss(),
            focus: rendition.focus(),
            safe_area: rendition.safe_area(),
            target: size,
            format,
            max_bytes: rendition.max_bytes(),
            encoder,
            warnings,
        };
        Output { bytes, provenance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;
    use crate::pixels::encode::{EncodeOptions, encode};
    use crate::pixels::picture::Picture;
    use crate::request::valid::Request;

    fn places(placed: &[Placed]) -> Vec<(usize, usize)> {
        placed.iter().map(|placed| (placed.rendition, placed.variant)).collect()
    }

    /// A plan whose calls make four images and one, and its source.
    fn five_variants() -> (Plan, Source) {
        let source = Source::from_bytes(*b"photo");
        let request = Request::builder(source.clone()).sizes(["30x20"]).variants(5).build().unwrap();
        (Plan::new(&request).unwrap(), source)
    }

    #[test]
    fn a_failure_of_a_call_is_an_error_for_each_of_its_variants() {
        let (plan, source) = five_variants();
        let found: Vec<_> = [0, 4]
            .into_iter()
            .zip(plan.requests(&source).unwrap())
            .map(|(first_variant, request)| {
                let run = CallRun { plan: &plan, generation: 0, first_variant, request };
                places(&run.everywhere(&RenditionError::Abandoned))
            })
            .collect();
        assert_eq!(found, [vec![(0, 0), (0, 1), (0, 2), (0, 3)], vec![(0, 4)]]);
    }

    #[test]
    fn a_missing_image_is_an_error_in_its_place() {
        let (plan, source) = five_variants();
        let request = plan.requests(&source).unwrap().remove(0);
        let run = CallRun { plan: &plan, generation: 0, first_variant: 0, request };
        let placed = run.job(&Ok(Generated::new("m", [*b"no picture"; 2])), Arc::default()).run().placed;
        assert_eq!(places(&placed), [(0, 0), (0, 1), (0, 2), (0, 3)]);
        let is_missing = |placed: &Placed| matches!(placed.result, Err(RenditionError::MissingImage(_)));
        assert_eq!(placed.iter().map(is_missing).collect::<Vec<_>>(), [false, false, true, true]);
    }

    #[test]
    fn a_picture_that_is_cut_from_the_source_is_never_enlarged() {
        // The file is smaller than the source is said to be.
        let picture = Picture::from_rgb(Size::new(42, 28).unwrap(), vec![90; 42 * 28 * 3]).unwrap();
        let bytes = encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes;
        let source = Source::from_bytes(bytes).size(Size::new(60, 40).unwrap());
        let share = |share| PerMille::new(share).unwrap();
        let request = Request::builder(source.clone()).sizes(["44x30"]).crop_source_above(share(900));
        let plan = Plan::new(&request.max_enlargement(share(100)).build().unwrap()).unwrap();
        let job = RenderJob::of_source(&plan, &source, Arc::default()).unwrap();
        let error = job.run().placed.remove(0).result.unwrap_err();
        assert_eq!(error.to_string(), "a picture of 42x28 does not cover 44x30");
    }
}
