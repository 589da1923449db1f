//! How near two shapes are.

use core::cmp::Ordering;

use super::per_mille::PerMille;
use crate::size::Size;

/// How near two shapes are, as the exact fraction `near / far` (at most 1). The order is that of the fractions.
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
    near: u32,
    far: u32,
}

impl Size {
    /// How near the two shapes are: the share that the largest rectangle of one shape keeps of the other.
    pub const fn nearness(self, other: Self) -> Nearness {
        let a = self.width() * other.height();
        let b = other.width() * self.height();
        if a < b { Nearness { near: a, far: b } } else { Nearness { near: b, far: a } }
    }
}

impl Nearness {
    /// The fraction rounded down: the whole only for equal shapes.
    pub const fn share(self) -> PerMille {
        PerMille::rounded_down(self.near as u128, self.far as u128)
    }

    /// This nearness over `other` as a fraction: its numerator and its denominator, which is not 0.
    pub(crate) fn over(self, other: Self) -> (u128, u128) {
        (u128::from(self.near) * u128::from(other.far), u128::from(self.far) * u128::from(other.near))
    }
}

impl Ord for Nearness {
    fn cmp(&self, other: &Self) -> Ordering {
        let this = u64::from(self.near) * u64::from(other.far);
        this.cmp(&(u64::from(other.near) * u64::from(self.far)))
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
