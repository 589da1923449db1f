//! The picture to resize, as planning sees it.

use alloc::sync::Arc;
use core::fmt;

use crate::digest::Digest;
use crate::size::Size;

/// The picture to resize: its encoded bytes, a URL from which a backend can read them, or both.
///
/// ```
/// use smart_resize::{Size, Source};
///
/// let source = Source::from_bytes(*b"the bytes of a file").size(Size::new(4000, 3000)?);
/// assert!(source.digest().is_some() && source.url.is_none());
/// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    bytes: Option<Arc<[u8]>>,
    digest: Option<Digest>,
    /// The URL from which a backend can read the encoded bytes; `None` if there is none.
    pub url: Option<Arc<str>>,
    /// The size in pixels after the EXIF orientation is applied; `None` if it is not known. The prompt depends on it.
    pub size: Option<Size>,
}

impl Source {
    /// Creates a source from encoded bytes, and computes their digest.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digest: Some(Digest::of(&bytes)), bytes: Some(bytes), url: None, size: None }
    }

    /// Creates a source that a backend reads from `url`. Without a digest its calls have no fingerprint, so no paid
    /// answer can be reused. [`from_digest`](Self::from_digest) is for a URL whose digest is known.
    pub fn from_url(url: impl Into<Arc<str>>) -> Self {
        Self { bytes: None, url: Some(url.into()), digest: None, size: None }
    }

    /// Creates a source whose encoded bytes have this digest. A backend needs its [`url`](Self::url).
    ///
    /// ```
    /// use smart_resize::Source;
    /// use smart_resize::plan::Digest;
    ///
    /// let source = Source::from_digest(Digest::of(b"the bytes of a file")).url("https://example.com/shoe.jpg");
    /// assert!(source.digest().is_some() && source.bytes().is_none());
    /// ```
    pub const fn from_digest(digest: Digest) -> Self {
        Self { bytes: None, url: None, digest: Some(digest), size: None }
    }

    /// Sets the URL from which a backend can read the encoded bytes.
    #[must_use]
    pub fn url(mut self, url: impl Into<Arc<str>>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets the size in pixels after the EXIF orientation is applied.
    #[must_use]
    pub const fn size(mut self, upright: Size) -> Self {
        self.size = Some(upright);
        self
    }

    /// Returns the encoded bytes; `None` if they are not known.
    pub const fn bytes(&self) -> Option<&Arc<[u8]>> {
        self.bytes.as_ref()
    }

    /// Returns the SHA-256 of the encoded bytes; `None` if it is not known.
    pub const fn digest(&self) -> Option<Digest> {
        self.digest
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
