//! The scans of AC coefficients of a progressive picture (T.81, G.1.2): spectral selection, without successive
//! approximation.
//!
//! The DC coefficients come first, in an interleaved scan. Each scan of AC coefficients has one component, and only the
//! blocks that hold samples, in raster order. Y has its lowest five AC coefficients in a scan of their own, so that a
//! viewer shows its shapes early; Cb and Cr come before the rest of Y. Blocks that end together are counted (EOB runs).

use crate::frame::Frame;
use crate::mcu_row::McuRow;
use crate::symbol::Symbols;

/// A scan of AC coefficients: its component, and its first and last position in zigzag order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    pub(crate) component: u8,
    pub(crate) positions: [u8; 2],
}

/// The scans in their order.
pub(crate) const BANDS: [Band; 4] = [
    Band { component: 0, positions: [1, 5] },
    Band { component: 1, positions: [1, 63] },
    Band { component: 2, positions: [1, 63] },
    Band { component: 0, positions: [6, 63] },
];

/// Adds the symbols of an MCU row to the scans.
#[inline(always)]
pub(crate) fn put_row(row: &McuRow, frame: Frame, mcu_row: usize, scans: &mut [Symbols; BANDS.len()]) {
    for (band, symbols) in BANDS.iter().zip(scans) {
        let component = usize::from(band.component);
        let count = frame.blocks_across(component) * frame.blocks_down(component, mcu_row);
        symbols.reserve(count);
        for block in &row.blocks(component)[..count] {
            symbols.put_band(0, block, band.positions.map(u32::from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_five_ac_coefficients_of_y_come_first_then_cb_and_cr_then_the_rest_of_y() {
        let bands = BANDS.map(|Band { component, positions }| (component, positions));
        assert_eq!(bands, [(0, [1, 5]), (1, [1, 63]), (2, [1, 63]), (0, [6, 63])]);
    }
}
