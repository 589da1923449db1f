//! The prompt: deterministic text that tells a model how to compose one generated image.
//!
//! A [`Brief`] has the facts: the size to generate, the shape of the source, the part that survives the crop, the safe
//! area, the scene, the purpose, the reference pictures and the user's instruction. A [`PromptTemplate`] writes the
//! whole prompt from a brief. [`Wording`] is the built-in template. Its versions never change: new wording is a new
//! version, so that plans and stored answers of an older version stay valid.
//!
//! A caller's own template is set with [`RequestBuilder::template`](crate::request::RequestBuilder::template):
//!
//! ```
//! use smart_resize::prompt::{Brief, PromptTemplate, TemplateId};
//! use smart_resize::{Plan, Request, Source};
//!
//! #[derive(Debug)]
//! struct Terse;
//!
//! impl PromptTemplate for Terse {
//!     fn id(&self) -> TemplateId {
//!         TemplateId::new("terse", 1)
//!     }
//!
//!     fn prompt(&self, brief: &Brief) -> String {
//!         format!("Reframe this image: {:?}.", brief.relation())
//!     }
//! }
//!
//! let source = Source::from_url("https://example.com/shoe.jpg").size("3000x2000".parse()?);
//! let plan = Plan::new(&Request::builder(source).sizes(["1024x1024"]).template(Terse).build()?)?;
//! assert_eq!(&**plan.generations()[0].prompt(), "Reframe this image: Taller.");
//! assert_eq!(plan.template().to_string(), "terse/1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod brief;
mod phrase;
pub(crate) mod template;
mod v1;
mod v2;

pub use self::brief::{Brief, Relation};
pub use self::template::{PromptTemplate, TemplateId, Wording};
