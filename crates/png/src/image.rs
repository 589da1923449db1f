//! A PNG image: what is written into the file once colour type and bit depth are decided.

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
