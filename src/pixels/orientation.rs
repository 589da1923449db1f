//! The eight EXIF orientations, and the rotation or mirroring that makes a stored picture upright.
//!
//! The EXIF tag 0x0112 (JEITA CP-3451, "Orientation") says at which sides of the upright picture the first row and the
//! first column of the stored picture are. A value outside 1 to 8 counts as 1, upright.

use super::picture::{Layout, Picture};
use crate::size::Size;

/// An EXIF orientation: the value of the tag, 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

impl Orientation {
    /// The stored picture is upright.
    pub(crate) const UPRIGHT: Self = Self(1);

    /// Reads the orientation from an EXIF block. The block is a TIFF file whose first directory has the tag. The
    /// prefix `Exif\0\0` is optional. A block without a valid tag means upright. `None` if the block cannot be read, so
    /// that the next one of the file counts.
    pub(crate) fn read(exif: &[u8]) -> Option<Self> {
        let directory = Directory::first(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))?;
        Some(directory.orientation().unwrap_or(Self::UPRIGHT))
    }

    /// Converts the value of the tag. A value outside 1 to 8 counts as 1.
    #[cfg(feature = "image")]
    pub(crate) const fn from_tag(value: u8) -> Self {
        if matches!(value, 1..=8) { Self(value) } else { Self::UPRIGHT }
    }

    /// Returns the size of the upright picture, given the size of the stored picture.
    pub(crate) const fn upright_size(self, stored: Size) -> Size {
        // The values from 5 on swap rows and columns.
        if self.0 >= 5 { stored.transposed() } else { stored }
    }

    /// Makes the picture upright. An upright picture is returned without a copy.
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

    /// Returns how to walk the stored picture in the order of the upright one: the index of the upright picture's
    /// top-left pixel, and the index steps to its neighbours on the right and below.
    fn steps(self, stored: Size) -> (usize, isize, isize) {
        let (width, height) = (stored.width() as usize, stored.height() as usize);
        // `right` leads to the last column of a row, and `down` to the first pixel of the last row.
        let (right, down) = (width - 1, (height - 1) * width);
        let row = width.cast_signed();
        match self.0 {
            // 2 mirrors left and right, 3 turns by 180 degrees, and 4 mirrors top and bottom. 5 swaps rows and columns;
            // 6 turns clockwise by 90 degrees, 8 counterclockwise; 7 swaps along the other diagonal.
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

/// The side of a tile in pixels. With a rotation by 90 degrees, a row of the result reads a column of the stored
/// picture. In tiles of this size the cache lines that one row reads are still cached for the next.
const TILE: usize = 32;

/// Returns the upright pixels, computed tile by tile. `size` is the stored picture's.
fn turned<const N: usize>(stored: &[[u8; N]], size: Size, orientation: Orientation) -> Vec<u8> {
    let (start, right, down) = orientation.steps(size);
    let width = orientation.upright_size(size).width() as usize;
    let mut pixels = vec![[0; N]; stored.len()];
    // A band has `TILE` rows of the result, and is filled from left to right in tiles.
    for (band, rows) in pixels.chunks_mut(width * TILE).enumerate() {
        for left in (0..width).step_by(TILE) {
            for (row, out) in rows.chunks_exact_mut(width).enumerate() {
                let at = |x: usize| (x.cast_signed()) * right + (band * TILE + row).cast_signed() * down;
                // The index wraps, since the step behind the last pixel of a row can lead to before the first pixel of
                // the picture. No pixel is read there.
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

/// A directory of a TIFF file.
///
/// A TIFF file begins with the byte order (2 bytes), the number 42 (2) and the offset of the first directory (4). A
/// directory has the number of its entries (2), then entries of 12 bytes: tag (2), type (2), count (4), value (4).
struct Directory<'a> {
    is_big_endian: bool,
    /// The entries that are complete.
    entries: &'a [[u8; 12]],
}

impl<'a> Directory<'a> {
    /// Reads the first directory. `None` if the file is no TIFF file or has no such directory.
    fn first(tiff: &'a [u8]) -> Option<Self> {
        let is_big_endian = match tiff.get(..4)? {
            b"MM\0\x2a" => true,
            b"II\x2a\0" => false,
            _ => return None,
        };
        let mut directory = Self { is_big_endian, entries: &[] };
        let content = tiff.get(directory.number(tiff.get(4..8)?)..)?;
        let (entries, _) = content.get(2..)?.as_chunks();
        // A count that exceeds the file is harmless: only entries that are complete are read.
        let count = directory.number(content.get(..2)?).min(entries.len());
        directory.entries = entries.get(..count)?;
        Some(directory)
    }

    /// Reads a number in the byte order of the file.
    fn number(&self, bytes: &[u8]) -> usize {
        // The bytes are pushed from the highest to the lowest, which is backwards for little-endian numbers.
        let push = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        if self.is_big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }

    /// Finds the orientation. `None` if there is no valid tag.
    fn orientation(&self) -> Option<Orientation> {
        let &[_, _, t0, t1, _, _, _, _, v0, v1, v2, v3] =
            self.entries.iter().find(|[high, low, ..]| self.number(&[*high, *low]) == 0x0112)?;
        // A SHORT is in the first two bytes of the value. Some writers use a LONG.
        let value = match self.number(&[t0, t1]) {
            3 => self.number(&[v0, v1]),
            4 => self.number(&[v0, v1, v2, v3]),
            _ => return None,
        };
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value)).map(Orientation)
    }
}
