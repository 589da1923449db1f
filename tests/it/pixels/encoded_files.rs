//! Encoded files: other decoders read the same pixels, the options determine the file, and the bytes are the same on
//! every machine.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use smart_resize::pixels::encode::{
    EncodeOptions, EncoderSettings, JpegOptions, PngEffort, PngOptions, Subsampling, encode,
};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, Warning, render};
use smart_resize::pixels::{Codec, Picture};
use smart_resize::plan::Digest;
use smart_resize::{Format, Size};

use crate::pictures::{photo, png, size, transparent};
use crate::support::decoders::{decoded, read_elsewhere};

#[test]
fn a_jpeg_of_a_transparent_picture_is_flattened_over_the_background() {
    let picture = transparent(size("64x16"));
    let mut options = RenderOptions::default();
    options.encode.jpeg = JpegOptions::default().background([0, 255, 0]).quality(100);
    let target = RenderTarget::new(picture.size()).format(Format::Jpeg);
    let rendered = render(&png(&picture), &target, &options).unwrap();
    assert_eq!(rendered.warnings, [Warning::Flattened]);
    let (_, _, pixels) = read_elsewhere(&rendered.bytes, Format::Jpeg);
    let background = &pixels[..3];
    assert!(background[0] < 12 && background[1] > 243 && background[2] < 12, "{background:?}");
    let opaque = render(&png(&photo(size("8x8"))), &RenderTarget::new(size("8x8")).format(Format::Jpeg), &options);
    assert!(opaque.unwrap().warnings.is_empty());
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
}
