//! A request from submission to answer, as it is kept.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smart_resize::Size;
use smart_resize::plan::Digest;
use smart_resize::wire::fal::{EditModel, ErrorBody, Log, QueueState, QueueStatus};

use crate::id::Id;
use crate::time::{Millis, now_ms};

/// What is asked of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum App {
    /// `fal-ai/smart-resize`.
    SmartResize,
    /// One of the edit endpoints, by the built-in generator.
    Edit(EditModel),
}

impl App {
    /// The app whose endpoint is `path`, such as `fal-ai/nano-banana-pro/edit`.
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

    /// Where it is called.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::SmartResize => "fal-ai/smart-resize",
            Self::Edit(model) => model.endpoint(),
        }
    }

    /// Below what its requests are: owner and name, as the official clients build it, without the rest of the endpoint.
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
        Self::at(&path).ok_or_else(|| serde::de::Error::custom(format!("no app is at {path:?}")))
    }
}

/// What the service answers in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body. A file that the service keeps has the URL `blob:<digest>/<name>`, which becomes one of this service,
    /// or a data URI, when it is asked for.
    pub body: Value,
}

impl Answer {
    /// The answer with this output.
    pub const fn output(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// Whether it is the output.
    pub const fn is_output(&self) -> bool {
        self.status == 200
    }
}

impl From<&ErrorBody> for Answer {
    fn from(error: &ErrorBody) -> Self {
        Self { status: error.status(), body: serde_json::to_value(error).unwrap_or_default() }
    }
}

/// A webhook that is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Whom to tell.
    pub url: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether it was told, or given up.
    pub settled: bool,
}

/// The picture to work from, as it is kept: upright, in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSource {
    /// Its blob.
    pub blob: Digest,
    /// Its size in pixels.
    pub size: Size,
}

/// A request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Its identity.
    pub id: Id,
    /// What it asks.
    pub app: App,
    /// The name of the key that submitted it; nothing where there are no keys.
    pub owner: Option<String>,
    /// Its input, in which the picture of a data URI is `blob:<digest>`.
    pub input: Value,
    /// How far it is.
    pub state: QueueState,
    /// When it came.
    pub submitted_ms: Millis,
    /// When it began to run.
    pub started_ms: Option<Millis>,
    /// When it was over.
    pub finished_ms: Option<Millis>,
    /// Whether somebody wants it given up.
    #[serde(default)]
    pub cancelled: bool,
    /// What it has said.
    #[serde(default)]
    pub logs: Vec<Log>,
    /// Whom to tell when it is over.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// Its place among all that were submitted, where the queue numbers them.
    #[serde(default)]
    pub sequence: Option<u64>,
    /// Its source.
    #[serde(default)]
    pub source: Option<KeptSource>,
    /// Its plan.
    #[serde(default)]
    pub plan: Option<Value>,
    /// The answer.
    #[serde(default)]
    pub answer: Option<Answer>,
    /// The records of how its pictures came to be, a blob of JSON.
    #[serde(default)]
    pub provenance: Option<Digest>,
    /// What it cost, in millionths of a dollar.
    #[serde(default)]
    pub cost_usd_micros: u64,
    /// The calls that are over, where each is done by itself.
    #[serde(default)]
    pub calls_over: BTreeSet<u32>,
    /// Calls that may have been paid twice.
    #[serde(default)]
    pub maybe_paid_twice: u32,
    /// Whether its calls are kept for it alone; otherwise an equal request finds them too.
    #[serde(default)]
    pub is_alone: bool,
}

impl Job {
    /// A request that was submitted now.
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
            is_alone: true,
        }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.state == QueueState::Completed
    }

    /// Begins to run, unless it is over.
    pub fn start(&mut self) {
        if !self.is_over() {
            self.state = QueueState::InProgress;
            self.started_ms.get_or_insert_with(now_ms);
        }
    }

    /// Is over with `answer`, unless it was before. Says whether it was this that ended it.
    pub fn finish(&mut self, answer: Answer) -> bool {
        if self.is_over() {
            return false;
        }
        self.state = QueueState::Completed;
        self.finished_ms = Some(now_ms());
        self.answer = Some(answer);
        true
    }

    /// Its status, for URLs below `public_url`.
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
        if self.is_over() && self.cost_usd_micros > 0 {
            status = status.metric("cost_usd_micros", self.cost_usd_micros);
        }
        if self.maybe_paid_twice > 0 {
            status = status.metric("maybe_paid_twice", self.maybe_paid_twice);
        }
        status
    }
}
