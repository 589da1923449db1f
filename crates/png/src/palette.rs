//! A palette of up to 256 colours.
//!
//! PNG (third edition), section 11.2.2: an image of the colour type indexed-colour has a palette, and each pixel is the
//! index of a colour in it. The alphas are written to a chunk of their own (section 11.3.1.1).

use std::ops::Deref;

/// Red, green, blue and alpha, not premultiplied.
pub(crate) type Rgba = [u8; 4];

/// The colours of an indexed-colour image; empty for other colour types. Held inline, so that no palette is allocated.
#[derive(Clone, Debug)]
pub(crate) struct Palette {
    /// The first `len` are used.
    colours: [Rgba; 256],
    len: usize,
}

impl Palette {
    /// The palette of an image whose colour type has none.
    pub(crate) const EMPTY: Self = Self { colours: [[0; 4]; 256], len: 0 };

    /// The palette of these colours, at most 256.
    pub(crate) fn new(colours: &[Rgba]) -> Self {
        let mut palette = Self::EMPTY;
        palette.len = colours.len();
        palette.colours[..palette.len].copy_from_slice(colours);
        palette
    }
}

impl Deref for Palette {
    type Target = [Rgba];

    fn deref(&self) -> &[Rgba] {
        &self.colours[..self.len]
    }
}
