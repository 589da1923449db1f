//! The symbols of interleaved scans, in which the MCUs follow each other (T.81, A.2.3): the one scan of a sequential
//! picture, and the DC scan of a progressive one.
//!
//! A block beyond the edge of its component repeats the DC coefficient of the block before and has no AC coefficients,
//! as in libjpeg. It costs at most two symbols, and no decoder shows it.

use crate::frame::Frame;
use crate::mcu_row::McuRow;
use crate::symbol::Symbols;

/// The last DC coefficient of Y, Cb and Cr.
pub(crate) type Predictions = [i16; 3];

/// Adds the symbols of an MCU row; those of AC coefficients only where `with_ac` is set.
#[inline(always)]
pub(crate) fn put_row(
    row: &McuRow,
    frame: Frame,
    mcu_row: usize,
    with_ac: bool,
    predictions: &mut Predictions,
    symbols: &mut Symbols,
) {
    symbols.reserve(frame.mcus_across() * (frame.factor * frame.factor + 2));
    for mcu in 0..frame.mcus_across() {
        for (component, prediction) in predictions.iter_mut().enumerate() {
            let (factor, across) = (frame.factor_of(component), frame.blocks_across(component));
            let down = frame.blocks_down(component, mcu_row);
            // Y has the first tables, Cb and Cr share the second.
            let table = component.min(1) as u32;
            for (y, x) in (0..factor).flat_map(|y| (0..factor).map(move |x| (y, mcu * factor + x))) {
                if y < down && x < across {
                    let block = &row.blocks(component)[y * across + x];
                    symbols.put_dc(table, i32::from(block.dc()) - i32::from(*prediction));
                    *prediction = block.dc();
                    if with_ac {
                        symbols.put_ac(table, block);
                    }
                } else {
                    symbols.put_dc(table, 0);
                    if with_ac {
                        symbols.put_eob(table);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;
    use crate::Sampling;
    use crate::quantise::Quantiser;

    /// The symbols of a picture of one colour.
    fn counts(width: usize, height: usize, with_ac: bool) -> [Vec<u64>; 4] {
        let frame = Frame::new(width, height, Sampling::Yuv420);
        let rgb = [200, 90, 30].repeat(width * height);
        let (mut row, mut symbols, mut predictions) = (McuRow::default(), Symbols::default(), Predictions::default());
        row.prepare(frame);
        dispatch!(Level::new(), simd => row.fill(simd, &rgb, frame, 0, &Quantiser::pair(90)));
        put_row(&row, frame, 0, with_ac, &mut predictions, &mut symbols);
        assert!(predictions.iter().all(|prediction| *prediction != 0));
        symbols.counts().map(|counts| counts.into_iter().filter(|count| *count > 0).collect())
    }

    /// Symbol 0 is a DC difference of 0, or the end of the block.
    #[test]
    fn a_block_beyond_the_edge_repeats_the_dc_coefficient_and_has_no_ac_coefficients() {
        // One block of Y in the picture and three beyond its edge, then one of Cb and one of Cr.
        let [luma_dc, chroma_dc, ac @ ..] = counts(8, 8, true);
        assert_eq!((luma_dc, ac), (vec![3, 1], [vec![4], vec![2]]));
        assert_eq!(chroma_dc.iter().sum::<u64>(), 2);
    }

    #[test]
    fn a_dc_scan_has_the_difference_to_the_block_before_of_the_same_component() {
        let [luma_dc, chroma_dc, ac @ ..] = counts(32, 16, false);
        assert_eq!((luma_dc, ac), (vec![7, 1], [vec![], vec![]]));
        assert_eq!((chroma_dc[0], chroma_dc.iter().sum::<u64>()), (2, 4));
    }
}
