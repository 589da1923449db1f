//! CMYK JPEGs, checked against LittleCMS with black point compensation (`tests/oracle/colour.json`).

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use smart_resize::pixels::decode::{Colour, DecodeLimits, Decoded};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
use smart_resize::{Size, Source};

use super::colour::{bytes, oracle, profile, read};
use crate::pictures::{photo, size, with_segment};

/// The side of a block that JPEG stores exactly if it has one colour, in pixels.
const BLOCK: usize = 8;

/// A JPEG with a column of blocks. Each has one of the colours, which are four inks each.
fn blocks(inks: &[u8], kind: JpegColor, icc: Option<&[u8]>) -> Vec<u8> {
    let pixels: Vec<u8> = inks
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|ink| std::iter::repeat_n(ink, BLOCK * BLOCK))
        .flatten()
        .copied()
        .collect();
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, 100);
    encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
    if let Some(icc) = icc {
        encoder.add_icc_profile(icc).unwrap();
    }
    encoder.encode(&pixels, BLOCK as u16, (inks.len() / 4 * BLOCK) as u16, kind).unwrap();
    file
}

/// The colour of each block.
fn colours(decoded: &Decoded) -> Vec<[u8; 3]> {
    let pixels = decoded.picture.pixels().as_chunks::<3>().0;
    let blocks = pixels.chunks(BLOCK * BLOCK);
    assert!(blocks.clone().all(|block| block.iter().all(|pixel| *pixel == block[0])));
    blocks.map(|block| block[0]).collect()
}

/// Every warning about a picture that is cut.
fn warnings(file: &[u8]) -> Vec<String> {
    let target = RenderTarget::new(size("8x8"));
    let rendered = render(file, &target, &RenderOptions::default()).unwrap();
    rendered.warnings.iter().map(ToString::to_string).collect()
}

/// Paper, full cyan, full black, and a mixture.
const INKS: [u8; 16] = [0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 100, 0, 255, 50];
/// The same without a profile.
const APPROXIMATE: [[u8; 3]; 4] = [[255; 3], [0, 255, 255], [0; 3], [125, 205, 0]];

#[test]
fn profiles_of_cmyk_are_applied_within_3_levels_of_littlecms() {
    let cases = oracle();
    let cases = cases["cmyk"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let (name, icc) = (case["name"].as_str().unwrap(), bytes(&case["icc"]));
        let (inks, srgb) = (bytes(&case["samples"]), bytes(&case["srgb"]));
        let found = read(&blocks(&inks, JpegColor::Cmyk, Some(&icc)));
        assert_eq!(found.colour, Colour::Converted, "{name}");
        let expected = srgb.as_chunks::<3>().0;
        let apart = |(found, expected): (&[u8; 3], &[u8; 3])| {
            found.iter().zip(expected).map(|(found, expected)| found.abs_diff(*expected)).max().unwrap()
        };
        let found = colours(&found);
        let apart: Vec<u8> = found.iter().zip(expected).map(apart).collect();
        let sum: usize = apart.iter().copied().map(usize::from).sum();
        // LittleCMS does not compensate a black that is already very dark, as in two of the profiles.
        assert!(apart.iter().all(|apart| *apart <= 3) && sum <= apart.len(), "{name}: {:?}, {sum}", apart.iter().max());
        assert_eq!(found[0], [255; 3], "{name}: no ink");
    }
}

#[test]
fn a_cmyk_jpeg_without_a_profile_is_converted_and_reported() {
    let file = blocks(&INKS, JpegColor::Cmyk, None);
    let found = read(&file);
    assert_eq!((colours(&found), found.colour), (APPROXIMATE.to_vec(), Colour::DeviceCmyk { ignored: None }));
    assert_eq!(warnings(&file), ["the picture is CMYK without a profile; its colours are approximate"]);
}

#[test]
fn a_ycck_jpeg_has_the_colours_of_the_same_inks_as_cmyk() {
    let near = |found: &[u8; 3], expected: &[u8; 3]| found.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 1);
    let found = colours(&read(&blocks(&INKS, JpegColor::CmykAsYcck, None)));
    assert!(found.iter().zip(&APPROXIMATE).all(|(found, expected)| near(found, expected)), "{found:?}");
}

/// An Adobe segment means that inks are stored inverted.
#[test]
fn without_an_adobe_segment_255_is_full_ink() {
    let mut file = blocks(&INKS, JpegColor::Cmyk, None);
    let adobe = file.windows(5).position(|name| name == b"Adobe").unwrap();
    file[adobe] = b'a';
    let inverted = blocks(&INKS.map(|ink| 255 - ink), JpegColor::Cmyk, None);
    assert_eq!(read(&file).picture, read(&inverted).picture);
}

#[test]
fn a_profile_is_only_applied_to_the_colour_space_that_it_describes() {
    let printer = bytes(&oracle()["cmyk"][0]["icc"]);
    let found = read(&blocks(&INKS, JpegColor::Cmyk, Some(&profile("Display P3"))));
    let ignored = Some("a profile of another colour space (Rgb)".to_owned());
    assert_eq!((colours(&found), found.colour), (APPROXIMATE.to_vec(), Colour::DeviceCmyk { ignored }));

    let picture = photo(size("16x16"));
    let mut rgb = Vec::new();
    JpegEncoder::new(&mut rgb, 90).encode(picture.pixels(), 16, 16, JpegColor::Rgb).unwrap();
    let described = with_segment(&rgb, 0xe2, &[&b"ICC_PROFILE\0\x01\x01"[..], &printer].concat());
    let reason = "a profile of another colour space (Cmyk)".into();
    assert_eq!((read(&described).picture, read(&described).colour), (read(&rgb).picture, Colour::Ignored { reason }));
}

#[test]
fn a_profile_of_cmyk_without_a_table_is_reported() {
    let mut printer = bytes(&oracle()["cmyk"][0]["icc"]);
    let table = printer.windows(4).position(|name| name == b"A2B0").unwrap();
    printer[table] = b'X';
    let found = read(&blocks(&INKS, JpegColor::Cmyk, Some(&printer)));
    assert_eq!(colours(&found), APPROXIMATE);
    assert!(matches!(found.colour, Colour::DeviceCmyk { ignored: Some(_) }), "{:?}", found.colour);
}

/// A backend gets RGB, and a result is RGB even if its size is that of the picture.
#[test]
fn no_cmyk_leaves_the_crate() {
    for kind in [JpegColor::Cmyk, JpegColor::CmykAsYcck] {
        for icc in [None, Some(bytes(&oracle()["cmyk"][0]["icc"]))] {
            let file = blocks(&INKS, kind, icc.as_deref());
            let source = Source::read(file.clone(), &DecodeLimits::default()).unwrap();
            let sent = source.bytes().unwrap();
            assert_eq!(read(sent).colour, Colour::Srgb);
            let whole = RenderTarget::new(Size::new(8, 32).unwrap());
            let result = render(&file, &whole, &RenderOptions::default()).unwrap();
            assert_eq!(read(&result.bytes).colour, Colour::Srgb);
        }
    }
}
