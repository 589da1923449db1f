//! fal's edit endpoints through its queue: submit the call, note its id, wait, fetch the result and its pictures.
//!
//! - A task of its own submits a call and notes its id. Dropping the job during the submission therefore does not lose
//!   the id. These tasks must end before the runtime does ([`Fal::settle`]). If the job is cancelled meanwhile, the
//!   call is cancelled as soon as its id is known.
//! - The ledger has a note of each call. It is written before the submission: the call may have been made. The id
//!   replaces it when the upstream accepts the call. It is removed when the call is known to have ended without
//!   pictures. After a crash, a call with an id is resumed, and a call without a note is made.
//! - A failed request for a status or a result is repeated a few times: an accepted call is paid for, and its result
//!   can still be fetched. An error of the endpoint, a refused key, an unknown id and a response that is too long end
//!   the call at once.
//! - Pictures are read from data URIs or fetched. They may be at any address of the upstream's own origin, and
//!   otherwise only at public addresses. The key is not sent with these requests.

mod accepted;
mod poll;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use smart_resize::Source;
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::wire::fal::{EditInput, EditModel, edit_error, source_url};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};
use url::Url;

use self::accepted::{AcceptedCall, url_at};
use self::poll::{Step, invalid};
use super::args::{BackendArgs, BackendError, Key, Timings};
use super::http::{self, NoResponse};
use super::ledger::{JobState, Progress};
use crate::fetch::{FetchLimits, Fetcher};

/// The most bytes of a response of the queue other than a result.
const MAX_STATUS_BYTES: u64 = 4 << 20;
/// The longest time of one download of a picture.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(120);
/// The number of consecutive failed requests for a status or a result after which the attempt fails.
const MAX_FAILED_POLLS: u32 = 4;

#[derive(Debug)]
pub(super) struct Fal {
    client: Client,
    upstream: Url,
    headers: HeaderMap,
    endpoint: Option<String>,
    fetcher: Fetcher,
    timings: Timings,
    timeout: Duration,
    begun: Arc<AtomicU64>,
    /// The tasks that outlive their job: submissions and cancellations.
    tasks: TaskTracker,
}

/// Why an attempt gave no pictures, and what the ledger is to keep.
struct Failure {
    error: GenerateError,
    /// Whether the call is known to be over. The ledger then forgets it. An open call keeps its id, or the note that it
    /// may have been made, so that it is not paid for twice.
    is_over: bool,
}

impl Failure {
    /// The failure of a call that is known to be over.
    const fn over(error: GenerateError) -> Self {
        Self { error, is_over: true }
    }

    /// The failure of a call that may still have a result.
    const fn open(error: GenerateError) -> Self {
        Self { error, is_over: false }
    }
}

/// The response to a submission, as far as it is needed.
#[derive(Deserialize)]
struct Submitted {
    request_id: String,
    #[serde(default)]
    status_url: String,
    #[serde(default)]
    response_url: String,
    #[serde(default)]
    cancel_url: String,
}

impl From<Submitted> for Progress {
    fn from(Submitted { request_id, status_url, response_url, cancel_url }: Submitted) -> Self {
        Self::Accepted { request_id, status_url, response_url, cancel_url }
    }
}

impl Fal {
    pub(super) fn new(
        args: &BackendArgs,
        upstream: Url,
        key: Option<&Key>,
        begun: Arc<AtomicU64>,
    ) -> Result<Self, BackendError> {
        let timeout = args.upstream_timeout.min(DOWNLOAD_TIMEOUT);
        let limits = FetchLimits { timeout, ..FetchLimits::default() };
        let tasks = TaskTracker::new();
        // A closed tracker still accepts tasks, and `wait` returns as soon as there are none.
        tasks.close();
        Ok(Self {
            client: http::client()?,
            headers: http::key_headers(AUTHORIZATION, key.and_then(Key::authorization)),
            endpoint: args.model_id.as_ref().map(|id| id.trim_matches('/').to_owned()),
            fetcher: Fetcher::trusting(limits, Some(upstream.origin()))?,
            upstream,
            timings: args.timings.clone(),
            timeout: args.upstream_timeout,
            begun,
            tasks,
        })
    }

    /// Submits the call and waits for its result.
    pub(super) async fn call(
        self: &Arc<Self>,
        request: &GenerationRequest,
        job: &Arc<JobState>,
    ) -> Result<Generated, GenerateError> {
        let body = self.body(request).await?;
        job.note_asking(request).await?;
        let submission = {
            let (fal, request, job) = (Arc::clone(self), request.clone(), Arc::clone(job));
            self.tasks.spawn(async move { fal.submit_and_note(&request, &job, body).await })
        };
        let accepted = submission.await.map_err(|error| {
            GenerateError::new(GenerateErrorKind::Transport, "the submission task ended early").caused_by(error)
        })??;
        if let Some(result) = self.wait(&accepted, request, job, false).await {
            return result;
        }
        // The call may still have been made and paid for.
        job.note_unknown(request).await;
        let message = format!("the upstream accepted the call as {} but no longer knows it", accepted.id);
        Err(GenerateError::new(GenerateErrorKind::Transport, message))
    }

    /// Waits for a call that was accepted before. Returns `None` if the upstream no longer knows it.
    pub(super) async fn resume(
        &self,
        progress: &Progress,
        request: &GenerationRequest,
        job: &JobState,
    ) -> Option<Result<Generated, GenerateError>> {
        let accepted = AcceptedCall::new(&self.upstream, &self.endpoint(request).ok()?, progress)?;
        debug!(call = %request.call(), id = accepted.id, "a call is resumed");
        self.wait(&accepted, request, job, true).await
    }

    /// Asks the upstream to cancel the call, without waiting for the response.
    pub(super) fn cancel(&self, progress: &Progress) {
        // Without an endpoint, no URL can be built from the id. The noted URL has the upstream's origin, unless the
        // upstream was changed since; the call is then not cancelled.
        let Some(accepted) = AcceptedCall::new(&self.upstream, "", progress) else { return };
        let request = self.client.put(accepted.cancel).headers(self.headers.clone()).timeout(self.timings.cancel);
        self.tasks.spawn(async move {
            match http::send(request, MAX_STATUS_BYTES).await {
                Ok(answer) => debug!(id = accepted.id, status = answer.status, "a call is cancelled"),
                Err(error) => {
                    warn!(id = accepted.id, error = &error as &dyn std::error::Error, "a call could not be cancelled");
                }
            }
        });
    }

    /// Waits until no call is being submitted or cancelled, at most for `at_most`.
    pub(super) async fn settle(&self, at_most: Duration) {
        if timeout(at_most, self.tasks.wait()).await.is_err() {
            warn!(tasks = self.tasks.len(), "calls are still being submitted, and their ids may be lost");
        }
    }

    fn endpoint(&self, request: &GenerationRequest) -> Result<String, GenerateError> {
        match &self.endpoint {
            Some(endpoint) => Ok(endpoint.clone()),
            None => Ok(model(request)?.endpoint().to_owned()),
        }
    }

    /// Encodes the input of the endpoint as JSON.
    async fn body(&self, request: &GenerationRequest) -> Result<Vec<u8>, GenerateError> {
        let (model, request, fetcher) = (model(request)?, request.clone(), self.fetcher.clone());
        let unable = |error: Box<dyn std::error::Error + Send + Sync>| {
            GenerateError::new(GenerateErrorKind::InvalidRequest, "the input cannot be encoded").caused_by(error)
        };
        let encoded = spawn_blocking(move || {
            let input = EditInput::new(model, &request, url_of(request.source(), &fetcher).unwrap_or_default())?;
            serde_json::to_vec(&input).map_err(|error| unable(error.into()))
        });
        encoded.await.map_err(|error| unable(error.into()))?
    }

    /// Submits the call, and notes in the ledger what became of it.
    async fn submit_and_note(
        &self,
        request: &GenerationRequest,
        job: &JobState,
        body: Vec<u8>,
    ) -> Result<AcceptedCall, GenerateError> {
        let accepted = noted(self.submit(request, body).await, request, job).await?;
        job.note_accepted(request, accepted.progress()).await;
        // The check comes after the id was noted, and a cancellation reads the ids after it set the token. So at least
        // one of the two sees the other, and the call is cancelled in every order.
        if job.cancelled.is_cancelled() {
            self.cancel(&accepted.progress());
        }
        Ok(accepted)
    }

    /// Submits the call. A failure is over if the upstream cannot have accepted the call.
    async fn submit(&self, request: &GenerationRequest, body: Vec<u8>) -> Result<AcceptedCall, Failure> {
        let endpoint = self.endpoint(request).map_err(Failure::open)?;
        let url = url_at(&self.upstream, &endpoint).ok_or_else(|| {
            let message = format!("the endpoint is {endpoint:?}; expected a path");
            Failure::over(GenerateError::new(GenerateErrorKind::InvalidRequest, message))
        })?;
        self.begun.fetch_add(1, Ordering::Relaxed);
        let post = self.client.post(url).headers(self.headers.clone()).header(CONTENT_TYPE, "application/json");
        let answer = match timeout(self.timeout, http::send(post.body(body), MAX_STATUS_BYTES)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let is_over = matches!(error, NoResponse::Unsent(_));
                return Err(Failure { error: error.into(), is_over });
            }
            Err(_) => {
                let message = "the submission got no response";
                return Err(Failure::open(GenerateError::new(GenerateErrorKind::TimedOut, message)));
            }
        };
        if !answer.is_success() {
            let error = answer.with_wait(edit_error(answer.status, &answer.body));
            return Err(Failure { error, is_over: !answer.is_from_gateway() });
        }
        let submitted: Submitted = serde_json::from_slice(&answer.body).map_err(|error| {
            Failure::open(invalid("the response to the submission cannot be parsed").caused_by(error))
        })?;
        AcceptedCall::new(&self.upstream, &endpoint, &submitted.into())
            .ok_or_else(|| Failure::open(invalid("the response to the submission has an invalid id")))
    }

    /// Requests the status until the call is completed, and then its result. Returns `None` if the upstream does not
    /// know the call. A call that was just submitted gets several requests, since the upstream may know it only a
    /// little later.
    async fn wait(
        &self,
        accepted: &AcceptedCall,
        request: &GenerationRequest,
        job: &JobState,
        resumed: bool,
    ) -> Option<Result<Generated, GenerateError>> {
        let Timings { first_poll, longest_poll, .. } = self.timings;
        let (mut pause, mut failed_polls) = (first_poll, 0);
        loop {
            let mut longer = None;
            match self.poll(accepted, request).await {
                Step::Done(result) => return Some(noted(result, request, job).await),
                Step::Wait(wait) => (failed_polls, longer) = (0, wait),
                Step::Failed(error) => {
                    failed_polls += 1;
                    if failed_polls >= MAX_FAILED_POLLS {
                        return Some(Err(error));
                    }
                }
                Step::Unknown => {
                    failed_polls += 1;
                    if resumed || failed_polls >= MAX_FAILED_POLLS {
                        return None;
                    }
                }
            }
            sleep(longer.unwrap_or(pause)).await;
            pause = next_pause(pause, longest_poll);
        }
    }

    fn get(&self, url: &Url) -> RequestBuilder {
        self.client.get(url.clone()).headers(self.headers.clone())
    }
}

/// Returns the pause after `pause`: twice as long, and at most `longest`.
fn next_pause(pause: Duration, longest: Duration) -> Duration {
    pause.saturating_mul(2).min(longest)
}

/// Removes a call that is over from the ledger, and returns the result.
async fn noted<T>(result: Result<T, Failure>, request: &GenerationRequest, job: &JobState) -> Result<T, GenerateError> {
    match result {
        Ok(value) => Ok(value),
        Err(Failure { error, is_over }) => {
            if is_over {
                job.note_over(request).await;
            }
            Err(error)
        }
    }
}

fn model(request: &GenerationRequest) -> Result<EditModel, GenerateError> {
    EditModel::named(request.model()).ok_or_else(|| {
        GenerateError::new(
            GenerateErrorKind::InvalidRequest,
            format!("the model is {}; expected one with an endpoint of fal", request.model()),
        )
    })
}

/// Returns the URL from which fal reads the source: its own, or, if that is known to be private and the bytes
/// are known, a data URI.
fn url_of(source: &Source, fetcher: &Fetcher) -> Option<String> {
    match (&source.url, source.bytes()) {
        (Some(url), Some(bytes)) if fetcher.check(url).is_err() => source_url(&Source::from_bytes(Arc::clone(bytes))),
        _ => source_url(source),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use tokio_util::sync::CancellationToken;

    use super::super::ledger::NoLedger;
    use super::*;
    use crate::testing;

    fn fal(upstream: &str, flags: &[&str]) -> Arc<Fal> {
        let mut args = testing::backend_args(flags);
        args.timings.first_poll = Duration::from_millis(1);
        args.timings.longest_poll = Duration::from_millis(1);
        Arc::new(Fal::new(&args, Url::parse(upstream).unwrap(), None, Arc::default()).unwrap())
    }

    fn accepted(upstream: &str) -> AcceptedCall {
        let url = |path: &str| Url::parse(&format!("{upstream}/{path}")).unwrap();
        AcceptedCall { id: "7".to_owned(), status: url("status"), response: url("result"), cancel: url("cancel") }
    }

    /// Waits for an accepted call whose status requests are answered with `status`. Returns the outcome and the number
    /// of the requests.
    async fn waited(status: u16, resumed: bool) -> (Option<Result<Generated, GenerateError>>, u64) {
        let polls = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&polls);
        let url = testing::server(Router::new().fallback(move || {
            count.fetch_add(1, Ordering::SeqCst);
            std::future::ready(StatusCode::from_u16(status).unwrap())
        }));
        let url = url.await;
        let job = JobState::new(Arc::new(NoLedger), None, CancellationToken::new());
        let outcome = fal(&url, &[]).wait(&accepted(&url), &testing::request(), &job, resumed).await;
        (outcome, polls.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn an_attempt_fails_after_4_consecutive_failed_polls() {
        let (outcome, polls) = waited(500, false).await;
        assert!(outcome.unwrap().is_err());
        assert_eq!(polls, 4);
    }

    #[tokio::test]
    async fn a_submitted_call_that_is_unknown_is_polled_4_times_and_a_resumed_one_once() {
        let (outcome, polls) = waited(404, false).await;
        assert!(outcome.is_none());
        assert_eq!(polls, 4);
        let (outcome, polls) = waited(404, true).await;
        assert!(outcome.is_none());
        assert_eq!(polls, 1);
    }

    #[tokio::test]
    async fn a_refused_key_ends_the_wait_at_the_first_poll() {
        let (outcome, polls) = waited(401, false).await;
        assert!(outcome.unwrap().is_err());
        assert_eq!(polls, 1);
    }

    #[test]
    fn the_pause_between_polls_doubles_up_to_the_longest() {
        let pauses = std::iter::successors(Some(Duration::from_millis(250)), |pause| {
            Some(next_pause(*pause, Duration::from_secs(2)))
        });
        assert_eq!(
            pauses.take(6).map(|pause| pause.as_millis()).collect::<Vec<_>>(),
            [250, 500, 1000, 2000, 2000, 2000]
        );
    }

    #[tokio::test]
    async fn a_configured_endpoint_has_no_slashes_around_it() {
        let request = testing::request();
        assert_eq!(fal("http://a", &[]).endpoint(&request).unwrap(), "fal-ai/nano-banana-2/edit");
        assert_eq!(fal("http://a", &["--model-id", "/own/app/"]).endpoint(&request).unwrap(), "own/app");
    }

    #[test]
    fn a_source_at_a_private_url_is_sent_as_a_data_uri() {
        let fetcher = Fetcher::new(FetchLimits::default()).unwrap();
        let sent = |url: &str| url_of(&testing::source().url(url), &fetcher).unwrap();
        assert_eq!(sent("https://example.com/a.png"), "https://example.com/a.png");
        for url in ["http://127.0.0.1/a.png", "http://[::1]/a.png", "file:///a.png"] {
            assert!(sent(url).starts_with("data:image/png;base64,"), "{url}");
        }
        // Without bytes there is nothing else to send.
        let unread = Source::from_url("http://127.0.0.1/a.png");
        assert_eq!(url_of(&unread, &fetcher).as_deref(), Some("http://127.0.0.1/a.png"));
    }

    #[tokio::test]
    async fn a_download_takes_at_most_120_seconds_or_the_timeout_of_a_call() {
        let shown = |seconds: &str| format!("{:?}", fal("http://a", &["--upstream-timeout", seconds]).fetcher);
        assert!(shown("300").contains("timeout: 120s"), "{}", shown("300"));
        assert!(shown("90").contains("timeout: 90s"), "{}", shown("90"));
    }
}
