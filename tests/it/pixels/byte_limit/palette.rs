//! PNG palettes for a byte limit: 256 down to 16 colours, exact where the picture has no more, dithered otherwise.

use std::collections::BTreeSet;

use png::{BitDepth, ColorType, Transformations};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use smart_resize::pixels::Layout;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::render::Warning;
use smart_resize::plan::Digest;

use super::*;

fn with_palette() -> EncodeOptions {
    let mut options = EncodeOptions::default();
    options.palette = true;
    options
}

/// Red, green, blue and alpha.
fn rgba(picture: &Picture) -> Vec<[u8; 4]> {
    match picture.layout() {
        Layout::Rgb => picture.pixels().chunks(3).map(|p| [p[0], p[1], p[2], 255]).collect(),
        _ => picture.pixels().chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect(),
    }
}

fn colours(picture: &Picture) -> usize {
    rgba(picture).into_iter().collect::<BTreeSet<_>>().len()
}

/// Pseudo-random numbers from 0 to 7.
fn grain() -> impl FnMut() -> u8 {
    let mut state = 0x9e37_79b9_u32;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 29) as u8
    }
}

/// The files with each palette size that is tried, from the most colours to the fewest. Each is found with a limit
/// of one byte less than the file before.
fn ladder(picture: &Picture) -> Vec<Encoded> {
    let (mut found, mut limit) = (Vec::new(), u64::MAX);
    loop {
        match encode_within(picture, Format::Png, &with_palette(), limit) {
            Ok(encoded) => {
                limit = encoded.bytes.len() as u64 - 1;
                found.push(encoded);
            }
            Err(error) => {
                let EncodeError::OverByteLimit { smallest, .. } = error else { panic!("{error}") };
                assert_eq!(
                    Some(&smallest.bytes),
                    found.last().map(|last| &last.bytes),
                    "the error has the smallest file"
                );
                assert!(smallest.encodes <= MAX_ENCODES);
                found.retain(|encoded| encoded.settings.palette().is_some());
                return found;
            }
        }
    }
}

/// Checks the laws of a file with a palette and returns its decoded picture.
fn checked(picture: &Picture, encoded: &Encoded) -> Picture {
    let shown = decode(&encoded.bytes, &DecodeOptions::default()).unwrap().picture;
    let (width, height, elsewhere) = read_elsewhere(&encoded.bytes, Format::Png);
    assert_eq!((width, height), (picture.size().width(), picture.size().height()));
    assert_eq!(elsewhere.len() as u32 / (width * height), if shown.layout().has_alpha() { 4 } else { 3 });
    assert_eq!(elsewhere, shown.pixels());
    let stated = encoded.settings.palette().unwrap();
    assert_eq!(colours(&shown), usize::from(stated), "the file has the stated number of colours");
    assert_eq!(encoded.exact, rgba(&shown) == rgba(picture));
    for (was, is) in rgba(picture).into_iter().zip(rgba(&shown)) {
        assert_eq!((was[3] == 0, was[3] == 255), (is[3] == 0, is[3] == 255), "{was:?} {is:?}");
    }
    shown
}

/// The bit depth, the number of palette entries, and the number of entries with alpha.
fn raw_palette(file: &[u8]) -> (BitDepth, usize, usize) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(Transformations::IDENTITY);
    let reader = decoder.read_info().unwrap();
    let info = reader.info();
    assert_eq!(info.color_type, ColorType::Indexed);
    assert!(info.srgb.is_some());
    (info.bit_depth, info.palette.as_ref().unwrap().len() / 3, info.trns.as_ref().map_or(0, |trns| trns.len()))
}

#[test]
fn palettes_have_256_down_to_16_colours() {
    for picture in [photo(size("150x100")), transparent(size("150x100"))] {
        let most: Vec<_> = ladder(&picture)
            .iter()
            .map(|encoded| {
                checked(&picture, encoded);
                assert!(!encoded.exact);
                encoded.settings.palette().unwrap()
            })
            .collect();
        assert_eq!(most.len(), 5, "{most:?}");
        for (found, allowed) in most.iter().zip([256, 128, 64, 32, 16]) {
            assert!(*found <= allowed && *found > allowed * 3 / 4, "{most:?}");
        }
    }
}

#[test]
fn few_colours_are_kept_exactly_in_few_bits() {
    for (count, depth) in [
        (1, BitDepth::One),
        (2, BitDepth::One),
        (3, BitDepth::Two),
        (4, BitDepth::Two),
        (5, BitDepth::Four),
        (16, BitDepth::Four),
        (17, BitDepth::Eight),
        (255, BitDepth::Eight),
        (256, BitDepth::Eight),
    ] {
        for clear in [false, true] {
            // 61 pixels per row do not fill whole bytes at 1, 2 or 4 bits.
            let pixels = (0..61 * 47_u32).flat_map(|at| {
                let colour = (at.wrapping_mul(at).wrapping_mul(40_503) >> 5) % count;
                let colour = if at < count { at } else { colour };
                [colour as u8, (colour * 7) as u8, 200, if clear && colour == 0 { 0 } else { 255 }]
            });
            let picture = Picture::from_rgba(size("61x47"), pixels.collect()).unwrap();
            let limit = 61 * 47 + 1500;
            for limit in [limit, 500, 300] {
                fits_or_says_so(&picture, Format::Png, &with_palette(), limit);
            }
            if count <= 16 {
                let tried = smallest(encode_within(&picture, Format::Png, &with_palette(), 0)).encodes;
                assert_eq!(tried, 3, "up to sixteen colours need no second palette");
            }
            let Some(encoded) = ladder(&picture).first().cloned() else { panic!("{count} colours") };
            let shown = checked(&picture, &encoded);
            assert!(encoded.exact && shown == picture, "{count}");
            assert_eq!(encoded.settings.palette(), Some(count as u16));
            assert_eq!(raw_palette(&encoded.bytes), (depth, count as usize, usize::from(clear)));
        }
    }
}

#[test]
fn a_picture_with_256_colours_is_exact_and_one_with_257_is_not() {
    let with = |count: u32| {
        let pixels = (0..64 * 32_u32).flat_map(|at| {
            let colour = if at < count { at } else { (at.wrapping_mul(2_654_435_761) >> 16) % count };
            [(colour * 5) as u8, (colour >> 3) as u8, (colour * 11) as u8]
        });
        let picture = Picture::from_rgb(size("64x32"), pixels.collect()).unwrap();
        assert_eq!(colours(&picture), count as usize);
        ladder(&picture).iter().find(|encoded| encoded.settings.palette().is_some()).unwrap().clone()
    };
    assert!(with(256).exact);
    assert!(!with(257).exact);
}

#[test]
fn flat_colours_are_not_dithered() {
    // Like a logo: mostly blue, some white, a smooth edge between them, and a patch with a thousand colours.
    let mut grain = grain();
    let pixels = (0..100 * 100_u32).flat_map(|at| match (at % 100, at / 100) {
        (x @ 0..32, y @ 0..32) => [(x * 8) as u8 ^ grain(), (y * 8) as u8 ^ grain(), (x * y) as u8 ^ grain()],
        (x @ 40..60, 20..60) => [17, 85, 124].map(|blue| (blue + (255 - blue) * (x - 40) / 20) as u8),
        (60..90, 20..60) => [255; 3],
        _ => [17, 85, 124],
    });
    let picture = Picture::from_rgb(size("100x100"), pixels.collect()).unwrap();
    let ladder = ladder(&picture);
    assert_eq!(ladder.len(), 5);
    for encoded in ladder {
        let shown = rgba(&checked(&picture, &encoded));
        // The dithering error from the edges does not spread into areas whose colour is in the palette.
        let count = |colour: [u8; 4]| shown.iter().filter(|pixel| **pixel == colour).count();
        let (white, blue) = (count([255; 4]), count([17, 85, 124, 255]));
        assert!(white > 1150 && blue > 6900, "{}: {white} {blue}", encoded.settings);
    }
}

#[test]
fn dithering_keeps_the_brightness_of_a_region() {
    // A grey ramp with grain in each channel, reduced to sixteen colours. Their distances are far larger than the
    // tolerance below.
    let mut grain = grain();
    let ramp = (0..240 * 48_u32).flat_map(|at| [0; 3].map(|_| (4 + at % 240) as u8 + grain()));
    let picture = Picture::from_rgb(size("240x48"), ramp.collect()).unwrap();
    let sixteen = ladder(&picture).pop().unwrap();
    assert_eq!(sixteen.settings.palette(), Some(16));
    let shown = checked(&picture, &sixteen);
    // The sums of four columns each. The ends of the ramp are left out, as no mix of palette colours reaches their
    // levels.
    for left in (20..220_usize).step_by(4) {
        let sum = |picture: &Picture| -> u32 {
            let row = |y: usize| &picture.pixels()[(y * 240 + left) * 3..][..4 * 3];
            (0..48).flat_map(row).map(|channel| u32::from(*channel)).sum()
        };
        let (was, is) = (sum(&picture), sum(&shown));
        assert!(was.abs_diff(is) <= 48 * 4 * 3, "at {left}: {was} {is}");
    }
}

#[test]
fn a_rare_distinct_colour_is_kept() {
    // Greens and blues, and a red square of 3x3 pixels.
    let sign = |x: u32, y: u32| (70..73).contains(&x) && (50..53).contains(&y);
    let mut grain = grain();
    let pixels = (0..400 * 300_u32).flat_map(|at| {
        let (x, y) = (at % 400, at / 400);
        if sign(x, y) { [250, 10, 20] } else { [grain(), (x / 2 + 40) as u8 + grain(), (y / 2) as u8 + grain()] }
    });
    let picture = Picture::from_rgb(size("400x300"), pixels.collect()).unwrap();
    let limit = plain(&picture, Format::Png).bytes.len() as u64 * 3 / 5;
    let encoded = encode_within(&picture, Format::Png, &with_palette(), limit).unwrap();
    assert!(encoded.settings.palette() > Some(200));
    let shown = rgba(&checked(&picture, &encoded));
    for (pixel, at) in shown.into_iter().zip(0..).filter(|(_, at)| sign(at % 400, at / 400)) {
        let [r, g, b, _] = pixel;
        assert!(r > 240 && g < 20 && b < 30, "at {at}: {pixel:?}");
    }
}

#[test]
fn the_smallest_pictures_can_have_palettes() {
    let rgba = |text, pixels: &[u8]| Picture::from_rgba(size(text), pixels.to_vec()).unwrap();
    for picture in [
        rgba("1x1", &[9, 8, 7, 255]),
        rgba("1x1", &[9, 8, 7, 0]),
        rgba("1x1", &[9, 8, 7, 128]),
        rgba("2x1", &[0, 0, 0, 255, 255, 255, 255, 255]),
        rgba("1x3", &[0, 0, 0, 255, 255, 255, 255, 1, 4, 4, 4, 0]),
        photo(size("1x300")),
        photo(size("300x1")),
        transparent(size("300x2")),
    ] {
        for limit in [0, 100, 600, 700, 900] {
            fits_or_says_so(&picture, Format::Png, &with_palette(), limit);
        }
        for encoded in ladder(&picture) {
            checked(&picture, &encoded);
        }
    }
}

#[test]
fn hidden_colours_of_transparent_pixels_take_no_palette_entry() {
    // Three quarters of the pixels are transparent, each with a different hidden colour.
    let hidden = |at: u32| at.wrapping_mul(2_654_435_761).to_be_bytes();
    let pixels = (0..40 * 40_u32).flat_map(|at| match hidden(at) {
        _ if at % 4 == 0 => [(at / 16) as u8, 0, 0, 255],
        [r, g, b, _] => [r, g, b, 0],
    });
    let picture = Picture::from_rgba(size("40x40"), pixels.collect()).unwrap();
    let first = ladder(&picture).first().unwrap().clone();
    assert_eq!((first.settings.palette(), first.exact), (Some(101), false));
    let shown = checked(&picture, &first);
    for (was, is) in rgba(&picture).into_iter().zip(rgba(&shown)) {
        assert_eq!(is, if was[3] == 0 { [0; 4] } else { was });
    }
}

#[test]
fn only_a_lossy_palette_is_reported() {
    let mut options = RenderOptions::default();
    options.encode = with_palette();
    let light = |picture: &Picture, max_bytes| {
        let target = RenderTarget::new(picture.size()).max_bytes(max_bytes);
        render(&png(picture), &target, &options).unwrap()
    };
    let picture = photo(size("150x100"));
    let rendered = light(&picture, png(&picture).len() as u64 / 3);
    let colours = rendered.encoder.unwrap().palette().unwrap();
    assert_eq!(rendered.warnings, [Warning::Quantised { colours }]);
    let expected = format!("the picture was reduced to a palette of {colours}");
    assert_eq!(rendered.warnings[0].to_string(), expected);

    let drawing = drawing();
    let rendered = light(&drawing, ladder(&drawing)[0].bytes.len() as u64);
    assert_eq!((rendered.encoder.unwrap().palette(), rendered.warnings), (Some(2), vec![]));
}

#[test]
fn the_error_names_the_fewest_colours_tried() {
    let picture = photo(size("64x64"));
    let error = encode_within(&picture, Format::Png, &with_palette(), 153).unwrap_err();
    let bytes = smallest(Err(error.clone())).bytes.len();
    let expected = format!("the smallest png has {bytes} bytes (16 colours, effort small); expected at most 153");
    assert_eq!(error.to_string(), expected);
    assert_eq!(smallest(encode_within(&picture, Format::Png, &with_palette(), 0)).encodes, 7);
}

#[cfg(feature = "serde")]
#[test]
fn a_record_has_the_number_of_colours() {
    let smallest = smallest(encode_within(&photo(size("64x64")), Format::Png, &with_palette(), 0));
    let json = serde_json::to_string(&smallest.settings).unwrap();
    assert_eq!(json, r#"{"format":"png","effort":"small","palette":16}"#);
}

/// Digests of the bytes, to detect a machine or a version that writes different ones.
#[test]
fn the_bytes_are_the_same_everywhere() {
    let digest = |picture: &Picture| -> String {
        let bytes = ladder(picture).into_iter().flat_map(|encoded| encoded.bytes);
        Digest::of(&bytes.collect::<Vec<_>>()).to_string().chars().take(16).collect()
    };
    assert_eq!(digest(&photo(size("150x100"))), "86f263594f245231");
    assert_eq!(digest(&transparent(size("150x100"))), "8ae6cd5dc956e2f7");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_laws_of_palettes_hold_for_any_picture(
        width in 1_u32..40, height in 1_u32..40, alpha in any::<bool>(), few in any::<bool>(),
        limit in 0_u64..3000, seed in proptest::collection::vec(any::<u8>(), 1..4000),
    ) {
        let channels = if alpha { 4 } else { 3 };
        let area = (width * height) as usize;
        let bytes: Vec<u8> = seed.iter().map(|byte| if few { byte & 0xc1 } else { *byte })
            .chain([7, 0, 255, 255, 0]).cycle().take(area * channels).collect();
        let size = size(&format!("{width}x{height}"));
        let picture = if alpha { Picture::from_rgba(size, bytes) } else { Picture::from_rgb(size, bytes) }.unwrap();
        let encoded = fits_or_says_so(&picture, Format::Png, &with_palette(), limit);
        if let Some(stated) = encoded.settings.palette() {
            let shown = checked(&picture, &encoded);
            prop_assert!(stated <= 256);
            prop_assert_eq!(encoded.exact, shown == picture);
        }
    }
}
