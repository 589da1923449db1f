//! The traits of backends, and backends that call a function.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;

use super::error::GenerateError;
use super::generated::Generated;
use super::request::GenerationRequest;

/// A boxed future that can be sent between threads.
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

/// A backend, which makes images.
///
/// An implementation follows these rules:
///
/// - It makes each call once, without a retry. The driver and the caller's layers count the billed images of every
///   answer.
/// - It requests the preset's ratio and tier, or the preset's size if the preset has no labels, and sends the prompt
///   unchanged.
/// - It returns the images as it received them, neither decoded nor resized.
/// - Fewer images than requested are an answer, not an error.
/// - A failure states in its [kind](GenerateError::kind) what has to change, and in
///   [`billed_images`](GenerateError::billed_images) how many images were billed despite the failure.
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
    /// [`GenerateError`] if no image was made.
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError>;
}

/// A backend that does not block. The rules of [`Generator`] apply. Dropping the future abandons the call.
///
/// The method can be written as `async fn generate(&self, request: &GenerationRequest) -> …`. The trait cannot be used
/// as a trait object. For that, use [`BoxedAsyncGenerator`], which every implementation has.
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
    /// [`GenerateError`] if no image was made.
    fn generate(&self, request: &GenerationRequest) -> impl Future<Output = Result<Generated, GenerateError>> + Send;
}

/// The version of [`AsyncGenerator`] that can be used as a trait object.
///
/// Every [`AsyncGenerator`] implements it, and `dyn BoxedAsyncGenerator` is an [`AsyncGenerator`].
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
    /// Calls [`AsyncGenerator::generate`], and boxes the future.
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

// A pointer to a backend is a backend, so that callers can share one, or select one at run time.
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

/// Makes a [`Generator`] that calls `function`.
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

/// A [`Generator`] that calls a function. [`from_fn`] makes it.
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

/// Makes an [`AsyncGenerator`] that calls `function` and awaits the future it returns.
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

/// An [`AsyncGenerator`] that calls a function. [`from_async_fn`] makes it.
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
        // The function receives its own request, so that its future does not borrow one. The clone copies pointers and
        // no pixels.
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
