//! The store of one machine: records in `redb`, blobs as files in a folder.
//!
//! One thread writes. It takes all waiting writes, runs them in one transaction, commits, and answers each of them. So
//! a write is durable when it returns, and a hundred concurrent writes cost one flush to the disk.
//!
//! After the first I/O error of its file, for instance on a full disk, `redb` rejects every write until the file is
//! opened again. [`LocalStore::is_healthy`] then returns false, so that the process can exit and be restarted.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::ops::Bound;
use std::os::unix::fs::DirBuilderExt as _;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;
use smart_resize::plan::Digest;
use tokio::sync::{mpsc, oneshot, watch};

use super::{BlobReader, Kind, StoreFailure};

/// The most memory for the page cache of `redb`. Records are small.
const CACHE_BYTES: usize = 32 << 20;
/// The most writes that share a commit.
const MAX_BATCH: usize = 256;

type Table = TableDefinition<'static, &'static str, &'static [u8]>;
/// A write. It runs in the transaction, or gets the error if none could begin.
type Write = Box<dyn FnOnce(Result<&WriteTransaction, Arc<redb::Error>>) -> OnCommit + Send>;
/// The second half of a write, which runs after the commit. It gets the error if the commit failed.
type OnCommit = Box<dyn FnOnce(Option<Arc<redb::Error>>) + Send>;

const fn table(kind: Kind) -> Table {
    TableDefinition::new(kind.name())
}

/// Records and blobs in a folder of this machine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LocalStore {
    database: Arc<Database>,
    writes: mpsc::Sender<QueuedWrite>,
    folder: Arc<Path>,
    watched: Arc<Watched>,
    writer: Arc<Writer>,
    /// Excludes the deletion of old blobs from the writing of blobs. A writer that makes a blob young holds it shared;
    /// the check of a blob's age and the deletion hold it exclusively.
    age_lock: Arc<RwLock<()>>,
}

#[derive(Debug)]
struct Writer {
    thread: JoinHandle<()>,
    has_failed: Arc<AtomicBool>,
}

/// A page of the keys of a kind, in their order.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The keys of the wanted records on the page.
    pub keys: Vec<String>,
    /// The last key that was read, or `None` if there are no more.
    pub last: Option<String>,
}

/// The watched records, by kind and key.
type Watched = Mutex<BTreeMap<String, watch::Sender<()>>>;

struct QueuedWrite(Write);

impl std::fmt::Debug for QueuedWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QueuedWrite")
    }
}

impl LocalStore {
    /// Opens the store in `folder`, or creates it. Only one process can have it open.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the folder or the file in it cannot be used.
    pub fn open(folder: &Path) -> Result<Self, StoreFailure> {
        let failure = |source: Box<dyn std::error::Error + Send + Sync>| {
            StoreFailure::new(format!("the store in {} cannot be opened", folder.display()), source)
        };
        let io = |result: io::Result<()>| result.map_err(|error| failure(error.into()));
        // Only the owner has access, since the store has the key that signs webhooks.
        io(fs::DirBuilder::new().recursive(true).mode(0o700).create(folder))?;
        // Opening the database takes the lock that keeps other processes out, so it comes before any change of the
        // folder.
        let file = folder.join("records.redb");
        let database = catch_unwind(|| Database::builder().set_cache_size(CACHE_BYTES).create(file));
        let database = database.map_err(|_| failure("records.redb is damaged".into()))?;
        let database = database.map_err(|error| failure(error.into()))?;
        // Removes files that a crash left unfinished.
        let parts = folder.join("parts");
        io(fs::remove_dir_all(&parts).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }))?;
        io(fs::create_dir_all(&parts))?;
        // Creates every folder of blobs now, so that writing a blob never has to create and sync a folder.
        let blobs = folder.join("blobs");
        for head in 0..=u8::MAX {
            io(fs::create_dir_all(blobs.join(format!("{head:02x}"))))?;
        }
        io(sync_folder(&blobs))?;
        io(sync_folder(folder))?;
        Self::start(database, folder).map_err(failure)
    }

    fn start(database: Database, folder: &Path) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        create_tables(&database)?;
        let database = Arc::new(database);
        let (writes, queued) = mpsc::channel(4 * MAX_BATCH);
        let has_failed = Arc::new(AtomicBool::new(false));
        let (shared, failed) = (Arc::clone(&database), Arc::clone(&has_failed));
        let spawned = thread::Builder::new().name("records".to_owned());
        let thread = spawned.spawn(move || write_all(&shared, queued, &failed))?;
        Ok(Self {
            database,
            writes,
            folder: folder.into(),
            watched: Arc::default(),
            writer: Arc::new(Writer { thread, has_failed }),
            age_lock: Arc::default(),
        })
    }

    /// Whether the last transaction was committed and the writing thread is alive.
    pub fn is_healthy(&self) -> bool {
        !self.writer.has_failed.load(Ordering::Acquire) && !self.writer.thread.is_finished()
    }

    pub(super) fn get(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(table(kind))?;
            Ok(table.get(key)?.map(|found| found.value().to_vec()))
        };
        read().map_err(|source| failure("read", kind, key, source))
    }

    /// Returns every record of a kind, in the order of their keys. A record that cannot be parsed is skipped and
    /// logged, so that it does not prevent the use of the others.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the records cannot be read.
    pub fn all<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(String, T)>, StoreFailure> {
        let mut all = Vec::new();
        self.each(kind, None, usize::MAX, |key, record| all.push((key.to_owned(), record)))?;
        Ok(all)
    }

    /// Reads the next `len` records after the key `after`, one by one on this thread, and returns the keys of those
    /// that `is_wanted`. A record that cannot be parsed is logged and not wanted.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the records cannot be read.
    pub fn page<T: DeserializeOwned>(
        &self,
        kind: Kind,
        after: Option<&str>,
        len: usize,
        is_wanted: impl Fn(&T) -> bool,
    ) -> Result<Page, StoreFailure> {
        let mut page = Page::default();
        page.last = self.each(kind, after, len, |key, record| {
            if is_wanted(&record) {
                page.keys.push(key.to_owned());
            }
        })?;
        Ok(page)
    }

    /// Calls `show` with the next `len` records after the key `after`. Returns the last key if there may be more.
    fn each<T: DeserializeOwned>(
        &self,
        kind: Kind,
        after: Option<&str>,
        len: usize,
        mut show: impl FnMut(&str, T),
    ) -> Result<Option<String>, StoreFailure> {
        let mut read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(table(kind))?;
            let start = after.map_or(Bound::Unbounded, Bound::Excluded);
            let (mut seen, mut last) = (0, None);
            for entry in table.range::<&str>((start, Bound::Unbounded))?.take(len) {
                let (key, value) = entry?;
                match super::read(kind, key.value(), value.value()) {
                    Ok(record) => show(key.value(), record),
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "an unreadable record is skipped");
                    }
                }
                seen += 1;
                if seen == len {
                    last = Some(key.value().to_owned());
                }
            }
            Ok(last)
        };
        read().map_err(|source| failure("read", kind, "", source))
    }

    pub(super) async fn put(&self, kind: Kind, key: &str, bytes: Vec<u8>) -> Result<(), StoreFailure> {
        self.update(kind, key, move |_| Ok((Some(bytes.clone()), ()))).await
    }

    pub(super) async fn delete(&self, kind: Kind, key: &str) -> Result<(), StoreFailure> {
        self.update(kind, key, |_| Ok((None, ()))).await
    }

    pub(super) async fn update<R: Send + 'static>(
        &self,
        kind: Kind,
        key: &str,
        mut change: impl FnMut(Option<&[u8]>) -> Result<(Option<Vec<u8>>, R), StoreFailure> + Send + 'static,
    ) -> Result<R, StoreFailure> {
        let (answer, answered) = oneshot::channel();
        let (name, watched) = (key.to_owned(), Arc::clone(&self.watched));
        let write: Write = Box::new(move |transaction| {
            let attempt = || -> Result<R, StoreFailure> {
                let transaction = transaction.map_err(unwritten)?;
                let failed = |source: redb::Error| failure("written", kind, &name, source);
                let mut table = transaction.open_table(table(kind)).map_err(|error| failed(error.into()))?;
                let found = table.get(name.as_str()).map_err(|error| failed(error.into()))?;
                let found = found.map(|found| found.value().to_vec());
                let (bytes, result) = change(found.as_deref())?;
                if bytes != found {
                    let written = match &bytes {
                        Some(bytes) => table.insert(name.as_str(), bytes.as_slice()),
                        None => table.remove(name.as_str()),
                    };
                    written.map_err(|error| failed(error.into()))?;
                }
                Ok(result)
            };
            let result = attempt();
            Box::new(move |failed| {
                let result = match failed {
                    Some(error) => Err(unwritten(error)),
                    None => result,
                };
                notify(&watched, kind, &name);
                // The caller may have been dropped.
                let _ = answer.send(result);
            })
        });
        let gone = || StoreFailure::new("the records cannot be written", "the writing thread has ended");
        self.writes.send(QueuedWrite(write)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    pub(super) fn watch(&self, kind: Kind, key: &str) -> LocalWatch {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let key = watch_key(kind, key);
        let changes = watched.entry(key.clone()).or_insert_with(|| watch::channel(()).0).subscribe();
        LocalWatch { changes, key, watched: Arc::clone(&self.watched) }
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        let digest = digest.to_string();
        let (head, rest) = digest.split_at(2);
        self.folder.join("blobs").join(head).join(rest)
    }

    pub(super) async fn put_blob(&self, digest: &Digest, bytes: Bytes) -> Result<(), StoreFailure> {
        let (path, parts, age_lock) = (self.blob_path(digest), self.folder.join("parts"), Arc::clone(&self.age_lock));
        let written = tokio::task::spawn_blocking(move || {
            let folder = path.parent().unwrap_or(&parts);
            // An earlier writer may not have synced the blob yet, so it is synced here too.
            if let Some(file) = touch(&path, &age_lock)? {
                file.sync_all()?;
                return sync_folder(folder);
            }
            let mut file = tempfile::NamedTempFile::new_in(&parts)?;
            file.write_all(&bytes)?;
            file.as_file().sync_all()?;
            {
                let _shared = age_lock.read().unwrap_or_else(PoisonError::into_inner);
                file.persist(&path).map_err(|error| error.error)?;
            }
            sync_folder(folder)
        });
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
            StoreFailure::new(format!("blob {digest} could not be written"), source)
        };
        written.await.map_err(|error| failed(error.into()))?.map_err(|error| failed(error.into()))
    }

    pub(super) async fn open_blob(&self, digest: &Digest) -> Result<Option<BlobReader>, StoreFailure> {
        let open = async {
            let file = tokio::fs::File::open(self.blob_path(digest)).await?;
            let len = file.metadata().await?.len();
            Ok(BlobReader { reader: Box::pin(file), len })
        };
        match open.await {
            Ok(reader) => Ok(Some(reader)),
            Err(error) if io::Error::kind(&error) == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreFailure::new(format!("blob {digest} could not be read"), error)),
        }
    }

    /// Deletes the blobs that were last put more than `age` ago, and returns how many it deleted. A file or folder that
    /// cannot be read or deleted is skipped and logged.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the folder of blobs cannot be read.
    pub fn delete_blobs_older_than(&self, age: Duration) -> io::Result<usize> {
        let mut deleted = 0;
        for folder in fs::read_dir(self.folder.join("blobs"))? {
            let folder = folder?.path();
            let passed_over = |error: &io::Error| tracing::error!(%error, folder = %folder.display(), "not swept");
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    passed_over(&error);
                    continue;
                }
            };
            for entry in entries {
                match entry.and_then(|entry| self.delete_blob_older_than(&entry.path(), age)) {
                    Ok(is_deleted) => deleted += usize::from(is_deleted),
                    Err(error) => passed_over(&error),
                }
            }
        }
        Ok(deleted)
    }

    fn delete_blob_older_than(&self, path: &Path, age: Duration) -> io::Result<bool> {
        let is_old = || Ok::<_, io::Error>(fs::metadata(path)?.modified()?.elapsed().is_ok_and(|found| found > age));
        // Most blobs are young. The check without the lock finds that without blocking writers.
        if !is_old()? {
            return Ok(false);
        }
        let _alone = self.age_lock.write().unwrap_or_else(PoisonError::into_inner);
        if !is_old()? {
            return Ok(false);
        }
        fs::remove_file(path)?;
        Ok(true)
    }
}

/// Opens the blob at `path` and sets its modification time to now, so that it is not deleted as old. Returns `None` if
/// there is no blob.
fn touch(path: &Path, age_lock: &RwLock<()>) -> io::Result<Option<fs::File>> {
    let _shared = age_lock.read().unwrap_or_else(PoisonError::into_inner);
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    file.set_modified(SystemTime::now())?;
    Ok(Some(file))
}

/// Syncs a folder. Syncing a file makes its bytes durable, but not its name.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// A watch on a local record.
#[derive(Debug)]
pub struct LocalWatch {
    changes: watch::Receiver<()>,
    key: String,
    watched: Arc<Watched>,
}

impl Drop for LocalWatch {
    /// Removes the record from the watched records if this was its last watch.
    fn drop(&mut self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // The receiver is dropped while the lock is held. If two watches were dropped at once and their receivers only
        // later, each would count the other, and the record would stay listed.
        drop(std::mem::replace(&mut self.changes, watch::channel(()).1));
        if watched.get(&self.key).is_some_and(|sender| sender.receiver_count() == 0) {
            watched.remove(&self.key);
        }
    }
}

impl LocalWatch {
    pub(super) async fn changed(&mut self) {
        // The sender exists as long as the record has a watch.
        if self.changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn watch_key(kind: Kind, key: &str) -> String {
    format!("{}/{key}", kind.name())
}

fn notify(watched: &Watched, kind: Kind, key: &str) {
    let watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = watched.get(&watch_key(kind, key)) {
        sender.send_replace(());
    }
}

fn failure(done: &str, kind: Kind, key: &str, source: redb::Error) -> StoreFailure {
    StoreFailure::new(format!("the {} {key} could not be {done}", kind.name()), source)
}

fn unwritten(error: Arc<redb::Error>) -> StoreFailure {
    StoreFailure::new("the records could not be written", error)
}

fn create_tables(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for kind in Kind::ALL {
        transaction.open_table(table(kind))?;
    }
    transaction.commit()?;
    Ok(())
}

/// Writes until the last sender is dropped.
fn write_all(database: &Database, mut queued: mpsc::Receiver<QueuedWrite>, has_failed: &AtomicBool) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while queued.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
        let writes = batch.drain(..).map(|QueuedWrite(write)| write);
        let (committed, failed): (Vec<OnCommit>, _) = match database.begin_write() {
            Ok(transaction) => {
                let committed = writes.map(|write| write(Ok(&transaction))).collect();
                (committed, transaction.commit().err().map(redb::Error::from))
            }
            Err(error) => {
                let error = Arc::new(redb::Error::from(error));
                tracing::error!(%error, "no transaction can begin");
                has_failed.store(true, Ordering::Release);
                writes.for_each(|write| write(Err(Arc::clone(&error)))(None));
                continue;
            }
        };
        if let Some(error) = &failed {
            tracing::error!(%error, "a transaction could not be committed");
        }
        has_failed.store(failed.is_some(), Ordering::Release);
        let failed = failed.map(Arc::new);
        for done in committed {
            done(failed.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk in memory that can be made full.
    #[derive(Debug)]
    struct Disk {
        bytes: redb::backends::InMemoryBackend,
        is_full: Arc<AtomicBool>,
    }

    impl Disk {
        fn check(&self) -> io::Result<()> {
            if self.is_full.load(Ordering::Acquire) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl redb::StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            self.bytes.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.bytes.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.check()?;
            self.bytes.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.bytes.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.check()?;
            self.bytes.write(offset, data)
        }
    }

    fn store(is_full: &Arc<AtomicBool>) -> LocalStore {
        let disk = Disk { bytes: redb::backends::InMemoryBackend::new(), is_full: Arc::clone(is_full) };
        LocalStore::start(Database::builder().create_with_backend(disk).unwrap(), Path::new("none")).unwrap()
    }

    #[tokio::test]
    async fn a_full_disk_fails_every_write_of_a_batch_and_the_store_is_unhealthy() {
        let is_full = Arc::default();
        let store = store(&is_full);
        store.put(Kind::Internal, "a", b"1".to_vec()).await.unwrap();
        assert!(store.is_healthy());
        is_full.store(true, Ordering::Release);
        // The first transaction cannot be committed, the second cannot begin.
        for _ in 0..2 {
            let failures =
                futures_util::future::join_all((0..10).map(|_| store.put(Kind::Internal, "a", b"2".to_vec())));
            for failure in failures.await {
                let failure = failure.unwrap_err();
                assert_eq!(failure.to_string(), "the records could not be written");
                assert!(std::error::Error::source(&failure).is_some_and(|source| source.to_string().contains("I/O")));
            }
            assert!(!store.is_healthy());
        }
        assert_eq!(store.get(Kind::Internal, "a").unwrap(), Some(b"1".to_vec()));
        // Free space alone does not make it healthy again.
        is_full.store(false, Ordering::Release);
        store.put(Kind::Internal, "a", b"3".to_vec()).await.unwrap_err();
        assert!(!store.is_healthy());
    }

    #[tokio::test]
    async fn a_store_whose_writing_thread_has_ended_is_unhealthy() {
        let store = store(&Arc::default());
        let change = |_: Option<&[u8]>| -> Result<(Option<Vec<u8>>, ()), StoreFailure> { panic!("on purpose") };
        store.update(Kind::Internal, "a", change).await.unwrap_err();
        while !store.writer.thread.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!store.is_healthy());
    }

    #[test]
    fn a_blob_that_is_touched_is_not_deleted_as_old_by_a_check_made_before() {
        const HOUR: Duration = Duration::from_secs(3600);

        let store = store(&Arc::default());
        let folder = crate::testing::folder();
        let path = folder.path().join("blob");
        let is_done = AtomicBool::new(false);
        let is_kept = thread::scope(|scope| {
            scope.spawn(|| {
                while !is_done.load(Ordering::Acquire) {
                    // Often there is no blob.
                    let _ = store.delete_blob_older_than(&path, HOUR);
                }
            });
            let (begun, mut is_young) = (std::time::Instant::now(), false);
            let is_kept = std::iter::from_fn(|| (begun.elapsed() < Duration::from_secs(2)).then_some(())).all(|()| {
                // The other thread had the time to delete the blob, if it saw it old in the last round.
                let is_kept = !is_young || path.exists();
                fs::File::create(&path).unwrap().set_modified(SystemTime::now() - 2 * HOUR).unwrap();
                is_young = touch(&path, &store.age_lock).unwrap().is_some();
                is_kept
            });
            is_done.store(true, Ordering::Release);
            is_kept
        });
        assert!(is_kept);
    }

    #[test]
    fn the_last_dropped_watch_of_a_record_removes_it_from_the_watched_ones() {
        let store = store(&Arc::default());
        let (first, second) = (store.watch(Kind::Internal, "a"), store.watch(Kind::Internal, "a"));
        drop(first);
        assert_eq!(store.watched.lock().unwrap().len(), 1);
        drop(second);
        assert_eq!(store.watched.lock().unwrap().len(), 0);
    }

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn blob_of(store: &LocalStore, bytes: &[u8]) -> PathBuf {
        store.blob_path(&Digest::of(bytes))
    }

    async fn put(store: &LocalStore, bytes: &'static [u8]) {
        store.put_blob(&Digest::of(bytes), bytes.into()).await.unwrap();
    }

    fn make_old(store: &LocalStore, bytes: &[u8], age: Duration) {
        fs::File::open(blob_of(store, bytes)).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }

    #[tokio::test]
    async fn a_blob_is_in_the_folder_of_the_first_two_digits_of_its_digest() {
        let folder = crate::testing::folder();
        let store = LocalStore::open(folder.path()).unwrap();
        put(&store, b"").await;
        let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let path = folder.path().join("blobs").join(&digest[..2]).join(&digest[2..]);
        assert_eq!(fs::read(path).unwrap(), b"");
        assert_eq!(fs::read_dir(folder.path().join("blobs")).unwrap().count(), 256);
    }

    #[tokio::test]
    async fn only_blobs_that_were_last_put_more_than_an_age_ago_are_deleted() {
        let folder = crate::testing::folder();
        let store = LocalStore::open(folder.path()).unwrap();
        for bytes in [&b"old"[..], b"young", b"put again"] {
            put(&store, bytes).await;
        }
        make_old(&store, b"old", DAY + Duration::from_secs(60));
        make_old(&store, b"young", Duration::from_secs(23 * 3600));
        make_old(&store, b"put again", 2 * DAY);
        put(&store, b"put again").await;
        assert_eq!(store.delete_blobs_older_than(DAY).unwrap(), 1);
        let exist = [&b"old"[..], b"young", b"put again"].map(|bytes| blob_of(&store, bytes).exists());
        assert_eq!(exist, [false, true, true]);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_read_is_skipped_by_the_deletion_of_blobs() {
        let folder = crate::testing::folder();
        let store = LocalStore::open(folder.path()).unwrap();
        // No folder, so that it cannot be read as one.
        for name in ["!", "zz"] {
            fs::write(folder.path().join("blobs").join(name), "a file").unwrap();
        }
        // A folder cannot be removed as a file.
        let stray = blob_of(&store, b"old").with_file_name("stray");
        fs::create_dir(&stray).unwrap();
        fs::File::open(&stray).unwrap().set_modified(SystemTime::now() - 2 * DAY).unwrap();
        put(&store, b"old").await;
        make_old(&store, b"old", 2 * DAY);
        assert_eq!(store.delete_blobs_older_than(DAY).unwrap(), 1);
        assert!(!blob_of(&store, b"old").exists());
    }

    #[test]
    fn only_the_owner_has_access_to_the_folder_with_the_signing_key() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = crate::testing::folder();
        let data = folder.path().join("a").join("b");
        drop(LocalStore::open(&data).unwrap());
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_damaged_file_of_records_is_an_error_and_no_panic() {
        let folder = crate::testing::folder();
        fs::write(folder.path().join("records.redb"), vec![7; 100_000]).unwrap();
        let failure = LocalStore::open(folder.path()).unwrap_err();
        assert_eq!(failure.to_string(), format!("the store in {} cannot be opened", folder.path().display()));
    }

    #[test]
    fn opening_deletes_the_unfinished_files_of_a_crash_and_keeps_the_blobs() {
        let folder = crate::testing::folder();
        let (half, blob) = (folder.path().join("parts").join("half"), folder.path().join("blobs").join("00").join("1"));
        for path in [&half, &blob] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "bytes").unwrap();
        }
        drop(LocalStore::open(folder.path()).unwrap());
        assert!(!half.exists() && half.parent().unwrap().exists() && blob.exists());
    }

    #[tokio::test]
    async fn the_records_of_a_kind_are_in_the_order_of_their_keys() {
        let store = store(&Arc::default());
        for key in ["b", "c", "a"] {
            store.put(Kind::Call, key, b"1".to_vec()).await.unwrap();
        }
        store.put(Kind::Call, "bb", b"no JSON".to_vec()).await.unwrap();
        let all: Vec<(String, u32)> = store.all(Kind::Call).unwrap();
        assert_eq!(all.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[tokio::test]
    async fn a_page_has_the_next_records_after_a_key_and_the_last_key_only_if_there_may_be_more() {
        let store = store(&Arc::default());
        for key in ["a", "b", "c", "d"] {
            store.put(Kind::Call, key, b"1".to_vec()).await.unwrap();
        }
        let page = |after: Option<&str>, len: usize| {
            let page = store.page(Kind::Call, after, len, |_: &u32| true).unwrap();
            (page.keys.concat(), page.last)
        };
        assert_eq!(page(None, 2), ("ab".to_owned(), Some("b".to_owned())));
        assert_eq!(page(Some("b"), 2), ("cd".to_owned(), Some("d".to_owned())));
        assert_eq!(page(Some("d"), 2), (String::new(), None));
        assert_eq!(page(Some("a"), 9), ("bcd".to_owned(), None));
        let unwanted = store.page(Kind::Call, None, 2, |_: &u32| false).unwrap();
        assert_eq!((unwanted.keys.len(), unwanted.last.as_deref()), (0, Some("b")));
    }

    #[tokio::test]
    async fn a_change_of_one_record_does_not_end_the_watch_of_another_kind_or_key() {
        let store = store(&Arc::default());
        let mut watch = store.watch(Kind::Job, "a");
        for (kind, key) in [(Kind::Call, "a"), (Kind::Job, "b")] {
            store.put(kind, key, b"1".to_vec()).await.unwrap();
        }
        assert!(!watch.changes.has_changed().unwrap());
        store.put(Kind::Job, "a", b"1".to_vec()).await.unwrap();
        watch.changed().await;
    }

    #[test]
    fn up_to_256_queued_writes_share_one_commit() {
        let store = store(&Arc::default());
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let blocking: Write = Box::new(move |_| {
            let _ = wait.recv();
            Box::new(|_| ())
        });
        let send = |write: Write| assert!(store.writes.blocking_send(QueuedWrite(write)).is_ok());
        send(blocking);
        while store.writes.capacity() < store.writes.max_capacity() {
            thread::yield_now();
        }
        // The writing thread is blocked, so that these are queued together.
        let (told, steps) = std::sync::mpsc::channel();
        for _ in 0..257 {
            let told = told.clone();
            send(Box::new(move |_| {
                told.send("written").unwrap();
                Box::new(move |_| told.send("committed").unwrap())
            }));
        }
        drop((told, release));
        let steps: Vec<&str> = steps.iter().collect();
        let runs: Vec<_> = steps.chunk_by(|step, next| step == next).map(|run| (run[0], run.len())).collect();
        assert_eq!(runs, [("written", 256), ("committed", 256), ("written", 1), ("committed", 1)]);
    }
}
