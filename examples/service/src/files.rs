//! The URLs of this service's own files, or their bytes in their place.

use std::sync::Arc;

use serde_json::Value;
use smart_resize::wire::data_uri::DataUri;
use smart_resize::{Digest, Format};

use crate::job::{Answer, Job};
use crate::run::BLOB;
use crate::store::{Store, StoreFailure};

/// Makes URLs of blobs.
#[derive(Clone, Debug)]
pub struct Urls {
    public_url: Arc<str>,
}

impl Urls {
    /// The URLs below `public_url`.
    pub fn new(public_url: impl Into<Arc<str>>) -> Self {
        Self { public_url: public_url.into() }
    }

    /// Below what they are, without a slash at the end.
    pub const fn public_url(&self) -> &Arc<str> {
        &self.public_url
    }

    /// The body of an answer, with a URL for each blob in it, or with `sync_mode` a data URI.
    ///
    /// # Errors
    ///
    /// The store's failure.
    pub async fn resolve(&self, store: &Store, job: &Job, answer: &Answer) -> Result<Value, StoreFailure> {
        let mut body = answer.body.clone();
        let is_embedded = job.input.get("sync_mode").and_then(Value::as_bool) == Some(true);
        let mut places = Vec::new();
        find_blobs(&mut body, &mut places);
        for url in places {
            let rest = url.as_str().and_then(|url| url.strip_prefix(BLOB)).unwrap_or_default().to_owned();
            *url = if is_embedded { self.embed(store, &rest).await?.into() } else { self.link(&rest).into() };
        }
        Ok(body)
    }

    fn link(&self, blob: &str) -> String {
        format!("{}/files/{blob}", self.public_url)
    }

    async fn embed(&self, store: &Store, blob: &str) -> Result<String, StoreFailure> {
        let digest = blob.split('/').next().and_then(|digest| digest.parse::<Digest>().ok());
        let bytes = match digest {
            Some(digest) => store.blob(&digest).await?,
            None => None,
        };
        // One that was deleted for its age has a URL that says so.
        let Some(bytes) = bytes else { return Ok(self.link(blob)) };
        let format = Format::sniff(&bytes).unwrap_or_default();
        Ok(DataUri::new(format, bytes.as_ref()).to_string())
    }
}

/// Every field `url` that is a blob.
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
