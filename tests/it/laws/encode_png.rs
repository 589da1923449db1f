//! What holds of every picture that is written as a PNG by the crate's own encoder.

use arbitrary::{Result, Unstructured};
use smart_resize::{
    DecodeLimits, EncodeOptions, Format, Layout, Picture, PngEffort, PngEncoder, PngOptions, Size, decode, encode,
    encode_png_rows,
};

/// A small picture is read back pixel by pixel, whatever the effort, and its stream is whole; so it is of rows that
/// come one after the other in any pieces, in the very bytes where the colours of the whole are written as they are.
///
/// The first bytes choose the effort, the size and how pixels follow from the rest: as they are, of a few colours or
/// levels of grey, or in runs.
pub(crate) fn encode_png(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(()) = check(&mut input) else { return };
}

fn check(input: &mut Unstructured<'_>) -> Result<()> {
    let [kind, effort, width, height] = input.arbitrary::<[u8; 4]>()?;
    let effort = [PngEffort::Fast, PngEffort::Balanced, PngEffort::Small][usize::from(effort) % 3];
    let from_byte = |byte: u8| u32::from(if byte < 200 { byte % 20 } else { byte - 160 }) + 1;
    let size = Size::new(from_byte(width), from_byte(height)).unwrap();
    let picture = any_picture(input, kind, size)?;
    let mut options = EncodeOptions::default();
    options.png = PngOptions::with_effort(effort).with_encoder(PngEncoder::Own);
    let file = encode(&picture, Format::Png, &options).unwrap().bytes;
    let read = decode(&file, &DecodeLimits::default()).unwrap().picture;
    assert!(read == picture, "{picture:?} is read as {read:?}, {effort}");
    check_stream(&file);

    let (start, piece) =
        (usize::from(kind) % (picture.pixels().len() + 1), 1 + usize::from(width) * usize::from(height));
    let (first, rest) = picture.pixels().split_at(start);
    let pieces = std::iter::once(first).chain(rest.chunks(piece));
    let streamed = encode_png_rows(size, picture.layout(), effort, pieces).unwrap();
    // The byte of the header that says what a pixel is made of.
    let as_it_is = if picture.layout() == Layout::Rgb { 2 } else { 6 };
    if file[25] == as_it_is {
        assert!(streamed == file, "{picture:?} in pieces of {piece} from {start} on is another, {effort}");
    } else {
        assert!(decode(&streamed, &DecodeLimits::default()).unwrap().picture == picture, "{picture:?}, {effort}");
        check_stream(&streamed);
    }
    Ok(())
}

fn any_picture(input: &mut Unstructured<'_>, kind: u8, size: Size) -> Result<Picture> {
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
