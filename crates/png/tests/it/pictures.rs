//! Pictures that the tests encode.

use smart_resize_png::{Colour, Effort};

use crate::laws::Picture;

pub(crate) const EFFORTS: [Effort; 2] = [Effort::Balanced, Effort::Small];
pub(crate) const COLOURS: [Colour; 2] = [Colour::Rgb, Colour::Rgba];

/// The picture whose samples are `sample(x, y, channel)`.
pub(crate) fn picture(
    (width, height): (u32, u32),
    colour: Colour,
    mut sample: impl FnMut(u32, u32, u32) -> u32,
) -> Picture {
    let channels = if colour == Colour::Rgb { 3 } else { 4 };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels = places.flat_map(|(x, y)| (0..channels).map(move |channel| (x, y, channel)));
    let pixels = pixels.map(|(x, y, channel)| sample(x, y, channel) as u8).collect();
    Picture { width, height, colour, pixels }
}

/// Smooth light with the noise of a sensor: photographic content of many colours.
pub(crate) fn photo(size: (u32, u32), colour: Colour) -> Picture {
    let mut noise = noise(1);
    picture(size, colour, |x, y, channel| 40 + 150 * x / size.0 + 50 * y / size.1 + channel * 3 + noise() % 6)
}

/// Text-like shapes of few colours on a gradient: graphic content.
pub(crate) fn graphic(size: (u32, u32), colour: Colour) -> Picture {
    picture(size, colour, |x, y, channel| {
        let (column, row) = (x % 24, y % 40);
        let is_text = row < 18 && (column * row + x / 24 * 7 + y / 40) % 5 < 2;
        if is_text { 20 + column % 4 * 40 } else { 220 + channel * 9 + 20 * y / size.1 }
    })
}

/// The state of a linear congruential generator, by its upper bits.
pub(crate) fn noise(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    }
}
