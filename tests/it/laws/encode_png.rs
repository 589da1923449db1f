//! What holds of every picture that is written as a PNG by the crate's own encoder.

use arbitrary::{Result, Unstructured};
use smart_resize::pixels::encode::png::{PngScratch, RowSink};
use smart_resize::{
    DecodeLimits, EncodeOptions, Format, Layout, Picture, PngEffort, PngEncoder, PngOptions, Size, decode, encode,
};

use super::by_the_png_crate;

/// A small picture is read back pixel by pixel, whatever the effort, and its stream is whole; so it is of rows that
/// come one after the other in any pieces, in the very bytes where the colours of the whole are written as they are.
///
/// The first bytes choose the effort, the size and how pixels follow from the rest: as they are, of a few colours or
/// levels of grey, or in runs.
pub(crate) fn encode_png(data: &[u8]) {
    let Ok((picture, effort)) = any_picture(&mut Unstructured::new(data)) else { return };
    let mut options = EncodeOptions::default();
    options.png = PngOptions::with_effort(effort).with_encoder(PngEncoder::Own);
    let file = encode(&picture, Format::Png, &options).unwrap().bytes;
    let check = |file: &[u8]| {
        let read = decode(file, &DecodeLimits::default()).unwrap().picture;
        assert!(read == picture, "{picture:?} is read as {read:?}, {effort}");
        // The crate reads plain pictures itself, so that alone would show little.
        let read = by_the_png_crate(file).unwrap();
        assert!(read == picture, "{picture:?} is read as {read:?} by the png crate, {effort}");
        check_stream(file);
    };
    check(&file);
    let streamed = streamed(data, &picture, effort, &mut PngScratch::default());
    if is_as_it_is(&file, &picture) {
        assert!(streamed == file, "{picture:?} in pieces is another, {effort}");
    } else {
        check(&streamed);
    }
}

/// Whether the file has the channels of the picture: the byte of the header that says what a pixel is made of.
pub(crate) fn is_as_it_is(file: &[u8], picture: &Picture) -> bool {
    file[25] == if picture.layout() == Layout::Rgb { 2 } else { 6 }
}

/// The picture's rows, in pieces that follow from `data`.
pub(crate) fn streamed(data: &[u8], picture: &Picture, effort: PngEffort, scratch: &mut PngScratch) -> Vec<u8> {
    let [start, piece] =
        [data.len(), data.len() / 2].map(|at| data.get(at.wrapping_sub(1)).copied().map_or(7, usize::from));
    let (first, rest) = picture.pixels().split_at(start * 5 % (picture.pixels().len() + 1));
    let mut sink = RowSink::new(picture.size(), picture.layout(), effort, scratch);
    sink.push(first);
    rest.chunks(1 + piece * 9).for_each(|rows| sink.push(rows));
    sink.finish().unwrap()
}

/// A small picture, and the effort to encode it with.
pub(crate) fn any_picture(input: &mut Unstructured<'_>) -> Result<(Picture, PngEffort)> {
    let [kind, effort, width, height] = input.arbitrary::<[u8; 4]>()?;
    let effort = [PngEffort::Fast, PngEffort::Balanced, PngEffort::Small][usize::from(effort) % 3];
    let from_byte = |byte: u8| u32::from(if byte < 200 { byte % 20 } else { byte - 160 }) + 1;
    let size = Size::new(from_byte(width), from_byte(height)).unwrap();
    Ok((picture_of(input, kind, size)?, effort))
}

fn picture_of(input: &mut Unstructured<'_>, kind: u8, size: Size) -> Result<Picture> {
    let count = size.area() as usize;
    let colours = input.arbitrary::<[[u8; 4]; 5]>()?;
    let rest = input.bytes(input.len())?;
    let mut at = 0;
    let mut byte = || {
        at += 1;
        rest.get(at % (rest.len() + 1)).copied().unwrap_or(colours[at % 5][at % 4])
    };
    let mut left = 0_u8;
    let mut last = [0; 4];
    let mut pixel = |at: usize| match kind % 8 {
        0 => [byte(), byte(), byte(), byte()],
        1 => {
            let level = byte();
            [level, level, level, if kind & 16 == 0 { 255 } else { byte() }]
        }
        // Levels that are exact in fewer bits.
        2 => [byte() % [2, 4, 16, 17][usize::from(kind >> 5 & 3)] * [255, 85, 17, 15][usize::from(kind >> 5 & 3)]; 4],
        3 => colours[usize::from(byte()) % 5],
        4 => [(at % 256) as u8, (at / 256) as u8, kind, 255],
        5 => [(byte() / 64 * 60).wrapping_add(at as u8), 128, byte() % 3, 255],
        _ => {
            if left == 0 {
                (left, last) = (byte(), colours[usize::from(byte()) % 5]);
            }
            left = left.saturating_sub(1);
            last
        }
    };
    let pixels = (0..count).map(&mut pixel);
    Ok(if kind & 8 == 0 {
        Picture::from_rgb(size, pixels.flat_map(|[r, g, b, _]| [r, g, b]).collect()).unwrap()
    } else {
        Picture::from_rgba(size, pixels.flatten().collect()).unwrap()
    })
}

/// Inflates what stands in the `IDAT` chunks, its sum included, by an inflater that looks at it.
fn check_stream(file: &[u8]) {
    let (mut stream, mut at) = (Vec::new(), 8);
    while let Some([a, b, c, d, name @ ..]) = file.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if name == b"IDAT" {
            stream.extend(&file[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    assert_eq!(at, file.len());
    assert!(miniz_oxide::inflate::decompress_to_vec_zlib(&stream).is_ok(), "the sum is wrong");
}
