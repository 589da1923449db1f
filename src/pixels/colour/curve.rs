//! From samples to light and back.

use std::sync::LazyLock;

use moxcms::ToneReprCurve;

use super::{TagError, broken};

/// From a sample to light, both 0 to 1.
pub(super) enum Curve {
    Power(f64),
    /// g, a, b, c, d, e, f: `(a x + b)^g + e` from `d` on, `c x + f` below it.
    Parametric([f64; 7]),
    /// Light at equal steps, in 65,535ths.
    Table(Vec<u16>),
}

impl Curve {
    pub(super) const SRGB: Self = Self::Parametric([2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045, 0.0, 0.0]);

    #[expect(clippy::many_single_char_names, reason = "the names of the specification")]
    pub(super) fn of_icc(curve: &ToneReprCurve) -> Option<Self> {
        match curve {
            ToneReprCurve::Lut(table) => match **table {
                [] => Some(Self::Power(1.0)),
                // A number with 8 bits behind the point.
                [gamma] => Some(Self::Power(f64::from(gamma) / 256.0)).filter(|_| gamma > 0),
                _ => Some(Self::Table(table.clone())),
            },
            ToneReprCurve::Parametric(numbers) => {
                let numbers: Vec<f64> = numbers.iter().map(|number| f64::from(*number)).collect();
                // ICC.1:2022, 10.18. Where the curve has a foot at -b/a, all below it is one level.
                Some(Self::Parametric(match numbers[..] {
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

    /// The transfer characteristics of ITU-T H.273, table 3.
    pub(super) fn of_cicp(transfer: u8) -> Result<Self, TagError> {
        match transfer {
            1 | 6 | 14 | 15 => {
                Ok(Self::Parametric([1.0 / 0.45, 1.0 / 1.099, 0.099 / 1.099, 1.0 / 4.5, 0.081, 0.0, 0.0]))
            }
            4 => Ok(Self::Power(2.2)),
            5 => Ok(Self::Power(2.8)),
            8 => Ok(Self::Power(1.0)),
            13 => Ok(Self::SRGB),
            16 => Err(TagError::Unsupported("high-dynamic-range (PQ)".into())),
            18 => Err(TagError::Unsupported("high-dynamic-range (HLG)".into())),
            _ => Err(broken(format!("unknown transfer characteristics {transfer}"))),
        }
    }

    #[expect(clippy::many_single_char_names, reason = "the names of the specification")]
    pub(super) fn at(&self, x: f64) -> f64 {
        let y = match self {
            Self::Power(gamma) => x.powf(*gamma),
            Self::Parametric([g, a, b, c, d, e, f]) => {
                if x >= *d {
                    (a * x + b).max(0.0).powf(*g) + e
                } else {
                    c * x + f
                }
            }
            Self::Table(table) => {
                #[expect(clippy::cast_precision_loss, reason = "at most 40,000")]
                let at = x * (table.len() - 1) as f64;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
                let index = at as usize;
                let light = |index: usize| f64::from(table[index.min(table.len() - 1)]);
                let (low, high) = (light(index), light(index + 1));
                (low + (high - low) * at.fract()) / 65_535.0
            }
        };
        if y.is_finite() { y.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The levels of 8 or 16 bits as parts of 1.
pub(super) fn levels(wide: bool) -> impl Iterator<Item = f64> {
    let last = if wide { u32::from(u16::MAX) } else { u32::from(u8::MAX) };
    (0..=last).map(move |level| f64::from(level) / f64::from(last))
}

pub(super) fn lights(curve: &Curve, wide: bool) -> Vec<f32> {
    levels(wide).map(|level| single(curve.at(level))).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "24 bits are plenty")]
pub(super) fn single(light: f64) -> f32 {
    light as f32
}

/// From CIE L*, as a part of 1, to light (CIE 15, 8.2.1).
pub(super) fn light_of_lightness(lightness: f64) -> f64 {
    let root = (lightness * 100.0 + 16.0) / 116.0;
    if root > 6.0 / 29.0 { root.powi(3) } else { 3.0 * (6.0_f64 / 29.0).powi(2) * (root - 4.0 / 29.0) }
}

/// The nearest 8-bit level of sRGB for light in 65,535ths.
pub(super) struct SrgbOfLight(Vec<u8>);

pub(super) static SRGB_OF_LIGHT: LazyLock<SrgbOfLight> = LazyLock::new(|| {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    SrgbOfLight(levels(true).map(|light| (encoded(light) * 255.0).round() as u8).collect())
});

impl SrgbOfLight {
    /// Clips what is outside of 0 to 1.
    pub(super) fn at(&self, light: f32) -> u8 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let index = (light * 65_535.0 + 0.5) as u16;
        self.0[usize::from(index)]
    }
}

/// Light to a sample of sRGB (IEC 61966-2-1), both 0 to 1.
fn encoded(light: f64) -> f64 {
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that a last bit of a power that differs between machines cannot show.
    #[test]
    fn no_light_is_near_the_middle_between_two_levels() {
        for light in levels(true) {
            let level = encoded(light) * 255.0;
            assert!((level.fract() - 0.5).abs() > 1e-6, "{light}");
        }
    }

    #[test]
    fn every_level_of_srgb_becomes_itself() {
        for (level, at) in levels(false).enumerate() {
            assert_eq!(usize::from(SRGB_OF_LIGHT.at(single(Curve::SRGB.at(at)))), level);
        }
    }
}
