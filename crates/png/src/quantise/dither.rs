//! Dithering: maps pixels to palette indices by error diffusion (Floyd and Steinberg, 1976).
//!
//! The error of each pixel, which is its wanted colour minus the palette colour, is spread over its neighbours, so that
//! the mean colour of a region is right. The next pixel in the row gets 7/16 of the error. In the row below, the pixels
//! behind, at and ahead of the same column get 3/16, 5/16 and 1/16. Rows are processed alternately from the left and
//! from the right. Transparent pixels neither receive nor spread errors.

use super::{Kind, Nearest, Picture, Point, to_point};
use crate::palette::Rgba;

/// An error in red, green, blue and alpha, in sixteenths of a level.
type Error = [i32; 4];

/// Returns the palette index of each pixel, row by row. The colour of an index is of the same kind as the pixel.
///
/// `colours` has at most 256 entries, with at least one of each kind that occurs in the picture.
pub(super) fn indices(picture: Picture<'_>, colours: &[Rgba]) -> Vec<u8> {
    let points: Vec<_> = colours.iter().map(|colour| to_point(*colour)).collect();
    let [transparent, translucent, opaque] =
        [Kind::Transparent, Kind::Translucent, Kind::Opaque].map(|kind| Nearest::new(&points, kind));

    let width = picture.width;
    let mut pixels = picture.pixels();
    let mut indices = Vec::with_capacity(picture.area());
    let mut row: Vec<Point> = Vec::with_capacity(width);
    let mut places: Vec<u8> = Vec::with_capacity(width);
    // The errors from the row above, and those for the row below. Both are in the processing order of the row that they
    // come from. The next row is processed in the opposite direction, so it reads them in reverse.
    let (mut above, mut below): (Vec<Error>, Vec<Error>) = (vec![[0; 4]; width], Vec::with_capacity(width));
    for turn in 0..picture.area() / width {
        row.clear();
        row.extend(pixels.by_ref().take(width).map(to_point));
        // With one direction for all rows, the errors would drift to one side and show as diagonal lines.
        if turn % 2 == 1 {
            row.reverse();
        }
        let mut ahead = [0; 4];
        // The errors so far for two pixels of the next row: in the column before the current one, and in the current
        // one.
        let (mut before, mut at) = ([0; 4], [0; 4]);
        for (place, (point, from_above)) in row.iter().zip(above.iter().rev()).enumerate() {
            let (nearest, wanted) = match Kind::of(*point) {
                // A transparent pixel is exactly the palette's transparent colour, so its error is 0.
                Kind::Transparent => (&transparent, *point),
                Kind::Translucent => (&translucent, plus(*point, sum(ahead, *from_above, 1))),
                Kind::Opaque => (&opaque, plus(*point, sum(ahead, *from_above, 1))),
            };
            let (chosen, index) =
                nearest.of(wanted).expect("invariant: the palette has a colour of each kind of pixel");
            places.push(index);
            let error = difference(wanted, chosen);
            // `error` is in levels, so that its multiples by 7, 3, 5 and 1 are the parts in sixteenths of a level. They
            // add up to 16, so no part of the error is lost.
            ahead = sum([0; 4], error, 7);
            // The column before the current one is complete: it has 1/16, 5/16 and 3/16 from three pixels of this row.
            // The current one has 1/16 and 5/16 so far, and the next one 1/16.
            if place > 0 {
                below.push(sum(before, error, 3));
            }
            (before, at) = (sum(at, error, 5), error);
        }
        // The last column has no pixel ahead of it to wait for. Parts that fall outside the picture are dropped.
        below.push(before);
        if turn % 2 == 1 {
            places.reverse();
        }
        indices.append(&mut places);
        // Two rows of errors suffice, and their memory is reused.
        std::mem::swap(&mut above, &mut below);
        below.clear();
    }
    indices
}

/// Returns `to + times * error`.
fn sum(to: Error, error: Error, times: i32) -> Error {
    let [r, g, b, alpha] = to;
    let [dr, dg, db, da] = error;
    [r + dr * times, g + dg * times, b + db * times, alpha + da * times]
}

/// Adds an error to a point, with rounding. The result is clipped to bytes, so that errors cannot accumulate.
#[expect(clippy::cast_sign_loss, reason = "from 0 to 255")]
fn plus(point: Point, error: Error) -> Point {
    let [r, g, b, alpha] = point;
    let [dr, dg, db, da] = error;
    // The shift rounds down, also for a negative error, so with 8 sixteenths added it rounds to the nearest level.
    let plus = |channel: u8, error: i32| (i32::from(channel) + ((error + 8) >> 4)).clamp(0, 255) as u8;
    [plus(r, dr), plus(g, dg), plus(b, db), plus(alpha, da)]
}

/// Returns `wanted - chosen` in levels. As an [`Error`], in sixteenths, this is 1/16 of the whole error.
fn difference(wanted: Point, chosen: Point) -> Error {
    let [r, g, b, alpha] = wanted.map(i32::from);
    let [cr, cg, cb, ca] = chosen.map(i32::from);
    [r - cr, g - cg, b - cb, alpha - ca]
}
