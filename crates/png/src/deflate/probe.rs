//! The probe: a search for obvious matches that is almost free where there are none.
//!
//! As in LZ4, a hash of the next six bytes names one candidate, the last position with that hash, and the step between
//! two positions grows with every miss. In a photograph the probe looks at one byte in sixty-four, and still finds runs
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
    base: u32,
    /// The number of positions without a match since the last one.
    misses: usize,
}

impl<'a> Probe<'a> {
    /// A probe that has seen nothing of the data. The table may hold entries below the base.
    pub(super) const fn new(data: &'a [u8], table: &'a mut [u32; PROBE_SLOTS], base: u32) -> Self {
        Self { data, table, base, misses: 0 }
    }

    /// Replaces `tokens` by those of the bytes from `start` to `end`. Returns how many bytes the matches cover.
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
            // The candidate may be of another six bytes with the same hash, so its bytes are compared.
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
                // Bytes that are cheap as literals would be found cheap from the next position on too.
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

/// The first six bytes of a word, in its upper bits: where a multiplication mixes them best.
const fn six_bytes(word: u64) -> u64 {
    word << 16
}
