//! PNG. Its header is read by the `png` crate, which decides what is a PNG and what is not. The pixels of a [`plain`] one
//! are read here; those of any other, and of one that is broken, by that crate: palettes, fewer than 8 bits and transparent
//! colours are expanded by it; of an animation it gives the picture that a program without animations shows. Texts are
//! skipped unread, so they cannot inflate.

mod plain;
mod unfilter;

use std::io::Cursor;
use std::mem;

use png::{ColorType, Decoder, DecodingError, Info, Limits, Reader, Transformations};

use self::plain::Plain;
pub(crate) use self::plain::Room;
pub(super) use self::unfilter::GROUP;
use super::{DecodeError, DecodeLimits, Header, Opened, Pixels, Reading};
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
    let Extras { is_bare, has_icc, has_content_credentials, exif, pixels } = extras(bytes);
    let header = Header {
        size,
        orientation: exif.map_or(Orientation::UPRIGHT, Orientation::from_exif),
        colour_tags: colour_tags(info, has_icc),
        is_bare: is_bare && info.bit_depth != png::BitDepth::Sixteen,
        has_content_credentials,
    };
    let needed = reader.output_buffer_size().map_or(u64::MAX, |bytes| bytes as u64);
    let is_still = !info.interlaced && info.animation_control.is_none();
    let step = match (info.color_type, info.bit_depth) {
        (ColorType::Rgb, png::BitDepth::Eight) if info.trns.is_none() => Some(3),
        (ColorType::Rgba, png::BitDepth::Eight) => Some(4),
        _ => None,
    };
    let plain = step.filter(|_| is_still).zip(pixels);
    let row_bytes = step.unwrap_or_default() * size.width() as usize;
    Ok((header, needed, Png { reader, limits: *limits, plain, row_bytes, reading: None, read: 0 }))
}

pub(super) struct Png<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    limits: DecodeLimits,
    /// Of a plain picture the bytes of a pixel, and the chunks from its first pixels on.
    plain: Option<(usize, &'a [u8])>,
    row_bytes: usize,
    /// A plain picture as it is read, until something is wrong with it.
    reading: Option<Plain<'a>>,
    /// The rows that have been read of it.
    read: usize,
}

impl Png<'_> {
    /// Whether its rows come from the top to the bottom, each of them 8 bits of red, green and blue a pixel.
    pub(super) fn has_plain_rows(&self) -> bool {
        self.plain.is_some_and(|(step, _)| step == 3)
    }

    /// Has the rows of a plain picture read here, in this memory. To be asked before the first one is read.
    pub(super) fn work_in(&mut self, room: Room) {
        self.reading = self.plain.map(|(step, chunks)| Plain::new(chunks, step, self.row_bytes, room));
    }

    /// The memory that was given.
    pub(super) fn into_room(self) -> Room {
        self.reading.map(Plain::into_room).unwrap_or_default()
    }

    /// Fills `rows`, whole ones of a plain picture, with the next ones.
    pub(super) fn read_rows(&mut self, rows: &mut [u8]) -> Result<(), DecodeError> {
        if self.reading.as_mut().is_some_and(|plain| plain.read(rows).is_some()) {
            self.read += rows.len() / self.row_bytes;
            return Ok(());
        }
        self.give_up()?;
        rows.chunks_exact_mut(self.row_bytes).try_for_each(|row| self.read_row(row))
    }

    /// Looks whether the picture ends with its last row.
    pub(super) fn finish(&mut self) -> Result<(), DecodeError> {
        if self.reading.as_mut().is_some_and(|plain| plain.finish().is_some()) {
            return Ok(());
        }
        self.give_up()?;
        self.read_row(&mut [])
    }

    /// Leaves the rest to the `png` crate, which starts anew.
    fn give_up(&mut self) -> Result<(), DecodeError> {
        if self.reading.take().is_none() {
            return Ok(());
        }
        let mut row = vec![0; self.row_bytes];
        (0..self.read).try_for_each(|_| self.read_row(&mut row))
    }

    fn read_row(&mut self, row: &mut [u8]) -> Result<(), DecodeError> {
        self.reader.read_row(row).map(|_| ()).map_err(|error| unreadable(&self.limits, &error))
    }

    /// All rows of a plain picture.
    fn read_plain(mut self, has_alpha: bool, mut bytes: Vec<u8>, room: &mut Room) -> Reading {
        self.work_in(mem::take(room));
        self.read_rows(&mut bytes)?;
        self.finish()?;
        *room = self.into_room();
        Ok(Samples { channels: Channels::Rgb, has_alpha, wide: false, bytes })
    }
}

impl Pixels for Png<'_> {
    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, room: &mut Room) -> Reading {
        if let Some((step, _)) = self.plain {
            return self.read_plain(step == 4, bytes, room);
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
        Ok(Samples { channels, has_alpha, wide: frame.bit_depth == png::BitDepth::Sixteen, bytes })
    }
}

fn unreadable(limits: &DecodeLimits, error: &DecodingError) -> DecodeError {
    match error {
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
