//! The source that a backend receives is upright and in sRGB.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder};
use png::{BitDepth, ColorType};
use smart_resize::pixels::Codec;
use smart_resize::pixels::decode::{Colour, DecodeLimits, DecodeOptions, decode, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Source};

use crate::pictures::{exif, photo, raw_png_with, size, with_chunk};

#[test]
fn an_upright_srgb_source_is_passed_unchanged() {
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        let file = encode(&photo(size("24x16")), format, &EncodeOptions::default()).unwrap().bytes;
        let source = Source::read(file.clone(), &DecodeLimits::default()).unwrap();
        assert_eq!((&**source.bytes().unwrap(), source.size), (&file[..], Some(size("24x16"))));
    }
}

#[test]
fn a_source_in_any_orientation_and_format_becomes_upright_without_its_tag() {
    let stored = photo(size("24x16"));
    for orientation in 1..=8 {
        let png = raw_png_with(stored.size(), ColorType::Rgb, BitDepth::Eight, stored.pixels(), |info| {
            info.exif_metadata = Some(exif(orientation).into());
        });
        let (mut webp, mut jpeg) = (Vec::new(), Vec::new());
        let mut encoder = image_webp::WebPEncoder::new(&mut webp);
        encoder.set_exif_metadata(exif(orientation));
        encoder.encode(stored.pixels(), 24, 16, image_webp::ColorType::Rgb8).unwrap();
        let mut encoder = JpegEncoder::new(&mut jpeg, 95);
        encoder.add_exif_metadata(&exif(orientation)).unwrap();
        encoder.encode(stored.pixels(), 24, 16, JpegColor::Rgb).unwrap();
        for (file, format) in [(png, Format::Png), (webp, Format::Png), (jpeg, Format::Jpeg)] {
            let source = Source::read(file.clone(), &DecodeLimits::default()).unwrap();
            let upright = if orientation >= 5 { size("16x24") } else { size("24x16") };
            assert_eq!(source.size, Some(upright));
            let bytes = source.bytes().unwrap();
            if orientation == 1 {
                assert_eq!(bytes[..], file);
                continue;
            }
            let found = probe(bytes, &DecodeLimits::default()).unwrap();
            assert_eq!((found.size, found.is_upright, found.format), (upright, true, format.into()));
            assert!(!bytes.windows(6).any(|six| six.starts_with(b"eXIf") || six == b"Exif\0\0"));
            let seen = |bytes: &[u8]| decode(bytes, &DecodeOptions::default()).unwrap().picture;
            let (given, asked) = (seen(bytes), seen(&file));
            let worst = given.pixels().iter().zip(asked.pixels()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(worst <= if format == Format::Jpeg { 8 } else { 0 }, "{orientation} {format}: {worst}");
        }
    }
}

#[test]
fn described_colours_are_converted_to_srgb() {
    let plain = encode(&photo(size("24x16")), Format::Png, &EncodeOptions::default()).unwrap().bytes;
    let described = with_chunk(&plain, b"cICP", &[12, 13, 0, 1]);
    let source = Source::read(described.clone(), &DecodeLimits::default()).unwrap();
    let seen = |bytes: &[u8]| decode(bytes, &DecodeOptions::default()).unwrap();
    let given = seen(source.bytes().unwrap());
    assert_eq!((given.colour, &given.picture), (Colour::Srgb, &seen(&described).picture));
    assert_ne!(given.picture, seen(&plain).picture);
    // A description that cannot be applied stays in the file, since the backend may understand it.
    let unknown = with_chunk(&plain, b"cICP", &[99, 13, 0, 1]);
    assert_eq!(Source::read(unknown.clone(), &DecodeLimits::default()).unwrap().bytes().unwrap()[..], unknown);
}

#[test]
fn the_codec_of_the_options_is_ignored_so_that_the_digest_is_the_same_everywhere() {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, 95);
    encoder.add_exif_metadata(&exif(6)).unwrap();
    encoder.encode(photo(size("24x16")).pixels(), 24, 16, JpegColor::Rgb).unwrap();
    let read = |codec| Source::read_with(file.clone(), &DecodeOptions::default().codec(codec)).unwrap().digest();
    assert_eq!(read(Codec::Fast), read(Codec::Pure));
}

#[cfg(feature = "image")]
#[test]
fn a_source_in_a_format_that_is_not_written_becomes_a_png() {
    let picture = image::RgbImage::from_fn(24, 16, |x, y| image::Rgb([(10 * x) as u8, (15 * y) as u8, 90]));
    let mut bmp = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bmp, image::ImageFormat::Bmp).unwrap();
    let source = Source::read(bmp.into_inner(), &DecodeLimits::default()).unwrap();
    let bytes = source.bytes().unwrap();
    assert_eq!((Format::sniff(bytes), source.size), (Some(Format::Png), Some(size("24x16"))));
    // A PNG is lossless.
    assert_eq!(decode(bytes, &DecodeOptions::default()).unwrap().picture.pixels(), &picture.into_raw()[..]);
}
