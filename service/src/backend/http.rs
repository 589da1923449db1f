//! Requests to an upstream: bounded answers, and what became of a call that has none.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, redirect};
use smart_resize::generate::{GenerateError, GenerateErrorKind};

use crate::fetch::{self, CONNECT_TIMEOUT, FetchError, USER_AGENT};

/// The most bytes of an answer with pictures in it.
pub(super) const MAX_ANSWER_BYTES: u64 = 120 << 20;

/// What an upstream answered.
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

    /// Whether somebody on the way answered because the upstream did not, so that nobody knows what became of the call:
    /// gateways have many statuses, of their own too, and upstreams say in JSON that they failed.
    pub(super) fn is_of_a_gateway(&self) -> bool {
        matches!(self.status, 500..=599) && serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_err()
    }

    /// The error, with the time that the answer's header names, where the body names none.
    pub(super) fn with_wait(&self, error: GenerateError) -> GenerateError {
        match self.retry_after.filter(|_| error.retry_after.is_none()) {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// It never left.
    #[error("the upstream cannot be reached")]
    Unsent(#[source] reqwest::Error),
    /// It left, and what came of it is not known.
    #[error("the upstream's answer broke off")]
    Lost(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An answer that is too long.
    #[error("an answer of more than {max} bytes")]
    TooLong { max: u64 },
}

impl From<Unanswered> for GenerateError {
    fn from(error: Unanswered) -> Self {
        let kind = match error {
            Unanswered::TooLong { .. } => GenerateErrorKind::InvalidAnswer,
            Unanswered::Unsent(_) | Unanswered::Lost(_) => GenerateErrorKind::Transport,
        };
        Self::new(kind, error.to_string()).caused_by(error)
    }
}

/// Sends `request`, and reads an answer of at most `max` bytes.
pub(super) async fn send(request: RequestBuilder, max: u64) -> Result<Answer, Unanswered> {
    let response = request.send().await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            Unanswered::Unsent(error)
        } else {
            Unanswered::Lost(error.into())
        }
    })?;
    let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
    match fetch::body(response, max).await {
        Ok(body) => Ok(Answer { status, body, retry_after }),
        Err(FetchError::TooLarge { max }) => Err(Unanswered::TooLong { max }),
        Err(error) => Err(Unanswered::Lost(error.into())),
    }
}

/// The client that calls upstreams. It follows no redirect, so that no key goes elsewhere.
pub(super) fn client() -> Result<Client, FetchError> {
    // Another part of the process may have done it.
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

/// The headers of every request with this one, where there is a key.
pub(super) fn keyed(name: HeaderName, value: Option<HeaderValue>) -> HeaderMap {
    value.map(|value| (name, value)).into_iter().collect()
}

/// The wait that `Retry-After` names, in seconds or by a date. A date is read by the clock of whoever answered, where
/// the answer tells what that shows: clocks differ.
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
