//! Filters a scanline.
//!
//! PNG (third edition), section 9: a filter type predicts each byte from up to three neighbours: a, the byte of the
//! pixel to the left, b, the byte above, and c, the byte above a. What is written is the residual: the byte minus its
//! prediction, modulo 256. Neighbours outside the image are 0.
//!
//! Each loop is over four slices of one length, the scanline and its neighbours shifted by one pixel, so that the
//! compiler turns it into vector instructions; `dispatch!` compiles it for each instruction set.

mod selection;

use fearless_simd::{Level, dispatch};

use crate::filter_type::{FilterType, average, paeth};

/// A scanline and the one above it, of equal length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanline<'a> {
    pub(crate) bytes: &'a [u8],
    /// Zeros above the first scanline of an image.
    pub(crate) above: &'a [u8],
    /// How many bytes to the left the same sample of the pixel before is; 1 where pixels share a byte.
    pub(crate) bytes_per_pixel: usize,
}

/// The bytes after the first pixel of a scanline and their neighbours, all of one length.
struct Neighbours<'a> {
    x: &'a [u8],
    a: &'a [u8],
    b: &'a [u8],
    c: &'a [u8],
}

impl<'a> Scanline<'a> {
    /// Appends the filter type and the residuals.
    pub(crate) fn append_filtered(self, filter_type: FilterType, filtered: &mut Vec<u8>) {
        filtered.push(filter_type as u8);
        dispatch!(Level::new(), _simd => self.append_residuals(filter_type, filtered));
    }

    /// The residuals of any filter type.
    #[inline(always)]
    fn append_residuals(self, filter_type: FilterType, filtered: &mut Vec<u8>) {
        match filter_type {
            FilterType::None => filtered.extend_from_slice(self.bytes),
            FilterType::Sub => self.append_differences(filtered, |a, _, _| a),
            FilterType::Up => self.append_differences(filtered, |_, b, _| b),
            FilterType::Average => self.append_differences(filtered, |a, b, _| average(a, b)),
            FilterType::Paeth => self.append_differences(filtered, paeth),
        }
    }

    /// The residuals of one predictor, which is compiled into the loop.
    #[inline(always)]
    fn append_differences(self, filtered: &mut Vec<u8>, predict: impl Fn(u8, u8, u8) -> u8) {
        filtered.extend(self.first_pixel().map(|(x, b)| x.wrapping_sub(predict(0, *b, 0))));
        let Neighbours { x, a, b, c } = self.neighbours();
        // Space first, so that the loop writes to a slice and does not ask for space byte by byte.
        let start = filtered.len();
        filtered.resize(start + x.len(), 0);
        for ((((residual, x), a), b), c) in filtered[start..].iter_mut().zip(x).zip(a).zip(b).zip(c) {
            *residual = x.wrapping_sub(predict(*a, *b, *c));
        }
    }

    /// The bytes of the first pixel, each with the one above; a and c are 0.
    #[inline(always)]
    fn first_pixel(self) -> impl Iterator<Item = (&'a u8, &'a u8)> {
        self.bytes.iter().zip(self.above).take(self.bytes_per_pixel)
    }

    /// The bytes after the first pixel with their neighbours.
    #[inline(always)]
    fn neighbours(self) -> Neighbours<'a> {
        let Self { bytes, above, bytes_per_pixel } = self;
        // a and c are x and b shifted by a pixel.
        let (x, b) = (&bytes[bytes_per_pixel..], &above[bytes_per_pixel..]);
        Neighbours { x, a: &bytes[..x.len()], b, c: &above[..b.len()] }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    /// Section 9.4, word for word.
    fn paeth_predictor(a: u8, b: u8, c: u8) -> u8 {
        let [a, b, c] = [a, b, c].map(i32::from);
        let p = a + b - c;
        let (pa, pb, pc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
        let nearest = if pa <= pb && pa <= pc {
            a
        } else if pb <= pc {
            b
        } else {
            c
        };
        u8::try_from(nearest).unwrap()
    }

    /// Reconstructs a scanline as a decoder does (section 9.2), byte by byte.
    pub(super) fn reconstruct(filtered: &[u8], above: &[u8], bytes_per_pixel: usize) -> Vec<u8> {
        let mut row: Vec<u8> = Vec::new();
        for (at, residual) in filtered[1..].iter().enumerate() {
            let left = |row: &[u8]| if at < bytes_per_pixel { 0 } else { row[at - bytes_per_pixel] };
            let (a, b, c) = (left(&row), above[at], left(above));
            let prediction = match filtered[0] {
                0 => 0,
                1 => a,
                2 => b,
                3 => u8::try_from(u16::midpoint(a.into(), b.into())).unwrap(),
                4 => paeth_predictor(a, b, c),
                other => panic!("filter type {other}"),
            };
            row.push(residual.wrapping_add(prediction));
        }
        row
    }

    #[test]
    fn the_predictors_are_those_of_the_specification() {
        for (a, b) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
            assert_eq!(u16::from(average(a, b)), u16::midpoint(a.into(), b.into()));
            assert!((0..=u8::MAX).all(|c| paeth(a, b, c) == paeth_predictor(a, b, c)), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn a_filtered_scanline_is_reconstructed(
            both in proptest::collection::vec(any::<[u8; 2]>(), 4..1300), bytes_per_pixel in 1..=4_usize,
        ) {
            let (bytes, above): (Vec<u8>, Vec<u8>) = both.iter().map(|[x, b]| (*x, *b)).unzip();
            let scanline = Scanline { bytes: &bytes, above: &above, bytes_per_pixel };
            for filter_type in FilterType::ALL {
                let mut filtered = Vec::new();
                scanline.append_filtered(filter_type, &mut filtered);
                prop_assert_eq!(filtered[0], filter_type as u8);
                prop_assert_eq!(&reconstruct(&filtered, &above, bytes_per_pixel), &bytes);
            }
        }
    }
}
