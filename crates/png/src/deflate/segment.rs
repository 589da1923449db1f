//! Turns one segment of the data into tokens, in whichever of up to three ways takes the fewest bits by the entropy
//! estimate of its symbols: literals only, the matches of the [probe](super::probe), or those of the
//! [hash chains](super::hash_chain).
//!
//! In graphic content, the matches of the hash chains are taken without a comparison. In photographic content, the hash
//! chains are searched
//!
//! - with [`Effort::Small`] in every segment;
//! - with [`Effort::Balanced`] where a search is likely to save enough, [by what earlier searches
//!   saved](super::search_history). The first segment is searched. In a long strip only a sample of it is searched, its
//!   last quarter, unless the probe already saves much in it.

use std::ops::Range;

use super::hash_chain::HashChains;
use super::histogram::Histogram;
use super::parameters::{ChainParameters, SEGMENT, patience};
use super::prices::Prices;
use super::probe::Probe;
use super::search_history::SearchHistory;
use super::tables::{Tables, TablesMut};
use super::token::Token;
use crate::content::Content;
use crate::effort::Effort;

/// Strips of at least this many bytes are sampled before they are searched.
const SAMPLED_LENGTH: usize = 8 * SEGMENT;

/// Bytes of the sample.
const SAMPLE: usize = SEGMENT / 4;

/// In a segment that is not promising, a search saves enough if it saves more than one part in this many of the cost.
const SAVED: u64 = 10;

/// The same in a promising segment.
const SAVED_OF_PROMISING: u64 = 32;

/// The search for matches in the data of one strip.
#[derive(Debug)]
pub(super) struct Search<'a> {
    /// The filtered scanlines of the strip.
    data: &'a [u8],
    effort: Effort,
    content: Content,
    probe: Probe<'a>,
    chains: HashChains<'a>,
    history: SearchHistory,
}

impl<'a> Search<'a> {
    /// Begins a search. No other search may use the tables before this one ends.
    pub(super) fn new(data: &'a [u8], effort: Effort, content: Content, tables: &'a mut Tables) -> Self {
        let TablesMut { probe, heads, previous, base } = tables.begin(data.len());
        Self {
            data,
            effort,
            content,
            probe: Probe::new(data, probe, base),
            chains: HashChains::new(data, heads, previous, base),
            history: SearchHistory::default(),
        }
    }
}

/// A part of the data as tokens.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// The number of bytes.
    pub(super) length: usize,
    /// Literals and matches that give the bytes in order.
    pub(super) tokens: Vec<Token>,
    pub(super) histogram: Histogram,
    /// The entropy estimate, in 1/256 bit.
    pub(super) cost: u64,
}

impl Segment {
    /// Replaces the segment by that of the bytes in `range`. `candidate` is scratch memory for tokens to compare.
    pub(super) fn find(&mut self, range: Range<usize>, search: &mut Search<'_>, candidate: &mut Vec<Token>) {
        self.length = range.len();
        match search.content {
            Content::Graphic => self.find_graphic(range, search),
            Content::Photographic => self.find_photographic(range, search, candidate),
        }
    }

    /// Takes the matches of the hash chains.
    fn find_graphic(&mut self, Range { start, end }: Range<usize>, search: &mut Search<'_>) {
        let parameters = ChainParameters::new(search.effort, search.content);
        // No other way is tried: the content has been found to repeat.
        search.chains.search(start, end, parameters, None, &mut self.tokens);
        self.histogram = Histogram::of_tokens(search.data, start, &self.tokens);
        self.cost = self.histogram.cost();
    }

    /// Takes the cheapest of three ways: literals only, the probe's matches, the hash chains' matches.
    fn find_photographic(
        &mut self,
        Range { start, end }: Range<usize>,
        search: &mut Search<'_>,
        candidate: &mut Vec<Token>,
    ) {
        let (data, effort) = (search.data, search.effort);
        // First way: literals only. Their histogram is also what the other two are derived from.
        let literals = Histogram::of_literals(&data[start..end]);
        self.tokens.clear();
        self.tokens.push(Token::literals(end - start));
        (self.cost, self.histogram) = (literals.cost(), literals.clone());
        let literal_cost = self.cost;

        // Second way: the probe. The prices keep it from matches that cost more than they save.
        let prices = Prices::new(&literals.literal_lengths, end - start);
        let matched = search.probe.search(start, end, patience(effort), &prices, candidate);
        if matched > 0 {
            self.keep_if_cheaper(literals.with_matches(data, start, candidate, matched), candidate);
        }

        // Where the probe alone has saved a quarter, more is likely to be found.
        let is_promising = self.cost < literal_cost / 4 * 3;
        let is_small = effort == Effort::Small;
        let is_sampled = data.len() >= SAMPLED_LENGTH && search.history.is_empty();
        // A sample is searched in place of the segment. If it saves enough, the next segment is searched.
        if is_sampled && !is_small && !is_promising {
            let sample = end.saturating_sub(SAMPLE).max(start)..end;
            let saved_enough = sample_saves_enough(sample, search, candidate);
            search.history.record(saved_enough, false);
            return;
        }
        // Third way: the hash chains.
        if search.history.next_is_searched(is_promising) || is_small {
            // Prices assume that most bytes stay literals. Where many bytes are matched, prices are wrong and not used.
            let prices = (is_small && !is_promising && !search.history.last_saved_enough()).then_some(&prices);
            let parameters = ChainParameters::new(effort, Content::Photographic);
            let matched = search.chains.search(start, end, parameters, prices, candidate);
            let cost_before = self.cost;
            self.keep_if_cheaper(literals.with_matches(data, start, candidate, matched), candidate);
            let share = if is_promising { SAVED_OF_PROMISING } else { SAVED };
            search.history.record(self.cost < cost_before - cost_before / share, is_promising);
        }
    }

    /// Takes the candidate with this histogram, if it is cheaper.
    fn keep_if_cheaper(&mut self, histogram: Histogram, candidate: &mut Vec<Token>) {
        let cost = histogram.cost();
        if cost < self.cost {
            (self.histogram, self.cost) = (histogram, cost);
            std::mem::swap(&mut self.tokens, candidate);
        }
    }
}

/// Whether the hash chains save enough in these bytes, compared with literals only.
fn sample_saves_enough(
    Range { start, end }: Range<usize>,
    search: &mut Search<'_>,
    candidate: &mut Vec<Token>,
) -> bool {
    let literals = Histogram::of_literals(&search.data[start..end]);
    let parameters = ChainParameters::new(search.effort, Content::Photographic);
    let matched = search.chains.search(start, end, parameters, None, candidate);
    let cost = literals.cost();
    literals.with_matches(search.data, start, candidate, matched).cost() < cost - cost / SAVED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(data: &[u8], effort: Effort, tables: &mut Tables) -> Vec<Vec<Token>> {
        [Content::Graphic, Content::Photographic]
            .map(|content| {
                let mut segment = Segment::default();
                segment.find(0..data.len(), &mut Search::new(data, effort, content, tables), &mut Vec::new());
                segment.tokens
            })
            .to_vec()
    }

    #[test]
    fn tables_of_earlier_searches_change_nothing_also_where_the_base_starts_over() {
        let data: Vec<u8> = (0..3000_u32).map(|at| (at * at / 7).to_le_bytes()[0] & 0x3f).collect();
        for effort in Effort::ALL {
            let mut tables = Tables::default();
            let first = tokens(&data, effort, &mut tables);
            assert!(first.iter().all(|tokens| tokens.len() > 10));
            for next_base in [3000, u32::MAX - 6500] {
                tables.set_next_base(next_base);
                for _ in 0..4 {
                    assert!(tokens(&data, effort, &mut tables) == first, "{effort}");
                }
            }
        }
    }

    #[test]
    fn tokens_cover_the_segment_and_repeat_what_their_matches_refer_to() {
        let data: Vec<u8> = (0..9000_u32).map(|at| (at * at / 97).to_le_bytes()[0] & 0x1f).collect();
        for tokens in Effort::ALL.iter().flat_map(|effort| tokens(&data, *effort, &mut Tables::default())) {
            let mut read: Vec<u8> = Vec::new();
            for token in tokens {
                read.extend(&data[read.len()..read.len() + usize::from(token.literals)]);
                if let Some((length, distance)) = token.back_reference() {
                    (0..length).for_each(|_| read.push(read[read.len() - usize::from(distance)]));
                }
            }
            assert!(read == data);
        }
    }
}
