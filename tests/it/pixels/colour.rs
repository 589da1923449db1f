//! The conversion of described colours to sRGB, checked against LittleCMS (`tests/oracle/colour.json`).

use png::{BitDepth, ColorType};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{Colour, DecodeError, DecodeLimits, DecodeOptions, Decoded, decode};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, Warning, render};
use smart_resize::{Format, Size, Source};

use crate::pictures::{exif_of_colour_space, photo, png, raw_png, raw_png_with, size, with_chunk, with_segment};

#[derive(Clone)]
struct Case {
    name: String,
    is_grey: bool,
    icc: Vec<u8>,
    samples: Vec<u8>,
    srgb: Vec<u8>,
}

/// The answers of LittleCMS.
pub(super) fn oracle() -> serde_json::Value {
    serde_json::from_str(include_str!("../../oracle/colour.json")).unwrap()
}

/// The bytes of hexadecimal text.
pub(super) fn bytes(text: &serde_json::Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn cases() -> Vec<Case> {
    let found = oracle();
    let case = |case: &serde_json::Value| Case {
        name: case["name"].as_str().unwrap().to_owned(),
        is_grey: case["grey"].as_bool().unwrap(),
        icc: bytes(&case["icc"]),
        samples: bytes(&case["samples"]),
        srgb: bytes(&case["srgb"]),
    };
    let cases: Vec<_> = found["cases"].as_array().unwrap().iter().map(case).collect();
    assert_eq!(cases.len(), 13);
    cases
}

pub(super) fn profile(name: &str) -> Vec<u8> {
    cases().into_iter().find(|case| case.name == name).unwrap().icc
}

pub(super) fn read(file: &[u8]) -> Decoded {
    decode(file, &DecodeOptions::default()).unwrap()
}

/// The mean difference is at most one level, and the largest three.
fn assert_close(found: &[u8], expected: &[u8], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let apart = || found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
    let (worst, sum) = (apart().max().unwrap(), apart().map(usize::from).sum::<usize>());
    assert!(worst <= 3 && sum <= found.len(), "{what}: at most {worst}, in sum {sum} over {}", found.len());
}

fn row_png(case: &Case, depth: BitDepth, with_alpha: bool) -> Vec<u8> {
    let channels = if case.is_grey { 1 } else { 3 };
    let wide = depth == BitDepth::Sixteen;
    let mut samples = Vec::new();
    for pixel in case.samples.chunks(channels) {
        let alpha = with_alpha.then_some(99);
        for sample in pixel.iter().copied().chain(alpha) {
            samples.extend(std::iter::repeat_n(sample, if wide { 2 } else { 1 }));
        }
    }
    let kind = match (case.is_grey, with_alpha) {
        (true, false) => ColorType::Grayscale,
        (true, true) => ColorType::GrayscaleAlpha,
        (false, false) => ColorType::Rgb,
        (false, true) => ColorType::Rgba,
    };
    let row = Size::new((case.samples.len() / channels) as u32, 1).unwrap();
    raw_png_with(row, kind, depth, &samples, |info| info.icc_profile = Some(case.icc.clone().into()))
}

#[test]
fn profiles_are_applied_as_littlecms_applies_them() {
    for case in cases() {
        for depth in [BitDepth::Eight, BitDepth::Sixteen] {
            let found = read(&row_png(&case, depth, false));
            assert_close(found.picture.pixels(), &case.srgb, &case.name);
            let is_srgb = case.name == "sRGB under another name";
            assert_eq!(found.colour, if is_srgb { Colour::Srgb } else { Colour::Converted }, "{}", case.name);
            // An alpha channel does not change the colours.
            let with_alpha = read(&row_png(&case, depth, true));
            let colours: Vec<u8> =
                with_alpha.picture.pixels().as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
            assert_eq!(colours, found.picture.pixels(), "{}", case.name);
            assert!(with_alpha.picture.pixels().iter().skip(3).step_by(4).all(|alpha| *alpha == 99));
        }
    }
}

/// The profile has a checksum of its own in its zlib stream.
#[test]
fn a_profile_in_a_png_chunk_with_a_wrong_checksum_is_applied() {
    let case = cases().into_iter().find(|case| case.name == "Display P3").unwrap();
    let right = row_png(&case, BitDepth::Eight, false);
    let name = right.windows(4).position(|name| name == b"iCCP").unwrap();
    let length = u32::from_be_bytes(right[name - 4..name].try_into().unwrap()) as usize;
    let mut wrong = right.clone();
    wrong[name + 4 + length] ^= 1;
    assert_eq!((read(&wrong).picture, read(&wrong).colour), (read(&right).picture, Colour::Converted));
}

#[test]
fn an_srgb_profile_under_another_name_changes_no_sample() {
    let case = cases().into_iter().find(|case| case.name == "sRGB under another name").unwrap();
    assert_eq!(read(&row_png(&case, BitDepth::Eight, false)).picture.pixels(), case.samples);
}

#[test]
fn a_profile_means_the_same_in_all_three_formats() {
    let (picture, icc) = (photo(size("64x48")), profile("Display P3"));
    let raw = |picture: &Picture| {
        raw_png_with(picture.size(), ColorType::Rgb, BitDepth::Eight, picture.pixels(), |info| {
            info.icc_profile = Some(icc.clone().into());
        })
    };
    let mut webp = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.set_icc_profile(icc.clone());
    encoder.encode(picture.pixels(), 64, 48, image_webp::ColorType::Rgb8).unwrap();
    assert_eq!(read(&webp).picture, read(&raw(&picture)).picture);

    // To exclude the loss of JPEG itself, the expected picture is the JPEG read without the profile, with the profile
    // applied afterwards.
    let plain = without_profile(&encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes);
    let expected = read(&raw(&read(&plain).picture)).picture;
    assert_ne!(expected, read(&plain).picture);
    let part = |number: u8, count: u8, icc: &[u8]| [b"ICC_PROFILE\0", &[number, count][..], icc].concat();
    assert_eq!(read(&with_segment(&plain, 0xe2, &part(1, 1, &icc))).picture, expected);
    // The profile in three segments, in any order.
    let parts: Vec<_> = icc.chunks(icc.len() / 3 + 1).collect();
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        let add =
            |file: Vec<u8>, number: u8| with_segment(&file, 0xe2, &part(number, 3, parts[usize::from(number) - 1]));
        assert_eq!(read(&order.into_iter().fold(plain.clone(), add)).picture, expected, "{order:?}");
    }
    // If a segment is missing, the profile is ignored and the result says so.
    for missing in [1, 2] {
        let number = 3 - missing;
        let half = icc.chunks(icc.len() / 2 + 1).nth(usize::from(number) - 1).unwrap();
        let file = with_segment(&plain, 0xe2, &part(number, 2, half));
        assert_eq!(read(&file).picture, read(&plain).picture);
        assert!(matches!(read(&file).colour, Colour::Ignored { .. }), "without segment {missing}");
    }
    // The parts around a missing segment are not joined, even if they would be a whole profile.
    let halves: Vec<_> = icc.chunks(icc.len() / 2 + 1).collect();
    let file = with_segment(&with_segment(&plain, 0xe2, &part(3, 3, halves[1])), 0xe2, &part(1, 3, halves[0]));
    assert_eq!(read(&file).picture, read(&plain).picture);
    assert!(matches!(read(&file).colour, Colour::Ignored { .. }));
}

/// All of these are in files of the public corpora, and other decoders read them.
#[test]
fn a_profile_in_odd_jpeg_segments_is_applied() {
    let (picture, icc) = (photo(size("64x48")), profile("Display P3"));
    let plain = without_profile(&encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes);
    let part = |number: u8, count: u8, icc: &[u8]| [b"ICC_PROFILE\0", &[number, count][..], icc].concat();
    let usual = with_segment(&plain, 0xe2, &part(1, 1, &icc));
    let expected = read(&usual);
    assert_eq!(expected.colour, Colour::Converted);
    let other = part(1, 1, &profile("Adobe RGB"));
    let frame = plain.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    let frame_end = frame + 2 + usize::from(u16::from_be_bytes([plain[frame + 2], plain[frame + 3]]));
    // `with_segment` adds a segment behind the first marker.
    let behind_the_frame = |content: &[u8]| {
        let segment = with_segment(&[0xff, 0xd8], 0xe2, content);
        [&plain[..frame_end], &segment[2..], &plain[frame_end..]].concat()
    };
    let halves: Vec<_> = icc.chunks(icc.len() / 2 + 1).collect();
    let in_two = |file: &[u8], count: u8| {
        with_segment(&with_segment(file, 0xe2, &part(2, count, halves[1])), 0xe2, &part(1, count, halves[0]))
    };
    for (what, file) in [
        ("twice", with_segment(&usual, 0xe2, &part(1, 1, &icc))),
        ("the first of two counts", with_segment(&with_segment(&plain, 0xe2, &other), 0xe2, &part(1, 1, &icc))),
        ("one of three", with_segment(&plain, 0xe2, &part(1, 3, &icc))),
        ("one of none", with_segment(&plain, 0xe2, &part(1, 0, &icc))),
        ("two of one", in_two(&plain, 1)),
        ("behind the frame header", behind_the_frame(&part(1, 1, &icc))),
        ("before and behind it", with_segment(&behind_the_frame(&part(2, 2, halves[1])), 0xe2, &part(1, 2, halves[0]))),
    ] {
        assert_eq!((read(&file).colour, read(&file).picture), (Colour::Converted, expected.picture.clone()), "{what}");
    }
}

#[test]
fn adobe_rgb_that_only_the_exif_block_names_is_converted() {
    let (samples, icc) = (photo(size("64x48")), profile("Adobe RGB"));
    let raw = |picture: &Picture| raw_png(picture.size(), ColorType::Rgb, BitDepth::Eight, picture.pixels());
    let profiled = |file: &[u8]| {
        let plain = read(file).picture;
        let with = |info: &mut png::Info<'static>| info.icc_profile = Some(icc.clone().into());
        read(&raw_png_with(plain.size(), ColorType::Rgb, BitDepth::Eight, plain.pixels(), with)).picture
    };
    let jpeg = without_profile(&encode(&samples, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes);
    let webp = |exif: Option<Vec<u8>>| {
        let mut webp = Vec::new();
        let mut encoder = image_webp::WebPEncoder::new(&mut webp);
        if let Some(exif) = exif {
            encoder.set_exif_metadata(exif);
        }
        encoder.encode(samples.pixels(), 64, 48, image_webp::ColorType::Rgb8).unwrap();
        webp
    };
    let exif = |space, index| exif_of_colour_space(space, index);
    let in_jpeg = |block: Vec<u8>| with_segment(&jpeg, 0xe1, &[b"Exif\0\0".to_vec(), block].concat());
    // Most cameras say "uncalibrated" and R03. Some say 2.
    for (space, index) in [(0xffff, *b"R03"), (2, *b"R03"), (2, *b"R98")] {
        for (file, plain) in [
            (in_jpeg(exif(space, index)), jpeg.clone()),
            (webp(Some(exif(space, index))), webp(None)),
            (with_chunk(&raw(&samples), b"eXIf", &exif(space, index)), raw(&samples)),
        ] {
            let found = read(&file);
            assert_eq!(found.colour, Colour::Converted, "{space} {index:?}");
            assert_close(found.picture.pixels(), profiled(&plain).pixels(), "Adobe RGB by EXIF");
            assert_ne!(found.picture, read(&plain).picture);
            // A source is converted before a backend sees it, so its file is another one and names no colours.
            let source = Source::read(file.clone(), &DecodeLimits::default()).unwrap();
            let sent = source.bytes().unwrap();
            assert!(sent[..] != file[..] && read(sent).colour == Colour::Srgb);
        }
    }
    for (space, index) in [(1, *b"R98"), (1, *b"R03"), (0xffff, *b"R98")] {
        let found = read(&in_jpeg(exif(space, index)));
        assert_eq!((found.colour, found.picture), (Colour::Srgb, read(&jpeg).picture), "{space} {index:?}");
    }
    // A profile has precedence.
    let p3 = [&b"ICC_PROFILE\0\x01\x01"[..], &profile("Display P3")].concat();
    let both = with_segment(&in_jpeg(exif(0xffff, *b"R03")), 0xe2, &p3);
    assert_eq!(read(&both).picture, read(&with_segment(&jpeg, 0xe2, &p3)).picture);
}

/// The JPEG without its sRGB profile.
fn without_profile(jpeg: &[u8]) -> Vec<u8> {
    let at = jpeg.windows(4).position(|four| four[..2] == [0xff, 0xe2]).unwrap();
    let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    [&jpeg[..at], &jpeg[at + 2 + length..]].concat()
}

#[test]
fn a_profile_in_several_jpeg_segments_is_read_completely() {
    let plain = without_profile(&encode(&photo(size("32x32")), Format::Jpeg, &EncodeOptions::default()).unwrap().bytes);
    let mut icc = profile("Adobe RGB");
    let one = with_segment(&plain, 0xe2, &[b"ICC_PROFILE\0\x01\x01", &icc[..]].concat());
    icc.resize(100_000, 0);
    icc[..4].copy_from_slice(&100_000_u32.to_be_bytes());
    let mut many = plain;
    for (number, part) in icc.chunks(60_000).enumerate().rev() {
        many = with_segment(&many, 0xe2, &[b"ICC_PROFILE\0", &[number as u8 + 1, 2][..], part].concat());
    }
    assert_eq!(read(&many).picture, read(&one).picture);
    assert_eq!(read(&many).colour, Colour::Converted);
}

/// The sRGB level of linear light, in floating point, by the definition.
fn srgb_of(light: f64) -> u8 {
    let level = if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (level.clamp(0.0, 1.0) * 255.0).round() as u8
}

fn gama(gamma: u32) -> [u8; 4] {
    gamma.to_be_bytes()
}

fn chrm(corners: [u32; 8]) -> Vec<u8> {
    corners.iter().flat_map(|corner| corner.to_be_bytes()).collect()
}

const SRGB_CORNERS: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
const P3_CORNERS: [u32; 8] = [31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000];

fn ramp() -> (Vec<u8>, Vec<u8>) {
    let samples: Vec<u8> = (0..=255).flat_map(|level: u8| [level, 255 - level, level / 2]).collect();
    (raw_png(size("256x1"), ColorType::Rgb, BitDepth::Eight, &samples), samples)
}

#[test]
fn a_gamma_without_chromaticities_applies_to_the_srgb_primaries() {
    let (file, samples) = ramp();
    for gamma in [10_000, 30_000, 55_556, 100_000, 200_000] {
        let found = read(&with_chunk(&file, b"gAMA", &gama(gamma)));
        let expected: Vec<u8> = samples
            .iter()
            .map(|sample| srgb_of((f64::from(*sample) / 255.0).powf(100_000.0 / f64::from(gamma))))
            .collect();
        let apart = found.picture.pixels().iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart <= Some(1), "{gamma}: {apart:?}");
        assert_eq!(found.colour, Colour::Converted);
    }
}

#[test]
fn the_gamma_that_approximates_srgb_changes_nothing() {
    let (file, samples) = ramp();
    for gamma in [45_000, 45_454, 45_455, 45_910] {
        let alone = with_chunk(&file, b"gAMA", &gama(gamma));
        let both = with_chunk(&alone, b"cHRM", &chrm(SRGB_CORNERS));
        for file in [alone, both] {
            let found = read(&file);
            assert_eq!((found.picture.pixels(), found.colour), (&samples[..], Colour::Srgb), "{gamma}");
        }
    }
    for gamma in [44_999, 45_911] {
        assert_eq!(read(&with_chunk(&file, b"gAMA", &gama(gamma))).colour, Colour::Converted, "{gamma}");
    }
}

#[test]
fn chromaticities_and_code_points_convert_like_the_profile() {
    let case = cases().into_iter().find(|case| case.name == "Display P3").unwrap();
    let row = Size::new(512, 1).unwrap();
    let plain = raw_png(row, ColorType::Rgb, BitDepth::Eight, &case.samples);
    let by_corners = read(&with_chunk(&plain, b"cHRM", &chrm(P3_CORNERS)));
    assert_close(by_corners.picture.pixels(), &case.srgb, "cHRM");
    let by_points = read(&with_chunk(&plain, b"cICP", &[12, 13, 0, 1]));
    assert_close(by_points.picture.pixels(), &case.srgb, "cICP");
    assert_eq!(read(&with_chunk(&plain, b"cICP", &[1, 13, 0, 1])).picture.pixels(), case.samples);

    let rec2020 = cases().into_iter().find(|case| case.name == "Rec. 2020").unwrap();
    let by_points = read(&with_chunk(&plain, b"cICP", &[9, 14, 0, 1]));
    assert_close(by_points.picture.pixels(), &rec2020.srgb, "cICP of Rec. 2020");
}

#[test]
fn colour_chunks_of_a_png_have_the_precedence_of_its_specification() {
    let (file, samples) = ramp();
    let linear = with_chunk(&file, b"gAMA", &gama(100_000));
    assert_ne!(read(&linear).picture.pixels(), samples);
    // sRGB takes precedence over gAMA and cHRM.
    assert_eq!(read(&with_chunk(&linear, b"sRGB", &[0])).picture.pixels(), samples);
    // iCCP takes precedence over gAMA.
    let profiled = raw_png_with(size("256x1"), ColorType::Rgb, BitDepth::Eight, &samples, |info| {
        info.icc_profile = Some(profile("Adobe RGB").into());
    });
    assert_eq!(read(&with_chunk(&profiled, b"gAMA", &gama(100_000))).picture, read(&profiled).picture);
    // cICP takes precedence over iCCP.
    assert_eq!(read(&with_chunk(&profiled, b"cICP", &[1, 13, 0, 1])).picture.pixels(), samples);
    // A chunk that cannot be applied is skipped in favour of the next.
    let found = read(&with_chunk(&profiled, b"cICP", &[99, 13, 0, 1]));
    assert_eq!(found.picture, read(&profiled).picture);
    assert_eq!(found.colour, Colour::Converted);
    let alone = read(&with_chunk(&file, b"cICP", &[99, 13, 0, 1]));
    assert_eq!(alone.colour, Colour::Ignored { reason: "unknown colour primaries 99".into() });
}

#[test]
fn a_broken_profile_is_ignored_and_reported() {
    let (file, samples) = ramp();
    let good = profile("Display P3");
    let cmyk = [&good[..16], b"CMYK", &good[20..]].concat();
    let of_grey = profile("grey");
    // A profile without the red primary.
    let red = good.windows(4).position(|four| four == b"rXYZ").unwrap();
    let two_colours = [&good[..red], b"none", &good[red + 4..]].concat();
    for icc in [&good[..100], &good[..200], &[7; 300], &cmyk, &of_grey, &two_colours] {
        let file = raw_png_with(size("256x1"), ColorType::Rgb, BitDepth::Eight, &samples, |info| {
            info.icc_profile = Some(icc.to_vec().into());
        });
        let rendered = render(&file, &RenderTarget::new(size("256x1")), &RenderOptions::default()).unwrap();
        let [Warning::ColourProfileIgnored { reason }] = &rendered.warnings[..] else {
            panic!("{:?}", rendered.warnings)
        };
        assert!((10..200).contains(&reason.len()), "{reason}");
        let again = read(&rendered.bytes);
        assert_eq!((again.picture.pixels(), again.colour), (&samples[..], Colour::Srgb));
    }
    // A profile that does not inflate.
    let torn = read(&with_chunk(&file, b"iCCP", b"name\0\0no zlib"));
    assert!(matches!(torn.colour, Colour::Ignored { .. }), "{:?}", torn.colour);
    let zero = read(&with_chunk(&file, b"gAMA", &gama(9_999)));
    assert_eq!(zero.colour, Colour::Ignored { reason: "a gamma of 9999 / 100000".into() });
    let same = [31_270, 32_900, 1, 1, 1, 1, 1, 1];
    let dark = [31_270, 32_900, 64_000, 0, 30_000, 60_000, 15_000, 6_000];
    let bright = [31_270, 32_900, 64_000, 33_000, 30_000, 90_000, 15_000, 6_000];
    for corners in [same, dark, bright, [0; 8]] {
        let found = read(&with_chunk(&file, b"cHRM", &chrm(corners)));
        assert!(matches!(found.colour, Colour::Ignored { .. }), "{corners:?}: {:?}", found.colour);
        assert_eq!(found.picture.pixels(), samples);
    }
}

#[test]
fn a_profile_with_valid_colour_tags_is_applied_even_if_other_parts_are_invalid() {
    let case = cases().into_iter().find(|case| case.name == "Display P3").unwrap();
    let of = |icc: Vec<u8>| read(&row_png(&Case { icc, ..case.clone() }, BitDepth::Eight, false));
    let expected = of(case.icc.clone());
    let tag = |name: &[u8; 4]| case.icc.windows(4).position(|four| four == name).unwrap();
    let with = |at: usize, bytes: &[u8]| {
        let mut icc = case.icc.clone();
        icc[at..at + bytes.len()].copy_from_slice(bytes);
        icc
    };
    let version = |major: u8| with(8, &[major, 0, 0, 0]);
    // A copyright that begins inside of the profile and ends behind it, and one that lies behind it altogether.
    let length = case.icc.len() as u32;
    let copyright = [[length - 4, 8], [length + 9, 8], [u32::MAX, u32::MAX]];
    let beyond =
        copyright.map(|[at, length]| with(tag(b"cprt") + 4, &[at.to_be_bytes(), length.to_be_bytes()].concat()));
    // A profile that says that it is longer than it is.
    let length = with(0, &(length + 100).to_be_bytes());
    for icc in [version(0), version(1), version(5), length].into_iter().chain(beyond) {
        let found = of(icc);
        assert_eq!((found.colour, found.picture), (Colour::Converted, expected.picture.clone()));
    }
    // Without one of its curves a profile is not applied.
    let found = of(with(tag(b"gTRC") + 4, &u32::MAX.to_be_bytes()));
    assert!(matches!(found.colour, Colour::Ignored { .. }), "{:?}", found.colour);
    assert_eq!(found.picture.pixels(), case.samples);
}

#[test]
fn high_dynamic_range_and_narrow_range_are_refused() {
    let (file, _) = ramp();
    for (points, found) in [
        ([9, 16, 0, 1], "high-dynamic-range (PQ)"),
        ([9, 18, 0, 1], "high-dynamic-range (HLG)"),
        ([1, 13, 0, 0], "narrow-range"),
    ] {
        let error = decode(&with_chunk(&file, b"cICP", &points), &DecodeOptions::default()).unwrap_err();
        assert_eq!(error, DecodeError::UnsupportedColour { format: Format::Png.into(), found: found.into() });
    }
}

#[test]
fn grey_samples_with_an_rgb_profile_are_converted_as_rgb() {
    let icc = profile("Adobe RGB");
    let grey: Vec<u8> = (0..=255).collect();
    let rgb: Vec<u8> = grey.iter().flat_map(|level| [*level; 3]).collect();
    let file = |kind, samples: &[u8]| {
        raw_png_with(size("256x1"), kind, BitDepth::Eight, samples, |info| info.icc_profile = Some(icc.clone().into()))
    };
    let (as_grey, as_rgb) = (read(&file(ColorType::Grayscale, &grey)), read(&file(ColorType::Rgb, &rgb)));
    assert_eq!(as_grey.picture, as_rgb.picture);
    assert_ne!(as_grey.picture.pixels(), rgb);
}

#[test]
fn output_is_marked_as_srgb_in_every_format() {
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        let target = RenderTarget::new(size("30x20")).format(format);
        let rendered = render(&png(&photo(size("64x48"))), &target, &RenderOptions::default()).unwrap();
        let has = |mark: &[u8]| rendered.bytes.windows(mark.len()).any(|bytes| bytes == mark);
        match format {
            Format::Png => assert!(has(b"sRGB") && !has(b"iCCP")),
            _ => assert!(
                has(b"acsp") && has("sRGB".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>().as_slice())
            ),
        }
        let found = read(&rendered.bytes);
        assert_eq!((found.colour, found.picture.size()), (Colour::Srgb, size("30x20")));
    }
}

#[test]
fn content_credentials_are_reported_and_dropped() {
    let picture = photo(size("24x16"));
    let plain = png(&picture);
    let jpeg = encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
    let webp = encode(&picture, Format::WebP, &EncodeOptions::default()).unwrap().bytes;
    let chunks = &webp[12..];
    let webp = [&b"RIFF"[..], &(webp.len() as u32 + 4).to_le_bytes(), b"WEBP", chunks, b"C2PA\x04\0\0\0jumb"].concat();
    for file in [with_chunk(&plain, b"caBX", b"jumb"), with_segment(&jpeg, 0xeb, b"JP\0\x01\0\0\0\x01"), webp] {
        let format = read(&file).format;
        let target = RenderTarget::new(picture.size()).format(format.output().unwrap());
        let rendered = render(&file, &target, &RenderOptions::default()).unwrap();
        assert_eq!(rendered.warnings, [Warning::ContentCredentialsDropped], "{format}");
        assert!(!read(&rendered.bytes).has_content_credentials);
    }
    assert!(!read(&plain).has_content_credentials);
}
