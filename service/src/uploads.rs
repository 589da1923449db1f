//! Files that clients upload, and their URLs. An upload has its URLs before it has its bytes.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smart_resize::plan::Digest;
use subtle::ConstantTimeEq as _;

use crate::id::Id;
use crate::store::{Kind, Store, StoreFailure};

/// The record of an upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// The file name that the client gave, without the characters that were removed.
    pub file_name: String,
    /// The blob with the bytes, once they are stored.
    pub blob: Option<Digest>,
    /// The secret of the upload URL. The id alone does not permit writing, since it is part of the file URL. `None` if
    /// the bytes came with the request that created the upload.
    #[serde(default)]
    pub key: Option<Id>,
    /// The parts that were stored so far, by number, of an upload that comes in parts.
    #[serde(default)]
    pub parts: BTreeMap<u32, Part>,
    /// The time at which the upload was begun.
    pub begun_ms: crate::time::Millis,
}

/// A stored part of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The blob with the bytes.
    pub blob: Digest,
    /// The number of bytes.
    pub len: u64,
}

impl Upload {
    /// Creates an upload without bytes. Only characters of the name that are harmless in a URL are kept, at most 100.
    pub fn new(file_name: &str) -> Self {
        let is_harmless = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = file_name.chars().filter(is_harmless).take(100).collect();
        let name = name.trim_start_matches('.');
        let file_name = if name.is_empty() { "file" } else { name }.to_owned();
        Self { file_name, blob: None, key: None, parts: BTreeMap::new(), begun_ms: crate::time::now_ms() }
    }
}

/// Returns the path segment of the upload URL: the id of the upload, a dot, and its key.
pub fn upload_segment(id: Id, key: Id) -> String {
    format!("{id}.{key}")
}

/// Returns the upload at an [`upload_segment`], or `None` if there is none or the key is wrong.
///
/// # Errors
///
/// [`StoreFailure`] if the store cannot be read.
pub async fn at(store: &Store, segment: &str) -> Result<Option<(Id, Upload)>, StoreFailure> {
    let (id, key) = segment.split_once('.').unwrap_or_default();
    let (Ok(id), Ok(key)) = (id.parse::<Id>(), key.parse::<Id>()) else { return Ok(None) };
    let is_its_own = |own: Id| bool::from(own.to_string().as_bytes().ct_eq(key.to_string().as_bytes()));
    let upload = store.get::<Upload>(Kind::Upload, &id.to_string()).await?;
    Ok(upload.filter(|upload| upload.key.is_some_and(is_its_own)).map(|upload| (id, upload)))
}

/// Returns the path of the file URL.
pub fn path(id: Id, upload: &Upload) -> String {
    format!("/uploads/{id}/{}", upload.file_name)
}

/// Returns the blob at a path of this service: `/files/<digest>/<name>` or `/uploads/<id>/<name>`.
///
/// # Errors
///
/// [`StoreFailure`] if the store cannot be read.
pub async fn locate(store: &Store, path: &str) -> Result<Option<Digest>, StoreFailure> {
    let mut steps = path.trim_start_matches('/').split('/');
    Ok(match (steps.next(), steps.next()) {
        (Some("files"), Some(digest)) => digest.parse().ok(),
        (Some("uploads"), Some(id)) => match id.parse::<Id>() {
            Ok(id) => store.get::<Upload>(Kind::Upload, &id.to_string()).await?.and_then(|upload| upload.blob),
            Err(_) => None,
        },
        _ => None,
    })
}

/// Returns the bytes at a path of this service's own files.
///
/// # Errors
///
/// [`StoreFailure`] if the store cannot be read.
pub async fn find(store: &Store, path: &str) -> Result<Option<Bytes>, StoreFailure> {
    match locate(store, path).await? {
        Some(digest) => store.blob(&digest).await,
        None => Ok(None),
    }
}
