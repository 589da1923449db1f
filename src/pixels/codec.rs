//! The choice between the codecs in Rust and those in C.
//!
//! The codec is an option of each call and not of the build. A cargo feature that another crate turns on therefore
//! changes no picture of the caller.

use std::fmt;

use crate::format::Format;

/// The codec that reads or writes pictures.
///
/// | | `Pure` | `Fast` | `Fast` needs the feature |
/// |---|---|---|---|
/// | JPEG, read | `smart-resize-jpeg` | the same | |
/// | JPEG, written | `smart-resize-jpeg` | libjpeg-turbo | `turbojpeg` |
/// | WebP, lossy and opaque, read | `image-webp` | libwebp | `libwebp` |
/// | WebP, any other, read | `image-webp` | `image-webp` | `libwebp` |
/// | WebP, written lossless | `image-webp` | `image-webp` | |
/// | WebP, written lossy | libwebp | libwebp | `libwebp`, also for `Pure` |
/// | PNG, read | `smart-resize-png`, or `png` | the same | |
/// | PNG, written | `smart-resize-png` | the same | |
///
/// Without its cargo feature, `Fast` is an error and not replaced by `Pure`. So a build reports what it lacks, and
/// another crate of the build that adds the feature changes no picture.
///
/// The same code reads the header for both codecs. If the fast codec finds anything wrong with the pixels, the pure
/// codec decodes them again and its result counts, so a file that the pure codec reads is read by both. The fast codec
/// alone may read a corrupt WebP. The pixels of the two differ by at most 3 of 255 levels on photographs, or 6 after a
/// colour conversion, and by more in pictures of a few pixels (`tests/codecs`). A JPEG with a side above
/// 65,500 pixels, which libjpeg-turbo cannot write, is written by the pure codec. `Fast` gains the most on reading
/// lossy WebP; `cargo bench --bench codec --features turbojpeg,libwebp` compares the codecs.
///
/// ```
/// use smart_resize::Format;
/// use smart_resize::pixels::Codec;
/// use smart_resize::pixels::render::RenderOptions;
///
/// assert_eq!(RenderOptions::default().decode.codec, Codec::Pure);
/// assert!(Codec::Pure.writes(Format::Jpeg) && Codec::Fast.reads(Format::Png));
/// assert_eq!(Codec::Fast.writes(Format::Jpeg), cfg!(feature = "turbojpeg"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Codec {
    /// Codecs in Rust, except for writing lossy WebP. The bytes of the codecs in Rust are the same on every machine.
    #[default]
    Pure,
    /// Codecs in C. The bytes may differ between machines.
    Fast,
}

impl Codec {
    /// Whether this build can read pictures of `format` with this codec.
    pub const fn reads(self, format: Format) -> bool {
        match (self, format) {
            (Self::Pure, _) | (Self::Fast, Format::Png | Format::Jpeg) => true,
            (Self::Fast, Format::WebP) => cfg!(feature = "libwebp"),
        }
    }

    /// Whether this build can write pictures of `format` with this codec.
    pub const fn writes(self, format: Format) -> bool {
        match (self, format) {
            // Both codecs write WebP with the same encoders. Whether a lossy one is available depends on the mode,
            // which `EncodeOptions::check` knows.
            (Self::Pure, _) | (Self::Fast, Format::Png | Format::WebP) => true,
            (Self::Fast, Format::Jpeg) => cfg!(feature = "turbojpeg"),
        }
    }

    /// Returns the cargo feature that adds the fast codec of `format`.
    pub(crate) const fn feature(format: Format) -> &'static str {
        match format {
            Format::WebP => "libwebp",
            // PNG needs no feature, and no error names one for it.
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
