//! The probe: a search for obvious matches that is almost free where there are none.
//!
//! As in LZ4, a hash of the next six bytes names one candidate, the last position with that hash, and the step between
//! two positions grows with every miss. In a photograph the probe looks at one byte in sixty-five, and still finds runs
//! and repeated scanlines. A match found late is extended backwards over the bytes that were stepped over. It is kept
//! only where its bytes would take more bits as literals.

use super::prefix::{common_prefix, load};
use super::prices::Prices;
use super::tables::{PROBE_BITS, PROBE_SLOTS, hash};
use super::token::{MAX_MATCH, Token, WINDOW};

/// How many bytes of a candidate must be equal.
const MIN_MATCH: usize = 6;

/// The largest step, in bytes, less one.
const MAX_SKIPPED: usize = 64;

/// The estimate of a match without its distance, in bits. Higher than the hash chains', because a match of the probe is
/// not the best one.
const MATCH_BITS: u64 = 14;

/// The state of the probe in some data.
#[derive(Debug)]
pub(super) struct Probe<'a> {
    /// The filtered scanlines of the strip.
    data: &'a [u8],
    /// Per hash of six bytes their last position plus `base`.
    table: &'a mut [u32; PROBE_SLOTS],
    /// More than every entry of an earlier search, so that the table need not be cleared.
    base: u32,
    /// How many positions had no match lately: one more for each, a quarter of it after a match, half of it in the next
    /// segment.
    misses: usize,
}

impl<'a> Probe<'a> {
    /// A probe that has seen nothing of the data. The table may hold entries below the base.
    pub(super) const fn new(data: &'a [u8], table: &'a mut [u32; PROBE_SLOTS], base: u32) -> Self {
        Self { data, table, base, misses: 0 }
    }

    /// Searches the segment from `start` to `end`, and replaces `tokens` by its tokens. Returns how many bytes the matches
    /// cover. Segments are searched in their order. The step between positions grows by 1 with every 2^`patience` misses.
    pub(super) fn search(
        &mut self,
        start: usize,
        end: usize,
        patience: u32,
        prices: &Prices,
        tokens: &mut Vec<Token>,
    ) -> usize {
        tokens.clear();
        let (mut at, mut first_literal, mut matched) = (start, start, 0);
        // The last segment's misses predict this one's.
        let mut misses = self.misses / 2;
        while at + MIN_MATCH <= end && at + 8 <= self.data.len() {
            // `load` reads eight bytes. The candidate may be of another six bytes with the same hash, so its bytes are compared.
            let six = six_bytes(load(self.data, at));
            if let Some(mut from) = self.exchange(six, at)
                && at - from <= WINDOW
                && six_bytes(load(self.data, from)) == six
            {
                let most = (end - at).min(MAX_MATCH) - MIN_MATCH;
                let mut length = MIN_MATCH + common_prefix(self.data, from + MIN_MATCH, at + MIN_MATCH, most);
                // Extend the match backwards, up to the last match or the longest length.
                let mut begin = at;
                while begin > first_literal
                    && length < MAX_MATCH
                    && from > 0
                    && self.data[begin - 1] == self.data[from - 1]
                {
                    (begin, from, length) = (begin - 1, from - 1, length + 1);
                }
                let distance = begin - from;
                if prices.is_match_cheaper(&self.data[begin..begin + length], distance, MATCH_BITS) {
                    tokens.push(Token::new(begin - first_literal, length, distance));
                    matched += length;
                    at = begin + length;
                    // The position before is entered, so that a run longer than a match continues at distance 1.
                    if at + 7 <= self.data.len() {
                        self.exchange(six_bytes(load(self.data, at - 1)), at - 1);
                    }
                    (first_literal, misses) = (at, misses / 4);
                    continue;
                }
                // The later bytes of this match are cheap as literals too, so the search continues at its end. The step
                // below adds at least 1.
                at = begin + length - 1;
            }
            // After 2^patience misses the step is 2, after twice as many 3, and so on.
            misses += 1;
            at += 1 + (misses >> patience).min(MAX_SKIPPED);
        }
        self.misses = misses;
        if first_literal < end {
            tokens.push(Token::literals(end - first_literal));
        }
        matched
    }

    /// Enters the position of six bytes, and returns the one before it.
    #[inline]
    fn exchange(&mut self, six: u64, at: usize) -> Option<usize> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "base and length together are below 2^32 (`Tables::begin`)"
        )]
        let entry = self.base + at as u32;
        let before = std::mem::replace(&mut self.table[hash(six, PROBE_BITS)], entry);
        // An entry of an earlier search is below the base.
        Some(before.checked_sub(self.base)? as usize)
    }
}

/// The first six bytes of a little-endian word, in its upper bits: where a multiplication mixes them best.
const fn six_bytes(word: u64) -> u64 {
    word << 16
}

#[cfg(test)]
mod tests {
    use super::super::symbol::LITERAL_LENGTH_SYMBOLS;
    use super::*;

    /// Random bytes, which have no matches.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 5_u32;
        let byte = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..length).map(byte).collect()
    }

    /// Every byte is priced at 8 bits: the logarithm of 256, as one in 256 bytes has its value.
    fn expensive() -> Prices {
        Prices::new(&[1; LITERAL_LENGTH_SYMBOLS], 256)
    }

    /// The tokens of the whole data, and the positions that were entered.
    fn probed(data: &[u8], patience: u32, prices: &Prices) -> (Vec<Token>, Vec<usize>) {
        let (mut table, mut tokens) = (Box::new([0; PROBE_SLOTS]), Vec::new());
        Probe::new(data, &mut table, 1).search(0, data.len(), patience, prices, &mut tokens);
        (tokens, entered(&*table))
    }

    /// The positions in a table whose base is 1. An empty slot has 0.
    fn entered(table: &[u32]) -> Vec<usize> {
        let mut places: Vec<usize> =
            table.iter().filter(|entry| **entry > 0).map(|entry| *entry as usize - 1).collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn six_bytes_are_a_match_and_five_are_not() {
        let found = |repeated: &str| {
            let data = ["abcdefgh,", repeated, "!1234567"].concat();
            probed(data.as_bytes(), 20, &expensive()).0
        };
        assert_eq!(found("abcdef"), [Token::new(9, 6, 9), Token::literals(8)]);
        assert_eq!(found("abcde"), [Token::literals(22)]);
    }

    #[test]
    fn the_step_grows_by_a_byte_after_each_2_to_the_patience_misses() {
        let data = noise(40);
        assert_eq!(probed(&data, 1, &expensive()).1, [0, 1, 3, 5, 8, 11, 15, 19, 24, 29]);
        assert_eq!(probed(&data, 2, &expensive()).1, [0, 1, 2, 3, 5, 7, 9, 11, 14, 17, 20, 23, 27, 31]);
    }

    #[test]
    fn the_largest_step_skips_64_bytes() {
        let places = probed(&noise(12_000), 0, &expensive()).1;
        let steps = places.windows(2).map(|two| two[1] - two[0]);
        assert_eq!(steps.skip(80).min(), Some(65));
    }

    #[test]
    fn half_of_the_misses_of_a_segment_go_on_in_the_next_and_a_quarter_behind_a_match() {
        let data = noise(400);
        let (mut table, mut tokens) = (Box::new([0; PROBE_SLOTS]), Vec::new());
        let mut probe = Probe::new(&data, &mut table, 1);
        probe.misses = 20;
        probe.search(0, 200, 0, &expensive(), &mut tokens);
        // The step after the first miss is 1 + 11.
        assert_eq!(entered(&*table)[..2], [0, 12]);

        let data = [b"abcdefgh,abcdefgh!", &noise(60)[..]].concat();
        let mut table = Box::new([0; PROBE_SLOTS]);
        let mut probe = Probe::new(&data, &mut table, 1);
        probe.search(0, data.len(), 4, &expensive(), &mut tokens);
        assert_eq!(tokens[0], Token::new(9, 8, 9));
        // The match leaves 2 of 9 misses. After 14 more there are 16, and the step is 2.
        let behind = entered(&*table).into_iter().filter(|place| *place >= 17);
        assert_eq!(behind.skip(12).take(4).collect::<Vec<_>>(), [29, 30, 32, 34]);
    }

    #[test]
    fn a_match_found_late_is_extended_backwards_up_to_the_last_match() {
        let text = "abcdefghijklmnopqrst";
        let data = [text, ",!", text, "12345678"].concat();
        // The probe looks at the places 0, 2, 5, 9, 14, 20 and 27, and finds the sixth byte of the text at the last.
        assert_eq!(probed(data.as_bytes(), 0, &expensive()).0[0], Token::new(22, 20, 22));
        // The bytes before the second match equal those before its candidate, and belong to the first match.
        let data = "abcdefgh1fgh23456789,abcdefgh23456789!qrstuvw";
        let expected = [Token::new(21, 8, 21), Token::new(0, 8, 17), Token::literals(8)];
        assert_eq!(probed(data.as_bytes(), 20, &expensive()).0, expected);
    }

    #[test]
    fn a_run_longer_than_a_match_continues_at_distance_1() {
        let found = probed(&[7; 800], 2, &expensive()).0;
        assert_eq!(found[..3], [Token::new(1, 258, 1), Token::new(0, 258, 1), Token::new(0, 258, 1)]);
    }

    #[test]
    fn the_candidate_is_as_far_back_as_the_window_and_no_farther() {
        for (distance, is_found) in [(WINDOW, true), (WINDOW + 1, false)] {
            let data = [b"abcdefgh", &vec![b'.'; distance - 8][..], b"abcdefgh!1234567"].concat();
            let found = probed(&data, 20, &expensive()).0;
            assert_eq!(found.iter().any(|token| usize::from(token.distance) == distance), is_found);
        }
    }

    /// Every byte is priced at 4 bits here, so that six take 24. A match takes 14 bits and the logarithm of its distance,
    /// which is 10 for 1024.
    #[test]
    fn a_match_is_kept_only_where_its_bytes_take_more_bits_as_literals() {
        let prices = Prices::new(&[16; LITERAL_LENGTH_SYMBOLS], 256);
        for (distance, is_kept) in [(1023, true), (1024, false)] {
            let data = [b"abcdef", &vec![b'.'; distance - 6][..], b"abcdef!1234567"].concat();
            let found = probed(&data, 20, &prices).0;
            assert_eq!(found.iter().any(|token| usize::from(token.distance) == distance), is_kept);
        }
    }
}
