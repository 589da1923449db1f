//! The eight EXIF orientations, and the rotation or mirroring that makes a stored picture upright.
//!
//! The EXIF tag 0x0112 (JEITA CP-3451, "Orientation") says at which sides of the upright picture the first row and the
//! first column of the stored picture are. A value outside 1 to 8 counts as 1, upright.

use smart_resize_metadata::exif::Exif;

use super::picture::{Layout, Picture};
use crate::size::Size;

/// An EXIF orientation: the value of the tag, 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

impl Orientation {
    /// The stored picture is upright.
    pub(crate) const UPRIGHT: Self = Self(1);

    /// Converts the value of the tag. A value outside 1 to 8 counts as 1.
    pub(crate) const fn from_tag(value: u8) -> Self {
        if matches!(value, 1..=8) { Self(value) } else { Self::UPRIGHT }
    }

    /// Returns the orientation that an EXIF block names. Without one, the picture is upright.
    pub(crate) fn of_exif(exif: Option<Exif<'_>>) -> Self {
        exif.and_then(|exif| exif.orientation).map_or(Self::UPRIGHT, Self::from_tag)
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
