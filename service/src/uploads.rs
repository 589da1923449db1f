//! Files that clients put here, and their URLs: each upload has a place of its own, which is known before its bytes
//! are.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smart_resize::plan::Digest;
use subtle::ConstantTimeEq as _;

use crate::id::Id;
use crate::store::{Kind, Store, StoreFailure};

/// An upload, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// What the client calls it.
    pub file_name: String,
    /// Its bytes, once they are there.
    pub blob: Option<Digest>,
    /// What one has to know to put them there, beside its identity, which all know who know its URL. Nothing where they
    /// were there from the start.
    #[serde(default)]
    pub key: Option<Id>,
    /// Its parts that are there, of one that comes in parts.
    #[serde(default)]
    pub parts: BTreeMap<u32, Part>,
    /// When it was begun.
    pub begun_ms: crate::time::Millis,
}

/// A part of an upload, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its bytes.
    pub blob: Digest,
    /// How many.
    pub len: u64,
}

impl Upload {
    /// An upload that has no bytes yet. Of the name only what is harmless in a URL is kept.
    pub fn new(file_name: &str) -> Self {
        let is_harmless = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = file_name.chars().filter(is_harmless).take(100).collect();
        let name = name.trim_start_matches('.');
        let file_name = if name.is_empty() { "file" } else { name }.to_owned();
        Self { file_name, blob: None, key: None, parts: BTreeMap::new(), begun_ms: crate::time::now_ms() }
    }
}

/// The place where the bytes of an upload are put, as it is in a path: its identity, a dot and its key.
pub fn place(id: Id, key: Id) -> String {
    format!("{id}.{key}")
}

/// The upload at a [`place`]; nothing where there is none, or the key is another's.
///
/// # Errors
///
/// The store's failure.
pub async fn at(store: &Store, place: &str) -> Result<Option<(Id, Upload)>, StoreFailure> {
    let (id, key) = place.split_once('.').unwrap_or_default();
    let (Ok(id), Ok(key)) = (id.parse::<Id>(), key.parse::<Id>()) else { return Ok(None) };
    let is_its_own = |own: Id| bool::from(own.to_string().as_bytes().ct_eq(key.to_string().as_bytes()));
    let upload = store.get::<Upload>(Kind::Upload, &id.to_string()).await?;
    Ok(upload.filter(|upload| upload.key.is_some_and(is_its_own)).map(|upload| (id, upload)))
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
