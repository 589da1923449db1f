//! A picture without a fault is read, with an exact ending, whatever its chunks and its compression.

use crate::decode_laws as laws;
use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize_png::Colour;
use smart_resize_png::decode::{Ending, Scratch, is_plain};

/// In flat pictures `fdeflate` uses up all input long before the last byte comes out.
#[test]
fn flat_and_noisy_pictures_are_read_from_chunks_of_any_length() {
    let flat = |_: usize| 255_u8;
    let noise = |at: usize| (at.wrapping_mul(0x9e37_79b1) >> 13).to_le_bytes()[0];
    let half = |at: usize| if at < 100_000 { noise(at) } else { 0 };
    let kinds: [&dyn Fn(usize) -> u8; 3] = [&flat, &noise, &half];
    let sizes = [(1, 1), (3, 5), (341, 128), (500, 214), (500, 215), (500, 216), (2800, 60)];
    let mut scratch = Scratch::default();
    for ((width, height), kind) in sizes.into_iter().flat_map(|size| kinds.map(|kind| (size, kind))) {
        let pixels: Vec<u8> = (0..width * 3 * height).map(kind).collect();
        let scanlines: Vec<u8> = pixels.chunks(width * 3).flat_map(|row| [&[0], row].concat()).collect();
        for level in [0, 1, 6, 9] {
            // At level 0 `miniz_oxide` declares a window of 256 bytes, since there are no matches.
            let stream = laws::with_window(&compress_to_vec_zlib(&scanlines, level), 1 << 15);
            for length in [1, 7, 8192, usize::MAX].into_iter().filter(|length| stream.len() / length < 2000) {
                let parts = stream.chunks(length).map(|part| (b"IDAT", part));
                let file = laws::chunks(&parts.chain([laws::IEND]).collect::<Vec<_>>());
                let result = laws::read(&file, Colour::Rgb, u32::try_from(width).unwrap(), pixels.len(), &mut scratch);
                assert!(result == Ok((Ending::Exact, pixels.clone())), "{width}x{height}, level {level}, {length}");
            }
        }
    }
}

/// The `png` crate filters each scanline with the filter type that seems to suit it best.
#[test]
fn filtered_pictures_are_read_at_every_small_size() {
    let mut scratch = Scratch::default();
    for (width, height) in (1..12).flat_map(|width| (1..10).map(move |height| (width, height))) {
        for (colour, color_type, channels) in
            [(Colour::Rgb, png::ColorType::Rgb, 3), (Colour::Rgba, png::ColorType::Rgba, 4)]
        {
            let pixels = laws::photograph((width * height * channels) as usize);
            let mut file = Vec::new();
            let mut encoder = png::Encoder::new(&mut file, width, height);
            encoder.set_color(color_type);
            encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
            assert!(is_plain(&file));
            let result = laws::read(&file[33..], colour, width, pixels.len(), &mut scratch);
            assert_eq!(result, Ok((Ending::Exact, pixels)), "{width}x{height}");
        }
    }
}

#[test]
fn empty_idat_chunks_before_the_last_one_are_allowed() {
    let scanlines = [0, 1, 2, 3].repeat(200);
    let stream = compress_to_vec_zlib(&scanlines, 6);
    let (first, second) = stream.split_at(1);
    let file = laws::chunks(&[(b"IDAT", b""), (b"IDAT", first), (b"IDAT", b""), (b"IDAT", second), laws::IEND]);
    let result = laws::read(&file, Colour::Rgb, 1, 600, &mut Scratch::default());
    assert_eq!(result, Ok((Ending::Exact, [1, 2, 3].repeat(200))));
}

#[test]
#[should_panic(expected = "`pixels` must have whole rows of `width` pixels")]
fn a_buffer_of_no_whole_rows_is_a_mistake_of_the_caller() {
    let _ = laws::read(&[], Colour::Rgb, 2, 7, &mut Scratch::default());
}
