//! The queue of one process: first in, first out, with a bounded number of running requests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smart_resize::wire::fal::CancelStatus;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{SETTLE, SubmitError, Worker, cancelled_answer};
use crate::id::Id;
use crate::job::Job;
use crate::store::local::LocalStore;
use crate::store::{Kind, StoreFailure};

/// The pause before a request is retried after a failure of the store.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

/// The waiting and the running requests of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LocalQueue {
    worker: Worker,
    state: Arc<Mutex<State>>,
    wake: Arc<Notify>,
    max_waiting: usize,
    workers: TaskTracker,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Id>,
    /// Places that are reserved for requests which are being stored.
    reserved: usize,
    running: BTreeMap<Id, CancellationToken>,
}

impl LocalQueue {
    /// Creates the queue with every unfinished request in `store`. Requests that had been running come first, then the
    /// waiting ones, each in order of their time. The webhooks of completed requests are sent too.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store cannot be read.
    pub fn start(worker: Worker, store: &LocalStore) -> Result<Self, StoreFailure> {
        let mut left: Vec<Job> = store.all(Kind::Job)?.into_iter().map(|(_, job)| job).collect();
        left.sort_by_key(|job: &Job| (job.started_ms.unwrap_or(u64::MAX), job.submitted_ms));
        for job in left.iter().filter(|job| job.is_completed()) {
            worker.hooks.send_hook(job.clone());
        }
        let waiting = left.iter().filter(|job| !job.is_completed()).map(|job| job.id).collect();
        let limits = Arc::clone(&worker.runner.limits);
        let queue = Self {
            worker,
            state: Arc::new(Mutex::new(State { waiting, ..State::default() })),
            wake: Arc::default(),
            max_waiting: limits.max_queue,
            workers: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        for _ in 0..limits.concurrency {
            let queue = queue.clone();
            queue.workers.clone().spawn(async move { queue.work().await });
        }
        Ok(queue)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the state inconsistent, since each change is a single step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn submit(&self, job: Job) -> Result<Job, SubmitError> {
        let reservation = Reservation::take(self)?;
        self.worker.runner.store.put(Kind::Job, &job.id.to_string(), &job).await?;
        reservation.fill(job.id);
        Ok(job)
    }

    pub(super) fn position(&self, id: Id) -> u64 {
        let position = self.state().waiting.iter().position(|waiting| *waiting == id);
        position.unwrap_or(0) as u64
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    pub(super) async fn cancel(&self, id: Id) -> Result<CancelStatus, StoreFailure> {
        let job = match self.worker.mark_cancelled(id).await? {
            Ok(job) => job,
            Err(status) => return Ok(status),
        };
        let running = {
            let mut state = self.state();
            state.waiting.retain(|waiting| *waiting != id);
            state.running.get(&id).cloned()
        };
        match running {
            Some(cancel) => cancel.cancel(),
            None => self.worker.complete_and_notify(&job, cancelled_answer()).await?,
        }
        Ok(CancelStatus::CancellationRequested)
    }

    async fn work(&self) {
        while let Some((id, cancel)) = self.next().await {
            let done = tokio::select! {
                done = self.work_on(id, cancel) => done,
                // The next start finds the request in the store.
                () = self.stop.cancelled() => Ok(()),
            };
            self.state().running.remove(&id);
            if let Err(error) = done {
                tracing::error!(
                    %id,
                    error = &error as &dyn std::error::Error,
                    "the store failed; a request is retried"
                );
                self.requeue_later(id);
            }
        }
    }

    /// Queues a request again after a pause, since the store failed.
    fn requeue_later(&self, id: Id) {
        let (queue, stop) = (self.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => return,
            }
            queue.state().waiting.push_back(id);
            queue.wake.notify_one();
        });
    }

    /// Sends the webhook of a completed request.
    pub(super) fn send_hook(&self, job: &Job) {
        self.worker.hooks.send_hook(job.clone());
    }

    async fn work_on(&self, id: Id, cancel: CancellationToken) -> Result<(), StoreFailure> {
        let found = self.worker.runner.store.get::<Job>(Kind::Job, &id.to_string()).await?;
        match found {
            Some(job) if job.cancelled => {
                self.worker.cancel_calls(&job).await?;
                self.worker.complete_and_notify(&job, cancelled_answer()).await
            }
            Some(job) if !job.is_completed() => self.worker.work(job, cancel).await,
            _ => Ok(()),
        }
    }

    /// Returns the next waiting request and its cancellation token, or `None` when the queue is closed.
    async fn next(&self) -> Option<(Id, CancellationToken)> {
        loop {
            let wake = self.wake.notified();
            if self.workers.is_closed() {
                return None;
            }
            {
                let mut state = self.state();
                if let Some(id) = state.waiting.pop_front() {
                    let cancel = CancellationToken::new();
                    state.running.insert(id, cancel.clone());
                    // `notify_one` stores at most one permit, so several submissions may wake only one worker. This
                    // wakes another worker for the rest of the queue.
                    self.wake.notify_one();
                    return Some((id, cancel));
                }
            }
            wake.await;
        }
    }

    /// Starts no more requests, gives the running ones `grace` to finish, and leaves the rest to the next start.
    pub async fn close(&self, grace: std::time::Duration) {
        self.workers.close();
        self.wake.notify_waiters();
        if tokio::time::timeout(grace, self.workers.wait()).await.is_err() {
            let left = self.state().running.len();
            tracing::warn!(left, "the grace period is over; unfinished requests continue after the next start");
            self.stop.cancel();
            self.workers.wait().await;
        }
        self.worker.runner.backend.settle(SETTLE).await;
    }
}

/// A reserved place in the queue. Dropping it releases the reservation; a filled place is by then counted as a waiting
/// request.
struct Reservation<'a> {
    queue: &'a LocalQueue,
}

impl<'a> Reservation<'a> {
    fn take(queue: &'a LocalQueue) -> Result<Self, SubmitError> {
        let mut state = queue.state();
        let waiting = state.waiting.len() + state.reserved;
        if waiting >= queue.max_waiting {
            return Err(SubmitError::Full { waiting, max: queue.max_waiting });
        }
        state.reserved += 1;
        Ok(Self { queue })
    }

    fn fill(self, id: Id) {
        self.queue.state().waiting.push_back(id);
        self.queue.wake.notify_one();
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.reserved = state.reserved.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::{Answer, App};
    use crate::queue::Queue;
    use crate::store::Store;
    use crate::testing;

    async fn queue(flags: &[&str]) -> (tempfile::TempDir, crate::service::Service, LocalQueue) {
        let (folder, service) = testing::service(flags).await;
        let Queue::Local(queue) = service.queue.clone() else { panic!("not local") };
        // The workers take no requests.
        queue.workers.close();
        queue.wake.notify_waiters();
        queue.workers.wait().await;
        (folder, service, queue)
    }

    fn job() -> Job {
        Job::new(App::SmartResize, None, json!({"image_url": "blob:", "target_sizes": ["1x1"]}))
    }

    #[tokio::test]
    async fn a_queue_is_full_when_as_many_requests_wait_as_it_may_hold() {
        let (_folder, _service, queue) = queue(&["--max-queue", "2"]).await;
        for waiting in 1..=2 {
            queue.submit(job()).await.unwrap();
            assert_eq!(queue.waiting(), waiting);
        }
        let error = queue.submit(job()).await.unwrap_err();
        assert_eq!(error.to_string(), "the queue has 2 waiting requests; expected fewer than 2, try again later");
    }

    #[tokio::test]
    async fn a_reservation_takes_a_place_until_it_is_dropped() {
        let (_folder, _service, queue) = queue(&["--max-queue", "1"]).await;
        let reservation = Reservation::take(&queue).unwrap();
        assert!(Reservation::take(&queue).is_err());
        drop(reservation);
        let reservation = Reservation::take(&queue).unwrap();
        reservation.fill(Id::new());
        // A filled place counts once.
        assert_eq!((queue.waiting(), queue.state().reserved), (1, 0));
        assert!(Reservation::take(&queue).is_err());
    }

    #[tokio::test]
    async fn the_position_of_a_request_is_the_number_of_requests_before_it() {
        let (_folder, _service, queue) = queue(&[]).await;
        let jobs = [job(), job(), job()];
        for job in &jobs {
            queue.submit(job.clone()).await.unwrap();
        }
        assert_eq!(jobs.each_ref().map(|job| queue.position(job.id)), [0, 1, 2]);
        assert_eq!(queue.position(Id::new()), 0);
        queue.cancel(jobs[0].id).await.unwrap();
        assert_eq!((queue.waiting(), queue.position(jobs[2].id)), (2, 1));
    }

    #[tokio::test]
    async fn at_a_start_running_requests_come_before_waiting_ones_each_in_order_of_time() {
        let (_folder, service, old) = queue(&[]).await;
        let Store::Local(store) = service.store.clone() else { panic!("not local") };
        let mut expected = Vec::new();
        for (submitted_ms, started_ms) in [(40, Some(50)), (10, Some(60)), (20, None), (30, None)] {
            let job = Job { submitted_ms, started_ms, ..job() };
            expected.push(job.id);
            service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        }
        let mut completed = job();
        completed.finish(Answer::output(json!({})));
        service.store.put(Kind::Job, &completed.id.to_string(), &completed).await.unwrap();
        // The workers of the new queue have not run yet.
        let queue = LocalQueue::start(old.worker.clone(), &store).unwrap();
        assert_eq!(queue.state().waiting, expected);
    }

    #[tokio::test]
    async fn a_closed_queue_starts_no_more_requests() {
        let (_folder, _service, queue) = queue(&[]).await;
        queue.submit(job()).await.unwrap();
        assert!(queue.next().await.is_none());
        assert_eq!(queue.waiting(), 1);
    }

    #[tokio::test]
    async fn a_request_is_queued_again_2_seconds_after_a_failure_of_the_store() {
        let (_folder, _service, queue) = queue(&[]).await;
        tokio::time::pause();
        queue.requeue_later(Id::new());
        tokio::time::sleep(std::time::Duration::from_millis(1990)).await;
        assert_eq!(queue.waiting(), 0);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert_eq!(queue.waiting(), 1);
    }
}
