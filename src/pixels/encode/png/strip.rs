//! Strips: rows that are encoded on their own, and how they are filtered.
//!
//! A picture is cut into strips of about [`STRIP`] pixels. Each is encoded from its rows alone: its filters look at the
//! row above it, but its copies reach no farther back than its first row, and its deflate data ends with a byte. So
//! strips may be encoded in any order, and one behind the other they are the stream.

use png::{BitDepth, ColorType};

use super::PngEffort;
use super::bits::BitWriter;
use super::deflate::Deflater;
use super::filter::{Filter, Row};
use super::reduce::Shape;
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
    adler: u32,
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
        // What differs by one in a palette may look like anything, and so may what shares a byte.
        if shape.depth != BitDepth::Eight || shape.kind == ColorType::Indexed {
            self.filter(shape, strip, |_, _| Filter::None);
            self.deflate(effort, strip.is_last);
        } else {
            self.encode_filtered(shape, strip, effort);
        }
        let sum = Sum { adler: self.adler, bytes: self.filtered.len() };
        Deflated { bytes: self.deflated.bytes(), sum }
    }

    /// How rows are filtered is tried in more than one way where that may pay: with the smallest bytes, which is best for
    /// most pictures, with the least surprising ones, and not at all.
    fn encode_filtered(&mut self, shape: Shape, strip: Strip<'_>, effort: PngEffort) {
        self.filter(shape, strip, |row, _| row.smallest());
        let mut is_flat = false;
        if effort == PngEffort::Small {
            self.deflate(PngEffort::Fast, strip.is_last);
            is_flat = self.is_flat();
            std::mem::swap(&mut self.filtered, &mut self.other);
            let by_size = self.deflated.bytes().len();
            self.filter(shape, strip, |row, room| row.least_surprising(room));
            self.deflate(PngEffort::Fast, strip.is_last);
            if self.deflated.bytes().len() >= by_size {
                std::mem::swap(&mut self.filtered, &mut self.other);
            }
        }
        self.deflate(effort, strip.is_last);
        if effort == PngEffort::Balanced && self.is_flat() || is_flat {
            let (length, adler) = (self.deflated.bytes().len(), self.adler);
            std::mem::swap(&mut self.deflated, &mut self.tried);
            self.filter(shape, strip, |_, _| Filter::None);
            self.deflate(effort, strip.is_last);
            if self.deflated.bytes().len() >= length {
                std::mem::swap(&mut self.deflated, &mut self.tried);
                self.adler = adler;
            }
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

    fn deflate(&mut self, effort: PngEffort, is_last: bool) {
        self.deflated.clear();
        self.deflater.deflate(&self.filtered, effort, is_last, &mut self.deflated);
        self.adler = simd_adler32::adler32(&self.filtered.as_slice());
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

    proptest! {
        #[test]
        fn sums_of_parts_make_the_sum_of_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..9000), at in any::<u16>()) {
            let (first, second) = bytes.split_at(usize::from(at) % (bytes.len() + 1));
            let sum = |bytes: &[u8]| Sum { adler: simd_adler32::adler32(&bytes), bytes: bytes.len() };
            prop_assert_eq!(Sum::NONE.and(sum(first)).and(sum(second)), sum(&bytes));
        }
    }
}
