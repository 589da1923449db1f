//! Runs one request: fetches and reads its source, makes its plan, makes its calls, stores its pictures.
//!
//! Each step stores what the next one needs. An interrupted request therefore continues where it was: its source is not
//! fetched again, its plan is the same, and answered calls are not made again.

mod edit;
mod extras;
mod log;
mod previews;
mod smart;
mod source;

use std::num::NonZeroU16;
use std::sync::Arc;

use serde_json::Value;
use smart_resize::generate::store::StoreError;
use smart_resize::model::Model;
use smart_resize::pixels::decode::DecodeLimits;
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, InputLimits, Loc};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub(crate) use self::edit::edit_input;
pub use self::extras::Extras;
pub(crate) use self::extras::FIELDS as EXTRA_FIELDS;
pub use self::log::JobLog;
pub use self::previews::{MAX_PREVIEW_SIDE, MAX_PREVIEWS, PreviewPicture};
pub use self::smart::{Planned, Preview};
pub(crate) use self::source::BLOB;
use crate::answers::Answers;
use crate::backend::Backend;
use crate::config::{Limits, Reuse};
use crate::fetch::Fetcher;
use crate::job::{Answer, App, Job};
use crate::store::{Kind, Store, StoreFailure};

/// Runs requests, any number of them concurrently. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The store.
    pub store: Store,
    /// The backend that generates pictures.
    pub backend: Backend,
    /// The fetcher of sources.
    pub fetcher: Fetcher,
    /// The model that plans are made for.
    pub model: Model,
    /// When stored pictures are reused.
    pub reuse: Reuse,
    /// The bounds of a request.
    pub limits: Arc<Limits>,
    /// The URL below which the service's own files are.
    pub public_url: Arc<str>,
}

/// Why a request has no output.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The request is completed with this error as its answer.
    #[error("{0}")]
    Answer(ErrorBody),
    /// The store failed. The request may continue later.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<ErrorBody> for JobError {
    fn from(body: ErrorBody) -> Self {
        Self::Answer(body)
    }
}

impl From<DetailEntry> for JobError {
    fn from(entry: DetailEntry) -> Self {
        Self::Answer(entry.into())
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::Store(StoreFailure::new("the calls of a request cannot be read or stored", error))
    }
}

impl Runner {
    /// Runs a whole request and returns its answer. The token `cancelled` is cancelled if the returned future will be
    /// dropped and the request not resumed.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails. What was paid is then unknown.
    pub async fn run(&self, job: &Job, cancelled: CancellationToken) -> Result<Answer, StoreFailure> {
        let log = JobLog::new(self.store.clone(), job.id);
        let result = match job.app {
            App::SmartResize => self.smart_resize(job, &log, cancelled).await,
            App::Edit(model) => self.edit(job, model).await,
        };
        log.finish().await?;
        self.answer(result)
    }

    /// Converts a result into the answer of the request.
    ///
    /// # Errors
    ///
    /// The [`StoreFailure`] in the result.
    pub fn answer(&self, result: Result<Value, JobError>) -> Result<Answer, StoreFailure> {
        match result {
            Ok(output) => Ok(Answer::output(output)),
            Err(JobError::Answer(body)) => Ok((&body).into()),
            Err(JobError::Store(failure)) => Err(failure),
        }
    }

    /// Returns the view of the calls of a request.
    pub fn answers(&self, job: &Job) -> Answers {
        Answers::new(self.store.clone(), job)
    }

    /// Returns the model that plans are made for, limited to as many variants per call as the backend makes.
    pub fn planned_model(&self) -> Model {
        let model = self.model.clone();
        let per_call = NonZeroU16::new(self.backend.variants_per_call()).unwrap_or(NonZeroU16::MIN);
        let variants = model.limits.variants_per_call.min(per_call);
        model.variants_per_call(variants)
    }

    /// Returns the bounds of an input.
    pub fn input_limits(&self) -> InputLimits {
        let mut limits = InputLimits::default();
        limits.target_sizes = self.limits.max_target_sizes.into();
        limits.image_bytes = self.limits.max_image_bytes;
        limits
    }

    fn decode_limits(&self) -> DecodeLimits {
        let mut limits = DecodeLimits::default();
        limits.input_bytes = usize::try_from(self.limits.max_image_bytes).unwrap_or(usize::MAX);
        limits.pixels = self.limits.max_pixels;
        limits
    }

    /// Changes the record of a request.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails.
    pub async fn change(&self, job: &Job, change: impl Fn(&mut Job) + Send + 'static) -> Result<(), StoreFailure> {
        let change = move |record: &mut Option<Job>| {
            if let Some(job) = record {
                change(job);
            }
        };
        self.store.update(Kind::Job, &job.id.to_string(), change).await
    }
}

/// Logs an internal error, and returns an error for the client that does not reveal it.
pub fn internal(what: &str, error: &(dyn std::error::Error + 'static)) -> ErrorBody {
    tracing::error!(error, "{what}");
    DetailEntry::new(ErrorType::InternalServerError, [Loc::from("body")], "Internal server error", &Value::Null).into()
}

/// Limits CPU work to the number of cores. More threads would not be faster and would take more memory.
static CPUS: std::sync::LazyLock<Arc<Semaphore>> = std::sync::LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Arc::new(Semaphore::new(cores))
});

/// CPU work that ended early, because it panicked.
#[derive(Debug, thiserror::Error)]
#[error("the background work panicked")]
pub struct Panicked(#[source] tokio::task::JoinError);

/// Runs CPU work on a blocking thread, at most as many at once as there are cores.
///
/// # Errors
///
/// [`Panicked`] if the work panicked.
pub async fn on_cpu<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Panicked> {
    // The semaphore is never closed. If it were, the work would run without the limit.
    let permit = Arc::clone(&CPUS).acquire_owned().await.ok();
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        job()
    });
    done.await.map_err(Panicked)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing;

    #[test]
    fn an_internal_error_does_not_reveal_its_cause() {
        let body = internal("a plan cannot be encoded", &std::io::Error::other("/secret/path"));
        let expected = json!({"loc": ["body"], "msg": "Internal server error", "type": "internal_server_error"});
        let shown = serde_json::to_value(&body.entries()[0]).unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&shown[name], value);
        }
        assert!(!shown.to_string().contains("secret") && !shown.to_string().contains("plan"), "{shown}");
        assert_eq!(body.status(), 500);
    }

    #[tokio::test]
    async fn a_plan_assumes_no_more_variants_per_call_than_the_backend_makes() {
        for (backend, expected) in [("fal", 4), ("gemini", 1)] {
            let (_folder, service) = testing::service(&["--backend", backend, "--upstream", "http://a"]).await;
            let mut runner = service.runner.clone();
            runner.model = runner.model.variants_per_call(NonZeroU16::new(9).unwrap());
            assert_eq!(runner.planned_model().limits.variants_per_call.get(), expected, "{backend}");
            runner.model = runner.model.variants_per_call(NonZeroU16::MIN);
            assert_eq!(runner.planned_model().limits.variants_per_call.get(), 1, "{backend}");
        }
    }

    #[tokio::test]
    async fn the_bounds_of_an_input_and_of_its_decoding_are_those_of_the_flags() {
        let flags = ["--max-target-sizes", "12", "--max-image-bytes", "345", "--max-pixels", "678"];
        let (_folder, service) = testing::service(&flags).await;
        let input = service.runner.input_limits();
        assert_eq!((input.target_sizes, input.image_bytes), (12, 345));
        let decode = service.runner.decode_limits();
        assert_eq!((decode.input_bytes, decode.pixels), (345, 678));
    }

    #[tokio::test]
    async fn a_failure_of_the_store_is_no_answer_so_that_the_request_may_continue() {
        let (_folder, service) = testing::service(&[]).await;
        let answer = |result| service.runner.answer(result);
        assert_eq!(answer(Ok(json!(7))).unwrap(), Answer::output(json!(7)));
        let refused = answer(Err(ErrorBody::text("no").into())).unwrap();
        assert_eq!((refused.status, refused.body), (400, json!({"detail": "no"})));
        let failure = StoreFailure::new("the job a could not be written", "full");
        assert!(answer(Err(failure.into())).is_err());
    }

    #[tokio::test]
    async fn cpu_work_runs_at_most_on_as_many_threads_as_there_are_cores() {
        let cores = std::thread::available_parallelism().unwrap().get();
        let most = cores + 1;
        let (running, peak) = (Arc::new(std::sync::atomic::AtomicUsize::new(0)), Arc::default());
        let work = (0..2 * most).map(|_| {
            let (running, peak) = (Arc::clone(&running), Arc::<std::sync::atomic::AtomicUsize>::clone(&peak));
            on_cpu(move || {
                let now = running.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
                peak.fetch_max(now, std::sync::atomic::Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(5));
                running.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            })
        });
        futures_util::future::try_join_all(work).await.unwrap();
        assert!(peak.load(std::sync::atomic::Ordering::SeqCst) <= cores);
    }

    #[tokio::test]
    async fn cpu_work_that_panics_is_an_error_and_gives_its_place_back() {
        for _ in 0..=CPUS.available_permits() {
            let error = on_cpu(|| panic!("on purpose")).await.unwrap_err();
            assert_eq!(error.to_string(), "the background work panicked");
        }
        assert_eq!(on_cpu(|| 7).await.unwrap(), 7);
    }
}
