//! The request that one call sends to a backend.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::digest::{Digest, Fingerprint};
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::plan::content::{Call, CallId, Generation, Plan};
use crate::prompt::brief::Brief;
use crate::prompt::template::TemplateId;
use crate::request::options::CallOptions;
use crate::request::source::Source;

/// The request that one call sends to a backend. It owns its data and is cheap to clone.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
///
/// let source = Source::from_bytes(*b"the bytes of a photo");
/// let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).variants(2).build()?)?;
/// let request = plan.requests(&source)?.remove(0);
/// assert_eq!((&**request.model(), request.variants()), ("nano-banana-pro", 2));
/// assert_eq!((request.preset().to_string(), request.cost().to_string()), ("16:9 2K".into(), "$0.30".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationRequest {
    call: CallId,
    model: Arc<str>,
    brief: Arc<Brief>,
    template: TemplateId,
    prompt: Arc<str>,
    seed: Option<u64>,
    variants: u32,
    options: CallOptions,
    source: Source,
    fingerprint: Option<Fingerprint>,
    per_image: UsdMicros,
    per_request: UsdMicros,
}

impl Plan {
    /// Returns the request of each call of the plan, in the order of [`CallId`].
    ///
    /// # Errors
    ///
    /// [`SourceMismatchError`] if the plan was made for another source.
    pub fn requests(&self, source: &Source) -> Result<Vec<GenerationRequest>, SourceMismatchError> {
        check_digest(None, self.source_digest(), source)?;
        let (planned, found) = (self.references(), &source.references);
        if planned.len() != found.len() {
            return Err(SourceMismatchError::References { planned: planned.len(), found: found.len() });
        }
        for (index, (planned, found)) in planned.iter().zip(found).enumerate() {
            check_digest(Some(index), planned.digest, &found.picture)?;
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
            brief: generation.brief().clone(),
            template: plan.template().clone(),
            prompt: generation.prompt().clone(),
            seed: call.seed(),
            variants: call.variants(),
            options: plan.options(),
            source,
            fingerprint: call.fingerprint(),
            per_image: generation.per_image(),
            per_request: plan.per_request(),
        }
    }

    /// Returns the number of the call in its plan.
    pub const fn call(&self) -> CallId {
        self.call
    }

    /// Returns the model's name in the plan, such as `nano-banana-pro`. The backend maps it to the identifier that its
    /// service uses.
    pub const fn model(&self) -> &Arc<str> {
        &self.model
    }

    /// Returns the preset: the size in pixels to generate, and the labels of its aspect ratio and tier, for models that
    /// are called with labels. Send every label that the preset has.
    pub fn preset(&self) -> &Preset {
        &self.brief.preset
    }

    /// Returns the facts from which the prompt is written: the part of the image that survives the crop, the safe area,
    /// the scene and more.
    pub const fn brief(&self) -> &Arc<Brief> {
        &self.brief
    }

    /// Returns the template that wrote the prompt.
    pub const fn template(&self) -> &TemplateId {
        &self.template
    }

    /// Returns the whole prompt.
    pub const fn prompt(&self) -> &Arc<str> {
        &self.prompt
    }

    /// Returns the seed. `None` if none was requested.
    pub const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Returns the number of images to generate, from 1 to the model's maximum per call.
    pub const fn variants(&self) -> u32 {
        self.variants
    }

    /// Returns the options that all calls of the plan share.
    pub const fn options(&self) -> CallOptions {
        self.options
    }

    /// Returns the source picture, with its references.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the identity of the call. `None` if the source has no digest.
    ///
    /// Calls with the same content have the same fingerprint, in any plan. If several calls of one plan have the same
    /// content, the fingerprint also depends on how many of them come before, so that each differs.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// Returns the planned price of one image. Prices are not part of the fingerprint.
    pub const fn per_image(&self) -> UsdMicros {
        self.per_image
    }

    /// Returns the price that is paid once per plan, with the first billed image.
    pub const fn per_request(&self) -> UsdMicros {
        self.per_request
    }

    /// Returns the planned price of the call, without the part per request.
    pub const fn cost(&self) -> UsdMicros {
        self.per_image.times(self.variants as u64)
    }
}

/// Checks that the picture is the planned one. A plan without a digest cannot be compared, so it accepts any picture.
fn check_digest(
    reference: Option<usize>,
    planned: Option<Digest>,
    picture: &Source,
) -> Result<(), SourceMismatchError> {
    let found = picture.digest();
    match planned.filter(|planned| Some(*planned) != found) {
        Some(planned) => Err(SourceMismatchError::Picture { reference, planned, found }),
        None => Ok(()),
    }
}

/// The error for a source that is not the one that a plan was made for.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::generate::SourceMismatchError;
/// use smart_resize::plan::Digest;
///
/// let planned = Source::from_bytes(*b"the bytes of a photo");
/// let plan = Plan::new(&Request::builder(planned).sizes(["300x250"]).build()?)?;
/// let error = plan.requests(&Source::from_url("https://example.com/shoe.jpg")).unwrap_err();
/// let planned = Digest::of(b"the bytes of a photo");
/// assert_eq!(error, SourceMismatchError::Picture { reference: None, planned, found: None });
/// assert!(error.to_string().starts_with("the digest of the source is unknown; expected "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceMismatchError {
    /// The source or a reference is another picture.
    Picture {
        /// The number of the reference, from 0; `None` for the source itself.
        reference: Option<usize>,
        /// The digest in the plan.
        planned: Digest,
        /// The digest of the picture; `None` if it has none.
        found: Option<Digest>,
    },
    /// The source has another number of references.
    References {
        /// The number in the plan.
        planned: usize,
        /// The number of the source.
        found: usize,
    },
}

impl fmt::Display for SourceMismatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture { reference, planned, found } => {
                match reference {
                    Some(index) => write!(f, "the digest of reference {index} is ")?,
                    None => f.write_str("the digest of the source is ")?,
                }
                match found {
                    Some(found) => write!(f, "{found}")?,
                    None => f.write_str("unknown")?,
                }
                write!(f, "; expected {planned} as in the plan")
            }
            Self::References { planned, found } => {
                write!(f, "the number of references is {found}; expected {planned} as in the plan")
            }
        }
    }
}

impl core::error::Error for SourceMismatchError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::source::Reference;
    use crate::request::valid::Request;

    fn plan(source: Source, variants: u32) -> Plan {
        let request = Request::builder(source).sizes(["30x20", "20x30"]).variants(variants).build().unwrap();
        Plan::new(&request).unwrap()
    }

    fn photo() -> Source {
        Source::from_bytes(*b"photo")
    }

    #[test]
    fn the_requests_are_in_the_order_of_the_calls() {
        let requests = plan(photo(), 5).requests(&photo()).unwrap();
        let calls: Vec<_> = requests.iter().map(|request| (request.call().0, request.variants())).collect();
        // A call makes at most four images.
        assert_eq!(calls, [(0, 4), (1, 1), (2, 4), (3, 1)]);
    }

    #[test]
    fn the_cost_of_a_call_is_that_of_its_images_without_the_part_per_request() {
        let request = plan(photo(), 4).requests(&photo()).unwrap().remove(0);
        assert_eq!((request.cost(), request.per_request()), (UsdMicros(600_000), UsdMicros(50_000)));
    }

    #[test]
    fn a_plan_without_a_digest_accepts_any_picture() {
        let plan = plan(Source::from_url("https://a"), 1);
        assert!(plan.requests(&photo()).is_ok() && plan.requests(&Source::from_url("https://b")).is_ok());
    }

    #[test]
    fn a_plan_with_a_digest_accepts_only_the_picture_with_this_digest() {
        let (plan, planned) = (plan(photo(), 1), photo().digest().unwrap());
        let refused = |source: &Source| plan.requests(source).unwrap_err();
        for source in [Source::from_bytes(*b"other"), Source::from_url("https://a")] {
            let found = source.digest();
            assert_eq!(refused(&source), SourceMismatchError::Picture { reference: None, planned, found });
        }
        assert!(plan.requests(&Source::from_digest(planned)).is_ok());
    }

    #[test]
    fn a_source_with_other_references_than_the_plan_is_refused() {
        let with = |bytes: &'static [u8]| photo().reference(Reference::new("the logo", Source::from_bytes(bytes)));
        let plan = plan(with(b"logo"), 1);
        assert!(plan.requests(&with(b"logo")).is_ok());
        let number = SourceMismatchError::References { planned: 1, found: 0 };
        assert_eq!(plan.requests(&photo()).unwrap_err(), number);
        let two = with(b"logo").reference(Reference::new("the pack", Source::from_bytes(*b"pack")));
        assert_eq!(plan.requests(&two).unwrap_err(), SourceMismatchError::References { planned: 1, found: 2 });
        let [planned, found] = [b"logo", b"icon"].map(|bytes| Digest::of(bytes));
        let other = SourceMismatchError::Picture { reference: Some(0), planned, found: Some(found) };
        assert_eq!(plan.requests(&with(b"icon")).unwrap_err(), other);
    }
}
