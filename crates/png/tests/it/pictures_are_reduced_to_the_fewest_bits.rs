//! The colour type and bit depth of the file are the smallest that hold the picture.

use png::{BitDepth, ColorType};
use smart_resize_png::{Colour, Effort, Scratch};

use crate::laws::{Picture, is_read_back};

/// What the header of the file says, and the number of colours of its palette.
fn format(picture: &Picture) -> (ColorType, BitDepth, Option<usize>) {
    let encoded = is_read_back(picture, Effort::Balanced, &mut Scratch::default());
    assert_eq!(is_read_back(picture, Effort::Small, &mut Scratch::default()).palette, encoded.palette);
    let reader = png::Decoder::new(std::io::Cursor::new(&encoded.bytes)).read_info().unwrap();
    let info = reader.info();
    assert_eq!(info.srgb, Some(png::SrgbRenderingIntent::Perceptual));
    let colours = info.palette.as_ref().map(|palette| palette.len() / 3);
    assert_eq!(encoded.palette.map(usize::from), colours);
    (info.color_type, info.bit_depth, colours)
}

/// The colours, each at least once.
fn of_colours((width, height): (u32, u32), colours: &[[u8; 4]]) -> Picture {
    let count = (width * height) as usize;
    let rest = (0..count).map(|at| colours[at * at % 7919 % colours.len()]);
    let pixels = colours.iter().copied().chain(rest).take(count).flatten().collect();
    Picture { width, height, colour: Colour::Rgba, pixels }
}

#[test]
fn up_to_256_colours_are_a_palette_of_the_fewest_bits() {
    for count in [1, 2, 3, 4, 5, 16, 17, 255, 256, 257] {
        for is_opaque in [true, false] {
            let alpha = |at: usize| if is_opaque { 255 } else { (at * 7 % 251) as u8 };
            let colour = |at: usize| [at as u8, (at * 3) as u8, (at / 256) as u8 + 1, alpha(at)];
            let picture = of_colours((67, 41), &(0..count).map(colour).collect::<Vec<_>>());
            let depth = match count {
                0..=2 => BitDepth::One,
                3..=4 => BitDepth::Two,
                5..=16 => BitDepth::Four,
                _ => BitDepth::Eight,
            };
            let expected = match count {
                257 => (ColorType::Rgba, BitDepth::Eight, None),
                _ => (ColorType::Indexed, depth, Some(count)),
            };
            assert_eq!(format(&picture), expected, "{count} colours");
            // The same without alpha samples.
            if is_opaque {
                let pixels = picture.rgba().flat_map(|[r, g, b, _]| [r, g, b]).collect();
                let picture = Picture { colour: Colour::Rgb, pixels, ..picture };
                let colour_type = if count == 257 { ColorType::Rgb } else { ColorType::Indexed };
                assert_eq!(format(&picture), (colour_type, expected.1, expected.2), "{count} colours");
            }
        }
    }
}

#[test]
fn grey_is_reduced_to_the_fewest_bits_that_hold_every_level() {
    let grey = |levels: &[u8]| {
        let level = |at: usize| levels[at * at % 101 % levels.len()];
        let pixels = levels.iter().copied().chain((levels.len()..61 * 9).map(level)).flat_map(|level| [level; 3]);
        format(&Picture { width: 61, height: 9, colour: Colour::Rgb, pixels: pixels.collect() })
    };
    let all: Vec<u8> = (0..=255).collect();
    let sixteen: Vec<u8> = (0..16).map(|level| level * 17).collect();
    assert_eq!(grey(&[0]), (ColorType::Grayscale, BitDepth::One, None));
    assert_eq!(grey(&[0, 255]), (ColorType::Grayscale, BitDepth::One, None));
    assert_eq!(grey(&[0, 85, 170]), (ColorType::Grayscale, BitDepth::Two, None));
    assert_eq!(grey(&sixteen), (ColorType::Grayscale, BitDepth::Four, None));
    assert_eq!(grey(&all), (ColorType::Grayscale, BitDepth::Eight, None));
    // Few levels that are not exact in few bits: a palette of grey.
    assert_eq!(grey(&[1, 2]), (ColorType::Indexed, BitDepth::One, Some(2)));
    // Every level with every alpha.
    let pixels = (0..=u16::MAX).map(u16::to_be_bytes).flat_map(|[level, alpha]| [level, level, level, alpha]).collect();
    let picture = Picture { width: 256, height: 256, colour: Colour::Rgba, pixels };
    assert_eq!(format(&picture), (ColorType::GrayscaleAlpha, BitDepth::Eight, None));
}

#[test]
fn a_picture_smaller_than_its_palette_is_not_reduced() {
    let pixel = Picture { width: 1, height: 1, colour: Colour::Rgb, pixels: vec![9, 8, 7] };
    assert_eq!(format(&pixel), (ColorType::Rgb, BitDepth::Eight, None));
}

#[test]
fn the_srgb_chunk_is_written_only_where_it_is_asked_for() {
    let encoder = smart_resize_png::Encoder::new((1, 1), Colour::Rgb);
    let bytes = encoder.encode(&[9, 8, 7], &mut Scratch::default()).unwrap().bytes;
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    assert_eq!(reader.info().srgb, None);
}
