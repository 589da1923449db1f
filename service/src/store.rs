//! What survives a restart: records (small, JSON) and blobs (files, named by their SHA-256).
//!
//! | where | records | blobs |
//! |---|---|---|
//! | [`local`] | `redb`, one file | a folder |
//! | [`nats`] | a key-value bucket of JetStream | an object store of JetStream |
//!
//! `redb` is an embedded store in Rust alone with transactions that are safe when they return, and one file that the
//! next start opens without repair; records are small, and pictures are files beside it, since a store of pages would
//! write each of their bytes twice. Writes that come at the same time share one commit.

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

/// The most bytes of a record: a message of JetStream has at most 1 MiB, with its headers.
pub const MAX_RECORD_BYTES: usize = 900 << 10;
/// How often a blob is read that broke off, which may be put again at the same time.
const MAX_READS: usize = 3;

/// The most bytes that are hashed where they are: it takes less time than another thread does.
const MAX_HASHED_HERE: usize = 256 << 10;

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A request.
    Job,
    /// A call to a backend: its answer, or how far it is.
    Call,
    /// An upload.
    Upload,
    /// What the service itself has to keep, such as its signing key.
    Own,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Job, Self::Call, Self::Upload, Self::Own];

    /// Its name, which is also a table's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Call => "call",
            Self::Upload => "upload",
            Self::Own => "own",
        }
    }
}

/// A store that failed.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub struct StoreFailure {
    doing: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreFailure {
    /// The failure of `doing` something.
    pub fn new(doing: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { doing: doing.into(), source: source.into() }
    }
}

impl From<StoreFailure> for smart_resize::generate::store::StoreError {
    fn from(failure: StoreFailure) -> Self {
        Self::new(failure)
    }
}

/// A blob that is being read.
pub struct BlobReader {
    /// Its bytes, in order.
    pub reader: Pin<Box<dyn AsyncRead + Send>>,
    /// How many.
    pub len: u64,
}

impl BlobReader {
    /// All of them.
    async fn bytes(mut self) -> io::Result<Bytes> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.len).unwrap_or(0));
        self.reader.read_to_end(&mut bytes).await?;
        if bytes.len() as u64 == self.len { Ok(bytes.into()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Records and blobs.
#[derive(Clone, Debug)]
pub enum Store {
    /// On this machine.
    Local(LocalStore),
    /// On NATS JetStream, for any number of machines.
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
    /// Whether records can be kept, as far as is known without trying.
    pub fn is_healthy(&self) -> bool {
        delegate!(self, store => store.is_healthy())
    }

    /// The record of `key`.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where the store cannot be read, or the record not be understood.
    pub async fn get<T: DeserializeOwned>(&self, kind: Kind, key: &str) -> Result<Option<T>, StoreFailure> {
        let found = match self {
            Self::Local(store) => store.get(kind, key)?,
            Self::Nats(store) => store.get(kind, key).await?,
        };
        found.map(|bytes| read(kind, key, &bytes)).transpose()
    }

    /// Puts the record of `key`, whatever was there.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where it is not safe.
    pub async fn put<T: Serialize + Sync>(&self, kind: Kind, key: &str, record: &T) -> Result<(), StoreFailure> {
        let bytes = write(kind, key, record)?;
        delegate!(self, store => store.put(kind, key, bytes).await)
    }

    /// Changes the record of `key` in one step: `change` is given what is there and leaves what is to be there, and may
    /// be asked again where another was quicker. Nothing is written where it changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where it is not safe.
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

    /// Deletes the record of `key`, if it is there.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where it may still be there.
    pub async fn delete(&self, kind: Kind, key: &str) -> Result<(), StoreFailure> {
        delegate!(self, store => store.delete(kind, key).await)
    }

    /// A wait for changes of the record of `key` from now on.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where they cannot be waited for.
    pub async fn watch(&self, kind: Kind, key: &str) -> Result<Watch, StoreFailure> {
        Ok(match self {
            Self::Local(store) => Watch::Local(store.watch(kind, key)),
            Self::Nats(store) => Watch::Nats(Box::new(store.watch(kind, key).await?)),
        })
    }

    /// Keeps `bytes` under their digest; done when they are safe.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where they are not.
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

    /// The blob with this digest, to be read piece by piece.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] where it cannot be known whether it is there.
    pub async fn open_blob(&self, digest: &Digest) -> Result<Option<BlobReader>, StoreFailure> {
        delegate!(self, store => store.open_blob(digest).await)
    }

    /// The whole blob with this digest.
    ///
    /// # Errors
    ///
    /// As [`open_blob`](Self::open_blob), and where it breaks off more than once or twice.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<Bytes>, StoreFailure> {
        let mut failure = None;
        for _ in 0..MAX_READS {
            let Some(blob) = self.open_blob(digest).await? else { return Ok(None) };
            match blob.bytes().await {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(error) => {
                    tracing::warn!(%digest, %error, "a blob broke off");
                    failure = Some(error);
                }
            }
        }
        let failure = failure.unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into());
        Err(StoreFailure::new(format!("blob {digest} could not be read"), failure))
    }
}

/// A wait for a change of one record.
#[derive(Debug)]
pub enum Watch {
    /// Of the local store.
    Local(local::LocalWatch),
    /// Of JetStream.
    Nats(Box<nats::NatsWatch>),
}

impl Watch {
    /// Returns when the record may have changed since the last return, or since the watch began.
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
        let doing =
            format!("the {name} {key} is {} bytes of JSON, at most {MAX_RECORD_BYTES} can be kept", bytes.len());
        return Err(StoreFailure::new(doing, "the record is too long"));
    }
    Ok(bytes)
}
