//! The queue of several machines. JetStream holds it; each step of a request is a message.
//!
//! | stream | a message is | its id | what a worker does |
//! |---|---|---|---|
//! | `SMART_RESIZE_PLAN` | a request | the request's | stores the source and the plan, sends the calls |
//! | `SMART_RESIZE_CALL` | a call | the request's and the call's | asks the backend, stores the answer |
//! | `SMART_RESIZE_FINISH` | a request whose calls are all completed | the request's | cuts and stores the pictures |
//! | `SMART_RESIZE_HOOK` | a completed request | the request's | sends the webhook |
//!
//! A message is acknowledged when the results of its step are stored. While a worker processes a message, it sends a
//! progress signal every third of `--ack-wait`. Without a signal for `--ack-wait`, JetStream delivers the message to
//! another worker, which finds in the store how far the first one came. JetStream drops a message whose id it has
//! already seen.

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

use super::{SETTLE, SubmitError, Worker, cancelled_answer};
use crate::id::Id;
use crate::job::{Answer, Job};
use crate::run::internal;
use crate::store::nats::NatsStore;
use crate::store::{Kind, StoreFailure};

/// How long JetStream remembers the ids of messages.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// The most deliveries of a message; then its request fails. Such a message may be what kills the workers. A store that
/// fails this often does not recover by waiting either.
const MAX_DELIVERIES: i64 = 10;
/// How long a worker may be silent, if an API process creates the consumer before any worker does.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long one pull waits for a message.
const PULL: Duration = Duration::from_secs(5);

/// The step of a request that a message stands for.
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

    /// Returns how many messages of the step run concurrently. Calls mostly wait for the upstream, and webhooks for
    /// their receivers, so more of them run.
    const fn at_once(self, concurrency: usize) -> usize {
        if matches!(self, Self::Call | Self::Hook) { 4 * concurrency } else { concurrency }
    }
}

/// The payload of a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Payload {
    job: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<u32>,
}

impl Payload {
    /// Returns the message id by which JetStream recognises duplicates.
    fn message_id(&self, step: Step) -> String {
        match self.call {
            Some(call) => format!("{}.{call}", self.job),
            None => format!("{}.{}", self.job, step.subject()),
        }
    }
}

/// The queue on JetStream. Cheap to clone.
#[derive(Clone, Debug)]
pub struct NatsQueue {
    worker: Worker,
    context: Arc<Context>,
    consumers: Arc<Consumers>,
    ack_wait: Duration,
    max_waiting: usize,
    workers: TaskTracker,
    /// Cancelled when the shutdown begins: no more messages are pulled.
    closing: CancellationToken,
    /// Cancelled when the grace period is over: unfinished messages are returned to JetStream.
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
    /// Creates the queue on the JetStream of `store`. If `works` is set, this process also pulls messages.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if a stream or a consumer cannot be opened or created.
    pub async fn start(worker: Worker, store: &NatsStore, works: bool, ack_wait: u64) -> Result<Self, StoreFailure> {
        let context = store.context();
        // Only workers set the time; other processes accept the setting of the existing consumer.
        let wanted = works.then(|| Duration::from_secs(ack_wait.max(1)));
        let consumer = async |step| {
            consumer(context, step, wanted).await.map_err(|error| {
                StoreFailure::new(format!("the consumer of {} cannot be opened", Step::stream(step)), error)
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
                let queue = queue.clone();
                queue.workers.clone().spawn(async move { queue.pull(step, step.at_once(concurrency)).await });
            }
        }
        Ok(queue)
    }

    async fn send(&self, step: Step, payload: &Payload) -> Result<u64, StoreFailure> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
            StoreFailure::new(format!("a message to {} could not be sent", step.stream()), source)
        };
        let bytes = serde_json::to_vec(payload).map_err(|error| failed(error.into()))?;
        let message = PublishMessage::build().payload(bytes.into()).message_id(payload.message_id(step));
        let sent = self.context.send_publish(step.subject(), message).await.map_err(|error| failed(error.into()))?;
        // JetStream has stored the message only when it confirms that.
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
        let sequence = match self.send(Step::Plan, &Payload { job: job.id, call: None }).await {
            Ok(sequence) => sequence,
            Err(failure) => {
                // The message may have been stored in spite of the error. A worker that gets it finds no request, and
                // drops it.
                self.worker.runner.store.delete(Kind::Job, &key).await?;
                return Err(failure.into());
            }
        };
        // The sequence number serves only to report the position in the queue, so a failure is not an error.
        if let Err(error) = self.worker.runner.change(&job, move |job| job.sequence = Some(sequence)).await {
            tracing::warn!(job = %job.id, %error, "the sequence number of a request could not be stored");
        }
        Ok(Job { sequence: Some(sequence), ..job })
    }

    /// Returns how many messages before the request's have not been delivered yet.
    pub(super) async fn position(&self, job: &Job) -> u64 {
        match self.consumers.plan.get_info().await {
            Ok(info) => job.sequence.unwrap_or(0).saturating_sub(info.delivered.stream_sequence + 1),
            Err(_) => 0,
        }
    }

    /// Returns how many requests and calls have not been delivered yet. Planning is quick, so most of the undelivered
    /// messages are calls.
    pub(super) async fn waiting(&self) -> usize {
        let mut waiting = 0;
        for consumer in [&self.consumers.plan, &self.consumers.call] {
            match consumer.get_info().await {
                Ok(info) => waiting += usize::try_from(info.num_pending).unwrap_or(usize::MAX),
                Err(error) => tracing::warn!(%error, "the number of waiting messages cannot be read"),
            }
        }
        waiting
    }

    pub(super) async fn cancel(&self, id: Id) -> Result<CancelStatus, StoreFailure> {
        let job = match self.worker.mark_cancelled(id).await? {
            Ok(job) => job,
            Err(status) => return Ok(status),
        };
        // A worker that runs the request watches its record. That worker cancels the calls that have no id yet.
        self.worker.cancel_calls(&job).await?;
        self.complete_and_notify(&job, cancelled_answer()).await?;
        Ok(CancelStatus::CancellationRequested)
    }

    /// Completes a request, and queues its webhook for any worker.
    async fn complete_and_notify(&self, job: &Job, answer: Answer) -> Result<(), StoreFailure> {
        match self.worker.complete(job, answer).await? {
            Some(job) => self.send_hook(&job).await,
            None => Ok(()),
        }
    }

    pub(super) async fn send_hook(&self, job: &Job) -> Result<(), StoreFailure> {
        if job.hook.as_ref().is_some_and(|hook| !hook.is_settled) {
            self.send(Step::Hook, &Payload { job: job.id, call: None }).await?;
        }
        Ok(())
    }

    /// Pulls and processes messages of `step` until the queue is closed, at most `at_once` concurrently.
    async fn pull(&self, step: Step, at_once: usize) {
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
                let processed: BoxFuture<'static, ()> = Box::pin(queue.process(step, Arc::clone(&message)));
                tokio::select! {
                    () = processed => {}
                    // A call that is being submitted gets its id first, since the next worker would pay for it again.
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
                tracing::warn!(%error, stream = step.stream(), "no message could be pulled");
                tokio::time::sleep(Duration::from_secs(1)).await;
                None
            }
        }
    }

    /// Processes a message, and acknowledges it or returns it.
    async fn process(self, step: Step, message: Arc<Message>) {
        let Ok(payload) = serde_json::from_slice::<Payload>(&message.payload) else {
            tracing::error!(stream = step.stream(), "a message with an invalid payload is dropped");
            let _ = message.ack_with(AckKind::Term).await;
            return;
        };
        let deliveries = message.info().map_or(1, |info| info.delivered);
        let done = async {
            // `None` if the message is done, or the pause before its next delivery.
            let found = self.worker.runner.store.get::<Job>(Kind::Job, &payload.job.to_string()).await?;
            // The request was deleted because of its age.
            let Some(job) = found else { return Ok(None) };
            if step == Step::Hook {
                return self.worker.hooks.attempt(job.id).await;
            }
            if deliveries > MAX_DELIVERIES {
                let lost = std::io::Error::other(format!(
                    "the message was delivered {deliveries} times; expected at most {MAX_DELIVERIES}"
                ));
                self.complete_and_notify(&job, (&internal("a request is given up", &lost)).into()).await?;
                return Ok(None);
            }
            Box::pin(self.step(step, job, payload.call.map(CallId))).await?;
            Ok(None)
        };
        let done = tokio::select! {
            done = done => done,
            never = self.signal_progress(&message) => match never {},
        };
        let acknowledged = match done {
            Ok(None) => message.double_ack().await,
            Ok(Some(pause)) => message.ack_with(AckKind::Nak(Some(pause))).await,
            Err(error) => {
                let what = "the store failed; a message is returned to the queue";
                tracing::error!(job = %payload.job, error = &error as &dyn std::error::Error, "{what}");
                message.ack_with(AckKind::Nak(Some(pause_after(deliveries)))).await
            }
        };
        if let Err(error) = acknowledged {
            // The message is delivered again, and its step is then found done.
            tracing::warn!(job = %payload.job, %error, "a message could not be acknowledged");
        }
    }

    async fn signal_progress(&self, message: &Message) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(self.ack_wait / 3).await;
            let _ = message.ack_with(AckKind::Progress).await;
        }
    }

    /// Pulls no more messages, gives those in progress `grace` to finish, and returns the rest to JetStream.
    pub async fn close(&self, grace: Duration) {
        self.closing.cancel();
        self.workers.close();
        if tokio::time::timeout(grace, self.workers.wait()).await.is_err() {
            self.stop.cancel();
            self.workers.wait().await;
        }
    }
}

/// Returns the pause before a message is delivered again, after `deliveries` deliveries in which the store failed.
fn pause_after(deliveries: i64) -> Duration {
    Duration::from_secs(2 << deliveries.clamp(0, 5))
}

fn stream_config(step: Step) -> StreamConfig {
    StreamConfig {
        name: step.stream().to_owned(),
        subjects: vec![step.subject().to_owned()],
        retention: RetentionPolicy::WorkQueue,
        duplicate_window: REMEMBERED,
        ..StreamConfig::default()
    }
}

fn consumer_config(ack_wait: Option<Duration>) -> pull::Config {
    pull::Config {
        durable_name: Some("workers".to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ack_wait.unwrap_or(ACK_WAIT),
        max_ack_pending: 10_000,
        ..pull::Config::default()
    }
}

async fn consumer(
    context: &Context,
    step: Step,
    ack_wait: Option<Duration>,
) -> Result<PullConsumer, Box<dyn std::error::Error + Send + Sync>> {
    let stream = context.get_or_create_stream(stream_config(step)).await?;
    let config = consumer_config(ack_wait);
    Ok(match ack_wait {
        // Updates the setting of an existing consumer.
        Some(_) => stream.create_consumer(config).await?,
        None => stream.get_or_create_consumer("workers", config).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_a_stream_and_a_subject_of_its_own() {
        let found = Step::ALL.map(|step| (step.stream(), step.subject()));
        let expected = [
            ("SMART_RESIZE_PLAN", "smart-resize.plan"),
            ("SMART_RESIZE_CALL", "smart-resize.call"),
            ("SMART_RESIZE_FINISH", "smart-resize.finish"),
            ("SMART_RESIZE_HOOK", "smart-resize.hook"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_id_of_a_message_is_that_of_its_request_and_its_call_or_step() {
        let job = Id::new();
        let id = |call, step| Payload { job, call }.message_id(step);
        assert_eq!(id(Some(3), Step::Call), format!("{job}.3"));
        assert_eq!(id(None, Step::Plan), format!("{job}.smart-resize.plan"));
        assert_eq!(id(None, Step::Finish), format!("{job}.smart-resize.finish"));
    }

    #[test]
    fn a_payload_names_its_call_only_if_it_has_one() {
        let job = Id::new();
        let text = |call| serde_json::to_string(&Payload { job, call }).unwrap();
        assert_eq!(text(None), format!("{{\"job\":\"{job}\"}}"));
        assert_eq!(text(Some(3)), format!("{{\"job\":\"{job}\",\"call\":3}}"));
        let read: Payload = serde_json::from_str(&text(None)).unwrap();
        assert_eq!((read.job, read.call), (job, None));
    }

    #[test]
    fn four_times_as_many_calls_and_webhooks_run_at_once_as_plans() {
        assert_eq!(Step::ALL.map(|step| step.at_once(3)), [3, 12, 3, 12]);
    }

    #[test]
    fn the_pause_of_a_message_that_is_returned_doubles_up_to_64_seconds() {
        let pauses = [0, 1, 2, 5, 6, 10].map(|deliveries| pause_after(deliveries).as_secs());
        assert_eq!(pauses, [2, 4, 8, 64, 64, 64]);
    }

    #[test]
    fn ids_of_messages_are_remembered_for_an_hour_and_a_worker_may_be_silent_for_30_seconds() {
        let stream = stream_config(Step::Call);
        assert_eq!(
            (stream.name.as_str(), stream.subjects),
            ("SMART_RESIZE_CALL", vec!["smart-resize.call".to_owned()])
        );
        assert_eq!(
            (stream.retention, stream.duplicate_window),
            (RetentionPolicy::WorkQueue, Duration::from_secs(3600))
        );
        let [own, default] = [Some(Duration::from_secs(7)), None].map(consumer_config);
        assert_eq!((own.ack_wait, default.ack_wait), (Duration::from_secs(7), Duration::from_secs(30)));
        assert_eq!((own.durable_name.as_deref(), own.ack_policy), (Some("workers"), AckPolicy::Explicit));
        assert_eq!(own.max_ack_pending, 10_000);
    }
}
