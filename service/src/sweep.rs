//! Deletes what is too old: finished requests, their calls, uploads, and blobs.

use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;
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
/// How many records are looked at in one go.
const PAGE_LEN: usize = 256;

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
    let is_over = move |job: &Job| job.finished_ms.is_some_and(|finished| finished < before);
    let jobs = delete_all::<Job>(store, Kind::Job, is_over).await?;
    let uploads = delete_all::<Upload>(store, Kind::Upload, move |upload| upload.begun_ms < before).await?;
    let calls = delete_all::<CallRecord>(store, Kind::Call, move |call| call.noted_ms < before).await?;
    let store = store.clone();
    let blobs = tokio::task::spawn_blocking(move || store.delete_blobs_older_than(age.saturating_add(PAUSE))).await;
    let blobs = blobs.map_err(|error| StoreFailure::new("blobs could not be deleted", error))?;
    let blobs = blobs.map_err(|error| StoreFailure::new("blobs could not be deleted", error))?;
    tracing::debug!(jobs, uploads, calls, blobs, "swept");
    Ok(())
}

/// Deletes the records of a kind that are old, and says how many.
async fn delete_all<T: Serialize + DeserializeOwned + 'static>(
    store: &LocalStore,
    kind: Kind,
    is_old: impl Fn(&T) -> bool + Copy + Send + 'static,
) -> Result<usize, StoreFailure> {
    let (mut deleted, mut after) = (0, None);
    loop {
        let reader = store.clone();
        let page = tokio::task::spawn_blocking(move || reader.page(kind, after.as_deref(), PAGE_LEN, is_old)).await;
        let page = page.map_err(|error| StoreFailure::new("records could not be looked at", error))??;
        deleted += delete(store, kind, &page.keys, is_old).await?;
        if page.last.is_none() {
            return Ok(deleted);
        }
        after = page.last;
    }
}

/// Deletes those of the records that are old still: one may have changed since it was looked at.
async fn delete<T: Serialize + DeserializeOwned + 'static>(
    store: &LocalStore,
    kind: Kind,
    keys: &[String],
    is_old: impl Fn(&T) -> bool + Copy + Send + 'static,
) -> Result<usize, StoreFailure> {
    let all = Store::Local(store.clone());
    let change = move |record: &mut Option<T>| record.take_if(|record| is_old(record)).is_some();
    // Together, so that they share a commit.
    let deleted = try_join_all(keys.iter().map(|key| all.update(kind, key, change))).await?;
    Ok(deleted.into_iter().filter(|is_deleted| *is_deleted).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_became_young_since_it_was_looked_at_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::open(folder.path()).unwrap();
        let all = Store::Local(store.clone());
        let is_old = |call: &CallRecord| call.noted_ms < 10;
        let keys = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        for key in &keys {
            all.put(Kind::Call, key, &CallRecord::default()).await.unwrap();
        }
        let page = store.page(Kind::Call, None, 2, is_old).unwrap();
        assert_eq!((page.keys, page.last.as_deref()), (keys[..2].to_vec(), Some("b")));
        let page = store.page(Kind::Call, Some("b"), 2, is_old).unwrap();
        assert_eq!((page.keys, page.last), (keys[2..].to_vec(), None));
        all.update(Kind::Call, "b", |call: &mut Option<CallRecord>| call.get_or_insert_default().noted_ms = 11)
            .await
            .unwrap();
        assert_eq!(delete(&store, Kind::Call, &keys, is_old).await.unwrap(), 2);
        let left: Vec<(String, CallRecord)> = store.all(Kind::Call).unwrap();
        assert_eq!(left.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["b"]);
    }
}
