//! What each byte costs as a literal, to compare literals with a match before there is a code.
//!
//! The price of a byte is its share of the [entropy estimate](crate::entropy) of a segment that is all literals.

use super::symbol::LITERAL_LENGTH_SYMBOLS;
use crate::entropy::{BIT, log2};

/// The number of bytes of a match that are priced. As literals they take at least one bit each, so 48 bits or more. A
/// match takes at most 29 bits: 14 by the estimate of the [probe](super::probe), and 15 for the distance. So a longer
/// match is always cheaper, whatever its other bytes are.
const PRICED: usize = 48;

/// The price of each byte as a literal, in 1/256 bit.
#[derive(Debug)]
pub(super) struct Prices([u16; 256]);

impl Prices {
    /// Prices by the frequency of each byte among `total` literals. A byte that does not occur is priced as if it
    /// occurred once.
    pub(super) fn new(counts: &[u32; LITERAL_LENGTH_SYMBOLS], total: usize) -> Self {
        let total = u32::try_from(total).expect("invariant: a segment is shorter than 2^16");
        let log_total = log2(total);
        let mut prices = [0; 256];
        for (price, count) in prices.iter_mut().zip(counts) {
            // Shannon: -log2(count / total), and at least one bit.
            let bits = log_total.saturating_sub(log2((*count).max(1))).max(BIT);
            *price = u16::try_from(bits).expect("invariant: a price is below 17 bits");
        }
        Self(prices)
    }

    /// Whether a match of these bytes takes fewer bits than the bytes as literals. A match takes `match_bits` and the
    /// binary logarithm of its distance.
    #[inline]
    pub(super) fn is_match_cheaper(&self, bytes: &[u8], distance: usize, match_bits: u64) -> bool {
        // Each byte takes at least one bit, so the sum of the first 48 bytes is enough for any longer match.
        let priced = &bytes[..bytes.len().min(PRICED)];
        let literals: u64 = priced.iter().map(|byte| u64::from(self.0[usize::from(*byte)])).sum();
        let distance = u32::try_from(distance).expect("invariant: a distance is at most the window");
        literals > match_bits * BIT + log2(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_costs_its_share_at_least_one_bit_and_a_missing_byte_as_if_it_occurred_once() {
        let mut counts = [0; LITERAL_LENGTH_SYMBOLS];
        (counts[0], counts[1], counts[2]) = (64, 1, 191);
        let Prices(prices) = Prices::new(&counts, 256);
        assert_eq!([0, 1, 2, 3].map(|byte: usize| u64::from(prices[byte])), [2 * BIT, 8 * BIT, BIT, 8 * BIT]);
    }

    #[test]
    fn a_match_that_takes_as_many_bits_as_its_literals_is_not_cheaper() {
        let prices = Prices::new(&[1; LITERAL_LENGTH_SYMBOLS], 256);
        // 6 times 8 bits, and a distance of 10 bits.
        assert!(prices.is_match_cheaper(&[9; 6], 1024, 37));
        assert!(!prices.is_match_cheaper(&[9; 6], 1024, 38));
    }

    /// Bytes of one bit each: 29 bits are what a match takes at most.
    #[test]
    fn a_match_longer_than_the_bytes_that_are_priced_is_always_cheaper() {
        let prices = Prices::new(&[256; LITERAL_LENGTH_SYMBOLS], 256);
        assert!(!prices.is_match_cheaper(&[9; 29], 1 << 15, 14));
        assert!([30, 47, 48, 49, 258].iter().all(|length| prices.is_match_cheaper(&vec![9; *length], 1 << 15, 14)));
    }
}
