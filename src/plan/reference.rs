//! The reference pictures of a plan.

use alloc::sync::Arc;

use crate::digest::Digest;

/// A reference picture, as a plan knows it.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::plan::Digest;
/// use smart_resize::request::Reference;
///
/// let logo = Reference::new("the logo", Source::from_bytes(*b"the bytes of a logo"));
/// let source = Source::from_bytes(*b"the bytes of a photo").reference(logo);
/// let plan = Plan::new(&Request::builder(source).sizes(["300x250"]).build()?)?;
/// assert_eq!(plan.references()[0].digest, Some(Digest::of(b"the bytes of a logo")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct PlannedReference {
    /// What the picture shows, such as "the logo".
    pub name: Arc<str>,
    /// The SHA-256 of the encoded bytes; `None` if it is not known. Then no call has a fingerprint.
    pub digest: Option<Digest>,
}
