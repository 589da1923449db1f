//! A damaged file gives an error or a whole picture, and the format is detected from the bytes.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder};
use png::{BitDepth, ColorType};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use smart_resize::Format;
use smart_resize::pixels::decode::{
    Damage, DamageKind, DecodeError, DecodeLimits, DecodeOptions, PngDamage, decode, probe,
};
use smart_resize::pixels::encode::{EncodeOptions, encode};

use crate::pictures::{photo, png, raw_png, size, transparent, with_chunk};
use crate::support::decoders::{decoded, refused};

const FORMATS: [Format; 3] = [Format::Png, Format::Jpeg, Format::WebP];

#[test]
fn the_format_is_detected_from_the_bytes() {
    let picture = photo(size("16x16"));
    for format in FORMATS {
        let bytes = encode(&picture, format, &EncodeOptions::default()).unwrap().bytes;
        let found = probe(&bytes, &DecodeLimits::default()).unwrap();
        assert_eq!((found.format, found.size), (format.into(), picture.size()));
    }
}

#[test]
fn the_error_names_the_kind_of_a_file_that_is_not_a_picture() {
    let case = |bytes: &[u8], expected: &str| {
        let (found, advice) = expected
            .split_once("; ")
            .map_or((expected, String::new()), |(found, advice)| (found, format!("; {advice}")));
        let message = format!("the file is {found}; expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture{advice}");
        assert_eq!(refused(bytes, &DecodeLimits::default()), message);
    };
    case(b"", "empty");
    case(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture; convert it to JPEG or PNG");
    case(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a HEIC picture; convert it to JPEG or PNG");
    case(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "an AVIF picture; convert it to JPEG or PNG");
    case(b"\0\0\0\x18ftypavif\0\0\0\0", "an AVIF picture; convert it to JPEG or PNG");
    case(b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "a video; save a frame of it as PNG or JPEG");
    case(b"\xff\x0a\x00\x10", "a JPEG XL picture; convert it to JPEG or PNG");
    case(b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a", "a JPEG XL picture; convert it to JPEG or PNG");
    case(b"\0\0\0\x0cjP  \x0d\x0a\x87\x0a", "a JPEG 2000 picture; convert it to JPEG or PNG");
    case(b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI", "a PNG in Apple's CgBI form; save it again as a standard PNG");
    case(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing; export it as PNG or JPEG");
    case(b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg/>", "an SVG drawing; export it as PNG or JPEG");
    case(b"8BPS\0\x01", "a Photoshop document; export it as PNG or JPEG");
    case(b"\0\0\x01\0\x01\0", "a Windows icon; export it as PNG or JPEG");
    case(b"%PDF-1.7\n%\xe2\xe3", "a PDF document; export it as PNG or JPEG");
    case(b"%!PS-Adobe-3.0", "a PostScript document; export it as PNG or JPEG");
    case(b"PK\x03\x04\x14\0", "a ZIP archive; extract the picture from it");
    let page = "an HTML page; if it is from a link, the link leads to a page and not to the picture";
    case(b"\xef\xbb\xbf\n<!DOCTYPE HTML>\n<title>Sign in</title>", page);
    case(b"<html><body>404</body></html>", page);
    case(b"{\"detail\": \"Not Found\"}", "JSON text; it may be an error message of a server");
    case(b"data:image/png;base64,iVBORw0KGgo=", "the text of a data URI; decode its base64 into a file");
    case(b"iVBORw0KGgoAAAANSUhEUg==\n", "base64 text; decode its base64 into a file");
    case(b"GIF90a", "text");
    case("a picture of naïveté".as_bytes(), "text");
    case(b"RIFF\0\0\0\0WAVE", "of an unknown kind");
    case(b"\xff\xd8\xfe", "of an unknown kind");
    // A character of two bytes is cut where the search ends.
    case(&[b"n".repeat(1023).as_slice(), "ä".as_bytes()].concat(), "text");
}

#[test]
fn a_page_that_contains_a_drawing_is_html() {
    let page = b"<html><body><svg width='9'/></body></html>";
    assert!(refused(page, &DecodeLimits::default()).starts_with("the file is an HTML page; "));
}

#[test]
fn a_prefix_of_a_file_is_refused_or_has_all_pixels() {
    let picture = photo(size("24x24"));
    let mut progressive = EncodeOptions::default();
    progressive.jpeg.progressive = true;
    let mut files: Vec<_> =
        FORMATS.map(|format| encode(&picture, format, &EncodeOptions::default()).unwrap().bytes).into();
    files.push(encode(&picture, Format::Jpeg, &progressive).unwrap().bytes);
    for file in files {
        let whole = decoded(&file);
        for end in 0..file.len() {
            // Trailing bytes without pixel data may be missing.
            match decode(&file[..end], &DecodeOptions::default()) {
                Ok(part) => assert_eq!(part.picture, whole, "{end} of {}", file.len()),
                Err(error) => assert!(!matches!(error, DecodeError::Panicked { .. }), "{end}: {error}"),
            }
        }
    }
}

#[test]
fn a_png_cut_short_at_any_byte_is_reported_as_truncated() {
    for file in [
        png(&photo(size("24x16"))),
        raw_png(size("8x2"), ColorType::Grayscale, BitDepth::One, &[0b1010_0101, 0b1100_0011]),
    ] {
        // Every byte is needed up to the IEND chunk of 12 bytes.
        let needed = file.len() - 12;
        for end in 8..needed {
            let error = decode(&file[..end], &DecodeOptions::default()).unwrap_err();
            assert_eq!(error, DecodeError::Truncated { format: Format::Png.into() }, "{end} of {} bytes", file.len());
        }
        for end in needed..file.len() {
            let found = decode(&file[..end], &DecodeOptions::default()).unwrap();
            assert_eq!(found.picture, decoded(&file), "{end}");
            assert_eq!(found.damage, Some(Damage::new(DamageKind::Png(PngDamage::NoEnd), needed)), "{end}");
        }
    }
}

/// The pixels have a checksum of their own in the zlib stream.
#[test]
fn a_png_with_a_checksum_of_0_is_read_and_reported() {
    let file = png(&photo(size("24x16")));
    let idat = file.windows(4).position(|four| four == b"IDAT").unwrap();
    let length = u32::from_be_bytes(file[idat - 4..idat].try_into().unwrap()) as usize;
    let checksum = idat + 4 + length;
    let with = |at: usize, bytes: [u8; 4]| [&file[..at], &bytes, &file[at + 4..]].concat();
    let found = decode(&with(checksum, [0; 4]), &DecodeOptions::default()).unwrap();
    assert_eq!(found.picture, decoded(&file));
    assert_eq!(found.damage, Some(Damage::new(DamageKind::Png(PngDamage::Checksum), checksum)));
    // Any other wrong checksum is refused, and so is one of 0 if the checksum of the pixels is wrong too.
    assert!(decode(&with(checksum, [1, 2, 3, 4]), &DecodeOptions::default()).is_err());
    let mut changed = with(checksum, [0; 4]);
    changed[checksum - 1] ^= 1;
    assert!(decode(&changed, &DecodeOptions::default()).is_err());
}

/// The still picture of an animation is the one that is read.
#[test]
fn a_png_with_a_broken_animation_is_read() {
    let file = png(&photo(size("24x16")));
    let control = [0, 0, 0, 9, 0, 0, 0, 200, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0];
    for (name, content) in [(&b"acTL"[..], &[0; 8][..]), (b"fcTL", &control), (b"fdAT", &[9; 30]), (b"acTL", &[1; 3])] {
        let odd = with_chunk(&file, name, content);
        let found = decode(&odd, &DecodeOptions::default()).unwrap();
        assert_eq!((found.picture, found.damage), (decoded(&file), None), "{name:?}");
        // A chunk with a wrong checksum is not read at all.
        let mut odd = odd;
        odd[8 + 25 + 8 + content.len()] ^= 1;
        assert_eq!(decoded(&odd), decoded(&file), "{name:?}");
    }
}

#[test]
fn the_end_marker_of_a_thumbnail_does_not_end_a_jpeg() {
    let picture = photo(size("48x32"));
    let mut thumbnail = Vec::new();
    JpegEncoder::new(&mut thumbnail, 60).encode(&[9; 8 * 8 * 3], 8, 8, JpegColor::Rgb).unwrap();
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, 90);
    encoder.add_app_segment(1, thumbnail).unwrap();
    encoder.encode(picture.pixels(), 48, 32, JpegColor::Rgb).unwrap();
    assert_eq!(decoded(&file).size(), picture.size());
    let error = decode(&file[..file.len() - 9], &DecodeOptions::default()).unwrap_err();
    assert_eq!(error, DecodeError::Truncated { format: Format::Jpeg.into() });
    file.extend(b"something behind the end");
    assert_eq!(decoded(&file).size(), picture.size());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn flipped_bytes_give_an_error_or_a_whole_picture(
        format in 0_usize..3, at in any::<u32>(), value in any::<u8>(), more in any::<u32>(),
    ) {
        let mut file = encode(&transparent(size("17x13")), FORMATS[format], &EncodeOptions::default()).unwrap().bytes;
        for at in [at, more] {
            let at = at as usize % file.len();
            file[at] = value;
        }
        if let Ok(decoded) = decode(&file, &DecodeOptions::default()) {
            let picture = decoded.picture;
            let bytes = picture.size().area() as usize * picture.layout().channels();
            prop_assert_eq!(picture.pixels().len(), bytes);
            prop_assert_eq!(probe(&file, &DecodeLimits::default()).unwrap().size, picture.size());
        } else if let Err(error) = decode(&file, &DecodeOptions::default()) {
            prop_assert!(!matches!(error, DecodeError::Panicked { .. }), "{}", error);
        }
    }
}
