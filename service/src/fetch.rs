//! Fetches the URLs of clients: source pictures from the public internet, and nothing from the network of the service.
//!
//! - Schemes are `http` and `https`; a user name or a password in the URL is refused. Every port is permitted: the
//!   rules protect the network of the service, not other machines on the internet.
//! - An address has to be public, however it is written. An address in the URL is checked before any connection. The
//!   addresses of a name are checked when it is resolved, and the connection goes to exactly the addresses that were
//!   checked. If a name has public and other addresses, the public ones are used.
//! - Redirects are followed up to a bound, and each is checked like the first URL. A redirect from `https` to `http` is
//!   refused, since a third party could then read or change the picture.
//! - Size and time are bounded over all redirects together. Nothing is decompressed, so the size is that of the
//!   received bytes.
//! - No cookies, no credentials, no referrer and no proxy are used.
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

/// The `User-Agent` of all requests.
pub(crate) const USER_AGENT: &str = concat!("smart-resize-service/", env!("CARGO_PKG_VERSION"));
/// The longest time to establish a connection.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes that are allocated because of a `Content-Length` alone.
const MAX_TRUSTED_BYTES: u64 = 4 << 20;

/// Bounds on a fetch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FetchLimits {
    /// The most bytes of a body. Default: 50 MiB, as on fal.
    pub max_bytes: u64,
    /// The longest time of a fetch, redirects included. Default: 30 s, as on fal.
    pub timeout: Duration,
    /// The most redirects. Default: 5.
    pub max_redirects: usize,
    /// Whether addresses that are not public are permitted too. Set it only if every client may read what is at those
    /// addresses.
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
    /// An origin whose address need not be public.
    trusted: Option<Origin>,
}

impl Fetcher {
    /// Creates a fetcher with these limits.
    ///
    /// # Errors
    ///
    /// [`FetchError::Setup`], for instance if the system has no root certificates.
    pub fn new(limits: FetchLimits) -> Result<Self, FetchError> {
        Self::trusting(limits, None)
    }

    /// Creates a fetcher that also fetches from the origin `trusted` if its address is not public.
    pub(crate) fn trusting(limits: FetchLimits, trusted: Option<Origin>) -> Result<Self, FetchError> {
        let guarded = client(Some(Arc::new(PublicAddresses)))?;
        let open = client(None)?;
        Ok(Self { shared: Arc::new(Shared { limits, guarded, open, trusted }) })
    }

    /// Parses `url` and checks whether it may be fetched, as far as can be known before its host name is resolved.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if the URL is invalid, or its scheme, its credentials or its literal address is not permitted.
    pub fn check(&self, url: &str) -> Result<Url, FetchError> {
        let url = Url::parse(url)?;
        self.check_url(&url)?;
        Ok(url)
    }

    /// Fetches the body at `url`.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if the URL is refused or the fetch fails.
    pub async fn get(&self, url: &str) -> Result<Bytes, FetchError> {
        self.get_up_to(url, self.shared.limits.max_bytes).await
    }

    /// Fetches the body at `url`, of at most `max_bytes`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_up_to(&self, url: &str, max_bytes: u64) -> Result<Bytes, FetchError> {
        let url = self.check(url)?;
        self.in_time(async { body(self.follow(url).await?, max_bytes).await }).await
    }

    /// Posts `body` to `url` and returns the status of the response. A redirect is not followed, and the body of the
    /// response is not read.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if there is no response.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<u16, FetchError> {
        let url = self.check(url)?;
        let request = self.client(&url).post(url.clone()).headers(headers).body(body);
        self.in_time(async { Ok(request.send().await.map_err(|error| failed(&url, error))?.status().as_u16()) }).await
    }

    /// Requests `url` and follows redirects to a successful response.
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
            url = self.redirected(&url, status.as_u16(), response.headers())?;
        }
        Err(FetchError::Redirects { max })
    }

    /// Returns the URL that a response of `url` redirects to.
    fn redirected(&self, url: &Url, status: u16, headers: &HeaderMap) -> Result<Url, FetchError> {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Err(FetchError::Status { status });
        }
        let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let next = url.join(location.ok_or(FetchError::NoLocation { status })?)?;
        self.check_url(&next)?;
        if (url.scheme(), next.scheme()) == ("https", "http") {
            return Err(FetchError::Downgrade);
        }
        Ok(next)
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

    /// Whether `url` may be fetched from an address that is not public.
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

/// Reads the whole body, of at most `max` bytes.
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

/// Creates a client that follows no redirect and keeps no idle connection. Without a connection pool, every request
/// resolves and checks the address again.
fn client(resolver: Option<Arc<PublicAddresses>>) -> Result<Client, FetchError> {
    // Fails if another part of the process has already installed a provider, which is as good.
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

/// Returns why a request got no response.
fn failed(url: &Url, error: reqwest::Error) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    // The error of the resolver is somewhere in the chain of causes.
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

/// A resolver that returns only public addresses.
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

/// A name without a public address.
#[derive(Debug, thiserror::Error)]
#[error("no address of the name is public")]
struct NothingPublic;

#[cfg(test)]
mod tests {
    use super::*;

    fn redirected(from: &str, status: u16, location: Option<&'static str>) -> Result<String, FetchError> {
        let fetcher = Fetcher::new(FetchLimits::default()).unwrap();
        let location = location.map(|location| (LOCATION, HeaderValue::from_static(location)));
        fetcher.redirected(&Url::parse(from).unwrap(), status, &location.into_iter().collect()).map(String::from)
    }

    #[test]
    fn a_redirect_from_https_to_http_is_a_refused_downgrade() {
        for (from, to, is_valid) in [
            ("https://a.example/x", "http://a.example/y", false),
            ("https://a.example/x", "https://b.example/y", true),
            ("http://a.example/x", "https://a.example/y", true),
            ("http://a.example/x", "http://b.example/y", true),
        ] {
            match redirected(from, 302, Some(to)) {
                Ok(next) => assert!(is_valid && next == to, "{from} to {next}"),
                Err(error) => assert!(!is_valid && matches!(error, FetchError::Downgrade), "{from}: {error}"),
            }
        }
    }

    #[test]
    fn only_the_statuses_301_302_303_307_and_308_redirect() {
        for status in 300..=309 {
            let found = redirected("http://a.example/b/c", status, Some("d"));
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                assert_eq!(found.unwrap(), "http://a.example/b/d");
            } else {
                assert!(matches!(found, Err(FetchError::Status { status: told }) if told == status), "{status}");
            }
        }
        assert!(matches!(redirected("http://a/", 307, None), Err(FetchError::NoLocation { status: 307 })));
    }

    #[test]
    fn a_redirect_to_a_private_address_is_refused() {
        let metadata = redirected("http://a.example/", 302, Some("http://169.254.169.254/"));
        assert!(matches!(metadata, Err(FetchError::Address { .. })), "{metadata:?}");
    }

    #[test]
    fn only_the_trusted_origin_may_have_a_private_address() {
        let trusted = Url::parse("http://127.0.0.1:8080/queue").unwrap().origin();
        let fetcher = Fetcher::trusting(FetchLimits::default(), Some(trusted)).unwrap();
        assert!(fetcher.check("http://127.0.0.1:8080/files/a").is_ok());
        for url in ["http://127.0.0.1:8081/", "https://127.0.0.1:8080/", "http://127.0.0.2:8080/"] {
            assert!(matches!(fetcher.check(url), Err(FetchError::Address { .. })), "{url}");
        }
    }

    #[test]
    fn a_fetch_has_at_most_50_mib_30_seconds_and_5_redirects_and_no_private_address() {
        let FetchLimits { max_bytes, timeout, max_redirects, allow_private } = FetchLimits::default();
        assert_eq!((max_bytes, timeout, max_redirects, allow_private), (52_428_800, Duration::from_secs(30), 5, false));
    }

    #[tokio::test]
    async fn a_name_without_a_public_address_has_none_that_is_used() {
        let resolved = PublicAddresses.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.err().unwrap().is::<NothingPublic>());
    }
}
