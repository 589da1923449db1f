//! Chroma subsampling: how many pixels share one sample of Cb and Cr.

use std::fmt;

/// Chroma subsampling.
///
/// ```
/// use smart_resize_jpeg::Sampling;
///
/// assert_eq!(Sampling::default(), Sampling::Yuv420);
/// assert_eq!(Sampling::Yuv444.to_string(), "4:4:4");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sampling {
    /// 4:2:0: one sample of Cb and Cr for 2 x 2 pixels, their rounded mean. Usual for photographs.
    #[default]
    Yuv420,
    /// 4:4:4: one sample of Cb and Cr for each pixel. Keeps the edges of red text and thin coloured lines.
    Yuv444,
}

impl Sampling {
    /// The sampling factor of Y, horizontal and vertical. That of Cb and Cr is 1.
    pub(crate) const fn factor(self) -> usize {
        match self {
            Self::Yuv420 => 2,
            Self::Yuv444 => 1,
        }
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yuv420 => "4:2:0",
            Self::Yuv444 => "4:4:4",
        })
    }
}
