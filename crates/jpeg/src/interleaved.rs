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
