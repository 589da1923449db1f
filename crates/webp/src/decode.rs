//! Decodes a still WebP file into a pixel buffer of the caller.

use std::mem::MaybeUninit;

use libwebp_sys::{VP8StatusCode, WebPDecodeRGBAInto, WebPDecodeRGBInto, WebPGetFeatures};

use crate::{Error, Layout};

/// Decodes the WebP file into `pixels`, which is overwritten completely.
///
/// The file is a still picture of `width` by `height` pixels, lossy or lossless. `pixels` receives `height` rows from
/// top to bottom, without padding. With [`Layout::Rgb`] the alpha channel of the file is dropped; with [`Layout::Rgba`]
/// a file without one gets alpha 255. Metadata is skipped and no colour is converted.
///
/// The size is compared with the file's header before libwebp decodes anything, so that libwebp allocates memory only
/// for a picture of the size that the caller passes.
///
/// # Errors
///
/// - [`Error::Side`] if a side is 0 or longer than [`MAX_SIDE`](crate::MAX_SIDE).
/// - [`Error::Length`] if `pixels` does not have `width * height * layout.channels()` bytes.
/// - [`Error::Header`] if the file does not begin with a WebP header.
/// - [`Error::Animation`] if the file is an animation.
/// - [`Error::Size`] if the header has another size.
/// - [`Error::Bitstream`] if the pixels are corrupt or truncated, or libwebp has no memory. `pixels` is then in an
///   unspecified state.
///
/// ```
/// use smart_resize_webp::{Error, Layout, Settings, decode, encode};
///
/// let file = encode(&[90; 8 * 4 * 3], 8, 4, Layout::Rgb, Settings { quality: 80, effort: 4 })?;
/// let mut pixels = [0; 8 * 4 * 4];
/// decode(&file, 8, 4, Layout::Rgba, &mut pixels)?;
/// assert_eq!(pixels[3], 255);
///
/// let error = decode(&file, 4, 8, Layout::Rgba, &mut pixels).unwrap_err();
/// assert_eq!(error, Error::Size { found: (8, 4), expected: (4, 8) });
/// # Ok::<(), Error>(())
/// ```
pub fn decode(file: &[u8], width: u32, height: u32, layout: Layout, pixels: &mut [u8]) -> Result<(), Error> {
    let stride = layout.checked_stride(width, height, pixels.len())?;
    let mut features = MaybeUninit::zeroed();
    // SAFETY: libwebp reads at most `file.len()` bytes of `file` and writes to `features`, which is valid for writes.
    let status = unsafe { WebPGetFeatures(file.as_ptr(), file.len(), features.as_mut_ptr()) };
    if status != VP8StatusCode::VP8_STATUS_OK {
        return Err(Error::Header);
    }
    // SAFETY: every field is an integer, and all bytes were zeroed before libwebp wrote to them.
    let features = unsafe { features.assume_init() };
    if features.has_animation != 0 {
        return Err(Error::Animation);
    }
    let found = (features.width.cast_unsigned(), features.height.cast_unsigned());
    if found != (width, height) {
        return Err(Error::Size { found, expected: (width, height) });
    }
    let (length, out) = (pixels.len(), pixels.as_mut_ptr());
    let decode_into = match layout {
        Layout::Rgb => WebPDecodeRGBInto,
        Layout::Rgba => WebPDecodeRGBAInto,
    };
    // SAFETY: libwebp reads at most `file.len()` bytes of `file`. It writes at most `length` bytes to `out`, in rows of
    // `stride` bytes; `checked_stride` has checked that `length` is `stride` times `height`.
    let end = unsafe { decode_into(file.as_ptr(), file.len(), out, length, stride) };
    if end.is_null() { Err(Error::Bitstream) } else { Ok(()) }
}
