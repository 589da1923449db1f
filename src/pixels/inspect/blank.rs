//! Blank pictures: nearly all cells of a grid have one colour.

use std::ops::Range;

use super::Blank;
use super::blocks::{Area, BlockStats, Pixels, Tone, blocks, largest, median, sparse, straight};

/// The number of pixels that are read along each side of a cell, evenly spaced.
const CELL_SAMPLES: u32 = 8;
/// The mean difference, in levels, that a cell of a blank picture may have. Noise with a standard abs_sum of 10 has
/// this mean.
const BLANK: i32 = 8;
/// One cell in this many may differ more.
const BLANK_PART: usize = 200;

impl Pixels<'_> {
    /// Returns the colour of a blank area. `None` if the area is not blank.
    ///
    /// The colour is the median of the first 64 cells. The search ends at the first cell that is one too many.
    pub(super) fn blank(&self, area: Area) -> Option<Blank> {
        // Cells are visited in steps of a prime number. Since it does not divide the number of cells, every cell is
        // visited once. Neighbours are visited far apart, so that a photograph with a plain sky is rejected soon.
        const STRIDE: usize = 1597;
        let rows: Vec<Range<u32>> = blocks(&(area.top..area.bottom)).collect();
        let columns: Vec<Range<u32>> = blocks(&(area.left..area.right)).collect();
        let cells = rows.len() * columns.len();
        let cell = |turn: usize, tone: &Tone| {
            let index = turn * STRIDE % cells;
            let row = rows[index / columns.len()].clone();
            let column = columns[index % columns.len()].clone();
            // At most 8 by 8 pixels of a cell are read, which bounds the cost for a picture of any size.
            let across = |y| sparse(column.clone(), CELL_SAMPLES).map(move |x| self.at(x, y));
            BlockStats::measure(sparse(row, CELL_SAMPLES).flat_map(across), tone)
        };
        // Because of the stride, the first cells lie all over the area, so that their median stands for it.
        let tone = Tone::new(median((0..cells.min(64)).map(|turn| cell(turn, &Tone::new([0; 4])))));
        let mut off = (0..cells).filter(|&turn| {
            let block = cell(turn, &tone);
            largest(block.abs_sum) > BLANK * block.count
        });
        // `nth` counts from 0: with this many cells off the picture is blank, and with one more it is not.
        off.nth(cells / BLANK_PART).is_none().then_some(Blank { colour: straight(tone.colour) })
    }
}
