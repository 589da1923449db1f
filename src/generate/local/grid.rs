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

#[cfg(test)]
impl Grid {
    pub(super) fn of_cells(columns: usize, cells: Vec<Cell>) -> Self {
        Self { columns, rows: cells.len() / columns, cells, flat: false }
    }

    /// Makes a grid of cells that differ in red only. The reds are in [`LEVEL`]s.
    pub(super) fn of_reds(columns: usize, reds: &[i64]) -> Self {
        Self::of_cells(columns, reds.iter().map(|red| Cell { colour: [*red, 0, 0, 0], ..Cell::default() }).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::local::map::transposed;
    use crate::size::Size;

    fn grid(width: u32, height: u32) -> [usize; 2] {
        let size = Size::new(width, height).unwrap();
        let grid = Grid::of(&Picture::from_rgb(size, vec![9; size.area() as usize * 3]).unwrap());
        assert_eq!(grid.cells.len(), grid.columns * grid.rows);
        [grid.columns, grid.rows]
    }

    #[test]
    fn the_shorter_side_has_96_cells_and_the_longer_at_most_768() {
        assert_eq!(grid(192, 288), [96, 144]);
        assert_eq!(grid(289, 192), [145, 96], "rounded up");
        assert_eq!((grid(96, 767), grid(96, 768), grid(96, 769)), ([96, 767], [96, 768], [96, 768]));
    }

    #[test]
    fn a_picture_smaller_than_the_grid_has_a_cell_per_pixel() {
        assert_eq!((grid(10, 20), grid(1, 1), grid(95, 95)), ([10, 20], [1, 1], [95, 95]));
    }

    #[test]
    fn the_colours_of_a_cell_are_multiplied_by_alpha_and_alpha_is_the_fourth_channel() {
        let size = Size::new(1, 1).unwrap();
        let half = Grid::of(&Picture::from_rgba(size, vec![200, 100, 51, 128]).unwrap());
        assert_eq!(half.cells[0].colour, [100, 50, 25, 128].map(|level| level * LEVEL));
        let opaque = Grid::of(&Picture::from_rgb(size, vec![200, 100, 51]).unwrap());
        assert_eq!(opaque.cells[0].colour, [200, 100, 51, 255].map(|level| level * LEVEL));
    }

    #[test]
    fn steps_along_are_between_rows_and_steps_across_between_columns() {
        // A black pixel and a white one. Six of the 36 samples of the first cell are next to one of the second.
        let pixels = vec![0, 0, 0, 255, 255, 255];
        let high = Grid::of(&Picture::from_rgb(Size::new(1, 2).unwrap(), pixels.clone()).unwrap());
        let steps = |grid: &Grid| [0, 1].map(|at| [grid.cells[at].along, grid.cells[at].across]);
        assert_eq!(steps(&high), [[255 * LEVEL / 6, 0], [0, 0]]);
        let wide = Grid::of(&Picture::from_rgb(Size::new(2, 1).unwrap(), pixels).unwrap());
        assert_eq!(steps(&wide), [[0, 255 * LEVEL / 6], [0, 0]]);
        assert_eq!(wide.cells[0].detail(), 255 * LEVEL / 6);
    }

    #[test]
    fn a_transposed_grid_is_that_of_the_transposed_picture() {
        let pixels = (0..150 * 100 * 3_u32).map(|at| (at * 7919 % 251) as u8).collect();
        let picture = Picture::from_rgb(Size::new(150, 100).unwrap(), pixels).unwrap();
        let (turned, expected) = (Grid::of(&picture).transposed(), Grid::of(&transposed(&picture)));
        assert_eq!([turned.columns, turned.rows], [96, 144]);
        assert_eq!([turned.columns, turned.rows], [expected.columns, expected.rows]);
        assert_eq!(turned.cells, expected.cells);
    }

    #[test]
    fn luma_is_three_tenths_of_red_six_of_green_and_one_of_blue() {
        let luma = |colour| Cell { colour, ..Cell::default() }.luma();
        let channels = [[1000, 0, 0, 0], [0, 1000, 0, 0], [0, 0, 1000, 0], [0, 0, 0, 1000]];
        assert_eq!(channels.map(luma), [300, 600, 100, 0]);
    }

    #[test]
    fn the_distance_of_colours_is_euclidean_over_all_four_channels() {
        let cell = |colour| Cell { colour, ..Cell::default() };
        assert_eq!(cell([10, 20, 30, 40]).distance(&cell([9, 21, 29, 41])), 2);
        assert_eq!(cell([0, 0, 0, 0]).distance(&cell([3, 0, 0, 4])), 5);
    }

    #[test]
    fn the_outer_eighth_of_a_grid_is_rounded_up() {
        let outer = |columns: usize, rows: usize| -> Vec<usize> {
            let grid = Grid::of_reds(columns, &vec![0; columns * rows]);
            (0..columns * rows).filter(|at| !grid.is_outer(*at)).collect()
        };
        assert_eq!(outer(8, 3), [9, 10, 11, 12, 13, 14], "one cell at each side");
        assert_eq!(outer(9, 3), [11, 12, 13, 14, 15], "two columns and one row at each side");
        assert_eq!(outer(3, 9), [7, 10, 13, 16, 19], "one column and two rows at each side");
    }

    /// A flat graphic of 20 x 20 samples, except for some of another red.
    fn samples(others: &[usize], step: i64) -> Vec<[i64; 4]> {
        (0..400).map(|at| [if others.contains(&at) { step } else { 0 }, 0, 0, 0]).collect()
    }

    #[test]
    fn a_hard_step_of_a_flat_graphic_is_above_12_levels() {
        let half: Vec<usize> = (0..400).filter(|at| at % 20 < 10).collect();
        assert!(!is_flat(&samples(&half, 12 * LEVEL), 20));
        assert!(is_flat(&samples(&half, 12 * LEVEL + 1), 20));
    }

    #[test]
    fn a_flat_graphic_has_hard_steps_at_more_than_one_percent_of_its_samples() {
        // A sample inside makes three steps, one in the upper left corner makes one, and so does one at the right edge.
        assert!(!is_flat(&samples(&[0, 210], 255 * LEVEL), 20), "4 of 400");
        assert!(is_flat(&samples(&[0, 210, 119], 255 * LEVEL), 20), "5 of 400");
    }

    #[test]
    fn more_than_half_of_the_samples_of_a_flat_graphic_equal_their_neighbours() {
        // The 18 of 28 samples that are not in the last row or the last column are compared.
        let samples = |others: &[usize]| -> Vec<_> {
            (0..28).map(|at| [if others.contains(&at) { 255 * LEVEL } else { 0 }, 0, 0, 0]).collect()
        };
        assert!(is_flat(&samples(&[10]), 7), "15 of 28 are equal");
        assert!(!is_flat(&samples(&[10, 0]), 7), "14 of 28 are equal");
    }
}
