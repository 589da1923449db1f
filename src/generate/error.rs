//! The errors of backends, sorted by what has to change before another call can succeed.

use alloc::boxed::Box;
use alloc::string::String;
#[cfg(feature = "pixels")]
use alloc::string::ToString;
use core::error::Error;
use core::fmt;
use core::time::Duration;

/// The kind of a failed call. It says what has to change before another call can succeed.
///
/// ```
/// use smart_resize::generate::{GenerateError, GenerateErrorKind};
///
/// fn is_worth_a_retry(error: &GenerateError) -> bool {
///     use GenerateErrorKind::{NothingMade, RateLimited, Transport};
///     matches!(error.kind, NothingMade | RateLimited | Transport)
/// }
///
/// assert!(is_worth_a_retry(&GenerateError::new(GenerateErrorKind::NothingMade, "only text came")));
/// assert!(!is_worth_a_retry(&GenerateError::new(GenerateErrorKind::Refused, "")));
/// assert_eq!(GenerateErrorKind::Refused.to_string(), "refused by a safety filter");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GenerateErrorKind {
    /// A safety filter refused the picture or the prompt. The user has to change one of them; a retry does not help.
    Refused,
    /// The model answered without an image. One retry often helps.
    NothingMade,
    /// There were too many calls. Retry after [`GenerateError::retry_after`].
    RateLimited,
    /// There was no answer in time. The call may still finish and be billed, so look for its result before a retry.
    TimedOut,
    /// The backend could not be reached, or reported that it is unavailable. Retry later.
    Transport,
    /// The answer does not follow the protocol. The code of the backend has to change.
    InvalidAnswer,
    /// The backend cannot serve the request. The caller has to change the request or its configuration.
    InvalidRequest,
    /// The caller's store failed before the call. The call was not made and nothing was billed.
    Store,
    /// The call does not fit into the caller's budget. It was not made and nothing was billed. The caller has to raise
    /// the budget; until then a retry does not help.
    OverBudget,
}

impl fmt::Display for GenerateErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused by a safety filter",
            Self::NothingMade => "nothing was made",
            Self::RateLimited => "rate limited",
            Self::TimedOut => "timed out",
            Self::Transport => "the backend was not reached",
            Self::InvalidAnswer => "the backend's answer is invalid",
            Self::InvalidRequest => "the backend cannot serve the request",
            Self::Store => "the store failed",
            Self::OverBudget => "the call does not fit the budget",
        })
    }
}

/// The error of a call that made no image.
///
/// ```
/// use smart_resize::generate::{GenerateError, GenerateErrorKind};
/// use std::time::Duration;
///
/// let error = GenerateError::new(GenerateErrorKind::RateLimited, "status 429")
///     .retry_after(Duration::from_secs(20));
/// assert_eq!(error.to_string(), "rate limited: status 429");
/// assert_eq!(error.billed_images, 0);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct GenerateError {
    /// The kind of the failure.
    pub kind: GenerateErrorKind,
    /// The message of the backend. Empty if there is none.
    pub message: String,
    /// The time to wait before a retry, if the backend named one.
    pub retry_after: Option<Duration>,
    /// The number of images that the backend charges for despite the failure, as far as is known.
    pub billed_images: u32,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl GenerateError {
    /// Makes an error of a call for which nothing is billed. `message` is the message of the backend, or empty.
    pub fn new(kind: GenerateErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, billed_images: 0, source: None }
    }

    /// Sets the time to wait before a retry.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets the number of images that the backend charges for despite the failure.
    #[must_use]
    pub const fn billed_images(mut self, billed_images: u32) -> Self {
        self.billed_images = billed_images;
        self
    }

    /// Sets the cause, which [`source`](core::error::Error::source) then returns.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }
}

/// Returns the error and its causes, the outermost first.
#[cfg(any(feature = "pixels", feature = "tower"))]
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error| error.source())
}

/// Returns the message of an error with those of its causes, the outermost first.
#[cfg(feature = "pixels")]
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() { self.kind.fmt(f) } else { write!(f, "{}: {}", self.kind, self.message) }
    }
}

impl Error for GenerateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn an_error_without_a_message_is_its_kind_alone() {
        let text = |message: &str| GenerateError::new(GenerateErrorKind::TimedOut, message).to_string();
        assert_eq!(text(""), "timed out");
        assert_eq!(text("after 9 s"), "timed out: after 9 s");
    }

    #[test]
    fn a_new_error_bills_no_image_and_names_no_time_to_wait() {
        let error = GenerateError::new(GenerateErrorKind::NothingMade, "");
        assert_eq!((error.billed_images, error.retry_after), (0, None));
        assert!(error.source().is_none());
    }

    #[cfg(feature = "pixels")]
    #[test]
    fn the_causes_follow_an_error_from_the_outermost_on() {
        let inner = GenerateError::new(GenerateErrorKind::Transport, "").caused_by("no route");
        let outer = GenerateError::new(GenerateErrorKind::TimedOut, "late").caused_by(inner);
        assert_eq!(with_causes(&outer), "timed out: late: the backend was not reached: no route");
    }
}
