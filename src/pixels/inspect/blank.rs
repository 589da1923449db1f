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

#[cfg(test)]
mod tests {
    use crate::pixels::inspect::inspect;
    use crate::pixels::picture::Picture;
    use crate::size::Size;

    /// A grey picture with cells of 8 x 8 pixels, the first of which have another level.
    fn colour(columns: u32, rows: u32, others: u32, level: u8) -> Option<[u8; 4]> {
        let (width, height) = (8 * columns, 8 * rows);
        let cell = |at: u32| at / width / 8 * columns + at % width / 8;
        let pixels = (0..width * height).flat_map(|at| [if cell(at) < others { level } else { 100 }; 3]).collect();
        inspect(&Picture::from_rgb(Size::new(width, height).unwrap(), pixels).unwrap()).blank.map(|blank| blank.colour)
    }

    const GREY: Option<[u8; 4]> = Some([100, 100, 100, 255]);

    #[test]
    fn one_cell_in_200_of_a_blank_picture_may_differ() {
        assert_eq!((colour(20, 10, 1, 255), colour(20, 10, 2, 255)), (GREY, None));
        assert_eq!((colour(11, 18, 0, 255), colour(11, 18, 1, 255)), (GREY, None), "198 cells");
        assert_eq!((colour(20, 20, 2, 255), colour(20, 20, 3, 255)), (GREY, None), "400 cells");
    }

    #[test]
    fn the_pixels_of_a_blank_cell_differ_by_at_most_8_levels_on_average() {
        assert_eq!((colour(20, 10, 60, 108), colour(20, 10, 60, 92)), (GREY, GREY));
        assert_eq!((colour(20, 10, 60, 109), colour(20, 10, 60, 91)), (None, None));
    }

    #[test]
    fn a_blank_picture_has_no_border_even_if_a_faint_bar_could_be_found() {
        let pixels = (0..96 * 96).flat_map(|at| [if at / 96 < 12 || at / 96 >= 84 { 100 } else { 108 }; 3]).collect();
        let findings = inspect(&Picture::from_rgb(Size::new(96, 96).unwrap(), pixels).unwrap());
        assert!(findings.blank.is_some() && findings.border.is_none());
    }
}
