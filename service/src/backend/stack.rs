//! The layers between a job and its upstream: retry, queue, rate limit, concurrency limit, and one attempt, which has a
//! timeout and is counted.
//!
//! All jobs share every layer but the retry. Timeout and meter are part of the attempt and not layers of their own,
//! because the cost of an attempt that timed out depends on what is known of the call. An accepted call is counted
//! once, however often it is resumed.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use smart_resize::generate::tower::failure;
use smart_resize::generate::{BoxFuture, GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use tokio::time::{Sleep, sleep, timeout};
use tower::buffer::Buffer;
use tower::limit::{ConcurrencyLimitLayer, RateLimitLayer};
use tower::retry::Policy;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::util::rng::HasherRng;
use tower::util::{BoxService, option_layer};
use tower::{BoxError, Service, ServiceBuilder};
use tracing::info;

use super::Upstream;
use super::args::{BackendArgs, BackendError, Timings};
use super::ledger::{JobState, Progress};

/// The most calls in the queue. Further calls wait for a place in it.
const MAX_QUEUED: usize = 1024;
/// The largest share of a pause that is added to it at random.
const JITTER: f64 = 0.5;

/// One call of one job.
#[derive(Clone, Debug)]
pub(super) struct JobCall {
    pub(super) request: GenerationRequest,
    pub(super) job: Arc<JobState>,
}

/// The layers that all jobs share.
pub(super) type Shared = Buffer<JobCall, BoxFuture<'static, Result<Generated, GenerateError>>>;

/// Builds the layers around `upstream` that all jobs share. Needs a runtime.
pub(super) fn shared(upstream: Arc<Upstream>, args: &BackendArgs) -> Shared {
    let per_minute = u64::from(args.upstream_per_minute);
    let rate = (per_minute > 0).then(|| RateLimitLayer::new(per_minute, args.timings.minute));
    let stack = ServiceBuilder::new()
        .layer(option_layer(rate))
        .layer(ConcurrencyLimitLayer::new(args.upstream_concurrency.get()))
        .service(Attempts { upstream, timeout: args.upstream_timeout });
    Buffer::new(BoxService::new(stack), MAX_QUEUED)
}

/// The innermost layer: one attempt of a call.
#[derive(Clone)]
struct Attempts {
    upstream: Arc<Upstream>,
    timeout: Duration,
}

impl Service<JobCall> for Attempts {
    type Response = Generated;
    type Error = GenerateError;
    type Future = BoxFuture<'static, Result<Generated, GenerateError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), GenerateError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, JobCall { request, job }: JobCall) -> Self::Future {
        let Self { upstream, timeout } = self.clone();
        Box::pin(async move { attempt(&upstream, &request, &job, timeout).await })
    }
}

/// Resumes an accepted call, and makes any other. A call that this job has made and the upstream no longer knows is not
/// made again.
async fn attempt(
    upstream: &Upstream,
    request: &GenerationRequest,
    job: &Arc<JobState>,
    patience: Duration,
) -> Result<Generated, GenerateError> {
    match job.progress(request).await? {
        None => {}
        Some(Progress::Asking) => job.maybe_paid_twice(request).await,
        Some(progress) => {
            let mut is_over = true;
            let work = async {
                if let Some(result) = upstream.resume(&progress, request, job).await {
                    return result;
                }
                // A call of this job is not made again. One of an earlier job is, so the ledger forgets it first.
                is_over = job.made_here(request);
                if is_over {
                    job.note_unknown(request).await;
                } else {
                    job.note_over(request).await;
                }
                Err(GenerateError::new(GenerateErrorKind::Transport, "the upstream does not know the call"))
            };
            let resumed = job.metered(request, true, with_timeout(patience, request, job, work)).await;
            if is_over {
                return resumed;
            }
            job.maybe_paid_twice(request).await;
        }
    }
    job.metered(request, false, with_timeout(patience, request, job, upstream.call(request, job))).await
}

/// Runs `work` with a timeout. If the call is still running or its outcome is unknown, the error counts its planned
/// images as billed. If its outcome is unknown, the message says so.
async fn with_timeout(
    patience: Duration,
    request: &GenerationRequest,
    job: &JobState,
    work: impl Future<Output = Result<Generated, GenerateError>>,
) -> Result<Generated, GenerateError> {
    let result = timeout(patience, work).await.unwrap_or_else(|_| {
        let message = format!("the call took longer than {} s", patience.as_secs_f64());
        Err(GenerateError::new(GenerateErrorKind::TimedOut, message))
    });
    result.map_err(|error| {
        if job.is_outcome_known(request) && !job.is_accepted(request) {
            return error;
        }
        let billed = error.billed_images.max(request.variants());
        let error = if job.is_outcome_known(request) { error } else { maybe_paid(error) };
        error.billed_images(billed)
    })
}

/// Adds to an error that the call may have been made.
fn maybe_paid(error: GenerateError) -> GenerateError {
    let separator = if error.message.is_empty() { "" } else { "; " };
    let message = format!("{}{separator}the call may have been made and paid for", error.message);
    let extended = GenerateError::new(error.kind, message);
    let extended = match error.retry_after {
        Some(wait) => extended.retry_after(wait),
        None => extended,
    };
    extended.caused_by(error)
}

/// The retry policy: which failures are retried, and when.
#[derive(Clone, Debug)]
pub(super) struct RetryPolicy {
    tries_left: usize,
    /// Whether a call that made nothing is retried. One more attempt often helps; further ones only cost.
    may_retry_empty: bool,
    timings: Timings,
    backoff: Option<ExponentialBackoff>,
}

impl RetryPolicy {
    pub(super) fn new(args: &BackendArgs) -> Result<Self, BackendError> {
        let policy = Self {
            tries_left: args.upstream_tries.get() - 1,
            may_retry_empty: true,
            timings: args.timings.clone(),
            backoff: None,
        };
        let Timings { first_retry: first, longest_retry: longest, .. } = args.timings;
        policy.backoff().ok_or(BackendError::Timings { first, longest })?;
        Ok(policy)
    }

    /// Creates the pauses of one call. Each has its own random numbers, so that calls which failed together are not
    /// retried together.
    fn backoff(&self) -> Option<ExponentialBackoff> {
        let Timings { first_retry, longest_retry, .. } = self.timings;
        let maker = ExponentialBackoffMaker::new(first_retry, longest_retry, JITTER, HasherRng::default());
        Some(maker.ok()?.make_backoff())
    }

    /// Whether another attempt of the call may succeed after `error`.
    fn is_retryable(&mut self, error: &GenerateError, JobCall { request, job }: &JobCall) -> bool {
        match error.kind {
            // The call may have been made, and another attempt might pay for it again.
            _ if !job.is_outcome_known(request) => false,
            GenerateErrorKind::RateLimited | GenerateErrorKind::Transport | GenerateErrorKind::TimedOut => true,
            GenerateErrorKind::NothingMade => std::mem::take(&mut self.may_retry_empty),
            _ => false,
        }
    }
}

impl Policy<JobCall, Generated, BoxError> for RetryPolicy {
    type Future = Sleep;

    fn retry(&mut self, call: &mut JobCall, result: &mut Result<Generated, BoxError>) -> Option<Sleep> {
        let error = failure(&**result.as_ref().err()?)?;
        self.tries_left = self.tries_left.checked_sub(1)?;
        if !self.is_retryable(error, call) {
            return None;
        }
        let asked = error.retry_after;
        if asked.is_some_and(|asked| asked > self.timings.longest_retry) {
            return None;
        }
        info!(call = %call.request.call(), error = error as &dyn std::error::Error, "a call is retried");
        if self.backoff.is_none() {
            self.backoff = self.backoff();
        }
        // The longer of the two waits: that of the backoff, and the one that the upstream asked for.
        let wait = self.backoff.as_mut()?.next_backoff();
        Some(match asked.map(|asked| tokio::time::Instant::now() + asked) {
            Some(until) if until > wait.deadline() => sleep(asked.unwrap_or_default()),
            _ => wait,
        })
    }

    fn clone_request(&mut self, call: &JobCall) -> Option<JobCall> {
        Some(call.clone())
    }
}
