//! Rows in, one after the other, a PNG out: for a picture that is never there as a whole.
//!
//! What is kept is the row above, the rows of one strip, and the file as far as it is written. Colours are written as
//! they come, since no palette can be known before the last row; but for that the file is that of
//! [`own::write`](super::own::write), byte by byte.

use super::PngEffort;
use super::own::{PngScratch, Writer};
use super::reduce::Shape;
use super::strip::{Rows, Strip, strips};
use crate::pixels::picture::{Layout, PixelCountError};
use crate::size::Size;

/// A PNG that is written while its rows come.
#[derive(Debug)]
pub struct RowSink<'a> {
    shape: Shape,
    effort: PngEffort,
    scratch: &'a mut PngScratch,
    writer: Writer,
    /// The strip that is not complete yet, and how many are.
    next: Option<Rows>,
    written: usize,
    /// How many bytes have come, also those that are too many.
    bytes: u64,
}

impl<'a> RowSink<'a> {
    /// A picture of that size, of which there is no row yet.
    pub fn new(size: Size, layout: Layout, effort: PngEffort, scratch: &'a mut PngScratch) -> Self {
        let shape = Shape::of(size, layout);
        let writer = Writer::new(shape, &[]);
        // Invariant: first the row above, then what has come of the strip.
        scratch.rows.clear();
        scratch.rows.resize(shape.row_bytes(), 0);
        Self { shape, effort, scratch, writer, next: strips(size).next(), written: 0, bytes: 0 }
    }

    /// The next rows from the top, in any pieces.
    pub fn push(&mut self, mut bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        while let Some(Rows { from, to, is_last }) = self.next.filter(|_| !bytes.is_empty()) {
            let row_bytes = self.shape.row_bytes();
            let rows = &mut self.scratch.rows;
            let wanted = (1 + to - from) * row_bytes;
            let (now, later) = bytes.split_at_checked(wanted - rows.len()).unwrap_or((bytes, &[]));
            bytes = later;
            rows.extend_from_slice(now);
            if rows.len() == wanted {
                let (above, rows) = self.scratch.rows.split_at_checked(row_bytes).unwrap_or_default();
                let strip = Strip { rows, above, is_last };
                self.writer.push(self.scratch.workshop.encode(self.shape, strip, self.effort), is_last);
                self.written += 1;
                self.next = strips(self.shape.size).nth(self.written);
                self.scratch.rows.drain(..wanted - row_bytes);
            }
        }
    }

    /// The file.
    ///
    /// # Errors
    ///
    /// [`PixelCountError`] unless exactly all rows have come.
    pub fn finish(self) -> Result<Vec<u8>, PixelCountError> {
        let size = self.shape.size;
        let expected = self.shape.row_bytes() as u64 * u64::from(size.height());
        if self.bytes == expected {
            Ok(self.writer.into_file())
        } else {
            Err(PixelCountError { size, expected, found: usize::try_from(self.bytes).unwrap_or(usize::MAX) })
        }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "what is cut off is meant to be")]
mod tests {
    use super::*;
    use crate::pixels::encode::png::encode_own;
    use crate::pixels::picture::Picture;

    /// Of more colours than a palette holds.
    fn picture(width: u32, height: u32, layout: Layout) -> Picture {
        let mut state = 1_u32;
        let byte = |at: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (at / 97 + (state >> 29)) as u8
        };
        let size = Size::new(width, height).unwrap();
        Picture::new(size, layout, (0..size.area() * layout.channels() as u32).map(byte).collect()).unwrap()
    }

    #[test]
    fn the_file_is_that_of_the_whole_picture_whatever_the_pieces_and_whatever_came_before() {
        let mut scratch = PngScratch::default();
        for (width, height) in [(700, 751), (19, 70), (512, 513)] {
            for layout in [Layout::Rgb, Layout::Rgba] {
                let picture = picture(width, height, layout);
                for effort in PngEffort::ALL {
                    let (whole, palette) = encode_own(&picture, effort, &mut scratch);
                    assert_eq!(palette, None);
                    let row = picture.row_bytes();
                    for piece in [1_000_001, row, 7 * row, picture.pixels().len(), 313] {
                        let mut sink = RowSink::new(picture.size(), layout, effort, &mut scratch);
                        picture.pixels().chunks(piece).for_each(|rows| sink.push(rows));
                        assert!(sink.finish().unwrap() == whole, "{width}x{height}, {layout:?}, {effort}, {piece}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_too_few_or_a_byte_too_many_is_no_picture() {
        let size = Size::new(3, 2).unwrap();
        let mut scratch = PngScratch::default();
        let mut file = |bytes: usize| {
            let mut sink = RowSink::new(size, Layout::Rgb, PngEffort::Fast, &mut scratch);
            sink.push(&vec![7; bytes]);
            sink.push(&[]);
            sink.finish()
        };
        assert_eq!(file(9).unwrap_err().to_string(), "9 bytes for 3x2 pixels, expected 18");
        assert_eq!(file(19).unwrap_err().to_string(), "19 bytes for 3x2 pixels, expected 18");
        assert!(file(18).is_ok());
    }
}
