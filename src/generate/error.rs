//! Why a backend made nothing, told by who has to act.

use alloc::boxed::Box;
use alloc::string::String;
use core::error::Error;
use core::fmt;
use core::time::Duration;

/// The kind of a failure. It says what has to change before another call can succeed.
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
    /// A safety filter refused the picture or the prompt: the user has to change one of them. Asking again is in vain.
    Refused,
    /// The model answered without an image: asking once more often helps.
    NothingMade,
    /// Too many calls: wait for [`GenerateError::retry_after`].
    RateLimited,
    /// No answer in time. The call may go on and be billed, so look for its result before asking again.
    TimedOut,
    /// The backend was not reached, or said that it is out of order: ask again later.
    Transport,
    /// The answer is not what the protocol has: the backend's author has to act.
    InvalidAnswer,
    /// The backend cannot be asked this: the caller has to change the request or its set-up.
    InvalidRequest,
    /// The caller's store failed before the call, so nothing was asked and nothing paid.
    Store,
    /// The call does not fit into the caller's budget, so nothing was asked and nothing paid: the caller has to raise
    /// it. Asking again is in vain until then.
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
            Self::InvalidRequest => "the backend cannot be asked this",
            Self::Store => "the store failed",
            Self::OverBudget => "the budget is used up",
        })
    }
}

/// A call that made no image.
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
    /// Who has to act.
    pub kind: GenerateErrorKind,
    /// What the backend said; `""` for nothing.
    pub message: String,
    /// After how long the backend wants to be asked again.
    pub retry_after: Option<Duration>,
    /// For how many images the backend charges in spite of the failure, as far as is known.
    pub billed_images: u32,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl GenerateError {
    /// A failure of which nothing is billed; `message` says what the backend said, `""` for nothing.
    pub fn new(kind: GenerateErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, billed_images: 0, source: None }
    }

    /// Sets after how long the backend wants to be asked again.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets for how many images the backend charges in spite of the failure.
    #[must_use]
    pub const fn billed_images(mut self, billed_images: u32) -> Self {
        self.billed_images = billed_images;
        self
    }

    /// Sets what caused it, which is then its [`source`](core::error::Error::source).
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }
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
