//! JPEG by libjpeg-turbo.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{Colour, DecodeOptions};
use smart_resize::pixels::encode::{EncoderSettings, MAX_ENCODES, Subsampling, encode_within};

use super::agree::apart;
use super::*;
use crate::decoders::{decoded, read_elsewhere};
use crate::pictures::{transparent, with_segment};

const KINDS: [(Subsampling, bool); 4] = [
    (Subsampling::Yuv420, false),
    (Subsampling::Yuv420, true),
    (Subsampling::Yuv444, false),
    (Subsampling::Yuv444, true),
];

/// A JPEG by the encoder `jpeg-encoder`.
fn written(picture: &Picture, adjust: impl FnOnce(&mut JpegEncoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, 90);
    adjust(&mut encoder);
    let (width, height) = (picture.size().width() as u16, picture.size().height() as u16);
    encoder.encode(picture.pixels(), width, height, JpegColor::Rgb).unwrap();
    file
}

const SAMPLINGS: [SamplingFactor; 8] = [
    SamplingFactor::R_4_4_4,
    SamplingFactor::R_4_4_0,
    SamplingFactor::R_4_4_1,
    SamplingFactor::R_4_2_2,
    SamplingFactor::R_4_2_0,
    SamplingFactor::R_4_1_1,
    SamplingFactor::R_4_1_0,
    SamplingFactor::F_2_2,
];

/// The size and the pixels by libjpeg-turbo with its defaults: 1 byte per pixel for grey, 3 for RGB.
fn by_libjpeg_turbo(file: &[u8]) -> ((usize, usize), Vec<u8>) {
    let mut decompressor = turbojpeg::Decompressor::new().unwrap();
    let header = decompressor.read_header(file).unwrap();
    let is_grey = header.colorspace == turbojpeg::Colorspace::Gray;
    let format = if is_grey { turbojpeg::PixelFormat::GRAY } else { turbojpeg::PixelFormat::RGB };
    let (width, height) = (header.width, header.height);
    let pitch = width * format.size();
    let mut image = turbojpeg::Image { pixels: vec![0; pitch * height], width, pitch, height, format };
    decompressor.decompress(file, image.as_deref_mut()).unwrap();
    ((width, height), image.pixels)
}

/// Whether the crate reads exactly the pixels of libjpeg-turbo.
#[track_caller]
fn assert_exact(what: &str, file: &[u8]) {
    let found = decoded(file);
    let (size, mut pixels) = by_libjpeg_turbo(file);
    if pixels.len() == size.0 * size.1 {
        pixels = pixels.into_iter().flat_map(|level| [level; 3]).collect();
    }
    assert_eq!((found.size().width() as usize, found.size().height() as usize), size, "{what}");
    assert!(found.pixels() == pixels, "{what}: {} apart", apart(found.pixels(), &pixels).0);
}

#[test]
fn the_pixels_are_those_of_libjpeg_turbo() {
    for side in ["1x1", "2x2", "3x2", "5x40", "16x16", "17x33", "96x64", "131x77"] {
        let picture = photo(size(side));
        for sampling in SAMPLINGS {
            for progressive in [false, true] {
                for restart in [None, Some(1), Some(3)] {
                    let file = written(&picture, |encoder| {
                        encoder.set_sampling_factor(sampling);
                        encoder.set_progressive(progressive);
                        if let Some(interval) = restart {
                            encoder.set_restart_interval(interval);
                        }
                    });
                    assert_exact(&format!("{side} {sampling:?} progressive {progressive} restart {restart:?}"), &file);
                }
            }
        }
    }
}

/// The inks of a CMYK or YCCK file by libjpeg-turbo, which returns them as they are stored: inverted.
fn inks_by_libjpeg_turbo(file: &[u8]) -> Vec<u8> {
    let mut decompressor = turbojpeg::Decompressor::new().unwrap();
    let header = decompressor.read_header(file).unwrap();
    let (width, height, format) = (header.width, header.height, turbojpeg::PixelFormat::CMYK);
    let mut image = turbojpeg::Image { pixels: vec![0; width * 4 * height], width, pitch: width * 4, height, format };
    decompressor.decompress(file, image.as_deref_mut()).unwrap();
    image.pixels.into_iter().map(|sample| 255 - sample).collect()
}

#[test]
fn the_inks_are_those_of_libjpeg_turbo() {
    for side in ["1x1", "3x2", "16x16", "131x77"] {
        let picture = photo(size(side));
        let (width, height) = (picture.size().width() as u16, picture.size().height() as u16);
        let inks: Vec<u8> =
            picture.pixels().as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [255 - r, *g, *b, r ^ b]).collect();
        for kind in [JpegColor::Cmyk, JpegColor::CmykAsYcck] {
            for sampling in SAMPLINGS {
                for progressive in [false, true] {
                    let mut file = Vec::new();
                    let mut encoder = JpegEncoder::new(&mut file, 90);
                    encoder.set_sampling_factor(sampling);
                    encoder.set_progressive(progressive);
                    encoder.encode(&inks, width, height, kind).unwrap();
                    let header = smart_resize_jpeg::header::Header::read(&file, 64).unwrap();
                    let mut found = vec![0; inks.len()];
                    smart_resize_jpeg::decode::decode(&header, &mut found).unwrap();
                    let expected = inks_by_libjpeg_turbo(&file);
                    assert!(
                        found == expected,
                        "{side} {kind:?} {sampling:?} {progressive}: {:?}",
                        apart(&found, &expected).0
                    );
                }
            }
        }
    }
}

/// Scans that refine earlier ones, which no encoder in Rust writes.
#[test]
fn the_pixels_of_refined_scans_are_those_of_libjpeg_turbo() {
    for side in ["1x1", "33x17", "160x120"] {
        let picture = photo(size(side));
        let (width, height) = (picture.size().width() as usize, picture.size().height() as usize);
        for subsamp in [turbojpeg::Subsamp::None, turbojpeg::Subsamp::Sub2x1, turbojpeg::Subsamp::Sub2x2] {
            for quality in [30, 75, 98] {
                let mut compressor = turbojpeg::Compressor::new().unwrap();
                compressor.set_quality(quality).unwrap();
                compressor.set_subsamp(subsamp).unwrap();
                compressor.set_progressive(true).unwrap();
                let format = turbojpeg::PixelFormat::RGB;
                let image = turbojpeg::Image { pixels: picture.pixels(), width, pitch: width * 3, height, format };
                let file = compressor.compress_to_vec(image).unwrap();
                assert_exact(&format!("{side} {subsamp:?} {quality}"), &file);
            }
        }
    }
}

/// Samples of the last MCUs that no pixel shows must not change those that are shown.
#[test]
fn the_pixels_at_the_edge_are_those_of_libjpeg_turbo() {
    let whole = photo(size("64x48"));
    let noise =
        whole.pixels().iter().zip(0_u32..).map(|(level, at)| level ^ (at.wrapping_mul(0x9e37_79b9) >> 24) as u8);
    let picture = Picture::from_rgb(whole.size(), noise.collect()).unwrap();
    for sampling in SAMPLINGS {
        let file = written(&picture, |encoder| encoder.set_sampling_factor(sampling));
        let frame = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        // Fewer pixels with the same number of MCUs.
        for (width, height) in [(63, 48), (62, 48), (64, 47), (64, 46), (61, 45)] {
            let mut cut = file.clone();
            (cut[frame + 6], cut[frame + 8]) = (height, width);
            assert_exact(&format!("{width}x{height} {sampling:?}"), &cut);
        }
    }
}

/// libjpeg-turbo can optimise Huffman tables too, but takes longer.
#[test]
fn files_are_as_small_as_with_libjpeg_turbos_optimised_tables() {
    for side in ["1x1", "47x33", "320x200"] {
        let picture = photo(size(side));
        let (width, height) = (picture.size().width() as usize, picture.size().height() as usize);
        for (subsampling, progressive) in KINDS {
            let theirs = |optimize: bool| {
                let mut compressor = turbojpeg::Compressor::new().unwrap();
                compressor.set_quality(85).unwrap();
                let is_420 = subsampling == Subsampling::Yuv420;
                let subsamp = if is_420 { turbojpeg::Subsamp::Sub2x2 } else { turbojpeg::Subsamp::None };
                compressor.set_subsamp(subsamp).unwrap();
                compressor.set_progressive(progressive).unwrap();
                compressor.set_optimize(optimize).unwrap();
                let format = turbojpeg::PixelFormat::RGB;
                let image = turbojpeg::Image { pixels: picture.pixels(), width, pitch: width * 3, height, format };
                compressor.compress_to_vec(image).unwrap()
            };
            let mut jpeg = JpegOptions::default().quality(85).subsampling(subsampling);
            jpeg.progressive = progressive;
            let ours = encode(&picture, Format::Jpeg, &fast_jpeg(jpeg)).unwrap().bytes;
            let (plain, best) = (theirs(false), theirs(true));
            assert_eq!(read_elsewhere(&ours, Format::Jpeg), read_elsewhere(&plain, Format::Jpeg));
            // Our profile segment has 498 bytes. Our tables are in one segment, theirs are in four.
            let found = ours.len() - 498;
            assert!(found <= best.len() && found + 40 > best.len(), "{side}: {found}, {} at best", best.len());
            assert!(progressive || found < plain.len());
        }
    }
}

#[test]
fn the_colours_of_grey_and_rgb_are_those_of_libjpeg_turbo() {
    let picture = photo(size("50x40"));
    let encoded = |samples: &[u8], kind| {
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new(&mut file, 92);
        encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
        encoder.encode(samples, 50, 40, kind).unwrap();
        file
    };
    let grey: Vec<u8> = picture.pixels().iter().step_by(3).copied().collect();
    assert_exact("grey", &encoded(&grey, JpegColor::Luma));
    // The encoder writes the three channels without conversion. With a JFIF header they are YCbCr, with an Adobe header
    // RGB.
    let file = encoded(picture.pixels(), JpegColor::Ycbcr);
    assert_exact("YCbCr", &file);
    let rgb = with_segment(&[&file[..2], &file[20..]].concat(), 0xee, b"Adobe\0\x64\0\0\0\0\0");
    assert_exact("RGB", &rgb);
    // With both headers they are YCbCr, as in libjpeg.
    let both = with_segment(&file, 0xee, b"Adobe\0\x64\0\0\0\0\0");
    assert_exact("both", &both);
    assert_eq!(decoded(&both), decoded(&file));
}

/// Motion JPEG frames omit the Huffman tables; libjpeg-turbo uses the tables of the standard's annex K.
#[test]
fn a_file_without_huffman_tables_is_refused() {
    let mut file = written(&photo(size("40x24")), |_| {});
    while let Some(at) = file.windows(2).position(|two| two == [0xff, 0xc4]) {
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        file.drain(at..at + 2 + length);
    }
    let error = decode(&file, &DecodeOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "the jpeg cannot be decoded: a scan header is invalid or uses a missing table");
}

#[test]
fn files_are_read_by_other_decoders_and_have_an_srgb_profile() {
    for side in ["1x1", "7x5", "96x64", "131x77"] {
        let picture = photo(size(side));
        for (subsampling, progressive) in KINDS {
            let jpeg = JpegOptions::default().subsampling(subsampling).progressive(progressive);
            let found = encode(&picture, Format::Jpeg, &fast_jpeg(jpeg)).unwrap();
            let settings = EncoderSettings::Jpeg { quality: 90, subsampling, progressive, codec: Codec::Fast };
            assert_eq!((found.settings, found.exact), (settings, false));
            // The start-of-frame marker and the sampling factors of its first component.
            let bytes = &found.bytes;
            let at = bytes.windows(2).position(|two| two[0] == 0xff && matches!(two[1], 0xc0 | 0xc2)).unwrap();
            let expected =
                [if progressive { 0xc2 } else { 0xc0 }, if subsampling == Subsampling::Yuv420 { 0x22 } else { 0x11 }];
            assert_eq!([bytes[at + 1], bytes[at + 11]], expected);
            // `jpeg-decoder` reads the file and finds the same profile as in a pure file.
            let mut elsewhere = jpeg_decoder::Decoder::new(&bytes[..]);
            elsewhere.decode().unwrap();
            let own = encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
            let mut pure = jpeg_decoder::Decoder::new(&own[..]);
            pure.decode().unwrap();
            assert_eq!(elsewhere.icc_profile(), pure.icc_profile());
            assert!(elsewhere.icc_profile().is_some_and(|icc| icc.len() == 480));
            let (width, height, pixels) = read_elsewhere(bytes, Format::Jpeg);
            assert_eq!((width, height), (picture.size().width(), picture.size().height()));
            let floor = if side == "7x5" { 20.0 } else { 33.0 };
            let (worst, psnr) = apart(&pixels, picture.pixels());
            assert!(psnr > floor, "{side} {subsampling} {progressive}: {worst} apart, {psnr:.1} dB");
            assert_eq!(decode(bytes, &DecodeOptions::default()).unwrap().colour, Colour::Srgb);
            assert_exact("own", bytes);
        }
    }
}

#[test]
fn quality_and_background_are_applied_as_by_the_pure_codec() {
    let picture = photo(size("192x128"));
    let at = |codec, quality| {
        let mut options = fast_jpeg(JpegOptions::default().quality(quality));
        options.codec = codec;
        let bytes = encode(&picture, Format::Jpeg, &options).unwrap().bytes;
        let psnr = apart(&read_elsewhere(&bytes, Format::Jpeg).2, picture.pixels()).1;
        (bytes.len(), psnr)
    };
    let mut before = (0, 0.0);
    for quality in [10, 30, 50, 70, 90, 100] {
        let (pure, fast) = (at(Codec::Pure, quality), at(Codec::Fast, quality));
        assert!(fast.0 > before.0 && fast.1 > before.1, "{quality}: {fast:?} after {before:?}");
        assert!(
            fast.0.abs_diff(pure.0) * 20 < pure.0 && (fast.1 - pure.1).abs() < 1.0,
            "{quality}: {fast:?}, {pure:?}"
        );
        before = fast;
    }
    let clear = transparent(size("64x16"));
    let options = fast_jpeg(JpegOptions::default().background([0, 255, 0]).quality(100));
    let (_, _, pixels) = read_elsewhere(&encode(&clear, Format::Jpeg, &options).unwrap().bytes, Format::Jpeg);
    assert!(pixels[0] < 12 && pixels[1] > 243 && pixels[2] < 12, "{:?}", &pixels[..3]);
}

#[test]
fn a_side_too_long_for_libjpeg_turbo_is_written_by_the_pure_codec() {
    for (side, codec) in [(65_500, Codec::Fast), (65_501, Codec::Pure), (65_535, Codec::Pure)] {
        for text in [format!("{side}x1"), format!("1x{side}")] {
            let long = Picture::from_rgb(size(&text), vec![70; side * 3]).unwrap();
            let found = encode(&long, Format::Jpeg, &fast_jpeg(JpegOptions::default())).unwrap();
            assert!(matches!(found.settings, EncoderSettings::Jpeg { codec: used, .. } if used == codec), "{text}");
            assert_eq!(decoded(&found.bytes).size(), long.size());
        }
    }
}

#[test]
fn a_byte_limit_is_kept() {
    let picture = photo(size("96x64"));
    let options = fast_jpeg(JpegOptions::default());
    let heavy = encode(&picture, Format::Jpeg, &options).unwrap().bytes.len() as u64;
    let light = encode_within(&picture, Format::Jpeg, &options, heavy * 2 / 3).unwrap();
    assert!(light.bytes.len() as u64 <= heavy * 2 / 3 && light.encodes <= MAX_ENCODES);
    let EncoderSettings::Jpeg { quality, codec: Codec::Fast, .. } = light.settings else { panic!("{light:?}") };
    let above = fast_jpeg(JpegOptions::default().quality(quality + 1));
    assert!(encode(&picture, Format::Jpeg, &above).unwrap().bytes.len() as u64 > heavy * 2 / 3);
    let error = encode_within(&picture, Format::Jpeg, &options, 700).unwrap_err();
    // In so small a picture a lower quality may take a few bytes more, so the error may name a quality from 40 to 49.
    let message = error.to_string();
    assert!(
        message.contains(" bytes (quality 4") && message.ends_with(", 4:2:0, fast); expected at most 700"),
        "{message}"
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_record_names_the_codec() {
    let json = |options| {
        let encoded = encode(&photo(size("8x8")), Format::Jpeg, &options).unwrap();
        serde_json::to_string(&encoded.settings).unwrap()
    };
    let pure = r#"{"format":"jpeg","quality":90,"subsampling":"4:2:0","progressive":false"#;
    assert_eq!(json(EncodeOptions::default()), format!("{pure}}}"));
    assert_eq!(json(fast_jpeg(JpegOptions::default())), format!(r#"{pure},"codec":"fast"}}"#));
}

#[test]
fn a_picture_is_rendered_with_the_fast_codec() {
    let generated = written(&photo(size("160x90")), |_| {});
    let target = RenderTarget::new(size("60x60")).format(Format::Jpeg);
    let pure = render(&generated, &target, &RenderOptions::default()).unwrap();
    let fast = render(&generated, &target, &RenderOptions::default().codec(Codec::Fast)).unwrap();
    assert_eq!((pure.rect, pure.size), (fast.rect, fast.size));
    let [pure, fast] = [pure, fast].map(|rendered| read_elsewhere(&rendered.bytes, Format::Jpeg).2);
    assert!(apart(&pure, &fast).1 > 38.0);
}
