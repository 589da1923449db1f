//! The eight ways in which a camera may have been held, and turning a picture upright.
//!
//! The EXIF tag 0x0112 (JEITA CP-3451, "Orientation") names where the stored picture's first row and first column are
//! seen. Anything but 1 to 8 counts as 1, upright.

use super::picture::{Layout, Picture};
use crate::size::Size;

/// How a stored picture is turned to be seen upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

impl Orientation {
    /// As stored.
    pub(crate) const UPRIGHT: Self = Self(1);

    /// What an EXIF block says: a TIFF file whose first directory has the tag, with or without the bytes `Exif\0\0`
    /// before it.
    pub(crate) fn from_exif(exif: &[u8]) -> Self {
        orientation_tag(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)).unwrap_or(Self::UPRIGHT)
    }

    /// The value of the tag. Anything but 1 to 8 counts as 1.
    #[cfg(feature = "image")]
    pub(crate) const fn from_tag(value: u8) -> Self {
        if matches!(value, 1..=8) { Self(value) } else { Self::UPRIGHT }
    }

    /// The size of the upright picture, where `stored` is that of the stored one.
    pub(crate) const fn upright_size(self, stored: Size) -> Size {
        if self.0 >= 5 { stored.transposed() } else { stored }
    }

    /// The upright picture.
    pub(crate) fn apply(self, picture: Picture) -> Picture {
        if self == Self::UPRIGHT {
            return picture;
        }
        let size = self.upright_size(picture.size());
        let pixels = match picture.layout() {
            Layout::Rgb => turned(picture.pixels().as_chunks::<3>().0, picture.size(), self),
            Layout::Rgba => turned(picture.pixels().as_chunks::<4>().0, picture.size(), self),
        };
        Picture::new(size, picture.layout(), pixels).expect("invariant: a rotation keeps the number of pixels")
    }

    /// Of the stored picture: the index of the pixel that is seen at the top left, and how far the next pixel to the
    /// right and the next one down are from it.
    fn steps(self, stored: Size) -> (usize, isize, isize) {
        let (width, height) = (stored.width() as usize, stored.height() as usize);
        let (right, down) = (width - 1, (height - 1) * width);
        let row = width.cast_signed();
        match self.0 {
            2 => (right, -1, row),
            3 => (right + down, -1, -row),
            4 => (down, 1, -row),
            5 => (0, row, 1),
            6 => (down, -row, 1),
            7 => (right + down, -row, -1),
            8 => (right, row, -1),
            _ => (0, 1, row),
        }
    }
}

/// Rows and columns that are turned together, so that what is read for one row is still at hand for the next.
const TILE: usize = 32;

fn turned<const N: usize>(stored: &[[u8; N]], size: Size, orientation: Orientation) -> Vec<u8> {
    let (start, right, down) = orientation.steps(size);
    let width = orientation.upright_size(size).width() as usize;
    let mut pixels = vec![[0; N]; stored.len()];
    for (band, rows) in pixels.chunks_mut(width * TILE).enumerate() {
        for left in (0..width).step_by(TILE) {
            for (row, out) in rows.chunks_exact_mut(width).enumerate() {
                let at = |x: usize| (x.cast_signed()) * right + (band * TILE + row).cast_signed() * down;
                let mut from = start.wrapping_add_signed(at(left));
                for out in out.iter_mut().skip(left).take(TILE) {
                    *out = stored[from];
                    from = from.wrapping_add_signed(right);
                }
            }
        }
    }
    pixels.into_flattened()
}

/// The value of the tag in a TIFF file: byte order (2), the number 42 (2), the place of the first directory (4);
/// there a count (2) and entries of 12 bytes: tag (2), type (2), count (4), value (4).
fn orientation_tag(tiff: &[u8]) -> Option<Orientation> {
    let big_endian = match tiff.get(..4)? {
        b"MM\0\x2a" => true,
        b"II\x2a\0" => false,
        _ => return None,
    };
    let number = |bytes: &[u8]| {
        let push = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        if big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    };
    let directory = tiff.get(number(tiff.get(4..8)?)..)?;
    let entries = directory.get(2..)?.chunks_exact(12).take(number(directory.get(..2)?));
    let is_orientation = |entry: &&[u8]| entry.get(..2).is_some_and(|tag| number(tag) == 0x0112);
    let entry = entries.clone().find(is_orientation)?;
    // A SHORT stands in the first two bytes of the value; some writers make it a LONG.
    let value = match number(entry.get(2..4)?) {
        3 => number(entry.get(8..10)?),
        4 => number(entry.get(8..12)?),
        _ => return None,
    };
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value)).map(Orientation)
}
