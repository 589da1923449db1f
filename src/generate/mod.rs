//! The seam to any backend: what it is asked, what it answers, and the two traits.
//!
//! A backend is a [`Generator`], or an [`AsyncGenerator`] with the same method. It sees a [`GenerationRequest`] and
//! nothing behind it: no plan, no targets, no crop. Retries, time-outs and rate limits are the caller's to put
//! around it; the feature `tower` fits in that crate's.
//!
//! ```
//! use smart_resize::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, Generator, generate_from_fn};
//!
//! let backend = generate_from_fn(|request: &GenerationRequest| {
//!     let Some(bytes) = request.source().bytes() else {
//!         return Err(GenerateError::new(GenerateErrorKind::InvalidRequest, "this backend reads no URLs"));
//!     };
//!     // A real one sends prompt, ratio and resolution, and answers with what came back.
//!     Ok(Generated::new("echo", vec![bytes.clone(); request.variants() as usize]).with_billed_images(0))
//! });
//! # fn is_generator(_: &impl Generator) {}
//! # is_generator(&backend);
//! ```

#[cfg(feature = "std")]
pub mod budget;
#[cfg(feature = "pixels")]
pub mod drive;
pub mod error;
#[cfg(feature = "pixels")]
pub mod local;
#[cfg(feature = "pixels")]
pub mod outcome;
#[cfg(feature = "pixels")]
mod pictures;
#[cfg(feature = "pixels")]
pub mod source;
pub mod store;
#[cfg(feature = "tower")]
pub mod tower;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;

use self::error::GenerateError;
use crate::format::Format;
use crate::geometry::focus::{Focus, Reframing};
use crate::plan::fingerprint::{Digest, Fingerprint};
use crate::plan::preset::Preset;
use crate::plan::price::UsdMicros;
use crate::plan::source::Source;
use crate::plan::{Call, CallId, Generation, Plan};

/// A boxed future, as [`BoxedAsyncGenerator`] returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What one call asks of a backend. Owned, and cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRequest {
    call: CallId,
    model: Arc<str>,
    preset: Preset,
    prompt: Arc<str>,
    seed: Option<u64>,
    variants: u32,
    safety_tolerance: u8,
    transfer_format: Format,
    source: Source,
    focus: Focus,
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
            safety_tolerance: plan.safety_tolerance(),
            transfer_format: plan.transfer_format(),
            source,
            focus: plan.focus(),
            fingerprint: call.fingerprint(),
            per_image: generation.per_image(),
            per_request: plan.per_request(),
        }
    }

    /// The number of the call in its plan.
    pub const fn call(&self) -> CallId {
        self.call
    }

    /// The model's name in the plan, such as `nano-banana-pro`. A service's own identifier for it is the backend's matter.
    pub const fn model(&self) -> &Arc<str> {
        &self.model
    }

    /// The shape and the tier to ask for, and the size in pixels that they mean. Always send the ratio.
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

    /// How many images to make, from 1 to the table's variants per call.
    pub const fn variants(&self) -> u32 {
        self.variants
    }

    /// 1 (strict) to 6.
    pub const fn safety_tolerance(&self) -> u8 {
        self.safety_tolerance
    }

    /// The format in which the images should come. Another is read just as well.
    pub const fn transfer_format(&self) -> Format {
        self.transfer_format
    }

    /// The picture to work from.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Where the picture's interest lies. The prompt says what follows from it for a model; a backend that reframes the
    /// source without one reads it in the source.
    pub const fn focus(&self) -> Focus {
        self.focus
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

/// What a backend made.
#[derive(Clone, PartialEq, Eq)]
pub struct Generated {
    images: Vec<Arc<[u8]>>,
    description: Option<String>,
    backend: String,
    billed_images: u32,
    reframing: Option<Reframing>,
}

impl Generated {
    /// The encoded `images` (PNG, JPEG or WebP, whatever they are called) that `backend` made, each of them billed.
    /// Only final images: an interim one is not a variant.
    pub fn new<I>(backend: impl Into<String>, images: I) -> Self
    where
        I: IntoIterator<Item: Into<Arc<[u8]>>>,
    {
        let images: Vec<_> = images.into_iter().map(Into::into).collect();
        let billed_images = u32::try_from(images.len()).unwrap_or(u32::MAX);
        Self { images, description: None, backend: backend.into(), billed_images, reframing: None }
    }

    /// The same answer with what the model said beside its images.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The same answer where another number of images is billed.
    #[must_use]
    pub const fn with_billed_images(mut self, billed_images: u32) -> Self {
        self.billed_images = billed_images;
        self
    }

    /// The same answer of a backend that shows the source itself, like this in each image; the focus is then read in
    /// the source.
    #[must_use]
    pub const fn with_reframing(mut self, reframing: Reframing) -> Self {
        self.reframing = Some(reframing);
        self
    }

    /// The encoded images, one a variant.
    pub fn images(&self) -> &[Arc<[u8]>] {
        &self.images
    }

    /// What the model said beside its images.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Who made them.
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// For how many images the backend charges.
    pub const fn billed_images(&self) -> u32 {
        self.billed_images
    }

    /// How the images show the source; nothing where a model made them.
    pub const fn reframing(&self) -> Option<Reframing> {
        self.reframing
    }
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated")
            .field("images", &self.images.iter().map(|image| image.len()).collect::<Vec<_>>())
            .field("description", &self.description)
            .field("backend", &self.backend)
            .field("billed_images", &self.billed_images)
            .field("reframing", &self.reframing)
            .finish()
    }
}

/// A backend.
///
/// You are asked once per call and make that call once: no retry in here, since the driver and the caller's own
/// layers count what was billed by your answers. Ask for the preset's ratio and resolution, send the prompt as it is,
/// and return the images as they came, not decoded, not resized. Fewer than asked is an answer, not an error.
/// A failure says in its [kind](GenerateError::kind) who has to act, and in
/// [`billed_images`](GenerateError::billed_images) what it cost all the same.
pub trait Generator {
    /// Makes the images of one call.
    ///
    /// # Errors
    ///
    /// [`GenerateError`] where there is no image to be had.
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError>;
}

/// A backend that waits without blocking; otherwise as [`Generator`]. Dropping the future gives the call up.
///
/// It can be written `async fn generate(&self, request: &GenerationRequest) -> …`. For `Arc<dyn …>` there is
/// [`BoxedAsyncGenerator`], which every implementation has.
pub trait AsyncGenerator: Send + Sync {
    /// Makes the images of one call.
    ///
    /// # Errors
    ///
    /// [`GenerateError`] where there is no image to be had.
    fn generate(&self, request: &GenerationRequest) -> impl Future<Output = Result<Generated, GenerateError>> + Send;
}

/// The twin of [`AsyncGenerator`] that can be a trait object, and is one of those in turn.
///
/// ```
/// use std::sync::Arc;
/// use smart_resize::{AsyncGenerator, BoxedAsyncGenerator, Generated, GenerationRequest, generate_from_async_fn};
///
/// let backend = generate_from_async_fn(|_: GenerationRequest| async { Ok(Generated::new("none", [[0; 0]; 0])) });
/// let shared: Arc<dyn BoxedAsyncGenerator> = Arc::new(backend);
/// # fn is_generator(_: &impl AsyncGenerator) {}
/// is_generator(&shared);
/// ```
pub trait BoxedAsyncGenerator: Send + Sync {
    /// [`AsyncGenerator::generate`], boxed.
    fn generate_boxed<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, Result<Generated, GenerateError>>;
}

impl<G: AsyncGenerator> BoxedAsyncGenerator for G {
    fn generate_boxed<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, Result<Generated, GenerateError>> {
        Box::pin(self.generate(request))
    }
}

impl AsyncGenerator for dyn BoxedAsyncGenerator + '_ {
    async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        self.generate_boxed(request).await
    }
}

macro_rules! through_pointer {
    ($($pointer:ty),*) => {$(
        impl<G: Generator + ?Sized> Generator for $pointer {
            fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
                (**self).generate(request)
            }
        }

        impl<G: AsyncGenerator + ?Sized> AsyncGenerator for $pointer {
            fn generate(
                &self,
                request: &GenerationRequest,
            ) -> impl Future<Output = Result<Generated, GenerateError>> + Send {
                (**self).generate(request)
            }
        }
    )*};
}

through_pointer!(&G, Box<G>, Arc<G>);

/// The [`Generator`] that calls `function`.
pub const fn generate_from_fn<F>(function: F) -> FromFn<F>
where
    F: Fn(&GenerationRequest) -> Result<Generated, GenerateError>,
{
    FromFn(function)
}

/// A function as a [`Generator`]; see [`generate_from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl<F> Generator for FromFn<F>
where
    F: Fn(&GenerationRequest) -> Result<Generated, GenerateError>,
{
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        self.0(request)
    }
}

/// The [`AsyncGenerator`] that calls `function` and awaits what it returns.
pub const fn generate_from_async_fn<F, R>(function: F) -> FromAsyncFn<F>
where
    F: Fn(GenerationRequest) -> R + Send + Sync,
    R: Future<Output = Result<Generated, GenerateError>> + Send,
{
    FromAsyncFn(function)
}

/// A function as an [`AsyncGenerator`]; see [`generate_from_async_fn`].
#[derive(Clone, Copy)]
pub struct FromAsyncFn<F>(F);

impl<F, R> AsyncGenerator for FromAsyncFn<F>
where
    F: Fn(GenerationRequest) -> R + Send + Sync,
    R: Future<Output = Result<Generated, GenerateError>> + Send,
{
    fn generate(&self, request: &GenerationRequest) -> impl Future<Output = Result<Generated, GenerateError>> + Send {
        self.0(request.clone())
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

impl<F> fmt::Debug for FromAsyncFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromAsyncFn")
    }
}
