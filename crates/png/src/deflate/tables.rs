//! Hash tables of positions, kept from one search to the next without being cleared.
//!
//! A table entry is a position plus the search's base, and every search begins with a base past all entries of the
//! searches before it. So an entry below the base is out of date and counts as empty; nothing has to be written to
//! empty a table. Only where the base would overflow are the tables cleared.

use super::token::WINDOW;

/// Slots of the [probe](super::probe)'s table: 16 KiB, so that it shares the first-level cache with the data.
pub(super) const PROBE_BITS: u32 = 12;
/// The number of these slots.
pub(super) const PROBE_SLOTS: usize = 1 << PROBE_BITS;

/// Slots of the [hash chains](super::hash_chain)' heads.
pub(super) const HEAD_BITS: u32 = 15;
/// The number of these slots.
pub(super) const HEAD_SLOTS: usize = 1 << HEAD_BITS;

/// The memory of all searches.
#[derive(Debug, Default)]
pub(super) struct Tables {
    probe: Vec<u32>,
    heads: Vec<u32>,
    previous: Vec<u32>,
    /// The base of the next search; 0 before the first one.
    next_base: u32,
}

/// The tables as arrays, whose lengths the compiler knows.
#[derive(Debug)]
pub(super) struct TablesMut<'a> {
    pub(super) probe: &'a mut [u32; PROBE_SLOTS],
    pub(super) heads: &'a mut [u32; HEAD_SLOTS],
    pub(super) previous: &'a mut [u32; WINDOW],
    /// What an entry exceeds its position by.
    pub(super) base: u32,
}

impl Tables {
    /// Begins a search with positions below `length`, which is below 2^32.
    pub(super) fn begin(&mut self, length: usize) -> TablesMut<'_> {
        let length = u32::try_from(length).expect("invariant: a strip is below 2^32 bytes");
        if self.next_base == 0 || self.next_base.checked_add(length).is_none() {
            self.clear();
            // An entry of 0 is empty, so no base is 0.
            self.next_base = 1;
        }
        let base = self.next_base;
        self.next_base += length;
        let Self { probe, heads, previous, .. } = self;
        TablesMut { probe: array(probe), heads: array(heads), previous: array(previous), base }
    }

    /// Empties every table, and allocates it if there was no search before.
    fn clear(&mut self) {
        let Self { probe, heads, previous, .. } = self;
        for (table, slots) in [(probe, PROBE_SLOTS), (heads, HEAD_SLOTS), (previous, WINDOW)] {
            table.clear();
            table.resize(slots, 0);
        }
    }

    /// Continues as if the searches before had reached this position.
    #[cfg(test)]
    pub(super) const fn set_next_base(&mut self, next_base: u32) {
        self.next_base = next_base;
    }
}

/// The table as an array.
fn array<const N: usize>(table: &mut [u32]) -> &mut [u32; N] {
    table.try_into().expect("invariant: a table has its length once a search has begun")
}

/// The upper `bits` bits of a multiplicative hash.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "at most 15 bits are left")]
pub(super) const fn hash(word: u64, bits: u32) -> usize {
    // The multiplier is the first prime of xxHash64, close to 2^64 divided by the golden ratio.
    (word.wrapping_mul(0x9e37_79b1_85eb_ca87) >> (64 - bits)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_base_is_past_the_entries_before_it_and_none_is_0() {
        let mut tables = Tables::default();
        assert_eq!([100, 1, 50].map(|length| tables.begin(length).base), [1, 101, 102]);
    }

    #[test]
    fn tables_are_cleared_only_where_the_base_would_overflow() {
        let mut tables = Tables::default();
        tables.begin(9).heads[3] = 7;
        tables.set_next_base(u32::MAX - 5);
        let TablesMut { heads, base, .. } = tables.begin(5);
        assert_eq!((heads[3], base), (7, u32::MAX - 5));
        let TablesMut { heads, base, .. } = tables.begin(1);
        assert_eq!((heads[3], base), (0, 1));
    }
}
