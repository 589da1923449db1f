//! The store of one machine: records in `redb`, blobs in a folder.
//!
//! One thread writes. It takes all writes that wait, does them in one transaction, commits, and answers each: so a write
//! is safe when it returns, and a hundred at once cost one flush to the disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};
use smart_resize::Digest;
use tokio::sync::{mpsc, oneshot, watch};

use super::{BlobReader, Kind, StoreFailure};

/// The most memory that `redb` keeps pages in. Records are small.
const CACHE_BYTES: usize = 32 << 20;
/// The most writes that share a commit.
const MAX_BATCH: usize = 256;

type Table = TableDefinition<'static, &'static str, &'static [u8]>;
type Write = Box<dyn FnOnce(&WriteTransaction) -> Committed + Send>;
/// What is to be done when the transaction is safe, or is known not to be.
type Committed = Box<dyn FnOnce(Option<Arc<redb::Error>>) + Send>;

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
}

/// Records that somebody waits for.
type Watched = Mutex<BTreeMap<String, watch::Sender<()>>>;

struct QueuedWrite(Write);

impl std::fmt::Debug for QueuedWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QueuedWrite")
    }
}

impl LocalStore {
    /// Opens the store in `folder`, or begins one there. No other process may have it open.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where the folder or the file in it cannot be used.
    pub fn open(folder: &Path) -> Result<Self, StoreFailure> {
        let failure = |source: Box<dyn std::error::Error + Send + Sync>| {
            StoreFailure::new(format!("the store in {} cannot be opened", folder.display()), source)
        };
        let io = |result: io::Result<()>| result.map_err(|error| failure(error.into()));
        io(fs::create_dir_all(folder.join("blobs")))?;
        // What a crash left half written.
        let parts = folder.join("parts");
        io(fs::remove_dir_all(&parts).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }))?;
        io(fs::create_dir_all(&parts))?;
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(folder.join("records.redb"));
        let database = Arc::new(database.map_err(|error| failure(error.into()))?);
        create_tables(&database).map_err(|error| failure(error.into()))?;

        let (writes, queued) = mpsc::channel(4 * MAX_BATCH);
        let shared = Arc::clone(&database);
        let spawned = thread::Builder::new().name("records".to_owned()).spawn(move || write_all(&shared, queued));
        spawned.map_err(|error| failure(error.into()))?;
        Ok(Self { database, writes, folder: folder.into(), watched: Arc::default() })
    }

    pub(super) fn get(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(table(kind))?;
            Ok(table.get(key)?.map(|found| found.value().to_vec()))
        };
        read().map_err(|source| failure("read", kind, key, source))
    }

    /// Every record of a kind, in the order of their keys.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where they cannot be read.
    pub fn all<T: serde::de::DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(String, T)>, StoreFailure> {
        let read = || -> Result<Vec<_>, redb::Error> {
            let table = self.database.begin_read()?.open_table(table(kind))?;
            let all = table.iter()?.map(|entry| {
                let (key, value) = entry?;
                Ok((key.value().to_owned(), value.value().to_vec()))
            });
            all.collect()
        };
        let all = read().map_err(|source| failure("read", kind, "", source))?;
        all.into_iter()
            .map(|(key, bytes)| {
                let record = super::read(kind, &key, &bytes)?;
                Ok((key, record))
            })
            .collect()
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
            let mut attempt = || -> Result<R, StoreFailure> {
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
                    Some(error) => Err(StoreFailure::new("the records could not be written", error)),
                    None => result,
                };
                notify(&watched, kind, &name);
                // Whoever asked may have gone.
                let _ = answer.send(result);
            })
        });
        let gone = || StoreFailure::new("the records cannot be written", "their thread is gone");
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
        let (path, parts) = (self.blob_path(digest), self.folder.join("parts"));
        let written = tokio::task::spawn_blocking(move || {
            if path.exists() {
                // Young again for whoever deletes what is old.
                return fs::File::open(&path)?.set_modified(std::time::SystemTime::now());
            }
            let folder = path.parent().unwrap_or(&parts);
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&parts)?;
            file.write_all(&bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            fs::File::open(folder)?.sync_all()
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

    /// Deletes blobs that were neither written nor asked to be kept for `age`, and says how many.
    ///
    /// # Errors
    ///
    /// [`io::Error`] where the folder cannot be read.
    pub fn delete_blobs_older_than(&self, age: std::time::Duration) -> io::Result<usize> {
        let mut deleted = 0;
        for folder in fs::read_dir(self.folder.join("blobs"))? {
            for entry in fs::read_dir(folder?.path())? {
                let entry = entry?;
                let modified = entry.metadata()?.modified()?;
                if modified.elapsed().is_ok_and(|elapsed| elapsed > age) {
                    fs::remove_file(entry.path())?;
                    deleted += 1;
                }
            }
        }
        Ok(deleted)
    }
}

/// A wait for a change of a local record.
#[derive(Debug)]
pub struct LocalWatch {
    changes: watch::Receiver<()>,
    key: String,
    watched: Arc<Watched>,
}

impl Drop for LocalWatch {
    /// The last one that waits takes the record off the list.
    fn drop(&mut self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.get(&self.key).is_some_and(|sender| sender.receiver_count() <= 1) {
            watched.remove(&self.key);
        }
    }
}

impl LocalWatch {
    pub(super) async fn changed(&mut self) {
        // The sender is there as long as anybody listens.
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

fn create_tables(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for kind in Kind::ALL {
        transaction.open_table(table(kind))?;
    }
    transaction.commit()?;
    Ok(())
}

/// Writes until the last sender is gone.
fn write_all(database: &Database, mut queued: mpsc::Receiver<QueuedWrite>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while queued.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
        let transaction = match database.begin_write() {
            Ok(transaction) => transaction,
            Err(error) => {
                tracing::error!(%error, "no transaction can be begun");
                // The answers are dropped, which tells those who wait.
                batch.clear();
                continue;
            }
        };
        let committed: Vec<Committed> = batch.drain(..).map(|QueuedWrite(write)| write(&transaction)).collect();
        let failed = transaction.commit().err().map(|error| Arc::new(redb::Error::from(error)));
        if let Some(error) = &failed {
            tracing::error!(%error, "a transaction could not be committed");
        }
        for done in committed {
            done(failed.clone());
        }
    }
}
