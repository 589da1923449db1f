//! The pixels of a stretch: each row of the result is interpolated between rows of the picture.
//!
//! The stretch of a row of pixels is interpolated between the cells, so that it has no jumps. Positions are in Q16. A
//! stretch would turn film grain and noise into streaks. They are therefore subtracted before, and added unstretched.

use super::fixed::ONE;
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// The rows of grain that are added as one block. Within a block the grain is that of adjacent rows.
const BLOCK: usize = 32;
/// The strongest grain, in levels. A stronger difference from the neighbourhood is detail.
const GRAIN: i32 = 5;
/// The phases between two rows for which weights are computed.
const PHASES: usize = 256;
/// The sum of the weights of a pixel.
const WHOLE: i32 = 1 << 14;

/// Where each row of a picture lies in the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Map {
    /// The upper edge of each row, and the lower edge of the last, in Q16 of a row of the result.
    edges: Vec<i64>,
}

impl Map {
    /// Makes the map that stretches `from` rows to `to` rows, which are at least as many. `extra` is what each row of
    /// cells gets beyond its own height, and `rigid` whether it must get nothing.
    pub(super) fn new(from: u32, to: u32, extra: &[i64], rigid: &[bool]) -> Self {
        let (rows, cells) = (from as usize, extra.len());
        let weight = |y: usize| {
            if rigid[(y * cells / rows).min(cells - 1)] {
                return 0;
            }
            // The middle of the row, in cells from the middle of the first.
            let own = extra[(y * cells / rows).min(cells - 1)];
            let at =
                (((2 * y + 1) * cells) as i64 * ONE / (2 * rows) as i64 - ONE / 2).clamp(0, (cells as i64 - 1) * ONE);
            let (cell, part) = ((at >> 16) as usize, at & (ONE - 1));
            let next = extra[(cell + 1).min(cells - 1)];
            // A row gets at most what its own cell gets, so that the large stretch of a margin ends where the margin
            // ends.
            own.min(extra[cell] + (((next - extra[cell]) * part) >> 16))
        };
        let mut sums = vec![0_i128];
        for y in 0..rows {
            sums.push(sums[y] + i128::from(weight(y)));
        }
        // If no row takes anything, every row takes the same.
        if sums[rows] == 0 {
            sums = (0..=rows as i128).collect();
        }
        let more = i128::from(to - from) << 16;
        let edge = |(y, sum): (i64, &i128)| y * ONE + (more * sum / sums[rows]) as i64;
        Self { edges: (0..).zip(&sums).map(edge).collect() }
    }

    /// Returns the number of rows of the picture.
    pub(super) fn rows(&self) -> u32 {
        u32::try_from(self.edges.len() - 1).unwrap_or(u32::MAX)
    }

    /// Returns the largest stretch of a row, in Q16.
    pub(super) fn most(&self) -> i64 {
        self.edges.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(ONE)
    }

    /// Returns the position in the result of a position in the picture, both in Q16 of a row.
    pub(super) fn place(&self, at: i64) -> i64 {
        let rows = self.edges.len() - 1;
        let row = ((at >> 16) as usize).min(rows - 1);
        let height = i128::from(self.edges[row + 1] - self.edges[row]);
        self.edges[row] + ((height * i128::from(at - row as i64 * ONE)) >> 16) as i64
    }

    /// Returns, for the middle of each row of the result, the position in the picture, in Q16 of a row.
    fn sources(&self) -> Vec<i64> {
        let rows = self.edges.len() - 1;
        let count = (self.edges[rows] >> 16) as usize;
        let mut row = 0;
        let position = |y: usize| {
            let at = y as i64 * ONE + ONE / 2;
            while row + 1 < rows && self.edges[row + 1] <= at {
                row += 1;
            }
            let (start, end) = (self.edges[row], self.edges[row + 1]);
            row as i64 * ONE + (at - start) * ONE / (end - start)
        };
        (0..count).map(position).collect()
    }

    /// Stretches the rows of a picture.
    pub(super) fn apply(&self, picture: &Picture) -> Picture {
        let sources = self.sources();
        let (size, bytes) = (picture.size(), picture.row_bytes());
        let result = Size::new(size.width(), u32::try_from(sources.len()).unwrap_or(u32::MAX))
            .expect("invariant: the frame has a valid height");
        let (base, grain) = match picture.layout() {
            Layout::Rgb => separate(picture),
            // The grain of pictures with alpha is not separated, since they are seldom photographs.
            Layout::Rgba => (picture.pixels().to_vec(), Vec::new()),
        };
        let weights = weights();
        let last = size.height() as usize - 1;
        let mut pixels = Vec::with_capacity(sources.len() * bytes);
        for positions in sources.chunks(BLOCK) {
            let middle = positions[positions.len() / 2];
            let first = ((middle >> 16) as usize).saturating_sub(positions.len() / 2);
            let first = first.min((last + 1).saturating_sub(positions.len()));
            for (y, position) in positions.iter().enumerate() {
                // The middle of a row has the position 1/2.
                let at = position - ONE / 2;
                let (row, phase) = (at >> 16, ((at & (ONE - 1)) >> 8) as usize);
                let row = |offset: i64| {
                    let row = (row + offset).clamp(0, last as i64) as usize;
                    &base[row * bytes..(row + 1) * bytes]
                };
                let rows = [row(-1), row(0), row(1), row(2)];
                match picture.layout() {
                    Layout::Rgb => {
                        let grain = &grain[(first + y).min(last) * bytes..][..bytes];
                        opaque(rows, weights[phase], grain, &mut pixels);
                    }
                    Layout::Rgba => translucent(rows, weights[phase], &mut pixels),
                }
            }
        }
        Picture::new(result, picture.layout(), pixels).expect("invariant: every row of the frame was made")
    }
}

/// Returns the weights of the four nearest rows for each phase: those of Catmull and Rom, which pass through the rows
/// and have a continuous slope.
fn weights() -> Vec<[i32; 4]> {
    let phase = |phase: usize| {
        let t = phase as i64;
        let one = PHASES as i64;
        let (square, cube, unit) = (t * t * one, t * t * t, one * one * one);
        let scale = |twice: i64| (twice * i64::from(WHOLE) + unit).div_euclid(2 * unit) as i32;
        let outer = [-cube + 2 * square - t * one * one, cube - square].map(scale);
        let third = scale(-3 * cube + 4 * square + t * one * one);
        // The second weight takes the rounding, so that the sum is exact.
        [outer[0], WHOLE - outer[0] - outer[1] - third, third, outer[1]]
    };
    (0..PHASES).map(phase).collect()
}

fn opaque(rows: [&[u8]; 4], weights: [i32; 4], grain: &[i8], pixels: &mut Vec<u8>) {
    let [a, b, c, d] = rows;
    let values = a.iter().zip(b).zip(c).zip(d).zip(grain);
    pixels.extend(values.map(|((((a, b), c), d), grain)| {
        let sum = i32::from(*a) * weights[0]
            + i32::from(*b) * weights[1]
            + i32::from(*c) * weights[2]
            + i32::from(*d) * weights[3];
        byte(((sum + WHOLE / 2) >> 14) + i32::from(*grain))
    }));
}

/// Interpolates pixels with alpha. Colours are weighted by alpha, so that hidden colours do not bleed.
fn translucent(rows: [&[u8]; 4], weights: [i32; 4], pixels: &mut Vec<u8>) {
    for x in (0..rows[0].len()).step_by(4) {
        let alphas = [0, 1, 2, 3].map(|row| weights[row] * i32::from(rows[row][x + 3]));
        let alpha: i32 = alphas.iter().sum();
        for channel in 0..3 {
            let sum: i64 = (0..4).map(|row| i64::from(alphas[row]) * i64::from(rows[row][x + channel])).sum();
            let (sum, alpha) = (sum, i64::from(alpha));
            pixels.push(if alpha > 0 { byte(((sum + alpha / 2) / alpha).clamp(0, 255) as i32) } else { 0 });
        }
        pixels.push(byte((alpha + WHOLE / 2) >> 14));
    }
}

fn byte(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
}

/// Separates the grain: the difference from the mean of 5 × 5 pixels, where it and its neighbours are below [`GRAIN`].
/// Returns the picture without the grain, and the grain.
fn separate(picture: &Picture) -> (Vec<u8>, Vec<i8>) {
    let (wide, bytes) = (picture.size().width() as usize, picture.row_bytes());
    let pixels = picture.pixels();
    let means = means(picture);
    let difference = |at: usize| i32::from(pixels[at]) - i32::from(means[at]);
    let strong: Vec<bool> =
        (0..pixels.len() / 3).map(|pixel| (3 * pixel..3 * pixel + 3).any(|at| difference(at).abs() >= GRAIN)).collect();
    let rows = strong.len() / wide;
    // Rows without a strong difference are frequent, and need no look at the neighbours.
    let near = |x: usize, y: usize| {
        let columns = x.saturating_sub(2)..(x + 3).min(wide);
        (y.saturating_sub(2)..(y + 3).min(rows))
            .any(|y| strong[y * wide..][columns.clone()].iter().any(|strong| *strong))
    };
    let (mut base, mut grain) = (pixels.to_vec(), vec![0_i8; pixels.len()]);
    for y in 0..rows {
        for x in 0..wide {
            if !near(x, y) {
                for at in y * bytes + 3 * x..y * bytes + 3 * x + 3 {
                    base[at] = means[at];
                    grain[at] = i8::try_from(difference(at)).unwrap_or(0);
                }
            }
        }
    }
    (base, grain)
}

/// Returns the mean of 5 × 5 pixels around each, with the edges repeated.
fn means(picture: &Picture) -> Vec<u8> {
    let (bytes, rows) = (picture.row_bytes(), picture.size().height() as usize);
    let wide = picture.size().width() as usize;
    let pixels = picture.pixels();
    // The sums of five rows at each byte, and then the means of five columns.
    let mut sums = vec![0_u32; bytes];
    let row = |y: isize| {
        let y = y.clamp(0, rows as isize - 1) as usize;
        &pixels[y * bytes..(y + 1) * bytes]
    };
    for y in -2..=2 {
        sums.iter_mut().zip(row(y)).for_each(|(sum, value)| *sum += u32::from(*value));
    }
    let mut means = Vec::with_capacity(pixels.len());
    for y in 0..rows as isize {
        for x in 0..wide as isize {
            for channel in 0..3 {
                let at = |offset: isize| sums[3 * (x + offset).clamp(0, wide as isize - 1) as usize + channel];
                means.push(u8::try_from((at(-2) + at(-1) + at(0) + at(1) + at(2) + 12) / 25).unwrap_or(u8::MAX));
            }
        }
        let (leaving, entering) = (row(y - 2), row(y + 3));
        for (sum, (leaving, entering)) in sums.iter_mut().zip(leaving.iter().zip(entering)) {
            *sum = *sum + u32::from(*entering) - u32::from(*leaving);
        }
    }
    means
}

/// Exchanges the rows and the columns of a picture.
pub(super) fn transposed(picture: &Picture) -> Picture {
    let (wide, high) = (picture.size().width() as usize, picture.size().height() as usize);
    let channels = picture.layout().channels();
    let mut pixels = vec![0; picture.pixels().len()];
    // In tiles, so that both the rows that are read and those that are written stay in the cache.
    for (top, left) in (0..high).step_by(16).flat_map(|top| (0..wide).step_by(16).map(move |left| (top, left))) {
        for y in top..(top + 16).min(high) {
            for x in left..(left + 16).min(wide) {
                let (from, to) = ((y * wide + x) * channels, (x * high + y) * channels);
                pixels[to..to + channels].copy_from_slice(&picture.pixels()[from..from + channels]);
            }
        }
    }
    let size = Size::new(picture.size().height(), picture.size().width()).expect("invariant: both sides are valid");
    Picture::new(size, picture.layout(), pixels).expect("invariant: every pixel was copied")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Rows keep their order, fill the result exactly, and are never compressed; rigid ones are not stretched.
        #[test]
        fn a_map_is_monotonic_and_fills_the_result(
            from in 1_u32..700,
            more in 0_u32..3000,
            cells in vec((0_i64..40 * ONE, any::<bool>()), 1..120),
        ) {
            let (extra, rigid): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
            let map = Map::new(from, from + more, &extra, &rigid);
            prop_assert_eq!((map.edges[0], map.edges[from as usize]), (0, i64::from(from + more) * ONE));
            prop_assert!(map.edges.windows(2).all(|pair| pair[1] - pair[0] >= ONE - 1));
            let sources = map.sources();
            prop_assert_eq!(sources.len(), (from + more) as usize);
            prop_assert!(sources.is_sorted());
            prop_assert!(sources[0] >= 0 && *sources.last().unwrap() < i64::from(from) * ONE);
            // If every row is rigid, all of them take the same.
            let heights: Vec<i64> = map.edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let cell = |y: usize| (y * extra.len() / from as usize).min(extra.len() - 1);
            if heights.iter().max().unwrap() - heights.iter().min().unwrap() > 1 {
                prop_assert!((0..).zip(&heights).all(|(y, height)| !rigid[cell(y)] || *height <= ONE + 1));
            }
        }
    }

    fn grey(width: u32, levels: &[u8]) -> Picture {
        let pixels = levels.iter().flat_map(|level| [*level; 3]).collect();
        Picture::from_rgb(Size::new(width, levels.len() as u32 / width).unwrap(), pixels).unwrap()
    }

    #[test]
    fn a_row_gets_at_most_what_its_own_cell_gets() {
        // The rows get 1, 3/4, 0 and 0 parts of one row. Interpolation alone would give 1/4 to the third.
        let map = Map::new(4, 5, &[ONE, 0], &[false, false]);
        assert_eq!(map.edges, [0, ONE + ONE * 4 / 7, 3 * ONE, 4 * ONE, 5 * ONE]);
        let map = Map::new(4, 6, &[ONE, ONE], &[true, false]);
        assert_eq!(map.edges, [0, ONE, 2 * ONE, 4 * ONE, 6 * ONE], "a rigid cell gets nothing");
        let map = Map::new(2, 4, &[ONE], &[true]);
        assert_eq!(map.edges, [0, 2 * ONE, 4 * ONE], "if no row takes anything, all take the same");
    }

    #[test]
    fn the_place_and_the_source_of_a_position_are_interpolated_within_its_row() {
        let map = Map { edges: vec![0, ONE, 4 * ONE] };
        assert_eq!(
            [0, ONE / 2, ONE, ONE * 3 / 2, 2 * ONE].map(|at| map.place(at)),
            [0, ONE / 2, ONE, ONE * 5 / 2, 4 * ONE]
        );
        assert_eq!(map.sources(), [ONE / 2, ONE + ONE / 6, ONE + ONE / 2, ONE + ONE * 5 / 6]);
        assert_eq!((map.rows(), map.most()), (2, 3 * ONE));
    }

    #[test]
    fn a_difference_of_five_levels_is_detail_and_one_of_four_is_grain() {
        let grain = |others: &[(usize, u8)]| {
            let mut levels = [100; 400];
            for (at, level) in others {
                levels[*at] = *level;
            }
            let (_, grain) = separate(&grey(20, &levels));
            (0..400).filter(|at| grain[3 * at] != 0).map(|at| (at, grain[3 * at])).collect::<Vec<_>>()
        };
        assert_eq!(grain(&[(210, 104)]), [(210, 4)]);
        assert_eq!(grain(&[(210, 105)]), []);
        assert_eq!(grain(&[(210, 96)]), [(210, -4)]);
        assert_eq!(grain(&[(210, 95)]), []);
        // Detail up to two pixels away keeps a pixel from being grain.
        assert_eq!(grain(&[(210, 105), (212, 104)]), []);
        assert_eq!(grain(&[(210, 105), (213, 104)]), [(213, 4)]);
        assert_eq!(grain(&[(210, 105), (250, 104)]), []);
        assert_eq!(grain(&[(210, 105), (270, 104)]), [(270, 4)]);
    }

    #[test]
    fn the_mean_of_five_by_five_pixels_is_rounded_and_repeats_the_edges() {
        let mean = |at: usize, level: u8, of: usize| {
            let mut levels = [0; 100];
            levels[at] = level;
            means(&grey(10, &levels))[3 * of]
        };
        assert_eq!((mean(55, 12, 55), mean(55, 13, 55)), (0, 1), "rounded to the nearest");
        assert_eq!((mean(55, 250, 77), mean(55, 250, 33), mean(55, 250, 58), mean(55, 250, 85)), (10, 10, 0, 0));
        assert_eq!([0, 9, 90, 99].map(|corner| mean(corner, 25, corner)), [9; 4], "three by three times");
    }

    #[test]
    fn grain_is_added_unstretched_in_blocks_of_32_rows() {
        // Rows of 100, 102 and 98 have the mean 100, so that the rest is grain.
        let pattern = [100, 102, 98];
        let levels: Vec<u8> = (0..64 * 6).map(|at| pattern[at / 6 % 3]).collect();
        let stretched = Map::new(64, 128, &[ONE], &[false]).apply(&grey(6, &levels));
        let rows: Vec<u8> = stretched.pixels().chunks_exact(18).map(|row| row[0]).collect();
        // Each block has the grain of the 32 rows around the one in its middle: row 8, 24, 40 and 56.
        let expected = [0, 8, 24, 32].into_iter().flat_map(|first| (first..first + 32).map(|row| pattern[row % 3]));
        assert_eq!(rows, expected.collect::<Vec<_>>());
    }

    #[test]
    fn interpolated_levels_are_rounded_and_clipped() {
        let half = [0, WHOLE / 2, WHOLE / 2, 0];
        let value = |rows: [u8; 4], weights: [i32; 4], grain: i8| {
            let mut pixels = Vec::new();
            opaque(rows.each_ref().map(std::slice::from_ref), weights, &[grain], &mut pixels);
            pixels[0]
        };
        assert_eq!((value([9, 0, 1, 9], half, 0), value([9, 10, 20, 9], half, 3)), (1, 18));
        let overshoot = [-1024, 9216, 9216, -1024];
        assert_eq!((value([0, 255, 255, 0], overshoot, 0), value([255, 0, 0, 255], overshoot, 0)), (255, 0));
    }

    #[test]
    fn hidden_colours_do_not_bleed_into_a_stretch() {
        let half = [0, WHOLE / 2, WHOLE / 2, 0];
        let value = |second: [u8; 4], third: [u8; 4]| {
            let mut pixels = Vec::new();
            translucent([&[9; 4], &second, &third, &[9; 4]], half, &mut pixels);
            pixels
        };
        assert_eq!(value([200, 7, 7, 0], [10, 100, 30, 255]), [10, 100, 30, 128]);
        assert_eq!(value([200, 7, 7, 0], [99, 99, 99, 0]), [0; 4]);
        assert_eq!(value([10, 0, 0, 255], [20, 1, 0, 255]), [15, 1, 0, 255]);
    }

    #[test]
    fn the_weights_are_those_of_catmull_and_rom() {
        // -t + 2 t² - t³, 2 - 5 t² + 3 t³, t + 4 t² - 3 t³ and -t² + t³, all halved, at t = 1/2 and 1/4.
        let weights = weights();
        assert_eq!(weights[PHASES / 2], [-1024, 9216, 9216, -1024]);
        assert_eq!(weights[PHASES / 4], [-1152, 14_208, 3712, -384]);
    }

    #[test]
    fn the_rows_of_a_transposed_picture_are_its_columns() {
        let levels: Vec<u8> = (0..20 * 18).map(|at| (at % 20 * 10 + at / 20) as u8).collect();
        let turned = transposed(&grey(20, &levels));
        let expected: Vec<u8> = (0..18 * 20).map(|at| (at / 18 * 10 + at % 18) as u8).collect();
        assert_eq!(turned, grey(18, &expected));
    }

    #[test]
    fn weights_add_up_and_pass_through_the_rows() {
        let weights = weights();
        assert_eq!(weights[0], [0, WHOLE, 0, 0]);
        assert!(weights.iter().all(|weights| weights.iter().sum::<i32>() == WHOLE));
        let [a, b, c, d] = weights[PHASES / 2];
        assert_eq!([a, b], [d, c]);
    }

    #[test]
    fn the_grain_and_the_rest_add_up() {
        let size = Size::new(40, 30).unwrap();
        let pixels: Vec<u8> = (0..3600_u32).map(|at| 100 + (at * 7919 % 5) as u8 + u8::from(at > 2000) * 90).collect();
        let picture = Picture::from_rgb(size, pixels.clone()).unwrap();
        let (base, grain) = separate(&picture);
        let sum: Vec<u8> = base.iter().zip(&grain).map(|(base, grain)| base.wrapping_add_signed(*grain)).collect();
        assert_eq!(sum, pixels);
        assert!(grain.iter().any(|grain| *grain != 0));
        assert_eq!(transposed(&transposed(&picture)), picture);
    }
}
