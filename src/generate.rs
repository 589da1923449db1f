//! The interface to backends: the request, the answer, and the two traits.
//!
//! A backend makes images. It implements [`Generator`](crate::Generator), or
//! [`AsyncGenerator`](crate::AsyncGenerator) with the same method. It gets a [`GenerationRequest`], and sees neither
//! the plan nor the targets nor the crops. The caller adds retries, time-outs and rate limits around the backend. With
//! the feature `tower` it can use the layers of that crate.
//!
//! ```
//! use smart_resize::Generator;
//! use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_fn};
//!
//! let backend = from_fn(|request: &GenerationRequest| {
//!     let Some(bytes) = request.source().bytes() else {
//!         return Err(GenerateError::new(GenerateErrorKind::InvalidRequest, "this backend reads no URLs"));
//!     };
//!     // A real backend sends the prompt, ratio and tier to a model, and returns the images it gets.
//!     Ok(Generated::new("echo", vec![bytes.clone(); request.variants() as usize]).billed_images(0))
//! });
//! # fn is_generator(_: &impl Generator) {}
//! # is_generator(&backend);
//! ```

#[cfg(feature = "std")]
pub mod budget;
pub(crate) mod error;
pub(crate) mod generated;
pub(crate) mod generator;
#[cfg(feature = "pixels")]
pub mod local;
#[cfg(feature = "pixels")]
mod pictures;
pub(crate) mod request;
#[cfg(feature = "pixels")]
mod source;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;

pub use self::error::{GenerateError, GenerateErrorKind};
pub use self::generated::Generated;
pub use self::generator::{BoxFuture, BoxedAsyncGenerator, FromAsyncFn, FromFn, from_async_fn, from_fn};
pub use self::request::{GenerationRequest, SourceMismatchError};
#[cfg(feature = "pixels")]
pub use self::source::SourceOptions;
