//! The sweep of the local store: deletes completed requests, calls, uploads and blobs after their retention time.

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

/// The time between two sweeps.
const PAUSE: Duration = Duration::from_secs(3600);
/// The number of records that are read at once.
const PAGE_LEN: usize = 256;

/// Starts a task that sweeps now and then every hour, until the returned handle is dropped.
pub fn start(store: LocalStore, limits: &Limits) -> AbortOnDropHandle<()> {
    let age = Duration::from_secs(limits.keep_hours.saturating_mul(3600));
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            if let Err(error) = sweep(&store, age).await {
                tracing::error!(error = &error as &dyn std::error::Error, "a sweep failed");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }))
}

/// Deletes every request that was completed, every upload that was begun, and every call that last changed more than
/// `age` ago. Blobs are deleted an hour later, since several records may refer to one.
///
/// # Errors
///
/// [`StoreFailure`] if the store fails.
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

/// Deletes the old records of a kind, page by page, and returns how many it deleted.
async fn delete_all<T: Serialize + DeserializeOwned + 'static>(
    store: &LocalStore,
    kind: Kind,
    is_old: impl Fn(&T) -> bool + Copy + Send + 'static,
) -> Result<usize, StoreFailure> {
    let (mut deleted, mut after) = (0, None);
    loop {
        let reader = store.clone();
        let page = tokio::task::spawn_blocking(move || reader.page(kind, after.as_deref(), PAGE_LEN, is_old)).await;
        let page = page.map_err(|error| StoreFailure::new("records could not be read", error))??;
        deleted += delete(store, kind, &page.keys, is_old).await?;
        if page.last.is_none() {
            return Ok(deleted);
        }
        after = page.last;
    }
}

/// Deletes those of the records that are still old, since one may have changed after it was read.
async fn delete<T: Serialize + DeserializeOwned + 'static>(
    store: &LocalStore,
    kind: Kind,
    keys: &[String],
    is_old: impl Fn(&T) -> bool + Copy + Send + 'static,
) -> Result<usize, StoreFailure> {
    let all = Store::Local(store.clone());
    let change = move |record: &mut Option<T>| record.take_if(|record| is_old(record)).is_some();
    // Concurrent updates share a commit.
    let deleted = try_join_all(keys.iter().map(|key| all.update(kind, key, change))).await?;
    Ok(deleted.into_iter().filter(|is_deleted| *is_deleted).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_record_that_changed_since_it_was_read_as_old_is_not_deleted() {
        let folder = crate::testing::folder();
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

    #[tokio::test]
    async fn only_completed_requests_are_old() {
        let folder = crate::testing::folder();
        let store = LocalStore::open(folder.path()).unwrap();
        let all = Store::Local(store.clone());
        let mut job = Job::new(crate::job::App::SmartResize, None, serde_json::Value::Null);
        (job.submitted_ms, job.started_ms) = (1, Some(1));
        all.put(Kind::Job, "unfinished", &job).await.unwrap();
        for (key, age_ms) in [("young", 3_590_000), ("old", 3_610_000)] {
            job.finished_ms = Some(now_ms() - age_ms);
            all.put(Kind::Job, key, &job).await.unwrap();
        }
        sweep(&store, Duration::from_secs(3600)).await.unwrap();
        let left: Vec<(String, Job)> = store.all(Kind::Job).unwrap();
        assert_eq!(left.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["unfinished", "young"]);
    }

    #[tokio::test]
    async fn blobs_are_deleted_an_hour_later_than_records() {
        let folder = crate::testing::folder();
        let store = LocalStore::open(folder.path()).unwrap();
        let all = Store::Local(store.clone());
        let mut blobs = Vec::new();
        for (bytes, age) in [("young", 7190), ("old", 7210)] {
            let digest = all.put_blob(bytes.into()).await.unwrap();
            let text = digest.to_string();
            let path = folder.path().join("blobs").join(&text[..2]).join(&text[2..]);
            let modified = std::time::SystemTime::now() - Duration::from_secs(age);
            std::fs::File::open(path).unwrap().set_modified(modified).unwrap();
            blobs.push(digest);
        }
        sweep(&store, Duration::from_secs(3600)).await.unwrap();
        assert_eq!(all.blob(&blobs[0]).await.unwrap(), Some("young".into()));
        assert_eq!(all.blob(&blobs[1]).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_sweep_starts_at_once_and_keeps_records_for_the_hours_of_the_flag() {
        let folder = crate::testing::folder();
        let store = LocalStore::open(folder.path()).unwrap();
        let all = Store::Local(store.clone());
        for (key, age_ms) in [("young", 7_190_000), ("old", 7_210_000)] {
            let noted_ms = now_ms() - age_ms;
            all.put(Kind::Call, key, &CallRecord { noted_ms, ..CallRecord::default() }).await.unwrap();
        }
        let config: crate::config::Config = clap::Parser::parse_from(["test", "--keep-hours", "2"]);
        let _sweep = start(store.clone(), &config.limits);
        let swept = async {
            while all.get::<CallRecord>(Kind::Call, "old").await.unwrap().is_some() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), swept).await.unwrap();
        assert!(all.get::<CallRecord>(Kind::Call, "young").await.unwrap().is_some());
    }
}
