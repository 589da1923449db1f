//! Strips: rows that are encoded on their own, and how they are filtered.
//!
//! A picture is cut into strips of about [`STRIP`] pixels. Each is encoded from its rows alone: its filters look at the
//! row above it, but its copies reach no farther back than its first row, and its deflate data ends with a byte. So
//! strips may be encoded in any order, and one behind the other they are the stream.

use png::{BitDepth, ColorType};

use super::PngEffort;
use super::bits::BitWriter;
use super::deflate::{Deflater, Look};
use super::filter::Row;
use super::reduce::Shape;
use crate::pixels::predict::Filter;
use crate::size::Size;

/// The pixels of a strip, about.
const STRIP: u64 = 1 << 18;

/// Rows of a picture, from one on to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) is_last: bool,
}

/// The strips of a picture, which follow from its size alone: at least one, and none is empty.
pub(super) fn strips(size: Size) -> impl ExactSizeIterator<Item = Rows> {
    let height = size.height() as usize;
    let wanted = u64::from(size.area()).div_ceil(STRIP);
    let many = usize::try_from(wanted).unwrap_or(height).min(height);
    let edge = move |strip: usize| height * strip / many;
    (0..many).map(move |strip| Rows { from: edge(strip), to: edge(strip + 1), is_last: strip + 1 == many })
}

/// A strip's rows, and the one above them; above the first row of a picture are zeros.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strip<'a> {
    pub(super) rows: &'a [u8],
    pub(super) above: &'a [u8],
    pub(super) is_last: bool,
}

impl<'a> Strip<'a> {
    /// Those of `rows` among `all` the rows of a picture.
    pub(super) fn of(all: &'a [u8], rows: Rows, row_bytes: usize, zeros: &'a [u8]) -> Self {
        let start = rows.from * row_bytes;
        let above = start.checked_sub(row_bytes).and_then(|above| all.get(above..start)).unwrap_or(zeros);
        Self { rows: all.get(start..rows.to * row_bytes).unwrap_or(&[]), above, is_last: rows.is_last }
    }
}

impl Strip<'_> {
    /// Whether most pixels are that to the left or that above, and most others are far from what these let expect.
    ///
    /// So are shapes of one colour and letters, where rows repeat best as they are. Where the others are near, as in a
    /// photograph or a gradient, their differences are few and small, so rows are filtered. One row in [`SAMPLED`] is
    /// looked at.
    fn look(&self, shape: Shape) -> Look {
        let row_bytes = shape.row_bytes();
        let both = std::iter::once(self.above).chain(self.rows.chunks(row_bytes)).zip(self.rows.chunks(row_bytes));
        let mut found = Found::default();
        for (above, row) in both.skip(1).step_by(SAMPLED) {
            match shape.step() {
                1 => found.add::<1>(above, row),
                2 => found.add::<2>(above, row),
                3 => found.add::<3>(above, row),
                _ => found.add::<4>(above, row),
            }
        }
        let Found { same, near, far } = found;
        if far > near && same / 3 >= far + near { Look::Drawn } else { Look::Natural }
    }
}

/// How many rows there are for one that is looked at.
const SAMPLED: usize = 16;

/// How many pixels are the one to the left or above, and how many of the others are near what these let expect.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    same: u32,
    near: u32,
    far: u32,
}

impl Found {
    /// All but the first of a row.
    fn add<const STEP: usize>(&mut self, above: &[u8], row: &[u8]) {
        let (row, above) = (row.as_chunks::<STEP>().0, above.as_chunks::<STEP>().0);
        for (x, b) in row.windows(2).zip(above.windows(2)) {
            let ([left, pixel], [above_left, above]) = (x, b) else { continue };
            if pixel == left || pixel == above {
                self.same += 1;
            } else if is_near(pixel, left, above, above_left) {
                self.near += 1;
            } else {
                self.far += 1;
            }
        }
    }
}

/// Whether every byte is about left + above - above left.
fn is_near<const STEP: usize>(x: &[u8; STEP], a: &[u8; STEP], b: &[u8; STEP], c: &[u8; STEP]) -> bool {
    let all = x.iter().zip(a).zip(b).zip(c).map(|(((x, a), b), c)| [*x, *a, *b, *c].map(i16::from));
    all.into_iter().all(|[x, a, b, c]| (x - (a + b - c)).abs() <= NEAR)
}

/// How far that is at the most.
const NEAR: i16 = 8;

/// What strips are encoded in, one after the other: it is kept so that nothing is allocated for each of them.
#[derive(Debug, Default)]
pub(super) struct Workshop {
    deflater: Deflater,
    /// The filtered rows, in two ways.
    filtered: Vec<u8>,
    other: Vec<u8>,
    /// One row, while its filter is chosen.
    row: Vec<u8>,
    /// The best result so far, and what is tried against it.
    deflated: BitWriter,
    tried: BitWriter,
    /// Of the filtered rows that the best was made of; none before the first result.
    adler: Option<u32>,
}

/// A strip, deflated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deflated<'a> {
    pub(super) bytes: &'a [u8],
    /// Of the filtered rows.
    pub(super) sum: Sum,
}

impl Workshop {
    /// Depends on nothing but its arguments, so that strips may be encoded side by side.
    pub(super) fn encode(&mut self, shape: Shape, strip: Strip<'_>, effort: PngEffort) -> Deflated<'_> {
        self.adler = None;
        // What differs by one in a palette may look like anything, and so may what shares a byte.
        if shape.depth != BitDepth::Eight || shape.kind == ColorType::Indexed {
            self.filter(shape, strip, |_, _| Filter::None);
            self.deflate(effort, Look::Drawn, strip.is_last);
        } else {
            self.encode_filtered(shape, strip, effort);
        }
        let sum = Sum { adler: self.adler.unwrap_or(1), bytes: self.filtered.len() };
        Deflated { bytes: self.deflated.bytes(), sum }
    }

    /// What is drawn is not filtered, the rest so that its bytes are the smallest, which is best for most pictures. For a
    /// small file more is tried: the least surprising bytes, and no filter for what is drawn or flat.
    fn encode_filtered(&mut self, shape: Shape, strip: Strip<'_>, effort: PngEffort) {
        let (is_drawn, is_small) = (strip.look(shape) == Look::Drawn, effort == PngEffort::Small);
        if is_small || !is_drawn {
            self.filter(shape, strip, |row, _| row.smallest());
            if is_small {
                self.deflate(PngEffort::Balanced, Look::Natural, strip.is_last);
                std::mem::swap(&mut self.filtered, &mut self.other);
                self.filter(shape, strip, |row, room| row.least_surprising(room));
                if !self.deflate(PngEffort::Balanced, Look::Natural, strip.is_last) {
                    std::mem::swap(&mut self.filtered, &mut self.other);
                }
            }
            self.deflate(effort, Look::Natural, strip.is_last);
        }
        if is_drawn || is_small && self.is_flat() {
            self.filter(shape, strip, |_, _| Filter::None);
            self.deflate(effort, Look::Drawn, strip.is_last);
        }
    }

    /// Large areas of one colour become so small. There rows often repeat best as they are.
    fn is_flat(&self) -> bool {
        self.deflated.bytes().len() < self.filtered.len() / 8
    }

    /// Filters each row as `choose` says, given the row and room for another.
    fn filter(&mut self, shape: Shape, strip: Strip<'_>, choose: impl Fn(Row<'_>, &mut Vec<u8>) -> Filter) {
        self.filtered.clear();
        let (row_bytes, step) = (shape.row_bytes(), shape.step());
        let mut above = strip.above;
        for bytes in strip.rows.chunks(row_bytes) {
            let row = Row { bytes, above, step };
            row.put(choose(row, &mut self.row), &mut self.filtered);
            above = bytes;
        }
    }

    /// Deflates the filtered rows, and keeps what is shorter than the best so far; whether it is.
    fn deflate(&mut self, effort: PngEffort, look: Look, is_last: bool) -> bool {
        self.tried.clear();
        self.deflater.deflate(&self.filtered, effort, look, is_last, &mut self.tried);
        let is_best = self.adler.is_none() || self.tried.bytes().len() < self.deflated.bytes().len();
        if is_best {
            std::mem::swap(&mut self.deflated, &mut self.tried);
            self.adler = Some(simd_adler32::adler32(&self.filtered.as_slice()));
        }
        is_best
    }
}

/// Adler-32 (RFC 1950, section 8.2) of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) adler: u32,
    pub(super) bytes: usize,
}

impl Sum {
    /// Of no bytes.
    pub(super) const NONE: Self = Self { adler: 1, bytes: 0 };

    /// The sum over these bytes and the next ones.
    pub(super) fn and(self, next: Self) -> Self {
        const BASE: u64 = 65_521;
        let split = |sum: u32| (u64::from(sum & 0xffff), u64::from(sum >> 16));
        let ((a1, b1), (a2, b2)) = (split(self.adler), split(next.adler));
        // Each of the next bytes' sums began at 1 in place of a1.
        let more = a1 + BASE - 1;
        let (a, b) = ((a2 + more) % BASE, (b1 + b2 + more % BASE * (next.bytes as u64 % BASE)) % BASE);
        // Invariant: both are below 2^16.
        Self { adler: u32::try_from(b << 16 | a).unwrap_or(0), bytes: self.bytes.wrapping_add(next.bytes) }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "what is cut off is 0")]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn edges(width: u32, height: u32) -> Vec<(usize, usize)> {
        strips(Size::new(width, height).unwrap()).map(|rows| (rows.from, rows.to)).collect()
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
    fn letters_are_drawn_and_slopes_and_grain_are_natural() {
        fn look<const STEP: usize>(kind: ColorType, pixel: impl Fn(usize, usize) -> u8) -> Look {
            let shape = Shape { size: Size::new(200, 100).unwrap(), kind, depth: BitDepth::Eight };
            let rows: Vec<u8> =
                (0..100).flat_map(|y| (0..200).map(move |x| (x, y))).flat_map(|(x, y)| [pixel(x, y); STEP]).collect();
            Strip { rows: &rows, above: &vec![0; 200 * STEP], is_last: true }.look(shape)
        }
        let letters = |x: usize, y: usize| if x % 20 < 5 && x * y % 7 < 3 { 20 } else { 240 };
        let slope = |x: usize, y: usize| (x / 5 + y / 4) as u8;
        let grain = |x: usize, y: usize| 100 + (x * x * 7 + y * y * 3 + x * y) as u8 % 4;
        assert_eq!(look::<1>(ColorType::Grayscale, letters), Look::Drawn);
        assert_eq!(look::<2>(ColorType::GrayscaleAlpha, letters), Look::Drawn);
        assert_eq!(look::<3>(ColorType::Rgb, letters), Look::Drawn);
        assert_eq!(look::<4>(ColorType::Rgba, letters), Look::Drawn);
        assert_eq!(look::<3>(ColorType::Rgb, slope), Look::Natural);
        assert_eq!(look::<3>(ColorType::Rgb, grain), Look::Natural);
        assert_eq!(look::<1>(ColorType::Grayscale, |_, _| 7), Look::Natural);
    }

    proptest! {
        #[test]
        fn sums_of_parts_make_the_sum_of_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..9000), at in any::<u16>()) {
            let (first, second) = bytes.split_at(usize::from(at) % (bytes.len() + 1));
            let sum = |bytes: &[u8]| Sum { adler: simd_adler32::adler32(&bytes), bytes: bytes.len() };
            prop_assert_eq!(Sum::NONE.and(sum(first)).and(sum(second)), sum(&bytes));
        }
    }
}
