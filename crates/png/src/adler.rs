//! Adler-32 of consecutive byte strings, from the checksums of the parts.
//!
//! RFC 1950, section 8.2: `a` is one plus the sum of the bytes and `b` is the sum of every intermediate `a`, both
//! modulo 65521. The checksum of a concatenation follows from the two checksums and the length of the second part,
//! because every intermediate `a` of the second part is larger by the first part's `a` less one.

/// Largest prime below 2^16.
const MODULUS: u64 = 65_521;

/// The Adler-32 checksum of some bytes, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Adler32 {
    /// The sum `b` in the upper 16 bits and `a` in the lower ones.
    pub(crate) checksum: u32,
    /// The number of bytes modulo 65521.
    length: u64,
}

impl Adler32 {
    /// The checksum of no bytes.
    pub(crate) const EMPTY: Self = Self { checksum: 1, length: 0 };

    /// The checksum of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { checksum: simd_adler32::adler32(&bytes), length: bytes.len() as u64 % MODULUS }
    }

    /// The checksum of these bytes followed by the bytes of `next`.
    pub(crate) fn concat(self, next: Self) -> Self {
        let split = |checksum: u32| (u64::from(checksum & 0xffff), u64::from(checksum >> 16));
        let ((a1, b1), (a2, b2)) = (split(self.checksum), split(next.checksum));
        // The second part's sums began at 1 instead of a1. One modulus is added so that no difference is negative.
        let offset = (a1 + MODULUS - 1) % MODULUS;
        let (a, b) = ((a2 + offset) % MODULUS, (b1 + b2 + offset * next.length) % MODULUS);
        let checksum = u32::try_from(b << 16 | a).expect("invariant: both sums are below 2^16");
        Self { checksum, length: (self.length + next.length) % MODULUS }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn checksums_of_parts_give_the_checksum_of_the_whole(
            bytes in proptest::collection::vec(any::<u8>(), 0..9000), at in any::<u16>(),
        ) {
            let (first, second) = bytes.split_at(usize::from(at) % (bytes.len() + 1));
            let both = Adler32::EMPTY.concat(Adler32::of(first)).concat(Adler32::of(second));
            prop_assert_eq!(both, Adler32::of(&bytes));
        }
    }

    #[test]
    fn a_second_part_longer_than_the_modulus_counts_modulo_it() {
        let bytes = vec![255; 200_000];
        let (first, second) = bytes.split_at(60_001);
        assert_eq!(Adler32::of(first).concat(Adler32::of(second)), Adler32::of(&bytes));
    }
}
