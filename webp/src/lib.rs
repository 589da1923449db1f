//! As much of libwebp as [smart-resize](https://docs.rs/smart-resize) uses: one picture to a lossy WebP, and a WebP to
//! pixels. A package of its own, since that crate forbids unsafe code and this one cannot do without.
//!
//! libwebp 1.6 is compiled from the sources in `libwebp-sys`: a C compiler has to be there, and nothing else. Nothing
//! here starts a thread, and the same picture and settings give the same file in one build. Every length that C is told
//! is checked in Rust before.
//!
//! ```
//! use smart_resize_webp::{Layout, Settings, decode, encode};
//!
//! let pixels = [200; 8 * 4 * 3];
//! let file = encode(&pixels, 8, 4, Layout::Rgb, Settings { quality: 80, effort: 4 })?;
//! assert_eq!((&file[..4], &file[8..12]), (&b"RIFF"[..], &b"WEBP"[..]));
//!
//! let mut found = [0; 8 * 4 * 3];
//! decode(&file, 8, 4, Layout::Rgb, &mut found)?;
//! assert!(found.iter().all(|sample| sample.abs_diff(200) < 4));
//!
//! let error = decode(&file, 4, 8, Layout::Rgb, &mut found).unwrap_err();
//! assert_eq!(error.to_string(), "a picture of 8x4, expected 4x8");
//! # Ok::<(), smart_resize_webp::Error>(())
//! ```

use std::ffi::{c_int, c_void};
use std::fmt;
use std::mem::MaybeUninit;

use libwebp_sys::{
    VP8StatusCode, WebPConfig, WebPDecodeRGBAInto, WebPDecodeRGBInto, WebPEncode, WebPEncodingError, WebPGetFeatures,
    WebPPicture, WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA,
};

/// The longest side in pixels.
pub const MAX_SIDE: u32 = 16_383;

/// The bytes of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Layout {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, and alpha that they are not multiplied by.
    Rgba,
}

impl Layout {
    const fn channels(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "each is to be chosen")]
pub struct Settings {
    /// 0 to 100.
    pub quality: u8,
    /// libwebp's method, 0 to 6: slower, and smaller.
    pub effort: u8,
}

/// A lossy WebP of these pixels, row by row from the top. Alpha is written without loss; the colour of a clear pixel is
/// not kept. There is no profile in the file.
///
/// # Errors
///
/// [`Error`] where the sides, the number of bytes or the settings are out of range, or libwebp says so.
pub fn encode(pixels: &[u8], width: u32, height: u32, layout: Layout, settings: Settings) -> Result<Vec<u8>, Error> {
    let Settings { quality, effort } = settings;
    if quality > 100 || effort > 6 {
        return Err(Error::Settings { quality, effort });
    }
    let stride = checked_stride(width, height, layout, pixels.len())?;
    let mut config = WebPConfig::new().map_err(|()| Error::Libwebp("another version"))?;
    (config.quality, config.method) = (f32::from(quality), c_int::from(effort));

    let mut file = Vec::<u8>::new();
    let mut picture = Freed(WebPPicture::new().map_err(|()| Error::Libwebp("another version"))?);
    // Invariant: a side is at most `MAX_SIDE`.
    (picture.0.width, picture.0.height) = (width.cast_signed(), height.cast_signed());
    let import = match layout {
        Layout::Rgb => WebPPictureImportRGB,
        Layout::Rgba => WebPPictureImportRGBA,
    };
    // SAFETY: the sides are those of `pixels`, which has `stride` bytes in each of `height` rows, as was checked.
    let imported = unsafe { import(&raw mut picture.0, pixels.as_ptr(), stride) };
    if imported == 0 {
        return Err(encoding(picture.0.error_code));
    }
    picture.0.writer = Some(append);
    picture.0.custom_ptr = (&raw mut file).cast::<c_void>();
    // SAFETY: both are initialised. `append` is called before this returns, with the `file` that outlives it.
    let written = unsafe { WebPEncode(&raw const config, &raw mut picture.0) };
    if written == 0 { Err(encoding(picture.0.error_code)) } else { Ok(file) }
}

/// Fills `pixels` with the picture of a WebP file, row by row from the top: a still one, lossy or lossless, whose size
/// is this. With [`Layout::Rgb`] its alpha is left out.
///
/// # Errors
///
/// [`Error`] where the file is broken, cut short, animated or of another size.
pub fn decode(file: &[u8], width: u32, height: u32, layout: Layout, pixels: &mut [u8]) -> Result<(), Error> {
    let stride = checked_stride(width, height, layout, pixels.len())?;
    let mut features = MaybeUninit::zeroed();
    // SAFETY: `file` has as many bytes as is said.
    let status = unsafe { WebPGetFeatures(file.as_ptr(), file.len(), features.as_mut_ptr()) };
    if status != VP8StatusCode::VP8_STATUS_OK {
        return Err(Error::Libwebp("the header cannot be read"));
    }
    // SAFETY: integers, all of which were zero before libwebp wrote to them.
    let features = unsafe { features.assume_init() };
    let found = (features.width.cast_unsigned(), features.height.cast_unsigned());
    if found != (width, height) {
        return Err(Error::OtherSize { found, expected: (width, height) });
    }
    let (length, out) = (pixels.len(), pixels.as_mut_ptr());
    let decode_into = match layout {
        Layout::Rgb => WebPDecodeRGBInto,
        Layout::Rgba => WebPDecodeRGBAInto,
    };
    // SAFETY: both buffers have as many bytes as is said, and the second has `stride` in each of `height` rows.
    let end = unsafe { decode_into(file.as_ptr(), file.len(), out, length, stride) };
    if end.is_null() { Err(Error::Libwebp("the pixels cannot be read")) } else { Ok(()) }
}

/// The bytes of a row, if `length` is that of a picture of this size.
fn checked_stride(width: u32, height: u32, layout: Layout, length: usize) -> Result<c_int, Error> {
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return Err(Error::Side { width, height });
    }
    // Invariant: at most 4 · 16,383, and at most 2^30 + 2^16 for all rows.
    let stride = width as usize * layout.channels();
    let expected = stride * height as usize;
    match c_int::try_from(stride) {
        Ok(stride) if length == expected => Ok(stride),
        _ => Err(Error::Length { found: length, expected }),
    }
}

/// A picture whose memory is given back, however its function is left.
struct Freed(WebPPicture);

impl Drop for Freed {
    fn drop(&mut self) {
        // SAFETY: it is initialised, and what it owns was allocated by libwebp.
        unsafe { WebPPictureFree(&raw mut self.0) }
    }
}

/// libwebp's writer: appends to the file, and answers 0 where there is no memory for it.
///
/// # Safety
///
/// `data` has `length` bytes, and the picture's `custom_ptr` is a `Vec<u8>` that nobody else uses.
unsafe extern "C" fn append(data: *const u8, length: usize, picture: *const WebPPicture) -> c_int {
    if length == 0 {
        return 1;
    }
    // SAFETY: libwebp passes the picture that it was given.
    let file = unsafe { (*picture).custom_ptr }.cast::<Vec<u8>>();
    // SAFETY: `encode` has set it, and does not touch its file before libwebp returns.
    let file = unsafe { &mut *file };
    // SAFETY: the caller's promise.
    let data = unsafe { std::slice::from_raw_parts(data, length) };
    if file.try_reserve(length).is_err() {
        return 0;
    }
    file.extend_from_slice(data);
    1
}

const fn encoding(error: WebPEncodingError) -> Error {
    use WebPEncodingError as E;
    match error {
        E::VP8_ENC_ERROR_OUT_OF_MEMORY | E::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY | E::VP8_ENC_ERROR_BAD_WRITE => {
            Error::OutOfMemory
        }
        E::VP8_ENC_ERROR_PARTITION0_OVERFLOW | E::VP8_ENC_ERROR_PARTITION_OVERFLOW => {
            Error::Libwebp("too many bits for one of its partitions, a lower quality may do")
        }
        E::VP8_ENC_ERROR_FILE_TOO_BIG => Error::Libwebp("more than 4 GiB"),
        _ => Error::Libwebp("its settings or its sides were refused"),
    }
}

/// What cannot be encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A side of 0, or above [`MAX_SIDE`].
    #[expect(missing_docs, reason = "what was found")]
    Side { width: u32, height: u32 },
    /// Not as many bytes as the sides and the layout make.
    #[expect(missing_docs, reason = "what was found and what was expected")]
    Length { found: usize, expected: usize },
    /// A quality above 100, or an effort above 6.
    #[expect(missing_docs, reason = "what was found")]
    Settings { quality: u8, effort: u8 },
    /// The file has a picture of other sides, width and height.
    #[expect(missing_docs, reason = "what was found and what was expected")]
    OtherSize { found: (u32, u32), expected: (u32, u32) },
    /// There is no memory for it.
    OutOfMemory,
    /// libwebp refused.
    Libwebp(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Side { width, height } => write!(f, "{width}x{height}, each side has to be 1 to {MAX_SIDE}"),
            Self::Length { found, expected } => write!(f, "{found} bytes of pixels, expected {expected}"),
            Self::Settings { quality, effort } => {
                write!(f, "quality {quality} and effort {effort}, at most 100 and 6")
            }
            Self::OtherSize { found, expected } => {
                write!(f, "a picture of {}x{}, expected {}x{}", found.0, found.1, expected.0, expected.1)
            }
            Self::OutOfMemory => f.write_str("no memory"),
            Self::Libwebp(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    const USUAL: Settings = Settings { quality: 80, effort: 4 };

    fn gradient(width: u32, height: u32, layout: Layout) -> Vec<u8> {
        let pixel = |x: u32, y: u32| [x * 255 / width, y * 255 / height, (x + y) % 64, (x * 7 + y) % 256];
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y)));
        pixels
            .flat_map(|pixel| pixel.into_iter().take(layout.channels()))
            .map(|sample| sample.to_le_bytes()[0])
            .collect()
    }

    #[test]
    fn pixels_come_back_nearly_and_alpha_exactly() {
        for (width, height) in [(1, 1), (1, 9), (15, 17), (64, 33), (MAX_SIDE, 1), (1, MAX_SIDE)] {
            for layout in [Layout::Rgb, Layout::Rgba] {
                let pixels = gradient(width, height, layout);
                let file = encode(&pixels, width, height, layout, Settings { quality: 100, effort: 2 }).unwrap();
                let mut found = vec![0; pixels.len()];
                decode(&file, width, height, layout, &mut found).unwrap();
                if layout == Layout::Rgba {
                    let alpha = |pixels: &[u8]| pixels.iter().skip(3).step_by(4).copied().collect::<Vec<_>>();
                    assert_eq!(alpha(&found), alpha(&pixels), "{width}x{height}");
                } else {
                    let sum: u32 = found.iter().zip(&pixels).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
                    assert!(sum / u32::try_from(pixels.len()).unwrap() < 12, "{width}x{height}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused_before_c_sees_it() {
        let pixels = gradient(4, 4, Layout::Rgb);
        let encoded = |length: usize, width, height, layout, settings| {
            encode(&pixels[..length], width, height, layout, settings).map(drop)
        };
        assert_eq!(encoded(48, 4, 4, Layout::Rgb, USUAL), Ok(()));
        assert_eq!(encoded(47, 4, 4, Layout::Rgb, USUAL), Err(Error::Length { found: 47, expected: 48 }));
        assert_eq!(encoded(48, 4, 4, Layout::Rgba, USUAL), Err(Error::Length { found: 48, expected: 64 }));
        assert_eq!(encoded(0, 0, 4, Layout::Rgb, USUAL), Err(Error::Side { width: 0, height: 4 }));
        assert_eq!(encoded(48, 16_384, 1, Layout::Rgb, USUAL), Err(Error::Side { width: 16_384, height: 1 }));
        assert!(encoded(48, u32::MAX, u32::MAX, Layout::Rgb, USUAL).is_err());
        for (quality, effort, fine) in [(0, 0, true), (100, 6, true), (101, 4, false), (80, 7, false)] {
            assert_eq!(encoded(48, 4, 4, Layout::Rgb, Settings { quality, effort }).is_ok(), fine);
        }
        let file = encode(&pixels, 4, 4, Layout::Rgb, USUAL).unwrap();
        let mut short = [0; 47];
        let error = decode(&file, 4, 4, Layout::Rgb, &mut short).unwrap_err();
        assert_eq!(error, Error::Length { found: 47, expected: 48 });
    }

    #[test]
    fn no_prefix_of_a_file_is_taken_for_the_picture() {
        for layout in [Layout::Rgb, Layout::Rgba] {
            let pixels = gradient(40, 40, layout);
            let file = encode(&pixels, 40, 40, layout, USUAL).unwrap();
            let mut whole = vec![0; pixels.len()];
            decode(&file, 40, 40, layout, &mut whole).unwrap();
            for end in 0..file.len() {
                let mut found = vec![0; pixels.len()];
                let result = decode(&file[..end], 40, 40, layout, &mut found);
                assert!(result.is_err() || (found == whole && end + 2 > file.len()), "{end} of {}", file.len());
            }
        }
    }

    #[test]
    fn settings_count() {
        let pixels = gradient(200, 150, Layout::Rgb);
        let length =
            |quality, effort| encode(&pixels, 200, 150, Layout::Rgb, Settings { quality, effort }).unwrap().len();
        assert!(length(30, 4) < length(80, 4) && length(80, 4) < length(98, 4));
        assert!(length(80, 6) < length(80, 0));
        assert_eq!(encode(&pixels, 200, 150, Layout::Rgb, USUAL), encode(&pixels, 200, 150, Layout::Rgb, USUAL));
    }
}
