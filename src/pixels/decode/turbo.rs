//! Decodes the pixels of a JPEG with libjpeg-turbo, in C. The header has been read before and is within the limits.

use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, Result};

use crate::pixels::colour::Channels;
use crate::size::Size;

/// The header as the caller has read it.
pub(super) struct Expected {
    pub(super) size: Size,
    pub(super) channels: Channels,
    /// Whether the components are red, green and blue rather than YCbCr.
    pub(super) is_rgb: bool,
    pub(super) scans: u32,
}

/// Decodes into `pixels`. Returns false if libjpeg-turbo reports an error or a warning, or reads another size or colour
/// space from the header.
pub(super) fn read(file: &[u8], expected: &Expected, pixels: &mut [u8]) -> bool {
    read_strictly(file, expected, pixels).unwrap_or(false)
}

fn read_strictly(file: &[u8], expected: &Expected, pixels: &mut [u8]) -> Result<bool> {
    let (width, height) = (expected.size.width() as usize, expected.size.height() as usize);
    let (format, colours) = match expected.channels {
        Channels::Grey => (PixelFormat::GRAY, Colorspace::Gray),
        Channels::Rgb if expected.is_rgb => (PixelFormat::RGB, Colorspace::RGB),
        Channels::Rgb => (PixelFormat::RGB, Colorspace::YCbCr),
    };
    let mut decompressor = Decompressor::new()?;
    // 0 would mean no limit.
    decompressor.set_scan_limit(expected.scans.clamp(1, i32::MAX.unsigned_abs()))?;
    let header = decompressor.read_header(file)?;
    // libjpeg-turbo reads the header again. If it disagrees, one of the two readings would give wrong pixels.
    if (header.width, header.height, header.colorspace) != (width, height, colours) {
        return Ok(false);
    }
    let pitch = width * format.size();
    if pitch.checked_mul(height) != Some(pixels.len()) {
        return Ok(false);
    }
    // A warning, such as corrupt data in a scan, is an error here too.
    decompressor.decompress(file, Image { pixels, width, pitch, height, format })?;
    Ok(true)
}
