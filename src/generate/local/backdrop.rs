//! The backdrop: the whole picture over a blurred and darkened enlargement of itself, as on television and in stories.
//!
//! It is recognisable as a composition, so it cannot pass for a wrong photograph of the frame's shape.

use crate::geometry::fit::largest_inside;
use crate::geometry::rect::Rect;
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::resample::{Filter, resample};
use crate::size::Size;

/// The divisors by which the background is reduced, one after the other, and enlarged again.
const REDUCTIONS: [u32; 4] = [1, 6, 24, 72];
/// The brightness of the background, in 256ths. At 60 % its structures recede, and white text over it is legible.
const LIGHT: u32 = 154;

/// Returns where the whole picture of `source` pixels lies in a frame: as large as possible, in the middle of `band`.
pub(super) fn place(source: Size, band: Rect) -> Rect {
    let centred = Rect::centred(band.size(), largest_inside(band.size(), source));
    Rect::new(band.x() + centred.x(), band.y() + centred.y(), centred.size())
}

/// Makes the backdrop. A picture with alpha has a transparent background instead of a blurred one.
pub(super) fn backdrop(picture: &Picture, frame: Size, place: Rect) -> Picture {
    let front = resample(picture, Rect::new(0, 0, picture.size()), place.size(), Filter::Lanczos3);
    let channels = picture.layout().channels();
    let mut pixels = match picture.layout() {
        Layout::Rgb => background(picture, frame).into_pixels(),
        Layout::Rgba => vec![0; frame.area() as usize * channels],
    };
    let bytes = frame.width() as usize * channels;
    for (y, row) in front.pixels().chunks_exact(front.row_bytes()).enumerate() {
        let start = (place.y() as usize + y) * bytes + place.x() as usize * channels;
        pixels[start..start + row.len()].copy_from_slice(row);
    }
    Picture::new(frame, picture.layout(), pixels).expect("invariant: every pixel of the frame was made")
}

/// Returns the middle of the picture, enlarged to the frame, blurred and darkened.
fn background(picture: &Picture, frame: Size) -> Picture {
    let covering = Rect::centred(picture.size(), largest_inside(picture.size(), frame));
    let reduced = |divisor: u32| {
        // A side keeps two pixels if it has them, so that enlarging interpolates and does not fill it with one colour.
        let part = |side: u32| side.div_ceil(divisor).max(2.min(side));
        Size::new(part(frame.width()), part(frame.height())).expect("invariant: a reduced side has at least one pixel")
    };
    // The picture is reduced in one step, so that it never exists at the size of the frame before it is blurred. It is
    // enlarged in several, since one would show a grid.
    let [whole, middle, small, smallest] = REDUCTIONS.map(reduced);
    let first = resample(picture, covering, smallest, Filter::Gaussian);
    let blurred = [small, middle, whole]
        .into_iter()
        .fold(first, |picture, size| resample(&picture, Rect::new(0, 0, picture.size()), size, Filter::Gaussian));
    let dark = |value: &u8| u8::try_from((u32::from(*value) * LIGHT + 128) / 256).unwrap_or(u8::MAX);
    let pixels = blurred.pixels().iter().map(dark).collect();
    Picture::new(frame, Layout::Rgb, pixels).expect("invariant: every pixel was darkened")
}
