//! A picture whose strips are encoded beside each other, wherever their rows come from.

use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

use super::PngEffort;
use super::own::{PngScratch, Writer};
use super::reduce::{Colour, Raster, Shape};
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
        Self::of(Shape::of(size, layout), effort)
    }

    pub(super) const fn of(shape: Shape, effort: PngEffort) -> Self {
        Self { shape, effort }
    }

    /// The file of a picture that is there as a whole, by the threads of the rayon pool that this is called in.
    pub(super) fn encode_all(self, raster: &Raster<'_>, scratches: &Mutex<Vec<PngScratch>>) -> Vec<u8> {
        let row_bytes = self.shape.row_bytes();
        let one = |(number, Range { start, end }): (usize, Range<usize>)| {
            let mut scratch = scratches.lock().ok().and_then(|mut all| all.pop()).unwrap_or_default();
            let rows = raster.rows.get(start * row_bytes..end * row_bytes).unwrap_or_default();
            let part = self.encode(number, rows, &mut scratch);
            if let Ok(mut all) = scratches.lock() {
                all.push(scratch);
            }
            part
        };
        let all: Vec<_> = self.rows().collect::<Vec<_>>().into_par_iter().enumerate().map(one).collect();
        self.join_with(&raster.palette, all.into_iter())
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
        self.join_with(&[], parts)
    }

    fn join_with(self, palette: &[Colour], parts: impl ExactSizeIterator<Item = Part>) -> Vec<u8> {
        let mut writer = Writer::new(self.shape, palette);
        let last = parts.len().saturating_sub(1);
        for (number, Part { bytes, sum }) in parts.enumerate() {
            writer.push(Deflated { bytes: &bytes, sum }, number == last);
        }
        writer.into_file()
    }
}
