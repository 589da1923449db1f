//! Every kind of sample becomes 8-bit RGB or RGBA: bit depths, palettes, grey, alpha, colour models.

use std::io::Cursor;

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use png::{BitDepth, ColorType};
use smart_resize::Format;
use smart_resize::geometry::Fit;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render, render_picture};
use smart_resize::pixels::{Layout, Picture};

use crate::pictures::{photo, png, raw_png, raw_png_with, size, with_chunk, with_segment};
use crate::support::decoders::decoded;

#[test]
fn an_opaque_alpha_channel_is_dropped() {
    let rgb = photo(size("9x7"));
    let opaque: Vec<u8> = rgb.pixels().chunks(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    assert_eq!(Picture::from_rgba(rgb.size(), opaque.clone()).unwrap(), rgb);
    let file = raw_png(rgb.size(), ColorType::Rgba, BitDepth::Eight, &opaque);
    assert_eq!(decoded(&file), rgb);
    let mut nearly = opaque;
    nearly[3] = 254;
    let kept = Picture::from_rgba(rgb.size(), nearly.clone()).unwrap();
    assert_eq!((kept.layout(), kept.pixels()), (Layout::Rgba, &nearly[..]));
}

#[test]
fn an_opaque_crop_of_a_transparent_picture_has_no_alpha() {
    let mut samples: Vec<u8> = photo(size("9x7")).pixels().chunks(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    samples[3] = 254;
    let file = png(&Picture::from_rgba(size("9x7"), samples).unwrap());
    let target = RenderTarget::new(size("3x3")).fit(Fit::Crop);
    let options = RenderOptions::default();
    assert_eq!(render_picture(&file, &target, &options).unwrap().picture.layout(), Layout::Rgb);
    // The type is read by the `png` crate, since the crate's own decoder drops an opaque alpha channel as well.
    let rendered = render(&file, &target, &options).unwrap().bytes;
    let reader = png::Decoder::new(Cursor::new(&rendered)).read_info().unwrap();
    assert_eq!(reader.info().color_type, ColorType::Rgb);
    // Nothing has to be composited for a JPEG.
    assert_eq!(render(&file, &target.format(Format::Jpeg), &options).unwrap().warnings, []);
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    // All 65,536 values.
    let samples: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_be_bytes).collect();
    let picture = decoded(&raw_png(size("256x256"), ColorType::Grayscale, BitDepth::Sixteen, &samples));
    for (value, pixel) in (0..=u16::MAX).zip(picture.pixels().chunks(3)) {
        let expected = (f64::from(value) * 255.0 / 65535.0).round() as u8;
        assert_eq!(pixel, [expected; 3], "{value}");
    }
    let samples: Vec<u8> = [65535_u16, 128, 129, 32768].iter().flat_map(|v| v.to_be_bytes()).collect();
    assert_eq!(decoded(&raw_png(size("1x1"), ColorType::Rgba, BitDepth::Sixteen, &samples)).pixels(), [255, 0, 1, 128]);
    let samples: Vec<u8> = [65535_u16, 0].iter().flat_map(|v| v.to_be_bytes()).collect();
    let clear = decoded(&raw_png(size("1x1"), ColorType::GrayscaleAlpha, BitDepth::Sixteen, &samples));
    assert_eq!(clear.pixels(), [255, 255, 255, 0]);
}

#[test]
fn grey_palettes_and_few_bits_are_expanded() {
    let grey = |depth, byte: u8| decoded(&raw_png(size("2x1"), ColorType::Grayscale, depth, &[byte])).pixels().to_vec();
    assert_eq!(grey(BitDepth::One, 0b0100_0000), [0, 0, 0, 255, 255, 255]);
    assert_eq!(grey(BitDepth::Two, 0b0110_0000), [85, 85, 85, 170, 170, 170]);
    assert_eq!(grey(BitDepth::Four, 0x1e), [17, 17, 17, 238, 238, 238]);
    let palette = raw_png_with(size("4x1"), ColorType::Indexed, BitDepth::Two, &[0b00_01_10_01], |info| {
        info.palette = Some(vec![1, 2, 3, 40, 50, 60, 7, 8, 9].into());
    });
    assert_eq!(decoded(&palette).pixels(), [1, 2, 3, 40, 50, 60, 7, 8, 9, 40, 50, 60]);
    let clear = raw_png_with(size("2x1"), ColorType::Indexed, BitDepth::Eight, &[0, 1], |info| {
        info.palette = Some(vec![1, 2, 3, 40, 50, 60].into());
        info.trns = Some(vec![9].into());
    });
    assert_eq!(decoded(&clear).pixels(), [1, 2, 3, 9, 40, 50, 60, 255]);
    let grey_alpha = raw_png(size("1x1"), ColorType::GrayscaleAlpha, BitDepth::Eight, &[77, 8]);
    assert_eq!(decoded(&grey_alpha).pixels(), [77, 77, 77, 8]);
}

/// Only the bits of the depth count (PNG specification, section 11.3.1.1).
#[test]
fn a_transparent_level_with_bits_above_the_depth_is_transparent() {
    let alpha = |file: &[u8]| {
        let picture = decoded(file);
        assert_eq!(picture.layout(), Layout::Rgba);
        picture.pixels().iter().skip(3).step_by(4).copied().collect::<Vec<_>>()
    };
    for (depth, samples, level, high) in [
        (BitDepth::One, &[0b0110_0000][..], 1, 0xff),
        (BitDepth::Two, &[0b0010_1000], 2, 0xfe),
        (BitDepth::Four, &[0x07, 0x70], 7, 0x17),
        (BitDepth::Eight, &[0, 200, 200, 0], 200, 0x01c8),
    ] {
        let file = raw_png(size("4x1"), ColorType::Grayscale, depth, samples);
        for level in [level, high] {
            let found = alpha(&with_chunk(&file, b"tRNS", &u16::to_be_bytes(level)));
            assert_eq!(found, [255, 0, 0, 255], "{depth:?}, {level:x}");
        }
    }
    let rgb = raw_png(size("2x1"), ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
    assert_eq!(alpha(&with_chunk(&rgb, b"tRNS", &[9, 1, 0, 2, 0xff, 3])), [0, 255]);
    let deep = raw_png(size("2x1"), ColorType::Grayscale, BitDepth::Sixteen, &[1, 2, 0, 2]);
    assert_eq!(alpha(&with_chunk(&deep, b"tRNS", &[1, 2])), [0, 255]);
}

/// The `png` crate checks only that a palette has 3 to 768 bytes, and panics at some lengths that are no multiple of 3.
#[test]
fn a_palette_with_an_incomplete_colour_is_refused() {
    for length in (3..=12).chain(757..=768) {
        for depth in [BitDepth::One, BitDepth::Two, BitDepth::Four, BitDepth::Eight] {
            let file = raw_png_with(size("1x1"), ColorType::Indexed, depth, &[0], |info| {
                info.palette = Some(vec![7; length].into());
            });
            let decoded = decode(&file, &DecodeOptions::default());
            if length % 3 == 0 {
                assert_eq!(decoded.unwrap().picture.pixels(), [7, 7, 7]);
            } else {
                let expected =
                    format!("the png cannot be decoded: its palette has {length} bytes; expected a multiple of 3");
                assert_eq!(decoded.unwrap_err().to_string(), expected);
            }
        }
    }
    // In an RGB picture the palette is only a suggestion, which is ignored.
    let hinted = raw_png_with(size("1x1"), ColorType::Rgb, BitDepth::Eight, &[1, 2, 3], |info| {
        info.palette = Some(vec![7; 4].into());
    });
    assert_eq!(decoded(&hinted).pixels(), [1, 2, 3]);
}

#[test]
fn a_jpeg_with_an_adobe_rgb_marker_is_read_as_rgb() {
    let picture = photo(size("40x24"));
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new(&mut jpeg, 95);
    encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
    // The encoder writes the RGB samples as if they were YCbCr, with a JFIF segment.
    encoder.encode(picture.pixels(), 40, 24, JpegColor::Ycbcr).unwrap();
    assert_eq!(&jpeg[6..10], b"JFIF");
    // An Adobe segment, whose last byte means RGB, takes the place of the JFIF segment, which is in the bytes 2 to 19.
    let adobe = with_segment(&[&jpeg[..2], &jpeg[20..]].concat(), 0xee, b"Adobe\0\x64\0\0\0\0\0");
    let found = decoded(&adobe);
    let worst = found.pixels().iter().zip(picture.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst < Some(20), "{worst:?}");
    // If a JFIF segment contradicts it, JFIF counts, as in libjpeg.
    let both = with_segment(&jpeg, 0xee, b"Adobe\0\x64\0\0\0\0\0");
    assert_eq!(decoded(&both), decoded(&jpeg));
}

/// libjpeg ignores an Adobe segment that is too short, and takes an unknown transform for YCbCr.
#[test]
fn an_odd_adobe_segment_does_not_change_the_colours() {
    let picture = photo(size("40x24"));
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new(&mut jpeg, 95);
    encoder.encode(picture.pixels(), 40, 24, JpegColor::Rgb).unwrap();
    let bare = [&jpeg[..2], &jpeg[20..]].concat();
    let colours = decoded(&jpeg);
    let named = |name: &str, transform: u8| [name.as_bytes(), b"\0\x64\0\0\0\0", &[transform]].concat();
    for file in [&jpeg, &bare] {
        let odd =
            [named("Adobe", 2), named("Adobe", 255), named("Adobe", 1), b"Adobe".to_vec(), b"Adobe\0\x64".to_vec()];
        for content in odd.iter().chain([&named("Adobx", 0)]) {
            assert!(decoded(&with_segment(file, 0xee, content)) == colours, "{content:?}");
        }
        // The last one counts.
        let two = with_segment(&with_segment(file, 0xee, &named("Adobe", 1)), 0xee, &named("Adobe", 0));
        assert!(decoded(&two) == colours);
    }
    // The components of a grey picture are never transformed.
    let mut grey = Vec::new();
    JpegEncoder::new(&mut grey, 95).encode(&[90; 40 * 24], 40, 24, JpegColor::Luma).unwrap();
    let scan = grey.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    for transform in [0, 1, 2, 255] {
        let content = named("Adobe", transform);
        let late = [&grey[..scan], &[0xff, 0xee, 0, 14], &content, &grey[scan..]].concat();
        for file in [late, with_segment(&grey, 0xee, &content)] {
            assert!(decoded(&file) == decoded(&grey), "{transform}");
        }
    }
}

/// The parameters of a scan only mean something in a progressive picture.
#[test]
fn the_parameters_of_a_sequential_scan_are_ignored() {
    let picture = photo(size("40x24"));
    let mut jpeg = Vec::new();
    JpegEncoder::new(&mut jpeg, 95).encode(picture.pixels(), 40, 24, JpegColor::Rgb).unwrap();
    let scan = jpeg.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    assert_eq!(jpeg[scan + 11..][..3], [0, 63, 0]);
    for (first, last, bits) in [(0, 64, 0), (0, 255, 0), (64, 0, 0xff), (0, 0, 0)] {
        let mut file = jpeg.clone();
        file[scan + 11..][..3].copy_from_slice(&[first, last, bits]);
        assert!(decoded(&file) == decoded(&jpeg), "{first}, {last}, {bits}");
    }
}
