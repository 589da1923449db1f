//! The header of a block with dynamic Huffman codes (RFC 1951, section 3.2.7): its code lengths, themselves coded.
//!
//! The code lengths of both alphabets are written as one list, without the trailing zeros of each alphabet. The list is
//! [run-length coded](super::length_runs). The symbols of this coding, the code length alphabet, have a prefix code of
//! their own, which libdeflate names the precode. The code lengths of the precode precede the list, three bits each, in
//! a fixed order: those that are mostly zero are last, so that they too can be left out.

use super::code::CodeLengths;
use super::length_runs::length_symbols;
use super::symbol::{DISTANCE_SYMBOLS, LITERAL_LENGTH_SYMBOLS};
use crate::bits::BitWriter;
use crate::canonical::CanonicalCode;
use crate::huffman::code_lengths;

/// The number of symbols of the code length alphabet.
const LENGTH_SYMBOLS: usize = 19;

/// The most bits of a code of the precode, because its length is written in three bits.
const PRECODE_LIMIT: u8 = 7;

/// The order in which the code lengths of the precode are written.
const ORDER: [usize; LENGTH_SYMBOLS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The header of a block with dynamic codes.
#[derive(Debug)]
pub(super) struct DynamicHeader {
    /// The code lengths of literals and lengths, then those of distances, each without trailing zeros.
    lengths: [u8; LITERAL_LENGTH_SYMBOLS + DISTANCE_SYMBOLS],
    /// How many code lengths of literals and lengths are written.
    literal_lengths: usize,
    /// How many code lengths of distances are written.
    distances: usize,
    /// The code lengths of the precode, by symbol of the code length alphabet.
    precode_lengths: [u8; LENGTH_SYMBOLS],
    /// How many of `precode_lengths` are written, in the order of [`ORDER`].
    written: usize,
    len_in_bits: u64,
}

impl DynamicHeader {
    /// The header that describes these code lengths.
    pub(super) fn new(codes: &CodeLengths) -> Self {
        let used = |lengths: &[u8]| {
            let last = lengths.iter().rposition(|length| *length > 0);
            last.expect("invariant: every code has two symbols or more") + 1
        };
        let (literal_lengths, distances) = (used(&codes.literal_lengths), used(&codes.distances));
        let mut lengths = [0; LITERAL_LENGTH_SYMBOLS + DISTANCE_SYMBOLS];
        lengths[..literal_lengths].copy_from_slice(&codes.literal_lengths[..literal_lengths]);
        lengths[literal_lengths..literal_lengths + distances].copy_from_slice(&codes.distances[..distances]);

        // The frequencies of the code length alphabet give the precode.
        let (mut counts, mut extra_bits) = ([0; LENGTH_SYMBOLS], 0);
        for symbol in length_symbols(&lengths[..literal_lengths + distances]) {
            counts[symbol.number] += 1;
            extra_bits += u64::from(symbol.extra_bits);
        }
        let precode_lengths = code_lengths(&counts, PRECODE_LIMIT);
        let written = ORDER.iter().rposition(|symbol| precode_lengths[*symbol] > 0);
        let written = (written.expect("invariant: every code has two symbols or more") + 1).max(4);
        let list_bits: u64 =
            counts.iter().zip(precode_lengths).map(|(count, len)| u64::from(*count * u32::from(len))).sum();
        // Block type, HLIT, HDIST, HCLEN, and the code lengths of the precode.
        let len_in_bits = 2 + 5 + 5 + 4 + 3 * written as u64 + list_bits + extra_bits;
        Self { lengths, literal_lengths, distances, precode_lengths, written, len_in_bits }
    }

    /// The length of the header from the block type on.
    pub(super) const fn len_in_bits(&self) -> u64 {
        self.len_in_bits
    }

    /// Writes the header from the block type on.
    pub(super) fn put(&self, bits: &mut BitWriter) {
        let Self { lengths, literal_lengths, distances, precode_lengths, written, .. } = self;
        // Block type 2, HLIT, HDIST, HCLEN, the code lengths of the precode, then the list in this code.
        bits.put(0b10, 2);
        bits.put((literal_lengths - 257) as u64, 5);
        bits.put((distances - 1) as u64, 5);
        bits.put((written - 4) as u64, 4);
        for symbol in &ORDER[..*written] {
            bits.put(precode_lengths[*symbol].into(), 3);
        }
        let code = CanonicalCode::new(precode_lengths);
        for symbol in length_symbols(&lengths[..literal_lengths + distances]) {
            let (word, filled) = code.get(symbol.number);
            bits.put(word | symbol.extra << filled, filled + symbol.extra_bits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a header as section 3.2.7 says: the numbers of code lengths, of precode lengths, and the code lengths.
    fn read(bytes: &[u8], bit_count: u64) -> (usize, usize, usize, Vec<u8>) {
        let mut at = 0;
        let bit = |at: &mut usize| {
            *at += 1;
            bytes[(*at - 1) / 8] >> ((*at - 1) % 8) & 1
        };
        let number = |at: &mut usize, bits: usize| (0..bits).map(|place| usize::from(bit(at)) << place).sum::<usize>();
        assert_eq!(number(&mut at, 2), 2);
        let (literals, distances, written) = (number(&mut at, 5) + 257, number(&mut at, 5) + 1, number(&mut at, 4) + 4);
        let mut precode = [0; 19];
        for symbol in &[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15_usize][..written] {
            precode[*symbol] = u8::try_from(number(&mut at, 3)).unwrap();
        }
        let code = CanonicalCode::new(&precode);
        let mut lengths: Vec<u8> = Vec::new();
        while lengths.len() < literals + distances {
            let (mut word, mut filled) = (0, 0);
            let symbol = loop {
                word |= u64::from(bit(&mut at)) << filled;
                filled += 1;
                if let Some(symbol) = (0..19_u8).find(|symbol| code.get(usize::from(*symbol)) == (word, filled)) {
                    break symbol;
                }
            };
            let (length, times) = match symbol {
                16 => (*lengths.last().unwrap(), 3 + number(&mut at, 2)),
                17 => (0, 3 + number(&mut at, 3)),
                18 => (0, 11 + number(&mut at, 7)),
                length => (length, 1),
            };
            lengths.extend(vec![length; times]);
        }
        assert_eq!(at as u64, bit_count);
        (literals, distances, written, lengths)
    }

    fn header(codes: &CodeLengths) -> (usize, usize, usize, Vec<u8>) {
        let (header, mut bits) = (DynamicHeader::new(codes), BitWriter::default());
        header.put(&mut bits);
        assert_eq!(bits.len_in_bits(), header.len_in_bits());
        bits.align();
        read(bits.bytes(), header.len_in_bits())
    }

    #[test]
    fn a_header_without_the_trailing_zeros_of_each_alphabet_is_read_back() {
        let mut codes = CodeLengths { literal_lengths: [0; 288], distances: [0; 30] };
        codes.literal_lengths[..40].fill(6);
        codes.literal_lengths[90..98].copy_from_slice(&[1, 2, 3, 4, 5, 9, 10, 14]);
        codes.literal_lengths[256..260].copy_from_slice(&[7, 7, 11, 12]);
        codes.distances[..3].copy_from_slice(&[1, 2, 2]);
        let (literals, distances, _, lengths) = header(&codes);
        assert_eq!((literals, distances), (260, 3));
        assert_eq!(lengths[..260], codes.literal_lengths[..260]);
        assert_eq!(lengths[260..], [1, 2, 2]);
    }

    #[test]
    fn the_precode_lengths_behind_the_last_one_that_is_not_zero_are_left_out() {
        let mut codes = CodeLengths { literal_lengths: [8; 288], distances: [8; 30] };
        codes.literal_lengths[286..].fill(0);
        // The code length 8 is the fifth of the order, 16 is the first, and 0 the fourth.
        assert_eq!(header(&codes).2, 5);
        codes.distances[29] = 15;
        assert_eq!(header(&codes).2, 19);
    }
}
