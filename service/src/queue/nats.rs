//! The queue of several machines: JetStream is the engine, and each step of a request a message.
//!
//! | stream | a message is | its identity | what is done |
//! |---|---|---|---|
//! | `SMART_RESIZE_PLAN` | a request | the request's | its source is fetched and kept, its plan made and kept, its calls sent |
//! | `SMART_RESIZE_CALL` | a call | the request's and the call's | the backend is asked, and the answer kept under its fingerprint |
//! | `SMART_RESIZE_FINISH` | a request whose calls are all over | the request's | its pictures are cut and kept |
//! | `SMART_RESIZE_HOOK` | a request that is over | the request's | its webhook is told |
//!
//! A message is acknowledged when what it asks for is kept. While a worker is at it, it says so every third of
//! `--ack-wait`; one that died says nothing, and the message goes to another, which finds in the store how far the
//! first one came. JetStream drops a message whose identity it has seen.

mod steps;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config as StreamConfig, RetentionPolicy};
use async_nats::jetstream::{AckKind, Context, Message};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use smart_resize::generate::BoxFuture;
use smart_resize::plan::CallId;
use smart_resize::wire::fal::CancelStatus;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{SETTLE, SubmitError, Worker, cancelled};
use crate::id::Id;
use crate::job::{Answer, Job};
use crate::run::internal;
use crate::store::nats::NatsStore;
use crate::store::{Kind, StoreFailure};

/// How long JetStream remembers the identities of messages.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// After how many deliveries a message is a request's failure: it may be what kills workers, and a store that fails for
/// so long is none.
const MAX_DELIVERIES: i64 = 10;
/// How long a worker may be silent, until a worker says otherwise.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long a worker asks for a message before it asks again.
const PULL: Duration = Duration::from_secs(5);

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Plan,
    Call,
    Finish,
    Hook,
}

impl Step {
    const ALL: [Self; 4] = [Self::Plan, Self::Call, Self::Finish, Self::Hook];

    const fn stream(self) -> &'static str {
        match self {
            Self::Plan => "SMART_RESIZE_PLAN",
            Self::Call => "SMART_RESIZE_CALL",
            Self::Finish => "SMART_RESIZE_FINISH",
            Self::Hook => "SMART_RESIZE_HOOK",
        }
    }

    const fn subject(self) -> &'static str {
        match self {
            Self::Plan => "smart-resize.plan",
            Self::Call => "smart-resize.call",
            Self::Finish => "smart-resize.finish",
            Self::Hook => "smart-resize.hook",
        }
    }
}

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Task {
    job: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<u32>,
}

impl Task {
    /// What JetStream knows it by.
    fn identity(&self, step: Step) -> String {
        match self.call {
            Some(call) => format!("{}.{call}", self.job),
            None => format!("{}.{}", self.job, step.subject()),
        }
    }
}

/// Requests on JetStream. Cheap to clone.
#[derive(Clone, Debug)]
pub struct NatsQueue {
    worker: Worker,
    context: Arc<Context>,
    consumers: Arc<Consumers>,
    ack_wait: Duration,
    max_waiting: usize,
    workers: TaskTracker,
    /// Nothing new is begun.
    closing: CancellationToken,
    /// What is being done is left to others.
    stop: CancellationToken,
}

#[derive(Debug)]
struct Consumers {
    plan: PullConsumer,
    call: PullConsumer,
    finish: PullConsumer,
    hook: PullConsumer,
}

impl Consumers {
    const fn of(&self, step: Step) -> &PullConsumer {
        match step {
            Step::Plan => &self.plan,
            Step::Call => &self.call,
            Step::Finish => &self.finish,
            Step::Hook => &self.hook,
        }
    }
}

impl NatsQueue {
    /// The queue on the JetStream of `store`; with `works`, this process takes messages from it.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where streams or consumers cannot be had.
    pub async fn start(worker: Worker, store: &NatsStore, works: bool, ack_wait: u64) -> Result<Self, StoreFailure> {
        let context = store.context();
        // Only workers say how long they may be silent; who asks takes what is there.
        let wanted = works.then(|| Duration::from_secs(ack_wait.max(1)));
        let consumer = async |step| {
            consumer(context, step, wanted).await.map_err(|error| {
                StoreFailure::new(format!("the consumer of {} cannot be had", Step::stream(step)), error)
            })
        };
        let consumers = Consumers {
            plan: consumer(Step::Plan).await?,
            call: consumer(Step::Call).await?,
            finish: consumer(Step::Finish).await?,
            hook: consumer(Step::Hook).await?,
        };
        let limits = Arc::clone(&worker.runner.limits);
        let ack_wait = consumers.call.cached_info().config.ack_wait;
        let queue = Self {
            worker,
            context: Arc::new(context.clone()),
            consumers: Arc::new(consumers),
            ack_wait,
            max_waiting: limits.max_queue,
            workers: TaskTracker::new(),
            closing: CancellationToken::new(),
            stop: CancellationToken::new(),
        };
        if works {
            let concurrency = usize::from(limits.concurrency);
            for step in Step::ALL {
                // Calls wait for the upstream most of the time, and webhooks for others.
                let at_once = if matches!(step, Step::Call | Step::Hook) { 4 * concurrency } else { concurrency };
                let queue = queue.clone();
                queue.workers.clone().spawn(async move { queue.take(step, at_once).await });
            }
        }
        Ok(queue)
    }

    async fn send(&self, step: Step, task: &Task) -> Result<u64, StoreFailure> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
            StoreFailure::new(format!("a message to {} could not be sent", step.stream()), source)
        };
        let payload = serde_json::to_vec(task).map_err(|error| failed(error.into()))?;
        let message = PublishMessage::build().payload(payload.into()).message_id(task.identity(step));
        let sent = self.context.send_publish(step.subject(), message).await.map_err(|error| failed(error.into()))?;
        // Only then is it kept.
        let kept = sent.await.map_err(|error| failed(error.into()))?;
        Ok(kept.sequence)
    }

    pub(super) async fn submit(&self, job: Job) -> Result<Job, SubmitError> {
        let waiting = self.waiting().await;
        if waiting >= self.max_waiting {
            return Err(SubmitError::Full { waiting, max: self.max_waiting });
        }
        let key = job.id.to_string();
        self.worker.runner.store.put(Kind::Job, &key, &job).await?;
        let sequence = match self.send(Step::Plan, &Task { job: job.id, call: None }).await {
            Ok(sequence) => sequence,
            Err(failure) => {
                // Where the message was kept all the same, whoever gets it finds nothing to do.
                self.worker.runner.store.delete(Kind::Job, &key).await?;
                return Err(failure.into());
            }
        };
        // Only its place in the queue is told by it.
        if let Err(error) = self.worker.runner.change(&job, move |job| job.sequence = Some(sequence)).await {
            tracing::warn!(job = %job.id, %error, "the place of a request is not known");
        }
        Ok(Job { sequence: Some(sequence), ..job })
    }

    /// How many messages before the request's no worker has got yet.
    pub(super) async fn position(&self, job: &Job) -> u64 {
        match self.consumers.plan.get_info().await {
            Ok(info) => job.sequence.unwrap_or(0).saturating_sub(info.delivered.stream_sequence + 1),
            Err(_) => 0,
        }
    }

    /// How many requests and calls no worker has got yet: plans are quick, so that what waits are calls.
    pub(super) async fn waiting(&self) -> usize {
        let mut waiting = 0;
        for consumer in [&self.consumers.plan, &self.consumers.call] {
            match consumer.get_info().await {
                Ok(info) => waiting += usize::try_from(info.num_pending).unwrap_or(usize::MAX),
                Err(error) => tracing::warn!(%error, "it is not known how many wait"),
            }
        }
        waiting
    }

    pub(super) async fn cancel(&self, id: Id) -> Result<CancelStatus, StoreFailure> {
        let job = match self.worker.note_cancelled(id).await? {
            Ok(job) => job,
            Err(status) => return Ok(status),
        };
        // Workers that are at it watch it; what they have no id of yet, they give up themselves.
        self.worker.give_up_calls(&job).await?;
        self.end(&job, cancelled()).await?;
        Ok(CancelStatus::CancellationRequested)
    }

    /// Ends a request, and has its webhook told by whoever is free.
    async fn end(&self, job: &Job, answer: Answer) -> Result<(), StoreFailure> {
        match self.worker.end(job, answer).await? {
            Some(job) => self.send_hook(&job).await,
            None => Ok(()),
        }
    }

    pub(super) async fn send_hook(&self, job: &Job) -> Result<(), StoreFailure> {
        if job.hook.as_ref().is_some_and(|hook| !hook.settled) {
            self.send(Step::Hook, &Task { job: job.id, call: None }).await?;
        }
        Ok(())
    }

    /// Takes messages of `step`, at most `at_once` at the same time, until the queue is closed.
    async fn take(&self, step: Step, at_once: usize) {
        let places = Arc::new(Semaphore::new(at_once));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let message = tokio::select! {
                message = self.next(step) => message,
                () = self.closing.cancelled() => return,
            };
            let Some(message) = message else { continue };
            let (queue, message) = (self.clone(), Arc::new(message));
            let backend = self.worker.runner.backend.clone();
            let handed_back = self.stop.clone().cancelled_owned();
            self.workers.spawn(async move {
                let _place = place;
                let handled: BoxFuture<'static, ()> = Box::pin(queue.handle(step, Arc::clone(&message)));
                tokio::select! {
                    () = handled => {}
                    // Handed back, once what was being submitted has its id: another would pay for it again.
                    () = handed_back => {
                        backend.settle(SETTLE).await;
                        let _ = message.ack_with(AckKind::Nak(None)).await;
                    }
                }
            });
        }
    }

    async fn next(&self, step: Step) -> Option<Message> {
        let pulled = self.consumers.of(step).fetch().max_messages(1).expires(PULL).messages().await;
        let next = match pulled {
            Ok(mut messages) => messages.next().await?,
            Err(error) => Err(error.into()),
        };
        match next {
            Ok(message) => Some(message),
            Err(error) => {
                tracing::warn!(%error, stream = step.stream(), "no message could be had");
                tokio::time::sleep(Duration::from_secs(1)).await;
                None
            }
        }
    }

    /// Does what a message asks, and acknowledges it.
    async fn handle(self, step: Step, message: Arc<Message>) {
        let Ok(task) = serde_json::from_slice::<Task>(&message.payload) else {
            tracing::error!(stream = step.stream(), "a message that is none is dropped");
            let _ = message.ack_with(AckKind::Term).await;
            return;
        };
        let deliveries = message.info().map_or(1, |info| info.delivered);
        let done = async {
            // Nothing where the message is done, or after how long it is to come again.
            let found = self.worker.runner.store.get::<Job>(Kind::Job, &task.job.to_string()).await?;
            // One that was deleted for its age.
            let Some(job) = found else { return Ok(None) };
            if step == Step::Hook {
                return self.worker.hooks.attempt(job.id).await;
            }
            if deliveries > MAX_DELIVERIES {
                let lost = std::io::Error::other(format!("{deliveries} times nobody finished it"));
                self.end(&job, (&internal("a request was given up", &lost)).into()).await?;
                return Ok(None);
            }
            Box::pin(self.step(step, job, task.call.map(CallId))).await?;
            Ok(None)
        };
        let done = tokio::select! {
            done = done => done,
            never = self.say_alive(&message) => match never {},
        };
        let acknowledged = match done {
            Ok(None) => message.double_ack().await,
            Ok(Some(pause)) => message.ack_with(AckKind::Nak(Some(pause))).await,
            Err(error) => {
                tracing::error!(job = %task.job, error = &error as &dyn std::error::Error, "a message goes back");
                let pause = Duration::from_secs(2 << deliveries.clamp(0, 5));
                message.ack_with(AckKind::Nak(Some(pause))).await
            }
        };
        if let Err(error) = acknowledged {
            // It comes again, and is found done.
            tracing::warn!(job = %task.job, %error, "a message could not be acknowledged");
        }
    }

    async fn say_alive(&self, message: &Message) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(self.ack_wait / 3).await;
            let _ = message.ack_with(AckKind::Progress).await;
        }
    }

    /// Takes no more messages, gives those at hand `grace` to finish, and hands the rest back.
    pub async fn close(&self, grace: Duration) {
        self.closing.cancel();
        self.workers.close();
        if tokio::time::timeout(grace, self.workers.wait()).await.is_err() {
            self.stop.cancel();
            self.workers.wait().await;
        }
    }
}

async fn consumer(
    context: &Context,
    step: Step,
    ack_wait: Option<Duration>,
) -> Result<PullConsumer, Box<dyn std::error::Error + Send + Sync>> {
    let config = StreamConfig {
        name: step.stream().to_owned(),
        subjects: vec![step.subject().to_owned()],
        retention: RetentionPolicy::WorkQueue,
        duplicate_window: REMEMBERED,
        ..StreamConfig::default()
    };
    let stream = context.get_or_create_stream(config).await?;
    let config = pull::Config {
        durable_name: Some("workers".to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ack_wait.unwrap_or(ACK_WAIT),
        max_ack_pending: 10_000,
        ..pull::Config::default()
    };
    Ok(match ack_wait {
        // Another than the last time's is taken over.
        Some(_) => stream.create_consumer(config).await?,
        None => stream.get_or_create_consumer("workers", config).await?,
    })
}
