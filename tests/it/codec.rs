//! The codecs in C: what they read and write, held against the pure ones and against other decoders; and what is said
//! where they are not built in.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use smart_resize::{
    Codec, DecodeError, DecodeLimits, EncodeError, EncodeOptions, Encoded, EncoderSettings, Format, JpegOptions,
    Picture, RenderError, RenderOptions, RenderTarget, Subsampling, WebPMode, WebPOptions, decode, encode, probe,
    render,
};

use crate::pictures::{photo, png, size};

fn limits(codec: Codec) -> DecodeLimits {
    RenderOptions::default().with_codec(codec).limits
}

fn fast_jpeg(jpeg: JpegOptions) -> EncodeOptions {
    let mut options = EncodeOptions::default();
    (options.codec, options.jpeg) = (Codec::Fast, jpeg);
    options
}

#[test]
fn what_is_not_built_in_is_refused_before_anything_is_done() {
    let picture = photo(size("16x16"));
    for (format, reads, feature) in [
        (Format::Png, true, ""),
        (Format::Jpeg, cfg!(feature = "turbojpeg"), "turbojpeg"),
        (Format::WebP, cfg!(feature = "libwebp"), "libwebp"),
    ] {
        let file = encode(&picture, format, &EncodeOptions::default()).unwrap().bytes;
        let message = format!("a fast codec for {format} needs the cargo feature \"{feature}\"");
        assert_eq!((Codec::Pure.reads(format), Codec::Fast.reads(format)), (true, reads));
        let (read, probed) = (decode(&file, &limits(Codec::Fast)), probe(&file, &limits(Codec::Fast)));
        assert_eq!((read.is_ok(), probed.is_ok()), (reads, reads));
        assert_eq!(limits(Codec::Fast).check(format).err(), read.as_ref().err().cloned());
        assert!(reads || read.unwrap_err().to_string() == message);

        let writes = reads || format == Format::WebP;
        assert_eq!((Codec::Pure.writes(format), Codec::Fast.writes(format)), (true, writes));
        let options = fast_jpeg(JpegOptions::default());
        let written = encode(&picture, format, &options);
        assert_eq!(written.is_ok(), writes);
        assert_eq!(options.check(format).err(), written.as_ref().err().cloned());
        assert!(writes || written.unwrap_err().to_string() == message);
    }
}

#[test]
fn a_lossy_webp_has_its_bounds() {
    let mut options = EncodeOptions::default();
    let with = |options: &mut EncodeOptions, quality, effort| {
        options.webp = WebPOptions::with_mode(WebPMode::Lossy { quality }).with_effort(effort);
        options.check(Format::WebP)
    };
    let fine = if cfg!(feature = "libwebp") { Ok(()) } else { Err(EncodeError::LossyWebP) };
    for quality in [1, 100] {
        assert_eq!(with(&mut options, quality, 4), fine);
    }
    for found in [0, 101] {
        assert_eq!(with(&mut options, found, 4), Err(EncodeError::Quality { found }));
    }
    assert_eq!((with(&mut options, 80, 0), with(&mut options, 80, 6)), (fine.clone(), fine.clone()));
    assert_eq!(with(&mut options, 80, 7), Err(EncodeError::Effort { found: 7 }));
    // The palette is of no matter where there is loss, the floor is.
    options.palette = true;
    assert_eq!(with(&mut options, 80, 4), fine);
    for (floor, ok) in [(0, false), (1, true), (100, true), (101, false)] {
        options.min_quality = floor;
        let expected = if ok { fine.clone() } else { Err(EncodeError::MinQuality { found: floor }) };
        assert_eq!(with(&mut options, 80, 4), expected);
    }
    // Neither is of any matter without loss.
    (options.palette, options.webp) = (false, WebPOptions::default().with_effort(7));
    assert_eq!(options.check(Format::WebP), Ok(()));
    if !cfg!(feature = "libwebp") {
        let error = with(&mut EncodeOptions::default(), 80, 4).unwrap_err();
        assert_eq!(error.to_string(), "lossy WebP needs the cargo feature \"libwebp\"");
        let target = RenderTarget::new(size("8x8")).with_format(Format::WebP);
        let mut options = RenderOptions::default();
        options.encode.webp = WebPOptions::with_mode(WebPMode::Lossy { quality: 80 });
        let rendered = render(&png(&photo(size("8x8"))), &target, &options);
        assert_eq!(rendered, Err(RenderError::Encode(EncodeError::LossyWebP)));
    }
}

/// The largest difference of a sample, and the peak signal-to-noise ratio in decibels.
#[cfg(any(feature = "turbojpeg", feature = "libwebp"))]
fn apart(a: &[u8], b: &[u8]) -> (u8, f64) {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    let worst = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    (worst, 10.0 * (255.0 * 255.0 * a.len() as f64 / squares.max(1e-9)).log10())
}

/// Reads a file with both codecs, which have to agree on all but the last levels of its pixels, by so many of 255 at
/// most; or on why it is refused. Says whether it was read.
#[cfg(any(feature = "turbojpeg", feature = "libwebp"))]
fn agree(what: &str, file: &[u8], most: u8) -> bool {
    agree_within(what, file, &DecodeLimits::default(), most)
}

#[cfg(any(feature = "turbojpeg", feature = "libwebp"))]
fn agree_within(what: &str, file: &[u8], limits: &DecodeLimits, most: u8) -> bool {
    let mut fast = *limits;
    fast.codec = Codec::Fast;
    assert_eq!(probe(file, limits), probe(file, &fast), "{what}");
    match (decode(file, limits), decode(file, &fast)) {
        (Ok(pure), Ok(fast)) => {
            assert_eq!((pure.picture.size(), pure.picture.layout()), (fast.picture.size(), fast.picture.layout()));
            assert_eq!((&pure.colour, pure.has_content_credentials), (&fast.colour, fast.has_content_credentials));
            let (worst, psnr) = apart(pure.picture.pixels(), fast.picture.pixels());
            assert!(worst <= most, "{what}: {worst} apart, {psnr:.1} dB");
            true
        }
        (Err(pure), Err(fast)) => {
            assert_eq!(pure, fast, "{what}");
            false
        }
        (pure, fast) => panic!("{what}: {:?}, {:?}", pure.map(|_| ()), fast.map(|_| ())),
    }
}

/// Every prefix, and so many files with a few bytes changed: read alike, or refused for the same reason. Of the changed
/// ones `lenient` may be read by the fast codec alone.
#[cfg(any(feature = "turbojpeg", feature = "libwebp"))]
fn agree_on_the_broken(what: &str, file: &[u8], changes: u32, lenient: u32) {
    for end in 0..file.len() {
        agree(&format!("{what}, {end} bytes"), &file[..end], 3);
    }
    let mut state = 7_u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let mut alone = 0;
    for _ in 0..changes {
        let mut broken = file.to_vec();
        let changed: Vec<_> = (0..=random(3)).map(|_| (random(file.len()), random(256) as u8)).collect();
        changed.iter().for_each(|(at, value)| broken[*at] = *value);
        let pure = decode(&broken, &limits(Codec::Pure));
        if matches!(pure, Err(DecodeError::Corrupt { .. })) && decode(&broken, &limits(Codec::Fast)).is_ok() {
            alone += 1;
        } else {
            agree(&format!("{what} with {changed:?}"), &broken, 255);
        }
    }
    assert!(alone <= lenient, "{what}: {alone} of {changes}");
}

#[cfg(feature = "turbojpeg")]
mod jpeg {
    use smart_resize::{Colour, MAX_ENCODES, encode_within, read_source};

    use super::*;
    use crate::pictures::{exif, transparent, with_segment};
    use crate::pixels::read_elsewhere;

    const KINDS: [(Subsampling, bool); 4] = [
        (Subsampling::Yuv420, false),
        (Subsampling::Yuv420, true),
        (Subsampling::Yuv444, false),
        (Subsampling::Yuv444, true),
    ];

    /// A JPEG that the crate did not write.
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
    fn both_read_the_same_pixels() {
        for side in ["1x1", "3x2", "16x16", "17x33", "96x64", "131x77"] {
            let picture = photo(size(side));
            for sampling in SAMPLINGS {
                for progressive in [false, true] {
                    for restart in [None, Some(1), Some(3)] {
                        let file = written(&picture, |encoder| {
                            encoder.set_sampling_factor(sampling);
                            encoder.set_progressive(progressive);
                            restart.into_iter().for_each(|interval| encoder.set_restart_interval(interval));
                        });
                        let what = format!("{side} {sampling:?} progressive {progressive} restart {restart:?}");
                        // Of a picture as small as that, colour is sampled once or twice and all the rest is made of it.
                        let is_read = agree(&what, &file, if side == "3x2" { 40 } else { 3 });
                        assert!(is_read || (!progressive && is_quartered(sampling)), "{what}");
                    }
                }
            }
        }
    }

    /// Such pictures in one scan for each component are refused by what looks at the file first, and so by both.
    fn is_quartered(sampling: SamplingFactor) -> bool {
        matches!(sampling, SamplingFactor::R_4_1_1 | SamplingFactor::R_4_1_0 | SamplingFactor::R_4_4_1)
    }

    #[test]
    fn the_one_that_is_asked_reads() {
        let file = written(&photo(size("96x64")), |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_2_0));
        let [pure, fast] = [Codec::Pure, Codec::Fast].map(|codec| decode(&file, &limits(codec)).unwrap().picture);
        assert!(pure != fast, "they round differently");
    }

    #[test]
    fn a_source_that_is_written_anew_has_the_digest_that_it_has_everywhere() {
        let turned = written(&photo(size("96x64")), |encoder| encoder.add_exif_metadata(&exif(6)).unwrap());
        let [pure, fast] = [Codec::Pure, Codec::Fast].map(|codec| read_source(turned.clone(), &limits(codec)).unwrap());
        assert_eq!(pure, fast);
    }

    #[test]
    fn both_read_grey_and_rgb_and_refuse_cmyk() {
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
        // Three channels as they are, first behind JFIF's header, as YCbCr, then behind Adobe's, as RGB.
        let file = encoded(picture.pixels(), JpegColor::Ycbcr);
        assert!(agree("YCbCr", &file, 3));
        let rgb = with_segment(&[&file[..2], &file[20..]].concat(), 0xee, b"Adobe\0\x64\0\0\0\0\0");
        assert!(agree("RGB", &rgb, 1));
        assert!(!agree("both", &with_segment(&file, 0xee, b"Adobe\0\x64\0\0\0\0\0"), 0));
        for kind in [JpegColor::Cmyk, JpegColor::CmykAsYcck] {
            assert!(!agree("CMYK", &encoded(&[9; 50 * 40 * 4], kind), 0));
        }
        let scans = [&file[..], &[0xff, 0xd9]].concat();
        assert!(agree("an end too many", &scans, 3));
    }

    /// As a camera's video has them: libjpeg-turbo would take the tables of the standard's annex.
    #[test]
    fn tables_that_are_not_in_the_file_are_not_made_up() {
        let mut file = written(&photo(size("40x24")), |_| {});
        while let Some(at) = file.windows(2).position(|two| two == [0xff, 0xc4]) {
            let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
            file.drain(at..at + 2 + length);
        }
        assert!(!agree("no tables", &file, 0));
    }

    #[test]
    fn orientations_and_profiles_count() {
        let picture = photo(size("40x24"));
        for orientation in 1..=8 {
            let file = written(&picture, |encoder| encoder.add_exif_metadata(&exif(orientation)).unwrap());
            assert!(agree(&format!("orientation {orientation}"), &file, 3));
        }
        // Red and green change places.
        let mut icc = moxcms::ColorProfile::new_srgb();
        (icc.red_colorant, icc.green_colorant) = (icc.green_colorant, icc.red_colorant);
        let icc = icc.encode().unwrap();
        let file = written(&picture, |encoder| encoder.add_icc_profile(&icc).unwrap());
        assert!(agree("a profile", &file, 6));
        let found = decode(&file, &limits(Codec::Fast)).unwrap();
        assert_eq!(found.colour, Colour::Converted);
        let swapped: Vec<u8> = picture.pixels().chunks(3).flat_map(|p| [p[1], p[0], p[2]]).collect();
        assert!(apart(found.picture.pixels(), &swapped).1 > 30.0);
        let broken = written(&picture, |encoder| encoder.add_icc_profile(b"no profile").unwrap());
        assert!(agree("no profile", &broken, 3));
        let c2pa = with_segment(&file, 0xeb, b"JP\0\x01\0\0\0\x01rest");
        assert!(agree("C2PA", &c2pa, 6) && decode(&c2pa, &limits(Codec::Fast)).unwrap().has_content_credentials);
    }

    #[test]
    fn both_refuse_what_is_broken_for_the_same_reason() {
        let picture = photo(size("40x32"));
        for (subsampling, progressive) in KINDS {
            let jpeg = JpegOptions::default().with_subsampling(subsampling).with_progressive(progressive);
            let mut options = EncodeOptions::default();
            options.jpeg = jpeg.with_quality(60);
            let file = encode(&picture, Format::Jpeg, &options).unwrap().bytes;
            agree_on_the_broken(&format!("{subsampling} progressive {progressive}"), &file, 3000, 0);
        }
    }

    #[test]
    fn limits_hold_before_a_pixel_is_decoded() {
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
        // No limit at all is none here either.
        (exact.scans, exact.pixels, exact.decoded_bytes) = (u32::MAX, u64::MAX, u64::MAX);
        assert!(agree_within("without limits", &file, &exact, 3));
    }

    #[test]
    fn what_is_written_is_read_by_others_and_says_srgb() {
        for side in ["1x1", "7x5", "96x64", "131x77"] {
            let picture = photo(size(side));
            for (subsampling, progressive) in KINDS {
                let jpeg = JpegOptions::default().with_subsampling(subsampling).with_progressive(progressive);
                let found = encode(&picture, Format::Jpeg, &fast_jpeg(jpeg)).unwrap();
                let settings = EncoderSettings::Jpeg { quality: 90, subsampling, progressive, codec: Codec::Fast };
                assert_eq!((found.settings, found.exact), (settings, false));
                // The frame's marker, and the sampling factors of its first component.
                let bytes = &found.bytes;
                let at = bytes.windows(2).position(|two| two[0] == 0xff && matches!(two[1], 0xc0 | 0xc2)).unwrap();
                let expected = [
                    if progressive { 0xc2 } else { 0xc0 },
                    if subsampling == Subsampling::Yuv420 { 0x22 } else { 0x11 },
                ];
                assert_eq!([bytes[at + 1], bytes[at + 11]], expected);
                // What `jpeg-decoder` reads, and the profile that it finds.
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
                assert_eq!(decode(bytes, &DecodeLimits::default()).unwrap().colour, Colour::Srgb);
                assert!(agree("own", bytes, if side == "7x5" { 40 } else { 3 }));
            }
        }
    }

    #[test]
    fn quality_and_background_count_and_a_file_is_as_good_as_a_pure_one() {
        let picture = photo(size("192x128"));
        let at = |codec, quality| {
            let mut options = fast_jpeg(JpegOptions::default().with_quality(quality));
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
        let options = fast_jpeg(JpegOptions::default().with_background([0, 255, 0]).with_quality(100));
        let (_, _, pixels) = read_elsewhere(&encode(&clear, Format::Jpeg, &options).unwrap().bytes, Format::Jpeg);
        assert!(pixels[0] < 12 && pixels[1] > 243 && pixels[2] < 12, "{:?}", &pixels[..3]);
    }

    #[test]
    fn a_side_that_it_cannot_write_is_written_by_the_other() {
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
    fn a_limit_on_the_weight_is_kept() {
        let picture = photo(size("96x64"));
        let options = fast_jpeg(JpegOptions::default());
        let heavy = encode(&picture, Format::Jpeg, &options).unwrap().bytes.len() as u64;
        let light = encode_within(&picture, Format::Jpeg, &options, heavy * 2 / 3).unwrap();
        assert!(light.bytes.len() as u64 <= heavy * 2 / 3 && light.encodes <= MAX_ENCODES);
        let EncoderSettings::Jpeg { quality, codec: Codec::Fast, .. } = light.settings else { panic!("{light:?}") };
        let above = fast_jpeg(JpegOptions::default().with_quality(quality + 1));
        assert!(encode(&picture, Format::Jpeg, &above).unwrap().bytes.len() as u64 > heavy * 2 / 3);
        let error = encode_within(&picture, Format::Jpeg, &options, 700).unwrap_err();
        assert!(error.to_string().ends_with("at most 700 (quality 40, 4:2:0, fast)"), "{error}");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_record_says_who_wrote_it() {
        let json = |options| {
            let encoded = encode(&photo(size("8x8")), Format::Jpeg, &options).unwrap();
            serde_json::to_string(&encoded.settings).unwrap()
        };
        let pure = r#"{"format":"jpeg","quality":90,"subsampling":"4:2:0","progressive":false"#;
        assert_eq!(json(EncodeOptions::default()), format!("{pure}}}"));
        assert_eq!(json(fast_jpeg(JpegOptions::default())), format!(r#"{pure},"codec":"fast"}}"#));
    }

    #[test]
    fn a_picture_is_rendered_with_it() {
        let generated = written(&photo(size("160x90")), |_| {});
        let target = RenderTarget::new(size("60x60")).with_format(Format::Jpeg);
        let pure = render(&generated, &target, &RenderOptions::default()).unwrap();
        let fast = render(&generated, &target, &RenderOptions::default().with_codec(Codec::Fast)).unwrap();
        assert_eq!((pure.rect, pure.size), (fast.rect, fast.size));
        let [pure, fast] = [pure, fast].map(|rendered| read_elsewhere(&rendered.bytes, Format::Jpeg).2);
        assert!(apart(&pure, &fast).1 > 38.0);
    }
}

#[cfg(feature = "libwebp")]
mod webp {
    use smart_resize::{DEFAULT_WEBP_EFFORT, Layout, MAX_ENCODES, PassThrough, encode_within};

    use super::*;
    use crate::pictures::{riff, transparent};
    use crate::pixels::read_elsewhere;

    fn lossy(quality: u8) -> EncodeOptions {
        let mut options = EncodeOptions::default();
        options.webp = WebPOptions::with_mode(WebPMode::Lossy { quality });
        options
    }

    fn encoded(picture: &Picture, quality: u8) -> Encoded {
        encode(picture, Format::WebP, &lossy(quality)).unwrap()
    }

    #[test]
    fn a_higher_quality_is_nearer_and_heavier() {
        for picture in [photo(size("191x127")), transparent(size("191x127"))] {
            let mut before = (0, 0.0);
            for (quality, least) in [(5, 27.0), (30, 33.0), (60, 35.0), (80, 36.0), (95, 38.0), (100, 40.0)] {
                let found = encoded(&picture, quality);
                let effort = DEFAULT_WEBP_EFFORT;
                assert_eq!((found.settings, found.exact), (EncoderSettings::LossyWebP { quality, effort }, false));
                let (width, height, pixels) = read_elsewhere(&found.bytes, Format::WebP);
                assert_eq!((width, height), (191, 127));
                // Of a pixel that can be seen.
                let seen = |pixels: &[u8]| -> Vec<u8> {
                    let shown = |pixel: &[u8]| {
                        [0, 1, 2].map(|i| (u32::from(pixel[i]) * u32::from(*pixel.get(3).unwrap_or(&255)) / 255) as u8)
                    };
                    pixels.chunks(picture.layout().channels()).flat_map(shown).collect()
                };
                let (_, psnr) = apart(&seen(&pixels), &seen(picture.pixels()));
                assert!(psnr > least, "quality {quality}: {psnr:.1} dB");
                assert!(found.bytes.len() > before.0 && psnr > before.1, "{quality}: {psnr} after {before:?}");
                before = (found.bytes.len(), psnr);
            }
        }
    }

    #[test]
    fn alpha_is_kept_to_the_level() {
        for side in ["1x1", "2x3", "64x48", "255x3"] {
            let picture = transparent(size(side));
            let found = encoded(&picture, 40);
            let (_, _, pixels) = read_elsewhere(&found.bytes, Format::WebP);
            let alpha = |pixels: &[u8]| pixels.iter().skip(3).step_by(4).copied().collect::<Vec<_>>();
            assert_eq!(alpha(&pixels), alpha(picture.pixels()), "{side}");
            let own = decode(&found.bytes, &DecodeLimits::default()).unwrap().picture;
            assert_eq!(own.layout(), Layout::Rgba);
        }
        let opaque = encoded(&photo(size("20x20")), 40).bytes;
        assert_eq!(decode(&opaque, &DecodeLimits::default()).unwrap().picture.layout(), Layout::Rgb);
        assert!(!opaque.windows(4).any(|name| name == b"ALPH"));
    }

    #[test]
    fn every_file_says_srgb() {
        let lossless = encode(&photo(size("9x9")), Format::WebP, &EncodeOptions::default()).unwrap().bytes;
        let icc = |bytes: &[u8]| {
            let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
            decoder.icc_profile().unwrap()
        };
        assert!(icc(&lossless).is_some_and(|icc| icc.len() == 480));
        for picture in [photo(size("9x9")), transparent(size("9x9"))] {
            let file = encoded(&picture, 80).bytes;
            assert_eq!(icc(&file), icc(&lossless));
            assert_eq!(u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize + 8, file.len());
            let found = probe(&file, &DecodeLimits::default()).unwrap();
            assert!(!found.describes_colours);
            // Nothing but the picture is in it, so that it passes as what it is.
            let mut options = RenderOptions::default();
            options.pass_through = PassThrough::Checked;
            let target = RenderTarget::new(picture.size()).with_format(Format::WebP);
            assert_eq!(render(&file, &target, &options).unwrap().encoder, None);
            // Not so where a loss is asked.
            options.encode = lossy(50);
            assert!(render(&file, &target, &options).unwrap().encoder.is_some());
        }
    }

    #[test]
    fn every_side_that_the_format_has() {
        for side in ["1x1", "1x2", "2x1", "15x17", "16x16", "16383x1", "1x16383", "16383x3"] {
            for picture in [photo(size(side)), transparent(size(side))] {
                let file = encoded(&picture, 90).bytes;
                let (width, height, pixels) = read_elsewhere(&file, Format::WebP);
                assert_eq!((width, height), (picture.size().width(), picture.size().height()));
                let layout = picture.layout();
                if layout == Layout::Rgb {
                    assert!(apart(&pixels, picture.pixels()).1 > 20.0, "{side}");
                }
                assert!(agree(side, &file, 1));
            }
        }
        let error = encode(&photo(size("16384x1")), Format::WebP, &lossy(80)).unwrap_err();
        assert_eq!(error.to_string(), "16384x1 is too long for webp: at most 16383 pixels a side");
    }

    #[test]
    fn effort_counts() {
        let picture = photo(size("192x128"));
        let at = |effort| {
            let mut options = lossy(80);
            options.webp.effort = effort;
            let found = encode(&picture, Format::WebP, &options).unwrap();
            assert_eq!(found.settings, EncoderSettings::LossyWebP { quality: 80, effort });
            found.bytes
        };
        let files: Vec<_> = (0..=6).map(at).collect();
        assert!(files[6].len() < files[0].len());
        assert_eq!(files[4], encoded(&picture, 80).bytes);
        assert!(files[4] != files[6] && files[0] != files[4]);
    }

    #[test]
    fn the_quality_is_the_highest_that_fits() {
        let picture = photo(size("96x64"));
        let sizes: Vec<u64> = (1..=100).map(|quality| encoded(&picture, quality).bytes.len() as u64).collect();
        // Not sorted: libwebp now and then writes a lighter file at a higher quality. So what is found fits, and the next
        // higher quality does not.
        let fits = |quality: u8, limit| sizes[usize::from(quality) - 1] <= limit;
        for (asked, floor) in [(90, 40), (100, 1), (90, 90), (2, 1), (50, 60)] {
            let mut options = lossy(asked);
            (options.min_quality, options.palette) = (floor, true);
            for limit in sizes.iter().step_by(7).flat_map(|size| [size - 1, *size]) {
                match encode_within(&picture, Format::WebP, &options, limit) {
                    Ok(found) => {
                        let EncoderSettings::LossyWebP { quality, effort: 4 } = found.settings else {
                            panic!("{found:?}")
                        };
                        assert!(found.bytes.len() as u64 <= limit && found.encodes <= MAX_ENCODES);
                        assert_eq!(found.bytes.len() as u64, sizes[usize::from(quality) - 1]);
                        assert!((floor.min(asked)..=asked).contains(&quality));
                        assert!(quality == asked || !fits(quality + 1, limit), "{asked} {floor} {limit}: {quality}");
                    }
                    Err(EncodeError::TooHeavy { smallest, .. }) => {
                        assert!(!fits(floor.min(asked), limit) && smallest.bytes.len() as u64 > limit);
                    }
                    Err(error) => panic!("{asked} {floor} {limit}: {error}"),
                }
            }
        }
        let error = encode_within(&picture, Format::WebP, &lossy(80), 10).unwrap_err();
        assert!(error.to_string().contains(" bytes, at most 10 (quality 4"), "{error}");
    }

    #[test]
    fn both_read_the_same_pixels() {
        for side in ["1x1", "5x3", "64x64", "131x77"] {
            for picture in [photo(size(side)), transparent(size(side))] {
                let lossless = encode(&picture, Format::WebP, &EncodeOptions::default()).unwrap().bytes;
                assert!(agree(side, &lossless, 0));
                for quality in [1, 50, 100] {
                    assert!(agree(side, &encoded(&picture, quality).bytes, 1));
                }
            }
        }
        // An alpha flag without alpha; an animation, of which the first frame is read.
        let file = encoded(&photo(size("20x20")), 80).bytes;
        let mut flagged = file.clone();
        flagged[20] |= 0x10;
        assert!(agree("flagged", &flagged, 1));
        let at = file.windows(4).position(|name| name == b"VP8 ").unwrap();
        let frame = [&[0, 0, 0, 0, 0, 0, 19, 0, 0, 19, 0, 0, 100, 0, 0, 0][..], &file[at..]].concat();
        let canvas = [2, 0, 0, 0, 19, 0, 0, 19, 0, 0];
        let animation = riff(&[(b"VP8X", &canvas), (b"ANIM", &[0; 6]), (b"ANMF", &frame), (b"ANMF", &frame)]);
        assert!(agree("an animation", &animation, 1));
        // A colour space that there is not.
        let mut odd = file.clone();
        odd[at + 18] |= 0x80;
        assert!(!agree("odd colours", &odd, 0));
        // A canvas of another size than the picture.
        let other = riff(&[(b"VP8X", &[0, 0, 0, 0, 18, 0, 0, 19, 0, 0]), (b"VP8 ", &file[at + 8..])]);
        agree("another canvas", &other, 1);
    }

    #[test]
    fn both_refuse_what_is_broken_for_the_same_reason() {
        for picture in [photo(size("40x32")), transparent(size("40x32"))] {
            agree_on_the_broken("lossy", &encoded(&picture, 60).bytes, 3000, 1);
            let lossless = encode(&picture, Format::WebP, &EncodeOptions::default()).unwrap().bytes;
            agree_on_the_broken("lossless", &lossless, 1000, 0);
        }
    }

    #[test]
    fn limits_hold_before_a_pixel_is_decoded() {
        let file = encoded(&photo(size("40x30")), 80).bytes;
        let mut exact = DecodeLimits::default();
        (exact.pixels, exact.input_bytes, exact.decoded_bytes) = (1200, file.len(), 3600);
        assert!(agree_within("within", &file, &exact, 1));
        let changes: [fn(&mut DecodeLimits); 3] =
            [|limits| limits.pixels -= 1, |limits| limits.input_bytes -= 1, |limits| limits.decoded_bytes -= 1];
        for change in changes {
            let mut tighter = exact;
            change(&mut tighter);
            assert!(!agree_within("beyond", &file, &tighter, 0));
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_record_says_quality_and_effort() {
        let settings = encoded(&photo(size("8x8")), 70).settings;
        assert_eq!(serde_json::to_string(&settings).unwrap(), r#"{"format":"webp","quality":70,"effort":4}"#);
    }
}
