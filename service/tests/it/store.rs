//! The store keeps what is put into it during concurrent deletions and changes. An upload is written once, by the
//! client that began it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::{Value, json};
use smart_resize::generate::testing::check_async_store;
use smart_resize_service::answers::{Answers, CallRecord};
use smart_resize_service::job::{Answer, App, Job};
use smart_resize_service::store::local::LocalStore;
use smart_resize_service::store::nats::NatsStore;
use smart_resize_service::store::{Kind, MAX_RECORD_BYTES, Store};
use smart_resize_service::sweep::sweep;
use smart_resize_service::time::now_ms;
use smart_resize_service::uploads::Upload;

use super::support::{Nats, Running, data_uri, picture, read, spawn, text};

const HOUR: Duration = Duration::from_secs(3600);

fn open(folder: &Path) -> (LocalStore, Store) {
    let local = LocalStore::open(folder).unwrap();
    (local.clone(), Store::Local(local))
}

/// Makes every blob of a store two days old.
fn age_blobs(folder: &Path) {
    for folder in fs::read_dir(folder.join("blobs")).unwrap() {
        for blob in fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = fs::File::open(blob.unwrap().path()).unwrap();
            file.set_modified(SystemTime::now() - 48 * HOUR).unwrap();
        }
    }
}

#[tokio::test]
async fn the_answers_of_a_job_pass_the_checks_of_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = open(folder.path());
    let job = Job::new(App::SmartResize, None, json!({}));
    check_async_store(&Answers::new(store, &job)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_blob_put_again_during_a_deletion_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (local, store) = open(folder.path());
    let blobs: Vec<Bytes> = (0..200).map(|number| Bytes::from(format!("blob {number}"))).collect();
    for round in 0..5 {
        join_all(blobs.iter().map(|blob| store.put_blob(blob.clone()))).await;
        age_blobs(folder.path());
        let sweeper = local.clone();
        let sweeping = tokio::task::spawn_blocking(move || {
            (0..10).map(|_| sweeper.delete_blobs_older_than(24 * HOUR).unwrap()).sum::<usize>()
        });
        let digests = join_all(blobs.iter().map(|blob| store.put_blob(blob.clone()))).await;
        let deleted = sweeping.await.unwrap();
        for (digest, blob) in digests.into_iter().zip(&blobs) {
            let found = store.blob(&digest.unwrap()).await.unwrap();
            assert_eq!(found.as_ref(), Some(blob), "round {round}, {deleted} were deleted");
        }
    }
}

#[tokio::test]
async fn old_finished_records_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (local, store) = open(folder.path());
    let (old_ms, new_ms) = (now_ms() - 25 * 3_600_000, now_ms() - 23 * 3_600_000);
    let job = |finished_ms: Option<u64>| {
        let mut job = Job::new(App::SmartResize, None, json!({}));
        (job.submitted_ms, job.finished_ms) = (old_ms, finished_ms);
        job
    };
    let mut kept = Vec::new();
    // More records than one batch of the sweep.
    for number in 0..300 {
        let (finished, begun_ms) = if number % 3 == 0 { (Some(new_ms), new_ms) } else { (Some(old_ms), old_ms) };
        let (key, finished) = (format!("{number:03}"), if number % 3 == 1 { None } else { finished });
        store.put(Kind::Job, &key, &job(finished)).await.unwrap();
        store.put(Kind::Upload, &key, &Upload { begun_ms, ..Upload::new("a.png") }).await.unwrap();
        store.put(Kind::Call, &key, &CallRecord { noted_ms: begun_ms, ..CallRecord::default() }).await.unwrap();
        kept.push((key, number % 3 != 2, number % 3 == 0));
    }
    // A record that cannot be read is kept, and does not stop the sweep.
    store.put(Kind::Job, "100-x", &json!("no job")).await.unwrap();
    let (old, new) = (store.put_blob("old".into()).await.unwrap(), "new".into());
    age_blobs(folder.path());
    let new = store.put_blob(new).await.unwrap();

    sweep(&local, 24 * HOUR).await.unwrap();
    for (key, is_job_kept, is_rest_kept) in kept {
        let is_there = async |kind| store.get::<Value>(kind, &key).await.unwrap().is_some();
        let found = (is_there(Kind::Job).await, is_there(Kind::Upload).await, is_there(Kind::Call).await);
        assert_eq!(found, (is_job_kept, is_rest_kept, is_rest_kept), "{key}");
    }
    assert!(store.get::<Value>(Kind::Job, "100-x").await.unwrap().is_some());
    assert_eq!(store.blob(&old).await.unwrap(), None);
    assert_eq!(store.blob(&new).await.unwrap(), Some("new".into()));
}

#[tokio::test]
async fn an_unreadable_record_does_not_prevent_a_start() {
    let data = tempfile::tempdir().unwrap();
    let (local, store) = open(&data.path().join("store"));
    store
        .put(Kind::Job, "00000000-0000-4000-8000-000000000000", &json!({"state": "of another version"}))
        .await
        .unwrap();
    let mut job = Job::new(App::SmartResize, None, json!({"image_url": "data:,x", "target_sizes": ["64x64"]}));
    job.finish(Answer { status: 200, body: json!({"images": []}) });
    store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
    drop((local, store));
    let running = Running::in_folder(data, &[]).await;
    assert_eq!(running.result(&job.id.to_string()).await, (200, json!({"images": []})));
    let id = running.submit(&json!({"image_url": data_uri(200, 100), "target_sizes": ["64x64"]})).await;
    assert_eq!(running.result(&id).await.0, 200);
    let broken = "/fal-ai/smart-resize/requests/00000000-0000-4000-8000-000000000000";
    assert_eq!(read(running.get(broken).send().await.unwrap()).await.0, 503);
}

#[tokio::test]
async fn a_second_process_in_a_folder_exits_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (local, store) = open(folder.path());
    let half = folder.path().join("parts").join("half");
    fs::write(&half, "half a bl").unwrap();
    let mut second = spawn(&["--listen", "127.0.0.1:0", "--data", text(folder.path())]);
    let status = tokio::task::spawn_blocking(move || {
        for _ in 0..600 {
            if let Some(status) = second.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        second.kill().unwrap();
        second.wait().unwrap();
        None
    });
    assert_eq!(status.await.unwrap().map(|status| status.success()), Some(false));
    assert_eq!(fs::read_to_string(&half).unwrap(), "half a bl");
    let digest = store.put_blob("a blob".into()).await.unwrap();
    assert_eq!(store.blob(&digest).await.unwrap(), Some("a blob".into()));
    // Opening the folder again deletes a partly written file of the first process.
    drop((local, store));
    let begun = std::time::Instant::now();
    while let Err(error) = LocalStore::open(folder.path()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{error:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!half.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_concurrent_change_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = open(folder.path());
    change_at_once(&store, 100).await;
}

/// Increments one record `len` times concurrently, and checks that each change saw a different count.
async fn change_at_once(store: &Store, len: u32) {
    let changes = (0..len).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let change = |count: &mut Option<u32>| {
                let count = count.get_or_insert_default();
                *count += 1;
                *count
            };
            store.update(Kind::Call, "count", change).await.unwrap()
        })
    });
    let mut seen: Vec<u32> = join_all(changes).await.into_iter().map(Result::unwrap).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=len).collect::<Vec<_>>());
    assert_eq!(store.get::<u32>(Kind::Call, "count").await.unwrap(), Some(len));
}

#[tokio::test]
async fn a_change_directly_after_the_start_of_a_watch_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = open(folder.path());
    for round in 0..20_u32 {
        let mut watch = store.watch(Kind::Job, "a").await.unwrap();
        let mut other = store.watch(Kind::Job, "b").await.unwrap();
        store.put(Kind::Job, "a", &round).await.unwrap();
        // The change was made before `changed` was called.
        tokio::time::timeout(Duration::from_secs(10), watch.changed()).await.unwrap();
        assert_eq!(store.get::<u32>(Kind::Job, "a").await.unwrap(), Some(round));
        assert!(tokio::time::timeout(Duration::from_millis(5), other.changed()).await.is_err());
    }
}

#[tokio::test]
async fn the_size_of_a_record_is_limited() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = open(folder.path());
    // JSON adds two quotes to a text.
    let longest = "x".repeat(MAX_RECORD_BYTES - 2);
    store.put(Kind::Job, "a", &longest).await.unwrap();
    let failure = store.put(Kind::Job, "a", &format!("{longest}x")).await.unwrap_err();
    assert_eq!(failure.to_string(), "the job a has 921601 bytes of JSON; expected at most 921600");
    let change = |text: &mut Option<String>| text.get_or_insert_default().push('x');
    assert!(store.update(Kind::Job, "a", change).await.is_err());
    assert_eq!(store.get::<String>(Kind::Job, "a").await.unwrap(), Some(longest));
}

/// Begins an upload and returns its upload URL and its file URL.
async fn begin(running: &Running, step: &str) -> (String, String) {
    let answer = running.post(&format!("/storage/upload/{step}"), &json!({"file_name": "a.jpg"}));
    let (status, answer) = read(answer.send().await.unwrap()).await;
    assert_eq!(status, 200, "{answer}");
    (answer["upload_url"].as_str().unwrap().to_owned(), answer["file_url"].as_str().unwrap().to_owned())
}

async fn put(running: &Running, url: &str, bytes: impl Into<Vec<u8>>) -> u16 {
    running.client.put(url).body(bytes.into()).send().await.unwrap().status().as_u16()
}

async fn complete(running: &Running, url: &str) -> (u16, Value) {
    read(running.post(&format!("{url}/complete"), &json!({"parts": []})).send().await.unwrap()).await
}

async fn file(running: &Running, url: &str) -> Vec<u8> {
    running.get(url).send().await.unwrap().bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn an_upload_in_parts_becomes_a_file_once() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::in_folder(data, &["--max-image-bytes", "100000"]).await;
    let (put_url, file_url) = begin(&running, "initiate-multipart").await;
    let (status, answer) = complete(&running, &put_url).await;
    assert_eq!((status, answer), (422, json!({"detail": "the upload has no parts"})));
    // If a part is sent again, its later bytes replace the earlier ones.
    for (part, bytes) in [(2, "two"), (1, "none"), (1, "one")] {
        assert_eq!(put(&running, &format!("{put_url}/{part}"), bytes).await, 200);
    }
    assert_eq!(complete(&running, &put_url).await, (200, json!({})));
    assert_eq!(file(&running, &file_url).await, b"onetwo");
    // A client that did not receive the answer may repeat the request.
    assert_eq!(complete(&running, &put_url).await, (200, json!({})));
    assert_eq!(file(&running, &file_url).await, b"onetwo");
    assert_eq!(put(&running, &format!("{put_url}/1"), "one").await, 409);
    assert_eq!(put(&running, &put_url, "other").await, 409);
    assert_eq!(put(&running, &put_url, "onetwo").await, 200);
    assert_eq!(complete(&running, &put_url).await, (200, json!({})));
    assert_eq!(file(&running, &file_url).await, b"onetwo");

    // A complete file was uploaded before the parts were joined.
    let (put_url, file_url) = begin(&running, "initiate-multipart").await;
    assert_eq!(put(&running, &format!("{put_url}/1"), "part").await, 200);
    assert_eq!(put(&running, &put_url, "whole").await, 200);
    let (status, answer) = complete(&running, &put_url).await;
    assert_eq!((status, answer), (409, json!({"detail": "the upload already has other bytes"})));
    assert_eq!(file(&running, &file_url).await, b"whole");

    // The upload continues after a restart.
    let (put_url, file_url) = begin(&running, "initiate").await;
    let (put_path, file_path) = [&put_url, &file_url].map(|url| url[running.base.len()..].to_owned()).into();
    let running = Running::in_folder(running.stop().await, &[]).await;
    assert_eq!(put(&running, &running.url(&put_path), "later").await, 200);
    assert_eq!(file(&running, &file_path).await, b"later");
}

#[tokio::test]
async fn the_url_of_a_file_does_not_allow_writing_it() {
    let running = Running::start(&[]).await;
    let (put_url, file_url) = begin(&running, "initiate-multipart").await;
    let (others_url, _) = begin(&running, "initiate").await;
    let id = file_url.split('/').nth_back(1).unwrap();
    let others_key = others_url.split('.').next_back().unwrap();
    let uploaded = running.client.post(running.url("/files/upload")).body("whole");
    let (_, uploaded) = read(uploaded.send().await.unwrap()).await;
    let whole_id = uploaded["access_url"].as_str().unwrap().split('/').nth_back(1).unwrap();
    assert_eq!(put(&running, &format!("{put_url}/1"), "own").await, 200);
    for place in [
        id.to_owned(),
        format!("{id}."),
        format!("{id}.{id}"),
        format!("{id}.{others_key}"),
        whole_id.to_owned(),
        format!("{whole_id}.{whole_id}"),
    ] {
        let url = running.url(&format!("/storage/upload/{place}"));
        assert_eq!(put(&running, &url, "other").await, 404, "{place}");
        assert_eq!(put(&running, &format!("{url}/1"), "other").await, 404, "{place}");
        let (status, answer) = complete(&running, &url).await;
        assert_eq!((status, answer), (404, json!({"detail": "there is no such upload"})), "{place}");
    }
    assert_eq!(complete(&running, &put_url).await.0, 200);
    assert_eq!(file(&running, &file_url).await, b"own");
    assert_eq!(file(&running, uploaded["access_url"].as_str().unwrap()).await, b"whole");
    // The upload URL cannot be used to read the file.
    assert_eq!(running.get(&put_url.replace("/storage/upload/", "/uploads/")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_size_of_all_parts_together_is_limited() {
    let running = Running::start(&["--max-image-bytes", "10"]).await;
    let (put_url, file_url) = begin(&running, "initiate-multipart").await;
    assert_eq!(put(&running, &format!("{put_url}/1"), "123456").await, 200);
    assert_eq!(put(&running, &format!("{put_url}/2"), "78901").await, 413);
    assert_eq!(put(&running, &format!("{put_url}/2"), "7890").await, 200);
    assert_eq!(put(&running, &format!("{put_url}/3"), "1").await, 413);
    // A part that is sent again counts once.
    assert_eq!(put(&running, &format!("{put_url}/1"), "abcdef").await, 200);
    assert_eq!(complete(&running, &put_url).await.0, 200);
    assert_eq!(file(&running, &file_url).await, b"abcdef7890");

    // The limit also holds for concurrent parts.
    let (put_url, _) = begin(&running, "initiate-multipart").await;
    let urls: Vec<_> = (1..=8).map(|part| format!("{put_url}/{part}")).collect();
    let statuses = join_all(urls.iter().map(|url| put(&running, url, "1234"))).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 2, "{statuses:?}");
}

#[tokio::test]
async fn the_number_of_concurrent_joins_is_limited() {
    let running = Running::start(&["--concurrency", "1"]).await;
    let (put_url, file_url) = begin(&running, "initiate-multipart").await;
    let bytes = picture(40, 30, smart_resize::Format::Png);
    assert_eq!(put(&running, &format!("{put_url}/1"), bytes.clone()).await, 200);
    let room = running.service.memory_permits.acquire().await.unwrap();
    let response = running.post(&format!("{put_url}/complete"), &json!({})).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "5");
    assert_eq!(read(response).await.0, 503);
    drop(room);
    assert_eq!(complete(&running, &put_url).await.0, 200);
    assert_eq!(file(&running, &file_url).await, bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jetstream_keeps_a_blob_that_is_put_again() {
    let Some(mut nats) = Nats::start().await else { return };
    // Long enough even if the machine pauses for some seconds.
    let age = Duration::from_secs(12);
    let store = Store::Nats(NatsStore::connect(&nats.url, age, 1).await.unwrap().into());
    assert!(store.is_healthy());
    let bytes = Bytes::from(vec![7; 300_000]);
    let digest = store.put_blob(bytes.clone()).await.unwrap();
    let lost = store.put_blob("lost".into()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    // The blob is past half of the maximum age. Several clients put it again while others read it.
    let reads = join_all((0..10).map(|_| store.blob(&digest)));
    let (puts, reads) = tokio::join!(join_all((0..4).map(|_| store.put_blob(bytes.clone()))), reads);
    for put in puts {
        assert_eq!(put.unwrap(), digest);
    }
    for read in reads {
        assert!(read.unwrap().as_ref() == Some(&bytes));
    }
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(store.blob(&digest).await.unwrap() == Some(bytes), "the blob was deleted at its first maximum age");
    assert_eq!(store.blob(&lost).await.unwrap(), None);

    change_at_once(&store, 10).await;
    let take = |count: &mut Option<u32>| count.take();
    let taken = join_all((0..5).map(|_| store.update(Kind::Call, "count", take))).await;
    assert_eq!(taken.into_iter().filter_map(Result::unwrap).collect::<Vec<_>>(), [10]);
    change_at_once(&store, 3).await;

    nats.kill();
    let begun = std::time::Instant::now();
    while store.is_healthy() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the loss of the server is not detected");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn replicas_are_requested() {
    let Some(nats) = Nats::start().await else { return };
    // A single server cannot hold two replicas.
    let failure = NatsStore::connect(&nats.url, HOUR, 2).await.unwrap_err();
    assert!(format!("{failure:?}").contains("replicas"), "{failure:?}");
}
