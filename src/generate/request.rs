//! What one call asks of a backend.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::digest::{Digest, Fingerprint};
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::plan::content::{Call, CallId, Generation, Plan};
use crate::request::options::CallOptions;
use crate::request::source::Source;

/// What one call asks of a backend. Owned, and cheap to clone.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
///
/// let source = Source::from_bytes(*b"the bytes of a photo");
/// let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).variants(2).build()?)?;
/// let request = plan.requests(&source)?.remove(0);
/// assert_eq!((&**request.model(), request.variants()), ("nano-banana-pro", 2));
/// assert_eq!((request.preset().to_string(), request.cost().to_string()), ("16:9 2K".into(), "$0.30".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRequest {
    call: CallId,
    model: Arc<str>,
    preset: Preset,
    prompt: Arc<str>,
    seed: Option<u64>,
    variants: u32,
    options: CallOptions,
    source: Source,
    fingerprint: Option<Fingerprint>,
    per_image: UsdMicros,
    per_request: UsdMicros,
}

impl Plan {
    /// What each call of the plan asks of a backend, in the order of their identities.
    ///
    /// # Errors
    ///
    /// [`SourceMismatchError`] where the plan was made for another source.
    pub fn requests(&self, source: &Source) -> Result<Vec<GenerationRequest>, SourceMismatchError> {
        if let Some(planned) = self.source_digest().filter(|planned| Some(*planned) != source.digest()) {
            return Err(SourceMismatchError { planned, found: source.digest() });
        }
        let request = |(generation, call): (usize, &Call)| {
            Some(GenerationRequest::new(self, self.generations().get(generation)?, call, source.clone()))
        };
        Ok(self.calls().filter_map(request).collect())
    }
}

impl GenerationRequest {
    fn new(plan: &Plan, generation: &Generation, call: &Call, source: Source) -> Self {
        Self {
            call: call.id(),
            model: plan.model().clone(),
            preset: *generation.preset(),
            prompt: generation.prompt().clone(),
            seed: call.seed(),
            variants: call.variants(),
            options: plan.options(),
            source,
            fingerprint: call.fingerprint(),
            per_image: generation.per_image(),
            per_request: plan.per_request(),
        }
    }

    /// The number of the call in its plan.
    pub const fn call(&self) -> CallId {
        self.call
    }

    /// The model's name in the plan, such as `nano-banana-pro`. A service's own identifier for it is the backend's
    /// matter.
    pub const fn model(&self) -> &Arc<str> {
        &self.model
    }

    /// The size in pixels to make, and the labels of its shape and tier where the model is asked by label.
    pub const fn preset(&self) -> &Preset {
        &self.preset
    }

    /// The whole prompt.
    pub const fn prompt(&self) -> &Arc<str> {
        &self.prompt
    }

    /// The seed, if one was asked.
    pub const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// How many images to make, from 1 to the model's variants per call.
    pub const fn variants(&self) -> u32 {
        self.variants
    }

    /// The options that all calls of the plan have in common.
    pub const fn options(&self) -> CallOptions {
        self.options
    }

    /// The picture to work from.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// The identity of the call: equal where the same is asked, for the same time in a plan. Nothing where the source
    /// has no digest.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// What one image costs by the plan. Prices are no part of the fingerprint.
    pub const fn per_image(&self) -> UsdMicros {
        self.per_image
    }

    /// What is paid once, with the first image of the plan that is billed.
    pub const fn per_request(&self) -> UsdMicros {
        self.per_request
    }

    /// What the call costs by the plan, without the part per request.
    pub const fn cost(&self) -> UsdMicros {
        self.per_image.times(self.variants as u64)
    }
}

/// A source that is not the one that a plan was made for.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::plan::Digest;
///
/// let planned = Source::from_bytes(*b"the bytes of a photo");
/// let plan = Plan::new(&Request::builder(planned).sizes(["300x250"]).build()?)?;
/// let error = plan.requests(&Source::from_url("https://example.com/shoe.jpg")).unwrap_err();
/// assert_eq!((error.planned, error.found), (Digest::of(b"the bytes of a photo"), None));
/// assert!(error.to_string().ends_with(", this is one without a digest"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceMismatchError {
    /// The digest in the plan.
    pub planned: Digest,
    /// The digest of the source, if it has one.
    pub found: Option<Digest>,
}

impl fmt::Display for SourceMismatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plan is for the source {}, this is ", self.planned)?;
        match self.found {
            Some(found) => write!(f, "{found}"),
            None => f.write_str("one without a digest"),
        }
    }
}

impl core::error::Error for SourceMismatchError {}
