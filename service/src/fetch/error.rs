//! Why something was not fetched, and what the caller is told of that.

use std::error::Error;
use std::time::Duration;

use smart_resize::wire::fal::{DetailEntry, ErrorType, Loc};

/// The most characters of a URL that an answer repeats.
const MAX_ECHO_CHARS: usize = 200;

/// A URL that was not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No URL.
    #[error("not a URL")]
    Url(#[from] url::ParseError),
    /// Neither `http` nor `https`.
    #[error("the scheme is {found:?}, expected \"http\" or \"https\"")]
    #[expect(missing_docs, reason = "what was found")]
    Scheme { found: String },
    /// A name or a password in the URL.
    #[error("the URL has credentials in it")]
    Credentials,
    /// A host that is written as an address which is not public.
    #[error("the address {host} is not public")]
    #[expect(missing_docs, reason = "what was found")]
    Address { host: String },
    /// A host all of whose addresses are not public. The caller is told what it is told of a host that does not exist.
    #[error("no address of {host} is public")]
    #[expect(missing_docs, reason = "what was found")]
    Name { host: String },
    /// A host that could not be reached.
    #[error("{host} cannot be reached")]
    Unreachable {
        /// Which host.
        host: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A redirect that leads nowhere.
    #[error("a redirect with status {status} and no location")]
    #[expect(missing_docs, reason = "what was found")]
    NoLocation { status: u16 },
    /// A redirect from `https` to `http`.
    #[error("a redirect from https to http")]
    Downgrade,
    /// One redirect after the other.
    #[error("more than {max} redirects")]
    #[expect(missing_docs, reason = "the bound")]
    Redirects { max: usize },
    /// An answer that is no success.
    #[error("status {status}")]
    #[expect(missing_docs, reason = "what was found")]
    Status { status: u16 },
    /// More bytes than are taken.
    #[error("more than {max} bytes")]
    #[expect(missing_docs, reason = "the bound")]
    TooLarge { max: u64 },
    /// Too slow: to be reached, to answer, to redirect, and to send all of it.
    #[error("not done after {} s", after.as_secs_f64())]
    #[expect(missing_docs, reason = "the bound")]
    TimedOut { after: Duration },
    /// An answer that broke off, or is not HTTP.
    #[error("the answer broke off or is not HTTP")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// The client cannot be set up.
    #[error("no HTTP client can be set up")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
}

impl FetchError {
    /// Whether the same may work in a while.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Broken(_) | Self::Status { .. } => true,
            Self::Url(_)
            | Self::Scheme { .. }
            | Self::Credentials
            | Self::Address { .. }
            | Self::Name { .. }
            | Self::NoLocation { .. }
            | Self::Downgrade
            | Self::Redirects { .. }
            | Self::TooLarge { .. }
            | Self::Setup(_) => false,
        }
    }

    /// The mistake of the field at `loc`, which is `url`, as fal answers it.
    ///
    /// It does not tell whether a name has addresses that are not public or none at all, nor what went wrong below
    /// HTTP: whoever asks would learn about the network that this runs in.
    pub fn to_entry(&self, url: &str, loc: impl Into<Vec<Loc>>) -> DetailEntry {
        let error_type = match self {
            Self::TooLarge { .. } => ErrorType::FileTooLarge,
            Self::Url(_) | Self::Scheme { .. } | Self::Credentials | Self::Address { .. } => ErrorType::ImageLoadError,
            _ => ErrorType::FileDownloadError,
        };
        let why = match self {
            Self::Name { host } | Self::Unreachable { host, .. } => format!("{host} cannot be reached"),
            Self::Url(source) => format!("{self}: {source}"),
            other => other.to_string(),
        };
        let msg = match self {
            Self::TooLarge { .. } => format!("File is too large: {why}"),
            _ => format!("Could not load image from url: {why}"),
        };
        let echo: String = url.chars().take(MAX_ECHO_CHARS).collect();
        let entry = DetailEntry::new(error_type, loc, msg, &echo.into());
        match self {
            Self::TooLarge { max } => entry.ctx("max_size", *max),
            _ => entry,
        }
    }
}
