//! A set of small numbers, with one bit for each.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// A set of numbers below a fixed bound, such as the targets of a request. Sets of one bound can be combined.
///
/// Sets are ordered like their members in ascending order: the set that has the lowest number in which two sets differ
/// comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Creates the empty set of numbers below `bound`.
    pub(super) fn new(bound: usize) -> Self {
        Self(alloc::vec![0; bound.div_ceil(64)])
    }

    /// Creates the set of the numbers below `bound` that `has` selects.
    pub(super) fn of(bound: usize, has: impl Fn(usize) -> bool) -> Self {
        let mut bits = Self::new(bound);
        (0..bound).filter(|number| has(*number)).for_each(|number| bits.insert(number));
        bits
    }

    /// Adds a number below the bound.
    pub(super) fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Removes a number.
    pub(super) fn remove(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Returns the number of members.
    pub(super) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Returns the number of members that both sets have.
    pub(super) fn count_common(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(a, b)| (a & b).count_ones()).sum()
    }

    pub(super) fn intersects(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & !b == 0)
    }

    /// Returns the members of both sets.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// Returns the members of this set that are not in `other`.
    pub(super) fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & !b).collect())
    }

    /// Adds the members of `other`.
    pub(super) fn extend(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    /// Iterates over the members in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut word = *word;
            core::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                // This clears the lowest bit. An empty word has 64 trailing zeros, which ends the iteration.
                word &= word.wrapping_sub(1);
                (bit < u64::BITS).then_some(index * 64 + bit as usize)
            })
        })
    }
}

impl Ord for Bits {
    fn cmp(&self, other: &Self) -> Ordering {
        // Number 0 is the lowest bit, so of two words the one with the greater reversed bits comes first.
        let reversed = |bits: &Self| bits.0.iter().map(|word| u64::MAX - word.reverse_bits()).collect::<Vec<_>>();
        reversed(self).cmp(&reversed(other))
    }
}

impl PartialOrd for Bits {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set of numbers below 200, which fill four words.
    fn set(members: &[usize]) -> Bits {
        Bits::of(200, |number| members.contains(&number))
    }

    #[test]
    fn the_members_of_a_set_are_in_ascending_order() {
        let members = [0, 1, 63, 64, 127, 128, 199];
        assert_eq!(set(&members).iter().collect::<Vec<_>>(), members);
        assert_eq!((set(&members).count(), set(&[]).iter().next()), (7, None));
    }

    #[test]
    fn the_set_with_the_lowest_number_in_which_two_sets_differ_comes_first() {
        let sorted = [set(&[0, 1]), set(&[0, 199]), set(&[0]), set(&[1, 2]), set(&[63]), set(&[64]), set(&[])];
        assert!(sorted.is_sorted() && sorted.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_number_is_inserted_and_removed_without_its_neighbours() {
        let mut bits = set(&[62, 64, 128]);
        bits.insert(63);
        bits.remove(64);
        assert_eq!(bits, set(&[62, 63, 128]));
        assert!(bits.has(63) && !bits.has(64) && !bits.is_empty() && set(&[]).is_empty());
    }

    #[test]
    fn sets_are_combined_in_every_word() {
        let (a, b) = (set(&[1, 2, 130]), set(&[2, 130, 131]));
        assert_eq!((a.and(&b), a.without(&b), a.count_common(&b)), (set(&[2, 130]), set(&[1]), 2));
        let mut all = a.clone();
        all.extend(&b);
        assert_eq!(all, set(&[1, 2, 130, 131]));
        assert!(a.is_subset(&all) && !all.is_subset(&a) && a.is_subset(&a));
        assert!(a.intersects(&set(&[130])) && !a.intersects(&set(&[131, 66])));
    }
}
