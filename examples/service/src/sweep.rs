//! Deletes what is too old: finished requests, their calls, uploads, and blobs.

use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;

use crate::answers::CallRecord;
use crate::config::Limits;
use crate::job::Job;
use crate::store::local::LocalStore;
use crate::store::{Kind, Store, StoreFailure};
use crate::time::now_ms;
use crate::uploads::Upload;

/// How often.
const PAUSE: Duration = Duration::from_secs(3600);

/// Sweeps now and every hour, until what it returns is dropped.
pub fn start(store: LocalStore, limits: &Limits) -> AbortOnDropHandle<()> {
    let age = Duration::from_secs(limits.keep_hours.saturating_mul(3600));
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            if let Err(error) = sweep(&store, age).await {
                tracing::error!(error = &error as &dyn std::error::Error, "what is old was not deleted");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }))
}

/// Deletes what has been over for `age`; blobs, which several may share, an hour later.
///
/// # Errors
///
/// The store's failure.
pub async fn sweep(store: &LocalStore, age: Duration) -> Result<(), StoreFailure> {
    let before = now_ms().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    let all = Store::Local(store.clone());
    let mut deleted = 0;
    for (key, job) in store.all::<Job>(Kind::Job)? {
        if job.finished_ms.is_some_and(|finished| finished < before) {
            all.delete(Kind::Job, &key).await?;
            deleted += 1;
        }
    }
    for (key, upload) in store.all::<Upload>(Kind::Upload)? {
        if upload.begun_ms < before {
            all.delete(Kind::Upload, &key).await?;
        }
    }
    for (key, call) in store.all::<CallRecord>(Kind::Call)? {
        if call.noted_ms < before {
            all.delete(Kind::Call, &key).await?;
        }
    }
    let store = store.clone();
    let blobs = tokio::task::spawn_blocking(move || store.delete_blobs_older_than(age + PAUSE)).await;
    let blobs = blobs.map_err(|error| StoreFailure::new("blobs could not be deleted", error))?;
    let blobs = blobs.map_err(|error| StoreFailure::new("blobs could not be deleted", error))?;
    tracing::debug!(deleted, blobs, "swept");
    Ok(())
}
