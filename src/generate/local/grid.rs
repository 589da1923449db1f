//! A picture as a coarse grid of cells: the mean colour of each cell, and the mean steps between its samples.
//!
//! The shorter side of the picture has [`CELLS`] cells, whatever its resolution. A cell is sampled at [`SAMPLES`] ×
//! [`SAMPLES`] points, each the mean of the pixels around it. Every later decision reads the grid and not the pixels,
//! so that a picture and its enlargement are reframed in the same way.
//!
//! Colours are multiplied by alpha, and alpha is a fourth channel. A transparent pixel has one colour then.

use super::fixed::root;
use crate::pixels::picture::Picture;

/// The number of cells along the shorter side. A cell of a picture of 1024 pixels has 10 to 11.
const CELLS: usize = 96;
/// The maximum number of cells along the longer side, which bounds the time that a very long picture takes.
const MAX_CELLS: usize = 768;
/// The number of samples along a side of a cell. Below about six, letters of a usual size are averaged away.
const SAMPLES: usize = 6;
/// The number of units per level in colours and steps.
pub(super) const LEVEL: i64 = 16;

/// A cell of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// The mean of each channel, multiplied by alpha, and of alpha, in [`LEVEL`]s.
    pub(super) colour: [i64; 4],
    /// The mean absolute difference in luma between a sample and the one in the next row, in [`LEVEL`]s.
    pub(super) along: i64,
    /// The same between a sample and the one in the next column.
    pub(super) across: i64,
}

impl Cell {
    /// Returns the Euclidean distance of the two colours, in [`LEVEL`]s.
    pub(super) fn distance(&self, other: &Self) -> i64 {
        let squares = self.colour.iter().zip(&other.colour).map(|(a, b)| (a - b) * (a - b));
        root(squares.sum())
    }

    pub(super) fn luma(&self) -> i64 {
        luma(self.colour)
    }

    pub(super) fn detail(&self) -> i64 {
        self.along + self.across
    }
}

fn luma([r, g, b, _]: [i64; 4]) -> i64 {
    (3 * r + 6 * g + b) / 10
}

/// The cells of a picture, row by row.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) cells: Vec<Cell>,
    /// Whether the picture is a flat graphic, with large areas of one colour and hard edges.
    pub(super) flat: bool,
}

impl Grid {
    pub(super) fn of(picture: &Picture) -> Self {
        let sides = [picture.size().width() as usize, picture.size().height() as usize];
        let short = sides[0].min(sides[1]);
        let [columns, rows] =
            sides.map(|side| (side * CELLS.min(short)).div_ceil(short).min(MAX_CELLS).min(side).max(1));
        let (wide, high) = (columns * SAMPLES, rows * SAMPLES);
        let samples = samples(picture, wide, high);
        let lumas: Vec<i64> = samples.iter().map(|sample| luma(*sample)).collect();

        let mut cells = vec![Cell::default(); columns * rows];
        for (y, row) in samples.chunks_exact(wide).enumerate() {
            for (x, sample) in row.iter().enumerate() {
                let at = y * wide + x;
                let cell = &mut cells[y / SAMPLES * columns + x / SAMPLES];
                for (sum, value) in cell.colour.iter_mut().zip(sample) {
                    *sum += value;
                }
                // The last row and the last column have no next one.
                cell.along += if y + 1 < high { (lumas[at] - lumas[at + wide]).abs() } else { 0 };
                cell.across += if x + 1 < wide { (lumas[at] - lumas[at + 1]).abs() } else { 0 };
            }
        }
        let count = (SAMPLES * SAMPLES) as i64;
        for cell in &mut cells {
            cell.colour = cell.colour.map(|sum| sum / count);
            (cell.along, cell.across) = (cell.along / count, cell.across / count);
        }
        Self { columns, rows, cells, flat: is_flat(&samples, wide) }
    }

    /// Exchanges rows and columns.
    pub(super) fn transposed(&self) -> Self {
        let turn = |cell: &Cell| Cell { along: cell.across, across: cell.along, ..*cell };
        let cells = (0..self.columns).flat_map(|x| (0..self.rows).map(move |y| (x, y)));
        let cells = cells.map(|(x, y)| turn(&self.cells[y * self.columns + x])).collect();
        Self { columns: self.rows, rows: self.columns, cells, flat: self.flat }
    }

    pub(super) fn row(&self, y: usize) -> &[Cell] {
        &self.cells[y * self.columns..(y + 1) * self.columns]
    }

    /// Whether a cell is in the outer eighth of the grid, on any side.
    pub(super) fn is_outer(&self, at: usize) -> bool {
        let (x, y) = (at % self.columns, at / self.columns);
        let outer = |at: usize, all: usize| at < all.div_ceil(8) || at >= all - all.div_ceil(8);
        outer(x, self.columns) || outer(y, self.rows)
    }
}

/// Returns the means of `wide` × `high` boxes of pixels, in [`LEVEL`]s. In a picture with fewer pixels than that, a
/// pixel is sampled several times.
fn samples(picture: &Picture, wide: usize, high: usize) -> Vec<[i64; 4]> {
    let channels = picture.layout().channels();
    let bounds = |at: usize, count: usize, side: u32| {
        let start = at * side as usize / count;
        start..((at + 1) * side as usize / count).max(start + 1)
    };
    let columns: Vec<_> = (0..wide).map(|x| bounds(x, wide, picture.size().width())).collect();
    let mut samples = Vec::with_capacity(wide * high);
    let mut sums = vec![[0_u64; 4]; wide];
    for y in 0..high {
        let rows = bounds(y, high, picture.size().height());
        sums.fill([0; 4]);
        let lines = &picture.pixels()[rows.start * picture.row_bytes()..rows.end * picture.row_bytes()];
        for row in lines.chunks_exact(picture.row_bytes()) {
            for (sum, columns) in sums.iter_mut().zip(&columns) {
                for pixel in row[columns.start * channels..columns.end * channels].chunks_exact(channels) {
                    let alpha = pixel.get(3).map_or(255, |alpha| u64::from(*alpha));
                    for (sum, value) in sum.iter_mut().zip(&pixel[..3]) {
                        *sum += if alpha == 255 { u64::from(*value) } else { u64::from(*value) * alpha / 255 };
                    }
                    sum[3] += alpha;
                }
            }
        }
        samples.extend(sums.iter().zip(&columns).map(|(sum, columns)| {
            let count = (columns.len() * rows.len()) as i64;
            sum.map(|sum| sum as i64 * LEVEL / count)
        }));
    }
    samples
}

/// Whether a picture is a flat graphic: more than half of its samples equal their right and their lower neighbour, and
/// more than 1 % differ from one of them by a hard step of 12 levels. Smooth gradients, as in a blurred background,
/// have equal neighbours too, but few hard steps.
fn is_flat(samples: &[[i64; 4]], wide: usize) -> bool {
    let (mut equal, mut hard) = (0_usize, 0_usize);
    for (row, below) in samples.chunks_exact(wide).zip(samples.chunks_exact(wide).skip(1)) {
        for ((sample, right), below) in row.iter().zip(&row[1..]).zip(below) {
            equal += usize::from(sample == right && sample == below);
            let step = |other: &[i64; 4]| sample.iter().zip(other).any(|(a, b)| (a - b).abs() > 12 * LEVEL);
            hard += usize::from(step(right) || step(below));
        }
    }
    2 * equal > samples.len() && 100 * hard > samples.len()
}
