//! Encodes whole pictures: checks, reduces, compresses strip by strip.

use crate::datastream::Datastream;
use crate::effort::Effort;
use crate::error::Error;
use crate::header::{BitDepth, ColourType, Header};
use crate::image::PngImage;
use crate::pack::pack;
use crate::palette::Palette;
use crate::reduce::reduce;
use crate::row_writer::RowWriter;
use crate::scratch::Scratch;
use crate::strip::{Strip, strip_count, strip_rows};

/// The largest width and height (PNG, third edition, section 11.2.1).
const MAX_SIDE: u32 = (1 << 31) - 1;

/// The most bytes of a scanline. A strip holds one long scanline, or several that have fewer than 2^22 bytes together.
/// So a strip fits a chunk, which has at most 2^31 - 1 bytes, and a position in it fits 32 bits.
const MAX_ROW_BYTES: u64 = 1 << 30;

/// What a pixel of the input is made of, 8 bits per sample.
///
/// ```
/// use smart_resize_png::{Colour, Encoder, Scratch};
///
/// let opaque = Encoder::new((1, 1), Colour::Rgb).encode(&[10, 20, 30], &mut Scratch::default())?;
/// let translucent = Encoder::new((1, 1), Colour::Rgba).encode(&[10, 20, 30, 128], &mut Scratch::default())?;
/// assert_ne!(opaque.bytes, translucent.bytes);
/// # Ok::<(), smart_resize_png::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Colour {
    /// Red, green, blue: 3 bytes per pixel.
    Rgb,
    /// Red, green, blue, alpha: 4 bytes per pixel. The colour is not premultiplied by the alpha.
    Rgba,
}

/// A PNG file.
///
/// ```
/// use smart_resize_png::{Colour, Encoder, Scratch};
///
/// // Two colours: a palette of two, one bit per pixel.
/// let pixels = [[250, 90, 0], [0, 0, 0]].repeat(1000).concat();
/// let encoded = Encoder::new((2, 1000), Colour::Rgb).encode(&pixels, &mut Scratch::default())?;
/// assert_eq!(encoded.palette, Some(2));
/// assert!(encoded.bytes.len() < 120);
/// # Ok::<(), smart_resize_png::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// The number of colours of its palette, 1 to 256. `None` where it has none.
    pub palette: Option<u16>,
}

/// Encodes pictures of one size and colour as PNG.
///
/// Encoding is deterministic: the bytes depend on the pixels and the settings, not on processor, threads or
/// [`Scratch`].
///
/// ```
/// use smart_resize_png::{Colour, Effort, Encoder, Scratch};
///
/// let encoder = Encoder::new((64, 48), Colour::Rgb).effort(Effort::Small).srgb(true);
/// let encoded = encoder.encode(&[77; 64 * 48 * 3], &mut Scratch::default())?;
/// assert_eq!(encoded.palette, Some(1));
/// # Ok::<(), smart_resize_png::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoder {
    size: (u32, u32),
    colour: Colour,
    effort: Effort,
    srgb: bool,
}

impl Encoder {
    /// An encoder of pictures of `size`, width and height in pixels, with the default effort and no `sRGB` chunk.
    ///
    /// The size is checked when a picture is encoded.
    ///
    /// ```
    /// use smart_resize_png::{Colour, Encoder, Scratch};
    ///
    /// let encoder = Encoder::new((2, 1), Colour::Rgba);
    /// assert!(encoder.encode(&[0, 0, 0, 255, 9, 9, 9, 0], &mut Scratch::default()).is_ok());
    /// ```
    pub const fn new(size: (u32, u32), colour: Colour) -> Self {
        Self { size, colour, effort: Effort::Balanced, srgb: false }
    }

    /// Sets the effort.
    ///
    /// ```
    /// use smart_resize_png::{Colour, Effort, Encoder};
    ///
    /// let encoder = Encoder::new((2, 1), Colour::Rgb).effort(Effort::Small);
    /// assert_ne!(encoder, Encoder::new((2, 1), Colour::Rgb));
    /// ```
    #[must_use]
    pub const fn effort(mut self, effort: Effort) -> Self {
        self.effort = effort;
        self
    }

    /// Sets whether the file states that its colours are sRGB: an `sRGB` chunk with the rendering intent "perceptual"
    /// (PNG, third edition, section 11.3.2.5). The pixels are written as they are in either case.
    ///
    /// ```
    /// use smart_resize_png::{Colour, Encoder, Scratch};
    ///
    /// let encoder = Encoder::new((1, 1), Colour::Rgb);
    /// let mut length = |encoder: Encoder| encoder.encode(&[1, 2, 3], &mut Scratch::default()).unwrap().bytes.len();
    /// assert_eq!(length(encoder.srgb(true)), length(encoder) + 13);
    /// ```
    #[must_use]
    pub const fn srgb(mut self, srgb: bool) -> Self {
        self.srgb = srgb;
        self
    }

    /// Encodes a picture: its rows from the top, without padding.
    ///
    /// Where that makes the scanlines smaller, the picture is reduced to greyscale of 1 to 8 bits, greyscale with
    /// alpha, or a palette. The reduction is lossless: every pixel, the colour of transparent ones included, is read
    /// back as it was.
    ///
    /// # Errors
    ///
    /// [`Error::Width`], [`Error::Height`] or [`Error::ScanlineLength`] if PNG, or this encoder, has no such size;
    /// [`Error::DataLength`] unless there are width × height × bytes per pixel bytes.
    ///
    /// ```
    /// use smart_resize_png::{Colour, Encoder, Scratch};
    ///
    /// let mut scratch = Scratch::default();
    /// let pixels: Vec<u8> = (0..100 * 100).flat_map(|at| [at as u8, (at / 100) as u8, 200]).collect();
    /// let encoded = Encoder::new((100, 100), Colour::Rgb).encode(&pixels, &mut scratch)?;
    /// assert_eq!(encoded.palette, None);
    ///
    /// let error = Encoder::new((0, 100), Colour::Rgb).encode(&[], &mut scratch).unwrap_err();
    /// assert_eq!(error.to_string(), "width is 0; expected 1 to 2147483647");
    /// # Ok::<(), smart_resize_png::Error>(())
    /// ```
    pub fn encode(&self, pixels: &[u8], scratch: &mut Scratch) -> Result<Encoded, Error> {
        let header = self.header()?;
        check_length(pixels, header.row_bytes() as u64 * u64::from(header.height))?;
        let mut reduced = std::mem::take(&mut scratch.reduced);
        let encoded = self.write(&reduce(header, pixels, &mut reduced), scratch);
        scratch.reduced = reduced;
        Ok(encoded)
    }

    /// Encodes a picture that has a palette already: 1 to 256 RGBA colours, and one index per pixel.
    ///
    /// The palette is written in the given order, with as few bits per index as its length allows. The alpha entries
    /// end with the last colour that is not opaque, so a palette whose opaque colours come last makes the smaller file.
    /// The encoder's colour is not used.
    ///
    /// # Errors
    ///
    /// [`Error::Width`], [`Error::Height`] or [`Error::ScanlineLength`] if PNG, or this encoder, has no such size;
    /// [`Error::PaletteLength`], [`Error::DataLength`] unless there are width × height indices, and
    /// [`Error::PaletteIndex`].
    ///
    /// ```
    /// use smart_resize_png::{Colour, Encoder, Scratch};
    ///
    /// let encoder = Encoder::new((3, 1), Colour::Rgba);
    /// let palette = [[0, 0, 0, 0], [255, 0, 0, 255]];
    /// let encoded = encoder.encode_indexed(&palette, &[0, 1, 0], &mut Scratch::default())?;
    /// assert_eq!(encoded.palette, Some(2));
    ///
    /// let error = encoder.encode_indexed(&palette, &[0, 1, 2], &mut Scratch::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "palette index is 2; expected 0 to 1 (at byte 2)");
    /// # Ok::<(), smart_resize_png::Error>(())
    /// ```
    pub fn encode_indexed(&self, palette: &[[u8; 4]], indices: &[u8], scratch: &mut Scratch) -> Result<Encoded, Error> {
        let last = palette.len().checked_sub(1).and_then(|last| u8::try_from(last).ok());
        let last = last.ok_or(Error::PaletteLength { found: palette.len() })?;
        let (width, height) = checked_size(self.size)?;
        let bit_depth = BitDepth::of_palette(palette.len());
        let header = checked_row(Header { width, height, colour_type: ColourType::IndexedColour, bit_depth })?;
        check_length(indices, u64::from(width) * u64::from(height))?;
        if let Some(at) = indices.iter().position(|index| *index > last) {
            return Err(Error::PaletteIndex { found: indices[at], last, at });
        }
        let mut packed = std::mem::take(&mut scratch.reduced);
        packed.clear();
        pack(width, indices.iter().copied(), bit_depth, &mut packed);
        let encoded = self.write(&PngImage { header, palette: Palette::new(palette), rows: &packed }, scratch);
        scratch.reduced = packed;
        Ok(encoded)
    }

    /// Begins a picture whose rows arrive one by one. It is not reduced.
    ///
    /// The call allocates memory for one scanline.
    ///
    /// # Errors
    ///
    /// [`Error::Width`], [`Error::Height`] or [`Error::ScanlineLength`] if PNG, or this encoder, has no such size.
    ///
    /// ```
    /// use smart_resize_png::{Colour, Encoder, Scratch};
    ///
    /// let (encoder, mut scratch) = (Encoder::new((2, 2), Colour::Rgb), Scratch::default());
    /// let mut writer = encoder.row_writer(&mut scratch)?;
    /// writer.write(&[1, 2, 3, 4, 5, 6]);
    /// writer.write(&[7, 8, 9, 10, 11, 12]);
    /// let file = writer.finish()?;
    /// assert_eq!(file, encoder.encode(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], &mut scratch)?.bytes);
    /// # Ok::<(), smart_resize_png::Error>(())
    /// ```
    pub fn row_writer<'s>(&self, scratch: &'s mut Scratch) -> Result<RowWriter<'s>, Error> {
        Ok(RowWriter::new(self.header()?, self.srgb, self.effort, scratch))
    }

    /// The header of a picture that is not reduced, once the size is checked.
    fn header(&self) -> Result<Header, Error> {
        let (width, height) = checked_size(self.size)?;
        let colour_type = match self.colour {
            Colour::Rgb => ColourType::Truecolour,
            Colour::Rgba => ColourType::TruecolourAlpha,
        };
        checked_row(Header { width, height, colour_type, bit_depth: BitDepth::Eight })
    }

    /// The file of an image.
    fn write(&self, image: &PngImage<'_>, scratch: &mut Scratch) -> Encoded {
        let mut datastream = Datastream::new(image.header, self.srgb, &image.palette);
        self.push_strips(image, scratch, &mut datastream);
        let colours = u16::try_from(image.palette.len()).expect("invariant: a palette has at most 256 colours");
        Encoded { bytes: datastream.into_file(), palette: (colours > 0).then_some(colours) }
    }

    /// Compresses every strip, in parallel where there are threads for it.
    fn push_strips(&self, image: &PngImage<'_>, scratch: &mut Scratch, datastream: &mut Datastream) {
        let Scratch { rows: zeros, encoder, .. } = scratch;
        // `rows` serves as the scanline above the first one, which is all zeros (PNG, section 9.1).
        zeros.clear();
        zeros.resize(image.header.row_bytes(), 0);
        let count = strip_count(image.header);
        #[cfg(feature = "parallel")]
        if count > 1 && rayon::current_num_threads() > 1 {
            return crate::parallel::push_strips(image, self.effort, zeros, &scratch.encoders, datastream);
        }
        for rows in (0..count).map(|number| strip_rows(image.header, number)) {
            let strip = Strip::new(image.rows, rows, zeros);
            datastream.push(encoder.encode(image.header, strip, self.effort), rows.is_last);
        }
    }
}

/// Returns the size unless PNG has no such width or height.
pub(crate) fn checked_size((width, height): (u32, u32)) -> Result<(u32, u32), Error> {
    if width == 0 || width > MAX_SIDE {
        Err(Error::Width { found: width })
    } else if height == 0 || height > MAX_SIDE {
        Err(Error::Height { found: height })
    } else {
        Ok((width, height))
    }
}

/// Returns the header unless its scanlines are too long.
fn checked_row(header: Header) -> Result<Header, Error> {
    let found = header.row_bits().div_ceil(8);
    if found > MAX_ROW_BYTES { Err(Error::ScanlineLength { found }) } else { Ok(header) }
}

/// Returns an error unless the data has this length.
pub(crate) fn check_length(data: &[u8], expected: u64) -> Result<(), Error> {
    let found = data.len() as u64;
    if found == expected { Ok(()) } else { Err(Error::DataLength { found, expected }) }
}
