//! Which of two codecs reads or writes a format: an option of each call, so that a feature which another crate turns on
//! changes no picture of yours.

use std::fmt;

use crate::format::Format;

/// The codec that reads or writes pictures.
///
/// | | `Pure` | `Fast` | with the feature |
/// |---|---|---|---|
/// | JPEG, in one scan, read | `zune-jpeg` | libjpeg-turbo | `turbojpeg` |
/// | JPEG, progressive, read | `zune-jpeg` | `zune-jpeg` | `turbojpeg` |
/// | JPEG, written | `smart-resize-jpeg` | libjpeg-turbo | `turbojpeg` |
/// | WebP, lossy and opaque, read | `image-webp` | libwebp | `libwebp` |
/// | WebP, any other, read | `image-webp` | `image-webp` | `libwebp` |
/// | WebP, written without loss | `image-webp` | `image-webp` | |
/// | WebP, written with loss | libwebp | libwebp | `libwebp` |
/// | PNG, read | `smart-resize-png`, or `png` | the same | |
/// | PNG, written | `smart-resize-png` | the same | |
///
/// `Fast` never falls back to `Pure`: without its cargo feature it is an error. So a build says what it lacks, and
/// another crate of the build that adds the feature changes no picture. Both codecs refuse the same files, since the
/// same code reads the header, and where the fast one finds anything wrong with the pixels, the result of the pure one
/// counts. Their pixels differ by a level or two of 255. Reading lossy WebP gains most; `cargo bench --bench codec
/// --features turbojpeg,libwebp` compares them.
///
/// ```
/// use smart_resize::Format;
/// use smart_resize::pixels::Codec;
/// use smart_resize::pixels::render::RenderOptions;
///
/// assert_eq!(RenderOptions::default().decode.codec, Codec::Pure);
/// assert!(Codec::Pure.reads(Format::Jpeg) && Codec::Fast.reads(Format::Png));
/// assert_eq!(Codec::Fast.reads(Format::Jpeg), cfg!(feature = "turbojpeg"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Codec {
    /// In Rust, and the same bytes on every machine.
    #[default]
    Pure,
    /// In C, and outside the promise of the same bytes on every machine.
    Fast,
}

impl Codec {
    /// Whether this build reads pictures of `format` so.
    pub const fn reads(self, format: Format) -> bool {
        match (self, format) {
            (Self::Pure, _) | (Self::Fast, Format::Png) => true,
            (Self::Fast, Format::Jpeg) => cfg!(feature = "turbojpeg"),
            (Self::Fast, Format::WebP) => cfg!(feature = "libwebp"),
        }
    }

    /// Whether this build writes pictures of `format` so.
    pub const fn writes(self, format: Format) -> bool {
        match (self, format) {
            (Self::Pure, _) | (Self::Fast, Format::Png | Format::WebP) => true,
            (Self::Fast, Format::Jpeg) => cfg!(feature = "turbojpeg"),
        }
    }

    /// The feature that brings the fast codec of a format.
    pub(crate) const fn feature(format: Format) -> &'static str {
        match format {
            Format::WebP => "libwebp",
            Format::Png | Format::Jpeg => "turbojpeg",
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure => "pure",
            Self::Fast => "fast",
        })
    }
}
