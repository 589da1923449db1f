//! Blank pictures: nearly all cells of a grid are of one colour.

use std::ops::Range;

use super::Blank;
use super::blocks::{Area, Block, Pixels, Tone, blocks, largest, median, sparse, straight};

/// As many pixels are read along each side of a cell, spread evenly.
const CELL_SAMPLES: u32 = 8;
/// Levels by which a cell of a blank picture may be off, on average: noise of 10.
const BLANK: i32 = 8;
/// One cell in as many may be off more.
const BLANK_PART: usize = 200;

impl Pixels<'_> {
    pub(super) fn blank(&self, area: Area) -> Option<Blank> {
        // Prime, and so prime to the number of cells: every cell has its turn, and neighbours are far apart in time, so
        // that a picture with a plain sky is soon told.
        const STRIDE: usize = 1597;
        let rows: Vec<Range<u32>> = blocks(&(area.top..area.bottom)).collect();
        let columns: Vec<Range<u32>> = blocks(&(area.left..area.right)).collect();
        let cells = rows.len() * columns.len();
        let cell = |turn: usize, tone: &Tone| {
            let index = turn * STRIDE % cells;
            let row = rows[index / columns.len()].clone();
            let column = columns[index % columns.len()].clone();
            let across = |y| sparse(column.clone(), CELL_SAMPLES).map(move |x| self.at(x, y));
            Block::of(sparse(row, CELL_SAMPLES).flat_map(across), tone)
        };
        let tone = Tone::of(median((0..cells.min(64)).map(|turn| cell(turn, &Tone::of([0; 4])))));
        let mut off = (0..cells).filter(|&turn| {
            let block = cell(turn, &tone);
            largest(block.deviation) > BLANK * block.count
        });
        off.nth(cells / BLANK_PART).is_none().then_some(Blank { colour: straight(tone.colour) })
    }
}
