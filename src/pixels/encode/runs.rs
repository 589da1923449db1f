//! Lists of the lengths of prefix codes, shortened. Deflate (RFC 1951, section 3.2.7) and VP8L (RFC 9649, section
//! 6.2.4) write them alike.

/// Each length as a symbol, with the bits that follow it and their number: 16 repeats the last one that is not 0, three
/// to six times, 17 is three to ten times 0, 18 is eleven to 138 times. A 16 always follows the length that it repeats.
pub(super) fn runs(lengths: &[u8]) -> impl Iterator<Item = (usize, u32, u32)> {
    lengths.chunk_by(|a, b| a == b).flat_map(|run| {
        let length = run.first().copied().unwrap_or(0);
        let mut left = run.len();
        std::iter::from_fn(move || {
            let (symbol, least, most, extra_bits) = match (length, left) {
                (_, 0) => return None,
                // The first of a run has nothing to repeat.
                (1.., _) if left == run.len() => (usize::from(length), 1, 1, 0),
                (_, 1..3) => (usize::from(length), 1, 1, 0),
                (0, 3..11) => (17, 3, 10, 3),
                (0, _) => (18, 11, 138, 7),
                _ => (16, 3, 6, 2),
            };
            let repeated = left.min(most);
            left -= repeated;
            Some((symbol, u32::try_from(repeated - least).unwrap_or(0), extra_bits))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_what_they_repeat() {
        for (zeros, sevens) in (0..300).flat_map(|zeros| [0, 1, 3, 4, 7, 8, 14].map(|sevens| (zeros, sevens))) {
            let lengths = [vec![0; zeros], vec![7; sevens], vec![5]].concat();
            let mut read: Vec<u8> = Vec::new();
            let mut last = 8;
            for (symbol, extra, _) in runs(&lengths) {
                let (value, times) = match symbol {
                    16 => (last, 3 + extra),
                    17 => (0, 3 + extra),
                    18 => (0, 11 + extra),
                    _ => (u8::try_from(symbol).unwrap(), 1),
                };
                read.extend(std::iter::repeat_n(value, times as usize));
                last = if value > 0 { value } else { last };
            }
            assert_eq!(read, lengths);
        }
    }
}
