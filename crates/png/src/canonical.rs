//! The canonical prefix code of given code lengths.
//!
//! RFC 1951, section 3.2.2: shorter codes precede longer ones, and codes of equal length are in the order of their
//! symbols. So the lengths alone determine the code. A code is sent from its most significant bit, and the bit string
//! is filled from the least significant one (section 3.1.1), so each code is stored with its bits reversed.

/// The longest code of deflate, in bits.
const MAX_LENGTH: usize = 15;

/// A prefix code for `N` symbols.
#[derive(Debug)]
pub(crate) struct CanonicalCode<const N: usize> {
    /// Per symbol the reversed code in the lower 16 bits, and its length above them.
    symbols: [u32; N],
}

impl<const N: usize> CanonicalCode<N> {
    /// The code of these lengths, at most 15 bits each; 0 for a symbol without a code.
    pub(crate) fn new(lengths: &[u8; N]) -> Self {
        // Step 1 of the RFC: count the codes of each length.
        let mut codes_of_length = [0_u32; MAX_LENGTH + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            codes_of_length[usize::from(*length)] += 1;
        }
        // Step 2: the smallest code of each length.
        let mut next = [0_u32; MAX_LENGTH + 1];
        let mut code = 0;
        for (next, codes) in next.iter_mut().zip(codes_of_length) {
            code <<= 1;
            *next = code;
            code += codes;
        }
        // Step 3: consecutive codes for the symbols of one length.
        let mut symbols = [0; N];
        for (symbol, length) in symbols.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
            let next = &mut next[usize::from(*length)];
            *symbol = next.reverse_bits() >> (32 - u32::from(*length)) | u32::from(*length) << 16;
            *next += 1;
        }
        Self { symbols }
    }

    /// The code of a symbol and its length in bits.
    #[inline]
    pub(crate) fn get(&self, symbol: usize) -> (u64, u32) {
        let code = self.symbols[symbol];
        (u64::from(code & 0xffff), code >> 16)
    }

    /// [`get`](Self::get) where every byte is a symbol, so that no bounds are checked.
    #[inline]
    pub(crate) fn get_byte(&self, byte: u8) -> (u64, u32) {
        const { assert!(N > 255) };
        self.get(usize::from(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_that_of_the_example_in_the_specification() {
        // RFC 1951, section 3.2.2, where the first bit is the leftmost.
        let code = CanonicalCode::new(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let bits = ["010", "011", "100", "101", "110", "00", "1110", "1111"];
        for (symbol, bits) in bits.iter().enumerate() {
            let reversed: String = bits.chars().rev().collect();
            let length = u32::try_from(bits.len()).unwrap();
            assert_eq!(code.get(symbol), (u64::from_str_radix(&reversed, 2).unwrap(), length));
        }
    }
}
