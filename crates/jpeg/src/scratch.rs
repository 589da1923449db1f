//! The memory that an encoder works in.

use crate::mcu_row::McuRow;
use crate::progressive::BANDS;
use crate::symbol::Symbols;

/// The memory that [`Encoder::encode`](crate::Encoder::encode) works in.
///
/// Keep it from picture to picture. Once it has held the largest picture, encoding allocates the
/// file only. What it holds has no influence on the file.
///
/// ```
/// use smart_resize_jpeg::{Encoder, Scratch};
///
/// let mut scratch = Scratch::default();
/// let files: Vec<_> = [50, 90].map(|quality| Encoder::new((8, 8), quality).encode(&[77; 192], &mut scratch)).into();
/// assert!(files.iter().all(Result::is_ok));
/// ```
#[derive(Debug, Default)]
pub struct Scratch {
    /// One row of minimum coded units (MCUs): the blocks of 8x8 or 16x16 pixels that are coded together.
    pub(crate) row: McuRow,
    /// The symbols of the interleaved scan. The Huffman tables depend on all of them, so they are kept until the scan
    /// is complete, and then written.
    pub(crate) interleaved: Symbols,
    /// The symbols of the scans of AC coefficients of a progressive picture.
    pub(crate) bands: [Symbols; BANDS.len()],
}
