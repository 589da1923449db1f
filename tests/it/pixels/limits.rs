//! Each limit of decoding and each bound of the options is kept, on both sides.

use png::{BitDepth, ColorType};
use smart_resize::Format;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{Colour, DecodeLimits, DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeError, EncodeOptions, WebPMode, WebPOptions, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, Undersized, render};

use crate::pictures::{photo, png, raw_png_with, riff, size};
use crate::support::decoders::{read_elsewhere, refused};

#[test]
fn each_limit_allows_its_value_and_refuses_more() {
    let file = png(&photo(size("40x30")));
    let mut limits = DecodeLimits::default();
    (limits.pixels, limits.input_bytes, limits.decoded_bytes) = (1200, file.len(), 3600);
    assert!(decode(&file, &DecodeOptions::default().limits(limits)).is_ok());
    let tighter = |change: &dyn Fn(&mut DecodeLimits)| {
        let mut limits = limits;
        change(&mut limits);
        refused(&file, &limits)
    };
    assert_eq!(tighter(&|limits| limits.pixels -= 1), "the picture is 40x30; expected at most 1199 pixels");
    assert_eq!(
        tighter(&|limits| limits.decoded_bytes -= 1),
        "the decoded picture has 3600 bytes; expected at most 3599"
    );
    let message = format!("the file has {} bytes; expected at most {}", file.len(), file.len() - 1);
    assert_eq!(tighter(&|limits| limits.input_bytes -= 1), message);
}

#[test]
fn a_size_beyond_the_limits_in_the_header_is_refused() {
    // A PNG whose header claims another size than the pixels have.
    let claim = |width: u32, height: u32| {
        let mut file = png(&photo(size("8x8")));
        file[16..20].copy_from_slice(&width.to_be_bytes());
        file[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = crc32fast::hash(&file[12..29]);
        file[29..33].copy_from_slice(&sum.to_be_bytes());
        refused(&file, &DecodeLimits::default())
    };
    assert_eq!(claim(30_000, 30_000), "the picture is 30000x30000; expected at most 100000000 pixels");
    assert_eq!(claim(65_536, 1), "the picture is 65536x1; expected sides of 1 to 65535");
}

#[test]
fn a_webp_that_claims_more_than_it_has_is_refused() {
    let limits = DecodeLimits::default();
    // A metadata chunk that claims 4 GiB.
    let canvas = [0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut file = riff(&[(b"VP8X", &canvas), (b"EXIF", b"")]);
    let at = file.len() - 4;
    file[at..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(refused(&file, &limits), "the webp is cut short");
    // A canvas of one pixel with a bitstream of 16,383 x 16,383: lossless, lossy, and in an animation frame.
    let lossless = [&[0x2f][..], &(0x3ffe_u32 | 0x3ffe << 14).to_le_bytes(), &[0; 8]].concat();
    let lossy = [&[0, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f][..], &[0; 8]].concat();
    let frame = [&[0; 16][..], b"VP8L", &(lossless.len() as u32).to_le_bytes(), &lossless, &[0]].concat();
    let large = "the picture is 16383x16383; expected at most 100000000 pixels";
    assert_eq!(refused(&riff(&[(b"VP8X", &canvas), (b"VP8L", &lossless)]), &limits), large);
    assert_eq!(refused(&riff(&[(b"VP8X", &canvas), (b"VP8 ", &lossy)]), &limits), large);
    assert_eq!(refused(&riff(&[(b"VP8X", &canvas), (b"ANIM", &[0; 6]), (b"ANMF", &frame)]), &limits), large);
}

#[test]
fn a_profile_that_inflates_beyond_the_limit_is_not_applied() {
    // A profile of 64 MiB of zeros, which deflate to 64 KiB, in a picture of one pixel.
    let file = raw_png_with(size("1x1"), ColorType::Rgb, BitDepth::Eight, &[1, 2, 3], |info| {
        info.icc_profile = Some(vec![0; 64 << 20].into());
    });
    assert!(file.len() < 1 << 20);
    let decoded = decode(&file, &DecodeOptions::default()).unwrap();
    assert!(matches!(decoded.colour, Colour::Ignored { .. }), "{:?}", decoded.colour);
}

#[test]
fn a_target_beyond_the_decode_limits_is_refused() {
    let mut options = RenderOptions::default();
    options.undersized = Undersized::Enlarge;
    options.decode.limits.pixels = 400;
    let generated = png(&photo(size("20x20")));
    assert!(render(&generated, &RenderTarget::new(size("40x10")), &options).is_ok());
    let error = render(&generated, &RenderTarget::new(size("401x1")), &options).unwrap_err();
    assert_eq!(error.to_string(), "the target is 401x1; expected at most 400 pixels");
}

#[test]
fn the_bounds_of_options_and_formats_are_checked() {
    let picture = photo(size("8x8"));
    let mut options = EncodeOptions::default();
    for (quality, ok) in [(0, false), (1, true), (100, true), (101, false)] {
        options.jpeg.quality = Some(quality);
        let result = encode(&picture, Format::Jpeg, &options);
        assert_eq!(result.is_ok(), ok, "{quality}");
        assert!(ok || result == Err(options.check(Format::Jpeg).unwrap_err()));
        // PNG ignores the JPEG options.
        assert!(encode(&picture, Format::Png, &options).is_ok());
    }
    options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality: 80 });
    if !cfg!(feature = "libwebp") {
        assert_eq!(encode(&picture, Format::WebP, &options), Err(EncodeError::LossyWebP));
    }
    let long = Picture::from_rgb(size("16383x1"), vec![0; 16_383 * 3]).unwrap();
    assert!(encode(&long, Format::WebP, &EncodeOptions::default()).is_ok());
    let longer = Picture::from_rgb(size("1x16384"), vec![0; 16_384 * 3]).unwrap();
    let error = encode(&longer, Format::WebP, &EncodeOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "the picture is 1x16384; expected sides of at most 16383 for webp");
    let longest = Picture::from_rgb(size("65535x1"), vec![0; 65_535 * 3]).unwrap();
    for format in [Format::Png, Format::Jpeg] {
        let bytes = encode(&longest, format, &EncodeOptions::default()).unwrap().bytes;
        assert_eq!(read_elsewhere(&bytes, format).0, 65_535);
    }
}
