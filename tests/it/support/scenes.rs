//! Pictures whose content a test finds again after they were reframed.

use smart_resize::Size;
use smart_resize::model::{Model, Preset};
use smart_resize::pixels::Picture;

/// Makes a picture from the colour of each pixel.
pub(crate) fn drawn(frame: Size, colour: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let rows = 0..frame.height();
    let pixels = rows.flat_map(|y| (0..frame.width()).map(move |x| (x, y))).flat_map(|(x, y)| colour(x, y));
    Picture::from_rgb(frame, pixels.collect()).unwrap()
}

/// Soft ground with a red rectangle between these columns and rows.
pub(crate) fn with_red(size: Size, [left, top, right, bottom]: [u32; 4]) -> Picture {
    drawn(size, |x, y| {
        let inside = (left..right).contains(&x) && (top..bottom).contains(&y);
        if inside { [230, 20, 30] } else { [80 + (x / 16) as u8, 130 + (y / 16) as u8, 110] }
    })
}

/// Red and yellow squares everywhere: stretching distorts them and cropping removes some of them.
pub(crate) fn pattern(frame: Size) -> Picture {
    drawn(frame, |x, y| if (x / 20 + y / 20) % 2 == 0 { [220, 30, 40] } else { [250, 210, 30] })
}

/// Returns the left, top, right and bottom edges of all pixels that have a colour. The last two are exclusive.
pub(crate) fn bounds(picture: &Picture, is_colour: impl Fn([u8; 3]) -> bool) -> [u32; 4] {
    let (mut found, width) = ([u32::MAX, u32::MAX, 0, 0], picture.size().width());
    for (index, pixel) in (0..).zip(picture.pixels().chunks(picture.layout().channels())) {
        if is_colour([pixel[0], pixel[1], pixel[2]]) {
            let (x, y) = (index % width, index / width);
            found = [found[0].min(x), found[1].min(y), found[2].max(x + 1), found[3].max(y + 1)];
        }
    }
    found
}

/// Returns the bounds of what is bright red.
pub(crate) fn red(picture: &Picture) -> [u32; 4] {
    bounds(picture, |[red, green, _]| red > 180 && green < 100)
}

/// A model with two of the usual shapes at a quarter of the usual sizes.
pub(crate) fn quarter_model() -> Model {
    let presets = [("396x168", "21:9"), ("192x344", "9:16")];
    let presets = presets.map(|(size, ratio)| Preset::new(size.parse().unwrap()).ratio(ratio.parse().unwrap()));
    Model::new("m", presets.into()).unwrap()
}
