//! A progressive file decodes to exactly the pixels of the sequential file.

use crate::pictures::*;

#[test]
fn progressive_files_have_the_same_coefficients() {
    for (width, height) in [(1, 1), (9, 16), (17, 8), (100, 75), (257, 129)] {
        for (quality, rgb) in [(30, photo(width, height)), (95, photo(width, height)), (80, gradient(width % 40, 30))] {
            let size = if quality == 80 { (width % 40, 30) } else { (width, height) };
            for at in [0, 2] {
                let [sequential, progressive] =
                    [KINDS[at], KINDS[at + 1]].map(|kind| encode(&rgb, size, quality, kind));
                assert!(by_jpeg_decoder(&sequential) == by_jpeg_decoder(&progressive), "{size:?} {quality}");
            }
        }
    }
}

/// More blocks in a row end without a coefficient than the longest EOB run has.
#[test]
fn an_eob_run_that_is_too_long_is_split() {
    for blocks in [4094, 4095, 4096, 8190, 8191] {
        let size = (8, 8 * blocks);
        let rgb = vec![50; (size.0 * size.1 * 3) as usize];
        let (_, pixels) = by_jpeg_decoder(&encode(&rgb, size, 90, KINDS[3]));
        assert!(apart(&pixels, &rgb).0 <= 1, "{blocks}");
    }
}
