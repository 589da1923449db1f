//! Transfer curves between samples and linear light.

use std::sync::LazyLock;

use moxcms::ToneReprCurve;

use super::{TagError, broken};

/// A curve that maps a sample to linear light, both 0 to 1.
pub(super) enum Curve {
    /// A power of the sample with this exponent.
    Power(f64),
    /// The parameters g, a, b, c, d, e, f of the function `(a x + b)^g + e` for `x >= d`, and `c x + f` for `x < d`.
    Parametric([f64; 7]),
    /// Light at two or more equally spaced samples, in 65,535ths. Values between them are interpolated linearly.
    Table(Vec<u16>),
}

impl Curve {
    // IEC 61966-2-1: `((x + 0.055) / 1.055)^2.4` from 0.04045 on, and `x / 12.92` below it.
    pub(super) const SRGB: Self = Self::Parametric([2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045, 0.0, 0.0]);

    /// Converts the curve of an ICC profile. `None` if its parameters are invalid.
    #[expect(clippy::many_single_char_names, reason = "the names of the specification")]
    pub(super) fn of_icc(curve: &ToneReprCurve) -> Option<Self> {
        match curve {
            ToneReprCurve::Lut(table) => match **table {
                // A table without entries is the identity.
                [] => Some(Self::Power(1.0)),
                // A single entry is an exponent with 8 fractional bits (u8Fixed8Number).
                [gamma] => Some(Self::Power(f64::from(gamma) / 256.0)).filter(|_| gamma > 0),
                _ => Some(Self::Table(table.clone())),
            },
            ToneReprCurve::Parametric(numbers) => {
                let numbers: Vec<f64> = numbers.iter().map(|number| f64::from(*number)).collect();
                // The function types of ICC.1:2022, section 10.18. In two of them the power begins at x = -b/a, and
                // the function is constant below it.
                Some(Self::Parametric(match numbers[..] {
                    // A pure power has no linear part: no sample is below `f64::MIN`.
                    [g] => [g, 1.0, 0.0, 0.0, f64::MIN, 0.0, 0.0],
                    [g, a, b] if a != 0.0 => [g, a, b, 0.0, -b / a, 0.0, 0.0],
                    [g, a, b, c] if a != 0.0 => [g, a, b, 0.0, -b / a, c, c],
                    [g, a, b, c, d] => [g, a, b, c, d, 0.0, 0.0],
                    [g, a, b, c, d, e, f] => [g, a, b, c, d, e, f],
                    _ => return None,
                }))
            }
        }
    }

    /// Returns the curve for a transfer characteristics code of ITU-T H.273, table 3.
    pub(super) fn of_cicp(transfer: u8) -> Result<Self, TagError> {
        match transfer {
            // The inverse of the camera curve of BT.709, which BT.601 and BT.2020 share: its power is 0.45, its slope
            // near black 4.5.
            1 | 6 | 14 | 15 => {
                Ok(Self::Parametric([1.0 / 0.45, 1.0 / 1.099, 0.099 / 1.099, 1.0 / 4.5, 0.081, 0.0, 0.0]))
            }
            4 => Ok(Self::Power(2.2)),
            5 => Ok(Self::Power(2.8)),
            8 => Ok(Self::Power(1.0)),
            13 => Ok(Self::SRGB),
            // PQ and HLG encode light far above diffuse white, which needs tone mapping. Read as sRGB, such a picture
            // would look flat.
            16 => Err(TagError::Unsupported("high-dynamic-range (PQ)".into())),
            18 => Err(TagError::Unsupported("high-dynamic-range (HLG)".into())),
            _ => Err(broken(format!("unknown transfer characteristics {transfer}"))),
        }
    }

    /// Returns the light, clipped to 0 to 1, for a sample `x` from 0 to 1. A result that is not a finite number counts as 0.
    #[expect(clippy::many_single_char_names, reason = "the names of the specification")]
    pub(super) fn at(&self, x: f64) -> f64 {
        let y = match self {
            Self::Power(gamma) => x.powf(*gamma),
            Self::Parametric([g, a, b, c, d, e, f]) => {
                if x >= *d {
                    // A negative base has no real power. Rounded or invalid parameters can give one.
                    (a * x + b).max(0.0).powf(*g) + e
                } else {
                    c * x + f
                }
            }
            Self::Table(table) => {
                #[expect(clippy::cast_precision_loss, reason = "at most `PARSING.max_allowed_trc_size` entries")]
                let at = x * (table.len() - 1) as f64;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
                let index = at as usize;
                // At the last sample there is no next entry. The index is clipped, and the entry's weight is 0.
                let light = |index: usize| f64::from(table[index.min(table.len() - 1)]);
                let (low, high) = (light(index), light(index + 1));
                (low + (high - low) * at.fract()) / 65_535.0
            }
        };
        if y.is_finite() { y.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Returns the steps from 0 to 1 that 8 bits can tell apart, or 16 if `is_16_bit`.
pub(super) fn steps(is_16_bit: bool) -> impl Iterator<Item = f64> {
    let last = if is_16_bit { u32::from(u16::MAX) } else { u32::from(u8::MAX) };
    (0..=last).map(move |step| f64::from(step) / f64::from(last))
}

/// Returns the light of each level of 8 bits, or of 16 if `is_16_bit`.
pub(super) fn lights(curve: &Curve, is_16_bit: bool) -> Vec<f32> {
    steps(is_16_bit).map(|level| to_f32(curve.at(level))).collect()
}

/// Rounds light to single precision.
#[expect(clippy::cast_possible_truncation, reason = "24 bits are plenty")]
pub(super) fn to_f32(light: f64) -> f32 {
    light as f32
}

/// Converts CIE L*, scaled to 0 to 1, to light (CIE 15, section 8.2.1).
pub(super) fn light_of_lightness(lightness: f64) -> f64 {
    light_of_root((lightness * 100.0 + 16.0) / 116.0)
}

/// Converts the root of L*a*b* to light. Below 6/29 the cube is replaced by its tangent.
pub(super) fn light_of_root(root: f64) -> f64 {
    if root > 6.0 / 29.0 { root.powi(3) } else { 3.0 * (6.0_f64 / 29.0).powi(2) * (root - 4.0 / 29.0) }
}

/// A table of the nearest 8-bit sRGB level for each amount of light, in steps of 1/65,535.
pub(super) struct SrgbOfLight(Vec<u8>);

// A table replaces one power per channel of each pixel. Its levels do not depend on the last bit of `powf`, which
// differs between machines: a test shows that no entry is near the middle between two levels.
pub(super) static SRGB_OF_LIGHT: LazyLock<SrgbOfLight> = LazyLock::new(|| {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    SrgbOfLight(steps(true).map(|light| (encoded(light) * 255.0).round() as u8).collect())
});

impl SrgbOfLight {
    /// Returns the sRGB level for `light`, which is clipped to 0 to 1.
    pub(super) fn at(&self, light: f32) -> u8 {
        // The cast truncates, so 0.5 is added to round. NaN becomes 0.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let index = (light * 65_535.0 + 0.5) as u16;
        self.0[usize::from(index)]
    }
}

/// Encodes light as an sRGB sample (IEC 61966-2-1), both 0 to 1.
fn encoded(light: f64) -> f64 {
    // The two parts meet at this light, which is 0.04045 / 12.92.
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these values are exact")]

    use super::*;

    /// Whether a value agrees with the four digits of the expected one.
    fn is_close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-4
    }

    #[test]
    fn each_code_point_of_a_transfer_has_its_curve() {
        let middle = |transfer: u8| Curve::of_cicp(transfer).ok().map(|curve| curve.at(0.5));
        // BT.709 and its relatives, powers of 2.2, 2.8 and 1, and sRGB.
        let expected =
            [(1, 0.2596), (6, 0.2596), (14, 0.2596), (15, 0.2596), (4, 0.2176), (5, 0.1436), (8, 0.5), (13, 0.2140)];
        for (transfer, light) in expected {
            assert!(middle(transfer).is_some_and(|found| is_close(found, light)), "{transfer}: {:?}", middle(transfer));
        }
        let others: Vec<u8> = (0..=20).filter(|transfer| middle(*transfer).is_none()).collect();
        assert_eq!(others, [0, 2, 3, 7, 9, 10, 11, 12, 16, 17, 18, 19, 20]);
        let unsupported = |transfer: u8| matches!(Curve::of_cicp(transfer), Err(TagError::Unsupported(_)));
        assert!(unsupported(16) && unsupported(18) && !unsupported(17), "PQ and HLG");
        let camera = Curve::of_cicp(1).ok().unwrap();
        assert!(is_close(camera.at(0.1), 0.0224) && is_close(camera.at(0.06), 0.0133), "a slope of 4.5 below 0.081");
    }

    #[test]
    fn each_parametric_function_of_a_profile_has_its_part_below_the_power() {
        let at = |numbers: &[f32], x: f64| Curve::of_icc(&ToneReprCurve::Parametric(numbers.to_vec())).unwrap().at(x);
        assert!(is_close(at(&[2.0], 0.5), 0.25));
        // ((x / 2) + 0.25)² begins at -0.5, and (2x - 0.5)² at 0.25.
        assert!(is_close(at(&[2.0, 0.5, 0.25], 0.5), 0.25) && is_close(at(&[2.0, 2.0, -0.5], 0.2), 0.0));
        assert!(is_close(at(&[2.0, 2.0, -0.5, 0.3], 0.5), 0.55) && is_close(at(&[2.0, 2.0, -0.5, 0.3], 0.2), 0.3));
        let linear = [2.0, 1.0, 0.0, 0.5, 0.25];
        assert!(is_close(at(&linear, 0.25), 0.0625) && is_close(at(&linear, 0.24), 0.12), "linear below d");
        let shifted = [2.0, 1.0, 0.0, 0.5, 0.25, 0.1, 0.2];
        assert!(is_close(at(&shifted, 0.25), 0.1625) && is_close(at(&shifted, 0.24), 0.32));
        assert!(Curve::of_icc(&ToneReprCurve::Parametric(vec![2.0, 0.0, 1.0])).is_none());
        assert!(is_close(at(&[0.5, -4.0, 1.0, 0.0, 0.0, 0.25, 0.0], 0.5), 0.25), "a negative base counts as 0");
    }

    #[test]
    fn a_table_is_interpolated_and_short_ones_are_powers() {
        let at = |table: &[u16], x: f64| Curve::of_icc(&ToneReprCurve::Lut(table.to_vec())).map(|curve| curve.at(x));
        assert_eq!(at(&[], 0.3), Some(0.3), "the identity");
        assert_eq!((at(&[512], 0.5), at(&[0], 0.5).is_none()), (Some(0.25), true), "an exponent of 512 / 256");
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(|x| at(&[0, 65_535, 0], x).unwrap()), [0.0, 0.5, 1.0, 0.5, 0.0]);
    }

    #[test]
    fn light_is_clipped_to_0_and_1_and_what_is_not_finite_is_0() {
        let line = |slope: f64| Curve::Parametric([1.0, slope, 0.0, 0.0, f64::MIN, 0.0, 0.0]);
        assert_eq!((line(3.0).at(0.5), Curve::Power(-1.0).at(0.0)), (1.0, 0.0));
        assert_eq!(Curve::Parametric([1.0, 1.0, 0.0, 0.0, f64::MIN, -0.9, 0.0]).at(0.5), 0.0);
        assert_eq!((SRGB_OF_LIGHT.at(7.0), SRGB_OF_LIGHT.at(-7.0), SRGB_OF_LIGHT.at(f32::NAN)), (255, 0, 0));
    }

    #[test]
    fn lightness_is_a_cube_above_6_29ths_and_its_tangent_below() {
        assert!(is_close(light_of_lightness(0.5), 0.1842), "L* of 50");
        assert!(is_close(light_of_lightness(0.1), 0.01126), "L* of 10, just above");
        assert!(is_close(light_of_lightness(0.08), 0.0089), "L* of 8, where both parts meet at 216 / 24389");
        assert!((light_of_lightness(0.04) - 0.004_428).abs() < 1e-6, "L* of 4");
    }

    #[test]
    fn light_is_rounded_to_the_nearest_step_of_65535() {
        let step =
            (0..65_535_u16).find(|step| SRGB_OF_LIGHT.0[usize::from(*step)] != SRGB_OF_LIGHT.0[usize::from(*step) + 1]);
        let step = f32::from(step.unwrap());
        let level = |steps: f32| SRGB_OF_LIGHT.at(steps / 65_535.0);
        assert_eq!((level(step + 0.4), level(step + 0.6)), (0, 1));
    }

    /// The last bit of `powf` may differ between machines. It cannot change a rounded level.
    #[test]
    fn no_light_is_near_the_middle_between_two_levels() {
        for light in steps(true) {
            let level = encoded(light) * 255.0;
            assert!((level.fract() - 0.5).abs() > 1e-6, "{light}");
        }
    }

    #[test]
    fn every_level_of_srgb_becomes_itself() {
        for (level, at) in steps(false).enumerate() {
            assert_eq!(usize::from(SRGB_OF_LIGHT.at(to_f32(Curve::SRGB.at(at)))), level);
        }
    }
}
