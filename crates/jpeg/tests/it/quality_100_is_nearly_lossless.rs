//! At quality 100 and 4:4:4 all quantization steps are 1, so only rounding loses anything.

use smart_resize_jpeg::Sampling;

use crate::pictures::*;

#[test]
fn quality_100_is_nearly_lossless() {
    for (width, height) in [(8, 8), (64, 48), (129, 67)] {
        for rgb in [photo(width, height), noise(width, height)] {
            for kind in KINDS.into_iter().filter(|(sampling, _)| *sampling == Sampling::Yuv444) {
                let (worst, psnr) = apart(&by_jpeg_decoder(&encode(&rgb, (width, height), 100, kind)).1, &rgb);
                assert!(worst <= 4 && psnr > 47.0, "{width}x{height}: {worst} apart, {psnr:.1} dB");
            }
        }
    }
}

/// Levels that are independent of each other, so that nearly every coefficient is not zero.
fn noise(width: u32, height: u32) -> Vec<u8> {
    let mut state = 99_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..width * height * 3).map(|_| next()).collect()
}
