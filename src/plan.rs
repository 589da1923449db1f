//! Pure planning: a request in, what to generate and what to cut from it out, before anything is spent.
//!
//! A [`Plan`](crate::Plan) has two lists. Its [`Generation`]s are what is asked of the model: a preset, a prompt, and
//! one or more [`Call`]s, since a backend makes only so many variants in one. Only calls cost money. Its [`Rendition`]s
//! are one per target, in the order of the request: the target, the generation that it is cut from, the exact
//! rectangle. A target has a generation of its own, as in the service's contract, unless the request shares generations
//! ([`Sharing`](crate::request::Sharing)) or lets the source itself serve
//! ([`crop_source_above`](crate::request::RequestBuilder::crop_source_above)). Its bounds on cost and calls are checked
//! before anything is spent.
//!
//! Without a seed, or with one target listed twice, two calls can ask for the same; `occurrence` counts those, so
//! that each has a fingerprint of its own and each answer is found again.
//!
//! ```
//! use smart_resize::{Plan, Request, Source};
//! use smart_resize::model::UsdMicros;
//!
//! let source = Source::from_bytes(*b"the bytes of a photo");
//! let request = Request::builder(source).sizes(["1024x1024", "1920x1080"]).variants(5).seed(7).build()?;
//! let plan = Plan::new(&request)?;
//! assert_eq!(plan.generations()[1].preset().to_string(), "16:9 2K");
//! assert_eq!(plan.renditions()[1].crop().size().to_string(), "2731x1536");
//! let seeds: Vec<_> = plan.calls().map(|(_, call)| (call.variants(), call.seed())).collect();
//! assert_eq!(seeds, [(4, Some(7)), (1, Some(8)), (4, Some(7)), (1, Some(8))]);
//! assert_eq!(plan.cost(), UsdMicros(50_000 + 10 * 150_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod budget;
mod build;
pub(crate) mod content;
mod fingerprint;
#[cfg(feature = "serde")]
mod json;
pub(crate) mod share;

pub use self::budget::{Alternative, OverBudgetError};
pub use self::content::{Call, CallId, Generation, PlanError, Rendition};
pub use self::share::{Optimality, Unshared};
pub use crate::digest::{Digest, Fingerprint, ParseHashError};
