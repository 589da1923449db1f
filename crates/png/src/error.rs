//! What an encoder refuses.

/// The arguments do not describe a picture that PNG can hold.
///
/// Nothing else can fail: encoding writes to memory.
///
/// ```
/// use smart_resize_png::{Colour, Encoder, Error, Scratch};
///
/// let error = Encoder::new((2, 2), Colour::Rgb).encode(&[0; 9], &mut Scratch::default()).unwrap_err();
/// assert_eq!(error, Error::DataLength { found: 9, expected: 12 });
/// assert_eq!(error.to_string(), "data length is 9 bytes; expected 12");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The width is zero, or above 2^31 - 1 (PNG, section 11.2.1).
    #[error("width is {found}; expected 1 to 2147483647")]
    Width {
        /// The width in pixels.
        found: u32,
    },
    /// The height is zero, or above 2^31 - 1 (PNG, section 11.2.1).
    #[error("height is {found}; expected 1 to 2147483647")]
    Height {
        /// The height in pixels.
        found: u32,
    },
    /// One scanline has more bytes than this encoder takes. A strip is one `IDAT` chunk and has at least one scanline,
    /// and a chunk has at most 2^31 - 1 bytes (PNG, section 5.3).
    #[error("scanline length is {found} bytes; expected 1 to 1073741824")]
    ScanlineLength {
        /// The bytes of one scanline.
        found: u64,
    },
    /// The data has another length than the size and the colour give: width × height × bytes per pixel.
    #[error("data length is {found} bytes; expected {expected}")]
    DataLength {
        /// The number of bytes passed.
        found: u64,
        /// The number of bytes that the picture has.
        expected: u64,
    },
    /// The palette is empty, or has more than 256 colours (PNG, section 11.2.2).
    #[error("palette length is {found}; expected 1 to 256")]
    PaletteLength {
        /// The number of colours.
        found: usize,
    },
    /// A pixel names a colour that is not in the palette.
    #[error("palette index is {found}; expected 0 to {last} (at byte {at})")]
    PaletteIndex {
        /// The index of the pixel.
        found: u8,
        /// The index of the palette's last colour.
        last: u8,
        /// The place of the pixel in the indices.
        at: usize,
    },
}
