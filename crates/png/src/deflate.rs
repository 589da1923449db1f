//! Deflate (RFC 1951): compresses the filtered scanlines of a strip.
//!
//! The data is taken in segments. Each [segment](segment) is turned into LZ77 tokens, literals and matches, and joins
//! the open [block](block). A block that is complete is written.
//!
//! The pieces, from the data on: `probe` and `hash_chain` find matches, with `prices` to judge them and
//! `search_history` to skip searches that would find little; `token`, `symbol` and `histogram` describe what was found;
//! `code`, `block_header` and `length_runs` write it.

mod block;
mod block_header;
mod code;
mod hash_chain;
mod histogram;
mod length_runs;
mod parameters;
mod prefix;
mod prices;
mod probe;
mod search_history;
mod segment;
mod symbol;
mod tables;
mod token;

use self::block::Block;
use self::parameters::segment_length;
use self::segment::{Search, Segment};
use self::tables::Tables;
use self::token::Token;
use crate::bits::BitWriter;
use crate::content::Content;
use crate::effort::Effort;

/// The scratch buffers of deflate, kept from strip to strip.
#[derive(Debug, Default)]
pub(crate) struct Deflater {
    /// Where bytes were last seen.
    tables: Tables,
    /// The open block.
    block: Block,
    /// The segment that is next, and other tokens for it.
    segment: Segment,
    candidate: Vec<Token>,
}

impl Deflater {
    /// Appends `data`, fewer than 2^32 bytes, as blocks that refer to nothing before them.
    ///
    /// The last strip ends the stream. Any other one ends with an empty stored block, which fills its last byte (zlib's
    /// sync flush), so that the next strip's bytes can follow.
    pub(crate) fn deflate(
        &mut self,
        data: &[u8],
        effort: Effort,
        content: Content,
        is_last: bool,
        bits: &mut BitWriter,
    ) {
        let Self { tables, block, segment, candidate } = self;
        let mut search = Search::new(data, effort, content, tables);
        block.begin(0);
        let mut start = 0;
        while start < data.len() {
            let end = data.len().min(start + segment_length(content));
            segment.find(start..end, &mut search, candidate);
            // The segment begins a new block where a code of its own is cheaper.
            if !block.try_append(segment) {
                block.write(data, false, bits);
                block.begin(start);
                block.try_append(segment);
            }
            start = end;
        }
        block.write(data, is_last, bits);
        if is_last {
            bits.align();
        } else {
            // Not final, stored, padding, and the length 0 with its complement.
            bits.put(0b000, 3);
            bits.align();
            bits.extend(&[0, 0, 0xff, 0xff]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::parameters::SEGMENT;
    use super::*;

    const CONTENTS: [Content; 2] = [Content::Graphic, Content::Photographic];

    fn deflated(data: &[u8], effort: Effort, content: Content, is_last: bool) -> Vec<u8> {
        let mut bits = BitWriter::default();
        Deflater::default().deflate(data, effort, content, is_last, &mut bits);
        bits.bytes().to_vec()
    }

    fn assert_inflates(data: &[u8]) {
        for (effort, content) in Effort::ALL.into_iter().flat_map(|effort| CONTENTS.map(|content| (effort, content))) {
            let inflated = miniz_oxide::inflate::decompress_to_vec(&deflated(data, effort, content, true)).unwrap();
            assert!(inflated == data, "{} bytes, {effort}, {content:?}", data.len());
        }
    }

    fn noise(length: usize, kinds: u32) -> Vec<u8> {
        let mut state = 1_u32;
        let byte = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % kinds).to_le_bytes()[0]
        };
        (0..length).map(byte).collect()
    }

    #[test]
    fn data_of_every_length_around_matches_and_segments_inflates() {
        for length in
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 257, 258, 259, 260, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT + 1, 70_000]
        {
            for kinds in [1, 2, 3, 7, 256] {
                assert_inflates(&noise(length, kinds));
            }
        }
    }

    #[test]
    fn noise_is_stored_and_hardly_grows() {
        let noise = noise(200_000, 256);
        for (effort, content) in Effort::ALL.into_iter().flat_map(|effort| CONTENTS.map(|content| (effort, content))) {
            assert!(deflated(&noise, effort, content, true).len() <= noise.len() + 64);
        }
        assert_inflates(&noise);
    }

    #[test]
    fn matches_reach_as_far_as_the_window_and_no_farther() {
        for distance in [1, 2, 3, 4, 5, 255, 256, 257, 16_384, 32_767, 32_768, 32_769, 40_000] {
            // Nothing of the noise is there twice but its end.
            let mut data = noise(distance.max(300), 256);
            data.extend_from_within(data.len() - distance..);
            assert_inflates(&data);
            let length = |data: &[u8]| deflated(data, Effort::Small, Content::Photographic, true).len();
            let (once, twice) = (length(&data[..data.len() - distance]), length(&data));
            if (300..=32_768).contains(&distance) {
                assert!(twice < once + distance / 8 + 99, "{distance}: {once} and {twice}");
            }
        }
    }

    #[test]
    fn the_longest_matches_inflate() {
        for length in 250..530 {
            assert_inflates(&[noise(300, 256), vec![7; length], noise(300, 256), vec![7; length]].concat());
        }
        // A run of 16 KiB takes about 64 matches of 258 bytes.
        assert!(deflated(&vec![9; SEGMENT], Effort::Balanced, Content::Photographic, true).len() < 64);
    }

    #[test]
    fn strips_follow_each_other() {
        let (first, second) = (noise(40_000, 3), noise(20_000, 200));
        for effort in Effort::ALL {
            let strip = |data: &[u8], is_last| deflated(data, effort, Content::Photographic, is_last);
            let stream = [strip(&first, false), strip(&second, false), strip(&first, true)];
            assert!(stream.iter().take(2).all(|strip| strip.ends_with(&[0, 0, 0xff, 0xff])));
            let inflated = miniz_oxide::inflate::decompress_to_vec(&stream.concat()).unwrap();
            assert!(inflated == [&first[..], &second, &first].concat());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn whatever_is_deflated_inflates(
            parts in proptest::collection::vec((any::<u8>(), 1..=9_usize, 0..3000_usize, any::<bool>()), 0..12),
        ) {
            let mut data: Vec<u8> = Vec::new();
            for (value, kinds, length, is_repeat) in parts {
                if is_repeat && !data.is_empty() {
                    let from = usize::from(value) * data.len() / 256;
                    data.extend_from_within(from..data.len().min(from + length));
                } else {
                    data.extend((0..length).map(|at| value.wrapping_add((at * at / 3 % kinds).to_le_bytes()[0])));
                }
            }
            let both = Effort::ALL.into_iter().flat_map(|effort| CONTENTS.map(|content| (effort, content)));
            for (effort, content) in both {
                let stream = deflated(&data, effort, content, true);
                prop_assert_eq!(&stream, &deflated(&data, effort, content, true));
                prop_assert!(stream.len() <= data.len() + 16);
                prop_assert!(miniz_oxide::inflate::decompress_to_vec(&stream).unwrap() == data);
            }
        }
    }
}
