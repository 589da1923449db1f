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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::App;
    use crate::testing;

    async fn resolved(store: &Store, input: Value, body: Value) -> Value {
        let job = Job::new(App::SmartResize, None, input);
        Urls::new("http://here").resolve(store, &job, &Answer::output(body)).await.unwrap()
    }

    #[tokio::test]
    async fn only_fields_named_url_with_a_blob_become_links() {
        let (_folder, store) = testing::store();
        let body = json!({
            "images": [{"url": "blob:ab/0.png", "name": "blob:ab/0.png"}, {"url": "https://a/b.png"}],
            "url": "blob:cd/1.png",
        });
        let expected = json!({
            "images": [{"url": "http://here/files/ab/0.png", "name": "blob:ab/0.png"}, {"url": "https://a/b.png"}],
            "url": "http://here/files/cd/1.png",
        });
        assert_eq!(resolved(&store, json!({}), body.clone()).await, expected);
        // The pictures were deleted, so that there is nothing to embed.
        assert_eq!(resolved(&store, json!({"sync_mode": true}), body).await, expected);
    }

    #[tokio::test]
    async fn pictures_are_embedded_as_data_uris_only_in_sync_mode() {
        let (_folder, store) = testing::store();
        let digest = store.put_blob(testing::picture(2, 1).into()).await.unwrap();
        let body = json!({"url": format!("blob:{digest}/0.png")});
        let link = json!({"url": format!("http://here/files/{digest}/0.png")});
        for input in [json!({}), json!({"sync_mode": false}), json!({"sync_mode": "true"})] {
            assert_eq!(resolved(&store, input, body.clone()).await, link);
        }
        let embedded = DataUri::new(Format::Png, testing::picture(2, 1)).to_string();
        assert_eq!(resolved(&store, json!({"sync_mode": true}), body).await, json!({"url": embedded}));
    }

    #[tokio::test]
    async fn pictures_beyond_the_room_of_64_mib_are_not_embedded() {
        assert_eq!(MAX_EMBEDDED_BYTES, 67_108_864);
        let (_folder, store) = testing::store();
        let digest = store.put_blob("0123456789".into()).await.unwrap();
        let urls = Urls::new("http://here");
        let mut room = 19;
        assert!(urls.embed(&store, &format!("{digest}/a.png"), &mut room).await.unwrap().is_some());
        assert_eq!(room, 9);
        assert_eq!(urls.embed(&store, &format!("{digest}/a.png"), &mut room).await.unwrap(), None);
        assert_eq!(room, 9);
        room = 10;
        assert!(urls.embed(&store, &format!("{digest}/a.png"), &mut room).await.unwrap().is_some());
        assert_eq!(room, 0);
    }
}
