//! Huffman tables that tell how far the codes of a block lead, without the values of its coefficients (T.81, annexes C
//! and F.2.2).
//!
//! The first [`LOOKAHEAD`] bits of the data are an index into a table. Longer codes are found by their length, since the
//! codes of each length are consecutive numbers.

/// The number of bits that are looked up at once. Nearly all codes of a photograph are shorter.
const LOOKAHEAD: u32 = 11;

/// The longest code, in bits.
const MAX_LENGTH: u32 = 16;

/// A symbol and the length of its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) symbol: u8,
    /// In bits, 1 to 16. 0 if the bits are no code.
    pub(super) length: u8,
}

/// A Huffman table.
#[derive(Clone, Debug)]
pub(super) struct Table {
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
    fn short_code(&self, bits: u64) -> Code {
        self.lookup.get((bits >> (64 - LOOKAHEAD)) as usize).copied().unwrap_or_default()
    }

    /// Returns the code that the highest bits of `bits` begin with. Its length is 0 if there is none.
    #[inline]
    pub(super) fn code(&self, bits: u64) -> Code {
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

/// Where a code of an AC table leads, or several codes in a row: how many bits they have, and how many coefficients they
/// stand for.
///
/// The bits are the lowest 6. The coefficients are 7 bits from bit 8 on. Bit 15 says that the block ends with the codes,
/// and bit 16 that the last code stands for a coefficient and not only for zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Step(u32);

impl Step {
    const END: u32 = 1 << 15;
    const COEFFICIENT: u32 = 1 << 16;

    /// The step of a code. Its symbol has a run of zeros in the high half, and the size of the coefficient behind them
    /// in the low half.
    const fn of(code: Code) -> Self {
        if code.length == 0 {
            return Self(0);
        }
        let (run, size) = ((code.symbol >> 4) as u32, (code.symbol & 15) as u32);
        let meaning = match (run, size) {
            // 16 zeros, and the end of the block. Other runs without a coefficient end the block too, as in libjpeg.
            (15, 0) => 16 << 8,
            (_, 0) => Self::END,
            _ => (run + 1) << 8 | Self::COEFFICIENT,
        };
        Self((code.length as u32 + size) | meaning)
    }

    /// This step and the next one, if the lookahead holds both.
    fn and(self, next: Self) -> Option<Self> {
        let is_whole = next.0 != 0 && !self.is_end() && self.bits() + next.bits() <= LOOKAHEAD;
        // More coefficients than a block has would not be used, and could not be written in 7 bits.
        let is_in_block = self.coefficients() + next.coefficients() < 64;
        let sum = (self.bits() + next.bits()) | (self.coefficients() + next.coefficients()) << 8;
        (is_whole && is_in_block).then_some(Self(sum | next.0 & (Self::END | Self::COEFFICIENT)))
    }

    /// The number of bits of the codes and of their additional bits, at most 31. 0 if the bits are no code.
    #[inline]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 63
    }

    /// The number of coefficients.
    #[inline]
    pub(super) const fn coefficients(self) -> u32 {
        self.0 >> 8 & 127
    }

    /// Whether the block ends with the codes.
    #[inline]
    pub(super) const fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    /// Whether the last code stands for a coefficient.
    pub(super) const fn has_coefficient(self) -> bool {
        self.0 & Self::COEFFICIENT != 0
    }
}

/// An AC table that looks up as many whole codes at once as the lookahead holds.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// For each index: all whole codes with their additional bits.
    lookup: [Step; 1 << LOOKAHEAD],
    table: Table,
}

impl Steps {
    pub(super) fn new(table: Table) -> Self {
        let mut lookup = [Step::default(); 1 << LOOKAHEAD];
        for (index, entry) in (0_u64..).zip(&mut lookup) {
            let bits = index << (64 - LOOKAHEAD);
            *entry = Step::of(table.short_code(bits));
            while entry.0 != 0 && entry.bits() < LOOKAHEAD {
                let next = Step::of(table.short_code(bits << entry.bits()));
                let Some(both) = entry.and(next) else { break };
                *entry = both;
            }
        }
        Self { lookup, table }
    }

    /// Returns the step of all whole codes in the lookahead that `bits` begin with. If there is none, the step of the
    /// first code.
    #[inline]
    pub(super) fn steps(&self, bits: u64) -> Step {
        let found = self.lookup.get((bits >> (64 - LOOKAHEAD)) as usize).copied().unwrap_or_default();
        if found.0 == 0 { self.long_step(bits) } else { found }
    }

    /// Returns the step of the first code.
    #[cold]
    pub(super) fn step(&self, bits: u64) -> Step {
        Step::of(self.table.code(bits))
    }

    #[cold]
    fn long_step(&self, bits: u64) -> Step {
        Step::of(self.table.long_code(bits))
    }
}
