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

    /// Noise, whose bytes in `zeros` are 0. Every 16 bytes of `repeats` begin with 12 bytes from another place before.
    fn repeating(length: usize, zeros: Range<usize>, repeats: Range<usize>) -> Vec<u8> {
        let mut state = 3_u32;
        let byte = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let mut data: Vec<u8> = (0..length).map(byte).collect();
        data[zeros].fill(0);
        for at in repeats.step_by(16) {
            let from = at - 1000 - at * at % 887;
            data.copy_within(from..from + 12, at);
        }
        data
    }

    /// The costs of the first segment as literals, with the probe's matches, and with those of the hash chains.
    fn costs(data: &[u8]) -> [u64; 3] {
        let (mut tables, mut tokens, length) = (Tables::default(), Vec::new(), data.len().min(SEGMENT));
        let TablesMut { probe, heads, previous, base } = tables.begin(data.len());
        let literals = Histogram::of_literals(&data[..length]);
        let prices = Prices::new(&literals.literal_lengths, length);
        Probe::new(data, probe, base).search(0, length, patience(Effort::Balanced), &prices, &mut tokens);
        let probed = Histogram::of_tokens(data, 0, &tokens).cost().min(literals.cost());
        let parameters = ChainParameters::new(Effort::Balanced, Content::Photographic);
        HashChains::new(data, heads, previous, base).search(0, length, parameters, None, &mut tokens);
        [literals.cost(), probed, Histogram::of_tokens(data, 0, &tokens).cost()]
    }

    /// What has been recorded after the first segment.
    fn after_first(data: &[u8], effort: Effort, history: SearchHistory) -> SearchHistory {
        let mut tables = Tables::default();
        let mut search = Search::new(data, effort, Content::Photographic, &mut tables);
        search.history = history;
        Segment::default().find(0..data.len().min(SEGMENT), &mut search, &mut Vec::new());
        search.history
    }

    /// Whether the search of the first segment, or of a sample of it, saves enough.
    fn saves_enough(data: &[u8], effort: Effort) -> bool {
        after_first(data, effort, SearchHistory::default()).last_saved_enough()
    }

    #[test]
    fn a_strip_of_eight_segments_is_sampled_and_a_shorter_one_is_searched() {
        // The repeats are a fifth of the sample, and a twentieth of the segment.
        let data = repeating(8 * SEGMENT, 0..0, 12_288..14_336);
        assert!(saves_enough(&data, Effort::Balanced));
        assert!(!saves_enough(&data[..8 * SEGMENT - 1], Effort::Balanced));
        // The effort small takes no sample.
        assert!(!saves_enough(&data, Effort::Small));
    }

    #[test]
    fn the_effort_small_searches_every_segment() {
        for (effort, is_searched) in [(Effort::Balanced, false), (Effort::Small, true)] {
            let mut history = SearchHistory::default();
            history.record(false, true);
            // The search saves much, and so a record would say.
            let history = after_first(&repeating(SEGMENT, 0..0, 4096..10_048), effort, history);
            assert_eq!(history.last_saved_enough(), is_searched, "{effort}");
        }
    }

    #[test]
    fn the_sample_is_the_last_quarter_of_the_first_segment() {
        for (repeats, saves_enough) in [(12_288..14_336, true), (4096..12_288, false)] {
            let data = repeating(8 * SEGMENT, 0..0, repeats);
            let history = after_first(&data, Effort::Balanced, SearchHistory::default());
            assert_eq!((history.is_empty(), history.last_saved_enough()), (false, saves_enough));
        }
    }

    #[test]
    fn a_search_saves_enough_above_one_part_in_10_and_in_a_promising_segment_in_32() {
        for (zeros, from, step, share) in [(0, 4096, 6, 10), (12_288, 14_336, 1, 32)] {
            let results: Vec<bool> = (1..64)
                .map(|count| {
                    let data = repeating(SEGMENT, 0..zeros, from..from + 16 * step * count);
                    let [_, probed, searched] = costs(&data);
                    let saves_enough = saves_enough(&data, Effort::Balanced);
                    assert_eq!(saves_enough, searched < probed - probed / share, "{zeros}: {probed} {searched}");
                    saves_enough
                })
                .collect();
            assert!(results.contains(&false) && results.contains(&true), "{zeros}: {results:?}");
        }
    }

    #[test]
    fn a_sample_saves_enough_above_one_part_in_10() {
        let results: Vec<bool> = (30..70)
            .map(|count| {
                let data = repeating(4096, 0..0, 2048..2048 + 16 * count);
                let [literals, _, searched] = costs(&data);
                let mut tables = Tables::default();
                let mut search = Search::new(&data, Effort::Balanced, Content::Photographic, &mut tables);
                let saves_enough = sample_saves_enough(0..4096, &mut search, &mut Vec::new());
                assert_eq!(saves_enough, searched < literals - literals / 10, "{literals} {searched}");
                saves_enough
            })
            .collect();
        assert!(results.contains(&false) && results.contains(&true), "{results:?}");
    }

    /// Only after the search of a promising segment that saved too little, promising ones are skipped.
    #[test]
    fn a_segment_is_promising_where_the_probe_has_saved_a_quarter() {
        let results: Vec<bool> = (8192..12_288)
            .step_by(128)
            .map(|zeros| {
                let data = repeating(SEGMENT, 0..zeros, 0..0);
                let [literals, probed, _] = costs(&data);
                let mut history = after_first(&data, Effort::Balanced, SearchHistory::default());
                assert!(!history.last_saved_enough());
                let is_promising = !history.next_is_searched(true);
                assert_eq!(is_promising, probed < literals / 4 * 3, "{literals} {probed}");
                is_promising
            })
            .collect();
        assert!(results.contains(&false) && results.contains(&true), "{results:?}");
    }

    #[test]
    fn a_candidate_of_equal_cost_is_not_taken_and_a_cheaper_one_is() {
        let histogram = Histogram::of_literals(&[1, 2, 3, 4]);
        for (cost, is_taken) in [(histogram.cost(), false), (histogram.cost() + 1, true)] {
            let mut segment = Segment { cost, ..Segment::default() };
            segment.keep_if_cheaper(histogram.clone(), &mut vec![Token::literals(4)]);
            assert_eq!((segment.tokens.len() == 1, segment.cost), (is_taken, histogram.cost()));
        }
    }
}
