//! What can be wrong with a request.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::format::Format;
use crate::geometry::insets::InsetsError;
use crate::model::preset::Tier;
use crate::model::select::NothingCoversError;
use crate::size::{ParseSizeError, Size};

/// Every mistake of a request; at least one.
///
/// ```
/// use smart_resize::{Request, Source};
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let errors = Request::builder(source).sizes(["300x"]).variants(0).build().unwrap_err();
/// assert_eq!(
///     errors.to_string(),
///     "0 variants per size, expected 1 to 64; \
///      target 0, \"300x\", is not a size: expected a digit of the height, found the end at byte 4",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestErrors {
    pub(super) errors: Vec<RequestError>,
}

impl RequestErrors {
    /// The mistakes, in the order of the fields and of the targets.
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
    /// All of them, with `; ` between two. A mistake that has a source is followed by it.
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

/// One mistake of a request. Targets count from 0.
///
/// ```
/// use smart_resize::{Request, Source};
/// use smart_resize::request::RequestError;
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let errors = Request::builder(source).sizes(["300x250"]).safety_tolerance(7).build().unwrap_err();
/// let error = errors.into_iter().next().unwrap();
/// assert_eq!(error, RequestError::SafetyTolerance { found: 7 });
/// assert_eq!(error.to_string(), "safety tolerance 7, expected 1 to 6");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No size is asked.
    #[error("no target size")]
    NoTargets,
    /// More sizes than the limits allow; those above [`MAX_TARGETS`](super::MAX_TARGETS) are not looked at.
    #[error("{found} target sizes, at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooManyTargets { found: usize, max: usize },
    /// A text that is not a size.
    #[error("target {index}, {found:?}, is not a size")]
    InvalidSize {
        /// Which target.
        index: usize,
        /// The text, its first 40 characters.
        found: String,
        /// What is wrong with it, and where.
        source: ParseSizeError,
    },
    /// A target with a side that its format cannot hold.
    #[error("target {index}, {target}, is too long for {format}: at most {} pixels a side", format.max_side())]
    TooLongForFormat {
        /// Which target.
        index: usize,
        /// Its size.
        target: Size,
        /// The format of the results.
        format: Format,
    },
    /// A target that no preset covers.
    #[error("target {index} is too large")]
    NothingCovers {
        /// Which target.
        index: usize,
        /// What would fit.
        source: NothingCoversError,
    },
    /// No variant, or more than the limits allow.
    #[error("{found} variants per size, expected 1 to {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    Variants { found: u32, max: u32 },
    /// An instruction longer than the limits allow.
    #[error("an instruction of {chars} characters, at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    InstructionTooLong { chars: usize, max: usize },
    /// A floor that the model does not have.
    #[error("{model} has no {floor}{}", Known(known))]
    UnknownFloor {
        /// The floor that was asked.
        floor: Tier,
        /// The model.
        model: String,
        /// The tiers that it has.
        known: Vec<Tier>,
    },
    /// A tolerance outside 1 to 6.
    #[error("safety tolerance {found}, expected 1 to 6")]
    #[expect(missing_docs, reason = "what was found")]
    SafetyTolerance { found: u8 },
    /// A target with a file of no bytes.
    #[error("target {index} may have at most 0 bytes, expected 1 or more")]
    NoBytes {
        /// Which target.
        index: usize,
    },
    /// A target of which its safe area leaves nothing.
    #[error("target {index} has no safe area")]
    Insets {
        /// Which target.
        index: usize,
        /// The insets.
        source: InsetsError,
    },
    /// A model and tier without a price.
    #[error("no price is known for {model}{}", At(*tier))]
    NoPrice {
        /// The model.
        model: String,
        /// The tier.
        tier: Option<Tier>,
    },
}

/// What a model has instead of the tier that was asked.
struct Known<'a>(&'a [Tier]);

impl fmt::Display for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str(": its presets have no tiers") } else { write!(f, ", only {:?}", self.0) }
    }
}

/// A tier, where there is one.
pub(crate) struct At(pub(crate) Option<Tier>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |resolution| write!(f, " at {resolution}"))
    }
}
