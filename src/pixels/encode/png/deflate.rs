//! Deflate (RFC 1951): a strip's filtered rows as blocks.
//!
//! The bytes are taken in segments of [`SEGMENT`]. Each is looked at on its own: literals alone, what a
//! [probe](Search::probe) finds, or what a [thorough search](Search::thorough) does; what takes the fewest bits by the
//! entropy of its symbols is kept. Segments then join a block while one code for both takes no more bits than two codes
//! and the table of the second. A block is written with a code of its own, with the fixed one, or stored, whichever
//! is the shortest.

use super::super::runs::runs;
use super::PngEffort;
use super::bits::BitWriter;
use super::cost::{BIT, entropy, histogram, log2};
use super::huffman::{Code, lengths};
use super::search::{Depth, Search, Sequence};

/// The bytes that are looked at together.
pub(super) const SEGMENT: usize = 1 << 14;

/// Literals, the end of a block, and the lengths of copies.
const SYMBOLS: usize = 286;
const END: usize = 256;
const DISTANCES: usize = 30;

/// The longest code of a literal or a length: so that four literals are put at once.
const SYMBOL_LIMIT: u8 = 14;
/// The longest code of a distance, and of the length of a code.
const DISTANCE_LIMIT: u8 = 15;
const LENGTH_LIMIT: u8 = 7;

/// How much a search may cost, effort by effort.
const fn depth(effort: PngEffort) -> Option<Depth> {
    match effort {
        PngEffort::Fast => None,
        PngEffort::Balanced => Some(Depth { chain: 24, enough: 96, take: 24 }),
        PngEffort::Small => Some(Depth { chain: 96, enough: 258, take: 258 }),
    }
}

/// Appends `data`, fewer than 2^32 bytes, to `bits` as blocks that refer to nothing before them. The end is that of a
/// byte, behind an empty stored block, or that of the whole stream.
pub(super) fn deflate(data: &[u8], effort: PngEffort, is_last: bool, bits: &mut BitWriter) {
    let mut search = Search::new(data);
    let mut block = Block::default();
    let mut start = 0;
    while start < data.len() {
        let end = data.len().min(start + SEGMENT);
        let segment = Segment::of(data, start, end, effort, &mut search);
        start = end;
        if let Some(segment) = block.join(segment) {
            let next = Block {
                start: block.end(),
                length: segment.length,
                sequences: segment.sequences,
                counts: segment.counts,
                cost: segment.cost,
            };
            std::mem::replace(&mut block, next).write(data, false, bits);
        }
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

/// How often each symbol occurs.
#[derive(Clone, Debug)]
struct Counts {
    symbols: [u32; SYMBOLS],
    distances: [u32; DISTANCES],
    /// The bits that follow the codes of lengths and distances.
    extra_bits: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { symbols: [0; SYMBOLS], distances: [0; DISTANCES], extra_bits: 0 }
    }
}

impl Counts {
    /// What they take without the tables of the codes, in parts of a bit.
    fn cost(&self) -> u64 {
        entropy(&self.symbols) + entropy(&self.distances) + self.extra_bits * BIT
    }

    fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (count, more) in both.symbols.iter_mut().zip(other.symbols) {
            *count += more;
        }
        for (count, more) in both.distances.iter_mut().zip(other.distances) {
            *count += more;
        }
        both.extra_bits += other.extra_bits;
        both
    }

    fn copy(&mut self, length: u16, distance: u16) {
        let (length, distance) = (Prefixed::length(length), Prefixed::distance(distance));
        if let Some(count) = self.symbols.get_mut(length.symbol) {
            *count += 1;
        }
        if let Some(count) = self.distances.get_mut(distance.symbol) {
            *count += 1;
        }
        self.extra_bits += u64::from(length.extra_bits + distance.extra_bits);
    }

    fn literals(data: &[u8]) -> Self {
        let mut counts = Self::default();
        for (count, found) in counts.symbols.iter_mut().zip(histogram(data)) {
            *count = found;
        }
        counts
    }

    /// Of the bytes from `start` on, as sequences that copy `copied` of them; `self` is of the same bytes as literals.
    fn with_copies(&self, data: &[u8], start: usize, sequences: &[Sequence], copied: usize) -> Self {
        // Either the literals are counted, or what is copied is deducted, whichever is less.
        let deduct = copied < self.symbols.iter().sum::<u32>() as usize / 2;
        let mut counts = if deduct { self.clone() } else { Self::default() };
        let mut at = start;
        for sequence in sequences {
            let from = at + usize::from(sequence.literals);
            let (begin, end) = if deduct { (from, from + usize::from(sequence.length)) } else { (at, from) };
            for byte in data.get(begin..end).unwrap_or(&[]) {
                if let Some(count) = counts.symbols.get_mut(usize::from(*byte)) {
                    *count = if deduct { count.saturating_sub(1) } else { *count + 1 };
                }
            }
            at = from + usize::from(sequence.length);
            if sequence.length > 0 {
                counts.copy(sequence.length, sequence.distance);
            }
        }
        counts
    }
}

/// A part of the data, and what it is made of.
#[derive(Debug)]
struct Segment {
    length: usize,
    sequences: Vec<Sequence>,
    counts: Counts,
    cost: u64,
}

impl Segment {
    fn of(data: &[u8], start: usize, end: usize, effort: PngEffort, search: &mut Search<'_>) -> Self {
        let bytes = data.get(start..end).unwrap_or(&[]);
        let literals = Counts::literals(bytes);
        let mut best = Self {
            length: end - start,
            sequences: vec![literal_sequence(end - start)],
            cost: literals.cost(),
            counts: literals.clone(),
        };
        let prices = prices(&literals.symbols, bytes.len());
        let mut sequences = Vec::new();
        let as_literals = best.cost;
        let copied = search.probe(start, end, &prices, &mut sequences);
        if copied > 0 {
            best.take_if_smaller(literals.with_copies(data, start, &sequences, copied), sequences);
        }
        let Some(depth) = depth(effort) else { return best };
        let promising = best.cost < as_literals / 4 * 3;
        if search.is_worth_while(promising) || effort == PngEffort::Small {
            let mut sequences = Vec::new();
            let (probed, copied) = (best.cost, search.thorough(start, end, depth, &mut sequences));
            best.take_if_smaller(literals.with_copies(data, start, &sequences, copied), sequences);
            search.found(best.cost < probed - probed / if promising { 32 } else { 16 }, promising);
        }
        best
    }

    fn take_if_smaller(&mut self, counts: Counts, sequences: Vec<Sequence>) {
        let cost = counts.cost();
        if cost < self.cost {
            (self.sequences, self.counts, self.cost) = (sequences, counts, cost);
        }
    }
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
    const fn end(&self) -> usize {
        self.start + self.length
    }

    /// Takes `segment` in, or gives it back where it takes fewer bits in a block of its own.
    fn join(&mut self, segment: Segment) -> Option<Segment> {
        let used = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count() as u64;
        // The table of a code takes about that.
        let table = (50 + 3 * (used(&segment.counts.symbols) + used(&segment.counts.distances))) * BIT;
        let counts = self.counts.and(&segment.counts);
        let cost = counts.cost();
        if self.length > 0 && cost > self.cost + segment.cost + table {
            return Some(segment);
        }
        (self.counts, self.cost) = (counts, cost);
        self.length += segment.length;
        self.sequences.extend(segment.sequences);
        None
    }

    /// In whichever way is the shortest.
    fn write(mut self, data: &[u8], is_last: bool, bits: &mut BitWriter) {
        if let Some(ends) = self.counts.symbols.get_mut(END) {
            *ends = 1;
        }
        let own = Codes::of(&self.counts);
        let in_own = own.table.len_in_bits() + own.len_in_bits(&self.counts);
        let fixed = Codes::fixed();
        let in_fixed = fixed.len_in_bits(&self.counts);
        let bytes = data.get(self.start..self.end()).unwrap_or(&[]);
        let stored = bytes.len() as u64 * 8 + (bytes.len() / MAX_STORED + 1) as u64 * (3 + 7 + 32);
        bits.reserve(usize::try_from(stored.min(in_own).min(in_fixed) / 8 + 8).unwrap_or(0));
        if stored <= in_own.min(in_fixed) {
            return store(bytes, is_last, bits);
        }
        let codes = if in_fixed <= in_own { fixed } else { own };
        bits.put(is_last.into(), 1);
        codes.table.put(bits);
        codes.put(data, self.start, &self.sequences, bits);
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

/// The codes of a block, and how it tells them.
#[derive(Debug)]
struct Codes {
    table: Table,
    symbol_lengths: Vec<u8>,
    distance_lengths: Vec<u8>,
    symbols: Code<SYMBOLS>,
    distances: Code<DISTANCES>,
}

impl Codes {
    fn of(counts: &Counts) -> Self {
        let symbol_lengths = lengths(&counts.symbols, SYMBOL_LIMIT);
        let distance_lengths = lengths(&counts.distances, DISTANCE_LIMIT);
        Self::from_lengths(Table::of(&symbol_lengths, &distance_lengths), symbol_lengths, distance_lengths)
    }

    /// Those of section 3.2.6.
    fn fixed() -> Self {
        // Two symbols that never occur have codes too, which come before those of 9 bits.
        let symbol_lengths = [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat();
        Self::from_lengths(Table::fixed(), symbol_lengths, vec![5; DISTANCES])
    }

    fn from_lengths(table: Table, symbol_lengths: Vec<u8>, distance_lengths: Vec<u8>) -> Self {
        let (symbols, distances) = (Code::canonical(&symbol_lengths), Code::canonical(&distance_lengths));
        Self { table, symbol_lengths, distance_lengths, symbols, distances }
    }

    /// How many bits symbols that occur as often as that take.
    fn len_in_bits(&self, counts: &Counts) -> u64 {
        let of = |(count, length): (&u32, &u8)| u64::from(*count) * u64::from(*length);
        let symbols: u64 = counts.symbols.iter().zip(&self.symbol_lengths).map(of).sum();
        let distances: u64 = counts.distances.iter().zip(&self.distance_lengths).map(of).sum();
        symbols + distances + counts.extra_bits
    }

    /// The bytes from `start` on, as sequences, and the end of the block.
    fn put(&self, data: &[u8], start: usize, sequences: &[Sequence], bits: &mut BitWriter) {
        let mut at = start;
        for sequence in sequences {
            let end = at + usize::from(sequence.literals);
            self.put_literals(data.get(at..end).unwrap_or(&[]), bits);
            at = end + usize::from(sequence.length);
            if sequence.length > 0 {
                self.put_copy(sequence.length, sequence.distance, bits);
            }
        }
        let (end, length) = self.symbols.of(END);
        bits.put(end, length);
    }

    fn put_literals(&self, bytes: &[u8], bits: &mut BitWriter) {
        let (fours, rest) = bytes.as_chunks::<4>();
        bits.put_all(fours.iter().map(|[a, b, c, d]| {
            let ((a, a_bits), (b, b_bits)) = (self.symbols.of_byte(*a), self.symbols.of_byte(*b));
            let ((c, c_bits), (d, d_bits)) = (self.symbols.of_byte(*c), self.symbols.of_byte(*d));
            let (ab, cd) = (a | b << a_bits, c | d << c_bits);
            (ab | cd << (a_bits + b_bits), a_bits + b_bits + c_bits + d_bits)
        }));
        bits.put_all(rest.iter().map(|byte| self.symbols.of_byte(*byte)));
    }

    fn put_copy(&self, length: u16, distance: u16, bits: &mut BitWriter) {
        let (length, distance) = (Prefixed::length(length), Prefixed::distance(distance));
        let (code, code_bits) = self.symbols.of(length.symbol);
        let (word, filled) = (code | u64::from(length.extra) << code_bits, code_bits + length.extra_bits);
        let (code, code_bits) = self.distances.of(distance.symbol);
        let (word, filled) = (word | code << filled, filled + code_bits);
        bits.put(word | u64::from(distance.extra) << filled, filled + distance.extra_bits);
    }
}

/// How a block says which codes it has (3.2.7).
#[derive(Debug)]
struct Table {
    bits: Vec<(u32, u32)>,
}

/// In which order the lengths of the codes of lengths are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Table {
    /// Two bits say that there is none.
    fn fixed() -> Self {
        Self { bits: vec![(0b01, 2)] }
    }

    fn of(symbols: &[u8], distances: &[u8]) -> Self {
        // Invariant: the end of the block has a code, so 257 lengths or more are used.
        let used = |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0).map_or(1, |last| last + 1);
        let (many_symbols, many_distances) = (used(symbols).max(END + 1), used(distances));
        let both: Vec<u8> =
            symbols.iter().take(many_symbols).chain(distances.iter().take(many_distances)).copied().collect();
        let runs = runs(&both);
        let mut counts = [0; 19];
        for (symbol, ..) in &runs {
            if let Some(count) = counts.get_mut(*symbol) {
                *count += 1;
            }
        }
        let of_lengths = lengths(&counts, LENGTH_LIMIT);
        let ordered = ORDER.map(|symbol| u32::from(of_lengths.get(symbol).copied().unwrap_or(0)));
        let written = ordered.iter().rposition(|length| *length > 0).map_or(4, |last| (last + 1).max(4));
        let number = |many: usize, least: usize| u32::try_from(many - least).unwrap_or(0);
        let mut bits = vec![
            (0b10, 2),
            (number(many_symbols, END + 1), 5),
            (number(many_distances, 1), 5),
            (number(written, 4), 4),
        ];
        bits.extend(ordered.iter().take(written).map(|length| (*length, 3)));
        let code = Code::<19>::canonical(&of_lengths);
        for (symbol, extra, extra_bits) in runs {
            let (code, length) = code.of(symbol);
            bits.push((u32::try_from(code).unwrap_or(0) | extra << length, length + extra_bits));
        }
        Self { bits }
    }

    fn len_in_bits(&self) -> u64 {
        self.bits.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    fn put(&self, bits: &mut BitWriter) {
        for (word, count) in &self.bits {
            bits.put((*word).into(), *count);
        }
    }
}

/// A length or a distance by the symbol that is coded and the bits that follow it (3.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefixed {
    symbol: usize,
    extra_bits: u32,
    extra: u32,
}

impl Prefixed {
    /// Of 3 to 258.
    const fn length(length: u16) -> Self {
        let less = length.saturating_sub(3) as u32;
        match less {
            0..8 => Self { symbol: 257 + less as usize, extra_bits: 0, extra: 0 },
            // The highest bit and the two below it are the symbol, the others follow.
            8..255 => {
                let extra_bits = less.ilog2() - 2;
                let symbol = 257 + (4 * (extra_bits + 1) + ((less >> extra_bits) & 3)) as usize;
                Self { symbol, extra_bits, extra: less & ((1 << extra_bits) - 1) }
            }
            _ => Self { symbol: 285, extra_bits: 0, extra: 0 },
        }
    }

    /// Of 1 to 32,768.
    const fn distance(distance: u16) -> Self {
        let less = distance.saturating_sub(1) as u32;
        if less < 4 {
            return Self { symbol: less as usize, extra_bits: 0, extra: 0 };
        }
        let extra_bits = less.ilog2() - 1;
        let symbol = (2 * (extra_bits + 1) + ((less >> extra_bits) & 1)) as usize;
        Self { symbol, extra_bits, extra: less & ((1 << extra_bits) - 1) }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is cut off is meant to be, or 0")]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn deflated(data: &[u8], effort: PngEffort, is_last: bool) -> Vec<u8> {
        let mut bits = BitWriter::default();
        deflate(data, effort, is_last, &mut bits);
        bits.end()
    }

    fn assert_read_back(data: &[u8]) {
        for effort in PngEffort::ALL {
            let deflated = deflated(data, effort, true);
            let inflated = miniz_oxide::inflate::decompress_to_vec(&deflated).unwrap();
            assert!(inflated == data, "{} bytes, {effort}", data.len());
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
        for length in [0, 1, 2, 3, 4, 5, 6, 7, 8, 257, 258, 259, 260, SEGMENT - 1, SEGMENT, SEGMENT + 1, 70_000] {
            for kinds in [1, 2, 3, 7, 256] {
                assert_read_back(&noise(length, kinds));
            }
        }
    }

    #[test]
    fn noise_is_stored_and_hardly_grows() {
        let noise = noise(200_000, 256);
        for effort in PngEffort::ALL {
            assert!(deflated(&noise, effort, true).len() <= noise.len() + 64);
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
    fn lengths_and_distances_are_coded_as_the_specification_says() {
        // The first length and distance of each symbol (3.2.5).
        let firsts = [
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
            227, 258,
        ];
        for (length, symbol) in
            (3..=258_u16).map(|length| (length, 256 + firsts.iter().filter(|first| **first <= length).count()))
        {
            let found = Prefixed::length(length);
            assert_eq!((found.symbol, found.extra), (symbol, u32::from(length - firsts[symbol - 257])));
            assert!(found.extra < 1 << found.extra_bits);
        }
        let mut first = 1_u32;
        for symbol in 0..30 {
            let extra_bits = if symbol < 4 { 0 } else { symbol as u32 / 2 - 1 };
            for distance in [first, first + (1 << extra_bits) - 1] {
                let found = Prefixed::distance(distance as u16);
                assert_eq!((found.symbol, found.extra_bits, found.extra), (symbol, extra_bits, distance - first));
            }
            first += 1 << extra_bits;
        }
        assert_eq!(first, 32_769);
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
            for effort in PngEffort::ALL {
                let deflated = deflated(&data, effort, true);
                prop_assert_eq!(&deflated, &self::deflated(&data, effort, true));
                prop_assert!(deflated.len() <= data.len() + 16);
                let inflated = miniz_oxide::inflate::decompress_to_vec(&deflated).unwrap();
                prop_assert!(inflated == data);
            }
        }
    }
}
