//! A PNG image: what is written into the file once colour type and bit depth are decided.
//!
//! PNG (third edition), section 4.3, calls it so, in distinction to the picture that it is made of.

use crate::header::Header;
use crate::palette::Palette;

/// Header, palette and scanlines, before the scanlines are filtered.
#[derive(Debug)]
pub(crate) struct PngImage<'a> {
    pub(crate) header: Header,
    /// Empty unless the colour type is indexed-colour.
    pub(crate) palette: Palette,
    /// The scanlines from the top, [`Header::row_bytes`] each.
    pub(crate) rows: &'a [u8],
}
