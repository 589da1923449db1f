//! Code lengths of an optimal prefix code, limited to a longest code.
//!
//! Huffman's algorithm with two queues (van Leeuwen, 1976): the leaves in ascending order of frequency, and the trees
//! in the order in which they are merged, which is that of their weights. Each step merges the two lightest of both
//! fronts. A symbol's code length is the depth of its leaf.
//!
//! Codes longer than the limit are shortened to it, which gives them more of the code space than there is. Then, as in
//! zlib's `gen_bitlen`, one code of the limit's length at a time becomes the sibling of a shorter code, which grows by
//! one bit. Among code lengths found so, the shortest go to the most frequent symbols. The result is optimal where no
//! code reaches the limit.
//!
//! A JPEG encoder with optimised Huffman tables can use the same lengths, with a limit of 16.

/// The longest code that [`code_lengths`] can make.
const MAX_LIMIT: u8 = 16;

/// Returns a code length in bits per symbol, 0 for a symbol whose count is 0.
///
/// `counts` are the frequencies of the symbols, `limit` is the longest code allowed. At least two symbols get a code,
/// the first of count 0 where too few occur, because some decoders refuse an incomplete code.
///
/// ```
/// use smart_resize_png::huffman::code_lengths;
///
/// assert_eq!(code_lengths(&[8, 0, 4, 2, 2], 15), [1, 0, 2, 3, 3]);
/// assert_eq!(code_lengths(&[8, 0, 4, 2, 2], 2), [2, 0, 2, 2, 2]);
/// assert_eq!(code_lengths(&[0, 0, 7, 0], 15), [1, 0, 1, 0]);
/// ```
///
/// # Panics
///
/// If `limit` is above 16, or if more symbols occur than there are codes of `limit` bits. `N` from 2 to 65,535 is
/// checked when the call is compiled.
pub fn code_lengths<const N: usize>(counts: &[u32; N], limit: u8) -> [u8; N] {
    const { assert!(N >= 2 && N < 1 << 16) };
    assert!(limit <= MAX_LIMIT, "code length limit is {limit}; expected 1 to {MAX_LIMIT}");

    // The leaves in ascending order of frequency, and of symbol where frequencies are equal.
    let used = counts.iter().zip(0_u16..).filter(|(count, _)| **count > 0).map(|(count, symbol)| (*count, symbol));
    let unused = counts.iter().zip(0_u16..).filter(|(count, _)| **count == 0).map(|(_, symbol)| (1, symbol));
    let len = counts.iter().filter(|count| **count > 0).count().max(2);
    assert!(len <= 1 << limit, "number of symbols is {len}; expected at most {} (codes of {limit} bits)", 1 << limit);
    let mut leaves = [(0_u32, 0_u16); N];
    for (leaf, symbol) in leaves.iter_mut().zip(used.chain(unused).take(len)) {
        *leaf = symbol;
    }
    let leaves = &mut leaves[..len];
    leaves.sort_unstable();

    let codes_of_length = codes_of_each_length::<N>(leaves, limit);
    let mut lengths = [0; N];
    // The rarest symbols get the longest codes.
    let mut leaves = leaves.iter();
    for (length, codes) in (0..=MAX_LIMIT).zip(codes_of_length).rev() {
        for (_, symbol) in leaves.by_ref().take(codes as usize) {
            lengths[usize::from(*symbol)] = length;
        }
    }
    lengths
}

/// Codes per length from 0 to 16 bits.
type CodesOfLength = [u32; MAX_LIMIT as usize + 1];

/// The number of codes of each length, for at least two leaves in ascending order.
fn codes_of_each_length<const N: usize>(leaves: &[(u32, u16)], limit: u8) -> CodesOfLength {
    // Tree `i` is the i-th merge. A node's parent is the number of the tree that it became part of. The arrays are the
    // queues: leaves and trees before `next_leaf` and `next_tree` have been merged.
    let (mut leaf_parents, mut tree_parents, mut weights) = ([0_u16; N], [0_u16; N], [0_u64; N]);
    let (mut next_leaf, mut next_tree) = (0, 0);
    let trees = leaves.len() - 1;
    for (tree, number) in (0..trees).zip(0_u16..) {
        let mut weight = 0;
        for _ in 0..2 {
            let (leaf, oldest) = (leaves.get(next_leaf), weights[next_tree]);
            // Where weights are equal the leaf is taken, so that no code becomes longer than it has to.
            match leaf {
                Some((count, _)) if next_tree == tree || u64::from(*count) <= oldest => {
                    weight += u64::from(*count);
                    leaf_parents[next_leaf] = number;
                    next_leaf += 1;
                }
                _ => {
                    weight += oldest;
                    tree_parents[next_tree] = number;
                    next_tree += 1;
                }
            }
        }
        weights[tree] = weight;
    }

    // From the root, which is the last tree, down: a parent was made after its children.
    let mut depths = [0_u8; N];
    for tree in (0..trees - 1).rev() {
        depths[tree] = depths[usize::from(tree_parents[tree])] + 1;
    }
    let mut codes_of_length = CodesOfLength::default();
    for parent in &leaf_parents[..leaves.len()] {
        let length = (depths[usize::from(*parent)] + 1).min(limit);
        codes_of_length[usize::from(length)] += 1;
    }
    complete(&mut codes_of_length, limit);
    codes_of_length
}

/// Makes the lengths those of a complete code, where shortened codes take more than the code space.
fn complete(codes_of_length: &mut CodesOfLength, limit: u8) {
    // Kraft's sum in units of the longest code: a code of length l takes 2^(limit - l) of 2^limit units.
    let taken: u64 = codes_of_length
        .iter()
        .zip(0..=limit)
        .skip(1)
        .map(|(codes, length)| u64::from(*codes) << (limit - length))
        .sum();
    let limit = usize::from(limit);
    // Each step frees one unit: the code of the limit's length gives its unit back, and the two siblings share what the
    // shorter code had.
    for _ in 1 << limit..taken {
        let shorter = (1..limit).rev().find(|length| codes_of_length[*length] > 0);
        let shorter = shorter.expect("invariant: not every code has the longest length");
        codes_of_length[shorter] -= 1;
        codes_of_length[shorter + 1] += 2;
        codes_of_length[limit] -= 1;
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "frequencies of a test are below 2^32")]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    /// Kraft's sum, in units of the longest code.
    fn space(lengths: &[u8], limit: u8) -> u64 {
        lengths.iter().filter(|length| **length > 0).map(|length| 1_u64 << (limit - length)).sum()
    }

    fn len_in_bits(counts: &[u32], lengths: &[u8]) -> u64 {
        counts.iter().zip(lengths).map(|(count, length)| u64::from(*count) * u64::from(*length)).sum()
    }

    /// The length of an optimal encoding: the sum of the weights of all trees, by a sort per merge.
    fn optimum(counts: &[u32]) -> u64 {
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
        fn a_code_is_complete_and_optimal_where_no_code_reaches_the_limit(
            counts in proptest::collection::vec((any::<u32>(), 0..32_u32), 2..288),
            limit in 9..=16_u8,
        ) {
            let given: Vec<u32> = counts.into_iter().map(|(count, shift)| count >> shift).collect();
            let mut counts = [0; 288];
            counts[..given.len()].copy_from_slice(&given);
            let found = code_lengths(&counts, limit);
            prop_assert_eq!(space(&found, limit), 1 << limit);
            prop_assert!(found.iter().all(|length| *length <= limit));
            let used = counts.iter().filter(|count| **count > 0).count();
            prop_assert_eq!(found.iter().filter(|length| **length > 0).count(), used.max(2));
            prop_assert!(counts.iter().zip(&found).all(|(count, length)| *count == 0 || *length > 0));
            let (bits, optimum) = (len_in_bits(&counts, &found), optimum(&counts));
            if used > 1 && found.iter().all(|length| *length < limit) {
                prop_assert_eq!(bits, optimum);
            }
            prop_assert!(used < 2 || bits >= optimum);
        }
    }

    /// Fibonacci numbers make the deepest tree.
    #[test]
    fn no_code_is_longer_than_the_limit_and_the_limit_costs_little() {
        let mut numbers = std::iter::successors(Some((1, 1)), |(a, b)| Some((*b, a + b))).map(|(a, _)| a);
        let counts: [u32; 40] = std::array::from_fn(|_| numbers.next().unwrap());
        for limit in [6, 7, 12, 15, 16] {
            let found = code_lengths(&counts, limit);
            assert_eq!((found.iter().max(), space(&found, limit)), (Some(&limit), 1 << limit));
            assert!(limit < 12 || len_in_bits(&counts, &found) < optimum(&counts) * 103 / 100, "{limit}");
        }
        assert_eq!(code_lengths(&[0; 4], 15), [1, 1, 0, 0]);
        assert_eq!(code_lengths(&[u32::MAX; 4], 15), [2; 4]);
        assert_eq!(code_lengths(&[9; 4], 2), [2; 4]);
    }

    #[test]
    #[should_panic(expected = "number of symbols is 5; expected at most 4 (codes of 2 bits)")]
    fn more_symbols_than_codes_are_refused() {
        code_lengths(&[1; 5], 2);
    }

    #[test]
    #[should_panic(expected = "code length limit is 17; expected 1 to 16")]
    fn a_limit_above_16_is_refused() {
        code_lengths(&[1; 5], 17);
    }

    #[test]
    fn where_weights_are_equal_a_leaf_is_merged_before_a_tree() {
        assert_eq!(code_lengths(&[1, 1, 2, 2], 15), [2; 4]);
    }

    #[test]
    fn among_symbols_with_equal_counts_the_lowest_has_the_longest_code() {
        assert_eq!(code_lengths(&[1, 1, 1], 15), [2, 2, 1]);
    }
}
