//! The store of several machines: key-value buckets and an object store on NATS JetStream.

use std::io;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::kv::{self, Operation};
use async_nats::jetstream::object_store::{self, GetErrorKind, InfoErrorKind, Object, ObjectInfo, ObjectStore};
use async_nats::jetstream::{self, Context};
use bytes::Bytes;
use futures_util::StreamExt as _;
use smart_resize::plan::Digest;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::{BlobReader, Kind, StoreFailure};

/// The most attempts at a change, if other writers are faster each time.
const MAX_TRIES: usize = 100;
/// The longest pause in a read of a blob. A read whose bytes were deleted meanwhile would wait forever.
const MAX_SILENCE: Duration = Duration::from_secs(10);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Records and blobs on JetStream.
pub struct NatsStore {
    context: Context,
    /// Records that are deleted because of their age.
    records: kv::Store,
    /// Records that are never deleted.
    internal: kv::Store,
    blobs: ObjectStore,
    /// The age at which records and blobs are deleted. Zero disables the deletion.
    age: Duration,
}

impl std::fmt::Debug for NatsStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NatsStore")
    }
}

impl NatsStore {
    /// Connects to the servers at `url`, and creates the buckets that do not exist, each on `replicas` servers.
    /// Existing buckets keep their settings. Records and blobs are deleted at `age` after their last change.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if JetStream is not available.
    pub async fn connect(url: &str, age: Duration, replicas: usize) -> Result<Self, StoreFailure> {
        let failure = |source: BoxError| StoreFailure::new("JetStream cannot be used", source);
        let client = async_nats::ConnectOptions::new()
            .name("smart-resize")
            .retry_on_initial_connect()
            .connect(url)
            .await
            .map_err(|error| failure(error.into()))?;
        let context = jetstream::new(client);
        let bucket = |name: &str, max_age| kv::Config {
            bucket: name.to_owned(),
            history: 1,
            max_age,
            num_replicas: replicas,
            ..kv::Config::default()
        };
        let records = bucket_at(&context, bucket("smart-resize", age)).await.map_err(failure)?;
        let internal = bucket_at(&context, bucket("smart-resize-own", Duration::ZERO)).await.map_err(failure)?;
        let blobs = object_store::Config {
            bucket: "smart-resize-blobs".to_owned(),
            max_age: age,
            num_replicas: replicas,
            ..object_store::Config::default()
        };
        let blobs = match context.get_object_store(&blobs.bucket).await {
            Ok(found) => found,
            Err(_) => context.create_object_store(blobs).await.map_err(|error| failure(error.into()))?,
        };
        Ok(Self { context, records, internal, blobs, age })
    }

    /// Returns the JetStream context.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Whether the client is connected.
    pub fn is_healthy(&self) -> bool {
        self.context.client().connection_state() == State::Connected
    }

    const fn bucket(&self, kind: Kind) -> &kv::Store {
        match kind {
            Kind::Internal => &self.internal,
            Kind::Job | Kind::Call | Kind::Upload => &self.records,
        }
    }

    async fn entry(&self, kind: Kind, key: &str) -> Result<Option<kv::Entry>, StoreFailure> {
        let entry = self.bucket(kind).entry(name(kind, key)).await;
        entry.map_err(|error| failure("read", kind, key, error.into()))
    }

    pub(super) async fn get(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        let entry = self.entry(kind, key).await?;
        Ok(entry.filter(|entry| entry.operation == Operation::Put).map(|entry| entry.value.to_vec()))
    }

    pub(super) async fn put(&self, kind: Kind, key: &str, bytes: Vec<u8>) -> Result<(), StoreFailure> {
        let put = self.bucket(kind).put(name(kind, key), bytes.into()).await;
        put.map(|_| ()).map_err(|error| failure("written", kind, key, error.into()))
    }

    pub(super) async fn delete(&self, kind: Kind, key: &str) -> Result<(), StoreFailure> {
        let deleted = self.bucket(kind).purge(name(kind, key)).await;
        deleted.map_err(|error| failure("deleted", kind, key, error.into()))
    }

    pub(super) async fn update<R: Send + 'static>(
        &self,
        kind: Kind,
        key: &str,
        mut change: impl FnMut(Option<&[u8]>) -> Result<(Option<Vec<u8>>, R), StoreFailure> + Send + 'static,
    ) -> Result<R, StoreFailure> {
        // Optimistic concurrency: the bucket accepts a write only if its revision is still the one that was read.
        // Revision 0 stands for no entry.
        for attempt in 0..MAX_TRIES {
            let entry = self.entry(kind, key).await?;
            let revision = entry.as_ref().map_or(0, |entry| entry.revision);
            let found = entry.filter(|entry| entry.operation == Operation::Put).map(|entry| entry.value);
            let (bytes, result) = change(found.as_deref())?;
            if bytes.as_deref() == found.as_deref() {
                return Ok(result);
            }
            let (bucket, name) = (self.bucket(kind), name(kind, key));
            let changed = match bytes {
                Some(bytes) => bucket.update(name, bytes.into(), revision).await.map(|_| ()),
                None => bucket.purge_expect_revision(name, Some(revision)).await,
            };
            match changed {
                Ok(()) => return Ok(result),
                Err(error) if error.kind() == kv::UpdateErrorKind::WrongLastRevision => {
                    // Another writer was faster. The pause grows with each attempt, so that each of many writers
                    // succeeds at some time.
                    tokio::time::sleep(Duration::from_millis(2 * attempt.min(25) as u64)).await;
                }
                Err(error) => return Err(failure("written", kind, key, error.into())),
            }
        }
        Err(failure("written", kind, key, format!("other writers were faster {MAX_TRIES} times").into()))
    }

    pub(super) async fn watch(&self, kind: Kind, key: &str) -> Result<NatsWatch, StoreFailure> {
        let changes = self.bucket(kind).watch(name(kind, key)).await;
        let changes = changes.map_err(|error| failure("watched", kind, key, error.into()))?;
        Ok(NatsWatch { changes })
    }

    /// Stores a blob, unless a young copy exists. JetStream deletes a blob at a certain age after its last put. If two
    /// writers put the same blob at once, each writes all bytes. Readers find the later one; the bytes of the other are
    /// deleted at once or at their age.
    pub(super) async fn put_blob(&self, digest: &Digest, bytes: Bytes) -> Result<(), StoreFailure> {
        let failed = |source: BoxError| StoreFailure::new(format!("blob {digest} could not be written"), source);
        match self.blobs.info(digest.to_string()).await {
            Ok(info) if !info.deleted && info.size == bytes.len() && self.has_half_lifetime(&info) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == InfoErrorKind::NotFound => {}
            Err(error) => return Err(failed(error.into())),
        }
        let mut reader = bytes.as_ref();
        let put = self.blobs.put(digest.to_string().as_str(), &mut reader).await;
        put.map(|_| ()).map_err(|error| failed(error.into()))
    }

    /// Whether a blob has at least half of its lifetime left.
    fn has_half_lifetime(&self, info: &ObjectInfo) -> bool {
        let Some(modified) = info.modified else { return self.age.is_zero() };
        let modified_ms = u64::try_from(modified.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let found = Duration::from_millis(crate::time::now_ms().saturating_sub(modified_ms));
        is_young(found, self.age)
    }

    pub(super) async fn open_blob(&self, digest: &Digest) -> Result<Option<BlobReader>, StoreFailure> {
        match self.blobs.get(digest.to_string()).await {
            Ok(object) => {
                let len = object.info().size as u64;
                let silence = Box::pin(tokio::time::sleep(MAX_SILENCE));
                Ok(Some(BlobReader { reader: Box::pin(TimeoutReader { object, silence }), len }))
            }
            Err(error) if error.kind() == GetErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreFailure::new(format!("blob {digest} could not be read"), error)),
        }
    }
}

/// A reader of a blob that fails after a pause of [`MAX_SILENCE`].
struct TimeoutReader {
    object: Object,
    silence: Pin<Box<Sleep>>,
}

impl AsyncRead for TimeoutReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(read) = Pin::new(&mut this.object).poll_read(cx, buf) {
            this.silence.as_mut().reset(Instant::now() + MAX_SILENCE);
            return Poll::Ready(read);
        }
        let silence = this.silence.as_mut().poll(cx);
        silence.map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the object store sent no data in time")))
    }
}

async fn bucket_at(context: &Context, config: kv::Config) -> Result<kv::Store, BoxError> {
    match context.get_key_value(&config.bucket).await {
        Ok(found) => Ok(found),
        Err(_) => Ok(context.create_key_value(config).await?),
    }
}

/// Whether a blob of this age has more than half of its lifetime left. With a lifetime of zero, blobs are never deleted.
fn is_young(age: Duration, lifetime: Duration) -> bool {
    lifetime.is_zero() || age < lifetime / 2
}

fn name(kind: Kind, key: &str) -> String {
    format!("{}.{key}", kind.name())
}

fn failure(done: &str, kind: Kind, key: &str, source: BoxError) -> StoreFailure {
    StoreFailure::new(format!("the {} {key} could not be {done}", kind.name()), source)
}

/// A watch on a record on JetStream.
pub struct NatsWatch {
    changes: kv::Watch,
}

impl std::fmt::Debug for NatsWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NatsWatch")
    }
}

impl NatsWatch {
    pub(super) async fn changed(&mut self) {
        // Returns after at most 5 s, so that a broken watch does not block forever. The caller reads the record anyway.
        // After an error, the pause keeps it from reading in a tight loop.
        if !matches!(tokio::time::timeout(Duration::from_secs(5), self.changes.next()).await, Ok(Some(Ok(_))) | Err(_))
        {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_record_begins_with_the_name_of_its_kind() {
        assert_eq!(name(Kind::Job, "a"), "job.a");
        assert_eq!(name(Kind::Internal, "webhook-key"), "own.webhook-key");
    }

    #[test]
    fn a_blob_is_young_in_the_first_half_of_its_lifetime_or_if_it_is_never_deleted() {
        let age = Duration::from_secs(10);
        let found = [0, 4999, 5000, 9000].map(|millis| is_young(Duration::from_millis(millis), age));
        assert_eq!(found, [true, true, false, false]);
        assert!(is_young(Duration::from_secs(9000), Duration::ZERO));
    }
}
