//! The data of a scan (ITU T.81, A.2, F.1.2 and F.2.2): from bytes to words, a symbol and what follows its code each, and
//! back.
//!
//! A block is the symbol of its mean, which follows that of the block before, and those of its other coefficients: each
//! says how many zeros precede it, until 64 are reached or an end is. Behind a byte `ff` comes one that is 0, and the last byte is filled
//! up with ones.

use super::tables::{Codes, Counts, Decoder, Entry, Word};

/// What the frame's header says (B.2.2).
pub(super) struct Frame {
    pub(super) is_progressive: bool,
    width: u32,
    height: u32,
    /// By component its name and its sampling factors, horizontal and vertical.
    components: Vec<(u8, u32, u32)>,
}

impl Frame {
    pub(super) fn new(is_progressive: bool, content: &[u8]) -> Option<Self> {
        let &[8, h0, h1, w0, w1, components, ref each @ ..] = content else { return None };
        let (each, rest) = each.as_chunks::<3>();
        let component = |[name, factors, _]: &[u8; 3]| (*name, u32::from(factors >> 4), u32::from(factors & 15));
        let components: Vec<_> =
            (each.len() == usize::from(components)).then(|| each.iter().map(component).collect())?;
        let are_possible = components.iter().all(|(_, x, y)| (1..=4).contains(x) && (1..=4).contains(y));
        let [width, height] = [[w0, w1], [h0, h1]].map(|side| u32::from(u16::from_be_bytes(side)));
        (are_possible && width > 0 && height > 0 && rest.is_empty()).then_some(Self {
            is_progressive,
            width,
            height,
            components,
        })
    }

    /// How many units a scan of these components has, and for each component in a unit its tables and how many blocks it
    /// has (A.2). A component by itself has units of one block, and none for what only fills up the frame.
    pub(super) fn units(&self, scan: &[[u8; 2]]) -> Option<(u64, Vec<(u8, usize)>)> {
        let most = |factor: fn(&(u8, u32, u32)) -> u32| self.components.iter().map(factor).max();
        let (most_x, most_y) = (most(|(_, x, _)| *x)?, most(|(_, _, y)| *y)?);
        let factors = |name: u8| self.components.iter().find(|(own, ..)| *own == name);
        let units = |side: u32, own: u32, most: u32| u64::from((side * own).div_ceil(most).div_ceil(8));
        if let [[name, tables]] = *scan {
            let &(_, x, y) = factors(name)?;
            let count = units(self.width, x, most_x) * units(self.height, y, most_y);
            return Some((count, vec![(tables, 1)]));
        }
        let of_component = |&[name, tables]: &[u8; 2]| {
            let &(_, x, y) = factors(name)?;
            Some((tables, (x * y) as usize))
        };
        let count = units(self.width, 1, most_x) * units(self.height, 1, most_y);
        Some((count, scan.iter().map(of_component).collect::<Option<_>>()?))
    }
}

fn position_of_ff(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let clean = words.iter().take_while(|word| !has_ff(**word)).count() * 8;
    let at = bytes.get(clean..)?.iter().position(|byte| *byte == 0xff)?;
    Some(clean + at)
}

/// Whether one of the bytes is `ff`: inverted, it is the one that a borrow from above its lower bits reaches.
const fn has_ff(word: [u8; 8]) -> bool {
    let inverted = !u64::from_ne_bytes(word);
    inverted.wrapping_sub(0x0101_0101_0101_0101) & !inverted & 0x8080_8080_8080_8080 != 0
}

/// Puts the data of a scan without the zeros behind `ff`, and with room for the words that are read last, in place of what
/// `bytes` holds; what comes behind the data, from the first `ff` on that is followed by another byte.
pub(super) fn unstuffed<'a>(mut data: &'a [u8], bytes: &mut Vec<u8>) -> Option<&'a [u8]> {
    bytes.clear();
    loop {
        let (before, behind) = data.split_at_checked(position_of_ff(data)?)?;
        bytes.extend_from_slice(before);
        let [_, 0, stuffed @ ..] = behind else {
            bytes.resize(bytes.len() + Bits::ROOM, 0);
            return Some(behind);
        };
        bytes.push(0xff);
        data = stuffed;
    }
}

/// The bits of a scan, the first in the highest bit of the first byte.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Where the byte is that comes next into the buffer.
    at: usize,
    buffer: u64,
    /// How many bits are in the buffer, in the lowest 6 bits. Above them is anything, so that nothing has to be masked.
    filled: u32,
}

impl<'a> Bits<'a> {
    /// So many bytes behind the data belong to it for reading.
    const ROOM: usize = 16;

    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, buffer: 0, filled: 0 }
    }

    /// Fills the buffer with 56 bits or more: two words.
    #[inline]
    fn fill(&mut self) -> Option<()> {
        let word = self.bytes.get(self.at..)?.first_chunk()?;
        self.buffer |= u64::from_be_bytes(*word).wrapping_shr(self.filled);
        self.at += (!self.filled >> 3 & 7) as usize;
        self.filled |= 0x38;
        Some(())
    }

    /// The word that comes, and by how much it advances.
    #[inline]
    fn word(&mut self, decoder: &Decoder) -> (Word, u32) {
        let entry = decoder.entry(self.buffer);
        let word = entry.word(self.buffer);
        self.buffer = self.buffer.wrapping_shl(entry.length());
        self.filled = self.filled.wrapping_sub(entry.length());
        (word, entry.step())
    }

    /// Whether nothing is left but the ones that fill the last byte.
    pub(super) fn is_at_end(&self) -> bool {
        let read = (self.at * 8).saturating_sub((self.filled & 63) as usize);
        let left = ((self.bytes.len() - Self::ROOM) * 8).checked_sub(read);
        left.is_some_and(|left| left < 8 && self.buffer.leading_ones() as usize >= left)
    }
}

/// Reads the words of a block, from the coefficient `next` on; how many they are.
#[inline]
pub(super) fn read_block(
    bits: &mut Bits<'_>,
    dc: Option<&Decoder>,
    ac: Option<&Decoder>,
    mut next: u32,
    block: &mut [Word; 64],
    counts: &mut Counts,
) -> Option<usize> {
    let mut many = 0;
    bits.fill()?;
    if let Some(dc) = dc {
        let (word, step) = bits.word(dc);
        block[0] = word;
        counts.add(word);
        many = 1;
        if step != 1 {
            return None;
        }
    }
    let Some(ac) = ac else { return Some(many) };
    loop {
        let (word, step) = bits.word(ac);
        // Invariant: each of the at most 63 words advances by one or more.
        *block.get_mut(many)? = word;
        counts.add(word);
        many += 1;
        next += step;
        if next >= 64 {
            // Else it is no code, or a run of zeros goes beyond the end.
            return (next == 64 || next >= Entry::END).then_some(many);
        }
        if many % 2 == 0 {
            bits.fill()?;
        }
    }
}

/// Writes the words, and ones that fill the last byte; how many bytes that is.
pub(super) fn write_words(words: &[Word], codes: &Codes, room: &mut [u8]) -> usize {
    // The bits that wait are the lowest of `buffer`. Invariant: there are at most 7, and 2 * 27 at once are put to them.
    let (mut written, mut buffer, mut filled) = (0, 0_u64, 0);
    let mut put = |(bits, count): (u64, u32)| {
        buffer = buffer << count | bits;
        filled += count;
        if let Some(room) = room.get_mut(written..).and_then(<[u8]>::first_chunk_mut) {
            *room = (buffer << (63 - filled) << 1).to_be_bytes();
        }
        written += (filled / 8) as usize;
        filled &= 7;
    };
    let (pairs, rest) = words.as_chunks();
    for &[a, b] in pairs {
        let ((a, count_a), (b, count_b)) = (codes.of(a), codes.of(b));
        put((a << count_b | b, count_a + count_b));
    }
    for &word in rest {
        put(codes.of(word));
    }
    put((0x7f, 7));
    written
}

/// The bytes with a zero behind each `ff` (B.1.1.5).
pub(super) fn put_stuffed(mut bytes: &[u8], file: &mut Vec<u8>) {
    while let Some(at) = position_of_ff(bytes) {
        let (before, behind) = bytes.split_at_checked(at + 1).unwrap_or((bytes, &[]));
        file.extend_from_slice(before);
        file.push(0);
        bytes = behind;
    }
    file.extend_from_slice(bytes);
}
