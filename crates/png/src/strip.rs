//! Strips: groups of adjacent scanlines that are compressed independently.
//!
//! A picture is cut into strips of about 2^18 pixels. A strip's filters look at the scanline above it, but its matches
//! reach no farther back than its own first scanline, and its deflate data ends with a whole byte. So strips can be
//! compressed in any order, or in parallel, and their data in order is one deflate stream. Strips follow from the size
//! alone: neither the number of threads nor the way the scanlines arrive changes a byte.
//!
//! Each strip is tried in one to four ways, and the shortest result is kept:
//!
//! 1. [Graphic](Content::Graphic) content, palette indices and pixels that share a byte are not filtered. Indices have
//!    no arithmetic order, so a residual of two means nothing (PNG, third edition, section 12.7).
//! 2. [Photographic](Content::Photographic) content is filtered with the least sum of absolute differences.
//! 3. [`Effort::Small`] compresses both the filter types of 2 and those of least entropy with the parameters of
//!    [`Effort::Balanced`], then the better of the two with its own.
//! 4. [`Effort::Small`] compares with unfiltered scanlines where the content is graphic or compresses very well.

use crate::adler::Adler32;
use crate::bits::BitWriter;
use crate::content::Content;
use crate::deflate::Deflater;
use crate::effort::Effort;
use crate::filter::Scanline;
use crate::filter_type::FilterType;
use crate::header::{BitDepth, ColourType, Header};

/// About how many pixels a strip has. With fewer, more matches are cut off at the first scanline; with more, fewer
/// threads share a picture, and the buffers leave the cache.
const STRIP_PIXELS: u64 = 1 << 18;

/// A strip that compresses to less than one part in this many is also tried unfiltered.
const FLAT: usize = 8;

/// A range of scanlines, from the first to before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StripRows {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) is_last: bool,
}

/// The strips of a picture of this size, at least one of at least one scanline each. Returns strip number `number`.
pub(crate) fn strip_rows(header: Header, number: u32) -> StripRows {
    let (height, count) = (u64::from(header.height), u64::from(strip_count(header)));
    let edge = |number: u32| {
        usize::try_from(height * u64::from(number) / count).expect("invariant: a height is at most 2^31 - 1")
    };
    StripRows { begin: edge(number), end: edge(number + 1), is_last: number + 1 == strip_count(header) }
}

/// How many strips a picture of this size has.
pub(crate) fn strip_count(header: Header) -> u32 {
    let pixels = u64::from(header.width) * u64::from(header.height);
    let count = pixels.div_ceil(STRIP_PIXELS).min(u64::from(header.height));
    u32::try_from(count).expect("invariant: at most the height")
}

/// The scanlines of a strip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strip<'a> {
    /// The scanlines of the strip, from the top.
    pub(crate) rows: &'a [u8],
    /// The scanline above the first one; zeros at the top of the picture.
    pub(crate) above: &'a [u8],
    /// Whether it ends the picture, and so the deflate stream.
    pub(crate) is_last: bool,
}

impl<'a> Strip<'a> {
    /// The strip of these rows, out of all scanlines of a picture. `zeros` is one scanline of zeros.
    pub(crate) fn new(all: &'a [u8], rows: StripRows, zeros: &'a [u8]) -> Self {
        let begin = rows.begin * zeros.len();
        let above = if begin == 0 { zeros } else { &all[begin - zeros.len()..begin] };
        Self { rows: &all[begin..rows.end * zeros.len()], above, is_last: rows.is_last }
    }
}

/// A compressed strip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompressedStrip<'a> {
    /// Its part of the deflate stream.
    pub(crate) bytes: &'a [u8],
    /// The checksum of its filtered scanlines.
    pub(crate) adler: Adler32,
}

/// The scratch buffers of one thread, kept from strip to strip.
#[derive(Debug, Default)]
pub(crate) struct StripEncoder {
    /// The scratch buffers of deflate.
    deflater: Deflater,
    /// The filtered scanlines, and those of the other heuristic.
    filtered: Vec<u8>,
    other_filtered: Vec<u8>,
    /// One scanline, while its filter type is selected.
    row: Vec<u8>,
    /// The shortest result so far, and the one that is compared with it.
    best: BitWriter,
    candidate: BitWriter,
    /// The checksum of the filtered scanlines behind the shortest result; none before the first result.
    best_adler: Option<Adler32>,
}

impl StripEncoder {
    /// Compresses a strip. The result depends on the arguments only, not on what the buffers were used for.
    pub(crate) fn encode(&mut self, header: Header, strip: Strip<'_>, effort: Effort) -> CompressedStrip<'_> {
        self.best_adler = None;
        // Way 1 alone, where residuals mean nothing.
        if header.bit_depth != BitDepth::Eight || header.colour_type == ColourType::IndexedColour {
            self.filter(header, strip, |_, _| FilterType::None);
            self.deflate(effort, Content::Graphic, strip.is_last);
        } else {
            self.encode_samples(header, strip, effort);
        }
        let adler = self.best_adler.expect("invariant: every strip is deflated at least once");
        CompressedStrip { bytes: self.best.bytes(), adler }
    }

    /// Compresses a strip of 8-bit samples.
    fn encode_samples(&mut self, header: Header, strip: Strip<'_>, effort: Effort) {
        let content = Content::of(strip.rows, strip.above, header.row_bytes(), header.bytes_per_pixel());
        let (is_graphic, is_small) = (content == Content::Graphic, effort == Effort::Small);
        // Way 2, and way 3 before it: the better filter types are deflated with the parameters of the effort.
        if is_small || !is_graphic {
            self.filter(header, strip, |scanline, _| scanline.least_difference());
            if is_small {
                self.keep_better_filter_types(header, strip);
            }
            self.deflate(effort, Content::Photographic, strip.is_last);
        }
        // Way 1, and way 4 for what turned out to be flat.
        if is_graphic || is_small && self.is_flat() {
            self.filter(header, strip, |_, _| FilterType::None);
            self.deflate(effort, Content::Graphic, strip.is_last);
        }
    }

    /// Compares the filter types that the scanlines are filtered with and those of least entropy, and leaves the
    /// scanlines that compress better in `filtered`.
    fn keep_better_filter_types(&mut self, header: Header, strip: Strip<'_>) {
        self.deflate(Effort::Balanced, Content::Photographic, strip.is_last);
        std::mem::swap(&mut self.filtered, &mut self.other_filtered);
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method is of one lifetime, the closure of any"
        )]
        self.filter(header, strip, |scanline, row| scanline.least_entropy(row));
        if !self.deflate(Effort::Balanced, Content::Photographic, strip.is_last) {
            std::mem::swap(&mut self.filtered, &mut self.other_filtered);
        }
    }

    /// Whether the strip is mostly areas of one colour, whose scanlines often repeat best unfiltered.
    fn is_flat(&self) -> bool {
        self.best.bytes().len() < self.filtered.len() / FLAT
    }

    /// Filters each scanline with the type that `select` returns for it; the buffer is one for a scanline.
    fn filter(&mut self, header: Header, strip: Strip<'_>, select: impl Fn(Scanline<'_>, &mut Vec<u8>) -> FilterType) {
        self.filtered.clear();
        let (row_bytes, bytes_per_pixel) = (header.row_bytes(), header.bytes_per_pixel());
        // The predictions use the unfiltered scanline above (PNG, section 9.1), so it is the input, not the output.
        let mut above = strip.above;
        for bytes in strip.rows.chunks(row_bytes) {
            let scanline = Scanline { bytes, above, bytes_per_pixel };
            scanline.append_filtered(select(scanline, &mut self.row), &mut self.filtered);
            above = bytes;
        }
    }

    /// Deflates the filtered scanlines, and keeps the result if it is the shortest. Returns whether it is.
    fn deflate(&mut self, effort: Effort, content: Content, is_last: bool) -> bool {
        self.candidate.clear();
        self.deflater.deflate(&self.filtered, effort, content, is_last, &mut self.candidate);
        // Among results of equal length the first is kept.
        let is_best = self.best_adler.is_none() || self.candidate.bytes().len() < self.best.bytes().len();
        if is_best {
            std::mem::swap(&mut self.best, &mut self.candidate);
            self.best_adler = Some(Adler32::of(&self.filtered));
        }
        is_best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(width: u32, height: u32) -> Header {
        Header { width, height, colour_type: ColourType::Truecolour, bit_depth: BitDepth::Eight }
    }

    fn edges(width: u32, height: u32) -> Vec<(usize, usize)> {
        let header = header(width, height);
        let strips: Vec<StripRows> = (0..strip_count(header)).map(|number| strip_rows(header, number)).collect();
        assert!(strips.iter().rev().skip(1).all(|strip| !strip.is_last) && strips.last().unwrap().is_last);
        strips.iter().map(|rows| (rows.begin, rows.end)).collect()
    }

    #[test]
    fn strips_follow_from_the_size_and_have_every_scanline_once() {
        assert_eq!(edges(1, 1), [(0, 1)]);
        assert_eq!(edges(1024, 256), [(0, 256)]);
        assert_eq!(edges(1024, 257), [(0, 128), (128, 257)]);
        assert_eq!(edges(512, 1025), [(0, 341), (341, 683), (683, 1025)]);
        // No strip is empty.
        assert_eq!(edges(65_535, 1), [(0, 1)]);
        assert_eq!(edges(1 << 20, 3), [(0, 1), (1, 2), (2, 3)]);
        let last = strip_rows(header(1, (1 << 31) - 1), (1 << 13) - 1);
        assert_eq!((last.end, last.is_last), ((1 << 31) - 1, true));
    }

    #[test]
    fn strips_are_the_same_in_any_order_and_with_used_buffers() {
        let (header, mut state) = (header(512, 1025), 1_u32);
        let mut sample = |at: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (at / 97).to_le_bytes()[0].wrapping_add((state >> 29).to_le_bytes()[0])
        };
        let all: Vec<u8> = (0..header.row_bytes() * 1025).map(&mut sample).collect();
        let zeros = vec![0; header.row_bytes()];
        for effort in Effort::ALL {
            let encode = |number, encoder: &mut StripEncoder| {
                let strip = Strip::new(&all, strip_rows(header, number), &zeros);
                encoder.encode(header, strip, effort).bytes.to_vec()
            };
            let mut used = StripEncoder::default();
            let backwards: Vec<_> = (0..3).rev().map(|number| encode(number, &mut used)).collect();
            let forwards = (0..3).map(|number| encode(number, &mut StripEncoder::default()));
            assert!(backwards.into_iter().rev().eq(forwards));
        }
    }

    /// The filtered scanlines that the strip was compressed from.
    fn filtered(header: Header, rows: &[u8], effort: Effort) -> Vec<u8> {
        let (mut encoder, zeros) = (StripEncoder::default(), vec![0; header.row_bytes()]);
        let compressed = encoder.encode(header, Strip { rows, above: &zeros, is_last: true }, effort);
        let filtered = miniz_oxide::inflate::decompress_to_vec(compressed.bytes).unwrap();
        assert_eq!(compressed.adler, Adler32::of(&filtered));
        filtered
    }

    fn filter_types(header: Header, rows: &[u8], effort: Effort) -> Vec<u8> {
        filtered(header, rows, effort).into_iter().step_by(1 + header.row_bytes()).collect()
    }

    #[test]
    fn palette_indices_and_pixels_that_share_a_byte_are_not_filtered() {
        let slope: Vec<u8> = (0..64 * 64_u32).map(|at| (at % 64 + at / 64).to_le_bytes()[0]).collect();
        let of = |colour_type, bit_depth| Header { width: 64, height: 64, colour_type, bit_depth };
        for effort in Effort::ALL {
            let indices = of(ColourType::IndexedColour, BitDepth::Eight);
            assert_eq!(filter_types(indices, &slope, effort), [0; 64]);
            let nibbles = of(ColourType::Greyscale, BitDepth::Four);
            assert_eq!(filter_types(nibbles, &slope[..32 * 64], effort), [0; 64]);
            // The same bytes as samples are filtered.
            let samples = of(ColourType::Greyscale, BitDepth::Eight);
            assert!(filter_types(samples, &slope, effort)[1..].iter().all(|filter_type| *filter_type > 0));
        }
    }

    #[test]
    fn graphic_content_is_not_filtered() {
        let letter = |at: u32| if at % 200 % 20 < 5 && (at % 200) * (at / 200) % 7 < 3 { 20 } else { 240 };
        let rows: Vec<u8> = (0..200 * 100).map(letter).collect();
        let header = Header { width: 200, height: 100, colour_type: ColourType::Greyscale, bit_depth: BitDepth::Eight };
        assert_eq!(Content::of(&rows, &[0; 200], 200, 1), Content::Graphic);
        assert_eq!(filter_types(header, &rows, Effort::Balanced), [0; 100]);
    }

    #[test]
    fn the_scanline_above_a_strip_is_the_last_one_before_it_and_zeros_at_the_top() {
        let (all, zeros) = ([1, 1, 2, 2, 3, 3, 4, 4], [0; 2]);
        let strip = |begin, end| Strip::new(&all, StripRows { begin, end, is_last: false }, &zeros);
        assert_eq!((strip(0, 2).above, strip(0, 2).rows), (&[0, 0][..], &all[..4]));
        assert_eq!((strip(2, 4).above, strip(2, 4).rows), (&[2, 2][..], &all[4..]));
    }

    #[test]
    fn predictions_use_the_unfiltered_scanline_above() {
        let header = Header { width: 2, height: 3, colour_type: ColourType::Greyscale, bit_depth: BitDepth::Eight };
        let mut encoder = StripEncoder::default();
        let strip = Strip { rows: &[9, 9, 10, 10, 12, 12], above: &[5, 6], is_last: true };
        encoder.filter(header, strip, |_, _| FilterType::Up);
        assert_eq!(encoder.filtered, [2, 4, 3, 2, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn among_results_of_equal_length_the_first_is_kept() {
        let mut encoder = StripEncoder::default();
        let mut deflate = |filtered: &[u8]| {
            encoder.filtered = filtered.to_vec();
            let is_best = encoder.deflate(Effort::Balanced, Content::Photographic, true);
            (is_best, encoder.best_adler.unwrap())
        };
        let first = Adler32::of(&[1, 2, 3]);
        assert_eq!(deflate(&[1, 2, 3]), (true, first));
        assert_eq!(deflate(&[4, 5, 6]), (false, first));
        assert_eq!(deflate(&[4, 5]), (true, Adler32::of(&[4, 5])));
    }

    #[test]
    fn a_strip_is_flat_below_an_eighth_of_its_filtered_bytes() {
        for (compressed, is_flat) in [(9, true), (10, false)] {
            let mut encoder = StripEncoder { filtered: vec![0; 80], ..StripEncoder::default() };
            encoder.best.extend(&vec![0; compressed]);
            assert_eq!(encoder.is_flat(), is_flat);
        }
    }

    /// What compresses to less than an eighth is also tried unfiltered by the effort small.
    #[test]
    fn the_effort_small_is_never_larger_than_its_own_unfiltered_scanlines_of_flat_content() {
        let rows: Vec<u8> = (0..300 * 200_u32).map(|at| if at % 300 < 150 + at / 300 % 3 { 9 } else { 200 }).collect();
        let header = Header { width: 300, height: 200, colour_type: ColourType::Greyscale, bit_depth: BitDepth::Eight };
        let zeros = vec![0; 300];
        let strip = Strip { rows: &rows, above: &zeros, is_last: true };
        let mut encoder = StripEncoder::default();
        encoder.filter(header, strip, |_, _| FilterType::None);
        encoder.deflate(Effort::Small, Content::Graphic, true);
        let unfiltered = encoder.best.bytes().len();
        assert!(encoder.encode(header, strip, Effort::Small).bytes.len() <= unfiltered);
    }
}
