//! What a picture's bytes repeat (RFC 1951, section 3.2.5): copies of 3 to 258 bytes from at most 32,768 bytes back.
//!
//! Two searches, both of which leave off at the end of a segment:
//!
//! - [`Search::probe`] looks at ever fewer places while it finds nothing, and at one candidate for each, as LZ4 does.
//!   In a photograph it costs next to nothing, and still finds what is plain: runs, and rows that are the same. A copy
//!   is taken where the bytes would take more bits as literals.
//! - [`Search::thorough`] looks at every place and follows the chain of those that began with the same bytes, as many as
//!   the shortest copy has. As in zlib, with the same bounds, a copy gives way to a longer one that begins one byte later.

use super::cost::{BIT, log2};

/// Bytes as they are, then a copy, of length 0 where none follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) literals: u16,
    pub(super) length: u16,
    pub(super) distance: u16,
}

/// The longest copy.
pub(super) const MAX_LENGTH: usize = 258;
/// How far back a copy begins at the most.
pub(super) const WINDOW: usize = 1 << 15;

/// How thorough a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Depth {
    /// How many places of the same beginning are looked at.
    pub(super) chain: u32,
    /// The shortest copy, of 4 to 8 bytes: one for all the searches in the same data.
    pub(super) least: usize,
    /// A copy of that length is good enough: no longer one is looked for.
    pub(super) enough: usize,
    /// A copy of that length is taken without a look at what begins one byte later.
    pub(super) take: usize,
}

/// Where bytes were last seen, kept from one search to the next for its room.
///
/// A place is counted from the first one of all the searches since the tables were last empty, so that they need not be
/// emptied for each: what an earlier search left is before the first place of this one, which is as good as nothing.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// For the probe: by a hash of six bytes the place, plus one, that they were last seen at.
    recent: Vec<u32>,
    /// For the thorough search: the same of as many as the shortest copy has.
    last: Vec<u32>,
    /// By a place, modulo the window, the place, plus one, before it.
    before: Vec<u32>,
    /// The first place of this search, and the first one of the next.
    first: u32,
    next: u32,
}

impl Tables {
    /// Makes room for places from 0 to `length`.
    fn begin(&mut self, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.first = self.next;
        let next = self.first.checked_add(length);
        if self.recent.is_empty() || next.is_none() {
            for (table, length) in
                [(&mut self.recent, 1 << RECENT_BITS), (&mut self.last, LAST), (&mut self.before, WINDOW)]
            {
                table.clear();
                table.resize(length, 0);
            }
            self.first = 0;
        }
        self.next = self.first.saturating_add(length);
    }
}

/// Where in `data` bytes have been seen before.
#[derive(Debug)]
pub(super) struct Search<'a> {
    data: &'a [u8],
    tables: &'a mut Tables,
    /// How many places in a row were looked at in vain.
    missed: usize,
    /// Up to where places have been entered.
    entered: usize,
    /// How many more segments are spared a thorough search, since the last one found little.
    spared: u32,
    /// Whether the last one found much, or there was none.
    pays: bool,
    /// Whether there was none.
    untried: bool,
}

/// How many segments are, at first.
const SPARED: u32 = 8;

/// How many bytes the probe wants to be the same, at least.
const BEGINNING: usize = 6;
/// How many bytes it passes over between two places, at most.
const MOST_SKIPPED: usize = 64;
/// How many places are entered at either end of a long copy.
const ENTERED: usize = 4;
const RECENT_BITS: u32 = 12;
const LAST_BITS: u32 = 15;
const LAST: usize = 1 << LAST_BITS;

impl<'a> Search<'a> {
    /// `data` has fewer than 2^32 bytes.
    pub(super) fn new(data: &'a [u8], tables: &'a mut Tables) -> Self {
        tables.begin(data.len());
        Self { data, tables, missed: 0, entered: 0, spared: 0, pays: true, untried: true }
    }

    /// Six bytes in the upper ones of a word.
    fn six(&self, at: usize) -> Option<u64> {
        Some(u64::from_le_bytes(*self.data.get(at..)?.first_chunk()?) << 16)
    }

    /// How many bytes from `from` on are those from `at` on, up to `most`.
    fn common(&self, from: usize, at: usize, most: usize) -> usize {
        let behind = self.data.get(from..).unwrap_or(&[]);
        let ahead = self.data.get(at..).unwrap_or(&[]);
        let ahead = ahead.get(..most.min(MAX_LENGTH)).unwrap_or(ahead);
        let mut length = 0;
        for (a, b) in ahead.as_chunks::<8>().0.iter().zip(behind.as_chunks::<8>().0) {
            let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
            if differ != 0 {
                return length + (differ.trailing_zeros() / 8) as usize;
            }
            length += 8;
        }
        let rest = ahead.iter().zip(behind).skip(length);
        length + rest.take_while(|(a, b)| a == b).count()
    }

    /// Splits the bytes from `start` to `end` into sequences, in place of what `out` holds; `prices` says what each byte
    /// takes as a literal, in parts of a bit. After every 2^`patience` places in vain one more byte is passed over each
    /// time. Returns how many bytes are copied.
    pub(super) fn probe(
        &mut self,
        start: usize,
        end: usize,
        patience: u32,
        prices: &[u16; 256],
        out: &mut Vec<Sequence>,
    ) -> usize {
        out.clear();
        let (mut at, mut literals, mut copied) = (start, start, 0);
        // What was in vain before most often is again.
        let mut missed = self.missed / 2;
        while at + BEGINNING <= end {
            let Some(six) = self.six(at) else { break };
            if let Some(mut from) = self.seen(six, at)
                && at - from <= WINDOW
                && self.six(from) == Some(six)
            {
                let most = (end - at).min(MAX_LENGTH) - BEGINNING;
                let mut length = BEGINNING + self.common(from + BEGINNING, at + BEGINNING, most);
                let mut to = at;
                // What was passed over may be the same too.
                while to > literals
                    && length < MAX_LENGTH
                    && from > 0
                    && self.data.get(to - 1) == self.data.get(from - 1)
                {
                    (to, from, length) = (to - 1, from - 1, length + 1);
                }
                if self.is_worth(to, length, to - from, prices, 14) {
                    out.push(sequence(to - literals, length, to - from));
                    at = to + length;
                    copied += length;
                    // So that a run goes on from the byte before.
                    if let Some(six) = self.six(at - 1) {
                        self.seen(six, at - 1);
                    }
                    (literals, missed) = (at, missed / 4);
                    continue;
                }
                // What is cheap as literals is so from the next byte on too.
                at = to + length - 1;
            }
            missed += 1;
            at += 1 + (missed >> patience).min(MOST_SKIPPED);
        }
        self.missed = missed;
        if literals < end {
            out.push(sequence(end - literals, 0, 0));
        }
        copied
    }

    /// Where six bytes were last seen; now they are at `at`.
    fn seen(&mut self, six: u64, at: usize) -> Option<usize> {
        let hash = (six.wrapping_mul(0x9e37_79b1_85eb_ca87) >> (64 - RECENT_BITS)) as usize;
        #[expect(clippy::cast_possible_truncation, reason = "as `new` has it")]
        let now = self.tables.first + at as u32 + 1;
        let place = std::mem::replace(self.tables.recent.get_mut(hash)?, now);
        Some(place.checked_sub(self.tables.first + 1)? as usize)
    }

    /// Whether the first of the bytes alone take more bits as literals than a copy does: `bits`, and those of its distance.
    fn is_worth(&self, at: usize, length: usize, distance: usize, prices: &[u16; 256], bits: u64) -> bool {
        let copied = self.data.get(at..at + length.min(48)).unwrap_or(&[]);
        let price = |byte: &u8| u64::from(prices.get(usize::from(*byte)).copied().unwrap_or(0));
        let literals: u64 = copied.iter().map(price).sum();
        let distance = u32::try_from(distance).unwrap_or(u32::MAX);
        literals > bits * BIT + log2(distance)
    }

    /// Whether a thorough search may find more than a probe: that of the first segment and of those that are
    /// `promising`, unless the last one found little, and as long as it finds more.
    pub(super) const fn is_worth_while(&mut self, promising: bool) -> bool {
        self.spared = self.spared.saturating_sub(1);
        self.pays || promising && self.spared == 0
    }

    /// Whether there was no thorough search yet.
    pub(super) const fn is_untried(&self) -> bool {
        self.untried
    }

    /// Whether the last thorough search found much more than a probe, or there was none.
    pub(super) const fn pays(&self) -> bool {
        self.pays
    }

    /// What a thorough search was: worth while or not. One that was no more than a sample spares no others.
    pub(super) const fn found(&mut self, more: bool, promising: bool) {
        (self.pays, self.untried) = (more, false);
        self.spared = if more || !promising { 0 } else { SPARED };
    }

    /// Splits the bytes from `start` to `end` into sequences, in place of what `out` holds. A short copy has to be cheaper
    /// than its bytes at these `prices`, where they are known. Returns how many bytes are copied.
    pub(super) fn thorough(
        &mut self,
        start: usize,
        end: usize,
        depth: Depth,
        prices: Option<&[u16; 256]>,
        out: &mut Vec<Sequence>,
    ) -> usize {
        out.clear();
        // What a probe went through is not entered, but for the window.
        self.entered = self.entered.max(start.saturating_sub(WINDOW));
        let (mut at, mut literals, mut found, mut copied) = (start, start, None, 0);
        while at < end {
            let (length, distance) = found.take().unwrap_or_else(|| self.longest(at, end, depth, 0));
            let is_dear = |prices| length < 16 && !self.is_worth(at, length, distance, prices, 11);
            if length == 0 || prices.is_some_and(is_dear) {
                at += 1;
                continue;
            }
            if length < depth.take {
                let next = self.longest(at + 1, end, depth, length);
                if next.0 > length {
                    found = Some(next);
                    at += 1;
                    continue;
                }
            }
            out.push(sequence(at - literals, length, distance));
            copied += length;
            // Of a long copy, which is mostly a run, only the ends are entered.
            if length >= 4 * ENTERED && length >= depth.take {
                self.enter(at + ENTERED, Beginning::new(depth.least));
                self.entered = self.entered.max(at + length - ENTERED);
            }
            at += length;
            literals = at;
        }
        if literals < end {
            out.push(sequence(end - literals, 0, 0));
        }
        copied
    }

    /// Enters all places before `to`.
    fn enter(&mut self, to: usize, beginning: Beginning) {
        let Tables { last, before, first, .. } = &mut *self.tables;
        // Arrays, so that no place in them needs to be checked.
        let (Some(last), Some(before)) = (last.first_chunk_mut::<LAST>(), before.first_chunk_mut::<WINDOW>()) else {
            return;
        };
        let bytes = self.data.get(self.entered..self.data.len().min(to + 7)).unwrap_or(&[]);
        for eight in bytes.windows(8) {
            let Some(begins) = eight.first_chunk().map(|eight| beginning.of(*eight)) else { break };
            if let (Some(last), Some(before)) = (last.get_mut(hash(begins)), before.get_mut(self.entered % WINDOW)) {
                #[expect(clippy::cast_possible_truncation, reason = "as `new` has it")]
                let place = *first + self.entered as u32 + 1;
                *before = std::mem::replace(last, place);
            }
            self.entered += 1;
        }
    }

    /// Length and distance of the longest copy that ends by `end` and is longer than `than`; a length of 0 where there
    /// is none. Of two of the same length the nearer one.
    fn longest(&mut self, at: usize, end: usize, depth: Depth, than: usize) -> (usize, usize) {
        let beginning = Beginning::new(depth.least);
        self.enter(at, beginning);
        let most = end.saturating_sub(at).min(MAX_LENGTH);
        let least = depth.least.max(than + 1);
        let begins = |at: usize| Some(beginning.of(*self.data.get(at..)?.first_chunk()?));
        let Some(word) = begins(at).filter(|_| most >= least) else { return (0, 0) };
        let mut best = (least - 1, 0);
        // What does not match where the best ends cannot be longer.
        let mut wanted = self.data.get(at + best.0);
        let first = self.tables.first as usize + 1;
        let mut place = self.tables.last.get(hash(word)).copied().unwrap_or(0) as usize;
        let Some(before) = self.tables.before.first_chunk::<WINDOW>() else { return (0, 0) };
        let mut nearest = at;
        let chain = if than >= 2 * depth.least { depth.chain / 4 } else { depth.chain };
        for _ in 0..chain {
            // Invariant: `place` is one of those entered, plus one, or 0 for none; each is before the last, unless the
            // window has gone on and its slot is another's.
            let Some(from) = place.checked_sub(first).filter(|from| *from < nearest && at - from <= WINDOW) else {
                break;
            };
            if self.data.get(from + best.0) == wanted && begins(from) == Some(word) {
                let length = self.common(from, at, most);
                if length > best.0 {
                    best = (length, at - from);
                    if length >= depth.enough.min(most) {
                        break;
                    }
                    wanted = self.data.get(at + length);
                }
            }
            nearest = from;
            place = before.get(from % WINDOW).copied().unwrap_or(0) as usize;
        }
        if best.1 == 0 { (0, 0) } else { best }
    }
}

/// The bytes that a copy begins with, as many as the shortest one has: what chains are made of.
#[derive(Clone, Copy, Debug)]
struct Beginning {
    others: u32,
}

impl Beginning {
    /// 4 to 8 bytes.
    fn new(least: usize) -> Self {
        Self { others: 64 - 8 * u32::try_from(least).unwrap_or(8).clamp(4, 8) }
    }

    /// In the upper ones of a word.
    #[inline]
    const fn of(self, eight: [u8; 8]) -> u64 {
        u64::from_le_bytes(eight) << self.others
    }
}

#[inline]
const fn hash(begins: u64) -> usize {
    (begins.wrapping_mul(0x9e37_79b1_85eb_ca87) >> (64 - LAST_BITS)) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "a segment, a copy and the window are shorter than 2^16")]
const fn sequence(literals: usize, length: usize, distance: usize) -> Sequence {
    Sequence { literals: literals as u16, length: length as u16, distance: distance as u16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_search_left_is_not_found_also_where_places_begin_anew() {
        let data: Vec<u8> = (0..3000_u32).map(|at| (at * at / 7).to_le_bytes()[0] & 0x3f).collect();
        let depth = Depth { chain: 8, least: 4, enough: 96, take: 24 };
        let found = |tables: &mut Tables| {
            let mut search = Search::new(&data, tables);
            let (mut probed, mut searched) = (Vec::new(), Vec::new());
            search.probe(0, 3000, 2, &[8 << 8; 256], &mut probed);
            search.thorough(0, 3000, depth, None, &mut searched);
            (probed, searched)
        };
        let mut tables = Tables::default();
        let first = found(&mut tables);
        assert!(first.1.len() > 10);
        for next in [3000, u32::MAX - 6500] {
            tables.next = next;
            for _ in 0..4 {
                assert!(found(&mut tables) == first, "from {}", tables.first);
            }
        }
        assert!(tables.first < 10_000);
    }
}
