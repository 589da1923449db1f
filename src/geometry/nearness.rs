//! The similarity of two shapes.

use core::cmp::Ordering;

use super::per_mille::PerMille;
use crate::size::Size;

/// The similarity of two shapes, as an exact fraction of at most 1. It is 1 for equal shapes.
///
/// For `w₁`x`h₁` and `w₂`x`h₂` it is the smaller of `w₁·h₂` and `w₂·h₁`, divided by the larger. Values are ordered by their
/// fractions.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::Nearness;
///
/// let target: Size = "1920x1080".parse()?;
/// let wide: Nearness = target.nearness("1376x768".parse()?);
/// let square: Nearness = target.nearness("1024x1024".parse()?);
/// assert!(wide > square);
/// assert_eq!((wide.share().to_string(), square.share().to_string()), ("99.2 %".into(), "56.2 %".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Nearness {
    numerator: u32,
    denominator: u32,
}

impl Size {
    /// Returns the similarity of the two shapes: the share of a picture of one shape that the largest rectangle of the
    /// other shape keeps.
    pub const fn nearness(self, other: Self) -> Nearness {
        // A side is from 1 to 2¹⁶−1, so each product fits 32 bits and neither is 0.
        let (one, other) = (self.width() * other.height(), other.width() * self.height());
        if one < other {
            Nearness { numerator: one, denominator: other }
        } else {
            Nearness { numerator: other, denominator: one }
        }
    }
}

impl Nearness {
    /// Returns the fraction, rounded down. Only equal shapes have 100 %.
    pub const fn share(self) -> PerMille {
        PerMille::rounded_down(self.numerator as u128, self.denominator as u128)
    }

    /// Returns this nearness divided by `other`, as numerator and denominator. The denominator is not 0.
    pub(crate) fn ratio_to(self, other: Self) -> (u128, u128) {
        // Each product has up to 64 bits, and callers multiply it further, hence 128 bits.
        (
            u128::from(self.numerator) * u128::from(other.denominator),
            u128::from(self.denominator) * u128::from(other.numerator),
        )
    }
}

impl Ord for Nearness {
    fn cmp(&self, other: &Self) -> Ordering {
        // Cross-multiplication is exact: a side fits 16 bits, so each part of a fraction fits 32, and a product 64.
        let this = u64::from(self.numerator) * u64::from(other.denominator);
        this.cmp(&(u64::from(other.numerator) * u64::from(self.denominator)))
    }
}

impl PartialOrd for Nearness {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

// Not derived, because 1/2 and 2/4 are equal.
impl PartialEq for Nearness {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Nearness {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_is_exact_where_a_float_would_not_be() {
        // 1 - 10 / 4,294,115,350 and 1 - 10 / 4,294,115,368 differ by less than 2^-55: they are the same `f64`.
        let a = nearness([65_535, 65_534], [65_525, 65_524]);
        let b = nearness([65_533, 65_531], [65_528, 65_526]);
        let float = |of: Nearness| (f64::from(of.numerator) / f64::from(of.denominator)).to_bits();
        assert!(a < b && float(a) == float(b), "{a:?} {b:?}");
    }

    #[test]
    fn only_equal_shapes_have_100_percent() {
        assert_eq!(nearness([65_535, 65_534], [65_534, 65_533]).share().get(), 999);
        assert_eq!(nearness([2, 4], [1, 2]).share(), PerMille::WHOLE);
    }

    fn nearness(one: [u32; 2], other: [u32; 2]) -> Nearness {
        let size = |[width, height]: [u32; 2]| Size::new(width, height).unwrap();
        size(one).nearness(size(other))
    }
}
