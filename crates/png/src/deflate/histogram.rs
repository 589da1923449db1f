//! Symbol frequencies of a part of the data.
//!
//! They are used twice. Their entropy estimate decides which tokens are kept and where blocks end. Later they give the
//! code lengths of each block. A token is some literals and then at most one match.

use super::symbol::{DISTANCE_SYMBOLS, LITERAL_LENGTH_SYMBOLS, Symbol};
use super::token::Token;
use crate::entropy::{BIT, byte_counts, estimate};

/// How often each symbol occurs.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    /// The literal/length alphabet. The end of the block is counted when the block is written.
    pub(super) literal_lengths: [u32; LITERAL_LENGTH_SYMBOLS],
    /// The distance alphabet.
    pub(super) distances: [u32; DISTANCE_SYMBOLS],
    /// The sum of the extra bits of all lengths and distances.
    pub(super) extra_bits: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { literal_lengths: [0; LITERAL_LENGTH_SYMBOLS], distances: [0; DISTANCE_SYMBOLS], extra_bits: 0 }
    }
}

impl Histogram {
    /// The histogram of bytes that are all literals.
    pub(super) fn of_literals(bytes: &[u8]) -> Self {
        let mut histogram = Self::default();
        histogram.literal_lengths[..256].copy_from_slice(&byte_counts(bytes));
        histogram
    }

    /// The histogram of tokens that begin at `start` of the data.
    pub(super) fn of_tokens(data: &[u8], start: usize, tokens: &[Token]) -> Self {
        let mut histogram = Self::default();
        let mut at = start;
        for token in tokens {
            let end = at + usize::from(token.literals);
            for byte in &data[at..end] {
                histogram.literal_lengths[usize::from(*byte)] += 1;
            }
            at = end + usize::from(token.length);
            histogram.add_match(*token);
        }
        histogram
    }

    /// The histogram of tokens that begin at `start` of the data. `self` must be `of_literals` of the bytes that they cover.
    /// Their matches cover `matched` bytes.
    pub(super) fn with_matches(&self, data: &[u8], start: usize, tokens: &[Token], matched: usize) -> Self {
        // Either the literals are counted or the matched bytes are subtracted, whichever are fewer.
        if matched >= self.literal_lengths.iter().sum::<u32>() as usize / 2 {
            return Self::of_tokens(data, start, tokens);
        }
        // `self` has counted each matched byte as a literal.
        let mut histogram = self.clone();
        let mut at = start;
        for token in tokens {
            let begin = at + usize::from(token.literals);
            at = begin + usize::from(token.length);
            for byte in &data[begin..at] {
                histogram.literal_lengths[usize::from(*byte)] -= 1;
            }
            histogram.add_match(*token);
        }
        histogram
    }

    /// The histogram of both parts.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        for (count, more) in sum.literal_lengths.iter_mut().zip(other.literal_lengths) {
            *count += more;
        }
        for (count, more) in sum.distances.iter_mut().zip(other.distances) {
            *count += more;
        }
        sum.extra_bits += other.extra_bits;
        sum
    }

    /// The entropy estimate of all symbols, with their extra bits and without a block header, in 1/256 bit.
    pub(super) fn cost(&self) -> u64 {
        estimate(&self.literal_lengths) + estimate(&self.distances) + self.extra_bits * BIT
    }

    /// Counts the symbols and extra bits of the token's match, if it has one.
    fn add_match(&mut self, token: Token) {
        let Some((length, distance)) = token.back_reference() else { return };
        let (length, distance) = (Symbol::of_length(length), Symbol::of_distance(distance));
        self.literal_lengths[length.number] += 1;
        self.distances[distance.number] += 1;
        self.extra_bits += u64::from(length.extra_bits + distance.extra_bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_equal(a: &Histogram, b: &Histogram) {
        assert_eq!(a.literal_lengths, b.literal_lengths);
        assert_eq!((a.distances, a.extra_bits), (b.distances, b.extra_bits));
    }

    #[test]
    fn the_extra_bits_of_lengths_and_of_distances_are_counted() {
        // Length 13 is symbol 266 with 1 extra bit, distance 100 is symbol 13 with 5.
        let found = Histogram::of_tokens(&[7; 20], 0, &[Token::new(5, 13, 100), Token::literals(2)]);
        assert_eq!((found.literal_lengths[7], found.literal_lengths[266], found.distances[13]), (7, 1, 1));
        assert_eq!((found.literal_lengths.iter().sum::<u32>(), found.distances.iter().sum::<u32>()), (8, 1));
        assert_eq!(found.extra_bits, 6);
    }

    /// Below half of the bytes the matched ones are subtracted, from half on the literals are counted.
    #[test]
    fn both_ways_to_add_matches_give_the_histogram_of_the_tokens() {
        let data: Vec<u8> = (0..60_u8).map(|at| at % 11).collect();
        for matched in [6, 19, 20, 21, 36] {
            let tokens = [Token::new(2, 3, 11), Token::new(1, matched - 3, 22), Token::literals(37 - matched)];
            let literals = Histogram::of_literals(&data[20..]);
            let found = literals.with_matches(&data, 20, &tokens, matched);
            assert_equal(&found, &Histogram::of_tokens(&data, 20, &tokens));
            assert_eq!(found.literal_lengths[..256].iter().sum::<u32>() as usize, 40 - matched);
        }
    }

    #[test]
    fn plus_adds_the_counts_and_the_extra_bits_of_both_parts() {
        let data = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 9];
        let first = Histogram::of_tokens(&data, 0, &[Token::new(3, 9, 3)]);
        // The data does not reach back 700 bytes, but a histogram does not read what a match repeats.
        let second = Histogram::of_tokens(&data, 0, &[Token::new(3, 9, 700), Token::literals(1)]);
        let both = first.plus(&second);
        // Length 9 is symbol 263. Distance 3 is symbol 2, and distance 700 is symbol 18 with 8 extra bits.
        assert_eq!((both.literal_lengths[1], both.literal_lengths[9], both.literal_lengths[263]), (2, 1, 2));
        assert_eq!((both.distances[2], both.distances[18], both.extra_bits), (1, 1, 8));
    }

    #[test]
    fn the_cost_is_the_estimate_of_both_alphabets_and_the_extra_bits() {
        let mut histogram = Histogram { extra_bits: 5, ..Histogram::default() };
        // Four symbols of 2 bits each, and two of 1 bit each.
        histogram.literal_lengths[60..64].fill(1);
        histogram.distances[..2].fill(1);
        assert_eq!(histogram.cost(), (4 * 2 + 2 + 5) * BIT);
    }
}
