//! The five filter types of PNG and their predictors (PNG specification, third edition, section 9).
//!
//! A filter type predicts each byte of a scanline from the corresponding bytes of three neighbouring pixels: `a` to the
//! left, `b` above, `c` above left. The file holds the residual: the byte minus its prediction, modulo 256.

#![expect(clippy::inline_always, reason = "a function compiles for the wide vectors only inside its caller")]

/// The filter type of a scanline. Its discriminant is its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterType {
    /// Predicts 0.
    None = 0,
    /// Predicts `a`.
    Sub = 1,
    /// Predicts `b`.
    Up = 2,
    /// Predicts the mean of `a` and `b`, rounded down.
    Average = 3,
    /// Predicts the one of `a`, `b` and `c` that is nearest to `a + b - c`.
    Paeth = 4,
}

impl FilterType {
    pub(crate) const ALL: [Self; 5] = [Self::None, Self::Sub, Self::Up, Self::Average, Self::Paeth];

    /// The filter type with this number in the file. `None` if there is no such filter type.
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::Sub),
            2 => Some(Self::Up),
            3 => Some(Self::Average),
            4 => Some(Self::Paeth),
            _ => None,
        }
    }
}

/// The mean of `a` and `b`, rounded down, without a ninth bit.
#[inline(always)]
pub(crate) const fn average(a: u8, b: u8) -> u8 {
    (a & b) + ((a ^ b) >> 1)
}

/// The one of `a`, `b` and `c` that is nearest to `p = a + b - c`. In a tie `a` wins over `b`, and `b` over `c`.
///
/// All distances fit 8 bits: `|p - a|` is `|b - c|`, `|p - b|` is `|a - c|`, and `|p - c|` is their sum if `a` and `b`
/// lie on the same side of `c`, otherwise their difference. That the sum saturates at 255 changes no choice: it is
/// still not less than either distance, and `c` loses every tie.
#[inline(always)]
pub(crate) fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let (to_a, to_b) = (distance(b, c), distance(a, c));
    let to_c = if (b < c) == (a < c) { to_a.saturating_add(to_b) } else { distance(to_a, to_b) };
    let (nearer, distance) = if to_a <= to_b { (a, to_a) } else { (b, to_b) };
    if distance <= to_c { nearer } else { c }
}

/// `a.abs_diff(b)` in a form that compiles to 8-bit vector operations.
#[inline(always)]
fn distance(a: u8, b: u8) -> u8 {
    a.max(b).wrapping_sub(a.min(b))
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is one of three bytes")]
pub(crate) mod tests {
    use super::*;

    /// The Paeth predictor as section 9.4 of the specification writes it.
    pub(crate) fn specified_paeth(a: u8, b: u8, c: u8) -> u8 {
        let [a, b, c] = [a, b, c].map(i32::from);
        let p = a + b - c;
        let (pa, pb, pc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
        (if pa <= pb && pa <= pc {
            a
        } else if pb <= pc {
            b
        } else {
            c
        }) as u8
    }

    #[test]
    fn average_and_paeth_are_the_predictors_of_the_specification() {
        for (a, b) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
            assert_eq!(u16::from(average(a, b)), u16::midpoint(a.into(), b.into()));
            assert!((0..=u8::MAX).all(|c| paeth(a, b, c) == specified_paeth(a, b, c)), "{a} {b}");
        }
    }

    #[test]
    fn every_number_above_four_is_refused() {
        assert!((0..=4).all(|number| FilterType::from_number(number).is_some()));
        assert!((5..=u8::MAX).all(|number| FilterType::from_number(number).is_none()));
    }
}
