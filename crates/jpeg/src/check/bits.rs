//! Reads the bits of entropy-coded data (T.81, annex F.2.2.5).
//!
//! In the data `ff 00` means the byte `ff`. Any other code behind an `ff` is a marker, at which the data ends. Zeros
//! follow the last bit, and [`Bits::is_overread`] tells whether any of them was consumed.

use crate::marker;

/// The bits from an offset of a file up to the next marker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    /// The offset of the first byte that is not in the buffer.
    at: usize,
    /// The next bits, from the highest bit on. Bits behind the first `count` are zero, or already those of the file.
    buffer: u64,
    /// The number of bits in the buffer.
    count: u32,
    /// The number of zeros that follow the last bit of the data, as far as they are counted in `count`.
    zeros: u32,
    /// Whether the data ends at `at`.
    is_at_end: bool,
}

/// Where the data ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The number of whole bytes that have not been consumed, as they are stored: a stuffed byte counts as two.
    pub(super) left: usize,
    /// The offset of the marker, or the length of the file.
    pub(super) at: usize,
    /// The code of the marker, which is one byte behind `at`. `None` at the end of the file.
    pub(super) marker: Option<u8>,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, buffer: 0, count: 0, zeros: 0, is_at_end: false }
    }

    /// Returns the next bits, from the highest bit on. At least 32 of them are valid, which is enough for a code and its
    /// additional bits.
    #[inline]
    pub(crate) fn peek(&mut self) -> u64 {
        if self.count < 32 {
            self.refill();
        }
        self.buffer
    }

    /// Consumes bits that `peek` has returned, at most 32.
    #[inline]
    pub(crate) fn consume(&mut self, count: u32) {
        self.buffer <<= count;
        self.count -= count;
    }

    #[inline]
    fn refill(&mut self) {
        if let Some(next) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            let word = u64::from_be_bytes(*next);
            let free = bytes_before_ff(word);
            let bytes = free.min((63 - self.count) / 8);
            // Otherwise `peek` would have too few bits.
            if self.count + 8 * bytes >= 32 {
                // The buffer is filled up. Its last bits may be those of a byte that is only partly in it, and the byte is
                // added again by the next refill.
                self.buffer |= (word & !u64::MAX.checked_shr(8 * free).unwrap_or(0)) >> self.count;
                self.at += bytes as usize;
                self.count += bytes * 8;
                return;
            }
        }
        *self = self.refilled_by_bytes();
    }

    /// Fills the buffer up. This takes and returns values, so that `self` can be in registers elsewhere.
    #[inline(never)]
    fn refilled_by_bytes(mut self) -> Self {
        while self.count <= 56 {
            let byte = self.next_byte();
            self.zeros += if byte.is_none() { 8 } else { 0 };
            self.buffer |= u64::from(byte.unwrap_or(0)) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// Takes a byte of the data. `None` at its end.
    fn next_byte(&mut self) -> Option<u8> {
        if self.is_at_end {
            return None;
        }
        let byte = match *self.bytes.get(self.at..).unwrap_or_default() {
            // Other decoders skip fill bytes before a stuffed byte.
            [0xff, 0xff, ..] => {
                let fill = self.bytes.iter().skip(self.at).take_while(|byte| **byte == 0xff).count();
                (self.bytes.get(self.at + fill) == Some(&0)).then_some((0xff, fill + 1))
            }
            [0xff, 0, ..] => Some((0xff, 2)),
            [0xff, ..] | [] => None,
            [byte, ..] => Some((byte, 1)),
        };
        let Some((byte, length)) = byte else {
            self.is_at_end = true;
            return None;
        };
        self.at += length;
        Some(byte)
    }

    /// Whether more bits have been consumed than there are.
    #[inline]
    pub(super) const fn is_overread(&self) -> bool {
        self.count < self.zeros
    }

    /// Returns the file.
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the offset of the next whole byte that has not been consumed.
    pub(super) fn at(&self) -> usize {
        let mut at = self.at;
        for _ in 0..self.unread() / 8 {
            // A byte `ff` has a 0 behind it, and may have fill bytes before it.
            let is_stuffed = self.bytes.get(..at).is_some_and(|read| read.ends_with(&[0xff, 0]));
            at = at.saturating_sub(if is_stuffed { 2 } else { 1 });
            while is_stuffed && self.bytes.get(..at).is_some_and(|read| read.ends_with(&[0xff])) {
                at -= 1;
            }
        }
        at
    }

    /// Returns the number of bits of the data in the buffer.
    const fn unread(&self) -> usize {
        self.count.saturating_sub(self.zeros) as usize
    }

    /// Whether nothing is left before the marker, or only ones that fill up the last byte.
    pub(super) fn is_filled_up(&self) -> bool {
        let unread = self.unread();
        self.end().left == 0 && unread < 8 && (!self.buffer).leading_zeros() as usize >= unread
    }

    /// Whether padding follows: equal bytes up to the marker, behind a byte that is filled up with ones.
    ///
    /// Some cameras write it. Equal bytes in place of lost data are no padding, since the last code was read from them.
    pub(super) fn is_at_padding(&self) -> bool {
        let partial = self.unread() % 8;
        let (read, rest) = self.bytes.split_at_checked(self.at()).unwrap_or_default();
        let last = match read {
            [.., 0xff, 0] => 0xff,
            [.., last] => *last,
            [] => return false,
        };
        let data = rest.iter().take_while(|byte| **byte != 0xff).count();
        let (data, fill) = rest.split_at(data);
        let is_equal = data.first().is_some_and(|first| *first != last && data.iter().all(|byte| byte == first));
        let is_marker = fill.iter().find(|byte| **byte != 0xff).is_some_and(|code| *code != 0);
        is_equal && is_marker && (!self.buffer).leading_zeros() as usize >= partial
    }

    /// Returns where the data ends.
    pub(super) fn end(&self) -> End {
        let from = self.at();
        let mut at = self.at;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let Some(data) = rest.iter().position(|byte| *byte == 0xff) else {
                let at = self.bytes.len();
                return End { left: at - from, at, marker: None };
            };
            let fill = rest.iter().skip(data).take_while(|byte| **byte == 0xff).count();
            let Some(found) = rest.get(data + fill) else {
                let at = self.bytes.len();
                return End { left: at - fill - from, at, marker: None };
            };
            if *found != 0 {
                let left = at + data - from;
                // The last of several bytes `ff` belongs to the marker.
                return End { left, at: at + data + fill - 1, marker: Some(*found) };
            }
            at += data + fill + 1;
        }
    }
}

/// Returns the number of bytes, from the highest on, that are there before a byte `ff`. A byte `fe` right before it is not
/// counted either.
const fn bytes_before_ff(word: u64) -> u32 {
    // A byte `ff` is 0 in the complement. The subtraction borrows through the highest bit of a byte only if it is 0 or
    // above 0x80, and the latter is masked. A byte of 1 above it, `fe` in the word, loses 1 to that borrow.
    let inverse = !word;
    (inverse.wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080).leading_zeros() / 8
}

/// Whether the code is that of a restart marker.
pub(super) const fn is_restart(found: u8) -> bool {
    matches!(found, marker::RST0..=marker::RST7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether padding follows when this many bits of the data have been read. The data ends with the end marker.
    fn is_at_padding(read: u32, data: &[u8]) -> bool {
        let file = [data, &[0xff, marker::EOI]].concat();
        let mut bits = Bits::new(&file, 0);
        bits.peek();
        bits.consume(read);
        bits.is_at_padding()
    }

    #[test]
    fn equal_bytes_are_padding_behind_a_byte_that_is_filled_up_with_ones() {
        assert!(is_at_padding(4, &[0b1010_1111, 0, 0, 0]));
        assert!(!is_at_padding(3, &[0b1010_1111, 0, 0, 0]));
        assert!(is_at_padding(8, &[0x12, 0x55, 0x55, 0xff, 0xff]));
        assert!(is_at_padding(8, &[0xff, 0, 0, 0]));
        assert!(!is_at_padding(8, &[0x12, 0, 0, 1]));
        assert!(!is_at_padding(8, &[0x12, 0, 0xff, 0]));
    }

    #[test]
    fn equal_bytes_that_the_data_ends_in_are_no_padding() {
        assert!(!is_at_padding(8, &[0; 30]));
        assert!(!is_at_padding(6, &[0x33; 30]));
        assert!(is_at_padding(16, &[0, 1, 0, 0, 0]));
        assert!(!Bits::new(&[], 0).is_at_padding());
    }
}
