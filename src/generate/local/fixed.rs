//! Fixed-point functions: roots, logarithms and the logistic curve in integers, so that no result depends on the
//! machine's floating point.
//!
//! A value in Q8 counts 256ths and a value in Q16 counts 65,536ths.

use crate::geometry::per_mille::PerMille;

/// 1 in Q8.
pub(super) const ONE_Q8: i64 = 1 << 8;
/// 1 in Q16.
pub(super) const ONE: i64 = 1 << 16;

/// The logistic curve in thousandths, at 0, 1/4, 1/2 and so on to 7.
const LOGISTIC: [i64; 29] = [
    500, 562, 622, 679, 731, 777, 818, 852, 881, 905, 924, 940, 953, 963, 971, 977, 982, 986, 989, 991, 993, 995, 996,
    997, 998, 998, 998, 999, 999,
];

/// Converts a ratio of constants to Q16, rounded down.
pub(super) const fn q16(numerator: i64, denominator: i64) -> i64 {
    numerator * ONE / denominator
}

/// Returns the square root of a value in Q16, in Q8, rounded down. A negative value counts as 0.
pub(super) fn root(value: i64) -> i64 {
    u64::try_from(value).map_or(0, |value| value.isqrt().cast_signed())
}

/// Returns the natural logarithm of a value in Q16 of at least 1, in Q16. A smaller value counts as 1.
pub(super) fn ln(value: i64) -> i64 {
    let mut rest = value.max(ONE);
    let mut log = 0;
    while rest >= 2 * ONE {
        rest >>= 1;
        log += ONE;
    }
    // Squaring a number from 1 to 2 doubles its logarithm, which yields the next binary digit.
    for digit in 1..=12 {
        rest = (rest * rest) >> 16;
        if rest >= 2 * ONE {
            rest >>= 1;
            log += ONE >> digit;
        }
    }
    // ln 2 is 0.693147.
    log * 45_426 / ONE
}

/// Returns 1 / (1 + e⁻ˣ) for `x` in Q16, interpolated linearly in a table. The error is below 3 thousandths.
pub(super) fn logistic(x: i64) -> PerMille {
    let distance = x.abs().min(7 * ONE - 1);
    let (index, part) = ((distance >> 14) as usize, distance & (ONE / 4 - 1));
    let (from, to) = (LOGISTIC[index], LOGISTIC[index + 1]);
    let above = from + (((to - from) * part) >> 14);
    let value = if x < 0 { 1000 - above } else { above };
    PerMille::rounded_down(u128::try_from(value).unwrap_or(0), 1000)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::cast_precision_loss, reason = "the values are far below 2⁵²")]

    use super::*;

    #[test]
    fn a_root_and_a_ratio_are_rounded_down() {
        assert_eq!((root(8), root(9), root(2 * ONE), root(-1)), (2, 3, 362, 0));
        assert_eq!((q16(2, 3), q16(1, 2)), (43_690, ONE / 2));
    }

    #[test]
    fn the_logarithm_of_a_value_below_one_is_zero() {
        assert_eq!((ln(ONE), ln(ONE / 2), ln(0), ln(-4 * ONE)), (0, 0, 0, 0));
        assert_eq!((ln(2 * ONE), ln(4 * ONE)), (45_426, 2 * 45_426));
    }

    #[test]
    fn the_logistic_table_has_the_nearest_thousandth_of_each_quarter() {
        for (quarter, value) in (0..).zip(LOGISTIC) {
            let exact = 1000.0 / (1.0 + (-f64::from(quarter) / 4.0).exp());
            assert!((value as f64 - exact).abs() <= 0.5, "{quarter} / 4: {value} for {exact}");
        }
    }

    #[test]
    fn the_logistic_curve_is_interpolated_is_symmetric_and_ends_at_seven() {
        let at = |x: i64| logistic(x).get();
        assert_eq!((at(0), at(ONE / 4), at(ONE / 8), at(-ONE / 8)), (500, 562, 531, 469));
        assert_eq!((at(7 * ONE), at(100 * ONE), at(-100 * ONE)), (999, 999, 1));
    }

    #[test]
    fn logarithms_and_the_logistic_curve_agree_with_floating_point() {
        for value in (ONE..200 * ONE).step_by(977) {
            let exact = (value as f64 / 65_536.0).ln();
            assert!((ln(value) as f64 / 65_536.0 - exact).abs() < 0.001, "{value}");
        }
        for x in (-8 * ONE..8 * ONE).step_by(991) {
            let exact = 1000.0 / (1.0 + (-x as f64 / 65_536.0).exp());
            assert!((f64::from(logistic(x).get()) - exact).abs() < 3.0, "{x}");
        }
        assert_eq!((root(ONE), root(4 * ONE), root(-1)), (ONE_Q8, 2 * ONE_Q8, 0));
    }
}
