//! The entropy-coded segment of a scan: codes and additional bits, packed from the highest bit of each byte on (T.81,
//! F.1.2 and B.1.1.5).
//!
//! A byte 0xff is followed by a zero byte, so that it is not taken for a marker. Ones fill up the last byte.

use crate::huffman::Codes;
use crate::symbol::Word;

/// The words that are packed before zero bytes are stuffed. They take at most 27 bits each.
const CHUNK: usize = 1024;

/// The bytes of a chunk of words, and what the last store writes beyond them.
const ROOM: usize = CHUNK * 27 / 8 + 16;

/// Appends the words of a scan to the file.
#[inline(always)]
pub(crate) fn put_words(words: &[Word], codes: &Codes, file: &mut Vec<u8>) {
    let mut packer = Packer { bytes: [0; ROOM], written: 0, buffer: 0, filled: 0 };
    for chunk in words.chunks(CHUNK) {
        let (pairs, rest) = chunk.as_chunks();
        for &[a, b] in pairs {
            // Two words and what is left of the byte before take at most 61 bits.
            let ((a, bits_a), (b, bits_b)) = (codes.of(a), codes.of(b));
            packer.put(a << bits_b | b, bits_a + bits_b);
        }
        for word in rest {
            let (code, bits) = codes.of(*word);
            packer.put(code, bits);
        }
        packer.flush(file);
    }
    // Seven ones complete a byte that has begun, and do not begin another.
    packer.put(0x7f, 7);
    packer.flush(file);
}

struct Packer {
    bytes: [u8; ROOM],
    written: usize,
    /// The bits of a byte that is not complete are the lowest.
    buffer: u64,
    /// How many these are, at most 7.
    filled: u32,
}

impl Packer {
    #[inline(always)]
    fn put(&mut self, code: u64, bits: u32) {
        self.buffer = self.buffer << bits | code;
        self.filled += bits;
        // Bytes behind the last complete one are written again by the next store.
        let aligned = self.buffer << (63 - self.filled) << 1;
        self.bytes[self.written..self.written + 8].copy_from_slice(&aligned.to_be_bytes());
        self.written += (self.filled / 8) as usize;
        self.filled &= 7;
    }

    /// Moves the complete bytes to the file, with a zero byte behind each 0xff.
    fn flush(&mut self, file: &mut Vec<u8>) {
        let mut bytes = &self.bytes[..self.written];
        while let Some(at) = position_of_ff(bytes) {
            file.extend_from_slice(&bytes[..=at]);
            file.push(0);
            bytes = &bytes[at + 1..];
        }
        file.extend_from_slice(bytes);
        self.written = 0;
    }
}

fn position_of_ff(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let clean = 8 * words.iter().take_while(|word| !has_ff(**word)).count();
    bytes[clean..].iter().position(|byte| *byte == 0xff).map(|at| clean + at)
}

/// Whether one of eight bytes is 0xff: the complement has a zero byte, which borrows from its highest bit.
const fn has_ff(bytes: [u8; 8]) -> bool {
    let word = u64::from_ne_bytes(bytes);
    (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbol::Symbols;

    #[test]
    fn each_ff_is_followed_by_a_zero_byte() {
        for at in 0..20 {
            let mut packer = Packer { bytes: [7; ROOM], written: 20, buffer: 0, filled: 0 };
            packer.bytes[at] = 0xff;
            packer.bytes[19] = 0xff;
            let mut expected = packer.bytes[..20].to_vec();
            expected.push(0);
            if at < 19 {
                expected.insert(at + 1, 0);
            }
            let mut file = Vec::new();
            packer.flush(&mut file);
            assert_eq!(file, expected, "{at}");
        }
    }

    /// The bytes of DC differences of 0, each of which has the code 0.
    fn zeros(count: usize) -> Vec<u8> {
        let mut symbols = Symbols::default();
        symbols.reserve(count);
        (0..count).for_each(|_| symbols.put_dc(0, 0));
        let (codes, _) = Codes::optimal(symbols.counts());
        let mut file = Vec::new();
        put_words(symbols.words(), &codes, &mut file);
        file
    }

    #[test]
    fn ones_fill_up_the_last_byte_and_do_not_begin_another() {
        assert_eq!((zeros(0), zeros(1), zeros(7), zeros(8)), (vec![], vec![0x7f], vec![1], vec![0]));
    }

    #[test]
    fn no_bit_is_lost_between_two_chunks_of_words() {
        for count in [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1] {
            let mut expected = vec![0; count / 8];
            expected.extend((count % 8 > 0).then(|| 0xff >> (count % 8)));
            assert_eq!(zeros(count), expected, "{count} words");
        }
    }

    #[test]
    fn codes_are_packed_from_the_highest_bit_of_each_byte_on() {
        let mut packer = Packer { bytes: [0; ROOM], written: 0, buffer: 0, filled: 0 };
        for (code, bits) in [(0b101, 3), (0, 2), (0b11_0000_1101, 10), (1, 1)] {
            packer.put(code, bits);
        }
        assert_eq!((packer.written, packer.filled), (2, 0));
        assert_eq!(packer.bytes[..2], [0b1010_0110, 0b0001_1011]);
    }
}
