//! The traits of backends, and functions as backends.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;

use super::error::GenerateError;
use super::generated::Generated;
use super::request::GenerationRequest;

/// A boxed future, as [`BoxedAsyncGenerator`] returns it.
///
/// ```
/// use smart_resize::AsyncGenerator;
/// use smart_resize::generate::{BoxFuture, GenerateError, Generated, GenerationRequest, from_async_fn};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// fn ask(request: GenerationRequest) -> BoxFuture<'static, Result<Generated, GenerateError>> {
///     let images = vec![b"an image".to_vec(); request.variants() as usize];
///     Box::pin(async move { Ok(Generated::new("fixed", images)) })
/// }
///
/// assert_eq!(pollster::block_on(from_async_fn(ask).generate(&request))?.backend, "fixed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A backend.
///
/// You are asked once per call and make that call once: no retry in here, since the driver and the caller's own
/// layers count what was billed by your answers. Ask for the preset's ratio and tier, send the prompt as it is,
/// and return the images as they came, not decoded, not resized. Fewer than asked is an answer, not an error.
/// A failure says in its [kind](GenerateError::kind) who has to act, and in
/// [`billed_images`](GenerateError::billed_images) what it cost all the same.
///
/// ```
/// use smart_resize::Generator;
/// use smart_resize::generate::{GenerateError, Generated, GenerationRequest};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// struct Fixed(Vec<u8>);
///
/// impl Generator for Fixed {
///     fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
///         Ok(Generated::new("fixed", vec![self.0.clone(); request.variants() as usize]))
///     }
/// }
///
/// assert_eq!(Fixed(b"an image".to_vec()).generate(&request)?.images.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// use smart_resize::AsyncGenerator;
/// use smart_resize::generate::{GenerateError, Generated, GenerationRequest};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// struct Fixed(Vec<u8>);
///
/// impl AsyncGenerator for Fixed {
///     async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
///         Ok(Generated::new("fixed", vec![self.0.clone(); request.variants() as usize]))
///     }
/// }
///
/// let backend = Fixed(b"an image".to_vec());
/// assert_eq!(pollster::block_on(backend.generate(&request))?.images.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
/// use smart_resize::AsyncGenerator;
/// use smart_resize::generate::{BoxedAsyncGenerator, Generated, GenerationRequest, from_async_fn};
///
/// let backend = from_async_fn(|_: GenerationRequest| async { Ok(Generated::new("none", [[0; 0]; 0])) });
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
///
/// ```
/// use smart_resize::Generator;
/// use smart_resize::generate::{Generated, GenerationRequest, from_fn};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// let backend = from_fn(|request: &GenerationRequest| {
///     Ok(Generated::new("fixed", vec![b"an image".to_vec(); request.variants() as usize]))
/// });
/// assert_eq!(backend.generate(&request)?.images.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const fn from_fn<F>(function: F) -> FromFn<F>
where
    F: Fn(&GenerationRequest) -> Result<Generated, GenerateError>,
{
    FromFn(function)
}

/// A function as a [`Generator`]; see [`from_fn`].
///
/// ```
/// use smart_resize::Generator;
/// use smart_resize::generate::{FromFn, GenerateError, Generated, GenerationRequest, from_fn};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// type Function = fn(&GenerationRequest) -> Result<Generated, GenerateError>;
///
/// fn ask(request: &GenerationRequest) -> Result<Generated, GenerateError> {
///     Ok(Generated::new("fixed", vec![b"an image".to_vec(); request.variants() as usize]))
/// }
///
/// let backend: FromFn<Function> = from_fn(ask as Function);
/// assert_eq!(backend.generate(&request)?.backend, "fixed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// use smart_resize::AsyncGenerator;
/// use smart_resize::generate::{Generated, GenerationRequest, from_async_fn};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// let backend = from_async_fn(|request: GenerationRequest| async move {
///     Ok(Generated::new("fixed", vec![b"an image".to_vec(); request.variants() as usize]))
/// });
/// assert_eq!(pollster::block_on(backend.generate(&request))?.images.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const fn from_async_fn<F, R>(function: F) -> FromAsyncFn<F>
where
    F: Fn(GenerationRequest) -> R + Send + Sync,
    R: Future<Output = Result<Generated, GenerateError>> + Send,
{
    FromAsyncFn(function)
}

/// A function as an [`AsyncGenerator`]; see [`from_async_fn`].
///
/// ```
/// use smart_resize::AsyncGenerator;
/// use smart_resize::generate::{BoxFuture, FromAsyncFn, GenerateError, Generated, GenerationRequest, from_async_fn};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// type Function = fn(GenerationRequest) -> BoxFuture<'static, Result<Generated, GenerateError>>;
///
/// fn ask(_: GenerationRequest) -> BoxFuture<'static, Result<Generated, GenerateError>> {
///     Box::pin(async { Ok(Generated::new("fixed", [b"an image".to_vec()])) })
/// }
///
/// let backend: FromAsyncFn<Function> = from_async_fn(ask as Function);
/// assert_eq!(pollster::block_on(backend.generate(&request))?.backend, "fixed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
