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

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    #[test]
    fn the_whole_picture_lies_in_the_middle_of_the_band_as_large_as_possible() {
        let band = Rect::new(10, 20, size(100, 200));
        assert_eq!(place(size(30, 30), band), Rect::new(10, 70, size(100, 100)));
        assert_eq!(place(size(10, 40), band), Rect::new(35, 20, size(50, 200)));
    }

    #[test]
    fn the_background_is_darkened_to_60_percent_and_the_picture_is_not() {
        let picture = Picture::from_rgb(size(8, 8), vec![200; 8 * 8 * 3]).unwrap();
        let made = backdrop(&picture, size(8, 20), Rect::new(0, 6, size(8, 8)));
        let rows: Vec<u8> = made.pixels().chunks_exact(24).map(|row| row[0]).collect();
        // 200 * 154 / 256 is 120.3.
        assert_eq!(rows[..7], [120, 120, 120, 120, 120, 120, 200]);
        assert_eq!(rows[13..], [200, 120, 120, 120, 120, 120, 120]);
        let light = |level: u8| {
            let picture = Picture::from_rgb(size(2, 2), vec![level; 12]).unwrap();
            background(&picture, size(2, 2)).pixels()[0]
        };
        assert_eq!([0, 1, 2, 128, 255].map(light), [0, 1, 1, 77, 153], "rounded to the nearest");
    }

    #[test]
    fn the_background_is_the_middle_of_the_picture_in_the_shape_of_the_frame() {
        // A white square between black sides.
        let row: Vec<u8> = (0..30).flat_map(|x| [if (10..20).contains(&x) { 255 } else { 0 }; 3]).collect();
        let picture = Picture::from_rgb(size(30, 10), row.repeat(10)).unwrap();
        assert!(background(&picture, size(20, 20)).pixels().iter().all(|level| *level == 153));
    }

    #[test]
    fn the_background_is_blurred_and_keeps_two_pixels_of_a_side() {
        // The left half is black and the right one is white.
        let row: Vec<u8> = (0..60).flat_map(|x| [if x < 30 { 0 } else { 255 }; 3]).collect();
        let picture = Picture::from_rgb(size(60, 60), row.repeat(60)).unwrap();
        let made = background(&picture, size(60, 60));
        let levels: Vec<u8> = made.pixels()[..180].chunks_exact(3).map(|pixel| pixel[0]).collect();
        assert!(levels.is_sorted() && levels[0] < 50 && levels[59] > 110, "{levels:?}");
        assert!(levels.windows(2).all(|pair| pair[1] - pair[0] < 12), "no edge is left: {levels:?}");
    }

    #[test]
    fn a_picture_with_alpha_has_a_transparent_background() {
        let picture = Picture::from_rgba(size(2, 1), vec![90, 90, 90, 128, 10, 20, 30, 255]).unwrap();
        let made = backdrop(&picture, size(2, 3), Rect::new(0, 1, size(2, 1)));
        assert_eq!(made.pixels(), [[0; 8], [90, 90, 90, 128, 10, 20, 30, 255], [0; 8]].as_flattened());
    }
}
