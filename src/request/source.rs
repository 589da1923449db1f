//! The picture to be resized, as far as planning needs it.

use alloc::sync::Arc;
use core::fmt;

use crate::digest::Digest;
use crate::size::Size;

/// The picture to be resized: its encoded bytes, or where a backend finds them, or both.
///
/// ```
/// use smart_resize::{Size, Source};
///
/// let source = Source::from_bytes(*b"the bytes of a file").with_size(Size::new(4000, 3000)?);
/// assert!(source.digest().is_some() && source.url().is_none());
/// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    bytes: Option<Arc<[u8]>>,
    url: Option<Arc<str>>,
    digest: Option<Digest>,
    size: Option<Size>,
}

impl Source {
    /// The source of these encoded bytes, and their digest.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digest: Some(Digest::of(&bytes)), bytes: Some(bytes), url: None, size: None }
    }

    /// The source that a backend reads from `url`. Without [`with_digest`](Self::with_digest) its calls have no
    /// fingerprint, so nothing that was paid for can be found again.
    pub fn from_url(url: impl Into<Arc<str>>) -> Self {
        Self { bytes: None, url: Some(url.into()), digest: None, size: None }
    }

    /// The same source, also to be had from `url`.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<Arc<str>>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The same source with the digest of its encoded bytes, for a source without bytes; that of bytes stays.
    #[must_use]
    pub fn with_digest(mut self, digest: Digest) -> Self {
        self.digest = if self.bytes.is_some() { self.digest } else { Some(digest) };
        self
    }

    /// The same source with its upright size, so after any EXIF orientation: what the prompt speaks of.
    #[must_use]
    pub const fn with_size(mut self, upright: Size) -> Self {
        self.size = Some(upright);
        self
    }

    /// The encoded bytes.
    pub const fn bytes(&self) -> Option<&Arc<[u8]>> {
        self.bytes.as_ref()
    }

    /// Where a backend finds the encoded bytes.
    pub const fn url(&self) -> Option<&Arc<str>> {
        self.url.as_ref()
    }

    /// The SHA-256 of the encoded bytes.
    pub const fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The upright size in pixels.
    pub const fn size(&self) -> Option<Size> {
        self.size
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("bytes", &self.bytes.as_ref().map(|bytes| bytes.len()))
            .field("url", &self.url)
            .field("digest", &self.digest)
            .field("size", &self.size)
            .finish()
    }
}
