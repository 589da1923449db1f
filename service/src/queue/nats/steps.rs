//! The steps of a request, one for each kind of message.

use std::sync::Arc;

use smart_resize::AsyncGenerator as _;
use smart_resize::generate::store::{AsyncStore as _, StoreError};
use smart_resize::generate::{GenerateError, GenerateErrorKind, GenerationRequest, from_async_fn};
use smart_resize::plan::CallId;

use tokio_util::sync::CancellationToken;

use super::{NatsQueue, Payload, Step};
use crate::answers::Answers;
use crate::job::{App, Job};
use crate::queue::cancelled_answer;
use crate::run::{JobError, JobLog, Planned, internal};
use crate::store::{Kind, StoreFailure};

impl NatsQueue {
    /// Runs one step of a request. For a completed request, only the webhook is queued again.
    pub(super) async fn step(&self, step: Step, job: Job, call: Option<CallId>) -> Result<(), StoreFailure> {
        if job.is_completed() {
            // The worker that completed the request may have died before it queued the webhook.
            return self.send_hook(&job).await;
        }
        if job.cancelled {
            self.worker.cancel_calls(&job).await?;
            return self.complete_and_notify(&job, cancelled_answer()).await;
        }
        let log = JobLog::new(self.worker.runner.store.clone(), job.id);
        let cancelled = CancellationToken::new();
        let result = {
            let work = async {
                match step {
                    Step::Plan => self.plan(&job, &log).await,
                    Step::Call => self.call(&job, call.unwrap_or(CallId(0)), &log, &cancelled).await,
                    Step::Finish | Step::Hook => self.finish(&job, &log).await,
                }
            };
            let time = self.worker.runner.limits.request_time();
            let ran = job.started_ms.map_or(0, |started| crate::time::now_ms().saturating_sub(started));
            let left = time.saturating_sub(std::time::Duration::from_millis(ran));
            tokio::select! {
                result = work => result,
                result = self.cancelled(&job) => match result {
                    Ok(()) => {
                        cancelled.cancel();
                        self.worker.cancel_calls(&job).await?;
                        return self.complete_and_notify(&job, cancelled_answer()).await;
                    }
                    Err(failure) => Err(failure.into()),
                },
                () = tokio::time::sleep(left) => {
                    cancelled.cancel();
                    self.worker.cancel_calls(&job).await?;
                    Err(crate::queue::timed_out(time.as_secs()).into())
                }
            }
        };
        log.finish().await?;
        match result {
            Ok(()) => Ok(()),
            Err(JobError::Answer(body)) => self.complete_and_notify(&job, (&body).into()).await,
            Err(JobError::Store(failure)) => Err(failure),
        }
    }

    /// Returns when the request is cancelled.
    async fn cancelled(&self, job: &Job) -> Result<(), StoreFailure> {
        let (store, key) = (&self.worker.runner.store, job.id.to_string());
        let mut watch = store.watch(Kind::Job, &key).await?;
        loop {
            match store.get::<Job>(Kind::Job, &key).await? {
                Some(job) if job.cancelled => return Ok(()),
                _ => watch.changed().await,
            }
        }
    }

    async fn plan(&self, job: &Job, log: &JobLog) -> Result<(), JobError> {
        let runner = &self.worker.runner;
        runner.change(job, Job::start).await?;
        if job.app != App::SmartResize {
            // A request to an edit endpoint has a single step. A task of its own turns a panic into an error answer.
            let running = {
                let (runner, job) = (runner.clone(), job.clone());
                tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
                    runner.run(&job, CancellationToken::new()).await
                }))
            };
            let answer = match running.await {
                Ok(answer) => answer?,
                Err(lost) => (&internal("a request panicked", &lost)).into(),
            };
            return Ok(self.complete_and_notify(job, answer).await?);
        }
        let Planned { plan, .. } = runner.plan_and_store(job, log).await?;
        for (_, call) in plan.calls() {
            self.send(Step::Call, &Payload { job: job.id, call: Some(call.id().0) }).await?;
        }
        if plan.calls().next().is_none() {
            self.send(Step::Finish, &Payload { job: job.id, call: None }).await?;
        }
        Ok(())
    }

    async fn call(&self, job: &Job, call: CallId, log: &JobLog, cancelled: &CancellationToken) -> Result<(), JobError> {
        let runner = &self.worker.runner;
        let Planned { source, plan, .. } = runner.plan_and_store(job, log).await?;
        let finish = Payload { job: job.id, call: None };
        // A call that is delivered again may be completed but not acknowledged.
        if job.calls_over.contains(&call.0) {
            if job.calls_over.len() >= plan.calls().count() {
                self.send(Step::Finish, &finish).await?;
            }
            return Ok(());
        }
        let requests =
            plan.requests(&source).map_err(|error| internal("the calls of a plan cannot be built", &error))?;
        let all = requests.len();
        let Some(request) = requests.into_iter().find(|request| request.call() == call) else {
            let lost = std::io::Error::other(format!("the call is {}; expected below {all}", call.0));
            return Err(internal("a message names a call that the plan does not have", &lost).into());
        };
        self.answer(&request, &runner.answers(job), log, all, cancelled).await?;
        let change = move |record: &mut Option<Job>| {
            let job = record.as_mut()?;
            job.calls_over.insert(call.0);
            Some(job.calls_over.len())
        };
        let over = runner.store.update(Kind::Job, &job.id.to_string(), change).await?;
        if over >= Some(all) {
            self.send(Step::Finish, &finish).await?;
        }
        Ok(())
    }

    /// Makes a call and stores its answer or its failure, unless one of them is already stored.
    async fn answer(
        &self,
        request: &GenerationRequest,
        answers: &Answers,
        log: &JobLog,
        all: usize,
        cancelled: &CancellationToken,
    ) -> Result<(), StoreError> {
        let number = request.call().0 + 1;
        // Invariant: the source was read, so the request has a fingerprint.
        let Some(fingerprint) = request.fingerprint() else { return Ok(()) };
        if answers.load(&fingerprint).await?.is_some() {
            log.add(format!("Call {number} of {all} is answered from the store"));
            return Ok(());
        }
        let record = answers.record(&fingerprint).await?.unwrap_or_default();
        if record.failure.is_some() && record.progress.is_none() {
            return Ok(());
        }
        log.add(format!("Call {number} of {all}: {}", request.preset()));
        let generator = self.worker.runner.backend.for_job_until(Arc::new(answers.clone()), None, cancelled.clone());
        match generator.generate(request).await {
            Ok(generated) => {
                answers.save(request, &generated).await?;
                let images = generated.images.len();
                log.add(format!("Call {number} of {all} is answered: {images} pictures by {}", generated.backend));
            }
            Err(error) => {
                answers.fail(&fingerprint, &error).await?;
                log.add(format!("Call {number} of {all} failed: {error}"));
            }
        }
        Ok(())
    }

    async fn finish(&self, job: &Job, log: &JobLog) -> Result<(), JobError> {
        let runner = &self.worker.runner;
        let planned = runner.plan_and_store(job, log).await?;
        let answers = runner.answers(job);
        let failed = answers.clone();
        // The answer of each call is read from the store, so the generator is asked only for calls that failed. It
        // returns the stored failure.
        let generator = from_async_fn(move |request: GenerationRequest| {
            let answers = failed.clone();
            async move { Err(recorded(&answers, &request).await) }
        });
        let outcome = runner.drive(&planned, &answers, &generator, log).await?;
        let output = runner.finish(job, &planned, &outcome).await?;
        let answer = runner.answer(Ok(output))?;
        Ok(self.complete_and_notify(job, answer).await?)
    }
}

/// Returns the stored failure of a call.
async fn recorded(answers: &Answers, request: &GenerationRequest) -> GenerateError {
    let record = match request.fingerprint() {
        Some(fingerprint) => answers.record(&fingerprint).await,
        None => Ok(None),
    };
    match record.map(|record| record.and_then(|record| record.failure)) {
        Ok(Some(failure)) => (&failure).into(),
        Ok(None) => GenerateError::new(GenerateErrorKind::Store, "the answer is no longer stored"),
        Err(error) => GenerateError::new(GenerateErrorKind::Store, "").caused_by(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_failed_call_is_not_repeated_but_fails_with_its_stored_failure() {
        let (_folder, store) = testing::store();
        let job = Job::new(App::SmartResize, None, serde_json::Value::Null);
        let (request, answers) = (testing::request(), Answers::new(store, &job));
        let deleted = recorded(&answers, &request).await;
        assert_eq!(
            (deleted.kind, deleted.message.as_str()),
            (GenerateErrorKind::Store, "the answer is no longer stored")
        );
        let refused = GenerateError::new(GenerateErrorKind::Refused, "a face");
        answers.fail(&request.fingerprint().unwrap(), &refused).await.unwrap();
        let found = recorded(&answers, &request).await;
        assert_eq!((found.kind, found.message.as_str()), (GenerateErrorKind::Refused, "a face"));
    }
}
