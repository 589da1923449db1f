//! Each effort is at most as large as the level of the `png` crate with the same name or purpose.

use smart_resize_png::{Colour, Scratch};

use crate::laws::Picture;
use crate::pictures::{EFFORTS, graphic, photo};

fn by_png(picture: &Picture, compression: png::Compression) -> usize {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width, picture.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(compression);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    encoder.write_header().unwrap().write_image_data(&picture.pixels).unwrap();
    file.len()
}

#[test]
fn files_of_photographic_and_graphic_content_are_as_small() {
    for picture in [photo((600, 500), Colour::Rgb), graphic((600, 500), Colour::Rgb)] {
        let [balanced, small] = EFFORTS.map(|effort| {
            picture.encoder(effort).encode(&picture.pixels, &mut Scratch::default()).unwrap().bytes.len()
        });
        let [theirs, theirs_high] =
            [png::Compression::Balanced, png::Compression::High].map(|compression| by_png(&picture, compression));
        assert!(small <= balanced, "{small} {balanced}");
        assert!(balanced <= theirs, "{balanced} {theirs}");
        assert!(small <= theirs_high, "{small} {theirs_high}");
    }
}
