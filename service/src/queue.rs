//! Who does which request when.
//!
//! On one machine ([`local`]) requests wait in the order in which they came, in memory, and are found again in the
//! store after a restart. On several ([`nats`]) JetStream is the queue.

pub mod local;
pub mod nats;

use std::sync::Arc;
use std::time::Duration;

use smart_resize::Plan;
use smart_resize::model::UsdMicros;
use smart_resize::wire::fal::{CancelStatus, DetailEntry, ErrorBody, ErrorType, Loc};
use tokio_util::sync::CancellationToken;

use self::local::LocalQueue;
use self::nats::NatsQueue;
use crate::hooks::Hooks;
use crate::id::Id;
use crate::job::{Answer, Job};
use crate::metrics::Metrics;
use crate::run::{Runner, internal};
use crate::store::{Kind, StoreFailure};

/// A request that was not taken.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "what was found and the bound")]
pub enum SubmitError {
    /// Too many wait.
    #[error("{waiting} requests are waiting, at most {max}: try again later")]
    Full { waiting: usize, max: usize },
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// The queue.
#[derive(Clone, Debug)]
pub enum Queue {
    /// Of this process.
    Local(LocalQueue),
    /// Of JetStream.
    Nats(NatsQueue),
}

impl Queue {
    /// Takes a request, and keeps it.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] where it is not taken.
    pub async fn submit(&self, job: Job) -> Result<Job, SubmitError> {
        match self {
            Self::Local(queue) => queue.submit(job).await,
            Self::Nats(queue) => queue.submit(job).await,
        }
    }

    /// How many are before a request that waits.
    pub async fn position(&self, job: &Job) -> u64 {
        match self {
            Self::Local(queue) => queue.position(job.id),
            Self::Nats(queue) => queue.position(job).await,
        }
    }

    /// How many wait.
    pub async fn waiting(&self) -> usize {
        match self {
            Self::Local(queue) => queue.waiting(),
            Self::Nats(queue) => queue.waiting().await,
        }
    }

    /// Gives a request up.
    ///
    /// # Errors
    ///
    /// The store's failure.
    pub async fn cancel(&self, id: Id) -> Result<CancelStatus, StoreFailure> {
        match self {
            Self::Local(queue) => queue.cancel(id).await,
            Self::Nats(queue) => queue.cancel(id).await,
        }
    }

    /// Tells of a request that was over before it came into the queue.
    ///
    /// # Errors
    ///
    /// The store's failure.
    pub async fn tell(&self, job: &Job) -> Result<(), StoreFailure> {
        match self {
            Self::Local(queue) => {
                queue.tell(job);
                Ok(())
            }
            Self::Nats(queue) => queue.send_hook(job).await,
        }
    }
}

/// How long submissions in flight have to come to their ids, when the service is stopped.
pub(crate) const SETTLE: Duration = Duration::from_secs(15);

/// What a queue needs to do requests.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Does them.
    pub runner: Runner,
    /// Tells of them.
    pub hooks: Hooks,
    /// Counts them.
    pub metrics: Arc<Metrics>,
}

/// The answer to a request that was given up.
pub(crate) fn cancelled() -> Answer {
    (&ErrorBody::text("Request was cancelled")).into()
}

impl Worker {
    /// Does all of a request, until it is over, `cancel` is called, or its time is up. A panic is an answer too.
    ///
    /// # Errors
    ///
    /// The store's failure: the request is not over.
    pub(crate) async fn work(&self, job: Job, cancel: CancellationToken) -> Result<(), StoreFailure> {
        self.runner.change(&job, Job::start).await?;
        let given_up = CancellationToken::new();
        let (runner, asked, token) = (self.runner.clone(), job.clone(), given_up.clone());
        let mut running =
            tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move { runner.run(&asked, token).await }));
        let limits = &self.runner.limits;
        let answer = tokio::select! {
            done = &mut running => match done {
                Ok(result) => result?,
                Err(lost) => (&internal("a request panicked", &lost)).into(),
            },
            () = cancel.cancelled() => {
                given_up.cancel();
                running.abort();
                // What it was at is over first, so that nothing is noted after it was looked at. It was aborted: no
                // result.
                let _ = (&mut running).await;
                self.give_up_calls(&job).await?;
                cancelled()
            }
            () = tokio::time::sleep(limits.request_time()) => {
                given_up.cancel();
                running.abort();
                let _ = (&mut running).await;
                self.give_up_calls(&job).await?;
                (&timed_out(limits.request_timeout)).into()
            }
        };
        self.end_here(&job, answer).await
    }

    /// Ends a request with `answer`; returns it where it was not over before.
    ///
    /// # Errors
    ///
    /// The store's failure.
    pub(crate) async fn end(&self, job: &Job, answer: Answer) -> Result<Option<Job>, StoreFailure> {
        let found = self.runner.store.get::<Job>(Kind::Job, &job.id.to_string()).await?;
        let plan = found.and_then(|job| job.plan).and_then(|plan| serde_json::from_value::<Plan>(plan).ok());
        let paid = match &plan {
            Some(plan) => self.runner.answers(job).paid(plan).await,
            None => Ok((UsdMicros(0), 0)),
        };
        let (cost, twice) = paid.map_err(|error| StoreFailure::new("what a request cost cannot be read", error))?;
        let change = move |record: &mut Option<Job>| {
            let job = record.as_mut()?;
            job.finish(answer.clone()).then(|| {
                (job.cost_usd_micros, job.maybe_paid_twice) = (cost.0, twice);
                job.clone()
            })
        };
        let ended = self.runner.store.update(Kind::Job, &job.id.to_string(), change).await?;
        if let Some(job) = &ended {
            self.metrics.ended(job);
        }
        Ok(ended)
    }

    /// Ends a request with `answer`, and tells of it from here.
    async fn end_here(&self, job: &Job, answer: Answer) -> Result<(), StoreFailure> {
        if let Some(job) = self.end(job, answer).await? {
            self.hooks.tell(job);
        }
        Ok(())
    }

    /// Notes that a request is to be given up, and returns it; or why there is nothing to give up.
    async fn note_cancelled(&self, id: Id) -> Result<Result<Job, CancelStatus>, StoreFailure> {
        let change = |record: &mut Option<Job>| {
            let Some(job) = record else { return Err(CancelStatus::NotFound) };
            if job.is_over() {
                return Err(CancelStatus::AlreadyCompleted);
            }
            job.cancelled = true;
            Ok(job.clone())
        };
        self.runner.store.update(Kind::Job, &id.to_string(), change).await
    }

    /// Asks the backend to give up the calls of a request that it has taken.
    pub(crate) async fn give_up_calls(&self, job: &Job) -> Result<(), StoreFailure> {
        let found = self.runner.store.get::<Job>(Kind::Job, &job.id.to_string()).await?;
        let plan = found.and_then(|job| job.plan).and_then(|plan| serde_json::from_value::<Plan>(plan).ok());
        let answers = self.runner.answers(job);
        for (_, call) in plan.iter().flat_map(Plan::calls) {
            let Some(fingerprint) = call.fingerprint() else { continue };
            let record = answers.record(&fingerprint).await;
            if let Ok(Some(progress)) = record.map(|record| record.and_then(|record| record.progress)) {
                self.runner.backend.cancel(&progress);
            }
        }
        Ok(())
    }
}

pub(crate) fn timed_out(seconds: u64) -> ErrorBody {
    let msg = format!("The request took more than {seconds} s");
    let entry = DetailEntry::new(ErrorType::GenerationTimeout, [Loc::from("body")], msg, &serde_json::Value::Null);
    entry.into()
}
