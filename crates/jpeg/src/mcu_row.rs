//! One MCU row at a time: from pixels to quantised coefficients.
//!
//! Rows below the picture are filled as in libjpeg. Y repeats its last row. For 4:2:0 the last row of pixels is
//! repeated until the number of rows is even; they are averaged; then Cb and Cr repeat their last averaged row.

use fearless_simd::Simd;

use crate::block::Block;
use crate::colour::convert;
use crate::dct::forward;
use crate::downsample::average;
use crate::frame::{Frame, SIDE};
use crate::quantise::Quantiser;

/// The samples and the blocks of an MCU row.
#[derive(Debug, Default)]
pub(crate) struct McuRow {
    /// Samples of Y, Cb and Cr in rows of [`Frame::stride`].
    planes: [Vec<i16>; 3],
    /// Samples of Cb and Cr after they are averaged for 4:2:0.
    averaged: [Vec<i16>; 2],
    /// The blocks of Y, Cb and Cr, row by row, without those beyond the edge.
    blocks: [Vec<Block>; 3],
}

impl McuRow {
    /// Makes room for a frame.
    pub(crate) fn prepare(&mut self, frame: Frame) {
        for plane in &mut self.planes {
            plane.resize(frame.stride() * frame.mcu_side(), 0);
        }
        let averaged = if frame.factor == 2 { frame.stride() / 2 * SIDE } else { 0 };
        for plane in &mut self.averaged {
            plane.resize(averaged, 0);
        }
        for (component, blocks) in self.blocks.iter_mut().enumerate() {
            blocks.resize(frame.blocks_across(component) * frame.factor_of(component), Block::ZERO);
        }
    }

    /// The blocks of a component in raster order, [`Frame::blocks_across`] in each row.
    pub(crate) fn blocks(&self, component: usize) -> &[Block] {
        &self.blocks[component]
    }

    /// Transforms and quantises an MCU row of a picture.
    #[inline(always)]
    pub(crate) fn fill<S: Simd>(&mut self, simd: S, rgb: &[u8], frame: Frame, mcu_row: usize, tables: &[Quantiser; 2]) {
        self.convert(simd, rgb, frame, mcu_row);
        for component in 0..3 {
            let (samples, stride) = match (component, frame.factor) {
                (1 | 2, 2) => (&self.averaged[component - 1], frame.stride() / 2),
                _ => (&self.planes[component], frame.stride()),
            };
            let across = frame.blocks_across(component);
            let table = &tables[component.min(1)];
            for row in 0..frame.blocks_down(component, mcu_row) {
                let samples = &samples[row * SIDE * stride..];
                let blocks = &mut self.blocks[component][row * across..(row + 1) * across];
                for (column, block) in blocks.iter_mut().enumerate() {
                    forward(simd, &samples[column * SIDE..], stride, &mut block.coefficients);
                    table.quantise(&mut block.coefficients);
                    block.find_nonzero(simd);
                }
            }
        }
    }

    /// The samples of an MCU row.
    #[inline(always)]
    fn convert<S: Simd>(&mut self, simd: S, rgb: &[u8], frame: Frame, mcu_row: usize) {
        let (side, stride) = (frame.mcu_side(), frame.stride());
        let rows = rgb.chunks_exact(3 * frame.width).skip(mcu_row * side).take(side);
        let found = rows.len();
        let [y, cb, cr] = &mut self.planes;
        let planes = y.chunks_exact_mut(stride).zip(cb.chunks_exact_mut(stride)).zip(cr.chunks_exact_mut(stride));
        for (row, ((y, cb), cr)) in rows.zip(planes) {
            convert(simd, row, [y, cb, cr]);
        }
        if frame.factor == 1 {
            self.planes.iter_mut().for_each(|plane| repeat_last_row(plane, stride, found));
            return;
        }
        let [y, chroma @ ..] = &mut self.planes;
        repeat_last_row(y, stride, found);
        let pairs = found.div_ceil(2);
        for (plane, averaged) in chroma.iter_mut().zip(&mut self.averaged) {
            repeat_last_row(&mut plane[..2 * pairs * stride], stride, found);
            let pairs_of_rows = plane.chunks_exact(2 * stride).take(pairs);
            for (rows, out) in pairs_of_rows.zip(averaged.chunks_exact_mut(stride / 2)) {
                average(simd, rows.split_at(stride).into(), out);
            }
            repeat_last_row(averaged, stride / 2, pairs);
        }
    }
}

/// Fills a plane below its first `found` rows with the last of them.
fn repeat_last_row(plane: &mut [i16], stride: usize, found: usize) {
    let (rows, missing) = plane.split_at_mut(found * stride);
    let last = &rows[rows.len() - stride..];
    missing.chunks_exact_mut(stride).for_each(|row| row.copy_from_slice(last));
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;
    use crate::Sampling;

    /// The samples of the second MCU row of a picture of 11 pixels across, which has `found` rows in it.
    fn second_row(sampling: Sampling, found: usize) -> (McuRow, [Vec<Vec<i16>>; 3]) {
        let side = 8 * sampling.factor();
        let (width, height) = (11, side + found);
        let rgb: Vec<u8> = (0..width * height * 3).map(|at| (at * at / 5) as u8).collect();
        let frame = Frame::new(width, height, sampling);
        let mut row = McuRow::default();
        row.prepare(frame);
        dispatch!(Level::new(), simd => row.convert(simd, &rgb, frame, 1));
        // The samples of the rows that the picture has, by the formulas of `colour.rs`; the last pixel is repeated.
        let levels = |[r, g, b]: [i32; 3]| {
            let y = (19_595 * r + 38_470 * g + 7471 * b + 32_768) >> 16;
            let cb = (-11_059 * r - 21_709 * g + 32_768 * b + (128 << 16) + 32_767) >> 16;
            let cr = (32_768 * r - 27_439 * g - 5329 * b + (128 << 16) + 32_767) >> 16;
            [y, cb, cr].map(|level| (level - 128) as i16)
        };
        let at = |x: usize, y: usize| {
            let pixel = ((side + y) * width + x.min(width - 1)) * 3;
            levels([0, 1, 2].map(|channel| i32::from(rgb[pixel + channel])))
        };
        let plane =
            |plane: usize| (0..found).map(|y| (0..16).map(|x| at(x, y)[plane]).collect::<Vec<_>>()).collect::<Vec<_>>();
        (row, [0, 1, 2].map(plane))
    }

    /// The rows of a plane, filled up to `count` with the last one.
    fn filled(mut rows: Vec<Vec<i16>>, count: usize) -> Vec<i16> {
        rows.resize(count, rows.last().unwrap().clone());
        rows.concat()
    }

    #[test]
    fn y_repeats_its_last_row_below_the_picture() {
        for (sampling, side) in [(Sampling::Yuv420, 16), (Sampling::Yuv444, 8)] {
            for found in 1..=side {
                let (row, [y, ..]) = second_row(sampling, found);
                assert_eq!(row.planes[0], filled(y, side), "{sampling}: {found} rows");
            }
        }
    }

    #[test]
    fn without_subsampling_cb_and_cr_repeat_their_last_row_below_the_picture() {
        for found in 1..=8 {
            let (row, [_, cb, cr]) = second_row(Sampling::Yuv444, found);
            assert_eq!(row.planes[1..], [filled(cb, 8), filled(cr, 8)], "{found} rows");
        }
    }

    /// An odd last row of pixels is averaged with itself.
    #[test]
    fn chroma_below_the_picture_repeats_the_last_averaged_row() {
        for found in 1..=16 {
            let (row, [_, cb, cr]) = second_row(Sampling::Yuv420, found);
            let averaged = |mut rows: Vec<Vec<i16>>| {
                rows.resize(found.next_multiple_of(2), rows[found - 1].clone());
                let mean = |two: &[Vec<i16>], x: usize| {
                    let sum = two[0][2 * x] + two[0][2 * x + 1] + two[1][2 * x] + two[1][2 * x + 1];
                    (sum + [1, 2][x % 2]) >> 2
                };
                let rows = rows.chunks(2).map(|two| (0..8).map(|x| mean(two, x)).collect::<Vec<_>>());
                filled(rows.collect(), 8)
            };
            assert_eq!(row.averaged, [averaged(cb), averaged(cr)], "{found} rows");
        }
    }
}
