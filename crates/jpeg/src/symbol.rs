//! The symbols of a scan, before they have codes.
//!
//! A symbol is what a Huffman code stands for (T.81, F.1.2): the category of a DC difference, or a run of zeros and the
//! category of the AC coefficient behind it. Additional bits follow the code. Both are kept in one 32-bit word, in the
//! order in which they are written, and the symbols are counted.

use crate::block::{Block, ZIGZAG};

/// The tables of a scan: two of DC coefficients, then two of AC coefficients.
pub(crate) const TABLES: usize = 4;

/// The symbol of 16 zeros without a coefficient behind them (ZRL).
const ZERO_RUN: u32 = 0xf0;

/// The most words of a block: 64 coefficients, and an EOB run that ends in front of them.
pub(crate) const MAX_WORDS: usize = 65;

/// The longest EOB run. T.81 allows 32767; up to this one a word has at most [`MAX_EXTRA`] additional bits.
const MAX_EOB_RUN: u32 = 4095;

/// The most additional bits of a word: of a DC difference, and of an EOB run.
pub(crate) const MAX_EXTRA: u32 = 11;

/// A table of a scan.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Dc(u32),
    Ac(u32),
}

impl Table {
    const fn number(self) -> u32 {
        match self {
            Self::Dc(id) => id,
            Self::Ac(id) => 2 + id,
        }
    }
}

/// From the lowest bit on a symbol (8 bits), the number of its table (2), and its additional bits (up to 11).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Word(u32);

impl Word {
    #[inline(always)]
    const fn new(table: Table, symbol: u32, extra: u32) -> Self {
        Self(extra << 10 | table.number() << 8 | symbol)
    }

    /// The symbol and the number of its table, below 1024.
    #[inline(always)]
    pub(crate) const fn index(self) -> usize {
        (self.0 & 0x3ff) as usize
    }

    #[inline(always)]
    pub(crate) const fn extra(self) -> u32 {
        self.0 >> 10
    }
}

/// How often each symbol of each table occurs.
pub(crate) type Counts = [[u64; 256]; TABLES];

/// The symbols of a scan and their counts.
#[derive(Debug)]
pub(crate) struct Symbols {
    /// Only the first `len` are symbols of this scan. The rest is room.
    words: Vec<Word>,
    len: usize,
    counts: Box<Counts>,
    eob_run: u32,
}

impl Symbols {
    pub(crate) fn words(&self) -> &[Word] {
        &self.words[..self.len]
    }

    pub(crate) const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Removes all symbols and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.eob_run = 0;
        *self.counts = [[0; 256]; TABLES];
    }

    /// Makes room for the words of so many blocks.
    pub(crate) fn reserve(&mut self, blocks: usize) {
        let needed = self.len + blocks * MAX_WORDS;
        if self.words.len() < needed {
            // Half as many more, so that a word is moved twice at most on average.
            self.words.resize(needed.max(self.words.len() / 2 * 3), Word::default());
        }
    }

    /// Adds a word, for which `reserve` must have made room.
    #[inline(always)]
    fn put(&mut self, word: Word) {
        self.words[self.len] = word;
        self.len += 1;
        let index = word.index();
        self.counts[index >> 8][index & 0xff] += 1;
    }

    /// The difference of a DC coefficient to the one of the block before (F.1.2.1).
    #[inline(always)]
    pub(crate) fn put_dc(&mut self, table: u32, difference: i32) {
        let (category, extra) = magnitude(difference);
        self.put(Word::new(Table::Dc(table), category, extra));
    }

    /// All AC coefficients of a block in a sequential scan, and EOB if the last of them is zero (F.1.2.2).
    #[inline(always)]
    pub(crate) fn put_ac(&mut self, table: u32, block: &Block) {
        // Bit 0 is the DC coefficient.
        if self.put_coefficients(table, block, block.nonzero & !1, 1) < 64 {
            self.put_eob(table);
        }
    }

    /// The end of a block in a sequential scan (EOB).
    #[inline(always)]
    pub(crate) fn put_eob(&mut self, table: u32) {
        self.put(Word::new(Table::Ac(table), 0, 0));
    }

    /// The AC coefficients from position `first` to `last` of a block in a progressive scan (G.1.2.2). Blocks that end before
    /// `last` are counted, and their number is written before the next coefficient. `end_eob_run` must end the scan.
    #[inline(always)]
    pub(crate) fn put_band(&mut self, table: u32, block: &Block, [first, last]: [u32; 2]) {
        let band = u64::MAX << first & u64::MAX >> (63 - last);
        let positions = block.nonzero & band;
        if positions != 0 {
            self.end_eob_run(table);
            if self.put_coefficients(table, block, positions, first) > last {
                return;
            }
        }
        self.eob_run += 1;
        if self.eob_run == MAX_EOB_RUN {
            self.end_eob_run(table);
        }
    }

    /// Writes how many blocks have ended without an EOB of their own: the position of the number's highest bit as a symbol, and
    /// the bits below it.
    #[inline(always)]
    pub(crate) fn end_eob_run(&mut self, table: u32) {
        if self.eob_run > 0 {
            let bits = self.eob_run.ilog2();
            self.put(Word::new(Table::Ac(table), bits << 4, self.eob_run - (1 << bits)));
            self.eob_run = 0;
        }
    }

    /// The coefficients at these positions. `next` is the first position of the band. Returns the position behind
    /// the last coefficient, or `next` if there is none.
    #[inline(always)]
    fn put_coefficients(&mut self, table: u32, block: &Block, mut positions: u64, mut next: u32) -> u32 {
        while positions != 0 {
            let position = positions.trailing_zeros();
            positions &= positions - 1;
            let mut zeros = position - next;
            next = position + 1;
            while zeros > 15 {
                self.put(Word::new(Table::Ac(table), ZERO_RUN, 0));
                zeros -= 16;
            }
            let value = block.coefficients[usize::from(ZIGZAG[position as usize & 63])];
            let (category, extra) = magnitude(i32::from(value));
            self.put(Word::new(Table::Ac(table), zeros << 4 | category, extra));
        }
        next
    }
}

impl Default for Symbols {
    fn default() -> Self {
        Self { words: Vec::new(), len: 0, counts: Box::new([[0; 256]; TABLES]), eob_run: 0 }
    }
}

/// The category of a number and its additional bits (F.1.2.1): the length of its magnitude, and as many bits, which are
/// the magnitude of a positive number and the complement of a negative one's.
#[inline(always)]
const fn magnitude(value: i32) -> (u32, u32) {
    // 0, or -1 for a negative number.
    let sign = value >> 31;
    let category = 32 - ((value ^ sign) - sign).leading_zeros();
    (category, (value + sign) as u32 & ((1 << category) - 1))
}

/// How many additional bits follow the code of a symbol.
pub(crate) const fn extra_bits(table: usize, symbol: u8) -> u32 {
    let (run, category) = (symbol >> 4, symbol & 15);
    match (table, run, category) {
        // ZRL.
        (2.., 15, 0) => 0,
        // An EOB, which is a run of one, or a longer EOB run.
        (2.., _, 0) => run as u32,
        _ => category as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with these coefficients, each at a position in zigzag order.
    fn block(coefficients: &[(usize, i16)]) -> Block {
        let mut block = Block::ZERO;
        for (position, value) in coefficients {
            block.coefficients[usize::from(ZIGZAG[*position])] = *value;
            block.nonzero |= 1 << *position;
        }
        block
    }

    /// The symbols that `fill` puts, with their additional bits. All of them must be in `table`.
    fn put(blocks: usize, table: usize, fill: impl FnOnce(&mut Symbols)) -> Vec<(usize, u32)> {
        let mut symbols = Symbols::default();
        symbols.reserve(blocks);
        fill(&mut symbols);
        assert!(symbols.words().iter().all(|word| word.index() >> 8 == table));
        symbols.words().iter().map(|word| (word.index() & 0xff, word.extra())).collect()
    }

    #[test]
    fn the_category_is_the_length_of_the_magnitude_and_a_negative_number_is_complemented() {
        let found = [0, 1, -1, 2, 3, -2, -3, 1023, -1023, 1024, -2047].map(magnitude);
        let expected =
            [(0, 0), (1, 1), (1, 0), (2, 2), (2, 3), (2, 1), (2, 0), (10, 1023), (10, 0), (11, 1024), (11, 0)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_dc_difference_is_in_the_table_of_its_component() {
        assert_eq!(put(1, 0, |symbols| symbols.put_dc(0, -5)), [(3, 2)]);
        assert_eq!(put(1, 1, |symbols| symbols.put_dc(1, 5)), [(3, 5)]);
    }

    #[test]
    fn sixteen_zeros_are_a_symbol_and_fifteen_are_a_run() {
        let ac = |coefficients: &[(usize, i16)]| put(1, 2, |symbols| symbols.put_ac(0, &block(coefficients)));
        assert_eq!(ac(&[(16, 1)]), [(0xf1, 1), (0, 0)]);
        assert_eq!(ac(&[(17, 1)]), [(0xf0, 0), (0x01, 1), (0, 0)]);
        assert_eq!(ac(&[(1, -2), (35, 3)]), [(0x02, 1), (0xf0, 0), (0xf0, 0), (0x12, 3), (0, 0)]);
    }

    #[test]
    fn eob_is_written_if_the_last_ac_coefficient_is_zero() {
        let ac = |coefficients: &[(usize, i16)]| put(1, 3, |symbols| symbols.put_ac(1, &block(coefficients)));
        assert_eq!(ac(&[(0, 9)]), [(0, 0)]);
        assert_eq!(ac(&[(62, 1)]).last(), Some(&(0, 0)));
        assert_eq!(ac(&[(63, 1)]), [(0xf0, 0), (0xf0, 0), (0xf0, 0), (0xe1, 1)]);
    }

    #[test]
    fn an_eob_run_has_at_most_4095_blocks() {
        let ends = |blocks: usize| {
            put(blocks, 2, |symbols| {
                (0..blocks).for_each(|_| symbols.put_band(0, &Block::ZERO, [1, 63]));
                symbols.end_eob_run(0);
            })
        };
        // The symbol has the position of the number's highest bit, and the bits below it follow.
        assert_eq!(ends(1), [(0x00, 0)]);
        assert_eq!(ends(5), [(0x20, 1)]);
        assert_eq!(ends(4095), [(0xb0, 2047)]);
        assert_eq!(ends(4096), [(0xb0, 2047), (0x00, 0)]);
    }

    #[test]
    fn an_eob_run_ends_before_a_block_with_coefficients_in_the_band() {
        let found = put(4, 2, |symbols| {
            // A coefficient outside of the band does not count.
            symbols.put_band(0, &block(&[(0, 7), (6, 7)]), [1, 5]);
            symbols.put_band(0, &Block::ZERO, [1, 5]);
            // The last position of the band ends the block without an EOB.
            symbols.put_band(0, &block(&[(5, 1)]), [1, 5]);
            symbols.put_band(0, &block(&[(4, 1)]), [1, 5]);
            symbols.end_eob_run(0);
        });
        assert_eq!(found, [(0x10, 0), (0x41, 1), (0x31, 1), (0x00, 0)]);
    }

    #[test]
    fn the_additional_bits_of_a_symbol_are_its_category_or_the_length_of_its_eob_run() {
        assert_eq!(
            [(0, 11), (1, 0), (2, 0x53), (3, 0x0a)].map(|(table, symbol)| extra_bits(table, symbol)),
            [11, 0, 3, 10]
        );
        assert_eq!([0x00, 0x10, 0xb0, 0xf0].map(|symbol| extra_bits(2, symbol)), [0, 1, 11, 0]);
    }
}
