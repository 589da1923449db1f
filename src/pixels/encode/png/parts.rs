//! A picture whose strips are encoded beside each other, wherever their rows come from.

use std::ops::Range;

use super::PngEffort;
use super::own::{PngScratch, Writer};
use super::reduce::Shape;
use super::strip::{Deflated, Strip, Sum, strips};
use crate::pixels::picture::Layout;
use crate::size::Size;

/// The strips of a picture. Its file is that of [`RowSink`](super::sink::RowSink), byte by byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    shape: Shape,
    effort: PngEffort,
}

/// A strip, encoded.
#[derive(Debug)]
pub(crate) struct Part {
    bytes: Vec<u8>,
    sum: Sum,
}

impl Parts {
    pub(crate) const fn new(size: Size, layout: Layout, effort: PngEffort) -> Self {
        Self { shape: Shape::of(size, layout), effort }
    }

    /// For each strip which rows of the picture it takes: its own, and the one above them, if there is one.
    pub(crate) fn rows(self) -> impl ExactSizeIterator<Item = Range<usize>> {
        strips(self.shape.size).map(|rows| rows.from.saturating_sub(1)..rows.to)
    }

    /// Strip number `number` of those rows.
    pub(crate) fn encode(self, number: usize, rows: &[u8], scratch: &mut PngScratch) -> Part {
        let row_bytes = self.shape.row_bytes();
        let is_last = number + 1 == strips(self.shape.size).len();
        scratch.rows.clear();
        scratch.rows.resize(row_bytes, 0);
        let (above, rows) = match number {
            0 => (&scratch.rows[..], rows),
            _ => rows.split_at_checked(row_bytes).unwrap_or_default(),
        };
        let Deflated { bytes, sum } = scratch.workshop.encode(self.shape, Strip { rows, above, is_last }, self.effort);
        Part { bytes: bytes.to_vec(), sum }
    }

    /// The file of all strips, in their order.
    pub(crate) fn join(self, parts: impl ExactSizeIterator<Item = Part>) -> Vec<u8> {
        let mut writer = Writer::new(self.shape, &[]);
        let last = parts.len().saturating_sub(1);
        for (number, Part { bytes, sum }) in parts.enumerate() {
            writer.push(Deflated { bytes: &bytes, sum }, number == last);
        }
        writer.into_file()
    }
}
