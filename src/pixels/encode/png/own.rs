//! PNG by this crate: reduce, filter, deflate, strip by strip.
//!
//! A picture is cut into strips of about [`STRIP`] pixels. Each is encoded on its own, from the rows alone: its filters look
//! at the row above it, but its copies reach no farther back than its first row, and its deflate data ends with a byte.
//! So strips may be encoded in any order, and one behind the other they are the stream.

use png::{BitDepth, ColorType, Encoder, EncodingError, SrgbRenderingIntent, chunk};

use super::PngEffort;
use super::bits::BitWriter;
use super::deflate::deflate;
use super::filter::{Filter, Row};
use super::reduce::Raster;

/// The pixels of a strip, about.
const STRIP: u64 = 1 << 18;

/// The most bytes of a chunk, by our choice; the format has 2^31 less one.
const CHUNK: usize = 1 << 30;

pub(super) fn write(raster: &Raster<'_>, effort: PngEffort, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(bytes, raster.size.width(), raster.size.height());
    encoder.set_color(raster.kind);
    encoder.set_depth(raster.depth);
    if !raster.palette.is_empty() {
        encoder.set_palette(raster.palette.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect::<Vec<_>>());
        // Opaque colours come last and need no entry.
        let alpha = raster.palette.iter().map(|[_, _, _, alpha]| *alpha).take_while(|alpha| *alpha < u8::MAX);
        let alpha: Vec<u8> = alpha.collect();
        if !alpha.is_empty() {
            encoder.set_trns(alpha);
        }
    }
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    let strips = strips(raster).map(|rows| encode_strip(raster, rows, effort));
    for chunk in zlib(strips).chunks(CHUNK) {
        writer.write_chunk(chunk::IDAT, chunk)?;
    }
    writer.finish()
}

/// Rows of a picture, from one on to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    from: usize,
    to: usize,
    is_last: bool,
}

/// The strips of a picture, which follow from its size alone.
pub(super) fn strips(raster: &Raster<'_>) -> impl Iterator<Item = Rows> + use<> {
    let height = raster.size.height() as usize;
    let wanted = u64::from(raster.size.area()).div_ceil(STRIP);
    let many = usize::try_from(wanted).unwrap_or(height).min(height);
    let edge = move |strip: usize| height * strip / many;
    (0..many).map(move |strip| Rows { from: edge(strip), to: edge(strip + 1), is_last: strip + 1 == many })
}

/// A strip, deflated.
#[derive(Debug)]
pub(super) struct Strip {
    deflated: Vec<u8>,
    /// Of the filtered rows.
    adler: u32,
    filtered_bytes: usize,
}

/// Depends on nothing but its arguments, so that strips may be encoded side by side.
pub(super) fn encode_strip(raster: &Raster<'_>, rows: Rows, effort: PngEffort) -> Strip {
    let strip = |choose: &dyn Fn(&Row<'_>) -> Filter| {
        let filtered = filtered(raster, rows, choose);
        let mut bits = BitWriter::default();
        deflate(&filtered, effort, rows.is_last, &mut bits);
        Strip { deflated: bits.end(), adler: adler32(&filtered), filtered_bytes: filtered.len() }
    };
    if raster.depth != BitDepth::Eight || raster.kind == ColorType::Indexed {
        return strip(&|_| Filter::None);
    }
    let smallest = strip(&|row| row.smallest());
    // So small is what has large areas of one colour. There rows often repeat best as they are.
    if effort == PngEffort::Fast || smallest.deflated.len() > smallest.filtered_bytes / 8 {
        return smallest;
    }
    let plain = strip(&|_| Filter::None);
    if plain.deflated.len() < smallest.deflated.len() { plain } else { smallest }
}

fn filtered(raster: &Raster<'_>, rows: Rows, choose: impl Fn(&Row<'_>) -> Filter) -> Vec<u8> {
    let (row_bytes, step) = (raster.row_bytes(), raster.step());
    let mut filtered = Vec::with_capacity((row_bytes + 1) * (rows.to - rows.from));
    let zeros = vec![0; row_bytes];
    let all = &raster.rows;
    for row in rows.from..rows.to {
        let start = row * row_bytes;
        let bytes = all.get(start..start + row_bytes).unwrap_or(&[]);
        let above = start.checked_sub(row_bytes).and_then(|above| all.get(above..start)).unwrap_or(&zeros);
        let row = Row { bytes, above, step };
        row.put(choose(&row), &mut filtered);
    }
    filtered
}

/// The stream of RFC 1950: two bytes that say deflate with a window of 32 KiB, the strips, the sum over all rows.
fn zlib(strips: impl Iterator<Item = Strip>) -> Vec<u8> {
    let mut stream = vec![0x78, 0x5e];
    let mut adler = 1;
    for strip in strips {
        stream.extend(strip.deflated);
        adler = adler32_of_both(adler, strip.adler, strip.filtered_bytes);
    }
    stream.extend(adler.to_be_bytes());
    stream
}

/// Adler-32 (RFC 1950, section 8.2).
fn adler32(bytes: &[u8]) -> u32 {
    simd_adler32::adler32(&bytes)
}

/// The sum over bytes with the sum `first`, followed by `length` bytes with the sum `second`.
fn adler32_of_both(first: u32, second: u32, length: usize) -> u32 {
    const BASE: u64 = 65_521;
    let split = |sum: u32| (u64::from(sum & 0xffff), u64::from(sum >> 16));
    let ((a1, b1), (a2, b2)) = (split(first), split(second));
    // Each of the second bytes' sums began at 1 in place of a1.
    let more = a1 + BASE - 1;
    let (a, b) = ((a2 + more) % BASE, (b1 + b2 + more % BASE * (length as u64 % BASE)) % BASE);
    // Invariant: both are below 2^16.
    u32::try_from(b << 16 | a).unwrap_or(0)
}
