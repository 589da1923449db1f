//! Match lengths and distances as symbols (RFC 1951, section 3.2.5).
//!
//! A symbol stands for a range of values; extra bits say which value of the range it is. From the first range
//! of more than one value on, the size of the ranges doubles after every four symbols of lengths and every two of
//! distances. So the number of extra bits follows from the highest bit of the offset, which is the value less the
//! smallest possible one. The bits directly below that bit select among the symbols with this number of extra bits.

/// The number of symbols for literals, the end of the block, and match lengths. Symbols 286 and 287 are in the fixed
/// code of section 3.2.6 but never occur in data.
pub(super) const LITERAL_LENGTH_SYMBOLS: usize = 288;

/// The symbol of the end of the block.
pub(super) const END_OF_BLOCK: usize = 256;

/// The number of symbols for distances.
pub(super) const DISTANCE_SYMBOLS: usize = 30;

/// The symbol of a length or a distance, and the extra bits, which follow the symbol's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Its place in its alphabet.
    pub(super) number: usize,
    /// The value less the first value of the symbol's range.
    pub(super) extra: u32,
    /// The number of extra bits.
    pub(super) extra_bits: u32,
}

impl Symbol {
    /// The symbol of a match length, 3 to 258.
    #[inline]
    pub(super) const fn of_length(length: u16) -> Self {
        let offset = length as u32 - 3;
        match offset {
            // The first eight lengths have a symbol each.
            0..8 => Self { number: 257 + offset as usize, extra: 0, extra_bits: 0 },
            // Four symbols per power of two: the two bits below the highest one say which.
            8..255 => {
                let extra_bits = offset.ilog2() - 2;
                let number = 257 + (4 * (extra_bits + 1) + ((offset >> extra_bits) & 3)) as usize;
                Self { number, extra: offset & ((1 << extra_bits) - 1), extra_bits }
            }
            // The longest match has a symbol of its own.
            _ => Self { number: 285, extra: 0, extra_bits: 0 },
        }
    }

    /// The symbol of a distance, 1 to 32,768.
    #[inline]
    pub(super) const fn of_distance(distance: u16) -> Self {
        let offset = distance as u32 - 1;
        // The first four distances have a symbol each.
        if offset < 4 {
            return Self { number: offset as usize, extra: 0, extra_bits: 0 };
        }
        // Two symbols per power of two: the bit below the highest one says which.
        let extra_bits = offset.ilog2() - 1;
        let number = (2 * (extra_bits + 1) + ((offset >> extra_bits) & 1)) as usize;
        Self { number, extra: offset & ((1 << extra_bits) - 1), extra_bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_those_of_the_tables_in_the_specification() {
        // The first length of each symbol from 257 on.
        let firsts = [
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
            227, 258,
        ];
        for length in 3..=258_u16 {
            let number = 256 + firsts.iter().filter(|first| **first <= length).count();
            let found = Symbol::of_length(length);
            assert_eq!((found.number, found.extra), (number, u32::from(length - firsts[number - 257])));
            assert!(found.extra < 1 << found.extra_bits);
        }
        let mut first = 1_u32;
        for (number, index) in (0..DISTANCE_SYMBOLS).zip(0_u32..) {
            let extra_bits = if index < 4 { 0 } else { index / 2 - 1 };
            for distance in [first, first + (1 << extra_bits) - 1] {
                let found = Symbol::of_distance(u16::try_from(distance).unwrap());
                assert_eq!(found, Symbol { number, extra: distance - first, extra_bits });
            }
            first += 1 << extra_bits;
        }
        assert_eq!(first, 32_769);
    }
}
