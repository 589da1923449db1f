//! Requests: a source, the exact sizes to make from it, and options.
//!
//! A [`Request`](crate::Request) is valid by construction. [`RequestBuilder::build`] reports *all* mistakes of a
//! request at once, each with the value, its bound and its position.
//!
//! ```
//! use smart_resize::{Request, Source};
//!
//! let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
//!     .sizes(["1024x1024", "1920×1080"])
//!     .seed(7)
//!     .build()?;
//! assert_eq!(request.targets()[1].size.to_string(), "1920x1080");
//!
//! let errors = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
//!     .sizes(["1024x", "9000x9000"])
//!     .variants(0)
//!     .build()
//!     .unwrap_err();
//! assert_eq!(errors.iter().count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod bounds;
pub(crate) mod builder;
pub(crate) mod error;
pub(crate) mod options;
pub(crate) mod sharing;
pub(crate) mod source;
pub(crate) mod target;
pub(crate) mod valid;

pub use self::bounds::{Bound, BoundAction, Bounds};
pub use self::builder::{MAX_INSTRUCTION_CHARS, MAX_TARGETS, MAX_VARIANTS, RequestBuilder, RequestLimits};
pub use self::error::{RequestError, RequestErrors};
pub use self::options::CallOptions;
pub use self::sharing::{DEFAULT_SEARCH_NODES, Sharing};
pub use self::source::Reference;
pub use self::target::{MAX_ID_CHARS, MAX_NAME_CHARS};
