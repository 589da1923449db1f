//! Joins segments into blocks and writes each block in its shortest form.
//!
//! A segment joins the open block unless two blocks, with the header of the second, would take fewer bits by the
//! entropy estimate. A block is written with dynamic codes, with the fixed ones, or stored (RFC 1951, sections 3.2.4 to
//! 3.2.7), by their exact lengths.

use super::block_header::DynamicHeader;
use super::code::{CodeLengths, Codes};
use super::histogram::Histogram;
use super::segment::Segment;
use super::symbol::END_OF_BLOCK;
use super::token::Token;
use crate::bits::BitWriter;
use crate::entropy::BIT;

/// The most bytes of a stored block: its length has 16 bits.
const MAX_STORED: usize = 65_535;

/// The open block.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The position of the first byte, and the number of bytes.
    start: usize,
    length: usize,
    /// The tokens of all segments, one after the other.
    tokens: Vec<Token>,
    histogram: Histogram,
    /// The entropy estimate without a header, in 1/256 bit.
    cost: u64,
}

impl Block {
    /// Begins an empty block at `start`.
    pub(super) fn begin(&mut self, start: usize) {
        self.tokens.clear();
        (self.start, self.length, self.histogram, self.cost) = (start, 0, Histogram::default(), 0);
    }

    /// Appends the segment, and returns true, unless a block of its own is cheaper.
    pub(super) fn try_append(&mut self, segment: &Segment) -> bool {
        // What one block for both would cost, and what two would.
        let histogram = self.histogram.plus(&segment.histogram);
        let cost = histogram.cost();
        if self.length > 0 && cost > self.cost + segment.cost + header_estimate(&segment.histogram) {
            return false;
        }
        (self.histogram, self.cost) = (histogram, cost);
        self.length += segment.length;
        self.tokens.extend_from_slice(&segment.tokens);
        true
    }

    /// Writes the block in its shortest form.
    pub(super) fn write(&mut self, data: &[u8], is_final: bool, bits: &mut BitWriter) {
        // The end of the block is a symbol like any other, and occurs once.
        self.histogram.literal_lengths[END_OF_BLOCK] = 1;
        let lengths = CodeLengths::optimised(&self.histogram);
        let header = DynamicHeader::new(&lengths);
        let dynamic = header.len_in_bits() + lengths.len_in_bits(&self.histogram);
        // The two bits of the block type are not counted, so the fixed codes win a near tie.
        let fixed = CodeLengths::FIXED.len_in_bits(&self.histogram);
        let bytes = &data[self.start..self.start + self.length];
        // At most 7 bits of padding, and two copies of the length, per stored block.
        let stored = bytes.len() as u64 * 8 + (bytes.len() / MAX_STORED + 1) as u64 * (3 + 7 + 32);
        let shortest = stored.min(dynamic).min(fixed);
        bits.reserve(usize::try_from(shortest / 8 + 8).expect("invariant: a strip fits memory"));
        if stored == shortest {
            return store(bytes, is_final, bits);
        }

        bits.put(is_final.into(), 1);
        let begin = bits.len_in_bits();
        let expected = if fixed == shortest {
            bits.put(0b01, 2);
            Codes::fixed().put_tokens(data, self.start, &self.tokens, bits);
            2 + fixed
        } else {
            header.put(bits);
            Codes::new(&lengths).put_tokens(data, self.start, &self.tokens, bits);
            dynamic
        };
        // The histogram decided about the codes. If it were not that of the tokens, a symbol could be without a code.
        assert!(bits.len_in_bits() - begin == expected, "invariant: a block has the length that its histogram gives");
    }
}

/// About how many 1/256 bits a dynamic block header takes: 50 bits and 3 per symbol used.
fn header_estimate(histogram: &Histogram) -> u64 {
    let used = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count() as u64;
    (50 + 3 * (used(&histogram.literal_lengths) + used(&histogram.distances))) * BIT
}

/// Writes stored blocks (section 3.2.4): their bytes as they are.
fn store(bytes: &[u8], is_final: bool, bits: &mut BitWriter) {
    let mut blocks = bytes.chunks(MAX_STORED).peekable();
    while let Some(block) = blocks.next() {
        bits.put((is_final && blocks.peek().is_none()).into(), 3);
        bits.align();
        let length = u16::try_from(block.len()).expect("invariant: a stored block has at most 65,535 bytes");
        bits.extend(&length.to_le_bytes());
        bits.extend(&(!length).to_le_bytes());
        bits.extend(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start: usize, data: &[u8]) -> Segment {
        let histogram = Histogram::of_literals(&data[start..]);
        let tokens = vec![Token::literals(data.len() - start)];
        Segment { length: data.len() - start, tokens, cost: histogram.cost(), histogram }
    }

    #[test]
    fn a_stored_block_has_at_most_65535_bytes_and_only_the_last_is_final() {
        let mut bits = BitWriter::default();
        store(&vec![7; 65_536], true, &mut bits);
        let stored = bits.bytes();
        assert_eq!(stored[..5], [0, 0xff, 0xff, 0, 0]);
        assert_eq!(stored[5 + 65_535..], [1, 1, 0, 0xfe, 0xff, 7]);
    }

    #[test]
    fn the_header_estimate_is_50_bits_and_3_per_symbol_used() {
        let mut histogram = Histogram::of_literals(b"aabbbc");
        histogram.distances[4] = 9;
        assert_eq!(header_estimate(&histogram), (50 + 3 * 4) * BIT);
    }

    #[test]
    fn a_segment_joins_the_open_block_unless_two_blocks_and_a_header_take_fewer_bits() {
        let data = [[b'a', b'b'].repeat(50), [b'c', b'd'].repeat(50)].concat();
        let both = Histogram::of_literals(&data).cost();
        let next = Segment { cost: 0, ..segment(100, &data) };
        let joins = |cost: u64| {
            let mut block = Block { length: 100, cost, ..Block::default() };
            block.histogram = Histogram::of_literals(&data[..100]);
            (block.try_append(&next), block.length)
        };
        let header = header_estimate(&next.histogram);
        assert_eq!(joins(both - header), (true, 200));
        assert_eq!(joins(both - header - 1), (false, 100));
    }

    /// By the block type, the two bits behind the first one.
    #[test]
    fn a_block_is_stored_or_has_fixed_or_dynamic_codes_whichever_is_the_shortest() {
        let block_type = |data: &[u8]| {
            let (mut block, mut bits) = (Block::default(), BitWriter::default());
            block.begin(0);
            block.try_append(&segment(0, data));
            block.write(data, true, &mut bits);
            bits.align();
            bits.bytes()[0] >> 1 & 3
        };
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(block_type(&every), 0);
        assert_eq!(block_type(b"a short text"), 1);
        assert_eq!(block_type(&[b'a', b'b'].repeat(200)), 2);
    }
}
