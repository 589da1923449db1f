//! Encodes WebP: lossless with `image-webp`, or lossy with libwebp. The files are marked as sRGB by a profile of 480
//! bytes.

use image_webp::{ColorType, EncoderParams, WebPEncoder};
use smart_resize_jpeg::srgb;

use super::{Encoded, EncoderSettings};
use crate::pixels::picture::{Layout, Picture};
#[cfg(feature = "libwebp")]
use crate::size::Size;

/// The default effort of a lossy WebP.
pub const DEFAULT_WEBP_EFFORT: u8 = 4;

/// The highest effort of a lossy WebP.
pub(super) const MAX_WEBP_EFFORT: u8 = 6;

/// Whether a WebP is lossless or lossy.
///
/// ```
/// use smart_resize::Format;
/// use smart_resize::pixels::encode::{EncodeOptions, WebPMode, WebPOptions};
///
/// let mut options = EncodeOptions::default();
/// assert_eq!(options.webp.mode, WebPMode::Lossless);
/// options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality: 80 });
/// assert_eq!(options.check(Format::WebP).is_ok(), cfg!(feature = "libwebp"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebPMode {
    /// Lossless. Every pixel is kept.
    #[default]
    Lossless,
    /// Lossy, with 4:2:0 chroma and exact alpha. The colours of transparent pixels are not kept. The bytes may differ
    /// between machines. Needs the cargo feature `libwebp`; without it the result is
    /// [`EncodeError::LossyWebP`](crate::pixels::encode::EncodeError::LossyWebP).
    Lossy {
        /// The quality, 1 to 100.
        quality: u8,
    },
}

/// How a WebP is encoded.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::encode::{EncodeOptions, WebPMode, WebPOptions, encode};
///
/// let mut options = EncodeOptions::default();
/// options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality: 80 }).effort(6);
/// if cfg!(feature = "libwebp") {
///     let picture = Picture::from_rgb(Size::new(4, 4)?, vec![200; 48])?;
///     assert_eq!(encode(&picture, Format::WebP, &options)?.settings.to_string(), "quality 80, effort 6");
/// } else {
///     let error = options.check(Format::WebP).unwrap_err();
///     assert_eq!(error.to_string(), "lossy WebP needs the cargo feature \"libwebp\"");
/// }
///
/// options.webp.effort = 7;
/// assert_eq!(options.check(Format::WebP).unwrap_err().to_string(), "effort is 7; expected 0 to 6");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebPOptions {
    /// Whether the file is lossless or lossy.
    pub mode: WebPMode,
    /// How much work goes into a small lossy file, 0 to 6. This is libwebp's `method`. It has no effect on a lossless
    /// file.
    pub effort: u8,
}

impl WebPOptions {
    /// Sets whether the file is lossless or lossy.
    #[must_use]
    pub const fn mode(mut self, mode: WebPMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the effort, 0 to 6.
    #[must_use]
    pub const fn effort(mut self, effort: u8) -> Self {
        self.effort = effort;
        self
    }
}

impl Default for WebPOptions {
    /// Lossless, and effort 4 for a lossy file.
    fn default() -> Self {
        Self { mode: WebPMode::Lossless, effort: DEFAULT_WEBP_EFFORT }
    }
}

/// Encodes a lossless file. Prediction makes photographs smaller and some graphics larger.
pub(super) fn encode(picture: &Picture, predicted: bool) -> Result<Encoded, String> {
    let mut bytes = Vec::new();
    let kind = match picture.layout() {
        Layout::Rgb => ColorType::Rgb8,
        Layout::Rgba => ColorType::Rgba8,
    };
    let mut encoder = WebPEncoder::new(&mut bytes);
    // WebP has no shorter way to say sRGB than a profile.
    encoder.set_icc_profile(srgb::profile());
    let mut params = EncoderParams::default();
    params.use_predictor_transform = predicted;
    encoder.set_params(params);
    encoder
        .encode(picture.pixels(), picture.size().width(), picture.size().height(), kind)
        .map_err(|error| error.to_string())?;
    Ok(Encoded::once(bytes, EncoderSettings::WebP { predicted }, true))
}

/// Encodes a lossy file.
#[cfg(feature = "libwebp")]
pub(super) fn encode_lossy(picture: &Picture, quality: u8, effort: u8) -> Result<Encoded, String> {
    use smart_resize_webp::{Layout as Bytes, Settings, encode};
    let layout = match picture.layout() {
        Layout::Rgb => Bytes::Rgb,
        Layout::Rgba => Bytes::Rgba,
    };
    let size = picture.size();
    let plain = encode(picture.pixels(), size.width(), size.height(), layout, Settings { quality, effort });
    let plain = plain.map_err(|error| error.to_string())?;
    // The file of libwebp has no profile, and has an extended header only if there is alpha. Its chunks are put into a
    // new extended file.
    let (alpha, bitstream) = (chunk(&plain, *b"ALPH"), chunk(&plain, *b"VP8 "));
    let bitstream = bitstream.ok_or("libwebp wrote no bitstream")?;
    let images = alpha.map(|alpha| (*b"ALPH", alpha)).into_iter().chain([(*b"VP8 ", bitstream)]);
    let bytes = extended(size, alpha.is_some(), images)?;
    Ok(Encoded::once(bytes, EncoderSettings::LossyWebP { quality, effort }, false))
}

#[cfg(not(feature = "libwebp"))]
pub(super) fn encode_lossy(_: &Picture, _: u8, _: u8) -> Result<Encoded, String> {
    unreachable!("invariant: without the feature a lossy WebP has been refused")
}

/// Returns the content of the first chunk with the name `wanted`. `None` if there is none.
#[cfg(feature = "libwebp")]
fn chunk(file: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    // The chunks begin behind "RIFF", the length of the rest and "WEBP", 4 bytes each.
    let mut rest = file.get(12..)?;
    loop {
        let &[a, b, c, d, l0, l1, l2, l3, ref after @ ..] = rest else { return None };
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if [a, b, c, d] == wanted {
            return after.get(..length);
        }
        rest = after.get(length.checked_add(length % 2)?..)?;
    }
}

/// Makes an extended file (RFC 9649, section 2.7) of these chunks and the sRGB profile. Its VP8X chunk has the flags,
/// then the width and the height, each less one in 24 bits.
#[cfg(feature = "libwebp")]
fn extended<'a>(
    size: Size,
    has_alpha: bool,
    images: impl IntoIterator<Item = ([u8; 4], &'a [u8])>,
) -> Result<Vec<u8>, String> {
    // The flags are 0x20 for a profile and 0x10 for alpha. Three reserved bytes follow.
    let mut features = vec![0x20 | if has_alpha { 0x10 } else { 0 }, 0, 0, 0];
    // The three low bytes come first, as WebP is little-endian. No side exceeds 16,383.
    for side in [size.width() - 1, size.height() - 1] {
        features.extend(side.to_le_bytes().iter().take(3));
    }
    let mut body = b"WEBP".to_vec();
    put_chunk(&mut body, *b"VP8X", &features)?;
    // The format fixes this order: the extended header, the profile, the alpha, the bitstream.
    put_chunk(&mut body, *b"ICCP", &srgb::profile())?;
    for (name, content) in images {
        put_chunk(&mut body, name, content)?;
    }
    let mut bytes = Vec::with_capacity(body.len() + 8);
    put_chunk(&mut bytes, *b"RIFF", &body)?;
    Ok(bytes)
}

/// Appends a chunk: name, length, content, and a padding byte after an odd length.
#[cfg(feature = "libwebp")]
fn put_chunk(bytes: &mut Vec<u8>, name: [u8; 4], content: &[u8]) -> Result<(), String> {
    let length = u32::try_from(content.len()).map_err(|error| error.to_string())?;
    bytes.extend(name);
    bytes.extend(length.to_le_bytes());
    bytes.extend(content);
    // All chunks before have even lengths, so padding the buffer pads the chunk. Its length field does not count the
    // padding.
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    Ok(())
}
