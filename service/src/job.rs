//! The record of a request, from its submission to its answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smart_resize::Size;
use smart_resize::plan::Digest;
use smart_resize::wire::fal::{EditModel, ErrorBody, Log, QueueState, QueueStatus};

use crate::id::Id;
use crate::time::{Millis, now_ms};

/// An app of the service, in fal's sense: an endpoint and the requests below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum App {
    /// `fal-ai/smart-resize`.
    SmartResize,
    /// One of the edit endpoints, served by the built-in generator.
    Edit(EditModel),
}

impl App {
    /// Returns the app whose endpoint is `path`, such as `fal-ai/nano-banana-pro/edit`.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|app| app.endpoint() == path)
    }

    /// Every app.
    pub const ALL: [Self; 4] = [
        Self::SmartResize,
        Self::Edit(EditModel::NanoBananaPro),
        Self::Edit(EditModel::NanoBanana2),
        Self::Edit(EditModel::NanoBanana),
    ];

    /// Returns the path of the endpoint.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::SmartResize => "fal-ai/smart-resize",
            Self::Edit(model) => model.endpoint(),
        }
    }

    /// Returns the path below which the app's requests are: the first two segments of the endpoint, owner and name. The
    /// official clients build it in the same way.
    pub fn base(self) -> &'static str {
        let endpoint = self.endpoint();
        match endpoint.match_indices('/').nth(1) {
            Some((end, _)) => endpoint.get(..end).unwrap_or(endpoint),
            None => endpoint,
        }
    }
}

impl Serialize for App {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.endpoint())
    }
}

impl<'de> Deserialize<'de> for App {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        Self::at(&path)
            .ok_or_else(|| serde::de::Error::custom(format!("the app is {path:?}; expected the path of an endpoint")))
    }
}

/// The final answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body. A stored file has the URL `blob:<digest>/<name>` in it. When a client requests the result, that
    /// becomes a URL of this service or a data URI.
    pub body: Value,
}

impl Answer {
    /// Creates a successful answer with the output `body`.
    pub const fn output(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// Whether the answer is an output and not an error.
    pub const fn is_output(&self) -> bool {
        self.status == 200
    }
}

impl From<&ErrorBody> for Answer {
    fn from(error: &ErrorBody) -> Self {
        Self { status: error.status(), body: serde_json::to_value(error).unwrap_or_default() }
    }
}

/// The webhook of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// The URL that the result is posted to.
    pub url: String,
    /// The number of deliveries that were tried.
    pub attempts: u32,
    /// Whether the webhook was delivered or given up.
    #[serde(rename = "settled")]
    pub is_settled: bool,
}

/// The stored source picture: upright, in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSource {
    /// The blob with its bytes.
    pub blob: Digest,
    /// The size in pixels.
    pub size: Size,
}

/// The record of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The id of the request.
    pub id: Id,
    /// The app that is called.
    pub app: App,
    /// The name of the API key that submitted the request; `None` if no key is required.
    pub owner: Option<String>,
    /// The input. The picture of a data URI is replaced by `blob:<digest>`.
    pub input: Value,
    /// The state in the queue.
    pub state: QueueState,
    /// The time of the submission.
    pub submitted_ms: Millis,
    /// The time at which the request first started to run.
    pub started_ms: Option<Millis>,
    /// The time at which the request was completed.
    pub finished_ms: Option<Millis>,
    /// Whether a cancellation was requested.
    #[serde(default)]
    pub cancelled: bool,
    /// The log lines.
    #[serde(default)]
    pub logs: Vec<Log>,
    /// The webhook to call when the request is completed.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// The sequence number of the submission, if the queue assigns one.
    #[serde(default)]
    pub sequence: Option<u64>,
    /// The source, once it was read.
    #[serde(default)]
    pub source: Option<StoredSource>,
    /// The plan as JSON, once it was made.
    #[serde(default)]
    pub plan: Option<Value>,
    /// The answer, once the request is completed.
    #[serde(default)]
    pub answer: Option<Answer>,
    /// The provenance of the pictures, a blob of JSON.
    #[serde(default)]
    pub provenance: Option<Digest>,
    /// The cost in millionths of a US dollar.
    #[serde(default)]
    pub cost_usd_micros: u64,
    /// The calls that are completed, if each call is a step of its own in the queue.
    #[serde(default)]
    pub calls_over: BTreeSet<u32>,
    /// The number of calls that may have been paid for twice.
    #[serde(default)]
    pub maybe_paid_twice: u32,
    /// Whether the answers of the request's calls are stored for this request alone. Otherwise equal requests reuse
    /// them.
    #[serde(default, rename = "is_alone")]
    pub has_private_answers: bool,
}

impl Job {
    /// Creates the record of a request that is submitted now.
    pub fn new(app: App, owner: Option<String>, input: Value) -> Self {
        Self {
            id: Id::new(),
            app,
            owner,
            input,
            state: QueueState::InQueue,
            submitted_ms: now_ms(),
            started_ms: None,
            finished_ms: None,
            cancelled: false,
            logs: Vec::new(),
            hook: None,
            sequence: None,
            source: None,
            plan: None,
            answer: None,
            provenance: None,
            cost_usd_micros: 0,
            calls_over: BTreeSet::new(),
            maybe_paid_twice: 0,
            has_private_answers: true,
        }
    }

    /// Whether the request is completed.
    pub fn is_completed(&self) -> bool {
        self.state == QueueState::Completed
    }

    /// Marks the request as running, unless it is completed. A restart keeps the first start time.
    pub fn start(&mut self) {
        if !self.is_completed() {
            self.state = QueueState::InProgress;
            self.started_ms.get_or_insert_with(now_ms);
        }
    }

    /// Completes the request with `answer`, unless it is already completed. Returns whether this call completed it.
    pub fn finish(&mut self, answer: Answer) -> bool {
        if self.is_completed() {
            return false;
        }
        self.state = QueueState::Completed;
        self.finished_ms = Some(now_ms());
        self.answer = Some(answer);
        true
    }

    /// Returns the status in fal's form, with URLs below `public_url`.
    pub fn status(&self, public_url: &str, position: u64, with_logs: bool) -> QueueStatus {
        let app_url = format!("{public_url}/{}", self.app.base());
        let mut status = QueueStatus::new(self.state, self.id.to_string(), &app_url).queue_position(position);
        if with_logs {
            status = status.logs(self.logs.clone());
        }
        if let (Some(started), Some(finished)) = (self.started_ms, self.finished_ms) {
            #[expect(clippy::cast_precision_loss, reason = "a time of some seconds")]
            let seconds = finished.saturating_sub(started) as f64 / 1000.0;
            status = status.metric("inference_time", seconds);
        }
        if self.is_completed() && self.cost_usd_micros > 0 {
            status = status.metric("cost_usd_micros", self.cost_usd_micros);
        }
        if self.maybe_paid_twice > 0 {
            status = status.metric("maybe_paid_twice", self.maybe_paid_twice);
        }
        status
    }
}
