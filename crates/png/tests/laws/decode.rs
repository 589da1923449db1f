//! The law of the reader, for any bytes; and the parts that its tests build PNG files from.
//!
//! The law compares `read_pixels` and `is_plain` with the `png` crate and with `miniz_oxide`, neither of which they
//! use:
//!
//! - What is accepted, the `png` crate with default options accepts with the same pixels.
//! - `Ending::Exact` is given exactly if `miniz_oxide` finds that the stream ends with the last byte of the last IDAT
//!   chunk, with the right Adler-32 and the expected length, and IEND is all that follows.
//! - A file with an exact ending, and one that also is plain, is accepted by the `png` crate with every check turned
//!   on.
//! - A scratch buffer that was used before changes nothing.

#![allow(
    dead_code,
    unexpected_cfgs,
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails, each test uses a part of this file, and cargo-fuzz sets `fuzzing`"
)]

use std::io::Cursor;

use arbitrary::{Result, Unstructured};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use png::{DecodeOptions, Decoder, DecodingError};
use smart_resize_png::Colour;
use smart_resize_png::decode::{Ending, Scratch, Unreadable, is_plain, read_pixels};

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
pub(crate) const IEND: (&[u8; 4], &[u8]) = (b"IEND", &[]);

/// The law, for a file that is drawn from `data`. The first bytes choose the size, how the scanlines are deflated and
/// cut into chunks, and what is broken then; the rest are scanlines.
pub(crate) fn decode(data: &[u8]) {
    if let Ok(file) = any_file(&mut Unstructured::new(data)) {
        check_file(&file);
    }
}

/// The law, for a file whose chunks are exchanged, with all lengths and CRCs made right again, so that what is wrong
/// lies behind the first check.
pub(crate) fn decode_mutated(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(mutations) = input.bytes(24) else { return };
    let Ok(file) = any_file(&mut input) else { return };
    check_file(&mutate(&file, &mut Unstructured::new(mutations)).unwrap_or(file));
}

/// The law, for any bytes.
pub(crate) fn check_file(file: &[u8]) {
    let reader = match Decoder::new(Cursor::new(file)).read_info() {
        Ok(reader) => reader,
        Err(DecodingError::LimitsExceeded) => return,
        Err(error) => return assert!(!is_plain(file), "{error}"),
    };
    let info = reader.info();
    let colour = match (info.color_type, info.bit_depth) {
        (png::ColorType::Rgb, png::BitDepth::Eight) => Colour::Rgb,
        (png::ColorType::Rgba, png::BitDepth::Eight) => Colour::Rgba,
        _ => return assert!(!is_plain(file)),
    };
    if info.interlaced || info.trns.is_some() || info.frame_control.is_some() {
        return assert!(!is_plain(file));
    }
    if u64::from(info.width) * u64::from(info.height) > 1 << 22 {
        return;
    }
    let (width, count) = (info.width, reader.output_buffer_size().unwrap());
    let chunks = from_first_idat(file);
    let result = read(chunks, colour, width, count, &mut Scratch::default());
    assert_eq!(result, read(chunks, colour, width, count, &mut used_scratch()), "the scratch buffers matter");
    let Ok((ending, pixels)) = result else { return };

    let by_default = by_the_png_crate(file, DecodeOptions::default(), false);
    assert!(by_default.is_ok_and(|expected| expected == pixels), "the png crate refuses it or has other pixels");
    let scanlines = count + info.height as usize;
    assert_eq!(ending == Ending::Exact, ends_exactly(chunks, scanlines));
    if ending == Ending::Exact {
        let bare = [&header(width, info.height, colour), chunks].concat();
        assert!(by_the_png_crate(&bare, all_checks(), true).unwrap() == pixels);
        if is_plain(file) {
            assert!(by_the_png_crate(file, all_checks(), true).unwrap() == pixels);
            assert!(
                kinds(file).iter().all(|kind| [b"IHDR", b"sRGB", b"gAMA", b"cHRM", b"IDAT", b"IEND"].contains(&kind))
            );
        }
    }
}

/// Reads a picture of `count` bytes. The buffer is not empty before.
pub(crate) fn read(
    chunks: &[u8],
    colour: Colour,
    width: u32,
    count: usize,
    scratch: &mut Scratch,
) -> std::result::Result<(Ending, Vec<u8>), Unreadable> {
    let mut pixels = vec![0xa5; count];
    read_pixels(chunks, colour, width, &mut pixels, scratch).map(|ending| (ending, pixels))
}

/// Scratch buffers with the content of another picture, which was broken at the end.
fn used_scratch() -> Scratch {
    let mut scratch = Scratch::default();
    let stream = compress_to_vec_zlib(&[0xff; 1 + 300].repeat(3), 1);
    let mut chunks = Vec::new();
    chunk(&mut chunks, *b"IDAT", &stream);
    assert_eq!(read(&chunks, Colour::Rgb, 100, 900, &mut scratch), Err(Unreadable));
    scratch
}

/// All pixels, as the `png` crate reads them; with `to_the_end` only if it accepts all that follows too.
pub(crate) fn by_the_png_crate(
    file: &[u8],
    options: DecodeOptions,
    to_the_end: bool,
) -> std::result::Result<Vec<u8>, DecodingError> {
    let mut reader = Decoder::new_with_options(Cursor::new(file), options).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels)?;
    if to_the_end {
        reader.finish()?;
    }
    Ok(pixels)
}

pub(crate) fn all_checks() -> DecodeOptions {
    let mut options = DecodeOptions::default();
    options.set_ignore_checksums(false);
    options.set_ignore_adler32(false);
    options.set_skip_ancillary_crc_failures(false);
    options
}

/// What [`Ending::Exact`] promises, by other code. `count` is the number of inflated bytes.
fn ends_exactly(chunks: &[u8], count: usize) -> bool {
    let mut stream = Vec::new();
    let (mut rest, mut last_length) = (chunks, 0);
    while let Some((kind, data, behind)) = split(rest) {
        if kind != *b"IDAT" {
            break;
        }
        last_length = data.len();
        stream.extend(data);
        rest = behind;
    }
    let mut end = Vec::new();
    chunk(&mut end, *IEND.0, IEND.1);
    let mut inflated = vec![0; count + 1];
    // `fdeflate` ignores the Adler-32 if it is compiled for fuzzing.
    let adler = if cfg!(fuzzing) {
        inflate_flags::TINFL_FLAG_IGNORE_ADLER32
    } else {
        inflate_flags::TINFL_FLAG_COMPUTE_ADLER32
    };
    let flags =
        inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | adler | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let result = decompress(&mut DecompressorOxide::new(), &stream, &mut inflated, 0, flags);
    let window = stream.first().map_or(0, |cmf| 256 << (cmf >> 4));
    rest == end && last_length > 0 && result == (TINFLStatus::Done, stream.len(), count) && window >= count.min(32_768)
}

/// The type, the data, and what follows the first chunk, if it is whole and its CRC is right.
fn split(file: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let length = u32::from_be_bytes(*file.first_chunk()?) as usize;
    let (kind, data) = (file.get(4..8)?, file.get(8..8 + length)?);
    let crc = u32::from_be_bytes(*file.get(8 + length..)?.first_chunk()?);
    (crc == crc32fast::hash(&[kind, data].concat())).then(|| (kind.try_into().unwrap(), data, &file[12 + length..]))
}

fn from_first_idat(file: &[u8]) -> &[u8] {
    let mut rest = &file[8..];
    while rest[4..8] != *b"IDAT" {
        let length = u32::from_be_bytes(*rest.first_chunk().unwrap()) as usize;
        rest = &rest[12 + length..];
    }
    rest
}

fn kinds(file: &[u8]) -> Vec<[u8; 4]> {
    let (mut kinds, mut rest) = (Vec::new(), &file[8..]);
    while let Some((kind, _, behind)) = split(rest) {
        kinds.push(kind);
        rest = behind;
    }
    assert!(rest.is_empty());
    kinds
}

/// The signature and the IHDR chunk, 33 bytes.
pub(crate) fn header(width: u32, height: u32, colour: Colour) -> Vec<u8> {
    let mut file = SIGNATURE.to_vec();
    let colour_type = if colour == Colour::Rgb { 2 } else { 6 };
    let sides = [width, height].map(u32::to_be_bytes);
    chunk(&mut file, *b"IHDR", &[sides.as_flattened(), &[8, colour_type, 0, 0, 0]].concat());
    file
}

/// Appends a chunk.
pub(crate) fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let covered = [&kind, data].concat();
    file.extend((data.len() as u32).to_be_bytes());
    file.extend(&covered);
    file.extend(crc32fast::hash(&covered).to_be_bytes());
}

/// Chunks, one after the other.
pub(crate) fn chunks(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    for (kind, data) in chunks {
        chunk(&mut file, **kind, data);
    }
    file
}

/// The stream with a zlib header that declares an LZ77 window of this size in bytes.
pub(crate) fn with_window(stream: &[u8], window: u32) -> Vec<u8> {
    let cmf = u8::try_from((window.ilog2() - 8) << 4 | 8).unwrap();
    // The header is a multiple of 31.
    let flg = (0..31).find(|flg| u16::from_be_bytes([cmf, *flg]).is_multiple_of(31)).unwrap();
    [&[cmf, flg], &stream[2..]].concat()
}

/// Samples like those of a photograph: a slope and noise, from a fixed seed.
pub(crate) fn photograph(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let sample = |at: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        ((at / 32) as u32 % 200 + state % 7) as u8
    };
    (0..count).map(sample).collect()
}

/// A file, often a broken one.
fn any_file(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let [width, height, kind, level, piece, damage, extras] = input.arbitrary::<[u8; 7]>()?;
    let places = input.arbitrary::<[u16; 3]>()?;
    let side = |byte: u8| usize::from(if byte < 200 { byte % 20 + 1 } else { byte - 190 });
    // Sometimes so wide that the scanlines do not fit into the buffer at once.
    let (width, height) = (side(width) * if width > 240 { 50 } else { 1 }, side(height));
    let (bpp, colour) = if kind % 3 == 1 { (4, Colour::Rgba) } else { (3, Colour::Rgb) };
    let rest = input.bytes(input.len())?;
    let mut bytes = rest.iter().copied().chain([kind, 3]).cycle();
    let mut scanlines: Vec<u8> = bytes.by_ref().take(height * (1 + bpp * width)).collect();
    if kind & 8 == 8 {
        // Matches of the largest distance, and farther repetitions.
        let period = u32::from(places[0]) % 40_000 + 1;
        let noise = |at: u32| (at % period).wrapping_mul(0x9e37_79b1).rotate_left(at % period % 7).to_be_bytes()[0];
        scanlines.iter_mut().zip(0..).for_each(|(byte, at)| *byte = noise(at));
    }
    for filter_type in scanlines.iter_mut().step_by(1 + bpp * width) {
        // Paeth most often, as in photographs; one in a hundred is unknown.
        *filter_type = match *filter_type {
            254.. if damage & 1 == 1 => 5,
            byte @ 0..120 => byte % 5,
            _ => 4,
        };
    }
    if damage & 2 == 2 {
        scanlines.truncate(usize::from(places[0]) % (scanlines.len() + 1));
    } else if damage & 4 == 4 {
        scanlines.extend(bytes.take(usize::from(places[0] % 40)));
    }
    let mut stream = compress_to_vec_zlib(&scanlines, level % 10);
    if damage & 8 == 8 {
        let place = usize::from(places[1]) % stream.len();
        stream[place] ^= places[2].to_le_bytes()[0];
    }
    if damage & 16 == 16 {
        stream.truncate(usize::from(places[2]) % stream.len());
    }
    if extras & 0xc0 == 0xc0 {
        stream.extend(&rest[..rest.len().min(usize::from(level % 12))]);
    }
    let mut file = header(width as u32, height as u32, colour);
    for (kind, data, is_drawn) in
        [(b"sRGB", &[0; 1][..], 1), (b"gAMA", &[0, 0, 177, 143], 2), (b"cHRM", &[1; 32], 4), (b"tEXt", b"k\0v", 24)]
    {
        if extras & is_drawn == is_drawn {
            chunk(&mut file, *kind, data);
        }
    }
    let first_idat = file.len();
    let parts = stream.chunks(usize::from(piece) * usize::from(piece) + 1);
    let mut parts: Vec<_> = parts.map(|part| (*b"IDAT", part)).collect();
    if parts.is_empty() {
        parts.push((*b"IDAT", &[]));
    }
    let place = usize::from(places[2]) % parts.len();
    match kind >> 4 & 7 {
        1 => drop(parts.remove(place)),
        2 => parts.insert(place, parts[0]),
        3 => parts.swap(0, place),
        4 => parts[place].0 = *b"iDAT",
        5 => parts.push((*b"IDAT", &rest[..rest.len().min(3)])),
        6 => parts.insert(place, (*b"IDAT", &[])),
        _ => {}
    }
    for (kind, data) in parts {
        chunk(&mut file, kind, data);
    }
    if damage & 32 == 32 {
        chunk(&mut file, *b"tEXt", b"k\0v");
    }
    chunk(&mut file, *b"IEND", &[]);
    if damage & 64 == 64 {
        // Mostly behind the header, so that there is something to read.
        let start = if places[1].is_multiple_of(8) { 8 } else { first_idat };
        let place = start + usize::from(places[1]) % (file.len() - start);
        file[place] ^= places[0].to_le_bytes()[1];
    }
    if damage & 128 == 128 {
        file.truncate(first_idat + usize::from(places[2]) % (file.len() - first_idat));
    }
    Ok(file)
}

const KINDS: [&[u8; 4]; 16] = [
    b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"iTXt",
    b"sBIT", b"caBX", b"IDAT", b"IEND",
];

/// Drops, repeats, exchanges, changes or adds a few chunks.
fn mutate(file: &[u8], input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let (mut parts, mut rest) = (Vec::new(), &file[8..]);
    while let Some((kind, data, behind)) = split(rest) {
        parts.push((kind, data.to_vec()));
        rest = behind;
    }
    for _ in 0..input.int_in_range(1..=3_u8)? {
        let other = usize::from(input.arbitrary::<u8>()?);
        let at = usize::from(input.arbitrary::<u16>()?) % parts.len().max(1);
        match input.int_in_range(0..=4_u8)? {
            _ if parts.is_empty() => {}
            0 => drop(parts.remove(at)),
            1 => parts.insert(at, parts[other % parts.len()].clone()),
            2 => {
                let other = other % parts.len();
                parts.swap(at, other);
            }
            3 if !parts[at].1.is_empty() => {
                let data = &mut parts[at].1;
                let place = other % data.len();
                data[place] = input.arbitrary()?;
                if input.arbitrary()? {
                    data.truncate(place);
                }
            }
            _ => {
                let data = parts[other % parts.len()].1.clone();
                parts.insert(at, (*KINDS[other % KINDS.len()], data));
            }
        }
    }
    let mut mutated = SIGNATURE.to_vec();
    for (kind, data) in &parts {
        chunk(&mut mutated, *kind, data);
    }
    mutated.extend(rest);
    Ok(mutated)
}
