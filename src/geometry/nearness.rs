//! The similarity of two shapes.

use core::cmp::Ordering;

use super::per_mille::PerMille;
use crate::size::Size;

/// The similarity of two shapes, as an exact fraction of at most 1. It is 1 for equal shapes.
///
/// For `a`:`b` and `c`:`d` it is the smaller of `a·d` and `c·b`, divided by the larger. Values are ordered by their
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
        // A side is from 1 to 2¹⁶−1, so each product fits 32 bits and the denominator is not 0.
        let a = self.width() * other.height();
        let b = other.width() * self.height();
        if a < b { Nearness { numerator: a, denominator: b } } else { Nearness { numerator: b, denominator: a } }
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
        let size = |w, h| Size::new(w, h).unwrap();
        let a = size(65_535, 65_534).nearness(size(65_534, 65_533));
        let b = size(65_535, 65_534).nearness(size(65_535, 65_534));
        assert!(a < b);
        assert_eq!((a.share().get(), b.share()), (999, PerMille::WHOLE));
    }
}
