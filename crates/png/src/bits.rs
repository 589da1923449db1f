//! Packs codes into bytes.
//!
//! RFC 1951, section 3.1.1: bits fill each byte from the least significant one. A 64-bit buffer takes whole codes.
//! After each code, all eight bytes of the buffer are written, and the position moves past the full ones only. The next
//! write overwrites the rest, so the inner loop has no branch but the check for space.

/// A growing string of bits. Its memory is kept when it is cleared.
///
/// Between two calls the buffer holds fewer than 8 bits.
#[derive(Debug, Default)]
pub(crate) struct BitWriter {
    /// The bytes written, and initialised space after them.
    bytes: Vec<u8>,
    /// The number of bytes written.
    written: usize,
    /// Bits that do not fill a byte yet, the first in the lowest place.
    buffer: u64,
    /// The number of bits in the buffer.
    filled: u32,
}

impl BitWriter {
    /// The most bits per [`put`](Self::put): with the 7 that wait, the buffer of 64 stays below full.
    pub(crate) const MAX_BITS: u32 = 56;

    /// Makes space for `bytes` more, so that writing them does not grow the buffer.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        let needed = self.written + bytes + 8;
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
    }

    /// Appends the `count` lowest bits of `bits`, at most [`MAX_BITS`](Self::MAX_BITS). The other bits must be zero.
    #[inline(always)]
    pub(crate) fn put(&mut self, bits: u64, count: u32) {
        self.put_all(std::iter::once((bits, count)));
    }

    /// [`put`](Self::put) for each word. The state stays in registers between two words.
    #[inline(always)]
    pub(crate) fn put_all(&mut self, words: impl Iterator<Item = (u64, u32)>) {
        let (mut written, mut buffer, mut filled) = (self.written, self.buffer, self.filled);
        for (bits, count) in words {
            debug_assert!(count <= Self::MAX_BITS && bits >> count == 0);
            // New bits go above those that wait.
            buffer |= bits << filled;
            filled += count;
            let word = buffer.to_le_bytes();
            match self.bytes.get_mut(written..).and_then(<[u8]>::first_chunk_mut) {
                Some(space) => *space = word,
                None => grow(&mut self.bytes, written, word),
            }
            // Keep the bits of the last byte, which is not full. At most 7 + 56 bits are filled, so at most 7 bytes are
            // full and the shift is at most 56.
            written += (filled / 8) as usize;
            buffer >>= filled & !7;
            filled &= 7;
        }
        (self.written, self.buffer, self.filled) = (written, buffer, filled);
    }

    /// Fills the last byte with zeros.
    pub(crate) fn align(&mut self) {
        self.put(0, self.filled.wrapping_neg() & 7);
    }

    /// Appends whole bytes. The position must be [aligned](Self::align).
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        assert!(self.filled == 0, "invariant: bytes are appended at a byte boundary");
        self.reserve(bytes.len());
        let end = self.written + bytes.len();
        self.bytes[self.written..end].copy_from_slice(bytes);
        self.written = end;
    }

    /// Removes every bit and keeps the memory.
    pub(crate) const fn clear(&mut self) {
        (self.written, self.buffer, self.filled) = (0, 0, 0);
    }

    /// The bytes that are full.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.written]
    }

    /// The number of bits written, those of an incomplete byte included.
    pub(crate) const fn len_in_bits(&self) -> u64 {
        self.written as u64 * 8 + self.filled as u64
    }
}

/// Writes the word where fewer than eight bytes are left, and doubles the space.
#[cold]
fn grow(bytes: &mut Vec<u8>, written: usize, word: [u8; 8]) {
    bytes.truncate(written);
    bytes.extend(word);
    bytes.resize(bytes.len() * 2, 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn bits_come_in_the_order_in_which_they_were_put(
            words in proptest::collection::vec((any::<u64>(), 0..=BitWriter::MAX_BITS), 0..99),
        ) {
            let mut writer = BitWriter::default();
            let mut expected: Vec<bool> = Vec::new();
            for (word, count) in words {
                let word = word & ((1 << count) - 1);
                writer.put(word, count);
                expected.extend((0..count).map(|place| word >> place & 1 == 1));
            }
            prop_assert_eq!(writer.len_in_bits(), expected.len() as u64);
            writer.align();
            let bytes = writer.bytes().to_vec();
            prop_assert_eq!(bytes.len(), expected.len().div_ceil(8));
            expected.resize(bytes.len() * 8, false);
            let read: Vec<bool> =
                bytes.iter().flat_map(|byte| (0..8).map(move |place| byte >> place & 1 == 1)).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
