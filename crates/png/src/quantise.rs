//! Lossy reduction of a picture to a palette of at most 256 colours, for [`Encoder::encode_indexed`].
//!
//! - A picture that has no more colours than are allowed keeps all its colours and pixels.
//! - Any other picture gets a palette that is learned from its pixels (`learn.rs`), and is dithered to it (`dither.rs`).
//! - Each pixel becomes a palette colour of its own kind: transparent, translucent or opaque. So transparent pixels
//!   stay transparent, and opaque pixels stay opaque.
//!
//! The same picture gives the same palette and indices on every machine. This code uses integers only. The quantiser
//! (`color_quant`) uses only additions, multiplications and divisions of 64-bit floats, which IEEE 754 rounds the same
//! everywhere. Time and memory are bounded by the number of pixels.
//!
//! Colours are compared premultiplied by their alpha, so that a difference counts less the more transparent the
//! pixel is.
//!
//! ```
//! use smart_resize_png::quantise::Reduction;
//! use smart_resize_png::{Colour, Encoder, Scratch};
//!
//! // About 4,000 colours, without much order.
//! let pixels: Vec<u8> = (0..64 * 64 * 3_u32).map(|at| (at * at >> 8) as u8).collect();
//! let (encoder, mut scratch) = (Encoder::new((64, 64), Colour::Rgb), Scratch::default());
//! let lossless = encoder.encode(&pixels, &mut scratch)?;
//!
//! // The palettes have at most 256, 128, 64, 32 and 16 colours. The first that makes the file small enough is used.
//! let max_bytes = lossless.bytes.len() / 2;
//! let small = Reduction::new((64, 64), Colour::Rgb, &pixels)?
//!     .map(|reduced| encoder.encode_indexed(&reduced.colours, &reduced.indices, &mut scratch).unwrap())
//!     .find(|file| file.bytes.len() <= max_bytes);
//! assert_eq!(small.unwrap().palette, Some(64));
//! # Ok::<(), smart_resize_png::Error>(())
//! ```
//!
//! [`Encoder::encode_indexed`]: crate::Encoder::encode_indexed

mod dither;
mod learn;

use self::learn::Learned;
use crate::encoder::{Colour, check_length, checked_size};
use crate::error::Error;
use crate::palette::Rgba;

/// The most colours of a PNG palette.
const MOST: usize = 256;

/// The numbers of colours that are tried, in this order.
const STEPS: [usize; 5] = [MOST, 128, 64, 32, 16];

/// A picture with a palette. [`Reduction`] makes it, and has an example.
///
/// # Guarantees
///
/// It has 1 to 256 colours, which are all different and used. It has exactly width x height indices, and each is the
/// index of a colour.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Indexed {
    /// The palette: red, green, blue and alpha, not premultiplied. The opaque colours come last.
    pub colours: Vec<[u8; 4]>,
    /// The palette index of each pixel, row by row from the top.
    pub indices: Vec<u8>,
    /// Whether the palette and indices show exactly the pixels of the original picture.
    pub exact: bool,
}

impl Indexed {
    /// Removes unused and duplicate `colours`, and sorts the rest by alpha, so that the tRNS chunk of a PNG, which ends
    /// at the last colour that is not opaque, is short. The indices are remapped.
    fn new(colours: &[Rgba], mut indices: Vec<u8>, exact: bool) -> Self {
        let mut used = [false; MOST];
        for index in &indices {
            used[usize::from(*index)] = true;
        }
        // The network and k-means may give one colour twice, and dithering may leave a colour unused.
        let used = || colours.iter().zip(used).filter_map(|(colour, used)| used.then_some(*colour));
        // Behind alpha, any order of all channels would do: it makes equal colours adjacent for `dedup`, and allows the
        // binary search.
        let key = |&[r, g, b, alpha]: &Rgba| (alpha, g, r, b);
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
        Self { colours: sorted, indices, exact }
    }
}

/// The reductions of a picture to fewer and fewer colours: at most 256, 128, 64, 32 and 16.
///
/// If the picture's own colours fit several of these numbers, only the smallest of them counts, since all give the same
/// palette. Each reduction is computed when it is asked for. All share what was learned from the picture.
///
/// ```
/// use smart_resize_png::Colour;
/// use smart_resize_png::quantise::Reduction;
///
/// // Twenty greys fit 32 colours, and are reduced to 16.
/// let grey: Vec<u8> = (0..20).flat_map(|level| [level * 12; 3]).collect();
/// let [same, fewer] = Reduction::new((20, 1), Colour::Rgb, &grey)?.collect::<Vec<_>>().try_into().unwrap();
/// assert!(same.exact && same.colours.len() == 20);
/// assert!(!fewer.exact && fewer.colours.len() <= 16);
/// assert_eq!(fewer.indices.len(), 20);
/// # Ok::<(), smart_resize_png::Error>(())
/// ```
#[derive(Debug)]
pub struct Reduction<'a> {
    picture: Picture<'a>,
    /// The colours of the picture in ascending order, if there are at most 256.
    colours: Option<Vec<Rgba>>,
    /// The palette that was learned from the picture. `None` until it is needed.
    learned: Option<Learned>,
    /// The numbers of colours that have not been tried. They descend, since a learned palette only shrinks.
    steps: &'static [usize],
}

impl<'a> Reduction<'a> {
    /// Begins the reduction of a picture of `size`, width and height in pixels: its rows from the top, without padding.
    ///
    /// # Errors
    ///
    /// [`Error::Width`] or [`Error::Height`] if PNG has no such size; [`Error::DataLength`] unless there are width x height
    /// x bytes per pixel bytes.
    ///
    /// ```
    /// use smart_resize_png::Colour;
    /// use smart_resize_png::quantise::Reduction;
    ///
    /// assert!(Reduction::new((2, 1), Colour::Rgb, &[0; 6]).is_ok());
    /// let error = Reduction::new((2, 1), Colour::Rgb, &[0; 8]).unwrap_err();
    /// assert_eq!(error.to_string(), "data length is 8 bytes; expected 6");
    /// ```
    pub fn new(size: (u32, u32), colour: Colour, pixels: &'a [u8]) -> Result<Self, Error> {
        let (width, height) = checked_size(size)?;
        let bytes = match colour {
            Colour::Rgb => 3,
            Colour::Rgba => 4,
        };
        let area = u64::from(width) * u64::from(height);
        // The product fits 64 bits, since a side is below 2^31.
        check_length(pixels, area * bytes)?;
        let picture = Picture { width: width as usize, colour, pixels };
        let colours = distinct(picture);
        let has = colours.as_ref().map_or(usize::MAX, Vec::len);
        // A step counts only if the picture has more colours than the next one allows. The last step always counts.
        let needless = STEPS.iter().skip(1).take_while(|next| **next >= has).count();
        Ok(Self { picture, colours, learned: None, steps: &STEPS[needless..] })
    }

    /// Reduces the picture to at most `most` colours.
    fn to(&mut self, most: usize) -> Indexed {
        if let Some(colours) = self.colours.as_ref().filter(|colours| colours.len() <= most) {
            let place = |colour| {
                let at = colours.binary_search(&colour).expect("invariant: every colour of the picture is listed");
                u8::try_from(at).expect("invariant: a palette has at most 256 colours")
            };
            // Each pixel has its own colour in the palette, so there is no error to diffuse.
            return Indexed::new(colours, self.picture.pixels().map(place).collect(), true);
        }
        let learned = self.learned.get_or_insert_with(|| Learned::from(self.picture));
        learned.reduce_to(most);
        let colours = learned.colours();
        Indexed::new(&colours, dither::indices(self.picture, &colours), false)
    }
}

impl Iterator for Reduction<'_> {
    type Item = Indexed;

    fn next(&mut self) -> Option<Indexed> {
        let (most, rest) = self.steps.split_first()?;
        self.steps = rest;
        Some(self.to(*most))
    }
}

/// The picture that is reduced. It has at least one pixel, and exactly the bytes of its pixels.
#[derive(Clone, Copy, Debug)]
struct Picture<'a> {
    width: usize,
    colour: Colour,
    pixels: &'a [u8],
}

impl<'a> Picture<'a> {
    /// Returns the pixels with alpha, row by row from the top.
    fn pixels(self) -> impl Iterator<Item = Rgba> + use<'a> {
        // One of the two slices is empty, so that both layouts have one type of iterator.
        let (rgb, rgba) = match self.colour {
            Colour::Rgb => (self.pixels, [].as_slice()),
            Colour::Rgba => ([].as_slice(), self.pixels),
        };
        let opaque = rgb.as_chunks::<3>().0.iter().map(|&[r, g, b]| [r, g, b, u8::MAX]);
        opaque.chain(rgba.as_chunks::<4>().0.iter().copied())
    }

    /// Returns the number of pixels.
    const fn area(self) -> usize {
        match self.colour {
            Colour::Rgb => self.pixels.len() / 3,
            Colour::Rgba => self.pixels.len() / 4,
        }
    }
}

/// Returns the colours of the picture in ascending order. `None` if there are more than 256.
fn distinct(picture: Picture<'_>) -> Option<Vec<Rgba>> {
    let mut found: Vec<Rgba> = Vec::new();
    // A run of one colour, as in graphics, is searched for once. A photograph ends the scan at its 257th colour.
    let mut last = None;
    for colour in picture.pixels().filter(|colour| last.replace(*colour) != Some(*colour)) {
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
fn to_point([r, g, b, alpha]: Rgba) -> Point {
    // 255 is odd, so no quotient is halfway between two levels, and 127 rounds to the nearest.
    let times = |channel: u8| ((u32::from(channel) * u32::from(alpha) + 127) / 255) as u8;
    [times(r), times(g), times(b), alpha]
}

/// Divides a point by its alpha.
fn to_colour([r, g, b, alpha]: Point) -> Rgba {
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
