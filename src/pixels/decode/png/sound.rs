//! Whether a PNG is sound to its last byte, so that every reader takes it and all it holds is its picture.
//!
//! The `png` crate, as most readers, passes over much that does not hinder it: the checksum of all the pixels, those of
//! chunks that it can do without, such chunks in the wrong place or with a value that means nothing, pixels of no
//! colour, and what is behind the last row. Another reader may refuse the file for that, and bytes that no picture
//! shows may be anything.

use std::io::Cursor;

use png::{Decoder, Transformations};

use super::plain::{Chunks, behind_pixels, split_chunk};

/// The columns and rows of each pass of an interlaced picture: the first one, and how far the next (PNG, section 8.1).
const ADAM7: [([u32; 2], [u32; 2]); 7] = [
    ([0, 8], [0, 8]),
    ([4, 8], [0, 8]),
    ([0, 4], [4, 8]),
    ([2, 4], [0, 4]),
    ([0, 2], [2, 4]),
    ([1, 2], [0, 2]),
    ([0, 1], [1, 2]),
];

/// The colour types that the checks differ by (PNG, section 11.2.1).
const GREY: u8 = 0;
const RGB: u8 = 2;
const INDEXED: u8 = 3;
const GREY_ALPHA: u8 = 4;

/// Whether each chunk is one that the picture needs or says that it is in sRGB, is in its place, of its length and with the
/// right checksum, whether the pixels end with the last row and have their checksum, and whether each has a colour.
///
/// That the picture can be decoded is known; where `ends_exactly`, that its pixels end so is too.
pub(in crate::pixels::decode) fn is_sound(file: &[u8], ends_exactly: bool) -> bool {
    check(file, ends_exactly).is_some()
}

fn check(file: &[u8], ends_exactly: bool) -> Option<()> {
    let (name, header, mut rest) = split_chunk(file.strip_prefix(b"\x89PNG\r\n\x1a\n")?)?;
    let &[w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, _, _, interlaced] = header else { return None };
    let [width, height] = [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(u32::from_be_bytes);
    let mut seen = vec![name];
    let mut colours = 0;
    let chunks = loop {
        let chunks = rest;
        let (name, content, behind) = split_chunk(rest)?;
        let is_early = !seen.contains(b"PLTE");
        let is_right = match &name {
            b"IDAT" => break chunks,
            b"sRGB" => is_early && matches!(content, [0..=3]),
            b"gAMA" => is_early && content.len() == 4 && content != [0; 4],
            b"cHRM" => is_early && content.len() == 32,
            b"PLTE" if colour == INDEXED => {
                colours = content.len() / 3;
                colours <= 1 << depth
            }
            // Of a palette that is still to come none has been counted.
            b"tRNS" => is_clear(content, colour, depth, colours),
            _ => false,
        };
        if !is_right || seen.contains(&name) {
            return None;
        }
        seen.push(name);
        rest = behind;
    };
    let channels = match colour {
        GREY | INDEXED => 1,
        GREY_ALPHA => 2,
        RGB => 3,
        _ => 4,
    };
    let length = inflated_length([width, height], channels * u64::from(depth), interlaced == 1);
    let behind = if ends_exactly { Chunks::new(chunks).pass_over() } else { behind_pixels(chunks, length) }?;
    let is_at_end = matches!(split_chunk(behind)?, (name, [], []) if name == *b"IEND");
    let has_colours = colour != INDEXED || colours == 1 << depth || has_colours(file, depth, colours);
    (is_at_end && reaches_back(chunks, length) && has_colours).then_some(())
}

/// Whether that is a clear colour of the picture, or of its palette the alpha of some colours.
fn is_clear(content: &[u8], colour: u8, depth: u8, colours: usize) -> bool {
    let levels = match colour {
        GREY => 1,
        RGB => 3,
        INDEXED => return (1..=colours).contains(&content.len()),
        _ => return false,
    };
    let level = |pair: &[u8; 2]| u32::from(u16::from_be_bytes(*pair));
    let (pairs, rest) = content.as_chunks();
    pairs.len() == levels && rest.is_empty() && pairs.iter().all(|pair| level(pair) < 1 << depth)
}

/// The bytes of all lines, each of them a filter and a row of so many bits a pixel.
fn inflated_length([width, height]: [u32; 2], pixel_bits: u64, interlaced: bool) -> u64 {
    let passes = if interlaced { &ADAM7[..] } else { &[([0, 1], [0, 1])] };
    let count = |side: u32, [first, step]: [u32; 2]| u64::from(side.saturating_sub(first).div_ceil(step));
    let bytes = |width: u64, height: u64| if width == 0 { 0 } else { height * (1 + (width * pixel_bits).div_ceil(8)) };
    passes.iter().map(|&(columns, rows)| bytes(count(width, columns), count(height, rows))).sum()
}

/// Whether the stream says that its repetitions reach back as far as they can (RFC 1950, section 2.2, CINFO). Readers that
/// keep no more than it says cannot read others.
fn reaches_back(chunks: &[u8], length: u64) -> bool {
    let first = split_chunk(chunks).and_then(|(_, content, _)| content.first());
    first.is_some_and(|first| 1 << (8 + (first >> 4)) >= length.min(1 << 15))
}

/// Whether no pixel is beyond the palette.
fn has_colours(file: &[u8], depth: u8, colours: usize) -> bool {
    let mut decoder = Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::IDENTITY);
    let Ok(mut reader) = decoder.read_info() else { return false };
    let (width, mut pixels) = (reader.info().width, vec![0; reader.output_buffer_size().unwrap_or(0)]);
    let Ok(frame) = reader.next_frame(&mut pixels) else { return false };
    let per_byte = 8 / usize::from(depth.max(1));
    let index = |byte: u8, place: usize| usize::from(byte >> (8 - usize::from(depth) * (place + 1))) % (1 << depth);
    pixels.chunks_exact(frame.line_size.max(1)).all(|row| {
        let indices = row.iter().flat_map(|byte| (0..per_byte).map(move |place| index(*byte, place)));
        indices.take(width as usize).all(|index| index < colours)
    })
}
