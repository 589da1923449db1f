//! Packs samples of fewer than 8 bits into bytes.
//!
//! PNG (third edition), section 7.2: the leftmost pixel is in the most significant bits, and every scanline begins with
//! a new byte.

use crate::header::BitDepth;

/// Appends rows of `width` values, each below 2^`depth`, to `rows`.
pub(crate) fn pack(width: u32, values: impl Iterator<Item = u8>, depth: BitDepth, rows: &mut Vec<u8>) {
    if depth == BitDepth::Eight {
        return rows.extend(values);
    }
    let (mut column, mut byte, mut free_bits) = (0, 0, 8);
    for value in values {
        free_bits -= depth.bits();
        byte |= value << free_bits;
        column += 1;
        if free_bits == 0 || column == width {
            rows.push(byte);
            (byte, free_bits) = (0, 8);
            column %= width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanline_ends_with_a_whole_byte() {
        let packed = |width, depth| {
            let mut rows = Vec::new();
            pack(width, [1, 0, 1, 1, 0, 1].into_iter(), depth, &mut rows);
            rows
        };
        assert_eq!(packed(3, BitDepth::One), [0b1010_0000, 0b1010_0000]);
        assert_eq!(packed(6, BitDepth::Two), [0b0100_0101, 0b0001_0000]);
        assert_eq!(packed(3, BitDepth::Four), [0x10, 0x10, 0x10, 0x10]);
        assert_eq!(packed(3, BitDepth::Eight), [1, 0, 1, 1, 0, 1]);
    }
}
