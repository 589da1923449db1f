//! Files in answers: the URLs of stored files, or their bytes as data URIs.

use std::sync::Arc;

use serde_json::Value;
use smart_resize::Format;
use smart_resize::plan::Digest;
use smart_resize::wire::data_uri::DataUri;

use crate::job::{Answer, Job};
use crate::run::BLOB;
use crate::store::{BlobReader, Store, StoreFailure};

/// The most bytes of pictures in one answer with `sync_mode`; the pictures beyond it get URLs. An output may have forty
/// pictures of 4K, and an answer is in memory as a whole.
pub const MAX_EMBEDDED_BYTES: u64 = 64 << 20;

/// Builds the URLs of blobs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Urls {
    public_url: Arc<str>,
}

impl Urls {
    /// Creates a builder of URLs below `public_url`.
    pub fn new(public_url: impl Into<Arc<str>>) -> Self {
        Self { public_url: public_url.into() }
    }

    /// Returns the URL below which all URLs are, without a slash at the end.
    pub const fn public_url(&self) -> &Arc<str> {
        &self.public_url
    }

    /// Returns the body of an answer in which each blob is replaced by its URL. With `sync_mode` the blobs are replaced
    /// by data URIs, up to [`MAX_EMBEDDED_BYTES`].
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store cannot be read.
    pub async fn resolve(&self, store: &Store, job: &Job, answer: &Answer) -> Result<Value, StoreFailure> {
        let mut body = answer.body.clone();
        let is_embedded = job.input.get("sync_mode").and_then(Value::as_bool) == Some(true);
        let mut room = if is_embedded { MAX_EMBEDDED_BYTES } else { 0 };
        let mut places = Vec::new();
        find_blobs(&mut body, &mut places);
        for url in places {
            let rest = url.as_str().and_then(|url| url.strip_prefix(BLOB)).unwrap_or_default();
            let embedded = if is_embedded { self.embed(store, rest, &mut room).await? } else { None };
            *url = embedded.unwrap_or_else(|| self.link(rest)).into();
        }
        Ok(body)
    }

    fn link(&self, blob: &str) -> String {
        format!("{}/files/{blob}", self.public_url)
    }

    /// Returns the data URI of a blob, or `None` if the blob was deleted or has more bytes than `room`.
    async fn embed(&self, store: &Store, blob: &str, room: &mut u64) -> Result<Option<String>, StoreFailure> {
        let digest = blob.split('/').next().and_then(|digest| digest.parse::<Digest>().ok());
        let Some(digest) = digest else { return Ok(None) };
        let Some(BlobReader { len, .. }) = store.open_blob(&digest).await? else { return Ok(None) };
        let Some(left) = room.checked_sub(len) else { return Ok(None) };
        *room = left;
        let Some(bytes) = store.blob(&digest).await? else { return Ok(None) };
        let format = Format::sniff(&bytes).unwrap_or_default();
        Ok(Some(DataUri::new(format, bytes.as_ref()).to_string()))
    }
}

/// Collects every field `url` whose value is a blob.
fn find_blobs<'a>(value: &'a mut Value, places: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| find_blobs(item, places)),
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "url" && field.as_str().is_some_and(|url| url.starts_with(BLOB)) {
                    places.push(field);
                } else {
                    find_blobs(field, places);
                }
            }
        }
        _ => {}
    }
}
