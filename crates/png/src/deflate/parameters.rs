//! How long a search for matches may take, by effort and content.
//!
//! The numbers were measured on photographs and graphics; `docs/experiments.md` has what is known of each.

use crate::content::Content;
use crate::effort::Effort;

/// The bounds of a [hash chain search](super::hash_chain). The first, third and fourth are zlib's `max_chain`,
/// `nice_match` and `max_lazy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChainParameters {
    /// How many candidates of a chain are compared.
    pub(super) max_chain: u32,
    /// The shortest match, 4 to 8 bytes; chains link positions that share as many. The same for every search in the
    /// same data.
    pub(super) min_match: usize,
    /// A match of this length ends the search.
    pub(super) nice_match: usize,
    /// A match of this length is taken without a search at the next position.
    pub(super) max_lazy: usize,
}

impl ChainParameters {
    /// In photographic content a short match is seldom cheaper than its literals, and a lower `min_match` makes longer
    /// chains.
    pub(super) const fn new(effort: Effort, content: Content) -> Self {
        let (max_chain, min_match) = match (effort, content) {
            (Effort::Balanced, Content::Graphic) => (16, 4),
            (Effort::Balanced, Content::Photographic) => (8, 6),
            (Effort::Small, Content::Graphic) => (96, 4),
            (Effort::Small, Content::Photographic) => (32, 6),
        };
        let (nice_match, max_lazy) = match effort {
            Effort::Balanced => (96, 24),
            Effort::Small => (258, 258),
        };
        Self { max_chain, min_match, nice_match, max_lazy }
    }
}

/// How slowly a [probe](super::probe) without success becomes sparse: after each 2^patience misses its step grows by a
/// byte.
pub(super) const fn patience(effort: Effort) -> u32 {
    match effort {
        Effort::Balanced => 1,
        Effort::Small => 3,
    }
}

/// Bytes per segment. Segments are small where each is tried in several ways, and larger where nothing is tried.
pub(super) const fn segment_length(content: Content) -> usize {
    match content {
        Content::Graphic => 3 * SEGMENT,
        Content::Photographic => SEGMENT,
    }
}

/// Bytes per photographic segment.
pub(super) const SEGMENT: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photographic_segment_has_16_kib_and_a_graphic_one_three_times_as_much() {
        assert_eq!([Content::Photographic, Content::Graphic].map(segment_length), [16_384, 49_152]);
    }
}
