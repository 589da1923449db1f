//! A file that already is the requested result passes through unchanged, and no other file does.

use png::{BitDepth, ColorType};
use smart_resize::Format;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::decode;
use smart_resize::pixels::encode::{EncodeOptions, JpegOptions, Subsampling, encode};
use smart_resize::pixels::render::{Inspect, PassThrough, RenderError, RenderOptions, RenderTarget, Rendered, render};

use crate::pictures::{exif, photo, raw_png, raw_png_with, size, transparent, with_chunk, with_segment};

const FORMATS: [Format; 3] = [Format::Png, Format::Jpeg, Format::WebP];

fn file(picture: &Picture, format: Format) -> Vec<u8> {
    encode(picture, format, &EncodeOptions::default()).unwrap().bytes
}

/// Renders a file at its own size and in its own format.
pub(crate) fn rendered(file: &[u8], options: &RenderOptions) -> Result<Rendered, RenderError> {
    let decoded = decode(file, &options.decode).map_err(RenderError::from)?;
    let format = decoded.format.output().unwrap();
    render(file, &RenderTarget::new(decoded.picture.size()).format(format), options)
}

pub(crate) fn passes(file: &[u8], options: &RenderOptions) -> bool {
    let rendered = rendered(file, options).unwrap();
    assert_eq!(rendered.encoder.is_none(), rendered.bytes == file);
    rendered.encoder.is_none()
}

pub(crate) fn is_passed(file: &[u8]) -> bool {
    passes(file, &RenderOptions::default())
}

#[test]
fn a_file_that_fits_the_target_passes_in_every_format() {
    for picture in [photo(size("33x21")), transparent(size("33x21"))] {
        for format in FORMATS {
            assert!(is_passed(&file(&picture, format)), "{format}");
        }
    }
    // A PNG without an sRGB chunk.
    assert!(is_passed(&raw_png(size("8x2"), ColorType::Rgb, BitDepth::Eight, photo(size("8x2")).pixels())));
}

#[test]
fn another_size_or_format_does_not_pass() {
    let png = file(&photo(size("32x20")), Format::Png);
    let options = RenderOptions::default();
    for target in [
        RenderTarget::new(size("32x19")),
        RenderTarget::new(size("31x20")),
        RenderTarget::new(size("32x20")).format(Format::WebP),
        RenderTarget::new(size("32x20")).format(Format::Jpeg),
    ] {
        assert!(render(&png, &target, &options).unwrap().encoder.is_some(), "{target:?}");
    }
}

#[test]
fn a_file_with_something_to_strip_does_not_pass() {
    let picture = photo(size("24x16"));
    let png = file(&picture, Format::Png);
    for chunk in [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"pHYs", b"caBX", b"acTL", b"prVt"] {
        // The content of the chunk is not read.
        assert!(!is_passed(&with_chunk(&png, chunk, &[0; 9][..if chunk == b"tIME" { 7 } else { 9 }])), "{chunk:?}");
    }
    assert!(!is_passed(&[&png[..], b"behind it"].concat()));
    assert!(!is_passed(&[&png[..], &png[33..]].concat()));

    let jpeg = file(&picture, Format::Jpeg);
    for (code, content) in
        [(0xe1, &b"http://ns.adobe.com/xap/1.0/\0"[..]), (0xed, b"Photoshop 3.0\0"), (0xfe, b"by hand")]
    {
        assert!(!is_passed(&with_segment(&jpeg, code, content)), "{code:x}");
    }
    assert!(!is_passed(&[&jpeg[..], b"behind it"].concat()));

    let webp = file(&picture, Format::WebP);
    let xmp = [&webp[12..], b"XMP \x04\0\0\0rdf "].concat();
    assert!(!is_passed(&[&b"RIFF"[..], &(xmp.len() as u32 + 4).to_le_bytes(), b"WEBP", &xmp].concat()));
    assert!(!is_passed(&[&webp[..], b"behind it"].concat()));
    // A decoder reads one picture and no alpha beside a lossless one, so a second chunk could hide data.
    let picture = webp.windows(4).position(|name| name == b"VP8L").unwrap();
    for hidden in [&webp[picture..], b"ALPH\x04\0\0\0data"] {
        let chunks = [&webp[12..], hidden].concat();
        assert!(!is_passed(&[&b"RIFF"[..], &(chunks.len() as u32 + 4).to_le_bytes(), b"WEBP", &chunks].concat()));
    }
}

#[test]
fn a_file_with_an_orientation_does_not_pass() {
    let stored = photo(size("16x16"));
    let turned = |orientation| {
        raw_png_with(stored.size(), ColorType::Rgb, BitDepth::Eight, stored.pixels(), |info| {
            info.exif_metadata = Some(exif(orientation).into());
        })
    };
    assert!(!is_passed(&turned(3)));
    // A tag for an upright picture is metadata to strip as well.
    assert!(!is_passed(&turned(1)));
}

#[test]
fn an_srgb_chunk_or_its_gamma_passes_and_other_colour_chunks_do_not() {
    let png = raw_png(size("8x2"), ColorType::Rgb, BitDepth::Eight, photo(size("8x2")).pixels());
    assert!(is_passed(&with_chunk(&png, b"sRGB", &[0])));
    assert!(is_passed(&with_chunk(&png, b"gAMA", &45_455_u32.to_be_bytes())));
    assert!(!is_passed(&with_chunk(&png, b"gAMA", &100_000_u32.to_be_bytes())));
    assert!(!is_passed(&with_chunk(&png, b"cICP", &[1, 13, 0, 1])));
}

#[test]
fn samples_of_16_bits_do_not_pass() {
    let samples: Vec<u8> = photo(size("8x2")).pixels().iter().flat_map(|sample| [*sample, *sample]).collect();
    assert!(!is_passed(&raw_png(size("8x2"), ColorType::Rgb, BitDepth::Sixteen, &samples)));
}

#[test]
fn a_jpeg_does_not_pass_if_a_jpeg_option_is_set() {
    let picture = photo(size("24x16"));
    for (jpeg, passed) in [
        (JpegOptions::default(), true),
        (JpegOptions::default().background([0; 3]), true),
        (JpegOptions::default().quality(90), false),
        (JpegOptions::default().subsampling(Subsampling::Yuv444), false),
        (JpegOptions::default().progressive(true), false),
    ] {
        let mut options = RenderOptions::default();
        options.encode.jpeg = jpeg;
        assert_eq!(passes(&file(&picture, Format::Jpeg), &options), passed);
        // The options apply to JPEG only.
        assert!(passes(&file(&picture, Format::Png), &options));
    }
}

#[test]
fn a_broken_file_does_not_pass_and_a_broken_png_only_if_it_is_trusted() {
    for format in FORMATS {
        let whole = file(&photo(size("24x16")), format);
        let mut broken = whole.clone();
        // Inside the pixel data, which is not read under `Trusted`.
        let at = broken.len() - 20;
        match format {
            Format::Png => broken[at] ^= 0xff,
            _ => broken.truncate(at),
        }
        let target = RenderTarget::new(size("24x16")).format(format);
        let mut options = RenderOptions::default();
        assert!(render(&broken, &target, &options).is_err(), "{format}");
        options.pass_through = PassThrough::Trusted;
        // Inspection decodes the picture and so finds the error.
        assert!(render(&broken, &target, &options).is_err(), "{format}");
        options.inspect = Inspect::Off;
        // The header check walks the segments or chunks to the end, so a JPEG or WebP cut short is refused.
        match format {
            Format::Png => assert_eq!(render(&broken, &target, &options).unwrap().bytes, broken),
            _ => assert!(render(&broken, &target, &options).is_err(), "{format}"),
        }
        assert_eq!(render(&whole, &target, &options).unwrap().bytes, whole);
    }
}

#[test]
fn no_file_passes_if_pass_through_is_off() {
    for format in FORMATS {
        let mut options = RenderOptions::default();
        options.pass_through = PassThrough::Off;
        let file = file(&photo(size("24x16")), format);
        assert!(rendered(&file, &options).unwrap().encoder.is_some());
    }
}
