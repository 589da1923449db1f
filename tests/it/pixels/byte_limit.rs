//! Files within a byte limit: the settings that are tried, the number of encodes, and the error if no file fits.

mod palette;

use smart_resize::Format;
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{
    EncodeError, EncodeOptions, Encoded, EncoderSettings, JpegOptions, MAX_ENCODES, PngEffort, PngOptions, Subsampling,
    encode, encode_within,
};
use smart_resize::pixels::render::{Inspect, PassThrough, RenderError, RenderOptions, RenderTarget, render};

use crate::pictures::{photo, png, size, transparent};
use crate::support::decoders::read_elsewhere;

const FORMATS: [Format; 3] = [Format::Png, Format::Jpeg, Format::WebP];

fn plain(picture: &Picture, format: Format) -> Encoded {
    encode(picture, format, &EncodeOptions::default()).unwrap()
}

fn jpeg_at(picture: &Picture, quality: u8) -> Encoded {
    let mut options = EncodeOptions::default();
    options.jpeg = JpegOptions::default().quality(quality);
    encode(picture, Format::Jpeg, &options).unwrap()
}

/// The smallest file, from the error that no file fits.
fn smallest(result: Result<Encoded, EncodeError>) -> Encoded {
    match result {
        Err(EncodeError::OverByteLimit { smallest, .. }) => (*smallest).clone(),
        other => panic!("{other:?}"),
    }
}

fn quality(encoded: &Encoded) -> u8 {
    match encoded.settings {
        EncoderSettings::Jpeg { quality, .. } => quality,
        other => panic!("{other:?}"),
    }
}

/// The law of every limit: the result is a file that fits, or an error with a valid file that does not fit.
fn fits_or_says_so(picture: &Picture, format: Format, options: &EncodeOptions, max_bytes: u64) -> Encoded {
    let result = encode_within(picture, format, options, max_bytes);
    assert_eq!(result, encode_within(picture, format, options, max_bytes), "two runs differ");
    let encoded = match result {
        Ok(encoded) => {
            assert!(encoded.bytes.len() as u64 <= max_bytes);
            encoded
        }
        Err(error) => {
            let encoded = smallest(Err(error));
            assert!(encoded.bytes.len() as u64 > max_bytes);
            encoded
        }
    };
    assert!((1..=MAX_ENCODES).contains(&encoded.encodes), "{}", encoded.encodes);
    let (width, height, pixels) = read_elsewhere(&encoded.bytes, format);
    assert_eq!((width, height), (picture.size().width(), picture.size().height()));
    if encoded.exact {
        assert_eq!(pixels, picture.pixels());
    }
    encoded
}

#[test]
fn every_byte_limit_is_kept_or_refused() {
    for picture in [photo(size("64x48")), transparent(size("64x48"))] {
        for format in FORMATS {
            let heavy = plain(&picture, format).bytes.len() as u64;
            for limit in [0, 1, heavy / 8, heavy / 3, heavy / 2, heavy * 9 / 10, heavy - 1, heavy, heavy + 1, u64::MAX]
            {
                let encoded = fits_or_says_so(&picture, format, &EncodeOptions::default(), limit);
                assert!(limit < heavy || encoded == plain(&picture, format), "`encode` must write a file that fits");
            }
        }
    }
}

#[test]
fn the_quality_is_the_highest_that_fits() {
    let picture = photo(size("256x192"));
    let sizes: Vec<u64> = (1..=100).map(|quality| jpeg_at(&picture, quality).bytes.len() as u64).collect();
    assert!(sizes.is_sorted(), "the test needs a picture whose files grow with the quality");
    let size_at = |quality: u8| sizes[usize::from(quality) - 1];
    for (asked, floor) in [(90, 40), (100, 1), (90, 89), (90, 90), (2, 1)] {
        let mut options = EncodeOptions::default();
        options.jpeg.quality = Some(asked);
        options.min_quality = floor;
        // Limits at, below and above the file sizes.
        for limit in sizes.iter().step_by(9).flat_map(|size| [size - 1, *size, size + 1]) {
            let naive = (floor..=asked).rev().find(|quality| size_at(*quality) <= limit);
            let found = encode_within(&picture, Format::Jpeg, &options, limit);
            assert_eq!(found.as_ref().ok().map(quality), naive, "{asked} {floor} {limit}");
            let encoded = found.unwrap_or_else(|error| {
                let smallest = smallest(Err(error));
                // If two qualities have the same file size, the higher one is used.
                assert_eq!(smallest.bytes.len() as u64, size_at(floor));
                smallest
            });
            assert!(encoded.encodes <= MAX_ENCODES);
            assert_eq!(encoded.bytes, jpeg_at(&picture, quality(&encoded)).bytes, "only the quality may differ");
        }
    }
}

#[test]
fn the_widest_range_of_qualities_takes_at_most_max_encodes() {
    let picture = photo(size("40x40"));
    let mut options = EncodeOptions::default();
    options.jpeg.quality = Some(100);
    options.min_quality = 1;
    let encodes = |limit| encode_within(&picture, Format::Jpeg, &options, limit).unwrap().encodes;
    assert_eq!(encodes(u64::MAX), 1);
    let most = (1..=99).map(|quality| encodes(jpeg_at(&picture, quality).bytes.len() as u64)).max();
    assert_eq!(most, Some(MAX_ENCODES));
}

#[test]
fn a_floor_at_or_above_the_quality_leaves_only_that_quality() {
    let picture = photo(size("40x40"));
    let mut options = EncodeOptions::default();
    options.jpeg = JpegOptions::default().quality(60).subsampling(Subsampling::Yuv444).progressive(true);
    for floor in [60, 61, 100] {
        options.min_quality = floor;
        let error = encode_within(&picture, Format::Jpeg, &options, 10).unwrap_err();
        let bytes = encode(&picture, Format::Jpeg, &options).unwrap().bytes.len();
        let expected =
            format!("the smallest jpeg has {bytes} bytes (quality 60, 4:4:4, progressive); expected at most 10");
        assert_eq!(error.to_string(), expected);
        assert_eq!(smallest(Err(error)).encodes, 1);
    }
}

#[test]
fn the_quality_floor_is_checked() {
    let mut options = EncodeOptions::default();
    for (floor, fine) in [(0, false), (1, true), (100, true), (101, false)] {
        options.min_quality = floor;
        assert_eq!(options.check(Format::Jpeg).is_ok(), fine);
        assert_eq!(encode_within(&photo(size("2x2")), Format::Jpeg, &options, u64::MAX).is_ok(), fine);
        // PNG ignores the floor.
        assert_eq!(options.check(Format::Png), Ok(()));
    }
    let error = options.check(Format::Jpeg).unwrap_err();
    assert_eq!(error.to_string(), "minimum quality is 101; expected 1 to 100");
}

#[test]
fn a_transparent_picture_is_flattened_over_the_requested_background() {
    let picture = transparent(size("48x48"));
    let mut options = EncodeOptions::default();
    options.jpeg = JpegOptions::default().background([0, 0, 255]).quality(70);
    let expected = encode(&picture, Format::Jpeg, &options).unwrap().bytes;
    options.jpeg.quality = Some(71);
    let limit = encode(&picture, Format::Jpeg, &options).unwrap().bytes.len() as u64 - 1;
    assert!(encode_within(&picture, Format::Jpeg, &options, limit).unwrap().bytes == expected);
}

#[test]
fn png_efforts_are_tried_upwards_from_the_requested_one() {
    let picture = photo(size("200x150"));
    let at = |effort| {
        let mut options = EncodeOptions::default();
        options.png = PngOptions::default().effort(effort);
        (encode(&picture, Format::Png, &options).unwrap().bytes.len() as u64, options)
    };
    let (small, small_options) = at(PngEffort::Small);
    let (balanced, options) = at(PngEffort::Balanced);
    assert!(balanced > small);
    let used = |options: &EncodeOptions, limit| {
        let encoded = encode_within(&picture, Format::Png, options, limit);
        encoded.map(|encoded| (encoded.settings, encoded.encodes))
    };
    let png = |effort| EncoderSettings::Png { effort, palette: None };
    assert_eq!(used(&options, balanced), Ok((png(PngEffort::Balanced), 1)));
    assert_eq!(used(&options, balanced - 1), Ok((png(PngEffort::Small), 2)));
    assert_eq!(used(&small_options, balanced - 1), Ok((png(PngEffort::Small), 1)));
    let error = encode_within(&picture, Format::Png, &options, small - 1).unwrap_err();
    let expected = format!("the smallest png has {small} bytes (effort small); expected at most {}", small - 1);
    assert_eq!(error.to_string(), expected);
}

/// A pattern of two colours. WebP's prediction transform turns them into four, so a file without it is smaller.
fn drawing() -> Picture {
    let pixels = (0..64 * 64_u32).flat_map(|at| if at * at / 7 % 3 == 0 { [250, 20, 90] } else { [3, 99, 200] });
    Picture::from_rgb(size("64x64"), pixels.collect()).unwrap()
}

#[test]
fn a_webp_is_tried_without_prediction() {
    let predicted = plain(&drawing(), Format::WebP);
    assert_eq!(predicted.settings, EncoderSettings::WebP { predicted: true });
    let limit = predicted.bytes.len() as u64 - 1;
    let encoded = fits_or_says_so(&drawing(), Format::WebP, &EncodeOptions::default(), limit);
    assert_eq!((encoded.settings, encoded.encodes), (EncoderSettings::WebP { predicted: false }, 2));
    assert!(encoded.exact);
    let error = encode_within(&drawing(), Format::WebP, &EncodeOptions::default(), 9).unwrap_err();
    let bytes = encoded.bytes.len();
    let expected =
        format!("the smallest webp has {bytes} bytes (not predicted); expected at most 9; a lossy WebP is smaller");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn the_debug_output_of_an_error_omits_its_file() {
    let error = encode_within(&photo(size("64x64")), Format::Png, &EncodeOptions::default(), 10).unwrap_err();
    assert!(format!("{error:?}").len() < 200, "{error:?}");
    assert_eq!(error.clone(), error);
}

#[test]
fn a_file_passes_through_only_if_it_keeps_the_byte_limit() {
    let picture = photo(size("24x16"));
    for format in FORMATS {
        let file = plain(&picture, format).bytes;
        let bytes = file.len() as u64;
        for (trust, inspect) in [(PassThrough::Checked, Inspect::Report), (PassThrough::Trusted, Inspect::Off)] {
            let mut options = RenderOptions::default();
            (options.pass_through, options.inspect) = (trust, inspect);
            options.encode.min_quality = 1;
            let within = |limit| {
                let target = RenderTarget::new(picture.size()).format(format).max_bytes(limit);
                render(&file, &target, &options)
            };
            let passed = within(bytes).unwrap();
            assert_eq!((passed.encoder, &passed.bytes), (None, &file));
            match within(bytes - 1) {
                Ok(rendered) => assert!(rendered.encoder.is_some() && (rendered.bytes.len() as u64) < bytes),
                Err(RenderError::Encode(EncodeError::OverByteLimit { max_bytes, .. })) => {
                    assert_eq!(max_bytes, bytes - 1);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_rendered_target_keeps_its_byte_limit() {
    let generated = png(&photo(size("120x80")));
    let target = RenderTarget::new(size("60x60")).format(Format::Jpeg);
    let free = render(&generated, &target, &RenderOptions::default()).unwrap();
    let limit = free.bytes.len() as u64 * 4 / 5;
    let light = render(&generated, &target.max_bytes(limit), &RenderOptions::default()).unwrap();
    assert!(light.bytes.len() as u64 <= limit);
    assert!(matches!(light.encoder, Some(EncoderSettings::Jpeg { quality: 40..90, .. })));
    assert_eq!((light.rect, &light.warnings), (free.rect, &vec![]));
    let error = render(&generated, &target.max_bytes(99), &RenderOptions::default()).unwrap_err();
    assert!(error.to_string().ends_with("bytes (quality 40, 4:2:0); expected at most 99"), "{error}");
}

#[cfg(feature = "serde")]
#[test]
fn a_record_has_the_settings_that_were_used() {
    let json = |settings: EncoderSettings| serde_json::to_string(&settings).unwrap();
    assert_eq!(json(plain(&drawing(), Format::WebP).settings), r#"{"format":"webp"}"#);
    assert_eq!(json(plain(&photo(size("40x30")), Format::Png).settings), r#"{"format":"png","effort":"balanced"}"#);
    assert_eq!(json(plain(&drawing(), Format::Png).settings), r#"{"format":"png","effort":"balanced","palette":2}"#);
    let limit = plain(&drawing(), Format::WebP).bytes.len() as u64 - 1;
    let encoded = encode_within(&drawing(), Format::WebP, &EncodeOptions::default(), limit).unwrap();
    assert_eq!(json(encoded.settings), r#"{"format":"webp","predicted":false}"#);
}
