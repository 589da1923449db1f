//! JPEG by libjpeg-turbo.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{Colour, DecodeLimits};
use smart_resize::pixels::encode::{EncoderSettings, MAX_ENCODES, Subsampling, encode_within};

use super::agree::*;
use super::*;
use crate::decoders::{decoded, read_elsewhere};
use crate::pictures::{exif, transparent, with_segment};

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

#[test]
fn both_codecs_read_the_same_pixels() {
    for side in ["1x1", "3x2", "16x16", "17x33", "96x64", "131x77"] {
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
                    let what = format!("{side} {sampling:?} progressive {progressive} restart {restart:?}");
                    // A picture of 3x2 has one or two chroma samples, so the decoders' upsampling differs visibly.
                    let is_read = agree(&what, &file, if side == "3x2" { 40 } else { 3 });
                    assert!(is_read || (!progressive && is_quartered(sampling)), "{what}");
                }
            }
        }
    }
}

/// Whether chroma has a quarter of luma's columns or rows. `jpeg-encoder` writes such files with one scan for each
/// component, which the header check before both decoders refuses.
fn is_quartered(sampling: SamplingFactor) -> bool {
    matches!(sampling, SamplingFactor::R_4_1_1 | SamplingFactor::R_4_1_0 | SamplingFactor::R_4_4_1)
}

#[test]
fn the_selected_codec_decodes() {
    let file = written(&photo(size("96x64")), |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_2_0));
    let [pure, fast] = [Codec::Pure, Codec::Fast].map(|codec| decode(&file, &reading(codec)).unwrap().picture);
    assert!(pure != fast, "the codecs round differently");
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
fn both_codecs_read_grey_and_rgb_and_refuse_cmyk() {
    let picture = photo(size("50x40"));
    let encoded = |samples: &[u8], kind| {
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new(&mut file, 92);
        encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
        encoder.encode(samples, 50, 40, kind).unwrap();
        file
    };
    let grey: Vec<u8> = picture.pixels().iter().step_by(3).copied().collect();
    assert!(agree("grey", &encoded(&grey, JpegColor::Luma), 1));
    // The encoder writes the three channels without conversion. With a JFIF header they are YCbCr, with an Adobe header
    // RGB.
    let file = encoded(picture.pixels(), JpegColor::Ycbcr);
    assert!(agree("YCbCr", &file, 3));
    let rgb = with_segment(&[&file[..2], &file[20..]].concat(), 0xee, b"Adobe\0\x64\0\0\0\0\0");
    assert!(agree("RGB", &rgb, 1));
    // With both headers they are YCbCr, as in libjpeg.
    let both = with_segment(&file, 0xee, b"Adobe\0\x64\0\0\0\0\0");
    assert!(agree("both", &both, 3));
    assert_eq!(decoded(&both), decoded(&file));
    for kind in [JpegColor::Cmyk, JpegColor::CmykAsYcck] {
        assert!(!agree("CMYK", &encoded(&[9; 50 * 40 * 4], kind), 0));
    }
    let scans = [&file[..], &[0xff, 0xd9]].concat();
    assert!(agree("two end markers", &scans, 3));
}

/// Motion JPEG frames omit the Huffman tables; libjpeg-turbo alone would use the tables of the standard's annex K.
#[test]
fn a_file_without_huffman_tables_is_refused() {
    let mut file = written(&photo(size("40x24")), |_| {});
    while let Some(at) = file.windows(2).position(|two| two == [0xff, 0xc4]) {
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        file.drain(at..at + 2 + length);
    }
    assert!(!agree("no tables", &file, 0));
}

#[test]
fn orientations_and_profiles_are_applied() {
    let picture = photo(size("40x24"));
    for orientation in 1..=8 {
        let file = written(&picture, |encoder| encoder.add_exif_metadata(&exif(orientation)).unwrap());
        assert!(agree(&format!("orientation {orientation}"), &file, 3));
    }
    // A profile that exchanges red and green.
    let mut icc = moxcms::ColorProfile::new_srgb();
    (icc.red_colorant, icc.green_colorant) = (icc.green_colorant, icc.red_colorant);
    let icc = icc.encode().unwrap();
    let file = written(&picture, |encoder| encoder.add_icc_profile(&icc).unwrap());
    assert!(agree("a profile", &file, 6));
    let found = decode(&file, &reading(Codec::Fast)).unwrap();
    assert_eq!(found.colour, Colour::Converted);
    let swapped: Vec<u8> = picture.pixels().chunks(3).flat_map(|p| [p[1], p[0], p[2]]).collect();
    assert!(apart(found.picture.pixels(), &swapped).1 > 30.0);
    let broken = written(&picture, |encoder| encoder.add_icc_profile(b"no profile").unwrap());
    assert!(agree("no profile", &broken, 3));
    let c2pa = with_segment(&file, 0xeb, b"JP\0\x01\0\0\0\x01rest");
    assert!(agree("C2PA", &c2pa, 6) && decode(&c2pa, &reading(Codec::Fast)).unwrap().has_content_credentials);
}

#[test]
fn both_codecs_refuse_a_broken_file_for_the_same_reason() {
    let picture = photo(size("40x32"));
    for (subsampling, progressive) in KINDS {
        let jpeg = JpegOptions::default().subsampling(subsampling).progressive(progressive);
        let mut options = EncodeOptions::default();
        options.jpeg = jpeg.quality(60);
        let file = encode(&picture, Format::Jpeg, &options).unwrap().bytes;
        agree_on_the_broken(&format!("{subsampling} progressive {progressive}"), &file, 3000, 0);
    }
}

#[test]
fn limits_are_checked_before_pixels_are_decoded() {
    let picture = photo(size("40x30"));
    let file = written(&picture, |encoder| encoder.set_progressive(true));
    let scans = file.windows(2).filter(|two| two == &[0xff, 0xda]).count() as u32;
    let mut exact = DecodeLimits::default();
    (exact.pixels, exact.input_bytes, exact.decoded_bytes, exact.scans) = (1200, file.len(), 3600, scans);
    assert!(agree_within("within", &file, &exact, 3));
    let changes: [fn(&mut DecodeLimits); 4] = [
        |limits| limits.pixels -= 1,
        |limits| limits.input_bytes -= 1,
        |limits| limits.decoded_bytes -= 1,
        |limits| limits.scans -= 1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut tighter = exact;
        change(&mut tighter);
        assert!(!agree_within("beyond", &file, &tighter, 0), "{index}");
    }
    // Limits at the maximum of their types are no limits for the C codec either.
    (exact.scans, exact.pixels, exact.decoded_bytes) = (u32::MAX, u64::MAX, u64::MAX);
    assert!(agree_within("without limits", &file, &exact, 3));
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
            assert!(agree("own", bytes, if side == "7x5" { 40 } else { 3 }));
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
            assert!(agree(&text, &found.bytes, 1));
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
