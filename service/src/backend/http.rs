//! HTTP requests to an upstream: bounded responses, and what a missing response means for the call.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, redirect};
use smart_resize::generate::{GenerateError, GenerateErrorKind};

use crate::fetch::{self, CONNECT_TIMEOUT, FetchError, USER_AGENT};

/// The most bytes of a response with pictures.
pub(super) const MAX_ANSWER_BYTES: u64 = 120 << 20;

/// A response of an upstream.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    pub(super) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Whether a gateway answered in place of the upstream, so that the outcome of the call is unknown. Gateways have
    /// many statuses, some of their own, but an upstream reports its failures as JSON.
    pub(super) fn is_from_gateway(&self) -> bool {
        matches!(self.status, 500..=599) && serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_err()
    }

    /// Adds the `Retry-After` of the response to `error`, unless the body named a time.
    pub(super) fn with_wait(&self, error: GenerateError) -> GenerateError {
        match self.retry_after.filter(|_| error.retry_after.is_none()) {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }
}

/// Why a request has no usable response.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoResponse {
    /// The request was not sent.
    #[error("the upstream cannot be reached")]
    Unsent(#[source] reqwest::Error),
    /// The request was sent, and its outcome is unknown.
    #[error("the connection to the upstream was lost")]
    Lost(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The response is too long.
    #[error("the response has more than {max} bytes")]
    TooLong { max: u64 },
}

impl From<NoResponse> for GenerateError {
    fn from(error: NoResponse) -> Self {
        let kind = match error {
            NoResponse::TooLong { .. } => GenerateErrorKind::InvalidAnswer,
            NoResponse::Unsent(_) | NoResponse::Lost(_) => GenerateErrorKind::Transport,
        };
        Self::new(kind, error.to_string()).caused_by(error)
    }
}

/// Sends `request`, and reads a response of at most `max` bytes.
pub(super) async fn send(request: RequestBuilder, max: u64) -> Result<Answer, NoResponse> {
    let response = request.send().await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            NoResponse::Unsent(error)
        } else {
            NoResponse::Lost(error.into())
        }
    })?;
    let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
    match fetch::body(response, max).await {
        Ok(body) => Ok(Answer { status, body, retry_after }),
        Err(FetchError::TooLarge { max }) => Err(NoResponse::TooLong { max }),
        Err(error) => Err(NoResponse::Lost(error.into())),
    }
}

/// Creates the client that calls upstreams. It follows no redirect, so that the key is sent nowhere else.
pub(super) fn client() -> Result<Client, FetchError> {
    // Fails if another part of the process has already installed a provider, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(Duration::from_secs(30))
        .build()
        .map_err(|error| FetchError::Setup(error.into()))
}

/// Returns headers with this one, or none if there is no key.
pub(super) fn key_headers(name: HeaderName, value: Option<HeaderValue>) -> HeaderMap {
    value.map(|value| (name, value)).into_iter().collect()
}

/// Returns the wait in `Retry-After`, which is in seconds or a date. A date is compared with the `Date` of the response
/// if it has one, since the clocks of the two machines may differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
    let now = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?)).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

fn http_date(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_by_a_date() {
        let case = |wait: &str, date: Option<&str>, expected: Option<u64>| {
            let text = |text: &str| HeaderValue::from_str(text).unwrap();
            let date = date.map(|date| (DATE, text(date)));
            let headers = [(RETRY_AFTER, text(wait))].into_iter().chain(date).collect();
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{wait}");
        };
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        case("20", None, Some(20));
        case("20", date, Some(20));
        case("Sun, 06 Nov 1994 08:50:07 GMT", date, Some(30));
        case("Mon, 07 Nov 1994 08:49:37 GMT", date, Some(86_400));
        case("Sun, 06 Nov 1994 08:49:36 GMT", date, Some(0));
        case("Sun, 06 Nov 1994 08:50:07 GMT", None, Some(0));
        for wait in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994"] {
            case(wait, date, None);
        }
        let soon = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&(Timestamp::now() + Duration::from_secs(60)))
            .unwrap();
        let headers = [(RETRY_AFTER, HeaderValue::from_str(&soon).unwrap())].into_iter().collect();
        let found = retry_after(&headers).unwrap();
        assert!((50..=60).contains(&found.as_secs()), "{found:?}");
    }
}
