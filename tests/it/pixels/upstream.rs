//! Defects of the dependencies, each with a minimal input, and the crate's workaround.
//!
//! The first half of each test shows the defect, the second half the workaround. If a first half fails, the library has
//! fixed the defect and the workaround can be removed.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::{Layout, Picture};
use smart_resize::{Format, Size};

use crate::pictures::{photo, riff, size, transparent};
use crate::support::decoders::decoded;

fn jpeg(picture: &Picture, sampling: SamplingFactor) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, 90);
    encoder.set_sampling_factor(sampling);
    let side = |side: u32| u16::try_from(side).unwrap();
    let (width, height) = (side(picture.size().width()), side(picture.size().height()));
    encoder.encode(picture.pixels(), width, height, JpegColor::Rgb).unwrap();
    file
}

/// The lossless bitstream of a WebP file, which is its only chunk.
fn bitstream(picture: &Picture) -> Vec<u8> {
    let kind =
        if picture.layout() == Layout::Rgba { image_webp::ColorType::Rgba8 } else { image_webp::ColorType::Rgb8 };
    let mut webp = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.encode(picture.pixels(), picture.size().width(), picture.size().height(), kind).unwrap();
    assert_eq!(&webp[12..16], b"VP8L");
    let length = u32::from_le_bytes(webp[16..20].try_into().unwrap()) as usize;
    webp[20..20 + length].to_vec()
}

#[test]
fn image_webp_refuses_an_alpha_flag_without_an_alpha_channel() {
    // The default build has no encoder for lossy WebP, so the smallest file is written out below.
    let lossy = LOSSY_1X1;
    let canvas = [0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let file = riff(&[(b"VP8X", &canvas), (b"VP8 ", lossy)]);
    assert!(image_webp::WebPDecoder::new(std::io::Cursor::new(&file)).is_ok_and(|mut decoder| {
        let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.read_image(&mut pixels).is_err()
    }));

    assert_eq!(decoded(&file).pixels(), decoded(&riff(&[(b"VP8 ", lossy)])).pixels());
}

#[test]
fn image_webp_takes_the_alpha_flag_of_the_file_for_that_of_the_bitstream() {
    let picture = transparent(size("16x16"));
    let bitstream = bitstream(&picture);
    // The flag of the bitstream is bit 28 behind the signature.
    assert_ne!(bitstream[4] & 0x10, 0);
    let file = |flags: u8, bitstream: &[u8]| {
        let canvas = [flags, 0, 0, 0, 15, 0, 0, 15, 0, 0];
        riff(&[(b"VP8X", &canvas), (b"VP8L", bitstream)])
    };
    let by_image_webp = image_webp::WebPDecoder::new(std::io::Cursor::new(file(0, &bitstream))).unwrap();
    assert!(!by_image_webp.has_alpha());

    assert_eq!(decoded(&file(0, &bitstream)), picture);
    assert_eq!(decoded(&file(0x10, &bitstream)), picture);
    let mut opaque = bitstream.clone();
    opaque[4] &= !0x10;
    for flags in [0, 0x10] {
        let found = decoded(&file(flags, &opaque));
        assert!(found.layout() == Layout::Rgb && found.pixels()[..3] == picture.pixels()[..3]);
    }
}

/// The flags of a file are hints, and a chunk may be missing.
#[test]
fn image_webp_refuses_a_flag_of_metadata_without_its_chunk() {
    let picture = photo(size("16x16"));
    let bitstream = bitstream(&picture);
    for flags in [0x04, 0x08, 0x0c, 0x20, 0x2c] {
        let canvas = [flags, 0, 0, 0, 15, 0, 0, 15, 0, 0];
        let file = riff(&[(b"VP8X", &canvas), (b"VP8L", &bitstream)]);
        let is_refused = image_webp::WebPDecoder::new(std::io::Cursor::new(&file)).is_err();
        assert_eq!(is_refused, flags & 0x0c != 0, "{flags:x}");

        assert_eq!(decoded(&file), picture, "{flags:x}");
        // A chunk behind the end that the header names does not count.
        let behind = [&file[..], b"EXIF\x02\0\0\0..XMP \x02\0\0\0.."].concat();
        assert_eq!(decoded(&behind), picture, "{flags:x}");
    }
}

#[test]
fn a_frame_that_does_not_cover_the_canvas_leaves_it_transparent() {
    let picture = photo(size("16x16"));
    let bitstream = riff(&[(b"VP8L", &bitstream(&picture))]);
    // Position (6 bytes), size less one (6), duration (3), flags (1).
    let frame = [&[1, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0, 1, 0, 0, 2][..], &bitstream[12..]].concat();
    let canvas = [0x02, 0, 0, 0, 17, 0, 0, 15, 0, 0];
    let file = riff(&[(b"VP8X", &canvas), (b"ANIM", &[0; 6]), (b"ANMF", &frame)]);
    let found = decoded(&file);
    assert_eq!((found.size(), found.layout()), (size("18x16"), Layout::Rgba));
    let alpha: Vec<u8> = found.pixels().iter().skip(3).step_by(4).take(18).copied().collect();
    assert_eq!(alpha, [&[0, 0][..], &[255; 16]].concat());
}

/// A VP8 key frame of one grey pixel (RFC 6386). A first partition of zeros selects the defaults everywhere.
const LOSSY_1X1: &[u8] = &[
    0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0,
];

#[test]
fn image_webp_darkens_a_blended_first_frame() {
    let picture = transparent(size("16x16"));
    let webp = encode(&picture, Format::WebP, &EncodeOptions::default()).unwrap().bytes;
    let at = webp.windows(4).position(|four| four == b"VP8L").unwrap() + 8;
    let length = u32::from_le_bytes(webp[at - 4..at].try_into().unwrap()) as usize;
    let frame =
        [&[0, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0, 1, 0, 0, 0][..], &webp[at - 8..at + length + length % 2]].concat();
    let canvas = [0x12, 0, 0, 0, 15, 0, 0, 15, 0, 0];
    let file = riff(&[(b"VP8X", &canvas), (b"ANIM", &[0; 6]), (b"ANMF", &frame)]);
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(&file)).unwrap();
    let mut blended = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut blended).unwrap();
    assert_ne!(blended, picture.pixels());

    assert_eq!(decoded(&file), picture);
}

/// For 4:2:0, jpeg-encoder 0.7 takes the chroma of the upper left of four pixels, unless it is set to average them.
#[test]
fn jpeg_encoder_does_not_average_chroma_by_default() {
    // Columns of red and blue, whose mean is purple. Their luma is about the same.
    let size = Size::new(32, 32).unwrap();
    let column = |x: u32| if x.is_multiple_of(2) { [200, 0, 60] } else { [0, 90, 255] };
    let picture = Picture::from_rgb(size, (0..32).flat_map(|_| (0..32).flat_map(column)).collect()).unwrap();
    let mean_red = |pixels: &[u8]| pixels.iter().step_by(3).map(|red| u32::from(*red)).sum::<u32>() / size.area();
    let expected = mean_red(picture.pixels());
    let theirs = mean_red(decoded(&jpeg(&picture, SamplingFactor::R_4_2_0)).pixels());
    assert!(theirs.abs_diff(expected) > 20, "{theirs}, {expected}");

    let ours = mean_red(decoded(&encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes).pixels());
    assert!(ours.abs_diff(expected) <= 12, "{ours}, {expected}");
}
