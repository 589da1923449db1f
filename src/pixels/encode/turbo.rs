//! JPEG by libjpeg-turbo, in C.

use turbojpeg::{Compressor, Image, PixelFormat, Result, Subsamp};

use super::jpeg::{JpegOptions, Subsampling};
use crate::pixels::srgb;
use crate::size::Size;

/// The longest side in pixels that libjpeg-turbo writes.
pub(super) const MAX_SIDE: u32 = 65_500;

/// Appends the file of these pixels, marked as sRGB, to `bytes`.
pub(super) fn write(rgb: &[u8], size: Size, quality: u8, options: &JpegOptions, bytes: &mut Vec<u8>) -> Result<()> {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let mut compressor = Compressor::new()?;
    compressor.set_quality(quality.into())?;
    compressor.set_subsamp(match options.subsampling {
        Subsampling::Yuv420 => Subsamp::Sub2x2,
        Subsampling::Yuv444 => Subsamp::None,
    })?;
    compressor.set_progressive(options.progressive)?;
    let image = Image { pixels: rgb, width, pitch: width * 3, height, format: PixelFormat::RGB };
    let file = compressor.compress_to_owned(image)?;
    put_marked(&file, bytes);
    Ok(())
}

/// Appends the file with the profile of sRGB, right behind JFIF's header, which has to come first.
fn put_marked(file: &[u8], bytes: &mut Vec<u8>) {
    let profile = srgb::profile();
    // The segment's name, then which part of how many it holds.
    let content = [b"ICC_PROFILE\0\x01\x01", &profile[..]].concat();
    // A segment's length counts itself. Invariant: the profile has 480 bytes.
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
    let at = match file {
        &[0xff, 0xd8, 0xff, 0xe0, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    let (before, behind) = file.split_at_checked(at).unwrap_or((&[], file));
    for part in [before, &[0xff, 0xe2], &length.to_be_bytes(), &content, behind] {
        bytes.extend_from_slice(part);
    }
}
