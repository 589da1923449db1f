//! Tells graphic from photographic content, before anything is compressed.
//!
//! In graphics (shapes of one colour, text) most pixels equal a neighbour and the others differ sharply from what their
//! neighbours predict. Such scanlines repeat byte for byte, so they are matched unfiltered. In photographs and
//! gradients the other pixels are close to their prediction, so residuals are small and few, and filtered scanlines
//! compress better.
//!
//! One scanline in sixteen is sampled. A pixel is *equal* to its left or upper neighbour, *near* where every sample is
//! within 8 of left + above - above left, otherwise *far*. The content is graphic where far pixels outnumber near ones
//! and at least three quarters of all pixels are equal.

/// The kind of content, which decides about filters and the search for matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Mostly repeats: not filtered, and searched for matches thoroughly.
    Graphic,
    /// Mostly new: filtered, and searched for matches only where that saves enough.
    Photographic,
}

/// One scanline in this many is sampled.
const SAMPLED: usize = 16;

/// The largest difference from the prediction that counts as near, in levels.
const NEAR: i16 = 8;

impl Content {
    /// The content of scanlines of `row_bytes` each, below the scanline `above`. Pixels are whole bytes.
    pub(crate) fn of(rows: &[u8], above: &[u8], row_bytes: usize, bytes_per_pixel: usize) -> Self {
        let with_above = std::iter::once(above).chain(rows.chunks(row_bytes)).zip(rows.chunks(row_bytes));
        let mut counts = Counts::default();
        // The strip's first scanline is left out: at the top of a picture the one above it is zeros.
        for (above, row) in with_above.skip(1).step_by(SAMPLED) {
            match bytes_per_pixel {
                1 => counts.add::<1>(above, row),
                2 => counts.add::<2>(above, row),
                3 => counts.add::<3>(above, row),
                4 => counts.add::<4>(above, row),
                other => unreachable!("invariant: a pixel has 1 to 4 bytes, not {other}"),
            }
        }
        let Counts { equal, near, far } = counts;
        if far > near && equal / 3 >= far + near { Self::Graphic } else { Self::Photographic }
    }
}

/// What the sample has.
///
/// How many pixels are equal to a neighbour, and how many of the others are near to their prediction or far from it.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    equal: u32,
    near: u32,
    far: u32,
}

impl Counts {
    /// Counts every pixel of a scanline but the first.
    fn add<const BYTES: usize>(&mut self, above: &[u8], row: &[u8]) {
        let (row, above) = (row.as_chunks::<BYTES>().0, above.as_chunks::<BYTES>().0);
        // A pixel with the one above it, next to the same of the pixel before: x and b, a and c.
        for ((x, b), (a, c)) in row.iter().zip(above).skip(1).zip(row.iter().zip(above)) {
            if x == a || x == b {
                self.equal += 1;
            } else if is_near(x, a, b, c) {
                self.near += 1;
            } else {
                self.far += 1;
            }
        }
    }
}

/// Whether every sample is within [`NEAR`] of a + b - c.
fn is_near<const BYTES: usize>(x: &[u8; BYTES], a: &[u8; BYTES], b: &[u8; BYTES], c: &[u8; BYTES]) -> bool {
    // In 16 bits, because a + b - c is from -255 to 510.
    let mut samples = x.iter().zip(a).zip(b).zip(c).map(|(((x, a), b), c)| [*x, *a, *b, *c].map(i16::from));
    samples.all(|[x, a, b, c]| (x - (a + b - c)).abs() <= NEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content<const BYTES: usize>(pixel: impl Fn(u32, u32) -> u32) -> Content {
        let pixels = (0..100).flat_map(|y| (0..200).map(move |x| (x, y)));
        let rows: Vec<u8> = pixels.flat_map(|(x, y)| [pixel(x, y).to_le_bytes()[0]; BYTES]).collect();
        Content::of(&rows, &vec![0; 200 * BYTES], 200 * BYTES, BYTES)
    }

    #[test]
    fn letters_are_graphic_and_gradients_and_grain_are_photographic() {
        let letters = |x, y| if x % 20 < 5 && x * y % 7 < 3 { 20 } else { 240 };
        let gradient = |x, y| x / 5 + y / 4;
        let grain = |x: u32, y: u32| 100 + (x * x * 7 + y * y * 3 + x * y) % 4;
        assert_eq!(content::<1>(letters), Content::Graphic);
        assert_eq!(content::<2>(letters), Content::Graphic);
        assert_eq!(content::<3>(letters), Content::Graphic);
        assert_eq!(content::<4>(letters), Content::Graphic);
        assert_eq!(content::<3>(gradient), Content::Photographic);
        assert_eq!(content::<3>(grain), Content::Photographic);
        assert_eq!(content::<1>(|_, _| 7), Content::Photographic);
    }

    #[test]
    fn every_sixteenth_scanline_from_the_second_on_is_sampled() {
        let letter = |x: u32, y: u32| if x % 20 < 5 && (x * y) % 7 < 3 { 20 } else { 240 };
        let noise = |x: u32, y: u32| (x * x * 7 + y * y * 3 + x * y * 13) % 251;
        // A sampled scanline is compared with the one above it.
        let is_sampled = |y: u32| y % 16 < 2;
        assert_eq!(content::<1>(|x, y| if is_sampled(y) { letter(x, y) } else { noise(x, y) }), Content::Graphic);
        let is_sampled = |y: u32| y % 16 == 1;
        assert_eq!(content::<1>(|x, y| if is_sampled(y) { noise(x, y) } else { letter(x, y) }), Content::Photographic);
    }

    #[test]
    fn a_pixel_is_near_within_8_levels_of_its_prediction_in_every_sample() {
        let is_near = |x: [u8; 2]| is_near(&x, &[90, 90], &[60, 60], &[50, 50]);
        assert_eq!([[108, 92], [109, 100], [100, 91], [92, 108]].map(is_near), [true, false, false, true]);
    }

    /// The first pixel of a scanline is not counted.
    #[test]
    fn content_is_graphic_where_three_quarters_are_equal_and_far_pixels_outnumber_near_ones() {
        let of = |row: &[u8]| Content::of(&[&vec![0; row.len()], row].concat(), &vec![0; row.len()], row.len(), 1);
        // After the first pixel, 3 far ones and 9 or 8 that equal the one above.
        assert_eq!(of(&[0, 99, 0, 99, 0, 99, 0, 0, 0, 0, 0, 0, 0]), Content::Graphic);
        assert_eq!(of(&[0, 99, 0, 99, 0, 99, 0, 0, 0, 0, 0, 0]), Content::Photographic);
        // One far and one near.
        assert_eq!(of(&[&[0, 99, 0, 5], &[0; 40][..]].concat()), Content::Photographic);
        assert_eq!(of(&[&[0, 99, 0, 99, 0, 5], &[0; 40][..]].concat()), Content::Graphic);
    }
}
