//! How much time goes into a small file.

use std::fmt;

/// How much time goes into a small file. Every effort is lossless.
///
/// The times are in `README.md`, from `cargo bench -p smart-resize-png`.
///
/// ```
/// use smart_resize_png::Effort;
///
/// assert_eq!(Effort::default(), Effort::Balanced);
/// assert_eq!(Effort::Small.to_string(), "small");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Effort {
    /// About the file size of zlib level 6, in a fraction of its time: one filter type per scanline by the sum of
    /// absolute differences, and a search for matches only where matches pay.
    #[default]
    Balanced,
    /// Slower, a few per cent smaller: two filter heuristics are tried on every strip and the search for matches is
    /// deeper.
    Small,
}

impl Effort {
    /// Every effort, fastest first.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 2] = [Self::Balanced, Self::Small];
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Balanced => "balanced",
            Self::Small => "small",
        })
    }
}
