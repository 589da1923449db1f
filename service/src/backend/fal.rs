//! fal's edit endpoints by way of its queue: submit, note the id, wait, fetch the result and its pictures.
//!
//! - The id is noted before anything is waited for, by a task of its own: giving a call up in the middle of its
//!   submission does not lose the id. Who ends the runtime waits for those tasks first. Where the job was given up for
//!   good in between, the call is given up as soon as its id is there.
//! - The URLs that submit answered are followed where they are of the upstream's own origin, and built from the id
//!   otherwise, so that the key goes nowhere else.
//! - Questions that fail are asked again: a call that was accepted is paid for, and its result is there to be had. Only
//!   what the endpoint itself says is its end.
//! - Pictures are read from data URIs, or fetched: from the upstream's own origin wherever that is, otherwise from
//!   public addresses alone. The key is not sent along.

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
use super::http::{self, MAX_ANSWER_BYTES, Unanswered};
use super::ledger::{Job, Progress};
use crate::fetch::{FetchError, FetchLimits, Fetcher};

/// The most bytes of what the queue answers; results are longer.
const MAX_STATUS_BYTES: u64 = 4 << 20;
/// How long one question for a status may take.
const STATUS_TIMEOUT: Duration = Duration::from_secs(30);
/// The most characters of an id.
const MAX_ID_CHARS: usize = 200;
/// After so many questions in a row that failed, the try fails.
const MAX_TROUBLES: u32 = 4;

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
    /// What goes on when nobody waits for it any more: submissions, and requests to give calls up.
    tasks: TaskTracker,
}

/// A call that was accepted: where to ask for it.
struct Ticket {
    id: String,
    status: Url,
    response: Url,
    cancel: Url,
}

/// What one question for an accepted call gave.
enum Step {
    Done(Result<Generated, GenerateError>),
    Completed,
    Wait(Option<Duration>),
    Trouble(GenerateError),
    Unknown,
}

/// What submit answers, as far as it is needed.
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
        // It takes tasks all the same; whoever waits waits until there are none.
        tasks.close();
        Ok(Self {
            client: http::client()?,
            headers: http::keyed(AUTHORIZATION, key.and_then(Key::authorization)),
            endpoint: args.model_id.as_ref().map(|id| id.trim_matches('/').to_owned()),
            fetcher: Fetcher::trusting(limits, Some(upstream.origin()))?,
            upstream,
            timings: args.timings.clone(),
            timeout: args.upstream_timeout,
            begun,
            tasks,
        })
    }

    /// Submits the call and waits for it.
    pub(super) async fn ask(
        self: &Arc<Self>,
        request: &GenerationRequest,
        job: &Arc<Job>,
    ) -> Result<Generated, GenerateError> {
        let body = self.body(request).await?;
        job.asking(request).await?;
        let submission = {
            let (fal, request, job) = (Arc::clone(self), request.clone(), Arc::clone(job));
            self.tasks.spawn(async move { fal.submit(&request, &job, body).await })
        };
        let ticket = submission.await.map_err(|error| {
            GenerateError::new(GenerateErrorKind::Transport, "the submission was given up").caused_by(error)
        })??;
        if let Some(result) = self.wait(&ticket, request, job, false).await {
            return result;
        }
        // It may have been made all the same.
        job.note(request, Some(Progress::Asking)).await;
        let message = format!("the upstream accepted the call as {} and does not know it", ticket.id);
        Err(GenerateError::new(GenerateErrorKind::Transport, message))
    }

    /// Waits for a call that was accepted before; nothing where the upstream does not know it any more.
    pub(super) async fn resume(
        &self,
        progress: &Progress,
        request: &GenerationRequest,
        job: &Job,
    ) -> Option<Result<Generated, GenerateError>> {
        let ticket = self.ticket(&self.endpoint(request).ok()?, progress)?;
        debug!(call = %request.call(), id = ticket.id, "resumed");
        self.wait(&ticket, request, job, true).await
    }

    /// Asks the upstream to give the call up, without waiting for what it says.
    pub(super) fn cancel(&self, progress: &Progress) {
        // The URL that submit answered has the endpoint in it; of another upstream's there is none to be built.
        let Some(ticket) = self.ticket("", progress) else { return };
        let request = self.client.put(ticket.cancel).headers(self.headers.clone()).timeout(self.timings.cancel);
        self.tasks.spawn(async move {
            match http::send(request, MAX_STATUS_BYTES).await {
                Ok(answer) => debug!(id = ticket.id, status = answer.status, "cancelled"),
                Err(error) => warn!(id = ticket.id, error = &error as &dyn std::error::Error, "cannot be cancelled"),
            }
        });
    }

    /// Waits until no call is being submitted or given up, as long as there is patience.
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

    /// The input as JSON.
    async fn body(&self, request: &GenerationRequest) -> Result<Vec<u8>, GenerateError> {
        let (model, request, fetcher) = (model(request)?, request.clone(), self.fetcher.clone());
        let unable = |error: Box<dyn std::error::Error + Send + Sync>| {
            GenerateError::new(GenerateErrorKind::InvalidRequest, "the input cannot be written").caused_by(error)
        };
        let encoded = spawn_blocking(move || {
            let input = EditInput::new(model, &request, url_of(request.source(), &fetcher).unwrap_or_default())?;
            serde_json::to_vec(&input).map_err(|error| unable(error.into()))
        });
        encoded.await.map_err(|error| unable(error.into()))?
    }

    /// Submits the call and notes what became of that.
    async fn submit(&self, request: &GenerationRequest, job: &Job, body: Vec<u8>) -> Result<Ticket, GenerateError> {
        let endpoint = self.endpoint(request)?;
        let Some(url) = self.below(&endpoint) else {
            job.note(request, None).await;
            return Err(GenerateError::new(GenerateErrorKind::InvalidRequest, format!("no endpoint: {endpoint:?}")));
        };
        self.begun.fetch_add(1, Ordering::Relaxed);
        let post = self.client.post(url).headers(self.headers.clone()).header(CONTENT_TYPE, "application/json");
        let sent = timeout(self.timeout, http::send(post.body(body), MAX_STATUS_BYTES)).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                if matches!(error, Unanswered::Unsent(_)) {
                    job.note(request, None).await;
                }
                return Err(error.into());
            }
            Err(_) => return Err(GenerateError::new(GenerateErrorKind::TimedOut, "submitting")),
        };
        if !answer.is_success() {
            if !answer.is_of_a_gateway() {
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
        let progress = progress.map_err(|error| invalid("submitting").caused_by(error))?;
        let ticket = self.ticket(&endpoint, &progress).ok_or_else(|| invalid("submitting: an id that is none"))?;
        job.note(request, Some(ticket.progress())).await;
        // After the id is noted: who gives a job up looks for ids when the job knows of it, and one of the two sees the
        // other.
        if job.cancelled.is_cancelled() {
            self.cancel(&ticket.progress());
        }
        Ok(ticket)
    }

    /// Asks for the status until the call is over, and then for the result; nothing where the upstream does not know
    /// the call. One that was just submitted it may know a little later.
    async fn wait(
        &self,
        ticket: &Ticket,
        request: &GenerationRequest,
        job: &Job,
        resumed: bool,
    ) -> Option<Result<Generated, GenerateError>> {
        let Timings { first_poll, longest_poll, .. } = self.timings;
        let (mut pause, mut troubles) = (first_poll, 0);
        loop {
            let step = match self.status(ticket).await {
                Step::Completed => self.result(ticket, request, job).await,
                step => step,
            };
            let mut longer = None;
            match step {
                Step::Done(result) => return Some(result),
                Step::Completed => troubles = 0,
                Step::Wait(wait) => (troubles, longer) = (0, wait),
                Step::Trouble(error) => {
                    troubles += 1;
                    if troubles >= MAX_TROUBLES {
                        return Some(Err(error));
                    }
                }
                Step::Unknown => {
                    troubles += 1;
                    if resumed || troubles >= MAX_TROUBLES {
                        return None;
                    }
                }
            }
            sleep(longer.unwrap_or(pause)).await;
            pause = pause.saturating_mul(2).min(longest_poll);
        }
    }

    async fn status(&self, ticket: &Ticket) -> Step {
        let answer = match http::send(self.get(&ticket.status).timeout(STATUS_TIMEOUT), MAX_STATUS_BYTES).await {
            Ok(answer) => answer,
            Err(error) => return Step::Trouble(error.into()),
        };
        match answer.status {
            200..=299 => match serde_json::from_slice(&answer.body) {
                Ok(Status { status: QueueState::Completed }) => Step::Completed,
                Ok(_) => Step::Wait(None),
                Err(error) => {
                    Step::Trouble(GenerateError::new(GenerateErrorKind::InvalidAnswer, "the status").caused_by(error))
                }
            },
            404 => Step::Unknown,
            429 => Step::Wait(answer.retry_after),
            408 | 500..=599 => Step::Trouble(answer.with_wait(edit_error(answer.status, &answer.body))),
            _ => Step::Done(Err(edit_error(answer.status, &answer.body))),
        }
    }

    async fn result(&self, ticket: &Ticket, request: &GenerationRequest, job: &Job) -> Step {
        let answer = match http::send(self.get(&ticket.response), MAX_ANSWER_BYTES).await {
            Ok(answer) => answer,
            Err(error @ Unanswered::TooLong { .. }) => {
                job.note(request, None).await;
                return Step::Done(Err(GenerateError::from(error).billed_images(request.variants())));
            }
            Err(error) => return Step::Trouble(error.into()),
        };
        let error = || answer.with_wait(edit_error(answer.status, &answer.body));
        let is_json = serde_json::from_slice::<ErrorBody>(&answer.body).is_ok();
        match answer.status {
            200..=299 => match serde_json::from_slice(&answer.body) {
                Ok(output) => Step::Done(self.pictures(&output, request, job).await),
                Err(error) => {
                    Step::Trouble(GenerateError::new(GenerateErrorKind::InvalidAnswer, "the result").caused_by(error))
                }
            },
            400 if error().message.contains("still in progress") => Step::Wait(None),
            429 => Step::Wait(answer.retry_after),
            // Of the key, and not of the call.
            401 | 403 => Step::Done(Err(error())),
            408 | 502 | 503 => Step::Trouble(error()),
            500..=599 if !is_json => Step::Trouble(error()),
            _ => {
                job.note(request, None).await;
                Step::Done(Err(error()))
            }
        }
    }

    /// The pictures of a result. Where one cannot be had for now, the call goes on being known by its id; where it
    /// never can, the call is over, or whoever asks the same again would get the same failure for ever.
    async fn pictures(
        &self,
        output: &EditOutput,
        request: &GenerationRequest,
        job: &Job,
    ) -> Result<Generated, GenerateError> {
        let fetched = output.images.iter().enumerate().map(async |(index, image)| match image.data(MAX_IMAGE_BYTES) {
            Some(data) => data.map(|data| data.bytes().clone()).map_err(|error| {
                let message = format!("image {index} of the result");
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

    /// Where to ask for an accepted call; nothing where its id is none.
    fn ticket(&self, endpoint: &str, progress: &Progress) -> Option<Ticket> {
        let Progress::Accepted { request_id, status_url, response_url, cancel_url } = progress else { return None };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
        if request_id.is_empty() || request_id.len() > MAX_ID_CHARS || !request_id.chars().all(is_plain) {
            return None;
        }
        // The queue is the application's, whichever of its endpoints was asked.
        let app = endpoint.split('/').take(2).collect::<Vec<_>>().join("/");
        let url = |given: &str, rest: &str| {
            let given = Url::parse(given).ok().filter(|given| given.origin() == self.upstream.origin());
            given.or_else(|| self.below(&format!("{app}/requests/{request_id}{rest}")))
        };
        Some(Ticket {
            id: request_id.clone(),
            status: url(status_url, "/status")?,
            response: url(response_url, "")?,
            cancel: url(cancel_url, "/cancel")?,
        })
    }

    /// The URL at `path` below the upstream.
    fn below(&self, path: &str) -> Option<Url> {
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        if !path.split('/').all(is_plain) {
            return None;
        }
        Url::parse(&format!("{}/{path}", self.upstream.as_str().trim_end_matches('/'))).ok()
    }
}

impl Ticket {
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
        GenerateError::new(GenerateErrorKind::InvalidRequest, format!("no endpoint for {}", request.model()))
    })
}

/// Where fal finds the source: at its own URL where that is not known to be private, else in the request itself.
fn url_of(source: &Source, fetcher: &Fetcher) -> Option<String> {
    match (&source.url, source.bytes()) {
        (Some(url), Some(bytes)) if fetcher.check(url).is_err() => source_url(&Source::from_bytes(Arc::clone(bytes))),
        _ => source_url(source),
    }
}
