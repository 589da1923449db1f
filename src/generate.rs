//! The seam to any backend: what it is asked, what it answers, and the two traits.
//!
//! A backend is a [`Generator`](crate::Generator), or an [`AsyncGenerator`](crate::AsyncGenerator) with the same
//! method. It sees a [`GenerationRequest`] and nothing behind it: no plan, no targets, no crop. Retries, time-outs and
//! rate limits are the caller's to put around it; the feature `tower` fits in that crate's.
//!
//! ```
//! use smart_resize::Generator;
//! use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_fn};
//!
//! let backend = from_fn(|request: &GenerationRequest| {
//!     let Some(bytes) = request.source().bytes() else {
//!         return Err(GenerateError::new(GenerateErrorKind::InvalidRequest, "this backend reads no URLs"));
//!     };
//!     // A real one sends prompt, ratio and tier, and answers with what came back.
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
