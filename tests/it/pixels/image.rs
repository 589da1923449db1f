//! The feature `image`: conversions from and to the `image` crate's types, and GIF, BMP and TIFF as sources and as
//! generated pictures.

use image::codecs::{bmp::BmpEncoder, gif::GifEncoder, tiff::TiffEncoder};
use image::{DynamicImage, ExtendedColorType, Frame, ImageBuffer, ImageEncoder, RgbImage, RgbaImage};
use smart_resize::generate::{Generated, GenerationRequest, from_fn};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{Colour, DecodeError, DecodeLimits, DecodeOptions, decode, probe};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
use smart_resize::run::Driver;
use smart_resize::{Format, Plan, Request, Size, Source, SourceFormat};

use crate::pictures::{photo, size, transparent};

fn bmp(picture: &Picture) -> Vec<u8> {
    let mut file = Vec::new();
    let (kind, size) = (kind(picture), picture.size());
    BmpEncoder::new(&mut file).write_image(picture.pixels(), size.width(), size.height(), kind).unwrap();
    file
}

fn tiff(picture: &Picture) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let (kind, size) = (kind(picture), picture.size());
    TiffEncoder::new(&mut file).write_image(picture.pixels(), size.width(), size.height(), kind).unwrap();
    file.into_inner()
}

fn kind(picture: &Picture) -> ExtendedColorType {
    if picture.layout().has_alpha() { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 }
}

/// A picture with few colours, which a GIF stores without loss. With `corner`, the upper left corner is transparent.
fn flat(area: Size, corner: bool) -> Picture {
    let pixel = |at: u32| {
        let (x, y) = (at % area.width(), at / area.width());
        if corner && x < 3 && y < 3 { [0; 4] } else { [(x % 4 * 60) as u8, (y % 4 * 60) as u8, 90, 255] }
    };
    Picture::from_rgba(area, (0..area.area()).flat_map(pixel).collect()).unwrap()
}

fn gif(frames: &[Picture]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    encoder.encode_frames(frames.iter().map(|frame| Frame::new(RgbaImage::from(frame.clone())))).unwrap();
    drop(encoder);
    file
}

fn read(file: &[u8]) -> (SourceFormat, Picture) {
    let decoded = decode(file, &DecodeOptions::default()).unwrap();
    let probed = probe(file, &DecodeLimits::default()).unwrap();
    assert_eq!((probed.format, probed.size), (decoded.format, decoded.picture.size()));
    assert_eq!(decoded.colour, Colour::Srgb);
    (decoded.format, decoded.picture)
}

#[test]
fn bmp_and_tiff_are_read_without_loss() {
    for picture in [photo(size("37x21")), transparent(size("37x21")), photo(size("1x1"))] {
        assert_eq!(read(&bmp(&picture)), (SourceFormat::Bmp, picture.clone()));
        assert_eq!(read(&tiff(&picture)), (SourceFormat::Tiff, picture));
    }
}

#[test]
fn the_first_frame_of_a_gif_is_read() {
    for corner in [false, true] {
        let first = flat(size("20x12"), corner);
        assert_eq!(read(&gif(std::slice::from_ref(&first))), (SourceFormat::Gif, first.clone()));
        let second = Picture::from_rgb(size("20x12"), vec![200; 20 * 12 * 3]).unwrap();
        assert_eq!(read(&gif(&[first.clone(), second])), (SourceFormat::Gif, first));
    }
}

#[test]
fn tiff_samples_of_16_bits_are_rounded() {
    let samples: Vec<u16> = (0..6 * 4 * 3).map(|at| at * 900).collect();
    let wide = ImageBuffer::<image::Rgb<u16>, _>::from_raw(6, 4, samples.clone()).unwrap();
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb16(wide).write_to(&mut file, image::ImageFormat::Tiff).unwrap();
    let expected: Vec<u8> = samples.iter().map(|sample| ((u32::from(*sample) * 255 + 32_767) / 65_535) as u8).collect();
    assert_eq!(read(&file.into_inner()).1, Picture::from_rgb(size("6x4"), expected).unwrap());
}

/// A little-endian TIFF with one strip of 8-bit samples. `more` has additional directory entries: tag, type, count and
/// value.
fn raw_tiff(size: Size, channels: u32, photometric: u32, samples: &[u8], more: &[(u16, u16, u32, u32)]) -> Vec<u8> {
    let bits_at = 8 + samples.len() as u32;
    let mut entries = vec![
        (256, 4, 1, size.width()),
        (257, 4, 1, size.height()),
        (258, 3, channels, bits_at),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 4, 1, size.height()),
        (279, 4, 1, samples.len() as u32),
    ];
    entries.extend(more);
    entries.sort_unstable();
    let mut file = b"II*\0".to_vec();
    file.extend((bits_at + 2 * channels).to_le_bytes());
    file.extend(samples);
    file.extend([8, 0].repeat(channels as usize));
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat());
    }
    file.extend([0; 4]);
    file
}

#[test]
fn the_orientation_of_a_tiff_is_applied() {
    let stored = photo(size("10x6"));
    let file = |orientation| raw_tiff(stored.size(), 3, 2, stored.pixels(), &[(274, 3, 1, orientation)]);
    assert_eq!(read(&file(1)).1, stored);
    let turned = read(&file(6)).1;
    assert_eq!(turned.size(), size("6x10"));
    // Orientation 6: the first stored row is the right column.
    let pixel =
        |picture: &Picture, x: usize, y: usize| picture.pixels()[y * picture.row_bytes() + 3 * x..][..3].to_vec();
    assert!((0..10).all(|x| pixel(&turned, 5, x) == pixel(&stored, x, 0)));
}

/// The profile has more bytes than the pixels, and is applied all the same.
#[test]
fn the_profile_of_a_small_tiff_is_applied() {
    let stored = photo(size("8x8"));
    let mut file = raw_tiff(stored.size(), 3, 2, stored.pixels(), &[]);
    let mut profile = moxcms::ColorProfile::new_adobe_rgb().encode().unwrap();
    profile.resize(profile.len().next_multiple_of(2), 0);
    // The directory is written again after the profile, with one more entry.
    let at = file.len() as u32;
    file.extend(&profile);
    let with = raw_tiff(stored.size(), 3, 2, stored.pixels(), &[(34_675, 7, profile.len() as u32, at)]);
    let directory = u32::from_le_bytes(*with[4..].first_chunk().unwrap()) as usize;
    let place = (file.len() as u32).to_le_bytes();
    file.extend(&with[directory..]);
    file[4..8].copy_from_slice(&place);
    let decoded = decode(&file, &DecodeOptions::default()).unwrap();
    assert_eq!(decoded.colour, Colour::Converted);
    assert_ne!(decoded.picture, stored);
}

/// The limit on pixels is checked against the canvas. A frame has its own buffer, which `metadata_bytes` limits.
#[test]
fn a_gif_frame_larger_than_its_canvas_is_limited() {
    let picture = flat(size("300x200"), false);
    let mut file = gif(std::slice::from_ref(&picture));
    // The canvas of the header: 1x1.
    file[6..10].copy_from_slice(&[1, 0, 1, 0]);
    let mut limits = DecodeLimits::default();
    limits.metadata_bytes = 200_000;
    let error = decode(&file, &DecodeOptions::default().limits(limits)).unwrap_err();
    assert!(matches!(error, DecodeError::MemoryLimit { .. }), "{error:?}");
}

#[test]
fn a_cmyk_tiff_is_refused() {
    let file = raw_tiff(size("8x4"), 4, 5, &[9, 8, 7, 6].repeat(32), &[]);
    let error = decode(&file, &DecodeOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "the samples of the tiff are CMYK, which is not supported");
}

#[test]
fn limits_are_checked_before_pixels_are_decoded() {
    let picture = flat(size("40x30"), false);
    for file in [bmp(&picture), tiff(&picture), gif(&[picture])] {
        let mut limits = DecodeLimits::default();
        limits.pixels = 1199;
        let error = decode(&file, &DecodeOptions::default().limits(limits)).unwrap_err();
        assert_eq!(error, DecodeError::TooManyPixels { width: 40, height: 30, max: 1199 });
        assert_eq!(probe(&file, &limits).unwrap_err(), error);
        limits = DecodeLimits::default();
        limits.decoded_bytes = 40 * 30 * 3 - 1;
        assert!(matches!(
            decode(&file, &DecodeOptions::default().limits(limits)),
            Err(DecodeError::TooManyBytes { .. })
        ));
    }
}

#[test]
fn a_truncated_file_is_refused_or_has_its_size() {
    let picture = flat(size("16x16"), false);
    for file in [bmp(&picture), tiff(&picture), gif(&[picture])] {
        for end in 6..file.len() - 8 {
            match decode(&file[..end], &DecodeOptions::default()) {
                Err(DecodeError::Panicked { .. }) => panic!("at {end}"),
                Err(_) => {}
                Ok(decoded) => assert_eq!(decoded.picture.size(), size("16x16"), "{end} of {}", file.len()),
            }
        }
    }
}

#[test]
fn bmp_and_tiff_are_accepted_as_sources_and_generated_pictures() {
    let picture = photo(size("60x40"));
    for (file, format) in [(bmp(&picture), SourceFormat::Bmp), (tiff(&picture), SourceFormat::Tiff)] {
        let target = RenderTarget::new(size("30x20")).format(Format::Jpeg);
        assert_eq!(render(&file, &target, &RenderOptions::default()).unwrap().size, size("30x20"));
        // The source is converted to PNG, which a backend can read.
        let source = Source::read(file, &DecodeLimits::default()).unwrap();
        assert_eq!(source.size, Some(picture.size()), "{format}");
        let sent = decode(source.bytes().unwrap(), &DecodeOptions::default()).unwrap();
        assert_eq!((sent.format, sent.picture), (SourceFormat::Png, picture.clone()));
    }
}

#[test]
fn conversions_move_pixels_if_the_layout_allows() {
    let rgb = RgbImage::from_fn(7, 5, |x, y| image::Rgb([x as u8, y as u8, 9]));
    let address = rgb.as_ptr();
    let picture = Picture::try_from(rgb.clone()).unwrap();
    assert_eq!(picture.pixels(), rgb.as_raw().as_slice());
    let moved = Picture::try_from(DynamicImage::ImageRgb8(rgb)).unwrap();
    assert_eq!(moved.pixels().as_ptr(), address);
    assert_eq!(RgbImage::try_from(moved).unwrap().as_ptr(), address);

    let clear = transparent(size("7x5"));
    let address = clear.pixels().as_ptr();
    let rgba = RgbaImage::from(clear.clone());
    assert_eq!(Picture::try_from(rgba).unwrap(), clear);
    assert_eq!(DynamicImage::from(clear.clone()).color(), image::ColorType::Rgba8);
    let error = RgbImage::try_from(clear.clone()).unwrap_err();
    assert_eq!(error.to_string(), "the picture of 7x5 has transparent pixels; expected an opaque picture");
    assert_eq!(RgbaImage::from(clear).as_ptr(), address);
}

#[test]
fn other_kinds_of_pixels_are_converted() {
    let grey = DynamicImage::ImageLuma8(ImageBuffer::from_pixel(3, 2, image::Luma([70])));
    assert_eq!(Picture::try_from(grey).unwrap().pixels(), [70; 18]);
    let wide = DynamicImage::ImageRgba16(ImageBuffer::from_pixel(1, 1, image::Rgba([65_535, 257, 0, 32_896])));
    assert_eq!(Picture::try_from(wide).unwrap().pixels(), [255, 1, 0, 128]);
    // An alpha channel that is opaque throughout is dropped.
    let opaque = RgbaImage::from_pixel(2, 1, image::Rgba([1, 2, 3, 255]));
    assert_eq!(Picture::try_from(opaque).unwrap().pixels(), [1, 2, 3, 1, 2, 3]);
    assert!(Picture::try_from(RgbImage::new(65_536, 1)).is_err());
}

#[test]
fn a_run_takes_an_image_as_source_and_pictures_from_a_backend() -> Result<(), Box<dyn std::error::Error>> {
    let source = Source::from_image(RgbImage::from_fn(60, 40, |x, y| image::Rgb([x as u8, y as u8, 7])))?;
    let request = Request::builder(source.clone()).sizes(["30x20"]).build()?;
    let plan = Plan::new(&request)?;
    let backend = from_fn(|request: &GenerationRequest| {
        let picture = photo(request.preset().size);
        Ok(Generated::from_pictures("mine", [&picture]).expect("a picture of a preset's size must be encodable"))
    });
    let outcome = Driver::new(&plan, &source).run(&backend)?;
    assert!(outcome.is_complete());
    Ok(())
}
