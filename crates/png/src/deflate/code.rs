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
