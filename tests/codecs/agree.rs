//! Comparison of the pure and the fast codec on the same file.

use smart_resize::pixels::Codec;
use smart_resize::pixels::decode::{DecodeError, DecodeLimits, decode};

use super::reading;

/// Returns the largest difference of a sample and the peak signal-to-noise ratio in decibels.
pub(super) fn apart(a: &[u8], b: &[u8]) -> (u8, f64) {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    let worst = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    (worst, 10.0 * (255.0 * 255.0 * a.len() as f64 / squares.max(1e-9)).log10())
}

/// Decodes a file with both codecs. Either both read it and no sample differs by more than `most` levels, or both
/// refuse it with the same error. Returns whether they read it.
pub(super) fn agree(what: &str, file: &[u8], most: u8) -> bool {
    agree_within(what, file, &DecodeLimits::default(), most)
}

pub(super) fn agree_within(what: &str, file: &[u8], limits: &DecodeLimits, most: u8) -> bool {
    let [pure, fast] = [Codec::Pure, Codec::Fast].map(|codec| decode(file, &reading(codec).limits(*limits)));
    match (pure, fast) {
        (Ok(pure), Ok(fast)) => {
            assert_eq!((pure.picture.size(), pure.picture.layout()), (fast.picture.size(), fast.picture.layout()));
            assert_eq!((&pure.colour, pure.has_content_credentials), (&fast.colour, fast.has_content_credentials));
            let (worst, psnr) = apart(pure.picture.pixels(), fast.picture.pixels());
            assert!(worst <= most, "{what}: {worst} apart, {psnr:.1} dB");
            true
        }
        (Err(pure), Err(fast)) => {
            assert_eq!(pure, fast, "{what}");
            false
        }
        (pure, fast) => panic!("{what}: {:?}, {:?}", pure.map(|_| ()), fast.map(|_| ())),
    }
}

/// Checks that the codecs agree on every prefix of the file, and on `changes` copies with a few changed bytes. The fast
/// codec alone may read up to `lenient` of the changed copies.
pub(super) fn agree_on_the_broken(what: &str, file: &[u8], changes: u32, lenient: u32) {
    for end in 0..file.len() {
        agree(&format!("{what}, {end} bytes"), &file[..end], 3);
    }
    let mut state = 7_u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let mut alone = 0;
    for _ in 0..changes {
        let mut broken = file.to_vec();
        let edits: Vec<_> = (0..=random(3)).map(|_| (random(file.len()), random(256) as u8)).collect();
        for (at, value) in &edits {
            broken[*at] = *value;
        }
        let pure = decode(&broken, &reading(Codec::Pure));
        if matches!(pure, Err(DecodeError::Corrupt { .. })) && decode(&broken, &reading(Codec::Fast)).is_ok() {
            alone += 1;
        } else {
            agree(&format!("{what} with {edits:?}"), &broken, 255);
        }
    }
    assert!(alone <= lenient, "{what}: {alone} of {changes}");
}
