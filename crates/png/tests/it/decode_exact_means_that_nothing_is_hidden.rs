//! No byte of a file that is plain and has an exact ending can be changed, added or removed without notice.
//!
//! The `png` crate reads past most of these faults, as other readers do. Some readers refuse such a file, and bytes
//! that no picture shows can carry anything.

use crate::decode_laws as laws;
use miniz_oxide::deflate::compress_to_vec_zlib;
use png::DecodeOptions;
use smart_resize_png::Colour;
use smart_resize_png::decode::{Ending, Scratch, Unreadable, is_plain};

use self::Noticed::{ByEnding, ByError, ByIsPlain, Nowhere};
use crate::decode_laws::{IEND, by_the_png_crate, header, photograph};

/// Where a fault is noticed first.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Noticed {
    Nowhere,
    ByIsPlain,
    ByEnding,
    ByError,
}

const WIDTH: u32 = 24;
const HEIGHT: u32 = 16;

/// A picture of 24x16 pixels.
struct Case {
    colour: Colour,
    pixels: Vec<u8>,
    scanlines: Vec<u8>,
    stream: Vec<u8>,
}

impl Case {
    fn new(colour: Colour) -> Self {
        let row = 24 * if colour == Colour::Rgb { 3 } else { 4 };
        let pixels = photograph(row * 16);
        let scanlines: Vec<u8> = pixels.chunks(row).flat_map(|row| [&[0], row].concat()).collect();
        let stream = compress_to_vec_zlib(&scanlines, 6);
        Self { colour, pixels, scanlines, stream }
    }

    /// The header, chunks before the pixels, and chunks from the first IDAT chunk on.
    fn noticed(&self, before: &[u8], chunks: &[u8]) -> Noticed {
        let file = [&header(WIDTH, HEIGHT, self.colour), before, chunks].concat();
        laws::check_file(&file);
        let result = laws::read(chunks, self.colour, WIDTH, self.pixels.len(), &mut Scratch::default());
        if let Ok((_, pixels)) = &result {
            assert!(*pixels == self.pixels);
        }
        match (is_plain(&file), result) {
            (false, _) => ByIsPlain,
            (_, Err(Unreadable)) => ByError,
            (_, Ok((Ending::Loose, _))) => ByEnding,
            (_, Ok((Ending::Exact, _))) => Nowhere,
        }
    }
}

fn cases() -> [Case; 2] {
    [Case::new(Colour::Rgb), Case::new(Colour::Rgba)]
}

#[test]
fn faults_from_the_first_idat_chunk_on_are_noticed() {
    for case in cases() {
        let stream = &case.stream;
        let (first, second) = stream.split_at(100);
        let half = stream.len() - 2;
        let mut wrong_adler = stream.clone();
        *wrong_adler.last_mut().unwrap() ^= 1;
        let longer = compress_to_vec_zlib(&[&case.scanlines[..], &[0; 97][..case.scanlines.len() / 16]].concat(), 6);
        let shorter = compress_to_vec_zlib(&case.scanlines[..case.scanlines.len() - 1], 6);
        let followed = [&stream[..], b"hidden"].concat();
        // The scanlines have 1168 or 1552 bytes.
        let [small_window, large_window] = [1 << 10, 1 << 11].map(|window| laws::with_window(stream, window));
        for (what, noticed, chunks) in [
            ("nothing", Nowhere, &[(b"IDAT", &stream[..]), IEND][..]),
            ("nothing, in two chunks", Nowhere, &[(b"IDAT", first), (b"IDAT", second), IEND]),
            ("a wrong Adler-32", ByError, &[(b"IDAT", &wrong_adler), IEND]),
            ("no Adler-32", ByEnding, &[(b"IDAT", &stream[..stream.len() - 4]), IEND]),
            ("half an Adler-32", ByEnding, &[(b"IDAT", &stream[..half]), IEND]),
            ("one scanline more", ByEnding, &[(b"IDAT", &longer), IEND]),
            ("one byte less", ByError, &[(b"IDAT", &shorter), IEND]),
            ("1 byte behind the stream", ByEnding, &[(b"IDAT", &followed[..=stream.len()]), IEND]),
            ("3 bytes behind the stream", ByEnding, &[(b"IDAT", &followed[..stream.len() + 3]), IEND]),
            ("6 bytes behind the stream", ByEnding, &[(b"IDAT", &followed), IEND]),
            (
                "1 byte behind the second half of the Adler-32",
                ByEnding,
                &[(b"IDAT", &stream[..half]), (b"IDAT", &followed[half..=stream.len()]), IEND],
            ),
            ("a window that is too small", ByEnding, &[(b"IDAT", &small_window), IEND]),
            ("nothing, with the smallest window that suffices", Nowhere, &[(b"IDAT", &large_window), IEND]),
            ("an IDAT chunk behind the stream", ByEnding, &[(b"IDAT", stream), (b"IDAT", b"hidden"), IEND]),
            ("an empty IDAT chunk behind the stream", ByEnding, &[(b"IDAT", stream), (b"IDAT", b""), IEND]),
            ("tRNS behind the pixels", ByEnding, &[(b"IDAT", stream), (b"tRNS", &[0; 6]), IEND]),
            ("sRGB behind the pixels", ByEnding, &[(b"IDAT", stream), (b"sRGB", &[0]), IEND]),
            ("tEXt behind the pixels", ByEnding, &[(b"IDAT", stream), (b"tEXt", b"k\0v"), IEND]),
            ("a private chunk behind the pixels", ByEnding, &[(b"IDAT", stream), (b"prVt", b""), IEND]),
            ("a chunk between IDAT chunks", ByError, &[(b"IDAT", first), (b"tEXt", b"k\0v"), (b"IDAT", second), IEND]),
            ("IEND with data", ByEnding, &[(b"IDAT", stream), (b"IEND", b"hidden")]),
            ("no IEND, but tEXt", ByEnding, &[(b"IDAT", stream), (b"tEXt", b"k\0v")]),
            ("no IEND", ByError, &[(b"IDAT", stream)]),
        ] {
            assert_eq!(case.noticed(&[], &laws::chunks(chunks)), noticed, "{what}");
        }
    }
}

#[test]
fn faults_of_iend_and_bytes_behind_it_are_noticed() {
    for case in cases() {
        let whole = laws::chunks(&[(b"IDAT", &case.stream), IEND]);
        let end = whole.len() - 12;
        for at in end..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(case.noticed(&[], &changed), ByEnding, "byte {at}");
        }
        // Up to its type nothing says that the IDAT chunks have ended, and the `png` crate refuses the file.
        for length in end..whole.len() {
            let noticed = if length < end + 8 { ByError } else { ByEnding };
            assert_eq!(case.noticed(&[], &whole[..length]), noticed, "byte {length}");
        }
        assert_eq!(case.noticed(&[], &[&whole[..], b"\n"].concat()), ByEnding);
        assert_eq!(case.noticed(&[], &[&whole[..], &whole].concat()), ByEnding);
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    for case in cases() {
        let (srgb, gamma) = ((b"sRGB", &[0][..]), (b"gAMA", &45_455_u32.to_be_bytes()[..]));
        let file = [
            header(WIDTH, HEIGHT, case.colour),
            laws::chunks(&[srgb, gamma, (b"cHRM", &[1; 32]), (b"IDAT", &case.stream), IEND]),
        ]
        .concat();
        let idat = file.len() - 12 - case.stream.len() - 12;
        assert_eq!(case.noticed(&file[33..idat], &file[idat..]), Nowhere);
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            let result = laws::read(&changed[idat..], case.colour, WIDTH, case.pixels.len(), &mut Scratch::default());
            assert!(!is_plain(&changed) || !matches!(result, Ok((Ending::Exact, _))), "byte {at}");
        }
    }
}

/// A long match at the end of the stream fills the buffer while the rest of the input already waits inside `fdeflate`.
#[test]
fn bytes_behind_the_stream_of_a_flat_picture_are_noticed() {
    let mut scratch = Scratch::default();
    let near_full = [(0, 131_072), (32_768, 131_072), (0, 98_304)].map(|(a, b)| a + b);
    for count in near_full.into_iter().flat_map(|count| count - 10..count + 270).filter(|count| count % 3 == 1) {
        let width = (count - 1) / 3;
        let stream = compress_to_vec_zlib(&vec![0; count], 9);
        for extra in 0..10 {
            let stream = [&stream[..], &[0; 10][..extra]].concat();
            let file = laws::chunks(&[(b"IDAT", &stream), IEND]);
            let width = u32::try_from(width).unwrap();
            let (ending, _) = laws::read(&file, Colour::Rgb, width, count - 1, &mut scratch).unwrap();
            assert_eq!(ending == Ending::Exact, extra == 0, "{count} bytes, {extra} behind the stream");
        }
    }
}

#[test]
fn faults_before_the_first_idat_chunk_are_noticed() {
    let srgb = (b"sRGB", &[0][..]);
    let gamma = (b"gAMA", &45_455_u32.to_be_bytes()[..]);
    let corners = (b"cHRM", &[1; 32][..]);
    for case in cases() {
        let chunks = laws::chunks(&[(b"IDAT", &case.stream), IEND]);
        for (what, noticed, before) in [
            ("nothing", Nowhere, &[][..]),
            ("nothing, with sRGB", Nowhere, &[srgb]),
            ("nothing, with all three in one order", Nowhere, &[srgb, gamma, corners]),
            ("nothing, with all three in another", Nowhere, &[corners, gamma, srgb]),
            ("nothing, with the last rendering intent", Nowhere, &[(b"sRGB", &[3])]),
            ("an unknown rendering intent", ByIsPlain, &[(b"sRGB", &[4])]),
            ("sRGB of no byte", ByIsPlain, &[(b"sRGB", &[])]),
            ("sRGB of two bytes", ByIsPlain, &[(b"sRGB", &[0; 2])]),
            ("sRGB twice", ByIsPlain, &[srgb, srgb]),
            ("a gamma of 0", ByIsPlain, &[(b"gAMA", &[0; 4])]),
            ("a gamma of five bytes", ByIsPlain, &[(b"gAMA", &[0, 0, 177, 143, 0])]),
            ("a gamma of three bytes", ByIsPlain, &[(b"gAMA", &[0, 177, 143])]),
            ("a gamma twice", ByIsPlain, &[gamma, srgb, gamma]),
            ("chromaticities of three bytes", ByIsPlain, &[(b"cHRM", &[1; 3])]),
            ("chromaticities of 33 bytes", ByIsPlain, &[(b"cHRM", &[1; 33])]),
            ("chromaticities twice", ByIsPlain, &[corners, corners]),
            ("a palette", ByIsPlain, &[(b"PLTE", b"hidden")]),
            ("a transparent colour", ByIsPlain, &[(b"tRNS", &[0; 6])]),
            ("a profile", ByIsPlain, &[(b"iCCP", b"")]),
            ("cICP", ByIsPlain, &[(b"cICP", &[1, 13, 0, 1])]),
            ("tEXt", ByIsPlain, &[(b"tEXt", b"k\0v")]),
            ("eXIf", ByIsPlain, &[(b"eXIf", b"II*\0\x08\0\0\0\0\0")]),
            ("pHYs", ByIsPlain, &[(b"pHYs", &[0; 9])]),
            ("tIME", ByIsPlain, &[(b"tIME", &[0; 7])]),
            ("a manifest", ByIsPlain, &[(b"caBX", b"hidden")]),
            ("an animation", ByIsPlain, &[(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0])]),
            ("a private chunk", ByIsPlain, &[srgb, (b"prVt", b"")]),
        ] {
            let before = laws::chunks(before);
            assert_eq!(case.noticed(&before, &chunks), noticed, "{what}");
            let file = [&header(WIDTH, HEIGHT, case.colour), &before[..], &chunks].concat();
            assert!(by_the_png_crate(&file, DecodeOptions::default(), true).is_ok(), "{what}");
        }
    }
}

#[test]
fn only_a_plain_header_is_plain() {
    let file = |data: &[u8]| [laws::SIGNATURE, &laws::chunks(&[(b"IHDR", data), (b"IDAT", b"")])].concat();
    let plain = [0, 0, 0, 24, 0, 0, 0, 16, 8, 2, 0, 0, 0];
    let with = |at: usize, byte: u8| {
        let mut data = plain;
        data[at] = byte;
        file(&data)
    };
    assert!(is_plain(&file(&plain)) && is_plain(&with(9, 6)));
    assert!(is_plain(&with(0, 0x7f)) && is_plain(&with(4, 0x7f)));
    for (what, file) in [
        ("no width", with(3, 0)),
        ("no height", with(7, 0)),
        ("a width of 2^31", with(0, 0x80)),
        ("a height of 2^31", with(4, 0x80)),
        ("16 bits a sample", with(8, 16)),
        ("greyscale", with(9, 0)),
        ("a palette", with(9, 3)),
        ("greyscale with alpha", with(9, 4)),
        ("another compression method", with(10, 1)),
        ("another filter method", with(11, 1)),
        ("interlaced", with(12, 1)),
        ("12 bytes", file(&plain[..12])),
        ("14 bytes", file(&[&plain[..], &[0]].concat())),
        ("not the first chunk", [laws::SIGNATURE, &laws::chunks(&[(b"sRGB", &[0]), (b"IHDR", &plain)])].concat()),
        ("another type", [laws::SIGNATURE, &laws::chunks(&[(b"iHDR", &plain), (b"IDAT", b"")])].concat()),
        ("twice", [laws::SIGNATURE, &laws::chunks(&[(b"IHDR", &plain), (b"IHDR", &plain), (b"IDAT", b"")])].concat()),
        ("no IDAT chunk", [laws::SIGNATURE, &laws::chunks(&[(b"IHDR", &plain), IEND])].concat()),
        ("no signature", laws::chunks(&[(b"IHDR", &plain), (b"IDAT", b"")])),
        ("nothing", Vec::new()),
    ] {
        assert!(!is_plain(&file), "{what}");
    }
}
