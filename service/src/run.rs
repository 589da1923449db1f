//! One request: its source fetched and read, its plan made, its calls made, its pictures kept.
//!
//! Each step leaves in the store what the next one needs, so that a request that broke off goes on where it was: the
//! source is not fetched again, the plan is the same, and calls that were answered are not made again.

mod edit;
mod extras;
mod log;
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
pub use self::log::Speaker;
pub use self::smart::{Planned, Preview};
pub(crate) use self::source::BLOB;
use crate::answers::Answers;
use crate::backend::Backend;
use crate::config::{Limits, Reuse};
use crate::fetch::Fetcher;
use crate::job::{Answer, App, Job};
use crate::store::{Kind, Store, StoreFailure};

/// Does one request at a time, any number beside each other. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Where all is kept.
    pub store: Store,
    /// Who makes pictures.
    pub backend: Backend,
    /// Who fetches sources.
    pub fetcher: Fetcher,
    /// Which model plans are made for.
    pub model: Model,
    /// When pictures that are there are used again.
    pub reuse: Reuse,
    /// Bounds.
    pub limits: Arc<Limits>,
    /// Where this service's own files are.
    pub public_url: Arc<str>,
}

/// A request that comes to no output.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// It is over: this is its answer.
    #[error("{0}")]
    Answer(ErrorBody),
    /// The service's own store failed; it may go on later.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<ErrorBody> for Stop {
    fn from(body: ErrorBody) -> Self {
        Self::Answer(body)
    }
}

impl From<DetailEntry> for Stop {
    fn from(entry: DetailEntry) -> Self {
        Self::Answer(entry.into())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(StoreFailure::new("the calls of a request cannot be read or kept", error))
    }
}

impl Runner {
    /// Does all of a request, and returns its answer. `given_up` says of one that is dropped that nobody goes on with
    /// it.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where the store failed, so that nothing is known of what was paid.
    pub async fn run(&self, job: &Job, given_up: CancellationToken) -> Result<Answer, StoreFailure> {
        let speaker = Speaker::new(self.store.clone(), job.id);
        let result = match job.app {
            App::SmartResize => self.smart_resize(job, &speaker, given_up).await,
            App::Edit(model) => self.edit(job, model).await,
        };
        speaker.finish().await?;
        self.answer(result)
    }

    /// The answer that a result is.
    ///
    /// # Errors
    ///
    /// The store's failure.
    pub fn answer(&self, result: Result<Value, Stop>) -> Result<Answer, StoreFailure> {
        match result {
            Ok(output) => Ok(Answer::output(output)),
            Err(Stop::Answer(body)) => Ok((&body).into()),
            Err(Stop::Store(failure)) => Err(failure),
        }
    }

    /// The answers of a request's calls.
    pub fn answers(&self, job: &Job) -> Answers {
        Answers::new(self.store.clone(), job)
    }

    /// The model that plans are made for, with no more variants per call than the backend makes.
    pub fn planned_model(&self) -> Model {
        let model = self.model.clone();
        let per_call = NonZeroU16::new(self.backend.variants_per_call()).unwrap_or(NonZeroU16::MIN);
        let variants = model.limits.variants_per_call.min(per_call);
        model.variants_per_call(variants)
    }

    /// The bounds of an input.
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
    /// The store's failure.
    pub async fn change(&self, job: &Job, change: impl Fn(&mut Job) + Send + 'static) -> Result<(), StoreFailure> {
        let change = move |record: &mut Option<Job>| {
            if let Some(job) = record {
                change(job);
            }
        };
        self.store.update(Kind::Job, &job.id.to_string(), change).await
    }
}

/// What went wrong inside, told without telling what.
pub fn internal(what: &str, error: &(dyn std::error::Error + 'static)) -> ErrorBody {
    tracing::error!(error, "{what}");
    DetailEntry::new(ErrorType::InternalServerError, [Loc::from("body")], "Internal server error", &Value::Null).into()
}

/// As many as there are cores: more would only take memory.
static CPUS: std::sync::LazyLock<Arc<Semaphore>> = std::sync::LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Arc::new(Semaphore::new(cores))
});

/// Work that a thread of its own did not finish: it panicked.
#[derive(Debug, thiserror::Error)]
#[error("the work was not finished")]
pub struct Lost(#[source] tokio::task::JoinError);

/// Does CPU work on a thread of its own, at most as many as there are cores.
///
/// # Errors
///
/// [`Lost`] where it panicked.
pub async fn work<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Lost> {
    // Never closed; where it is, the bound is gone and the work is done.
    let permit = Arc::clone(&CPUS).acquire_owned().await.ok();
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        job()
    });
    done.await.map_err(Lost)
}
