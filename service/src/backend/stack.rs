//! The stack of layers between a job and its upstream: retry, queue, rate limit, concurrency limit, then one try of a
//! call, which ends in time and is counted.
//!
//! All but the retry is shared by all jobs. A try is metered and timed in one place, and not by layers of their own,
//! because what a try that is given up has cost depends on what is known of the call: one that goes on under an id is
//! counted once, however often it is resumed.

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
use super::ledger::{Job, Progress};

/// The most calls that wait in the queue; more wait before it.
const MAX_QUEUED: usize = 1024;
/// How much of a wait before another try may be added to it at random.
const JITTER: f64 = 0.5;

/// One call of one job.
#[derive(Clone, Debug)]
pub(super) struct JobCall {
    pub(super) request: GenerationRequest,
    pub(super) job: Arc<Job>,
}

/// What all jobs share.
pub(super) type Shared = Buffer<JobCall, BoxFuture<'static, Result<Generated, GenerateError>>>;

/// The stack around `upstream` that all jobs share. It needs a runtime.
pub(super) fn shared(upstream: Arc<Upstream>, args: &BackendArgs) -> Shared {
    let per_minute = u64::from(args.upstream_per_minute);
    let rate = (per_minute > 0).then(|| RateLimitLayer::new(per_minute, args.timings.minute));
    let stack = ServiceBuilder::new()
        .layer(option_layer(rate))
        .layer(ConcurrencyLimitLayer::new(args.upstream_concurrency.get()))
        .service(Tries { upstream, timeout: args.upstream_timeout });
    Buffer::new(BoxService::new(stack), MAX_QUEUED)
}

/// Makes one try of a call.
#[derive(Clone)]
struct Tries {
    upstream: Arc<Upstream>,
    timeout: Duration,
}

impl Service<JobCall> for Tries {
    type Response = Generated;
    type Error = GenerateError;
    type Future = BoxFuture<'static, Result<Generated, GenerateError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), GenerateError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, JobCall { request, job }: JobCall) -> Self::Future {
        let Self { upstream, timeout } = self.clone();
        Box::pin(async move { one_try(&upstream, &request, &job, timeout).await })
    }
}

/// Resumes the call where it goes on, and asks it otherwise. One that this job has asked and the upstream does not know
/// any more is not asked again.
async fn one_try(
    upstream: &Upstream,
    request: &GenerationRequest,
    job: &Arc<Job>,
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
                is_over = job.has_asked(request);
                job.note(request, is_over.then_some(Progress::Asking)).await;
                Err(GenerateError::new(GenerateErrorKind::Transport, "the upstream does not know the call"))
            };
            let resumed = job.metered(request, true, in_time(patience, request, job, work)).await;
            if is_over {
                return resumed;
            }
            job.maybe_paid_twice(request).await;
        }
    }
    job.metered(request, false, in_time(patience, request, job, upstream.ask(request, job))).await
}

/// Does `work` as long as there is patience. Where it is not known what became of the call, or it goes on, its planned
/// price counts as billed; where it is not known, the error says so.
async fn in_time(
    patience: Duration,
    request: &GenerationRequest,
    job: &Job,
    work: impl Future<Output = Result<Generated, GenerateError>>,
) -> Result<Generated, GenerateError> {
    let result = timeout(patience, work).await.unwrap_or_else(|_| {
        let message = format!("not done after {} s", patience.as_secs_f64());
        Err(GenerateError::new(GenerateErrorKind::TimedOut, message))
    });
    result.map_err(|error| {
        if job.is_certain(request) && !job.goes_on(request) {
            return error;
        }
        let billed = error.billed_images.max(request.variants());
        let error = if job.is_certain(request) { error } else { unsure(error) };
        error.billed_images(billed)
    })
}

/// The same failure of a call that may have been made.
fn unsure(error: GenerateError) -> GenerateError {
    let separator = if error.message.is_empty() { "" } else { "; " };
    let message = format!("{}{separator}the call may have been made and paid for", error.message);
    let unsure = GenerateError::new(error.kind, message);
    let unsure = match error.retry_after {
        Some(wait) => unsure.retry_after(wait),
        None => unsure,
    };
    unsure.caused_by(error)
}

/// Which failures of a call are tried again, and when.
#[derive(Clone, Debug)]
pub(super) struct Again {
    tries_left: usize,
    /// Asking once more often helps where nothing was made; asking for ever only costs.
    may_make_nothing: bool,
    timings: Timings,
    backoff: Option<ExponentialBackoff>,
}

impl Again {
    pub(super) fn new(args: &BackendArgs) -> Result<Self, BackendError> {
        let again = Self {
            tries_left: args.upstream_tries.get() - 1,
            may_make_nothing: true,
            timings: args.timings.clone(),
            backoff: None,
        };
        let Timings { first_retry: first, longest_retry: longest, .. } = args.timings;
        again.backoff().ok_or(BackendError::Timings { first, longest })?;
        Ok(again)
    }

    /// The waits of one call. Each has a random number of its own, so that calls that failed together do not come back
    /// together.
    fn backoff(&self) -> Option<ExponentialBackoff> {
        let Timings { first_retry, longest_retry, .. } = self.timings;
        let maker = ExponentialBackoffMaker::new(first_retry, longest_retry, JITTER, HasherRng::default());
        Some(maker.ok()?.make_backoff())
    }

    /// Whether `error` of the call may be otherwise the next time.
    fn may_help(&mut self, error: &GenerateError, JobCall { request, job }: &JobCall) -> bool {
        match error.kind {
            // It may have been made, or go on, and would be paid for twice.
            _ if !job.is_certain(request) => false,
            GenerateErrorKind::RateLimited | GenerateErrorKind::Transport | GenerateErrorKind::TimedOut => true,
            GenerateErrorKind::NothingMade => std::mem::take(&mut self.may_make_nothing),
            _ => false,
        }
    }
}

impl Policy<JobCall, Generated, BoxError> for Again {
    type Future = Sleep;

    fn retry(&mut self, call: &mut JobCall, result: &mut Result<Generated, BoxError>) -> Option<Sleep> {
        let error = failure(&**result.as_ref().err()?)?;
        self.tries_left = self.tries_left.checked_sub(1)?;
        if !self.may_help(error, call) {
            return None;
        }
        let asked = error.retry_after;
        if asked.is_some_and(|asked| asked > self.timings.longest_retry) {
            return None;
        }
        info!(call = %call.request.call(), error = error as &dyn std::error::Error, "tried again");
        if self.backoff.is_none() {
            self.backoff = self.backoff();
        }
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
