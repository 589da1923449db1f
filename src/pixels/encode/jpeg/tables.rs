//! The Huffman tables of a JPEG (ITU T.81): read as the file has them (annex C and F.2.2.3), and made anew as the best for
//! a picture (annex K.2).
//!
//! A table lists how many codes there are of each length, 1 to 16, and the symbols in the order of their codes, which
//! count up. A symbol says how many bits follow its code, in its lower half; in the upper half one of an AC coefficient
//! says how many zeros precede it. No code is all ones (K.2), so that the ones at the end of a scan are none.

use std::mem;

use crate::pixels::encode::png::huffman::lengths;

/// The longest code.
const LIMIT: u8 = 16;
/// The most bits that follow a code: the difference of two means of 8-bit samples (table F.1).
const MOST_EXTRA: u8 = 11;
/// So many bits are looked up at once. Longer codes are rare.
const SHORT: u32 = 10;

/// A table's number from 0 to 3: those of DC coefficients below those of AC coefficients, two of each.
pub(super) fn number(class: u8, name: u8) -> Option<u8> {
    (class < 2 && name < 2).then_some(class * 2 + name)
}

/// What a code stands for: from the lowest bit on the length of the code and of what follows it (6 bits), the symbol and its
/// table as a [`Word`] has them (10), and by how much it advances in its block (8).
#[derive(Clone, Copy)]
pub(super) struct Entry(u32);

impl Entry {
    /// By the end of a block one advances beyond what any coefficient reaches.
    pub(super) const END: u32 = 128;
    /// The beginning of longer codes.
    const LONGER: Self = Self(0);
    /// No code, or one that is not known: it advances to between the last coefficient and the end.
    const NONE: Self = Self(64 << 16);

    fn new(table: u8, symbol: u8, length: u8) -> Self {
        let extra = symbol & 15;
        let step = match (table < 2, symbol) {
            (_, _) if extra > MOST_EXTRA => return Self::NONE,
            (true, 0..=15) => 1,
            (false, 0) => Self::END,
            (false, 0xf0) => 16,
            (false, _) if extra > 0 => u32::from(symbol >> 4) + 1,
            // Runs of ends among them, which are not read.
            _ => return Self::NONE,
        };
        Self(u32::from(length + extra) | u32::from(symbol) << 6 | u32::from(table) << 14 | step << 16)
    }

    pub(super) const fn is_none(self) -> bool {
        self.0 == Self::NONE.0
    }

    /// The length of the code and of what follows it in the lowest 6 bits; above them anything.
    pub(super) const fn length(self) -> u32 {
        self.0
    }

    pub(super) const fn step(self) -> u32 {
        self.0 >> 16
    }

    /// The word of this symbol, of bits that begin with its code.
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are meant")]
    pub(super) const fn word(self, bits: u64) -> Word {
        Word(self.0 >> 6 & 0x3ff | (bits.wrapping_shr(self.0.wrapping_neg()) as u32) << 10)
    }
}

/// A symbol (8 bits), the number of its table (2), and above them the end of its code and what followed it (22).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word(u32);

impl Word {
    /// The bits above the symbol and its table.
    const MASK: u32 = (1 << 22) - 1;

    /// The symbol and its table, below 1024.
    pub(super) const fn symbol(self) -> usize {
        (self.0 & 0x3ff) as usize
    }

    /// Whether this is the end of a block, in a table of AC coefficients.
    pub(super) const fn is_end(self) -> bool {
        self.0 & 0x2ff == 0x200
    }

    /// The ends of 2 to 4095 blocks in one word (G.1.2.2), instead of this end of one: a symbol, with the position of the
    /// number's highest bit in its upper half, then the bits below that one.
    pub(super) const fn run_of_ends(self, many: u32) -> Self {
        let bits = many.ilog2();
        Self(self.0 & 0x300 | bits << 4 | (many - (1 << bits)) << 10)
    }
}

/// How often each symbol of each table occurs.
pub(super) struct Counts([u32; 1024]);

impl Counts {
    #[inline]
    pub(super) fn add(&mut self, word: Word) {
        // Invariant: fewer than 2^32 words are kept.
        if let Some(count) = self.0.get_mut(word.symbol()) {
            *count += 1;
        }
    }

    pub(super) fn remove(&mut self, word: Word) {
        if let Some(count) = self.0.get_mut(word.symbol()) {
            *count -= 1;
        }
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self([0; 1024])
    }
}

/// A table as it is read.
pub(super) struct Decoder {
    /// By the first bits that come, the code that they begin with, or that it is a longer one.
    short: Box<[Entry; 1 << SHORT]>,
    /// The same for 16 bits, from `first_long` on, where longer codes begin: in the order of codes they are the last.
    long: Vec<Entry>,
    first_long: u32,
    /// By the symbol what a [`Word`] has of its code, with zeros for what follows.
    codes: [u32; 256],
}

impl Decoder {
    /// The table of that number, out of how many codes there are of each length, and of their symbols.
    pub(super) fn new(table: u8, counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let short = Box::new([Entry::LONGER; 1 << SHORT]);
        let mut decoder = Self { short, long: Vec::new(), first_long: 0, codes: [0; 256] };
        // The code that comes, filled up with zeros to 16 bits.
        let mut code = 0_u32;
        let mut symbols = symbols.iter();
        let mut seen = [false; 256];
        for (length, count) in (1_u8..).zip(counts) {
            for symbol in symbols.by_ref().take((*count).into()) {
                let entry = Entry::new(table, *symbol, length);
                let next = code + (1 << (LIMIT - length));
                // More codes than there are, or two for the same, of which a word could not tell which it was.
                if next > 1 << LIMIT || seen.get_mut(usize::from(*symbol)).is_none_or(|seen| mem::replace(seen, true)) {
                    return None;
                }
                if u32::from(length) <= SHORT {
                    let bits = [code, next].map(|code| (code >> (16 - SHORT)) as usize);
                    decoder.short.get_mut(bits[0]..bits[1])?.fill(entry);
                    decoder.first_long = next;
                } else {
                    decoder.long.resize((next - decoder.first_long) as usize, entry);
                }
                if let (false, Some(place)) = (entry.is_none(), decoder.codes.get_mut(usize::from(*symbol))) {
                    *place = code >> (LIMIT - length) << (symbol & 15) & Word::MASK;
                }
                code = next;
            }
        }
        Some(decoder)
    }

    /// The code that these bits begin with.
    #[inline]
    pub(super) fn entry(&self, bits: u64) -> Entry {
        let entry = self.short.get((bits >> (64 - SHORT)) as usize).copied().unwrap_or(Entry::NONE);
        if entry.0 == Entry::LONGER.0 { self.long_entry(bits) } else { entry }
    }

    #[cold]
    fn long_entry(&self, bits: u64) -> Entry {
        let at = ((bits >> 48) as usize).checked_sub(self.first_long as usize);
        at.and_then(|at| self.long.get(at)).copied().unwrap_or(Entry::NONE)
    }
}

/// By the symbol and its table, in the lowest 5 bits the length of its code and what follows it, 27 at most. Above them
/// what turns a word's bits into these: by `xor` the end of the old code goes and the new one comes.
pub(super) struct Codes([u32; 1024]);

impl Codes {
    /// The best codes of symbols that occur as often as that and were read by these tables, and the segment that says so
    /// (B.2.4.2).
    pub(super) fn best(counts: &Counts, old: &[Option<Decoder>; 4]) -> (Self, Vec<u8>) {
        let mut codes = Self([0; 1024]);
        let mut content = Vec::new();
        let (counts, _) = counts.0.as_chunks::<256>();
        for (table, ((counts, old), codes)) in (0_u8..).zip(counts.iter().zip(old).zip(codes.0.chunks_mut(256))) {
            let Some(old) = old.as_ref().filter(|_| counts.iter().any(|count| *count > 0)) else { continue };
            content.push(table >> 1 << 4 | table & 1);
            put_best(table, counts, codes, &mut content);
            for (code, old) in codes.iter_mut().zip(old.codes) {
                *code ^= old << 5;
            }
        }
        // Invariant: four tables of 17 and at most 256 bytes. The length counts itself.
        let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
        (codes, [&[0xff, 0xc4], &length.to_be_bytes()[..], &content].concat())
    }

    /// The code of a word and what follows it, and how many bits that is.
    #[inline]
    pub(super) fn of(&self, word: Word) -> (u64, u32) {
        let code = self.0.get(word.symbol()).copied().unwrap_or(0);
        (u64::from(code >> 5 ^ word.0 >> 10), code & 31)
    }

    /// How many bits these symbols take with all that follows them.
    pub(super) fn bits(&self, counts: &Counts) -> u64 {
        self.0.iter().zip(counts.0).map(|(code, count)| u64::from(code & 31) * u64::from(count)).sum()
    }
}

/// How many bits follow the code of a symbol.
const fn extra_bits(table: u8, symbol: u8) -> u8 {
    match (table, symbol) {
        // A run of ends, which may be of one.
        (2.., 0 | 0x10 | 0x20 | 0x30 | 0x40 | 0x50 | 0x60 | 0x70 | 0x80 | 0x90 | 0xa0 | 0xb0) => symbol >> 4,
        _ => symbol & 15,
    }
}

/// The best codes of one table, and behind `content` how many there are of each length, and their symbols.
fn put_best(table: u8, counts: &[u32; 256], codes: &mut [u32], content: &mut Vec<u8>) {
    // The code that is all ones is one of the longest: that of a symbol that comes before all others and is then left out.
    let mut with_first = [1; 257];
    for (place, count) in with_first.iter_mut().skip(1).zip(counts) {
        *place = *count;
    }
    let lengths = lengths(&with_first, LIMIT);
    let of_length = |length: u8| {
        lengths.iter().skip(1).zip(0_u8..=255).filter(move |(own, _)| **own == length).map(|(_, symbol)| symbol)
    };
    let mut next = 0_u32;
    for length in 1..=LIMIT {
        next <<= 1;
        content.push(0);
        let at = content.len() - 1;
        for symbol in of_length(length) {
            let extra = extra_bits(table, symbol);
            if let (Some(code), Some(count)) = (codes.get_mut(usize::from(symbol)), content.get_mut(at)) {
                *code = next << extra << 5 | u32::from(length + extra);
                *count += 1;
            }
            next += 1;
        }
    }
    content.extend((1..=LIMIT).flat_map(of_length));
}
