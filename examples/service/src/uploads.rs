//! Files that clients put here, and their URLs: each upload has a place of its own, which is known before its bytes are.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smart_resize::Digest;

use crate::id::Id;
use crate::store::{Kind, Store, StoreFailure};

/// An upload, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// What the client calls it.
    pub file_name: String,
    /// Its bytes, once they are there.
    pub blob: Option<Digest>,
    /// Its parts that are there, of one that comes in parts.
    #[serde(default)]
    pub parts: std::collections::BTreeMap<u32, Digest>,
    /// When it was begun.
    pub begun_ms: crate::time::Millis,
}

impl Upload {
    /// An upload that has no bytes yet. Of the name only what is harmless in a URL is kept.
    pub fn new(file_name: &str) -> Self {
        let is_harmless = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = file_name.chars().filter(is_harmless).take(100).collect();
        let name = name.trim_start_matches('.');
        let file_name = if name.is_empty() { "file" } else { name }.to_owned();
        Self { file_name, blob: None, parts: std::collections::BTreeMap::new(), begun_ms: crate::time::now_ms() }
    }
}

/// The path of an upload's file.
pub fn path(id: Id, upload: &Upload) -> String {
    format!("/uploads/{id}/{}", upload.file_name)
}

/// What a path of this service's own files leads to: a blob, or an upload's.
///
/// # Errors
///
/// The store's failure.
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

/// The bytes that a path of this service's own files leads to.
///
/// # Errors
///
/// The store's failure.
pub async fn find(store: &Store, path: &str) -> Result<Option<Bytes>, StoreFailure> {
    match locate(store, path).await? {
        Some(digest) => store.blob(&digest).await,
        None => Ok(None),
    }
}
