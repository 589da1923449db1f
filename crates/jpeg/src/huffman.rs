//! Optimal Huffman tables (T.81, annex K.2), and the codes that they assign (annex C).
//!
//! The tables equal those of libjpeg: code lengths by Huffman's procedure, then shortened to 16 bits. A reserved symbol
//! of count 1 takes part. It receives one of the longest codes, and its removal afterwards leaves the last code free,
//! the one that is all ones. T.81 forbids this code, so that the ones that fill up the last byte of a scan are never a
//! symbol.

use crate::symbol::{Counts, MAX_EXTRA, TABLES, Word, extra_bits};

/// The longest code.
const MAX_LENGTH: usize = 16;

/// The symbols of a table and the reserved one.
const SYMBOLS: usize = 257;

/// A Huffman table: how many codes there are of each length from 1 to 16, and the symbols in the order of their codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HuffmanTable {
    pub(crate) lengths: [u8; MAX_LENGTH],
    symbols: [u8; 256],
    count: usize,
}

impl HuffmanTable {
    /// The optimal table for symbols with these counts; `None` if no symbol occurs.
    pub(crate) fn optimal(counts: &[u64; 256]) -> Option<Self> {
        if counts.iter().all(|count| *count == 0) {
            return None;
        }
        let sizes = code_sizes(counts);
        // How many codes there are of each length, 1 to 256.
        let mut of_length = [0_u16; SYMBOLS];
        for size in sizes.iter().filter(|size| **size > 0) {
            of_length[usize::from(*size)] += 1;
        }
        shorten(&mut of_length);
        let mut table = Self { lengths: [0; MAX_LENGTH], symbols: [0; 256], count: 0 };
        for (length, count) in table.lengths.iter_mut().zip(&of_length[1..]) {
            *length =
                u8::try_from(*count).expect("invariant: a complete code of 257 symbols has at most 255 of a length");
        }
        // Symbols that occur more often have shorter codes; the lengths themselves may have changed.
        for size in 1..SYMBOLS {
            for symbol in (0..=255).filter(|symbol| usize::from(sizes[usize::from(*symbol)]) == size) {
                table.symbols[table.count] = symbol;
                table.count += 1;
            }
        }
        Some(table)
    }

    /// The symbols in the order of their codes.
    pub(crate) fn symbols(&self) -> &[u8] {
        &self.symbols[..self.count]
    }

    /// The symbols with their codes and the lengths of these.
    fn codes(&self) -> impl Iterator<Item = (u8, u32, u32)> {
        let lengths = (1..).zip(self.lengths).flat_map(|(length, count)| (0..count).map(move |_| length));
        let (mut next, mut before) = (0, 0);
        self.symbols().iter().zip(lengths).map(move |(symbol, length)| {
            next <<= length - before;
            before = length;
            next += 1;
            (*symbol, next - 1, length)
        })
    }
}

/// The code lengths of the symbols and of the reserved one (figure K.1), without a limit. 0 means that a symbol does
/// not occur.
fn code_sizes(counts: &[u64; 256]) -> [u16; SYMBOLS] {
    let mut sizes = [0; SYMBOLS];
    // The trees that are left: their counts, and their symbols as lists linked by `next`. Trees are ordered by their
    // first symbol, since among equal counts K.2 takes the tree with the highest.
    let mut next = [None; SYMBOLS];
    let mut trees = [(0, 0); SYMBOLS];
    let mut left = 0;
    for (symbol, count) in counts.iter().copied().chain([1]).enumerate().filter(|(_, count)| *count > 0) {
        trees[left] = (count, symbol);
        left += 1;
    }
    let take_least = |trees: &mut [(u64, usize)]| {
        let least = (0..trees.len()).rev().min_by_key(|at| trees[*at].0).expect("invariant: a tree is left");
        let tree = trees[least];
        trees.copy_within(least + 1.., least);
        tree
    };
    while left > 1 {
        let (count_a, first_a) = take_least(&mut trees[..left]);
        let (count_b, first_b) = take_least(&mut trees[..left - 1]);
        left -= 1;
        // The merged tree stands where the first one stood.
        let at = trees[..left - 1].partition_point(|(_, first)| *first < first_a);
        trees.copy_within(at..left - 1, at + 1);
        trees[at] = (count_a.saturating_add(count_b), first_a);
        // All symbols of both are one level deeper.
        let (mut symbol, mut last) = (Some(first_a), first_a);
        while let Some(at) = symbol {
            (symbol, last) = (next[at], at);
        }
        next[last] = Some(first_b);
        let mut symbol = Some(first_a);
        while let Some(at) = symbol {
            sizes[at] += 1;
            symbol = next[at];
        }
    }
    sizes
}

/// Shortens codes to 16 bits and removes the reserved one (figure K.3). Two codes of the greatest length differ in
/// their last bit only. One of the two symbols gets their common prefix. A shorter code becomes the prefix of two codes that
/// are one bit longer: one for its own symbol, one for the other of the two.
fn shorten(of_length: &mut [u16; SYMBOLS]) {
    for length in (MAX_LENGTH + 1..SYMBOLS).rev() {
        while of_length[length] > 0 {
            let shorter = (1..length - 1).rev().find(|at| of_length[*at] > 0).expect("invariant: a code is shorter");
            of_length[length] -= 2;
            of_length[length - 1] += 1;
            of_length[shorter + 1] += 2;
            of_length[shorter] -= 1;
        }
    }
    let longest = (1..=MAX_LENGTH).rev().find(|length| of_length[*length] > 0).expect("invariant: a symbol occurs");
    of_length[longest] -= 1;
}

/// The codes of all symbols of a scan.
pub(crate) struct Codes {
    /// By [`Word::index`]: in the lowest 5 bits the length of the code and of the additional bits, at most 27; above
    /// them the code, shifted left by the number of additional bits.
    entries: [u32; 256 * TABLES],
}

impl Codes {
    /// The optimal tables of a scan, and their codes.
    pub(crate) fn optimal(counts: &Counts) -> (Self, [Option<HuffmanTable>; TABLES]) {
        let mut entries = [0; 256 * TABLES];
        let tables = [0, 1, 2, 3].map(|number| {
            let table = HuffmanTable::optimal(&counts[number])?;
            for (symbol, code, length) in table.codes() {
                let extra = extra_bits(number, symbol);
                debug_assert!(extra <= MAX_EXTRA, "symbol {symbol}");
                entries[number << 8 | usize::from(symbol)] = code << extra << 5 | (length + extra);
            }
            Some(table)
        });
        (Self { entries }, tables)
    }

    /// The code of a word with its additional bits, and how many bits that is.
    #[inline(always)]
    pub(crate) fn of(&self, word: Word) -> (u64, u32) {
        let entry = self.entries[word.index()];
        (u64::from(entry >> 5 | word.extra()), entry & 31)
    }

    /// The bits of all words of a scan.
    pub(crate) fn total_bits(&self, counts: &Counts) -> u64 {
        let counts = counts.as_flattened();
        self.entries.iter().zip(counts).map(|(entry, count)| u64::from(entry & 31) * count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(counts: &[(usize, u64)]) -> HuffmanTable {
        let mut all = [0; 256];
        for (symbol, count) in counts {
            all[*symbol] = *count;
        }
        HuffmanTable::optimal(&all).unwrap()
    }

    #[test]
    fn a_single_symbol_has_the_code_0() {
        assert_eq!(table(&[(7, 1)]).codes().collect::<Vec<_>>(), [(7, 0, 1)]);
        assert_eq!(HuffmanTable::optimal(&[0; 256]), None);
    }

    #[test]
    fn frequent_symbols_have_short_codes_and_none_is_all_ones() {
        let found: Vec<_> = table(&[(0, 50), (1, 25), (2, 12), (3, 6)]).codes().collect();
        assert_eq!(found, [(0, 0, 1), (1, 0b10, 2), (2, 0b110, 3), (3, 0b1110, 4)]);
    }

    /// Fibonacci numbers make the deepest tree.
    #[test]
    fn codes_of_more_than_16_bits_are_shortened_to_a_complete_code() {
        let (mut a, mut b) = (1, 1);
        let counts: Vec<_> = (0..90).map(|symbol| ((a, b) = (b, a + b), (symbol, a)).1).collect();
        let found = table(&counts);
        assert_eq!(found.symbols().len(), 90);
        let space: u32 = (1..).zip(found.lengths).map(|(length, count)| u32::from(count) << (16 - length)).sum();
        assert!(space < 1 << 16, "{space}: the code of all ones is free");
        for ((_, code, length), (_, next, _)) in found.codes().zip(found.codes().skip(1)) {
            assert!(length <= 16 && code < (1 << length) - 1 && next > 0);
        }
    }

    #[test]
    fn every_symbol_fits_even_if_all_are_equally_frequent() {
        let counts: Vec<_> = (0..256).map(|symbol| (symbol, 1)).collect();
        let found = table(&counts);
        assert_eq!((found.lengths[7], found.lengths[8]), (255, 1));
    }

    /// Figure K.1 of the specification, step by step.
    fn figure_k_1(counts: &[u64; 256]) -> [u16; 257] {
        let mut freq: Vec<u64> = counts.iter().copied().chain([1]).collect();
        let (mut sizes, mut others) = ([0; 257], [None; 257]);
        // The least count that is not 0; among equal ones that of the highest symbol.
        let least = |freq: &[u64], not: Option<usize>| {
            (0..257).rev().filter(|at| freq[*at] > 0 && Some(*at) != not).min_by_key(|at| freq[*at])
        };
        while let Some(first) = least(&freq, None) {
            let Some(second) = least(&freq, Some(first)) else { break };
            freq[first] += freq[second];
            freq[second] = 0;
            let mut at = first;
            sizes[at] += 1;
            while let Some(other) = others[at] {
                at = other;
                sizes[at] += 1;
            }
            others[at] = Some(second);
            at = second;
            sizes[at] += 1;
            while let Some(other) = others[at] {
                at = other;
                sizes[at] += 1;
            }
        }
        sizes
    }

    #[test]
    fn code_sizes_are_those_of_figure_k_1_also_among_equal_counts() {
        let mut few = [0; 256];
        few[..7].copy_from_slice(&[1, 1, 2, 2, 3, 4, 4]);
        let many = std::array::from_fn(|symbol| (symbol * symbol % 23) as u64);
        for counts in [few, many, [1; 256], [7; 256]] {
            assert_eq!(code_sizes(&counts), figure_k_1(&counts));
        }
    }

    /// One of the two longest codes becomes the prefix of both, the other goes beside a shorter code.
    #[test]
    fn a_code_of_17_bits_is_shortened_to_16_and_the_reserved_one_is_removed() {
        let mut of_length = [0; SYMBOLS];
        of_length[1..=17].fill(1);
        of_length[17] = 2;
        shorten(&mut of_length);
        // The code of 15 bits and the removed one of 17 have 16 bits; one of those is the reserved one.
        assert_eq!(of_length[1..=14], [1; 14]);
        assert_eq!(of_length[15..=17], [0, 3, 0]);
    }
}
