//! fal's queue: what submit and status answer, and what webhooks are sent. There are three states; failed and
//! cancelled requests are `COMPLETED`, and their result is the error.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::detail::ErrorBody;
use crate::digest::Digest;

/// How far a request is.
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
#[cfg_attr(feature = "schemars", schemars(description = "How far a request is."))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::exhaustive_enums, reason = "the official clients know these three and fail on a fourth")]
pub enum QueueState {
    /// It waits.
    InQueue,
    /// It runs.
    InProgress,
    /// It is over, in one way or another.
    Completed,
}

/// What submit and status answer.
///
/// The official clients need `queue_position` in `IN_QUEUE` and the key `logs` otherwise, so `logs` is always written.
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
#[cfg_attr(feature = "schemars", schemars(description = "What submit and status answer."))]
#[non_exhaustive]
pub struct QueueStatus {
    /// How far it is.
    pub status: QueueState,
    /// Its identity, also in the header `x-fal-request-id`.
    pub request_id: String,
    /// Where its result is.
    pub response_url: String,
    /// Where its status is.
    pub status_url: String,
    /// Where it is cancelled.
    pub cancel_url: String,
    /// What it has said so far, where the client asked for that.
    #[serde(default)]
    pub logs: Option<Vec<Log>>,
    /// Such as `inference_time`, in seconds.
    #[serde(default)]
    pub metrics: Map<String, Value>,
    /// How many are before it; in `IN_QUEUE` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// What went wrong; in `COMPLETED` alone, where the service tells it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The kind of `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
}

impl QueueStatus {
    /// The status of a request to the application at `app_url`, such as `https://queue.fal.run/fal-ai/smart-resize`.
    /// Identities have no characters that a URL would have to escape. In the queue it is the first.
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

    /// The same status of a request in the queue with `position` others before it. Elsewhere it has no effect.
    #[must_use]
    pub const fn queue_position(mut self, position: u64) -> Self {
        if matches!(self.status, QueueState::InQueue) {
            self.queue_position = Some(position);
        }
        self
    }

    /// The same status with what the request has said.
    #[must_use]
    pub fn logs(mut self, logs: Vec<Log>) -> Self {
        self.logs = Some(logs);
        self
    }

    /// The same status with a measure.
    #[must_use]
    pub fn metric(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metrics.insert(name.to_owned(), value.into());
        self
    }

    /// The status of an answer to a question for this one: 202 until it is over, then 200. Submit answers 200.
    pub const fn http_status(&self) -> u16 {
        match self.status {
            QueueState::InQueue | QueueState::InProgress => 202,
            QueueState::Completed => 200,
        }
    }
}

/// A line that a request has said.
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
#[cfg_attr(feature = "schemars", schemars(description = "A line that a request has said."))]
#[non_exhaustive]
pub struct Log {
    /// The line.
    pub message: String,
    /// Such as `INFO`.
    #[serde(default)]
    pub level: Option<String>,
    /// Such as `USER`.
    #[serde(default)]
    pub source: Option<String>,
    /// When, in ISO 8601.
    #[serde(default)]
    pub timestamp: Option<String>,
}

impl Log {
    /// A line of the level `INFO` and the source `USER`, said at `timestamp`.
    pub fn info(message: impl Into<String>, timestamp: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            level: Some("INFO".to_owned()),
            source: Some("USER".to_owned()),
            timestamp: Some(timestamp.into()),
        }
    }
}

/// What cancelling did.
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
#[cfg_attr(feature = "schemars", schemars(description = "What cancelling did."))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum CancelStatus {
    /// It will be given up, if that is still possible.
    CancellationRequested,
    /// It was over before.
    AlreadyCompleted,
    /// There is no such request.
    NotFound,
}

/// What cancel answers.
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
#[cfg_attr(feature = "schemars", schemars(description = "What cancel answers."))]
#[non_exhaustive]
pub struct CancelAnswer {
    /// What cancelling did.
    pub status: CancelStatus,
}

impl From<CancelStatus> for CancelAnswer {
    fn from(status: CancelStatus) -> Self {
        Self { status }
    }
}

impl CancelAnswer {
    /// The status of the answer.
    pub const fn http_status(&self) -> u16 {
        match self.status {
            CancelStatus::CancellationRequested => 202,
            CancelStatus::AlreadyCompleted => 400,
            CancelStatus::NotFound => 404,
        }
    }
}

/// Whether a webhook tells of a success.
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
#[cfg_attr(feature = "schemars", schemars(description = "Whether a webhook tells of a success."))]
#[serde(rename_all = "UPPERCASE")]
#[expect(clippy::exhaustive_enums, reason = "a request succeeds or does not")]
pub enum WebhookStatus {
    /// The payload is the output.
    Ok,
    /// The payload is the error's body, if there is one.
    Error,
}

/// What a webhook is sent when a request is over.
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
#[cfg_attr(feature = "schemars", schemars(description = "What a webhook is sent when a request is over."))]
#[non_exhaustive]
pub struct Webhook {
    /// The request's identity.
    pub request_id: String,
    /// The identity of the request that was submitted; the same unless it was tried again.
    pub gateway_request_id: String,
    /// Whether it succeeded.
    pub status: WebhookStatus,
    /// The output, or the error's body.
    #[serde(default)]
    pub payload: Value,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Webhook {
    /// The success of a request.
    pub fn ok(request_id: impl Into<String>, output: Value) -> Self {
        let request_id = request_id.into();
        let gateway_request_id = request_id.clone();
        Self { request_id, gateway_request_id, status: WebhookStatus::Ok, payload: output, error: None }
    }

    /// The failure of a request.
    pub fn error(request_id: impl Into<String>, body: &ErrorBody) -> Self {
        let payload = serde_json::to_value(body).unwrap_or_default();
        Self { status: WebhookStatus::Error, error: Some(body.to_string()), ..Self::ok(request_id, payload) }
    }
}

/// What the Ed25519 signature of a webhook is over: request id, user id, timestamp, and the SHA-256 of the body in
/// hexadecimal digits, each on a line.
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
