//! Planning: a pure function from a request to a plan, before anything is spent.
//!
//! A [`Plan`](crate::Plan) has two lists:
//!
//! - A [`Generation`] is an image to request from the model: a [`Brief`](crate::prompt::Brief), which has its preset,
//!   the prompt that is written from it, and one or more [`Call`]s. It has several calls if the request has more
//!   variants than one call can make. Only calls cost money.
//! - A [`Rendition`] is a target with the generation that it is cut from and the exact rectangle. There is one for each
//!   target, in the order of the request.
//!
//! By default, targets with the same preset and the same prompt share a generation. A request can let more targets
//! share one, or give each target its own ([`Sharing`](crate::request::Sharing)), and can allow a target to be cut from
//! the source itself ([`crop_source_above`](crate::request::RequestBuilder::crop_source_above)). The limits of the
//! request on cost and calls are checked before anything is spent.
//!
//! Two calls of a plan can be equal: without a seed, those of one generation that make equally many variants, and
//! with [`Sharing::PerTarget`](crate::request::Sharing::PerTarget) those of equal targets. Such calls are numbered by
//! their `occurrence`, so that each has its own fingerprint and its own stored answer.
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

mod bounds;
mod budget;
mod build;
pub(crate) mod content;
pub(crate) mod error;
mod fingerprint;
#[cfg(feature = "serde")]
mod json;
pub mod placement;
mod reference;
pub(crate) mod share;

pub use self::bounds::{OutOfBoundsError, PlanWarning};
pub use self::budget::{Alternative, OverBudgetError};
pub use self::content::{Call, CallId, Generation, Rendition};
pub use self::error::PlanError;
pub use self::reference::PlannedReference;
pub use self::share::{Optimality, Unshared};
pub use crate::digest::{Digest, Fingerprint, ParseHashError};
