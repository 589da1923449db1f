//! The log of a running request: lines come from any thread and are written in batches.

use std::time::Duration;

use smart_resize::wire::fal::Log;
use tokio::sync::{mpsc, oneshot};

use crate::id::Id;
use crate::job::Job;
use crate::store::{Kind, Store, StoreFailure};
use crate::time::{iso, now_ms};

/// How long the first line of a batch waits for others.
const PAUSE: Duration = Duration::from_millis(50);
/// The most lines of one request.
const MAX_LINES: usize = 500;

/// The sender of the log lines of one request.
#[derive(Debug)]
pub struct JobLog {
    lines: mpsc::UnboundedSender<Log>,
    written: oneshot::Receiver<Result<(), StoreFailure>>,
}

impl JobLog {
    /// Creates a log whose lines are appended to the record of the request `id`.
    pub fn new(store: Store, id: Id) -> Self {
        let (lines, received) = mpsc::unbounded_channel();
        let (done, written) = oneshot::channel();
        tokio::spawn(async move {
            // The receiver may have been dropped.
            let _ = done.send(write(store, id, received).await);
        });
        Self { lines, written }
    }

    /// Adds a line.
    pub fn add(&self, message: impl Into<String>) {
        // Sending fails only when the writing task has ended, which means that the store has failed.
        let _ = self.lines.send(Log::info(message, iso(now_ms())));
    }

    /// Waits until every line is stored.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if a line could not be stored.
    pub async fn finish(self) -> Result<(), StoreFailure> {
        drop(self.lines);
        self.written.await.unwrap_or(Ok(()))
    }
}

/// Appends lines to the record until the sender is dropped. The first line of a batch starts a pause of [`PAUSE`]; the
/// lines until its end are appended with one update. Lines beyond [`MAX_LINES`] are dropped.
async fn write(store: Store, id: Id, mut received: mpsc::UnboundedReceiver<Log>) -> Result<(), StoreFailure> {
    let mut lines = Vec::new();
    while received.recv_many(&mut lines, MAX_LINES).await > 0 {
        let pause = tokio::time::sleep(PAUSE);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                line = received.recv() => match line {
                    Some(line) => lines.push(line),
                    // The sender was dropped, so no more lines will come.
                    None => break,
                },
                () = &mut pause => break,
            }
        }
        let batch = std::mem::take(&mut lines);
        let append = move |record: &mut Option<Job>| {
            if let Some(job) = record {
                let room = MAX_LINES.saturating_sub(job.logs.len());
                job.logs.extend(batch.iter().take(room).cloned());
            }
        };
        store.update(Kind::Job, &id.to_string(), append).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::job::App;
    use crate::testing;

    #[tokio::test]
    async fn a_log_has_its_first_500_lines_in_their_order() {
        let (_folder, store) = testing::store();
        let job = Job::new(App::SmartResize, None, Value::Null);
        let key = job.id.to_string();
        store.put(Kind::Job, &key, &job).await.unwrap();
        let mut written = Vec::new();
        // The second log of a resumed request continues the first.
        for (lines, all) in [(0..499, 499), (499..502, 500), (502..503, 500)] {
            let log = JobLog::new(store.clone(), job.id);
            for line in lines {
                log.add(line.to_string());
            }
            log.finish().await.unwrap();
            written = store.get::<Job>(Kind::Job, &key).await.unwrap().unwrap().logs;
            assert_eq!(written.len(), all);
        }
        let expected: Vec<String> = (0..500).map(|line| line.to_string()).collect();
        assert_eq!(written.into_iter().map(|line| line.message).collect::<Vec<_>>(), expected);
    }

    #[tokio::test]
    async fn lines_of_a_deleted_request_are_dropped() {
        let (_folder, store) = testing::store();
        let id = Id::new();
        let log = JobLog::new(store.clone(), id);
        log.add("a line");
        log.finish().await.unwrap();
        assert!(store.get::<Value>(Kind::Job, &id.to_string()).await.unwrap().is_none());
    }
}
