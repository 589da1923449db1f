//! The bits of a VP8L stream, and its prefix codes (RFC 9649, section 3.7.2): canonical, of at most 15 bits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::runs::runs;

/// The longest code of a symbol.
const LIMIT: u8 = 15;
/// The longest code of the length of a code.
const LENGTH_LIMIT: u8 = 7;
/// In which order the lengths of the codes of lengths are written.
const ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Bytes out of bits, the first in the lowest.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    buffer: u64,
    filled: u32,
}

impl BitWriter {
    /// The `count` lowest bits of `bits`, 32 at the most; the others are 0.
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        // Invariant: fewer than 8 bits are in the buffer.
        self.buffer |= u64::from(bits) << self.filled;
        self.filled += count;
        while self.filled >= 8 {
            let [byte, ..] = self.buffer.to_le_bytes();
            self.bytes.push(byte);
            self.buffer >>= 8;
            self.filled -= 8;
        }
    }

    pub(super) fn put_symbol(&mut self, code: &PrefixCode, symbol: usize) {
        if let Some((bits, length)) = code.symbols.get(symbol) {
            self.put((*bits).into(), (*length).into());
        }
    }

    /// The bytes, the last one filled up with 0.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.bytes
    }
}

/// By the symbol its code, the first bit in the lowest, and that code's length.
pub(super) struct PrefixCode {
    symbols: Vec<(u16, u8)>,
}

impl PrefixCode {
    /// The best code for symbols that occur as often as that, written to `bits`.
    pub(super) fn put(bits: &mut BitWriter, counts: &[u32]) -> Self {
        let used: Vec<usize> = (0..counts.len()).filter(|symbol| counts.get(*symbol) != Some(&0)).collect();
        let put_byte = |bits: &mut BitWriter, symbol: usize| bits.put(u32::try_from(symbol).unwrap_or(0), 8);
        match *used.as_slice() {
            // A simple code. One symbol needs no bits when it occurs; no symbol is as good as the first.
            [] => bits.put(0b0001, 4),
            [symbol] if symbol < 256 => {
                bits.put(0b101, 3);
                put_byte(bits, symbol);
            }
            [a, b] if b < 256 => {
                bits.put(0b111, 3);
                put_byte(bits, a);
                put_byte(bits, b);
                return Self::canonical(&lengths(counts, LIMIT));
            }
            _ => {
                let lengths = lengths(counts, LIMIT);
                put_lengths(bits, &lengths);
                return Self::canonical(&lengths);
            }
        }
        Self { symbols: vec![(0, 0); counts.len()] }
    }

    /// Shorter codes come first, and of one length those of lower symbols.
    fn canonical(lengths: &[u8]) -> Self {
        let mut symbols = vec![(0_u16, 0_u8); lengths.len()];
        let mut code = 0_u16;
        for length in 1..=LIMIT {
            for (symbol, _) in symbols.iter_mut().zip(lengths).filter(|(_, has)| **has == length) {
                *symbol = (code.reverse_bits() >> (16 - length), length);
                code = code.wrapping_add(1);
            }
            code = code.wrapping_shl(1);
        }
        Self { symbols }
    }
}

/// The lengths of the codes (Huffman, 1952), at most `limit`, of 2 symbols or more; 0 for those that do not occur.
fn lengths(counts: &[u32], limit: u8) -> Vec<u8> {
    // Where a code would be too long, rare symbols count as more frequent than they are, until none is.
    let mut at_least = 1_u64;
    loop {
        let mut lengths = vec![0_u8; counts.len()];
        // Trees of symbols by how often they occur; of equals the one that was made first.
        let mut trees: BinaryHeap<Reverse<(u64, usize, Vec<usize>)>> = BinaryHeap::new();
        for (symbol, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            trees.push(Reverse((u64::from(*count).max(at_least), symbol, vec![symbol])));
        }
        let mut made = counts.len();
        while let (Some(Reverse((a, _, mut symbols))), Some(Reverse((b, _, others)))) = (trees.pop(), trees.pop()) {
            symbols.extend(others);
            for symbol in &symbols {
                if let Some(length) = lengths.get_mut(*symbol) {
                    *length += 1;
                }
            }
            trees.push(Reverse((a + b, made, symbols)));
            made += 1;
        }
        if lengths.iter().all(|length| *length <= limit) {
            return lengths;
        }
        at_least *= 2;
    }
}

/// Lengths of codes as a normal code: runs of the same are shortened, and what results is coded itself.
fn put_lengths(bits: &mut BitWriter, lengths: &[u8]) {
    let runs: Vec<_> = runs(lengths).collect();
    let mut counts = [0; 19];
    for (symbol, ..) in &runs {
        if let Some(count) = counts.get_mut(*symbol) {
            *count += 1;
        }
    }
    // A code of one symbol is read in more than one way; with a second that never occurs there is only one.
    if counts.iter().filter(|count| **count > 0).count() == 1 {
        let [first, second, ..] = &mut counts;
        *(if *first == 0 { first } else { second }) = 1;
    }
    let of_lengths = self::lengths(&counts, LENGTH_LIMIT);
    let ordered = ORDER.map(|symbol| of_lengths.get(symbol).copied().unwrap_or(0));
    let written = ordered.iter().rposition(|length| *length > 0).map_or(4, |last| (last + 1).max(4));
    bits.put(0, 1); // Not a simple code.
    bits.put(u32::try_from(written - 4).unwrap_or(0), 4);
    for length in ordered.iter().take(written) {
        bits.put((*length).into(), 3);
    }
    bits.put(0, 1); // All the lengths follow.
    let code = PrefixCode::canonical(&of_lengths);
    for (symbol, extra, extra_bits) in runs {
        bits.put_symbol(&code, symbol);
        bits.put(extra, extra_bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fibonacci's numbers make the deepest tree.
    #[test]
    fn no_code_is_longer_than_the_limit_and_none_is_wasted() {
        let counts: Vec<u32> =
            std::iter::successors(Some((1, 1)), |(a, b)| Some((*b, a + b))).map(|(a, _)| a).take(40).collect();
        for limit in [7, 15] {
            let lengths = lengths(&counts, limit);
            assert_eq!(lengths.iter().max(), Some(&limit));
            // Kraft's sum.
            assert_eq!(lengths.iter().map(|length| 1 << (limit - length)).sum::<u32>(), 1 << limit);
        }
        assert_eq!(lengths(&[8, 0, 4, 2, 2], 15), [1, 0, 2, 3, 3]);
    }
}
