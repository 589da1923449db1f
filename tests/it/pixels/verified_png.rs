//! A PNG passes through only if the decoder has verified every byte of it.

use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize::pixels::render::{Inspect, RenderOptions};

use crate::laws::{chunk, header};
use crate::pictures::{size, transparent, with_chunk};
use crate::pixels::pass_through::{is_passed, passes, rendered};

fn header_of(width: usize, height: usize, colour: u8, depth: u8, interlaced: u8) -> Vec<u8> {
    let mut file = header(width, height, colour);
    (file[24], file[28]) = (depth, interlaced);
    let sum = crc32fast::hash(&file[12..29]).to_be_bytes();
    file[29..33].copy_from_slice(&sum);
    file
}

/// The decoder accepts these files. A stricter decoder might refuse them, or they contain data beside the picture.
#[test]
fn a_png_with_an_unverified_byte_does_not_pass() {
    none_passes(2, 3);
    none_passes(6, 4);
}

fn none_passes(colour: u8, channels: usize) {
    let row = 24 * channels;
    let samples = transparent(size("24x16"));
    let lines: Vec<u8> = samples.pixels().chunks(96).flat_map(|pixels| [&[0], &pixels[..row]].concat()).collect();
    let stream = compress_to_vec_zlib(&lines, 6);
    let file = |chunks: &[(&[u8; 4], &[u8])]| {
        let mut file = header(24, 16, colour);
        for (name, content) in chunks {
            chunk(&mut file, **name, content);
        }
        file
    };
    let end = (b"IEND", &[][..]);
    let (first, second) = stream.split_at(100);
    assert!(is_passed(&file(&[(b"IDAT", &stream), end])));
    assert!(is_passed(&file(&[(b"IDAT", first), (b"IDAT", second), end])));

    let (mut summed, mut longer) = (stream.clone(), lines.clone());
    *summed.last_mut().unwrap() ^= 1;
    longer.extend([0; 97][..=row].iter());
    let longer = compress_to_vec_zlib(&longer, 6);
    let followed = [&stream[..], b"hidden"].concat();
    let mut far = stream.clone();
    // A zlib header with a window of 256 bytes. Its check bits make it a multiple of 31.
    far[0] = 0x08;
    far[1] = 29;
    let halved = stream.len() - 2;
    for (what, chunks) in [
        ("the checksum of the pixels", &[(b"IDAT", &summed[..]), end][..]),
        ("no checksum of the pixels", &[(b"IDAT", &stream[..stream.len() - 4]), end]),
        ("an additional row", &[(b"IDAT", &longer), end]),
        ("a byte after the stream", &[(b"IDAT", &followed[..=stream.len()]), end]),
        ("three bytes after the stream", &[(b"IDAT", &followed[..stream.len() + 3]), end]),
        ("six bytes after the stream", &[(b"IDAT", &followed), end]),
        (
            "a byte after half a checksum",
            &[(b"IDAT", &stream[..halved]), (b"IDAT", &followed[halved..=stream.len()]), end],
        ),
        ("a window that is too small", &[(b"IDAT", &far), end]),
        ("a second IDAT chunk after the stream", &[(b"IDAT", &stream), (b"IDAT", b"hidden"), end]),
        ("an empty IDAT chunk after the stream", &[(b"IDAT", &stream), (b"IDAT", b""), end]),
        ("a palette in an RGB or RGBA picture", &[(b"PLTE", b"hidden"), (b"IDAT", &stream), end]),
        ("a transparent colour after the pixels", &[(b"IDAT", &stream), (b"tRNS", &[0; 6]), end]),
        ("sRGB with an invalid intent", &[(b"sRGB", &[4]), (b"IDAT", &stream), end]),
        ("a gamma of 0", &[(b"gAMA", &[0; 4]), (b"IDAT", &stream), end]),
        ("a gamma of five bytes", &[(b"sRGB", &[0]), (b"gAMA", &[0, 0, 177, 143, 0]), (b"IDAT", &stream), end]),
        ("chromaticities of three bytes", &[(b"sRGB", &[0]), (b"cHRM", &[1; 3]), (b"IDAT", &stream), end]),
        ("sRGB of two bytes", &[(b"sRGB", &[0; 2]), (b"IDAT", &stream), end]),
        ("sRGB twice", &[(b"sRGB", &[0]), (b"sRGB", &[0]), (b"IDAT", &stream), end]),
        ("sRGB after the pixels", &[(b"IDAT", &stream), (b"sRGB", &[0]), end]),
        ("an end that is not empty", &[(b"IDAT", &stream), (b"IEND", b"hidden")]),
    ] {
        for inspect in [Inspect::Report, Inspect::Off] {
            let mut options = RenderOptions::default();
            options.inspect = inspect;
            let Ok(rendered) = rendered(&file(chunks), &options) else { panic!("{what}: the file is refused") };
            assert!(rendered.encoder.is_some(), "{what}");
            assert!(passes(&rendered.bytes, &options), "{what}: the result does not pass");
        }
    }
    // An ancillary chunk with a wrong checksum.
    let mut marked = with_chunk(&file(&[(b"IDAT", &stream), end]), b"gAMA", &45_455_u32.to_be_bytes());
    assert!(is_passed(&marked));
    marked[33 + 8 + 4] ^= 1;
    assert!(!is_passed(&marked));
    // The checksum of IEND.
    let mut ended = file(&[(b"IDAT", &stream), end]);
    *ended.last_mut().unwrap() ^= 1;
    assert!(!is_passed(&ended));
    assert!(is_passed(&file(&[(b"sRGB", &[0]), (b"IDAT", &stream), end])));
}

#[test]
fn only_8_bit_rgb_and_rgba_without_interlacing_pass() {
    for (colour, depths, channels) in
        [(0, &[1_u8, 2, 4, 8][..], 1), (2, &[8], 3), (3, &[1, 2, 4, 8], 1), (4, &[8], 2), (6, &[8], 4)]
    {
        for (&depth, interlaced) in depths.iter().flat_map(|depth| [(depth, 0), (depth, 1)]) {
            let mut file = header_of(1, 1, colour, depth, interlaced);
            if colour == 3 {
                chunk(&mut file, *b"PLTE", &[200; 6]);
            }
            // An interlaced picture of one pixel has one pass, so its scanlines are the same.
            chunk(&mut file, *b"IDAT", &compress_to_vec_zlib(&vec![0; 1 + channels], 6));
            chunk(&mut file, *b"IEND", &[]);
            let expected = matches!(colour, 2 | 6) && interlaced == 0;
            assert_eq!(is_passed(&file), expected, "{colour} of {depth} bits, interlaced {interlaced}");
        }
    }
}
