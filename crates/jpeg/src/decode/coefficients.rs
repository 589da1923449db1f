//! Huffman decoding of the coefficients of a block (T.81, F.2.2 for a sequential scan and G.1.2 for a progressive one).

use crate::block::ZIGZAG;
use crate::check::{Bits, COEFFICIENTS, Code, DamageKind, Differences, LOOKAHEAD, Table, dc_coefficient};

/// A coefficient behind a run of zeros, or the end of the block.
///
/// The lowest 6 bits are the number of bits of the code and of its additional bits, 0 if the bits are no code. Bits 8 to
/// 14 are the step from the position of the next coefficient to that behind this one, 64 for the end of the block. The
/// highest 16 bits are the coefficient, 0 if there is only a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry(u32);

impl Entry {
    /// Evaluates the code at the start of `bits`. The symbol has a run of zeros in its high half, and the number of
    /// additional bits in its low half.
    #[inline]
    fn of(code: Code, bits: u64) -> Self {
        if code.length == 0 {
            return Self(0);
        }
        let (run, size) = (u32::from(code.symbol >> 4), u32::from(code.symbol & 15));
        let step = match (run, size) {
            // 16 zeros, and the end of the block. Other runs without a coefficient end the block too, as in libjpeg.
            (15, 0) => 16,
            (_, 0) => COEFFICIENTS,
            _ => run + 1,
        };
        let value = extended(bits << code.length, size) as u32;
        Self(value << 16 | step << 8 | (u32::from(code.length) + size))
    }

    const fn bits(self) -> u32 {
        self.0 & 63
    }

    const fn step(self) -> u32 {
        self.0 >> 8 & 127
    }

    const fn value(self) -> i16 {
        (self.0 >> 16) as i16
    }
}

/// Returns the number of `size` bits with which `bits` begin. If its highest bit is 0 it is negative, and 2^size - 1 is
/// subtracted (F.2.2.1).
#[inline]
fn extended(bits: u64, size: u32) -> i16 {
    if size == 0 {
        return 0;
    }
    let magnitude = (bits >> (64 - size)) as i32;
    let is_negative = magnitude >> (size - 1) == 0;
    (if is_negative { magnitude + 1 - (1 << size) } else { magnitude }) as i16
}

/// An AC table that looks up a code together with its additional bits.
pub(super) struct AcTable {
    lookup: [Entry; 1 << LOOKAHEAD],
    table: Table,
}

impl AcTable {
    pub(super) fn new(table: Table) -> Self {
        let mut lookup = [Entry::default(); 1 << LOOKAHEAD];
        for (index, entry) in (0_u64..).zip(&mut lookup) {
            let bits = index << (64 - LOOKAHEAD);
            let found = Entry::of(table.short_code(bits), bits);
            if found.bits() <= LOOKAHEAD {
                *entry = found;
            }
        }
        Self { lookup, table }
    }

    #[inline]
    fn entry(&self, bits: u64) -> Entry {
        let found = self.lookup[(bits >> (64 - LOOKAHEAD)) as usize];
        if found == Entry::default() { self.long_entry(bits) } else { found }
    }

    #[inline(never)]
    fn long_entry(&self, bits: u64) -> Entry {
        Entry::of(self.table.code(bits), bits)
    }
}

/// Reads a block of a sequential scan into `block`, which is zero before, in row-major order. Returns whether it has AC
/// coefficients.
#[inline(always)]
pub(super) fn sequential(
    bits: &mut Bits<'_>,
    dc: &Differences,
    ac: &AcTable,
    divisor: u16,
    sum: &mut i64,
    block: &mut [i16; 64],
) -> Result<bool, DamageKind> {
    dc_coefficient(bits, dc, divisor, sum)?;
    block[0] = *sum as i16;
    let mut position = 1;
    let mut has_ac = false;
    while position < COEFFICIENTS {
        let entry = ac.entry(bits.peek());
        if entry == Entry::default() {
            return Err(DamageKind::HuffmanCode);
        }
        position += entry.step();
        if entry.value() != 0 {
            // 16 zeros may lead beyond the end, as in libjpeg. A coefficient may not.
            let at = position - 1;
            if at >= COEFFICIENTS {
                return Err(DamageKind::Coefficient { position: at as u8 });
            }
            block[usize::from(ZIGZAG[at as usize])] = entry.value();
            has_ac = true;
        }
        bits.consume(entry.bits());
    }
    Ok(has_ac)
}

/// The AC coefficients of a block in a progressive scan: from position `first` to `last`, less the lowest `low` bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) low: u32,
}

impl Band {
    /// Reads the first bits of the coefficients (G.1.2.2). `run` is the number of blocks that are still without
    /// coefficients.
    pub(super) fn read(
        self,
        bits: &mut Bits<'_>,
        table: &Table,
        run: &mut u32,
        block: &mut [i16; 64],
    ) -> Result<(), DamageKind> {
        if *run > 0 {
            *run -= 1;
            return Ok(());
        }
        let mut position = self.first;
        while position <= self.last {
            let (zeros, size) = read_symbol(bits, table)?;
            match (zeros, size) {
                (15, 0) => position += 16,
                (_, 0) => {
                    *run = (1 << zeros) + read_bits(bits, zeros) - 1;
                    return Ok(());
                }
                _ => {
                    position += zeros;
                    if position > self.last {
                        return Err(DamageKind::Coefficient { position: position as u8 });
                    }
                    let value = extended(bits.peek(), size);
                    bits.consume(size);
                    block[usize::from(ZIGZAG[position as usize])] = value << self.low;
                    position += 1;
                }
            }
        }
        Ok(())
    }

    /// Reads one more bit of the coefficients (G.1.2.3): a correction of each that is not zero, and new ones of 1 and -1.
    pub(super) fn refine(
        self,
        bits: &mut Bits<'_>,
        table: &Table,
        run: &mut u32,
        block: &mut [i16; 64],
    ) -> Result<(), DamageKind> {
        let mut position = self.first;
        while *run == 0 && position <= self.last {
            let (zeros, size) = read_symbol(bits, table)?;
            let value = match (zeros, size) {
                (15, 0) => 0,
                (_, 0) => {
                    *run = (1 << zeros) + read_bits(bits, zeros);
                    break;
                }
                _ => {
                    if read_bits(bits, 1) == 1 {
                        1 << self.low
                    } else {
                        -1 << self.low
                    }
                }
            };
            position = self.correct(bits, position, zeros, block);
            if value != 0 {
                if position > self.last {
                    return Err(DamageKind::Coefficient { position: position as u8 });
                }
                block[usize::from(ZIGZAG[position as usize])] = value;
            }
            position += 1;
        }
        if *run > 0 {
            self.correct(bits, position, COEFFICIENTS, block);
            *run -= 1;
        }
        Ok(())
    }

    /// Corrects the coefficients that are not zero, from `position` on. Stops at the zero behind so many zeros, and
    /// returns its position.
    fn correct(self, bits: &mut Bits<'_>, mut position: u32, mut zeros: u32, block: &mut [i16; 64]) -> u32 {
        let bit = 1 << self.low;
        while position <= self.last {
            let value = &mut block[usize::from(ZIGZAG[position as usize])];
            if *value == 0 {
                if zeros == 0 {
                    break;
                }
                zeros -= 1;
            } else if read_bits(bits, 1) == 1 && *value & bit == 0 {
                *value = value.wrapping_add(if *value > 0 { bit } else { -bit });
            }
            position += 1;
        }
        position
    }
}

/// Reads a code. Returns the halves of its symbol.
fn read_symbol(bits: &mut Bits<'_>, table: &Table) -> Result<(u32, u32), DamageKind> {
    let code = table.code(bits.peek());
    if code.length == 0 {
        return Err(DamageKind::HuffmanCode);
    }
    bits.consume(code.length.into());
    Ok(((code.symbol >> 4).into(), (code.symbol & 15).into()))
}

/// Reads a number of `size` bits, at most 15.
pub(super) fn read_bits(bits: &mut Bits<'_>, size: u32) -> u32 {
    // Two shifts, since a size of 0 would be a shift by 64.
    let number = (bits.peek() >> 1 >> (63 - size)) as u32;
    bits.consume(size);
    number
}
