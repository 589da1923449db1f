//! The service as a whole: the state that its parts share, its start and its shutdown.

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

/// The unit in bytes in which memory for request bodies is reserved.
pub const BODY_UNIT: usize = 16 << 10;

/// The state that every handler has. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service {
    /// The configuration.
    pub config: Arc<Config>,
    /// The store of records and blobs.
    pub store: Store,
    /// The queue of waiting and running requests.
    pub queue: Queue,
    /// Processes requests.
    pub runner: Runner,
    /// Sends webhooks.
    pub hooks: Hooks,
    /// The accepted API keys.
    pub keys: Arc<Keys>,
    /// Builds the URLs of files.
    pub urls: Urls,
    /// The counters for Prometheus.
    pub metrics: Arc<Metrics>,
    /// The memory for bodies that are being read. One permit is [`BODY_UNIT`] bytes.
    pub body_memory: Arc<Semaphore>,
    /// Cancelled when the shutdown begins. Handlers that wait for a queued request return then.
    pub stopping: CancellationToken,
    /// Cancelled when the grace period is over. Handlers that wait for a running request return then.
    pub stopped: CancellationToken,
    /// Limits how many plans are made and uploads are joined concurrently. Each holds a whole file in memory.
    pub memory_permits: Arc<Semaphore>,
    /// The task that deletes old records and blobs. It is aborted when the last clone of the service is dropped.
    _sweep: Option<Arc<AbortOnDropHandle<()>>>,
}

/// The number of servers of a NATS cluster that keep each record: no copies are made.
const REPLICAS: usize = 1;

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what failed")]
pub enum StartError {
    #[error("the API keys cannot be used")]
    Keys(#[from] KeysError),
    #[error("the backend cannot be used")]
    Backend(#[from] BackendError),
    #[error("the fetcher of sources cannot be set up")]
    Fetch(#[from] FetchError),
    #[error("the store cannot be used")]
    Store(#[from] StoreFailure),
    #[error(transparent)]
    Flag(#[from] FlagError),
}

impl Service {
    /// Starts the service and resumes the requests that an earlier process left unfinished. The URLs of the service
    /// begin with `public_url`.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a part of the service cannot be set up.
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
        // With the URL of a NATS server, the queue and the store are in NATS. Otherwise both are on this machine.
        let store = if let Some(url) = &config.queue {
            let age = std::time::Duration::from_secs(limits.keep_hours.saturating_mul(3600));
            Store::Nats(Arc::new(NatsStore::connect(url, age, REPLICAS).await?))
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
            // JetStream deletes old records and blobs itself.
            Store::Nats(nats) => {
                let works = config.role != Role::Api;
                (Queue::Nats(Box::pin(NatsQueue::start(worker, nats, works, config.ack_wait)).await?), None)
            }
        };
        let body_memory =
            Arc::new(Semaphore::new((limits.max_bodies_bytes / BODY_UNIT).clamp(1, Semaphore::MAX_PERMITS)));
        let memory_permits = Arc::new(Semaphore::new(limits.concurrency.into()));
        Ok(Self {
            config,
            store,
            queue,
            runner,
            hooks,
            keys,
            urls,
            metrics,
            body_memory,
            stopping: CancellationToken::new(),
            stopped: CancellationToken::new(),
            memory_permits,
            _sweep: sweep,
        })
    }

    /// Waits until a request is completed, and returns it. Returns the unfinished request if the service shuts down
    /// first, and `None` if the request does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store cannot be read.
    pub async fn wait(&self, id: Id) -> Result<Option<Job>, StoreFailure> {
        let key = id.to_string();
        // The watch begins before the first read, so that no change is missed.
        let mut watch = self.store.watch(Kind::Job, &key).await?;
        loop {
            let job = match self.store.get::<Job>(Kind::Job, &key).await? {
                Some(job) if !job.is_completed() => job,
                found => return Ok(found),
            };
            let is_queued = job.state == QueueState::InQueue;
            tokio::select! {
                () = watch.changed() => {}
                () = self.stopping.cancelled(), if is_queued => return Ok(Some(job)),
                () = self.stopped.cancelled() => return Ok(Some(job)),
            }
        }
    }

    /// Shuts down: starts no more requests, gives the running ones the grace period, and returns the unfinished ones to
    /// the queue.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::{Answer, App};
    use crate::testing;

    #[tokio::test]
    async fn the_memory_for_bodies_is_counted_in_units_of_16_kib_and_is_at_least_one() {
        assert_eq!(BODY_UNIT, 16_384);
        for (bytes, units) in [("1", 1), ("16384", 1), ("32767", 1), ("32768", 2), ("301989888", 18_432)] {
            let (_folder, service) = testing::service(&["--max-bodies-bytes", bytes]).await;
            assert_eq!(service.body_memory.available_permits(), units, "{bytes}");
        }
    }

    #[tokio::test]
    async fn there_is_a_memory_permit_for_each_request_that_may_run() {
        let (_folder, service) = testing::service(&["--concurrency", "3"]).await;
        assert_eq!(service.memory_permits.available_permits(), 3);
    }

    #[tokio::test]
    async fn the_fetcher_has_the_limits_of_the_flags() {
        for (flags, expected) in [
            (&["--max-image-bytes", "7"][..], "max_bytes: 7, timeout: 30s, max_redirects: 5, allow_private: false"),
            (&["--allow-private-sources"], "max_bytes: 52428800, timeout: 30s, max_redirects: 5, allow_private: true"),
        ] {
            let (_folder, service) = testing::service(flags).await;
            let shown = format!("{:?}", service.runner.fetcher);
            assert!(shown.contains(expected), "{shown}");
        }
    }

    #[tokio::test]
    async fn the_public_url_has_no_slash_at_its_end() {
        let folder = testing::folder();
        let config = clap::Parser::parse_from(["test", "--data", folder.path().to_str().unwrap()]);
        let service = Service::start(config, "http://here/below//").await.unwrap();
        assert_eq!(service.urls.public_url().as_ref(), "http://here/below");
        assert_eq!(service.runner.public_url.as_ref(), "http://here/below");
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_request_is_completed_or_does_not_exist() {
        let (_folder, service) = testing::service(&[]).await;
        let mut job = Job::new(App::SmartResize, None, json!({}));
        let key = job.id.to_string();
        assert!(service.wait(job.id).await.unwrap().is_none());
        service.store.put(Kind::Job, &key, &job).await.unwrap();
        let finish = async {
            job.finish(Answer::output(json!(7)));
            service.store.put(Kind::Job, &key, &job).await.unwrap();
        };
        let (waited, ()) = tokio::join!(service.wait(key.parse().unwrap()), finish);
        assert_eq!(waited.unwrap().unwrap().answer, Some(Answer::output(json!(7))));
    }

    #[tokio::test]
    async fn a_wait_for_a_queued_request_ends_at_stopping_and_for_a_running_one_at_stopped() {
        let (_folder, service) = testing::service(&[]).await;
        let (waiting, mut running) =
            (Job::new(App::SmartResize, None, json!({})), Job::new(App::SmartResize, None, json!({})));
        running.start();
        for job in [&waiting, &running] {
            service.store.put(Kind::Job, &job.id.to_string(), job).await.unwrap();
        }
        let mut wait = std::pin::pin!(service.wait(running.id));
        service.stopping.cancel();
        assert!(!service.wait(waiting.id).await.unwrap().unwrap().is_completed());
        let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut wait).await;
        assert!(early.is_err(), "the running request has ended at `stopping`");
        service.stopped.cancel();
        assert!(!wait.await.unwrap().unwrap().is_completed());
    }
}
