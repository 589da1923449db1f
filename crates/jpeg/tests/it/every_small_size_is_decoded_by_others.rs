//! Files of every size from 1x1 to 40x40 are read by two other decoders, with the right size and nearly the right
//! levels.

use crate::pictures::*;

#[test]
fn every_small_size_is_decoded_by_others() {
    for (width, height) in (1..=40).flat_map(|width| (1..=40).map(move |height| (width, height))) {
        let rgb = gradient(width, height);
        for kind in KINDS {
            let file = encode(&rgb, (width, height), 95, kind);
            for (size, pixels) in [by_jpeg_decoder(&file), by_zune_jpeg(&file)] {
                assert_eq!(size, (width, height), "{kind:?}");
                let (worst, psnr) = apart(&pixels, &rgb);
                assert!(worst <= 12 && psnr > 38.0, "{width}x{height} {kind:?}: {worst} apart, {psnr:.1} dB");
            }
        }
    }
}

/// By `zune-jpeg` alone: `jpeg-decoder` 0.3 multiplies the size of such a component in 16 bits.
#[test]
fn the_longest_sides_are_decoded() {
    for (width, height) in [(65_535, 1), (1, 65_535), (65_535, 9), (17, 65_535)] {
        let rgb = vec![99; (width * height * 3) as usize];
        for kind in KINDS {
            let (size, pixels) = by_zune_jpeg(&encode(&rgb, (width, height), 90, kind));
            assert_eq!((size, apart(&pixels, &rgb).0 <= 1), ((width, height), true), "{kind:?}");
        }
    }
}
