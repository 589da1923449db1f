//! The C codecs: their results are checked against the pure codecs and against independent decoders. A build without
//! them returns an error that names the cargo feature.
//!
//! The tests have their own binary, so that `.ci/run` can build and run them quickly with each codec alone.

#![cfg(feature = "pixels")]
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and the shared helpers have more than these tests use"
)]

#[cfg(any(feature = "turbojpeg", feature = "libwebp"))]
mod agree;
#[cfg(any(feature = "turbojpeg", feature = "libwebp"))]
#[path = "../it/support/decoders.rs"]
mod decoders;
#[cfg(feature = "turbojpeg")]
mod jpeg;
#[path = "../it/support/pictures.rs"]
mod pictures;
#[cfg(feature = "libwebp")]
mod webp;

use smart_resize::Format;
use smart_resize::pixels::Codec;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeError, EncodeOptions, JpegOptions, WebPMode, WebPOptions, encode};
use smart_resize::pixels::render::{RenderError, RenderOptions, RenderTarget, render};

use crate::pictures::{photo, png, size};

fn reading(codec: Codec) -> DecodeOptions {
    DecodeOptions::default().codec(codec)
}

fn fast_jpeg(jpeg: JpegOptions) -> EncodeOptions {
    let mut options = EncodeOptions::default();
    (options.codec, options.jpeg) = (Codec::Fast, jpeg);
    options
}

#[test]
fn a_codec_that_is_not_built_in_is_refused() {
    let picture = photo(size("16x16"));
    for (format, reads, writes, feature) in [
        (Format::Png, true, true, ""),
        (Format::Jpeg, true, cfg!(feature = "turbojpeg"), "turbojpeg"),
        (Format::WebP, cfg!(feature = "libwebp"), true, "libwebp"),
    ] {
        let file = encode(&picture, format, &EncodeOptions::default()).unwrap().bytes;
        let message = format!("a fast codec for {format} needs the cargo feature \"{feature}\"");
        assert_eq!((Codec::Pure.reads(format), Codec::Fast.reads(format)), (true, reads));
        let read = decode(&file, &reading(Codec::Fast));
        assert_eq!(read.is_ok(), reads);
        assert_eq!(reading(Codec::Fast).check(format).err(), read.as_ref().err().cloned());
        assert!(reads || read.unwrap_err().to_string() == message);

        assert_eq!((Codec::Pure.writes(format), Codec::Fast.writes(format)), (true, writes));
        let options = fast_jpeg(JpegOptions::default());
        let written = encode(&picture, format, &options);
        assert_eq!(written.is_ok(), writes);
        assert_eq!(options.check(format).err(), written.as_ref().err().cloned());
        assert!(writes || written.unwrap_err().to_string() == message);
    }
}

/// So every build gives the same message.
#[test]
fn a_value_out_of_range_is_reported_before_a_missing_feature() {
    let lossy = |quality, effort| {
        let mut options = EncodeOptions::default();
        options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality }).effort(effort);
        options
    };
    assert_eq!(lossy(0, 4).check(Format::WebP), Err(EncodeError::Quality { found: 0 }));
    assert_eq!(lossy(80, 7).check(Format::WebP), Err(EncodeError::Effort { found: 7 }));
    let mut floor = lossy(80, 4);
    floor.min_quality = 0;
    assert_eq!(floor.check(Format::WebP), Err(EncodeError::MinQuality { found: 0 }));
    let jpeg = fast_jpeg(JpegOptions::default().quality(0));
    assert_eq!(jpeg.check(Format::Jpeg), Err(EncodeError::Quality { found: 0 }));
}

#[test]
fn the_options_of_lossy_webp_are_checked() {
    let mut options = EncodeOptions::default();
    let with = |options: &mut EncodeOptions, quality, effort| {
        options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality }).effort(effort);
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
    // Lossy WebP ignores `palette` and checks `min_quality`.
    options.palette = true;
    assert_eq!(with(&mut options, 80, 4), fine);
    for (floor, ok) in [(0, false), (1, true), (100, true), (101, false)] {
        options.min_quality = floor;
        let expected = if ok { fine.clone() } else { Err(EncodeError::MinQuality { found: floor }) };
        assert_eq!(with(&mut options, 80, 4), expected);
    }
    // Lossless WebP ignores the effort and `min_quality`.
    (options.palette, options.webp) = (false, WebPOptions::default().effort(7));
    assert_eq!(options.check(Format::WebP), Ok(()));
    if !cfg!(feature = "libwebp") {
        let error = with(&mut EncodeOptions::default(), 80, 4).unwrap_err();
        assert_eq!(error.to_string(), "lossy WebP needs the cargo feature \"libwebp\"");
        let target = RenderTarget::new(size("8x8")).format(Format::WebP);
        let mut options = RenderOptions::default();
        options.encode.webp = WebPOptions::default().mode(WebPMode::Lossy { quality: 80 });
        let rendered = render(&png(&photo(size("8x8"))), &target, &options);
        assert_eq!(rendered, Err(RenderError::Encode(EncodeError::LossyWebP)));
    }
}
