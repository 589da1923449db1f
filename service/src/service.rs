//! The service as a whole: what its parts share, how it starts and how it stops.

use std::sync::Arc;

use smart_resize::wire::fal::QueueState;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::backend::{Backend, BackendError};
use crate::config::{Config, FlagError, Role};
use crate::fetch::{FetchError, FetchLimits, Fetcher};
use crate::files::Urls;
use crate::hooks::Hooks;
use crate::id::Id;
use crate::job::Job;
use crate::keys::{Keys, KeysError};
use crate::metrics::Metrics;
use crate::queue::local::LocalQueue;
use crate::queue::nats::NatsQueue;
use crate::queue::{Queue, Worker};
use crate::run::Runner;
use crate::store::local::LocalStore;
use crate::store::nats::NatsStore;
use crate::store::{Kind, Store, StoreFailure};

/// Room for bodies is counted in pieces of so many bytes.
pub const BODY_UNIT: usize = 16 << 10;

/// What every handler has. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service {
    /// How it was set up.
    pub config: Arc<Config>,
    /// Where all is kept.
    pub store: Store,
    /// Who waits, and who runs.
    pub queue: Queue,
    /// Does requests.
    pub runner: Runner,
    /// Tells of them.
    pub hooks: Hooks,
    /// Who may ask.
    pub keys: Arc<Keys>,
    /// URLs of files.
    pub urls: Urls,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Room for bodies that are being read, in units of [`BODY_UNIT`].
    pub bodies: Arc<Semaphore>,
    /// It is being stopped: what waits is told so.
    pub stopping: CancellationToken,
    /// Its time to stop is over: what runs is told so too.
    pub stopped: CancellationToken,
    /// Room for plans that are shown: each has a source in memory.
    pub previews: Arc<Semaphore>,
    /// Deletes what is old, as long as anybody has the service.
    _sweep: Option<Arc<AbortOnDropHandle<()>>>,
}

/// A service that cannot start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "what failed")]
pub enum StartError {
    #[error("the API keys cannot be used")]
    Keys(#[from] KeysError),
    #[error("the backend cannot be used")]
    Backend(#[from] BackendError),
    #[error("no source could be fetched")]
    Fetch(#[from] FetchError),
    #[error("the store cannot be used")]
    Store(#[from] StoreFailure),
    #[error(transparent)]
    Flag(#[from] FlagError),
}

impl Service {
    /// Starts the service, whose URLs begin with `public_url`, with what an earlier process left undone.
    ///
    /// # Errors
    ///
    /// [`StartError`] where it cannot.
    pub async fn start(config: Config, public_url: &str) -> Result<Self, StartError> {
        config.check()?;
        let config = Arc::new(config);
        let keys = Arc::new(config.keys.as_deref().map(Keys::read).transpose()?.unwrap_or_default());
        let limits = Arc::new(config.limits.clone());
        let fetcher = Fetcher::new(FetchLimits {
            max_bytes: limits.max_image_bytes,
            allow_private: config.allow_private_sources,
            ..FetchLimits::default()
        })?;
        let backend = Backend::new(&config.backend)?;
        let urls = Urls::new(public_url.trim_end_matches('/'));
        let store = if let Some(url) = &config.queue {
            let age = std::time::Duration::from_secs(limits.keep_hours.saturating_mul(3600));
            Store::Nats(Arc::new(NatsStore::connect(url, age, 1).await?))
        } else {
            Store::Local(LocalStore::open(&config.data)?)
        };
        let runner = Runner {
            store: store.clone(),
            backend,
            fetcher: fetcher.clone(),
            model: config.model.clone(),
            reuse: config.reuse,
            limits: Arc::clone(&limits),
            public_url: Arc::clone(urls.public_url()),
        };
        let hooks = Hooks::open(store.clone(), fetcher, urls.clone()).await?;
        let metrics = Arc::new(Metrics::default());
        let worker = Worker { runner: runner.clone(), hooks: hooks.clone(), metrics: Arc::clone(&metrics) };
        let (queue, sweep) = match &store {
            Store::Local(local) => {
                let sweep = crate::sweep::start(local.clone(), &limits);
                (Queue::Local(LocalQueue::start(worker, local)?), Some(Arc::new(sweep)))
            }
            // JetStream deletes by itself.
            Store::Nats(nats) => {
                let works = config.role != Role::Api;
                (Queue::Nats(Box::pin(NatsQueue::start(worker, nats, works, config.ack_wait)).await?), None)
            }
        };
        let bodies = Arc::new(Semaphore::new((limits.max_bodies_bytes / BODY_UNIT).clamp(1, Semaphore::MAX_PERMITS)));
        let previews = Arc::new(Semaphore::new(limits.concurrency.into()));
        Ok(Self {
            config,
            store,
            queue,
            runner,
            hooks,
            keys,
            urls,
            metrics,
            bodies,
            stopping: CancellationToken::new(),
            stopped: CancellationToken::new(),
            previews,
            _sweep: sweep,
        })
    }

    /// Waits until a request is over; returns it as it is where the service is stopped before.
    ///
    /// # Errors
    ///
    /// The store's failure.
    pub async fn wait(&self, id: Id) -> Result<Option<Job>, StoreFailure> {
        let key = id.to_string();
        let mut watch = self.store.watch(Kind::Job, &key).await?;
        loop {
            let job = match self.store.get::<Job>(Kind::Job, &key).await? {
                Some(job) if !job.is_over() => job,
                found => return Ok(found),
            };
            let is_waiting = job.state == QueueState::InQueue;
            tokio::select! {
                () = watch.changed() => {}
                () = self.stopping.cancelled(), if is_waiting => return Ok(Some(job)),
                () = self.stopped.cancelled() => return Ok(Some(job)),
            }
        }
    }

    /// Lets running requests finish, or hands them back.
    pub async fn stop(&self) {
        self.stopping.cancel();
        let grace = std::time::Duration::from_secs(self.config.limits.grace);
        match &self.queue {
            Queue::Local(queue) => queue.close(grace).await,
            Queue::Nats(queue) => queue.close(grace).await,
        }
        self.stopped.cancel();
    }
}
