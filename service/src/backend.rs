//! Backends, which generate the pictures: the built-in generator, fal, or Gemini.
//!
//! A process has one [`Backend`]. Its limits on concurrent calls and on calls per minute hold for all jobs together.
//! Each job has a generator of its own ([`Backend::for_job`]), with its own [`Ledger`] and budget.
//!
//! The layers from the outside to the inside are: retry, queue, rate limit, concurrency limit, and one attempt, which
//! has a timeout and is counted against the budget. Since each attempt is counted here, the driver must not have a
//! budget too.
//!
//! | failure | retried |
//! |---|---|
//! | rate limited | yes, after the time that the upstream asks for; not if that is too long |
//! | not reached, or a server error | yes |
//! | timed out | yes, if the upstream itself reported it; a call that has an id is resumed and not repeated |
//! | nothing made | once |
//! | any, if a lost connection or a gateway leaves the outcome unknown | no, the call may have been paid for |
//! | all others | no |

mod args;
mod fal;
mod gemini;
mod http;
mod ledger;
mod local;
mod stack;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smart_resize::generate::budget::Budget;
use smart_resize::generate::tower::ServiceGenerator;
use smart_resize::generate::{GenerateError, Generated, GenerationRequest};
use smart_resize::scene::Scene;
use smart_resize::{AsyncGenerator, Source};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

pub use self::args::{BackendArgs, BackendError, BackendKind, Timings};
use self::fal::Fal;
use self::gemini::{Gemini, Vision};
use self::ledger::JobState;
pub use self::ledger::{Ledger, NoLedger, Progress};
use self::local::Local;
use self::stack::{JobCall, RetryPolicy, Shared};

/// A backend, which generates the pictures. Cheap to clone. The clones share its limits.
#[derive(Clone)]
pub struct Backend {
    kind: BackendKind,
    upstream: Arc<Upstream>,
    shared: Shared,
    retry_policy: RetryPolicy,
    vision: Option<Arc<Vision>>,
    begun: Arc<AtomicU64>,
}

enum Upstream {
    Local(Local, Arc<AtomicU64>),
    Fal(Arc<Fal>),
    Gemini(Gemini),
}

impl Backend {
    /// Creates the backend that `args` select. Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`BackendError`], for instance for an invalid URL or key.
    pub fn new(args: &BackendArgs) -> Result<Self, BackendError> {
        Handle::try_current()?;
        let begun = Arc::new(AtomicU64::new(0));
        let upstream = match args.backend {
            BackendKind::Local => Upstream::Local(Local::new(), Arc::clone(&begun)),
            BackendKind::Fal => {
                let (url, key) = args.upstream()?;
                Upstream::Fal(Arc::new(Fal::new(args, url, key.as_ref(), Arc::clone(&begun))?))
            }
            BackendKind::Gemini => {
                let (url, key) = args.upstream()?;
                Upstream::Gemini(Gemini::new(args, url, key.as_ref(), Arc::clone(&begun))?)
            }
        };
        let (upstream, retry_policy) = (Arc::new(upstream), RetryPolicy::new(args)?);
        let vision = Vision::new(args)?.map(Arc::new);
        let shared = stack::shared(Arc::clone(&upstream), args);
        Ok(Self { kind: args.backend, upstream, shared, retry_policy, vision, begun })
    }

    /// Returns the generator of one job, that is of one plan. It stores what is known of the job's calls in `ledger`,
    /// and counts each attempt against `budget`. The driver must not have a budget too.
    pub fn for_job(
        &self,
        ledger: Arc<dyn Ledger>,
        budget: Option<Arc<Budget>>,
    ) -> impl AsyncGenerator + 'static + use<> {
        self.for_job_until(ledger, budget, CancellationToken::new())
    }

    /// Returns the generator of a job that can be cancelled with `cancelled`. A call that is being submitted at that
    /// time is cancelled as soon as the upstream has accepted it. The caller cancels the calls that were accepted
    /// earlier: after it has cancelled the token, it passes what the ledger knows of them to [`cancel`](Self::cancel).
    pub fn for_job_until(
        &self,
        ledger: Arc<dyn Ledger>,
        budget: Option<Arc<Budget>>,
        cancelled: CancellationToken,
    ) -> impl AsyncGenerator + 'static + use<> {
        let job = Arc::new(JobState::new(ledger, budget, cancelled));
        let stack = ServiceBuilder::new()
            .map_request(move |request| JobCall { request, job: Arc::clone(&job) })
            .retry(self.retry_policy.clone())
            .service(self.shared.clone());
        ServiceGenerator::new(stack)
    }

    /// Asks the vision model to describe the source. Returns `None` if no vision model is configured. There is a single
    /// attempt, and at most as many run concurrently as calls may. A failure need not fail the job, since a plan can be
    /// made without a scene.
    pub async fn scene(&self, source: &Source) -> Option<Result<Scene, GenerateError>> {
        Some(self.vision.as_ref()?.scene(source).await)
    }

    /// Asks the upstream to cancel an accepted call, without waiting for the response. Dropping a job's future does not
    /// cancel its calls, since the job may be resumed.
    pub fn cancel(&self, progress: &Progress) {
        if let Upstream::Fal(fal) = &*self.upstream {
            fal.cancel(progress);
        }
    }

    /// Waits until the id of each call that is being submitted is in the ledger, and each cancellation is sent, at most
    /// for `at_most`. Both go on when their job is dropped, but end with the runtime. Before the runtime ends, or a job
    /// is handed to another worker, drop the job and wait here.
    pub async fn settle(&self, at_most: Duration) {
        if let Upstream::Fal(fal) = &*self.upstream {
            fal.settle(at_most).await;
        }
    }

    /// Whether a vision model is configured. It has a price per request.
    pub const fn has_vision(&self) -> bool {
        self.vision.is_some()
    }

    /// Returns the name of the backend: `local`, `fal` or `gemini`.
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Returns the most images that one call makes. A plan's model must not assume more.
    pub const fn variants_per_call(&self) -> u16 {
        match self.kind {
            BackendKind::Local | BackendKind::Fal => 4,
            BackendKind::Gemini => 1,
        }
    }

    /// Returns the number of calls that were begun so far. Each attempt counts; a resumed call does not.
    pub fn calls(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("kind", &self.kind).field("calls", &self.calls()).finish_non_exhaustive()
    }
}

impl Upstream {
    async fn call(&self, request: &GenerationRequest, job: &Arc<JobState>) -> Result<Generated, GenerateError> {
        match self {
            Self::Local(local, begun) => {
                begun.fetch_add(1, Ordering::Relaxed);
                local.call(request).await
            }
            Self::Fal(fal) => fal.call(request, job).await,
            Self::Gemini(gemini) => gemini.call(request, job).await,
        }
    }

    /// Waits for an accepted call. Returns `None` if the upstream does not know it any more.
    async fn resume(
        &self,
        progress: &Progress,
        request: &GenerationRequest,
        job: &JobState,
    ) -> Option<Result<Generated, GenerateError>> {
        match self {
            Self::Local(..) | Self::Gemini(_) => None,
            Self::Fal(fal) => fal.resume(progress, request, job).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_call_to_gemini_makes_one_image_and_a_call_to_the_others_at_most_four() {
        for (name, expected) in [("local", 4), ("fal", 4), ("gemini", 1)] {
            let backend = Backend::new(&testing::backend_args(&["--backend", name, "--upstream", "http://a"])).unwrap();
            assert_eq!((backend.name(), backend.variants_per_call()), (name, expected));
        }
    }

    #[test]
    fn a_backend_needs_a_runtime() {
        let error = Backend::new(&testing::backend_args(&[])).unwrap_err();
        assert_eq!(error.to_string(), "the backend needs a tokio runtime");
    }

    #[tokio::test]
    async fn each_attempt_counts_as_a_call() {
        let backend = Backend::new(&testing::backend_args(&[])).unwrap();
        for calls in 1..=2 {
            let job = Arc::new(JobState::new(Arc::new(NoLedger), None, CancellationToken::new()));
            backend.upstream.call(&testing::request(), &job).await.unwrap();
            assert_eq!(backend.calls(), calls);
        }
    }
}
