//! What a request says while it runs: lines that come from any thread, written together.

use std::time::Duration;

use smart_resize::wire::fal::Log;
use tokio::sync::{mpsc, oneshot};

use crate::id::Id;
use crate::job::Job;
use crate::store::{Kind, Store, StoreFailure};
use crate::time::{iso, now_ms};

/// How long lines may wait for others.
const PAUSE: Duration = Duration::from_millis(50);
/// The most lines of one request.
const MAX_LINES: usize = 500;

/// Takes lines of one request.
#[derive(Debug)]
pub struct Speaker {
    lines: mpsc::UnboundedSender<Log>,
    written: oneshot::Receiver<Result<(), StoreFailure>>,
}

impl Speaker {
    /// Whose lines are appended to the log of the request `id`.
    pub fn new(store: Store, id: Id) -> Self {
        let (lines, received) = mpsc::unbounded_channel();
        let (done, written) = oneshot::channel();
        tokio::spawn(async move {
            // Whoever listens may have been given up.
            let _ = done.send(write(store, id, received).await);
        });
        Self { lines, written }
    }

    /// Says a line.
    pub fn say(&self, message: impl Into<String>) {
        // It is refused only when nobody writes any more, and then the store has failed.
        let _ = self.lines.send(Log::info(message, iso(now_ms())));
    }

    /// Waits until every line is kept.
    ///
    /// # Errors
    ///
    /// The store's failure.
    pub async fn finish(self) -> Result<(), StoreFailure> {
        drop(self.lines);
        self.written.await.unwrap_or(Ok(()))
    }
}

async fn write(store: Store, id: Id, mut received: mpsc::UnboundedReceiver<Log>) -> Result<(), StoreFailure> {
    let mut lines = Vec::new();
    while received.recv_many(&mut lines, MAX_LINES).await > 0 {
        let pause = tokio::time::sleep(PAUSE);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                line = received.recv() => match line {
                    Some(line) => lines.push(line),
                    // The last one was said: nobody has to wait for more.
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
