//! fal's queue: the answers of the endpoints that submit, query and cancel a request, and the body of webhooks.
//!
//! A request has one of three states. A failed or cancelled request is `COMPLETED`, and its result is the error.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::detail::ErrorBody;
use crate::digest::Digest;

/// The state of a request.
///
/// ```
/// use smart_resize::wire::fal::QueueState;
///
/// assert_eq!(QueueState::InQueue.to_string(), "IN_QUEUE");
/// let state: QueueState = serde_json::from_str(r#""COMPLETED""#)?;
/// assert_eq!(state, QueueState::Completed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The state of a request."))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::exhaustive_enums, reason = "the official clients know these three and fail on a fourth")]
pub enum QueueState {
    /// The request waits in the queue.
    InQueue,
    /// The request is being processed.
    InProgress,
    /// The request has ended: it succeeded, failed or was cancelled.
    Completed,
}

/// The answer of the endpoints that submit a request and query its status.
///
/// The official clients require `queue_position` in the state `IN_QUEUE`, and the key `logs` in the other states.
/// Therefore `logs` is always written.
///
/// ```
/// use smart_resize::wire::fal::{QueueState, QueueStatus};
///
/// let status = QueueStatus::new(QueueState::InQueue, "7-a", "https://queue.fal.run/fal-ai/smart-resize")
///     .queue_position(2);
/// assert_eq!(status.status_url, "https://queue.fal.run/fal-ai/smart-resize/requests/7-a/status");
/// assert_eq!(status.http_status(), 202);
/// assert_eq!(serde_json::to_value(&status)?["logs"], serde_json::Value::Null);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "The answer of the endpoints that submit a request and query its status.")
)]
#[non_exhaustive]
pub struct QueueStatus {
    /// The state of the request.
    pub status: QueueState,
    /// The id of the request. The header `x-fal-request-id` has it too.
    pub request_id: String,
    /// The URL of the result.
    pub response_url: String,
    /// The URL of the status.
    pub status_url: String,
    /// The URL that cancels the request.
    pub cancel_url: String,
    /// The log of the request so far, if the client asked for it.
    #[serde(default)]
    pub logs: Option<Vec<Log>>,
    /// Measurements by name, such as `inference_time` in seconds.
    #[serde(default)]
    pub metrics: Map<String, Value>,
    /// The number of requests ahead in the queue. Only `IN_QUEUE` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// The error of a request that failed. Only `COMPLETED` has it, and only if the service reports it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The type of `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
}

impl QueueStatus {
    /// Creates the status of a request to the application at `app_url`, such as
    /// `https://queue.fal.run/fal-ai/smart-resize`.
    ///
    /// `request_id` must not have characters that a URL has to escape. In the state `IN_QUEUE` the queue position is 0.
    pub fn new(status: QueueState, request_id: impl Into<String>, app_url: &str) -> Self {
        let request_id = request_id.into();
        let response_url = format!("{}/requests/{request_id}", app_url.trim_end_matches('/'));
        Self {
            status,
            status_url: format!("{response_url}/status"),
            cancel_url: format!("{response_url}/cancel"),
            response_url,
            request_id,
            logs: None,
            metrics: Map::new(),
            queue_position: (status == QueueState::InQueue).then_some(0),
            error: None,
            error_type: None,
        }
    }

    /// Sets the number of requests ahead in the queue. Outside `IN_QUEUE` it has no effect.
    #[must_use]
    pub const fn queue_position(mut self, position: u64) -> Self {
        if matches!(self.status, QueueState::InQueue) {
            self.queue_position = Some(position);
        }
        self
    }

    /// Sets the log of the request.
    #[must_use]
    pub fn logs(mut self, logs: Vec<Log>) -> Self {
        self.logs = Some(logs);
        self
    }

    /// Adds a measurement.
    #[must_use]
    pub fn metric(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metrics.insert(name.to_owned(), value.into());
        self
    }

    /// Returns the HTTP status of the answer to a status query: 202 until the request has ended, then 200. The answer
    /// to a submission always has 200.
    pub const fn http_status(&self) -> u16 {
        match self.status {
            QueueState::InQueue | QueueState::InProgress => 202,
            QueueState::Completed => 200,
        }
    }
}

/// A log line of a request.
///
/// ```
/// use smart_resize::wire::fal::Log;
///
/// let log = Log::info("done", "2026-11-24T18:00:00Z");
/// assert_eq!((log.level.as_deref(), log.source.as_deref()), (Some("INFO"), Some("USER")));
/// let log: Log = serde_json::from_str(r#"{"message": "done"}"#)?;
/// assert_eq!((log.message.as_str(), log.timestamp), ("done", None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A log line of a request."))]
#[non_exhaustive]
pub struct Log {
    /// The text of the line.
    pub message: String,
    /// The level, such as `INFO`.
    #[serde(default)]
    pub level: Option<String>,
    /// The origin, such as `USER`.
    #[serde(default)]
    pub source: Option<String>,
    /// The time in ISO 8601.
    #[serde(default)]
    pub timestamp: Option<String>,
}

impl Log {
    /// Creates a line with the level `INFO` and the source `USER`.
    pub fn info(message: impl Into<String>, timestamp: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            level: Some("INFO".to_owned()),
            source: Some("USER".to_owned()),
            timestamp: Some(timestamp.into()),
        }
    }
}

/// The result of an attempt to cancel a request.
///
/// ```
/// use smart_resize::wire::fal::CancelStatus;
///
/// assert_eq!(serde_json::to_value(CancelStatus::CancellationRequested)?, "CANCELLATION_REQUESTED");
/// let status: CancelStatus = serde_json::from_str(r#""NOT_FOUND""#)?;
/// assert_eq!(status, CancelStatus::NotFound);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The result of an attempt to cancel a request."))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum CancelStatus {
    /// The request will be cancelled if that is still possible.
    CancellationRequested,
    /// The request had already ended.
    AlreadyCompleted,
    /// There is no request with this id.
    NotFound,
}

/// The answer of the endpoint that cancels a request.
///
/// ```
/// use smart_resize::wire::fal::{CancelAnswer, CancelStatus};
///
/// let answer = CancelAnswer::from(CancelStatus::AlreadyCompleted);
/// assert_eq!(answer.http_status(), 400);
/// assert_eq!(serde_json::to_string(&answer)?, r#"{"status":"ALREADY_COMPLETED"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The answer of the endpoint that cancels a request."))]
#[non_exhaustive]
pub struct CancelAnswer {
    /// The result of the attempt.
    pub status: CancelStatus,
}

impl From<CancelStatus> for CancelAnswer {
    fn from(status: CancelStatus) -> Self {
        Self { status }
    }
}

impl CancelAnswer {
    /// Returns the HTTP status of the answer.
    pub const fn http_status(&self) -> u16 {
        match self.status {
            CancelStatus::CancellationRequested => 202,
            CancelStatus::AlreadyCompleted => 400,
            CancelStatus::NotFound => 404,
        }
    }
}

/// Whether the request of a webhook succeeded.
///
/// ```
/// use smart_resize::wire::fal::WebhookStatus;
///
/// assert_eq!(serde_json::to_value(WebhookStatus::Ok)?, "OK");
/// let status: WebhookStatus = serde_json::from_str(r#""ERROR""#)?;
/// assert_eq!(status, WebhookStatus::Error);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "Whether the request of a webhook succeeded."))]
#[serde(rename_all = "UPPERCASE")]
#[expect(clippy::exhaustive_enums, reason = "a request succeeds or does not")]
pub enum WebhookStatus {
    /// The request succeeded. The payload is its output.
    Ok,
    /// The request failed. The payload is the error body, if there is one.
    Error,
}

/// The body that a webhook receives when a request has ended.
///
/// ```
/// use smart_resize::wire::fal::{ErrorBody, Webhook, WebhookStatus};
///
/// let webhook = Webhook::error("7-a", &ErrorBody::text("Request timed out"));
/// assert_eq!(webhook.status, WebhookStatus::Error);
/// assert_eq!(webhook.error.as_deref(), Some("Request timed out"));
/// assert_eq!(webhook.payload["detail"], "Request timed out");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The body that a webhook receives when a request has ended."))]
#[non_exhaustive]
pub struct Webhook {
    /// The id of the request.
    pub request_id: String,
    /// The id of the submitted request. It differs from `request_id` only if the request was retried.
    pub gateway_request_id: String,
    /// Whether the request succeeded.
    pub status: WebhookStatus,
    /// The output, or the error body.
    #[serde(default)]
    pub payload: Value,
    /// The error of a request that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Webhook {
    /// Creates the body for a request that succeeded.
    pub fn ok(request_id: impl Into<String>, output: Value) -> Self {
        let request_id = request_id.into();
        let gateway_request_id = request_id.clone();
        Self { request_id, gateway_request_id, status: WebhookStatus::Ok, payload: output, error: None }
    }

    /// Creates the body for a request that failed.
    pub fn error(request_id: impl Into<String>, body: &ErrorBody) -> Self {
        let payload = serde_json::to_value(body).unwrap_or_default();
        Self { status: WebhookStatus::Error, error: Some(body.to_string()), ..Self::ok(request_id, payload) }
    }
}

/// Returns the message that the Ed25519 signature of a webhook signs.
///
/// Its four lines are the request id, the user id, the timestamp, and the SHA-256 digest of the body in hexadecimal
/// digits.
///
/// ```
/// use smart_resize::wire::fal::webhook_message;
///
/// assert_eq!(
///     webhook_message("7-a", "user", "1732470000", b""),
///     "7-a\nuser\n1732470000\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
/// );
/// ```
pub fn webhook_message(request_id: &str, user_id: &str, timestamp: &str, body: &[u8]) -> String {
    format!("{request_id}\n{user_id}\n{timestamp}\n{}", Digest::of(body))
}

impl fmt::Display for QueueState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InQueue => "IN_QUEUE",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [QueueState; 3] = [QueueState::InQueue, QueueState::InProgress, QueueState::Completed];

    fn status(state: QueueState) -> QueueStatus {
        QueueStatus::new(state, "7-a", "https://q/app/")
    }

    #[test]
    fn only_a_request_in_queue_has_a_queue_position() {
        assert_eq!(STATES.map(|state| status(state).queue_position), [Some(0), None, None]);
        assert_eq!(STATES.map(|state| status(state).queue_position(2).queue_position), [Some(2), None, None]);
    }

    #[test]
    fn the_http_status_is_202_until_the_request_has_ended() {
        assert_eq!(STATES.map(|state| status(state).http_status()), [202, 202, 200]);
    }

    #[test]
    fn the_key_logs_is_always_written() {
        for state in STATES {
            assert_eq!(serde_json::to_value(status(state)).unwrap().get("logs"), Some(&Value::Null));
        }
    }

    #[test]
    fn the_urls_of_a_request_are_below_the_application_without_a_double_slash() {
        let QueueStatus { response_url, status_url, cancel_url, .. } = status(QueueState::InQueue);
        assert_eq!(response_url, "https://q/app/requests/7-a");
        assert_eq!((status_url, cancel_url), (format!("{response_url}/status"), format!("{response_url}/cancel")));
    }

    #[test]
    fn each_result_of_a_cancellation_has_its_http_status() {
        use CancelStatus::{AlreadyCompleted, CancellationRequested, NotFound};

        let statuses = [CancellationRequested, AlreadyCompleted, NotFound].map(|status| CancelAnswer { status });
        assert_eq!(statuses.map(|answer| answer.http_status()), [202, 400, 404]);
    }

    #[test]
    fn a_webhook_of_a_failure_has_the_error_body_and_its_text() {
        let webhook = Webhook::error("7-a", &ErrorBody::text("No."));
        assert_eq!((webhook.status, webhook.error.as_deref()), (WebhookStatus::Error, Some("No.")));
        assert_eq!(webhook.payload, serde_json::json!({"detail": "No."}));
        assert_eq!(webhook.gateway_request_id, "7-a");
    }

    #[test]
    fn the_message_of_a_webhook_ends_with_the_digest_of_its_body() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(webhook_message("7-a", "me", "99", b"abc"), format!("7-a\nme\n99\n{digest}"));
    }
}
