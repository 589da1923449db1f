//! The two prefix codes of a block, literals with lengths and distances, and the tokens written in them.
//!
//! Code lengths are enough to know how many bits a block takes; the codes themselves are made only where a block is
//! written in them.

use std::sync::LazyLock;

use fearless_simd::{Level, dispatch};

use super::histogram::Histogram;
use super::symbol::{DISTANCE_SYMBOLS, END_OF_BLOCK, LITERAL_LENGTH_SYMBOLS, Symbol};
use super::token::Token;
use crate::bits::BitWriter;
use crate::canonical::CanonicalCode;
use crate::huffman::code_lengths;

/// The longest code of a literal or a length. One bit below the 15 that deflate allows, so that four literals fit one
/// [`BitWriter::put`].
const LITERAL_LENGTH_LIMIT: u8 = 14;
const _: () = assert!(4 * LITERAL_LENGTH_LIMIT as u32 <= BitWriter::MAX_BITS);

/// The longest code of a distance (section 3.2.7).
const DISTANCE_LIMIT: u8 = 15;

/// The code lengths of a block.
#[derive(Debug)]
pub(super) struct CodeLengths {
    /// Bits per symbol of the literal/length alphabet; 0 for one without a code.
    pub(super) literal_lengths: [u8; LITERAL_LENGTH_SYMBOLS],
    /// The same for the distance alphabet.
    pub(super) distances: [u8; DISTANCE_SYMBOLS],
}

impl CodeLengths {
    /// The fixed code (section 3.2.6).
    pub(super) const FIXED: Self = {
        // 0 to 143 have 8 bits, 144 to 255 have 9, 256 to 279 have 7, and the rest have 8.
        let mut literal_lengths = [8; LITERAL_LENGTH_SYMBOLS];
        let mut symbol = 144;
        while symbol < 280 {
            literal_lengths[symbol] = if symbol < 256 { 9 } else { 7 };
            symbol += 1;
        }
        Self { literal_lengths, distances: [5; DISTANCE_SYMBOLS] }
    };

    /// The optimised code lengths for these frequencies.
    pub(super) fn optimised(histogram: &Histogram) -> Self {
        Self {
            literal_lengths: code_lengths(&histogram.literal_lengths, LITERAL_LENGTH_LIMIT),
            distances: code_lengths(&histogram.distances, DISTANCE_LIMIT),
        }
    }

    /// The bits that these symbols and their extra bits take.
    pub(super) fn len_in_bits(&self, histogram: &Histogram) -> u64 {
        let sum = |counts: &[u32], lengths: &[u8]| -> u64 {
            counts.iter().zip(lengths).map(|(count, length)| u64::from(*count) * u64::from(*length)).sum()
        };
        sum(&histogram.literal_lengths, &self.literal_lengths)
            + sum(&histogram.distances, &self.distances)
            + histogram.extra_bits
    }
}

/// The codes of a block.
#[derive(Debug)]
pub(super) struct Codes {
    literal_lengths: CanonicalCode<LITERAL_LENGTH_SYMBOLS>,
    distances: CanonicalCode<DISTANCE_SYMBOLS>,
}

impl Codes {
    /// The canonical codes of these lengths.
    pub(super) fn new(lengths: &CodeLengths) -> Self {
        Self {
            literal_lengths: CanonicalCode::new(&lengths.literal_lengths),
            distances: CanonicalCode::new(&lengths.distances),
        }
    }

    /// The fixed code (section 3.2.6), made once.
    pub(super) fn fixed() -> &'static Self {
        static FIXED: LazyLock<Codes> = LazyLock::new(|| Codes::new(&CodeLengths::FIXED));
        &FIXED
    }

    /// Writes the tokens that begin at `start` of the data, and the end of the block.
    pub(super) fn put_tokens(&self, data: &[u8], start: usize, tokens: &[Token], bits: &mut BitWriter) {
        dispatch!(Level::new(), _simd => self.put_tokens_inline(data, start, tokens, bits));
    }

    /// [`put_tokens`](Self::put_tokens), to be compiled for one instruction set.
    #[inline(always)]
    fn put_tokens_inline(&self, data: &[u8], start: usize, tokens: &[Token], bits: &mut BitWriter) {
        let mut at = start;
        for token in tokens {
            // The literals are in the data; a match is in the token and moves past its bytes.
            let end = at + usize::from(token.literals);
            self.put_literals(&data[at..end], bits);
            at = end + usize::from(token.length);
            if let Some((length, distance)) = token.back_reference() {
                self.put_match(length, distance, bits);
            }
        }
        let (code, code_bits) = self.literal_lengths.get(END_OF_BLOCK);
        bits.put(code, code_bits);
    }

    /// Four codes are joined in pairs, which do not wait for each other, and written at once.
    #[inline(always)]
    fn put_literals(&self, bytes: &[u8], bits: &mut BitWriter) {
        let (fours, rest) = bytes.as_chunks::<4>();
        let code = |byte: &u8| self.literal_lengths.get_byte(*byte);
        bits.put_all(fours.iter().map(|[a, b, c, d]| {
            let ((a, a_bits), (b, b_bits), (c, c_bits), (d, d_bits)) = (code(a), code(b), code(c), code(d));
            let (ab, cd) = (a | b << a_bits, c | d << c_bits);
            (ab | cd << (a_bits + b_bits), a_bits + b_bits + c_bits + d_bits)
        }));
        bits.put_all(rest.iter().map(code));
    }

    /// Length code, extra bits, distance code, extra bits: at most 14 + 5 + 15 + 13 bits.
    #[inline(always)]
    fn put_match(&self, length: u16, distance: u16, bits: &mut BitWriter) {
        let (length, distance) = (Symbol::of_length(length), Symbol::of_distance(distance));
        // Extra bits follow their code, so each part is shifted past those before it.
        let (word, filled) = self.literal_lengths.get(length.number);
        let (word, filled) = (word | u64::from(length.extra) << filled, filled + length.extra_bits);
        let (code, code_bits) = self.distances.get(distance.number);
        let (word, filled) = (word | code << filled, filled + code_bits);
        bits.put(word | u64::from(distance.extra) << filled, filled + distance.extra_bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_code_has_8_9_7_and_8_bits_and_distances_have_5() {
        let CodeLengths { literal_lengths, distances } = CodeLengths::FIXED;
        assert_eq!(
            [0, 143, 144, 255, 256, 279, 280, 287].map(|at: usize| literal_lengths[at]),
            [8, 8, 9, 9, 7, 7, 8, 8]
        );
        assert_eq!(distances, [5; 30]);
    }

    /// Fibonacci numbers make the deepest tree.
    #[test]
    fn a_literal_has_a_code_of_at_most_14_bits_and_a_distance_of_15() {
        let mut histogram = Histogram::default();
        let (mut a, mut b) = (1, 1);
        for at in 0..DISTANCE_SYMBOLS {
            (histogram.literal_lengths[at], histogram.distances[at]) = (a, a);
            (a, b) = (b, a + b);
        }
        let lengths = CodeLengths::optimised(&histogram);
        assert_eq!((lengths.literal_lengths.iter().max(), lengths.distances.iter().max()), (Some(&14), Some(&15)));
    }

    #[test]
    fn the_length_in_bits_has_codes_and_extra_bits() {
        let mut histogram = Histogram { extra_bits: 6, ..Histogram::default() };
        (histogram.literal_lengths[200], histogram.literal_lengths[END_OF_BLOCK], histogram.distances[3]) = (10, 1, 2);
        assert_eq!(CodeLengths::FIXED.len_in_bits(&histogram), 10 * 9 + 7 + 2 * 5 + 6);
    }

    #[test]
    fn the_extra_bits_of_a_match_follow_their_codes() {
        let mut bits = BitWriter::default();
        // Length 14 is symbol 266 with the extra bit 1; distance 100 is symbol 13 with 3 in 5 extra bits.
        Codes::fixed().put_match(14, 100, &mut bits);
        assert_eq!(bits.len_in_bits(), 7 + 1 + 5 + 5);
        bits.align();
        let found: Vec<String> = bits.bytes().iter().map(|byte| format!("{:08b}", byte.reverse_bits())).collect();
        // Codes are sent from their highest bit on, extra bits from their lowest.
        assert_eq!(found.concat(), ["0001010", "1", "01101", "11000", "000000"].concat());
    }
}
