//! The filter types and their predictors (PNG, third edition, sections 9.2 to 9.4), in 8-bit arithmetic.
//!
//! With 8-bit operations only, a vector instruction handles as many bytes as a register has.

/// A filter type; its discriminant is the byte before the filtered scanline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterType {
    /// Predicts 0.
    None = 0,
    /// Predicts a, the byte to the left.
    Sub = 1,
    /// Predicts b, the byte above.
    Up = 2,
    /// Predicts the mean of a and b, rounded down.
    Average = 3,
    /// Predicts the one of a, b and c that is nearest to a + b - c.
    Paeth = 4,
}

impl FilterType {
    pub(crate) const ALL: [Self; 5] = [Self::None, Self::Sub, Self::Up, Self::Average, Self::Paeth];
}

/// The mean of a and b, rounded down: the bits they share, plus half of the bits they do not.
#[inline(always)]
pub(super) const fn average(a: u8, b: u8) -> u8 {
    (a & b) + ((a ^ b) >> 1)
}

/// Returns the one of a, b and c nearest to p = a + b - c; among equals the first in that order.
///
/// The distances are |p - a| = |b - c|, |p - b| = |a - c|, and |p - c| = |(a - c) + (b - c)|. The third is the sum of
/// the first two where both differences have one sign, otherwise their difference. A sum above 255 may saturate: it is
/// compared with distances of at most 255, and is never the smallest.
#[inline(always)]
pub(super) fn paeth(a: u8, b: u8, c: u8) -> u8 {
    // Two comparisons in place of the specification's three branches: first a with b, then the nearer one with c.
    let (to_a, to_b) = (distance(b, c), distance(a, c));
    let to_c = if (b < c) == (a < c) { to_a.saturating_add(to_b) } else { distance(to_a, to_b) };
    let (nearer, distance) = if to_a <= to_b { (a, to_a) } else { (b, to_b) };
    if distance <= to_c { nearer } else { c }
}

/// `abs_diff` without a wider type in between, which would keep the compiler from using 8-bit lanes.
#[inline(always)]
fn distance(a: u8, b: u8) -> u8 {
    a.max(b).wrapping_sub(a.min(b))
}
