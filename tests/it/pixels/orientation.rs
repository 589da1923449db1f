//! The EXIF orientation is applied, in every format and wherever the file has it.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder};
use png::{BitDepth, ColorType};
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Size};

use crate::pictures::{
    LONG, ORIENTATION, SHORT, exif, exif_with, photo, png, raw_png_with, riff, size, with_chunk, with_segment,
};
use crate::support::decoders::decoded;

/// The stored position of pixel (x, y) of the upright picture, by the table in the EXIF specification.
fn stored_at(orientation: u8, x: u32, y: u32, stored: Size) -> (u32, u32) {
    let (right, bottom) = (stored.width() - 1, stored.height() - 1);
    match orientation {
        2 => (right - x, y),
        3 => (right - x, bottom - y),
        4 => (x, bottom - y),
        5 => (y, x),
        6 => (y, bottom - x),
        7 => (right - y, bottom - x),
        8 => (right - y, x),
        _ => (x, y),
    }
}

#[test]
fn all_eight_orientations_are_applied_in_all_three_formats() {
    let stored = photo(size("24x16"));
    for orientation in 1..=8 {
        let upright = if orientation >= 5 { stored.size().transposed() } else { stored.size() };
        let png = raw_png_with(stored.size(), ColorType::Rgb, BitDepth::Eight, stored.pixels(), |info| {
            info.exif_metadata = Some(exif(orientation).into());
        });
        let mut webp = Vec::new();
        let mut encoder = image_webp::WebPEncoder::new(&mut webp);
        encoder.set_exif_metadata(exif(orientation));
        encoder.encode(stored.pixels(), 24, 16, image_webp::ColorType::Rgb8).unwrap();
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new(&mut jpeg, 100);
        encoder.add_exif_metadata(&exif(orientation)).unwrap();
        encoder.encode(stored.pixels(), 24, 16, JpegColor::Rgb).unwrap();

        for (file, tolerance) in [(png, 0), (webp, 0), (jpeg, 6)] {
            assert_eq!(probe(&file, &DecodeLimits::default()).unwrap().size, upright);
            let picture = decoded(&file);
            assert_eq!(picture.size(), upright);
            for y in 0..upright.height() {
                for x in 0..upright.width() {
                    let (sx, sy) = stored_at(orientation, x, y, stored.size());
                    let found = &picture.pixels()[((y * upright.width() + x) * 3) as usize..][..3];
                    let expected = &stored.pixels()[((sy * 24 + sx) * 3) as usize..][..3];
                    let worst = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                    assert!(worst <= tolerance, "orientation {orientation} at {x},{y}: {found:?}, {expected:?}");
                }
            }
        }
    }
}

/// The size of a picture of 24x16 with this EXIF block.
fn size_with(exif: &[u8]) -> Size {
    let file = with_chunk(&png(&photo(size("24x16"))), b"eXIf", exif);
    let found = probe(&file, &DecodeLimits::default()).unwrap().size;
    assert_eq!(decoded(&file).size(), found);
    found
}

#[test]
fn an_orientation_is_read_in_both_byte_orders_as_short_or_long_and_after_other_tags() {
    let (image_width, pixel_density) = ((0x100, LONG, 24), (0x11a, SHORT, 6));
    for is_big_endian in [false, true] {
        for kind in [SHORT, LONG] {
            let turned = exif_with(is_big_endian, &[image_width, (ORIENTATION, kind, 6), pixel_density]);
            assert_eq!(size_with(&turned), size("16x24"), "big-endian {is_big_endian}, type {kind}");
        }
        // The types of a BYTE and of a fraction are none of an orientation.
        for kind in [1, 5] {
            assert_eq!(size_with(&exif_with(is_big_endian, &[(ORIENTATION, kind, 6)])), size("24x16"));
        }
    }
}

#[test]
fn a_picture_whose_orientation_is_not_1_to_8_is_upright() {
    let stored = photo(size("24x16"));
    for (kind, value) in [(SHORT, 0), (SHORT, 9), (SHORT, 256 + 6), (LONG, 0x1_0006)] {
        let exif = exif_with(false, &[(ORIENTATION, kind, value)]);
        assert_eq!(decoded(&with_chunk(&png(&stored), b"eXIf", &exif)), stored, "{value}");
    }
}

#[test]
fn an_orientation_after_the_pixels_of_a_png_is_applied() {
    let stored = photo(size("24x16"));
    let plain = png(&stored);
    let end = plain.len() - 12;
    let turned = with_chunk(&plain, b"eXIf", &exif(6));
    let chunk = &turned[33..][..turned.len() - plain.len()];
    let behind = [&plain[..end], chunk, &plain[end..]].concat();
    assert_eq!(probe(&behind, &DecodeLimits::default()).unwrap().size, size("16x24"));
    assert_eq!(decoded(&behind), decoded(&turned));
}

/// Programs that add a block leave the old one behind it.
#[test]
fn the_first_exif_block_that_can_be_read_counts() {
    let stored = photo(size("24x16"));
    let jpeg = encode(&stored, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
    let png = png(&stored);
    let mut webp = Vec::new();
    image_webp::WebPEncoder::new(&mut webp).encode(stored.pixels(), 24, 16, image_webp::ColorType::Rgb8).unwrap();
    let length = u32::from_le_bytes(webp[16..20].try_into().unwrap()) as usize;
    let bitstream = &webp[20..20 + length];
    let canvas = [0x08, 0, 0, 0, 23, 0, 0, 15, 0, 0];
    // The size of the picture with these blocks, in each format. They are inserted at the beginning, from the last on.
    let sizes = |blocks: [&[u8]; 2]| {
        let insert_all = |file: &[u8], insert: fn(&[u8], &[u8]) -> Vec<u8>| {
            blocks.iter().rev().fold(file.to_vec(), |file, block| insert(&file, block))
        };
        let chunks: [(&[u8; 4], &[u8]); 4] =
            [(b"VP8X", &canvas), (b"VP8L", bitstream), (b"EXIF", blocks[0]), (b"EXIF", blocks[1])];
        let files = [
            insert_all(&jpeg, |file, block| with_segment(file, 0xe1, &[b"Exif\0\0", block].concat())),
            insert_all(&png, |file, block| with_chunk(file, b"eXIf", block)),
            riff(&chunks),
        ];
        files.map(|file| probe(&file, &DecodeLimits::default()).unwrap().size)
    };
    let (upright, turned) = ([size("24x16"); 3], [size("16x24"); 3]);
    assert_eq!(sizes([&exif(6), &exif(1)]), turned);
    assert_eq!(sizes([&exif(1), &exif(6)]), upright);
    // A block without a valid orientation can be read. It says that the picture is upright.
    let without = b"II*\0\x08\0\0\0\0\0";
    assert_eq!(sizes([&exif(9), &exif(6)]), upright);
    assert_eq!(sizes([without, &exif(6)]), upright);
    for unreadable in [&b""[..], b"II*\0", b"II*\0\xff\0\0\0\0\0", b"no TIFF file at all"] {
        assert_eq!(sizes([unreadable, &exif(6)]), turned, "{unreadable:?}");
    }
}
