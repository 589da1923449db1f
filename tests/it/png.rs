//! The crate's own PNG encoder, read by decoders that know nothing of it: the `png` crate through `decode`, zune-png,
//! and miniz_oxide for the stream.

mod round_trips;

use png::{BitDepth, ColorType};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use smart_resize::{
    DecodeLimits, EncodeOptions, Encoded, EncoderSettings, Format, Picture, PngEffort, PngEncoder, PngOptions, Size,
    decode, encode, encode_within,
};

use crate::laws;
use crate::pictures::{photo, size, transparent};

const EFFORTS: [PngEffort; 3] = [PngEffort::Fast, PngEffort::Balanced, PngEffort::Small];

fn options(effort: PngEffort, encoder: PngEncoder) -> EncodeOptions {
    let mut options = EncodeOptions::default();
    options.png = PngOptions::with_effort(effort).with_encoder(encoder);
    options
}

fn own(picture: &Picture, effort: PngEffort) -> Encoded {
    encode(picture, Format::Png, &options(effort, PngEncoder::Own)).unwrap()
}

/// What the file says of its pixels, and the number of its colours.
fn kind(file: &[u8]) -> (ColorType, BitDepth, Option<usize>) {
    let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let info = reader.info();
    assert_eq!(info.srgb, Some(png::SrgbRenderingIntent::Perceptual));
    (info.color_type, info.bit_depth, info.palette.as_ref().map(|palette| palette.len() / 3))
}

/// The pixels by zune-png, as many channels as the file has.
fn read_elsewhere(file: &[u8]) -> (usize, Vec<u8>) {
    let options = zune_png::zune_core::options::DecoderOptions::default().set_max_width(65_535).set_max_height(65_535);
    let mut decoder =
        zune_png::PngDecoder::new_with_options(zune_png::zune_core::bytestream::ZCursor::new(file), options);
    let pixels = decoder.decode_raw().unwrap();
    (decoder.colorspace().unwrap().num_components(), pixels)
}

/// Every effort gives the very pixels to both decoders, and the same bytes twice.
fn assert_exact(picture: &Picture) {
    let channels = picture.layout().channels();
    for effort in EFFORTS {
        let encoded = own(picture, effort);
        assert!(encoded.exact && encoded == own(picture, effort));
        assert!(decode(&encoded.bytes, &DecodeLimits::default()).unwrap().picture == *picture, "{picture:?}, {effort}");
        let (found, pixels) = read_elsewhere(&encoded.bytes);
        let rgba = pixels.chunks(found).map(|pixel| match *pixel {
            [level] => [level, level, level, 255],
            [level, alpha] => [level, level, level, alpha],
            [r, g, b] => [r, g, b, 255],
            [r, g, b, alpha] => [r, g, b, alpha],
            _ => panic!("{found} channels"),
        });
        let expected = picture.pixels().chunks(channels).map(|p| [p[0], p[1], p[2], p.get(3).copied().unwrap_or(255)]);
        let wrong = rgba.zip(expected).position(|(found, expected)| found != expected);
        assert_eq!(wrong, None, "{picture:?}, {effort}");
    }
}

fn of_colours(size: Size, colours: &[[u8; 4]]) -> Picture {
    let pixels =
        (0..size.area() as usize).flat_map(|at| colours[at * at % 7919 % colours.len().min(size.area() as usize)]);
    // Each at least once.
    let pixels: Vec<u8> = colours.iter().flatten().copied().chain(pixels).take(size.area() as usize * 4).collect();
    Picture::from_rgba(size, pixels).unwrap()
}

#[test]
fn palettes_of_every_depth_with_and_without_alpha() {
    let depth = |colours| match colours {
        0..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    for count in [1, 2, 3, 4, 5, 16, 17, 255, 256, 257] {
        for clear in [false, true] {
            let colour = |at: usize| {
                [
                    (at % 256) as u8,
                    (at * 3 % 256) as u8,
                    (at / 256) as u8 + 1,
                    if clear { (at * 7 % 251) as u8 } else { 255 },
                ]
            };
            let picture = of_colours(size("67x41"), &(0..count).map(colour).collect::<Vec<_>>());
            assert_exact(&picture);
            let found = own(&picture, PngEffort::Balanced);
            let expected = match (count, clear) {
                (257, false) => (ColorType::Rgb, BitDepth::Eight, None),
                (257, true) => (ColorType::Rgba, BitDepth::Eight, None),
                _ => (ColorType::Indexed, depth(count), Some(count)),
            };
            assert_eq!(kind(&found.bytes), expected, "{count} colours");
            assert_eq!(found.settings.palette().map(usize::from), expected.2);
        }
    }
}

#[test]
fn grey_of_every_depth() {
    let grey = |levels: &[u8]| {
        let level = |at: usize| levels[at * at % 101 % levels.len()];
        let pixels = levels.iter().copied().chain((levels.len()..61 * 9).map(level)).flat_map(|level| [level; 3]);
        let picture = Picture::from_rgb(size("61x9"), pixels.collect()).unwrap();
        assert_exact(&picture);
        kind(&own(&picture, PngEffort::Small).bytes)
    };
    let all: Vec<u8> = (0..=255).collect();
    let fours: Vec<u8> = (0..16).map(|level| level * 17).collect();
    assert_eq!(grey(&[0]), (ColorType::Grayscale, BitDepth::One, None));
    assert_eq!(grey(&[0, 255]), (ColorType::Grayscale, BitDepth::One, None));
    assert_eq!(grey(&[0, 85, 170]), (ColorType::Grayscale, BitDepth::Two, None));
    assert_eq!(grey(&fours), (ColorType::Grayscale, BitDepth::Four, None));
    assert_eq!(grey(&all), (ColorType::Grayscale, BitDepth::Eight, None));
    // Few levels that are not exact in few bits have a palette of grey.
    assert_eq!(grey(&[1, 2]), (ColorType::Indexed, BitDepth::One, Some(2)));
    // Grey with every alpha.
    let pixels = (0..=u16::MAX).flat_map(|at| [(at >> 8) as u8, (at >> 8) as u8, (at >> 8) as u8, at as u8]);
    let picture = Picture::from_rgba(size("256x256"), pixels.collect()).unwrap();
    assert_exact(&picture);
    assert_eq!(kind(&own(&picture, PngEffort::Fast).bytes), (ColorType::GrayscaleAlpha, BitDepth::Eight, None));
}

#[test]
fn rows_that_do_not_fill_their_last_byte() {
    for width in 1..=17 {
        for colours in [2, 3, 5] {
            let colours: Vec<[u8; 4]> = (0..colours).map(|at| [at * 40, 9, 200 - at, 255]).collect();
            for height in [40, 41] {
                assert_exact(&of_colours(Size::new(width, height).unwrap(), &colours));
            }
        }
    }
}

#[test]
fn tiny_pictures_are_tiny_files() {
    let one = Picture::from_rgb(size("1x1"), vec![9, 8, 7]).unwrap();
    assert_exact(&one);
    let by_crate = encode(&one, Format::Png, &options(PngEffort::Small, PngEncoder::Crate)).unwrap();
    assert!(own(&one, PngEffort::Small).bytes.len() <= by_crate.bytes.len());
}

#[test]
fn heights_around_the_edges_of_strips() {
    for text in ["1024x255", "1024x256", "1024x257", "1024x512", "1024x513", "5x52429", "65535x5", "3x65535"] {
        assert_exact(&photo(size(text)));
    }
    assert_exact(&transparent(size("700x751")));
}

#[test]
fn one_colour_runs_and_noise_beyond_the_window() {
    let frame = size("400x401");
    assert_exact(&Picture::from_rgb(frame, [7, 200, 31].repeat(400 * 401)).unwrap());
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let pixels: Vec<u8> = (0..400 * 401 * 3).map(|_| noise()).collect();
    let picture = Picture::from_rgb(frame, pixels.clone()).unwrap();
    assert_exact(&picture);
    assert!(own(&picture, PngEffort::Balanced).bytes.len() < pixels.len() + 2000, "noise is stored");
    // A row of 32,768 bytes with its filter: the one above begins just within reach.
    let row: Vec<u8> = pixels[..32_766].to_vec();
    for bytes in [32_763, 32_766] {
        let picture = Picture::from_rgb(Size::new(bytes / 3, 5).unwrap(), row[..bytes as usize].repeat(5)).unwrap();
        assert_exact(&picture);
        assert!(own(&picture, PngEffort::Balanced).bytes.len() < 40_000);
    }
}

#[test]
fn files_are_as_small_as_those_of_the_crate_and_every_effort_pays() {
    let picture = photo(size("600x500"));
    let sizes =
        |encoder| EFFORTS.map(|effort| encode(&picture, Format::Png, &options(effort, encoder)).unwrap().bytes.len());
    let ([fast, balanced, small], [crate_fast, crate_balanced, crate_small]) =
        (sizes(PngEncoder::Own), sizes(PngEncoder::Crate));
    assert!(fast >= balanced && balanced >= small, "{fast} {balanced} {small}");
    assert!(fast <= crate_fast, "{fast} {crate_fast}");
    assert!(balanced <= crate_balanced && small <= crate_small, "{balanced} {crate_balanced}, {small} {crate_small}");
}

#[test]
fn the_default_is_our_own_and_the_settings_say_who_wrote_it() {
    let picture = photo(size("64x48"));
    let (default, own) =
        (encode(&picture, Format::Png, &EncodeOptions::default()).unwrap(), own(&picture, PngEffort::Balanced));
    assert_eq!(default, own);
    assert_eq!(PngOptions::with_effort(PngEffort::Balanced), PngOptions::default());
    let settings = EncoderSettings::Png { effort: PngEffort::Balanced, encoder: PngEncoder::Own, palette: None };
    assert_eq!((own.settings, own.settings.to_string().as_str()), (settings, "effort balanced"));
    let by_crate = encode(&picture, Format::Png, &options(PngEffort::Balanced, PngEncoder::Crate)).unwrap();
    assert_eq!(by_crate.settings.to_string(), "effort balanced, by the png crate");
}

#[cfg(feature = "serde")]
#[test]
fn a_record_names_the_encoder_where_it_is_not_the_default() {
    let record = |encoder| {
        let encoded = encode(&photo(size("64x48")), Format::Png, &options(PngEffort::Small, encoder)).unwrap();
        serde_json::to_string(&encoded.settings).unwrap()
    };
    assert_eq!(record(PngEncoder::Own), r#"{"format":"png","effort":"small"}"#);
    assert_eq!(record(PngEncoder::Crate), r#"{"format":"png","effort":"small","encoder":"crate"}"#);
}

#[test]
fn a_limit_on_the_weight_goes_through_the_efforts_of_the_encoder_that_is_asked() {
    let picture = photo(size("300x200"));
    for (asked, name) in [(PngEncoder::Own, "(effort small)"), (PngEncoder::Crate, ", by the png crate)")] {
        let small = encode(&picture, Format::Png, &options(PngEffort::Small, asked)).unwrap();
        let (fast, most) = (options(PngEffort::Fast, asked), small.bytes.len() as u64);
        let found = encode_within(&picture, Format::Png, &fast, most).unwrap();
        assert!(found.bytes.len() as u64 <= most);
        assert!(matches!(found.settings, EncoderSettings::Png { encoder, .. } if encoder == asked));
        let error = encode_within(&picture, Format::Png, &fast, 99).unwrap_err();
        assert!(error.to_string().ends_with(name), "{error}");
    }
}

#[cfg(feature = "palette")]
#[test]
fn a_palette_that_a_limit_led_to_is_written_by_the_encoder_that_is_asked() {
    let picture = transparent(size("120x90"));
    let sizes = [PngEncoder::Own, PngEncoder::Crate].map(|encoder| {
        let mut options = options(PngEffort::Fast, encoder);
        options.palette = true;
        let most = own(&picture, PngEffort::Small).bytes.len() as u64 / 2;
        let found = encode_within(&picture, Format::Png, &options, most).unwrap();
        assert!(!found.exact);
        assert!(matches!(found.settings, EncoderSettings::Png { encoder: by, palette: Some(_), .. } if by == encoder));
        (found.settings.palette(), decode(&found.bytes, &DecodeLimits::default()).unwrap().picture)
    });
    assert!(sizes[0] == sizes[1], "one palette, two encoders");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn small_pictures_are_read_back(
        width in 1_u32..24, height in 1_u32..24, alpha in any::<bool>(), grey in any::<bool>(), seed in any::<Vec<u8>>(),
    ) {
        let size = Size::new(width, height).unwrap();
        let bytes = || seed.iter().copied().chain([7, 0, 255]).cycle();
        let pixel = |[r, g, b, a]: [u8; 4]| if grey { [r, r, r, a] } else { [r, g, b, a] };
        let rgba: Vec<u8> = bytes().take(size.area() as usize * 4).collect::<Vec<_>>().chunks(4)
            .flat_map(|p| pixel([p[0], p[1], p[2], if alpha { p[3] } else { 255 }])).collect();
        assert_exact(&Picture::from_rgba(size, rgba).unwrap());
    }

    #[test]
    fn any_bytes_hold_the_law(data in proptest::collection::vec(any::<u8>(), 24..400)) {
        laws::encode_png(&data);
        prop_assert!(true);
    }

    #[test]
    fn who_writes_it_does_not_show(seed in any::<u32>(), width in 1_u32..300) {
        let size = Size::new(width, 9).unwrap();
        let pixels = (0..size.area() * 3).map(|at| (at.wrapping_mul(seed) >> 27) as u8).collect();
        let picture = Picture::from_rgb(size, pixels).unwrap();
        let read = |encoder| {
            let file = encode(&picture, Format::Png, &options(PngEffort::Fast, encoder)).unwrap().bytes;
            decode(&file, &DecodeLimits::default()).unwrap()
        };
        let (own, by_crate) = (read(PngEncoder::Own), read(PngEncoder::Crate));
        prop_assert_eq!(own.colour, by_crate.colour);
        prop_assert!(own.picture == by_crate.picture);
    }
}
