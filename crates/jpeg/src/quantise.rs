//! Quantisation (T.81, A.3.4): each coefficient divided by its step, rounded half away from zero.
//!
//! The steps are those of annex K.1, scaled by the quality as in libjpeg: at quality 50 as they are, below it by
//! `50 / quality`, above it by `(100 - quality) / 50`; at least 1, at most 255.
//!
//! A division by the step is a multiplication by its reciprocal: two times the upper half of a 16-bit product. The
//! reciprocal has as many significant bits as 16 bits can hold, and the numerator is one larger where the reciprocal
//! was rounded down (A. Fog, Optimizing subroutines in assembly language, 16.9). The result is exact for every
//! numerator of 16 bits.

use crate::block::ZIGZAG;

/// The steps of annex K.1 in row-major order: table K.1 for Y, table K.2 for Cb and Cr.
#[rustfmt::skip]
const STEPS: [[u8; 64]; 2] = [
    [
        16,  11,  10,  16,  24,  40,  51,  61,
        12,  12,  14,  19,  26,  58,  60,  55,
        14,  13,  16,  24,  40,  57,  69,  56,
        14,  17,  22,  29,  51,  87,  80,  62,
        18,  22,  37,  56,  68, 109, 103,  77,
        24,  35,  55,  64,  81, 104, 113,  92,
        49,  64,  78,  87, 103, 121, 120, 101,
        72,  92,  95,  98, 112, 100, 103,  99,
    ],
    [
        17,  18,  24,  47,  99,  99,  99,  99,
        18,  21,  26,  66,  99,  99,  99,  99,
        24,  26,  56,  99,  99,  99,  99,  99,
        47,  66,  99,  99,  99,  99,  99,  99,
        99,  99,  99,  99,  99,  99,  99,  99,
        99,  99,  99,  99,  99,  99,  99,  99,
        99,  99,  99,  99,  99,  99,  99,  99,
        99,  99,  99,  99,  99,  99,  99,  99,
    ],
];

/// A quantisation table with the reciprocals of its steps, in row-major order.
#[derive(Clone, Debug)]
pub(crate) struct Quantiser {
    steps: [u8; 64],
    reciprocals: [u16; 64],
    /// What is added before the multiplication: half the divisor, one more where the reciprocal was rounded down.
    offsets: [u16; 64],
    /// Powers of two that do what is left of the division.
    scales: [u16; 64],
}

impl Quantiser {
    /// The tables of Y and of Cb and Cr. The quality is 1 to 100.
    pub(crate) fn pair(quality: u8) -> [Self; 2] {
        STEPS.map(|steps| Self::new(steps.map(|step| scaled(step, quality))))
    }

    fn new(steps: [u8; 64]) -> Self {
        let mut new = Self { steps, reciprocals: [0; 64], offsets: [0; 64], scales: [0; 64] };
        for (at, step) in steps.into_iter().enumerate() {
            // The DCT's results are 8 times too large.
            (new.reciprocals[at], new.offsets[at], new.scales[at]) = reciprocal(u32::from(step) * 8);
        }
        new
    }

    /// The steps in zigzag order, as a DQT segment has them.
    pub(crate) fn zigzag_steps(&self) -> [u8; 64] {
        ZIGZAG.map(|at| self.steps[usize::from(at)])
    }

    /// Quantises a block of results of the DCT, which are below 16384 in magnitude.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "four arrays of one length, without a chain of zips")]
    pub(crate) fn quantise(&self, block: &mut [i16; 64]) {
        for at in 0..64 {
            let sign = block[at] >> 15;
            let magnitude = ((block[at] ^ sign) - sign) as u16;
            let upper = |a: u16, b: u16| ((u32::from(a) * u32::from(b)) >> 16) as u16;
            let quotient = upper(upper(magnitude + self.offsets[at], self.reciprocals[at]), self.scales[at]);
            block[at] = (quotient as i16 ^ sign) - sign;
        }
    }
}

fn scaled(step: u8, quality: u8) -> u8 {
    let quality = u32::from(quality);
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    ((u32::from(step) * percent + 50) / 100).clamp(1, 255) as u8
}

/// The reciprocal, the offset and the scale for a divisor of 8 to 2040.
fn reciprocal(divisor: u32) -> (u16, u16, u16) {
    let mut bits = 16 + divisor.ilog2();
    let (mut reciprocal, rest) = ((1 << bits) / divisor, (1 << bits) % divisor);
    let mut offset = divisor / 2;
    match rest {
        // A power of two; its reciprocal has 17 bits.
        0 => {
            reciprocal >>= 1;
            bits -= 1;
        }
        _ if rest <= divisor / 2 => offset += 1,
        _ => reciprocal += 1,
    }
    (reciprocal as u16, offset as u16, 1 << (32 - bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coefficient_is_divided_by_every_step_and_rounded_half_away_from_zero() {
        for step in 1..=255 {
            let quantiser = Quantiser::new([step; 64]);
            let divisor = i32::from(step) * 8;
            for first in (-16_384..16_384_i32).step_by(64) {
                let mut block: [i16; 64] = std::array::from_fn(|at| (first + at as i32).max(-16_383) as i16);
                let expected = block.map(|value| {
                    let value = i32::from(value);
                    ((value.abs() + divisor / 2) / divisor * value.signum()) as i16
                });
                quantiser.quantise(&mut block);
                assert_eq!(block, expected, "step {step}");
            }
        }
    }

    #[test]
    fn quality_scales_the_steps_rounded_and_between_1_and_255() {
        let first = |quality| Quantiser::pair(quality).map(|table| table.steps[0]);
        assert_eq!([1, 50, 75, 90, 100].map(first), [[255, 255], [16, 17], [8, 9], [3, 3], [1, 1]]);
        // 5000 / 30 is 166 percent.
        assert_eq!([30, 49, 51].map(first), [[27, 28], [16, 17], [16, 17]]);
        assert_eq!([(10, 45), (1, 49), (200, 60)].map(|(step, quality)| scaled(step, quality)), [11, 1, 160]);
    }
}
