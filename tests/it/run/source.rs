//! The source that a backend receives is upright and in sRGB, and has no metadata.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder};
use png::{BitDepth, ColorType};
use smart_resize::generate::SourceOptions;
use smart_resize::pixels::Codec;
use smart_resize::pixels::decode::{Colour, DecodeLimits, DecodeOptions, decode, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Source};

use crate::pictures::{exif, photo, raw_png_with, riff, size, with_chunk, with_segment};

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
            let found = probe(bytes, &DecodeLimits::default()).unwrap();
            let format = if orientation == 1 { Format::sniff(&file).unwrap() } else { format };
            assert_eq!((found.size, found.is_upright, found.format), (upright, true, format.into()));
            assert!(!bytes.windows(6).any(|six| six.starts_with(b"eXIf") || six == b"Exif\0\0"));
            let seen = |bytes: &[u8]| decode(bytes, &DecodeOptions::default()).unwrap().picture;
            let (given, asked) = (seen(bytes), seen(&file));
            let worst = given.pixels().iter().zip(asked.pixels()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            let is_encoded_again = format == Format::Jpeg && orientation != 1;
            assert!(worst <= if is_encoded_again { 8 } else { 0 }, "{orientation} {format}: {worst}");
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

/// The latitude and the owner in EXIF, a comment, and the video of a motion photo.
const SECRETS: [&[u8]; 3] = [b"52/1 31/1 GPS", b"the owner of the camera", b"ftypmp42 a video"];

/// The pictures of each format that a source keeps, with all kinds of metadata, and without.
fn with_metadata() -> Vec<(Vec<u8>, Vec<u8>)> {
    let picture = photo(size("24x16"));
    let plain = |format| encode(&picture, format, &EncodeOptions::default()).unwrap().bytes;
    let [gps, owner, video] = SECRETS;
    let (png, jpeg, webp) = (plain(Format::Png), plain(Format::Jpeg), plain(Format::WebP));
    let exif = [exif(1), gps.to_vec()].concat();
    let full_png = [(b"eXIf", &exif[..]), (b"tEXt", owner), (b"iTXt", owner), (b"teSt", gps), (b"acTL", gps)]
        .iter()
        .fold(png.clone(), |file, (name, content)| with_chunk(&file, *name, content));
    let full_jpeg = [
        (0xe1, [b"Exif\0\0", &exif[..]].concat()),
        (0xed, owner.to_vec()),
        (0xfe, gps.to_vec()),
        (0xe2, b"MPF\0".to_vec()),
    ]
    .iter()
    .fold(jpeg.clone(), |file, (code, content)| with_segment(&file, *code, content));
    // Behind the RIFF header of 12 bytes is the extended header, of 18 bytes, and behind it the profile and the picture.
    let mut full_webp = webp.clone();
    full_webp[20] |= 0x0c;
    full_webp.extend(&riff(&[(b"EXIF", &exif), (b"XMP ", owner), (b"teSt", gps)])[12..]);
    let length = (full_webp.len() as u32 - 8).to_le_bytes();
    full_webp[4..8].copy_from_slice(&length);
    [(full_png, png), (full_jpeg, jpeg), (full_webp, webp)]
        .map(|(full, bare)| ([full, video.to_vec()].concat(), bare))
        .to_vec()
}

#[test]
fn a_backend_receives_the_compressed_pixels_and_no_byte_of_the_metadata() {
    for (full, bare) in with_metadata() {
        let format = Format::sniff(&full).unwrap();
        assert!(SECRETS.iter().all(|secret| full.windows(secret.len()).any(|part| part == *secret)), "{format}");
        let source = Source::read(full.clone(), &DecodeLimits::default()).unwrap();
        assert_eq!((&source.bytes().unwrap()[..], source.size), (&bare[..], Some(size("24x16"))), "{format}");
        let keeping = SourceOptions::default().keep_metadata(true);
        assert_eq!(Source::read_with(full.clone(), &keeping).unwrap().bytes().unwrap()[..], full, "{format}");
    }
}

#[test]
fn a_backend_receives_the_first_picture_of_an_animation_as_a_still_one() {
    let frame = encode(&photo(size("24x16")), Format::WebP, &EncodeOptions::default()).unwrap().bytes;
    // The bitstream is the chunk behind the RIFF header, the extended header and the profile of 480 bytes.
    let bitstream = frame[12 + 18 + 488..].to_vec();
    let frame = [&[0; 6][..], &[23, 0, 0, 15, 0, 0, 100, 0, 0, 2], &bitstream].concat();
    let animated =
        riff(&[(b"VP8X", &[2, 0, 0, 0, 23, 0, 0, 15, 0, 0]), (b"ANIM", &[0; 6]), (b"ANMF", &frame), (b"ANMF", &frame)]);
    let source = Source::read(animated.clone(), &DecodeLimits::default()).unwrap();
    let seen = |bytes: &[u8]| decode(bytes, &DecodeOptions::default()).unwrap();
    let sent = seen(source.bytes().unwrap());
    assert_eq!((sent.format, sent.picture), (Format::Png.into(), seen(&animated).picture));
}

#[test]
fn the_codec_of_the_options_is_ignored_so_that_the_digest_is_the_same_everywhere() {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, 95);
    encoder.add_exif_metadata(&exif(6)).unwrap();
    encoder.encode(photo(size("24x16")).pixels(), 24, 16, JpegColor::Rgb).unwrap();
    let read = |codec| {
        let options = SourceOptions::default().decode(DecodeOptions::default().codec(codec));
        Source::read_with(file.clone(), &options).unwrap().digest()
    };
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
