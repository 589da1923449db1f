//! LZ77 tokens: what a search turns the data into.

/// The longest match (RFC 1951, section 3.2.5).
pub(super) const MAX_MATCH: usize = 258;

/// The window: the largest distance of a match, and how much data before a position a decoder keeps.
pub(super) const WINDOW: usize = 1 << 15;

/// A run of literals and the match after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The number of literals.
    pub(super) literals: u16,
    /// The length of the match; 0 where the data ends with literals.
    pub(super) length: u16,
    /// How many bytes back the match begins; 0 where the length is 0.
    pub(super) distance: u16,
}

impl Token {
    #[expect(clippy::cast_possible_truncation, reason = "a segment, a match and the window are shorter than 2^16")]
    pub(super) const fn new(literals: usize, length: usize, distance: usize) -> Self {
        debug_assert!(literals < 1 << 16 && length <= MAX_MATCH && distance <= WINDOW);
        Self { literals: literals as u16, length: length as u16, distance: distance as u16 }
    }

    /// Literals that no match follows.
    pub(super) const fn literals(literals: usize) -> Self {
        Self::new(literals, 0, 0)
    }

    /// The match, unless the data ends with literals.
    pub(super) const fn back_reference(self) -> Option<(u16, u16)> {
        if self.length > 0 { Some((self.length, self.distance)) } else { None }
    }
}
