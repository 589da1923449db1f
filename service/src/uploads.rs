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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn only_harmless_characters_of_a_file_name_are_kept() {
        let case = |name: &str, expected: &str| assert_eq!(Upload::new(name).file_name, expected, "{name}");
        case("My_photo-1.jpg", "My_photo-1.jpg");
        case("../../my photo.jpg", "myphoto.jpg");
        case("a/b\\c?d#e%f:g\u{e9}.png", "abcdefg.png");
        case("", "file");
        case("...", "file");
        case("\u{e9}", "file");
    }

    #[test]
    fn a_file_name_has_at_most_100_characters() {
        assert_eq!(Upload::new(&"a".repeat(100)).file_name, "a".repeat(100));
        assert_eq!(Upload::new(&"a".repeat(101)).file_name, "a".repeat(100));
        assert_eq!(Upload::new(&format!("{}{}", "\u{e9}".repeat(9), "a".repeat(101))).file_name, "a".repeat(100));
    }

    #[tokio::test]
    async fn an_upload_is_found_only_with_its_own_key() {
        let (_folder, store) = testing::store();
        let (id, key, mut upload) = (Id::new(), Id::new(), Upload::new("a.png"));
        store.put(Kind::Upload, &id.to_string(), &upload).await.unwrap();
        assert!(at(&store, &upload_segment(id, key)).await.unwrap().is_none(), "an upload without a key");
        upload.key = Some(key);
        store.put(Kind::Upload, &id.to_string(), &upload).await.unwrap();
        assert_eq!(at(&store, &format!("{id}.{key}")).await.unwrap().map(|(id, _)| id), Some(id));
        for segment in [format!("{id}"), format!("{id}.{id}"), format!("{id}.{}", Id::new()), format!("{key}.{key}")] {
            assert!(at(&store, &segment).await.unwrap().is_none(), "{segment}");
        }
    }

    #[tokio::test]
    async fn a_file_is_located_by_its_digest_or_by_the_id_of_its_upload() {
        let (_folder, store) = testing::store();
        let blob = store.put_blob("bytes".into()).await.unwrap();
        let (id, mut upload) = (Id::new(), Upload::new("a.png"));
        store.put(Kind::Upload, &id.to_string(), &upload).await.unwrap();
        assert_eq!(path(id, &upload), format!("/uploads/{id}/a.png"));
        assert_eq!(locate(&store, &path(id, &upload)).await.unwrap(), None, "an upload without bytes");
        upload.blob = Some(blob);
        store.put(Kind::Upload, &id.to_string(), &upload).await.unwrap();
        for path in
            [path(id, &upload), format!("/uploads/{id}/another"), format!("/files/{blob}/a"), format!("files/{blob}")]
        {
            assert_eq!(find(&store, &path).await.unwrap(), Some("bytes".into()), "{path}");
        }
        for path in ["/files/none".to_owned(), format!("/files/{id}"), format!("/uploads/{blob}"), format!("/{blob}")] {
            assert_eq!(locate(&store, &path).await.unwrap(), None, "{path}");
        }
    }
}
