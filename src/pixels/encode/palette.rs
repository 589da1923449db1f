//! Pictures of at most 256 colours, each pixel the place of its colour in a palette.
//!
//! - A picture that has no more colours than are allowed keeps them, and every pixel as it is.
//! - Any other gets a palette that is [learned](learn) from its pixels, and is [dithered](dither).
//! - Clear pixels stay clear, opaque ones opaque: the three kinds of pixels have palettes of their own.
//!
//! The same picture gives the same palette and pixels on every machine: everything here is integers, and the quantiser
//! (`color_quant`) uses additions, multiplications and divisions of 64-bit floats alone, which round alike wherever
//! they follow IEEE 754. Time and memory are bounded by the number of pixels.

mod dither;
mod learn;

use self::learn::Learned;
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// Red, green, blue, and alpha that they are not multiplied by.
pub(super) type Colour = [u8; 4];

/// The most colours of a palette.
const MOST: usize = 256;

/// How many colours palettes may have, from the first that is tried to the last.
const STEPS: [usize; 5] = [MOST, 128, 64, 32, 16];

/// A picture with a palette.
///
/// # Guarantees
///
/// It has 1 to 256 colours, all of them different and used, and exactly width × height indices, each that of a colour.
pub(super) struct Indexed {
    pub(super) size: Size,
    pub(super) colours: Vec<Colour>,
    /// Row by row from the top.
    pub(super) indices: Vec<u8>,
    /// Whether it shows the very pixels.
    pub(super) exact: bool,
}

impl Indexed {
    /// `colours`, of which some may be unused or the same, in an order of their own: the least opaque ones first.
    fn new(size: Size, colours: &[Colour], mut indices: Vec<u8>, exact: bool) -> Self {
        let mut used = [false; MOST];
        for index in &indices {
            used[usize::from(*index)] = true;
        }
        let used = || colours.iter().zip(used).filter_map(|(colour, used)| used.then_some(*colour));
        let key = |&[r, g, b, alpha]: &Colour| (alpha, g, r, b);
        let mut sorted: Vec<_> = used().collect();
        sorted.sort_unstable_by_key(key);
        sorted.dedup();
        // An unused colour has no place, and no index asks for it.
        let place = |colour| sorted.binary_search_by_key(&key(colour), key).ok();
        let places: Vec<Option<usize>> = colours.iter().map(place).collect();
        for index in &mut indices {
            let place = places[usize::from(*index)].expect("invariant: a used colour is in the palette");
            *index = u8::try_from(place).expect("invariant: a palette has at most 256 colours");
        }
        Self { size, colours: sorted, indices, exact }
    }
}

/// A picture on the way to fewer and fewer colours.
pub(super) struct Reduction<'a> {
    picture: &'a Picture,
    /// Its colours in order, if there are at most 256.
    colours: Option<Vec<Colour>>,
    learned: Option<Learned>,
}

impl<'a> Reduction<'a> {
    pub(super) fn new(picture: &'a Picture) -> Self {
        Self { picture, colours: distinct(picture), learned: None }
    }

    /// The numbers of colours to try, from the most to the fewest; none that allows no fewer colours than the picture
    /// has anyway, except for the last of them.
    pub(super) fn steps(&self) -> impl Iterator<Item = usize> + use<> {
        let has = self.colours.as_ref().map_or(usize::MAX, Vec::len);
        let next = STEPS.into_iter().skip(1).chain([0]);
        STEPS.into_iter().zip(next).filter(move |(_, next)| *next < has).map(|(most, _)| most)
    }

    /// The picture in at most `most` colours, which has to be one of the [steps](Self::steps), after those before it.
    pub(super) fn to(&mut self, most: usize) -> Indexed {
        let size = self.picture.size();
        if let Some(colours) = self.colours.as_ref().filter(|colours| colours.len() <= most) {
            let place = |colour| {
                let at = colours.binary_search(&colour).expect("invariant: every colour of the picture is listed");
                u8::try_from(at).expect("invariant: a palette has at most 256 colours")
            };
            return Indexed::new(size, colours, pixels(self.picture).map(place).collect(), true);
        }
        let learned = self.learned.get_or_insert_with(|| Learned::from(self.picture));
        learned.reduce_to(most);
        let colours = learned.colours();
        Indexed::new(size, &colours, dither::indices(self.picture, &colours), false)
    }
}

/// The pixels with alpha, row by row from the top.
fn pixels(picture: &Picture) -> impl Iterator<Item = Colour> {
    let (rgb, rgba) = match picture.layout() {
        Layout::Rgb => (picture.pixels(), [].as_slice()),
        Layout::Rgba => ([].as_slice(), picture.pixels()),
    };
    let opaque = rgb.as_chunks::<3>().0.iter().map(|&[r, g, b]| [r, g, b, u8::MAX]);
    opaque.chain(rgba.as_chunks::<4>().0.iter().copied())
}

/// The colours of the picture in order, if there are at most 256.
fn distinct(picture: &Picture) -> Option<Vec<Colour>> {
    let mut found: Vec<Colour> = Vec::new();
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

/// Clear, translucent or opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Clear,
    Translucent,
    Opaque,
}

impl Kind {
    const fn of([_, _, _, alpha]: [u8; 4]) -> Self {
        match alpha {
            0 => Self::Clear,
            u8::MAX => Self::Opaque,
            _ => Self::Translucent,
        }
    }
}

/// A colour multiplied by its alpha, and that: what is compared, so that the colours of what is hardly seen hardly
/// count.
type Point = [u8; 4];

#[expect(clippy::cast_possible_truncation, reason = "a product of fractions")]
fn to_point([r, g, b, alpha]: Colour) -> Point {
    let times = |channel: u8| ((u32::from(channel) * u32::from(alpha) + 127) / 255) as u8;
    [times(r), times(g), times(b), alpha]
}

fn to_colour([r, g, b, alpha]: Point) -> Colour {
    let over = |channel: u8| {
        let alpha = u32::from(alpha);
        // The colour of a transparent pixel is black. A channel is at most its alpha, or above it by rounding alone.
        let quotient = (u32::from(channel) * 255 + alpha / 2).checked_div(alpha).unwrap_or(0);
        quotient.min(255) as u8
    };
    [over(r), over(g), over(b), alpha]
}

/// The square of the distance of two points.
fn distance(a: Point, b: Point) -> u32 {
    let square = |(a, b): (u8, u8)| u32::from(a.abs_diff(b)).pow(2);
    a.into_iter().zip(b).map(square).sum()
}

/// Points to find the nearest of.
struct Nearest {
    /// Each with its place in the list that it is from, by their green.
    points: Vec<(Point, u8)>,
}

impl Nearest {
    /// Of at most 256 points those of `kind`.
    fn new(points: &[Point], kind: Kind) -> Self {
        debug_assert!(points.len() <= MOST);
        let mut points: Vec<_> =
            points.iter().copied().zip(0..=u8::MAX).filter(|(point, _)| Kind::of(*point) == kind).collect();
        points.sort_by_key(|([_, green, _, _], _)| *green);
        Self { points }
    }

    /// The nearest point and its place, if there is any. Of several the choice is always the same.
    fn of(&self, wanted: Point) -> Option<(Point, u8)> {
        let [_, green, _, _] = wanted;
        let from = self.points.partition_point(|([_, g, _, _], _)| *g < green);
        let (below, above) = self.points.split_at(from);
        let (mut best, mut least) = (None, u32::MAX);
        // Invariant: no point is nearer than its green, so one whose green is no nearer ends the search on its side.
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
