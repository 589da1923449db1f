//! Why a URL was not fetched, and how much of that the client learns.

use std::error::Error;
use std::time::Duration;

use smart_resize::wire::fal::{DetailEntry, ErrorType, Loc};

/// The most characters of a URL that an error repeats.
const MAX_ECHO_CHARS: usize = 200;

/// Why a URL was not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL cannot be parsed.
    #[error("the URL is invalid")]
    Url(#[from] url::ParseError),
    /// The scheme is neither `http` nor `https`.
    #[error("the scheme is {found:?}; expected \"http\" or \"https\"")]
    #[expect(missing_docs, reason = "what was found")]
    Scheme { found: String },
    /// The URL has a user name or a password.
    #[error("the URL has credentials; expected none")]
    Credentials,
    /// The host is an address which is not public.
    #[error("the address {host} is not public")]
    #[expect(missing_docs, reason = "what was found")]
    Address { host: String },
    /// The host is a name without a public address. The client gets the same error as for a name that does not exist.
    #[error("no address of {host} is public")]
    #[expect(missing_docs, reason = "what was found")]
    Name { host: String },
    /// The host cannot be reached.
    #[error("{host} cannot be reached")]
    Unreachable {
        /// The host.
        host: String,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A redirect without a target.
    #[error("the redirect with status {status} has no Location header")]
    #[expect(missing_docs, reason = "what was found")]
    NoLocation { status: u16 },
    /// A redirect from `https` to `http`.
    #[error("a redirect leads from https to http; expected https")]
    Downgrade,
    /// Too many redirects.
    #[error("the URL has more than {max} redirects")]
    #[expect(missing_docs, reason = "the bound")]
    Redirects { max: usize },
    /// The status of the response is not a success.
    #[error("the response has status {status}; expected 200 to 299")]
    #[expect(missing_docs, reason = "what was found")]
    Status { status: u16 },
    /// The body is longer than permitted.
    #[error("the body has more than {max} bytes")]
    #[expect(missing_docs, reason = "the bound")]
    TooLarge { max: u64 },
    /// The fetch took too long: connecting, redirects and the body together.
    #[error("the fetch took longer than {} s", after.as_secs_f64())]
    #[expect(missing_docs, reason = "the bound")]
    TimedOut { after: Duration },
    /// The response ended early, or is not HTTP.
    #[error("the response ended early or is not HTTP")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
}

impl FetchError {
    /// Whether a later attempt may succeed.
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

    /// Returns the error entry in fal's form for the field at `loc`, whose value is `url`.
    ///
    /// The entry does not distinguish a name without public addresses from a name that does not exist, and does not say
    /// what failed below HTTP. Either would inform the client about the network of the service.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_the_first_200_characters_of_a_url() {
        let entry = |url: &str| FetchError::Credentials.to_entry(url, [Loc::from("body")]);
        let (fits, long) = ("\u{e9}".repeat(200), "\u{e9}".repeat(201));
        assert_eq!((entry(&fits).input, entry(&long).input), (fits.as_str().into(), fits.as_str().into()));
    }

    #[test]
    fn a_failure_below_http_and_an_error_status_are_transient() {
        let broken = || "reset".into();
        for error in [
            FetchError::Unreachable { host: "a".to_owned(), source: broken() },
            FetchError::TimedOut { after: Duration::from_secs(1) },
            FetchError::Broken(broken()),
            FetchError::Status { status: 404 },
        ] {
            assert!(error.is_transient(), "{error}");
        }
        for error in [
            FetchError::Url(url::ParseError::EmptyHost),
            FetchError::Scheme { found: "ftp".to_owned() },
            FetchError::Credentials,
            FetchError::Address { host: "127.0.0.1".to_owned() },
            FetchError::Name { host: "a".to_owned() },
            FetchError::NoLocation { status: 302 },
            FetchError::Downgrade,
            FetchError::Redirects { max: 5 },
            FetchError::TooLarge { max: 7 },
            FetchError::Setup(broken()),
        ] {
            assert!(!error.is_transient(), "{error}");
        }
    }

    #[test]
    fn a_url_that_may_not_be_fetched_is_a_load_error_and_a_failed_fetch_a_download_error() {
        let named = |error: FetchError| error.to_entry("http://a", [Loc::from("body")]).error_type;
        for error in [
            FetchError::Url(url::ParseError::EmptyHost),
            FetchError::Scheme { found: "ftp".to_owned() },
            FetchError::Credentials,
            FetchError::Address { host: "127.0.0.1".to_owned() },
        ] {
            assert_eq!(named(error), ErrorType::ImageLoadError);
        }
        for error in
            [FetchError::Name { host: "a".to_owned() }, FetchError::Downgrade, FetchError::Redirects { max: 5 }]
        {
            assert_eq!(named(error), ErrorType::FileDownloadError);
        }
        assert_eq!(named(FetchError::TooLarge { max: 7 }), ErrorType::FileTooLarge);
    }
}
