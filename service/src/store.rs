//! The store, which survives restarts: records (small, JSON) and blobs (files, named by their SHA-256).
//!
//! | where | records | blobs |
//! |---|---|---|
//! | [`local`] | `redb`, one file | a folder |
//! | [`nats`] | a key-value bucket of JetStream | an object store of JetStream |
//!
//! `redb` is an embedded store written in Rust. Its transactions are durable when they return, and its single file
//! needs no repair when it is opened. Records are small and fit into it. Pictures are files beside it, since a
//! page-based store would write each of their bytes twice. Concurrent writes share a commit.

pub mod local;
pub mod nats;

use std::pin::Pin;
use std::sync::Arc;
use std::{fmt, io};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use smart_resize::plan::Digest;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use self::local::LocalStore;
use self::nats::NatsStore;

/// The most bytes of a record. A message of JetStream has at most 1 MiB, headers included.
pub const MAX_RECORD_BYTES: usize = 900 << 10;
/// The most attempts to read a blob. A read can break off while the blob is put again.
const MAX_READS: usize = 3;

/// The most bytes that are hashed on the current thread. Handing them to another thread would take longer.
const MAX_HASHED_HERE: usize = 256 << 10;

/// The kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A request.
    Job,
    /// A call to a backend: its answer, or how far it has come.
    Call,
    /// An upload.
    Upload,
    /// State of the service itself, such as its signing key. It is never deleted.
    Internal,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Job, Self::Call, Self::Upload, Self::Internal];

    /// Returns the name of the kind, which is also the name of its table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Call => "call",
            Self::Upload => "upload",
            Self::Internal => "own",
        }
    }
}

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub struct StoreFailure {
    doing: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreFailure {
    /// Creates a failure from the sentence that says what failed, and its cause.
    pub fn new(doing: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { doing: doing.into(), source: source.into() }
    }
}

impl From<StoreFailure> for smart_resize::generate::store::StoreError {
    fn from(failure: StoreFailure) -> Self {
        Self::new(failure)
    }
}

/// A reader of a blob.
pub struct BlobReader {
    /// The bytes, in order.
    pub reader: Pin<Box<dyn AsyncRead + Send>>,
    /// The number of bytes.
    pub len: u64,
}

impl BlobReader {
    /// Reads the whole blob. Fails if it ends before `len` bytes.
    async fn bytes(mut self) -> io::Result<Bytes> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.len).unwrap_or(0));
        self.reader.read_to_end(&mut bytes).await?;
        if bytes.len() as u64 == self.len { Ok(bytes.into()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// A store of records and blobs. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// A store on this machine.
    Local(LocalStore),
    /// A store on NATS JetStream, for any number of machines.
    Nats(Arc<NatsStore>),
}

macro_rules! delegate {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Store::Local($store) => $call,
            Store::Nats($store) => $call,
        }
    };
}

impl Store {
    /// Whether records can be written, as far as is known without trying.
    pub fn is_healthy(&self) -> bool {
        delegate!(self, store => store.is_healthy())
    }

    /// Returns the record of `key`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store cannot be read, or the record is not valid JSON of its type.
    pub async fn get<T: DeserializeOwned>(&self, kind: Kind, key: &str) -> Result<Option<T>, StoreFailure> {
        let found = match self {
            Self::Local(store) => store.get(kind, key)?,
            Self::Nats(store) => store.get(kind, key).await?,
        };
        found.map(|bytes| read(kind, key, &bytes)).transpose()
    }

    /// Writes the record of `key`, whether there was one before or not.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the record may not be on disk.
    pub async fn put<T: Serialize + Sync>(&self, kind: Kind, key: &str, record: &T) -> Result<(), StoreFailure> {
        let bytes = write(kind, key, record)?;
        delegate!(self, store => store.put(kind, key, bytes).await)
    }

    /// Changes the record of `key` atomically. `change` gets the current record and leaves the new one in its place;
    /// `None` stands for no record. It may be called several times, if another writer was faster. Nothing is written if
    /// the record is unchanged.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the record may not be on disk.
    pub async fn update<T, R>(
        &self,
        kind: Kind,
        key: &str,
        mut change: impl FnMut(&mut Option<T>) -> R + Send + 'static,
    ) -> Result<R, StoreFailure>
    where
        T: Serialize + DeserializeOwned,
        R: Send + 'static,
    {
        let name = key.to_owned();
        let change = move |found: Option<&[u8]>| -> Result<(Option<Vec<u8>>, R), StoreFailure> {
            let mut record = found.map(|bytes| read(kind, &name, bytes)).transpose()?;
            let result = change(&mut record);
            let bytes = record.map(|record: T| write(kind, &name, &record)).transpose()?;
            Ok((bytes, result))
        };
        delegate!(self, store => store.update(kind, key, change).await)
    }

    /// Deletes the record of `key`, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the record may still exist.
    pub async fn delete(&self, kind: Kind, key: &str) -> Result<(), StoreFailure> {
        delegate!(self, store => store.delete(kind, key).await)
    }

    /// Watches the record of `key` for changes from now on.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the record cannot be watched.
    pub async fn watch(&self, kind: Kind, key: &str) -> Result<Watch, StoreFailure> {
        Ok(match self {
            Self::Local(store) => Watch::Local(store.watch(kind, key)),
            Self::Nats(store) => Watch::Nats(Box::new(store.watch(kind, key).await?)),
        })
    }

    /// Stores `bytes` under their digest, and returns it when they are on disk.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the bytes may not be on disk.
    pub async fn put_blob(&self, bytes: Bytes) -> Result<Digest, StoreFailure> {
        let digest = if bytes.len() <= MAX_HASHED_HERE {
            Digest::of(&bytes)
        } else {
            let bytes = bytes.clone();
            let hashed = tokio::task::spawn_blocking(move || Digest::of(&bytes)).await;
            hashed.map_err(|source| StoreFailure::new("a blob could not be hashed", source))?
        };
        delegate!(self, store => store.put_blob(&digest, bytes).await)?;
        Ok(digest)
    }

    /// Returns a reader of the blob with this digest, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store cannot be read.
    pub async fn open_blob(&self, digest: &Digest) -> Result<Option<BlobReader>, StoreFailure> {
        delegate!(self, store => store.open_blob(digest).await)
    }

    /// Returns all bytes of the blob with this digest, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`open_blob`](Self::open_blob), and if several reads break off.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<Bytes>, StoreFailure> {
        let mut failure = None;
        for _ in 0..MAX_READS {
            let Some(blob) = self.open_blob(digest).await? else { return Ok(None) };
            match blob.bytes().await {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(error) => {
                    tracing::warn!(%digest, %error, "a read of a blob broke off");
                    failure = Some(error);
                }
            }
        }
        let failure = failure.unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into());
        Err(StoreFailure::new(format!("blob {digest} could not be read"), failure))
    }
}

/// A watch on one record.
#[derive(Debug)]
pub enum Watch {
    /// A watch in the local store.
    Local(local::LocalWatch),
    /// A watch on JetStream.
    Nats(Box<nats::NatsWatch>),
}

impl Watch {
    /// Returns when the record may have changed since this method last returned, or since the watch began.
    pub async fn changed(&mut self) {
        match self {
            Self::Local(watch) => watch.changed().await,
            Self::Nats(watch) => watch.changed().await,
        }
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobReader").field("len", &self.len).finish_non_exhaustive()
    }
}

fn read<T: DeserializeOwned>(kind: Kind, key: &str, bytes: &[u8]) -> Result<T, StoreFailure> {
    serde_json::from_slice(bytes)
        .map_err(|source| StoreFailure::new(format!("the {} {key} in the store cannot be read", kind.name()), source))
}

fn write<T: Serialize>(kind: Kind, key: &str, record: &T) -> Result<Vec<u8>, StoreFailure> {
    let name = kind.name();
    let bytes = serde_json::to_vec(record)
        .map_err(|source| StoreFailure::new(format!("the {name} {key} cannot be written as JSON"), source))?;
    if bytes.len() > MAX_RECORD_BYTES {
        let doing = format!("the {name} {key} has {} bytes of JSON; expected at most {MAX_RECORD_BYTES}", bytes.len());
        return Err(StoreFailure::new(doing, "the record is too long"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn each_kind_of_record_has_the_name_of_its_table() {
        assert_eq!(Kind::ALL.map(Kind::name), ["job", "call", "upload", "own"]);
    }

    #[tokio::test]
    async fn a_blob_that_ends_before_its_length_is_an_error() {
        let read = async |len: u64| BlobReader { reader: Box::pin(&b"0123456789"[..]), len }.bytes().await;
        assert_eq!(read(10).await.unwrap(), "0123456789");
        for len in [9, 11] {
            assert_eq!(read(len).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{len}");
        }
    }

    #[tokio::test]
    async fn a_blob_has_the_digest_of_its_bytes_whether_short_or_long() {
        let (_folder, store) = testing::store();
        for len in [0, MAX_HASHED_HERE, MAX_HASHED_HERE + 1] {
            let bytes = Bytes::from(vec![7; len]);
            let digest = store.put_blob(bytes.clone()).await.unwrap();
            assert_eq!(digest, Digest::of(&bytes), "{len}");
            assert!(store.blob(&digest).await.unwrap() == Some(bytes), "{len}");
        }
        assert_eq!(store.blob(&Digest::of(b"none")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_update_that_leaves_no_record_deletes_it_and_returns_its_result() {
        let (_folder, store) = testing::store();
        store.put(Kind::Call, "a", &7).await.unwrap();
        let add = |record: &mut Option<u32>| record.as_mut().map(|count| std::mem::replace(count, *count + 1));
        assert_eq!(store.update(Kind::Call, "a", add).await.unwrap(), Some(7));
        assert_eq!(store.update(Kind::Call, "a", |record: &mut Option<u32>| record.take()).await.unwrap(), Some(8));
        assert_eq!(store.get::<u32>(Kind::Call, "a").await.unwrap(), None);
        assert_eq!(store.update(Kind::Call, "a", add).await.unwrap(), None);
        assert_eq!(store.get::<u32>(Kind::Call, "a").await.unwrap(), None);
    }

    #[tokio::test]
    async fn records_of_two_kinds_with_the_same_key_are_apart() {
        let (_folder, store) = testing::store();
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            store.put(kind, "a", &number).await.unwrap();
        }
        store.delete(Kind::Job, "a").await.unwrap();
        let mut found = Vec::new();
        for kind in Kind::ALL {
            found.push(store.get::<usize>(kind, "a").await.unwrap());
        }
        assert_eq!(found, [None, Some(1), Some(2), Some(3)]);
    }

    #[tokio::test]
    async fn a_record_of_another_form_is_an_error_with_its_kind_and_key() {
        let (_folder, store) = testing::store();
        store.put(Kind::Upload, "a", &"a text").await.unwrap();
        let text = "the upload a in the store cannot be read";
        assert_eq!(store.get::<u32>(Kind::Upload, "a").await.unwrap_err().to_string(), text);
        let updated = store.update(Kind::Upload, "a", |_: &mut Option<u32>| ()).await;
        assert_eq!(updated.unwrap_err().to_string(), text);
        assert_eq!(store.get::<String>(Kind::Upload, "a").await.unwrap().as_deref(), Some("a text"));
    }
}
