//! Walks the entropy-coded data of a scan, MCU by MCU, up to the next marker that is no restart marker.
//!
//! [`Mcus`] says what happens with the MCUs. [`Blocks`] skips the coefficients of a sequential scan (T.81, annex F.2), and adds
//! up only DC coefficients.

use std::ops::Range;

use super::bits::{Bits, is_restart};
use super::damage::{Damage, DamageKind};
use super::huffman::{Differences, Step, Steps};
use crate::marker::{EOI, RST0};

/// The most bytes before a marker that count as stray bytes. Some cameras and programs leave a few there.
const STRAY: usize = 16;

/// The limit of a dequantised DC coefficient, to which two steps of the quantisation are added. Samples of 8 bits lead to
/// -1024 to 1024. A quarter more leaves room for programs that change coefficients after the DCT.
const MOST_DC: i64 = 1024 + 256;

/// The number of coefficients of a block.
pub(crate) const COEFFICIENTS: u32 = 64;

/// What happens with the MCUs of a scan.
pub(crate) trait Mcus {
    /// Whether the walk goes on behind damage, at the next restart marker.
    const RECOVERS: bool = false;

    /// Reads MCU `at`. `sums` are the sums of the DC differences of the components in the scan, from the start of the scan or
    /// from the last restart marker on.
    ///
    /// `at` is the number of MCUs, or more, if bits behind the last MCU are tried.
    fn mcu(&mut self, at: u64, bits: &mut Bits<'_>, sums: &mut [i64; 4]) -> Result<(), DamageKind>;

    /// The first MCU of the scan, or the first behind a restart marker, comes next.
    fn restart(&mut self) {}
}

/// A scan.
pub(super) struct Scan {
    pub(super) mcus: u64,
    /// The number of MCUs up to each restart marker. 0 if there are no such markers.
    pub(super) interval: u64,
}

/// The blocks of an MCU, in order. Their coefficients are skipped.
pub(super) struct Blocks<'a>(pub(super) Vec<Block<'a>>);

/// A block of an MCU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    /// The position of the component in the scan, at most 3.
    pub(super) component: usize,
    pub(super) dc: &'a Differences,
    pub(super) ac: &'a Steps,
    /// The divisor that the DC coefficient was quantised with.
    pub(super) divisor: u16,
}

/// The end of a scan whose MCUs are all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanEnd {
    /// An offset behind the last MCU and before the marker. A few stray bytes or fill bytes may be before it.
    pub(super) data: usize,
    /// The number of stray bytes.
    pub(super) stray: usize,
    /// The code of the next marker, and the offset of its first byte. `None` at the end of the file.
    pub(super) marker: Option<(u8, usize)>,
}

impl ScanEnd {
    /// Whether so much data is left that MCUs must have been lost before it.
    pub(super) const fn has_excess_data(&self) -> bool {
        self.stray > STRAY
    }
}

/// Where a part of a scan begins: at a restart marker, or at the start of the scan.
#[derive(Clone, Copy)]
struct Start {
    /// The offset of its data.
    at: usize,
    mcu: u64,
}

/// Where the walk has stopped.
struct Stopped {
    damage: Damage,
    /// The last MCU that was read, or tried.
    mcu: u64,
    /// An offset before the next marker.
    at: usize,
}

impl Scan {
    /// Walks the data, which begins at the offset `at` of the file. Returns the first damage.
    pub(super) fn walk<M: Mcus>(&self, bytes: &[u8], at: usize, mcus: &mut M) -> Result<ScanEnd, Damage> {
        let first = match self.walk_from(bytes, Start { at, mcu: 0 }, mcus) {
            Ok(end) => return Ok(end),
            Err(stopped) => stopped,
        };
        let damage = first.damage;
        let mut next = M::RECOVERS.then_some(first);
        while let Some(start) = next.and_then(|stopped| self.next_start(bytes, &stopped)) {
            next = self.walk_from(bytes, start, mcus).err();
        }
        Err(damage)
    }

    /// Returns the part of the scan behind the next restart marker. Its number tells which part that is, unless more than
    /// seven are lost.
    fn next_start(&self, bytes: &[u8], stopped: &Stopped) -> Option<Start> {
        let end = Bits::new(bytes, stopped.at).end();
        let marker = end.marker.filter(|marker| is_restart(*marker))?;
        let part = stopped.mcu.checked_div(self.interval)?;
        let lost = (u64::from(marker - RST0) + 8 - part % 8) % 8;
        let mcu = (part + lost + 1) * self.interval;
        (mcu < self.mcus).then_some(Start { at: end.at + 2, mcu })
    }

    /// Walks the data from a start to the end of the scan.
    fn walk_from(&self, bytes: &[u8], start: Start, mcus: &mut impl Mcus) -> Result<ScanEnd, Stopped> {
        let mut bits = Bits::new(bytes, start.at);
        let mut sums = [0; 4];
        let mut until_restart = self.interval;
        let mut next_restart = (start.mcu.checked_div(self.interval).unwrap_or(0) % 8) as u8;
        mcus.restart();
        for mcu in start.mcu..self.mcus {
            if self.interval != 0 {
                if until_restart == 0 {
                    let behind = self.restart(&bits, next_restart, mcu);
                    let behind = behind.map_err(|damage| Stopped { damage, mcu: mcu - 1, at: damage.at })?;
                    bits = Bits::new(bytes, behind);
                    (sums, until_restart, next_restart) = ([0; 4], self.interval, (next_restart + 1) % 8);
                    mcus.restart();
                }
                until_restart -= 1;
            }
            let walked = mcus.mcu(mcu, &mut bits, &mut sums);
            if bits.is_overread() {
                let damage = self.ends_early(&bits, next_restart, mcu);
                return Err(Stopped { damage, mcu, at: damage.at });
            }
            walked.map_err(|kind| Stopped { damage: Damage::new(kind, bits.at()), mcu, at: bits.at() })?;
        }
        self.end(&bits, &sums, mcus).map_err(|damage| Stopped { damage, mcu: self.mcus, at: damage.at })
    }

    /// Checks the restart marker behind `mcus` MCUs. Returns the offset behind it.
    fn restart(&self, bits: &Bits<'_>, expected: u8, mcus: u64) -> Result<usize, Damage> {
        let end = bits.end();
        match end.marker {
            Some(found) if found == RST0 + expected => {
                if end.left > STRAY && !bits.is_at_padding() {
                    return Err(Damage::new(DamageKind::ExcessData { bytes: end.left }, end.at));
                }
                Ok(end.at + 2)
            }
            _ => Err(self.ends_early(bits, expected, mcus)),
        }
    }

    /// The damage of a scan whose data ends after `found` MCUs, where the restart marker `expected` is the next one.
    fn ends_early(&self, bits: &Bits<'_>, expected: u8, found: u64) -> Damage {
        let end = bits.end();
        let kind = match end.marker {
            Some(marker) if self.interval != 0 && is_restart(marker) && marker != RST0 + expected => {
                DamageKind::Restart { found: marker - RST0, expected }
            }
            _ => DamageKind::FewMcus { found, expected: self.mcus },
        };
        Damage::new(kind, end.at)
    }

    /// Finds the end of the data behind the last MCU.
    fn end(&self, bits: &Bits<'_>, sums: &[i64; 4], mcus: &mut impl Mcus) -> Result<ScanEnd, Damage> {
        let mut end = bits.end();
        let (first, data) = (end, end.at - end.left.min(end.at));
        let mut stray = if bits.is_at_padding() { 0 } else { end.left };
        // Some encoders write a restart marker behind the last interval too. Restart markers and what is between them
        // count as stray bytes.
        while end.marker.is_some_and(is_restart) {
            if self.interval != 0 && stray > STRAY {
                return Err(Damage::new(DamageKind::ExcessData { bytes: stray }, end.at));
            }
            end = Bits::new(bits.bytes(), end.at + 2).end();
            stray += 2 + end.left;
        }
        let end = ScanEnd { data, stray, marker: end.marker.map(|marker| (marker, end.at)) };
        // A few bytes that are left may be the last MCUs, if damage has added others before them.
        let may_be_mcus = (1..=STRAY).contains(&first.left) && end.marker.is_some_and(|(marker, _)| marker == EOI);
        if may_be_mcus && self.has_more_mcus(mcus, *bits, *sums, data..first.at) {
            return Err(Damage::new(DamageKind::ExcessData { bytes: first.left }, first.at));
        }
        Ok(end)
    }

    /// Whether the bytes of this range, up to a marker, are whole MCUs, filled up with ones.
    fn has_more_mcus(&self, mcus: &mut impl Mcus, mut bits: Bits<'_>, mut sums: [i64; 4], range: Range<usize>) -> bool {
        let rest = bits.bytes().get(range).unwrap_or_default();
        // Equal bytes are no MCUs but filling.
        if rest.windows(2).all(|pair| pair.first() == pair.last()) {
            return false;
        }
        while mcus.mcu(self.mcus, &mut bits, &mut sums).is_ok() && !bits.is_overread() {
            if bits.is_filled_up() {
                return true;
            }
        }
        false
    }
}

impl Mcus for Blocks<'_> {
    #[expect(clippy::indexing_slicing, reason = "the mask keeps the index below 4")]
    fn mcu(&mut self, _: u64, bits: &mut Bits<'_>, sums: &mut [i64; 4]) -> Result<(), DamageKind> {
        // A copy, so that the buffer is in registers.
        let mut own = *bits;
        for block in &self.0 {
            let walked = block.walk(&mut own, &mut sums[block.component & 3]);
            if walked.is_err() {
                *bits = own;
                return walked;
            }
        }
        *bits = own;
        Ok(())
    }
}

impl Block<'_> {
    /// Walks the block. `sum` is the sum of the DC differences of its component.
    #[inline]
    fn walk(&self, bits: &mut Bits<'_>, sum: &mut i64) -> Result<(), DamageKind> {
        dc_coefficient(bits, self.dc, self.divisor, sum)?;
        ac_coefficients(bits, self.ac)
    }
}

/// Reads the difference of a DC coefficient, and adds it to `sum`, which is the coefficient then.
#[inline]
pub(crate) fn dc_coefficient(
    bits: &mut Bits<'_>,
    table: &Differences,
    divisor: u16,
    sum: &mut i64,
) -> Result<(), DamageKind> {
    let found = table.difference(bits.peek()).ok_or(DamageKind::HuffmanCode)?;
    bits.consume(found.bits);
    *sum += found.value;
    let value = *sum * i64::from(divisor);
    if value.abs() > MOST_DC + 2 * i64::from(divisor) {
        return Err(DamageKind::DcCoefficient { value });
    }
    Ok(())
}

/// Walks the AC coefficients of a block.
#[inline]
fn ac_coefficients(bits: &mut Bits<'_>, table: &Steps) -> Result<(), DamageKind> {
    let mut position = 1;
    while position < COEFFICIENTS {
        let next = bits.peek();
        let steps = table.steps(next);
        // The codes belong to this block if it has room for them.
        let (read, behind) = if position + steps.room() <= COEFFICIENTS {
            (steps.bits(), position + steps.room() + steps.ends())
        } else {
            ac_coefficient(table.step(next), position)?
        };
        bits.consume(read);
        position = behind;
    }
    Ok(())
}

/// Evaluates a single code of a block. Returns its bits, and the position behind it.
#[inline(never)]
fn ac_coefficient(step: Step, position: u32) -> Result<(u32, u32), DamageKind> {
    if step == Step::NONE {
        return Err(DamageKind::HuffmanCode);
    }
    let behind = position + step.room() + step.ends();
    // 16 zeros may lead beyond the end, as in libjpeg. A coefficient may not.
    if behind > COEFFICIENTS && step.has_coefficient() {
        return Err(DamageKind::Coefficient { position: u8::try_from(behind - 1).unwrap_or(u8::MAX) });
    }
    Ok((step.bits(), behind))
}

#[cfg(test)]
mod tests {
    use super::super::huffman::Table;
    use super::*;

    /// A DC table with the sizes 0, 9 and 11, and an AC table: the end of the block is 0, a one behind 15 zeros is 10, 16
    /// zeros are 110, a coefficient of 2 bits is 1110, and a one is 11110 and ten zeros more.
    fn tables() -> (Differences, Steps) {
        let table = |counts: &[u8], symbols: &[u8]| {
            let mut definition = counts.to_vec();
            definition.resize(16, 0);
            Table::read(&[&definition, symbols].concat()).unwrap()
        };
        let ac_counts = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        (Differences::new(table(&[1, 1, 1], &[0, 9, 11])), Steps::new(table(&ac_counts, &[0, 0xf1, 0xf0, 0x02, 0x01])))
    }

    /// Walks a scan of one component.
    fn walk(mcus: u64, interval: u64, file: &[u8]) -> Result<ScanEnd, Damage> {
        let (dc, ac) = tables();
        let mut blocks = Blocks(vec![Block { component: 0, dc: &dc, ac: &ac, divisor: 2 }]);
        Scan { mcus, interval }.walk(file, 0, &mut blocks)
    }

    /// The bytes of these bits, filled up with ones, and stuffed.
    fn data(bits: &str) -> Vec<u8> {
        let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
        let byte = |bits: &[u8]| (0..8).fold(0, |byte, at| byte << 1 | bits.get(at).unwrap_or(&1));
        bits.chunks(8).map(byte).flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] }).collect()
    }

    /// Walks a scan of one block.
    fn block(bits: &str) -> Result<usize, DamageKind> {
        let file = [&data(bits)[..], &[0xff, EOI]].concat();
        walk(1, 0, &file).map(|end| end.stray).map_err(|damage| damage.kind)
    }

    const FIFTEEN: &str = "101";
    const SIXTEEN: &str = "110";
    const LONG_ONE: &str = "1111000000000001";

    #[test]
    fn a_block_has_up_to_63_coefficients_and_needs_no_end_if_it_has_all() {
        assert_eq!(block("0 0"), Ok(0));
        assert_eq!(block(&["0", FIFTEEN, "0"].join("")), Ok(0));
        let three = FIFTEEN.repeat(3);
        // 48 coefficients, and then 15 single ones: the last one ends the block.
        let ones = "1110 10".repeat(15);
        assert_eq!(block(&["0", &three, &ones].join(" ")), Ok(0));
        assert_eq!(block(&["0", &three, &ones, "1111 1111 1111 1110"].join(" ")), Ok(3));
    }

    #[test]
    fn a_coefficient_beyond_the_block_is_damage_and_zeros_are_not() {
        let four = FIFTEEN.repeat(4);
        assert_eq!(block(&["0", &four].join(" ")), Err(DamageKind::Coefficient { position: 64 }));
        let late = [&FIFTEEN.repeat(3), "1110 10", FIFTEEN].join(" ");
        assert_eq!(block(&["0", &late].join(" ")), Err(DamageKind::Coefficient { position: 65 }));
        assert_eq!(block(&["0", &SIXTEEN.repeat(4)].join(" ")), Ok(0));
    }

    #[test]
    fn bits_without_a_code_are_damage() {
        assert_eq!(block("111"), Err(DamageKind::HuffmanCode));
        assert_eq!(block("0 1111 1111 1111 1111 0000 0000"), Err(DamageKind::HuffmanCode));
        // A code of 15 bits is longer than the lookahead.
        assert_eq!(block(&["0", LONG_ONE, "0"].join(" ")), Ok(0));
    }

    #[test]
    fn the_dc_differences_must_stay_in_range() {
        // The largest difference of 11 bits is 2047, which is 4094 with the divisor 2. Those of 9 bits are 256 to 511.
        assert_eq!(block("110 11111111111 0"), Err(DamageKind::DcCoefficient { value: 4094 }));
        assert_eq!(block("110 00000000000 0"), Err(DamageKind::DcCoefficient { value: -4094 }));
        assert_eq!(block("10 111111111 0"), Ok(0));
        let twice = data(&"10 111111111 0".repeat(2));
        let found = walk(2, 0, &[&twice[..], &[0xff, EOI]].concat());
        assert_eq!(found.map_err(|damage| damage.kind), Err(DamageKind::DcCoefficient { value: 2044 }));
        // A restart marker begins a new sum.
        let once = data("10 111111111 0");
        let file = [&once[..], &[0xff, RST0], &once, &[0xff, EOI]].concat();
        assert_eq!(walk(2, 1, &file).map(|end| end.stray), Ok(0));
    }

    #[test]
    fn the_end_of_the_data_is_found_behind_fill_bytes_and_stuffed_bytes() {
        let file = [0b0011_1111, 0xff, 0, 7, 0xff, 0xff, 0xff, EOI];
        let end = walk(1, 0, &file).unwrap();
        // A stuffed byte counts as two.
        assert_eq!((end.stray, end.marker), (3, Some((EOI, 6))));
        assert!((1..=4).contains(&end.data), "{end:?}");
        let end = walk(1, 0, &file[..1]).unwrap();
        assert_eq!(end, ScanEnd { data: 1, stray: 0, marker: None });
    }
}
