//! Comparing two places of the data, eight bytes at a time.
//!
//! Most comparisons end within the first word, and the exclusive-or of two words says at which byte.

/// The eight bytes from `at` on, the first in the lowest byte of the word.
#[inline]
pub(super) fn load(data: &[u8], at: usize) -> u64 {
    let bytes = data[at..].first_chunk().expect("invariant: eight bytes are left");
    u64::from_le_bytes(*bytes)
}

/// The length of the common prefix of the data from `from` on and from `at` on, at most `most` bytes. `from` is before
/// `at`, and `most` bytes are left from `at` on.
#[inline]
pub(super) fn common_prefix(data: &[u8], from: usize, at: usize, most: usize) -> usize {
    let (earlier, later) = (&data[from..from + most], &data[at..at + most]);
    let mut length = 0;
    for (a, b) in later.as_chunks::<8>().0.iter().zip(earlier.as_chunks::<8>().0) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            // The lowest bit that differs is in the first byte that differs.
            return length + (difference.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    let rest = later[length..].iter().zip(&earlier[length..]);
    length + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_ends_at_the_first_difference_or_at_the_bound() {
        for equal in 0..40 {
            let mut data = vec![7; 100];
            data[50 + equal] = 8;
            for most in 0..50 {
                assert_eq!(common_prefix(&data, 3, 50, most), equal.min(most));
            }
        }
    }
}
