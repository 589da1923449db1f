//! One call of a run: where its images go, and the work of cutting them.

use std::sync::Arc;

use crate::generate::outcome::{Output, Provenance, RenditionError};
use crate::generate::{Generated, GenerationRequest};
use crate::pixels::{RenderOptions, RenderTarget, Rendered, render_all};
use crate::plan::{Plan, Rendition};

/// A call, and where its images go.
pub(super) struct CallRun<'a> {
    pub(super) plan: &'a Plan,
    pub(super) generation: usize,
    /// Which of the generation's variants the call's first image is.
    pub(super) first_variant: usize,
    pub(super) request: GenerationRequest,
}

impl CallRun<'_> {
    /// The renditions that are cut from the call's images.
    fn renditions(&self) -> impl Iterator<Item = (usize, RenderTarget)> {
        let preset = self.request.preset().size();
        let renditions = self.plan.renditions().iter().enumerate();
        renditions
            .filter(|(_, rendition)| rendition.generation() == self.generation)
            .map(move |(index, rendition)| (index, render_target(rendition).with_preset(preset)))
    }

    /// The same failure for each picture of the call.
    pub(super) fn everywhere(&self, error: &RenditionError) -> Vec<Placed> {
        let variants = self.first_variant..self.first_variant + self.request.variants() as usize;
        let all = |(rendition, _)| {
            let place = move |variant| Placed { rendition, variant, result: Err(error.clone()) };
            variants.clone().map(place).collect::<Vec<_>>()
        };
        self.renditions().flat_map(all).collect()
    }

    pub(super) fn job(&self, generated: Option<&Generated>, options: RenderOptions) -> RenderJob {
        RenderJob {
            request: self.request.clone(),
            first_variant: self.first_variant,
            generated: generated.cloned(),
            renditions: self.renditions().collect(),
            options,
        }
    }
}

fn render_target(rendition: &Rendition) -> RenderTarget {
    RenderTarget::new(rendition.target()).with_fit(rendition.fit()).with_format(rendition.format())
}

/// A picture, or its lack, and where in the outcome it belongs.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) rendition: usize,
    pub(super) variant: usize,
    pub(super) result: Result<Output, RenditionError>,
}

/// The CPU work that the answer to one call makes: owned, to be done on any thread.
#[derive(Debug)]
pub struct RenderJob {
    request: GenerationRequest,
    first_variant: usize,
    generated: Option<Generated>,
    renditions: Vec<(usize, RenderTarget)>,
    options: RenderOptions,
}

/// The pictures that a [`RenderJob`] made, to be handed back to the driver.
#[derive(Debug)]
pub struct RenderDone {
    pub(super) placed: Vec<Placed>,
}

impl RenderJob {
    /// Decodes each image once and makes all renditions of it. Blocks for as long as that takes.
    pub fn run(self) -> RenderDone {
        let targets: Vec<_> = self.renditions.iter().map(|(_, target)| *target).collect();
        let mut placed = Vec::with_capacity(targets.len() * self.request.variants() as usize);
        for image in 0..self.request.variants() {
            let results: Vec<Result<Output, RenditionError>> = match self.image(image) {
                Ok(bytes) => render_all(bytes, &targets, &self.options)
                    .into_iter()
                    .map(|result| Ok(self.output(image, result?)))
                    .collect(),
                Err(error) => vec![Err(error); targets.len()],
            };
            let variant = self.first_variant + image as usize;
            placed.extend(self.renditions.iter().zip(results).map(|(&(rendition, _), result)| Placed {
                rendition,
                variant,
                result,
            }));
        }
        RenderDone { placed }
    }

    fn image(&self, image: u32) -> Result<&Arc<[u8]>, RenditionError> {
        let generated = self.generated.as_ref().ok_or(RenditionError::Generation(self.request.call()))?;
        generated.images().get(image as usize).ok_or(RenditionError::NothingMade(self.request.call()))
    }

    fn output(&self, image: u32, rendered: Rendered) -> Output {
        let request = &self.request;
        let Rendered { bytes, format, size, frame, rect, encoder, warnings } = rendered;
        let provenance = Provenance {
            source_digest: request.source().digest(),
            model: request.model().to_string(),
            aspect_ratio: request.preset().ratio(),
            resolution: request.preset().resolution(),
            preset: request.preset().size(),
            prompt: request.prompt().to_string(),
            seed: request.seed(),
            call: request.call(),
            fingerprint: request.fingerprint(),
            image,
            backend: self.generated.as_ref().map(|generated| generated.backend().to_owned()).unwrap_or_default(),
            description: self.generated.as_ref().and_then(|generated| generated.description().map(str::to_owned)),
            frame,
            crop: rect,
            kept_percent: rect.kept_of(frame),
            target: size,
            format,
            encoder,
            warnings,
        };
        Output { bytes, provenance }
    }
}
