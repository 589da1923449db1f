//! A block of quantised coefficients, and the zigzag order (T.81, figure A.6).

use fearless_simd::prelude::*;
use fearless_simd::{Simd, i16x8};

/// For each position in zigzag order the position in row-major order.
#[rustfmt::skip]
pub(crate) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10,
    17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34,
    27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36,
    29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46,
    53, 60, 61, 54, 47, 55, 62, 63,
];

/// For each row, and for each set of its columns, the set of their positions in zigzag order.
static POSITIONS: [[u64; 256]; 8] = positions();

const fn positions() -> [[u64; 256]; 8] {
    let mut sets = [[0; 256]; 8];
    let mut position = 0;
    while position < 64 {
        let (row, column) = (ZIGZAG[position] as usize / 8, ZIGZAG[position] % 8);
        let mut set = 0;
        while set < 256 {
            if set >> column & 1 == 1 {
                sets[row][set] |= 1 << position;
            }
            set += 1;
        }
        position += 1;
    }
    sets
}

/// The quantised coefficients of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// In row-major order.
    pub(crate) coefficients: [i16; 64],
    /// The positions in zigzag order of those that are not zero; position 0 is the lowest bit.
    pub(crate) nonzero: u64,
}

impl Block {
    pub(crate) const ZERO: Self = Self { coefficients: [0; 64], nonzero: 0 };

    /// The DC coefficient.
    #[inline(always)]
    pub(crate) const fn dc(&self) -> i16 {
        self.coefficients[0]
    }

    /// Finds the coefficients that are not zero.
    #[inline(always)]
    pub(crate) fn find_nonzero<S: Simd>(&mut self, simd: S) {
        let zero = i16x8::splat(simd, 0);
        let mut nonzero = 0;
        let (pairs, _) = self.coefficients.as_chunks::<16>();
        for (pair, positions) in pairs.iter().zip(POSITIONS.as_chunks::<2>().0) {
            let upper = i16x8::from_slice(simd, &pair[..8]).simd_eq(zero);
            let lower = i16x8::from_slice(simd, &pair[8..]).simd_eq(zero);
            let columns = !simd.narrow_mask16x8(upper, lower).to_bitmask();
            nonzero |= positions[0][(columns & 0xff) as usize] | positions[1][(columns >> 8 & 0xff) as usize];
        }
        self.nonzero = nonzero;
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn each_coefficient_is_found_at_its_position() {
        for (position, at) in ZIGZAG.into_iter().enumerate() {
            for value in [1, -1, 256, -1024] {
                let mut block = Block { nonzero: 9, ..Block::ZERO };
                block.coefficients[usize::from(at)] = value;
                dispatch!(Level::new(), simd => block.find_nonzero(simd));
                assert_eq!(block.nonzero, 1 << position);
            }
        }
    }
}
