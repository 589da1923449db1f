//! The law of decoding a PNG.

use std::io::{Cursor, ErrorKind};

use arbitrary::{Result, Unstructured};
use miniz_oxide::deflate::compress_to_vec_zlib;
use png::{ColorType, Decoder, DecodingError, Limits, Reader, Transformations};
use smart_resize::Size;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeError, DecodeOptions, decode};

/// Decoding gives the pixels of the `png` crate, or an error with its message if it refuses the file. Some of the files
/// that it refuses are read and reported as damaged.
///
/// The first bytes choose the size, how the rest (scanlines with their filter types) is deflated and split into chunks,
/// and which damage follows.
pub(crate) fn decode_png(data: &[u8]) {
    let Ok(file) = any_png(&mut Unstructured::new(data)) else { return };
    check_file(&file);
}

/// Checks the law for a file with 8 bits per channel and no colour profile.
pub(crate) fn check_file(file: &[u8]) {
    match (decode(file, &DecodeOptions::default()), by_the_png_crate(file)) {
        (Ok(decoded), Ok(expected)) => assert!(decoded.picture == expected, "the pixels differ"),
        (Err(DecodeError::Corrupt { message, .. }), Err(error)) => {
            assert!(!is_cut_short(&error));
            assert_eq!(message, error.to_string());
        }
        (Ok(decoded), Err(error)) => {
            let is_reported = decoded.damage.is_some_and(|damage| damage.kind.leaves_all_pixels());
            assert!(is_reported, "{:?}, by the png crate {error}", decoded.damage);
        }
        (Err(DecodeError::Truncated { .. }), Err(error)) => assert!(is_cut_short(&error), "{error}"),
        (ours, theirs) => panic!("{:?}, by the png crate {:?}", ours.err(), theirs.err()),
    }
}

/// Decodes a file with 8 bits per channel with the `png` crate.
pub(crate) fn by_the_png_crate(file: &[u8]) -> std::result::Result<Picture, DecodingError> {
    let mut reader = opened(file)?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels)?;
    let size = Size::new(frame.width, frame.height).unwrap();
    Ok(match frame.color_type {
        ColorType::Rgb => Picture::from_rgb(size, pixels).unwrap(),
        ColorType::Rgba => Picture::from_rgba(size, pixels).unwrap(),
        ColorType::Grayscale => Picture::from_rgb(size, pixels.iter().flat_map(|level| [*level; 3]).collect()).unwrap(),
        ColorType::GrayscaleAlpha => {
            let rgba = pixels.chunks_exact(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect();
            Picture::from_rgba(size, rgba).unwrap()
        }
        ColorType::Indexed => panic!("palettes are expanded"),
    })
}

fn opened(file: &[u8]) -> std::result::Result<Reader<Cursor<&[u8]>>, DecodingError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: 32 << 20 });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info()
}

fn is_cut_short(error: &DecodingError) -> bool {
    matches!(error, DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
}

fn any_png(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let [width, height, kind, level, piece, damage] = input.arbitrary::<[u8; 6]>()?;
    let places = input.arbitrary::<[u16; 3]>()?;
    let side = |byte: u8| usize::from(if byte < 200 { byte % 20 + 1 } else { byte - 190 });
    // Some pictures are so wide that the inflated data exceeds the decoder's buffer.
    let (width, height) = (side(width) * if width > 240 { 50 } else { 1 }, side(height));
    let (step, colour) = [(3, 2), (4, 6), (3, 2), (1, 0)][usize::from(kind % 4)];
    let rest = input.bytes(input.len())?;
    let mut bytes = rest.iter().copied().chain([kind, 3]).cycle();
    let mut lines: Vec<u8> = bytes.by_ref().take(height * (1 + step * width)).collect();
    if kind & 4 == 4 {
        // Data that repeats at distances up to the 32 KiB of deflate's window, and beyond.
        let period = u32::from(places[0]) % 40_000 + 1;
        let noise = |at: u32| (at % period).wrapping_mul(0x9e37_79b1).rotate_left(at % period % 7).to_be_bytes()[0];
        lines.iter_mut().zip(0..).for_each(|(byte, at)| *byte = noise(at));
    }
    for filter in lines.iter_mut().step_by(1 + step * width) {
        // Paeth is the most frequent, as in photographs. With the first damage bit, about one in a hundred is invalid.
        *filter = match *filter {
            254.. if damage & 1 == 1 => 5,
            byte @ 0..120 => byte % 5,
            _ => 4,
        };
    }
    if damage & 2 == 2 {
        lines.truncate(usize::from(places[0]) % (lines.len() + 1));
    } else if damage & 4 == 4 {
        lines.extend(bytes.take(usize::from(places[0] % 40)));
    }
    let mut deflated = compress_to_vec_zlib(&lines, level % 10);
    if damage & 8 == 8 {
        let place = usize::from(places[1]) % deflated.len();
        deflated[place] ^= places[2].to_le_bytes()[0];
    }
    if damage & 16 == 16 {
        deflated.truncate(usize::from(places[2]) % deflated.len());
    }
    let mut file = header(width, height, colour);
    let header = file.len();
    let parts = deflated.chunks(usize::from(piece) * usize::from(piece) + 1);
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
        _ => {}
    }
    for (name, content) in parts {
        chunk(&mut file, name, content);
    }
    if damage & 32 == 32 {
        chunk(&mut file, *b"tEXt", b"k\0v");
    }
    chunk(&mut file, *b"IEND", &[]);
    if damage & 64 == 64 {
        // Only bytes after the header of the first IDAT chunk, so that the file still has pixels.
        let place = header + 8 + usize::from(places[1]) % (file.len() - header - 8);
        file[place] ^= places[0].to_le_bytes()[1];
    }
    if damage & 128 == 128 {
        file.truncate(header + 8 + usize::from(places[2]) % (file.len() - header - 8));
    }
    Ok(file)
}

/// The signature and the IHDR chunk of a PNG with 8 bits per channel.
pub(crate) fn header(width: usize, height: usize, colour: u8) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let [width, height] = [width, height].map(|side| (side as u32).to_be_bytes());
    chunk(&mut file, *b"IHDR", &[&width[..], &height, &[8, colour, 0, 0, 0]].concat());
    file
}

pub(crate) fn chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    file.extend((content.len() as u32).to_be_bytes());
    let named = [&name, content].concat();
    file.extend(&named);
    file.extend(crc32fast::hash(&named).to_be_bytes());
}
