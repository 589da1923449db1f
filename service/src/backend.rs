//! Who makes the pictures: the service itself, fal, or Gemini.
//!
//! A [`Backend`] is one per process. What it allows at a time and in a minute holds for all jobs together; each job has
//! a generator of its own ([`Backend::for_job`]), with its [`Ledger`] and its budget.
//!
//! From the driver inwards: retry, queue, rate limit, concurrency limit, and one try, which is timed and metered. The
//! driver is given no budget then, since the meter counts each try.
//!
//! | failure | tried again |
//! |---|---|
//! | rate limited | yes, when the upstream wants it; not where that is too long |
//! | not reached, or out of order | yes |
//! | timed out | where the upstream said so itself, or the call goes on under an id: then that is waited for, and nothing is asked anew |
//! | nothing made | once |
//! | any, where nobody knows what became of the call: the connection was lost, or somebody on the way answered | no, since it may have been paid |
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
use self::ledger::Job;
pub use self::ledger::{Ledger, NoLedger, Progress};
use self::local::Local;
use self::stack::{Again, JobCall, Shared};

/// Who makes the pictures. Cheap to clone; what it limits, it limits for all clones together.
#[derive(Clone)]
pub struct Backend {
    kind: BackendKind,
    upstream: Arc<Upstream>,
    shared: Shared,
    again: Again,
    vision: Option<Arc<Vision>>,
    begun: Arc<AtomicU64>,
}

enum Upstream {
    Local(Local, Arc<AtomicU64>),
    Fal(Arc<Fal>),
    Gemini(Gemini),
}

impl Backend {
    /// The backend that `args` name, inside a runtime of tokio.
    ///
    /// # Errors
    ///
    /// [`BackendError`], as for an address or a key that is none.
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
        let (upstream, again) = (Arc::new(upstream), Again::new(args)?);
        let vision = Vision::new(args)?.map(Arc::new);
        let shared = stack::shared(Arc::clone(&upstream), args);
        Ok(Self { kind: args.backend, upstream, shared, again, vision, begun })
    }

    /// The generator of one job, which is one plan. What is known of its calls is kept in `ledger`, and each try is
    /// counted against `budget`; the driver is given none then.
    pub fn for_job(
        &self,
        ledger: Arc<dyn Ledger>,
        budget: Option<Arc<Budget>>,
    ) -> impl AsyncGenerator + 'static + use<> {
        self.for_job_until(ledger, budget, CancellationToken::new())
    }

    /// The same, of a job that is given up for good where `cancelled` says so: a call that is being submitted then is
    /// given up as soon as the upstream has taken it. Of those that it took before, [`cancel`](Self::cancel) has to be
    /// told, by what the ledger knows of them after `cancelled` was set.
    pub fn for_job_until(
        &self,
        ledger: Arc<dyn Ledger>,
        budget: Option<Arc<Budget>>,
        cancelled: CancellationToken,
    ) -> impl AsyncGenerator + 'static + use<> {
        let job = Arc::new(Job::new(ledger, budget, cancelled));
        let stack = ServiceBuilder::new()
            .map_request(move |request| JobCall { request, job: Arc::clone(&job) })
            .retry(self.again.clone())
            .service(self.shared.clone());
        ServiceGenerator::new(stack)
    }

    /// What a vision model sees in the source; nothing where none is asked. It is asked once, as many at a time as
    /// there may be calls. A failure is no reason to fail the job: it can be planned without.
    pub async fn scene(&self, source: &Source) -> Option<Result<Scene, GenerateError>> {
        Some(self.vision.as_ref()?.scene(source).await)
    }

    /// Asks the upstream to give up a call that goes on, without waiting for what it says. Dropping a job's future does
    /// not do that: it may be resumed.
    pub fn cancel(&self, progress: &Progress) {
        if let Upstream::Fal(fal) = &*self.upstream {
            fal.cancel(progress);
        }
    }

    /// Waits until each call that is being submitted is noted with its id, and each that is given up is told to the
    /// upstream, but not for longer than `at_most`. Both go on when their job is dropped, and end with the runtime: who
    /// ends it, or hands a job to somebody else, drops the job and waits here first.
    pub async fn settle(&self, at_most: Duration) {
        if let Upstream::Fal(fal) = &*self.upstream {
            fal.settle(at_most).await;
        }
    }

    /// Whether a vision model is asked, which costs once a request.
    pub const fn has_vision(&self) -> bool {
        self.vision.is_some()
    }

    /// `local`, `fal` or `gemini`.
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// How many images one call makes at most: what a plan's table has to say.
    pub const fn variants_per_call(&self) -> u16 {
        match self.kind {
            BackendKind::Local | BackendKind::Fal => 4,
            BackendKind::Gemini => 1,
        }
    }

    /// How many calls were begun so far: tries count, resumed ones do not.
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
    async fn ask(&self, request: &GenerationRequest, job: &Arc<Job>) -> Result<Generated, GenerateError> {
        match self {
            Self::Local(local, begun) => {
                begun.fetch_add(1, Ordering::Relaxed);
                local.ask(request).await
            }
            Self::Fal(fal) => fal.ask(request, job).await,
            Self::Gemini(gemini) => gemini.ask(request, job).await,
        }
    }

    /// Waits for a call that goes on; nothing where nobody knows it any more.
    async fn resume(
        &self,
        progress: &Progress,
        request: &GenerationRequest,
        job: &Job,
    ) -> Option<Result<Generated, GenerateError>> {
        match self {
            Self::Local(..) | Self::Gemini(_) => None,
            Self::Fal(fal) => fal.resume(progress, request, job).await,
        }
    }
}
