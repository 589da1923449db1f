//! The frame: how many MCUs and blocks a picture has (T.81, A.1 and A.2).
//!
//! An MCU covers `8 f` x `8 f` pixels, where `f` is the sampling factor of Y: `f` x `f` blocks of Y, then one of Cb and
//! one of Cr. A picture has as many MCUs as it takes to cover it. Blocks of an MCU that lie beyond the edge of their
//! component are in interleaved scans only.

use crate::Sampling;

/// The pixels of a block's side.
pub(crate) const SIDE: usize = 8;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The sampling factor of Y in both directions; that of Cb and Cr is 1.
    pub(crate) factor: usize,
}

impl Frame {
    pub(crate) const fn new(width: usize, height: usize, sampling: Sampling) -> Self {
        Self { width, height, factor: sampling.factor() }
    }

    /// The pixels of an MCU's side.
    pub(crate) const fn mcu_side(self) -> usize {
        SIDE * self.factor
    }

    pub(crate) const fn mcus_across(self) -> usize {
        self.width.div_ceil(self.mcu_side())
    }

    pub(crate) const fn mcus_down(self) -> usize {
        self.height.div_ceil(self.mcu_side())
    }

    /// The sampling factor of a component: 0 is Y, 1 is Cb, 2 is Cr.
    pub(crate) const fn factor_of(self, component: usize) -> usize {
        if component == 0 { self.factor } else { 1 }
    }

    /// The blocks across that hold samples of the component, without those that only complete an MCU.
    pub(crate) const fn blocks_across(self, component: usize) -> usize {
        (self.width * self.factor_of(component)).div_ceil(self.mcu_side())
    }

    /// The blocks down that hold samples of the component, out of those of one MCU row.
    pub(crate) fn blocks_down(self, component: usize, mcu_row: usize) -> usize {
        let factor = self.factor_of(component);
        let all = (self.height * factor).div_ceil(self.mcu_side());
        (all - mcu_row * factor).min(factor)
    }

    /// The samples of one row of Y, or of a chroma row before it is averaged, filled up to whole MCUs.
    pub(crate) const fn stride(self) -> usize {
        self.mcus_across() * self.mcu_side()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_as_many_mcus_as_it_takes_to_cover_it() {
        let counts = |width, height, sampling| {
            let frame = Frame::new(width, height, sampling);
            (frame.mcus_across(), frame.mcus_down(), frame.stride())
        };
        assert_eq!(counts(16, 17, Sampling::Yuv420), (1, 2, 16));
        assert_eq!(counts(17, 16, Sampling::Yuv420), (2, 1, 32));
        assert_eq!(counts(16, 17, Sampling::Yuv444), (2, 3, 16));
    }

    #[test]
    fn blocks_that_only_complete_an_mcu_are_not_counted() {
        // 20x9 pixels: Y has 3x2 blocks of samples; Cb and Cr have 10x5 samples and so 2x1 blocks.
        let frame = Frame::new(20, 9, Sampling::Yuv420);
        assert_eq!([0, 1, 2].map(|component| frame.blocks_across(component)), [3, 2, 2]);
        assert_eq!([0, 1, 2].map(|component| frame.blocks_down(component, 0)), [2, 1, 1]);
        // The last MCU row of 17 pixels has one row of Y.
        let frame = Frame::new(16, 17, Sampling::Yuv420);
        assert_eq!([0, 1].map(|mcu_row| frame.blocks_down(0, mcu_row)), [2, 1]);
        assert_eq!([0, 1].map(|mcu_row| frame.blocks_down(1, mcu_row)), [1, 1]);
    }
}
