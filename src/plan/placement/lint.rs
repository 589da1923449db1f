//! Compares a file with a placement.

use alloc::vec::Vec;

use super::Placement;
use crate::format::SourceFormat;
use crate::size::Size;
use crate::text::alternatives;

/// What is known of a file. With the feature `pixels`, `FileFacts::read` reads it from the bytes of the file.
///
/// ```
/// use smart_resize::plan::placement::FileFacts;
/// use smart_resize::{Format, Size, SourceFormat};
///
/// let facts = FileFacts::new(Size::new(1200, 628)?, Format::Png, 80_000).transparent(true);
/// assert_eq!((facts.format, facts.transparent, facts.animated), (SourceFormat::Png, Some(true), None));
/// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct FileFacts {
    /// The upright size in pixels.
    pub size: Size,
    /// The format of the bytes.
    pub format: SourceFormat,
    /// The number of bytes of the file.
    pub bytes: u64,
    /// Whether a pixel is transparent. `None` if it is not known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub transparent: Option<bool>,
    /// Whether the file has more than one frame. `None` if it is not known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub animated: Option<bool>,
}

impl FileFacts {
    /// Creates the facts of a file of `bytes` bytes. It is not known whether it is transparent or animated, except that
    /// a JPEG is neither.
    pub fn new(size: Size, format: impl Into<SourceFormat>, bytes: u64) -> Self {
        let format = format.into();
        let is_jpeg = (format == SourceFormat::Jpeg).then_some(false);
        Self { size, format, bytes, transparent: is_jpeg, animated: is_jpeg }
    }

    /// Sets whether a pixel is transparent.
    #[must_use]
    pub const fn transparent(mut self, transparent: bool) -> Self {
        self.transparent = Some(transparent);
        self
    }

    /// Sets whether the file has more than one frame.
    #[must_use]
    pub const fn animated(mut self, animated: bool) -> Self {
        self.animated = Some(animated);
        self
    }
}

/// One reason why a placement does not accept a file: what was found and what is accepted.
///
/// ```
/// use smart_resize::plan::placement::Breach;
///
/// let breach = Breach::Bytes { found: 200_000, max: 153_600 };
/// assert_eq!(breach.to_string(), "file has 200000 bytes; expected at most 153600");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "breach", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Breach {
    /// Another size.
    #[error("size is {found}; expected {expected}")]
    #[expect(missing_docs, reason = "what was found and what is accepted")]
    Size { found: Size, expected: Size },
    /// A format that the placement does not accept.
    #[error("format is {found}; expected {}", alternatives(accepted))]
    #[expect(missing_docs, reason = "what was found and what is accepted")]
    Format { found: SourceFormat, accepted: Vec<SourceFormat> },
    /// More bytes than the placement accepts.
    #[error("file has {found} bytes; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    Bytes { found: u64, max: u64 },
    /// Transparent pixels, where the placement accepts only JPEG, which has none. The picture has to be composited over
    /// a background.
    #[error("picture is transparent; expected opaque pixels, since only jpeg is accepted")]
    Transparent,
    /// An animation, where the placement accepts none.
    #[error("picture is animated; expected one frame")]
    Animated,
}

/// Returns every reason why `placement` does not accept a file. The list is empty if the file complies with all that is
/// known of the placement. A fact that is not known is no breach.
///
/// ```
/// use smart_resize::plan::placement::{Breach, FileFacts, Placement, lint};
/// use smart_resize::{Format, Size};
///
/// let cover = Placement::named("facebook-page-cover")?; // JPEG only
/// let file = FileFacts::new(Size::new(851, 315)?, Format::Jpeg, 90_000);
/// assert_eq!(lint(cover, &file), []);
/// let file = FileFacts::new(Size::new(851, 315)?, Format::Png, 90_000).transparent(true);
/// assert_eq!(lint(cover, &file).len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lint(placement: &Placement, file: &FileFacts) -> Vec<Breach> {
    let mut breaches = Vec::new();
    if file.size != placement.size {
        breaches.push(Breach::Size { found: file.size, expected: placement.size });
    }
    if !placement.accepts(file.format) {
        breaches.push(Breach::Format { found: file.format, accepted: placement.formats.to_vec() });
    }
    if let Some(max) = placement.max_bytes.filter(|max| file.bytes > *max) {
        breaches.push(Breach::Bytes { found: file.bytes, max });
    }
    let is_jpeg_only = placement.formats.iter().all(|format| *format == SourceFormat::Jpeg);
    if file.transparent == Some(true) && is_jpeg_only && !placement.formats.is_empty() {
        breaches.push(Breach::Transparent);
    }
    if file.animated == Some(true) && placement.animated == Some(false) {
        breaches.push(Breach::Animated);
    }
    breaches
}
