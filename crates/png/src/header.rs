//! The image header: what one pixel is made of and how many bytes a scanline has.
//!
//! Colour type and bit depth are those of PNG (third edition), section 11.2.1. A scanline packs its pixels from the
//! left, and ends with a whole byte (section 7.2).

/// The colour type; its discriminant is the byte of the `IHDR` chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColourType {
    /// One grey sample of 1 to 8 bits.
    Greyscale = 0,
    /// Red, green and blue samples.
    Truecolour = 2,
    /// A palette index of 1 to 8 bits.
    IndexedColour = 3,
    /// A grey and an alpha sample.
    GreyscaleAlpha = 4,
    /// Red, green, blue and alpha samples.
    TruecolourAlpha = 6,
}

impl ColourType {
    /// Samples per pixel.
    const fn samples(self) -> u8 {
        match self {
            Self::Greyscale | Self::IndexedColour => 1,
            Self::GreyscaleAlpha => 2,
            Self::Truecolour => 3,
            Self::TruecolourAlpha => 4,
        }
    }
}

/// Bits per sample or palette index; its discriminant is the byte of the `IHDR` chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BitDepth {
    One = 1,
    Two = 2,
    Four = 4,
    Eight = 8,
}

impl BitDepth {
    /// Bits per sample.
    pub(crate) const fn bits(self) -> u8 {
        self as u8
    }

    /// The smallest depth whose indices reach every colour of the palette.
    pub(crate) const fn of_palette(colours: usize) -> Self {
        match colours {
            0..=2 => Self::One,
            3..=4 => Self::Two,
            5..=16 => Self::Four,
            _ => Self::Eight,
        }
    }

    /// The difference between two adjacent grey levels of this depth, in 8-bit levels: 255 / (2^depth - 1).
    pub(crate) const fn grey_step(self) -> u8 {
        match self {
            Self::One => 255,
            Self::Two => 85,
            Self::Four => 17,
            Self::Eight => 1,
        }
    }
}

/// Size and pixel format of a PNG image.
///
/// A header is made by `Encoder`, which checks both sides and the length of a scanline. So its lengths fit a `usize` on
/// every platform, and everything behind it relies on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Width in pixels.
    pub(crate) width: u32,
    /// Height in pixels.
    pub(crate) height: u32,
    /// What the samples of a pixel are.
    pub(crate) colour_type: ColourType,
    /// Bits per sample, or per palette index.
    pub(crate) bit_depth: BitDepth,
}

impl Header {
    /// Bytes per scanline, without the filter type byte.
    pub(crate) fn row_bytes(self) -> usize {
        usize::try_from(self.row_bits().div_ceil(8)).expect("invariant: a scanline has at most 2^30 bytes")
    }

    /// Bits per scanline, without the filter type byte and the bits that fill the last byte.
    pub(crate) fn row_bits(self) -> u64 {
        u64::from(self.width) * u64::from(self.bits_per_pixel())
    }

    /// Bytes per complete pixel, rounded up to one: how far left the filters look (PNG, section 9.2).
    pub(crate) const fn bytes_per_pixel(self) -> usize {
        self.bits_per_pixel().div_ceil(8) as usize
    }

    /// Bits per pixel: samples times depth.
    const fn bits_per_pixel(self) -> u8 {
        self.colour_type.samples() * self.bit_depth.bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(width: u32, colour_type: ColourType, bit_depth: BitDepth) -> Header {
        Header { width, height: 1, colour_type, bit_depth }
    }

    #[test]
    fn a_scanline_and_a_pixel_are_rounded_up_to_whole_bytes() {
        let bits = header(9, ColourType::IndexedColour, BitDepth::One);
        assert_eq!((bits.row_bits(), bits.row_bytes(), bits.bytes_per_pixel()), (9, 2, 1));
        let nibbles = header(3, ColourType::Greyscale, BitDepth::Four);
        assert_eq!((nibbles.row_bits(), nibbles.row_bytes(), nibbles.bytes_per_pixel()), (12, 2, 1));
        let types =
            [ColourType::Greyscale, ColourType::GreyscaleAlpha, ColourType::Truecolour, ColourType::TruecolourAlpha];
        let bytes = types.map(|colour_type| header(5, colour_type, BitDepth::Eight).bytes_per_pixel());
        assert_eq!(bytes, [1, 2, 3, 4]);
    }

    #[test]
    fn the_bit_depth_of_a_palette_is_the_smallest_whose_indices_reach_every_colour() {
        let depths = [1, 2, 3, 4, 5, 16, 17, 256].map(|colours| BitDepth::of_palette(colours).bits());
        assert_eq!(depths, [1, 1, 2, 2, 4, 4, 8, 8]);
    }

    #[test]
    fn a_grey_step_is_255_divided_by_the_largest_level_of_the_depth() {
        for depth in [BitDepth::One, BitDepth::Two, BitDepth::Four, BitDepth::Eight] {
            assert_eq!(u32::from(depth.grey_step()), 255 / ((1_u32 << depth.bits()) - 1));
        }
    }
}
