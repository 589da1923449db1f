//! The errors of an invalid request.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::target::{MAX_ID_CHARS, MAX_NAME_CHARS};
use crate::format::Format;
use crate::geometry::insets::InsetsError;
use crate::model::preset::Tier;
use crate::model::select::NothingCoversError;
use crate::size::{ParseSizeError, Size};

/// All mistakes of a request; at least one.
///
/// ```
/// use smart_resize::{Request, Source};
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let errors = Request::builder(source).sizes(["300x"]).variants(0).build().unwrap_err();
/// assert_eq!(
///     errors.to_string(),
///     "number of variants is 0; expected 1 to 64; \
///      target 0, \"300x\", is not a size: found the end; expected a digit of the height, as in 1080x1920 (at byte 4)",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestErrors {
    pub(super) errors: Vec<RequestError>,
}

impl RequestErrors {
    /// Iterates over the mistakes, in the order of the fields and of the targets.
    pub fn iter(&self) -> impl Iterator<Item = &RequestError> {
        self.errors.iter()
    }
}

impl IntoIterator for RequestErrors {
    type Item = RequestError;
    type IntoIter = alloc::vec::IntoIter<RequestError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

impl fmt::Display for RequestErrors {
    /// Writes all mistakes, separated by `; `. The source of a mistake follows it after a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
            if let Some(source) = core::error::Error::source(error) {
                write!(f, ": {source}")?;
            }
        }
        Ok(())
    }
}

impl core::error::Error for RequestErrors {}

/// One mistake of a request. Targets are numbered from 0.
///
/// ```
/// use smart_resize::{Request, Source};
/// use smart_resize::request::RequestError;
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let errors = Request::builder(source).sizes(["300x250"]).safety_tolerance(7).build().unwrap_err();
/// let error = errors.into_iter().next().unwrap();
/// assert_eq!(error, RequestError::SafetyTolerance { found: 7 });
/// assert_eq!(error.to_string(), "safety tolerance is 7; expected 1 to 6");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The request has no targets.
    #[error("request has 0 target sizes; expected at least 1")]
    NoTargets,
    /// More targets than the limits allow. Those after the first [`MAX_TARGETS`](super::MAX_TARGETS) are not checked.
    #[error("request has {found} target sizes; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooManyTargets { found: usize, max: usize },
    /// A text that is not a size.
    #[error("target {index}, {found:?}, is not a size")]
    InvalidSize {
        /// The number of the target.
        index: usize,
        /// The first 40 characters of the text.
        found: String,
        /// What is wrong with the text, and at which byte.
        source: ParseSizeError,
    },
    /// A target with a side that is too long for its format.
    #[error("target {index} is {target}; expected sides of at most {} pixels for {format}", format.max_side())]
    TooLongForFormat {
        /// The number of the target.
        index: usize,
        /// The size of the target.
        target: Size,
        /// The format of the target.
        format: Format,
    },
    /// A target that no preset covers.
    #[error("target {index} is too large")]
    NothingCovers {
        /// The number of the target.
        index: usize,
        /// The sizes that would be covered.
        source: NothingCoversError,
    },
    /// No variants, or more than the limits allow.
    #[error("number of variants is {found}; expected 1 to {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    Variants { found: u32, max: u32 },
    /// An instruction longer than the limits allow.
    #[error("instruction{} has {chars} characters; expected at most {max}", OfTarget(*index))]
    InstructionTooLong {
        /// The number of the target; `None` for the instruction of the request.
        index: Option<usize>,
        /// The number of characters.
        chars: usize,
        /// The limit.
        max: usize,
    },
    /// A purpose or the name of a reference that is blank, too long, or has control characters.
    #[error("{what} is {found:?} with {chars} characters; expected one line of 1 to {MAX_NAME_CHARS} characters")]
    NotAName {
        /// Which text it is.
        what: String,
        /// The first 40 characters.
        found: String,
        /// The number of characters.
        chars: usize,
    },
    /// More references than the model takes.
    #[error("source has {found} references; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooManyReferences { found: usize, max: usize },
    /// An id of a target that is too long.
    #[error("id of target {index} has {chars} characters; expected at most {MAX_ID_CHARS}")]
    #[expect(missing_docs, reason = "the number of the target and what was found")]
    IdTooLong { index: usize, chars: usize },
    /// A quality outside 1 to 100.
    #[error("quality of target {index} is {found}; expected 1 to 100")]
    #[expect(missing_docs, reason = "the number of the target and what was found")]
    Quality { index: usize, found: u8 },
    /// A floor that the model does not have.
    #[error("floor is {floor}; expected a tier of {model}{}", KnownTiers(known))]
    UnknownFloor {
        /// The floor of the request.
        floor: Tier,
        /// The name of the model.
        model: String,
        /// The tiers of the model.
        known: Vec<Tier>,
    },
    /// A [`max_scale`](super::RequestBuilder::max_scale) of 0, which no rendition is within.
    #[error("max_scale is {found}; expected at least 1")]
    #[expect(missing_docs, reason = "what was found")]
    MaxScale { found: u32 },
    /// A safety tolerance outside 1 to 6.
    #[error("safety tolerance is {found}; expected 1 to 6")]
    #[expect(missing_docs, reason = "what was found")]
    SafetyTolerance { found: u8 },
    /// A target with a byte limit of 0.
    #[error("byte limit of target {index} is 0; expected at least 1")]
    NoBytes {
        /// The number of the target.
        index: usize,
    },
    /// A target whose insets leave no safe area.
    #[error("target {index} has no safe area")]
    Insets {
        /// The number of the target.
        index: usize,
        /// The insets that are too large.
        source: InsetsError,
    },
    /// [`crop_source_above`](super::RequestBuilder::crop_source_above) with a source without bytes or without a size.
    #[error("crop_source_above is set and the source has no {missing}; expected its bytes and its upright size")]
    SourceUnknown {
        /// The part of the source that is not known.
        missing: &'static str,
    },
    /// A model and tier without a known price.
    #[error("no price is known for {model}{}", AtTier(*tier))]
    NoPrice {
        /// The name of the model.
        model: String,
        /// The tier; `None` for a model without tiers.
        tier: Option<Tier>,
    },
}

/// " of target 3"; an empty text for `None`.
struct OfTarget(Option<usize>);

impl fmt::Display for OfTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |index| write!(f, " of target {index}"))
    }
}

/// The tiers of a model, as the end of a sentence.
struct KnownTiers<'a>(&'a [Tier]);

impl fmt::Display for KnownTiers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str(", which has none") } else { write!(f, ": {:?}", self.0) }
    }
}

/// A tier after " at "; an empty text for `None`.
pub(crate) struct AtTier(pub(crate) Option<Tier>);

impl fmt::Display for AtTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |tier| write!(f, " at {tier}"))
    }
}
