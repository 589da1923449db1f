//! A PNG that already is what is wanted is the result as it is only if it is sound to its last byte.

use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize::{Inspect, RenderOptions};

use crate::laws::{chunk, header};
use crate::pass_through::{is_passed, passes, rendered};
use crate::pictures::{photo, size, with_chunk};

fn header_of(width: usize, height: usize, colour: u8, depth: u8, interlaced: u8) -> Vec<u8> {
    let mut file = header(width, height, colour);
    (file[24], file[28]) = (depth, interlaced);
    let sum = crc32fast::hash(&file[12..29]).to_be_bytes();
    file[29..33].copy_from_slice(&sum);
    file
}

/// The decoder takes them; that of whoever gets the result may not.
#[test]
fn a_png_that_is_unsound_does_not_pass() {
    // One is read here and the other by the `png` crate.
    none_passes(2, 3);
    none_passes(0, 1);
}

fn none_passes(colour: u8, channels: usize) {
    let row = 24 * channels;
    let lines: Vec<u8> =
        photo(size("24x16")).pixels().chunks(72).flat_map(|pixels| [&[0], &pixels[..row]].concat()).collect();
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
    longer.extend([0; 73][..=row].iter());
    let longer = compress_to_vec_zlib(&longer, 6);
    let followed = [&stream[..], b"hidden"].concat();
    let mut far = stream.clone();
    // A window of 256 bytes, and what makes the header a multiple of 31.
    far[0] = 0x08;
    far[1] = 29;
    let halved = stream.len() - 2;
    for (what, chunks) in [
        ("the checksum of the pixels", &[(b"IDAT", &summed[..]), end][..]),
        ("no checksum of the pixels", &[(b"IDAT", &stream[..stream.len() - 4]), end]),
        ("a row more", &[(b"IDAT", &longer), end]),
        ("a byte behind the stream", &[(b"IDAT", &followed[..=stream.len()]), end]),
        ("three bytes behind the stream", &[(b"IDAT", &followed[..stream.len() + 3]), end]),
        ("six bytes behind the stream", &[(b"IDAT", &followed), end]),
        (
            "a byte behind half a checksum",
            &[(b"IDAT", &stream[..halved]), (b"IDAT", &followed[halved..=stream.len()]), end],
        ),
        ("a window that is too small", &[(b"IDAT", &far), end]),
        ("pixels behind the pixels", &[(b"IDAT", &stream), (b"IDAT", b"hidden"), end]),
        ("an empty chunk behind them", &[(b"IDAT", &stream), (b"IDAT", b""), end]),
        ("a palette of a picture that has none", &[(b"PLTE", b"hidden"), (b"IDAT", &stream), end]),
        ("a clear colour behind the pixels", &[(b"IDAT", &stream), (b"tRNS", &[0; 6][..2 * channels]), end]),
        ("a clear colour that is too long", &[(b"tRNS", &[0; 8]), (b"IDAT", &stream), end]),
        (
            "a clear colour beyond the highest level",
            &[(b"tRNS", &[1, 0, 0, 0, 0, 0][..2 * channels]), (b"IDAT", &stream), end],
        ),
        ("sRGB of no intent", &[(b"sRGB", &[4]), (b"IDAT", &stream), end]),
        ("a gamma of nothing", &[(b"gAMA", &[0; 4]), (b"IDAT", &stream), end]),
        ("a gamma of five bytes", &[(b"sRGB", &[0]), (b"gAMA", &[0, 0, 177, 143, 0]), (b"IDAT", &stream), end]),
        ("chromaticities of three bytes", &[(b"sRGB", &[0]), (b"cHRM", &[1; 3]), (b"IDAT", &stream), end]),
        ("sRGB of two bytes", &[(b"sRGB", &[0; 2]), (b"IDAT", &stream), end]),
        ("sRGB twice", &[(b"sRGB", &[0]), (b"sRGB", &[0]), (b"IDAT", &stream), end]),
        ("sRGB behind the pixels", &[(b"IDAT", &stream), (b"sRGB", &[0]), end]),
        ("an end that is not empty", &[(b"IDAT", &stream), (b"IEND", b"hidden")]),
    ] {
        for inspect in [Inspect::Report, Inspect::Off] {
            let mut options = RenderOptions::default();
            options.inspect = inspect;
            let Ok(rendered) = rendered(&file(chunks), &options) else { panic!("{what}: is refused") };
            assert!(rendered.encoder.is_some(), "{what}");
            assert!(passes(&rendered.bytes, &options), "{what}: what was made of it does not pass");
        }
    }
    // A chunk that the decoder can do without, with a wrong checksum.
    let mut marked = with_chunk(&file(&[(b"IDAT", &stream), end]), b"gAMA", &45_455_u32.to_be_bytes());
    assert!(is_passed(&marked));
    marked[33 + 8 + 4] ^= 1;
    assert!(!is_passed(&marked));
    // The end's checksum, which nobody needs.
    let mut ended = file(&[(b"IDAT", &stream), end]);
    *ended.last_mut().unwrap() ^= 1;
    assert!(!is_passed(&ended));
    // In front of the pixels, in the order of the specification.
    let clear = &[0; 6][..2 * channels];
    assert!(is_passed(&file(&[(b"tRNS", clear), (b"sRGB", &[0]), (b"IDAT", &stream), end])));
}

#[test]
fn a_palette_beyond_its_bounds_does_not_pass() {
    let indexed = |chunks: &[(&[u8; 4], &[u8])], row: u8| {
        let mut file = header_of(4, 1, 3, 2, 0);
        let stream = compress_to_vec_zlib(&[0, row], 6);
        for (name, content) in chunks.iter().chain(&[(b"IDAT", &stream[..]), (b"IEND", &[])]) {
            chunk(&mut file, **name, content);
        }
        file
    };
    let row = 0b00_01_10_01;
    assert!(is_passed(&indexed(&[(b"sRGB", &[0]), (b"PLTE", &[7; 9]), (b"tRNS", &[1, 2, 3])], row)));
    for (what, chunks, row) in [
        ("more clear colours than colours", &[(b"PLTE", &[7; 9][..]), (b"tRNS", &[1, 2, 3, 4])][..], row),
        ("clear colours, but none", &[(b"PLTE", &[7; 9]), (b"tRNS", &[])], row),
        ("more colours than two bits tell apart", &[(b"PLTE", &[7; 15])], row),
        ("a pixel beyond the colours", &[(b"PLTE", &[7; 9])], row | 0b11),
        ("clear colours in front of the palette", &[(b"tRNS", &[1]), (b"PLTE", &[7; 9])], row),
        ("sRGB behind the palette", &[(b"PLTE", &[7; 9]), (b"sRGB", &[0])], row),
    ] {
        assert!(!is_passed(&indexed(chunks, row)), "{what}");
    }
    // What fills a byte up is no pixel.
    let mut file = header_of(3, 1, 3, 2, 0);
    for (name, content) in
        [(b"PLTE", &[7; 9][..]), (b"IDAT", &compress_to_vec_zlib(&[0, 0b00_01_10_11], 6)), (b"IEND", &[])]
    {
        chunk(&mut file, *name, content);
    }
    assert!(is_passed(&file));
}

#[test]
fn every_kind_of_png_passes_interlaced_and_not() {
    for (colour, depths, channels) in
        [(0, &[1_u8, 2, 4, 8][..], 1), (2, &[8], 3), (3, &[1, 2, 4, 8], 1), (4, &[8], 2), (6, &[8], 4)]
    {
        for (&depth, interlaced) in depths.iter().flat_map(|depth| [(depth, 0), (depth, 1)]) {
            for (width, height) in [(1, 1), (3, 2), (5, 9), (33, 17)] {
                let mut file = header_of(width, height, colour, depth, interlaced);
                let line = |width: usize| 1 + (width * channels * usize::from(depth)).div_ceil(8);
                if colour == 3 {
                    chunk(&mut file, *b"PLTE", &[200; 6]);
                    chunk(&mut file, *b"tRNS", &[9]);
                }
                // By hand, as the specification's picture of the passes has it.
                let passes =
                    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
                let passes = if interlaced == 1 { &passes[..] } else { &[(0, 0, 1, 1)] };
                let lengths = passes.iter().map(|&(left, top, across, down)| {
                    let (columns, rows) = ((left..width).step_by(across).count(), (top..height).step_by(down).count());
                    if columns == 0 { 0 } else { rows * line(columns) }
                });
                chunk(&mut file, *b"IDAT", &compress_to_vec_zlib(&vec![0; lengths.sum()], 6));
                chunk(&mut file, *b"IEND", &[]);
                assert!(is_passed(&file), "{colour} of {depth} bits, {width}x{height}, interlaced {interlaced}");
            }
        }
    }
}
