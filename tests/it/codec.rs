//! The codecs in C: what they read and write, held against the pure ones and against other decoders; and what is said
//! where they are not built in.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use smart_resize::{
    Codec, DecodeError, DecodeLimits, EncodeError, EncodeOptions, Encoded, EncoderSettings, Format, JpegOptions, Picture,
    RenderError, RenderOptions, RenderTarget, Subsampling, WebPMode, WebPOptions, decode, encode, probe, render,
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

/// Every prefix, and some thousand files with a few bytes changed: read alike, or refused for the same reason.
#[cfg(any(feature = "turbojpeg", feature = "libwebp"))]
fn agree_on_the_broken(what: &str, file: &[u8], changes: u32) {
    for end in 0..file.len() {
        agree(&format!("{what}, {end} bytes"), &file[..end], 8);
    }
    let mut state = 7_u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for _ in 0..changes {
        let mut broken = file.to_vec();
        let changed: Vec<_> = (0..=random(3)).map(|_| (random(file.len()), random(256) as u8)).collect();
        changed.iter().for_each(|(at, value)| broken[*at] = *value);
        agree(&format!("{what} with {changed:?}"), &broken, 255);
    }
}

#[cfg(feature = "turbojpeg")]
mod jpeg {
    use smart_resize::{Colour, MAX_ENCODES, encode_within};

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
                        agree(&what, &file, 12);
                    }
                }
            }
        }
    }
}
