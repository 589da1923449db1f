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

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::super::ledger::NoLedger;
    use super::*;
    use crate::testing;

    const NOTHING: GenerateErrorKind = GenerateErrorKind::NothingMade;
    const LIMITED: GenerateErrorKind = GenerateErrorKind::RateLimited;

    fn call() -> JobCall {
        let job = JobState::new(Arc::new(NoLedger), None, CancellationToken::new());
        JobCall { request: testing::request(), job: Arc::new(job) }
    }

    fn policy(tries: &str) -> RetryPolicy {
        let mut args = testing::backend_args(&["--upstream-tries", tries]);
        args.timings.first_retry = Duration::from_secs(1);
        args.timings.longest_retry = Duration::from_secs(60);
        RetryPolicy::new(&args).unwrap()
    }

    /// Returns the wait before the call is retried after `error`.
    fn retried(policy: &mut RetryPolicy, call: &mut JobCall, error: GenerateError) -> Option<Duration> {
        let sleep = policy.retry(call, &mut Err(error.into()))?;
        Some(sleep.deadline() - tokio::time::Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_has_the_stated_number_of_tries() {
        for tries in 1..=3 {
            let (mut policy, mut call) = (policy(&tries.to_string()), call());
            let attempts = 1
                + (0..9)
                    .take_while(|_| retried(&mut policy, &mut call, GenerateError::new(LIMITED, "")).is_some())
                    .count();
            assert_eq!(attempts, tries);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_failures_that_may_pass_are_retried() {
        use GenerateErrorKind::{
            InvalidAnswer, InvalidRequest, NothingMade, OverBudget, RateLimited, Refused, Store, TimedOut, Transport,
        };

        for (kind, expected) in [
            (RateLimited, true),
            (Transport, true),
            (TimedOut, true),
            (NothingMade, true),
            (Refused, false),
            (InvalidAnswer, false),
            (InvalidRequest, false),
            (Store, false),
            (OverBudget, false),
        ] {
            let error = GenerateError::new(kind, "");
            assert_eq!(retried(&mut policy("3"), &mut call(), error).is_some(), expected, "{kind}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_made_nothing_is_retried_once() {
        let (mut policy, mut call) = (policy("9"), call());
        assert!(retried(&mut policy, &mut call, GenerateError::new(NOTHING, "")).is_some());
        assert!(retried(&mut policy, &mut call, GenerateError::new(LIMITED, "")).is_some());
        assert!(retried(&mut policy, &mut call, GenerateError::new(NOTHING, "")).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_whose_outcome_is_unknown_is_not_retried() {
        let mut call = call();
        call.job.note_asking(&call.request).await.unwrap();
        assert!(retried(&mut policy("3"), &mut call, GenerateError::new(LIMITED, "")).is_none());
        call.job.note_over(&call.request).await;
        assert!(retried(&mut policy("3"), &mut call, GenerateError::new(LIMITED, "")).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_as_long_as_the_upstream_asks_but_not_longer_than_the_longest_retry() {
        let waited = |seconds: u64| {
            let error = GenerateError::new(LIMITED, "").retry_after(Duration::from_secs(seconds));
            retried(&mut policy("3"), &mut call(), error)
        };
        assert_eq!(waited(7), Some(Duration::from_secs(7)));
        assert_eq!(waited(60), Some(Duration::from_secs(60)));
        assert_eq!(waited(61), None);
        // The backoff is the longer wait.
        assert!((1.0..=1.5).contains(&waited(0).unwrap().as_secs_f64()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_doubles_and_has_up_to_half_of_it_added_at_random() {
        let error = || GenerateError::new(LIMITED, "");
        let (mut fresh, mut call) = (policy("9"), call());
        fresh.timings.first_retry = Duration::from_millis(500);
        let first = |_| retried(&mut fresh.clone(), &mut call, error()).unwrap().as_millis();
        let waits: Vec<u128> = (0..200).map(first).collect();
        let (least, most) = (*waits.iter().min().unwrap(), *waits.iter().max().unwrap());
        assert!((500..525).contains(&least) && (725..=751).contains(&most), "{least} to {most} ms");
        let mut policy = fresh.clone();
        for base in [500, 1000, 2000] {
            let wait = retried(&mut policy, &mut call, error()).unwrap().as_millis();
            assert!((base..=base * 3 / 2 + 1).contains(&wait), "{wait} ms");
        }
    }

    #[test]
    fn pauses_between_attempts_are_an_ascending_range() {
        let mut args = testing::backend_args(&[]);
        args.timings.first_retry = Duration::from_secs(3);
        args.timings.longest_retry = Duration::from_secs(2);
        assert_eq!(
            RetryPolicy::new(&args).unwrap_err().to_string(),
            "the pauses between attempts are 3s to 2s; expected an ascending range"
        );
    }

    #[test]
    fn an_error_says_that_the_call_may_have_been_paid_for_and_keeps_its_wait() {
        let error = GenerateError::new(LIMITED, "late").retry_after(Duration::from_secs(7));
        let said = maybe_paid(error);
        assert_eq!((said.kind, said.retry_after), (LIMITED, Some(Duration::from_secs(7))));
        assert_eq!(said.message, "late; the call may have been made and paid for");
        let silent = maybe_paid(GenerateError::new(LIMITED, ""));
        assert_eq!(silent.message, "the call may have been made and paid for");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_is_timed_out_and_billed_unless_it_is_known_to_be_over() {
        let JobCall { request, job } = call();
        let timed_out = async || {
            let work = std::future::pending();
            with_timeout(Duration::from_millis(2500), &request, &job, work).await.unwrap_err()
        };
        let error = timed_out().await;
        assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::TimedOut, 0));
        assert_eq!(error.message, "the call took longer than 2.5 s");
        job.note_asking(&request).await.unwrap();
        let error = timed_out().await;
        assert_eq!(error.billed_images, 1);
        assert_eq!(error.message, "the call took longer than 2.5 s; the call may have been made and paid for");
        let text = String::new;
        let (request_id, status_url, response_url, cancel_url) = ("7".to_owned(), text(), text(), text());
        job.note_accepted(&request, Progress::Accepted { request_id, status_url, response_url, cancel_url }).await;
        let error = timed_out().await;
        assert_eq!((error.billed_images, error.message.as_str()), (1, "the call took longer than 2.5 s"));
    }
}
