//! Deflate (RFC 1951): a strip's filtered rows as blocks.
//!
//! The bytes are taken in segments. Where they are [natural](Look::Natural), each is looked at on its own: literals alone,
//! what a [probe](Search::probe) finds, or what a [thorough search](Search::thorough) does; what takes the fewest bits by
//! the entropy of its symbols is kept; the search goes on while it spares enough. Where they are [drawn](Look::Drawn), they are what the search finds. Segments then join a block while one code for both takes no more bits than two codes
//! and the table of the second. A block is written with a code of its own, with the fixed one, or stored, whichever
//! is the shortest.

use std::ops::Range;

use super::PngEffort;
use super::bits::BitWriter;
use super::codes::{Codes, Counts, END, Lengths, SYMBOLS, Table};
use super::cost::{BIT, log2};
use super::search::{Depth, Search, Sequence, Tables};

/// The bytes that are looked at together.
pub(super) const SEGMENT: usize = 1 << 14;

/// From so many natural segments on, with [`PngEffort::Balanced`], a sample says whether those behind the first one are
/// searched.
const MANY: usize = 8;

/// The sample: the last bytes of the first segment.
const SAMPLE: usize = SEGMENT / 4;

/// What bytes look like, which says where copies are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// They are repeated for the most part: every segment is searched thoroughly, and nothing is tried before.
    Drawn,
    /// They are mostly new: a search has to show that it pays.
    Natural,
}

impl Look {
    /// The bytes that are looked at together: fewer where what pays is still to be found out.
    const fn segment(self) -> usize {
        match self {
            Self::Drawn => 3 * SEGMENT,
            Self::Natural => SEGMENT,
        }
    }
}

/// How much a thorough search may cost, effort by effort.
///
/// In what is natural a copy of a few bytes seldom pays, and the shorter it may be, the longer the search takes.
const fn depth(effort: PngEffort, look: Look) -> Option<Depth> {
    match (effort, look) {
        (PngEffort::Fast, Look::Natural) => None,
        (PngEffort::Fast, Look::Drawn) => Some(Depth { chain: 4, least: 4, enough: 32, take: 8 }),
        (PngEffort::Balanced, Look::Drawn) => Some(Depth { chain: 16, least: 4, enough: 96, take: 24 }),
        (PngEffort::Balanced, Look::Natural) => Some(Depth { chain: 8, least: 6, enough: 96, take: 24 }),
        (PngEffort::Small, Look::Drawn) => Some(Depth { chain: 96, least: 4, enough: 258, take: 258 }),
        (PngEffort::Small, Look::Natural) => Some(Depth { chain: 32, least: 6, enough: 258, take: 258 }),
    }
}

/// How long a probe looks on in vain.
const fn patience(effort: PngEffort) -> u32 {
    match effort {
        PngEffort::Fast => 1,
        PngEffort::Balanced => 2,
        PngEffort::Small => 3,
    }
}

/// What strips are deflated in, one after the other: it is kept so that nothing is allocated for each of them.
#[derive(Debug, Default)]
pub(super) struct Deflater {
    tables: Tables,
    block: Block,
    segment: Segment,
    /// Of the segment, in another way.
    tried: Vec<Sequence>,
}

impl Deflater {
    /// Appends `data`, fewer than 2^32 bytes, to `bits` as blocks that refer to nothing before them. The end is that of
    /// a byte, behind an empty stored block, or that of the whole stream.
    pub(super) fn deflate(&mut self, data: &[u8], effort: PngEffort, look: Look, is_last: bool, bits: &mut BitWriter) {
        let Self { tables, block, segment, tried } = self;
        let mut search = Search::new(data, tables);
        block.begin(0);
        let mut start = 0;
        while start < data.len() {
            let end = data.len().min(start + look.segment());
            segment.find(data, start..end, effort, look, &mut search, tried);
            if !block.takes_in(segment) {
                block.write(data, false, bits);
                block.begin(start);
                block.takes_in(segment);
            }
            start = end;
        }
        block.write(data, is_last, bits);
        if is_last {
            bits.align();
        } else {
            bits.put(0b000, 3);
            bits.align();
            bits.extend(&[0, 0, 0xff, 0xff]);
        }
    }
}

/// A part of the data, and what it is made of.
#[derive(Debug, Default)]
struct Segment {
    length: usize,
    sequences: Vec<Sequence>,
    counts: Counts,
    cost: u64,
}

impl Segment {
    fn find(
        &mut self,
        data: &[u8],
        Range { start, end }: Range<usize>,
        effort: PngEffort,
        look: Look,
        search: &mut Search<'_>,
        tried: &mut Vec<Sequence>,
    ) {
        let bytes = data.get(start..end).unwrap_or(&[]);
        self.length = end - start;
        let depth = depth(effort, look);
        if let (Look::Drawn, Some(depth)) = (look, depth) {
            search.thorough(start, end, depth, None, &mut self.sequences);
            self.counts = Counts::of(data, start, &self.sequences);
            self.cost = self.counts.cost();
            return;
        }
        let literals = Counts::literals(bytes);
        self.sequences.clear();
        self.sequences.push(literal_sequence(end - start));
        (self.cost, self.counts) = (literals.cost(), literals.clone());
        let prices = prices(&literals.symbols, bytes.len());
        let as_literals = self.cost;
        let copied = search.probe(start, end, patience(effort), &prices, tried);
        if copied > 0 {
            self.take_if_smaller(literals.with_copies(data, start, tried, copied), tried);
        }
        let Some(depth) = depth else { return };
        let promising = self.cost < as_literals / 4 * 3;
        if effort == PngEffort::Balanced && !promising && search.is_untried() && data.len() >= MANY * SEGMENT {
            let pays = sample_pays(data, end.saturating_sub(SAMPLE).max(start)..end, depth, search, tried);
            return search.found(pays, false);
        }
        if search.is_worth_while(promising) || effort == PngEffort::Small {
            // Where few literals will be left, their prices say little.
            let prices = (effort == PngEffort::Small && !promising && !search.pays()).then_some(&prices);
            let (probed, copied) = (self.cost, search.thorough(start, end, depth, prices, tried));
            self.take_if_smaller(literals.with_copies(data, start, tried, copied), tried);
            search.found(self.cost < probed - probed / if promising { 32 } else { 10 }, promising);
        }
    }

    fn take_if_smaller(&mut self, counts: Counts, tried: &mut Vec<Sequence>) {
        let cost = counts.cost();
        if cost < self.cost {
            (self.counts, self.cost) = (counts, cost);
            std::mem::swap(&mut self.sequences, tried);
        }
    }
}

/// Whether a thorough search spares a tenth of these bytes.
fn sample_pays(
    data: &[u8],
    Range { start, end }: Range<usize>,
    depth: Depth,
    search: &mut Search<'_>,
    tried: &mut Vec<Sequence>,
) -> bool {
    let literals = Counts::literals(data.get(start..end).unwrap_or(&[]));
    let copied = search.thorough(start, end, depth, None, tried);
    let cost = literals.cost();
    literals.with_copies(data, start, tried, copied).cost() < cost - cost / 10
}

#[expect(clippy::cast_possible_truncation, reason = "a segment is shorter than 2^16")]
const fn literal_sequence(length: usize) -> Sequence {
    Sequence { literals: length as u16, length: 0, distance: 0 }
}

/// What each byte takes as a literal, in parts of a bit, from one bit on.
fn prices(counts: &[u32; SYMBOLS], total: usize) -> [u16; 256] {
    let all = log2(u32::try_from(total).unwrap_or(u32::MAX).max(1));
    let mut prices = [0; 256];
    for (price, count) in prices.iter_mut().zip(counts) {
        let bits = all.saturating_sub(log2((*count).max(1))).max(BIT);
        *price = u16::try_from(bits).unwrap_or(u16::MAX);
    }
    prices
}

/// Segments with one code.
#[derive(Debug, Default)]
struct Block {
    start: usize,
    length: usize,
    sequences: Vec<Sequence>,
    counts: Counts,
    cost: u64,
}

impl Block {
    /// Forgets what it was.
    fn begin(&mut self, start: usize) {
        self.sequences.clear();
        (self.start, self.length, self.counts, self.cost) = (start, 0, Counts::default(), 0);
    }

    /// Whether `segment` is in it now: not where it takes fewer bits in a block of its own.
    fn takes_in(&mut self, segment: &Segment) -> bool {
        let used = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count() as u64;
        // The table of a code takes about that.
        let table = (50 + 3 * (used(&segment.counts.symbols) + used(&segment.counts.distances))) * BIT;
        let counts = self.counts.and(&segment.counts);
        let cost = counts.cost();
        if self.length > 0 && cost > self.cost + segment.cost + table {
            return false;
        }
        (self.counts, self.cost) = (counts, cost);
        self.length += segment.length;
        self.sequences.extend_from_slice(&segment.sequences);
        true
    }

    /// In whichever way is the shortest.
    fn write(&mut self, data: &[u8], is_last: bool, bits: &mut BitWriter) {
        if let Some(ends) = self.counts.symbols.get_mut(END) {
            *ends = 1;
        }
        let own = Lengths::of(&self.counts);
        let table = Table::of(&own);
        let in_own = table.len_in_bits() + own.len_in_bits(&self.counts);
        let in_fixed = Lengths::FIXED.len_in_bits(&self.counts);
        let bytes = data.get(self.start..self.start + self.length).unwrap_or(&[]);
        let stored = bytes.len() as u64 * 8 + (bytes.len() / MAX_STORED + 1) as u64 * (3 + 7 + 32);
        bits.reserve(usize::try_from(stored.min(in_own).min(in_fixed) / 8 + 8).unwrap_or(0));
        if stored <= in_own.min(in_fixed) {
            return store(bytes, is_last, bits);
        }
        bits.put(is_last.into(), 1);
        if in_fixed <= in_own {
            bits.put(0b01, 2);
            Codes::fixed().put(data, self.start, &self.sequences, bits);
        } else {
            table.put(bits);
            Codes::of(&own).put(data, self.start, &self.sequences, bits);
        }
    }
}

/// The most bytes of a stored block.
const MAX_STORED: usize = 65_535;

fn store(bytes: &[u8], is_last: bool, bits: &mut BitWriter) {
    let mut blocks = bytes.chunks(MAX_STORED).peekable();
    while let Some(block) = blocks.next() {
        bits.put((is_last && blocks.peek().is_none()).into(), 3);
        bits.align();
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        bits.extend(&length.to_le_bytes());
        bits.extend(&(!length).to_le_bytes());
        bits.extend(block);
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is cut off is meant to be, or 0")]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn deflated(data: &[u8], effort: PngEffort, is_last: bool) -> Vec<u8> {
        deflated_as(Look::Natural, data, effort, is_last)
    }

    fn deflated_as(look: Look, data: &[u8], effort: PngEffort, is_last: bool) -> Vec<u8> {
        let mut bits = BitWriter::default();
        Deflater::default().deflate(data, effort, look, is_last, &mut bits);
        bits.bytes().to_vec()
    }

    const LOOKS: [Look; 2] = [Look::Drawn, Look::Natural];

    fn assert_read_back(data: &[u8]) {
        for (effort, look) in PngEffort::ALL.into_iter().flat_map(|effort| LOOKS.map(|look| (effort, look))) {
            let deflated = deflated_as(look, data, effort, true);
            let inflated = miniz_oxide::inflate::decompress_to_vec(&deflated).unwrap();
            assert!(inflated == data, "{} bytes, {effort}, {look:?}", data.len());
        }
    }

    fn noise(length: usize, kinds: u32) -> Vec<u8> {
        let mut state = 1_u32;
        let byte = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % kinds) as u8
        };
        (0..length).map(byte).collect()
    }

    #[test]
    fn an_inflater_reads_every_length_around_the_segments() {
        for length in
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 257, 258, 259, 260, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT + 1, 70_000]
        {
            for kinds in [1, 2, 3, 7, 256] {
                assert_read_back(&noise(length, kinds));
            }
        }
    }

    #[test]
    fn noise_is_stored_and_hardly_grows() {
        let noise = noise(200_000, 256);
        for effort in PngEffort::ALL {
            assert!(LOOKS.iter().all(|look| deflated_as(*look, &noise, effort, true).len() <= noise.len() + 64));
        }
        assert_read_back(&noise);
    }

    #[test]
    fn copies_reach_as_far_as_the_window_and_no_farther() {
        for distance in [1, 2, 3, 4, 5, 255, 256, 257, 16_384, 32_767, 32_768, 32_769, 40_000] {
            // Nothing of the noise is there twice but for its end.
            let mut data = noise(distance.max(300), 256);
            data.extend_from_within(data.len() - distance..);
            let (once, twice) = (
                deflated(&data[..data.len() - distance], PngEffort::Small, true),
                deflated(&data, PngEffort::Small, true),
            );
            assert_read_back(&data);
            if (300..=32_768).contains(&distance) {
                assert!(twice.len() < once.len() + distance / 8 + 99, "{distance}: {} and {}", once.len(), twice.len());
            }
        }
    }

    #[test]
    fn the_longest_copies_are_read_back() {
        for length in 250..530 {
            let data = [noise(300, 256), vec![7; length], noise(300, 256), vec![7; length]].concat();
            assert_read_back(&data);
        }
        // A run of 16 KiB takes about 64 copies of 258.
        assert!(deflated(&vec![9; SEGMENT], PngEffort::Fast, true).len() < 64);
    }

    #[test]
    fn strips_follow_each_other() {
        let (first, second) = (noise(40_000, 3), noise(20_000, 200));
        for effort in PngEffort::ALL {
            let stream =
                [deflated(&first, effort, false), deflated(&second, effort, false), deflated(&first, effort, true)];
            let inflated = miniz_oxide::inflate::decompress_to_vec(&stream.concat()).unwrap();
            assert!(inflated == [&first[..], &second, &first].concat());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn whatever_is_deflated_is_inflated(
            parts in proptest::collection::vec((any::<u8>(), 1..=9_u8, 0..3000_usize, any::<bool>()), 0..12),
        ) {
            let mut data: Vec<u8> = Vec::new();
            for (value, kinds, length, again) in parts {
                if again && !data.is_empty() {
                    let from = usize::from(value) * data.len() / 256;
                    let to = data.len().min(from + length);
                    data.extend_from_within(from..to);
                } else {
                    data.extend((0..length).map(|at| value.wrapping_add((at * at / 3) as u8 % kinds)));
                }
            }
            for (effort, look) in PngEffort::ALL.into_iter().flat_map(|effort| LOOKS.map(|look| (effort, look))) {
                let deflated = deflated_as(look, &data, effort, true);
                prop_assert_eq!(&deflated, &deflated_as(look, &data, effort, true));
                prop_assert!(deflated.len() <= data.len() + 16);
                let inflated = miniz_oxide::inflate::decompress_to_vec(&deflated).unwrap();
                prop_assert!(inflated == data);
            }
        }
    }
}
