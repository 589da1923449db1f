//! Reads 8-bit RGB and RGBA PNG files that are not interlaced, which are nearly all that image models send.
//!
//! [`read_pixels`] takes the file from its first IDAT chunk on and fills a buffer with the pixels:
//!
//! 1. The IDAT chunks are split off one by one, and their CRCs are checked.
//! 2. `fdeflate` inflates the zlib stream in them to scanlines: a filter type and the residuals of a row of pixels.
//! 3. Four scanlines at a time are unfiltered into the picture, in one pass over all four (`unfilter.rs` has a
//!    drawing).
//! 4. What follows the last scanline decides whether the [`Ending`] is exact.
//!
//! The reader does not read headers, and it does not explain errors: a file that it cannot read is for the `png` crate,
//! which it never contradicts. Every file that it accepts is one that the `png` crate with default options accepts,
//! with the same pixels.
//!
//! [`mended`] makes a copy of a file that the `png` crate would refuse although all its pixels are there.
//!
//! On photographs, most of whose scanlines have filter type Paeth, it takes 0.7 to 0.8 of the time of the `png` crate
//! (`cargo bench -p smart-resize-png --bench decode`). On graphics, where other filter types and long matches prevail,
//! the two are equal.
//!
//! ```
//! use smart_resize_png::Colour;
//! use smart_resize_png::decode::{Ending, Scratch, is_plain, read_pixels};
//!
//! # let mut file = Vec::new();
//! # let mut encoder = png::Encoder::new(&mut file, 2, 1);
//! # encoder.set_color(png::ColorType::Rgb);
//! # encoder.write_header()?.write_image_data(&[255, 0, 0, 0, 0, 255])?;
//! // The `file` has 2x1 pixels. Its signature and its IHDR chunk take 33 bytes, then comes the first IDAT chunk.
//! let mut pixels = [0; 2 * 1 * 3];
//! let ending = read_pixels(&file[33..], Colour::Rgb, 2, &mut pixels, &mut Scratch::default())?;
//!
//! assert_eq!(pixels, [255, 0, 0, 0, 0, 255]);
//! assert!(is_plain(&file) && ending == Ending::Exact);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chunks;
mod inflate;
mod mend;
mod unfilter;

use std::error::Error;
use std::fmt;

use fearless_simd::Level;

use self::inflate::Inflate;
pub use self::mend::{Damage, DamageKind, Mended, mended};
use self::unfilter::{GROUP, unfilter};
use crate::Colour;

/// Reads all pixels of a PNG whose header says: 8 bits a sample, `colour`, `width`, not interlaced.
///
/// `chunks` is the file from its first IDAT chunk on. `pixels` has width * height * channels bytes, where the height is
/// that of the header. If the file is an animation, its first frame must have the size of the header.
///
/// # Errors
///
/// [`Unreadable`] if the pixels cannot be read, or the `png` crate might refuse the file: an incomplete IDAT chunk, a
/// wrong CRC, a broken zlib stream or a wrong Adler-32, too few scanlines, an unknown filter type, or no start of
/// another chunk behind the last IDAT chunk. The content of `pixels` is unspecified then.
///
/// # Panics
///
/// If `pixels` is empty or not a whole number of rows of `width` pixels.
///
/// # Examples
///
/// ```
/// use smart_resize_png::Colour;
/// use smart_resize_png::decode::{Ending, Scratch, Unreadable, read_pixels};
///
/// # let mut file = Vec::new();
/// # let mut encoder = png::Encoder::new(&mut file, 1, 2);
/// # encoder.set_color(png::ColorType::Rgba);
/// # encoder.write_header()?.write_image_data(&[1, 2, 3, 4, 5, 6, 7, 8])?;
/// let (mut pixels, mut scratch) = ([0; 1 * 2 * 4], Scratch::default());
/// assert_eq!(read_pixels(&file[33..], Colour::Rgba, 1, &mut pixels, &mut scratch), Ok(Ending::Exact));
/// assert_eq!(pixels, [1, 2, 3, 4, 5, 6, 7, 8]);
///
/// // The same scratch buffers serve the next picture, even after an error.
/// assert_eq!(read_pixels(&file[33..60], Colour::Rgba, 1, &mut pixels, &mut scratch), Err(Unreadable));
/// # Ok::<(), png::EncodingError>(())
/// ```
pub fn read_pixels(
    chunks: &[u8],
    colour: Colour,
    width: u32,
    pixels: &mut [u8],
    scratch: &mut Scratch,
) -> Result<Ending, Unreadable> {
    let bytes_per_pixel = match colour {
        Colour::Rgb => 3,
        Colour::Rgba => 4,
    };
    let row = (width as usize).checked_mul(bytes_per_pixel).expect("a row must fit into the address space");
    assert!(!pixels.is_empty() && pixels.len().is_multiple_of(row), "`pixels` must have whole rows of `width` pixels");
    let (scanline, height) = (1 + row, pixels.len() / row);
    let Scratch { inflated, zeros } = scratch;
    if zeros.len() < row {
        zeros.resize(row, 0);
    }
    let mut scanlines = Inflate::new(chunks, inflated, GROUP.min(height) * scanline);
    let level = Level::new();
    for y in (0..height).step_by(GROUP) {
        let (done, rest) = pixels.split_at_mut(y * row);
        // The specification has the row above the first one be zero.
        let above = if y == 0 { &zeros[..row] } else { &done[done.len() - row..] };
        let count = GROUP.min(height - y);
        unfilter(level, bytes_per_pixel, scanlines.next(count * scanline)?, above, &mut rest[..count * row])?;
    }
    scanlines.end(height * scanline)
}

/// Whether a PNG is one that [`read_pixels`] reads, and everything before its first IDAT chunk is verified and needed.
///
/// The file starts with the signature and an IHDR chunk that says 8 bits a sample, RGB or RGBA, not interlaced. Only
/// `sRGB`, `gAMA` and `cHRM` chunks follow, each at most once, of the right length and with a meaning: a rendering
/// intent of 0 to 3, a gamma that is not 0. All CRCs are right. The function does not look into the IDAT chunks, so it
/// is cheap.
///
/// Together with [`Ending::Exact`] this says that every byte of the file is verified and that nothing but the picture
/// and its colour space is in it.
///
/// ```
/// use smart_resize_png::decode::is_plain;
///
/// # let mut file = Vec::new();
/// # let mut encoder = png::Encoder::new(&mut file, 1, 1);
/// # encoder.set_color(png::ColorType::Rgb);
/// # let mut writer = encoder.write_header()?;
/// # writer.write_image_data(&[1, 2, 3])?;
/// # writer.finish()?;
/// assert!(is_plain(&file));
///
/// // A text between the header and the pixels.
/// let text = b"\0\0\0\x03tEXtk\0v\x0f\x7c\xf4\xb6";
/// assert!(!is_plain(&[&file[..33], text, &file[33..]].concat()));
/// # Ok::<(), png::EncodingError>(())
/// ```
pub fn is_plain(file: &[u8]) -> bool {
    matches!(chunks::check_plain(file), Ok(true))
}

/// What follows the last scanline of a picture that has been read.
///
/// ```
/// use smart_resize_png::Colour;
/// use smart_resize_png::decode::{Ending, Scratch, read_pixels};
///
/// # let mut file = Vec::new();
/// # let mut encoder = png::Encoder::new(&mut file, 1, 1);
/// # encoder.set_color(png::ColorType::Rgb);
/// # encoder.write_header()?.write_image_data(&[1, 2, 3])?;
/// # let mut read = |file: &[u8]| read_pixels(&file[33..], Colour::Rgb, 1, &mut [0; 3], &mut Scratch::default());
/// assert_eq!(read(&file), Ok(Ending::Exact));
///
/// file.extend(b"something hidden");
/// assert_eq!(read(&file), Ok(Ending::Loose));
/// # Ok::<(), png::EncodingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an ending is exact or not")]
pub enum Ending {
    /// All checksums are right, and no byte is left over.
    ///
    /// The CRC of every IDAT chunk and the Adler-32 of the zlib stream hold. The stream declares an LZ77 window of 32
    /// KiB, or of at least its own length, so no match can reach farther back than a reader expects. The stream and the
    /// last IDAT chunk end with the last scanline. An IEND chunk with the right CRC follows, and nothing behind it.
    Exact,
    /// All pixels are there, but what follows them is not as in [`Self::Exact`]: more data in the zlib stream or behind
    /// it, no end of the stream, other chunks than IEND, or bytes behind IEND.
    Loose,
}

/// The error of [`read_pixels`]: the file is for the `png` crate, which reads it or says what is wrong with it.
///
/// ```
/// use smart_resize_png::Colour;
/// use smart_resize_png::decode::{Scratch, Unreadable, read_pixels};
///
/// let result = read_pixels(b"not a chunk", Colour::Rgb, 1, &mut [0; 3], &mut Scratch::default());
/// assert_eq!(result, Err(Unreadable));
/// assert_eq!(Unreadable.to_string(), "the fast reader cannot read the picture");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the `png` crate gives the reason, so this error never has one")]
pub struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fast reader cannot read the picture")
    }
}

impl Error for Unreadable {}

/// The buffers of [`read_pixels`], kept between pictures.
///
/// They grow to 32 KiB plus four scanlines, at least 128 KiB, plus one row of pixels. From then on a picture of the
/// same width allocates only what `fdeflate` does, whose decompressor cannot be reset: its Huffman tables, about 20
/// KiB.
///
/// ```
/// use smart_resize_png::Colour;
/// use smart_resize_png::decode::{Ending, Scratch, read_pixels};
///
/// # let mut file = Vec::new();
/// # let mut encoder = png::Encoder::new(&mut file, 1, 1);
/// # encoder.set_color(png::ColorType::Rgb);
/// # encoder.write_header()?.write_image_data(&[1, 2, 3])?;
/// let mut scratch = Scratch::default();
/// for _ in 0..2 {
///     let mut pixels = [0; 3];
///     assert_eq!(read_pixels(&file[33..], Colour::Rgb, 1, &mut pixels, &mut scratch), Ok(Ending::Exact));
/// }
/// # Ok::<(), png::EncodingError>(())
/// ```
#[derive(Debug, Default)]
pub struct Scratch {
    /// The inflated bytes: an LZ77 window and the scanlines behind it.
    inflated: Vec<u8>,
    /// The row above the first one.
    zeros: Vec<u8>,
}
