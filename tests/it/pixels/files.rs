//! Rendering from encoded bytes to encoded bytes. Decoders that the crate does not use read its output.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use png::{BitDepth, ColorType};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use smart_resize::geometry::{Fit, Rect, cover};
use smart_resize::pixels::decode::{Colour, DecodeError, DecodeLimits, DecodeOptions, decode, probe};
use smart_resize::pixels::encode::{
    EncodeError, EncodeOptions, EncoderSettings, JpegOptions, PngEffort, PngOptions, Subsampling, WebPMode,
    WebPOptions, encode,
};
use smart_resize::pixels::render::{RenderError, RenderOptions, RenderTarget, Undersized, Warning, render, render_all};
use smart_resize::pixels::{Codec, Layout, Picture};
use smart_resize::plan::Digest;
use smart_resize::{Format, Size};

use crate::pictures::{exif, photo, png, raw_png, raw_png_with, riff, size, transparent, with_chunk, with_segment};

fn decoded(bytes: &[u8]) -> Picture {
    decode(bytes, &DecodeOptions::default()).unwrap().picture
}

fn refused(bytes: &[u8], limits: &DecodeLimits) -> String {
    let error = decode(bytes, &DecodeOptions::default().limits(*limits)).unwrap_err();
    let probed = probe(bytes, limits);
    assert_eq!(probed.unwrap_err(), error, "`probe` and `decode` must refuse a file alike");
    error.to_string()
}

/// Reads the size and the pixels of a file with a decoder that the crate does not use. Grey is expanded to RGB.
pub(crate) fn read_elsewhere(bytes: &[u8], format: Format) -> (u32, u32, Vec<u8>) {
    match format {
        Format::Png => {
            let options = zune_png::zune_core::options::DecoderOptions::default().set_max_width(65_535);
            let bytes = zune_png::zune_core::bytestream::ZCursor::new(bytes);
            let mut decoder = zune_png::PngDecoder::new_with_options(bytes, options);
            let pixels = decoder.decode_raw().unwrap();
            let (width, height) = decoder.dimensions().unwrap();
            let pixels = match decoder.colorspace().unwrap().num_components() {
                1 => pixels.into_iter().flat_map(|level| [level; 3]).collect(),
                2 => pixels.chunks(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect(),
                _ => pixels,
            };
            (width as u32, height as u32, pixels)
        }
        Format::Jpeg => {
            let mut decoder = jpeg_decoder::Decoder::new(bytes);
            let pixels = decoder.decode().unwrap();
            let info = decoder.info().unwrap();
            (info.width.into(), info.height.into(), pixels)
        }
        _ => {
            // The crate uses this decoder too: there is no other in Rust. With the feature `libwebp`, libwebp reads a
            // lossless file too. `benches/peers` reads the files with Pillow.
            let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes)).unwrap();
            let (width, height) = decoder.dimensions();
            let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
            decoder.read_image(&mut pixels).unwrap();
            #[cfg(feature = "libwebp")]
            if bytes.windows(4).any(|name| name == b"VP8L") {
                use smart_resize_webp::Layout;
                let layout = if decoder.has_alpha() { Layout::Rgba } else { Layout::Rgb };
                let mut others = vec![0; pixels.len()];
                smart_resize_webp::decode(bytes, width, height, layout, &mut others).unwrap();
                assert!(others == pixels, "libwebp reads other pixels");
            }
            (width, height, pixels)
        }
    }
}

const FORMATS: [Format; 3] = [Format::Png, Format::Jpeg, Format::WebP];

#[test]
fn every_format_and_fit_gives_exactly_the_requested_size() {
    let generated = png(&photo(size("137x77")));
    for format in FORMATS {
        for fit in [Fit::Cover, Fit::Crop] {
            for target in ["1x1", "137x77", "137x1", "1x77", "64x64", "100x77", "31x17"] {
                let target = RenderTarget::new(size(target)).format(format).fit(fit);
                let rendered = render(&generated, &target, &RenderOptions::default()).unwrap();
                let (width, height, _) = read_elsewhere(&rendered.bytes, format);
                assert_eq!(Size::new(width, height), Ok(rendered.size));
                assert!(rendered.rect.is_inside(rendered.frame));
                assert!(rendered.warnings.is_empty());
            }
        }
    }
}

#[test]
fn at_scale_one_every_pixel_is_copied() {
    let frame = photo(size("90x61"));
    let (generated, target) = (png(&frame), size("47x33"));
    let rect = Rect::new(21, 14, target);
    let expected: Vec<u8> =
        (14..14 + 33).flat_map(|y| frame.pixels()[(y * 90 + 21) * 3..][..47 * 3].to_vec()).collect();
    for format in [Format::Png, Format::WebP] {
        let target = RenderTarget::new(target).format(format).fit(Fit::Crop);
        let rendered = render(&generated, &target, &RenderOptions::default()).unwrap();
        assert_eq!(rendered.rect, rect);
        assert_eq!(read_elsewhere(&rendered.bytes, format), (47, 33, expected.clone()));
    }
    // The whole picture, at its own size.
    let rendered = render(&generated, &RenderTarget::new(frame.size()), &RenderOptions::default()).unwrap();
    assert_eq!(read_elsewhere(&rendered.bytes, Format::Png).2, frame.pixels());
}

/// Noise of medium brightness, so that no overshoot is clipped and the order of the passes does not matter.
fn noise(size: Size) -> Picture {
    let mut state = 1_u32;
    let byte = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        80 + (state >> 24) as u8 / 3
    };
    Picture::from_rgb(size, (0..size.area() * 3).map(byte).collect()).unwrap()
}

/// Resamples the rectangle with Lanczos3 by its definition, in floating point.
fn lanczos(picture: &Picture, rect: Rect, to: Size) -> Vec<u8> {
    let kernel = |x: f64| {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) };
        if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
    };
    let weights = |at: u32, from: u32, to: u32| -> Vec<(u32, f64)> {
        let scale = f64::from(from) / f64::from(to);
        let (centre, stretch) = ((f64::from(at) + 0.5) * scale, scale.max(1.0));
        let near: Vec<(u32, f64)> = (0..from)
            .map(|x| (x, kernel((f64::from(x) + 0.5 - centre) / stretch)))
            .filter(|(_, w)| *w != 0.0)
            .collect();
        let sum: f64 = near.iter().map(|(_, weight)| weight).sum();
        near.into_iter().map(|(x, weight)| (x, weight / sum)).collect()
    };
    // The horizontal pass, then the vertical one, with 8 bits in between.
    let source = picture.pixels();
    let mut narrow = Vec::new();
    for y in 0..rect.height() {
        for x in 0..to.width() {
            for channel in 0..3 {
                let at = |dx: u32| ((rect.y() + y) * picture.size().width() + rect.x() + dx) as usize * 3 + channel;
                let columns = weights(x, rect.width(), to.width());
                let sum: f64 = columns.iter().map(|(dx, weight)| weight * f64::from(source[at(*dx)])).sum();
                narrow.push(sum.round().clamp(0.0, 255.0) as u8);
            }
        }
    }
    let mut pixels = Vec::new();
    let row = to.width() * 3;
    for y in 0..to.height() {
        let rows = weights(y, rect.height(), to.height());
        for x in 0..row {
            let sum: f64 = rows.iter().map(|(dy, weight)| weight * f64::from(narrow[(dy * row + x) as usize])).sum();
            pixels.push(sum.round().clamp(0.0, 255.0) as u8);
        }
    }
    pixels
}

#[test]
fn resampling_is_lanczos3_on_the_exact_rectangle() {
    // The picture is noise, because a smooth picture looks the same after any filter.
    let frame = noise(size("97x64"));
    for target in ["48x48", "31x20", "96x40", "5x60"] {
        let target = size(target);
        let rendered = render(&png(&frame), &RenderTarget::new(target), &RenderOptions::default()).unwrap();
        assert_eq!(rendered.rect, cover(frame.size(), target));
        let expected = lanczos(&frame, rendered.rect, target);
        let (_, _, found) = read_elsewhere(&rendered.bytes, Format::Png);
        let worst = found.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        // Each pass is rounded to 8 bits.
        assert!(worst <= Some(2), "{target}: {worst:?}");
    }
}

#[test]
fn the_hidden_colour_of_transparent_pixels_does_not_bleed() {
    // Opaque white next to transparent red. At half the size, the pixels at the boundary are partly transparent and
    // still white.
    let row = [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0];
    let picture = Picture::from_rgba(size("6x4"), row.repeat(4)).unwrap();
    let rendered = render(&png(&picture), &RenderTarget::new(size("3x2")), &RenderOptions::default()).unwrap();
    let result = decoded(&rendered.bytes);
    let visible: Vec<&[u8]> = result.pixels().chunks(4).filter(|pixel| pixel[3] > 8).collect();
    assert!(visible.len() >= 4);
    assert!(visible.iter().all(|pixel| pixel[..3] == [255, 255, 255]), "{visible:?}");
    assert!(result.pixels().chunks(4).any(|pixel| (1..255).contains(&pixel[3])));
}

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
    // A crop without the transparent pixel is opaque.
    let target = RenderTarget::new(size("3x3")).fit(Fit::Crop);
    let rendered = render(&png(&kept), &target, &RenderOptions::default()).unwrap();
    assert_eq!(decoded(&rendered.bytes).layout(), Layout::Rgb);
}

#[test]
fn a_jpeg_of_a_transparent_picture_is_flattened_over_the_background() {
    let picture = transparent(size("64x16"));
    let mut options = RenderOptions::default();
    options.encode.jpeg = JpegOptions::default().background([0, 255, 0]).quality(100);
    let target = RenderTarget::new(picture.size()).format(Format::Jpeg);
    let rendered = render(&png(&picture), &target, &options).unwrap();
    assert_eq!(rendered.warnings, [Warning::Flattened]);
    let (_, _, pixels) = read_elsewhere(&rendered.bytes, Format::Jpeg);
    let clear = &pixels[..3];
    assert!(clear[0] < 12 && clear[1] > 243 && clear[2] < 12, "{clear:?}");
    let opaque = render(&png(&photo(size("8x8"))), &RenderTarget::new(size("8x8")).format(Format::Jpeg), &options);
    assert!(opaque.unwrap().warnings.is_empty());
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

/// The stored position of pixel (x, y) of the upright picture, by the table in the EXIF specification.
fn stored_at(orientation: u8, x: u32, y: u32, stored: Size) -> (u32, u32) {
    let (right, bottom) = (stored.width() - 1, stored.height() - 1);
    match orientation {
        2 => (right - x, y),
        3 => (right - x, bottom - y),
        4 => (x, bottom - y),
        5 => (y, x),
        6 => (y, bottom - x),
        7 => (right - y, bottom - x),
        8 => (right - y, x),
        _ => (x, y),
    }
}

#[test]
fn all_eight_orientations_are_applied_in_all_three_formats() {
    let stored = photo(size("24x16"));
    for orientation in 1..=8 {
        let upright = if orientation >= 5 { stored.size().transposed() } else { stored.size() };
        let png = raw_png_with(stored.size(), ColorType::Rgb, BitDepth::Eight, stored.pixels(), |info| {
            info.exif_metadata = Some(exif(orientation).into());
        });
        let mut webp = Vec::new();
        let mut encoder = image_webp::WebPEncoder::new(&mut webp);
        encoder.set_exif_metadata(exif(orientation));
        encoder.encode(stored.pixels(), 24, 16, image_webp::ColorType::Rgb8).unwrap();
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new(&mut jpeg, 100);
        encoder.add_exif_metadata(&exif(orientation)).unwrap();
        encoder.encode(stored.pixels(), 24, 16, JpegColor::Rgb).unwrap();

        for (file, tolerance) in [(png, 0), (webp, 0), (jpeg, 6)] {
            assert_eq!(probe(&file, &DecodeLimits::default()).unwrap().size, upright);
            let picture = decoded(&file);
            assert_eq!(picture.size(), upright);
            for y in 0..upright.height() {
                for x in 0..upright.width() {
                    let (sx, sy) = stored_at(orientation, x, y, stored.size());
                    let found = &picture.pixels()[((y * upright.width() + x) * 3) as usize..][..3];
                    let expected = &stored.pixels()[((sy * 24 + sx) * 3) as usize..][..3];
                    let worst = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                    assert!(worst <= tolerance, "orientation {orientation} at {x},{y}: {found:?}, {expected:?}");
                }
            }
        }
    }
}

#[test]
fn an_orientation_after_the_pixels_of_a_png_is_applied() {
    let stored = photo(size("24x16"));
    let plain = png(&stored);
    let end = plain.len() - 12;
    let turned = with_chunk(&plain, b"eXIf", &exif(6));
    let chunk = &turned[33..][..turned.len() - plain.len()];
    let behind = [&plain[..end], chunk, &plain[end..]].concat();
    assert_eq!(probe(&behind, &DecodeLimits::default()).unwrap().size, size("16x24"));
    assert_eq!(decoded(&behind), decoded(&turned));
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
    let adobe = with_segment(&[&jpeg[..2], &jpeg[20..]].concat(), 0xee, b"Adobe\0\x64\0\0\0\0\0");
    let found = decoded(&adobe);
    let worst = found.pixels().iter().zip(picture.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst < Some(20), "{worst:?}");
    // JFIF and Adobe segments that contradict each other are refused.
    let both = with_segment(&jpeg, 0xee, b"Adobe\0\x64\0\0\0\0\0");
    let message = "the samples of the jpeg are YCbCr by JFIF and RGB by Adobe, which is not supported";
    assert_eq!(refused(&both, &DecodeLimits::default()), message);
}

#[test]
fn the_format_is_detected_from_the_bytes() {
    let picture = photo(size("16x16"));
    for format in FORMATS {
        let bytes = encode(&picture, format, &EncodeOptions::default()).unwrap().bytes;
        let found = probe(&bytes, &DecodeLimits::default()).unwrap();
        assert_eq!((found.format, found.size), (format.into(), picture.size()));
    }
    let refuse = |bytes: &[u8], message: &str| assert_eq!(refused(bytes, &DecodeLimits::default()), message);
    refuse(b"", "the file begins with []; expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture");
    refuse(
        b"GIF90a",
        "the file begins with [47, 49, 46, 39, 30, 61]; expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture",
    );
    refuse(
        b"RIFF\0\0\0\0WAVE",
        "the file begins with [52, 49, 46, 46, 00, 00, 00, 00]; expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture",
    );
}

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

/// The bytes and pixels of some targets are the same on every machine.
#[test]
fn the_same_input_gives_the_same_bytes_everywhere() {
    let mut found = Vec::new();
    for picture in [photo(size("97x64")), transparent(size("97x64"))] {
        let generated = png(&picture);
        for (format, target) in
            [(Format::Png, "97x64"), (Format::Png, "48x48"), (Format::WebP, "31x20"), (Format::Jpeg, "60x60")]
        {
            let target = RenderTarget::new(size(target)).format(format);
            let rendered = render(&generated, &target, &RenderOptions::default()).unwrap();
            let pixels = Digest::of(decoded(&rendered.bytes).pixels()).to_string();
            let bytes = Digest::of(&rendered.bytes).to_string();
            found.push(format!(
                "{format} {} {:?} pixels {} bytes {}",
                rendered.size,
                picture.layout(),
                &pixels[..16],
                &bytes[..16]
            ));
        }
    }
    insta::assert_snapshot!("golden_bytes", found.join("\n"));
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
        // Every byte but the checksum of IEND is needed.
        for end in 8..file.len() - 4 {
            let error = decode(&file[..end], &DecodeOptions::default()).unwrap_err();
            assert_eq!(error, DecodeError::Truncated { format: Format::Png.into() }, "{end} of {} bytes", file.len());
        }
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

#[test]
fn a_jpeg_reads_back_accurately_with_any_decoder() {
    let picture = photo(size("83x61"));
    for (subsampling, progressive) in [
        (Subsampling::Yuv420, false),
        (Subsampling::Yuv420, true),
        (Subsampling::Yuv444, false),
        (Subsampling::Yuv444, true),
    ] {
        let mut options = EncodeOptions::default();
        options.jpeg = JpegOptions::default().subsampling(subsampling).progressive(progressive);
        let file = encode(&picture, Format::Jpeg, &options).unwrap().bytes;
        let mean = |a: &[u8], b: &[u8]| {
            let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            sum as f64 / a.len() as f64
        };
        let (ours, theirs) = (decoded(&file), read_elsewhere(&file, Format::Jpeg).2);
        assert!(mean(ours.pixels(), picture.pixels()) < 3.0, "{subsampling:?} {progressive}");
        assert!(mean(ours.pixels(), &theirs) < 1.0, "{subsampling:?} {progressive}");
    }
}

#[test]
fn a_cmyk_jpeg_is_refused() {
    let mut file = Vec::new();
    JpegEncoder::new(&mut file, 90).encode(&[9; 8 * 8 * 4], 8, 8, JpegColor::Cmyk).unwrap();
    assert_eq!(refused(&file, &DecodeLimits::default()), "the samples of the jpeg are CMYK, which is not supported");
}

#[test]
fn a_picture_too_small_is_refused_or_enlarged_with_a_warning() {
    let generated = png(&photo(size("40x30")));
    let target = RenderTarget::new(size("41x20"));
    let mut options = RenderOptions::default();
    let error = render(&generated, &target, &options).unwrap_err();
    assert_eq!(error.to_string(), "a picture of 40x30 does not cover 41x20");
    options.undersized = Undersized::Enlarge;
    for fit in [Fit::Cover, Fit::Crop] {
        let rendered = render(&generated, &target.fit(fit), &options).unwrap();
        assert_eq!(read_elsewhere(&rendered.bytes, Format::Png).0, 41);
        assert_eq!(rendered.warnings, [Warning::Enlarged { from: rendered.rect.size(), to: size("41x20") }]);
        assert_eq!(rendered.rect, cover(size("40x30"), size("41x20")));
    }
    // If the picture covers the target, the option has no effect.
    let covered = render(&generated, &RenderTarget::new(size("40x20")), &options).unwrap();
    assert!(covered.warnings.is_empty());
}

#[test]
fn a_picture_of_another_size_than_requested_is_used_and_reported() {
    let generated = png(&photo(size("80x60")));
    let target = RenderTarget::new(size("40x20")).preset(size("90x60"));
    let rendered = render(&generated, &target, &RenderOptions::default()).unwrap();
    assert_eq!(rendered.rect, cover(size("80x60"), size("40x20")));
    assert_eq!(rendered.warnings, [Warning::PresetMismatch { asked: size("90x60"), got: size("80x60") }]);
    assert_eq!(rendered.warnings[0].to_string(), "the picture is 80x60; expected 90x60");
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

#[test]
fn jpeg_options_determine_the_file() {
    /// The code of the start-of-frame marker, and the sampling factors of its first component.
    fn frame(bytes: &[u8]) -> (u8, u8) {
        let at = (0..bytes.len()).find(|&at| bytes[at] == 0xff && matches!(bytes[at + 1], 0xc0 | 0xc2)).unwrap();
        (bytes[at + 1], bytes[at + 11])
    }
    let picture = photo(size("64x64"));
    let with = |subsampling, progressive, quality| {
        let mut options = EncodeOptions::default();
        options.jpeg = JpegOptions::default().subsampling(subsampling).progressive(progressive);
        options.jpeg.quality = quality;
        encode(&picture, Format::Jpeg, &options).unwrap()
    };
    let default = with(Subsampling::Yuv420, false, None);
    let (subsampling, codec) = (Subsampling::Yuv420, Codec::Pure);
    let settings = EncoderSettings::Jpeg { quality: 90, subsampling, progressive: false, codec };
    assert_eq!((default.settings, frame(&default.bytes)), (settings, (0xc0, 0x22)));
    assert_eq!(frame(&with(Subsampling::Yuv444, false, None).bytes), (0xc0, 0x11));
    assert_eq!(frame(&with(Subsampling::Yuv420, true, None).bytes), (0xc2, 0x22));
    assert!(with(Subsampling::Yuv420, false, Some(50)).bytes.len() < default.bytes.len());
}

#[test]
fn png_efforts_differ_only_in_file_size() {
    let picture = photo(size("200x150"));
    let file = |effort| {
        let mut options = EncodeOptions::default();
        options.png = PngOptions::default().effort(effort);
        encode(&picture, Format::Png, &options).unwrap().bytes
    };
    let [balanced, small] = [PngEffort::Balanced, PngEffort::Small].map(file);
    for bytes in [&balanced, &small] {
        assert_eq!(read_elsewhere(bytes, Format::Png).2, picture.pixels());
        assert!(bytes.windows(4).any(|chunk| chunk == b"sRGB"));
    }
    assert!(balanced.len() >= small.len());
}

#[test]
fn one_decode_for_many_targets_gives_the_results_of_single_ones() {
    let generated = png(&photo(size("120x80")));
    let targets: Vec<_> = ["60x40", "30x30", "200x10", "80x80"].map(|text| RenderTarget::new(size(text))).into();
    let together = render_all(&generated, &targets, &RenderOptions::default());
    let alone: Vec<_> = targets.iter().map(|target| render(&generated, target, &RenderOptions::default())).collect();
    assert_eq!(together, alone);
    assert!(matches!(together[2], Err(RenderError::TooSmall(_))));
    let broken = render_all(b"nothing", &targets, &RenderOptions::default());
    assert!(broken.iter().all(|result| matches!(result, Err(RenderError::Decode(DecodeError::UnknownFormat { .. })))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lossless_files_have_exactly_the_pixels(
        width in 1_u32..20, height in 1_u32..20, alpha in any::<bool>(), seed in any::<Vec<u8>>(),
    ) {
        let (size, channels) = (Size::new(width, height).unwrap(), if alpha { 4 } else { 3 });
        let bytes: Vec<u8> = seed.iter().copied().chain([7, 0, 255]).cycle().take(size.area() as usize * channels).collect();
        let picture = if alpha { Picture::from_rgba(size, bytes) } else { Picture::from_rgb(size, bytes) }.unwrap();
        for format in [Format::Png, Format::WebP] {
            let file = encode(&picture, format, &EncodeOptions::default()).unwrap().bytes;
            prop_assert_eq!(&decoded(&file), &picture);
            let (_, _, elsewhere) = read_elsewhere(&file, format);
            prop_assert!(elsewhere == picture.pixels());
        }
    }

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
