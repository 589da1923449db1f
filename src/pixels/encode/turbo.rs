//! JPEG by libjpeg-turbo, in C.

use turbojpeg::{Compressor, Image, PixelFormat, Result, Subsamp};

use crate::size::Size;

/// The longest side in pixels that libjpeg-turbo can write.
pub(super) const MAX_SIDE: u32 = 65_500;

/// Encodes these pixels, with optimised Huffman tables, and marks the file with `profile`.
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
    let file = compressor.compress_to_owned(image)?;
    Ok(marked(&file, profile))
}

/// The file with an ICC profile, right behind the JFIF header, which has to come first.
fn marked(file: &[u8], profile: &[u8]) -> Vec<u8> {
    // The name of the segment, then which part of how many it holds.
    let content = [b"ICC_PROFILE\0\x01\x01", profile].concat();
    // The length of a segment counts itself.
    let length = u16::try_from(content.len() + 2).expect("invariant: the profile has 480 bytes");
    let at = match file {
        &[0xff, 0xd8, 0xff, 0xe0, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    let (before, behind) = file.split_at(at);
    [before, &[0xff, 0xe2], &length.to_be_bytes(), &content, behind].concat()
}
