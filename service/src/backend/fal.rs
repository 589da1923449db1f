//! fal's edit endpoints through its queue: submit the call, note its id, wait, fetch the result and its pictures.
//!
//! - A task of its own submits a call and notes its id. Dropping the job during the submission therefore does not lose
//!   the id. These tasks must end before the runtime does ([`Fal::settle`]). If the job is cancelled meanwhile, the
//!   call is cancelled as soon as its id is known.
//! - The URLs in the response to the submission are used if they have the upstream's origin. Otherwise URLs are built
//!   from the id, so that the key is sent nowhere else.
//! - A failed request for a status or a result is repeated a few times: an accepted call is paid for, and its result
//!   can still be fetched. An error of the endpoint, a refused key, an unknown id and a response that is too long end
//!   the call at once.
//! - Pictures are read from data URIs or fetched. They may be at any address of the upstream's own origin, and
//!   otherwise only at public addresses. The key is not sent with these requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use smart_resize::Source;
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::wire::MAX_IMAGE_BYTES;
use smart_resize::wire::fal::{EditInput, EditModel, EditOutput, ErrorBody, QueueState, edit_error, source_url};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};
use url::Url;

use super::args::{BackendArgs, BackendError, Key, Timings};
use super::http::{self, MAX_ANSWER_BYTES, NoResponse};
use super::ledger::{JobState, Progress};
use crate::fetch::{FetchError, FetchLimits, Fetcher};

/// The most bytes of a response of the queue other than a result.
const MAX_STATUS_BYTES: u64 = 4 << 20;
/// The longest time of one status request.
const STATUS_TIMEOUT: Duration = Duration::from_secs(30);
/// The most characters of an id. All of them are ASCII.
const MAX_ID_CHARS: usize = 200;
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

/// The id and the URLs of an accepted call.
struct AcceptedCall {
    id: String,
    status: Url,
    response: Url,
    cancel: Url,
}

/// The outcome of one request for the status or the result of an accepted call.
enum Step {
    /// The call is over.
    Done(Result<Generated, GenerateError>),
    /// The status says that the result is ready to be fetched.
    Completed,
    /// The call runs. The upstream may say how long to wait before the next request.
    Wait(Option<Duration>),
    /// The request failed in a way that may pass.
    Failed(GenerateError),
    /// The upstream does not know the id, or not yet.
    Unknown,
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

#[derive(Deserialize)]
struct Status {
    status: QueueState,
}

impl Fal {
    pub(super) fn new(
        args: &BackendArgs,
        upstream: Url,
        key: Option<&Key>,
        begun: Arc<AtomicU64>,
    ) -> Result<Self, BackendError> {
        let timeout = args.upstream_timeout.min(Duration::from_secs(120));
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
            self.tasks.spawn(async move { fal.submit(&request, &job, body).await })
        };
        let accepted = submission.await.map_err(|error| {
            GenerateError::new(GenerateErrorKind::Transport, "the submission task ended early").caused_by(error)
        })??;
        if let Some(result) = self.wait(&accepted, request, job, false).await {
            return result;
        }
        // The call may still have been made and paid for.
        job.note(request, Some(Progress::Asking)).await;
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
        let accepted = self.accepted_call(&self.endpoint(request).ok()?, progress)?;
        debug!(call = %request.call(), id = accepted.id, "a call is resumed");
        self.wait(&accepted, request, job, true).await
    }

    /// Asks the upstream to cancel the call, without waiting for the response.
    pub(super) fn cancel(&self, progress: &Progress) {
        // Without an endpoint, no URL can be built from the id. The noted URL has the upstream's origin, unless the
        // upstream was changed since; the call is then not cancelled.
        let Some(accepted) = self.accepted_call("", progress) else { return };
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

    /// Submits the call, and notes the outcome in the ledger.
    async fn submit(
        &self,
        request: &GenerationRequest,
        job: &JobState,
        body: Vec<u8>,
    ) -> Result<AcceptedCall, GenerateError> {
        let endpoint = self.endpoint(request)?;
        let Some(url) = self.url_at(&endpoint) else {
            job.note(request, None).await;
            return Err(GenerateError::new(
                GenerateErrorKind::InvalidRequest,
                format!("the endpoint is {endpoint:?}; expected a path"),
            ));
        };
        self.begun.fetch_add(1, Ordering::Relaxed);
        let post = self.client.post(url).headers(self.headers.clone()).header(CONTENT_TYPE, "application/json");
        let sent = timeout(self.timeout, http::send(post.body(body), MAX_STATUS_BYTES)).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                if matches!(error, NoResponse::Unsent(_)) {
                    job.note(request, None).await;
                }
                return Err(error.into());
            }
            Err(_) => return Err(GenerateError::new(GenerateErrorKind::TimedOut, "the submission got no response")),
        };
        if !answer.is_success() {
            if !answer.is_from_gateway() {
                job.note(request, None).await;
            }
            return Err(answer.with_wait(edit_error(answer.status, &answer.body)));
        }
        let progress = serde_json::from_slice(&answer.body).map(|submitted: Submitted| Progress::Accepted {
            request_id: submitted.request_id,
            status_url: submitted.status_url,
            response_url: submitted.response_url,
            cancel_url: submitted.cancel_url,
        });
        let invalid = |message: &str| GenerateError::new(GenerateErrorKind::InvalidAnswer, message);
        let progress =
            progress.map_err(|error| invalid("the response to the submission cannot be parsed").caused_by(error))?;
        let accepted = self
            .accepted_call(&endpoint, &progress)
            .ok_or_else(|| invalid("the response to the submission has an invalid id"))?;
        job.note(request, Some(accepted.progress())).await;
        // The check comes after the id was noted, and a cancellation reads the ids after it set the token. So at least
        // one of the two sees the other, and the call is cancelled in every order.
        if job.cancelled.is_cancelled() {
            self.cancel(&accepted.progress());
        }
        Ok(accepted)
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
            let step = match self.status(accepted).await {
                Step::Completed => self.result(accepted, request, job).await,
                step => step,
            };
            let mut longer = None;
            match step {
                Step::Done(result) => return Some(result),
                Step::Completed => failed_polls = 0,
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
            pause = pause.saturating_mul(2).min(longest_poll);
        }
    }

    async fn status(&self, accepted: &AcceptedCall) -> Step {
        let answer = match http::send(self.get(&accepted.status).timeout(STATUS_TIMEOUT), MAX_STATUS_BYTES).await {
            Ok(answer) => answer,
            Err(error) => return Step::Failed(error.into()),
        };
        match answer.status {
            200..=299 => match serde_json::from_slice(&answer.body) {
                Ok(Status { status: QueueState::Completed }) => Step::Completed,
                Ok(_) => Step::Wait(None),
                Err(error) => Step::Failed(
                    GenerateError::new(GenerateErrorKind::InvalidAnswer, "the status cannot be parsed")
                        .caused_by(error),
                ),
            },
            404 => Step::Unknown,
            429 => Step::Wait(answer.retry_after),
            408 | 500..=599 => Step::Failed(answer.with_wait(edit_error(answer.status, &answer.body))),
            _ => Step::Done(Err(edit_error(answer.status, &answer.body))),
        }
    }

    async fn result(&self, accepted: &AcceptedCall, request: &GenerationRequest, job: &JobState) -> Step {
        let answer = match http::send(self.get(&accepted.response), MAX_ANSWER_BYTES).await {
            Ok(answer) => answer,
            Err(error @ NoResponse::TooLong { .. }) => {
                job.note(request, None).await;
                return Step::Done(Err(GenerateError::from(error).billed_images(request.variants())));
            }
            Err(error) => return Step::Failed(error.into()),
        };
        let error = || answer.with_wait(edit_error(answer.status, &answer.body));
        let is_json = serde_json::from_slice::<ErrorBody>(&answer.body).is_ok();
        match answer.status {
            200..=299 => match serde_json::from_slice(&answer.body) {
                Ok(output) => Step::Done(self.pictures(&output, request, job).await),
                Err(error) => Step::Failed(
                    GenerateError::new(GenerateErrorKind::InvalidAnswer, "the result cannot be parsed")
                        .caused_by(error),
                ),
            },
            400 if error().message.contains("still in progress") => Step::Wait(None),
            429 => Step::Wait(answer.retry_after),
            // The key is refused, which says nothing about the call.
            401 | 403 => Step::Done(Err(error())),
            408 | 502 | 503 => Step::Failed(error()),
            500..=599 if !is_json => Step::Failed(error()),
            _ => {
                job.note(request, None).await;
                Step::Done(Err(error()))
            }
        }
    }

    /// Fetches the pictures of a result. If a picture may be available later, the ledger keeps the id of the call. If
    /// it never will be, the call is over: a resumed call would only get the same failure.
    async fn pictures(
        &self,
        output: &EditOutput,
        request: &GenerationRequest,
        job: &JobState,
    ) -> Result<Generated, GenerateError> {
        let fetched = output.images.iter().enumerate().map(async |(index, image)| match image.data(MAX_IMAGE_BYTES) {
            Some(data) => data.map(|data| data.bytes().clone()).map_err(|error| {
                let message = format!("image {index} of the result has an invalid data URI");
                GenerateError::new(GenerateErrorKind::InvalidAnswer, message).caused_by(error)
            }),
            None => self.fetcher.get(&image.url).await.map(|bytes| Arc::from(&*bytes)).map_err(|error| {
                let is_gone = matches!(error, FetchError::Status { status: 404 | 410 });
                let may_come = error.is_transient() && !is_gone;
                let kind = if may_come { GenerateErrorKind::Transport } else { GenerateErrorKind::InvalidAnswer };
                GenerateError::new(kind, format!("image {index} of the result: {error}")).caused_by(error)
            }),
        });
        let made = u32::try_from(output.images.len()).unwrap_or(u32::MAX);
        let generated = match try_join_all(fetched).await {
            Ok(bytes) => output.generated(format!("fal:{}", self.endpoint(request)?), bytes),
            Err(error) => Err(error.billed_images(made)),
        };
        if generated.as_ref().is_err_and(|error| error.kind != GenerateErrorKind::Transport) {
            job.note(request, None).await;
        }
        generated
    }

    fn get(&self, url: &Url) -> RequestBuilder {
        self.client.get(url.clone()).headers(self.headers.clone())
    }

    /// Returns the URLs of an accepted call, or `None` if its id is invalid.
    fn accepted_call(&self, endpoint: &str, progress: &Progress) -> Option<AcceptedCall> {
        let Progress::Accepted { request_id, status_url, response_url, cancel_url } = progress else { return None };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
        if request_id.is_empty() || request_id.len() > MAX_ID_CHARS || !request_id.chars().all(is_plain) {
            return None;
        }
        // The queue's paths have only the first two segments of the endpoint, the application.
        let app = endpoint.split('/').take(2).collect::<Vec<_>>().join("/");
        let url = |given: &str, rest: &str| {
            let given = Url::parse(given).ok().filter(|given| given.origin() == self.upstream.origin());
            given.or_else(|| self.url_at(&format!("{app}/requests/{request_id}{rest}")))
        };
        Some(AcceptedCall {
            id: request_id.clone(),
            status: url(status_url, "/status")?,
            response: url(response_url, "")?,
            cancel: url(cancel_url, "/cancel")?,
        })
    }

    /// Returns the URL at `path` below the upstream, or `None` if the path is not a plain path.
    fn url_at(&self, path: &str) -> Option<Url> {
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        if !path.split('/').all(is_plain) {
            return None;
        }
        Url::parse(&format!("{}/{path}", self.upstream.as_str().trim_end_matches('/'))).ok()
    }
}

impl AcceptedCall {
    fn progress(&self) -> Progress {
        Progress::Accepted {
            request_id: self.id.clone(),
            status_url: self.status.to_string(),
            response_url: self.response.to_string(),
            cancel_url: self.cancel.to_string(),
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
