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
    fn retry_after_is_in_seconds_or_a_date_compared_with_the_date_of_the_response() {
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

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status, body: Bytes::from_static(body.as_bytes()), retry_after: None }
    }

    #[test]
    fn a_status_from_200_to_299_is_a_success() {
        let found = [199, 200, 299, 300].map(|status| answer(status, "").is_success());
        assert_eq!(found, [false, true, true, false]);
    }

    #[test]
    fn an_error_from_500_to_599_that_is_not_json_is_from_a_gateway() {
        let html = "<html>";
        let found = [499, 500, 502, 599, 600].map(|status| answer(status, html).is_from_gateway());
        assert_eq!(found, [false, true, true, true, false]);
        assert!(answer(503, "").is_from_gateway());
        assert!(!answer(503, "{\"detail\": \"down\"}").is_from_gateway());
    }

    #[test]
    fn the_wait_that_an_error_names_comes_before_the_retry_after_of_its_response() {
        let seconds = |error: GenerateError| error.retry_after.map(|wait| wait.as_secs());
        let error = || GenerateError::new(GenerateErrorKind::RateLimited, "");
        let named = || error().retry_after(Duration::from_secs(3));
        let waits = Answer { retry_after: Some(Duration::from_secs(7)), ..answer(429, "") };
        assert_eq!((seconds(waits.with_wait(error())), seconds(waits.with_wait(named()))), (Some(7), Some(3)));
        assert_eq!(
            (seconds(answer(429, "").with_wait(error())), seconds(answer(429, "").with_wait(named()))),
            (None, Some(3))
        );
    }

    #[test]
    fn a_response_that_is_too_long_is_invalid_and_a_lost_one_is_not_reached() {
        let kind = |error: NoResponse| GenerateError::from(error).kind;
        assert_eq!(kind(NoResponse::TooLong { max: 7 }), GenerateErrorKind::InvalidAnswer);
        assert_eq!(kind(NoResponse::Lost("reset".into())), GenerateErrorKind::Transport);
    }

    #[tokio::test]
    async fn the_length_of_a_response_is_limited() {
        let url = crate::testing::server(axum::Router::new().fallback(async || "0123456789")).await;
        let length = async |max| send(client().unwrap().get(&url), max).await.map(|answer| answer.body.len());
        assert!(matches!(length(10).await, Ok(10)));
        assert!(matches!(length(9).await, Err(NoResponse::TooLong { max: 9 })));
    }

    #[tokio::test]
    async fn a_request_that_was_not_sent_differs_from_one_whose_response_was_lost() {
        let unsent = send(client().unwrap().get("http://127.0.0.1:1/"), 10).await;
        assert!(matches!(unsent, Err(NoResponse::Unsent(_))), "{unsent:?}");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lost = async { drop(listener.accept().await) };
        let (sent, ()) = tokio::join!(send(client().unwrap().get(&url), 10), lost);
        assert!(matches!(sent, Err(NoResponse::Lost(_))), "{sent:?}");
    }

    #[tokio::test]
    async fn a_redirect_of_an_upstream_is_not_followed_so_that_the_key_goes_nowhere_else() {
        let redirect = async || (axum::http::StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]);
        let url = crate::testing::server(axum::Router::new().fallback(redirect)).await;
        assert_eq!(send(client().unwrap().get(&url), 10).await.unwrap().status, 302);
    }

    #[test]
    fn without_a_key_there_is_no_key_header() {
        assert!(key_headers(DATE, None).is_empty());
        assert_eq!(key_headers(DATE, Some(HeaderValue::from_static("a")))[DATE], "a");
    }
}
