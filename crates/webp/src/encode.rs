//! Encodes a pixel buffer as a lossy WebP file.

use std::ffi::{c_int, c_void};

use libwebp_sys::{
    WebPConfig, WebPEncode, WebPEncodingError, WebPPicture, WebPPictureFree, WebPPictureImportRGB,
    WebPPictureImportRGBA,
};

use crate::{Error, Layout};

/// The settings of the encoder.
///
/// Both are libwebp's own scales; every other setting of libwebp has its default.
///
/// ```
/// use smart_resize_webp::{Layout, Settings, encode};
///
/// let pixels: Vec<u8> = (0..64 * 64 * 3_u32).map(|at| (at * at / 7 % 256) as u8).collect();
/// let length = |quality| encode(&pixels, 64, 64, Layout::Rgb, Settings { quality, effort: 4 }).map(|file| file.len());
/// assert!(length(30)? < length(90)?);
/// # Ok::<(), smart_resize_webp::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a caller states both settings")]
pub struct Settings {
    /// The quality, 0 to 100. A higher quality gives a larger file that is closer to the pixels.
    pub quality: u8,
    /// The effort, 0 to 6; libwebp calls it `method`. A higher effort takes longer and gives a smaller file.
    pub effort: u8,
}

/// Encodes `pixels` as a lossy WebP file.
///
/// `pixels` has `height` rows of `width` pixels, from top to bottom, without padding. The alpha channel is compressed
/// losslessly. The colour of a pixel with alpha 0 is not preserved. The file has no metadata and no ICC profile; a
/// reader takes it as sRGB.
///
/// # Errors
///
/// - [`Error::Quality`] and [`Error::Effort`] if a setting is out of range.
/// - [`Error::Side`] if a side is 0 or longer than [`MAX_SIDE`](crate::MAX_SIDE).
/// - [`Error::Length`] if `pixels` does not have `width * height * layout.channels()` bytes.
/// - [`Error::Partition`], [`Error::FileSize`], [`Error::OutOfMemory`] and [`Error::Libwebp`] if libwebp fails.
///
/// ```
/// use smart_resize_webp::{Error, Layout, Settings, encode};
///
/// let pixels = [255; 2 * 2 * 4];
/// let settings = Settings { quality: 80, effort: 4 };
/// let file = encode(&pixels, 2, 2, Layout::Rgba, settings)?;
/// assert_eq!(&file[..4], b"RIFF");
///
/// let error = encode(&pixels, 2, 2, Layout::Rgb, settings).unwrap_err();
/// assert_eq!(error, Error::Length { found: 16, expected: 12 });
/// # Ok::<(), Error>(())
/// ```
pub fn encode(pixels: &[u8], width: u32, height: u32, layout: Layout, settings: Settings) -> Result<Vec<u8>, Error> {
    let Settings { quality, effort } = settings;
    if quality > 100 {
        return Err(Error::Quality { found: quality });
    }
    if effort > 6 {
        return Err(Error::Effort { found: effort });
    }
    let stride = layout.checked_stride(width, height, pixels.len())?;
    let mut config = WebPConfig::new().map_err(|()| Error::Version)?;
    (config.quality, config.method) = (f32::from(quality), c_int::from(effort));

    let mut file = Vec::<u8>::new();
    let mut picture = OwnedPicture(WebPPicture::new().map_err(|()| Error::Version)?);
    // `checked_stride` has checked that each side is at most `MAX_SIDE`, so that the cast keeps its value.
    (picture.0.width, picture.0.height) = (width.cast_signed(), height.cast_signed());
    let import = match layout {
        Layout::Rgb => WebPPictureImportRGB,
        Layout::Rgba => WebPPictureImportRGBA,
    };
    // SAFETY: `import` reads `stride` bytes of each of `height` rows, and `checked_stride` has checked that `pixels`
    // has exactly that many. `picture` is initialised.
    let imported = unsafe { import(&raw mut picture.0, pixels.as_ptr(), stride) };
    if imported == 0 {
        return Err(encoding_error(picture.0.error_code));
    }
    picture.0.writer = Some(append);
    picture.0.custom_ptr = (&raw mut file).cast::<c_void>();
    // SAFETY: `config` and `picture` are initialised. libwebp calls `append` only before `WebPEncode` returns, while
    // `file` is alive and no reference to it exists.
    let written = unsafe { WebPEncode(&raw const config, &raw mut picture.0) };
    if written == 0 { Err(encoding_error(picture.0.error_code)) } else { Ok(file) }
}

/// A picture whose memory is freed when it goes out of scope.
struct OwnedPicture(WebPPicture);

impl Drop for OwnedPicture {
    fn drop(&mut self) {
        // SAFETY: the picture is initialised, and libwebp has allocated whatever it owns.
        unsafe { WebPPictureFree(&raw mut self.0) }
    }
}

/// The writer that libwebp calls with each piece of the file. Returns 0 if there is no memory for it, 1 otherwise.
///
/// # Safety
///
/// `data` points to `length` bytes. The `custom_ptr` of `picture` points to a `Vec<u8>` to which no reference exists.
unsafe extern "C" fn append(data: *const u8, length: usize, picture: *const WebPPicture) -> c_int {
    if length == 0 {
        return 1;
    }
    // SAFETY: libwebp passes the picture that `WebPEncode` was called with.
    let file = unsafe { (*picture).custom_ptr }.cast::<Vec<u8>>();
    // SAFETY: `encode` has set the pointer, and does not use its `file` before libwebp returns.
    let file = unsafe { &mut *file };
    // SAFETY: the caller guarantees `length` bytes.
    let data = unsafe { std::slice::from_raw_parts(data, length) };
    if file.try_reserve(length).is_err() {
        return 0;
    }
    file.extend_from_slice(data);
    1
}

/// The error of a code that libwebp has left in the picture.
const fn encoding_error(code: WebPEncodingError) -> Error {
    use WebPEncodingError as E;
    match code {
        E::VP8_ENC_ERROR_OUT_OF_MEMORY | E::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY | E::VP8_ENC_ERROR_BAD_WRITE => {
            Error::OutOfMemory
        }
        E::VP8_ENC_ERROR_PARTITION0_OVERFLOW | E::VP8_ENC_ERROR_PARTITION_OVERFLOW => Error::Partition,
        E::VP8_ENC_ERROR_FILE_TOO_BIG => Error::FileSize,
        other => Error::Libwebp { code: other as u32 },
    }
}
