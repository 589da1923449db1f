//! The picture to resize, as planning sees it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

#[cfg(feature = "pixels")]
use smart_resize_metadata::{Metadata, read};

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
    /// The reference pictures that a model receives after the source, in their order.
    pub references: Vec<Reference>,
    /// The author, the rights and the origin of the picture, which results keep. `None` if they are in the encoded bytes.
    /// `Source::read` sets it, since it drops them from the bytes.
    #[cfg(feature = "pixels")]
    pub metadata: Option<Arc<Metadata>>,
}

impl Source {
    /// A source of which nothing is known.
    const EMPTY: Self = Self {
        bytes: None,
        digest: None,
        url: None,
        size: None,
        references: Vec::new(),
        #[cfg(feature = "pixels")]
        metadata: None,
    };

    /// Creates a source from encoded bytes, and computes their digest.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digest: Some(Digest::of(&bytes)), bytes: Some(bytes), ..Self::EMPTY }
    }

    /// Creates a source that a backend reads from `url`. Without a digest its calls have no fingerprint, so no paid
    /// answer can be reused. [`from_digest`](Self::from_digest) is for a URL whose digest is known.
    pub fn from_url(url: impl Into<Arc<str>>) -> Self {
        Self { url: Some(url.into()), ..Self::EMPTY }
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
        let mut source = Self::EMPTY;
        source.digest = Some(digest);
        source
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

    /// Adds a reference picture, such as the logo or the pack shot that the result has to match. A model receives it
    /// after the source, and the prompt says what it shows.
    ///
    /// ```
    /// use smart_resize::Source;
    /// use smart_resize::request::Reference;
    ///
    /// let logo = Reference::new("the logo", Source::from_bytes(*b"the bytes of a logo"));
    /// let source = Source::from_bytes(*b"the bytes of a photo").reference(logo);
    /// assert_eq!(&*source.references[0].name, "the logo");
    /// ```
    #[must_use]
    pub fn reference(mut self, reference: Reference) -> Self {
        self.references.push(reference);
        self
    }

    /// Returns the author, the rights and the origin of the picture.
    #[cfg(feature = "pixels")]
    pub(crate) fn credit(&self) -> Arc<Metadata> {
        self.metadata.clone().unwrap_or_else(|| Arc::new(self.bytes.as_deref().map(read).unwrap_or_default()))
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
        let mut debug = f.debug_struct("Source");
        debug
            .field("bytes", &self.bytes.as_ref().map(|bytes| bytes.len()))
            .field("url", &self.url)
            .field("digest", &self.digest)
            .field("size", &self.size)
            .field("references", &self.references);
        #[cfg(feature = "pixels")]
        debug.field("metadata", &self.metadata);
        debug.finish()
    }
}

/// A picture that a model receives after the source, for what it shows.
///
/// ```
/// use smart_resize::Source;
/// use smart_resize::request::Reference;
///
/// let pack = Reference::new(" the new\npack ", Source::from_url("https://example.com/pack.png"));
/// assert_eq!(&*pack.name, "the new pack");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// What the picture shows, such as "the logo". One line.
    pub name: Arc<str>,
    /// The picture. Its own references have no effect.
    pub picture: Source,
}

impl Reference {
    /// Creates a reference. `name` says what the picture shows, as a noun with its article. Runs of whitespace and
    /// control characters in it become single blanks.
    pub fn new(name: impl AsRef<str>, picture: Source) -> Self {
        let words = name.as_ref().split(|c: char| c.is_whitespace() || c.is_control());
        let name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        Self { name: name.into(), picture }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn only_a_source_from_bytes_or_from_a_digest_has_a_digest() {
        let digest = Digest::of(b"abc");
        assert_eq!(Source::from_bytes(*b"abc").digest(), Some(digest));
        assert_eq!(Source::from_digest(digest).url("u").digest(), Some(digest));
        assert_eq!(Source::from_url("u").digest(), None);
    }

    #[test]
    fn the_debug_text_of_a_source_has_the_number_of_bytes_and_not_the_bytes() {
        let text = format!("{:?}", Source::from_bytes([123; 45]));
        assert!(text.contains("bytes: Some(45)") && !text.contains("123"), "{text}");
    }

    #[test]
    fn whitespace_and_control_characters_in_the_name_of_a_reference_become_single_blanks() {
        let reference = |name: &str| Reference::new(name, Source::from_url("u"));
        assert_eq!(&*reference("  the\n\u{7}logo\u{2028}").name, "the logo");
    }
}
