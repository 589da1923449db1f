//! The same input gives the same pixels on every machine: with one thread or two, with and without optimisation, with
//! and without the instructions of newer processors.
//!
//! The test has its own binary, so that `.ci/run` can build and run it quickly in each of these ways. `golden.txt` has
//! a digest of the decoded pixels of each case. `cargo xtask bless` writes the file.

#![cfg(feature = "pixels")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

use std::fmt::Write;

use png::{BitDepth, ColorType};
use smart_resize::generate::local::{Fallback, LocalGenerator};
use smart_resize::geometry::Fit;
use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeLimits, DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeOptions, JpegOptions, PngEffort, PngOptions, Subsampling, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, Undersized, render};
use smart_resize::plan::Digest;
use smart_resize::run::Driver;
use smart_resize::{Format, Generator, Plan, Request, Size, Source};

fn size(text: &str) -> Size {
    text.parse().unwrap()
}

/// 16-bit samples of a gradient with grain and a few hard edges, interleaved.
fn samples(size: Size, channels: usize) -> Vec<u16> {
    let mut state = 0x2545_f491_u32;
    let mut samples = Vec::new();
    for y in 0..size.height() {
        for x in 0..size.width() {
            for channel in 0..channels as u32 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let slope = (x * (3 + channel) + y * (5 - channel)) * 65_535 / (7 * size.width() + 5 * size.height());
                let edge = if (x / 11 + y / 7) % 5 == channel { 20_000 } else { 0 };
                samples.push((slope + edge + (state >> 20)).min(65_535) as u16);
            }
        }
    }
    samples
}

fn png(size: Size, kind: ColorType, depth: BitDepth, adjust: impl FnOnce(&mut png::Info<'static>)) -> Vec<u8> {
    let samples = samples(size, kind.samples());
    let bytes: Vec<u8> = match depth {
        BitDepth::Sixteen => samples.iter().flat_map(|sample| sample.to_be_bytes()).collect(),
        _ => samples.iter().map(|sample| sample.to_be_bytes()[0]).collect(),
    };
    let mut info = png::Info::with_size(size.width(), size.height());
    (info.color_type, info.bit_depth) = (kind, depth);
    adjust(&mut info);
    let mut file = Vec::new();
    let mut writer = png::Encoder::with_info(&mut file, info).unwrap().write_header().unwrap();
    writer.write_image_data(&bytes).unwrap();
    writer.finish().unwrap();
    file
}

fn picture(size: Size) -> Picture {
    let bytes = samples(size, 3).iter().map(|sample| sample.to_be_bytes()[0]).collect();
    Picture::from_rgb(size, bytes).unwrap()
}

fn with_jpeg(jpeg: JpegOptions) -> EncodeOptions {
    let mut options = EncodeOptions::default();
    options.jpeg = jpeg;
    options
}

fn jpeg(size: Size, options: JpegOptions) -> Vec<u8> {
    encode(&picture(size), Format::Jpeg, &with_jpeg(options)).unwrap().bytes
}

/// An ICC profile of version 2 with the primaries of Adobe RGB and this tone curve in all three channels.
fn profile(curve: &[u16]) -> Vec<u8> {
    let mut tag = b"curv\0\0\0\0".to_vec();
    tag.extend((curve.len() as u32).to_be_bytes());
    tag.extend(curve.iter().flat_map(|number| number.to_be_bytes()));
    let colours: [[u32; 3]; 3] = [[0x9c18, 0x4fa5, 0x04fc], [0x348d, 0xa02c, 0x0f95], [0x2631, 0x102f, 0xbe9c]];
    let mut table = 6_u32.to_be_bytes().to_vec();
    let (start, mut data) = (128 + 4 + 6 * 12, Vec::new());
    for (name, [x, y, z]) in [b"rXYZ", b"gXYZ", b"bXYZ"].into_iter().zip(colours) {
        table.extend([*name, (start + data.len() as u32).to_be_bytes(), 20_u32.to_be_bytes()].concat());
        data.extend([b"XYZ \0\0\0\0", &x.to_be_bytes()[..], &y.to_be_bytes(), &z.to_be_bytes()].concat());
    }
    for name in [b"rTRC", b"gTRC", b"bTRC"] {
        let length = tag.len() as u32;
        table.extend([*name, (start + data.len() as u32).to_be_bytes(), length.to_be_bytes()].concat());
    }
    data.extend(tag);
    let mut icc = (start + data.len() as u32).to_be_bytes().to_vec();
    icc.extend(b"\0\0\0\0\x02\x40\0\0mntrRGB XYZ \x07\xea\0\x01\0\x01\0\0\0\0\0\0acsp");
    icc.resize(68, 0);
    icc.extend([0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    icc.resize(128, 0);
    [icc, table, data].concat()
}

/// A CMYK JPEG with a profile of a printer, which `tests/oracle/colour.py` has drawn.
fn cmyk_jpeg(size: Size) -> Vec<u8> {
    let found: serde_json::Value = serde_json::from_str(include_str!("oracle/colour.json")).unwrap();
    let icc = found["cmyk"][0]["icc"].as_str().unwrap().as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    let icc: Vec<u8> = icc.as_chunks::<2>().0.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect();
    let inks: Vec<u8> = samples(size, 4).iter().map(|sample| sample.to_be_bytes()[0]).collect();
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.add_icc_profile(&icc).unwrap();
    let (width, height) = (size.width() as u16, size.height() as u16);
    encoder.encode(&inks, width, height, jpeg_encoder::ColorType::CmykAsYcck).unwrap();
    file
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let frame = size("149x101");
    let curve: Vec<u16> = (0..64_u32).map(|at| (at * at * 65_535 / (63 * 63)) as u16).collect();
    let default = JpegOptions::default;
    let odd = exif_turned();
    vec![
        ("rgb 8", png(frame, ColorType::Rgb, BitDepth::Eight, |_| {})),
        ("rgba 8", png(frame, ColorType::Rgba, BitDepth::Eight, |_| {})),
        ("grey 8", png(frame, ColorType::Grayscale, BitDepth::Eight, |_| {})),
        ("grey alpha 16", png(frame, ColorType::GrayscaleAlpha, BitDepth::Sixteen, |_| {})),
        ("rgb 16", png(frame, ColorType::Rgb, BitDepth::Sixteen, |_| {})),
        ("rgba 16", png(frame, ColorType::Rgba, BitDepth::Sixteen, |_| {})),
        ("turned", odd),
        (
            "profile, gamma",
            png(frame, ColorType::Rgb, BitDepth::Eight, |info| info.icc_profile = Some(profile(&[563]).into())),
        ),
        (
            "profile, table, rgba 16",
            png(frame, ColorType::Rgba, BitDepth::Sixteen, |info| info.icc_profile = Some(profile(&curve).into())),
        ),
        ("jpeg 4:2:0", jpeg(frame, default())),
        ("jpeg 4:4:4", jpeg(frame, default().quality(97).subsampling(Subsampling::Yuv444))),
        ("jpeg progressive", jpeg(frame, default().quality(60).progressive(true))),
        ("jpeg tiny", jpeg(size("9x7"), default())),
        ("jpeg ycck, profile", cmyk_jpeg(frame)),
        ("webp", encode(&picture(frame), Format::WebP, &EncodeOptions::default()).unwrap().bytes),
    ]
}

fn exif_turned() -> Vec<u8> {
    png(size("101x149"), ColorType::Rgb, BitDepth::Eight, |info| {
        info.exif_metadata = Some(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"[..].into());
    })
}

fn options() -> Vec<(&'static str, Format, EncodeOptions)> {
    let mut small = EncodeOptions::default();
    small.png = PngOptions::default().effort(PngEffort::Small);
    let default = JpegOptions::default;
    vec![
        ("png", Format::Png, EncodeOptions::default()),
        ("png small", Format::Png, small),
        ("webp", Format::WebP, EncodeOptions::default()),
        ("jpeg", Format::Jpeg, with_jpeg(default())),
        (
            "jpeg 50 4:4:4 on black",
            Format::Jpeg,
            with_jpeg(default().quality(50).subsampling(Subsampling::Yuv444).background([0; 3])),
        ),
    ]
}

const TARGETS: [(&str, Fit); 6] = [
    ("149x101", Fit::Cover),
    ("101x101", Fit::Cover),
    ("64x64", Fit::Cover),
    ("64x64", Fit::Crop),
    ("17x90", Fit::Cover),
    ("200x60", Fit::Cover),
];

fn digest(file: &[u8]) -> String {
    let picture = decode(file, &DecodeOptions::default()).unwrap().picture;
    Digest::of(picture.pixels()).to_string()[..16].to_owned()
}

fn found() -> String {
    let mut lines = String::new();
    for (input, file) in inputs() {
        writeln!(lines, "{input}: decoded {}", digest(&file)).unwrap();
        for (output, format, encode) in options() {
            let mut options = RenderOptions::default();
            (options.encode, options.undersized) = (encode, Undersized::Enlarge);
            for (target, fit) in TARGETS {
                let target = RenderTarget::new(size(target)).format(format).fit(fit);
                let rendered = render(&file, &target, &options).unwrap();
                writeln!(lines, "{input}: {output} {} {fit:?} {}", rendered.size, digest(&rendered.bytes)).unwrap();
            }
        }
    }
    lines
}

/// Reframes two pictures with the built-in generator. A disc before a gradient is cropped and stretched; the pictures
/// of [`samples`] are full of edges.
fn reframed() -> String {
    let disc = |x: u32, y: u32| x.abs_diff(90).pow(2) + y.abs_diff(70).pow(2) < 900;
    let frame = size("240x160");
    let pixels = (0..160).flat_map(|y| (0..240).map(move |x| (x, y))).flat_map(|(x, y)| {
        if disc(x, y) { [200, 60, 40] } else { [40 + (x / 4) as u8, 90 + (y / 3) as u8, 120 + (x * y % 7) as u8] }
    });
    let picture = Picture::from_rgb(frame, pixels.collect()).unwrap();
    let disc = encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes;
    let edges = png(size("149x101"), ColorType::Rgb, BitDepth::Eight, |_| {});
    let mut lines = String::new();
    for (name, file) in [("disc", disc), ("edges", edges)] {
        let source = Source::read(file, &DecodeLimits::default()).unwrap();
        for preset in ["320x180", "120x240", "300x60"] {
            let model = Model::new("one", vec![Preset::new(size(preset))]).unwrap();
            let request = Request::builder(source.clone())
                .model(model)
                .prices(PriceList::new(UsdMicros(0)).price("one", None, UsdMicros(0)))
                .sizes([preset])
                .build()
                .unwrap();
            let request = Plan::new(&request).unwrap().requests(&source).unwrap().remove(0);
            for fallback in [Fallback::Anyway, Fallback::Backdrop] {
                let generated = LocalGenerator::default().fallback(fallback).generate(&request).unwrap();
                let plausibility = generated.plausibility.unwrap().get();
                let digest = digest(&generated.images[0]);
                writeln!(lines, "local {name}: {preset} {fallback:?} plausible {plausibility} {digest}").unwrap();
            }
        }
    }
    lines
}

#[test]
fn the_pixels_are_the_same_on_every_machine() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt");
    let found = found() + &reframed();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap();
    assert_eq!(found.lines().count(), known.lines().count());
    for (found, known) in found.lines().zip(known.lines()) {
        assert_eq!(found, known);
    }
}

#[test]
fn one_thread_and_two_give_the_same_bytes() {
    let photo = jpeg(size("300x200"), JpegOptions::default());
    let source = Source::read(photo, &DecodeLimits::default()).unwrap();
    let preset = |name: &str, ratio: &str| Preset::new(size(name)).ratio(ratio.parse().unwrap());
    let presets = vec![preset("160x100", "8:5"), preset("90x180", "1:2"), preset("200x40", "5:1")];
    let request = Request::builder(source.clone())
        .model(Model::new("small", presets).unwrap())
        .prices(PriceList::new(UsdMicros(0)).price("small", None, UsdMicros(0)))
        .sizes(["150x90", "80x180", "190x30"])
        .build()
        .unwrap();
    let plan = Plan::new(&request).unwrap();
    let run = |threads: usize| {
        let driver = Driver::new(&plan, &source);
        let outcome = driver.run_on_threads(&LocalGenerator::default(), threads.try_into().unwrap()).unwrap();
        let variants = outcome.renditions.into_iter().flat_map(|rendition| rendition.variants);
        variants.map(|output| output.unwrap().bytes).collect::<Vec<_>>()
    };
    let one = run(1);
    assert_eq!(one.len(), 3);
    assert!(one == run(2), "two threads give different bytes");
}
