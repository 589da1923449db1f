//! Reduces pictures to a palette of at most 256 colours.
//!
//! - A picture that has no more colours than are allowed keeps all its colours and pixels.
//! - Any other picture gets a palette that is [learned](learn) from its pixels, and is [dithered](dither) to it.
//! - Each pixel becomes a palette colour of its own kind: transparent, translucent or opaque. So transparent pixels
//!   stay transparent, and opaque pixels stay opaque.
//!
//! The same picture gives the same palette and indices on every machine. This code uses integers only. The quantiser
//! (`color_quant`) uses only additions, multiplications and divisions of 64-bit floats, which IEEE 754 rounds the same
//! everywhere. Time and memory are bounded by the number of pixels.
//!
//! Colours are compared as premultiplied [points](Point), so that a difference counts less the more transparent the
//! pixel is.

mod dither;
mod learn;

use self::learn::Learned;
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// Red, green, blue and straight alpha.
pub(super) type RgbaPixel = [u8; 4];

/// The most colours of a PNG palette.
const MOST: usize = 256;

/// The numbers of colours that are tried, in this order.
const STEPS: [usize; 5] = [MOST, 128, 64, 32, 16];

/// A picture with a palette.
///
/// # Guarantees
///
/// It has 1 to 256 colours, which are all different and used. It has exactly width × height indices, and each is the
/// index of a colour.
pub(super) struct Indexed {
    pub(super) size: Size,
    pub(super) colours: Vec<RgbaPixel>,
    /// The palette index of each pixel, row by row from the top.
    pub(super) indices: Vec<u8>,
    /// Whether the palette and indices show exactly the pixels of the original picture.
    pub(super) exact: bool,
}

impl Indexed {
    /// Removes unused and duplicate `colours`, and sorts the rest by alpha, so that the tRNS chunk of a PNG, which ends
    /// at the last colour that is not opaque, is short. The indices are remapped.
    fn new(size: Size, colours: &[RgbaPixel], mut indices: Vec<u8>, exact: bool) -> Self {
        let mut used = [false; MOST];
        for index in &indices {
            used[usize::from(*index)] = true;
        }
        // The network and k-means may give one colour twice, and dithering may leave a colour unused.
        let used = || colours.iter().zip(used).filter_map(|(colour, used)| used.then_some(*colour));
        // Behind alpha, any order of all channels would do: it makes equal colours adjacent for `dedup`, and allows the
        // binary search.
        let key = |&[r, g, b, alpha]: &RgbaPixel| (alpha, g, r, b);
        let mut sorted: Vec<_> = used().collect();
        sorted.sort_unstable_by_key(key);
        sorted.dedup();
        // An unused colour has no place, and no index refers to it.
        let place = |colour| sorted.binary_search_by_key(&key(colour), key).ok();
        let places: Vec<Option<usize>> = colours.iter().map(place).collect();
        for index in &mut indices {
            let place = places[usize::from(*index)].expect("invariant: a used colour is in the palette");
            *index = u8::try_from(place).expect("invariant: a palette has at most 256 colours");
        }
        Self { size, colours: sorted, indices, exact }
    }
}

/// The reduction of a picture to fewer and fewer colours.
pub(super) struct Reduction<'a> {
    picture: &'a Picture,
    /// The colours of the picture in ascending order, if there are at most 256.
    colours: Option<Vec<RgbaPixel>>,
    /// The palette that was learned from the picture. `None` until it is needed.
    learned: Option<Learned>,
}

impl<'a> Reduction<'a> {
    pub(super) fn new(picture: &'a Picture) -> Self {
        Self { picture, colours: distinct(picture), learned: None }
    }

    /// Returns the numbers of colours to try, from the most to the fewest. If the picture's own colours fit several of
    /// them, only the smallest of those is returned, since all give the same file.
    pub(super) fn steps(&self) -> impl Iterator<Item = usize> + use<> {
        let has = self.colours.as_ref().map_or(usize::MAX, Vec::len);
        // A step counts only if the picture has more colours than the next one allows. The last step always counts,
        // since every picture has more than 0 colours.
        let next = STEPS.into_iter().skip(1).chain([0]);
        STEPS.into_iter().zip(next).filter(move |(_, next)| *next < has).map(|(most, _)| most)
    }

    /// Reduces the picture to at most `most` colours. Calls must follow the order of [`steps`](Self::steps), since a
    /// learned palette only shrinks.
    pub(super) fn to(&mut self, most: usize) -> Indexed {
        let size = self.picture.size();
        if let Some(colours) = self.colours.as_ref().filter(|colours| colours.len() <= most) {
            let place = |colour| {
                let at = colours.binary_search(&colour).expect("invariant: every colour of the picture is listed");
                u8::try_from(at).expect("invariant: a palette has at most 256 colours")
            };
            // Each pixel has its own colour in the palette, so there is no error to diffuse.
            return Indexed::new(size, colours, pixels(self.picture).map(place).collect(), true);
        }
        let learned = self.learned.get_or_insert_with(|| Learned::from(self.picture));
        learned.reduce_to(most);
        let colours = learned.colours();
        Indexed::new(size, &colours, dither::indices(self.picture, &colours), false)
    }
}

/// Returns the pixels with alpha, row by row from the top.
fn pixels(picture: &Picture) -> impl Iterator<Item = RgbaPixel> {
    // One of the two slices is empty, so that both layouts have one type of iterator.
    let (rgb, rgba) = match picture.layout() {
        Layout::Rgb => (picture.pixels(), [].as_slice()),
        Layout::Rgba => ([].as_slice(), picture.pixels()),
    };
    let opaque = rgb.as_chunks::<3>().0.iter().map(|&[r, g, b]| [r, g, b, u8::MAX]);
    opaque.chain(rgba.as_chunks::<4>().0.iter().copied())
}

/// Returns the colours of the picture in ascending order. `None` if there are more than 256.
fn distinct(picture: &Picture) -> Option<Vec<RgbaPixel>> {
    let mut found: Vec<RgbaPixel> = Vec::new();
    // A run of one colour, as in graphics, is searched for once. A photograph ends the scan at its 257th colour.
    let mut last = None;
    for colour in pixels(picture).filter(|colour| last.replace(*colour) != Some(*colour)) {
        if let Err(at) = found.binary_search(&colour) {
            if found.len() == MOST {
                return None;
            }
            found.insert(at, colour);
        }
    }
    Some(found)
}

/// The kind of a pixel by its alpha: 0, 1 to 254, or 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Transparent,
    Translucent,
    Opaque,
}

impl Kind {
    const fn of([_, _, _, alpha]: [u8; 4]) -> Self {
        match alpha {
            0 => Self::Transparent,
            u8::MAX => Self::Opaque,
            _ => Self::Translucent,
        }
    }
}

/// A premultiplied colour: red, green and blue multiplied by alpha, then alpha.
type Point = [u8; 4];

/// Multiplies a colour by its alpha.
#[expect(clippy::cast_possible_truncation, reason = "a product of fractions")]
fn to_point([r, g, b, alpha]: RgbaPixel) -> Point {
    // 255 is odd, so no quotient is halfway between two levels, and 127 rounds to the nearest.
    let times = |channel: u8| ((u32::from(channel) * u32::from(alpha) + 127) / 255) as u8;
    [times(r), times(g), times(b), alpha]
}

/// Divides a point by its alpha.
fn to_colour([r, g, b, alpha]: Point) -> RgbaPixel {
    let over = |channel: u8| {
        let alpha = u32::from(alpha);
        // A transparent pixel becomes transparent black. A channel of a point is at most its alpha; the `min` covers
        // rounding.
        let quotient = (u32::from(channel) * 255 + alpha / 2).checked_div(alpha).unwrap_or(0);
        quotient.min(255) as u8
    };
    [over(r), over(g), over(b), alpha]
}

/// Returns the squared Euclidean distance of two points.
fn distance(a: Point, b: Point) -> u32 {
    let square = |(a, b): (u8, u8)| u32::from(a.abs_diff(b)).pow(2);
    a.into_iter().zip(b).map(square).sum()
}

/// An index of the points of one kind that finds the nearest to a given point.
struct Nearest {
    /// The points, sorted by green. Each has its index in the list that it was taken from.
    points: Vec<(Point, u8)>,
}

impl Nearest {
    /// Indexes those points that are of `kind`. `points` has at most 256 entries.
    fn new(points: &[Point], kind: Kind) -> Self {
        debug_assert!(points.len() <= MOST);
        let mut points: Vec<_> =
            points.iter().copied().zip(0..=u8::MAX).filter(|(point, _)| Kind::of(*point) == kind).collect();
        // The sort is stable, so points of equal green keep their order, and ties are resolved alike everywhere.
        points.sort_by_key(|([_, green, _, _], _)| *green);
        Self { points }
    }

    /// Returns the nearest point and its index in the original list. `None` if there is no point. The choice between
    /// equally near points is deterministic.
    ///
    /// The search goes from the wanted green upwards, then downwards. The squared difference in green alone is a lower
    /// bound on the distance. So a side is finished at the first point whose green is no nearer than the best distance.
    fn of(&self, wanted: Point) -> Option<(Point, u8)> {
        let [_, green, _, _] = wanted;
        let from = self.points.partition_point(|([_, g, _, _], _)| *g < green);
        let (below, above) = self.points.split_at(from);
        let (mut best, mut least) = (None, u32::MAX);
        // Returns false to end the search on its side.
        let mut look = |candidate: &(Point, u8)| {
            let (point @ [_, g, _, _], _) = *candidate;
            if u32::from(g.abs_diff(green)).pow(2) >= least {
                return false;
            }
            let distance = distance(point, wanted);
            if distance < least {
                (best, least) = (Some(*candidate), distance);
            }
            true
        };
        // `all` ends at the first point for which `look` returns false.
        let _ends = above.iter().all(&mut look);
        let _ends = below.iter().rev().all(&mut look);
        best
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_is_as_near_as_the_nearest_of_all(
            points in proptest::collection::vec(any::<[u8; 3]>(), 1..257), wanted in any::<[u8; 3]>(),
        ) {
            let opaque = |[r, g, b]: [u8; 3]| [r, g, b, u8::MAX];
            let (points, wanted): (Vec<_>, _) = (points.into_iter().map(opaque).collect(), opaque(wanted));
            let (found, place) = Nearest::new(&points, Kind::Opaque).of(wanted).unwrap();
            prop_assert_eq!(points[usize::from(place)], found);
            let least = points.iter().map(|point| distance(*point, wanted)).min();
            prop_assert_eq!(Some(distance(found, wanted)), least);
        }
    }

    #[test]
    fn a_colour_survives_its_alpha_as_far_as_it_shows() {
        for alpha in 0..=u8::MAX {
            for channel in 0..=u8::MAX {
                let point = to_point([channel, 0, u8::MAX, alpha]);
                assert_eq!(to_point(to_colour(point)), point);
            }
        }
        assert_eq!(to_colour(to_point([1, 2, 3, 255])), [1, 2, 3, 255]);
    }
}
