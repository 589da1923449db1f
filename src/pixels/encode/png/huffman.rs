//! The prefix codes of a deflate block (RFC 1951, section 3.2.2): canonical, of a limited length, and the best there
//! are, or nearly so where the limit is felt. Those of a JPEG have such lengths as well.
//!
//! Lengths come from Huffman's algorithm with two queues (van Leeuwen, 1976): leaves in the order of how often they
//! occur, and trees in the order in which they are made, which is that of their weights. Codes that are too long become
//! as long as is allowed, and shorter ones make room for them (as in zlib's `gen_bitlen`): the fewest bits for the most
//! frequent symbols stay as they are.

/// The lengths of the codes of symbols that occur as often as `counts` says, at most `limit`, which is 16 or less and has
/// room for all of them; 0 for symbols that do not occur. There are codes for two symbols at least, since some decoders
/// refuse a code that is not complete.
pub(in crate::pixels::encode) fn lengths<const N: usize>(counts: &[u32; N], limit: u8) -> [u8; N] {
    let used = counts.iter().zip(0..).filter(|(count, _)| **count > 0).map(|(count, symbol)| (*count, symbol));
    let unused = counts.iter().zip(0..).filter(|(count, _)| **count == 0).map(|(_, symbol)| (1, symbol));
    let many = counts.iter().filter(|count| **count > 0).count().max(2);
    let mut leaves = [(0_u32, 0_u16); N];
    for (leaf, symbol) in leaves.iter_mut().zip(used.chain(unused).take(many)) {
        *leaf = symbol;
    }
    let leaves = leaves.get_mut(..many).unwrap_or_default();
    leaves.sort_unstable();

    let by_length = how_many_of_each_length::<N>(leaves, limit);
    let mut lengths = [0; N];
    // The rarest symbols have the longest codes.
    let mut leaves = leaves.iter();
    for (length, many) in (0..17_u8).zip(by_length).rev() {
        for (_, symbol) in leaves.by_ref().take(many as usize) {
            if let Some(place) = lengths.get_mut(usize::from(*symbol)) {
                *place = length;
            }
        }
    }
    lengths
}

/// By length from 0 on the number of codes, for two to `N` leaves in the order of how often they occur.
fn how_many_of_each_length<const N: usize>(leaves: &[(u32, u16)], limit: u8) -> [u32; 17] {
    // Nodes in the order in which they are merged: each with the node that it becomes part of.
    let (mut parents_of_leaves, mut parents_of_trees) = ([0_u16; N], [0_u16; N]);
    let (mut leaf_places, mut tree_places) = (parents_of_leaves.iter_mut(), parents_of_trees.iter_mut());
    let mut rest = leaves.iter().map(|(count, _)| *count).peekable();
    // The weights of all trees, of which so many are merged.
    let mut trees = [0_u32; N];
    let mut merged = 0;
    for (tree, number) in (0..leaves.len().saturating_sub(1)).zip(0..) {
        let mut weight = 0_u32;
        for _ in 0..2 {
            let oldest = trees.get(merged).filter(|_| merged < tree);
            // Of equals the leaf, so that no code is longer than need be.
            let leaf = match (rest.peek(), oldest) {
                (Some(leaf), Some(tree)) => leaf <= tree,
                (leaf, _) => leaf.is_some(),
            };
            if leaf {
                weight = weight.saturating_add(rest.next().unwrap_or(0));
                leaf_places.next().into_iter().for_each(|place| *place = number);
            } else {
                weight = weight.saturating_add(oldest.copied().unwrap_or(0));
                merged += 1;
                tree_places.next().into_iter().for_each(|place| *place = number);
            }
        }
        if let Some(place) = trees.get_mut(tree) {
            *place = weight;
        }
    }
    // Invariant: every tree but the last, which is the root, has a parent that was made after it.
    let mut depths = [0_u8; N];
    for (tree, parent) in parents_of_trees.iter().enumerate().take(merged).rev() {
        let depth = depths.get(usize::from(*parent)).map_or(1, |depth| depth.saturating_add(1));
        if let Some(place) = depths.get_mut(tree) {
            *place = depth;
        }
    }
    let mut by_length = [0_u32; 17];
    for parent in parents_of_leaves.iter().take(leaves.len()) {
        let length = depths.get(usize::from(*parent)).map_or(1, |depth| depth.saturating_add(1)).min(limit);
        if let Some(many) = by_length.get_mut(usize::from(length)) {
            *many += 1;
        }
    }
    make_room(&mut by_length, limit);
    by_length
}

/// Codes that were cut to the limit take more room than there is. While they do, one of the limit's length goes below
/// a shorter one, which thereby becomes longer.
fn make_room(by_length: &mut [u32; 17], limit: u8) {
    // Kraft's sum, in units of the longest code.
    let room = |by_length: &[u32; 17]| -> u64 {
        by_length.iter().zip(0..=limit).skip(1).map(|(many, length)| u64::from(*many) << (limit - length)).sum()
    };
    let limit = usize::from(limit);
    let mut excess = room(by_length).saturating_sub(1 << limit);
    while excess > 0 {
        let Some(shorter) = (1..limit).rev().find(|length| by_length.get(*length) > Some(&0)) else { return };
        for (length, change) in [(shorter, -1), (shorter + 1, 2), (limit, -1)] {
            if let Some(many) = by_length.get_mut(length) {
                *many = many.saturating_add_signed(change);
            }
        }
        excess -= 1;
    }
}

/// By the symbol its code, the first bit in the lowest, and above 16 bits that code's length.
#[derive(Debug)]
pub(super) struct Code<const N: usize> {
    symbols: [u32; N],
}

impl<const N: usize> Code<N> {
    /// Shorter codes come first, and of one length those of lower symbols.
    pub(super) fn canonical(lengths: &[u8]) -> Self {
        let mut next = [0_u16; 16];
        let mut many = [0_u16; 16];
        for length in lengths.iter().filter(|length| **length > 0) {
            if let Some(many) = many.get_mut(usize::from(*length)) {
                *many += 1;
            }
        }
        let mut code = 0_u16;
        for (next, many) in next.iter_mut().zip(many) {
            // Invariant: of complete codes only the first that does not exist would need a bit more.
            code = code.wrapping_shl(1);
            *next = code;
            code = code.wrapping_add(many);
        }
        let mut symbols = [0; N];
        for (symbol, length) in symbols.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
            if let Some(code) = next.get_mut(usize::from(*length)) {
                *symbol = u32::from(code.reverse_bits() >> (16 - length)) | u32::from(*length) << 16;
                *code = code.wrapping_add(1);
            }
        }
        Self { symbols }
    }

    /// As [`of`](Self::of), where every byte is a symbol.
    #[inline]
    pub(super) fn of_byte(&self, byte: u8) -> (u64, u32) {
        const { assert!(N > 255) };
        self.of(byte.into())
    }

    /// The code's bits, and how many they are.
    #[inline]
    pub(super) fn of(&self, symbol: usize) -> (u64, u32) {
        let code = self.symbols.get(symbol).copied().unwrap_or(0);
        (u64::from(code & 0xffff), code >> 16)
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is cut off is meant to be, or 0")]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    /// Kraft's sum, in units of the longest code.
    fn room(lengths: &[u8], limit: u8) -> u64 {
        lengths.iter().filter(|length| **length > 0).map(|length| 1_u64 << (limit - length)).sum()
    }

    /// What the best code takes: the sum of the weights of all trees.
    fn least(counts: &[u32]) -> u64 {
        let mut weights: Vec<u64> = counts.iter().filter(|count| **count > 0).map(|count| u64::from(*count)).collect();
        let mut bits = 0;
        while weights.len() > 1 {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            let tree = weights.pop().unwrap() + weights.pop().unwrap();
            bits += tree;
            weights.push(tree);
        }
        bits
    }

    proptest! {
        #[test]
        fn codes_are_complete_and_the_best(
            counts in proptest::collection::vec((any::<u16>(), 0..20_u32), 2..288),
            limit in 9..=16_u8,
        ) {
            let given: Vec<u32> = counts.into_iter().map(|(count, shift)| u32::from(count) >> shift).collect();
            let mut counts = [0; 288];
            counts[..given.len()].copy_from_slice(&given);
            let found = lengths(&counts, limit);
            prop_assert_eq!(room(&found, limit), 1 << limit);
            prop_assert!(found.iter().all(|length| *length <= limit));
            let used = counts.iter().filter(|count| **count > 0).count();
            prop_assert_eq!(found.iter().filter(|length| **length > 0).count(), used.max(2));
            prop_assert!(counts.iter().zip(&found).all(|(count, length)| *count == 0 || *length > 0));
            let bits: u64 = counts.iter().zip(&found).map(|(count, length)| u64::from(*count) * u64::from(*length)).sum();
            let least = least(&counts);
            if used > 1 && found.iter().all(|length| *length < limit) {
                prop_assert_eq!(bits, least);
            }
            prop_assert!(used < 2 || bits >= least);
        }
    }

    /// Fibonacci's numbers make the deepest tree.
    #[test]
    fn no_code_is_longer_than_the_limit_and_little_is_lost_by_it() {
        let mut numbers = std::iter::successors(Some((1, 1)), |(a, b)| Some((*b, a + b))).map(|(a, _)| a);
        let counts: [u32; 40] = std::array::from_fn(|_| numbers.next().unwrap());
        for limit in [7, 12, 15, 16] {
            let found = lengths(&counts, limit);
            assert_eq!((found.iter().max(), room(&found, limit)), (Some(&limit), 1 << limit));
            let bits: u64 =
                counts.iter().zip(&found).map(|(count, length)| u64::from(*count) * u64::from(*length)).sum();
            assert!(limit < 12 || bits < least(&counts) * 103 / 100, "{limit}");
        }
        assert_eq!(lengths(&[8, 0, 4, 2, 2], 15), [1, 0, 2, 3, 3]);
        assert_eq!(lengths(&[0, 0, 7, 0], 15), [1, 0, 1, 0]);
        assert_eq!(lengths(&[0; 4], 15), [1, 1, 0, 0]);
    }

    #[test]
    fn codes_are_those_of_the_specification() {
        // The example of RFC 1951, 3.2.2; there the first bit is the highest.
        let code = Code::<8>::canonical(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let bits = ["010", "011", "100", "101", "110", "00", "1110", "1111"];
        for (symbol, bits) in bits.iter().enumerate() {
            let reversed: String = bits.chars().rev().collect();
            assert_eq!(code.of(symbol), (u64::from_str_radix(&reversed, 2).unwrap(), bits.len() as u32));
        }
    }
}
