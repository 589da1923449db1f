//! The queue: which request runs when, and where.
//!
//! On one machine ([`local`]), the order of waiting requests is in memory, and is rebuilt from the store after a
//! restart. On several machines ([`nats`]), JetStream is the queue.

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

/// Why a request was not accepted.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "what was found and the bound")]
pub enum SubmitError {
    /// The queue is full.
    #[error("the queue has {waiting} waiting requests; expected fewer than {max}, try again later")]
    Full { waiting: usize, max: usize },
    /// The request could not be stored.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// The queue of requests.
#[derive(Clone, Debug)]
pub enum Queue {
    /// The queue of this process.
    Local(LocalQueue),
    /// The queue on JetStream.
    Nats(NatsQueue),
}

impl Queue {
    /// Stores and queues a request.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] if the request is not accepted.
    pub async fn submit(&self, job: Job) -> Result<Job, SubmitError> {
        match self {
            Self::Local(queue) => queue.submit(job).await,
            Self::Nats(queue) => queue.submit(job).await,
        }
    }

    /// Returns the number of requests before a waiting one.
    pub async fn position(&self, job: &Job) -> u64 {
        match self {
            Self::Local(queue) => queue.position(job.id),
            Self::Nats(queue) => queue.position(job).await,
        }
    }

    /// Returns the number of waiting requests.
    pub async fn waiting(&self) -> usize {
        match self {
            Self::Local(queue) => queue.waiting(),
            Self::Nats(queue) => queue.waiting().await,
        }
    }

    /// Cancels a request.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails.
    pub async fn cancel(&self, id: Id) -> Result<CancelStatus, StoreFailure> {
        match self {
            Self::Local(queue) => queue.cancel(id).await,
            Self::Nats(queue) => queue.cancel(id).await,
        }
    }

    /// Sends the webhook of a request that was completed without being queued.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails.
    pub async fn send_hook(&self, job: &Job) -> Result<(), StoreFailure> {
        match self {
            Self::Local(queue) => {
                queue.send_hook(job);
                Ok(())
            }
            Self::Nats(queue) => queue.send_hook(job).await,
        }
    }
}

/// The longest time that a shutdown waits for calls that are being submitted to get their ids.
pub(crate) const SETTLE: Duration = Duration::from_secs(15);

/// What a queue needs to process requests.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Runs requests.
    pub runner: Runner,
    /// Sends their webhooks.
    pub hooks: Hooks,
    /// Counts them.
    pub metrics: Arc<Metrics>,
}

/// Returns the answer to a cancelled request.
pub(crate) fn cancelled_answer() -> Answer {
    (&ErrorBody::text("Request was cancelled")).into()
}

impl Worker {
    /// Runs a whole request and stores its answer. The request ends early if `cancel` is cancelled or the request
    /// timeout is over. A panic becomes an error answer.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails. The request is then not completed.
    pub(crate) async fn work(&self, job: Job, cancel: CancellationToken) -> Result<(), StoreFailure> {
        self.runner.change(&job, Job::start).await?;
        let calls_cancelled = CancellationToken::new();
        let (runner, asked, token) = (self.runner.clone(), job.clone(), calls_cancelled.clone());
        let mut running =
            tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move { runner.run(&asked, token).await }));
        let limits = &self.runner.limits;
        let answer = tokio::select! {
            done = &mut running => match done {
                Ok(result) => result?,
                Err(lost) => (&internal("a request panicked", &lost)).into(),
            },
            () = cancel.cancelled() => {
                calls_cancelled.cancel();
                running.abort();
                // The task must have ended before its calls are cancelled, so that it notes no call after they were
                // read. It was aborted, so it has no result.
                let _ = (&mut running).await;
                self.cancel_calls(&job).await?;
                cancelled_answer()
            }
            () = tokio::time::sleep(limits.request_time()) => {
                calls_cancelled.cancel();
                running.abort();
                let _ = (&mut running).await;
                self.cancel_calls(&job).await?;
                (&timed_out(limits.request_timeout)).into()
            }
        };
        self.complete_and_notify(&job, answer).await
    }

    /// Completes a request with `answer`, its cost and its count of calls that may have been paid for twice. Returns
    /// the request, or `None` if it was already completed.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store fails.
    pub(crate) async fn complete(&self, job: &Job, answer: Answer) -> Result<Option<Job>, StoreFailure> {
        let found = self.runner.store.get::<Job>(Kind::Job, &job.id.to_string()).await?;
        let plan = found.and_then(|job| job.plan).and_then(|plan| serde_json::from_value::<Plan>(plan).ok());
        let paid = match &plan {
            Some(plan) => self.runner.answers(job).paid(plan).await,
            None => Ok((UsdMicros(0), 0)),
        };
        let (cost, twice) = paid.map_err(|error| StoreFailure::new("the cost of a request cannot be read", error))?;
        let change = move |record: &mut Option<Job>| {
            let job = record.as_mut()?;
            job.finish(answer.clone()).then(|| {
                (job.cost_usd_micros, job.maybe_paid_twice) = (cost.0, twice);
                job.clone()
            })
        };
        let completed = self.runner.store.update(Kind::Job, &job.id.to_string(), change).await?;
        if let Some(job) = &completed {
            self.metrics.ended(job);
        }
        Ok(completed)
    }

    /// Completes a request with `answer` and sends its webhook from this process.
    async fn complete_and_notify(&self, job: &Job, answer: Answer) -> Result<(), StoreFailure> {
        if let Some(job) = self.complete(job, answer).await? {
            self.hooks.send_hook(job);
        }
        Ok(())
    }

    /// Marks a request as cancelled and returns it, or returns why it cannot be cancelled.
    async fn mark_cancelled(&self, id: Id) -> Result<Result<Job, CancelStatus>, StoreFailure> {
        let change = |record: &mut Option<Job>| {
            let Some(job) = record else { return Err(CancelStatus::NotFound) };
            if job.is_completed() {
                return Err(CancelStatus::AlreadyCompleted);
            }
            job.cancelled = true;
            Ok(job.clone())
        };
        self.runner.store.update(Kind::Job, &id.to_string(), change).await
    }

    /// Asks the backend to cancel those calls of a request that the upstream has accepted.
    pub(crate) async fn cancel_calls(&self, job: &Job) -> Result<(), StoreFailure> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::App;
    use crate::testing;

    fn worker(service: &crate::service::Service) -> Worker {
        let (runner, hooks, metrics) = (service.runner.clone(), service.hooks.clone(), Arc::clone(&service.metrics));
        Worker { runner, hooks, metrics }
    }

    #[test]
    fn a_cancelled_request_is_answered_with_400_and_a_timed_out_one_with_504() {
        let Answer { status, body } = cancelled_answer();
        assert_eq!((status, body), (400, json!({"detail": "Request was cancelled"})));
        let body = timed_out(7);
        assert_eq!((body.status(), body.entries()[0].msg.as_str()), (504, "The request took more than 7 s"));
    }

    #[tokio::test]
    async fn a_request_is_completed_and_counted_once() {
        let (_folder, service) = testing::service(&[]).await;
        let worker = worker(&service);
        let job = Job::new(App::SmartResize, None, json!({}));
        service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        let first = worker.complete(&job, Answer::output(json!(1))).await.unwrap().unwrap();
        assert_eq!(first.answer, Some(Answer::output(json!(1))));
        assert!(worker.complete(&job, cancelled_answer()).await.unwrap().is_none());
        let stored: Job = service.store.get(Kind::Job, &job.id.to_string()).await.unwrap().unwrap();
        assert_eq!(stored.answer, Some(Answer::output(json!(1))));
        let counted = service.metrics.text(0, 0);
        assert!(counted.contains("output_total 1\n") && counted.contains("error_total 0\n"), "{counted}");
        let deleted = Job::new(App::SmartResize, None, json!({}));
        assert!(worker.complete(&deleted, cancelled_answer()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_completed_request_has_its_cost_and_the_calls_that_were_maybe_paid_twice() {
        use crate::backend::Ledger as _;
        use smart_resize::generate::Generated;
        use smart_resize::generate::store::AsyncStore as _;

        let (_folder, service) = testing::service(&[]).await;
        let mut job = Job::new(App::SmartResize, None, json!({}));
        job.plan = Some(serde_json::to_value(testing::plan(&["300x250"])).unwrap());
        service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        let (request, answers) = (testing::request(), service.runner.answers(&job));
        answers.save(&request, &Generated::new("a", [b"1".to_vec(), b"2".to_vec()])).await.unwrap();
        answers.maybe_paid_twice(&request).await;
        let completed = worker(&service).complete(&job, cancelled_answer()).await.unwrap().unwrap();
        let expected = 2 * request.per_image().0 + testing::plan(&["300x250"]).per_request().0;
        assert_eq!((completed.cost_usd_micros, completed.maybe_paid_twice), (expected, 1));
    }

    #[tokio::test]
    async fn a_request_that_is_unknown_or_completed_cannot_be_cancelled() {
        let (_folder, service) = testing::service(&[]).await;
        let worker = worker(&service);
        let mut job = Job::new(App::SmartResize, None, json!({}));
        assert_eq!(worker.mark_cancelled(job.id).await.unwrap().err(), Some(CancelStatus::NotFound));
        service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        assert!(worker.mark_cancelled(job.id).await.unwrap().unwrap().cancelled);
        let stored: Job = service.store.get(Kind::Job, &job.id.to_string()).await.unwrap().unwrap();
        assert!(stored.cancelled && !stored.is_completed());
        job.finish(Answer::output(json!({})));
        service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        assert_eq!(worker.mark_cancelled(job.id).await.unwrap().err(), Some(CancelStatus::AlreadyCompleted));
    }
}
