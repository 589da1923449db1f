//! From pixels to the places of their colours, with the error of each spread over its neighbours (Floyd and Steinberg,
//! 1976), so that a region has the right colour on the whole.
//!
//! A pixel's error goes on to the pixel ahead (7/16) and to those before, at and ahead of its own place in the next row
//! (3/16, 5/16, 1/16). Rows are run through in turn from the left and from the right. Nothing is spread over clear
//! pixels, nor from them.

use super::{Colour, Kind, Nearest, Point, pixels, to_point};
use crate::pixels::picture::Picture;

/// Red, green, blue and alpha, in sixteenths.
type Error = [i32; 4];

/// For each pixel the place of a colour of its kind in `colours`, 256 at the most, which have one of each kind that is
/// in the picture.
pub(super) fn indices(picture: &Picture, colours: &[Colour]) -> Vec<u8> {
    let points: Vec<_> = colours.iter().map(|colour| to_point(*colour)).collect();
    let [clear, translucent, opaque] =
        [Kind::Clear, Kind::Translucent, Kind::Opaque].map(|kind| Nearest::new(&points, kind));

    let width = picture.size().width() as usize;
    let mut pixels = pixels(picture);
    let mut indices = Vec::with_capacity(picture.size().area() as usize);
    let mut row: Vec<Point> = Vec::with_capacity(width);
    let mut places: Vec<u8> = Vec::with_capacity(width);
    // What goes from a row to the next, in the order of the row it comes from.
    let (mut above, mut below): (Vec<Error>, Vec<Error>) = (vec![[0; 4]; width], Vec::with_capacity(width));
    for turn in 0..picture.size().height() {
        row.clear();
        row.extend(pixels.by_ref().take(width).map(to_point));
        if turn % 2 == 1 {
            row.reverse();
        }
        let mut ahead = [0; 4];
        // What has come so far to the place before, and to the place itself, in the next row.
        let (mut before, mut at) = ([0; 4], [0; 4]);
        for (place, (point, from_above)) in row.iter().zip(above.iter().rev()).enumerate() {
            let (nearest, wanted) = match Kind::of(*point) {
                Kind::Clear => (&clear, *point),
                Kind::Translucent => (&translucent, plus(*point, sum(ahead, *from_above, 1))),
                Kind::Opaque => (&opaque, plus(*point, sum(ahead, *from_above, 1))),
            };
            let (chosen, index) =
                nearest.of(wanted).expect("invariant: the palette has a colour of each kind of pixel");
            places.push(index);
            let error = difference(wanted, chosen);
            ahead = sum([0; 4], error, 7);
            if place > 0 {
                below.push(sum(before, error, 3));
            }
            (before, at) = (sum(at, error, 5), error);
        }
        below.push(before);
        if turn % 2 == 1 {
            places.reverse();
        }
        indices.append(&mut places);
        std::mem::swap(&mut above, &mut below);
        below.clear();
    }
    indices
}

fn sum(to: Error, error: Error, times: i32) -> Error {
    let [r, g, b, alpha] = to;
    let [dr, dg, db, da] = error;
    [r + dr * times, g + dg * times, b + db * times, alpha + da * times]
}

/// The point with the error added, rounded, as far as bytes go. So errors cannot pile up.
#[expect(clippy::cast_sign_loss, reason = "from 0 to 255")]
fn plus(point: Point, error: Error) -> Point {
    let [r, g, b, alpha] = point;
    let [dr, dg, db, da] = error;
    let plus = |channel: u8, error: i32| (i32::from(channel) + ((error + 8) >> 4)).clamp(0, 255) as u8;
    [plus(r, dr), plus(g, dg), plus(b, db), plus(alpha, da)]
}

fn difference(wanted: Point, chosen: Point) -> Error {
    let [r, g, b, alpha] = wanted.map(i32::from);
    let [cr, cg, cb, ca] = chosen.map(i32::from);
    [r - cr, g - cg, b - cb, alpha - ca]
}
