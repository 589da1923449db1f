//! A drawn picture with photographic content: smooth light, two soft shapes and sensor noise.

use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Size};

/// A PNG of the picture with `width` by `height` pixels.
pub(crate) fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    let mut state = 0x9e37_79b9_u32;
    for y in 0..height {
        for x in 0..width {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let (across, down) = (255 * x / width, 255 * y / height);
            // A soft bright ball and a soft dark ball.
            let ball =
                |cx: u32, cy: u32| 255_u32.saturating_sub((across.abs_diff(cx).pow(2) + down.abs_diff(cy).pow(2)) / 16);
            let (light, dark) = (ball(150, 100), ball(60, 170) / 2);
            let noise = (state >> 20) % 9;
            let channel = |base: u32, tint: u32| (base + light * tint / 400 + noise).saturating_sub(dark).clamp(4, 250);
            let colour = [channel(30 + across / 3, 150), channel(40 + down / 4, 120), channel(90 + down / 3, 60)];
            pixels.extend(colour.map(|value| u8::try_from(value).unwrap_or(u8::MAX)));
        }
    }
    let picture = Picture::from_rgb(Size::new(width, height).unwrap(), pixels).unwrap();
    encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes
}
