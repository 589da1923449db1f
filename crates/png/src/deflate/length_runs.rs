//! Run-length coding of code lengths (RFC 1951, section 3.2.7).

/// A symbol of the code length alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LengthSymbol {
    /// 0 to 15 is a code length, 16 repeats the length before it 3 to 6 times, 17 is 3 to 10 zeros, 18 is 11 to 138
    /// zeros.
    pub(super) number: usize,
    pub(super) extra: u64,
    /// The number of extra bits.
    pub(super) extra_bits: u32,
}

/// The code lengths as symbols. The longest run that a symbol can stand for is taken each time.
pub(super) fn length_symbols(lengths: &[u8]) -> impl Iterator<Item = LengthSymbol> {
    lengths.chunk_by(|a, b| a == b).flat_map(|run| {
        let length = run[0];
        let mut left = run.len();
        std::iter::from_fn(move || {
            let is_first = left == run.len();
            let (number, least, most, extra_bits) = match (length, left) {
                (_, 0) => return None,
                // Zeros have symbols of their own; any other length must be written once before it is repeated.
                (0, 3..11) => (17, 3, 10, 3),
                (0, 11..) => (18, 11, 138, 7),
                (1.., 3..) if !is_first => (16, 3, 6, 2),
                _ => (usize::from(length), 1, 1, 0),
            };
            let repeated = left.min(most);
            left -= repeated;
            Some(LengthSymbol { number, extra: (repeated - least) as u64, extra_bits })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_every_length_are_read_as_they_were() {
        for (zeros, sevens) in (0..300).flat_map(|zeros| [0, 1, 3, 4, 7, 8, 14].map(|sevens| (zeros, sevens))) {
            let lengths = [vec![0; zeros], vec![7; sevens], vec![5]].concat();
            let mut read: Vec<u8> = Vec::new();
            for LengthSymbol { number, extra, extra_bits } in length_symbols(&lengths) {
                assert!(extra < 1 << extra_bits);
                let (length, times) = match number {
                    16 => (*read.last().unwrap(), 3 + extra),
                    17 => (0, 3 + extra),
                    18 => (0, 11 + extra),
                    _ => (u8::try_from(number).unwrap(), 1),
                };
                read.extend(std::iter::repeat_n(length, usize::try_from(times).unwrap()));
            }
            assert_eq!(read, lengths);
        }
    }

    #[test]
    fn the_longest_run_that_a_symbol_can_stand_for_is_taken() {
        let symbols = |length: u8, times: usize| -> Vec<_> {
            length_symbols(&vec![length; times]).map(|symbol| (symbol.number, symbol.extra)).collect()
        };
        assert_eq!(symbols(0, 138), [(18, 127)]);
        assert_eq!(symbols(0, 139), [(18, 127), (0, 0)]);
        assert_eq!(symbols(0, 11), [(18, 0)]);
        assert_eq!(symbols(0, 10), [(17, 7)]);
        assert_eq!(symbols(0, 2), [(0, 0), (0, 0)]);
        // A length other than 0 is written once before it is repeated.
        assert_eq!(symbols(7, 7), [(7, 0), (16, 3)]);
        assert_eq!(symbols(7, 3), [(7, 0), (7, 0), (7, 0)]);
    }
}
