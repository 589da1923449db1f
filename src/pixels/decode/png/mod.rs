//! PNG. Its header is read by the `png` crate, which decides what is a PNG and what is not. The pixels of a [`plain`] one
//! are read here; those of any other, and of one that is broken, by that crate: palettes, fewer than 8 bits and transparent
//! colours are expanded by it; of an animation it gives the picture that a program without animations shows. Texts are
//! skipped unread, so they cannot inflate.

mod plain;
mod sound;
mod unfilter;

use std::io::{Cursor, ErrorKind};
use std::mem;

use png::{ColorType, Decoder, DecodingError, Info, Limits, Reader, Transformations};

use self::plain::Plain;
pub(crate) use self::plain::Room;
pub(super) use self::sound::is_sound;
pub(super) use self::unfilter::GROUP;
use super::{DecodeError, DecodeLimits, Header, Opened, Pixels, Read, Reading, guarded};
use crate::format::Format;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;

const CUT_SHORT: DecodeError = DecodeError::Truncated { format: Format::Png };

pub(super) fn open<'a>(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Opened<'a>, DecodeError> {
    let (header, needed, png) = open_png(bytes, limits)?;
    Ok(Opened { header, needed, pixels: Box::new(png) })
}

/// The file with its header read, and how many bytes its pixels take.
pub(super) fn open_png<'a>(bytes: &'a [u8], limits: &DecodeLimits) -> Result<(Header, u64, Png<'a>), DecodeError> {
    // Signature (8), length of the header (4), its name (4), width and height. These are held against the limits
    // before the decoder is made, since that inflates what stands between the header and the pixels.
    match bytes.get(12..24) {
        Some(&[b'I', b'H', b'D', b'R', w0, w1, w2, w3, h0, h1, h2, h3]) => {
            limits.check_size(u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]))?;
        }
        _ => return Err(CUT_SHORT),
    }
    let failed = |error| unreadable(limits, &error);
    let beside = usize::try_from(limits.metadata_bytes).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: beside });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info().map_err(failed)?;
    let info = reader.info();
    let size = limits.check_size(info.width, info.height)?;
    check_palette(info)?;
    let Extras { is_bare, has_icc, has_content_credentials, exif, pixels } = extras(bytes);
    let header = Header {
        size,
        orientation: exif.map_or(Orientation::UPRIGHT, Orientation::from_exif),
        colour_tags: colour_tags(info, has_icc),
        is_bare: is_bare && info.bit_depth != png::BitDepth::Sixteen,
        has_content_credentials,
    };
    let needed = reader.output_buffer_size().map_or(u64::MAX, |bytes| bytes as u64);
    let is_in_order = !info.interlaced && info.animation_control.is_none();
    let step = match (info.color_type, info.bit_depth) {
        (ColorType::Rgb, png::BitDepth::Eight) if info.trns.is_none() => Some(3),
        (ColorType::Rgba, png::BitDepth::Eight) => Some(4),
        _ => None,
    };
    let plain = step.filter(|_| is_in_order).zip(pixels);
    Ok((header, needed, Png { reader, limits: *limits, is_in_order, plain }))
}

/// A palette has 3 bytes for each colour (PNG, section 11.2.2). Where it has not, the `png` crate panics later.
fn check_palette(info: &Info<'_>) -> Result<(), DecodeError> {
    let length = info.palette.as_ref().filter(|_| info.color_type == ColorType::Indexed).map_or(0, |bytes| bytes.len());
    if length.is_multiple_of(3) {
        return Ok(());
    }
    let message = format!("its palette has {length} bytes, which are not 3 for each colour");
    Err(DecodeError::Corrupt { format: Format::Png, message })
}

/// A file whose header has been read.
pub(super) struct Png<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    limits: DecodeLimits,
    /// Whether its rows come from the top to the bottom, and are all that there is.
    is_in_order: bool,
    /// Of a plain picture the bytes of a pixel, and the file from its first chunk of pixels on.
    plain: Option<(usize, &'a [u8])>,
}

impl<'a> Png<'a> {
    /// Whether its rows come from the top to the bottom, each of them 8 bits of red, green and blue a pixel.
    pub(super) fn has_rows_of_rgb(&self) -> bool {
        self.is_in_order && self.reader.output_color_type() == (ColorType::Rgb, png::BitDepth::Eight)
    }

    /// Its rows, for a picture that has them in order. Those of a plain one are read in the memory of `room`.
    pub(super) fn rows(self, room: Room) -> Rows<'a> {
        let Self { reader, limits, plain, .. } = self;
        let row_bytes = reader.output_line_size(reader.info().width).unwrap_or(usize::MAX);
        let by = match plain {
            Some((step, chunks)) => By::Own(Plain::new(chunks, step, row_bytes, room)),
            None => By::Crate(room),
        };
        let left = reader.info().height as usize;
        Rows { reader, limits, row_bytes, left, by, ends_exactly: false }
    }
}

/// The rows of a picture, one after the other.
pub(crate) struct Rows<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    limits: DecodeLimits,
    row_bytes: usize,
    /// How many are still to be read.
    left: usize,
    by: By<'a>,
    ends_exactly: bool,
}

/// Who reads them.
enum By<'a> {
    /// A plain picture, as long as nothing is wrong with it.
    Own(Plain<'a>),
    /// The `png` crate, which takes memory of its own.
    Crate(Room),
}

impl Rows<'_> {
    /// How many of them are read at once: so many, or several times so many, are read the fastest.
    pub(crate) const GROUP: usize = GROUP;

    /// Fills `rows`, one or more, with the next ones. With the last one it looks whether the picture ends as it should.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where the file is broken, or whoever reads it panics.
    pub(crate) fn read(&mut self, rows: &mut [u8]) -> Result<(), DecodeError> {
        guarded(Some(Format::Png), || {
            self.fill(rows)?;
            self.left = self.left.saturating_sub(rows.len() / self.row_bytes);
            if self.left == 0 { self.finish() } else { Ok(()) }
        })
    }

    fn fill(&mut self, rows: &mut [u8]) -> Result<(), DecodeError> {
        if let By::Own(plain) = &mut self.by
            && plain.read(rows).is_some()
        {
            return Ok(());
        }
        self.give_up()?;
        rows.chunks_exact_mut(self.row_bytes).try_for_each(|row| self.read_row(row))
    }

    fn finish(&mut self) -> Result<(), DecodeError> {
        if let By::Own(plain) = &mut self.by
            && let Some(ends_exactly) = plain.finish()
        {
            self.ends_exactly = ends_exactly;
            return Ok(());
        }
        self.give_up()?;
        self.read_row(&mut [])
    }

    /// Whether all have been read and were found to end where they should, with the right checksum.
    pub(crate) const fn ends_exactly(&self) -> bool {
        self.ends_exactly
    }

    /// The memory that they were read in.
    pub(crate) fn into_room(self) -> Room {
        match self.by {
            By::Own(plain) => plain.into_room(),
            By::Crate(room) => room,
        }
    }

    /// Leaves what comes to the `png` crate, which starts anew, and so with the rows that have been read.
    fn give_up(&mut self) -> Result<(), DecodeError> {
        let By::Own(plain) = mem::replace(&mut self.by, By::Crate(Room::default())) else { return Ok(()) };
        let count = plain.count();
        self.by = By::Crate(plain.into_room());
        let mut row = vec![0; self.row_bytes];
        (0..count).try_for_each(|_| self.read_row(&mut row))
    }

    fn read_row(&mut self, row: &mut [u8]) -> Result<(), DecodeError> {
        self.reader.read_row(row).map(|_| ()).map_err(|error| unreadable(&self.limits, &error))
    }
}

impl Pixels for Png<'_> {
    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, room: &mut Room) -> Reading {
        if let Some((step, _)) = self.plain {
            let mut rows = self.rows(mem::take(room));
            rows.read(&mut bytes)?;
            let ends_exactly = rows.ends_exactly();
            *room = rows.into_room();
            let samples = Samples { channels: Channels::Rgb, has_alpha: step == 4, wide: false, bytes };
            return Ok(Read { samples, ends_exactly });
        }
        let frame = self.reader.next_frame(&mut bytes).map_err(|error| unreadable(&self.limits, &error))?;
        let info = self.reader.info();
        if (frame.width, frame.height) != (info.width, info.height) {
            let message = format!("its frame is {}x{}", frame.width, frame.height);
            return Err(DecodeError::Corrupt { format: Format::Png, message });
        }
        let (channels, has_alpha) = match frame.color_type {
            ColorType::Grayscale => (Channels::Grey, false),
            ColorType::GrayscaleAlpha => (Channels::Grey, true),
            ColorType::Rgb => (Channels::Rgb, false),
            ColorType::Rgba => (Channels::Rgb, true),
            ColorType::Indexed => {
                let found = "indexed".into();
                return Err(DecodeError::UnsupportedColour { format: Format::Png, found });
            }
        };
        Ok(Samples { channels, has_alpha, wide: frame.bit_depth == png::BitDepth::Sixteen, bytes }.into())
    }
}

fn unreadable(limits: &DecodeLimits, error: &DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => CUT_SHORT,
        DecodingError::LimitsExceeded => DecodeError::MemoryLimit { format: Format::Png, max: limits.metadata_bytes },
        error => DecodeError::Corrupt { format: Format::Png, message: error.to_string() },
    }
}

/// What the file says of its colours, in the order of section 4.3 of the PNG specification, third edition.
fn colour_tags(info: &Info<'_>, has_icc: bool) -> Vec<ColourTag> {
    let cicp = info.coding_independent_code_points.map(|points| ColourTag::Cicp {
        primaries: points.color_primaries,
        transfer: points.transfer_function,
        full_range: points.is_video_full_range_image,
    });
    // The decoder passes over a profile that does not inflate, or too far; here it is a broken one.
    let icc = info.icc_profile.as_deref().map(<[u8]>::to_vec).or(has_icc.then(Vec::new)).map(ColourTag::Icc);
    let srgb = info.srgb.map(|_| ColourTag::Srgb);
    let chromaticities = info.chrm_chunk.map(|corners| {
        [corners.white, corners.red, corners.green, corners.blue].map(|(x, y)| [x.into_value(), y.into_value()])
    });
    let gamma = info.gama_chunk.map(png::ScaledFloat::into_scaled);
    let measured =
        (gamma.is_some() || chromaticities.is_some()).then_some(ColourTag::Primaries { gamma, chromaticities });
    [cicp, icc, srgb, measured].into_iter().flatten().collect()
}

struct Extras<'a> {
    /// Nothing but the picture and the mark of sRGB is in the file, and nothing is behind it.
    is_bare: bool,
    has_icc: bool,
    /// A C2PA manifest is.
    has_content_credentials: bool,
    /// The first block of EXIF, which may stand behind the pixels.
    exif: Option<&'a [u8]>,
    /// From the first chunk of pixels on.
    pixels: Option<&'a [u8]>,
}

/// Walks the chunks: length (4), name (4), content, checksum (4).
fn extras(bytes: &[u8]) -> Extras<'_> {
    let mut found = Extras { is_bare: true, has_icc: false, has_content_credentials: false, exif: None, pixels: None };
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let &[l0, l1, l2, l3, n0, n1, n2, n3, ref after @ ..] = rest {
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        match &[n0, n1, n2, n3] {
            b"IDAT" => found.pixels = found.pixels.or(Some(rest)),
            b"IHDR" | b"PLTE" | b"tRNS" | b"IEND" | b"sRGB" | b"gAMA" | b"cHRM" => {}
            b"iCCP" => (found.is_bare, found.has_icc) = (false, true),
            b"caBX" => (found.is_bare, found.has_content_credentials) = (false, true),
            b"eXIf" => {
                found.is_bare = false;
                found.exif = found.exif.or(after.get(..length));
            }
            _ => found.is_bare = false,
        }
        match after.get(length.saturating_add(4)..) {
            Some(behind) if [n0, n1, n2, n3] == *b"IEND" => {
                return Extras { is_bare: found.is_bare && behind.is_empty(), ..found };
            }
            Some(next) => rest = next,
            None => break,
        }
    }
    Extras { is_bare: false, ..found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EncodeOptions, Picture, Size, encode};

    #[test]
    fn a_panic_between_two_rows_is_an_error_of_the_decoder() {
        let picture = Picture::from_rgb(Size::new(2, 2).unwrap(), vec![7; 12]).unwrap();
        let file = encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes;
        let (.., png) = open_png(&file, &DecodeLimits::default()).unwrap();
        let mut rows = png.rows(Room::default());
        // Rows of nothing: a mistake, as a decoder may have one.
        rows.row_bytes = 0;
        let error = rows.read(&mut [0; 6]).unwrap_err();
        assert!(matches!(error, DecodeError::Panicked { format: Some(Format::Png) }), "{error}");
    }
}
