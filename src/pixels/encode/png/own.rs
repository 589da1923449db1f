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
    let strips = strips(raster).map(|rows| encode_strip(raster, rows, effort));
    write_file(raster, &zlib(strips), bytes)
}

/// The chunks of a file with this stream: size and kind, sRGB, palette, pixels.
fn write_file(raster: &Raster<'_>, stream: &[u8], bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
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
    for chunk in stream.chunks(CHUNK) {
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

impl Strip {
    fn of(filtered: &[u8], effort: PngEffort, is_last: bool) -> Self {
        let mut bits = BitWriter::default();
        deflate(filtered, effort, is_last, &mut bits);
        Self { deflated: bits.end(), adler: adler32(filtered), filtered_bytes: filtered.len() }
    }

    /// Large areas of one colour become so small. There rows often repeat best as they are.
    const fn is_flat(&self) -> bool {
        self.deflated.len() < self.filtered_bytes / 8
    }
}

/// Depends on nothing but its arguments, so that strips may be encoded side by side.
///
/// How rows are filtered is tried in more than one way where that may pay: with the smallest bytes, which is best for
/// most pictures, with the least surprising ones, and not at all.
pub(super) fn encode_strip(raster: &Raster<'_>, rows: Rows, effort: PngEffort) -> Strip {
    let filtered = |choose: &dyn Fn(&Row<'_>) -> Filter| filtered(raster, rows, choose);
    let strip = |filtered: &Vec<u8>, effort| Strip::of(filtered, effort, rows.is_last);
    let shorter = |a: Strip, b: Strip| if b.deflated.len() < a.deflated.len() { b } else { a };
    // What differs by one in a palette may look like anything, and so may what shares a byte.
    if raster.depth != BitDepth::Eight || raster.kind == ColorType::Indexed {
        return strip(&filtered(&|_| Filter::None), effort);
    }
    let smallest = filtered(&|row| row.smallest());
    if effort == PngEffort::Small {
        let least = filtered(&|row| row.least_surprising());
        let (by_size, by_surprise) = (strip(&smallest, PngEffort::Fast), strip(&least, PngEffort::Fast));
        let is_flat = by_size.is_flat();
        let better = if by_surprise.deflated.len() < by_size.deflated.len() { least } else { smallest };
        let found = strip(&better, effort);
        return if is_flat { shorter(found, strip(&filtered(&|_| Filter::None), effort)) } else { found };
    }
    let found = strip(&smallest, effort);
    if effort == PngEffort::Balanced && found.is_flat() {
        return shorter(found, strip(&filtered(&|_| Filter::None), effort));
    }
    found
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

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is cut off is meant to be, or 0")]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::pixels::decode::{DecodeLimits, decode};
    use crate::pixels::picture::Picture;
    use crate::size::Size;

    fn picture(width: u32, height: u32) -> Picture {
        let mut state = 1_u32;
        let byte = |at: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (at / 97 + (state >> 29)) as u8
        };
        Picture::from_rgb(Size::new(width, height).unwrap(), (0..width * height * 3).map(byte).collect()).unwrap()
    }

    fn edges(width: u32, height: u32) -> Vec<(usize, usize)> {
        strips(&Raster::of(&picture(width, height))).map(|rows| (rows.from, rows.to)).collect()
    }

    #[test]
    fn strips_follow_from_the_size_and_have_every_row_once() {
        assert_eq!(edges(1, 1), [(0, 1)]);
        assert_eq!(edges(1024, 256), [(0, 256)]);
        assert_eq!(edges(1024, 257), [(0, 128), (128, 257)]);
        assert_eq!(edges(512, 1025), [(0, 341), (341, 683), (683, 1025)]);
        // No strip is empty.
        assert_eq!(edges(65_535, 1), [(0, 1)]);
    }

    #[test]
    fn strips_are_the_same_in_any_order_and_whatever_the_layout() {
        let picture = picture(512, 1025);
        let raster = Raster::of(&picture);
        let all: Vec<Rows> = strips(&raster).collect();
        let bytes = |rows: &Rows| encode_strip(&raster, *rows, PngEffort::Balanced).deflated;
        let mut backwards: Vec<_> = all.iter().rev().map(bytes).collect();
        backwards.reverse();
        assert!(backwards == all.iter().map(bytes).collect::<Vec<_>>());
        // Each but the last ends with an empty stored block, so it is whole bytes.
        assert!(backwards.iter().rev().skip(1).all(|strip| strip.ends_with(&[0, 0, 0xff, 0xff])));
    }

    #[test]
    fn the_stream_is_whole_and_its_sum_is_right() {
        let picture = picture(512, 1025);
        let raster = Raster::of(&picture);
        for effort in PngEffort::ALL {
            let stream = zlib(strips(&raster).map(|rows| encode_strip(&raster, rows, effort)));
            // Which also checks the sum over all rows.
            let inflated = miniz_oxide::inflate::decompress_to_vec_zlib(&stream).unwrap();
            assert_eq!(inflated.len(), 1025 * (1 + 512 * 3));
        }
    }

    #[test]
    fn every_filter_is_undone_by_a_decoder() {
        let pictures = [picture(19, 7), picture(1, 5), picture(300, 3)];
        for (picture, filter) in pictures.iter().flat_map(|picture| Filter::ALL.map(|filter| (picture, filter))) {
            let raster = Raster::of(picture);
            let rows = Rows { from: 0, to: raster.size.height() as usize, is_last: true };
            let filtered = filtered(&raster, rows, |_| filter);
            let mut bits = BitWriter::default();
            deflate(&filtered, PngEffort::Balanced, true, &mut bits);
            let strip = Strip { deflated: bits.end(), adler: adler32(&filtered), filtered_bytes: filtered.len() };
            let mut file = Vec::new();
            write_file(&raster, &zlib([strip].into_iter()), &mut file).unwrap();
            assert!(decode(&file, &DecodeLimits::NONE).unwrap().picture == *picture, "{filter:?}");
        }
    }

    proptest! {
        #[test]
        fn sums_of_parts_make_the_sum_of_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..9000), at in any::<u16>()) {
            let (first, second) = bytes.split_at(usize::from(at) % (bytes.len() + 1));
            prop_assert_eq!(adler32_of_both(adler32(first), adler32(second), second.len()), adler32(&bytes));
        }
    }
}
