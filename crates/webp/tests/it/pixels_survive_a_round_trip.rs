//! What `encode` writes, `decode` reads: the colours within the loss of the quality, the alpha channel exactly.

use smart_resize_webp::{Layout, MAX_SIDE, Settings, decode, encode};

use crate::{DEFAULT, alpha, gradient, mean_difference};

const SIZES: [(u32, u32); 6] = [(1, 1), (1, 9), (15, 17), (64, 33), (MAX_SIDE, 1), (1, MAX_SIDE)];

#[test]
fn colours_are_close_at_quality_100() {
    for (width, height) in SIZES {
        let pixels = gradient(width, height, Layout::Rgb);
        let file = encode(&pixels, width, height, Layout::Rgb, Settings { quality: 100, effort: 2 }).unwrap();
        let mut decoded = vec![0; pixels.len()];
        decode(&file, width, height, Layout::Rgb, &mut decoded).unwrap();
        // Chroma has half the resolution, and the texture changes it from pixel to pixel.
        assert!(mean_difference(&decoded, &pixels) < 12.0, "{width}x{height}");
    }
}

#[test]
fn alpha_is_exact_at_any_quality() {
    for (width, height) in SIZES {
        for quality in [0, 80, 100] {
            let pixels = gradient(width, height, Layout::Rgba);
            let file = encode(&pixels, width, height, Layout::Rgba, Settings { quality, effort: 2 }).unwrap();
            let mut decoded = vec![0; pixels.len()];
            decode(&file, width, height, Layout::Rgba, &mut decoded).unwrap();
            assert_eq!(alpha(&decoded), alpha(&pixels), "{width}x{height}");
        }
    }
}

#[test]
fn a_file_without_alpha_is_decoded_as_opaque() {
    let file = encode(&gradient(20, 10, Layout::Rgb), 20, 10, Layout::Rgb, DEFAULT).unwrap();
    let mut decoded = vec![0; 20 * 10 * 4];
    decode(&file, 20, 10, Layout::Rgba, &mut decoded).unwrap();
    assert!(alpha(&decoded).iter().all(|level| *level == 255));
}

#[test]
fn rgb_is_rgba_without_its_alpha() {
    let file = encode(&gradient(20, 10, Layout::Rgba), 20, 10, Layout::Rgba, DEFAULT).unwrap();
    let (mut rgb, mut rgba) = (vec![0; 20 * 10 * 3], vec![0; 20 * 10 * 4]);
    decode(&file, 20, 10, Layout::Rgb, &mut rgb).unwrap();
    decode(&file, 20, 10, Layout::Rgba, &mut rgba).unwrap();
    let without: Vec<u8> = rgba.chunks(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
    assert_eq!(rgb, without);
}
