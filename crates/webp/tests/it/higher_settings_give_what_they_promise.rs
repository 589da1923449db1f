//! A higher quality gives a larger file closer to the pixels; a higher effort gives a smaller file; the same settings
//! give the same bytes.

use smart_resize_webp::{Layout, Settings, decode, encode};

use crate::{DEFAULT, gradient, mean_difference};

/// The file of a gradient of 200 by 150 pixels.
fn encoded(quality: u8, effort: u8) -> Vec<u8> {
    let pixels = gradient(200, 150, Layout::Rgb);
    encode(&pixels, 200, 150, Layout::Rgb, Settings { quality, effort }).unwrap()
}

#[test]
fn a_higher_quality_is_larger_and_closer() {
    let pixels = gradient(200, 150, Layout::Rgb);
    let measured = [10, 40, 80, 98].map(|quality| {
        let file = encoded(quality, 4);
        let mut decoded = vec![0; pixels.len()];
        decode(&file, 200, 150, Layout::Rgb, &mut decoded).unwrap();
        (file.len(), mean_difference(&decoded, &pixels))
    });
    for pair in measured.windows(2) {
        assert!(pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1, "{measured:?}");
    }
}

#[test]
fn a_higher_effort_is_smaller() {
    assert!(encoded(80, 6).len() < encoded(80, 0).len());
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    assert_eq!(encoded(DEFAULT.quality, DEFAULT.effort), encoded(DEFAULT.quality, DEFAULT.effort));
}
