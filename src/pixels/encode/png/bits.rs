//! The bits of a deflate stream (RFC 1951, section 3.1.1): the first in the lowest bit of the first byte.

/// Bytes out of bits.
///
/// # Guarantees
///
/// Between two calls fewer than 8 bits wait for their byte to be full.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    /// What is written, and behind it room for what comes.
    bytes: Vec<u8>,
    written: usize,
    buffer: u64,
    filled: u32,
}

impl BitWriter {
    /// The most bits that are put at once.
    pub(super) const MOST: u32 = 56;

    /// Makes room for that many bytes more, so that none is made on the way.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let needed = self.written.saturating_add(bytes).saturating_add(8);
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
    }

    /// The `count` lowest bits of `bits`, at most [`MOST`](Self::MOST); the others are 0.
    #[inline]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        debug_assert!(count <= Self::MOST && bits >> count == 0);
        self.buffer |= bits << self.filled;
        self.filled += count;
        let word = self.buffer.to_le_bytes();
        match self.bytes.get_mut(self.written..).and_then(<[u8]>::first_chunk_mut) {
            Some(room) => *room = word,
            None => self.put_with_more_room(word),
        }
        self.written += (self.filled / 8) as usize;
        self.buffer = self.buffer.unbounded_shr(self.filled & !7);
        self.filled &= 7;
    }

    #[cold]
    fn put_with_more_room(&mut self, word: [u8; 8]) {
        self.bytes.truncate(self.written);
        self.bytes.extend(word);
        self.bytes.resize(self.bytes.len().saturating_mul(2), 0);
    }

    /// Fills the last byte up with 0.
    pub(super) fn align(&mut self) {
        self.put(0, self.filled.wrapping_neg() & 7);
    }

    /// Whole bytes, after [`align`](Self::align).
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.filled, 0);
        self.bytes.truncate(self.written);
        self.bytes.extend_from_slice(bytes);
        self.written = self.bytes.len();
    }

    /// How many bits are written.
    pub(super) fn len_in_bits(&self) -> u64 {
        self.written as u64 * 8 + u64::from(self.filled)
    }

    /// The bytes, the last one filled up with 0.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.align();
        self.bytes.truncate(self.written);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn bits_are_read_as_they_were_put(words in proptest::collection::vec((any::<u64>(), 0..=56_u32), 0..99)) {
            let mut bits = BitWriter::default();
            let mut expected: Vec<bool> = Vec::new();
            for (word, count) in words {
                let word = word & ((1 << count) - 1);
                bits.put(word, count);
                expected.extend((0..count).map(|place| word >> place & 1 == 1));
                prop_assert_eq!(bits.len_in_bits(), expected.len() as u64);
            }
            let bytes = bits.end();
            prop_assert_eq!(bytes.len(), expected.len().div_ceil(8));
            expected.resize(bytes.len() * 8, false);
            let read: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).map(move |place| byte >> place & 1 == 1)).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
