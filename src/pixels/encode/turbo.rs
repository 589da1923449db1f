//! Encodes JPEG with libjpeg-turbo, in C.

use turbojpeg::{Compressor, Image, PixelFormat, Result, Subsamp};

use crate::size::Size;

/// The longest side in pixels that libjpeg-turbo can write.
pub(super) const MAX_SIDE: u32 = 65_500;

/// Encodes the pixels with optimised Huffman tables, and adds `profile` to the file.
pub(super) fn encode(
    rgb: &[u8],
    size: Size,
    quality: u8,
    sampling: Subsamp,
    progressive: bool,
    profile: &[u8],
) -> Result<Vec<u8>> {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let mut compressor = Compressor::new()?;
    compressor.set_quality(quality.into())?;
    compressor.set_subsamp(sampling)?;
    compressor.set_progressive(progressive)?;
    compressor.set_optimize(true)?;
    let image = Image { pixels: rgb, width, pitch: width * 3, height, format: PixelFormat::RGB };
    // The `turbojpeg` crate cannot add a profile, so it is inserted into the finished file.
    let file = compressor.compress_to_owned(image)?;
    Ok(insert_icc_profile(&file, profile))
}

/// Inserts an ICC profile into the file, right behind the JFIF header, which must come first.
fn insert_icc_profile(file: &[u8], profile: &[u8]) -> Vec<u8> {
    // The identifier of the segment, then the number of this part and the number of parts.
    let content = [b"ICC_PROFILE\0\x01\x01", profile].concat();
    // The length of a segment includes the length field.
    let length = u16::try_from(content.len() + 2).expect("invariant: the profile has 480 bytes");
    let at = match file {
        // The JFIF segment begins behind the start-of-image marker (2 bytes) with its own marker (2).
        &[0xff, 0xd8, 0xff, 0xe0, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    let (before, behind) = file.split_at(at);
    [before, &[0xff, 0xe2], &length.to_be_bytes(), &content, behind].concat()
}
