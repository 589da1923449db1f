//! The bits of a deflate stream (RFC 1951, section 3.1.1): the first in the lowest bit of the first byte.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the processor that there is")]

/// Bytes out of bits, into room that is kept for what is written next.
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
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.put_all(std::iter::once((bits, count)));
    }

    /// One word behind the other, each as in [`put`](Self::put). What is kept between them stays in registers.
    #[inline(always)]
    pub(super) fn put_all(&mut self, words: impl Iterator<Item = (u64, u32)>) {
        let (mut written, mut buffer, mut filled) = (self.written, self.buffer, self.filled);
        for (bits, count) in words {
            debug_assert!(count <= Self::MOST && bits >> count == 0);
            buffer |= bits << filled;
            filled += count;
            let word = buffer.to_le_bytes();
            match self.bytes.get_mut(written..).and_then(<[u8]>::first_chunk_mut) {
                Some(room) => *room = word,
                None => with_more_room(&mut self.bytes, written, word),
            }
            // Invariant: at most 7 + 56 bits are filled.
            written += (filled / 8) as usize;
            buffer >>= filled & !7;
            filled &= 7;
        }
        (self.written, self.buffer, self.filled) = (written, buffer, filled);
    }

    /// Fills the last byte up with 0.
    pub(super) fn align(&mut self) {
        self.put(0, self.filled.wrapping_neg() & 7);
    }

    /// Whole bytes, after [`align`](Self::align).
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.filled, 0);
        self.reserve(bytes.len());
        let end = self.written + bytes.len();
        if let Some(room) = self.bytes.get_mut(self.written..end) {
            room.copy_from_slice(bytes);
            self.written = end;
        }
    }

    /// Forgets all bits, and keeps the room that they had.
    pub(super) const fn clear(&mut self) {
        (self.written, self.buffer, self.filled) = (0, 0, 0);
    }

    /// The bytes that are full.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.written).unwrap_or(&[])
    }
}

#[cold]
fn with_more_room(bytes: &mut Vec<u8>, written: usize, word: [u8; 8]) {
    bytes.truncate(written);
    bytes.extend(word);
    bytes.resize(bytes.len().saturating_mul(2), 0);
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
            }
            bits.align();
            let bytes = bits.bytes().to_vec();
            prop_assert_eq!(bytes.len(), expected.len().div_ceil(8));
            expected.resize(bytes.len() * 8, false);
            let read: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).map(move |place| byte >> place & 1 == 1)).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
