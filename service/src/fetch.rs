//! Fetches what strangers point at: source pictures, and nothing from the network that this runs in.
//!
//! - Schemes are `http` and `https`; a name or a password in the URL is refused. Any port will do, since what is
//!   protected is the network within and not other people's machines.
//! - An address has to be public, however it is written. One in the URL is checked before anything is
//!   done; those of a name are checked when it is resolved, and the connection goes to the very addresses that were
//!   checked. Where a name has both kinds, the public ones are used.
//! - Redirects are followed up to a bound, each checked as the first URL was; not from `https` to `http`, since whoever
//!   wrote `https` wants nobody in between to read or change the picture.
//! - Size and time are bounded, over all redirects. Nothing is decompressed, so what comes is what is counted.
//! - No cookies, no credentials, no referrer, no proxy.
//!
//! ```
//! use smart_resize_service::fetch::{FetchLimits, Fetcher};
//!
//! let fetcher = Fetcher::new(FetchLimits::default())?;
//! assert!(fetcher.check("https://example.com/shoe.png").is_ok());
//! assert_eq!(
//!     fetcher.check("http://0x7f.1/").unwrap_err().to_string(),
//!     "the address 127.0.0.1 is not public",
//! );
//! # Ok::<(), smart_resize_service::fetch::FetchError>(())
//! ```

mod address;
mod error;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, Response, redirect};
use smart_resize::wire::MAX_IMAGE_BYTES;
use tokio::time::timeout;
use url::{Host, Origin, Url};

pub use self::error::FetchError;

/// What is said of who asks.
pub(crate) const USER_AGENT: &str = concat!("smart-resize-service/", env!("CARGO_PKG_VERSION"));
/// How long a connection may take to be there.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// As much is set aside for a body on the word of its header.
const MAX_TRUSTED_BYTES: u64 = 4 << 20;

/// Bounds on what is fetched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FetchLimits {
    /// The most bytes of a body: 50 MiB, as fal takes.
    pub max_bytes: u64,
    /// How long all of it may take, redirects included: 30 s, as fal waits.
    pub timeout: Duration,
    /// The most redirects: 5.
    pub max_redirects: usize,
    /// Whether addresses that are not public are fetched from too. Only where whoever asks may see what is there.
    pub allow_private: bool,
}

impl Default for FetchLimits {
    fn default() -> Self {
        let timeout = Duration::from_secs(30);
        Self { max_bytes: MAX_IMAGE_BYTES, timeout, max_redirects: 5, allow_private: false }
    }
}

/// Fetches from public addresses. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    shared: Arc<Shared>,
}

struct Shared {
    limits: FetchLimits,
    guarded: Client,
    open: Client,
    /// An origin that is fetched from wherever it is.
    trusted: Option<Origin>,
}

impl Fetcher {
    /// The fetcher with these limits.
    ///
    /// # Errors
    ///
    /// [`FetchError::Setup`], as where the system has no certificates of authorities.
    pub fn new(limits: FetchLimits) -> Result<Self, FetchError> {
        Self::trusting(limits, None)
    }

    /// The same, which fetches from `trusted` even where that is not public.
    pub(crate) fn trusting(limits: FetchLimits, trusted: Option<Origin>) -> Result<Self, FetchError> {
        let guarded = client(Some(Arc::new(PublicAddresses)))?;
        let open = client(None)?;
        Ok(Self { shared: Arc::new(Shared { limits, guarded, open, trusted }) })
    }

    /// The URL in `url`, where it may be fetched as far as can be told before its host's name is resolved.
    ///
    /// # Errors
    ///
    /// [`FetchError`]: the URL, its scheme, its credentials, or its address where the host is written as one.
    pub fn check(&self, url: &str) -> Result<Url, FetchError> {
        let url = Url::parse(url)?;
        self.check_url(&url)?;
        Ok(url)
    }

    /// The body at `url`.
    ///
    /// # Errors
    ///
    /// [`FetchError`], whatever went wrong.
    pub async fn get(&self, url: &str) -> Result<Bytes, FetchError> {
        self.get_up_to(url, self.shared.limits.max_bytes).await
    }

    /// The body at `url`, of at most `max_bytes`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_up_to(&self, url: &str, max_bytes: u64) -> Result<Bytes, FetchError> {
        let url = self.check(url)?;
        self.in_time(async { body(self.follow(url).await?, max_bytes).await }).await
    }

    /// Posts `body` to `url`, and says with which status that was answered. A redirect is an answer and not
    /// followed, and the answer's body is not read.
    ///
    /// # Errors
    ///
    /// [`FetchError`] where there is no answer.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<u16, FetchError> {
        let url = self.check(url)?;
        let request = self.client(&url).post(url.clone()).headers(headers).body(body);
        self.in_time(async { Ok(request.send().await.map_err(|error| failed(&url, error))?.status().as_u16()) }).await
    }

    /// Asks at `url`, and at each place that it is sent on to.
    async fn follow(&self, mut url: Url) -> Result<Response, FetchError> {
        let max = self.shared.limits.max_redirects;
        for _ in 0..=max {
            let request = self.client(&url).get(url.clone());
            let request =
                request.header(ACCEPT, HeaderValue::from_static("image/png, image/jpeg, image/webp, */*;q=0.1"));
            let response = request.send().await.map_err(|error| failed(&url, error))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Err(FetchError::Status { status: status.as_u16() });
            }
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = url.join(location.ok_or(FetchError::NoLocation { status: status.as_u16() })?)?;
            self.check_url(&next)?;
            if (url.scheme(), next.scheme()) == ("https", "http") {
                return Err(FetchError::Downgrade);
            }
            url = next;
        }
        Err(FetchError::Redirects { max })
    }

    fn check_url(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Scheme { found: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(url::ParseError::EmptyHost.into()),
        };
        if self.is_open(url) || address::is_public(address) {
            return Ok(());
        }
        Err(FetchError::Address { host: address.to_string() })
    }

    /// Whether `url` is fetched wherever it is.
    fn is_open(&self, url: &Url) -> bool {
        let Shared { limits, trusted, .. } = &*self.shared;
        limits.allow_private || trusted.as_ref().is_some_and(|trusted| *trusted == url.origin())
    }

    fn client(&self, url: &Url) -> &Client {
        if self.is_open(url) { &self.shared.open } else { &self.shared.guarded }
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
        let after = self.shared.limits.timeout;
        timeout(after, work).await.unwrap_or(Err(FetchError::TimedOut { after }))
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}

/// The whole body, of at most `max` bytes.
pub(crate) async fn body(mut response: Response, max: u64) -> Result<Bytes, FetchError> {
    let announced = response.content_length().unwrap_or_default();
    if announced > max {
        return Err(FetchError::TooLarge { max });
    }
    let mut body = BytesMut::with_capacity(usize::try_from(announced.min(MAX_TRUSTED_BYTES)).unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(|error| FetchError::Broken(error.into()))? {
        if (body.len() as u64).saturating_add(chunk.len() as u64) > max {
            return Err(FetchError::TooLarge { max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// A client that follows no redirect and keeps no connection for later.
fn client(resolver: Option<Arc<PublicAddresses>>) -> Result<Client, FetchError> {
    // Another part of the process may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(0);
    let builder = match resolver {
        Some(resolver) => builder.dns_resolver(resolver),
        None => builder,
    };
    builder.build().map_err(|error| FetchError::Setup(error.into()))
}

/// What a request that was not answered failed of.
fn failed(url: &Url, error: reqwest::Error) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(inner) = source {
        if inner.is::<NothingPublic>() {
            return FetchError::Name { host };
        }
        source = inner.source();
    }
    if error.is_connect() {
        return FetchError::Unreachable { host, source: error.into() };
    }
    FetchError::Broken(error.into())
}

/// Resolves names to their public addresses alone.
struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| address::is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NothingPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// A name none of whose addresses is public.
#[derive(Debug, thiserror::Error)]
#[error("no address of the name is public")]
struct NothingPublic;
