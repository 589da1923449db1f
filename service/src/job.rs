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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job() -> Job {
        Job::new(App::SmartResize, None, json!({}))
    }

    #[test]
    fn the_base_of_an_app_is_the_first_two_segments_of_its_endpoint() {
        let found = App::ALL.map(|app| (app.endpoint(), app.base()));
        let expected = [
            ("fal-ai/smart-resize", "fal-ai/smart-resize"),
            ("fal-ai/nano-banana-pro/edit", "fal-ai/nano-banana-pro"),
            ("fal-ai/nano-banana-2/edit", "fal-ai/nano-banana-2"),
            ("fal-ai/nano-banana/edit", "fal-ai/nano-banana"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_app_is_stored_as_the_path_of_its_endpoint() {
        for app in App::ALL {
            assert_eq!(App::at(app.endpoint()), Some(app));
            assert_eq!(serde_json::to_value(app).unwrap(), app.endpoint());
            assert_eq!(serde_json::from_value::<App>(app.endpoint().into()).unwrap(), app);
        }
        let unknown = serde_json::from_value::<App>("fal-ai/nano-banana".into()).unwrap_err();
        assert_eq!(unknown.to_string(), "the app is \"fal-ai/nano-banana\"; expected the path of an endpoint");
    }

    #[test]
    fn a_restart_keeps_the_first_start_time() {
        let mut job = job();
        job.start();
        assert_eq!(job.state, QueueState::InProgress);
        assert!(job.started_ms.is_some());
        job.started_ms = Some(1);
        job.start();
        assert_eq!(job.started_ms, Some(1));
    }

    #[test]
    fn a_completed_request_is_neither_started_nor_finished_again() {
        let mut job = job();
        assert!(job.finish(Answer::output(json!(1))));
        let finished = job.clone();
        assert!(finished.is_completed() && finished.finished_ms.is_some());
        assert!(!job.finish(Answer::output(json!(2))));
        job.start();
        assert_eq!(
            (job.state, job.started_ms, job.answer),
            (QueueState::Completed, None, Some(Answer::output(json!(1))))
        );
        assert_eq!(job.finished_ms, finished.finished_ms);
    }

    #[test]
    fn an_answer_is_an_output_only_with_status_200() {
        assert!(Answer::output(json!({})).is_output());
        for status in [199, 201, 400, 500] {
            assert!(!Answer { status, body: json!({}) }.is_output());
        }
        let error = Answer::from(&ErrorBody::text("no"));
        assert_eq!((error.status, error.body), (400, json!({"detail": "no"})));
    }

    #[test]
    fn answers_are_private_until_a_request_permits_their_reuse() {
        assert!(job().has_private_answers);
        let mut kept = serde_json::to_value(job()).unwrap();
        assert_eq!(kept["is_alone"], json!(true));
        kept.as_object_mut().unwrap().remove("is_alone");
        assert!(!serde_json::from_value::<Job>(kept).unwrap().has_private_answers);
    }

    #[test]
    fn a_status_has_its_urls_below_the_public_url_and_the_log_only_if_it_is_wanted() {
        let mut job = Job { app: App::Edit(EditModel::NanoBanana2), ..job() };
        job.logs.push(Log::info("a line", "1970-01-01T00:00:00Z"));
        let status = job.status("http://here", 3, false);
        assert_eq!((status.queue_position, status.logs), (Some(3), None));
        assert_eq!(status.response_url, format!("http://here/fal-ai/nano-banana-2/requests/{}", job.id));
        assert_eq!(job.status("http://here", 3, true).logs, Some(job.logs));
    }

    #[test]
    fn the_inference_time_is_in_seconds_from_the_start_to_the_finish() {
        let mut job = job();
        (job.submitted_ms, job.started_ms) = (500, Some(1000));
        assert_eq!(job.status("", 0, false).metrics.get("inference_time"), None);
        job.finished_ms = Some(3250);
        assert_eq!(job.status("", 0, false).metrics["inference_time"], 2.25);
    }

    #[test]
    fn a_status_has_the_cost_of_a_completed_request() {
        let mut job = job();
        job.cost_usd_micros = 7;
        assert_eq!(job.status("", 0, false).metrics.get("cost_usd_micros"), None);
        job.finish(Answer::output(json!({})));
        assert_eq!(job.status("", 0, false).metrics["cost_usd_micros"], 7);
        job.cost_usd_micros = 0;
        assert_eq!(job.status("", 0, false).metrics.get("cost_usd_micros"), None);
    }

    #[test]
    fn a_status_counts_calls_that_may_have_been_paid_twice() {
        let mut job = job();
        assert_eq!(job.status("", 0, false).metrics.get("maybe_paid_twice"), None);
        job.maybe_paid_twice = 1;
        assert_eq!(job.status("", 0, false).metrics["maybe_paid_twice"], 1);
    }
}
