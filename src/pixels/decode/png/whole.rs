//! Whether a PNG is sound to its last byte, so that every reader takes it and all it holds is its picture.
//!
//! The `png` crate, as most readers, passes over much that does not hinder it: the checksum of all the pixels, those of
//! chunks that it can do without, such chunks in the wrong place, and what is behind the last row. Another reader
//! may refuse the file for that, and bytes that no picture shows may be anything.

use super::plain::{behind_chunks, behind_pixels};

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

/// Whether each chunk is one that the picture needs or says that it is in sRGB, is in its place, of its length, and has the right
/// checksum, and whether the pixels end with the last row and have theirs. What the values in them mean has been
/// looked at, and perhaps that the pixels end so.
pub(in crate::pixels::decode) fn is_whole(file: &[u8], ends_exactly: bool) -> bool {
    check(file, ends_exactly).is_some()
}

fn check(file: &[u8], ends_exactly: bool) -> Option<()> {
    let mut rest = file.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let (name, header) = next(&mut rest)?;
    let &[w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, _, _, interlaced] = header else { return None };
    let [width, height] = [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(u32::from_be_bytes);
    let mut seen = vec![name];
    let mut colours = 0;
    let chunks = loop {
        let chunks = rest;
        let (name, content) = next(&mut rest)?;
        let is_early = !seen.contains(b"PLTE") && !seen.contains(b"tRNS");
        let length = content.len();
        let is_right = match &name {
            b"IDAT" => break chunks,
            b"sRGB" => is_early && length == 1,
            b"gAMA" => is_early && length == 4,
            b"cHRM" => is_early && length == 32,
            b"PLTE" if colour == INDEXED => {
                colours = length / 3;
                is_early && length.is_multiple_of(3) && colours <= 1 << depth
            }
            b"tRNS" => match colour {
                GREY => length == 2,
                RGB => length == 6,
                INDEXED => length <= colours,
                _ => false,
            },
            _ => false,
        };
        if !is_right || seen.contains(&name) {
            return None;
        }
        seen.push(name);
    };
    let channels = match colour {
        GREY | INDEXED => 1,
        GREY_ALPHA => 2,
        RGB => 3,
        _ => 4,
    };
    let length = inflated_length([width, height], channels * u64::from(depth), interlaced == 1);
    let mut rest = if ends_exactly { behind_chunks(chunks) } else { behind_pixels(chunks, length) }?;
    let end = next(&mut rest)?;
    (end == (*b"IEND", &[][..]) && rest.is_empty()).then_some(())
}

/// The bytes of all lines, each of them a filter and a row of so many bits a pixel.
fn inflated_length([width, height]: [u32; 2], pixel_bits: u64, interlaced: bool) -> u64 {
    let passes = if interlaced { &ADAM7[..] } else { &[([0, 1], [0, 1])] };
    let count = |side: u32, [first, step]: [u32; 2]| u64::from(side.saturating_sub(first).div_ceil(step));
    let bytes = |width: u64, height: u64| if width == 0 { 0 } else { height * (1 + (width * pixel_bits).div_ceil(8)) };
    passes.iter().map(|&(columns, rows)| bytes(count(width, columns), count(height, rows))).sum()
}

/// The name and the content of the next chunk; nothing where its checksum is wrong.
fn next<'a>(rest: &mut &'a [u8]) -> Option<([u8; 4], &'a [u8])> {
    let (length, behind) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_add(4)?;
    let (named, behind) = behind.split_at_checked(length)?;
    let (checksum, behind) = behind.split_first_chunk()?;
    let (name, content) = named.split_first_chunk()?;
    *rest = behind;
    (crc32fast::hash(named) == u32::from_be_bytes(*checksum)).then_some((*name, content))
}
