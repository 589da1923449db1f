//! `image-webp`, which shares no code with libwebp, decodes every file to the same pixels as `decode`.

use smart_resize_webp::{Layout, Settings, encode};

use crate::gradient;
use crate::laws::check_against_image_webp;

#[test]
fn both_decoders_give_the_same_pixels() {
    for (width, height) in [(1, 1), (2, 3), (15, 17), (16, 16), (64, 33), (200, 150)] {
        for layout in [Layout::Rgb, Layout::Rgba] {
            for (quality, effort) in [(0, 0), (40, 6), (80, 4), (100, 2)] {
                let pixels = gradient(width, height, layout);
                let file = encode(&pixels, width, height, layout, Settings { quality, effort }).unwrap();
                check_against_image_webp(&file, width, height, layout);
            }
        }
    }
}
