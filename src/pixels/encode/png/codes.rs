//! The codes of a deflate block (RFC 1951, sections 3.2.5 to 3.2.7): what they are made of, and how a block tells them.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the processor that there is")]

use std::sync::LazyLock;

use fearless_simd::{Level, dispatch};

use super::super::runs::runs;
use super::bits::BitWriter;
use super::cost::{BIT, entropy, histogram};
use super::huffman::{Code, lengths};
use super::search::Sequence;

/// Literals, the end of a block, and the lengths of copies.
pub(super) const SYMBOLS: usize = 286;
pub(super) const END: usize = 256;
const DISTANCES: usize = 30;

/// The longest code of a literal or a length: so that four literals are put at once.
const SYMBOL_LIMIT: u8 = 14;
/// The longest code of a distance, and of the length of a code.
const DISTANCE_LIMIT: u8 = 15;
const LENGTH_LIMIT: u8 = 7;

/// How often each symbol occurs.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) symbols: [u32; SYMBOLS],
    pub(super) distances: [u32; DISTANCES],
    /// The bits that follow the codes of lengths and distances.
    extra_bits: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { symbols: [0; SYMBOLS], distances: [0; DISTANCES], extra_bits: 0 }
    }
}

impl Counts {
    /// What they take without the tables of the codes, in parts of a bit.
    pub(super) fn cost(&self) -> u64 {
        entropy(&self.symbols) + entropy(&self.distances) + self.extra_bits * BIT
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (count, more) in both.symbols.iter_mut().zip(other.symbols) {
            *count += more;
        }
        for (count, more) in both.distances.iter_mut().zip(other.distances) {
            *count += more;
        }
        both.extra_bits += other.extra_bits;
        both
    }

    fn copy(&mut self, length: u16, distance: u16) {
        let (length, distance) = (Prefixed::length(length), Prefixed::distance(distance));
        if let Some(count) = self.symbols.get_mut(length.symbol) {
            *count += 1;
        }
        if let Some(count) = self.distances.get_mut(distance.symbol) {
            *count += 1;
        }
        self.extra_bits += u64::from(length.extra_bits + distance.extra_bits);
    }

    pub(super) fn literals(data: &[u8]) -> Self {
        let mut counts = Self::default();
        for (count, found) in counts.symbols.iter_mut().zip(histogram(data)) {
            *count = found;
        }
        counts
    }

    /// Of the bytes from `start` on, as sequences.
    pub(super) fn of(data: &[u8], start: usize, sequences: &[Sequence]) -> Self {
        Self::default().with_copies(data, start, sequences, usize::MAX)
    }

    /// Of the bytes from `start` on, as sequences that copy `copied` of them; `self` is of the same bytes as literals.
    pub(super) fn with_copies(&self, data: &[u8], start: usize, sequences: &[Sequence], copied: usize) -> Self {
        // Either the literals are counted, or what is copied is deducted, whichever is less.
        let deduct = copied < self.symbols.iter().sum::<u32>() as usize / 2;
        let mut counts = if deduct { self.clone() } else { Self::default() };
        let mut at = start;
        for sequence in sequences {
            let from = at + usize::from(sequence.literals);
            let (begin, end) = if deduct { (from, from + usize::from(sequence.length)) } else { (at, from) };
            for byte in data.get(begin..end).unwrap_or(&[]) {
                if let Some(count) = counts.symbols.get_mut(usize::from(*byte)) {
                    *count = if deduct { count.saturating_sub(1) } else { *count + 1 };
                }
            }
            at = from + usize::from(sequence.length);
            if sequence.length > 0 {
                counts.copy(sequence.length, sequence.distance);
            }
        }
        counts
    }
}

/// How long the codes of a block are.
///
/// That says how many bits the block takes; the [`Codes`] are made only where it is written with them.
#[derive(Debug)]
pub(super) struct Lengths {
    symbols: [u8; SYMBOLS],
    distances: [u8; DISTANCES],
}

impl Lengths {
    /// Those of section 3.2.6.
    #[expect(clippy::indexing_slicing, reason = "a constant")]
    pub(super) const FIXED: Self = {
        let (mut symbols, mut rest) = ([8; SYMBOLS], 144);
        while rest < 280 {
            symbols[rest] = if rest < 256 { 9 } else { 7 };
            rest += 1;
        }
        Self { symbols, distances: [5; DISTANCES] }
    };

    /// The best for symbols that occur as often as that.
    pub(super) fn of(counts: &Counts) -> Self {
        let symbols = lengths(&counts.symbols, SYMBOL_LIMIT);
        Self { symbols, distances: lengths(&counts.distances, DISTANCE_LIMIT) }
    }

    /// How many bits symbols that occur as often as that take.
    pub(super) fn len_in_bits(&self, counts: &Counts) -> u64 {
        let of = |(count, length): (&u32, &u8)| u64::from(*count) * u64::from(*length);
        let symbols: u64 = counts.symbols.iter().zip(&self.symbols).map(of).sum();
        let distances: u64 = counts.distances.iter().zip(&self.distances).map(of).sum();
        symbols + distances + counts.extra_bits
    }
}

/// The codes of a block.
#[derive(Debug)]
pub(super) struct Codes {
    symbols: Code<SYMBOLS>,
    distances: Code<DISTANCES>,
}

impl Codes {
    pub(super) fn of(lengths: &Lengths) -> Self {
        Self { symbols: Code::canonical(&lengths.symbols), distances: Code::canonical(&lengths.distances) }
    }

    /// Those of section 3.2.6.
    pub(super) fn fixed() -> &'static Self {
        static FIXED: LazyLock<Codes> = LazyLock::new(|| {
            // Two symbols that never occur have codes too, which come before those of 9 bits.
            let mut lengths = [8; SYMBOLS + 2];
            for (place, length) in lengths.iter_mut().zip(Lengths::FIXED.symbols) {
                *place = length;
            }
            Codes { symbols: Code::canonical(&lengths), distances: Code::canonical(&Lengths::FIXED.distances) }
        });
        &FIXED
    }

    /// The bytes from `start` on, as sequences, and the end of the block.
    pub(super) fn put(&self, data: &[u8], start: usize, sequences: &[Sequence], bits: &mut BitWriter) {
        dispatch!(Level::new(), _simd => self.put_all(data, start, sequences, bits));
    }

    #[inline(always)]
    fn put_all(&self, data: &[u8], start: usize, sequences: &[Sequence], bits: &mut BitWriter) {
        let mut at = start;
        for sequence in sequences {
            let end = at + usize::from(sequence.literals);
            self.put_literals(data.get(at..end).unwrap_or(&[]), bits);
            at = end + usize::from(sequence.length);
            if sequence.length > 0 {
                self.put_copy(sequence.length, sequence.distance, bits);
            }
        }
        let (end, length) = self.symbols.of(END);
        bits.put(end, length);
    }

    #[inline(always)]
    fn put_literals(&self, bytes: &[u8], bits: &mut BitWriter) {
        let (fours, rest) = bytes.as_chunks::<4>();
        bits.put_all(fours.iter().map(|[a, b, c, d]| {
            let ((a, a_bits), (b, b_bits)) = (self.symbols.of_byte(*a), self.symbols.of_byte(*b));
            let ((c, c_bits), (d, d_bits)) = (self.symbols.of_byte(*c), self.symbols.of_byte(*d));
            let (ab, cd) = (a | b << a_bits, c | d << c_bits);
            (ab | cd << (a_bits + b_bits), a_bits + b_bits + c_bits + d_bits)
        }));
        bits.put_all(rest.iter().map(|byte| self.symbols.of_byte(*byte)));
    }

    #[inline(always)]
    fn put_copy(&self, length: u16, distance: u16, bits: &mut BitWriter) {
        let (length, distance) = (Prefixed::length(length), Prefixed::distance(distance));
        let (code, code_bits) = self.symbols.of(length.symbol);
        let (word, filled) = (code | u64::from(length.extra) << code_bits, code_bits + length.extra_bits);
        let (code, code_bits) = self.distances.of(distance.symbol);
        let (word, filled) = (word | code << filled, filled + code_bits);
        bits.put(word | u64::from(distance.extra) << filled, filled + distance.extra_bits);
    }
}

/// How a block says which codes of its own it has (3.2.7).
#[derive(Debug)]
pub(super) struct Table {
    /// Of the symbols, then of the distances.
    lengths: [u8; SYMBOLS + DISTANCES],
    many_symbols: usize,
    many_distances: usize,
    /// Of the codes of lengths, by the length or the kind of repetition.
    of_lengths: [u8; 19],
    /// How many of these are written, in their order.
    written: usize,
    len_in_bits: u64,
}

/// In which order the lengths of the codes of lengths are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Table {
    pub(super) fn of(both: &Lengths) -> Self {
        // Invariant: the end of the block has a code, so 257 lengths or more are used.
        let used = |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0).map_or(1, |last| last + 1);
        let (many_symbols, many_distances) = (used(&both.symbols).max(END + 1), used(&both.distances));
        let mut lengths = [0; SYMBOLS + DISTANCES];
        let all = both.symbols.iter().take(many_symbols).chain(both.distances.iter().take(many_distances));
        for (place, length) in lengths.iter_mut().zip(all) {
            *place = *length;
        }
        let (mut counts, mut len_in_bits) = ([0; 19], 0);
        for (symbol, _, extra_bits) in runs(lengths.get(..many_symbols + many_distances).unwrap_or(&lengths)) {
            if let Some(count) = counts.get_mut(symbol) {
                *count += 1;
            }
            len_in_bits += u64::from(extra_bits);
        }
        let of_lengths = self::lengths(&counts, LENGTH_LIMIT);
        let is_used = |symbol: &usize| of_lengths.get(*symbol).is_some_and(|length| *length > 0);
        let written = ORDER.iter().rposition(is_used).map_or(4, |last| (last + 1).max(4));
        let of = |(count, length): (&u32, &u8)| u64::from(*count) * u64::from(*length);
        len_in_bits += 2 + 5 + 5 + 4 + 3 * written as u64 + counts.iter().zip(&of_lengths).map(of).sum::<u64>();
        Self { lengths, many_symbols, many_distances, of_lengths, written, len_in_bits }
    }

    /// With the two bits before it, that say which kind the block is of.
    pub(super) const fn len_in_bits(&self) -> u64 {
        self.len_in_bits
    }

    pub(super) fn put(&self, bits: &mut BitWriter) {
        let Self { lengths, many_symbols, many_distances, of_lengths, written, .. } = self;
        bits.put(0b10, 2);
        bits.put((many_symbols - (END + 1)) as u64, 5);
        bits.put((many_distances - 1) as u64, 5);
        bits.put((written - 4) as u64, 4);
        for symbol in ORDER.iter().take(*written) {
            bits.put(of_lengths.get(*symbol).copied().unwrap_or(0).into(), 3);
        }
        let code = Code::<19>::canonical(of_lengths);
        for (symbol, extra, extra_bits) in runs(lengths.get(..many_symbols + many_distances).unwrap_or(lengths)) {
            let (code, length) = code.of(symbol);
            bits.put(code | u64::from(extra) << length, length + extra_bits);
        }
    }
}

/// A length or a distance by the symbol that is coded and the bits that follow it (3.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefixed {
    symbol: usize,
    extra_bits: u32,
    extra: u32,
}

impl Prefixed {
    /// Of 3 to 258.
    const fn length(length: u16) -> Self {
        let less = length.saturating_sub(3) as u32;
        match less {
            0..8 => Self { symbol: 257 + less as usize, extra_bits: 0, extra: 0 },
            // The highest bit and the two below it are the symbol, the others follow.
            8..255 => {
                let extra_bits = less.ilog2() - 2;
                let symbol = 257 + (4 * (extra_bits + 1) + ((less >> extra_bits) & 3)) as usize;
                Self { symbol, extra_bits, extra: less & ((1 << extra_bits) - 1) }
            }
            _ => Self { symbol: 285, extra_bits: 0, extra: 0 },
        }
    }

    /// Of 1 to 32,768.
    const fn distance(distance: u16) -> Self {
        let less = distance.saturating_sub(1) as u32;
        if less < 4 {
            return Self { symbol: less as usize, extra_bits: 0, extra: 0 };
        }
        let extra_bits = less.ilog2() - 1;
        let symbol = (2 * (extra_bits + 1) + ((less >> extra_bits) & 1)) as usize;
        Self { symbol, extra_bits, extra: less & ((1 << extra_bits) - 1) }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "of numbers below 2^15")]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_are_coded_as_the_specification_says() {
        // The first length and distance of each symbol (3.2.5).
        let firsts = [
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
            227, 258,
        ];
        for (length, symbol) in
            (3..=258_u16).map(|length| (length, 256 + firsts.iter().filter(|first| **first <= length).count()))
        {
            let found = Prefixed::length(length);
            assert_eq!((found.symbol, found.extra), (symbol, u32::from(length - firsts[symbol - 257])));
            assert!(found.extra < 1 << found.extra_bits);
        }
        let mut first = 1_u32;
        for symbol in 0..30 {
            let extra_bits = if symbol < 4 { 0 } else { symbol as u32 / 2 - 1 };
            for distance in [first, first + (1 << extra_bits) - 1] {
                let found = Prefixed::distance(distance as u16);
                assert_eq!((found.symbol, found.extra_bits, found.extra), (symbol, extra_bits, distance - first));
            }
            first += 1 << extra_bits;
        }
        assert_eq!(first, 32_769);
    }
}
