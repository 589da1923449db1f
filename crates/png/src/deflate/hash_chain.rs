//! The thorough search: hash chains and lazy matching, as in zlib.
//!
//! Positions whose next bytes have the same hash form a chain: `heads` has the last position of each chain, and
//! `previous` has, for each position in the window, the one before it in its chain. A search follows the chain from the
//! nearest candidate to farther ones and keeps the longest match; of two with one length the nearer, whose distance
//! takes fewer bits. A match is deferred by a byte where the next position has a longer one (lazy matching).

use super::parameters::ChainParameters;
use super::prefix::{common_prefix, load};
use super::prices::Prices;
use super::tables::{HEAD_BITS, HEAD_SLOTS, hash};
use super::token::{MAX_MATCH, Token, WINDOW};

/// Positions entered at either end of a long match. The others of a run would only make its chain longer.
const ENTERED_OF_LONG: usize = 4;

/// Only shorter matches are priced. As literals, this many bytes take more bits than a match, unless nearly all of them
/// take one bit.
const PRICED_BELOW: usize = 16;

/// The estimate of a match without its distance, in bits.
const MATCH_BITS: u64 = 11;

/// A match that a chain led to.
#[derive(Clone, Copy, Debug)]
struct Match {
    length: usize,
    distance: usize,
}

/// The hash chains of some data.
#[derive(Debug)]
pub(super) struct HashChains<'a> {
    /// The filtered scanlines of the strip.
    data: &'a [u8],
    /// Per hash the last position plus `base`.
    heads: &'a mut [u32; HEAD_SLOTS],
    /// Per position modulo the window the position before it in its chain, plus `base`.
    previous: &'a mut [u32; WINDOW],
    base: u32,
    /// Positions before this one are entered, or are left out.
    entered: usize,
}

impl<'a> HashChains<'a> {
    /// Chains without positions. The tables may hold entries below the base.
    pub(super) const fn new(
        data: &'a [u8],
        heads: &'a mut [u32; HEAD_SLOTS],
        previous: &'a mut [u32; WINDOW],
        base: u32,
    ) -> Self {
        Self { data, heads, previous, base, entered: 0 }
    }

    /// Replaces `tokens` by those of the bytes from `start` to `end`. With `prices`, a short match must be cheaper than
    /// its literals. Returns how many bytes the matches cover.
    pub(super) fn search(
        &mut self,
        start: usize,
        end: usize,
        parameters: ChainParameters,
        prices: Option<&Prices>,
        tokens: &mut Vec<Token>,
    ) -> usize {
        tokens.clear();
        // Segments that were not searched are entered now, as far as the window reaches.
        self.entered = self.entered.max(start.saturating_sub(WINDOW));
        let (mut at, mut first_literal, mut deferred, mut matched) = (start, start, None, 0);
        while at < end {
            // The match that was deferred to this position, or a new search.
            let found = deferred.take().or_else(|| self.longest_match(at, end, parameters, 0));
            let Some(Match { length, distance }) = found.filter(|found| self.is_cheaper(at, *found, prices)) else {
                at += 1;
                continue;
            };
            // Lazy matching: one more literal, if the match at the next position is longer.
            if length < parameters.max_lazy {
                deferred = self.longest_match(at + 1, end, parameters, length);
                if deferred.is_some() {
                    at += 1;
                    continue;
                }
            }
            tokens.push(Token::new(at - first_literal, length, distance));
            matched += length;
            // The other positions of the match are entered by the next search; those inside a long match never are.
            if length >= 4 * ENTERED_OF_LONG && length >= parameters.max_lazy {
                self.enter(at + ENTERED_OF_LONG, parameters.min_match);
                self.entered = self.entered.max(at + length - ENTERED_OF_LONG);
            }
            at += length;
            first_literal = at;
        }
        if first_literal < end {
            tokens.push(Token::literals(end - first_literal));
        }
        matched
    }

    /// Whether a match is cheaper than its literals, as far as prices are known.
    fn is_cheaper(&self, at: usize, found: Match, prices: Option<&Prices>) -> bool {
        let Match { length, distance } = found;
        prices.is_none_or(|prices| {
            length >= PRICED_BELOW || prices.is_match_cheaper(&self.data[at..at + length], distance, MATCH_BITS)
        })
    }

    /// Enters every position before `to` that eight bytes follow.
    fn enter(&mut self, to: usize, min_match: usize) {
        let end = self.data.len().min(to + 7);
        // Windows of eight bytes, so that a word is loaded without a check of bounds; the last seven positions of the
        // data have none and are never entered.
        for eight in self.data[self.entered..end].windows(8) {
            let word = first_bytes(
                u64::from_le_bytes(*eight.first_chunk().expect("invariant: a window has eight bytes")),
                min_match,
            );
            #[expect(
                clippy::cast_possible_truncation,
                reason = "base and length together are below 2^32 (`Tables::begin`)"
            )]
            let entry = self.base + self.entered as u32;
            // The position becomes the head of its chain, in front of the head before.
            let head = &mut self.heads[hash(word, HEAD_BITS)];
            self.previous[self.entered % WINDOW] = std::mem::replace(head, entry);
            self.entered += 1;
        }
    }

    /// The longest match at `at` that ends by `end` and is longer than `than`.
    fn longest_match(&mut self, at: usize, end: usize, parameters: ChainParameters, than: usize) -> Option<Match> {
        let ChainParameters { max_chain, min_match, nice_match, .. } = parameters;
        self.enter(at, min_match);
        let data = self.data;
        let most = (end - at).min(MAX_MATCH);
        let mut best = Match { length: min_match.max(than + 1) - 1, distance: 0 };
        if most <= best.length || at + 8 > data.len() {
            return None;
        }
        let word = first_bytes(load(data, at), min_match);
        // A longer match must be equal at the byte after the best one, which is compared first.
        let mut next_byte = data[at + best.length];
        let mut entry = self.heads[hash(word, HEAD_BITS)];
        let mut nearest = at;
        // As with zlib's `good_length`, a deferred match that is already long is worth fewer candidates.
        let candidates = if than >= 2 * min_match { max_chain / 4 } else { max_chain };
        for _ in 0..candidates {
            // The chain ends at an entry of an earlier search, beyond the window, or where a slot of `previous` has
            // been reused by a later position.
            let Some(from) = entry.checked_sub(self.base).map(|from| from as usize) else { break };
            if from >= nearest || at - from > WINDOW {
                break;
            }
            if data[from + best.length] == next_byte && first_bytes(load(data, from), min_match) == word {
                let length = common_prefix(data, from, at, most);
                if length > best.length {
                    best = Match { length, distance: at - from };
                    // Long enough, or as long as it can be.
                    if length >= nice_match.min(most) {
                        break;
                    }
                    next_byte = data[at + length];
                }
            }
            nearest = from;
            entry = self.previous[from % WINDOW];
        }
        (best.distance > 0).then_some(best)
    }
}

/// The first `count` bytes of a word, 4 to 8, in its upper bits.
#[inline]
const fn first_bytes(word: u64, count: usize) -> u64 {
    word << (64 - 8 * count)
}

#[cfg(test)]
mod tests {
    use super::super::tables::{Tables, TablesMut};
    use super::*;

    const PARAMETERS: ChainParameters = ChainParameters { max_chain: 99, min_match: 4, nice_match: 258, max_lazy: 4 };
    const LAZY: ChainParameters = ChainParameters { max_lazy: 258, ..PARAMETERS };

    /// The tokens of the bytes from `start` to `end`.
    fn tokens_between(
        data: &[u8],
        (start, end): (usize, usize),
        parameters: ChainParameters,
        prices: Option<&Prices>,
    ) -> Vec<Token> {
        let (mut tables, mut tokens) = (Tables::default(), Vec::new());
        let TablesMut { heads, previous, base, .. } = tables.begin(data.len());
        HashChains::new(data, heads, previous, base).search(start, end, parameters, prices, &mut tokens);
        tokens
    }

    /// The tokens of the last part of the data, which follows on the others.
    fn tokens_of_last(parts: &[&str], parameters: ChainParameters) -> Vec<Token> {
        let data = parts.concat();
        let last = parts.last().unwrap().len();
        tokens_between(data.as_bytes(), (data.len() - last, data.len()), parameters, None)
    }

    #[test]
    fn the_longest_match_of_a_chain_is_taken_and_of_equal_lengths_the_nearer() {
        let last = "abcdefghijkl12345678";
        let longest = tokens_of_last(&["abcdefghijkl,", "abcdefgh,", last], PARAMETERS);
        assert_eq!(longest, [Token::new(0, 12, 22), Token::literals(8)]);
        let nearer = tokens_of_last(&["abcdefgh,", "abcdefgh,", last], PARAMETERS);
        assert_eq!(nearer, [Token::new(0, 8, 9), Token::literals(12)]);
    }

    #[test]
    fn max_chain_candidates_are_compared_and_no_more() {
        let lengths = [1, 2, 3].map(|max_chain| {
            let parameters = ChainParameters { max_chain, ..PARAMETERS };
            tokens_of_last(&["abcdefgh,", "abcdef,", "abcd,", "abcdefgh!12345678"], parameters)[0].length
        });
        assert_eq!(lengths, [4, 6, 8]);
    }

    #[test]
    fn a_nice_match_ends_the_search_of_its_chain() {
        let lengths = [8, 9].map(|nice_match| {
            let parameters = ChainParameters { nice_match, ..PARAMETERS };
            tokens_of_last(&["abcdefghijkl,", "abcdefgh,", "abcdefghijkl!12345678"], parameters)[0].length
        });
        assert_eq!(lengths, [8, 12]);
    }

    /// Lazy matching.
    #[test]
    fn a_match_shorter_than_max_lazy_is_deferred_by_a_byte_where_the_next_one_is_longer() {
        let [taken, deferred] = [5, 6].map(|max_lazy| {
            let parameters = ChainParameters { max_lazy, ..PARAMETERS };
            tokens_of_last(&["abcde,", "bcdefghijk,", "abcdefghijk!12345678"], parameters)
        });
        assert_eq!(taken[0], Token::new(0, 5, 17));
        assert_eq!(deferred[0], Token::new(1, 10, 12));
        // One of equal length is no reason.
        assert_eq!(tokens_of_last(&["abcde,", "bcdef,", "abcdef!12345678"], LAZY)[0], Token::new(0, 5, 12));
    }

    /// As with zlib's `good_length`: from two times `min_match` on.
    #[test]
    fn after_a_deferred_match_of_eight_bytes_a_quarter_of_the_candidates_are_compared() {
        let first = |match_before: &str| {
            let parameters = ChainParameters { max_chain: 4, ..LAZY };
            // The longer match at the next position is the second candidate of its chain.
            let parts = [match_before, ",", "bcdefghijkl,", "bcdef,", "abcdefghijkl!12345678"];
            tokens_of_last(&parts, parameters)[0]
        };
        assert_eq!(first("abcdefg"), Token::new(1, 11, 19));
        assert_eq!(first("abcdefgh"), Token::new(0, 8, 27));
    }

    #[test]
    fn a_match_is_as_far_as_the_window_and_no_farther() {
        for (distance, is_found) in [(WINDOW, true), (WINDOW + 1, false)] {
            let data = [b"abcdefghi", &vec![b'.'; distance - 9][..], b"abcdefghi!1234567"].concat();
            let tokens = tokens_between(&data, (0, data.len()), PARAMETERS, None);
            assert_eq!(tokens.iter().any(|token| usize::from(token.distance) == distance), is_found);
        }
    }

    #[test]
    fn a_match_has_min_match_bytes_and_ends_with_its_segment() {
        let data = b"abcdefghijkl,abcdefghijkl!12345678";
        let first =
            |end, min_match| tokens_between(data, (13, end), ChainParameters { min_match, ..PARAMETERS }, None)[0];
        assert_eq!(first(20, 4), Token::new(0, 7, 13));
        assert_eq!(first(20, 7), Token::new(0, 7, 13));
        assert_eq!(first(20, 8), Token::literals(7));
    }

    #[test]
    fn only_the_first_and_last_four_positions_of_a_long_match_are_entered() {
        let long = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN";
        let parameters = ChainParameters { max_lazy: 24, ..PARAMETERS };
        // A part of the long text is found in its second copy only where that position was entered.
        for (from, is_entered) in [(3, true), (4, false), (35, false), (36, true)] {
            let part = &long[from..long.len().min(from + 8)];
            let data = [long, long, ",", part, "!12345678"].concat();
            let found = tokens_between(data.as_bytes(), (0, data.len()), parameters, None)[1];
            let distance = 81 - from - if is_entered { 40 } else { 0 };
            assert_eq!(found, Token::new(1, part.len(), distance), "{from}");
        }
    }

    /// Every literal is priced at one bit here; a match takes 11 bits and the logarithm of its distance.
    #[test]
    fn a_match_below_16_bytes_must_be_cheaper_than_its_literals_and_a_longer_one_is_not_priced() {
        let prices = Prices::new(&[1 << 10; 288], 1 << 10);
        for (length, distance, is_taken) in [(15, 15, true), (15, 16, false), (16, 64, true)] {
            let text = &b"abcdefghijklmnop"[..length];
            let data = [text, &vec![b'.'; distance - length], text, b"!1234567"].concat();
            let first = tokens_between(&data, (distance, data.len()), PARAMETERS, Some(&prices))[0];
            assert_eq!(first.length > 0, is_taken, "{length} bytes, {distance} back");
        }
    }
}
