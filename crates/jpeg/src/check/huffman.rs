//! Huffman tables for skipping the coefficients of a block (T.81, annexes C and F.2.2). A lookup tells how many bits
//! the next codes take, and how many coefficients they stand for. AC coefficients have no values here.
//!
//! The first [`LOOKAHEAD`] bits of the data are an index into a table. Longer codes are found by their length, since the
//! codes of each length are consecutive numbers.

use std::iter::from_fn;

/// The number of bits that are looked up at once. Nearly all codes of a photograph are shorter.
pub(crate) const LOOKAHEAD: u32 = 12;

/// The longest code, in bits.
const MAX_LENGTH: u32 = 16;

/// Returns the tables of a DHT segment: for each its name, with the class in the high half, 0 for DC and 1 for AC, and the
/// number in the low half; and its definition, which [`Table::read`] reads. The last definition may be incomplete.
pub(super) fn definitions(mut content: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    from_fn(move || {
        let (&name, definition) = content.split_first()?;
        let codes = definition.get(..MAX_LENGTH as usize)?.iter().map(|count| usize::from(*count)).sum::<usize>();
        content = definition.get(MAX_LENGTH as usize + codes..).unwrap_or_default();
        Some((name, definition))
    })
}

/// A symbol and the length of its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) symbol: u8,
    /// In bits, 1 to 16. 0 if the bits are no code.
    pub(crate) length: u8,
}

/// A Huffman table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    lookup: [Code; 1 << LOOKAHEAD],
    /// For each code length: the first number behind the codes of this length, moved to the top of 16 bits.
    behind: [u32; MAX_LENGTH as usize + 1],
    /// For each code length: what is added to a code to get the index of its symbol.
    offset: [i32; MAX_LENGTH as usize + 1],
    symbols: [u8; 256],
}

impl Table {
    /// Reads the first table of a DHT segment behind the table's class and number: the number of codes of each length
    /// from 1 to 16, and the symbols in the order of their codes. `None` if it is incomplete, or has more codes of a
    /// length than there are numbers.
    pub(super) fn read(definition: &[u8]) -> Option<Self> {
        let (counts, listed) = definition.split_first_chunk::<{ MAX_LENGTH as usize }>()?;
        let mut table = Self {
            lookup: [Code::default(); 1 << LOOKAHEAD],
            behind: [0; MAX_LENGTH as usize + 1],
            offset: [0; MAX_LENGTH as usize + 1],
            symbols: [0; 256],
        };
        let (mut code, mut index) = (0_u32, 0_usize);
        let of_length = table.behind.iter_mut().zip(&mut table.offset).skip(1);
        for ((length, count), (behind, offset)) in (1_u8..).zip(counts).zip(of_length) {
            *offset = i32::try_from(index).ok()? - i32::try_from(code).ok()?;
            for _ in 0..*count {
                let symbol = *listed.get(index)?;
                *table.symbols.get_mut(index)? = symbol;
                // Every index that begins with the code leads to its symbol.
                if let Some(unused) = LOOKAHEAD.checked_sub(length.into()) {
                    let first = (code << unused) as usize;
                    table.lookup.get_mut(first..first + (1 << unused))?.fill(Code { symbol, length });
                }
                (code, index) = (code + 1, index + 1);
            }
            if code > 1 << length {
                return None;
            }
            *behind = code << (MAX_LENGTH - u32::from(length));
            code <<= 1;
        }
        Some(table)
    }

    /// Returns the code that the highest bits of `bits` begin with. Its length is 0 if there is none, or if it is longer
    /// than the lookahead.
    #[inline]
    pub(crate) fn short_code(&self, bits: u64) -> Code {
        self.lookup.get((bits >> (64 - LOOKAHEAD)) as usize).copied().unwrap_or_default()
    }

    /// Returns the code that the highest bits of `bits` begin with. Its length is 0 if there is none.
    #[inline]
    pub(crate) fn code(&self, bits: u64) -> Code {
        let found = self.short_code(bits);
        if found.length == 0 { self.long_code(bits) } else { found }
    }

    /// Finds a code that is longer than the lookahead.
    #[cold]
    fn long_code(&self, bits: u64) -> Code {
        let bits = u32::try_from(bits >> 48).unwrap_or_default();
        let of_length = (0_u8..).zip(self.behind.iter().zip(&self.offset)).skip(LOOKAHEAD as usize + 1);
        // A code of a shorter length would be a smaller number.
        let found = of_length.into_iter().find(|(_, (behind, _))| bits < **behind).and_then(|(length, (_, offset))| {
            let code = (bits >> (MAX_LENGTH - u32::from(length))).cast_signed();
            let symbol = *self.symbols.get(usize::try_from(code + offset).ok()?)?;
            Some(Code { symbol, length })
        });
        found.unwrap_or_default()
    }
}

/// A DC table that looks up a code together with the additional bits behind it, which are the difference.
#[derive(Clone, Debug)]
pub(crate) struct Differences {
    /// For each index: the difference above the lowest 4 bits, which are the number of all bits. 0 if they are more than
    /// the lookahead holds.
    lookup: [i16; 1 << LOOKAHEAD],
    table: Table,
}

/// The difference of a DC coefficient from that of the block before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) value: i64,
    /// The number of bits of the code and of the additional bits, at most 32.
    pub(super) bits: u32,
}

impl Differences {
    pub(crate) fn new(table: Table) -> Self {
        let mut lookup = [0; 1 << LOOKAHEAD];
        for (index, entry) in (0_u64..).zip(&mut lookup) {
            let bits = index << (64 - LOOKAHEAD);
            let found = Difference::behind(table.short_code(bits), bits).filter(|found| found.bits <= LOOKAHEAD);
            // A difference of 10 bits or less and the 4 bits below it fit.
            let packed = found.map(|found| found.value << 4 | i64::from(found.bits));
            *entry = packed.and_then(|packed| i16::try_from(packed).ok()).unwrap_or(0);
        }
        Self { lookup, table }
    }

    /// Returns the difference that `bits` begin with. `None` if they are no code.
    #[inline]
    pub(super) fn difference(&self, bits: u64) -> Option<Difference> {
        let packed = self.lookup.get((bits >> (64 - LOOKAHEAD)) as usize).copied().unwrap_or(0);
        if packed == 0 {
            return self.long_difference(bits);
        }
        Some(Difference { value: (packed >> 4).into(), bits: (packed & 15).cast_unsigned().into() })
    }

    #[inline(never)]
    fn long_difference(&self, bits: u64) -> Option<Difference> {
        Difference::behind(self.table.code(bits), bits)
    }
}

impl Difference {
    /// Reads the difference behind a code, with which `bits` begin. `None` if they are no code, or if the difference
    /// has more than 16 bits.
    fn behind(code: Code, bits: u64) -> Option<Self> {
        let size = u32::from(code.symbol);
        if code.length == 0 || size > 16 {
            return None;
        }
        // Two shifts, since a size of 0 would be a shift by 64.
        let magnitude = ((bits << code.length) >> 1 >> (63 - size)).cast_signed();
        // A number whose highest bit is 0 is negative: it is 1 - 2^size more.
        let is_negative = size > 0 && magnitude >> (size - 1) == 0;
        let value = if is_negative { magnitude + 1 - (1 << size) } else { magnitude };
        Some(Self { value, bits: u32::from(code.length) + size })
    }
}

/// Where a code of an AC table leads, or several codes in a row.
///
/// The lowest 6 bits are the number of bits of the codes and of their additional bits. The 7 bits from bit 8 on are the
/// number of coefficients that must be left in the block: those that the codes stand for, and one more if the last code
/// is the end of the block. Bit 15 says that the block ends with the codes, and bit 16 that the last code stands for a
/// coefficient and not only for zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step(u32);

impl Step {
    const END: u32 = 1 << 15;
    const COEFFICIENT: u32 = 1 << 16;

    /// Not a code. No block has room for it.
    pub(super) const NONE: Self = Self(127 << 8);

    /// The step of a code. Its symbol has a run of zeros in the high half, and the size of the coefficient behind them
    /// in the low half.
    const fn of(code: Code) -> Self {
        if code.length == 0 {
            return Self::NONE;
        }
        let (run, size) = ((code.symbol >> 4) as u32, (code.symbol & 15) as u32);
        let meaning = match (run, size) {
            // 16 zeros, and the end of the block. Other runs without a coefficient end the block too, as in libjpeg.
            (15, 0) => 16 << 8,
            (_, 0) => 1 << 8 | Self::END,
            _ => (run + 1) << 8 | Self::COEFFICIENT,
        };
        Self((code.length as u32 + size) | meaning)
    }

    /// This step and the next one, if the lookahead holds both and a block has room for both.
    fn and(self, next: Self) -> Option<Self> {
        let (bits, room) = (self.bits() + next.bits(), self.room() + next.room());
        let is_possible = self.ends() == 0 && bits <= LOOKAHEAD && room < 64;
        is_possible.then_some(Self(bits | room << 8 | next.0 & (Self::END | Self::COEFFICIENT)))
    }

    /// The number of bits of the codes and of their additional bits, at most 31. 0 if the bits are no code.
    #[inline]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 63
    }

    /// The number of coefficients that must be left in the block.
    #[inline]
    pub(super) const fn room(self) -> u32 {
        self.0 >> 8 & 127
    }

    /// 64 if the block ends with the codes, 0 otherwise. Added to the position in the block, it leads behind the end.
    #[inline]
    pub(super) const fn ends(self) -> u32 {
        self.0 >> 9 & 64
    }

    /// Whether the last code stands for a coefficient.
    pub(super) const fn has_coefficient(self) -> bool {
        self.0 & Self::COEFFICIENT != 0
    }
}

/// An AC table that looks up as many whole codes at once as the lookahead holds.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// For each index: all whole codes with their additional bits, or `NONE`.
    lookup: [Step; 1 << LOOKAHEAD],
    table: Table,
}

impl Steps {
    pub(super) fn new(table: Table) -> Self {
        let mut lookup = [Step::NONE; 1 << LOOKAHEAD];
        for (index, entry) in (0_u64..).zip(&mut lookup) {
            let bits = index << (64 - LOOKAHEAD);
            *entry = Step::of(table.short_code(bits));
            while let Some(both) = entry.and(Step::of(table.short_code(bits << entry.bits()))) {
                *entry = both;
            }
        }
        Self { lookup, table }
    }

    /// Returns the step of all whole codes in the lookahead that `bits` begin with. `NONE` if there is no such code.
    #[inline]
    pub(super) fn steps(&self, bits: u64) -> Step {
        self.lookup.get((bits >> (64 - LOOKAHEAD)) as usize).copied().unwrap_or(Step::NONE)
    }

    /// Returns the step of the first code.
    pub(super) fn step(&self, bits: u64) -> Step {
        Step::of(self.table.code(bits))
    }
}
