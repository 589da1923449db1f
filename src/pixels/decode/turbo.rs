//! The pixels of a JPEG by libjpeg-turbo, in C. What stands before them has been read and is within the limits.

use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, Result, ScalingFactor};

use crate::pixels::colour::Channels;
use crate::size::Size;

/// What a file has been found to be.
pub(super) struct Expected {
    pub(super) size: Size,
    /// As they are read.
    pub(super) channels: Channels,
    /// Whether they are stored as red, green and blue.
    pub(super) is_rgb: bool,
    pub(super) scans: u32,
    /// What of its sides is read: a half for 2, a quarter for 4, an eighth for 8, each rounded up.
    pub(super) reduce: u32,
}

/// The size at which a picture is read.
pub(super) fn reduced(size: Size, reduce: u32) -> Size {
    let [width, height] = [size.width(), size.height()].map(|side| side.div_ceil(reduce.max(1)));
    Size::new(width, height).unwrap_or(size)
}

/// Fills `pixels`, unless libjpeg-turbo finds anything wrong with the file, or sees another kind of picture in it. A
/// mere warning counts as well.
pub(super) fn read(file: &[u8], expected: &Expected, pixels: &mut [u8]) -> bool {
    read_strictly(file, expected, pixels).unwrap_or(false)
}

fn read_strictly(file: &[u8], expected: &Expected, pixels: &mut [u8]) -> Result<bool> {
    let whole = (expected.size.width() as usize, expected.size.height() as usize);
    let size = reduced(expected.size, expected.reduce);
    let (width, height) = (size.width() as usize, size.height() as usize);
    let (format, colours) = match expected.channels {
        Channels::Grey => (PixelFormat::GRAY, Colorspace::Gray),
        Channels::Rgb if expected.is_rgb => (PixelFormat::RGB, Colorspace::RGB),
        Channels::Rgb => (PixelFormat::RGB, Colorspace::YCbCr),
    };
    let mut decompressor = Decompressor::new()?;
    // 0 is no limit.
    decompressor.set_scan_limit(expected.scans.clamp(1, i32::MAX.unsigned_abs()))?;
    let header = decompressor.read_header(file)?;
    if (header.width, header.height, header.colorspace) != (whole.0, whole.1, colours) {
        return Ok(false);
    }
    let pitch = width * format.size();
    if pitch.checked_mul(height) != Some(pixels.len()) {
        return Ok(false);
    }
    decompressor.set_scaling_factor(ScalingFactor::new(1, expected.reduce as usize))?;
    decompressor.decompress(file, Image { pixels, width, pitch, height, format })?;
    Ok(true)
}
